"""The port for datagrams. What they mean is the business of `Channels`."""

from __future__ import annotations

import socket
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import MessageLengthError
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.udp import Port
from twisted.logger import Logger

from gamesrv.server.channel import Channels
from gamesrv.wire.datagram import MAX_DATAGRAM, Address

__all__ = ["UdpProtocol", "UdpService", "read_place"]

MOST_AT_ONCE = 64
ANYWHERE = ("", "0.0.0.0", "::")


class UdpProtocol(DatagramProtocol):
    """Takes datagrams in and sends them out; a send that fails is a datagram lost, no more."""

    noisy = False
    transport: Any
    _log = Logger()

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """A fault of ours must not close the port for everybody."""
        try:
            self._channels.receive(datagram, addr)
        except BaseException:
            self._log.failure("A datagram could not be handled")

    def post(self, datagram: bytes, address: Address) -> None:
        """Sends a datagram, if the network takes it now."""
        try:
            self.transport.write(datagram, address)
        except (OSError, MessageLengthError):
            self._channels.unsent += 1


class UdpPort(Port):
    """Reads so many datagrams in one turn of the reactor, then lets the others have theirs.

    Twisted's own counts bytes: a flood of empty datagrams would never end there.
    """

    def doRead(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                datagram, address = self.socket.recvfrom(self.maxPacketSize)
            except OSError:
                return  # there is nothing more, or only word that somebody could not be reached
            self.protocol.datagramReceived(datagram, address[:2])


class UdpService(Service):
    """The port, bound at start; raises `CannotListenError` there and then."""

    log = Logger()

    def __init__(self, place: Address, channels: Channels, reactor: Any) -> None:
        self._place = place
        self._channels = channels
        self._reactor = reactor
        self._port: UdpPort | None = None

    def privilegedStartService(self) -> None:
        host, wanted = self._place
        protocol = UdpProtocol(self._channels)
        self._port = UdpPort(wanted, protocol, host, MAX_DATAGRAM + 1, self._reactor)
        self._port.startListening()
        bound = self._port.getHost()
        self._channels.listen(protocol.post, "" if host in ANYWHERE else host, bound.port)
        told = f"Datagrams:         {bound.host} port {bound.port}"
        self._reactor.callWhenRunning(self.log.info, "{told}", told=told)

    def stopService(self) -> Deferred[None] | None:
        super().stopService()
        self._channels.deafen()
        port, self._port = self._port, None
        return None if port is None else port.stopListening()


def read_place(text: str) -> Address:
    """``PORT``, ``HOST:PORT`` or ``[HOST]:PORT``, the host an address; raises `ValueError`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise ValueError(f"takes a port or an address and a port, got {text!r}")
    try:
        socket.getaddrinfo(host or None, int(port), flags=socket.AI_NUMERICHOST | socket.AI_PASSIVE)
    except OSError:
        raise ValueError(f"takes a port or an address and a port, got {text!r}") from None
    return host, int(port)
