"""The port for datagrams: bound at start, fair to the rest of the reactor, and gone at the end."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, MessageLengthError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher

from gamesrv.net.udp import MOST_AT_ONCE, UdpPort, UdpProtocol, UdpService, read_place
from gamesrv.service import GameService
from gamesrv.tap import Options, makeService
from gamesrv.wire.datagram import MAX_DATAGRAM
from tests.world import World

LOCAL = ("127.0.0.1", 0)


class Wire:
    """A transport, or a socket, that a test plays with."""

    def __init__(self, *arrived: Any) -> None:
        self.arrived = list(arrived)
        self.sent: list[tuple[bytes, Any]] = []
        self.broken: Exception | None = None

    def write(self, datagram: bytes, address: Any) -> None:
        if self.broken is not None:
            raise self.broken
        self.sent.append((datagram, address))

    def recvfrom(self, size: int) -> tuple[bytes, Any]:
        if not self.arrived:
            raise BlockingIOError
        datagram = self.arrived.pop(0)
        if isinstance(datagram, Exception):
            raise datagram
        return datagram[:size], ("192.0.2.1", 5, 0, 0)


def port(wire: Wire, protocol: UdpProtocol) -> UdpPort:
    made = UdpPort(0, protocol, "127.0.0.1", MAX_DATAGRAM + 1, MemoryReactorClock())
    made.socket = wire
    return made


# ---------------------------------------------------------------------- in and out


def test_what_comes_in_is_looked_at_and_what_goes_out_is_sent(world: World) -> None:
    channels = world.service.gate.channels
    protocol = UdpProtocol(channels)
    protocol.transport = wire = Wire()
    protocol.datagramReceived(b"noise", ("192.0.2.1", 5))
    assert channels.faults == {"size": 1}
    protocol.post(b"hello", ("192.0.2.1", 5))
    assert wire.sent == [(b"hello", ("192.0.2.1", 5))]


@pytest.mark.parametrize(
    "error", [BlockingIOError(), OSError(101, "unreachable"), MessageLengthError()], ids=repr
)
def test_a_send_that_fails_is_one_datagram_lost(world: World, error: Exception) -> None:
    channels = world.service.gate.channels
    protocol = UdpProtocol(channels)
    protocol.transport = wire = Wire()
    wire.broken = error
    protocol.post(b"hello", ("192.0.2.1", 5))
    assert channels.unsent == 1


def test_a_flood_is_read_in_portions(world: World) -> None:
    """Of empty datagrams too, which Twisted's own port would read for as long as they come."""
    channels = world.service.gate.channels
    wire = Wire(*[b""] * 1000)
    flooded = port(wire, UdpProtocol(channels))
    flooded.doRead()
    assert channels.faults == {"size": MOST_AT_ONCE} and len(wire.arrived) == 1000 - MOST_AT_ONCE
    flooded.doRead()
    assert channels.faults == {"size": 2 * MOST_AT_ONCE}


def test_what_the_network_complains_about_does_not_close_the_port(world: World) -> None:
    channels = world.service.gate.channels
    wire = Wire(b"", ConnectionRefusedError(), b"", b"x" * 3000)
    complaining = port(wire, UdpProtocol(channels))
    complaining.doRead()
    complaining.doRead()
    assert channels.faults == {"size": 3} and wire.arrived == []


def test_a_fault_of_ours_does_not_close_it_either(
    world: World, monkeypatch: pytest.MonkeyPatch, logged_failures: list[LogEvent]
) -> None:
    def fail(datagram: bytes, address: Any) -> None:
        raise ZeroDivisionError

    channels = world.service.gate.channels
    monkeypatch.setattr(type(channels), "receive", fail)
    wire = Wire(b"1", b"2")
    port(wire, UdpProtocol(channels)).doRead()
    assert wire.arrived == [] and len(logged_failures) == 2
    logged_failures.clear()


# ---------------------------------------------------------------------- start and stop


def offered(world: World) -> dict[str, Any]:
    person = world.person("packets", "ann")
    person.say(op="udp")
    return person.heard[-1]


def test_it_binds_at_start_and_leaves_nothing(world: World) -> None:
    reactor = MemoryReactorClock()
    service = UdpService(LOCAL, world.service.gate.channels, reactor)
    service.privilegedStartService()
    service.startService()
    (bound,) = reactor.readers
    offer = offered(world)
    assert (offer["host"], offer["port"]) == ("127.0.0.1", bound.getHost().port)
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"noise", ("127.0.0.1", offer["port"]))
        bound.doRead()
    assert world.service.gate.channels.faults == {"size": 1}
    gone: list[object] = []
    stopped = service.stopService()
    assert isinstance(stopped, Deferred)
    stopped.addCallback(gone.append)
    reactor.pump([0] * 3)
    assert gone == [None] and reactor.readers == set() and reactor.getDelayedCalls() == []
    assert offered(world)["code"] == "no_udp"


def test_who_listens_everywhere_names_no_host(world: World) -> None:
    reactor = MemoryReactorClock()
    service = UdpService(("", 0), world.service.gate.channels, reactor)
    service.privilegedStartService()
    assert offered(world)["host"] == ""
    service.stopService()
    reactor.pump([0] * 3)


def test_a_port_in_use_is_an_error_at_once(world: World) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(LOCAL)
        service = UdpService(taken.getsockname(), world.service.gate.channels, MemoryReactorClock())
        with pytest.raises(CannotListenError):
            service.privilegedStartService()
    assert offered(world)["code"] == "no_udp"


def test_one_that_never_started_stops(world: World) -> None:
    assert UdpService(LOCAL, world.service.gate.channels, MemoryReactorClock()).stopService() is None


# ---------------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("4000", ("", 4000)),
        ("0", ("", 0)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
        ("0.0.0.0:1", ("0.0.0.0", 1)),
        ("[::1]:4000", ("::1", 4000)),
    ],
)
def test_places(text: str, place: tuple[str, int]) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize(
    "text", ["", ":", "udp:4000", "4000x", "-1", "65536", "localhost:4000", "1.2.3:x", "٤"]
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="takes a port or an address and a port"):
        read_place(text)


def options(*arguments: str) -> Options:
    made = Options()
    silent = ("--web", "", "--packets", "", "--telnet", "", "--bots", "0")
    made.parseOptions(["--game", "tests.games:Field", "--store", "memory:", *silent, *arguments])
    return made


def test_there_is_no_port_unless_it_is_asked_for() -> None:
    assert options().udp is None
    assert options("--udp", "4000").udp == ("", 4000)
    assert options("--udp", "4000", "--udp", "").udp is None
    kinds = [type(service) for service in makeService(options(), MemoryReactorClock())]
    assert kinds == [GameService]


def test_a_bad_place_is_told_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--udp", "somewhere")
    assert capfd.readouterr().err == (
        "gamesrv: --udp takes a port or an address and a port, got 'somewhere'\n"
    )


def test_a_whole_server_with_a_port_leaves_nothing_in_the_reactor() -> None:
    reactor = MemoryReactorClock()
    server = makeService(options("--udp", "127.0.0.1:0", "--bots", "3"), reactor)
    told: list[str] = []

    def observe(event: LogEvent) -> None:
        told.append(str(event.get("told")))

    server.privilegedStartService()
    server.startService()
    globalLogPublisher.addObserver(observe)
    for hook, args, kwargs in reactor.whenRunningHooks:
        hook(*args, **kwargs)
    globalLogPublisher.removeObserver(observe)
    assert [line.startswith("Datagrams:         127.0.0.1 port ") for line in told] == [True]
    reactor.advance(1)
    gone: list[object] = []
    stopped = server.stopService()
    assert isinstance(stopped, Deferred)
    stopped.addCallback(gone.append)
    reactor.pump([0] * 30)
    assert len(gone) == 1
    assert reactor.readers == set() and reactor.getDelayedCalls() == []
