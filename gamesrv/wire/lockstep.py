"""The bytes of a lockstep room, small enough to say everything again until it is known to have arrived.

     from a client                                from the server
     u8    kind: 1; 0x81: with a checksum         u8    kind: 2
     u8    run                                    u8    run
     u32   ack                                    u32   ack
     u32   tick, u32 checksum (0x81 only)         i16   wait, in ms; -32768 for none
     u8    first tick minus ack (from 1)          u16   late
     u8    count                                  u32   tick of the first frame
     bits  inputs                                 u8    count
                                                  bits  frames

All is big endian, bits come most significant first, and zeros fill up the last byte. The first input is
whole, each further one is a bit 0 where it is the one before, else a bit 1 and the input (the coding of
"Deterministic Lockstep", Gaffer on Games). A frame is its changes (each a bit 1, 2 bits kind, 6 bits seat;
then a bit 0) and the inputs by seat, each coded like that against the frame before. A frame that is just like
the one before and has no changes is a single bit 0, any other but the first has a bit 1 in front.

How many bits an input has is the room's own business, and no count goes beyond 120: what comes can't be blown
up.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from struct import error as StructError
from typing import NamedTuple, TypeAlias

from gamesrv.core.inputs import CHANGES, MAX_COUNT, Change, Frame, FramesBody, SyncBody
from gamesrv.wire.codec import BadMessage

__all__ = [
    "FRAMES_HEAD",
    "FramesHead",
    "MAX_BYTES",
    "Bits",
    "decode_frames",
    "decode_sync",
    "encode_frames",
    "encode_sync",
    "first_frame",
    "join_bits",
    "next_frame",
    "pack_frames",
    "read_frames_head",
    "to_bytes",
]

Bits: TypeAlias = tuple[int, int]
"""Some bits as a number, and how many they are."""

_SYNC, _SYNC_CHECKED, _FRAMES = 1, 0x81, 2
_SYNC_HEAD = Struct(">BBIBB")
_CHECKED_HEAD = Struct(">BBIIIBB")
_FRAMES_HEAD = Struct(">BBIhHIB")
FRAMES_HEAD = _FRAMES_HEAD.size
"""Bytes before the bits of frames."""
MAX_BYTES = 1199
"""Of either: with one byte in front it fits into a datagram."""
_NO_WAIT = -32768
_MOST_AHEAD = 255


# ------------------------------------------------------------------ from a client


def encode_sync(body: SyncBody, bits: int) -> bytes:
    """What a client says; each input has so many ``bits``.

    Raises `ValueError` for inputs that are too many, or too far ahead of ``ack``.
    """
    ahead = body.start - body.ack if body.inputs else 1
    if len(body.inputs) > MAX_COUNT or not 1 <= ahead <= _MOST_AHEAD:
        raise ValueError(f"{len(body.inputs)} inputs from {ahead} ticks ahead can't be said")
    inputs = to_bytes(join_bits(_input_bits(body.inputs, bits)))
    if body.checksum is None:
        return _SYNC_HEAD.pack(_SYNC, body.run, body.ack, ahead, len(body.inputs)) + inputs
    checked = _CHECKED_HEAD.pack(_SYNC_CHECKED, body.run, body.ack, *body.checksum, ahead, len(body.inputs))
    return checked + inputs


def decode_sync(data: bytes, bits: int) -> SyncBody:
    """What a client said. Raises `BadMessage`."""
    checksum: tuple[int, int] | None = None
    try:
        if data[0] == _SYNC_CHECKED:
            _, run, ack, tick, crc, ahead, count = _CHECKED_HEAD.unpack_from(data)
            checksum, at = (tick, crc), _CHECKED_HEAD.size
        else:
            kind, run, ack, ahead, count = _SYNC_HEAD.unpack_from(data)
            at = _SYNC_HEAD.size
            if kind != _SYNC:
                raise _bad(f"no such kind: {kind}")
    except (IndexError, StructError):
        raise _bad("too short") from None
    if ahead == 0:
        raise _bad("inputs that are over")
    _check_size(data, count)
    return SyncBody(run, ack, ack + ahead, _read_inputs(data, at, count, bits), checksum)


def _input_bits(inputs: Sequence[int], bits: int) -> Iterable[Bits]:
    before = None
    for each in inputs:
        yield _new(each, bits, before) if before is not None else (each, bits)
        before = each


def _read_inputs(data: bytes, at: int, count: int, bits: int) -> tuple[int, ...]:
    """All at once: every player sends these every tick, and a `_Reader` would take twice as long."""
    value, left, mask = int.from_bytes(data[at:], "big"), 8 * (len(data) - at), (1 << bits) - 1
    inputs: list[int] = []
    try:
        for place in range(count):
            if place:
                left -= 1
            if place == 0 or value >> left & 1:
                left -= bits
                each = value >> left & mask
            inputs.append(each)
    except ValueError:  # a shift by less than nothing
        raise _bad("bits missing") from None
    _check_end(value, left)
    return tuple(inputs)


# ------------------------------------------------------------------ from the server


def encode_frames(body: FramesBody, bits: int) -> bytes:
    """What the server says; each input has so many ``bits``."""
    parts = [first_frame(frame, bits) for frame in body.frames[:1]]
    parts += [next_frame(new, old, bits) for old, new in zip(body.frames, body.frames[1:], strict=False)]
    coded = to_bytes(join_bits(parts))
    return pack_frames(body.run, body.ack, body.wait, body.late, body.start, len(parts), coded)


def pack_frames(
    run: int, ack: int, wait: int | None, late: int, start: int, count: int, frames: bytes
) -> bytes:
    """The same where ``count`` frames are bytes already."""
    told = _NO_WAIT if wait is None else max(1 - 2**15, min(wait, 2**15 - 1))
    return _FRAMES_HEAD.pack(_FRAMES, run, ack, told, late & 0xFFFF, start, count) + frames


def first_frame(frame: Frame, bits: int) -> Bits:
    """A frame that stands for itself."""
    return join_bits([*_change_bits(frame.changes), *((each, bits) for each in frame.inputs)])


def next_frame(frame: Frame, before: Frame, bits: int) -> Bits:
    """A frame by what is new in it."""
    if not frame.changes and frame.inputs == before.inputs:
        return 0, 1
    news = (_new(new, bits, old) for new, old in zip(frame.inputs, before.inputs, strict=True))
    return join_bits([(1, 1), *_change_bits(frame.changes), *news])


class FramesHead(NamedTuple):
    """What the server says beside the frames themselves."""

    run: int
    ack: int
    wait: int | None
    late: int
    start: int
    frames: int
    """How many."""


def read_frames_head(data: bytes) -> FramesHead:
    """For those who only need to know which frames there are. Raises `BadMessage`."""
    if len(data) < _FRAMES_HEAD.size:
        raise _bad("too short")
    kind, run, ack, wait, late, start, count = _FRAMES_HEAD.unpack_from(data)
    if kind != _FRAMES:
        raise _bad(f"no such kind: {kind}")
    return FramesHead(run, ack, None if wait == _NO_WAIT else wait, late, start, count)


def decode_frames(data: bytes, bits: int, seats: int) -> FramesBody:
    """What the server said in a room with so many ``seats``. Raises `BadMessage`."""
    head = read_frames_head(data)
    _check_size(data, head.frames)
    reader = _Reader(data, _FRAMES_HEAD.size)
    frames: list[Frame] = []
    for _ in range(head.frames):
        frames.append(_read_frame(reader, bits, seats, frames[-1] if frames else None))
    reader.end()
    return FramesBody(*head[:-1], tuple(frames))


def _read_frame(reader: "_Reader", bits: int, seats: int, before: Frame | None) -> Frame:
    if before is not None and not reader.take(1):
        return Frame((), before.inputs)
    changes = []
    while reader.take(1):
        changes.append(Change(CHANGES[reader.take(2)], reader.take(6)))
    if any(change.seat >= seats for change in changes):
        raise _bad("a seat that the room has not")
    if before is None:
        return Frame(tuple(changes), tuple([reader.take(bits) for _ in range(seats)]))
    inputs = tuple([reader.take(bits) if reader.take(1) else old for old in before.inputs])
    return Frame(tuple(changes), inputs)


def _change_bits(changes: Sequence[Change]) -> list[Bits]:
    return [*((1 << 8 | CHANGES.index(kind) << 6 | seat, 9) for kind, seat in changes), (0, 1)]


# ------------------------------------------------------------------ bits


def join_bits(parts: Iterable[Bits]) -> Bits:
    """One after the other."""
    value = size = 0
    for more, length in parts:
        value = value << length | more
        size += length
    return value, size


def _new(each: int, bits: int, before: int) -> Bits:
    return (0, 1) if each == before else (1 << bits | each, 1 + bits)


def to_bytes(bits: Bits) -> bytes:
    """Filled up with zeros."""
    value, size = bits
    return (value << -size % 8).to_bytes((size + 7) // 8, "big")


def _check_size(data: bytes, count: int) -> None:
    """Before anything is made of it."""
    if len(data) > MAX_BYTES or count > MAX_COUNT:
        raise _bad(f"{count} of them in {len(data)} bytes are too many")


class _Reader:
    """Takes bits off the front."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes, at: int) -> None:
        self._value = int.from_bytes(data[at:], "big")
        self._left = 8 * (len(data) - at)

    def take(self, count: int) -> int:
        """The next ``count`` bits; raises `BadMessage` where there are none."""
        left = self._left = self._left - count
        if left < 0:
            raise _bad("bits missing")
        return self._value >> left & (1 << count) - 1

    def end(self) -> None:
        """Raises `BadMessage` unless nothing but padding is left."""
        _check_end(self._value, self._left)


def _check_end(value: int, left: int) -> None:
    if left >= 8 or value & (1 << left) - 1:
        raise _bad("bits left over")


def _bad(problem: str) -> BadMessage:
    return BadMessage("bad_message", problem, "data")
