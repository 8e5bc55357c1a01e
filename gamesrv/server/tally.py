"""What a server puts up with in silence, told to whoever runs it."""

from __future__ import annotations

from collections import Counter

from attrs import define, field
from twisted.logger import Logger

from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Now
from gamesrv.server.ticker import Ticker

__all__ = ["Tally"]

TOLD_EVERY = 600.0
"""Seconds between two lines."""


@define(eq=False)
class Tally:
    """Counts what nobody was told of: a line in the log now and then, none where there is nothing new."""

    gate: Gate
    ticker: Ticker
    now: Now
    _told: Counter[str] = field(factory=Counter, init=False)
    _told_at: float = field(init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._told_at = self.now()

    def look(self) -> None:
        """Tells what there is, if it is time. Call it now and then."""
        if self.now() - self._told_at >= TOLD_EVERY:
            self.tell()

    def tell(self) -> None:
        """Tells what has been added since the last time."""
        self._told_at, counted = self.now(), self._count()
        new, self._told = counted - self._told, counted
        if new:
            what = ", ".join(f"{count} {reason}" for reason, count in new.most_common())
            self._log.info("Put up with: {what}", what=what)

    def _count(self) -> Counter[str]:
        channels = self.gate.channels
        faults = {f"datagram: {fault}": count for fault, count in channels.faults.items()}
        over = {f"lockstep: {reason}": count for reason, count in self.gate.lobby.passed_over.items()}
        own = {
            "channels silent": channels.lapsed,
            "datagrams not sent": channels.unsent,
            "beats dropped": self.ticker.dropped,
        }
        return Counter({**faults, **over, **own})
