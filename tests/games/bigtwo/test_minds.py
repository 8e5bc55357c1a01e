"""The bots of Big Two: what they play is legal, they count the cards, and they are good enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bigtwo_bots import play
from gamesrv import Random
from gamesrv.games.bigtwo.bots import BigTwoBot
from gamesrv.games.bigtwo.bots.planner import Planner
from gamesrv.games.bigtwo.bots.position import Memory, seen_from
from gamesrv.games.bigtwo.bots.simple import by_chance, least
from gamesrv.games.bigtwo.rules import ALL_CARDS, NOBODY, OPTIONS, Rules, mask_of, options_for
from tests.card_table import CardTable, cards

CHOICES = {
    name: st.sampled_from(values if isinstance(values, tuple) else (0, 50))
    for name, values in OPTIONS.items()
    if name != "suits"
}


@given(st.integers(0, 10**6), st.fixed_dictionaries(CHOICES))
def test_every_mind_plays_by_any_rules(seed: int, chosen: dict[str, str | int]) -> None:
    """Whole deals, the minds side by side, so that each meets what the others do."""
    try:
        rules = Rules(options_for(**chosen))
    except ValueError:
        return
    chance = Random(seed.to_bytes(4, "big"))
    deck = list(range(52))
    chance.shuffle(deck)
    deal, memory, planners = rules.start(deck), Memory(), [Planner(rules) for _ in range(4)]
    while deal.turn != NOBODY:
        turn = deal.turn
        position = seen_from(turn, rules, deal, memory)
        masks = [planners[turn](position), by_chance(position, chance), least(position)]
        for mask in masks:
            assert (rules.may_play(deal, turn, mask) if mask else rules.may_pass(deal, turn)) == "ok"
        mask = masks[turn % 3]
        assert (rules.play(deal, turn, mask) if mask else rules.pass_turn(deal, turn)) == "ok"
        memory.move(turn, mask)


def test_greedy_plays_the_weakest_that_will_do() -> None:
    for seed in range(20):
        table = CardTable(bytes([seed]))
        rules, deal = table.game.options.rules, table.deal
        while deal.turn != NOBODY:
            found = rules.legal(deal, deal.turn)
            mask = least(seen_from(deal.turn, rules, deal, Memory()))
            assert mask == (found[0] if found else 0)
            assert (rules.play(deal, deal.turn, mask) if mask else rules.pass_turn(deal, deal.turn)) == "ok"


@pytest.mark.parametrize(("three", "least_won"), [("random", 0.6), ("greedy", 0.4)])
def test_the_planner_is_better(three: str, least_won: float) -> None:
    games = 120
    assert sum(play("planner", three, number)[0] for number in range(games)) / games > least_won


# ---------------------------------------------------------------------- the bot


def bot_at(table: CardTable, seat: int) -> BigTwoBot:
    return BigTwoBot(seat, Random(b"bot"))


@pytest.mark.parametrize("level", ["random", "greedy", "planner"])
@pytest.mark.parametrize("options", [{}, {"players": 2}, {"players": 3, "play_on": True}, {"target": 20}])
def test_bots_play_a_table_to_its_end(level: str, options: dict[str, int]) -> None:
    table = CardTable(level=level, **options)
    bots = [bot_at(table, seat) for seat in range(len(table.deal.hands))]
    for _ in range(3000):
        for event in table.events():
            for bot in bots:
                bot.on_event(event.name, event.data)
        if table.machine.finished:
            return
        for seat, bot in enumerate(bots):
            if bot.is_called(table.view(), table.mine(seat)):
                act = bot.act(table.view(), table.mine(seat))
                assert act is not None
                table.command(seat, act[0], **act[1])
                break
    raise AssertionError("it takes too long")


def test_it_does_nothing_when_it_is_not_asked() -> None:
    table = CardTable()
    seat = (table.deal.turn + 1) % 4
    bot = bot_at(table, seat)
    assert not bot.is_called(table.view(), table.mine(seat))
    assert bot.act(table.view(), table.mine(seat)) is None


def test_it_counts_the_cards() -> None:
    table = CardTable()
    table.hold("3D 3C 4D 5D TH", "4H 4S 8D 8S TD", "5S 5C 9H JD 2S", "6S 6C 9C KD 2D")
    table.events()
    early, late = bot_at(table, 3), bot_at(table, 3)
    for play_, watchers in (("3D", [early]), ("4H", [early]), ("5S", [early, late])):
        table.play(play_)
        for event in table.events():
            for bot in watchers:
                bot.on_event(event.name, event.data)
    own, laid = set(cards("6S 6C 9C KD 2D")), set(cards("3D 4H 5S"))
    unseen = [bot._position(table.view(), table.mine(3)).unseen for bot in (early, late)]
    everything = {card for card in range(52) if ALL_CARDS >> card & 1}
    for mask in unseen:  # who came late sees what each laid last
        assert {card for card in range(52) if mask >> card & 1} == everything - own - laid
    early.on_event("dealt", {})
    assert early._memory.laid == 0


def test_it_minds_who_passed_on_what() -> None:
    table = CardTable(turn_seconds=5)
    table.hold("3D 3C 4D 5D TH", "4H 4S 8D 8S TD", "5S 5C 9H JD 2S", "6S 6C 9C KD 2D")
    table.events()
    bot = bot_at(table, 3)
    table.play("3D")
    table.skip()
    table.wait(5)  # and the next one's time runs out
    for event in table.events():
        bot.on_event(event.name, event.data)
    assert bot._position(table.view(), table.mine(3)).passes == [(1, mask_of(cards("3D")))]
    bot.on_event("dealt", {})
    assert bot._memory.passes == []


def test_it_goes_out_when_it_can() -> None:
    table = CardTable(level="planner")
    table.hold("3D 3C", "4H 4S", "5S 5C", "6S 6C")
    bot = bot_at(table, 0)
    assert bot.act(table.view(), table.mine(0)) == ("play", {"cards": cards("3D 3C")})
