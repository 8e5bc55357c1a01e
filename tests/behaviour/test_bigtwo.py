"""Big Two over every transport: what each sees, and what nobody can do."""

from collections.abc import Iterator
from typing import Any

import pytest

from gamesrv.games.bigtwo import BigTwo
from gamesrv.games.bigtwo.rules import NOBODY, cards_of
from tests.world import Person, World

NAMES = ("ann", "bob", "cid", "dee")
CARDS = {"cards", "hand", "laid", "trick", "need", "hands"}
"""Where cards may stand in what is sent."""


@pytest.fixture
def world() -> Iterator[World]:
    world = World([BigTwo], bots=0, joins_per_address=1000)
    yield world
    world.stop()


@pytest.fixture
def table(world: World, transport: str) -> list[Person]:
    """Four who have been dealt their cards."""
    return [world.person(transport, name, "bigtwo") for name in NAMES]


def game_of(world: World) -> BigTwo:
    (room,) = world.rooms
    game: BigTwo = room.machine.game
    return game


def move(world: World, table: list[Person]) -> None:
    """The seat to move plays the weakest it can, or passes."""
    game = game_of(world)
    seat = game.deal.turn
    plays = game.options.rules.legal(game.deal, seat)
    if plays:
        table[seat].say(op="cmd", name="play", args={"cards": cards_of(plays[0])})
    else:
        table[seat].say(op="cmd", name="pass")


def numbers(value: Any) -> set[int]:
    """All integers in some plain data; of the trick, the cards and not the seats."""
    if isinstance(value, dict):
        return set().union(*map(numbers, value.values()))
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[1], list):
            return numbers(value[1])
        return set().union(*map(numbers, value))
    return {value} if type(value) is int else set()


def cards_in(message: Any) -> set[int]:
    """All cards that a message tells of."""
    found: set[int] = set()
    for key, value in message.items():
        if key in CARDS:
            found |= numbers(value)
        elif isinstance(value, dict):
            found |= cards_in(value)
    return found


def test_nobody_is_told_a_card_of_another_before_it_is_played(
    world: World, transport: str, table: list[Person]
) -> None:
    """Neither players nor those who look on, and the seed that would tell all, not at all."""
    eve = world.person(transport, "eve")
    eve.say(op="watch", room=table[0].room)
    game = game_of(world)
    dealt = [set(cards_of(hand)) for hand in game.deal.hands]
    watching = [*zip(table, dealt, strict=True), (eve, set())]
    played: set[int] = set()
    seed = bytes.fromhex(game.seed)
    while True:
        for person, own in watching:
            for message in person.heard:
                assert cards_in(message) <= own | played
            if played or own:
                assert own <= set().union(*map(cards_in, person.heard), own)
            person.heard.clear()
        seat = game.deal.turn
        plays = game.options.rules.legal(game.deal, seat)
        if plays and plays[0] == game.deal.hands[seat]:
            break
        played |= set(cards_of(plays[0])) if plays else set()
        move(world, table)
        assert game.deal.turn != NOBODY
    for person, _ in watching:
        assert game.seed.encode() not in person.wire and seed not in person.wire
    move(world, table)
    assert all(game.seed.encode() in person.wire for person, _ in watching)


def test_a_hand_is_told_to_its_seat(world: World, table: list[Person]) -> None:
    for seat, person in enumerate(table):
        mine = person.all("joined")[-1]["mine"]
        need = {"need": 0} if seat == game_of(world).deal.turn else {}
        assert mine == {"hand": cards_of(game_of(world).deal.hands[seat]), "auto": False} | need


def refusal(person: Person, name: str, **args: Any) -> tuple[str, str | None]:
    person.heard.clear()
    person.say(op="cmd", name=name, args=args, id=person.__dict__.setdefault("ids", 0) + 1)
    person.__dict__["ids"] += 1
    refused = person.take("refused")
    return refused["code"], refused.get("path")


def test_what_may_not_be_played_is_refused_and_changes_nothing(world: World, table: list[Person]) -> None:
    (room,) = world.rooms
    game = game_of(world)
    turn = game.deal.turn
    leader, other = table[turn], table[(turn + 1) % 4]
    hand = cards_of(game.deal.hands[turn])
    theirs = cards_of(game.deal.hands[(turn + 1) % 4])
    before = room.machine.state_hash()
    assert refusal(leader, "play", cards=[theirs[0]])[0] == "not_held"
    assert refusal(leader, "play", cards=[hand[0], hand[0]]) == ("duplicate_card", "args.cards")
    assert refusal(leader, "play", cards=hand[:6])[0] == "not_a_combination"
    assert refusal(leader, "play", cards=[])[0] == "not_a_combination"
    assert refusal(leader, "play", cards=[52]) == ("bad_argument", "args.cards[0]")
    assert refusal(leader, "play", cards=[hand[0], -1]) == ("bad_argument", "args.cards[1]")
    assert refusal(leader, "play", cards=[True]) == ("bad_argument", "args.cards[0]")
    assert refusal(leader, "play", cards="3D") == ("bad_argument", "args.cards")
    assert refusal(leader, "play") == ("bad_argument", "args.cards")
    assert refusal(leader, "play", cards=[hand[1]])[0] == "must_include_first_card"
    assert refusal(leader, "pass")[0] == "leader_cannot_pass"
    assert refusal(other, "play", cards=[theirs[0]])[0] == "not_your_turn"
    assert refusal(other, "pass")[0] == "not_your_turn"
    assert refusal(other, "go_on")[0] == "no_break"
    assert refusal(other, "shuffle") == ("unknown_command", "name")
    assert room.machine.state_hash() == before


def test_a_hundred_plays_at_once(world: World, table: list[Person]) -> None:
    """One counts, the rest are refused one by one, and nobody else notices."""
    game = game_of(world)
    leader = table[game.deal.turn]
    hand = cards_of(game.deal.hands[game.deal.turn])
    leader.heard.clear()
    for number in range(1, 101):
        leader.say(op="cmd", name="play", args={"cards": [hand[0]]}, id=number)
    refused = leader.all("refused")
    assert len(refused) == 99 and {message["code"] for message in refused} == {"not_your_turn"}
    assert len(cards_of(game.deal.hands[game.deal.owner])) == 12
    for other in table:
        other.ping()


def test_after_the_end_nothing_is_played(world: World, table: list[Person]) -> None:
    (room,) = world.rooms
    while room.state == "playing":
        move(world, table)
    before = room.machine.state_hash()
    for person in table:
        assert refusal(person, "play", cards=[0])[0] == "game_over"
        assert refusal(person, "pass")[0] == "game_over"
    assert room.machine.state_hash() == before


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"players": 5}, "options.players"),
        ({"players": True}, "options.players"),
        ({"players": 3, "dragon": True}, "options.dragon"),
        ({"players": 2, "play_on": True}, "options.play_on"),
        ({"straights": "taiwan", "low_straight_key": "two"}, "options.low_straight_key"),
        ({"suits": "SHCX"}, "options.suits"),
        ({"turn_seconds": 4}, "options.turn_seconds"),
        ({"turn_seconds": 1e999}, "options.turn_seconds"),
        ({"level": "god"}, "options.level"),
        ({"preset": "vienna"}, "options.preset"),
        ({"target": 1001}, "options.target"),
        ({"jokers": 2}, "options.jokers"),
    ],
)
def test_options_that_make_no_table_are_refused(
    world: World, transport: str, options: dict[str, Any], path: str
) -> None:
    if options.get("turn_seconds") == 1e999 and transport == "websocket-json":
        options = {"turn_seconds": 10**400}
    ann = world.person(transport, "ann")
    try:
        ann.say(op="create", game="bigtwo", options=options)
    except OverflowError:
        pytest.skip("this format can't even say it")
    refused = ann.take("refused")
    assert refused["code"] in ("bad_argument", "bad_options", "bad_message")
    assert refused["path"].startswith("options")
    assert refused["code"] == "bad_message" or refused["path"] in (path, "options")
    assert world.rooms == []
    ann.ping()
