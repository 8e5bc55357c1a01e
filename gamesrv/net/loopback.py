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

from gamesrv.server.interfaces import Clock, DelayedCall

__all__ = ["LoopbackAddress", "LoopbackTransport", "connect"]


@implementer(IAddress)
class LoopbackAddress:
    """Nowhere but here."""


@implementer(ITransport, IConsumer, IPushProducer)
class LoopbackTransport:
    """One end of a loopback; `connect` makes both."""

    bufferSize = 64 * 1024
    """Bytes not yet read above which the producer is paused."""

    def __init__(self, clock: Clock, protocol: Protocol) -> None:
        self._clock = clock
        self.protocol = protocol
        self._waiting = bytearray()
        """What was written here and has not been read there."""
        self._delivery: DelayedCall | None = None
        self._reading = True
        self._producer: Any = None
        self._producer_paused = False
        self._write_closed = False
        self.other: LoopbackTransport
        self.connected = True
        self.disconnecting = False

    # ------------------------------------------------------------------ ITransport

    def write(self, data: bytes) -> None:
        """Puts bytes on their way."""
        if not self.connected or self.disconnecting or self._write_closed:
            return
        self._waiting += data
        if self._producer is not None and len(self._waiting) > self.bufferSize and not self._producer_paused:
            self._producer_paused = True
            self._producer.pauseProducing()
        self._schedule()

    def writeSequence(self, data: list[bytes]) -> None:
        """Puts bytes on their way."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Closes once all that was written has arrived."""
        self.disconnecting = True
        self._schedule()

    def loseWriteConnection(self) -> None:
        """The same for this direction; a protocol that knows nothing of half-closed links closes the rest."""
        self._write_closed = True
        self._schedule()

    def abortConnection(self) -> None:
        """Closes at once; what was on its way is lost."""
        if self.connected:
            self.disconnecting = True
            self._waiting.clear()
            self._clock.callLater(0, self._cut, ConnectionAborted())

    def getPeer(self) -> LoopbackAddress:
        """The other end."""
        return LoopbackAddress()

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

    def _schedule(self) -> None:
        if self.connected and self._delivery is None:
            self._delivery = self._clock.callLater(0, self._deliver)

    def _deliver(self) -> None:
        self._delivery = None
        if not self.connected or not self.other._reading:
            return
        data = bytes(self._waiting)
        self._waiting.clear()
        if data:
            self.other.protocol.dataReceived(data)
        if self._producer_paused and not self._waiting:
            self._producer_paused = False
            if self._producer is not None:
                self._producer.resumeProducing()
        if (self.disconnecting or self._write_closed) and not self._waiting:
            self._cut(ConnectionDone())

    def _cut(self, reason: Exception) -> None:
        for end in (self, self.other):
            if end.connected:
                end.connected = False
                if end._delivery is not None:
                    end._delivery.cancel()
                    end._delivery = None
                end.protocol.connectionLost(Failure(reason))


def connect(clock: Clock, client: Protocol, server: Protocol) -> tuple[LoopbackTransport, LoopbackTransport]:
    """Connects two protocols and returns their transports."""
    near, far = LoopbackTransport(clock, client), LoopbackTransport(clock, server)
    near.other, far.other = far, near
    server.makeConnection(far)
    client.makeConnection(near)
    return near, far
