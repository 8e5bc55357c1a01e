"""The transport within the process: it keeps the manners of Twisted's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IAddress, IConsumer, IPushProducer, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from gamesrv.net.loopback import Loopback, LoopbackTransport, connect


class End(Protocol):
    """Keeps what happens to it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost: list[type[Exception]] = []
        self.reply: Callable[[bytes], object] = lambda data: None

    def dataReceived(self, data: bytes) -> None:
        self.heard.append(data)
        self.reply(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.append(reason.type)


class Source:
    """A producer that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")

    def stopProducing(self) -> None:
        self.told.append("stop")


class Wire:
    """Two ends and what is between them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.near, self.far = End(), End()
        self.link, self.back = connect(self.clock, self.near, self.far)

    def settle(self) -> None:
        """Lets everything arrive."""
        for _ in range(5):
            self.clock.advance(0)


@pytest.fixture
def wire() -> Wire:
    """A connection."""
    return Wire()


def test_it_is_what_it_says(wire: Wire) -> None:
    for end in (wire.link, wire.back):
        assert all(verifyObject(interface, end) for interface in (ITransport, IConsumer, IPushProducer))
        assert verifyObject(IAddress, end.getPeer()) and verifyObject(IAddress, end.getHost())
    assert wire.near.transport is wire.link and wire.far.transport is wire.back
    assert wire.link.other is wire.back and wire.back.other is wire.link


def test_nothing_arrives_within_write(wire: Wire) -> None:
    wire.link.write(b"one")
    wire.link.writeSequence([b"two", b"three"])
    assert wire.far.heard == []
    wire.settle()
    assert b"".join(wire.far.heard) == b"onetwothree" and wire.near.heard == []


def test_nothing_arrives_while_something_arrives(wire: Wire) -> None:
    busy: list[bytes] = []

    def answering(link: LoopbackTransport) -> Callable[[bytes], None]:
        def answer(data: bytes) -> None:
            assert busy == []
            busy.append(data)
            if len(data) < 6:
                link.write(data + b"!")
            busy.clear()

        return answer

    wire.near.reply, wire.far.reply = answering(wire.link), answering(wire.back)
    wire.link.write(b"one")
    wire.settle()
    assert wire.near.heard == [b"one!", b"one!!!"] and wire.far.heard == [b"one", b"one!!"]
    assert wire.clock.getDelayedCalls() == []


def test_order_is_kept(wire: Wire) -> None:
    for number in range(100):
        wire.link.write(b"%d " % number)
        if number % 7 == 0:
            wire.clock.advance(0)
    wire.settle()
    assert b"".join(wire.far.heard).split() == [b"%d" % number for number in range(100)]


def test_what_is_written_is_what_it_was_then(wire: Wire) -> None:
    data = bytearray(b"before")
    wire.link.write(data)  # type: ignore[arg-type]
    data[:] = b"after!"
    wire.settle()
    assert wire.far.heard == [b"before"]


def test_one_turn_delivers_for_no_longer_than_a_slice() -> None:
    """What is due meanwhile need not wait for all of them; what they write comes after them."""
    clock = Clock()
    loopback = Loopback(clock)
    order: list[tuple[int, bytes]] = []
    ends = [End() for _ in range(5)]
    links = [loopback.connect(End(), end)[0] for end in ends]

    def busy(number: int) -> Callable[[bytes], None]:
        def hear(data: bytes) -> None:
            order.append((number, data))
            clock.rightNow += 0.001
            if data == b"one":
                links[number].write(b"two")

        return hear

    for number, end in enumerate(ends):
        end.reply = busy(number)
        links[number].write(b"one")
    clock.callLater(0.001, lambda: found.extend(order))
    found: list[tuple[int, bytes]] = []
    clock.advance(0)
    assert found == [(0, b"one"), (1, b"one")], "two milliseconds"
    assert order == [(number, data) for data in (b"one", b"two") for number in range(5)]


def test_one_that_fails_holds_up_nobody() -> None:
    clock = Clock()
    loopback = Loopback(clock)
    ends = [End() for _ in range(3)]
    links = [loopback.connect(End(), end)[0] for end in ends]

    def fail(data: bytes) -> None:
        links[1].write(b"?")
        raise ZeroDivisionError

    ends[0].reply = fail
    for link in links:
        link.write(b"!")
    with pytest.raises(ZeroDivisionError):
        clock.advance(0)
    clock.advance(0)
    clock.advance(0)
    assert [b"".join(end.heard) for end in ends] == [b"!", b"!?", b"!"]
    assert clock.getDelayedCalls() == []


# ---------------------------------------------------------------------- the end


def test_it_closes_once_all_has_arrived(wire: Wire) -> None:
    wire.link.write(b"last words")
    wire.link.loseConnection()
    wire.link.write(b"too late")
    assert wire.near.lost == []
    wire.settle()
    assert wire.far.heard == [b"last words"]
    assert wire.near.lost == wire.far.lost == [ConnectionDone]
    assert not wire.link.connected and not wire.back.connected


def test_it_waits_for_a_reader_that_pauses(wire: Wire) -> None:
    wire.back.pauseProducing()
    wire.link.write(b"last words")
    wire.link.loseConnection()
    wire.settle()
    assert wire.near.lost == []
    wire.back.resumeProducing()
    wire.settle()
    assert wire.far.heard == [b"last words"] and wire.near.lost == [ConnectionDone]


def test_aborting_does_not_wait(wire: Wire) -> None:
    wire.back.pauseProducing()
    wire.link.write(b"last words")
    wire.link.loseConnection()
    wire.link.abortConnection()
    assert wire.near.lost == [], "not within the call"
    wire.settle()
    assert wire.near.lost == wire.far.lost == [ConnectionAborted]
    wire.back.resumeProducing()
    wire.settle()
    assert wire.far.heard == []


@pytest.mark.parametrize("ends", ["loseConnection", "abortConnection", "loseWriteConnection"])
def test_it_ends_only_once(wire: Wire, ends: str) -> None:
    for _ in range(2):
        getattr(wire.link, ends)()
        getattr(wire.back, ends)()
    wire.settle()
    for end in (wire.link, wire.back):
        end.loseConnection()
        end.abortConnection()
        end.loseWriteConnection()
        end.write(b"?")
    wire.settle()
    assert len(wire.near.lost) == len(wire.far.lost) == 1
    assert wire.near.heard == wire.far.heard == []
    assert wire.clock.getDelayedCalls() == []


def test_half_closing_delivers_first(wire: Wire) -> None:
    wire.link.write(b"last words")
    wire.link.loseWriteConnection()
    wire.link.write(b"too late")
    wire.settle()
    assert wire.far.heard == [b"last words"]
    assert wire.near.lost == wire.far.lost == [ConnectionDone]


def test_the_other_may_speak_until_the_half_close_arrives(wire: Wire) -> None:
    wire.back.pauseProducing()
    wire.link.loseWriteConnection()
    wire.back.write(b"still here")
    wire.settle()
    assert wire.near.heard == [b"still here"] and wire.near.lost == []
    wire.back.resumeProducing()
    wire.settle()
    assert wire.near.lost == [ConnectionDone]


def test_closing_within_a_delivery(wire: Wire) -> None:
    wire.far.reply = lambda data: (wire.back.write(b"bye"), wire.back.loseConnection())
    wire.link.write(b"go")
    wire.settle()
    assert wire.near.heard == [b"bye"]
    assert wire.near.lost == wire.far.lost == [ConnectionDone]


# ---------------------------------------------------------------------- back-pressure


def watched(link: LoopbackTransport, size: int = 10) -> Source:
    """A producer for a link with a small buffer."""
    source = Source()
    link.bufferSize = size
    link.registerProducer(source, True)
    return source


def test_a_producer_is_paused_and_resumed_once(wire: Wire) -> None:
    source = watched(wire.link)
    wire.link.write(b"x" * 10)
    assert source.told == [], "full is above the size"
    wire.link.write(b"x")
    wire.link.write(b"x")
    assert source.told == ["pause"]
    wire.settle()
    assert source.told == ["pause", "resume"]
    wire.link.write(b"x" * 20)
    wire.settle()
    assert source.told == ["pause", "resume"] * 2


def test_a_producer_hears_nothing_while_nobody_reads(wire: Wire) -> None:
    source = watched(wire.link)
    wire.back.pauseProducing()
    wire.link.write(b"x" * 20)
    wire.settle()
    assert source.told == ["pause"]
    wire.back.resumeProducing()
    assert source.told == ["pause"], "not within the call"
    wire.settle()
    assert source.told == ["pause", "resume"]


def test_what_a_producer_writes_when_it_resumes_arrives(wire: Wire) -> None:
    source = watched(wire.link)
    source.resumeProducing = lambda: wire.link.write(b"more")  # type: ignore[method-assign]
    wire.link.write(b"x" * 20)
    wire.settle()
    assert wire.far.heard == [b"x" * 20, b"more"]


def test_an_unregistered_producer_is_left_alone(wire: Wire) -> None:
    source = watched(wire.link)
    wire.link.write(b"x" * 20)
    wire.link.unregisterProducer()
    wire.settle()
    assert source.told == ["pause"]


def test_there_is_one_producer(wire: Wire) -> None:
    watched(wire.link)
    with pytest.raises(RuntimeError):
        wire.link.registerProducer(Source(), True)


def test_a_reader_may_stop_for_good(wire: Wire) -> None:
    wire.back.stopProducing()
    wire.settle()
    assert wire.near.lost == [ConnectionDone]
