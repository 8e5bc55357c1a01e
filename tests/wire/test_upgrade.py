"""Upgrades that are as they should be are read; of any other nothing is made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.wire.upgrade import Upgrade, accept, read_upgrade, request

BROWSER = (
    b"GET /ws?x=1 HTTP/1.1\r\nHost: play.example:8080\r\nConnection: keep-alive, Upgrade\r\n"
    b"Pragma: no-cache\r\nUpgrade: WebSocket\r\nOrigin: https://play.example\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    b"Sec-WebSocket-Protocol: gamesrv.v1.msgpack, gamesrv.v1.json\r\n\r\n"
)


def asked(head: bytes) -> tuple[Upgrade, bytes]:
    read = read_upgrade(head)
    assert read is not None
    return read


def test_a_browsers_upgrade() -> None:
    upgrade, key = asked(BROWSER)
    assert key == b"dGhlIHNhbXBsZSBub25jZQ=="
    assert (upgrade.path, upgrade.host, upgrade.origin) == (
        "/ws",
        "play.example:8080",
        "https://play.example",
    )
    assert upgrade.protocols == ("gamesrv.v1.msgpack", "gamesrv.v1.json")


def test_the_answer_is_that_of_the_rfc() -> None:
    """RFC 6455 section 1.3 has the key and its proof."""
    _, key = asked(BROWSER)
    lines = accept(key, "gamesrv.v1.json").decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 101 Switching Protocols"
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    assert "Sec-WebSocket-Protocol: gamesrv.v1.json" in lines
    assert lines[-2:] == ["", ""]
    assert b"Protocol:" not in accept(key, None)


def test_our_own_request_is_plain() -> None:
    upgrade, _ = asked(request("gamesrv.v1.json"))
    assert upgrade.protocols == ("gamesrv.v1.json",)


def test_the_case_of_names_does_not_matter() -> None:
    assert asked(BROWSER.replace(b"Sec-WebSocket-Key", b"sec-websocket-key")) == asked(BROWSER)


def test_each_has_a_key_of_its_own() -> None:
    other = b"AAAAAAAAAAAAAAAAAAAAAA=="
    first, second = asked(BROWSER), asked(BROWSER.replace(b"dGhlIHNhbXBsZSBub25jZQ==", other))
    assert first[0] == second[0] and first[1] != second[1] == other


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"GET", b"POST"),
        (b"GET ", b"GET  "),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"HTTP/1.1", b"HTTP/1.1 "),
        (b"Upgrade: WebSocket", b"Upgrade: h2c"),
        (b"keep-alive, Upgrade", b"keep-alive"),
        (b"Version: 13", b"Version: 8"),
        (b"Host: play.example:8080\r\n", b""),
        (b"Host: play.example:8080", b"Host:"),
        (b"Host: ", b"Host : "),
        (b"Pragma: no-cache", b" folded: line"),
        (b"Pragma: no-cache", b"no colon"),
        (b"Pragma: no-cache", b": no name"),
        (b"Pragma: no-cache", b"Host: evil.example"),
        (b"Pragma: no-cache", b"Content-Length: 0"),
        (b"Pragma: no-cache", b"Transfer-Encoding: chunked"),
        (b"Pragma: no-cache", b"Pra\0gma: x"),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQ="),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQAA"),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQ==A"),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b""),
        (b"Sec-WebSocket-Key: ", b"X-Sec-WebSocket-Key: "),
        (b"Pragma: no-cache", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        (b"Pragma: no-cache", b"Sec-WebSocket-Key:"),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"!GhlIHNhbXBsZSBub25jZQ=="),
        (b"play.example:8080", b"pl\xe4y.example"),
        (b"https://play.example", b"https://pl\xe4y.example"),
        (b"gamesrv.v1.json", b"gamesrv.v1.js\xf6n"),
    ],
)
def test_of_anything_else_nothing_is_made(old: bytes, new: bytes) -> None:
    assert old in BROWSER
    assert read_upgrade(BROWSER.replace(old, new, 1)) is None


@given(st.binary(max_size=200))
def test_noise_is_no_upgrade_and_raises_nothing(noise: bytes) -> None:
    assert read_upgrade(noise + b"\r\n\r\n") is None
