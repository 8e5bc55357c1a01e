"""What is on the wire, taken apart no further than it takes to count it: no sockets in here.

A message that came is its number (that of its packet id) and its body in MessagePack, over every transport.
"""

from __future__ import annotations

from base64 import b64encode
from enum import IntEnum
from typing import Any, Protocol, TypeAlias, cast

from gamesrv.core.messages import ClientMessage
from gamesrv.wire.cipher import CipherDecoder, StreamCipher
from gamesrv.wire.codec import MSGPACK
from gamesrv.wire.frames import FrameDecoder, FrameError
from gamesrv.wire.packets import PACKETS, SERVER_IDS, PacketFormat

__all__ = ["Heard", "PacketWire", "WebWire", "Wire", "WireError"]

Heard: TypeAlias = tuple[int, bytes]
"""A message's number, and its body."""

NUMBERS = {cast(Any, kind).__struct_config__.tag.encode(): number for kind, number in SERVER_IDS.items()}
"""Of messages by their ``op``."""
FINAL = 0x80
SUBPROTOCOL = "gamesrv.v1.msgpack"
WHOLE = FINAL | 2
"""How a message in one piece begins."""
LONGEST_HEAD = 16 * 1024


class Opcode(IntEnum):
    """Kinds of frames."""

    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class WireError(Exception):
    """What came is nothing that this server should say."""


class Wire(Protocol):
    """One connection's way to say things."""

    @property
    def ready(self) -> bool:
        """Whether messages may be said."""
        ...

    def opening(self) -> bytes:
        """What to send first."""
        ...

    def feed(self, data: bytes) -> list[Heard]:
        """Takes what came. Raises `WireError`."""
        ...

    def answer(self) -> bytes:
        """What the transport itself wants to have said since the last time; often nothing."""
        ...

    def pack(self, message: ClientMessage) -> bytes:
        """A message as bytes."""
        ...

    @property
    def close_code(self) -> int | None:
        """Why the transport says it ends, if it has said so."""
        ...


class WebWire:
    """A WebSocket's client end (RFC 6455) for servers that say whole messages."""

    def __init__(self, host: str, path: str) -> None:
        self._host = host
        self._path = path
        self._data = b""
        self._answer = b""
        self.ready = False
        self.close_code: int | None = None

    def opening(self) -> bytes:
        """The key is the same each time and the answer to it not checked: nobody caches this."""
        key = b64encode(bytes(16)).decode()
        fields = {
            "Host": self._host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": SUBPROTOCOL,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"GET {self._path} HTTP/1.1\r\n{head}\r\n".encode()

    def feed(self, data: bytes) -> list[Heard]:
        if self._data:
            data = self._data + data
        self._data = b""
        if not self.ready:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._wait_for_more(head)
                return []
            self._take_head(head)
        return self._frames(data)

    def answer(self) -> bytes:
        answer, self._answer = self._answer, b""
        return answer

    def pack(self, message: ClientMessage) -> bytes:
        return _masked(Opcode.BINARY, MSGPACK.encode_client(message))

    def _wait_for_more(self, head: bytes) -> None:
        if len(head) > LONGEST_HEAD:
            raise WireError("an endless answer to the WebSocket handshake")
        self._data = head

    def _take_head(self, head: bytes) -> None:
        status = head.partition(b"\r\n")[0].decode(errors="replace")
        if status.split()[1:2] != ["101"]:
            raise WireError(f"no WebSocket: {status}")
        if SUBPROTOCOL.encode() not in head:
            raise WireError(f"the server does not speak {SUBPROTOCOL}")
        self.ready = True

    def _frames(self, data: bytes) -> list[Heard]:
        found: list[Heard] = []
        at, end = 0, len(data)
        while end - at >= 2:
            start, size = at + 2, data[at + 1]
            if size >= 126:
                start = at + (4 if size == 126 else 10)
                size = int.from_bytes(data[at + 2 : start])
            if start + size > end:
                break
            body = data[start : start + size]
            if data[at] == WHOLE:
                found.append((number_of(body), body))
            else:
                self._control(data[at], body)
            at = start + size
        if at < end:
            self._data = data[at:]
        return found

    def _control(self, first: int, body: bytes) -> None:
        match first ^ FINAL:
            case Opcode.PING:
                self._answer += _masked(Opcode.PONG, body)
            case Opcode.CLOSE:
                self.close_code = int.from_bytes(body[:2]) if len(body) >= 2 else 1005
            case Opcode.PONG:
                pass
            case _:
                raise WireError(f"a frame that begins with 0x{first:02x}")


class PacketWire:
    """Packets over a stream, within a cipher if there is one."""

    close_code: int | None = None

    def __init__(self, fmt: PacketFormat = PACKETS, cipher: StreamCipher | None = None) -> None:
        self._format = fmt
        self._cipher: Any = cipher
        self._byteorder = fmt.framing.byteorder
        self._frames = FrameDecoder(fmt.framing) if cipher is None else CipherDecoder(fmt.framing, cipher)

    @property
    def ready(self) -> bool:
        return getattr(self._cipher, "ready", True)

    def opening(self) -> bytes:
        return self._sealed(b"")

    def feed(self, data: bytes) -> list[Heard]:
        try:
            return [
                (int.from_bytes(frame[:2], self._byteorder), frame[2:]) for frame in self._frames.feed(data)
            ]
        except FrameError as error:
            raise WireError(str(error)) from None

    def answer(self) -> bytes:
        return b""

    def pack(self, message: ClientMessage) -> bytes:
        return self._sealed(self._format.encode_client(message))

    def _sealed(self, data: bytes) -> bytes:
        return data if self._cipher is None else self._cipher.encrypt(data)


def number_of(body: bytes) -> int:
    """Which message that is; 0 for none that we know. The ``op`` is the first of its fields."""
    try:
        start = 5 if body[0] < 0x90 else 7  # behind the head of the map, the key and the head of the name
        return NUMBERS.get(body[start : start + (body[start - 1] & 31)], 0)
    except IndexError:
        return 0


def _masked(opcode: int, payload: bytes) -> bytes:
    """A frame from a client. The mask is all zeros: it is for the sake of proxies, and there is none here."""
    size = len(payload)
    if size < 126:
        return bytes((FINAL | opcode, FINAL | size, 0, 0, 0, 0)) + payload
    return bytes((FINAL | opcode, FINAL | 126)) + size.to_bytes(2) + bytes(4) + payload
