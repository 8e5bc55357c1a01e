"""The packet port: what comes that is no packet, and what does not come at all."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from gamesrv.wire.close import CloseCode
from gamesrv.wire.packets import FIRST_COMMAND
from tests.world import PacketPerson, World

PING = PacketPerson.packet(2, msgspec.msgpack.encode({"t": 7}))
COMMANDS = ["move", "jump", "shout", "whisper", "crash", "crash_later"]


@pytest.fixture
def bob(world: World) -> PacketPerson:
    """Somebody in a room."""
    person = world.person("packets", "bob", "field")
    assert isinstance(person, PacketPerson)
    return person


@pytest.fixture
def stranger(world: World, bob: PacketPerson) -> Iterator[PacketPerson]:
    """Somebody who has not said hello; what they do is no matter to bob."""
    person = world.connect("packets")
    assert isinstance(person, PacketPerson)
    yield person
    bob.ping()


# ---------------------------------------------------------------------- no packets


@pytest.mark.parametrize(
    ("noise", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", CloseCode.TOO_BIG),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50), CloseCode.TOO_BIG),
        (b"SSH-2.0-OpenSSH_9.6\r\n", CloseCode.TOO_BIG),
        (b"\xff\xfb\x1f\xff\xfb\x20", CloseCode.TOO_BIG),
        (b"\xff" * 100, CloseCode.TOO_BIG),
        (b"\x08\x01\x00\x01", CloseCode.TOO_BIG),
        (b"\x00\x00\x00\x01", CloseCode.PROTOCOL_ERROR),
        (b"\x00\x01", CloseCode.PROTOCOL_ERROR),
        (b"\x00\x02", CloseCode.PROTOCOL_ERROR),
        (b"\x00\x03", CloseCode.PROTOCOL_ERROR),
        (bytes(1000), CloseCode.PROTOCOL_ERROR),
    ],
)
def test_what_is_no_packet_closes_the_connection(
    world: World, stranger: PacketPerson, noise: bytes, code: CloseCode
) -> None:
    stranger.raw(noise)
    closing = stranger.take("closing")
    assert (closing["code"], closing["retry"]) == (code, False)
    assert stranger.heard == []
    stranger.raw(PING)
    assert stranger.heard == []
    world.run(1.1)
    assert stranger.lost


def test_packets_before_the_fault_count(stranger: PacketPerson) -> None:
    hello = stranger.pack({"op": "hello", "name": "ann"})
    stranger.raw(hello + PING + b"\x00\x00" + PING)
    assert [message["op"] for message in stranger.heard] == ["welcome", "pong", "closing"]


@pytest.mark.parametrize("number", [0, 11, 77, 128, 129, 137, 255])
def test_an_unknown_packet_is_refused_and_passed_over(stranger: PacketPerson, number: int) -> None:
    stranger.say(op="hello", name="ann")
    stranger.heard.clear()
    stranger.raw(stranger.packet(number, b"whatever it holds") + PING)
    refused, pong = stranger.heard
    assert (refused["code"], pong["op"]) == ("bad_message", "pong")


def test_the_third_unknown_packet_is_the_last(stranger: PacketPerson) -> None:
    stranger.raw(stranger.packet(77, b"") * 4)
    assert [message["op"] for message in stranger.heard] == ["refused"] * 3 + ["closing"]
    assert stranger.heard[-1]["code"] == CloseCode.BAD_MESSAGE


def test_one_byte_at_a_time_is_as_good_as_all_at_once(world: World, stranger: PacketPerson) -> None:
    everything = [
        stranger.pack({"op": "hello", "name": "ann"}),
        stranger.pack({"op": "join", "game": "cards"}),
        stranger.packet(77, b"x"),
        PING,
        b"\x00\x00",
    ]
    for byte in b"".join(everything):
        stranger.raw(bytes((byte,)))
    assert [message["op"] for message in stranger.heard] == [
        "welcome",
        "joined",
        "refused",
        "pong",
        "closing",
    ]


# ---------------------------------------------------------------------- commands by number


def test_the_numbers_of_commands_are_in_the_order_of_definition(world: World, bob: PacketPerson) -> None:
    bob.say(op="resync")
    assert bob.take("joined")["commands"] == COMMANDS
    bob.raw(bob.packet(FIRST_COMMAND, msgspec.msgpack.encode({"dx": 1, "dy": 0})))
    bob.raw(bob.packet(FIRST_COMMAND + 2, msgspec.msgpack.encode({"text": "by number"})))
    world.run(0.1)
    assert bob.event("shouted")["data"] == {"seat": 0, "text": "by number"}
    assert world.rooms[0].machine.view()["avatars"]["0"]["dx"] == 1


@pytest.mark.parametrize(
    ("number", "args", "code", "path"),
    [
        (FIRST_COMMAND + len(COMMANDS), {}, "unknown_command", None),
        (0xFFFF, {}, "unknown_command", None),
        (FIRST_COMMAND, {"dx": 2, "dy": 0}, "bad_argument", "args.dx"),
        (FIRST_COMMAND, {"dx": True, "dy": 0}, "bad_argument", "args.dx"),
        (FIRST_COMMAND, {"dx": 0}, "bad_argument", "args.dy"),
        (FIRST_COMMAND + 1, {"to": float("nan")}, "bad_message", "args.to"),
        (FIRST_COMMAND + 1, {"to": 2**60}, "bad_message", "args.to"),
        (FIRST_COMMAND + 1, {"to": b"x"}, "bad_message", "args.to"),
        (FIRST_COMMAND, [1, 0], "bad_message", "args"),
        (FIRST_COMMAND, None, "bad_message", "args"),
    ],
)
def test_a_bad_command_by_number(
    world: World, bob: PacketPerson, number: int, args: object, code: str, path: str | None
) -> None:
    bob.raw(bob.packet(number, msgspec.msgpack.encode(args)))
    world.run(0.1)
    refused = bob.take("refused")
    assert (refused["code"], refused.get("path")) == (code, path)
    assert [item.kind for item in world.rooms[0].machine.journal.inputs] == ["join"]


@pytest.mark.parametrize(
    "body", [b"\xc1", b"\x81\xa2dx", b"\x80\x80", b"\x81\x01\x01", b"\x91" * 1500 + b"\x01"]
)
def test_a_command_by_number_with_garbage(bob: PacketPerson, body: bytes) -> None:
    bob.raw(bob.packet(FIRST_COMMAND, body))
    assert bob.take("refused")["code"] == "bad_message"
    bob.ping()


def test_commands_by_number_need_a_seat(world: World, stranger: PacketPerson) -> None:
    move = stranger.packet(FIRST_COMMAND, msgspec.msgpack.encode({"dx": 1, "dy": 0}))
    codes = []
    for message in (
        {"op": "hello", "name": "ann"},
        {"op": "watch", "room": world.rooms[0].id},
        {"op": "rooms"},
    ):
        stranger.raw(move)
        codes.append(stranger.take("refused")["code"])
        stranger.say(**message)
    assert codes == ["hello_first", "not_in_room", "watching"]


def test_a_command_by_number_with_no_body_has_no_arguments(world: World, bob: PacketPerson) -> None:
    bob.raw(bob.packet(FIRST_COMMAND, b""))
    world.run(0.1)
    assert bob.take("refused")["path"] == "args.dx"


# ---------------------------------------------------------------------- silence


@pytest.mark.parametrize("half", [b"\x00", b"\x00\x10", b"\x00\x10\x00", PING[:-1]])
def test_half_a_packet_must_be_finished_in_ten_seconds(world: World, bob: PacketPerson, half: bytes) -> None:
    bob.raw(half)
    world.run(9.9)
    assert bob.close_code is None
    world.run(0.2)
    assert bob.take("closing")["code"] == CloseCode.IDLE
    world.run(1.1)
    assert bob.lost and world.rooms[0].seating.seats[0].away


def test_a_trickle_of_bytes_buys_no_time(world: World, bob: PacketPerson) -> None:
    for byte in b"\x00\x20\x00":
        bob.raw(bytes((byte,)))
        world.run(4)
    assert bob.close_code == CloseCode.IDLE


def test_a_packet_finished_in_time_ends_the_haste(world: World, bob: PacketPerson) -> None:
    bob.raw(PING[:-1])
    world.run(9.9)
    bob.raw(PING[-1:])
    assert bob.take("pong")
    world.run(59)
    assert bob.close_code is None


def test_the_next_packet_has_its_own_time(world: World, bob: PacketPerson) -> None:
    bob.raw(PING[:-1])
    for _ in range(5):
        world.run(9)
        bob.raw(PING[-1:] + PING[:-1])
    world.run(9)
    assert bob.close_code is None
    world.run(1.1)
    assert bob.close_code == CloseCode.IDLE


def test_silence_ends_after_a_minute(world: World, bob: PacketPerson) -> None:
    world.run(30)
    bob.ping()
    world.run(59.9)
    assert bob.close_code is None
    world.run(0.2)
    closing = bob.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.IDLE, True)
    world.run(1.1)
    assert bob.lost and world.rooms[0].seating.seats[0].away
