"""Ways to a server: what a `Client` goes through, again and again if need be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from attrs import define, evolve, frozen
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory

from gamesrv.client.wires import Ear, PacketWire
from gamesrv.net.keys import KnownServers
from gamesrv.wire.cipher import StreamCipher
from gamesrv.wire.legacy import LegacyClient
from gamesrv.wire.noise import NoiseClient
from gamesrv.wire.packets import PACKETS, SERVER_FRAMING, PacketFormat

__all__ = [
    "Door",
    "Trust",
    "known_servers",
    "legacy",
    "noise",
    "packets",
    "packets_through",
    "pinned",
    "websocket",
]

Trust: TypeAlias = Callable[[bytes], bool]
"""Says whether a server's lasting key is the right one."""

LITTLE_ENDIAN = PacketFormat(evolve(SERVER_FRAMING, byteorder="little"))


@frozen
class Door:
    """An endpoint, and what is spoken behind it."""

    endpoint: Any
    """Any `IStreamClientEndpoint`."""
    factory: Callable[[Ear], Any]
    """Makes the protocol of one connection."""

    def connect(self, ear: Ear) -> Deferred[Any]:
        """A connection whose wire speaks to ``ear``; fails where there is none to be had."""
        connected: Deferred[Any] = self.endpoint.connect(self.factory(ear))
        return connected


@define(eq=False)
class _Packets(Factory):
    noisy = False
    ear: Ear
    format: PacketFormat
    make_cipher: Callable[[], StreamCipher] | None

    def buildProtocol(self, addr: object) -> PacketWire:
        return PacketWire(self.ear, self.format, self.make_cipher)


def packets_through(
    endpoint: Any,
    fmt: PacketFormat = PACKETS,
    make_cipher: Callable[[], StreamCipher] | None = None,
) -> Door:
    """Packets over any byte stream, of any form, within any cipher."""
    return Door(endpoint, lambda ear: _Packets(ear, fmt, make_cipher))


def _endpoint(reactor: Any, host: str, port: int) -> Any:
    return HostnameEndpoint(reactor, host, port)


def packets(reactor: Any, host: str, port: int) -> Door:
    """Packets over TCP, for everybody on the way to read."""
    return packets_through(_endpoint(reactor, host, port))


def noise(reactor: Any, host: str, port: int, trust: Trust) -> Door:
    """Packets within a Noise stream; ``trust`` is `pinned` or `known_servers`."""
    return packets_through(_endpoint(reactor, host, port), make_cipher=lambda: NoiseClient(trust))


def legacy(reactor: Any, host: str, port: int) -> Door:
    """Packets as old MMO clients have them. Their cipher gives NO security."""
    return packets_through(_endpoint(reactor, host, port), LITTLE_ENDIAN, LegacyClient)


def websocket(reactor: Any, url: str) -> Door:
    """A WebSocket to ``ws://host:port/ws``, or to a ``wss://`` one: that needs the extra ``tls``."""
    from gamesrv.client.web_wire import web_socket_factory  # autobahn is slow to import

    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "wss"
    endpoint = _endpoint(reactor, host, parts.port or (443 if secure else 80))
    if secure:
        from twisted.internet.ssl import optionsForClientTLS  # needs pyOpenSSL, which is an extra

        endpoint = wrapClientTLS(optionsForClientTLS(host), endpoint)
    return Door(endpoint, lambda ear: web_socket_factory(url, reactor, ear))


def pinned(key: bytes) -> Trust:
    """Trusts the one server that has this lasting key, 32 bytes; its operator knows it."""
    return lambda shown: shown == key


def known_servers(path: Path, address: str) -> Trust:
    """Trusts the server that was met first at ``address`` (no spaces); the file remembers it."""
    servers = KnownServers(path)
    return lambda shown: servers.trusts(address, shown)
