"""Bad input to a lockstep room: refused or passed over with a counter, and the others never notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gamesrv.core.inputs import MAX_COUNT, SyncBody
from gamesrv.wire.lockstep import encode_sync
from tests.behaviour.test_lockstep import frames, play, sit
from tests.duel import Duel, Patient
from tests.follow import Player, room_of, say_bytes
from tests.games import Field
from tests.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World([Duel, Patient, Field], joins_per_address=1000)
    yield world
    world.stop()


@pytest.fixture
def pair(world: World, transport: str) -> tuple[Player, Player]:
    """One who behaves, and one who will not."""
    ann, eve = sit(world, transport, "ann"), sit(world, transport, "eve")
    play(world, 20, ann, eve)
    return ann, eve


def good(player: Player, **changes: object) -> bytes:
    run, newest = player.driver.info.run, player.driver.newest
    return encode_sync(SyncBody(run, newest, newest + 2, (1, 2))._replace(**changes), 6)


GARBAGE = {
    "nothing": b"",
    "one byte": b"\x01",
    "no kind": b"\x07" + bytes(20),
    "a count of 255": b"\x01\x01" + bytes(4) + b"\x01\xff" + b"\xff" * 200,
    "a count of 121": b"\x01\x01" + bytes(4) + b"\x01\x79" + b"\xff" * 200,
    "bytes left over": b"\x01\x01" + bytes(4) + b"\x01\x01" + b"\x00" * 200,
    "padding": b"\x01\x01" + bytes(4) + b"\x01\x01\xff",
    "no inputs where it says so": b"\x01\x01" + bytes(4) + b"\x01\x05\xff",
    "half a checksum": b"\x81\x01" + bytes(8),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_and_the_third_time_is_the_last(
    world: World, pair: tuple[Player, Player], data: bytes
) -> None:
    ann, eve = pair
    eve.person.heard.clear()
    say_bytes(eve.person, data)
    refused = eve.person.take("refused")
    assert (refused["code"], refused["path"]) == ("bad_message", "data")
    play(world, 10, ann, eve)
    assert ann.in_step() and eve.in_step()
    for _ in range(2):
        say_bytes(eve.person, data)
    assert eve.person.close_code == 4400
    play(world, 10, ann)
    assert ann.in_step() and ann.driver.late == 0


def test_too_many_bytes_never_reach_the_room(world: World, pair: tuple[Player, Player]) -> None:
    ann, eve = pair
    say_bytes(eve.person, bytes(1200))
    assert eve.person.take("refused")["path"] == "data"
    play(world, 10, ann, eve)
    assert ann.in_step()


def test_ticks_far_away_are_passed_over(world: World, pair: tuple[Player, Player]) -> None:
    ann, eve = pair
    room = room_of(world)
    tick = room.machine.tick
    before = room.inputs[1].ack(tick)
    say_bytes(eve.person, good(eve, ack=0, start=1, inputs=(63,) * 5))
    assert room.inputs[1].ack(tick) == before
    say_bytes(eve.person, good(eve, start=tick + 200, inputs=(63,) * MAX_COUNT))
    assert world.service.lobby.passed_over["too far ahead"] == MAX_COUNT
    say_bytes(eve.person, good(eve, ack=2**32 - 300, start=2**32 - 100, inputs=(63,)))
    assert world.service.lobby.passed_over["ack of what is to come"] == 1
    assert len(room.inputs[1]._coming) < 10
    play(world, 20, ann, eve)
    assert not any(63 in frame.inputs for frame in frames(ann))
    assert ann.in_step() and eve.in_step()


def test_acks_do_not_go_back_and_say_nothing_of_others(world: World, pair: tuple[Player, Player]) -> None:
    ann, eve = pair
    room = room_of(world)
    followers = list(room._followers.values())
    before = [follower.acked for follower in followers]
    say_bytes(eve.person, good(eve, ack=0, start=1, inputs=()))
    say_bytes(eve.person, good(eve))
    assert [follower.acked for follower in followers] == [before[0], eve.driver.newest]


def test_what_is_of_another_run_is_passed_over(world: World, pair: tuple[Player, Player]) -> None:
    """Such as of another room, or of the time before a snapshot."""
    ann, eve = pair
    room = room_of(world)
    eve.person.say(op="resync")
    say_bytes(eve.person, good(eve, checksum=(room.machine.tick // 30 * 30, 666)))
    assert world.service.lobby.passed_over["of another run"] == 1 and room.desyncs == 0
    play(world, 40, ann, eve)
    assert eve.snapshots == 2 and eve.in_step() and ann.in_step()


def test_no_more_than_so_much_is_looked_at_per_tick(world: World, pair: tuple[Player, Player]) -> None:
    ann, eve = pair
    room = room_of(world)
    for _ in range(10):
        say_bytes(eve.person, good(eve, inputs=(1,) * MAX_COUNT))
    assert world.service.lobby.passed_over["too much at once"] == 5
    assert len(room.inputs[1]._coming) <= MAX_COUNT
    play(world, 5, ann, eve)
    assert ann.in_step() and ann.driver.late == 0


def test_one_who_watches_has_no_inputs(world: World, pair: tuple[Player, Player], transport: str) -> None:
    ann, eve = pair
    person = world.person(transport, "cid")
    person.say(op="watch", room=room_of(world).id)
    cid = Player(person)
    say_bytes(person, good(cid, inputs=(63,) * 20))
    play(world, 20, ann, eve, cid)
    assert not any(63 in frame.inputs for frame in frames(ann))
    assert cid.in_step()


def test_where_there_is_nothing_to_follow(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    body = encode_sync(SyncBody(1, 0, 1, (1,)), 6)
    say_bytes(ann, body)
    assert ann.take("refused")["code"] == "no_lockstep"
    ann.say(op="dump", tick=1, world={})
    assert ann.take("refused")["code"] == "no_lockstep"
    ann.say(op="leave")
    say_bytes(ann, body)
    assert ann.take("refused")["code"] == "not_in_room"
    ann.say(op="join", game="duel")
    say_bytes(ann, body)
    assert world.service.lobby.passed_over["nothing to follow"] == 1, "before there is a snapshot"
    ann.ping()


def test_there_are_no_commands(world: World, pair: tuple[Player, Player]) -> None:
    ann, eve = pair
    eve.person.say(op="cmd", name="move", id=1)
    assert eve.person.take("refused")["code"] == "unknown_command"
    ann.person.say(op="say", text="hi")
    assert eve.person.event("said")["data"]["text"] == "hi"


def test_snapshots_on_demand_while_somebody_comes(world: World, pair: tuple[Player, Player]) -> None:
    ann, eve = pair
    cid = world.person("packets", "cid")
    cid.say(op="join", game="duel")
    for _ in range(5):
        eve.person.say(op="resync")
    play(world, 20, ann, eve)
    assert eve.snapshots == 2 and eve.in_step() and ann.in_step()
