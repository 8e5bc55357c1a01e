"""Packets over TCP: `u16 length, u16 id, body`."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from gamesrv.net.link import Link, Transport, half_close
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.wire import packets
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder, FrameError, Framing

__all__ = ["PacketFactory", "PacketProtocol"]


class PacketProtocol(Protocol, TimeoutMixin):
    """The server's end of a packet connection."""

    transport: Transport

    def __init__(self, gate: Gate, clock: Clock, framing: Framing, idle: float | None) -> None:
        self._gate = gate
        self._idle = idle
        self._clock = clock
        self._frames = FrameDecoder(framing)
        self._unfinished = False

    def callLater(self, period: float, func: Callable[[], None]) -> DelayedCall:
        """`TimeoutMixin`'s way to the clock."""
        return self._clock.callLater(period, func)

    def connectionMade(self) -> None:
        self._link = Link(self.transport, packets, self._gate, self._clock, self._goodbye)
        self.setTimeout(self._idle)

    def dataReceived(self, data: bytes) -> None:
        peer = self._link.peer
        if not peer.outbox.open:
            return
        arrived = False
        try:
            for frame in self._frames.feed(data):
                arrived = True
                try:
                    message = packets.decode(frame)
                except BadMessage as error:
                    peer.bad(error)
                else:
                    peer.receive(message)
        except FrameError as error:
            peer.close(error.close, str(error))
        self._watch(arrived)

    def timeoutConnection(self) -> None:
        if self._unfinished:
            self._link.peer.close(CloseCode.IDLE, "a packet was begun and not finished")
        else:
            self._link.peer.close(CloseCode.IDLE, "nothing was heard for too long")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.setTimeout(None)
        self._link.lost()

    def _watch(self, arrived: bool) -> None:
        """Half a packet must be finished soon: a trickle of bytes buys no more time, whole packets do."""
        unfinished = self._frames.pending
        if arrived or unfinished != self._unfinished:
            self.setTimeout(self._gate.limits.packet_timeout if unfinished else self._idle)
            self._unfinished = unfinished

    def _goodbye(self, code: CloseCode, reason: str) -> None:
        self.setTimeout(None)
        half_close(self.transport)


class PacketFactory(Factory):
    """Makes `PacketProtocol` for every connection; one that is silent for ``idle`` seconds is closed."""

    noisy = False

    def __init__(self, gate: Gate, clock: Clock, idle: float | None) -> None:
        self._gate = gate
        self._idle = idle
        self._clock = clock
        self._framing = evolve(PACKET_FRAMING, max_frame=gate.limits.packet_size)

    def buildProtocol(self, addr: IAddress | None) -> PacketProtocol:
        return PacketProtocol(self._gate, self._clock, self._framing, self._idle)
