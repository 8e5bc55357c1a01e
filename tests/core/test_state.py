"""A game's state as bytes and back, whatever its fields hold."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, IntEnum, IntFlag
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional

import pytest
from attrs import define, field, fields, frozen
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

import gamesrv
from gamesrv.core.game import Context, Game, GameError, NoOptions
from gamesrv.core.machine import Machine
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.core.state import check, dump, fingerprint, load

ROOT = str(Path(gamesrv.__file__).parent.parent)

CardId = NewType("CardId", int)


class Suit(Enum):
    CLUBS = "clubs"
    HEARTS = "hearts"


class Way(Enum):
    NORTH = (0, -1)
    SOUTH = (0, 1)


class Rank(IntEnum):
    LOW = 1
    HIGH = 2


class Mood(IntFlag):
    CALM = 1
    LOUD = 2


class Spot(NamedTuple):
    x: int
    y: int


@frozen
class Card:
    suit: Suit
    rank: int = 0


@define
class Node:
    """Has more of its kind within."""

    label: str
    children: list["Node"] = field(factory=list)
    _hidden: int = 0
    derived: int = field(default=1, init=False)
    named: int = field(default=2, kw_only=True)


@define
class Alive:
    health: int


@define
class Dead:
    since: float


@define
class Kitchen(Game):
    """Whatever a field may hold."""

    name = "kitchen"

    whole: int = 0
    real: float = 0.0
    text: str = ""
    data: bytes = b""
    flag: bool = False
    nothing: None = None
    maybe: Optional[Card] = None  # noqa: UP045
    mixed: int | str | None = None
    choice: Literal["a", "b"] = "a"
    card_id: CardId = CardId(0)
    limited: Annotated[int, Meta(ge=0)] = 0
    suit: Suit = Suit.CLUBS
    way: Way = Way.NORTH
    rank: Rank = Rank.LOW
    mood: Mood = Mood.CALM
    spot: Spot = Spot(0, 0)
    node: Node = field(factory=lambda: Node("root"))
    being: Alive | Dead = field(factory=lambda: Alive(3))
    pair: tuple[int, str] = (0, "")
    run: tuple[int, ...] = ()
    by_seat: dict[int, Card] = field(factory=dict)
    by_place: dict[tuple[int, int], list[Card]] = field(factory=dict)
    by_spot: dict[Spot, Way] = field(factory=dict)
    by_suit: dict[Suit, int] = field(factory=dict)
    by_hand: dict[frozenset[int], str] = field(factory=dict)
    words: set[str] = field(factory=set)
    cards: set[Card] = field(factory=set)
    spots: frozenset[Spot] = frozenset()
    deep: dict[str, dict[int, list[set[int]]]] = field(factory=dict)
    _hidden: int = 0
    derived: int = field(default=1, init=False)
    named: int = field(default=2, kw_only=True)

    def later(self, *args: Any) -> None: ...


KITCHEN = GameType.of(Kitchen)

whole = st.integers(-(2**63), 2**64 - 1)
reals = st.floats(allow_nan=False)
cards = st.builds(Card, st.sampled_from(Suit), whole)
spots = st.builds(Spot, whole, whole)
nodes = st.recursive(
    st.builds(Node, st.text()), lambda inner: st.builds(Node, st.text(), st.lists(inner), whole), max_leaves=5
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "whole": whole,
    "real": reals,
    "text": st.text(),
    "data": st.binary(),
    "flag": st.booleans(),
    "maybe": st.none() | cards,
    "mixed": st.none() | whole | st.text(),
    "choice": st.sampled_from("ab"),
    "suit": st.sampled_from(Suit),
    "way": st.sampled_from(Way),
    "rank": st.sampled_from(Rank),
    "mood": st.sampled_from([Mood(0), Mood.CALM, Mood.LOUD, Mood.CALM | Mood.LOUD]),
    "spot": spots,
    "node": nodes,
    "being": st.builds(Alive, whole) | st.builds(Dead, reals),
    "pair": st.tuples(whole, st.text()),
    "run": st.lists(whole).map(tuple),
    "by_seat": st.dictionaries(whole, cards),
    "by_place": st.dictionaries(st.tuples(whole, whole), st.lists(cards, max_size=2), max_size=3),
    "by_spot": st.dictionaries(spots, st.sampled_from(Way)),
    "by_suit": st.dictionaries(st.sampled_from(Suit), whole),
    "by_hand": st.dictionaries(st.frozensets(whole, max_size=3), st.text(), max_size=3),
    "words": st.sets(st.text()),
    "cards": st.sets(cards),
    "spots": st.frozensets(spots),
    "deep": st.dictionaries(st.text(), st.dictionaries(whole, st.lists(st.sets(whole))), max_size=2),
    "hidden": whole,
    "named": whole,
}
# One field at a time: all of them at once take seconds to make up.
states = st.one_of([st.fixed_dictionaries({name: values}) for name, values in FIELDS.items()])


def context(**values: Any) -> Context:
    return Context(Random(b"seed"), NoOptions(), 1000, **values)


def kitchen(room: Context | None = None, **values: Any) -> Kitchen:
    game = Kitchen(**values)
    game._context = room or context()  # type: ignore[misc]
    return game


def again(game: Kitchen) -> Any:
    return load(Kitchen, dump(game), context())


# ---------------------------------------------------------------------- there and back


@given(states, whole)
def test_any_state_comes_back_as_it_was(values: dict[str, Any], derived: int) -> None:
    game = kitchen(**values)
    game.derived = derived
    restored = again(game)
    assert restored == game
    assert dump(restored) == dump(game)
    assert fingerprint(restored) == fingerprint(game)


@given(states)
def test_nothing_changes_its_type_or_its_order(values: dict[str, Any]) -> None:
    """`1`, `1.0` and `True` are equal, and so are two maps in different order: what is written tells them."""
    game = kitchen(**values)
    restored = again(game)
    for item in fields(Kitchen):
        if item.name not in ("by_hand", "words", "cards", "spots", "deep"):  # sets have no order
            assert repr(getattr(restored, item.name)) == repr(getattr(game, item.name))


@pytest.mark.parametrize(
    ("name", "value"), [("whole", 3.5), ("real", 3), ("whole", True), ("text", 7), ("flag", 1)]
)
def test_numbers_and_text_stay_what_they_are_whatever_the_hint_says(name: str, value: Any) -> None:
    restored = getattr(again(kitchen(**{name: value})), name)
    assert (type(restored), restored) == (type(value), value)


@given(st.permutations(range(6)))
def test_maps_keep_their_order(seats: list[int]) -> None:
    game = kitchen(by_seat={seat: Card(Suit.CLUBS) for seat in seats})
    assert list(again(game).by_seat) == seats
    backwards = kitchen(by_seat=dict(reversed(game.by_seat.items())))
    assert fingerprint(backwards) != fingerprint(game)


@given(st.sets(st.text()))
def test_sets_have_no_order(words: set[str]) -> None:
    one, other = set(sorted(words)), set(sorted(words, reverse=True))
    assert fingerprint(kitchen(words=one)) == fingerprint(kitchen(words=other))


seats = st.integers(0, 9)
timers = st.lists(
    st.tuples(st.integers(0, 50), st.lists(st.none() | seats | st.text() | st.lists(seats), max_size=2))
)


@given(timers, st.integers(0, 100), st.dictionaries(st.integers(0, 9), st.text()), st.none() | whole)
def test_the_room_comes_back_with_the_game(
    timers: list[tuple[float, Any]], drawn: int, names: dict[int, str], result: Any
) -> None:
    game = kitchen()
    for seconds, args in timers:
        game.after(seconds, game.later, *args)
    room = game._context
    room.tick, room.random.drawn, room.names, room.finished, room.result = 7, drawn, names, True, result
    restored = again(game)._context
    assert (restored.tick, restored.random.drawn, restored.finished, restored.result) == (
        7,
        drawn,
        True,
        result,
    )
    assert list(restored.names.items()) == list(names.items())
    assert (restored.timers, restored.timers_set) == (sorted(room.timers), room.timers_set)
    assert [timer.args for timer in restored.timers] == [timer.args for timer in sorted(room.timers)]
    assert restored.random.word() == room.random.word()


def test_the_seed_is_not_in_it() -> None:
    game = kitchen(context())
    game._context.random.seed = b"very secret"
    assert b"secret" not in dump(game)


def test_a_private_map_is_not_in_the_restored_game_by_reference() -> None:
    game = kitchen(by_seat={1: Card(Suit.CLUBS)})
    restored = again(game)
    game.by_seat[2] = Card(Suit.HEARTS)
    assert list(restored.by_seat) == [1]


# ---------------------------------------------------------------------- fingerprints


@given(states, states)
def test_fingerprints_tell_states_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = kitchen(**one), kitchen(**other)
    assert (fingerprint(first) == fingerprint(second)) == (dump(first) == dump(second))
    if first != second:
        assert fingerprint(first) != fingerprint(second)


def draw(game: Kitchen) -> None:
    game.random.word()


def set_timer(game: Kitchen) -> None:
    game.after(1, game.later)


def set_and_cancel(game: Kitchen) -> None:
    game.cancel(game.after(1, game.later))


def pass_time(game: Kitchen) -> None:
    game._context.tick += 1


def seat_someone(game: Kitchen) -> None:
    game._context.names[0] = "ann"


def finish(game: Kitchen) -> None:
    game.finish()


def change_derived(game: Kitchen) -> None:
    game.derived += 1


def change_hidden(game: Kitchen) -> None:
    game._hidden += 1


def change_deep(game: Kitchen) -> None:
    game.node.children.append(Node("leaf"))


CHANGES = [
    draw,
    set_timer,
    set_and_cancel,
    pass_time,
    seat_someone,
    finish,
    change_derived,
    change_hidden,
    change_deep,
]


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_shows_in_the_fingerprint(change: Callable[[Kitchen], None]) -> None:
    game = kitchen()
    before = fingerprint(game)
    assert fingerprint(game) == before
    change(game)
    assert fingerprint(game) != before


@pytest.mark.parametrize("change", [{"due": 9}, {"args": (2,)}, {"name": "emit"}])
def test_timers_are_told_apart_by_all_they_are(change: dict[str, Any]) -> None:
    game = kitchen()
    game.after(1, game.later, 1)
    before, timers = fingerprint(game), game._context.timers
    timers[0] = timers[0]._replace(**change)
    assert fingerprint(game) != before


def test_what_was_emitted_is_no_state() -> None:
    game = kitchen()
    before = fingerprint(game)
    game.emit("moved")
    assert fingerprint(game) == before


SCRIPT = """
from attrs import define, field, frozen
from gamesrv import Game
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType

@frozen
class Card:
    suit: str

@define
class Sets(Game):
    name = "sets"
    words: set[str] = field(factory=lambda: {f"word {n}" for n in range(50)})
    cards: set[Card] = field(factory=lambda: {Card(f"suit {n}") for n in range(50)})
    hands: dict[frozenset[str], int] = field(factory=lambda: {frozenset("abcdefgh"): 1})

print(list(Sets().words), Machine.start(GameType.of(Sets), b"seed", {}).state_hash())
"""


def test_a_fingerprint_is_the_same_under_any_hash_seed() -> None:
    orders, prints = set(), set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": ROOT}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, check=True, capture_output=True, text=True
        )
        order, _, fingerprint = run.stdout.strip().rpartition(" ")
        orders.add(order)
        prints.add(fingerprint)
    assert (len(orders), len(prints)) == (2, 1)


# ---------------------------------------------------------------------- what can't be saved


class Custom:
    """Nothing that could be taken apart."""


@define
class Deep:
    parts: list[dict[str, Custom]] = field(factory=list)


@define
class One:
    x: int


@define
class Other:
    x: int


@pytest.mark.parametrize(
    ("hint", "complaint"),
    [
        (Custom, "field: can't save <class 'test_state.Custom'>"),
        (object, "can't save <class 'object'>"),
        (Any, "can't save typing.Any"),
        (list, "can't save <class 'list'>"),
        (dict, "can't save <class 'dict'>"),
        (tuple, "can't save <class 'tuple'>"),
        (Sequence[int], "can't save collections.abc.Sequence"),
        (deque[int], "can't save collections.deque"),
        (complex, "can't save <class 'complex'>"),
        (Callable[[], None], "can't save collections.abc.Callable"),
        (list[int | Custom], "can't save <class 'test_state.Custom'>"),
        (Annotated[Custom, 1], "can't save <class 'test_state.Custom'>"),
        (Deep, "field: Deep.parts: can't save <class 'test_state.Custom'>"),
        (dict[str, Deep], "field: Deep.parts: can't save"),
        (dict[Card, int], "Card is an attrs class and can't be the key of a map"),
        (dict[tuple[int, Card], int], "Card is an attrs class and can't be the key of a map"),
        (set[int] | list[int], "Unsupported type"),
        (list[One | Other], "Could not disambiguate"),
        ("Nowhere", "name 'Nowhere' is not defined"),
    ],
)
def test_hints_that_do_not_say_how_to_save_a_field_are_refused(hint: Any, complaint: str) -> None:
    members = {"name": "wrong", "__annotations__": {"field": hint}, "field": field(init=False)}
    with pytest.raises(GameError) as caught:
        check(define(type("Wrong", (Game,), members)))
    assert str(caught.value).startswith("the state of Wrong can't be saved: ")
    assert complaint in str(caught.value)


def test_a_field_without_a_hint_is_refused() -> None:
    with pytest.raises(GameError, match="Wrong.field: can't save None"):
        check(define(type("Wrong", (Game,), {"name": "wrong", "field": field(default=3)})))


@define
class Wounded(Alive):
    """More than the hint promises."""

    wounds: int = 1


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"whole": 2**64}, "ints"),
        ({"node": Custom()}, "Custom where the hint says Node"),
        ({"by_seat": {1: None}}, "NoneType where the hint says Card"),
        ({"by_seat": None}, "NoneType"),
        ({"text": Custom()}, "Custom"),
    ],
)
def test_values_that_the_hints_do_not_allow_are_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(GameError, match=f"the state of Kitchen can't be saved: .*{complaint}"):
        dump(kitchen(**values))


def test_what_a_subclass_adds_is_not_lost_in_silence() -> None:
    @define
    class Field(Game):
        name = "field"
        beings: list[Alive] = field(factory=list)

    machine = Machine.start(GameType.of(Field), b"", {})
    machine.game.beings.append(Wounded(1))  # type: ignore[attr-defined]
    with pytest.raises(GameError, match="Wounded where the hint says Alive"):
        machine.state_hash()


def test_a_field_that_was_never_set_is_refused() -> None:
    @define
    class Late(Game):
        name = "late"
        board: list[int] = field(init=False)

    machine = Machine.start(GameType.of(Late), b"", {})
    with pytest.raises(GameError, match="board"):
        machine.state_hash()
