"""The way to a peer over any Twisted transport: the `Connection` that the stream protocols share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from twisted.internet.interfaces import IPushProducer
from twisted.internet.tcp import Connection as TcpTransport
from zope.interface import implementer

from gamesrv.net.loopback import LoopbackTransport
from gamesrv.net.port import AcceptedTransport
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock, DelayedCall, Format
from gamesrv.server.peer import Peer
from gamesrv.wire.close import CloseCode

__all__ = ["Link", "Transport", "half_close"]

Transport: TypeAlias = Any
"""Twisted's `ITransport` and `IConsumer`; there is no type that says both."""

Goodbye = Callable[[CloseCode, str], None]


@implementer(IPushProducer)
class Link:
    """One transport, its `Peer`, and what goes out.

    A write goes to the socket at once while nothing waits in the transport's buffer: one system call, and no
    round through the reactor. The rest is the transport's, which tells when its buffer fills up and drains.
    """

    __slots__ = (
        "_abort",
        "_clock",
        "_close_timeout",
        "_goodbye",
        "_send",
        "_transport",
        "address",
        "format",
        "inside",
        "peer",
    )

    def __init__(
        self,
        transport: Transport,
        fmt: Format,
        gate: Gate,
        clock: Clock,
        goodbye: Goodbye,
        first: bytes = b"",
    ) -> None:
        """``first`` is said before all else, whatever becomes of the link."""
        self._transport = transport
        self._clock = clock
        self._goodbye = goodbye
        self._close_timeout = gate.limits.close_timeout
        self._abort: DelayedCall | None = None
        self._send: Callable[[bytes], int] | None = None
        self.format = fmt
        self.address: str | None = getattr(transport.getPeer(), "host", None)
        self.inside = isinstance(transport, LoopbackTransport) and self.address is None
        if hasattr(transport, "bufferSize"):
            transport.bufferSize = gate.limits.soft_buffer
        if isinstance(transport, TcpTransport) and not transport.TLS:
            if not isinstance(transport, AcceptedTransport):
                transport.setTcpNoDelay(True)
            self._send = transport.socket.send
        transport.registerProducer(self, True)
        if first:
            self.write(first)
        self.peer: Peer = gate.admit(self)

    def write(self, data: bytes) -> None:
        """Sends whole frames."""
        transport = self._transport
        if transport.disconnecting:
            return
        send = self._send
        if send is not None and not transport.dataBuffer and not transport._tempDataBuffer:
            try:
                sent = send(data)
            except OSError:
                # No room, or a broken link: the reactor finds out which, not the middle of a room's tick.
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    def close(self, code: CloseCode, reason: str, within: float) -> None:
        """Says goodbye, and cuts the link should the peer not take it in time.

        Where all that was written is out, what is left is to hang up: that never takes long.
        """
        self.expire(min(within, self._close_timeout) if self._nothing_waits() else within)
        self._goodbye(code, reason)

    def _nothing_waits(self) -> bool:
        transport = self._transport
        return self._send is not None and not transport.dataBuffer and not transport._tempDataBuffer

    def expire(self, within: float) -> None:
        """Cuts the link should it not be over by then: a peer that does not read could hold it for ever."""
        if self._abort is None:
            self._abort = self._clock.callLater(within, self._transport.abortConnection)

    def lost(self, on_purpose: bool = False) -> None:
        """The transport is gone."""
        if self._abort is not None and self._abort.active():
            self._abort.cancel()
        self.peer.lost(on_purpose)

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self.peer.buffer_full()

    def resumeProducing(self) -> None:
        """The transport's buffer has drained."""
        self.peer.buffer_drained()

    def stopProducing(self) -> None:
        """The transport is gone; `lost` follows."""


def half_close(transport: Transport) -> None:
    """Ends our side once the buffer is out, and leaves the other to the peer.

    A socket closed with unread input resets the connection, which may destroy our last message on its way.
    """
    transport.unregisterProducer()
    if hasattr(transport, "loseWriteConnection") and not getattr(transport, "TLS", False):
        transport.loseWriteConnection()
    else:
        transport.loseConnection()
