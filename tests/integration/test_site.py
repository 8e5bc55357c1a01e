"""The web site over a real socket: the page, its headers, and the WebSocket beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from tests.integration.real import PATIENCE, House, patient

OpenHouse = Callable[..., House]

WEB = Path(__file__).parent.parent.parent / "web"


class _Reader(Protocol):
    """Keeps what comes until the connection is closed."""

    def __init__(self) -> None:
        self.data = b""
        self.done: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.done.callback(self.data)


async def get(house: House, path: str, *fields: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a page."""
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", house.ports["web"], timeout=PATIENCE)
    reader = await connectProtocol(endpoint, _Reader())
    head = (f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *fields)
    reader.transport.write("\r\n".join((*head, "", "")).encode())
    answer = await patient(reader.done)
    top, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


@pytest_twisted.ensureDeferred
async def test_the_page_is_served_and_kept_to_itself(open_house: OpenHouse) -> None:
    status, headers, body = await get(open_house(), "/")
    assert status == 200
    assert body == (WEB / "index.html").read_bytes()
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "connect-src": "'self' ws: wss:",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    assert headers["x-content-type-options"] == "nosniff"


@pytest_twisted.ensureDeferred
async def test_modules_are_served_as_scripts(open_house: OpenHouse) -> None:
    status, headers, body = await get(open_house(), "/gamesrv.js")
    assert status == 200
    assert headers["content-type"].startswith("text/javascript")
    assert body == (WEB / "gamesrv.js").read_bytes()


@pytest.mark.parametrize(
    "path", ["/nothing", "/../setup.py", "/%2e%2e/setup.py", "/..%2fsetup.py", "/gamesrv.js/x"]
)
@pytest_twisted.ensureDeferred
async def test_nothing_else_is_served(open_house: OpenHouse, path: str) -> None:
    status, _, body = await get(open_house(), path)
    assert status == 404
    assert b"setuptools" not in body and b"Traceback" not in body


@pytest_twisted.ensureDeferred
async def test_the_websocket_is_no_page(open_house: OpenHouse) -> None:
    house = open_house()
    status, _, _ = await get(house, "/ws")
    assert 400 <= status < 500
    assert house.game.gate.peers == {}


@pytest_twisted.ensureDeferred
async def test_a_page_from_elsewhere_may_not_connect(open_house: OpenHouse) -> None:
    house = open_house()
    fields = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Origin: https://evil.example",
    )
    status, _, _ = await get(house, "/ws", *fields)
    assert status == 403
    assert house.game.gate.peers == {}
