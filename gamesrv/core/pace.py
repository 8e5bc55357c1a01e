"""A client's two clocks in a lockstep room: when to make which input, and when to show which tick.

Neither needs to know what time it is at the server. Inputs go by how long the server says that they had to
wait there, which Gaffer's articles and most games after them leave to a guess at the round trip; ticks are
shown by when their frames came. Times are seconds of the client's own clock.
"""

from collections import deque

from attrs import define, field

__all__ = ["InputClock", "Playout", "TwoWays"]

SLEW = 0.02
"""How much faster or slower than the server's a clock may run."""
JUMP = 4
"""Ticks beyond which it is set instead."""
TOO_LATE = 1.5
"""The same for inputs that come too late: each of those is one that does not count."""
WAITS_KEPT = 64
ARRIVALS_KEPT = 256
LATEST_PASSED_OVER = 3
"""So many of the arrivals that are kept may come too late."""
ORIGINS_KEPT = 256
UNHEARD = 1.0
"""Seconds without a word of what has arrived by datagram, after which the reliable link carries it."""
FIRST_REST = 10.0


@define(eq=False)
class InputClock:
    """Says which tick's input is to be made by now.

    The server tells how long inputs waited until their tick was fixed. The clock is set so that nine of ten
    wait a tick or more: that much may go wrong on the way. What has been corrected since an input was made is
    counted in, so a long way to the server makes it slow to learn, but never makes it overshoot.
    """

    rate: int
    _origin: float = field(default=0.0, init=False)
    """When tick 0 would have been."""
    _wanted: float = field(default=0.0, init=False)
    """Where the origin should be."""
    _now: float = field(default=0.0, init=False)
    _made: dict[int, float] = field(factory=dict, init=False)
    """The origin by which recent inputs were made, by tick."""
    _fits: deque[float] = field(factory=lambda: deque(maxlen=WAITS_KEPT), init=False)
    """The origin that would have been just in time, for each input that was told of."""
    _set_at: int = field(default=0, init=False)
    """The first tick after the clock was set: what is told of those before is no news."""

    def start(self, tick: int, now: float) -> None:
        """Begins: the input for that tick is to be made now."""
        self._origin = self._wanted = now - tick / self.rate
        self._now, self._set_at = now, tick
        self._made.clear()
        self._fits.clear()

    def tick(self, now: float) -> int:
        """The newest tick whose input is to be made by now."""
        most = SLEW * max(0.0, now - self._now)
        self._now = now
        self._origin += max(-most, min(self._wanted - self._origin, most))
        return int((now - self._origin) * self.rate)

    def made(self, tick: int) -> None:
        """The input for that tick is made."""
        self._made[tick] = self._origin
        self._made.pop(tick - ORIGINS_KEPT, None)

    def told(self, tick: int, wait: float) -> None:
        """The server says: when that tick was fixed, its input had been there for ``wait`` seconds."""
        origin = self._made.get(tick)
        if origin is None or tick < self._set_at:
            return
        self._fits.append(origin + wait)
        just_in_time = sorted(self._fits)[len(self._fits) // 10]
        self._wanted = just_in_time - 1 / self.rate
        early = (self._wanted - self._origin) * self.rate
        if not -TOO_LATE <= early <= JUMP:
            self._origin = self._wanted
            self._set_at = max(self._made) + 1
            self._fits.clear()


@define(eq=False)
class Playout:
    """Says up to which tick to show by now, a little behind what comes in, so that it runs smoothly.

    A frame is due as long after its own tick as the slowest but a few of the last ones took to come, loss
    and repetition included. On a steady line that is at once, on a bad one it hides the unrest; the delay
    changes by two per cent of the time. A frame that is not there when it is due stops the clock until it is.
    """

    rate: int
    _origin: float | None = field(default=None, init=False)
    """When tick 0 would have been shown; `None` before the first arrival."""
    _wanted: float = field(default=0.0, init=False)
    _now: float = field(default=0.0, init=False)
    _arrivals: deque[float] = field(factory=lambda: deque(maxlen=ARRIVALS_KEPT), init=False)
    """Of each frame: when tick 0 would have come with it."""

    def restart(self) -> None:
        """Ticks are counted anew."""
        self._origin = None
        self._arrivals.clear()

    def arrived(self, first: int, last: int, now: float) -> None:
        """Those frames are there now."""
        self._arrivals.extend(now - tick / self.rate for tick in range(first, last + 1))
        latest = sorted(self._arrivals)
        self._wanted = latest[max(0, len(latest) - 1 - LATEST_PASSED_OVER)]
        if self._origin is None or self._origin - self._wanted > JUMP / self.rate:
            self._origin = self._wanted
            self._now = now

    def due(self, newest: int, now: float) -> int:
        """The tick to have shown by now, ``newest`` being the last there is."""
        if self._origin is None:
            return newest
        most = SLEW * max(0.0, now - self._now)
        self._now = now
        self._origin += max(-most, min(self._wanted - self._origin, most))
        due = int((now - self._origin) * self.rate + 1e-6)
        if due > newest:
            self._origin = max(self._origin, now - (newest + 1) / self.rate)
            return newest
        return due


@define(eq=False)
class TwoWays:
    """Whether to send by datagram, or over the reliable link since nothing seems to come through.

    Then it is the link for a while, twice as long each time: to try again costs a second of stalled game.
    """

    heard: float
    """When there last was a sign that what was sent has arrived."""
    _link_until: float = field(default=0.0, init=False)
    _rest: float = field(default=FIRST_REST, init=False)

    def by_datagram(self, now: float) -> bool:
        """Which of them it is."""
        if now < self._link_until:
            self.heard = now
        elif now - self.heard > UNHEARD:
            self._link_until, self.heard = now + self._rest, now
            self._rest *= 2
        return now >= self._link_until
