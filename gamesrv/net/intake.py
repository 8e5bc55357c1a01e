"""Ports and their connections, read in slots.

A reactor spends more on finding out that a socket is readable than we do on reading it. So our sockets are
watched by an epoll object of our own, which is one single reader of the reactor: when anything has come in,
all of it is read in one go, and what comes later in one go again after `SLOT` seconds, until nothing came
for that long. A lone message is read at once; thousands share a turn. Where there is too much for a turn, as
when everybody comes back after a restart, we break off, so that the clock is not kept waiting.

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
        """Something has come in: from now on we look by ourselves, until nothing came for a slot."""
        self._reactor.removeReader(self)
        self._look()

    def doWrite(self) -> None:
        """Never happens."""

    def connectionLost(self, reason: Failure) -> None:
        """The reactor is shutting down; transports hear of it by themselves."""

    def _look(self) -> None:
        self._rest, epoll = None, self._epoll
        more_to_come = self._read(epoll)
        if self._epoll is not epoll:
            return  # the last one has gone, or another first one has come
        if more_to_come:
            self._rest = self._reactor.callLater(SLOT, self._look)
        else:
            self._reactor.addReader(self)

    def _read(self, epoll: Any) -> bool:
        """Reads what is there, for as long as a turn may take; returns whether to look again in a slot, and
        not whenever the reactor finds something: it will at once if there is more, or later if nothing came.
        """
        began = self._reactor.seconds()
        until = began + max(TURN, began - self._broken_off - PATIENCE)
        self._broken_off = inf
        count = self._read_some(epoll)
        if not count:
            return False
        while count == BATCH:
            now = self._reactor.seconds()
            if now >= until:
                self._broken_off = now
                return False
            count = self._read_some(epoll)
        return True

    def _read_some(self, epoll: Any) -> int:
        """Reads a few, whoever has waited longest; returns how many."""
        ready = epoll.poll(0, BATCH)
        for number, _ in ready:
            transport = self._reading.get(number)
            if transport is None:
                continue  # it went in another's turn
            try:
                why: Any = transport.doRead()
            except BaseException as error:
                self._log.failure("A protocol failed")
                why = error
            if why is not None:
                self._lose(transport, why)
        return len(ready) if self._epoll is epoll else 0

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
