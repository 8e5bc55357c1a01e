"""A transport within the process: two protocols, each the other's peer, with no socket between them.

Bots play over it, and so do most tests. It keeps Twisted's manners: bytes arrive in a later turn of the
reactor, never within `write`; a connection closes once what was written has arrived; a reader may pause, and
the writer's producer is told when the buffer fills up and when it has drained.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IAddress, IConsumer, IPushProducer, ITransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesrv.server.interfaces import Clock
from gamesrv.server.slices import SLICE

__all__ = ["Loopback", "LoopbackAddress", "LoopbackTransport", "connect"]


class Loopback:
    """Carries what is written on all its connections: one call by the reactor for all that waits, since a
    call costs as much as a delivery; or several, where it would take so long that others have to wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[LoopbackTransport] = []
        self._called = False
        """Whether the reactor is to call, or does right now."""

    def connect(
        self, client: Protocol, server: Protocol, address: IAddress | None = None
    ) -> tuple[LoopbackTransport, LoopbackTransport]:
        """Connects two protocols and returns their transports, the client seeming to be at ``address``."""
        near, far = LoopbackTransport(self, client), LoopbackTransport(self, server, address)
        near.other, far.other = far, near
        server.makeConnection(far)
        client.makeConnection(near)
        return near, far

    def deliver_soon(self, end: LoopbackTransport) -> None:
        """Delivers, in a later turn, what was written at that end."""
        self._due.append(end)
        if not self._called:
            self._call()

    def _call(self) -> None:
        self._called = True
        self._clock.callLater(0, self._deliver)

    def _deliver(self) -> None:
        now, due, self._due = self._clock.seconds, iter(self._due), []
        end = now() + SLICE
        try:
            for transport in due:
                transport.deliver()
                if now() >= end:
                    break
        finally:  # what one of them raised is the reactor's to log, and holds up none of the others
            self._due[:0] = due
            self._called = False
            if self._due:
                self._call()


def connect(clock: Clock, client: Protocol, server: Protocol) -> tuple[LoopbackTransport, LoopbackTransport]:
    """Connects two protocols over a `Loopback` of their own and returns their transports."""
    return Loopback(clock).connect(client, server)


@implementer(IAddress)
class LoopbackAddress:
    """Nowhere but here."""


@implementer(ITransport, IConsumer, IPushProducer)
class LoopbackTransport:
    """One end of a connection; `Loopback.connect` makes both."""

    bufferSize = 64 * 1024
    """Bytes not yet read above which the producer is paused."""

    def __init__(self, loopback: Loopback, protocol: Protocol, peer: IAddress | None = None) -> None:
        self._loopback = loopback
        self._peer = peer
        self.protocol = protocol
        self._waiting = b""
        """What was written here and has not been read there."""
        self._due = False
        """Whether a delivery is due."""
        self._shut = False
        """Whether nothing can be written any more."""
        self._more = False
        """Whether a delivery is more than to hand over what was written."""
        self._aborted = False
        self._reading = True
        self._producer: Any = None
        self._producer_paused = False
        self._write_closed = False
        self.other: LoopbackTransport
        self.connected = True
        self.disconnecting = False

    @property
    def unread(self) -> int:
        """How many bytes were written here and have not been read there."""
        return len(self._waiting)

    # ------------------------------------------------------------------ ITransport

    def write(self, data: bytes) -> None:
        """Puts bytes on their way."""
        if self._shut:
            return
        self._waiting = waiting = self._waiting + data
        if len(waiting) > self.bufferSize and self._producer is not None and not self._producer_paused:
            self._producer_paused = self._more = True
            self._producer.pauseProducing()
        if not self._due:
            self._due = True
            self._loopback.deliver_soon(self)

    def writeSequence(self, data: list[bytes]) -> None:
        """Puts bytes on their way."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Closes once all that was written has arrived."""
        self.disconnecting = self._shut = self._more = True
        self._schedule()

    def loseWriteConnection(self) -> None:
        """The same for this direction; a protocol that knows nothing of half-closed links closes the rest."""
        self._write_closed = self._shut = self._more = True
        self._schedule()

    def abortConnection(self) -> None:
        """Closes at once; what was on its way is lost."""
        if self.connected:
            self.disconnecting = self._aborted = self._shut = self._more = True
            self._waiting = b""
            self._schedule()

    def getPeer(self) -> Any:
        """The other end."""
        return self._peer or LoopbackAddress()

    def getHost(self) -> LoopbackAddress:
        """This end."""
        return LoopbackAddress()

    # ------------------------------------------------------------------ IConsumer, IPushProducer

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Tells ``producer`` when to pause and to go on."""
        if self._producer is not None:
            raise RuntimeError("a producer is registered already")
        self._producer = producer

    def unregisterProducer(self) -> None:
        """Tells nobody."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Reads nothing for now."""
        self._reading = False

    def resumeProducing(self) -> None:
        """Reads on."""
        self._reading = True
        self.other._schedule()

    def stopProducing(self) -> None:
        """Closes."""
        self.loseConnection()

    # ------------------------------------------------------------------ delivery

    def deliver(self) -> None:
        """Hands over what was written here, and closes if that was the last of it."""
        self._due = False
        other, waiting = self.other, self._waiting
        if waiting and other._reading:
            self._waiting = b""
            other.protocol.dataReceived(waiting)
        if self._more:
            self._settle()

    def _settle(self) -> None:
        """Tells the producer that its buffer has drained, or closes."""
        if self._aborted:
            self._cut(ConnectionAborted())
        if not self.connected or not self.other._reading or self._waiting:
            return
        self._more = self.disconnecting or self._write_closed
        if self._producer_paused:
            self._producer_paused = False
            if self._producer is not None:
                self._producer.resumeProducing()
        if self._more and not self._waiting:
            self._cut(ConnectionDone())

    def _schedule(self) -> None:
        if self.connected and not self._due:
            self._due = True
            self._loopback.deliver_soon(self)

    def _cut(self, reason: Exception) -> None:
        for end in (self, self.other):
            if end.connected:
                end.connected, end._shut, end._waiting = False, True, b""
                end.protocol.connectionLost(Failure(reason))
