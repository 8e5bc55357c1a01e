"""What a lockstep room remembers: the newest frames, as bits, and its world at the newest checks."""

from __future__ import annotations

from collections import deque

import msgspec
from attrs import define, field, frozen

from gamesrv.core.game import as_plain
from gamesrv.core.inputs import MAX_COUNT, Frame
from gamesrv.core.machine import Machine
from gamesrv.core.views import View
from gamesrv.wire.lockstep import FRAMES_HEAD, MAX_BYTES, Bits, first_frame, join_bits, next_frame, to_bytes

__all__ = ["Check", "History"]

CHECKS_KEPT = 8
MOST_BITS = 8 * (MAX_BYTES - FRAMES_HEAD)


@frozen
class Check:
    """The room's own world after a tick."""

    tick: int
    checksum: int
    _world: bytes

    def world(self) -> View:
        """As it was."""
        return as_plain(msgspec.msgpack.decode(self._world), "view()")


@define(eq=False)
class History:
    """The past of one game. A frame is coded in a way once somebody needs it so, and for all who do."""

    bits: int
    """Of one input."""
    tick: int = 0
    """That of the newest frame."""
    _frames: deque[Frame] = field(factory=lambda: deque(maxlen=MAX_COUNT + 1), init=False)
    """The newest, and the one before those that can be had."""
    _news: dict[int, Bits] = field(factory=dict, init=False)
    """Frames by tick, as what is new in them."""
    _cut: dict[int, tuple[int, bytes]] = field(factory=dict, init=False)
    """What those were given who had the same."""
    _checks: deque[Check] = field(factory=lambda: deque(maxlen=CHECKS_KEPT), init=False)

    def add(self, frame: Frame) -> None:
        """The next frame."""
        self._frames.append(frame)
        self.tick += 1
        self._cut.clear()
        self._news.pop(self.tick - MAX_COUNT, None)

    def since(self, tick: int) -> tuple[int, bytes] | None:
        """The frames after that tick, as many as a payload holds, and how many; `None` if they are gone."""
        cut = self._cut.get(tick)
        if cut is None and tick >= self.tick - min(MAX_COUNT, len(self._frames)):
            cut = self._cut[tick] = self._cut_from(tick)
        return cut

    def check(self, machine: Machine) -> None:
        """Remembers the world as it is."""
        world = msgspec.msgpack.encode(machine.look())
        self._checks.append(Check(machine.tick, machine.checksum(), world))

    def checked(self, tick: int) -> Check | None:
        """The world after that tick; `None` if it was not kept."""
        return next((check for check in self._checks if check.tick == tick), None)

    def _cut_from(self, tick: int) -> tuple[int, bytes]:
        parts: list[Bits] = []
        size = 0
        for number in range(tick + 1, self.tick + 1):
            part = self._new_in(number) if parts else first_frame(self._frame(number), self.bits)
            size += part[1]
            if size > MOST_BITS:
                break
            parts.append(part)
        return len(parts), to_bytes(join_bits(parts))

    def _new_in(self, tick: int) -> Bits:
        news = self._news.get(tick)
        if news is None:
            news = next_frame(self._frame(tick), self._frame(tick - 1), self.bits)
            self._news[tick] = news
        return news

    def _frame(self, tick: int) -> Frame:
        return self._frames[tick - self.tick - 1]
