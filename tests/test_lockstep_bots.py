"""Bots in a lockstep room: they hold what their policy says, and their worlds are the server's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define

from gamesrv import Bot
from gamesrv.games.hockey import Hockey
from tests.behaviour.test_lockstep import frames, play, sit
from tests.duel import Duel, Fast, Patient, Together
from tests.follow import room_of
from tests.world import World


@pytest.fixture
def open_world() -> Iterator[Callable[..., World]]:
    """Makes a world of one game; it is stopped in the end."""
    worlds: list[World] = []

    def make(game: type = Duel, bots: int = 3) -> World:
        worlds.append(World(games=[game], bots=bots))
        return worlds[-1]

    yield make
    for world in worlds:
        world.stop()


def bots_of(world: World) -> list[Any]:
    return [bot for bots in world.service.keeper._bots.values() for bot in bots]


@pytest.mark.parametrize("game", [Duel, Fast, Patient])
def test_they_hold_what_their_policy_says(open_world: Callable[..., World], game: type[Duel]) -> None:
    world = open_world(game)
    ann = sit(world, "packets", "ann", game.name)
    play(world, 120 * game.tick_rate // 30, ann, rate=game.tick_rate)
    room = room_of(world)
    held = [frame.inputs[:2] for frame in frames(ann)[40:]]
    assert {(n, n) for n in range(4)} <= set(held), "as Presser does"
    assert sum(seat.late for seat in room.inputs) == 0 and room.desyncs == 0
    for bot in bots_of(world):
        assert room.machine.tick - bot._driver.tick <= 2
        assert bot._driver.newest == bot._driver.tick
    assert room.history.checked(30) is not None


def test_a_bots_world_that_parts_is_healed(open_world: Callable[..., World]) -> None:
    world = open_world(bots=2)
    ann = sit(world, "packets", "ann")
    play(world, 40, ann)
    (bot,) = bots_of(world)
    bot._driver.world["chance"] += 1
    play(world, 60, ann)
    room = room_of(world)
    assert room.desyncs == 1 and room.difference[1].path == "chance"
    assert bot._driver.world["chance"] == ann.world["chance"] and bot.alive


def test_they_play_a_game_that_begins_later(open_world: Callable[..., World]) -> None:
    world = open_world(Together)
    ann = world.person("packets", "ann", "together")
    ann.say(op="ready")
    world.run(5)
    room = room_of(world)
    assert room.state == "playing" and len(room.seating.seats) == 2
    assert room.machine.inputs[1] in range(4) and room.inputs[1].late == 0


def test_a_policy_that_fails_leaves_and_nothing_else_happens(
    open_world: Callable[..., World], logged_failures: list[Any]
) -> None:
    class Faulty(Bot):
        def control(self, world: Any, seat: int) -> int:
            return 1 // (40 - world["tick"])

    @define
    class Tried(Duel):
        bot = Faulty

    world = open_world(Tried, bots=2)
    ann = sit(world, "packets", "ann", "duel")
    play(world, 60, ann)
    assert {event["log_failure"].type for event in logged_failures} == {ZeroDivisionError}
    logged_failures.clear()
    assert ann.in_step() and list(room_of(world).seating.seats) == [ann.driver.seat]


def test_they_play_air_hockey(open_world: Callable[..., World]) -> None:
    world = open_world(Hockey, bots=3)
    world.run(10)
    room = room_of(world)
    assert len(room.seating.seats) == 3 and room.machine.tick > 500
    assert room.desyncs == 0 and sum(seat.late for seat in room.inputs) == 0
    held = {room.history.since(tick)[1][:3] for tick in range(room.machine.tick - 100, room.machine.tick)}
    assert len(held) > 2
