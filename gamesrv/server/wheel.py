"""Wakes many at few moments: those whose time has come in the same slot share one call of the reactor."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil
from typing import Protocol

from attrs import define, field
from twisted.logger import Logger

from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.server.slices import SLICE

__all__ = ["Sleeper", "Wheel"]


class Sleeper(Protocol):
    """Whoever waits."""

    def wake(self) -> None:
        """It is time."""
        ...


@define(eq=False)
class _Slot:
    call: DelayedCall
    sleepers: OrderedDict[Sleeper, None] = field(factory=OrderedDict)


@define(eq=False)
class Wheel:
    """Moments at which somebody is woken, ``rate`` of them a second at most. A call of the reactor costs as
    much as what is done in it; so many do it in one, but for no longer than a slice: the rest come next.
    """

    clock: Clock
    rate: int
    _slots: dict[int, _Slot] = field(factory=dict, init=False)
    _rung: int = field(default=-1, init=False)
    """The slot whose time came last."""
    _log = Logger()

    def wake(self, sleeper: Sleeper, delay: float) -> int:
        """Wakes somebody once, in so many seconds or a little later; returns the slot, for `let_sleep`."""
        now = self.clock.seconds()
        number = max(ceil((now + delay) * self.rate), self._rung + 1)
        slot = self._slots.get(number)
        if slot is None:
            call = self.clock.callLater(max(0.0, number / self.rate - now), self._ring, number)
            slot = self._slots[number] = _Slot(call)
        slot.sleepers[sleeper] = None
        return number

    def let_sleep(self, sleeper: Sleeper, number: int) -> None:
        """Does not wake them in that slot, if that is still to come."""
        slot = self._slots.get(number)
        if slot is None:
            return
        slot.sleepers.pop(sleeper, None)
        if not slot.sleepers and slot.call.active():
            slot.call.cancel()
            del self._slots[number]

    def _ring(self, number: int) -> None:
        self._rung = max(number, self._rung)
        slot, now = self._slots[number], self.clock.seconds
        end = now() + SLICE
        while slot.sleepers:
            sleeper, _ = slot.sleepers.popitem(last=False)
            try:
                sleeper.wake()
            except BaseException:
                self._log.failure("One of those to be woken failed")
            if slot.sleepers and now() >= end:
                slot.call = self.clock.callLater(0, self._ring, number)
                return
        del self._slots[number]
