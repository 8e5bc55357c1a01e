"""Work that may take long, done in slices between everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Cooperator

from gamesrv.server.interfaces import Clock

__all__ = ["SLICE", "cooperator"]

SLICE = 0.002
"""Seconds that may be spent in one go, by all who share them, at most one step more."""


def cooperator(clock: Clock, pause: float = 0.0) -> Cooperator:
    """Goes through several works in turns, a slice at a time, with so many seconds between two slices."""

    def begin() -> Callable[[], bool]:
        end = clock.seconds() + SLICE
        return lambda: clock.seconds() >= end

    return Cooperator(begin, lambda work: cast(IDelayedCall, clock.callLater(pause, work)))
