"""Whether a connection still lives: pings, and a limit to how long the server may take to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from gamesrv.core.messages import ClientMessage, Ping
from gamesrv.server.interfaces import Clock

__all__ = ["Pulse"]

PING_EVERY = 2.5
ANSWER_WITHIN = 10.0
"""Seconds; a connection that owes an answer for longer is dead."""
LOOK_EVERY = 0.25
_STEP = 1e-6


@define(eq=False)
class Pulse:
    """Of one connection. ``is_wanted`` is asked whether a ping is wanted before the next is due."""

    clock: Clock
    send: Callable[[ClientMessage], object]
    on_dead: Callable[[], object]
    is_wanted: Callable[[float], bool]
    round_trip: float | None = field(default=None, init=False)
    """Of the newest ping, in seconds."""
    _newest: float = field(default=0.0, init=False)
    _next: float = field(default=float("inf"), init=False)
    _due: float = field(default=float("inf"), init=False)
    _beat: LoopingCall = field(init=False)

    def start(self) -> None:
        """The server has so long to say anything from now on."""
        self._expect()
        self._beat = LoopingCall(self._look)
        self._beat.clock = cast(IReactorTime, self.clock)
        self._beat.start(LOOK_EVERY, now=False)

    def stop(self) -> None:
        """The connection is over."""
        if self._beat.running:
            self._beat.stop()

    def ping(self) -> float:
        """Asks for a pong; returns the time that it will tell. From the first on, others follow."""
        t = max(self.clock.seconds(), self._newest + _STEP)  # each pong tells its ping
        self._newest, self._next = t, t + PING_EVERY
        self._expect()
        self.send(Ping(t))
        return t

    def ponged(self, t: float) -> None:
        """There it is."""
        if t >= self._newest:
            self._due = float("inf")
        self.round_trip = max(0.0, self.clock.seconds() - t)

    def _expect(self) -> None:
        self._due = min(self._due, self.clock.seconds() + ANSWER_WITHIN)

    def _look(self) -> None:
        now = self.clock.seconds()
        if now > self._due:
            self.stop()
            self.on_dead()
        elif now >= self._next or self.is_wanted(now):
            self.ping()
