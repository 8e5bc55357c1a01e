"""The web site: its pages, its limits, and the way from a request to a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define
from twisted.internet import _producer_helpers
from twisted.internet.interfaces import IProtocolNegotiationFactory
from twisted.internet.protocol import Protocol
from twisted.internet.task import Cooperator

from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType
from gamesrv.games.bigtwo import rules
from gamesrv.net.full_websocket import web_socket_resource
from gamesrv.net.http import Rules, WebSite, web_port, web_root
from gamesrv.net.websocket import WebSocketFactory
from gamesrv.wire.close import CloseCode
from tests.browsing import Browser
from tests.games import Cards, Field
from tests.raw import TEXT, RawPerson, frame, head
from tests.world import Person, World, _Ear


@define
class Judged(Cards):
    """A game whose pages can judge a move themselves."""

    name = "judged"
    browser_modules = (rules.__name__,)


@pytest.fixture
def world() -> Iterator[World]:
    """The server in memory, with one game more."""
    made = World(games=(Field, Cards, Judged))
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def no_other_clock(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """twisted.web sends files in pieces, by the global reactor's clock: here it has ours."""
    ours = Cooperator(scheduler=lambda call: world.clock.callLater(0, call))
    monkeypatch.setattr(_producer_helpers, "cooperate", ours.cooperate)


RULES = "/rules/judged/rules.py"
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A few pages, and a secret beside them."""
    pages = tmp_path / "web"
    (pages / "games").mkdir(parents=True)
    (pages / "index.html").write_text("<h1>grün</h1>", encoding="utf-8")
    (pages / "gamesrv.js").write_text("export {};")
    (pages / "style.css").write_text("body {}")
    (pages / "python.mjs").write_text("export {};")
    (pages / "python.wasm").write_bytes(b"\0asm")
    (pages / "games" / "arena.html").write_text("arena")
    (tmp_path / "secret.txt").write_text("secret")
    return pages


@pytest.fixture
def browser(world: World, root: Path) -> Browser:
    """A connection to the site."""
    return Browser(world, root)


# ---------------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/", "text/html; charset=utf-8", "<h1>grün</h1>".encode()),
        ("/index.html", "text/html; charset=utf-8", "<h1>grün</h1>".encode()),
        ("/?from=mail", "text/html; charset=utf-8", "<h1>grün</h1>".encode()),
        ("/gamesrv.js", "text/javascript; charset=utf-8", b"export {};"),
        ("/style.css", "text/css; charset=utf-8", b"body {}"),
        ("/games/arena.html", "text/html; charset=utf-8", b"arena"),
        ("/python.mjs", "text/javascript; charset=utf-8", b"export {};"),
        ("/python.wasm", "application/wasm", b"\0asm"),
        (RULES, "text/x-python; charset=utf-8", Path(rules.__file__).read_bytes()),
    ],
)
def test_pages_come_with_their_headers(browser: Browser, path: str, kind: str, text: bytes) -> None:
    status, fields, body = browser.ask(path)
    assert (status, fields["content-type"], body) == (200, kind, text)
    assert fields["content-security-policy"].startswith(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' "
    )
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["referrer-policy"] == "no-referrer"
    assert fields["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", RULES])
def test_head_is_get_without_the_body(browser: Browser, path: str) -> None:
    get, head_ = browser.ask(path), browser.ask(path, "HEAD")
    assert head_[0] == 200 and head_[2] == b""
    assert head_[1].keys() == get[1].keys()


@pytest.mark.parametrize("path", ["/", RULES])
def test_what_has_not_changed_is_not_sent_again(browser: Browser, path: str) -> None:
    fields = browser.ask(path)[1]
    status, again, body = browser.ask(path, "GET", f"If-Modified-Since: {fields['last-modified']}")
    assert (status, body) == (304, b"")
    assert again["content-security-policy"] == fields["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/games/",
        "/games/none.html",
        "/index.html/more",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/games/../../secret.txt",
        "/games/%2e%2e/%2e%2e/secret.txt",
        "//secret.txt",
        "/%00",
        "/index.html%00.js",
        "/" + "x" * 300,
        "/rules",
        "/rules/",
        "/rules/judged",
        "/rules/judged/",
        "/rules/judged/rules",
        "/rules/judged/__init__.py",
        "/rules/judged/rules.py/",
        "/rules/judged/rules.py/more",
        "/rules/judged/x/../rules.py",
        "/rules/judged/../../secret.txt",
        "/rules/judged/rules.py%00",
        "/rules/cards/rules.py",
        "/rules/none/rules.py",
    ],
)
def test_what_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    status, _, body = browser.ask(path)
    assert status == 404
    assert b"secret" not in body.replace(path.encode(), b"") and b"arena" not in body
    assert browser.ask("/")[0] == 200


def test_a_folder_is_not_listed(browser: Browser) -> None:
    status, _, body = browser.ask("/games")
    assert status in (302, 307, 404) and b"arena.html" not in body


@pytest.mark.parametrize("path", ["/", RULES])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "NONSENSE"])
def test_pages_are_only_read(browser: Browser, method: str, path: str) -> None:
    assert browser.ask(path, method)[0] in (405, 501)


@pytest.mark.parametrize("module", ["gamesrv.nowhere", "sys", "time"])
def test_a_module_without_a_source_can_be_no_pages(module: str) -> None:
    @define
    class Lost(Cards):
        """Wants what is not there."""

        browser_modules = (module,)

    with pytest.raises(GameError, match=f"cards: .* {module} "):
        Rules([GameType.of(Lost)])


def test_the_shipped_pages_are_served(world: World) -> None:
    assert (web_root() / "index.html").is_file()
    status, fields, body = Browser(world, web_root()).ask("/")
    assert status == 200 and b"<html" in body.lower()


# ---------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: %s\r\n" % (b"x" * 900) * 10,
        b"GET / HTTP/1.1\r\nX: x\r\n" + b" more\r\n" * 2000,
        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: x\r\n" % number for number in range(102)),
        b"x" * 100_000,
        b"GET / HTTP/1.1\r\nContent-Length: 1000000000000\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00b\r\n",
        b"nonsense\r\n",
    ],
)
def test_a_head_that_is_too_much_ends_it(world: World, browser: Browser, request_head: bytes) -> None:
    browser.raw(request_head + b"\r\n" + b"body" * 100)
    browser.raw(b"x" * 100_000)
    assert browser.lost
    assert browser.wire[9:12] in (b"", b"400", b"413", b"431")
    assert not world.service.gate.peers


def test_a_hundred_fields_are_fine(browser: Browser) -> None:
    assert browser.ask("/", "GET", *(f"X{number}: x" for number in range(99)))[0] == 200


def test_an_empty_body_is_fine(browser: Browser) -> None:
    assert browser.ask("/", "GET", "Content-Length: 0")[0] == 200


def test_a_head_that_never_ends_is_cut(world: World, browser: Browser) -> None:
    for byte in b"GET / ":
        assert not browser.lost
        world.run(0.99)
        browser.raw(bytes((byte,)))
    assert browser.lost


def test_a_connection_is_kept_for_more_and_not_for_ever(world: World, browser: Browser) -> None:
    for _ in range(3):
        assert browser.ask("/")[0] == 200
        world.run(4)
    assert not browser.lost
    world.run(1.2)
    assert browser.lost


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_one_that_does_not_read_is_cut(world: World, root: Path, browser: Browser, size: int) -> None:
    (root / "big").write_bytes(b"x" * size)
    browser.deaf()
    browser.raw(GET.replace(b"/", b"/big", 1))
    world.run(5 if size > 100 else 4.9)
    assert not browser.lost
    assert browser.link.other.unread < 250_000
    world.run(5.1 if size > 100 else 1.2)
    assert browser.lost


def test_one_that_reads_late_gets_it_all(world: World, root: Path, browser: Browser) -> None:
    (root / "big").write_bytes(b"x" * 1_000_000)
    browser.deaf()
    browser.raw(GET.replace(b"/", b"/big", 1))
    world.run(9.9)
    browser.listen()
    assert browser.wire.endswith(b"x" * 1_000_000)
    for _ in range(3):
        world.run(4)
        assert browser.ask("/")[0] == 200


# ---------------------------------------------------------------------- to the WebSocket


class WebPerson(RawPerson):
    """Comes to the WebSocket by way of the site, as a browser does."""

    def __init__(self, world: World, root: Path, opening: bytes) -> None:
        Person.__init__(self, world)
        self._rest, self.status, self.frames = b"", 0, []
        socket = web_socket_resource(WebSocketFactory(world.service.gate, world.clock))
        channel = WebSite(world.service.gate, socket, world.clock, root).buildProtocol(None)
        assert channel is not None
        self.link_to(channel, _Ear(self), None)
        self.raw(opening)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_request_becomes_a_websocket(world: World, root: Path, at_once: bool) -> None:
    opening = head("Origin: http://localhost", "Sec-WebSocket-Protocol: gamesrv.v1.json")
    person = WebPerson(world, root, opening if at_once else b"")
    if not at_once:
        for byte in opening:
            person.raw(bytes((byte,)))
    assert person.status == 101
    person.say(op="hello", name="ann")
    person.token = person.take("welcome")["token"]
    person.say(op="join", game="field")
    assert person.take("joined")["seat"] == 0
    person.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    world.run(1)
    assert len(person.all("update")) >= 19
    person.raw(frame(9, b"?"))
    assert person.frames[-1] == (10, b"?")
    world.run(7)
    person.ping()
    person.raw(frame(TEXT, b"x" * 20_000))
    assert (person.close_code, person.close_frame) == (CloseCode.TOO_BIG, CloseCode.TOO_BIG)
    world.run(1.1)
    assert person.lost and world.rooms[0].seating.seats[0].away


@pytest.mark.parametrize(
    ("opening", "status"),
    [
        (head("Origin: http://evil.example"), 403),
        (head("Sec-WebSocket-Protocol: chat"), 400),
        (head().replace(b"/ws", b"/wss"), 404),
        (GET.replace(b"/", b"/ws", 1), 426),
        (head(*(f"X{number}: x" for number in range(101))), 400),
        (head("X: " + "x" * 900, *["X: " + "x" * 900] * 9), 400),
    ],
)
def test_what_does_not_become_one(world: World, root: Path, opening: bytes, status: int) -> None:
    person = WebPerson(world, root, opening)
    assert person.wire[9:12].decode() == str(status)
    assert not world.service.gate.peers
    world.run(7)
    assert person.lost


def test_a_websocket_needs_no_pages(world: World, tmp_path: Path) -> None:
    person = WebPerson(world, tmp_path / "nowhere", head())
    person.say(op="hello", name="ann")
    assert person.take("welcome")
    assert json.loads(person.frames[-1][1])["op"] == "welcome"


# ---------------------------------------------------------------------- one port for all


class Visitor(Person):
    """Says what it is told to."""

    def __init__(self, world: World, protocol: Protocol) -> None:
        super().__init__(world)
        self.link_to(protocol, _Ear(self), None)

    def hear(self, data: bytes) -> None:
        pass


@pytest.fixture
def port(world: World) -> Callable[..., Visitor]:
    """Connects to all that browsers come for, and says something."""

    def connect(*pieces: bytes) -> Visitor:
        visitor = Visitor(world, web_port(world.service.gate, world.clock, frozenset()).buildProtocol(None))
        for piece in pieces:
            visitor.raw(piece)
        return visitor

    return connect


@pytest.mark.parametrize("cut", [0, 1, 7, 20])
def test_pages_and_sockets_share_a_port(port: Callable[..., Visitor], cut: int) -> None:
    page = b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert port(page[:cut], page[cut:]).wire.startswith(b"HTTP/1.1 200")
    assert port(head()[:cut], head()[cut:]).wire.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        (b"GET /wsx HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        (head().replace(b"/ws", b"/wsx"), 404),
        (head("Origin: http://evil.example"), 403),
        (head("Sec-WebSocket-Protocol: chat"), 400),
        (b"POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_is_no_upgrade_is_the_sites_to_answer(
    port: Callable[..., Visitor], asked: bytes, status: int
) -> None:
    assert port(asked).wire.startswith(b"HTTP/1.1 %d" % status)


def test_a_page_and_then_a_socket_over_one_connection(port: Callable[..., Visitor]) -> None:
    visitor = port(b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n")
    visitor.wire = b""
    visitor.raw(head())
    assert visitor.wire.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("begun", [b"", b"GET /", b"GET /ws HTTP/1.1\r\nHost", b"GET / HTTP/1.1\r\n"])
def test_a_request_must_be_finished_in_time(world: World, port: Callable[..., Visitor], begun: bytes) -> None:
    visitor = port(begun)
    world.run(10.5)
    assert visitor.lost


@pytest.mark.parametrize("path", [b"/ws", b"/"])
def test_a_head_has_an_end(port: Callable[..., Visitor], path: bytes) -> None:
    visitor = port(
        b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n", *[b"X-%d: %s\r\n" % (n, b"x" * 900) for n in range(40)]
    )
    assert visitor.wire.startswith(b"HTTP/1.1 4") and visitor.lost


def test_over_tls_browsers_are_told_to_speak_http_1(world: World) -> None:
    """They offer HTTP/2 as well; where nothing is chosen, the handshake fails."""
    factory = web_port(world.service.gate, world.clock, frozenset())
    assert IProtocolNegotiationFactory(factory).acceptableProtocols() == [b"http/1.1"]
