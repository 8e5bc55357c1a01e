"""Peers that read slowly or not at all: what waits for them is bounded, and nobody else waits for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from attrs import define

from gamesrv import Game, Meta, Seat, command
from gamesrv.core.views import merge
from gamesrv.wire.close import CloseCode
from tests.raw import CLOSE, RawPerson, frame, on_wire
from tests.world import TRANSPORTS, Person, TelnetPerson, World

Size = Annotated[int, Meta(ge=1, le=60_000)]


@define
class Noise(Game):
    """A lot to see: two kilobytes of change at every tick, and events as long as one likes."""

    name, seats, tick_rate = "noise", (1, 8), 20
    ticks: int = 0

    def on_tick(self) -> None:
        self.ticks += 1

    @command
    def shout(self, seat: Seat, number: int, size: Size) -> None:
        """Everyone hears it."""
        self.emit("shouted", number=number, text="x" * size)

    def view(self) -> dict[str, Any]:
        return {"ticks": self.ticks, "noise": f"{self.ticks:05}" * 400, "calm": "x" * 5000}


UPDATE = 2100
"""Bytes of one update, more or less."""


class Witness:
    """Somebody in the same room who reads all the while, and misses nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.person = world.person("packets", "witness", "noise")
        self.room = world.rooms[0]
        self.first = self.room.machine.tick
        self.shouts = 0

    def shout(self, size: int) -> None:
        """Says something that all have to hear."""
        self.shouts += 1
        self.person.say(op="cmd", name="shout", args={"number": self.shouts, "size": size})

    def check(self) -> None:
        """All was heard."""
        self.person.say(op="ping", t=1)
        numbers = [m["data"]["number"] for m in self.person.heard if m.get("name") == "shouted"]
        assert numbers == list(range(1, self.shouts + 1))
        ticks = [message["tick"] for message in self.person.all("update")]
        assert ticks == list(range(self.first + 1, self.room.machine.tick + 1))
        late = (self.world.clock.seconds() - 1000) * 20 - self.room.machine.tick
        assert -1e-9 < late < 4, "ticks since the world began"


@pytest.fixture
def world() -> Iterator[World]:
    """A server of that game."""
    made = World(games=[Noise])
    yield made
    made.stop()


@pytest.fixture(params=(*TRANSPORTS, "noise", "legacy"))
def transport(request: pytest.FixtureRequest) -> str:
    """Ciphers too: what waits for their clients can't be thrown away, or nothing after it could be read."""
    return str(request.param)


@pytest.fixture
def witness(world: World) -> Iterator[Witness]:
    """Somebody who is not to notice anything."""
    made = Witness(world)
    yield made
    made.check()


@pytest.fixture
def ann(witness: Witness, transport: str) -> Person:
    """Somebody who will read badly."""
    return witness.world.person(transport, "ann", "noise")


def waiting(person: Person) -> int:
    """Bytes on their way to somebody, not read yet."""
    return person.link.other.unread


def sip(person: Person, size: int) -> None:
    """Somebody who is deaf otherwise reads so many bytes."""
    far = person.link.other
    data = far._waiting
    far._waiting = data[size:]
    if data:
        person.link.protocol.dataReceived(data[:size])
    if not far.unread:
        person.listen()  # so that the transport learns of it
        person.deaf()


class Follower:
    """Keeps the view as a client does, and sees to it that every update follows the one before."""

    def __init__(self, person: Person, room: Any) -> None:
        self.person = person
        self.room = room
        person.say(op="resync")
        self.snapshots = -1
        self.follow()

    def follow(self) -> None:
        """Takes what came."""
        for message in self.person.heard:
            if message["op"] == "joined":
                self.view, self.version = message["view"], message["v"]
                self.snapshots += 1
            elif message["op"] == "update" and self.snapshots >= 0:
                assert message["v"] == self.version + 1
                self.version = message["v"]
                merge(self.view, message["delta"])
        self.person.heard.clear()

    def check(self) -> None:
        """The view is that of the room."""
        self.follow()
        assert self.view == self.room.machine.view()


# ---------------------------------------------------------------------- one who does not read


def test_updates_are_skipped_and_events_are_not(world: World, witness: Witness, ann: Person) -> None:
    ann.deaf()
    world.run(3)
    full = waiting(ann)
    assert world.limits.soft_buffer < full < world.limits.soft_buffer + 2 * UPDATE
    world.run(1)
    assert waiting(ann) == full
    witness.shout(100)
    world.run(0.1)
    assert full + 100 < waiting(ann) < full + 200
    ann.listen()
    assert ann.event("shouted")["data"]["number"] == 1


def test_one_who_reads_again_in_time_gets_one_snapshot(world: World, witness: Witness, ann: Person) -> None:
    follower = Follower(ann, witness.room)
    ann.deaf()
    world.run(5)
    ann.listen()
    world.run(1)
    follower.check()
    assert follower.snapshots == 1
    world.run(15)
    follower.check()
    assert follower.snapshots == 1 and ann.close_code is None


def test_one_who_missed_nothing_gets_no_snapshot(world: World, witness: Witness, ann: Person) -> None:
    follower = Follower(ann, witness.room)
    ann.deaf()
    witness.shout(60_000)
    witness.shout(60_000)
    while not waiting(ann):  # until the next tick, which brings both
        world.clock.advance(1 / 120)
    assert waiting(ann) > world.limits.soft_buffer
    ann.listen()
    world.run(1)
    follower.check()
    assert follower.snapshots == 0


def test_reading_in_bursts(world: World, witness: Witness, ann: Person) -> None:
    follower = Follower(ann, witness.room)
    for number in range(12):
        ann.deaf()
        world.run(number % 5)
        witness.shout(100)
        ann.listen()
        follower.follow()
    world.run(0.1)
    follower.check()
    assert 1 <= follower.snapshots <= 12
    assert ann.close_code is None


def test_reading_slowly_but_in_time(world: World, witness: Witness, ann: Person) -> None:
    """At a third of what there is to say: it drains time and again, and each time a snapshot follows."""
    follower = Follower(ann, witness.room)
    ann.deaf()
    for _ in range(400):
        sip(ann, 1600)
        world.run(0.1)
        assert waiting(ann) < world.limits.soft_buffer + 2 * UPDATE
        follower.follow()
    ann.listen()
    world.run(1)
    follower.check()
    assert 4 <= follower.snapshots <= 10 and ann.close_code is None


def test_reading_too_slowly(world: World, witness: Witness, ann: Person) -> None:
    """It reads all the time, but what waited when the buffer was full takes more than ten seconds."""
    ann.deaf()
    for _ in range(160):
        sip(ann, 400)
        world.run(0.1)
        assert waiting(ann) < world.limits.soft_buffer + 2 * UPDATE
        assert witness.room.seating.seats[1].away or not ann.lost
    assert ann.lost and witness.room.seating.seats[1].away


def test_events_come_in_order_and_all_however_one_reads(world: World, witness: Witness, ann: Person) -> None:
    numbers = []
    for _ in range(6):
        ann.deaf()
        for _ in range(10):
            witness.shout(1000)
            world.run(0.2)
        ann.listen()
        numbers += [m["data"]["number"] for m in ann.all("event") if m["name"] == "shouted"]
    assert numbers == list(range(1, 61))


def test_too_slow_after_ten_seconds(world: World, witness: Witness, ann: Person) -> None:
    ann.deaf()
    world.run(1.7)
    assert waiting(ann) > world.limits.soft_buffer
    world.run(9)
    assert len(world.service.gate.peers) == 2 and not ann.lost
    world.run(1.6)
    ann.listen()
    closing = ann.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.TOO_SLOW, True)
    assert ann.heard == []


def test_one_who_is_too_slow_is_cut_and_keeps_the_seat(
    world: World, witness: Witness, ann: Person, transport: str
) -> None:
    ann.deaf()
    world.run(15)
    assert ann.lost
    assert witness.room.seating.seats[1].away
    again = world.connect(transport)
    again.say(op="hello", token=ann.token)
    assert again.take("joined")["seat"] == 1
    world.run(0.5)
    assert len(again.all("update")) >= 9


def test_what_waits_is_bounded(world: World, witness: Witness, ann: Person) -> None:
    ann.deaf()
    most = 0
    for _ in range(20):
        witness.shout(60_000)
        world.run(0.1)
        most = max(most, waiting(ann))
    limits = world.limits
    assert limits.hard_buffer - 61_000 < most <= limits.hard_buffer + 61_000
    world.run(2)
    assert ann.lost, "long before the ten seconds are over"


def test_at_the_hard_limit_one_is_told_why(world: World, witness: Witness, ann: Person) -> None:
    ann.deaf()
    for _ in range(8):
        witness.shout(60_000)
        world.run(0.1)
    world.run(0.6)
    ann.listen()
    assert ann.heard[-1]["op"] == "closing" and ann.close_code == CloseCode.TOO_SLOW


def test_nothing_follows_a_gap(world: World, witness: Witness, ann: Person, transport: str) -> None:
    """An event that could not be sent is not followed by others: the last that was seen tells the truth."""
    ann.deaf()
    for _ in range(8):
        witness.shout(60_000)
        world.run(0.05)
    ann.listen()
    for _ in range(3):
        witness.shout(10)
        world.run(0.1)
    heard = [m for m in ann.heard if m["op"] == "event" and m["name"] == "shouted"]
    numbers = [message["data"]["number"] for message in heard]
    assert 3 < len(numbers) < 9 and numbers == list(range(1, len(numbers) + 1))
    world.run(2)
    again = world.connect(transport)
    again.say(op="hello", token=ann.token, last=heard[-1]["seq"])
    numbers += [m["data"]["number"] for m in again.all("event") if m["name"] == "shouted"]
    assert numbers == list(range(1, 12))


@pytest.mark.parametrize("op", ["resync", "ping", "rooms", "hello", "dance"])
def test_answers_are_bounded_too(world: World, witness: Witness, ann: Person, op: str) -> None:
    ann.deaf()
    for _ in range(100):
        ann.raw(on_wire(ann, op=op))
        world.run(0.02)
        assert waiting(ann) <= world.limits.hard_buffer + 16_000


@pytest.mark.parametrize("fault", ["bad messages", "a flood"])
def test_a_closing_link_is_cut_even_if_it_is_never_read(
    world: World, witness: Witness, ann: Person, fault: str
) -> None:
    ann.deaf()
    for _ in range(4 if fault == "bad messages" else 300):
        ann.raw(on_wire(ann, op="dance" if fault == "bad messages" else "rooms"))
    assert not ann.lost
    world.run(1.1)
    assert ann.lost and witness.room.seating.seats[1].away


def test_the_server_stops_though_nobody_reads(transport: str) -> None:
    world = World(games=[Noise])
    people = [world.person(transport, name, "noise") for name in ("ann", "bob")]
    for person in people:
        person.deaf()
    world.run(3)
    world.stop()
    assert all(person.lost for person in people)


def test_a_closing_websocket_that_is_not_read_is_cut(world: World, witness: Witness) -> None:
    ann = RawPerson.seated(world, "ann", "noise")
    ann.deaf()
    world.run(3)
    ann.raw(frame(CLOSE, (4000).to_bytes(2, "big")))
    world.run(1.1)
    assert ann.lost and 1 not in witness.room.seating.seats


def test_a_slow_handshake_is_cut(world: World, witness: Witness) -> None:
    ann = world.connect("websocket-json")
    ann.deaf()
    world.run(8)
    assert ann.lost


# ---------------------------------------------------------------------- telnet


@pytest.fixture
def tom(witness: Witness) -> TelnetPerson:
    """Somebody at a text window."""
    person = witness.world.connect("telnet")
    assert isinstance(person, TelnetPerson)
    person.type("tom")
    assert "in seat 1" in person.type("join noise")
    return person


def test_a_text_window_that_is_not_read_hears_the_events_later(
    world: World, witness: Witness, tom: TelnetPerson
) -> None:
    tom.deaf()
    witness.shout(50_000)
    witness.shout(50_000)
    world.run(3)
    assert 100_000 < waiting(tom) < 101_000
    tom.listen()
    assert "number 1" in tom.text and "number 2" in tom.text
    world.run(0.5)
    assert f"ticks: {witness.room.machine.view()['ticks']}" in tom.type("look")


@pytest.mark.parametrize(
    "line", [b"help\r\n", b"look\r\n", b"token\r\n", b"\xff\xfd\x06\r\n", b"dance\r\n", b"rooms\r\n"]
)
def test_answers_to_a_text_window_are_bounded(
    world: World, witness: Witness, tom: TelnetPerson, line: bytes
) -> None:
    tom.deaf()
    for _ in range(40):
        tom.raw(line * 1000)
        assert waiting(tom) <= world.limits.hard_buffer + 16_000
    world.run(2)


def test_a_text_window_that_is_too_slow_is_closed(world: World, witness: Witness, tom: TelnetPerson) -> None:
    tom.deaf()
    witness.shout(60_000)
    witness.shout(10_000)
    world.run(11.5)
    tom.listen()
    assert tom.text.endswith("too slow in reading (4008). Come back in a moment.\r\n")


def test_a_text_window_that_is_read_in_bursts(world: World, witness: Witness, tom: TelnetPerson) -> None:
    numbers = []
    for _ in range(5):
        tom.text = ""
        tom.deaf()
        for _ in range(10):
            witness.shout(1000)
            world.run(0.2)
        tom.listen()
        numbers += [int(number) for number in re.findall(r"number (\d+)", tom.text)]
    assert numbers == list(range(1, 51))


def test_a_text_window_that_is_read_slowly(world: World, witness: Witness, tom: TelnetPerson) -> None:
    """It has all there is to hear as long as that is bounded, and is closed when it is not."""
    tom.deaf()
    while not tom.lost:
        witness.shout(20_000)
        world.run(0.5)
        sip(tom, 10_000)
        assert waiting(tom) <= world.limits.hard_buffer + 16_000
    assert witness.room.seating.seats[1].away
    numbers = [int(number) for number in re.findall(r"number (\d+)", tom.text)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 3


def test_the_same_for_all(world: World, witness: Witness) -> None:
    """Seven at once, each over another transport or as another fool."""
    transports = [*TRANSPORTS, *TRANSPORTS, "legacy"]
    people = [world.person(transport, transport, "noise") for transport in transports]
    for person in people:
        person.deaf()
    world.run(20)
    assert all(person.lost for person in people)
