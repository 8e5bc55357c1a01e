"""How long to wait before the next try."""

from collections.abc import Callable
from random import random

from gamesrv.wire.close import CloseCode

__all__ = ["backoff"]

FIRST, MOST = 0.5, 30.0
PAUSE = 1.0
_BUSY = frozenset(
    {
        CloseCode.GOING_AWAY,
        CloseCode.INTERNAL_ERROR,
        CloseCode.SERVICE_RESTART,
        CloseCode.TRY_AGAIN_LATER,
        CloseCode.SHUTTING_DOWN,
        CloseCode.RATE_LIMIT,
        CloseCode.FULL,
    }
)
"""Said by a server that should get some rest first."""


def backoff(attempt: int, code: int, chance: Callable[[], float] = random) -> float:
    """Seconds, after so many tries that failed: full jitter, so that those who were lost together don't come
    back together. ``chance`` gives numbers from 0 to 1.
    """
    wait = chance() * min(MOST, FIRST * float(1 << min(attempt, 16)))
    return max(PAUSE, wait) if code in _BUSY else wait
