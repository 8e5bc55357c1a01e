"""Python's collector of garbage, run between ticks and not in the middle of one.

Nearly everything here is freed at once, by counting references; what is left for the collector are cycles,
such as those of a connection that is over. By itself it would start whenever so many objects have been made,
whatever it interrupts.
"""

import gc
from sys import getallocatedblocks

__all__ = ["Collector"]

YOUNG = 2_000
"""So many objects more than at the last look make one worth it. Each look goes through all that is alive of
what was made since the last, with 2,000 rooms five times as much as it has grown by: a few milliseconds.
"""
LOOKS = 10
"""Looks at what is new between two questions whether a look at everything is due."""
GROWTH = 1.25
"""By how much memory has grown since everything was looked at, when that is due again. As with Python's own
rule, it stays a small part of the work however much there is.
"""
LEAST_GROWTH = 500_000
"""The same in blocks of memory, at least."""


class Collector:
    """Collects when it is told that there is time."""

    def __init__(self) -> None:
        self._looks = 0
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
        """Looks at what is new since the last time; at everything where memory has grown by much."""
        if gc.get_count()[0] < YOUNG:
            return
        self._looks += 1
        if self._looks % LOOKS or getallocatedblocks() < self._due:
            gc.collect(0)
        else:
            gc.collect()
            self._plan()

    def _plan(self) -> None:
        now = getallocatedblocks()
        self._due = max(int(now * GROWTH), now + LEAST_GROWTH)
