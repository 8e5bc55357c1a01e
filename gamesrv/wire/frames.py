"""Cuts a stream of bytes into frames, by a length that each of them carries.

     offset  width
    +-------+-------+-------+------------------+
    | head  |  len  | head  |     payload      |
    +-------+-------+-------+------------------+
    |---- skip ---->|--- len + adjustment ---->|

The options are those of the ``length_delimited`` builder of tokio-util, and mean the same: delivered are
``len + adjustment`` bytes, counted from where ``skip`` ends, wherever that is. So if ``len`` counts the
payload alone, and the head is wanted too (skip 0), then the adjustment is the size of the head.
"""

from collections.abc import Iterator
from typing import Literal

import attrs
from attrs.validators import ge, in_, instance_of, le, optional

from gamesrv.wire.close import CloseCode

__all__ = ["PACKET_FRAMING", "FrameDecoder", "FrameError", "Framing", "TooBig"]


class FrameError(Exception):
    """What came can't be cut into frames: the stream is lost.

    Attributes:
        close: the code to close the connection with.
    """

    close = CloseCode.PROTOCOL_ERROR


class TooBig(FrameError):
    """A frame is longer than allowed, or than its length field can say."""

    close = CloseCode.TOO_BIG


@attrs.frozen
class Framing:
    """Where the length of a frame stands, and what it counts.

    Raises `ValueError` or `TypeError` on options that are out of range, or that no frame could satisfy.
    """

    offset: int = attrs.field(default=0, validator=[instance_of(int), ge(0)])
    """Bytes before the length field."""
    width: int = attrs.field(default=4, validator=[instance_of(int), ge(1), le(8)])
    """Bytes of the length field."""
    adjustment: int = attrs.field(default=0, validator=instance_of(int))
    """What to add to the length to get the bytes to deliver; negative where it counts the head as well."""
    skip: int | None = attrs.field(default=None, validator=optional([instance_of(int), ge(0)]))
    """Bytes at the beginning that are not delivered; `None`: all up to the end of the length field."""
    byteorder: Literal["big", "little"] = attrs.field(default="big", validator=in_(["big", "little"]))
    max_frame: int = attrs.field(default=8 * 1024 * 1024, validator=[instance_of(int), ge(1)])
    """The largest length to accept, as it stands in the length field."""
    min_frame: int = attrs.field(default=0, validator=[instance_of(int), ge(0)])
    """The smallest one."""

    start: int = attrs.field(init=False, repr=False, eq=False)
    """Where in a frame the delivered part begins: ``skip``, or its default."""
    head: int = attrs.field(init=False, repr=False, eq=False)
    """Where the length field ends: so many bytes `measure` needs."""
    longest: int = attrs.field(init=False, repr=False, eq=False)
    """``max_frame``, or what the length field can say if that is less."""
    shortest: int = attrs.field(init=False, repr=False, eq=False)
    """``min_frame``, or what covers the head if that is more: else a frame would be read for ever."""
    more: int = attrs.field(init=False, repr=False, eq=False)
    """What a frame is longer than its length field says."""
    bare: bool = attrs.field(init=False, repr=False, eq=False)
    """Whether the head is the length alone, and not delivered."""

    @start.default
    def _start(self) -> int:
        return self.offset + self.width if self.skip is None else self.skip

    @head.default
    def _head(self) -> int:
        return self.offset + self.width

    @bare.default
    def _bare(self) -> bool:
        return self.offset == 0 and self.head == self.start

    @longest.default
    def _longest(self) -> int:
        return min(self.max_frame, (1 << 8 * self.width) - 1)

    def __attrs_post_init__(self) -> None:
        more = self.start + self.adjustment
        object.__setattr__(self, "more", more)
        object.__setattr__(self, "shortest", max(self.min_frame, self.head - more, -self.adjustment))
        if self.min_frame > self.longest:
            raise ValueError(f"min_frame {self.min_frame} is more than the longest length, {self.longest}")
        if self.longest + self.adjustment < max(0, self.head - self.start):
            raise ValueError(f"with adjustment {self.adjustment} the longest frame is less than its head")

    def measure(self, data: bytes | bytearray, at: int = 0) -> int:
        """The whole size in bytes of the frame that begins at ``at``, head included. Raises `FrameError`."""
        length = int.from_bytes(data[at + self.offset : at + self.head], self.byteorder)
        if self.shortest <= length <= self.longest:
            return self.more + length
        raise self._fault(length)

    def cut(self, data: bytes) -> list[bytes]:
        """What is delivered of data that are whole frames. Raises `FrameError`."""
        frames, at, size = [], 0, len(data)
        while at < size:
            end = at + self.measure(data, at)
            frames.append(data[at + self.start : end])
            at = end
        return frames

    def encode(self, payload: bytes) -> bytes:
        """The frame that is delivered as ``payload``.

        Head bytes that belong neither to the length nor to the payload are zero; where the payload covers
        the length field, the length replaces what it has there. Raises `FrameError` on what a decoder with
        the same options would refuse.
        """
        length = len(payload) - self.adjustment
        if not self.shortest <= length <= self.longest:
            raise self._fault(length)
        if self.bare:
            return length.to_bytes(self.width, self.byteorder) + payload
        frame = bytearray(self.start) + payload
        frame[self.offset : self.head] = length.to_bytes(self.width, self.byteorder)
        return bytes(frame)

    def _fault(self, length: int) -> FrameError:
        if length > self.longest:
            return TooBig(f"length {length} is over the limit of {self.longest}")
        return FrameError(f"length {length} is less than the head of a frame")


PACKET_FRAMING = Framing(width=2, adjustment=-2, min_frame=4, max_frame=2048)
"""Our packets: a u16, big endian, that counts itself and the u16 id behind it; delivered are id and body."""


class FrameDecoder:
    """Gives back the frames of a stream, however it was chopped::

        for frame in decoder.feed(data): ...

    The frames before a fault are delivered, then `FrameError` is raised, and again at every further try: the
    stream is lost. To stop half-way is fine: what was not looked at waits for the next call. Apart from that
    it keeps one unfinished frame at most.
    """

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._data = b""
        self._at = 0
        self._begun = bytearray()
        """A frame whose end has not come yet."""
        self._size = 0
        """Its whole size; 0 before its head is complete."""
        self._error: FrameError | None = None

    @property
    def pending(self) -> bool:
        """Whether half a frame waits for its other half."""
        return bool(self._begun)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Takes what came, at once, and yields the frames that are whole by now."""
        if self._error is None:
            if self._is_one_frame(data):
                return iter((data[self._framing.start :],))
            self._data = self._data[self._at :] + data
            self._at = 0
        return self._frames()

    def _is_one_frame(self, data: bytes) -> bool:
        """What comes most often, and can be cut without further ado."""
        if self._begun or self._data or len(data) < self._framing.head:
            return False
        try:
            return self._framing.measure(data) == len(data)
        except FrameError:
            return False  # to be raised when it is that frame's turn

    def _frames(self) -> Iterator[bytes]:
        if self._error is not None:
            raise self._error.with_traceback(None)
        # All state is kept in self before each yield: others may feed, or leave, meanwhile.
        while self._at < len(self._data):
            try:
                frame = self._resume() if self._begun else self._slice()
            except FrameError as error:
                self._fail(error)
                raise
            if frame is not None:
                yield frame
        # What was read is not held on to: a connection may be silent for long.
        self._data, self._at = b"", 0

    def _slice(self) -> bytes | None:
        """The next frame, straight out of the data where all of it is there."""
        at, framing = self._at, self._framing
        if len(self._data) - at >= framing.head:
            end = at + framing.measure(self._data, at)
            if end <= len(self._data):
                self._at = end
                return self._data[at + framing.start : end]
        return self._resume()

    def _resume(self) -> bytes | None:
        """Moves over what the frame lacks, first of its head; the frame if that completes it."""
        wanted = self._size or self._framing.head
        part = self._data[self._at : self._at + wanted - len(self._begun)]
        self._begun += part
        self._at += len(part)
        if len(self._begun) < wanted:
            return None
        self._size = self._framing.measure(self._begun)
        return self._finish() if self._size == wanted else None

    def _finish(self) -> bytes:
        frame = bytes(self._begun[self._framing.start :])
        self._begun.clear()
        self._size = 0
        return frame

    def _fail(self, error: FrameError) -> None:
        self._error = error
        self._data = b""
        self._begun.clear()
