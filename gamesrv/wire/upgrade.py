"""The opening handshake of a WebSocket, as nearly everybody makes it (RFC 6455 section 4.2).

What is not quite like that is left to a complete implementation, which can tell what is wrong with it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha1

from attrs import frozen

__all__ = ["HEAD_ENDS", "Upgrade", "accept", "read_upgrade", "request"]

HEAD_ENDS = b"\r\n\r\n"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_BODY = (b"content-length", b"transfer-encoding", b"expect")
_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


@frozen
class Upgrade:
    """What a client asks for."""

    path: str
    """Without what comes after a question mark."""
    key: bytes
    host: str
    origin: str | None
    protocols: tuple[str, ...]
    """Offered, the dearest first."""


def read_upgrade(head: bytes) -> Upgrade | None:
    """A request's head, all up to the empty line; `None` for one that is anything but a plain upgrade."""
    first, *lines = head.removesuffix(HEAD_ENDS).split(b"\r\n")
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
    return Upgrade(path, fields[b"sec-websocket-key"], host, origin or None, protocols)


def accept(upgrade: Upgrade, protocol: str | None) -> bytes:
    """The head of the answer that agrees, to one of the subprotocols that were offered if there were any."""
    proof = b64encode(sha1(upgrade.key + _GUID).digest())
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + proof,
    ]
    if protocol is not None:
        lines.append(b"Sec-WebSocket-Protocol: " + protocol.encode())
    return b"\r\n".join(lines) + HEAD_ENDS


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


def _read_fields(lines: Sequence[bytes]) -> dict[bytes, bytes] | None:
    """By name; `None` where one is not as it should be, or is there twice."""
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or not name or name in fields or not _TOKEN.issuperset(name):
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
        and _is_key(fields.get(b"sec-websocket-key", b""))
        and not any(name in fields for name in _BODY)
    )


def _is_key(key: bytes) -> bool:
    try:
        return len(key) == 24 and len(b64decode(key, validate=True)) == 16
    except Error:
        return False
