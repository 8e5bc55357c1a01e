"""A server that is none, or means harm: a clear end, no crash, nothing left."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from gamesrv.client import Client, Closed, State
from gamesrv.client.doors import packets_through
from gamesrv.core import messages
from gamesrv.net.loopback import LoopbackTransport, connect
from gamesrv.wire.close import CloseCode
from gamesrv.wire.noise import NoiseClient
from gamesrv.wire.packets import encode
from tests import duel


class Rude(Protocol):
    """Says what it is told to."""

    def __init__(self) -> None:
        self.heard = b""

    def dataReceived(self, data: bytes) -> None:
        self.heard += data


class Nowhere:
    """Behind it is somebody rude."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.servers: list[Rude] = []
        self.near: list[LoopbackTransport] = []

    def connect(self, factory: Any) -> Deferred[Any]:
        protocol, server = factory.buildProtocol(None), Rude()
        self.near.append(connect(self.clock, protocol, server)[0])
        self.servers.append(server)
        return succeed(protocol)


class Meeting:
    """A client and a rude server."""

    def __init__(self, noise: bool = False) -> None:
        self.clock = Clock()
        self.place = Nowhere(self.clock)
        make_cipher = (lambda: NoiseClient(lambda key: True)) if noise else None
        self.client = Client(self.clock, packets_through(self.place, make_cipher=make_cipher))
        self.results: list[Any] = []
        self.connected = self.client.connect("ann").addBoth(self.results.append)
        self.run()

    def run(self, seconds: float = 0.0) -> None:
        for _ in range(20):
            self.clock.advance(0)
        self.clock.pump([0.05] * round(seconds * 20))

    def hear(self, *said: Any) -> None:
        for each in said:
            data = each if isinstance(each, bytes) else encode(each)
            self.place.servers[-1].transport.write(data)  # type: ignore[union-attr]
        self.run()

    def greet(self) -> None:
        self.hear(messages.Welcome("s", "ann", "t", 30, 0, 1))

    def end(self) -> None:
        done: list[Any] = []
        self.client.close().addBoth(done.append)
        self.run(3)
        assert done == [None]
        assert self.clock.getDelayedCalls() == []
        assert not any(near.connected for near in self.place.near)

    @property
    def closed(self) -> Closed:
        (failure,) = self.results
        assert isinstance(failure.value, Closed)
        return failure.value


JOINED = messages.Joined("r", "g", 0, 1, 1, {"a": 1}, "playing", rate=20)
LOCKSTEP = messages.Joined(
    "r",
    "duel",
    0,
    0,
    1,
    duel.new(1, {}),
    "playing",
    rate=30,
    lockstep=messages.LockstepInfo(6, "deadline", 30, 4, 1),
)


def packet(number: int, body: bytes) -> bytes:
    return (len(body) + 4).to_bytes(2, "big") + number.to_bytes(2, "big") + body


GARBAGE = {
    "a length of 0": b"\x00\x00\x00\x00",
    "a length of 3": b"\x00\x03\x00",
    "html": b"HTTP/1.1 400 Bad Request\r\n\r\n" * 2000,
    "an unknown id": packet(77, b"\x80"),
    "no map": packet(129, b"\x01"),
    "cut short": packet(129, b"\x85\xa2"),
    "nested deeply": packet(134, b"\x81\xa4data" + b"\x81\xa1a" * 5000 + b"\x80"),
    "a wrong type": packet(129, msgspec.msgpack.encode({"op": "welcome", "session": 3})),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_the_end_and_says_why(garbage: bytes) -> None:
    meeting = Meeting()
    meeting.hear(garbage)
    meeting.run(5)
    assert meeting.client.state is State.CLOSED
    assert meeting.closed.code in (1002, 1007, 1009) and str(meeting.closed)
    assert len(meeting.place.servers) == 1, "it does not come back"
    meeting.end()


@pytest.mark.parametrize(
    "joined",
    [
        messages.Joined("r", "g", 0, 1, 1, {}, "playing", players={"x": messages.Player("bob")}),
        messages.Joined("r", "g", 0, 1, 1, {}, "playing", rate=0, lockstep=LOCKSTEP.lockstep),
        messages.Joined("r", "g", 0, 1, 1, {}, "playing", rate=-5, lockstep=LOCKSTEP.lockstep),
    ],
)
def test_a_room_that_can_not_be_is_the_end(joined: messages.Joined) -> None:
    meeting = Meeting()
    meeting.greet()
    meeting.client.simulate(duel)
    meeting.hear(joined)
    assert meeting.client.state is State.CLOSED
    meeting.end()


@pytest.mark.parametrize("data", [b"", b"\x02", b"\x02" * 14, b"\xff" * 60])
def test_frames_that_are_none_are_the_end(data: bytes) -> None:
    meeting = Meeting()
    meeting.greet()
    meeting.client.simulate(duel)
    meeting.hear(LOCKSTEP, messages.Frames(data))
    assert meeting.client.state is State.CLOSED
    meeting.end()


def test_what_nobody_asked_for_does_no_harm() -> None:
    meeting = Meeting()
    meeting.hear(
        messages.Event(5, "said", {}),
        messages.Update(1, 1, {"a": 1}),
        messages.Left(),
        messages.Desync(3),
        messages.Pong(1e300, 1),
        messages.Frames(b"x"),
        messages.RoomList([]),
        messages.Matched("r", "t", 1),
        messages.UdpOffer("", 1, 1, b"short", 1.0),
    )
    meeting.greet()
    meeting.greet()
    meeting.hear(JOINED, messages.Update(2, 9, {"a": 2}), messages.Event(1, "player_left", {"seat": "x"}))
    assert meeting.client.room is not None and meeting.client.room.view == {"a": 1}
    assert b"resync" in meeting.place.servers[0].heard, "what does not follow is asked for anew"
    meeting.hear(messages.Update(3, 2, {"a": 3}))
    assert meeting.client.room.view == {"a": 1}, "and nothing is taken until it is there"
    meeting.end()


def test_an_event_that_is_said_twice_is_told_once() -> None:
    meeting = Meeting()
    told: list[str] = []
    meeting.client.on("event", lambda name, data: told.append(name))
    meeting.greet()
    one, two = messages.Event(1, "one"), messages.Event(2, "two")
    meeting.hear(JOINED, one, two, one, two)
    assert told == ["one", "two"]
    meeting.end()


def test_an_offer_that_is_none_leaves_the_link_alone() -> None:
    meeting = Meeting()
    meeting.client.open_socket = lambda place, receive: 1 / 0  # type: ignore[assignment, return-value]
    meeting.greet()
    meeting.hear(messages.UdpOffer("", 1, 1, b"short", 1.0))
    assert meeting.client.state is State.ONLINE
    meeting.end()


def test_noise_answered_by_noise_of_another_kind() -> None:
    meeting = Meeting(noise=True)
    meeting.hear(b"\x00\x60" + bytes(96))
    assert meeting.client.state is State.CLOSED
    meeting.end()


def test_a_handshake_that_stops_half_way_is_given_up() -> None:
    meeting = Meeting(noise=True)
    meeting.hear(b"\x00\x60" + bytes(40))
    meeting.run(12)
    assert len(meeting.place.servers) >= 2
    meeting.end()


def test_a_server_that_ends_it_before_the_welcome_is_tried_again() -> None:
    meeting = Meeting()
    meeting.hear(messages.Closing(4503, "full", True))
    assert meeting.client.state is State.WAITING
    meeting.run(2)
    assert len(meeting.place.servers) == 2
    meeting.end()


def test_a_close_that_the_server_does_not_take_is_cut() -> None:
    meeting = Meeting()
    meeting.greet()
    meeting.place.servers[0].transport.pauseProducing()  # type: ignore[union-attr]
    meeting.end()


def test_the_key_of_the_first_welcome_makes_the_next_session_the_same_players() -> None:
    meeting = Meeting()
    facts = "s", "ann", "t", 30, 0, 1, {}, "ann-1"
    meeting.hear(messages.Welcome(*facts, "k" * 43))
    assert (meeting.client.player, meeting.client.key) == ("ann-1", "k" * 43)
    meeting.hear(messages.Closing(CloseCode.BAD_TOKEN, "it has expired", False))
    meeting.run(2)
    first, second = (server.heard for server in meeting.place.servers)
    assert (b"k" * 43 in first, b"k" * 43 in second, b"ann" in second) == (False, True, True)
    meeting.hear(messages.Welcome(*facts))
    assert meeting.client.key == "k" * 43
    meeting.end()
