"""Established connections, read in slots.

A reactor spends more on finding out that a socket is readable than we do on reading it. So sockets whose
handshake is done are watched by an epoll object of our own, which is one single reader of the reactor: when
anything has come in, all of it is read in one go, and then the reactor looks away for `SLOT` seconds. A lone
message is read at once; thousands share a turn.

To a transport this is a reactor like any other: it asks it to be read, or not, and never notices.
"""

from __future__ import annotations

import select
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableDescriptor,
    IReactorFDSet,
    IReadDescriptor,
)
from twisted.internet.tcp import Connection as TcpTransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesrv.server.interfaces import DelayedCall

__all__ = ["Intake", "read_in_slots"]

SLOT = 0.005
"""Seconds for which what comes in may wait for company."""
MOST_AT_ONCE = 512
"""Connections read before the reactor gets its turn."""


@implementer(IReadDescriptor)
class Intake:
    """Reads the connections of one reactor. It is in the reactor only while it has any."""

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._epoll: Any = None
        self._reading: dict[int, TcpTransport] = {}
        self._numbers: dict[TcpTransport, int] = {}
        self._rest: DelayedCall | None = None

    def __getattr__(self, name: str) -> Any:
        """Whatever a transport asks of its reactor besides."""
        return getattr(self._reactor, name)

    # ------------------------------------------------------------------ what a transport asks for

    def addReader(self, transport: TcpTransport) -> None:
        """Reads the transport from now on."""
        if transport in self._numbers:
            return
        if self._epoll is None:
            self._epoll = select.epoll()
            self._reactor.addReader(self)
        number = transport.fileno()
        self._epoll.register(number, select.EPOLLIN)
        self._reading[number] = transport
        self._numbers[transport] = number

    def removeReader(self, transport: TcpTransport) -> None:
        """Leaves the transport alone from now on."""
        number = self._numbers.pop(transport, None)
        if number is None:
            return
        del self._reading[number]
        self._epoll.unregister(number)
        if not self._reading:
            self._retire()

    def _retire(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        else:
            self._reactor.removeReader(self)
        self._epoll.close()
        self._epoll = None

    # ------------------------------------------------------------------ what the reactor asks for

    def fileno(self) -> int:
        """What the reactor watches."""
        return -1 if self._epoll is None else int(self._epoll.fileno())

    def logPrefix(self) -> str:
        """In the log."""
        return "Intake"

    def doRead(self) -> None:
        """Something has come in: reads it all, and then none for a while."""
        ready = self._epoll.poll(0, MOST_AT_ONCE)
        for number, _ in ready:
            transport = self._reading.get(number)
            if transport is not None:  # else it went in another's turn
                self._read(transport)
        if self._epoll is not None and len(ready) < MOST_AT_ONCE:
            self._reactor.removeReader(self)
            self._rest = self._reactor.callLater(SLOT, self._wake)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor is shutting down; transports hear of it by themselves."""

    def _wake(self) -> None:
        self._rest = None
        self._reactor.addReader(self)

    def _read(self, transport: TcpTransport) -> None:
        try:
            why: Any = transport.doRead()
        except BaseException as error:
            self._log.failure("A protocol failed")
            why = error
        if why is not None:
            self._lose(transport, why)

    def _lose(self, transport: TcpTransport, why: BaseException) -> None:
        self.removeReader(transport)
        if isinstance(why, ConnectionDone) and IHalfCloseableDescriptor.providedBy(transport):
            transport.readConnectionLost(Failure(why))
        else:
            self._reactor.removeWriter(transport)
            transport.connectionLost(Failure(why))


_intakes: dict[Any, Intake] = {}


def read_in_slots(transport: TcpTransport) -> None:
    """Has a plain TCP transport, one being read, be read this way; without epoll it stays as it is."""
    reactor: Any = transport.reactor
    if not hasattr(select, "epoll") or not IReactorFDSet.providedBy(reactor):
        return
    intake = _intakes.get(reactor)
    if intake is None:
        intake = _intakes[reactor] = Intake(reactor)
    reactor.removeReader(transport)
    transport.reactor = intake  # type: ignore[assignment]
    intake.addReader(transport)
