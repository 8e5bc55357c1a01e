"""What is counted."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate
from time import monotonic, process_time

from attrs import define, field

__all__ = ["Figures", "Histogram"]

BUCKETS_A_SECOND = 10_000
BUCKETS = 100_000
"""Up to ten seconds; what is longer counts as that long, but for the longest."""


class Histogram:
    """How long things took: as small for millions of them as for one."""

    __slots__ = ("_counts", "count", "longest", "total")

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * BUCKETS))
        self.count = 0
        self.longest = 0.0
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        bucket = int(seconds * BUCKETS_A_SECOND)
        self._counts[bucket if bucket < BUCKETS else -1] += 1
        self.count += 1
        self.total += seconds
        if seconds > self.longest:
            self.longest = seconds

    def percentile(self, share: float) -> float | None:
        """Seconds that this share of them stayed below, rounded up; `None` where there are none."""
        if not self.count:
            return None
        wanted = max(1.0, share * self.count)
        bucket = next(at for at, seen in enumerate(accumulate(self._counts)) if seen >= wanted)
        return self.longest if bucket == BUCKETS - 1 else min((bucket + 1) / BUCKETS_A_SECOND, self.longest)


@define(eq=False)
class Figures:
    """What a crowd has seen: what is said of all that happened, and what only of the window.

    Connections, errors and arrivals count from the start; all else from the moment that `begin` was called.
    """

    connects: int = 0
    returns: int = 0
    """Those of the connects that came back after a loss."""
    errors: Counter[str] = field(factory=Counter)
    """By code."""
    arrivals: Histogram = field(factory=Histogram)
    """Seconds from the attempt to connect to a seat."""
    began: float = field(factory=monotonic)
    ended: float | None = None
    updates: int = 0
    events: int = 0
    snapshots: int = 0
    """In place of updates."""
    by_datagram: int = 0
    """Those of the updates."""
    bytes_in: int = 0
    bytes_out: int = 0
    commands: int = 0
    refused: Counter[str] = field(factory=Counter)
    """Commands, by code."""
    gaps: Histogram = field(factory=Histogram)
    """Seconds between two updates of a player in a room that ticks."""
    jitter: Histogram = field(factory=Histogram)
    """By how much those were not what their ticks say."""
    latency: Histogram = field(factory=Histogram)
    """Seconds until a command was handled, as told by a ping behind it."""
    _cpu: float = field(factory=process_time)
    _cpu_ended: float = 0.0

    def begin(self) -> Figures:
        """The same anew, but for what counts from the start."""
        return Figures(self.connects, self.returns, self.errors, self.arrivals)

    def end(self) -> None:
        """What comes now is not counted any more."""
        if self.ended is None:
            self.ended, self._cpu_ended = monotonic(), process_time()

    @property
    def seconds(self) -> float:
        """So far."""
        return max(1e-9, (self.ended or monotonic()) - self.began)

    @property
    def cpu(self) -> float:
        """The share of a core that this process used."""
        return ((self._cpu_ended if self.ended else process_time()) - self._cpu) / self.seconds
