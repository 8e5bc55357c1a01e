"""Bad input, over every transport: it is answered as documented, and harms nobody else in the room."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gamesrv.wire.close import CloseCode
from tests.raw import BINARY, TEXT, frame, on_wire
from tests.world import PacketPerson, Person, WebSocketPerson, World

COMMAND = 8
"""The packet id of ``cmd``."""

MOVE = {"op": "cmd", "name": "move", "args": {"dx": 1, "dy": 0}}


def nested(depth: int) -> Any:
    """Lists within lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def jump(to: Any) -> dict[str, Any]:
    return {"op": "cmd", "name": "jump", "args": {"to": to}}


BAD_ANYWHERE: dict[str, Any] = {
    "a list": [1, 2],
    "a number": 7,
    "nothing": None,
    "text": "hello",
    "an empty map": {},
    "op that is none": {"op": "dance", "name": "move"},
    "op of the server": {"op": "welcome", "session": "x"},
    "op that is a number": {"op": 3},
    "op that is a map": {"op": {}},
    "field too many": {**MOVE, "sudo": True},
    "__proto__": {**MOVE, "__proto__": {"admin": True}},
    "constructor": {**MOVE, "constructor": {"prototype": {}}},
    "no name": {"op": "cmd", "args": {}},
    "name that is a number": {"op": "cmd", "name": 7},
    "name too long": {"op": "cmd", "name": "x" * 65},
    "args that are a list": {"op": "cmd", "name": "move", "args": [1, 0]},
    "args that are null": {"op": "cmd", "name": "move", "args": None},
    "id that is a bool": {**MOVE, "id": True},
    "id that is a float": {**MOVE, "id": 1.5},
    "id that is text": {**MOVE, "id": "1"},
    "id 0": {**MOVE, "id": 0},
    "id below 0": {**MOVE, "id": -1},
    "id beyond 2**53": {**MOVE, "id": 2**53},
    "number beyond 2**53": jump(2**53),
    "number beyond 64 bits": jump(2**64 - 1),
    "args nested deeply": jump(nested(100)),
    "args of 65 keys": {"op": "cmd", "name": "move", "args": {f"k{n}": 0 for n in range(65)}},
}
"""Whatever the encoding."""

BAD_JSON: dict[str, bytes] = {
    "nothing at all": b"",
    "garbage": b"garbage",
    "half a map": b'{"op":"cmd","name":"mo',
    "two maps": json.dumps(MOVE).encode() * 2,
    "NaN": b'{"op":"cmd","name":"jump","args":{"to":NaN}}',
    "Infinity": b'{"op":"cmd","name":"jump","args":{"to":Infinity}}',
    "-Infinity": b'{"op":"cmd","name":"jump","args":{"to":-Infinity}}',
    "1e999": b'{"op":"cmd","name":"jump","args":{"to":1e999}}',
    "NaN for a time": b'{"op":"ping","t":NaN}',
    "5000 digits": b'{"op":"cmd","name":"jump","args":{"to":%s}}' % (b"9" * 5000),
    "5000 digits for an id": b'{"op":"cmd","name":"move","id":%s}' % (b"9" * 5000),
    "lone surrogate": b'{"op":"cmd","name":"shout","args":{"text":"\\ud800"}}',
    "lone surrogate said": b'{"op":"say","text":"\\udfff"}',
    "lone surrogate as a key": b'{"op":"cmd","name":"shout","args":{"\\ud800":1}}',
    "args 2000 deep": b'{"op":"cmd","name":"jump","args":{"to":%s%s}}' % (b"[" * 2000, b"]" * 2000),
    "2000 deep": b"[" * 2000 + b"]" * 2000,
    "maps 2000 deep": b'{"op":' * 2000 + b"1" + b"}" * 2000,
    "unknown field 2000 deep": b'{"op":"cmd","x":%s%s,"name":"move"}' % (b"[" * 2000, b"]" * 2000),
    "comment": b'{"op":"rooms"} // please',
    "single quotes": b"{'op':'rooms'}",
    "a byte order mark": b'\xef\xbb\xbf{"op":"rooms"}',
}

DEEP = b"\x91" * 2000 + b"\xc0"
"""Lists of one item, 2000 deep."""


def packed(value: bytes) -> bytes:
    """A jump to something given as MessagePack."""
    return b"\x83\xa2op\xa3cmd\xa4name\xa4jump\xa4args\x81\xa2to" + value


BAD_MSGPACK: dict[str, bytes] = {
    "garbage": b"\xc1\xc1\xc1",
    "half a map": msgspec.msgpack.encode(MOVE)[:-3],
    "two maps": msgspec.msgpack.encode(MOVE) * 2,
    "map that claims 4 billion keys": b"\xdf\xff\xff\xff\xff",
    "list that claims 4 billion items": packed(b"\xdd\xff\xff\xff\xff"),
    "text that claims 4 GB": packed(b"\xdb\xff\xff\xff\xff"),
    "NaN": packed(b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
    "Infinity": packed(b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
    "-Infinity": packed(b"\xca\xff\x80\x00\x00"),
    "bytes": packed(b"\xc4\x01x"),
    "a date": packed(b"\xd6\xff\x00\x00\x00\x00"),
    "an extension": packed(b"\xd4\x05x"),
    "a key that is a number": packed(b"\x81\x01\x02"),
    "a key that is a list": packed(b"\x81\x90\x02"),
    "invalid UTF-8": packed(b"\xa2\xff\xfe"),
    "lone surrogate": packed(b"\xa3\xed\xa0\x80"),
    "args 2000 deep": packed(DEEP),
    "2000 deep": DEEP[:1900],
}

BAD = {
    "websocket-json": {
        **{name: json.dumps(value).encode() for name, value in BAD_ANYWHERE.items()},
        **BAD_JSON,
    },
    "websocket-msgpack": {
        **{name: msgspec.msgpack.encode(value) for name, value in BAD_ANYWHERE.items()},
        **BAD_MSGPACK,
    },
}
BAD["packets"] = BAD["websocket-msgpack"]

CASES = [(transport, name) for transport, bad in BAD.items() for name in bad]


class Witness:
    """Somebody who walks about in a room, and sees every tick of it."""

    def __init__(self, world: World, transport: str) -> None:
        self.world = world
        self.person = world.person(transport, "witness", "field")
        self.room = world.rooms[0]
        self.person.say(**MOVE)
        world.run(0.1)
        self.seen = self.person.all("update")
        assert self.seen

    def check(self) -> None:
        """The room beat in time all the while, nothing was missed, and it still listens."""
        self.person.say(op="cmd", id=1, name="move", args={"dx": -1, "dy": 0})
        self.world.run(0.3)
        self.seen += self.person.all("update")
        versions = [update["v"] for update in self.seen]
        assert versions == list(range(versions[0], versions[0] + len(versions)))
        ticks = [update["tick"] for update in self.seen]
        assert sorted(set(ticks)) == list(range(ticks[0], self.room.machine.tick + 1))
        late = (self.world.clock.seconds() - 1000) * 20 - self.room.machine.tick
        assert -1e-9 < late < 4, "ticks since the world began"
        assert self.room.machine.view()["avatars"]["0"]["dx"] == -1


@pytest.fixture
def witness(world: World, transport: str) -> Iterator[Witness]:
    """Somebody else in the room where a test misbehaves; nothing of it may reach them."""
    made = Witness(world, transport)
    yield made
    made.check()


def send(person: Person, payload: bytes) -> None:
    """One message of whatever bytes."""
    if isinstance(person, WebSocketPerson):
        person.send(payload)
    else:
        person.raw(PacketPerson.packet(COMMAND, payload))


# ---------------------------------------------------------------------- one bad message


@pytest.mark.parametrize(("transport", "name"), CASES)
def test_a_bad_message_is_refused_and_changes_nothing(transport: str, name: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    inputs = len(witness.room.machine.journal.inputs)
    send(mallory, BAD[transport][name])
    refused = mallory.take("refused")
    assert refused["code"] == "bad_message" and len(str(refused)) < 700
    witness.world.run(0.1)
    assert len(witness.room.machine.journal.inputs) == inputs
    mallory.ping()


def test_a_bad_message_instead_of_hello_is_refused(world: World, transport: str) -> None:
    for name, payload in BAD[transport].items():
        mallory = world.connect(transport)
        send(mallory, payload)
        assert mallory.take("refused")["code"] == "bad_message", name
        mallory.say(op="hello", name="mallory")
        assert mallory.take("welcome")


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ({"to": True}, "args.to"),
        ({"to": "1"}, "args.to"),
        ({"to": None}, "args.to"),
        ({"to": {}}, "args.to"),
        ({"to": 1, "__proto__": {"x": 1}}, "args.__proto__"),
        ({"to": 1, "constructor": 1}, "args.constructor"),
        ({"__class__": 1, "to": 1}, "args.__class__"),
        ({"to": 1, "self": 1}, "args.self"),
        ({"to": 1, "seat": 0}, "args.seat"),
    ],
)
def test_arguments_that_a_command_does_not_take(
    transport: str, witness: Witness, args: dict[str, Any], path: str
) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    mallory.say(op="cmd", id=1, name="jump", args=args)
    witness.world.run(0.1)
    refused = mallory.take("refused")
    assert (refused["code"], refused["path"], refused["id"]) == ("bad_argument", path, 1)
    assert witness.room.machine.view()["avatars"]["1"]["x"] == 0


def test_what_a_peer_invents_is_never_repeated_to_others(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    mallory.say(op="cmd", name="shout", args={"text": "hi", "__proto__": "polluted"})
    mallory.say(op="create", game="cards", options={"__proto__": "polluted"})
    mallory.say(op="say", text="hi", __proto__="polluted")
    witness.world.run(0.1)
    assert b"polluted" not in witness.person.wire
    mallory.ping()


def test_the_third_bad_message_in_ten_seconds_is_the_last(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    send(mallory, b"\xc1" if transport != "websocket-json" else b"?")
    witness.world.run(5)
    for _ in range(2):
        assert mallory.close_code is None
        send(mallory, b"\xc1" if transport != "websocket-json" else b"?")
    closing = mallory.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.BAD_MESSAGE, False)
    assert mallory.heard == [], "it is the last that is said"
    witness.world.run(1.5)
    assert mallory.lost
    assert witness.room.seating.seats[1].away


def test_two_bad_messages_and_patience_are_forgiven(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    for _ in range(4):
        for _ in range(2):
            send(mallory, b"\xc1" if transport != "websocket-json" else b"?")
        witness.world.run(10.1)
    assert len(mallory.all("refused")) == 8
    mallory.ping()


def test_nothing_is_heard_after_the_end(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    bad = on_wire(mallory, op="cmd", name=7)
    shout = on_wire(mallory, op="cmd", name="shout", args={"text": "after"})
    mallory.raw(bad * 3 + shout)
    mallory.raw(shout)
    witness.world.run(0.1)
    assert b"after" not in witness.person.wire
    assert len(mallory.all("refused")) == 3


# ---------------------------------------------------------------------- too much


def test_a_message_too_big_is_refused_before_it_has_come(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    if transport == "packets":
        mallory.raw((2049).to_bytes(2, "big"))
    else:
        mallory.raw(frame(BINARY if mallory.binary else TEXT, b"x" * 16_385)[:8])  # type: ignore[attr-defined]
    closing = mallory.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.TOO_BIG, False)
    witness.world.run(1.5)
    assert mallory.lost


def test_the_biggest_message_allowed_passes(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    biggest = 2048 if transport == "packets" else 16_384

    def shout(size: int) -> bytes:
        message = {"op": "cmd", "name": "shout", "args": {"text": "x" * size}}
        return mallory.pack(message)

    fitting = biggest - len(shout(1000)) + 1000
    deliver = mallory.raw if transport == "packets" else mallory.send  # type: ignore[attr-defined]
    deliver(shout(fitting))
    witness.world.run(0.1)
    assert mallory.take("refused")["path"] == "args.text"
    mallory.ping()
    deliver(shout(fitting + 1))
    assert mallory.close_code == CloseCode.TOO_BIG


@pytest.mark.parametrize("with_ids", [False, True])
def test_a_hundred_thousand_commands_at_once(transport: str, witness: Witness, with_ids: bool) -> None:
    world, mallory = witness.world, witness.world.person(transport, "mallory", "field")
    before = len(mallory.wire)
    if with_ids:
        flood = b"".join(on_wire(mallory, id=number, **MOVE) for number in range(1, 20_000))
    else:
        flood = on_wire(mallory, **MOVE) * 100_000
    for start in range(0, len(flood), 1 << 16):  # as much as one read from a socket
        mallory.link.write(flood[start : start + (1 << 16)])
        world.clock.advance(1 / 1000)
    world.settle()
    codes = [message["code"] for message in mallory.heard if message["op"] == "refused"]
    assert set(codes) == {"rate_limited"} and len(codes) <= 120
    assert mallory.close_code == CloseCode.RATE_LIMIT
    commands = [item for item in witness.room.machine.journal.inputs if item.kind == "command"]
    assert len(commands) <= 125
    assert len(mallory.wire) - before < 20_000
    world.run(1.5)
    assert mallory.lost


def test_sixty_messages_a_second_are_fine(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    for _ in range(5):
        mallory.raw(on_wire(mallory, **MOVE) * 60)
        witness.world.run(1)
    assert mallory.all("refused") == []


def test_one_who_is_a_little_too_fast_is_told_and_stays(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    mallory.raw(on_wire(mallory, **MOVE) * 200)
    assert {message["code"] for message in mallory.all("refused")} == {"rate_limited"}
    witness.world.run(1)
    mallory.ping()
    mallory.raw(on_wire(mallory, **MOVE) * 60)
    assert mallory.close_code is None


def test_a_rate_limited_command_may_be_sent_again(transport: str, witness: Witness) -> None:
    mallory = witness.world.person(transport, "mallory", "field")
    mallory.raw(on_wire(mallory, **MOVE) * 130)
    mallory.heard.clear()
    again = {"op": "cmd", "id": 1, "name": "shout", "args": {"text": "again"}}
    mallory.say(**again)
    refused = mallory.take("refused")
    assert (refused["code"], refused["id"]) == ("rate_limited", 1)
    witness.world.run(1)
    mallory.say(**again)
    witness.world.run(0.1)
    assert mallory.event("shouted")["data"]["text"] == "again"


# ---------------------------------------------------------------------- too little


@pytest.mark.parametrize("said", [[], [{"op": "rooms"}]])
def test_no_hello_in_time(transport: str, witness: Witness, said: list[dict[str, Any]]) -> None:
    silent = witness.world.connect(transport)
    for message in said:
        silent.say(**message)
    witness.world.run(4.9)
    assert silent.close_code is None
    witness.world.run(2.2)
    closing = silent.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.IDLE, True)
    witness.world.run(1.2)
    assert silent.lost


def test_refused_hellos_do_not_extend_the_time(transport: str, witness: Witness) -> None:
    slow = witness.world.connect(transport)
    for _ in range(7):
        slow.say(op="hello", name="")
        witness.world.run(1)
    assert slow.close_code == CloseCode.IDLE
