"""A bot: a policy that plays over a loopback transport, through the same door as everybody else.

It speaks the packet protocol to a packet protocol's server end, as a native client would over a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any, TypeAlias

from attrs import define, field
from msgspec import UNSET
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import CooperativeTask, Cooperator
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.bot import Act, Bot
from gamesrv.core.driver import Driver
from gamesrv.core.game import GameError
from gamesrv.core.messages import (
    ClientMessage,
    Command,
    Desync,
    Dump,
    Event,
    Frames,
    Hello,
    Join,
    Joined,
    Leave,
    Left,
    Ready,
    Refusal,
    ServerMessage,
    Sync,
    Update,
    Welcome,
)
from gamesrv.core.rng import Random
from gamesrv.core.views import View, merge, merged
from gamesrv.net.link import Transport
from gamesrv.server.interfaces import Clock
from gamesrv.server.slices import SLICE, cooperator
from gamesrv.server.wheel import Wheel
from gamesrv.wire import packets
from gamesrv.wire.frames import PACKET_FRAMING
from gamesrv.wire.lockstep import decode_frames, encode_sync
from gamesrv.wire.packets import SERVER_FRAMING

__all__ = ["Backroom", "BotClient", "Place"]

SHORTEST_PAUSE = 0.05
"""Seconds between two thoughts that no policy goes below: nobody is faster, and the clock is everyone's."""
BEATS = 60
"""Moments a second at which bots begin to think."""
HOLDS_AHEAD = 3
"""Ticks between what a bot in a lockstep room sees and what it does about it, at least."""


_Hear: TypeAlias = "Callable[[BotClient, Any], None]"


@lru_cache(maxsize=16)
def _messages(data: bytes) -> list[tuple[_Hear, ServerMessage]]:
    """What the server said, and what a bot does about it: whole packets, for a loopback does not chop.

    What a room tells all its bots comes to one after the other, and is taken apart once. So what is in a
    message is theirs together, to be read only.
    """
    messages = map(_message, SERVER_FRAMING.cut(data))
    return [(hear, message) for message in messages if (hear := _HEARD.get(type(message)))]


_message = lru_cache(maxsize=16)(packets.decode_server)
"""One of them: what only some are told comes together with what all are."""


class Sight:
    """What bots see. Those in one room see the same and hear of changes one after the other: so they look at
    one view, which is never changed, but another one takes its place.
    """

    def __init__(self) -> None:
        self._before: View = {}
        self._patch: View = {}
        self._now: View = {}

    def first(self, view: View) -> View:
        """For one who has come just now; before a game begins, there is nothing to see."""
        if view and view != self._now:
            self._now = view
        return self._now if view else view

    def next(self, view: View, patch: View) -> View:
        """For one who saw ``view`` up to now."""
        if view is not self._before or patch is not self._patch:
            self._before, self._patch, self._now = view, patch, merged(view, patch)
        return self._now


@define(eq=False)
class Backroom:
    """Where bots think: each for itself while it is quick, and those that take longer in turns."""

    clock: Clock
    sight: Sight = field(factory=Sight, init=False)
    _turns: Cooperator = field(init=False)
    wheel: Wheel = field(init=False)
    """When they begin to."""

    def __attrs_post_init__(self) -> None:
        self.wheel = Wheel(self.clock, BEATS)
        self._turns = cooperator(self.clock)

    def ponder(self, thoughts: Iterator[None]) -> CooperativeTask[Iterator[None]]:
        """Goes through ``thoughts`` in slices, all who ponder in turns."""
        return self._turns.cooperate(thoughts)


@define(frozen=True)
class Place:
    """Where a bot is sent."""

    room: str
    ticket: str | None = None


class BotClient(Protocol):
    """The client's end of a bot's connection: keeps the view, and lets the policy think at its own pace.

    ``on_end`` is called once, when it has gone.
    """

    _log = Logger()

    transport: Transport

    def __init__(
        self,
        backroom: Backroom,
        name: str,
        place: Place,
        policy: type[Bot],
        random: Random,
        on_end: Callable[[BotClient], object] = lambda bot: None,
        simulation: ModuleType | None = None,
    ) -> None:
        self._backroom = backroom
        self._clock = backroom.clock
        self.name = name
        self._place = place
        self._policy = policy
        self._random = random
        self._on_end = on_end
        self._bot: Bot | None = None
        self._rate = 0
        self._view: View = {}
        self._mine: View = {}
        self._changed = False
        """Whether there is something to see that was not considered."""
        self._due: tuple[int, Callable[[], object]] | None = None
        """What it will do, and at which beat."""
        self._pondering: CooperativeTask[Iterator[None]] | None = None
        self._driver = None if simulation is None else Driver(simulation)
        self.session: str | None = None
        """Its session's id, once it is greeted."""
        self.seat: int | None = None
        """Where it sits, once it does."""
        self.alive = True
        self.failed = False
        """Whether it left because its policy raised."""

    def leave(self) -> None:
        """Gives the seat up and goes."""
        self._say(Leave())
        self.transport.loseConnection()
        self._end()

    def wake(self) -> None:
        """Does what it meant to do now."""
        if self._due is not None:
            (_, act), self._due = self._due, None
            self._guarded(act)

    def connectionMade(self) -> None:
        self._say(Hello(name=self.name))

    def dataReceived(self, data: bytes) -> None:
        try:
            for hear, message in _messages(data):
                if self.alive:
                    hear(self, message)
            if self._changed and self.alive:
                self._changed = False
                self._consider()
        except BaseException:
            self._fail()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end()

    def _end(self) -> None:
        if self.alive:
            self.alive = False
            self._hush()
            self._on_end(self)

    # ------------------------------------------------------------------ what it hears

    def _see(self, update: Update) -> None:
        if update.delta is not UNSET:
            self._view = self._backroom.sight.next(self._view, update.delta)
        if update.mine is not UNSET:
            merge(self._mine, update.mine)
        self._changed = not self._rate

    def _greet(self, welcome: Welcome) -> None:
        self.session = welcome.session
        self._say(Join(room=self._place.room, ticket=self._place.ticket))

    def _refused(self, refusal: Refusal) -> None:
        if self.seat is None:
            self.leave()  # somebody was faster

    def _join(self, joined: Joined) -> None:
        """A game to play; or one that will begin, or that is over, and others wait for its word."""
        self.seat, self._rate = joined.seat, joined.rate
        self._view = self._backroom.sight.first(joined.view)
        self._mine = merge({}, joined.mine) if isinstance(joined.mine, dict) else {}
        if joined.state != "playing":
            self._wait(self._get_ready)
        elif joined.seat is not None:
            self._bot = self._bot or self._policy(joined.seat, self._random)
            if joined.lockstep is UNSET:
                self._consider()
            else:
                self._follow(joined)

    def _hear(self, event: Event) -> None:
        name = event.name
        if name == "started":
            self._bot = None  # another game, another mind
        elif self._bot is not None:
            self._bot.on_event(name, event.data)
        if name == "finished":
            self._changed = False  # nothing more is to be done in that game
            self._wait(self._get_ready)

    def _get_ready(self) -> None:
        self._say(Ready())

    # ------------------------------------------------------------------ what it holds in a lockstep room

    def _follow(self, joined: Joined) -> None:
        if self._driver is None:
            raise GameError(f"{joined.game} has no simulation that a bot could run")
        self._driver.snapshot(joined, self._clock.seconds())
        self._hold(self._driver)
        self._say_held(self._driver)

    def _go_on(self, frames: Frames) -> None:
        """It goes by the frames that come: there is no way to speak of between it and the server."""
        driver = self._driver
        if driver is None or driver.seat is None:
            return
        body = decode_frames(frames.data, driver.info.bits, driver.info.seats)
        driver.receive(body, self._clock.seconds())
        while driver.step():
            self._hold(driver)
        self._say_held(driver)

    def _hold(self, driver: Driver) -> None:
        """After each tick, what it holds a little later."""
        if self._bot is not None and driver.seat is not None:
            held = self._bot.control(driver.world, driver.seat) & (1 << driver.info.bits) - 1
            driver.press_until(driver.tick + HOLDS_AHEAD, held)

    def _say_held(self, driver: Driver) -> None:
        self._say(Sync(encode_sync(driver.sync(reliable=True), driver.info.bits)))

    def _say_world(self, desync: Desync) -> None:
        if self._driver is None:
            return
        tick = desync.tick
        dump = packets.encode_client(Dump(tick, self._driver.dump(tick)))
        self.transport.write(
            dump if len(dump) <= PACKET_FRAMING.max_frame else packets.encode_client(Dump(tick, {}))
        )

    # ------------------------------------------------------------------ what it thinks

    def _wait(self, then: Callable[[], object]) -> None:
        """Does something in a while, and not what it had in mind before."""
        self._hush()
        fastest, slowest = self._policy.pace
        pause = fastest + (slowest - fastest) * self._random.word() / 2**32
        self._due = self._backroom.wheel.wake(self, max(SHORTEST_PAUSE, pause)), then

    def _hush(self) -> None:
        if self._due is not None:
            self._backroom.wheel.let_sleep(self, self._due[0])
            self._due = None
        if self._pondering is not None:
            pondering, self._pondering = self._pondering, None
            pondering.stop()

    def _consider(self) -> None:
        """Something has changed: is it a reason to think, or to drop what one was thinking about?"""
        if self._bot is not None and self._bot.is_called(self._view, self._mine):
            self._wait(self._think)
        elif self._due is not None or self._pondering is not None:
            self._hush()

    def _think(self) -> None:
        """What takes no time is done at once; what goes on is pondered, so that nobody waits for it."""
        if self._bot is None:
            return
        thoughts, best = self._bot.think(self._view, self._mine), None
        end = self._clock.seconds() + SLICE
        for best in thoughts:
            if self._clock.seconds() >= end:
                self._pondering = self._backroom.ponder(self._ponder(thoughts, best))
                return
        self._act(best)

    def _ponder(self, thoughts: Iterator[Act | None], best: Act | None) -> Iterator[None]:
        spent = SLICE
        while spent < self._policy.budget:
            yield
            started = self._clock.seconds()
            thought = self._guarded(next, thoughts, self)
            if thought is self or not self.alive:
                break
            best = thought
            spent += self._clock.seconds() - started
        self._pondering = None
        if self.alive:
            self._act(best)

    def _act(self, act: Act | None) -> None:
        if act is not None:
            self._say(Command(*act))
        if self._rate:
            self._consider()

    def _guarded(self, think: Callable[..., Any], *args: Any) -> Any:
        """A policy is an author's code: should it fail, this bot leaves and nothing else happens."""
        try:
            return think(*args)
        except BaseException:
            self._fail()

    def _fail(self) -> None:
        self._log.failure("Bot {name} failed", name=self.name)
        self.failed = True
        self.leave()

    def _say(self, message: ClientMessage) -> None:
        self.transport.write(packets.encode_client(message))


_HEARD: dict[type, _Hear] = {
    Update: BotClient._see,
    Event: BotClient._hear,
    Frames: BotClient._go_on,
    Desync: BotClient._say_world,
    Joined: BotClient._join,
    Welcome: BotClient._greet,
    Left: lambda bot, left: bot.leave(),
    Refusal: BotClient._refused,
}
