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
    """The past of one game. Each frame is coded once in each way; all get what they need of it."""

    bits: int
    """Of one input."""
    tick: int = 0
    """That of the newest frame."""
    _last: Frame = field(default=Frame((), ()), init=False)
    _coded: deque[tuple[Bits, Bits]] = field(factory=lambda: deque(maxlen=MAX_COUNT), init=False)
    """Each standing for itself, and as what is new in it."""
    _cut: dict[int, tuple[int, bytes]] = field(factory=dict, init=False)
    """What those were given who had the same."""
    _checks: deque[Check] = field(factory=lambda: deque(maxlen=CHECKS_KEPT), init=False)

    def add(self, frame: Frame) -> None:
        """The next frame."""
        first = first_frame(frame, self.bits)
        self._coded.append((first, next_frame(frame, self._last, self.bits) if self.tick else first))
        self._last = frame
        self.tick += 1
        self._cut.clear()

    def since(self, tick: int) -> tuple[int, bytes] | None:
        """The frames after that tick, as many as a payload holds, and how many; `None` if they are gone."""
        cut = self._cut.get(tick)
        if cut is None and tick >= self.tick - len(self._coded):
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
        for place in range(len(self._coded) - max(0, self.tick - tick), len(self._coded)):
            part = self._coded[place][bool(parts)]
            size += part[1]
            if size > MOST_BITS:
                break
            parts.append(part)
        return len(parts), to_bytes(join_bits(parts))
