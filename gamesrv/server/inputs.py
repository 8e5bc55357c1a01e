"""What one seat of a lockstep room has sent for ticks to come."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from gamesrv.core.inputs import MAX_COUNT

__all__ = ["SeatInputs"]


@define(eq=False)
class SeatInputs:
    """The inputs of one seat, by tick, until their tick is fixed.

    Each is taken once, whatever comes again and in what order; what is over or too far ahead is passed over.
    Times are in seconds. What a seat is told of them (`ack`, `late`, `wait`) is its own and nobody else's.
    """

    interval: float
    """Between two ticks."""
    held: int = 0
    """The newest there is: repeated until there is a newer one."""
    late: int = field(default=0, init=False)
    """Ticks that had to do without."""
    wait: float | None = field(default=None, init=False)
    """How long inputs had to wait, the shortest since this was looked at; below 0: they came too late."""
    _first: int | None = field(default=None, init=False)
    """The tick that the first one was for: nothing is missed before."""
    _heard: int = field(default=0, init=False)
    """The newest tick that anything was heard for."""
    _whole: int = field(default=0, init=False)
    """Everything up to that tick has come, or is over."""
    _coming: dict[int, tuple[int, float]] = field(factory=dict, init=False)

    def clear(self) -> None:
        """Nobody is there: nothing is held, and nothing is missed until somebody is heard."""
        self.held, self.wait, self._first, self._heard = 0, None, None, 0
        self._coming.clear()

    def take(self, start: int, inputs: Sequence[int], tick: int, now: float, fixed_at: float) -> int:
        """Takes what came at ``now``, when ``tick`` was fixed last, at ``fixed_at``.

        Returns how many are so far ahead that they are not even looked at.
        """
        if not inputs:
            return 0
        last = start + len(inputs) - 1
        if self._first is None:
            self._first = start
        if last > self._heard:
            self._heard = last
            if last <= tick:
                self.held = inputs[-1]
                self._note(fixed_at - (tick - last) * self.interval - now)
        coming, farthest = self._coming, tick + MAX_COUNT
        for number, each in enumerate(inputs, start):
            if tick < number <= farthest and number not in coming:
                coming[number] = each, now
        return 0 if last <= farthest else last - max(start - 1, farthest)

    def lacks(self, tick: int) -> bool:
        """Whether the seat should have said by now what it holds in that tick, and has not."""
        return self._first is not None and self._first <= tick and tick not in self._coming

    def fix(self, tick: int, now: float) -> int:
        """What counts for the next ``tick``, from here on and for everybody."""
        coming = self._coming.pop(tick, None)
        if coming is not None:
            self.held = coming[0]
            self._note(now - coming[1])
        elif self._first is not None and self._first <= tick:
            self.late += 1
        return self.held

    def ack(self, tick: int) -> int:
        """Up to where none is needed any more, ``tick`` being fixed."""
        whole = max(self._whole, tick)
        while whole + 1 in self._coming:
            whole += 1
        self._whole = whole
        return whole

    def take_wait(self) -> int | None:
        """`wait` in milliseconds, and begins anew."""
        wait, self.wait = self.wait, None
        return None if wait is None else round(wait * 1000)

    def _note(self, wait: float) -> None:
        if self.wait is None or wait < self.wait:
            self.wait = wait
