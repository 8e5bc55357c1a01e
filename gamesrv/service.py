"""The game service: owns the clock, the lobby, the sessions and the bots; starts and stops them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from secrets import token_bytes
from time import time
from typing import cast

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.keeper import BotKeeper
from gamesrv.net.tcp import PacketFactory
from gamesrv.server.books import Books
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock
from gamesrv.server.limits import Limits
from gamesrv.server.lobby import Lobby
from gamesrv.server.recovery import bring_back
from gamesrv.server.tally import Tally
from gamesrv.server.ticker import Ticker
from gamesrv.storage.interfaces import Store
from gamesrv.wire.close import CloseCode

__all__ = ["GameService"]


@define(eq=False, slots=False)
class GameService(Service):
    """One server's worth of games. Connections enter through `gate`; what makes them is none of its concern.

    Raises `GameError` for games that can't be run at this tick rate.
    """

    clock: Clock
    games: Iterable[GameType]
    limits: Limits = field(factory=Limits)
    tick_rate: int = 60
    """Beats per second that every room's rate divides."""
    reap_interval: float = 1.0
    """Seconds between two looks for what has had its time."""
    bots: int = 3
    """Players that the public room of a game with a policy has at least; 0 for no bots."""
    bots_at: Mapping[str, int] = field(factory=dict)
    """The same for some games."""
    rest: Callable[[], object] = lambda: None
    """Called after each beat of the clock: the moment for what should not be done in one."""
    on_fatal: Callable[[], object] = lambda: None
    """Called when the clock has failed and nothing can go on."""
    entropy: Callable[[int], bytes] = token_bytes
    store: Store | None = None
    """Where what is to outlive the process goes; opened at the start."""
    wall: Callable[[], float] = time
    """The time of day, in seconds since 1970."""
    ticker: Ticker = field(init=False)
    lobby: Lobby = field(init=False)
    gate: Gate = field(init=False)
    keeper: BotKeeper = field(init=False)
    _books: Books | None = field(default=None, init=False)
    tally: Tally = field(init=False)
    _reaper: LoopingCall = field(init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        now = self.clock.seconds
        self.ticker = Ticker(self.clock, self.tick_rate, self.rest, self.limits)
        self.lobby = Lobby(self.games, self.limits, self.ticker, now, self.entropy)
        self.gate = Gate(self.lobby, self.limits, now, self.entropy)
        door = PacketFactory(self.gate, self.clock, idle=None)
        random = Random(self.entropy(32))
        self.keeper = BotKeeper(self.clock, self.lobby, door, self.bots, random, self.bots_at)
        self.tally = Tally(self.gate, self.ticker, now)
        self._reaper = LoopingCall(self._look_after)
        self._reaper.clock = cast(IReactorTime, self.clock)

    def startService(self) -> None:
        """Starts the clock, the reaper and the bots; brings back what was going on. Raises `StoreError` where
        the store can't be used, and then nothing has started.
        """
        self._open_store()
        super().startService()
        self.gate.open = True
        self.ticker.start(self._fatal)
        self._reaper.start(self.reap_interval)

    def stopService(self) -> Deferred[None]:
        """Sees everyone out (1001) and stops; fires when nothing of it is left in the reactor."""
        super().stopService()
        if self._reaper.running:
            self._reaper.stop()
            self.tally.tell()
        gone = self.gate.close(CloseCode.GOING_AWAY, "the server is shutting down")
        gone.addCallback(lambda _: self.ticker.stop())
        return gone.addCallback(lambda _: self._close_store())

    def _open_store(self) -> None:
        if self.store is None:
            return
        loaded = self.store.open()
        if self._books is None:
            self._books = Books(self.store, self.clock, self.wall)
        self._books.reopen()
        bring_back(loaded, self.gate, self._books)

    def _close_store(self) -> Deferred[None] | None:
        """What could not be saved was logged by the store."""
        if self._books is None:
            return None
        if self.lobby.snapshots is not None:
            self.lobby.snapshots.look_at_all()
        return self._books.close().addErrback(
            lambda failure: self._log.error("{lost}", lost=failure.getErrorMessage())
        )

    def _look_after(self) -> None:
        """A fault in here must not stop the reaper."""
        try:
            self.gate.sweep()
            self.keeper.tend(self.lobby.look_after())
            self.tally.look()
        except BaseException:
            self._log.failure("The reaper failed, and goes on")

    def _fatal(self, failure: Failure) -> None:
        self._log.failure("The clock has failed: nothing can go on", failure)
        self.on_fatal()
