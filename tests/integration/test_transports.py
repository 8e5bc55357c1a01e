"""One room, reached in every way there is, over real sockets."""

from collections.abc import Callable

import pytest
import pytest_twisted

from gamesrv.wire.close import CloseCode
from tests.integration.real import Client, House

OpenHouse = Callable[..., House]


def moved(client: Client, seats: set[int], by: str) -> Callable[[], bool]:
    """Whether a client sees all of those away from where they began."""
    return lambda: all(client.view["avatars"].get(str(seat), {}).get(by, 0) for seat in seats)


@pytest_twisted.ensureDeferred
async def test_all_meet_in_one_room_and_see_each_other_move(open_house: OpenHouse) -> None:
    """A browser in JSON, one in MessagePack, a native client, a telnet window and a bot."""
    house = open_house("--bots", "3", "--reap-interval", "600")  # bots come at the start, and none leaves
    json, binary, native, window = (
        await house.socket(),
        await house.socket("gamesrv.v1.msgpack"),
        await house.packets(),
        await house.window(),
    )
    everyone: list[Client] = [json, binary, native]
    for number, client in enumerate(everyone):
        await client.enter(f"person {number}")
        client.say(op="cmd", id=1, name="move", args={"dx": 0, "dy": 1})
    window.type("ann")
    await window.read("ann")
    window.type("join plaza")
    await window.read("seat")
    window.type("move 0 1")
    (room,) = house.game.lobby.rooms.values()
    assert {client.room for client in everyone} == {room.id}
    names = [member.name for member in room.seating.seats.values()]
    assert names[3:] == ["person 0", "person 1", "person 2", "ann"]
    bots, people = {0, 1, 2}, {3, 4, 5, 6}
    for client in everyone:
        await client.until(moved(client, people, "y"))
        await client.until(moved(client, bots, "x"))
    window.type("look")
    first = await window.read("name ann")
    assert all(f"name person {number}" in first for number in range(3))
    y = room.machine.view()["avatars"]["6"]["y"]
    await json.until(lambda: json.view["avatars"]["6"]["y"] > y)
    window.type("look")
    assert await window.read("name ann") != first, "they move in the window too"


@pytest_twisted.ensureDeferred
async def test_who_is_cut_off_goes_on_over_any_other_transport(open_house: OpenHouse) -> None:
    house = open_house()
    bob = await house.packets()
    await bob.enter("bob")
    ann: Client = await house.socket()
    await ann.enter("ann")
    ann.say(op="cmd", id=1, name="move", args={"dx": 1, "dy": 0})
    await ann.until(moved(ann, {1}, "x"))
    token = ann.token
    for come in (house.packets, lambda: house.socket("gamesrv.v1.msgpack"), house.socket, house.packets):
        ann.cut()
        await bob.event("player_dropped")
        x = bob.view["avatars"]["1"]["x"]
        ann = await come()
        joined = await ann.resume(token)
        assert (joined["seat"], joined["room"]) == (1, bob.room)
        assert joined["view"]["avatars"]["1"]["x"] >= x, "it walked on meanwhile"
        await bob.event("player_back")
        token = ann.token
    ann.cut()
    await bob.event("player_dropped")
    window = await house.window()
    window.type(f"resume {token}")
    await window.read("seat 1")
    await bob.event("player_back")
    window.type("quit")
    left = await bob.event("player_left")
    assert left["data"] == {"seat": 1}


@pytest_twisted.ensureDeferred
async def test_a_newer_link_replaces_one_that_still_looks_open(open_house: OpenHouse) -> None:
    house = open_house()
    old = await house.socket()
    await old.enter("ann")
    new = await house.packets()
    assert (await new.resume(old.token))["seat"] == old.seat
    closing = await old.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.REPLACED, False)
    await old.until(lambda: old.lost)
    assert old.close_frame == CloseCode.REPLACED
    new.say(op="ping", t=1)
    await new.take("pong", t=1)


@pytest_twisted.ensureDeferred
async def test_everyone_is_seen_out_when_the_server_stops(open_house: OpenHouse) -> None:
    house = open_house("--bots", "3")
    socket, native, window = await house.socket(), await house.packets(), await house.window()
    await socket.enter("ann")
    await native.enter("bob")
    window.type("cid")
    await window.read("cid")
    stopped = house.server.stopService()
    for client in (socket, native):
        closing = await client.take("closing")
        assert (closing["code"], closing["retry"]) == (CloseCode.GOING_AWAY, True)
    await window.read("1001")
    for client in (socket, native, window):
        await client.until(lambda client=client: client.lost)
    assert socket.close_frame == CloseCode.GOING_AWAY
    await stopped
    assert house.game.gate.peers == {}


@pytest.mark.parametrize("kind", ["packets", "window", "socket"])
@pytest_twisted.ensureDeferred
async def test_thousands_of_bytes_of_nonsense_end_that_link_alone(open_house: OpenHouse, kind: str) -> None:
    house = open_house()
    bob = await house.packets()
    await bob.enter("bob")
    rude: Client = await getattr(house, kind)()
    rude.protocol.transport.write(b"\x00\x01\xff\xfe" * 5000)
    await rude.until(lambda: rude.lost)
    bob.say(op="ping", t=1)
    await bob.take("pong", t=1)
