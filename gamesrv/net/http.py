"""The web site: the pages of the browser client, and the WebSocket beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.web.http import HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.static import File

from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock

__all__ = ["WebSite", "web_root"]

HEADERS = {
    b"content-security-policy": (
        b"default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
        b"object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-cache",
}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


def web_root() -> Path:
    """Where the pages are: within the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "web"
    return installed if installed.is_dir() else package.parent / "web"


class Pages(File):
    """Static files, with the headers that keep a page to itself; folders are not listed."""

    contentTypes = {**File.contentTypes, **TYPES}

    def render_GET(self, request: Request) -> object:
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        return super().render_GET(request)

    def directoryListing(self) -> Resource:
        return self.childNotFound


class _Channel(HTTPChannel):
    """One HTTP connection; the limits of a request's head are twisted.web's own, with our numbers."""

    site: WebSite

    def connectionMade(self) -> None:
        limits = self.site.gate.limits
        self.totalHeadersSize = self.MAX_LENGTH = limits.head_size
        self.maxHeaders = limits.head_fields
        super().connectionMade()


class WebSite(Site):
    """What a browser finds at the web address: pages at ``/``, the WebSocket at ``/ws``."""

    noisy = False
    protocol = _Channel  # type: ignore[assignment]

    def __init__(self, gate: Gate, socket: Any, clock: Clock, root: Path | None = None) -> None:
        pages = Pages(str(root or web_root()))
        pages.indexNames = ["index.html"]
        pages.putChild(b"ws", socket)
        super().__init__(pages, timeout=gate.limits.ping_interval, reactor=clock)
        self.gate = gate
        self.displayTracebacks = False

    def log(self, request: object) -> None:
        """No access log: a busy site would fill the disk with page loads."""
