"""The expert of Big Two: what it imagines and tries is fair play, and it sees where a line wins."""

from collections.abc import Iterator
from random import Random as Chance
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv import Random
from gamesrv.games.bigtwo import BigTwo
from gamesrv.games.bigtwo.bots import BigTwoBot
from gamesrv.games.bigtwo.bots.beliefs import Beliefs
from gamesrv.games.bigtwo.bots.expert import Expert
from gamesrv.games.bigtwo.bots.outlook import Outlook
from gamesrv.games.bigtwo.bots.planner import Plan, Planner
from gamesrv.games.bigtwo.bots.playout import Habits, Playout
from gamesrv.games.bigtwo.bots.position import Memory, Position, seen_from
from gamesrv.games.bigtwo.bots.search import Search
from gamesrv.games.bigtwo.bots.sorter import Parted, Sorter
from gamesrv.games.bigtwo.rules import (
    NOBODY,
    OPTIONS,
    PRESETS,
    SIZES,
    Deal,
    Rules,
    cards_of,
    kind_of,
    mask_of,
    options_for,
)
from tests.card_table import CardTable, cards
from tests.world import World

QUICK = 1500
"""Work that takes some milliseconds."""

VARIED = {
    name: st.sampled_from(values)
    for name, values in OPTIONS.items()
    if name not in ("suits", "target", "players")
}


def rules_of(preset: str, players: int, changed: dict[str, Any]) -> Rules:
    """Those of a preset, with as much of the changes as goes together."""
    options: dict[str, Any] = {"players": players}
    for name, value in changed.items():
        try:
            options_for(preset, **options, **{name: value})
        except ValueError:
            continue
        options[name] = value
    return Rules(options_for(preset, **options))


some_rules = st.builds(
    rules_of,
    st.sampled_from([*PRESETS]),
    st.sampled_from([2, 3, 4]),
    st.fixed_dictionaries({}, optional=VARIED),
)


def dealt(rules: Rules, chance: Chance) -> Deal:
    """The first of the deals that are not over at once."""
    while (deal := rules.start(chance.sample(range(52), 52))).turn == NOBODY:
        pass
    return deal


def midway(rules: Rules, chance: Chance) -> tuple[Deal, Memory]:
    """A deal after some random moves, or at its start, and what was seen of it."""
    deal, memory = dealt(rules, chance), Memory()
    for _ in range(chance.choice((0, chance.randrange(40), chance.randrange(40)))):
        found = rules.legal(deal, deal.turn)
        mask = chance.choice(found) if found and (not deal.to_beat or chance.random() < 0.7) else 0
        before, turn = deal.copy(), deal.turn
        assert (rules.play(deal, deal.turn, mask) if mask else rules.pass_turn(deal, deal.turn)) == "ok"
        if deal.turn == NOBODY:
            return before, memory
        memory.move(turn, mask)
    return deal, memory


def somewhere(rules: Rules, seed: int) -> Position:
    """What the seat to move knows in a random deal."""
    deal, memory = midway(rules, Chance(seed))
    return seen_from(deal.turn, rules, deal, memory)


# ---------------------------------------------------------------------- what it does


@given(some_rules, st.integers(0, 1 << 32))
@settings(max_examples=100)
def test_each_thought_is_legal_and_thinking_ends(rules: Rules, seed: int) -> None:
    position = somewhere(rules, seed)
    deal, seat = position.deal, position.seat
    thoughts = list(Expert(rules, Random(b"expert"), QUICK).think(position))
    assert 1 <= len(thoughts) < 100
    for mask in {*thoughts}:
        assert (rules.may_play(deal, seat, mask) if mask else rules.may_pass(deal, seat)) == "ok"


@given(some_rules, st.integers(0, 1 << 32))
@settings(max_examples=30)
def test_the_same_seed_thinks_the_same(rules: Rules, seed: int) -> None:
    position = somewhere(rules, seed)
    once, again = (list(Expert(rules, Random(b"twins"), QUICK).think(position)) for _ in range(2))
    assert once == again


def test_more_work_is_more_thought_and_none_is_the_plan() -> None:
    rules = Rules(options_for())
    deal = rules.start([*range(0, 52, 2), *range(1, 52, 2)])
    position = seen_from(deal.turn, rules, deal, Memory())
    steps = [len(list(Expert(rules, Random(b"work"), work).think(position))) for work in (0, 2000, 8000)]
    assert steps == sorted({*steps})
    assert Expert(rules, Random(b"work"), 0)(position) == Planner(rules)(position)


def table_for_two(own: str, other: int, unseen: str) -> Position:
    """Two players, the first to lead; the cards named ``unseen`` are those the other may hold."""
    rules = Rules(options_for(players=2))
    deal = Deal([mask_of(cards(own)), 0], 0, 0, 0, 0, 0, [0, 0], [])
    return Position(rules, deal, 0, [len(own.split()), other], mask_of(cards(unseen)))


@pytest.mark.parametrize(("own", "wins"), [("4D 4C 9H", "4D 4C"), ("7D 8D 9D TD JS KD", "7D 8D 9D TD JS")])
def test_trying_out_finds_the_line_that_wins(own: str, wins: str) -> None:
    """Though the planner's opinion is kept from it: what one who holds a single card can't answer."""
    position = table_for_two(own, 1, "5D 6C 7H 8S TC JC QH AS")
    planner = Planner(position.rules)
    plays, found = planner.options(position)
    plan = Plan(position, plays)
    search = Search(position, plan, Sorter(position.rules), Chance(1))
    *_, best = search.best_of([(0.0, mask) for _, mask in found], 20_000)
    assert best == mask_of(cards(wins))


# ---------------------------------------------------------------------- what it thinks with


@given(some_rules, st.integers(0, 1 << 32))
@settings(max_examples=50)
def test_what_is_imagined_may_be(rules: Rules, seed: int) -> None:
    position = somewhere(rules, seed)
    beliefs = Beliefs(position, Sorter(rules), Chance(seed))
    for _ in range(5):
        world = beliefs.imagine()
        given_out = 0
        for seat, hand in enumerate(world.hands):
            assert hand.bit_count() == (position.counts[seat] if seat != position.seat else 0)
            assert not given_out & hand
            given_out |= hand
            assert sum(map(len, world.parted[seat][0])) > 0 or not hand
        assert given_out & position.unseen == given_out


def test_who_passed_on_a_card_is_not_thought_to_hold_higher_ones() -> None:
    """A two is another matter: that is kept."""
    position = table_for_two("4D 9H", 3, "5D 6C 7H TC JC QH KC AS 2S 5H 6H 7C TD JH QC")
    passed = evolve(position, passes=[(1, mask_of(cards("8D")))])

    def share(position: Position, names: str) -> float:
        beliefs = Beliefs(position, Sorter(position.rules), Chance(7))
        held = [beliefs.imagine().hands[1] & mask_of(cards(names)) for _ in range(300)]
        return sum(hand.bit_count() for hand in held) / 300

    assert share(passed, "KC AS") < 0.7 * share(position, "KC AS")
    assert share(passed, "2S") > share(position, "2S")


@given(some_rules, st.sets(st.integers(0, 51), min_size=1, max_size=18))
def test_a_hand_is_parted_into_plays(rules: Rules, hand: set[int]) -> None:
    units, masks = Sorter(rules).part(mask_of([*hand]))
    total = 0
    for size, keys in enumerate(units):
        assert keys == sorted(keys)
        for key in keys:
            mask = masks[key] if size > 1 else 1 << (key & 63)
            assert rules.key(mask) == key and SIZES[kind_of(key)] == size
            assert not total & mask
            total |= mask
    assert total == mask_of([*hand])


class Watched(Playout):
    """A playout whose plays are judged by the rules."""

    rules: Rules
    plays = 0

    def _lead(self) -> int:
        self.to_beat = 0
        return super()._lead()

    def _lay(self, key: int) -> None:
        seat, before, to_beat = self.seat, self.hands[self.seat], self.to_beat
        super()._lay(key)
        mask = before ^ self.hands[seat]
        assert before & mask == mask and self.rules.key(mask) == key
        assert self.rules.beats(key, to_beat)
        assert self.left[seat] == self.hands[seat].bit_count()
        self.plays += 1


@given(some_rules, st.integers(0, 1 << 32))
@settings(max_examples=100)
def test_a_playout_keeps_to_the_rules(rules: Rules, seed: int) -> None:
    deal, memory = midway(rules, Chance(seed))
    seat = deal.turn
    plan = Plan(seen_from(seat, rules, deal, memory), rules.plays(deal.hands[seat]))
    parted: list[Parted] = [Sorter(rules).part(hand) for hand in deal.hands]
    left = [hand.bit_count() for hand in deal.hands]
    before = (seat or len(left)) - 1  # whoever it is, who comes next is the seat to move
    owner = deal.owner if deal.to_beat else seat
    playout = Watched(
        Habits(rules, plan.outlook), parted, deal.hands, left, deal.passed, before, owner, deal.to_beat
    )
    playout.rules = rules
    first = playout.run()
    assert left[first] and not playout.left[first] and playout.plays
    assert playout.left.count(0) == (len(left) - 1 if rules.options["play_on"] else 1 + left.count(0))


def test_outlooks_are_tabulated() -> None:
    position = somewhere(Rules(options_for()), 5)
    outlook = Outlook(position)
    habits = Habits(position.rules, outlook)
    assert habits.holds[2][7] == outlook.holds((2 << 15) + 7)
    assert habits.holds[3][7] == outlook.holds((3 << 15) + 7)


# ---------------------------------------------------------------------- at a table


def test_the_bot_gives_its_thoughts_as_acts() -> None:
    table = CardTable(level="expert")
    seat = table.deal.turn
    bot = BigTwoBot(seat, Random(b"bot"))
    acts = list(bot.think(table.view(), table.mine(seat)))
    assert len(acts) > 1 and all(act is not None and act[0] == "play" for act in acts)
    assert BigTwoBot(seat, Random(b"bot")).act(table.view(), table.mine(seat)) == acts[-1]


@pytest.fixture
def world() -> Iterator[World]:
    world = World([BigTwo], bots=1)
    yield world
    world.stop()


def weakest(game: BigTwo) -> dict[str, Any]:
    """The command of a hasty player."""
    plays = game.options.rules.legal(game.deal, game.deal.turn)
    return {"name": "play", "args": {"cards": cards_of(plays[0])}} if plays else {"name": "pass"}


def test_experts_play_a_match_on_a_server(world: World) -> None:
    ann = world.person("packets", "ann")
    ann.say(op="create", game="bigtwo", options={"level": "expert", "target": 10})
    ann.joined(ann.take("joined"))
    ann.say(op="ready", ready=True)
    world.run(2)
    (room,) = world.rooms
    game = room.machine.game
    for _ in range(1000):
        if game.stage == "over":
            break
        if game.deal.turn == ann.seat:
            ann.say(op="cmd", **weakest(game))
        elif game.stage == "break":
            ann.say(op="cmd", name="go_on")
        world.run(0.5)
    heard = [event for event in ann.all("event") if event["name"] in ("played", "finished")]
    assert {event["data"]["seat"] for event in heard[:-1]} == {0, 1, 2, 3}
    assert heard[-1]["data"]["result"]["scores"] == game.scores
    assert max(map(abs, game.scores)) >= 10
