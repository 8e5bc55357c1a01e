"""A lockstep room over every transport: what each is told leads all to the same world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gamesrv.core.inputs import Frame
from tests import duel
from tests.follow import Player, room_of
from tests.world import World

GAMES = [duel.Duel, duel.Fast, duel.Patient, duel.Together, duel.Broken, duel.Crashing]


@pytest.fixture
def world() -> Iterator[World]:
    world = World(GAMES, joins_per_address=1000)
    yield world
    world.stop()


def play(world: World, ticks: int, *players: Player, rate: int = 30) -> None:
    """So many ticks, in which all players play."""
    for _ in range(ticks):
        world.run(1 / rate)
        for player in players:
            player.tick()


def sit(world: World, transport: str, name: str, game: str = "duel") -> Player:
    """Takes a seat, and has the first snapshot."""
    person = world.person(transport, name)
    person.say(op="join", game=game)
    world.run(0.05)
    return Player(person)


def test_two_play(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann"), sit(world, transport, "bob")
    for held in (1, 2, 40, 63, 0):
        ann.held, bob.held = held, 63 - held
        play(world, 12, ann, bob)
    assert ann.in_step() and bob.in_step() and ann.driver.tick > 50
    inputs = {frame.inputs[:2] for frame in frames(ann)}
    assert {(1, 62), (2, 61), (40, 23), (63, 0), (0, 63)} <= inputs
    assert room_of(world).desyncs == 0


def names(player: Player) -> list[Any]:
    return [change for frame in frames(player) for change in frame.changes]


def frames(player: Player) -> list[Frame]:
    return [frame for body in player.told for frame in body.frames]


def test_a_room_of_60_hz_sends_two_at_a_time(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann", "fast")
    ann.told.clear()
    play(world, 60, ann, rate=60)
    assert {len(body.frames) for body in ann.told} == {2}
    assert 29 <= len(ann.told) <= 31 and ann.driver.late == 0


def test_the_snapshot_says_what_one_needs_to_know(world: World, transport: str) -> None:
    person = world.person(transport, "ann")
    person.say(op="join", game="duel")
    assert not person.all("joined"), "not before the join is part of a tick"
    world.run(0.05)
    joined = person.take("joined")
    assert joined["lockstep"].pop("run") == 1
    assert joined["lockstep"] == {"bits": 6, "mode": "deadline", "check": 30, "seats": 4}
    assert joined["view"]["seats"] == {"0": {"at": joined["view"]["seats"]["0"]["at"], "away": 0}}
    assert joined["tick"] == joined["view"]["tick"] == room_of(world).machine.tick
    assert joined["rate"] == 30 and "commands" not in joined


def test_who_comes_and_goes_is_an_input_that_all_see_in_the_same_tick(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann"), sit(world, transport, "bob")
    play(world, 20, ann, bob)
    token = bob.person.token
    bob.person.cut()
    play(world, 20, ann)
    back = world.connect(transport)
    back.say(op="hello", token=token)
    world.run(0.05)
    again = Player(back)
    play(world, 20, ann, again)
    assert ann.in_step() and again.in_step()
    back.say(op="leave")
    play(world, 20, ann)
    assert ann.in_step()
    assert names(ann) == [("join", 1), ("drop", 1), ("back", 1), ("leave", 1)]
    assert [entry[0] for entry in ann.world["log"]] == ["join", "join", "drop", "back", "leave"]


def test_who_is_away_holds_nothing(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann"), sit(world, transport, "bob")
    bob.held = 9
    play(world, 20, ann, bob)
    bob.person.cut()
    ann.told.clear()
    play(world, 5, ann)
    assert {frame.inputs[1] for frame in frames(ann)} == {0}


def test_one_who_comes_late_has_the_same_world(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann")
    ann.held = 3
    play(world, 200, ann)
    bob = sit(world, transport, "bob")
    play(world, 100, ann, bob)
    assert ann.in_step() and bob.in_step() and bob.snapshots == 1
    assert duel.checksum(bob.world) == duel.checksum(ann.world)


def test_one_who_watches(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann")
    person = world.person(transport, "eve")
    person.say(op="watch", room=room_of(world).id)
    eve = Player(person)
    eve.held = 63
    ann.held = 5
    play(world, 100, ann, eve)
    assert eve.in_step() and ann.in_step()
    assert {frame.inputs for frame in frames(eve)[5:]} == {(5, 0, 0, 0)}
    assert all(body.wait is None for body in eve.told)
    person.say(op="leave")
    play(world, 5, ann)
    assert len(room_of(world)._followers) == 1


def test_a_late_input_is_replaced_and_that_is_told(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann"), sit(world, transport, "bob")
    bob.held = 7
    play(world, 20, ann, bob)
    bob.held = 8
    play(world, 6, ann)
    assert ann.told[-1].frames[-1].inputs[1] == 7, "what was held before"
    bob.catch_up()
    assert bob.driver.late > 0 and ann.driver.late == 0
    play(world, 60, ann, bob)
    late = bob.driver.late
    play(world, 60, ann, bob)
    assert bob.driver.late == late, "its clock has found back"
    assert ann.in_step() and bob.in_step()
    assert ann.told[-1].frames[-1].inputs[1] == 8


def test_inputs_wait_a_tick_or_two(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann")
    play(world, 300, ann)
    waits = [body.wait for body in ann.told[-60:]]
    assert all(wait is not None and 0 <= wait <= 90 for wait in waits)
    assert sum(wait for wait in waits if wait) / len(waits) < 70


def test_one_far_behind_does_not_hold_up_a_room_with_a_deadline(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann"), sit(world, transport, "bob")
    play(world, 10, ann, bob)
    before = room_of(world).machine.tick
    play(world, 90, ann)
    assert room_of(world).machine.tick == before + 90


def test_one_for_whom_frames_are_gone_gets_a_snapshot(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann")
    play(world, 200, ann)
    (follower,) = room_of(world)._followers.values()
    follower.acked = follower.sent = 1
    play(world, 10, ann)
    assert ann.snapshots == 2 and ann.in_step()


# ---------------------------------------------------------------------- rooms that wait


def test_a_room_that_waits_goes_on_when_all_have_spoken(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann", "patient"), sit(world, transport, "bob", "patient")
    play(world, 30, ann, bob)
    before = room_of(world).machine.tick
    play(world, 30, ann)
    stalled = room_of(world).machine.tick
    assert stalled < before + 10, "some inputs were there already"
    play(world, 60, ann, bob)
    assert room_of(world).machine.tick > stalled + 50
    assert ann.driver.late == bob.driver.late == 0
    assert ann.in_step() and bob.in_step()


def test_one_who_does_not_speak_for_two_seconds_is_dropped(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann", "patient"), sit(world, transport, "bob", "patient")
    play(world, 30, ann, bob)
    stalled_at = world.clock.seconds()
    while bob.person.close_code is None:
        play(world, 1, ann)
        assert world.clock.seconds() < stalled_at + 2.5
    assert bob.person.close_code == 4008 and world.clock.seconds() >= stalled_at + 1.9
    play(world, 120, ann)
    assert names(ann)[-1] == ("drop", 1) and ann.in_step()
    again = world.connect(transport)
    again.say(op="hello", token=bob.person.token)
    world.run(0.1)
    bob = Player(again)
    play(world, 60, ann, bob)
    assert bob.in_step() and names(ann)[-1] == ("back", 1)


def test_one_who_has_said_nothing_yet_is_not_waited_for(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann", "patient")
    play(world, 10, ann)
    sit(world, transport, "bob", "patient")
    before = room_of(world).machine.tick
    play(world, 30, ann)
    assert room_of(world).machine.tick >= before + 29


# ---------------------------------------------------------------------- games that begin later


def test_a_game_that_begins_when_all_are_ready_and_again(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "together"), world.person(transport, "bob", "together")
    assert "lockstep" not in ann.all("joined")[-1:] and room_of(world).machine is None
    for person in (ann, bob):
        person.say(op="ready")
    world.run(0.1)
    players = [Player(ann), Player(bob)]
    players[1].held = 4
    play(world, 60, *players)
    assert all(player.in_step() for player in players)
    assert players[0].world["seats"].keys() == {"0", "1"}


# ---------------------------------------------------------------------- worlds that part


def test_a_world_that_parts_is_named_and_healed(world: World, transport: str, caplog: Any) -> None:
    """The server's game is broken on purpose: it does what the module does not once 40 is held."""
    ann, bob = sit(world, transport, "ann", "broken"), sit(world, transport, "bob", "broken")
    play(world, 40, ann, bob)
    ann.held = 40
    play(world, 3, ann, bob)
    ann.held = 1
    play(world, 60, ann, bob)
    room = room_of(world)
    assert ann.desyncs and ann.desyncs[0] % 30 == 0
    assert room.desyncs == 2 and ann.desyncs == bob.desyncs
    assert room.difference is not None
    tick, found = room.difference
    assert tick == ann.desyncs[0] and found is not None and found.path == "seats.0.at"
    assert ann.snapshots == 2
    play(world, 90, ann, bob)
    assert ann.in_step() and bob.in_step() and room.desyncs == 2, "healed"


def test_a_client_that_parts_alone_is_healed_alone(world: World, transport: str) -> None:
    ann, bob = sit(world, transport, "ann"), sit(world, transport, "bob")
    play(world, 40, ann, bob)
    bob.world["chance"] += 1
    play(world, 60, ann, bob)
    assert (ann.desyncs, len(bob.desyncs)) == ([], 1)
    assert room_of(world).difference[1].path == "chance"
    assert ann.in_step() and bob.in_step() and (ann.snapshots, bob.snapshots) == (1, 2)


def test_one_who_lies_about_checksums_gets_no_more_than_a_snapshot_per_check(
    world: World, transport: str
) -> None:
    ann = sit(world, transport, "ann")
    ann.tick()
    for _ in range(150):
        world.run(1 / 30)
        ann.catch_up()
        ann.driver.press(0, ann.now)
        body = ann.driver.sync(reliable=True)
        checked = ann.driver.tick // 30 * 30
        ann.sync(body._replace(checksum=(checked, 12345)))
    assert 3 <= ann.snapshots <= 6 and len(ann.desyncs) == 1
    assert world.service.lobby.passed_over["checksum of no use"] > 50


def test_a_dump_that_nobody_asked_for(world: World, transport: str) -> None:
    ann = sit(world, transport, "ann")
    play(world, 40, ann)
    ann.person.say(op="dump", tick=30, world={"tick": 30})
    assert world.service.lobby.passed_over["dump that nobody asked for"] == 1
    assert room_of(world).difference is None
    ann.person.say(op="dump", tick=-1, world={})
    assert ann.person.take("refused")["path"] == "tick"


def test_a_game_that_fails_takes_only_its_own_room(
    world: World, transport: str, logged_failures: list[Any]
) -> None:
    ann, bob = sit(world, transport, "ann", "crashing"), sit(world, transport, "bob", "duel")
    ann.held = 63
    for _ in range(10):
        world.run(1 / 30)
        bob.tick()
        if ann.person.close_code is None:
            ann.tick()
    assert ann.person.close_code == 4500
    logged_failures.clear()
    play(world, 30, bob)
    assert bob.in_step()


def test_a_text_window_can_look_on_and_sit_there(world: World) -> None:
    """It has no buttons: it holds nothing, and nobody waits for it."""
    ann = sit(world, "packets", "ann", "patient")
    bob, eve = world.connect("telnet"), world.connect("telnet")
    for person, name in ((bob, "bob"), (eve, "eve")):
        person.type(name)  # type: ignore[attr-defined]
    bob.type("join patient")  # type: ignore[attr-defined]
    eve.type(f"watch {room_of(world).id}")  # type: ignore[attr-defined]
    play(world, 60, ann)
    assert ann.in_step() and ann.driver.tick > 55
    assert "You are in patient-1, in seat 1" in bob.text and "watching" in eve.text  # type: ignore[attr-defined]
    assert "tick" in bob.type("look")  # type: ignore[attr-defined]
