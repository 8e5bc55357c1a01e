"""A browser by hand: requests out, bytes of answers in."""

from __future__ import annotations

from pathlib import Path

from gamesrv.net.full_websocket import web_socket_resource
from gamesrv.net.http import WebSite
from gamesrv.net.websocket import WebSocketFactory
from tests.world import Person, World, _Ear

__all__ = ["Browser"]


class Browser(Person):
    """Sends requests by hand, and keeps the bytes of the answers."""

    def __init__(self, world: World, root: Path | WebSite) -> None:
        super().__init__(world)
        socket = web_socket_resource(WebSocketFactory(world.service.gate, world.clock))
        self.site = (
            root if isinstance(root, WebSite) else WebSite(world.service.gate, socket, world.clock, root)
        )
        channel = self.site.buildProtocol(None)
        assert channel is not None
        self.link_to(channel, _Ear(self), None)

    def hear(self, data: bytes) -> None:
        pass

    def ask(self, path: str, method: str = "GET", *fields: str) -> tuple[int, dict[str, str], bytes]:
        """Status, head and body of the answer."""
        self.wire = b""
        lines = (f"{method} {path} HTTP/1.1", "Host: localhost", *fields, "", "")
        self.raw("\r\n".join(lines).encode("latin1"))
        first, _, body = self.wire.partition(b"\r\n\r\n")
        status, *rest = first.decode("latin1").lower().split("\r\n")
        return int(status.split()[1]), dict(line.split(": ", 1) for line in rest), body
