"""Python's collector of garbage, run between ticks and not in the middle of one.

Nearly everything here is freed at once, by counting references; what is left for the collector are cycles,
such as those of a connection that is over. By itself it would start whenever so many objects have been made,
whatever it interrupts.
"""

import gc
from sys import getallocatedblocks

__all__ = ["Collector"]

YOUNG = 2_000
"""So many objects more than at the last time make it one. A look goes through all that is alive of what was
made since then, with 2,000 rooms five times as much as it has grown by: a few milliseconds.
"""
TIMES = 10
"""After so many it is asked whether a look at everything is due."""
LITTLE = YOUNG // 10
"""A look that finds less garbage than this was not worth it,"""
SPARED = 7
"""and for so many times what is new is put aside unseen, which takes no time, until all is looked at."""
GROWTH = 2.0
"""By how much memory has grown since everything was looked at, when that is due again. So it stays a small
part of the work however much there is; and it comes seldom, since it holds up the clock, by half a second
with 2,000 card rooms.
"""
LEAST_GROWTH = 1_000_000
"""The same in blocks of memory, at least."""


class Collector:
    """Collects when it is told that there is time."""

    def __init__(self) -> None:
        self._times = 0
        self._spared = 0
        """How many times more what is new is put aside."""
        self._due = 0

    def take_over(self) -> None:
        """From now on nothing is collected but by `collect`; what is there already is left alone for good."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._plan()

    def give_back(self) -> None:
        """Python collects as it usually does."""
        gc.unfreeze()
        gc.enable()

    def collect(self) -> None:
        """Looks at what is new now and then, and at everything where memory has grown by much."""
        if gc.get_count()[0] < YOUNG:
            return
        self._times += 1
        if self._times % TIMES == 0 and getallocatedblocks() >= self._due:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._plan()
        elif self._spared:
            self._spared -= 1
            gc.freeze()
        elif gc.collect(0) < LITTLE:
            self._spared = SPARED

    def _plan(self) -> None:
        now = getallocatedblocks()
        self._due = max(int(now * GROWTH), now + LEAST_GROWTH)
