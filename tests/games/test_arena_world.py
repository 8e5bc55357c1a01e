"""The arena in the large: everyone sees what is around them, and a map of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.core.views import merge
from gamesrv.games.arena import World
from gamesrv.games.arena.avatar import RADIUS
from tests.world import World as Server

RULES = GameType.of(World)
AREA = World.areas.size


@pytest.fixture
def machine() -> Machine:
    """A world with forty people."""
    made = Machine.start(RULES, b"the world", {})
    for seat in range(40):
        made.apply(Input(0, "join", seat, f"p{seat}"))
    return made


def run(machine: Machine, ticks: int) -> None:
    """All run about, and dash."""
    for tick in range(machine.tick, machine.tick + ticks):
        for seat in range(tick % 5, 40, 5):
            args = {"dx": (seat + tick) % 3 - 1, "dy": (seat * 7 + tick) % 3 - 1}
            machine.apply(Input(tick, "command", seat, "move", args))
            if machine.game.avatars[seat].dash is None and machine.game.avatars[seat].stun is None:
                machine.apply(Input(tick, "command", seat, "dash", {}))
        machine.advance(tick + 1)


def test_a_world_can_be_played_and_replayed(machine: Machine) -> None:
    run(machine, 100)
    assert sum(avatar.score for avatar in machine.game.avatars.values()) > 0
    assert replay(RULES, machine.journal).state_hash() == machine.state_hash()


def test_people_are_counted_once_a_second(machine: Machine) -> None:
    run(machine, 20)
    view = machine.view()
    crowd = [0] * 160
    for avatar in machine.game.avatars.values():
        crowd[avatar.y // view["square"] * 16 + avatar.x // view["square"]] += 1
    assert view["crowd"] == crowd and sum(crowd) == 40
    best = sorted(machine.game.avatars.items(), key=lambda item: (-item[1].score, item[0]))[:5]
    assert [leader["seat"] for leader in view["leaders"]] == [seat for seat, _ in best]
    run(machine, 19)
    assert machine.view()["crowd"] == crowd
    moved = machine.game.avatars[0]
    moved.x = (moved.x + World.width // 2) % World.width
    run(machine, 1)
    assert machine.view()["crowd"] != crowd


def test_one_begins_where_others_are(machine: Machine) -> None:
    first = machine.game.avatars[0]
    ten = [machine.game.avatars[seat] for seat in range(10)]
    assert all(abs(avatar.x - first.x) < 10 * 600 for avatar in ten)
    crowd = machine.game.crowd
    machine.game.crowd = [10] * len(crowd)
    places = {seat: (avatar.x, avatar.y) for seat, avatar in machine.game.avatars.items()}
    for seat in range(40, 80):
        machine.apply(Input(0, "join", seat, f"p{seat}"))
        places[seat] = machine.game.avatars[seat].x, machine.game.avatars[seat].y
    spread = {x // 4000 for seat, (x, y) in places.items() if seat >= 40}
    assert spread == {0, 1, 2, 3}, "anywhere, where there is company everywhere"


def test_a_dash_hits_whoever_is_in_the_way_as_in_the_arena(machine: Machine) -> None:
    """Only those around are looked at: the result must be the same."""
    hits = super(World, machine.game)._hits
    some = False
    for _ in range(60):
        run(machine, 1)
        for avatar in machine.game.avatars.values():  # all in one corner
            avatar.x, avatar.y = avatar.x % 300 + RADIUS, avatar.y % 300 + RADIUS
        dashing = [*machine.game.avatars.items()][::3]
        near, all_hits = machine.game._hits(dashing), hits(dashing)
        assert sorted(near) == sorted(all_hits)
        some = some or bool(near)
    assert some


def test_who_only_watches_sees_who_leads(machine: Machine) -> None:
    run(machine, 40)
    leader = machine.game.leaders[0]
    avatar = machine.game.avatars[leader.seat]
    assert machine.eyes([None, 3, 99]) == [
        (avatar.x, avatar.y),
        (machine.game.avatars[3].x, machine.game.avatars[3].y),
        None,
    ]


# ---------------------------------------------------------------------- with a server


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with that game, and bots."""
    made = Server([World], bots=3)
    yield made
    made.stop()


def test_everyone_sees_their_surroundings(server: Server, transport: str) -> None:
    ann = server.connect(transport)
    ann.say(op="hello", name="ann")
    ann.say(op="join", game="world")
    server.run(0.2)
    room = server.rooms[0]
    joined = ann.take("joined")
    seat, view = joined["seat"], joined["view"]
    assert [*joined["players"]] == [str(seat)]
    server.run(3)
    for update in ann.all("update"):
        merge(view, update["delta"])
    me = room.machine.game.avatars[seat]
    for name, things in (("avatars", room.machine.view()["avatars"]), ("gems", room.machine.view()["gems"])):
        seen = view[name]
        assert str(seat) in view["avatars"] and seen.keys() <= things.keys()
        for number, thing in things.items():
            distance = max(abs(thing["x"] - me.x), abs(thing["y"] - me.y))
            if distance < AREA * 7 / 8:
                assert merge({}, thing) == seen[number]
            elif distance > AREA * 3.25:
                assert number not in seen
    assert len(view["gems"]) < len(room.machine.game.gems.lying) / 4


def test_bots_keep_one_company(server: Server) -> None:
    server.run(2)
    (room,) = server.rooms
    assert len(room.seating.seats) == World.company
    assert sum(avatar.score for avatar in room.machine.game.avatars.values()) > 0, "they find gems"


def test_a_text_window_shows_what_is_around(server: Server) -> None:
    tom: Any = server.connect("telnet")
    for line in ("tom", "join world"):
        tom.type(line)
    server.run(1)
    lines = tom.type("look").splitlines()
    assert "@" in "".join(lines[:22]) and any("tom (you)" in line for line in lines)
