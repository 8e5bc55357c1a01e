"""A client of a lockstep room, without the client: no socket, no clock, no codec.

What comes in are snapshots and frames, what goes out are inputs. In between it runs the game's own simulation
module, the one that the server runs, see `LockstepGame`. Whoever has a `Driver` calls ``press`` and ``play``
as often as it draws, or once a tick; says ``sync`` where ``press`` wants it; hands on what comes to
``snapshot`` and ``receive``; and answers a `Desync` with ``dump``.
"""

from collections import deque
from types import ModuleType
from typing import Any

import msgspec
from attrs import define, field

from gamesrv.core.game import GameError
from gamesrv.core.inputs import MAX_COUNT, Frame, FramesBody, SyncBody
from gamesrv.core.messages import Joined, LockstepInfo
from gamesrv.core.pace import InputClock, Playout, TwoWays
from gamesrv.core.views import View

__all__ = ["Driver"]

MOST_SYNCS = 30
"""A second: two inputs at a time in a game of 60 Hz."""
WATCHERS_SYNC = 10
"""One who only watches has less to say, by this factor."""
MOST_AHEAD = 255
STEPS_AT_ONCE = 4
WORLDS_KEPT = 8
TELL_TIMES = 3
_NOTHING = LockstepInfo(bits=1, mode="deadline", check=1, seats=0, run=-1)


@define(eq=False)
class Driver:
    """The world as it is here, and the inputs that are on their way.

    Attributes:
        world: for looking at; it changes in place, and is another one after each snapshot.
        tick: the last that the world went through.
        late: how many ticks of ours the server had to fill in so far (mod 65536).
        info: of the last snapshot; before the first one, nothing comes and nothing is to be said.
    """

    simulation: ModuleType
    world: View = field(factory=dict, init=False)
    tick: int = field(default=0, init=False)
    late: int = field(default=0, init=False)
    seat: int | None = field(default=None, init=False)
    info: LockstepInfo = field(default=_NOTHING, init=False)
    _rate: int = field(default=0, init=False)
    _clock: InputClock = field(factory=lambda: InputClock(1), init=False)
    _playout: Playout = field(factory=lambda: Playout(1), init=False)
    _frames: deque[Frame] = field(factory=deque, init=False)
    """Those after `tick`, with no gap."""
    _inputs: deque[int] = field(factory=deque, init=False)
    """Those not known to have come, with no gap."""
    _next: int = field(default=0, init=False)
    """The tick of the next input."""
    _sent: int = field(default=0, init=False)
    """Inputs up to that tick went over the reliable link."""
    _said_at: int = field(default=0, init=False)
    """The tick of the next input when we last had our say."""
    _ways: TwoWays = field(factory=lambda: TwoWays(0.0), init=False)
    _checksum: tuple[int, int] | None = field(default=None, init=False)
    _tell: int = field(default=0, init=False)
    """How many times more."""
    _worlds: deque[tuple[int, bytes]] = field(factory=lambda: deque(maxlen=WORLDS_KEPT), init=False)

    # ------------------------------------------------------------------ what comes

    def snapshot(self, joined: Joined, now: float, round_trip: float = 0.0) -> None:
        """Goes on from here. ``round_trip`` in seconds, as far as it is known, only makes the start smoother.

        Raises `GameError` for a room that is no lockstep room, or has not begun.
        """
        if not isinstance(joined.lockstep, LockstepInfo):
            raise GameError(f"{joined.game}: a snapshot without a world to go on from")
        again = self._rate == joined.rate and self.newest <= joined.tick and self.seat == joined.seat
        self.info, self.seat, self._rate = joined.lockstep, joined.seat, joined.rate
        self.world, self.tick, self._sent = joined.view, joined.tick, joined.tick
        self._frames.clear()
        self._checksum, self._tell = None, 0
        if not again:
            self._clock, self._playout = InputClock(joined.rate), Playout(joined.rate)
        self._forget_inputs(joined.tick)
        if not again or not 0 < self._next - joined.tick <= MAX_COUNT:
            self._inputs.clear()
            self._next = self._said_at = joined.tick + 2 + round(round_trip * joined.rate)
            self._clock.start(self._next, now)
            self._ways = TwoWays(now)

    def receive(self, body: FramesBody, now: float) -> None:
        """Takes frames, in whatever order and however often they come."""
        if not self.begun or body.run != self.info.run:
            return
        newest = self.newest
        for tick, frame in enumerate(body.frames, body.start):
            if tick == self.newest + 1:
                self._frames.append(frame)
        if self.newest > newest:
            self._playout.arrived(newest + 1, self.newest, now)
            self.late = body.late
        self._forget_inputs(max(body.ack, self.newest))
        if body.wait is not None or self.seat is None:
            self._ways.heard = now
        if self._clock.tick(now) < self.newest:
            self._clock.start(self.newest + 2, now)
        if body.wait is not None and body.frames:
            self._clock.told(body.start + len(body.frames) - 1, body.wait / 1000)

    @property
    def begun(self) -> bool:
        """Whether there was a snapshot."""
        return self._rate > 0

    @property
    def newest(self) -> int:
        """The last tick that there is a frame for."""
        return self.tick + len(self._frames)

    # ------------------------------------------------------------------ what is shown

    def play(self, now: float) -> int:
        """Simulates what is due, four ticks at most; returns how many it were."""
        due = self._playout.due(self.newest, now) - self.tick
        steps = max(0, min(due, STEPS_AT_ONCE))
        for _ in range(steps):
            self._step()
        return steps

    def step(self) -> bool:
        """Simulates the next tick, due or not; `False` if there is none: for those who need not look good."""
        if not self._frames:
            return False
        self._step()
        return True

    def dump(self, tick: int) -> View:
        """The world as it was after that tick; empty if it was not kept."""
        world: View = next((msgspec.msgpack.decode(kept) for at, kept in self._worlds if at == tick), {})
        return world

    def _step(self) -> None:
        frame = self._frames.popleft()
        simulation: Any = self.simulation
        for kind, seat in frame.changes:
            getattr(simulation, kind)(self.world, seat)
        simulation.step(self.world, [*frame.inputs])
        self.tick += 1
        if self.tick % self.info.check == 0:
            self._checksum, self._tell = (self.tick, simulation.checksum(self.world) & 0xFFFFFFFF), TELL_TIMES
            self._worlds.append((self.tick, msgspec.msgpack.encode(self.world)))

    # ------------------------------------------------------------------ what goes

    def press(self, bits: int, now: float) -> bool:
        """What is held now, as the bits of an input; returns whether it is time for `sync`."""
        return self.press_until(self._clock.tick(now), bits)

    def press_until(self, tick: int, bits: int) -> bool:
        """The same for all ticks up to that one, whatever the time: for who goes by the frames that come."""
        if not self.begun:
            return False
        while self._next <= tick and len(self._inputs) < MAX_COUNT and self._next < self.newest + MOST_AHEAD:
            self._inputs.append(bits)
            self._clock.made(self._next)
            self._next += 1
        every = max(1, self._rate // MOST_SYNCS) * (WATCHERS_SYNC if self.seat is None else 1)
        return self._next - self._said_at >= every

    def sync(self, reliable: bool) -> SyncBody:
        """What to say: over a reliable link what is new, else all that is not known to have come."""
        self._said_at = self._next
        first = self._next - len(self._inputs)
        if reliable:
            first = max(first, self._sent + 1)
            self._sent = self._next - 1
        else:
            self._sent = min(self._sent, first - 1)
        inputs = (
            tuple(self._inputs)[first - self._next + len(self._inputs) :] if self.seat is not None else ()
        )
        checksum = self._checksum if self._tell else None
        self._tell = 0 if reliable else max(0, self._tell - 1)
        return SyncBody(self.info.run, self.newest, first, inputs, checksum)

    def by_datagram(self, now: float) -> bool:
        """Whether to try datagrams, where there are any: not while nothing of ours comes through by them."""
        return self._ways.by_datagram(now)

    def _forget_inputs(self, tick: int) -> None:
        """Inputs up to that tick are not needed any more."""
        first = self._next - len(self._inputs)
        for _ in range(min(tick - first + 1, len(self._inputs))):
            self._inputs.popleft()
        self._next = max(self._next, tick + 1)
