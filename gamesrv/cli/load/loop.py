"""Thousands of sockets and timers in one thread, with nothing between them and the system.

Not Twisted's reactor: what that does for each read costs several times what there is to do here.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from heapq import heappop, heappush
from time import monotonic
from typing import TypeAlias

from gamesrv.cli.load.figures import Histogram
from gamesrv.cli.problem import Problem

__all__ = ["Loop", "OnReady", "allow_files"]

OnReady: TypeAlias = Callable[[int], None]
"""Called with `selectors.EVENT_READ`, `EVENT_WRITE` or both."""
LONGEST_NAP = 0.25


class Loop:
    """Calls back when sockets are ready and when it is time."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._timers_set = 0
        self.lag = Histogram()
        """Seconds that timers came too late."""

    def watch(self, sock: socket.socket, events: int, on_ready: OnReady) -> None:
        """From now on."""
        self._selector.register(sock, events, on_ready)

    def change(self, sock: socket.socket, events: int, on_ready: OnReady) -> None:
        """For other events."""
        self._selector.modify(sock, events, on_ready)

    def forget(self, sock: socket.socket) -> None:
        """No more."""
        self._selector.unregister(sock)

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Once, in so many seconds."""
        self._timers_set += 1
        heappush(self._timers, (monotonic() + seconds, self._timers_set, act))

    def run(self, over: Callable[[], bool]) -> None:
        """Until it is over."""
        while not over():
            for key, events in self._selector.select(self._nap()):
                key.data(events)
            self._ring()

    def close(self) -> None:
        """Gives back what the system lent."""
        self._selector.close()

    def _nap(self) -> float:
        if not self._timers:
            return LONGEST_NAP
        return min(LONGEST_NAP, max(0.0, self._timers[0][0] - monotonic()))

    def _ring(self) -> None:
        now = monotonic()
        while self._timers and self._timers[0][0] <= now:
            at, _, act = heappop(self._timers)
            self.lag.add(now - at)
            act()


def allow_files(needed: int) -> None:
    """Has the system let us open so many files; raises `Problem` where it does not."""
    try:
        import resource
    except ImportError:  # not on Windows, where sockets are no files
        return
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and needed > most:
        raise Problem(f"{needed} open files are needed, the system allows {most} (ulimit -Hn)")
    if allowed < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, most))
