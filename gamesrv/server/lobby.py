"""The directory of rooms, and who finds whom a room."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from itertools import count, islice
from typing import Any

from attrs import define, field
from twisted.logger import Logger

from gamesrv.core.game import GameError, Refused
from gamesrv.core.machine import Machine
from gamesrv.core.messages import RoomInfo
from gamesrv.core.schema import GameType
from gamesrv.server.interfaces import Now
from gamesrv.server.limits import Limits
from gamesrv.server.room import Room
from gamesrv.server.ticker import Ticker

__all__ = ["Lobby"]

LISTED = 100


@define(eq=False)
class Lobby:
    """Opens, finds and forgets rooms. Raises `GameError` at once for games that can't be run here."""

    _game_types: Iterable[GameType]
    limits: Limits
    ticker: Ticker
    now: Now
    entropy: Callable[[int], bytes] = secrets.token_bytes
    """Where the rooms' seeds come from."""
    games: dict[str, GameType] = field(factory=dict, init=False)
    rooms: dict[str, Room] = field(factory=dict, init=False)
    _numbers: Any = field(factory=lambda: count(1), init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        for game_type in self._game_types:
            self._add(game_type)

    def _add(self, game_type: GameType) -> None:
        if game_type.name in self.games:
            raise GameError(f"two games are called {game_type.name!r}")
        rate = game_type.rules.tick_rate
        if not self.ticker.divides(rate):
            raise GameError(
                f"{game_type.name} ticks at {rate} Hz,"
                f" which does not divide the base rate of {self.ticker.rate} Hz"
            )
        self.games[game_type.name] = game_type

    def list(self) -> list[RoomInfo]:
        """The newest public rooms, no more than a client can take."""
        public = (room for room in reversed(self.rooms.values()) if room.public)
        return [room.info() for room in islice(public, LISTED)]

    def find(self, room_id: str) -> Room:
        """Raises `Refused` where there is no such room."""
        room = self.rooms.get(room_id)
        if room is None:
            raise Refused(f"there is no room {room_id}", "no_such_room", "room")
        return room

    def quick(self, game: str) -> Room:
        """An open public room of a game, a new one where there is none; raises `Refused`."""
        self._known(game)
        for room in self.rooms.values():
            if room.public and room.has_room and room.game_type.name == game:
                return room
        return self.create(game, {})

    def create(self, game: str, options: dict[str, Any]) -> Room:
        """Opens a room; raises `Refused`, also where the game's own code fails at it."""
        game_type = self._known(game)
        if len(self.rooms) >= self.limits.max_rooms:
            raise Refused("no more rooms can be opened now", "server_full")
        room = self._open(game_type, options)
        self.rooms[room.id] = room
        self.ticker.add(room)
        return room

    def wake_at(self, room: Room, at: float | None) -> None:
        """Wakes a room that does not tick."""
        self.ticker.wake_at(room, at)

    def over(self, room: Room) -> None:
        """Forgets a room."""
        self.rooms.pop(room.id, None)
        self.ticker.remove(room)

    def _known(self, game: str) -> GameType:
        found = self.games.get(game)
        if found is None:
            raise Refused(f"there is no game {game!r}", "no_such_game", "game")
        return found

    def _open(self, game_type: GameType, options: dict[str, Any]) -> Room:
        try:
            machine = Machine.start(game_type, self.entropy(32), options, limit=self.limits.inputs_kept)
            return Room(f"{game_type.name}-{next(self._numbers)}", machine, self.limits, self.now, self)
        except Refused:
            raise
        except BaseException:
            self._log.failure("A room of {game} could not be opened", game=game_type.name)
            raise Refused(f"{game_type.name} could not be started", "room_failed") from None
