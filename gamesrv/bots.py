"""Bots: policies that play over loopback transports, through the same door as everybody else.

A `BotClient` speaks the packet protocol to a packet protocol's server end, as a native client would over a
socket. The `BotKeeper` sees to it that a public room of each game with a policy has a few players.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.bot import Bot
from gamesrv.core.game import Refused
from gamesrv.core.messages import (
    ClientMessage,
    Command,
    Event,
    Hello,
    Join,
    Joined,
    Leave,
    Ping,
    Refusal,
    Update,
    Welcome,
)
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.core.views import View, merge
from gamesrv.net import loopback
from gamesrv.net.link import Transport
from gamesrv.net.tcp import PacketFactory
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.server.lobby import Lobby
from gamesrv.server.room import Room
from gamesrv.wire import packets
from gamesrv.wire.frames import FrameDecoder
from gamesrv.wire.packets import SERVER_FRAMING

__all__ = ["BotClient", "BotKeeper"]

NAMES = (
    "Ada",
    "Bo",
    "Cleo",
    "Dot",
    "Emil",
    "Fay",
    "Gus",
    "Hal",
    "Ida",
    "Jo",
    "Kit",
    "Lou",
    "Max",
    "Nia",
    "Otto",
    "Pia",
)
SHORTEST_PAUSE = 0.05
"""Seconds between two thoughts that no policy goes below: nobody is faster, and the clock is everyone's."""
REST = 60.0
"""Seconds without new bots for a game whose policy has failed."""


class BotClient(Protocol):
    """The client's end of a bot's connection: keeps the view, and lets the policy think at its own pace."""

    _log = Logger()

    transport: Transport

    def __init__(self, clock: Clock, name: str, room: str, policy: type[Bot], random: Random) -> None:
        self._clock = clock
        self.name = name
        self._room = room
        self._policy = policy
        self._random = random
        self._frames = FrameDecoder(SERVER_FRAMING)
        self._bot: Bot | None = None
        self._view: View = {}
        self._mine: View = {}
        self._thought: DelayedCall | None = None
        self.alive = True
        self.failed = False
        """Whether it left because its policy raised."""

    @property
    def seated(self) -> bool:
        """Whether it has its seat yet."""
        return self._bot is not None

    def leave(self) -> None:
        """Gives the seat up and goes."""
        self._say(Leave())
        self.transport.loseConnection()
        self._end()

    def connectionMade(self) -> None:
        self._say(Hello(name=self.name))

    def dataReceived(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if self.alive:
                self._take(packets.decode_server(frame))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end()

    def _end(self) -> None:
        self.alive = False
        if self._thought is not None and self._thought.active():
            self._thought.cancel()

    def _take(self, message: object) -> None:
        match message:
            case Welcome():
                self._say(Join(room=self._room))
            case Joined():
                self._view = message.view
                self._mine = message.mine if isinstance(message.mine, dict) else {}
                if self._bot is None and message.seat is not None:
                    self._guarded(self._begin, message.seat)
            case Update():
                merge(self._view, message.delta if isinstance(message.delta, dict) else {})
                merge(self._mine, message.mine if isinstance(message.mine, dict) else {})
            case Event() if self._bot is not None:
                self._guarded(self._bot.on_event, message.name, message.data)
            case Refusal() if self._bot is None:
                self.leave()  # somebody was faster

    def _begin(self, seat: int) -> None:
        self._bot = self._policy(seat, self._random)
        self._rest()

    def _rest(self) -> None:
        fastest, slowest = self._policy.pace
        pause = fastest + (slowest - fastest) * self._random.below(1000) / 1000
        self._thought = self._clock.callLater(max(SHORTEST_PAUSE, pause), self._guarded, self._think)

    def _think(self) -> None:
        """One thought. Where there is nothing to do, a sign of life: the server closes on who is silent."""
        assert self._bot is not None
        act = self._bot.act(self._view, self._mine)
        self._say(Ping() if act is None else Command(*act))
        self._rest()

    def _guarded(self, think: Callable[..., object], *args: Any) -> None:
        """A policy is an author's code: should it fail, this bot leaves and nothing else happens."""
        try:
            think(*args)
        except BaseException:
            self._log.failure("Bot {name} failed", name=self.name)
            self.failed = True
            self.leave()

    def _say(self, message: ClientMessage) -> None:
        self.transport.write(packets.encode_client(message))


@define(eq=False)
class BotKeeper:
    """Keeps one public room of each game that has a policy filled up to ``wanted`` players.

    Bots come while there are fewer, and leave one by one as people come, or all when the game is over.
    """

    clock: Clock
    lobby: Lobby
    factory: PacketFactory
    """Makes the server's end of a bot's connection."""
    wanted: int
    random: Random
    _bots: dict[Room, list[BotClient]] = field(factory=dict, init=False)
    _resting: dict[str, float] = field(factory=dict, init=False)
    """Until when which game gets no bots."""

    def tend(self) -> None:
        """Looks after the rooms; call it every now and then."""
        now = self.clock.seconds()
        for room in tuple(self._bots):
            self._tend_room(room, now)
        for game_type in self.lobby.games.values():
            policy = game_type.rules.bot
            if policy is not None and self.wanted > 0 and self._resting.get(game_type.name, now) <= now:
                self._tend_game(game_type, policy)

    def _tend_room(self, room: Room, now: float) -> None:
        bots = self._bots.pop(room)
        if any(bot.failed for bot in bots):
            self._resting[room.game_type.name] = now + REST
        alive = [bot for bot in bots if bot.alive]
        if room.open and not room.machine.finished:
            self._bots[room] = alive
        else:
            for bot in alive:
                bot.leave()

    def _tend_game(self, game_type: GameType, policy: type[Bot]) -> None:
        room = next((room for room in self._bots if room.game_type is game_type), None)
        if room is None:
            try:
                room = self.lobby.quick(game_type.name)
            except Refused:
                return
        bots = self._bots.setdefault(room, [])
        seated = sum(bot.seated for bot in bots)
        people = len(room.seats) - seated
        # Where nobody is yet, one seat stays free for whoever comes first.
        wanted = min(self.wanted, game_type.capacity - (not people))
        missing = wanted - people - len(bots)
        for _ in range(missing):
            bots.append(self._send(room, policy))
        if missing < 0 and bots:
            bots.pop().leave()

    def _send(self, room: Room, policy: type[Bot]) -> BotClient:
        name = self.random.choice(self._free_names(room))
        seed = self.random.word().to_bytes(4, "big")
        bot = BotClient(self.clock, name, room.id, policy, Random(seed))
        loopback.connect(self.clock, bot, self.factory.buildProtocol(None))
        return bot

    def _free_names(self, room: Room) -> list[str]:
        """Two Emils would be one too many, as long as there are other names."""
        taken = {member.name for member in room.seats.values()} | {bot.name for bot in self._bots[room]}
        return [name for name in NAMES if name not in taken] or list(NAMES)
