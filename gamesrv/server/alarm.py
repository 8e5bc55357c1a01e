"""Breaks off an author's code that does not return, so that one room's endless loop does not end them all.

Within one thread only a signal can do that. The kernel rings a few times in the time that is allowed, and if
each time the same call of an author's code is found to be running, an exception is raised in the midst of it:
that room fails like any whose code raises. Never in our own code, which would be left half done, and only
where there are such signals and this is the main thread, which alone hears them. Code that waits in C without
looking for signals, or catches whatever is raised, can't be broken off.
"""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any

from twisted.application.service import Service
from twisted.logger import Logger

from gamesrv.server.watchdog import Overrun

__all__ = ["StepAlarm", "author_call"]

RINGS = 5
"""In the time allowed. Counted rather than timed: a process that stood still for long hears one of them."""
OURS = (
    "gamesrv.bots",
    "gamesrv.keeper",
    "gamesrv.net.",
    "gamesrv.server.",
    "gamesrv.service",
    "gamesrv.storage.",
    "gamesrv.wire.",
    "twisted.",
)
"""What must not be left half done. `gamesrv.core` may: what it has in hand is the room's own."""


def author_call(frame: FrameType | None) -> FrameType | None:
    """The outermost frame of the author's call that is running in ``frame``; `None` where our own code is,
    or somebody else's that has nothing to do with games.
    """
    call = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(OURS):
            return call if call is not None and _is_authors(call, module) else None
        call, frame = frame, frame.f_back
    return None


def _is_authors(call: FrameType, caller: str) -> bool:
    """Games are called through the machine, and bots' policies straight from `gamesrv.bots`."""
    module: str = call.f_globals.get("__name__", "")
    if module.startswith("gamesrv.core."):
        return True
    return caller == "gamesrv.bots" and module.partition(".")[0] not in sys.stdlib_module_names


class StepAlarm(Service):
    """Rings while it runs; ``timeout`` is how many seconds a call may take, give or take a fifth."""

    _log = Logger()

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._call: FrameType | None = None
        self._rings = 0
        self._before: Any = None
        self._set = False

    def startService(self) -> None:
        super().startService()
        hindrance = _hindrance()
        if hindrance is not None:
            self._log.warn("Game code that never returns will stop everything: {why}", why=hindrance)
            return
        self._before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self._timeout / RINGS, self._timeout / RINGS)
        self._set = True

    def stopService(self) -> None:
        super().stopService()
        if self._set:
            self._set = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        call = author_call(frame)
        if call is None or call is not self._call:
            self._call, self._rings = call, 0
            return
        self._rings += 1
        if self._rings >= RINGS:  # and again at the next, should the code have caught it
            raise Overrun(f"it did not return within {self._timeout:g} s")


def _hindrance() -> str | None:
    if not hasattr(signal, "setitimer"):
        return "this system has no timers that interrupt"
    if threading.current_thread() is not threading.main_thread():
        return "signals are heard by the main thread alone, and this is another one"
    if signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
        return "SIGALRM is used by somebody else"
    return None
