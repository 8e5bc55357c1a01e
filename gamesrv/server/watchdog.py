"""Names the rooms that take time which belongs to all, and says which of them can't go on.

It looks at what is over: see `gamesrv.server.alarm` for code that does not return.
"""

from __future__ import annotations

from typing import Protocol
from weakref import WeakKeyDictionary

from attrs import define, field
from twisted.logger import Logger

from gamesrv.server.interfaces import Now
from gamesrv.server.limits import Limits, TokenBucket

__all__ = ["Overrun", "Watchdog", "Watched"]

UNTICKED = 0.1
"""Seconds that stand for the tick of a room which has none: somebody waits for what it does."""
NAMED_EVERY = 10.0
"""Seconds between two lines about the same room."""
LINES_A_SECOND, LINES_AT_ONCE = 1.0, 10
"""On a machine that is too slow all rooms are."""


class Overrun(BaseException):
    """A room takes more time than there is. No `Exception`, so that an author's handlers let it pass."""


class Watched(Protocol):
    """What it knows of a room."""

    @property
    def tick_rate(self) -> int:
        """Steps per second; 0 for none."""
        ...


@define(eq=False)
class _Slow:
    """A room that was over its budget."""

    named: float
    """When it was named last."""
    times: int = 0
    """How often it was over its budget since then."""
    worst: float = 0.0
    beat: int = -1
    """That of its last step which took longer than a whole tick."""
    since: float = 0.0
    """When that began, with no better step in between."""


@define(eq=False)
class Watchdog:
    """Compares what rooms took with what they may take, for a ticker of ``rate`` beats a second."""

    limits: Limits
    rate: int
    now: Now
    _slow: WeakKeyDictionary[Watched, _Slow] = field(factory=WeakKeyDictionary, init=False)
    _lines: TokenBucket = field(factory=lambda: TokenBucket(LINES_A_SECOND, LINES_AT_ONCE), init=False)
    _log = Logger()

    @property
    def tolerated(self) -> float:
        """Seconds that are never too many, for any room."""
        return min(UNTICKED, 1 / self.rate) * self.limits.step_budget

    def took(self, room: Watched, seconds: float) -> Overrun | None:
        """A call into a room took that long. Returns why it can't go on, `None` if it can."""
        if seconds > self._period(room) * self.limits.step_budget:
            self._note(room, seconds)
        if seconds > self.limits.step_timeout:
            return Overrun(f"it took {seconds:.1f} s at one go")
        return None

    def stepped(self, room: Watched, seconds: float, beat: int) -> Overrun | None:
        """The same for the step that it made at that beat."""
        overrun = self.took(room, seconds)
        if room.tick_rate and seconds > self._period(room):
            lasting = self._lasting(room, seconds, beat)
            if lasting > self.limits.step_patience:
                return Overrun(f"each of its steps took longer than a tick, for {lasting:.0f} s")
        return overrun

    def _lasting(self, room: Watched, seconds: float, beat: int) -> float:
        """Seconds since when every step has taken longer than a tick."""
        slow, now = self._slow_one(room), self.now()
        if slow.beat < 0 or beat - slow.beat != self.rate // room.tick_rate:
            slow.since = now - seconds
        slow.beat = beat
        return now - slow.since

    def _note(self, room: Watched, seconds: float) -> None:
        slow, now = self._slow_one(room), self.now()
        slow.times += 1
        slow.worst = max(slow.worst, seconds)
        if now - slow.named >= NAMED_EVERY and self._lines.take(now):
            self._name(room, slow)
            slow.named, slow.times, slow.worst = now, 0, 0.0

    def _name(self, room: Watched, slow: _Slow) -> None:
        self._log.warn(
            "Room {room} is slow: {worst:.0f} ms at one go, of {budget:.0f} ms that it may take"
            " ({times} times too long since the last line about it)",
            room=getattr(room, "id", "?"),
            worst=slow.worst * 1000,
            budget=self._period(room) * self.limits.step_budget * 1000,
            times=slow.times,
        )

    def _slow_one(self, room: Watched) -> _Slow:
        return self._slow.setdefault(room, _Slow(self.now() - NAMED_EVERY))

    def _period(self, room: Watched) -> float:
        return 1 / room.tick_rate if room.tick_rate else UNTICKED
