"""The web site: the pages of the browser client, and the WebSocket beside them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from inspect import getsourcefile
from pathlib import Path
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.static import File

from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType
from gamesrv.net.answers import HEADERS
from gamesrv.net.api import Api
from gamesrv.net.full_websocket import web_socket_resource
from gamesrv.net.websocket import WebSocketFactory
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock, DelayedCall

__all__ = ["WebSite", "web_port", "web_root"]

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".css": "text/css; charset=utf-8",
    ".py": "text/x-python; charset=utf-8",
}


def web_root() -> Path:
    """Where the pages are: within the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "web"
    return installed if installed.is_dir() else package.parent / "web"


def web_port(gate: Gate, clock: Clock, origins: frozenset[str], root: Path | None = None) -> WebSocketFactory:
    """All that browsers come for, on one port: the WebSocket, for that is most of it, and else the site."""
    site = WebSite(gate, web_socket_resource(WebSocketFactory(gate, clock, origins)), clock, root)
    return WebSocketFactory(gate, clock, origins, otherwise=site)


class Pages(File):
    """Static files, with the headers that keep a page to itself; folders are not listed."""

    contentTypes = {**File.contentTypes, **TYPES}

    def render_GET(self, request: Request) -> object:
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        return super().render_GET(request)

    render_HEAD = render_GET

    def getChild(self, path: bytes, request: Request) -> Resource:
        """No file has a NUL in its name; the file system's complaint would be logged as our fault."""
        child: Resource = self.childNotFound if b"\0" in path else super().getChild(path, request)
        return child

    def directoryListing(self) -> Resource:
        return self.childNotFound


class Rules(Resource):
    """The source of the modules that games let pages load (`Game.browser_modules`), and of no other.

    ``<game>/<last part of the name>.py`` is the file that the server's own module was read from. Raises
    `GameError` where there is none.
    """

    isLeaf = True

    def __init__(self, games: Iterable[GameType]) -> None:
        super().__init__()
        self._files = {
            f"{game.name}/{module.rpartition('.')[2]}.py".encode(): Pages(_source_of(module, game))
            for game in games
            for module in game.rules.browser_modules
        }

    def render(self, request: Request) -> object:
        path = b"/".join(request.postpath or [])
        return self._files.get(path, Pages.childNotFound).render(request)


def _source_of(module: str, game: GameType) -> str:
    try:
        file = getsourcefile(import_module(module))
    except (ImportError, TypeError):
        file = None
    if file is None:
        raise GameError(f"{game.name}: there is no source of {module} for pages to load")
    return file


class _Channel(HTTPChannel):
    """One HTTP connection: the checks of a request's head are twisted.web's own, with our numbers."""

    site: WebSite
    _stalled: DelayedCall | None = None

    def connectionMade(self) -> None:
        limits = self.site.gate.limits
        self.totalHeadersSize = self.MAX_LENGTH = limits.head_size
        self.maxHeaders = limits.head_fields
        self.abortTimeout = limits.close_timeout  # type: ignore[assignment]
        super().connectionMade()

    def resetTimeout(self) -> None:
        """A trickle of bytes buys no time: the next request is whole by then, or never."""

    def headerReceived(self, line: bytes) -> bool:
        """Nothing here takes a body, which twisted.web would keep on disk however long it is."""
        good: bool = super().headerReceived(line)
        if good and self.length != 0:
            self._respondToBadRequestAndDisconnect()
            return False
        return good

    def pauseProducing(self) -> None:
        """The peer does not read, while an answer is too long for the transport's buffer."""
        self._read_on()
        self._stalled = self.callLater(self.site.gate.limits.slow_timeout, self.forceAbortClient)
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """The peer reads on."""
        self._read_on()
        super().resumeProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._read_on()
        super().connectionLost(reason)

    def _read_on(self) -> None:
        if self._stalled is not None and self._stalled.active():
            self._stalled.cancel()


class WebSite(Site):
    """What a browser finds: pages at ``/``, the WebSocket at ``/ws``, games' modules in ``/rules``, and in
    ``/api`` what programs may ask.

    Raises `GameError` where a game names a module for pages that has no source.
    """

    noisy = False
    protocol = _Channel  # type: ignore[assignment]

    def __init__(self, gate: Gate, socket: Any, clock: Clock, root: Path | None = None) -> None:
        pages = Pages(str(root or web_root()))
        pages.indexNames = ["index.html"]
        pages.putChild(b"ws", socket)
        rules: Any = Rules(gate.lobby.games.values())
        pages.putChild(b"rules", rules)
        api: Any = Api(gate, clock)
        pages.putChild(b"api", api)
        super().__init__(pages, timeout=gate.limits.handshake_timeout, reactor=clock)
        self.gate = gate
        self.displayTracebacks = False

    def log(self, request: object) -> None:
        """No access log: a busy site would fill the disk with page loads."""
