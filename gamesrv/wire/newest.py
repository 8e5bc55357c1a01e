"""What a room's state looks like in datagrams: the newest wins, and a client says what it has.

A payload to the client tells all that has changed since a version that the client is known to have. So none
has to arrive, and any that does brings it up to date. A payload to the server is that version, and the newest
one that came by datagram: where none do any more, the reliable link has to carry it all.

     to the client                                     to the server
     u8  u32    u32    u32  u32                        u8  u32    u32       u32
    +---+------+------+----+------+-------------+     +---+------+---------+-------+
    | 1 | room | base | v  | tick | delta       |     | 1 | room | version | heard |
    +---+------+------+----+------+-------------+     +---+------+---------+-------+

``room`` is the CRC-32 of the room's id, so that what comes late is not taken for another room's; ``delta`` is
a merge patch in MessagePack.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

import msgspec

from gamesrv.wire.datagram import STATE

__all__ = [
    "Ack",
    "Newest",
    "Patch",
    "compose",
    "decode_ack",
    "decode_newest",
    "encode_ack",
    "encode_newest",
    "room_number",
]

Patch: TypeAlias = dict[str, Any]
"""An RFC 7396 merge patch between two maps."""

_ACK = Struct(">cIII")
_NEWEST = Struct(">cIIII")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode
_ABSENT = object()


class Newest(NamedTuple):
    """What has changed in a room's view between two of its versions."""

    room: int
    base: int
    version: int
    tick: int
    delta: Patch

    def fits(self, room: int, version: int) -> bool:
        """Whether it is news to one who has that ``version`` of that room's view.

        It fits in between, too: what had changed by then is just set once more to what it is now.
        """
        return self.room == room and self.base <= version < self.version


def room_number(room: str) -> int:
    """How datagrams call a room."""
    return crc32(room.encode())


def encode_newest(news: Newest) -> bytes:
    """The payload, of any length: whether it fits into a datagram is for the caller to see."""
    return _NEWEST.pack(STATE, news.room, news.base, news.version, news.tick) + _encode(news.delta)


def decode_newest(payload: bytes) -> Newest | None:
    """What the server says; `None` for what is nothing of the kind."""
    if len(payload) <= _NEWEST.size or payload[:1] != STATE:
        return None
    _, room, base, version, tick = _NEWEST.unpack_from(payload)
    try:
        return Newest(room, base, version, tick, _decode(payload[_NEWEST.size :]))
    except (ValueError, RecursionError):
        return None


class Ack(NamedTuple):
    """What a client has of a room's view."""

    room: int
    version: int
    heard: int
    """The newest version that came by datagram, of use or not; 0 for none."""


def encode_ack(ack: Ack) -> bytes:
    """The payload."""
    return _ACK.pack(STATE, *ack)


def decode_ack(payload: bytes) -> Ack | None:
    """What the client says; `None` for what is nothing of the kind."""
    if len(payload) != _ACK.size or payload[:1] != STATE:
        return None
    return Ack(*_ACK.unpack(payload)[1:])


def compose(patches: Iterable[Patch]) -> Patch | None:
    """One patch that does what several do one after the other; `None` where a patch can't say it.

    That is so where something was removed or replaced, and then a map took its place: a patch would merge
    that map into whatever was there before.
    """
    total: Patch = {}
    for patch in patches:
        if not _add(total, patch):
            return None
    return total


def _add(total: Patch, patch: Patch) -> bool:
    for key, value in patch.items():
        before = total.get(key, _ABSENT)
        if type(value) is not dict:
            total[key] = value
        elif before is _ABSENT:
            total[key] = _copy(value)
        elif type(before) is not dict or not _add(before, value):
            return False
    return True


def _copy(patch: Patch) -> Patch:
    """Maps are added to later; what else there is stays as it is."""
    return {key: _copy(value) if type(value) is dict else value for key, value in patch.items()}
