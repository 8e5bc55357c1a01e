"""Maps put together from pieces that are encoded already, so that what many are told is encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from attrs import frozen

from gamesrv.core.messages import Pong
from gamesrv.server.interfaces import Format

__all__ = ["Piece", "Splice", "splice_for"]

Piece = tuple[int, bytes]
"""So many entries of a map, encoded, without the map's own head and tail."""

_PROBE = Pong(0.0, 271828182845)


@frozen(eq=False)
class Splice:
    """How it is done in one of msgspec's formats."""

    encode: Callable[[Any], bytes]
    _strip: Callable[[int, bytes], bytes]
    _join: Callable[[int, list[bytes]], bytes]

    def piece(self, entries: dict[str, Any]) -> Piece:
        """To be kept, and used wherever those entries are told."""
        return len(entries), self._strip(len(entries), self.encode(entries))

    def join(self, pieces: Iterable[Piece]) -> msgspec.Raw:
        """One map of them all, to stand in a message; no key may be in two of them."""
        filled = [piece for piece in pieces if piece[0]]
        return msgspec.Raw(self._join(sum(count for count, _ in filled), [data for _, data in filled]))


def splice_for(fmt: Format) -> Splice | None:
    """How a format's maps are put together; `None` for one in which messages don't stand as msgspec writes
    them, such as words in a text window.
    """
    if fmt not in _known:
        frame = fmt.encode(_PROBE)
        _known[fmt] = next((splice for splice in _SPLICES if splice.encode(_PROBE) in frame), None)
    return _known[fmt]


_known: WeakKeyDictionary[Format, Splice | None] = WeakKeyDictionary()


def _join_json(count: int, parts: list[bytes]) -> bytes:
    return b"{%s}" % b",".join(parts)


def _strip_msgpack(count: int, data: bytes) -> bytes:
    return data[1 if count < 16 else 3 if count < 1 << 16 else 5 :]


def _join_msgpack(count: int, parts: list[bytes]) -> bytes:
    if count < 16:
        head = bytes((0x80 | count,))
    elif count < 1 << 16:
        head = b"\xde" + count.to_bytes(2, "big")
    else:
        head = b"\xdf" + count.to_bytes(4, "big")
    return head + b"".join(parts)


_SPLICES = (
    Splice(msgspec.json.Encoder().encode, lambda count, data: data[1:-1], _join_json),
    Splice(msgspec.msgpack.Encoder().encode, _strip_msgpack, _join_msgpack),
)
