"""Ports and their connections, read in slots.

A reactor spends more on finding out that a socket is readable than we do on reading it. So our sockets are
watched by an epoll object of our own, which is one single reader of the reactor: when anything has come in,
all of it is read in one go, and then the reactor looks away for `SLOT` seconds. A lone message is read at
once; thousands share a turn. Where there is too much for a turn, as when everybody comes back after a
restart, we break off, so that the clock is not kept waiting, and go on in the next one.

To a port or a transport this is a reactor like any other: it asks it to be read, or not, and never notices.

To have an epoll object watched by another makes the kernel look through all that it watches itself: half a
millisecond for 4,000 connections. So that happens once. The reactor has us as a writer all the time, which
costs nothing since an epoll object is never ready to be written to; reading comes and goes on top of that.
"""

from __future__ import annotations

import select
from math import inf
from typing import Any, TypeAlias

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableDescriptor, IProtocolFactory, IReadWriteDescriptor
from twisted.internet.posixbase import PosixReactorBase
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesrv.net.port import WidePort
from gamesrv.server.interfaces import DelayedCall

__all__ = ["Intake", "in_slots"]

Reader: TypeAlias = Any
"""A port or a transport: Twisted's `IReadDescriptor`, and what it does when it is lost."""

SLOT = 0.005
"""Seconds for which what comes in may wait for company."""
TURN = 0.005
"""Seconds of reading after which the reactor gets its turn."""
PATIENCE = 0.04
"""Seconds that others may take meanwhile. Beyond that the clock is late anyway: we take as long."""
BATCH = 16
"""Connections read between two looks at the clock."""


@implementer(IReadWriteDescriptor)
class Intake:
    """Reads the connections of one reactor. It is in the reactor only while it has any."""

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._epoll: Any = None
        self._reading: dict[int, Reader] = {}
        self._numbers: dict[Reader, int] = {}
        self._rest: DelayedCall | None = None
        self._broken_off = inf
        """When reading was, if there is more."""

    def __getattr__(self, name: str) -> Any:
        """Whatever a transport asks of its reactor besides."""
        return getattr(self._reactor, name)

    # ------------------------------------------------------------------ ports

    def listenTCP(
        self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> WidePort:
        """As any reactor's."""
        return self._opened(WidePort(port, factory, backlog, interface, self))

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: IProtocolFactory) -> WidePort:
        """As any reactor's."""
        return self._opened(WidePort._fromListeningDescriptor(self, fileDescriptor, addressFamily, factory))

    def _opened(self, port: WidePort) -> WidePort:
        port.startListening()
        return port

    # ------------------------------------------------------------------ what a transport asks for

    def addReader(self, transport: Reader) -> None:
        """Reads the transport from now on."""
        if transport in self._numbers:
            return
        if self._epoll is None:
            self._epoll = select.epoll()
            self._reactor.addWriter(self)
            self._reactor.addReader(self)
        number = transport.fileno()
        self._epoll.register(number, select.EPOLLIN)
        self._reading[number] = transport
        self._numbers[transport] = number

    def removeReader(self, transport: Reader) -> None:
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
        self._reactor.removeWriter(self)
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
        began = self._reactor.seconds()
        until = began + max(TURN, began - self._broken_off - PATIENCE)
        while self._read_some():
            self._broken_off = self._reactor.seconds()
            if self._broken_off >= until:
                return
        self._broken_off = inf
        if self._epoll is not None:
            self._reactor.removeReader(self)
            self._rest = self._reactor.callLater(SLOT, self._wake)

    def doWrite(self) -> None:
        """Never happens."""

    def connectionLost(self, reason: Failure) -> None:
        """The reactor is shutting down; transports hear of it by themselves."""

    def _wake(self) -> None:
        self._rest = None
        self._reactor.addReader(self)

    def _read_some(self) -> bool:
        """Reads a few, whoever has waited longest; returns whether there may be more."""
        ready = self._epoll.poll(0, BATCH)
        for number, _ in ready:
            transport = self._reading.get(number)
            if transport is not None:  # else it went in another's turn
                self._read(transport)
        return self._epoll is not None and len(ready) == BATCH

    def _read(self, transport: Reader) -> None:
        try:
            why: Any = transport.doRead()
        except BaseException as error:
            self._log.failure("A protocol failed")
            why = error
        if why is not None:
            self._lose(transport, why)

    def _lose(self, transport: Reader, why: BaseException) -> None:
        self.removeReader(transport)
        if isinstance(why, ConnectionDone) and IHalfCloseableDescriptor.providedBy(transport):
            transport.readConnectionLost(Failure(why))
        else:
            self._reactor.removeWriter(transport)
            transport.connectionLost(Failure(why))


def in_slots(reactor: Any) -> Any:
    """What to open ports with in the reactor's place, so that they and their connections are read this way;
    the reactor itself where that can't be.
    """
    return Intake(reactor) if hasattr(select, "epoll") and isinstance(reactor, PosixReactorBase) else reactor
