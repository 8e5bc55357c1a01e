"""The keeper sends bots to where players are missing, and calls them back where they are not needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define, field

from gamesrv.bots import Backroom, BotClient, Place
from gamesrv.core.bot import Bot
from gamesrv.core.game import Refused
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.net.loopback import Loopback
from gamesrv.net.tcp import PacketFactory
from gamesrv.server.interfaces import Clock
from gamesrv.server.lobby import Lobby
from gamesrv.server.room import Room

__all__ = ["BotKeeper"]

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
REST = 60.0
"""Seconds without new bots for a game whose policy has failed."""


@define(eq=False)
class BotKeeper:
    """Looks after all games that have a policy.

    Where a game begins at once, one public room of it has at least ``wanted`` players: bots come while there
    are fewer, and leave one by one as people come, or all when it is over. Where a room waits for players,
    bots take the missing seats once all who are there are ready, or, in a public one, once somebody has been
    waiting for ``Limits.bot_wait``. In mid-game they take the place of who leaves or is away, if the game has
    it so.
    Where there is nobody but bots they leave. A game of which 0 are wanted has none at all.
    """

    clock: Clock
    lobby: Lobby
    factory: PacketFactory
    """Makes the server's end of a bot's connection."""
    wanted: int
    random: Random
    wanted_at: Mapping[str, int] = field(factory=dict)
    """The same for games of which it is known."""
    backroom: Backroom = field(init=False)
    _loopback: Loopback = field(init=False)
    _bots: dict[Room, list[BotClient]] = field(factory=dict, init=False)
    _public: dict[str, Room] = field(factory=dict, init=False)
    """The room that is kept filled, by game."""
    _waiting: dict[Room, float] = field(factory=dict, init=False)
    """Since when somebody waits there for others."""
    _resting: dict[str, float] = field(factory=dict, init=False)
    """Until when which game gets no bots."""

    def __attrs_post_init__(self) -> None:
        self.backroom = Backroom(self.clock)
        self._loopback = Loopback(self.clock)

    def tend(self, changed: Iterable[Room]) -> None:
        """Looks after the rooms that have changed since the last time; call it every now and then."""
        now = self.clock.seconds()
        for game_type in self.lobby.games.values():
            policy = game_type.rules.bot
            if policy is not None and game_type.rules.begins == "at_once" and self._wanted(game_type):
                self._tend_game(game_type, policy, now)
        for room in {**dict.fromkeys(changed), **self._waiting}:
            policy = room.game_type.rules.bot
            at_once = room.game_type.rules.begins == "at_once"
            if policy is not None and not at_once and self._wanted(room.game_type):
                self._tend_room(room, policy, now)

    def _wanted(self, game_type: GameType) -> int:
        """How many players there should be, or whether bots should play at all."""
        named = self.wanted_at.get(game_type.name)
        if named is not None:
            return named
        return max(self.wanted, game_type.rules.company) if self.wanted else 0

    # ------------------------------------------------------------------ games that begin at once

    def _tend_game(self, game_type: GameType, policy: type[Bot], now: float) -> None:
        room = self._public.get(game_type.name)
        if room is not None and not (room.open and room.state == "playing"):
            del self._public[game_type.name]
            self._call_back(room)
            room = None
        if self._is_resting(game_type, now):
            return
        if room is None:
            try:
                room = self._public[game_type.name] = self.lobby.quick(game_type.name)
            except Refused:
                return
        self._fill(room, policy)

    def _fill(self, room: Room, policy: type[Bot]) -> None:
        bots = self._bots.get(room, [])
        people = self._people(room)
        # Where nobody is yet, one seat stays free for whoever comes first.
        wanted = min(self._wanted(room.game_type), room.seating.most - (not people))
        missing = wanted - people - len(bots)
        for _ in range(missing):
            self._send(room, policy)
        if missing < 0 and bots:
            bots[-1].leave()

    # ------------------------------------------------------------------ games that wait for their players

    def _tend_room(self, room: Room, policy: type[Bot], now: float) -> None:
        if not room.open or not self._people(room) and not room.seating.watchers:
            self._waiting.pop(room, None)
            self._call_back(room)
        elif room.state == "playing":
            self._waiting.pop(room, None)
            self._take_over(room, policy, now)
        elif self._has_waited(room, now) and not self._is_resting(room.game_type, now):
            coming = sum(bot.seat is None for bot in self._bots.get(room, ()))
            for _ in range(room.missing - coming):
                self._send_to_free_seat(room, policy)

    def _has_waited(self, room: Room, now: float) -> bool:
        since = self._waiting.setdefault(room, now)
        wait = room.public and room.state == "waiting" and now - since >= self.lobby.limits.bot_wait
        return wait or room.seating.all_ready

    def _take_over(self, room: Room, policy: type[Bot], now: float) -> None:
        if not self._is_resting(room.game_type, now):
            for seat in room.vacant:
                self._send(room, policy, room.reserve(seat), room.seating.gone.pop(seat, ""))

    def _send_to_free_seat(self, room: Room, policy: type[Bot]) -> None:
        try:
            self._send(room, policy, room.reserve())
        except Refused:
            return

    # ------------------------------------------------------------------ bots

    def _people(self, room: Room) -> int:
        """How many of those who sit there, or are away, are none of ours."""
        ours = {bot.session for bot in self._bots.get(room, ())}
        return sum(member.session.id not in ours for member in room.seating.seats.values())

    def _send(self, room: Room, policy: type[Bot], ticket: str | None = None, named: str = "") -> None:
        """A bot on its way; it has that name if it can."""
        bots = self._bots.setdefault(room, [])
        names = self._free_names(room)
        bot = BotClient(
            self.backroom,
            named if named in names else self.random.choice(names),
            Place(room.id, ticket),
            policy,
            Random(self.random.word().to_bytes(4, "big")),
            lambda bot: self._gone(room, bot),
            room.game_type.rules.simulation,
        )
        bots.append(bot)
        self._loopback.connect(bot, self.factory.buildProtocol(None))

    def _gone(self, room: Room, bot: BotClient) -> None:
        bots = self._bots[room]
        bots.remove(bot)
        if not bots:
            del self._bots[room]
        if bot.failed:
            self._resting[room.game_type.name] = self.clock.seconds() + REST
        self.lobby.changed(room)

    def _call_back(self, room: Room) -> None:
        for bot in tuple(self._bots.get(room, ())):
            bot.leave()

    def _is_resting(self, game_type: GameType, now: float) -> bool:
        return self._resting.get(game_type.name, now) > now

    def _free_names(self, room: Room) -> list[str]:
        """Two Emils would be one too many, as long as there are other names."""
        taken = {member.name for member in room.seating.everybody()}
        taken |= {bot.name for bot in self._bots[room]}
        names = [f"{name} (bot)" for name in NAMES]
        return [name for name in names if name not in taken] or names
