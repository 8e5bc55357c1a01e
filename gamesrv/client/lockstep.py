"""A lockstep room on one's own machine: the game's simulation, driven by what the server sends."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Protocol, cast

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.driver import Driver
from gamesrv.core.game import GameError
from gamesrv.core.inputs import MAX_SEATS
from gamesrv.core.messages import ClientMessage, Dump, Joined, LockstepInfo, Sync
from gamesrv.core.views import View
from gamesrv.server.interfaces import Clock
from gamesrv.wire.codec import MSGPACK
from gamesrv.wire.datagram import LOCKSTEP, MAX_PAYLOAD
from gamesrv.wire.lockstep import decode_frames, encode_sync

__all__ = ["Control", "Lockstep", "Ways"]

HEAD = 4
"""Bytes of a packet in front of its body."""
Control = Callable[[View, int], int]
"""What is held, as the bits of an input: of the world (for looking at only) and one's seat."""


class Ways(Protocol):
    """Where its words go."""

    @property
    def limit(self) -> int:
        """Bytes that one message to the server may have."""
        ...

    @property
    def round_trip(self) -> float:
        """There and back over the connection, in seconds; 0 where unknown."""
        ...

    def say_now(self, message: ClientMessage) -> None:
        """Over the connection, if there is one."""
        ...

    @property
    def has_datagrams(self) -> bool:
        """Whether `post` is of use."""
        ...

    def post(self, payload: bytes) -> None:
        """By datagram."""
        ...


@define(eq=False)
class Lockstep:
    """Made by `Client.simulate`; it follows whatever lockstep room the client is in.

    Attributes:
        held: the bits that are held from now on, unless ``control`` says so at each beat.
        on_step: called after each step of the world that is seen.
    """

    _log = Logger()
    simulation: ModuleType
    clock: Clock
    ways: Ways
    control: Control | None = None
    held: int = 0
    on_step: Callable[[View], object] = lambda world: None
    driver: Driver = field(init=False)
    desyncs: int = field(default=0, init=False)
    """Differences that the server found."""
    _beat: LoopingCall = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.driver = Driver(self.simulation)
        self._beat = LoopingCall(self._on_beat)
        self._beat.clock = cast(IReactorTime, self.clock)

    @property
    def world(self) -> View:
        """For looking at: it changes in place."""
        return self.driver.world

    @property
    def tick(self) -> int:
        """The last that the world went through."""
        return self.driver.tick

    def joined(self, joined: Joined) -> None:
        """Goes on from a snapshot; where it is none of a lockstep room's, stops. Raises `GameError` for one
        that makes no sense.
        """
        if not isinstance(joined.lockstep, LockstepInfo):
            self.stop()
            return
        _check(joined.lockstep, joined.rate)
        again = self._beat.running and self._beat.interval == 1 / joined.rate
        self.driver.snapshot(joined, self.clock.seconds(), self.ways.round_trip)
        if not again:
            self.stop()
            self._beat.start(1 / joined.rate, now=False).addErrback(self._failed)

    def frames(self, data: bytes) -> None:
        """Takes frames. Raises `gamesrv.wire.codec.BadMessage`."""
        if self.driver.begun:
            info = self.driver.info
            self.driver.receive(decode_frames(data, info.bits, info.seats), self.clock.seconds())

    def desync(self, tick: int) -> None:
        """The server has another world: shows ours; what is too big to say stays unsaid."""
        self.desyncs += 1
        dump = Dump(tick, self.driver.dump(tick))
        small = len(MSGPACK.encode_client(dump)) + HEAD <= self.ways.limit
        self.ways.say_now(dump if small else Dump(tick, {}))

    def stop(self) -> None:
        """Until the next snapshot."""
        if self._beat.running:
            self._beat.stop()

    def _on_beat(self) -> None:
        now, driver = self.clock.seconds(), self.driver
        for _ in range(driver.play(now)):
            self.on_step(driver.world)
        if self.control is not None and driver.seat is not None:
            self.held = self.control(driver.world, driver.seat) & (1 << driver.info.bits) - 1
        if driver.press(self.held, now):
            self._say(driver, now)

    def _say(self, driver: Driver, now: float) -> None:
        bits = driver.info.bits
        if self.ways.has_datagrams and driver.by_datagram(now):
            payload = LOCKSTEP + encode_sync(driver.sync(reliable=False), bits)
            if len(payload) <= MAX_PAYLOAD:
                self.ways.post(payload)
                return
        self.ways.say_now(Sync(encode_sync(driver.sync(reliable=True), bits)))

    def _failed(self, failure: Failure) -> None:
        self._log.failure("The simulation failed", failure)


def _check(info: LockstepInfo, rate: int) -> None:
    """What is computed with later on has to be in bounds."""
    if not (1 <= info.bits <= 16 and 1 <= info.seats <= MAX_SEATS and info.check >= 1 and 1 <= rate <= 1000):
        raise GameError(f"no lockstep room has these settings: {info}")
