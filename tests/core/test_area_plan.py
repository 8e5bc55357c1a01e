"""Where areas lie, and what an author may say of them."""

from typing import Any

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from gamesrv import Areas, Game, GameError, LockstepGame
from gamesrv.core.areas import Plan
from gamesrv.core.game import Refused
from gamesrv.core.grid import Layer
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType

PLAN = Plan(Areas(("things",), size=10))
places = st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))


@given(places, places)
def test_an_area_is_left_only_where_its_border_is_clearly_behind(first: Any, then: Any) -> None:
    square = PLAN.at(*first)
    assert square.holds(*first)
    column, row = (value // 10 for value in first)
    outside = max(
        column * 10 - then[0], then[0] - column * 10 - 10, row * 10 - then[1], then[1] - row * 10 - 10
    )
    assert square.holds(*then) == (outside < 1.25 or (outside == 1.25 and square.holds(*then)))


def test_what_trembles_at_a_border_stays() -> None:
    layer = Layer("things", PLAN)
    for tick, x in enumerate((9, 11, 9, 10, 11)):
        layer.look({1: {"x": x, "y": 5}}, tick)
        assert [cell.square.key for cell in layer.cells.values()] == [PLAN.at(0, 0).key]
        assert not layer.left
    layer.look({1: {"x": 12, "y": 5}}, 9)
    assert layer.left == {PLAN.at(0, 0).key} and layer.entered == {PLAN.at(12, 0).key}


def test_a_world_may_have_no_end() -> None:
    assert PLAN.at(1e300, -1e300).holds(1e200, -1e250)
    plan = Plan(Areas(("things",), size=1))
    for x in range(70_000):
        plan.at(x, 0)
    assert plan.at(3, 0).holds(3, 0)


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({"maps": (), "size": 1}, "maps"),
        ({"maps": ["things"], "size": 1}, "maps"),
        ({"maps": (1,), "size": 1}, "maps"),
        ({"maps": ("a",), "size": 0}, "size"),
        ({"maps": ("a",), "size": 1.5}, "size"),
        ({"maps": ("a",), "size": 1, "near": 0}, "near"),
        ({"maps": ("a",), "size": 1, "far": -1}, "far"),
        ({"maps": ("a",), "size": 1, "caps": {"a": 0}}, "caps"),
        ({"maps": ("a",), "size": 1, "caps": {"b": 5}}, "caps has 'b'"),
    ],
)
def test_what_makes_no_sense_is_named(given_: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        Areas(**given_)


class Plains(Game):
    name, tick_rate = "plains", 20
    areas = Areas(("things",), size=10)

    def eye(self, seat: int | None) -> tuple[int, int]:
        return 0, 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"areas": "everywhere"}, "areas must be Areas"),
        ({"tick_rate": 0}, "has a tick_rate"),
        ({"eye": Game.eye}, r"eye\(seat\)"),
        ({"input_bits": 3}, "no lockstep game"),
    ],
)
def test_a_game_that_can_have_no_areas_is_not_loaded(wrong: dict[str, Any], told: str) -> None:
    assert GameType.of(define(type("Good", (Plains,), {})))
    with pytest.raises(GameError, match=told):
        GameType.of(define(type("Bad", (Plains,), wrong)))


def test_nobody_is_there_to_be_refused_a_look() -> None:
    class Blind(Plains):
        def eye(self, seat: int | None) -> tuple[int, int]:
            raise Refused("no")

    machine = Machine.start(GameType.of(define(Blind)), b"any", {})
    with pytest.raises(GameError, match=r"eye\(\)"):
        machine.eyes([0])


@define
class Thing:
    x: Any = 0
    y: Any = 0
    more: Any = None


@pytest.mark.parametrize(
    ("things", "told"),
    [
        ([], "things must be a map"),
        ({1: 5}, "things.1 must be a map"),
        ({1: {"x": 1}}, "things.1 has no place"),
        ({1: {"x": True, "y": 0}}, "things.1 has no place"),
        ({1: {"x": float("nan"), "y": 0}}, "things.1 has no place"),
        ({1: {"x": float("inf"), "y": 0}}, "things.1 has no place"),
        ({1: {"x": 1, "y": 1, "bag": {"a": 1}}}, "things.1.bag: .* no maps"),
        ({1: Thing(more=object())}, "things.1: "),
    ],
)
def test_what_has_no_place_can_be_in_no_area(things: Any, told: str) -> None:
    with pytest.raises(GameError, match=told):
        Layer("things", PLAN).look(things, 0)


@pytest.mark.parametrize("lost", [None, "left", float("nan"), float("inf")])
def test_what_had_a_place_must_keep_one(lost: Any) -> None:
    layer, thing = Layer("things", PLAN), Thing()
    layer.look({1: thing}, 0)
    thing.x = lost
    with pytest.raises(GameError, match=r"things.1 has no place"):
        layer.look({1: thing}, 1)


def test_a_lockstep_game_shows_everything() -> None:
    assert LockstepGame.areas is None
