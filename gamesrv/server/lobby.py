"""The directory of rooms, and who finds whom a room."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from attrs import define, field
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.game import GameError, Refused
from gamesrv.core.messages import GameInfo
from gamesrv.core.schema import GameType
from gamesrv.server.area_room import AreaRoom
from gamesrv.server.books import Books
from gamesrv.server.durable import DurableRoom
from gamesrv.server.interfaces import Now
from gamesrv.server.limits import Limits
from gamesrv.server.listing import Listing
from gamesrv.server.lockstep import LockstepRoom
from gamesrv.server.room import Room
from gamesrv.server.snapshots import Snapshots
from gamesrv.server.ticker import Ticker
from gamesrv.storage.interfaces import StoredRoom

__all__ = ["Lobby"]

CODE_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is taken for a digit."""
CODE_SIZE, CODE_GROUP = 12, 4
"""60 bits: at five tries a second, one address would try for ages."""
MISREAD = str.maketrans("oil", "011")


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
    infos: dict[str, GameInfo] = field(factory=dict, init=False)
    """What people are told of the games."""
    rooms: dict[str, Room] = field(factory=dict, init=False)
    listing: Listing = field(init=False)
    _changed: dict[Room, None] = field(factory=dict, init=False)
    """Rooms to look after."""
    books: Books | None = field(default=None, init=False)
    """Where rooms are noted, if they are."""
    snapshots: Snapshots | None = field(default=None, init=False)
    """Those of games that are not durable."""
    passed_over: Counter[str] = field(factory=Counter, init=False)
    opened: int = field(default=0, init=False)
    """How many rooms there have ever been."""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        for game_type in self._game_types:
            self._add(game_type)
        self.listing = Listing(self.rooms)

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
        self.infos[game_type.name] = GameInfo(game_type.title, game_type.rules.seats)

    def find(self, room_id: str) -> Room:
        """The room of that id or code, in any case, with or without dashes. Raises `Refused` where there is
        none; what a private room's code is not, says nothing of what it is.
        """
        room = self.known(room_id)
        if room is None:
            raise Refused(f"there is no room {room_id}", "no_such_room", "room")
        return room

    def known(self, room_id: str) -> Room | None:
        """The same; `None` where there is none."""
        return self.rooms.get(room_id) or self.rooms.get(_as_code(room_id))

    def quick(self, game: str) -> Room:
        """An open public room of a game, a new one where there is none; raises `Refused`."""
        self._game(game)
        for room in self.rooms.values():
            if room.public and room.has_room and room.game_type.name == game:
                return room
        return self.create(game, {})

    def create(self, game: str, options: dict[str, Any], public: bool = True) -> Room:
        """Opens a room; raises `Refused`, also where the game's own code fails at it."""
        game_type = self._game(game)
        if len(self.rooms) >= self.limits.max_rooms:
            raise Refused("no more rooms can be opened now", "server_full")
        if game_type.rules.durable and self.books is not None and self.books.trouble is not None:
            raise Refused("no game can be saved now: try again later", "not_saved")
        room = self._open(f"{game}-{self.opened + 1}" if public else self._code(), game_type, options, public)
        self.opened += 1
        self._add_room(room)
        if self.snapshots is not None and not game_type.rules.durable:
            self.snapshots.add(room)
        return room

    def reopen(self, stored: StoredRoom) -> Room:
        """A room that there was before the server was started; `Room.restore` is next. Raises `Refused` where
        there is no such game any more, and whatever the author's code raises.
        """
        opened = stored.opened
        game_type = self._game(opened.game)
        if stored.recording is not None and stored.recording.header.durable != game_type.rules.durable:
            raise Refused(f"{game_type.name} is kept in another way now", "no_such_game", "game")
        room = self._make(opened.id, game_type, opened.options, opened.public, stored)
        self._add_room(room)
        return room

    def note_in(self, books: Books) -> None:
        """Notes what happens in rooms, from now on."""
        if self.books is None:
            self.books, self.snapshots = books, Snapshots(books, self.ticker.rate)
            self.ticker.add(self.snapshots)

    def _add_room(self, room: Room) -> None:
        self.rooms[room.id] = room
        self.ticker.add(room)

    def look_after(self) -> list[Room]:
        """The rooms that have changed since the last time; promises that were not kept are forgotten, and
        followers of the list told. Call it now and then.
        """
        changed = [room for room in self._changed if room.open]
        self._changed.clear()
        for room in changed:
            room.expire()
            if room.seating.reserved:
                self._changed[room] = None
        self.listing.publish()
        return [room for room in changed if room.open]

    def seed(self) -> bytes:
        """Fresh chance for a game."""
        return self.entropy(32)

    def changed(self, room: Room) -> None:
        """Notes that there is something new about a room."""
        if room.open:
            self._changed[room] = None
        self.listing.stale = True
        if self.snapshots is not None:
            self.snapshots.changed(room)

    def wake_at(self, room: Room, at: float | None) -> None:
        """Wakes a room that does not tick."""
        self.ticker.wake_at(room, at)

    def took(self, room: Room, seconds: float) -> None:
        """Sees whether a call into a room took too long."""
        if seconds > self.ticker.tolerated:
            overrun = self.ticker.watchdog.took(room, seconds)
            if overrun is not None:
                room.fail(Failure(overrun))

    def failed(self, room: Room, failure: Failure) -> None:
        """Keeps what led to it."""
        if self.snapshots is not None:
            self.snapshots.failed(room, failure)

    def over(self, room: Room) -> None:
        """Forgets a room."""
        if self.snapshots is not None:
            self.snapshots.over(room)
        self.rooms.pop(room.id, None)
        self._changed.pop(room, None)
        self.ticker.remove(room)
        self.listing.stale = True

    def _game(self, game: str) -> GameType:
        found = self.games.get(game)
        if found is None:
            raise Refused(f"there is no game {game!r}", "no_such_game", "game")
        return found

    def _open(self, room_id: str, game_type: GameType, options: dict[str, Any], public: bool) -> Room:
        try:
            return self._make(room_id, game_type, options, public)
        except Refused:
            raise
        except BaseException:
            self._log.failure("A room of {game} could not be opened", game=game_type.name)
            raise Refused(f"{game_type.name} could not be started", "room_failed") from None

    def _make(
        self,
        room_id: str,
        game_type: GameType,
        options: dict[str, Any],
        public: bool,
        stored: StoredRoom | None = None,
    ) -> Room:
        made = room_id, game_type, options, self.limits, self.now, self, public
        restored = stored is not None
        if self.books is not None and game_type.rules.durable:
            recording = None if stored is None else stored.recording
            return DurableRoom(*made, restored=restored, books=self.books, recording=recording)
        return _kind(game_type)(*made, restored=restored)

    def _code(self) -> str:
        """The id of a private room: whoever has it may come in."""
        letters = "".join(CODE_ALPHABET[byte % 32] for byte in self.entropy(CODE_SIZE))
        return "-".join(letters[at : at + CODE_GROUP] for at in range(0, CODE_SIZE, CODE_GROUP))


def _kind(game_type: GameType) -> type[Room]:
    if game_type.lockstep:
        return LockstepRoom
    return Room if game_type.rules.areas is None else AreaRoom


def _as_code(typed: str) -> str:
    """A room's id as it is kept, of one that somebody may have typed from a note."""
    letters = typed.lower().translate(MISREAD)
    bare = "".join(letter for letter in letters if letter in CODE_ALPHABET)
    if len(bare) != CODE_SIZE or any(letter not in CODE_ALPHABET + "- " for letter in letters):
        return typed
    return "-".join(bare[at : at + CODE_GROUP] for at in range(0, CODE_SIZE, CODE_GROUP))
