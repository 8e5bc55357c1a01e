"""The rules in the browser: the server's own file, run by MicroPython, gives the same answers as here."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

import pytest

from gamesrv import Refused
from gamesrv.games.bigtwo.rules import (
    KINDS,
    NOBODY,
    OK,
    OPTIONS,
    PRESETS,
    Deal,
    Rules,
    cards_of,
    kind_of,
    mask_of,
    options_for,
)
from tests.browser.page import PLAIN, Page
from tests.card_table import CardTable

BATCHES, BATCH = 5, 200  # positions; one script answers a batch well within its time

PLAYABLE_OR_NOT = set(
    """
    ok game_over not_your_turn not_held not_a_combination must_include_first_card
    wrong_size wrong_kind not_higher
    """.split()
)

ANSWERS = """
const { openJudge } = await import("/bigtwo/judge.js");
const judge = await openJudge();
return args[0].map(({ view, mine, seat, tried }) => ({
  look: judge.look(view, mine, seat),
  checks: tried.map((cards) => judge.check(cards)),
  kinds: tried.map((cards) => judge.kind(cards)),
}));
"""


@pytest.fixture(scope="module")
def engine(first_browser: Page, server_port: int) -> Iterator[Page]:
    """A page of the server, for its address alone."""
    first_browser.open(f"http://127.0.0.1:{server_port}/{PLAIN}")
    yield first_browser
    first_browser.leave()
    assert first_browser.complaints() == []


# ---------------------------------------------------------------------- positions


def some_options(chance: Random) -> dict[str, Any]:
    """A table that can be opened: a preset, and any number of options by chance."""
    while True:
        names = {"players", *chance.sample([*OPTIONS], chance.choice((0, 2, 5, len(OPTIONS))))}
        given = {name: chance.choice(OPTIONS[name]) for name in sorted(names)}
        try:
            return options_for(chance.choice([*PRESETS]), **given)
        except ValueError:
            pass  # they contradict each other


def some_deck(players: int, chance: Random) -> list[int]:
    """Shuffled well, or so badly that hands are rich in a rank or a suit."""
    spread = chance.choice((4, 20, 1000))
    order = chance.choice((lambda card: card, lambda card: card // 4 + 13 * (card % 4)))
    cards = sorted(range(52), key=lambda card: order(card) + spread * chance.random())
    size = 13 if players == 4 else 17
    dealt = [cards[seat * size + turn] for turn in range(size) for seat in range(players)]
    return dealt + cards[len(dealt) :]


def some_deals(chance: Random) -> Iterator[tuple[Rules, Deal]]:
    """Deals by chance at every fourth of their moments or so, and when they are over."""
    while True:
        rules = Rules(some_options(chance))
        deck = some_deck(int(rules.options["players"]), chance)
        deal = rules.start(deck, chance.choice((NOBODY, 0)))
        while deal.turn != NOBODY:
            if chance.random() < 0.25:
                yield rules, deal
            move(rules, deal, chance)
        yield rules, deal


def move(rules: Rules, deal: Deal, chance: Random) -> None:
    """A pass, or a play of any kind that is possible."""
    plays = rules.legal(deal, deal.turn)
    if not plays or deal.to_beat and chance.random() < 0.2:
        assert rules.pass_turn(deal, deal.turn) == OK
    else:
        kind = chance.choice(sorted({kind_of(rules.key(mask)) for mask in plays}))
        chosen = chance.choice([mask for mask in plays if kind_of(rules.key(mask)) == kind])
        assert rules.play(deal, deal.turn, chosen) == OK


def some_cards(rules: Rules, deal: Deal, chance: Random) -> Iterator[list[int]]:
    """What somebody might lay: legal or not, held or not, a combination or not, or nothing."""
    seat = chance.randrange(len(deal.hands)) if deal.turn == NOBODY else deal.turn
    held = cards_of(deal.hands[seat])
    plays = [cards_of(mask) for _, mask in rules.plays(deal.hands[seat])]
    legal = [cards_of(mask) for mask in rules.legal(deal, seat)]
    yield from (chance.choice(some) for some in (plays, plays, plays, legal) if some)
    yield chance.sample(held, chance.randint(0, min(6, len(held))))
    yield chance.sample(range(52), chance.randint(1, 6))


def view_of(rules: Rules, deal: Deal) -> dict[str, Any]:
    """What everyone sees of a deal, as the game shows it."""
    return {
        "turn": deal.turn,
        "owner": deal.owner,
        "to_beat": deal.to_beat,
        "passed": [seat for seat in range(len(deal.hands)) if deal.passed >> seat & 1],
        "counts": [len(cards_of(hand)) for hand in deal.hands],
        "laid": [cards_of(mask) for mask in deal.laid],
        "out": deal.out,
        "table": rules.options,
    }


def position_of(rules: Rules, deal: Deal, chance: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """A question to the page, and the answer here. Most ask whose turn it is; some watch."""
    others = [None, *range(len(deal.hands))]
    seat = deal.turn if deal.turn != NOBODY and chance.random() < 0.8 else chance.choice(others)
    tried = [*some_cards(rules, deal, chance)]
    mine = {} if seat is None else {"hand": cards_of(deal.hands[seat]), "auto": False}
    if deal.need and seat == deal.turn:
        mine["need"] = cards_of(deal.need)[0]
    question = {"view": view_of(rules, deal), "mine": mine, "seat": seat, "tried": tried}
    return question, answer_to(rules, deal, NOBODY if seat is None else seat, tried)


def answer_to(rules: Rules, deal: Deal, seat: int, tried: list[list[int]]) -> dict[str, Any]:
    """What the server would say."""
    legal = [cards_of(mask) for mask in rules.legal(deal, seat)]
    may_pass = rules.may_pass(deal, seat) == OK
    return {
        "look": {"legal": legal, "hint": legal[0] if legal else None, "mayPass": may_pass},
        "checks": [rules.may_play(deal, seat, mask_of(cards)) for cards in tried],
        "kinds": [KINDS[kind_of(rules.key(mask_of(cards)))] for cards in tried],
    }


# ---------------------------------------------------------------------- tests


def test_both_runtimes_give_the_same_answers(engine: Page) -> None:
    seen: Counter[str] = Counter()
    for seed in range(BATCHES):
        chance = Random(seed)
        positions = [position_of(*deal, chance) for deal in islice(some_deals(chance), BATCH)]
        answers = engine.run(ANSWERS, [question for question, _ in positions])
        assert len(answers) == BATCH
        for answer, (question, expected) in zip(answers, positions, strict=True):
            assert answer == expected, question
            seen.update(answer["checks"] + answer["kinds"])
    assert set(seen) == PLAYABLE_OR_NOT | {*KINDS}, "positions are missing"


def test_the_page_answers_as_the_server_does(engine: Page) -> None:
    """A deal as it is played: the page gets what its player gets, and the server the moves that it judged."""
    table, chance = CardTable(preset="hong_kong"), Random(1)
    questions, answers = [], []
    while table.deal.turn != NOBODY:
        seat = table.deal.turn
        question = {"view": table.view(), "mine": table.mine(seat), "seat": seat}
        tried = [[7, 7], *some_cards(table.game.options.rules, table.deal, chance)]
        said = [*answers_until_one_is_played(table, seat, tried)]
        questions.append(question | {"tried": tried[: len(said)]})
        answers.append(said)
        if said[-1] != OK:
            table.move(chance)
    assert [answer["checks"] for answer in engine.run(ANSWERS, questions)] == answers


def answers_until_one_is_played(table: CardTable, seat: int, tried: list[list[int]]) -> Iterator[str]:
    """What the server says to each of these plays."""
    for cards in tried:
        try:
            table.command(seat, "play", cards=cards)
        except Refused as refused:
            yield refused.code
        else:
            yield OK
            return


def test_where_no_game_has_begun_nothing_can_be_played(engine: Page) -> None:
    assert engine.run(
        """
        const judge = await (await import("/bigtwo/judge.js")).openJudge();
        return [judge.look({}, {}, 0), judge.look({}, {}, null), judge.check([5])];
        """
    ) == [{"legal": [], "hint": None, "mayPass": False}] * 2 + ["game_over"]


def test_what_cannot_be_loaded_is_told_and_loaded_at_the_next_call(engine: Page) -> None:
    """A copy of the module, by its address, knows nothing of the judge that is open in this page."""
    missing, broken, kept = engine.run(
        """
        const { openJudge } = await import("/bigtwo/judge.js?again");
        const reason = async (response) => {
          window.fetch = async (url) => (`${url}`.endsWith("/rules.py") ? response : load(url));
          return openJudge().then(() => "opened", ({ message }) => message);
        };
        const load = window.fetch;
        try {
          const missing = await reason(new Response("", { status: 404 }));
          const broken = await reason(new Response("def"));
          window.fetch = load;
          return [missing, broken, (await openJudge()) === (await openJudge())];
        } finally {
          window.fetch = load;
        }
        """
    )
    assert "rules.py: 404" in missing
    assert "SyntaxError" in broken
    assert kept
