"""Where the server is, and what is spoken there."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, frozen

from gamesrv.cli.load.wires import PacketWire, WebWire, Wire
from gamesrv.cli.problem import Problem
from gamesrv.wire.legacy import LegacyClient
from gamesrv.wire.noise import NoiseClient
from gamesrv.wire.packets import SERVER_FRAMING, PacketFormat

__all__ = ["Place", "read_address"]

PORTS = {"ws": 80, "wss": 443}
LITTLE_ENDIAN = PacketFormat(evolve(SERVER_FRAMING, byteorder="little"))
PACKET_WIRES: dict[str, Callable[[], Wire]] = {
    "packets": PacketWire,
    # Whose key it is matters to those who have secrets.
    "noise": lambda: PacketWire(cipher=NoiseClient(lambda key: True)),
    "legacy": lambda: PacketWire(LITTLE_ENDIAN, LegacyClient()),
}


@frozen
class Place:
    """A server's address."""

    text: str
    host: str
    port: int
    secure: bool
    """Whether there is TLS."""
    make_wire: Callable[[], Wire]

    def resolve(self) -> tuple[int, Any]:
        """The family, and the address as sockets have it. Raises `Problem`."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Problem(f"{self.text}: {error.strerror}") from None
        except UnicodeError:
            raise Problem(f"{self.text}: {self.host} is no name of a host") from None
        return int(found[0][0]), found[0][4]


def read_address(text: str) -> Place:
    """What somebody typed. Raises `ValueError`."""
    try:
        url = urlsplit(text if "://" in text else f"packets://{text}")
        port = url.port or PORTS.get(url.scheme)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    if not url.hostname or port is None:
        raise ValueError(f"HOST:PORT wanted, got {text!r}")
    host = url.hostname
    if url.scheme in PORTS:
        path = url.path or "/ws"
        return Place(text, host, port, url.scheme == "wss", lambda: WebWire(f"{host}:{port}", path))
    if url.scheme not in PACKET_WIRES:
        kinds = ", ".join([*PORTS, *PACKET_WIRES])
        raise ValueError(f"{url.scheme}:// is none of {kinds}")
    return Place(text, host, port, False, PACKET_WIRES[url.scheme])
