"""A WebSocket client with no manners: it sends the bytes it is told to, and keeps what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gamesrv.net.websocket import WebSocketFactory
from tests.world import Person, WebSocketPerson, World, _Ear

__all__ = ["RawPerson", "frame", "head", "on_wire"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"


def frame(opcode: int, payload: bytes = b"", fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """One client frame (RFC 6455 section 5.2), right or wrong."""
    first, bit, size = (fin << 7) | (rsv << 4) | opcode, masked << 7, len(payload)
    if size < 126:
        begin = bytes((first, bit | size))
    elif size < 1 << 16:
        begin = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        begin = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    if not masked:
        return begin + payload
    key = (MASK * (size // 4 + 1))[:size]
    return begin + MASK + bytes(a ^ b for a, b in zip(payload, key, strict=True))


def head(*fields: str, host: str = "localhost") -> bytes:
    """An opening handshake, with more fields if wanted."""
    lines = (
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *fields,
    )
    return "\r\n".join((*lines, "", "")).encode()


def on_wire(person: Person, **message: Any) -> bytes:
    """What a message is in bytes, so that many may be sent at once."""
    packed = person.pack(message)
    return frame(BINARY if person.binary else TEXT, packed) if isinstance(person, WebSocketPerson) else packed


class RawPerson(Person):
    """Somebody who makes WebSocket frames by hand. Speaks JSON; answers no ping and no close frame."""

    def __init__(self, world: World, opening: bytes = head(), origins: frozenset[str] = frozenset()) -> None:
        super().__init__(world)
        self._rest = b""
        self.status = 0
        """What the handshake was answered with."""
        self.frames: list[tuple[int, bytes]] = []
        """Opcodes and payloads of all frames."""
        self.protocol: Any = WebSocketFactory(world.service.gate, world.clock, origins).buildProtocol(None)
        self.link_to(self.protocol, _Ear(self), None)
        self.raw(opening)

    @classmethod
    def seated(cls, world: World, name: str, game: str = "field") -> RawPerson:
        """One who has said hello and joined a game."""
        person = cls(world)
        person.say(op="hello", name=name)
        person.token = person.take("welcome")["token"]
        person.say(op="join", game=game)
        person.joined(person.take("joined"))
        return person

    def pack(self, message: dict[str, Any]) -> bytes:
        return frame(TEXT, json.dumps(message).encode())

    @property
    def close_frame(self) -> int | None:
        """The code of the close frame, if one came."""
        codes = [int.from_bytes(payload[:2], "big") for opcode, payload in self.frames if opcode == CLOSE]
        return codes[0] if codes else None

    def hear(self, data: bytes) -> None:
        self._rest += data
        if not self.status and b"\r\n\r\n" in self._rest:
            answer, _, self._rest = self._rest.partition(b"\r\n\r\n")
            self.status = int(answer.split()[1])
        if self.status == 101:
            for opcode, payload in self._split():
                self.frames.append((opcode, payload))
                if opcode == TEXT:
                    self.heard.append(json.loads(payload))

    def _split(self) -> Iterator[tuple[int, bytes]]:
        while len(self._rest) >= 2:
            size, start = self._rest[1], 2
            if size > 125:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._rest[2:start], "big")
            if len(self._rest) < start + size:
                return
            yield self._rest[0] & 0x0F, self._rest[start : start + size]
            self._rest = self._rest[start + size :]
