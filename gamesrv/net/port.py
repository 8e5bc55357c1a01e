"""Ports that let people in at little cost, by doing for all what Twisted's own do for each."""

from __future__ import annotations

import socket
from typing import Any, cast

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol, IReactorFDSet
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.tcp import Connection, Port, Server

__all__ = ["AcceptedTransport", "WidePort"]

MOST_AT_ONCE = 100
"""Connections accepted before others get their turn."""
MOST_IN_ONE_READ = 8192
"""Bytes. What comes is mostly small, and room for much costs more than the rare second read."""


class AcceptedTransport(Server):
    """The server's end of a connection. What it is called in the log is made up only when somebody asks."""

    def __init__(
        self,
        sock: socket.socket,
        protocol: IProtocol,
        client: tuple[Any, ...],
        server: Port,
        sessionno: int,
        reactor: IReactorFDSet,
    ) -> None:
        Connection.__init__(self, sock, protocol, reactor)
        self.client = client
        self.server = server
        self.sessionno = sessionno
        self._addressType = server._addressType
        self.startReading()
        self.connected = 1

    def doRead(self) -> ConnectionDone | ConnectionLost | None:  # type: ignore[override]
        try:
            data = self.socket.recv(MOST_IN_ONE_READ)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not data:
            return CONNECTION_DONE
        self.protocol.dataReceived(data)  # type: ignore[call-arg, misc]
        return None

    @property
    def hostname(self) -> str:  # type: ignore[override]
        """Where the peer is."""
        return cast(str, self.client[0])

    def logPrefix(self) -> str:
        return f"{self._getLogPrefix(self.protocol)},{self.sessionno},{self.hostname}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} #{self.sessionno} of {self.server!r}>"


class WidePort(Port):
    """Accepts many at once. `TCP_NODELAY` is set here: where there is epoll, each connection inherits it."""

    transport = AcceptedTransport

    def startListening(self) -> None:
        super().startListening()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def doRead(self) -> None:
        """Twisted's guess how many there are to accept starts from how many there were before."""
        self.numberAccepts = MOST_AT_ONCE
        super().doRead()
