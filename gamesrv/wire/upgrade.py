"""The opening handshake of a WebSocket, as nearly everybody makes it (RFC 6455 section 4.2).

What is not quite like that is left to a complete implementation, which can tell what is wrong with it.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1

from attrs import frozen

__all__ = ["HEAD_ENDS", "Upgrade", "accept", "read_upgrade", "request"]

HEAD_ENDS = b"\r\n\r\n"
HEADS_KEPT = 256
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_IS = b"\r\nSec-WebSocket-Key: "
_KEY_SIZE = 24
_is_key = re.compile(rb"[A-Za-z0-9+/]{22}==").fullmatch
"""Sixteen bytes in base64."""
_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_BODY = frozenset((b"content-length", b"transfer-encoding", b"expect"))
_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
_AGREED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)


@frozen
class Upgrade:
    """What a client asks for."""

    path: str
    """Without what comes after a question mark."""
    host: str
    origin: str | None
    protocols: tuple[str, ...]
    """Offered, the dearest first."""


def read_upgrade(head: bytes) -> tuple[Upgrade, bytes] | None:
    """A request's head, up to and with the empty line: what is asked for, and the key that the answer must
    prove; `None` for anything but a plain upgrade.

    But for the key all clients of a kind say the same: so that is taken out, and the rest is known mostly.
    """
    at = head.find(_KEY_IS) + len(_KEY_IS)
    if at < len(_KEY_IS):  # some proxies make all names small
        at = head.lower().find(_KEY_IS.lower()) + len(_KEY_IS)
    key = head[at : at + _KEY_SIZE]
    if _is_key(key) is None:
        return None
    upgrade = _read_rest(head[:at] + head[at + _KEY_SIZE :])
    return None if upgrade is None else (upgrade, key)


def accept(key: bytes, protocol: str | None) -> bytes:
    """The head of the answer that agrees, to one of the subprotocols that were offered if there were any."""
    proof = b2a_base64(sha1(key + _GUID).digest(), newline=False)
    chosen = b"" if protocol is None else b"\r\nSec-WebSocket-Protocol: " + protocol.encode()
    return _AGREED + proof + chosen + HEAD_ENDS


def request(protocol: str) -> bytes:
    """A request's head that asks for that subprotocol, like any other."""
    lines = (
        b"GET / HTTP/1.1",
        b"Host: localhost",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + _KEY,
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Protocol: " + protocol.encode(),
    )
    return b"\r\n".join(lines) + HEAD_ENDS


@lru_cache(HEADS_KEPT)
def _read_rest(head: bytes) -> Upgrade | None:
    """Of a head in which the key is empty."""
    first, *lines, _, _ = head.split(b"\r\n")
    words, fields = first.split(b" "), _read_fields(lines)
    if len(words) != 3 or words[0] != b"GET" or words[2] != b"HTTP/1.1":
        return None
    if fields is None or not _is_plain(fields):
        return None
    try:
        path = words[1].partition(b"?")[0].decode("ascii")
        host, origin = fields[b"host"].decode("ascii"), fields.get(b"origin", b"").decode("ascii")
        offered = fields.get(b"sec-websocket-protocol", b"").decode("ascii")
    except UnicodeDecodeError:
        return None
    protocols = tuple(name.strip() for name in offered.split(",")) if offered else ()
    return Upgrade(path, host, origin or None, protocols)


def _read_fields(lines: Sequence[bytes]) -> dict[bytes, bytes] | None:
    """By name; `None` where one is not as it should be, or is there twice."""
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or not name or name in fields or name.translate(None, _TOKEN):
            return None
        fields[name] = value.strip(b" \t")
    return fields


def _is_plain(fields: dict[bytes, bytes]) -> bool:
    connection = fields.get(b"connection", b"").lower().split(b",")
    return (
        fields.get(b"upgrade", b"").lower() == b"websocket"
        and b"upgrade" in (option.strip() for option in connection)
        and fields.get(b"sec-websocket-version") == b"13"
        and bool(fields.get(b"host"))
        and fields.get(b"sec-websocket-key") == b""
        and _BODY.isdisjoint(fields)
    )
