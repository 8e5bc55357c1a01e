"""The one clock that drives every room.

One `LoopingCall` beats at the base rate. A real-time room steps on every n-th beat, and rooms with the same n
are spread over its n phases, so that the work is even. A room that does not tick asks to be woken, and costs
nothing until then. Beats that come late are made up for, a few at a time; beyond that, time is dropped and
counted. No room can stop the clock: what it raises ends that room.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeAlias, cast

from attrs import define, field
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.server.interfaces import Clock
from gamesrv.server.limits import Limits
from gamesrv.server.watchdog import Watchdog

__all__ = ["Driven", "Ticker"]

MAX_CATCH_UP = 4
STALE_ALARMS_KEPT = 64
ROUNDING = 1e-3
"""Of a beat: a call that comes so little before it, by the clock's arithmetic, has come for it."""


class Driven(Protocol):
    """What the ticker drives."""

    @property
    def tick_rate(self) -> int:
        """Steps per second; 0 for none."""
        ...

    def step(self) -> None:
        """One step."""
        ...

    def wake(self) -> None:
        """The moment asked for has come."""
        ...

    def fail(self, failure: Failure) -> None:
        """Its own code raised: it ends here."""
        ...


_Alarm: TypeAlias = tuple[float, int, Driven]
"""When to wake whom. The number in the middle is its own, so that rooms are never compared."""


@define(eq=False)
class Ticker:
    """Drives rooms from one `LoopingCall` at ``rate`` Hz."""

    clock: Clock
    rate: int
    rest: Callable[[], object] = lambda: None
    """Called after each beat, when all that was due is done."""
    limits: Limits = field(factory=Limits)
    """What rooms may take of the time."""
    watchdog: Watchdog = field(init=False)
    tolerated: float = field(init=False)
    """Seconds that the watchdog need not hear of."""
    beat: int = field(default=0, init=False)
    late: int = field(default=0, init=False)
    """Beats made up for."""
    dropped: int = field(default=0, init=False)
    """Beats that never were."""
    _phases: dict[int, list[dict[Driven, None]]] = field(factory=dict, init=False)
    _alarms: list[_Alarm] = field(factory=list, init=False)
    _due: dict[Driven, _Alarm] = field(factory=dict, init=False)
    """The alarm each sleeping room is waiting for: any other is stale."""
    _alarms_set: int = field(default=0, init=False)
    _loop: LoopingCall | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _counted: int = field(default=0, init=False)
    """Beats since then, those that were dropped as well."""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.watchdog = Watchdog(self.limits, self.rate, self.clock.seconds)
        self.tolerated = self.watchdog.tolerated

    def start(self, on_death: Callable[[Failure], object]) -> None:
        """Starts to beat. ``on_death`` is called should the clock itself ever fail: nothing goes on then."""
        self._began, self._counted = self.clock.seconds(), 0
        self._loop = LoopingCall(self._beats)
        self._loop.clock = cast(IReactorTime, self.clock)
        self._loop.start(1 / self.rate, now=False).addErrback(on_death)

    def stop(self) -> None:
        """Stops, for good or until the next start."""
        if self._loop is not None and self._loop.running:
            self._loop.stop()

    def add(self, room: Driven) -> None:
        """Steps a real-time room from now on; raises `ValueError` for a rate that does not divide ours."""
        if room.tick_rate:
            min(self._phases_of(room.tick_rate), key=len)[room] = None

    def remove(self, room: Driven) -> None:
        """Leaves a room alone from now on."""
        self._due.pop(room, None)
        if room.tick_rate:
            for phase in self._phases_of(room.tick_rate):
                phase.pop(room, None)

    def wake_at(self, room: Driven, at: float | None) -> None:
        """Wakes a room once, at the first beat from ``at`` (seconds of the clock) on, and no more at the
        moment it asked for before; `None`: not at all.
        """
        alarm = self._due.pop(room, None)
        if at is None:
            return
        if alarm is None or alarm[0] != at:
            self._alarms_set += 1
            alarm = (at, self._alarms_set, room)
            heappush(self._alarms, alarm)
        self._due[room] = alarm

    def divides(self, tick_rate: int) -> bool:
        """Whether rooms can step that often."""
        return tick_rate == 0 or self.rate % tick_rate == 0

    def _phases_of(self, tick_rate: int) -> list[dict[Driven, None]]:
        divisor, rest = divmod(self.rate, tick_rate)
        if rest:
            raise ValueError(f"{tick_rate} Hz does not divide the base rate of {self.rate} Hz")
        return self._phases.setdefault(divisor, [{} for _ in range(divisor)])

    @inlineCallbacks
    def _beats(self) -> Generator[Deferred[None], None, None]:
        """Makes the beats that are due, and those that are by then: as soon as the reactor had its turn.

        The loop would only call for them at the next whole interval: where two beats take longer than that,
        all would come by twos from then on.
        """
        loop = self._loop
        while loop is not None and loop.running and (count := self._lacking()) > 0:
            self._make(count)
            if self._lacking() > 0:
                yield deferLater(cast(IReactorTime, self.clock), 0)

    def _lacking(self) -> int:
        """How many beats are due."""
        count = int((self.clock.seconds() - self._began) * self.rate + ROUNDING)
        self._counted = min(self._counted, count)  # else the clock was set back
        return count - self._counted

    def _make(self, count: int) -> None:
        self._counted += count
        beats = min(count, MAX_CATCH_UP)
        self.late += beats - 1
        self.dropped += count - beats
        for _ in range(beats):
            self.beat += 1
            self._step()
        self._ring()
        self.rest()

    def _step(self) -> None:
        for divisor, phases in tuple(self._phases.items()):
            phase = phases[self.beat % divisor]
            for room in tuple(phase):
                if room in phase:  # else it went in another's step
                    self._guarded(room, room.step)

    def _ring(self) -> None:
        """Wakes whom it is time for. Who asks in here for a moment gone by is woken at the next beat."""
        if len(self._alarms) > 2 * len(self._due) + STALE_ALARMS_KEPT:
            self._alarms = list(self._due.values())
            heapify(self._alarms)
        now = self.clock.seconds()
        ringing = []
        while self._alarms and self._alarms[0][0] <= now:
            ringing.append(heappop(self._alarms))
        for alarm in ringing:
            room = alarm[2]
            if self._due.get(room) is alarm:
                del self._due[room]
                self._guarded(room, room.wake)

    def _guarded(self, room: Driven, action: Callable[[], None]) -> None:
        """An author may raise anything, `SystemExit` too; out of a `LoopingCall` it would stop every room."""
        began = self.clock.seconds()
        try:
            action()
        except BaseException:
            self._fail(room, Failure())
            return
        took = self.clock.seconds() - began
        if took > self.tolerated:
            overrun = self.watchdog.stepped(room, took, self.beat)
            if overrun is not None:
                self._fail(room, Failure(overrun))

    def _fail(self, room: Driven, failure: Failure) -> None:
        try:
            room.fail(failure)
        except BaseException:
            self._log.failure("A room could not even end")
            self.remove(room)
