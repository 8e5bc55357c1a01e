"""Wakes many at few moments: those whose time has come in the same slot share one call of the reactor."""

from __future__ import annotations

from math import ceil
from typing import Protocol

from attrs import define, field
from twisted.logger import Logger

from gamesrv.server.interfaces import Clock, DelayedCall

__all__ = ["Sleeper", "Wheel"]


class Sleeper(Protocol):
    """Whoever waits."""

    def wake(self) -> None:
        """It is time; or it was, until somebody in the same slot had them let sleep."""
        ...


@define(eq=False)
class _Slot:
    call: DelayedCall
    sleepers: dict[Sleeper, None] = field(factory=dict)


@define(eq=False)
class Wheel:
    """Moments at which somebody is woken, ``rate`` of them a second at most. A call of the reactor costs as
    much as what is done in it; so many do it in one.
    """

    clock: Clock
    rate: int
    _slots: dict[int, _Slot] = field(factory=dict, init=False)
    _log = Logger()

    def wake(self, sleeper: Sleeper, delay: float) -> int:
        """Wakes somebody once, in so many seconds or a little later; returns the slot, for `let_sleep`."""
        now = self.clock.seconds()
        number = ceil((now + delay) * self.rate)
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
        if not slot.sleepers:
            slot.call.cancel()
            del self._slots[number]

    def _ring(self, number: int) -> None:
        for sleeper in self._slots.pop(number).sleepers:
            try:
                sleeper.wake()
            except BaseException:
                self._log.failure("One of those to be woken failed")
