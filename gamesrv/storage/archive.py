"""From rows to what they mean: what a server needs when it starts, and what people ask for afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sized
from typing import Any

import msgspec
from attrs import define

from gamesrv.core.journal import Input
from gamesrv.core.messages import Refusal
from gamesrv.core.plain import MAX_INT
from gamesrv.storage.errors import Corrupt, NotFound
from gamesrv.storage.interfaces import (
    Entered,
    Finished,
    Incident,
    JournalBegan,
    Loaded,
    Rated,
    Recording,
    RoomOpened,
    Seated,
    SessionSaved,
    Snapshot,
    Standing,
    StoredRoom,
)
from gamesrv.storage.ledger import checksum

__all__ = ["Archive", "Result"]

_what = msgspec.msgpack.Decoder(Input | int)
_header = msgspec.msgpack.Decoder(JournalBegan)
_answers = msgspec.msgpack.Decoder(tuple[Refusal, ...])
_plain = msgspec.msgpack.Decoder()


class Result(msgspec.Struct, frozen=True):
    """A finished game, for lists; ready for JSON."""

    number: int
    """A later game has a higher one."""
    journal: str
    room: str
    game: str
    at: float
    result: Any
    standings: list[Standing]


def _listed(of_game: bool, of_player: bool) -> str:
    """The numbers of games, the newest first, in an order that an index has: so that no question, whatever it
    asks for, looks at many more rows than it answers.
    """
    if of_player:
        wanted = "standings CROSS JOIN results USING (journal) WHERE player = :player AND public"
        wanted += " AND standings.game = :game" if of_game else ""
        grouped = "GROUP BY journal"
    else:
        wanted, grouped = "results WHERE public" + (" AND game = :game" if of_game else ""), ""
    return f"SELECT journal FROM {wanted} AND journal < :before {grouped} ORDER BY journal DESC LIMIT :most"


def _places(values: Sized) -> str:
    return ",".join("?" * len(values))


@define
class Archive:
    """Reads one database. Any of it may raise `Corrupt`, or `sqlite3.Error`."""

    _db: sqlite3.Connection

    # ------------------------------------------------------------------ when a server starts

    def load(self) -> Loaded:
        """All that was going on."""
        try:
            sessions = [
                SessionSaved(id, name, current, previous, expires, handled, _answers.decode(answers), player)
                for id, name, current, previous, expires, handled, answers, player in self._rows(
                    "SELECT * FROM sessions ORDER BY id"
                )
            ]
            rooms = [self._room(*row) for row in self._rows("SELECT * FROM rooms ORDER BY key")]
        except msgspec.DecodeError as error:
            raise Corrupt(f"the list of sessions or rooms is damaged: {error}") from error
        opened = self._value("SELECT max(seq) FROM sqlite_sequence WHERE name = 'rooms'")
        return Loaded(sessions, rooms, opened or 0)

    def _room(self, key: int, room: str, game: str, options: bytes, public: int, at: float) -> StoredRoom:
        opened = RoomOpened(room, game, _plain.decode(options), bool(public), at)
        members = [
            Seated(session, room, seat, name, bool(ready), bool(away))
            for session, seat, name, ready, away in self._rows(
                "SELECT session, seat, name, ready, away FROM members WHERE room = ? ORDER BY seat, session",
                room,
            )
        ]
        newest = self._value("SELECT key FROM journals WHERE room = ? ORDER BY key DESC LIMIT 1", room)
        if newest is None:
            return StoredRoom(opened, members, None)
        try:
            return StoredRoom(opened, members, self._newest(newest))
        except Corrupt as error:
            return StoredRoom(opened, members, None, str(error))

    def _newest(self, key: int) -> Recording:
        """From the newest good snapshot on."""
        header, bad = self._header(key), None
        start = None
        for snapshot in self._snapshots(key, header.id, "DESC"):
            if isinstance(snapshot, Snapshot):
                start = snapshot
                break
            bad = bad or snapshot
        entries, damage = self._entries(key, header.id, 0 if start is None else start.n)
        if not header.durable:
            damage = bad
        return Recording(header, start, entries, [], self._finished(key, header.id), damage)

    # ------------------------------------------------------------------ one game

    def find(self, name: str) -> str:
        """The id of a journal, given that, or its room for the newest one there; raises `NotFound`."""
        found = self._value(
            "SELECT id FROM journals WHERE id = ?1 OR room = ?1 ORDER BY id = ?1 DESC, key DESC LIMIT 1", name
        )
        if found is None:
            raise NotFound(f"there is no game {name}")
        return str(found)

    def length(self, journal: str) -> int:
        """How many entries there are of a game; 0 where there is no such game."""
        newest = "SELECT max(n) FROM entries WHERE journal = (SELECT key FROM journals WHERE id = ?)"
        n = self._value(newest, journal)
        return 0 if n is None else int(n) + 1

    def recording(self, journal: str) -> Recording:
        """All there is of a game. Raises `NotFound`, and `Corrupt` where not even its beginning is left."""
        key = self._value("SELECT key FROM journals WHERE id = ?", journal)
        if key is None:
            raise NotFound(f"there is no game {journal}")
        header = self._header(key)
        if not header.durable:
            return self._last_state(key)
        entries, damage = self._entries(key, journal, 0)
        good = [each for each in self._snapshots(key, journal, "ASC") if isinstance(each, Snapshot)]
        return Recording(header, None, entries, good, self._finished(key, journal), damage)

    def _last_state(self, key: int) -> Recording:
        recording = self._newest(key)
        if recording.start is None:
            raise NotFound(f"no state of game {recording.header.id} is kept")
        return recording

    def _header(self, key: int) -> JournalBegan:
        try:
            return _header.decode(self._value("SELECT header FROM journals WHERE key = ?", key))
        except msgspec.DecodeError as error:
            raise Corrupt(f"the beginning of a game is damaged: {error}") from error

    def _entries(self, key: int, journal: str, first: int) -> tuple[list[Entered], str | None]:
        """Those from ``first`` on that follow each other and are whole, and why there are no more."""
        entries: list[Entered] = []
        rows = self._rows(
            "SELECT n, what, crc FROM entries WHERE journal = ? AND n >= ? ORDER BY n", key, first
        )
        for due, (n, what, crc) in enumerate(rows, first):
            if n != due:
                return entries, f"entry {due} is missing, though there is entry {n}"
            try:
                if checksum(n, what) != crc:
                    raise ValueError("its checksum is wrong")
                entries.append(Entered(journal, n, _what.decode(what)))
            except (TypeError, ValueError) as error:
                return entries, f"entry {n} is damaged: {error}"
        return entries, None

    def _snapshots(self, key: int, journal: str, order: str) -> Iterator[Snapshot | str]:
        """Each one, or what is wrong with it."""
        rows = self._rows(
            f"SELECT n, tick, state, crc FROM snapshots WHERE journal = ? ORDER BY n {order}", key
        )
        for n, tick, state, crc in rows:
            good = isinstance(state, bytes) and checksum(tick, state) == crc
            yield Snapshot(journal, n, tick, state) if good else f"the snapshot at tick {tick} is damaged"

    def _finished(self, key: int, journal: str) -> Finished | None:
        for n, tick, hashed, result, at, public in self._rows(
            "SELECT n, tick, hash, result, at, public FROM results WHERE journal = ?", key
        ):
            standings = tuple(self._standings([key])[key])
            return Finished(journal, n, tick, hashed, _plain.decode(result), at, standings, bool(public))
        return None

    def _standings(self, keys: list[int]) -> dict[int, list[Standing]]:
        """By game, each from the best to the last."""
        found: dict[int, list[Standing]] = {key: [] for key in keys}
        for key, *standing in self._rows(
            "SELECT journal, player, seat, name, place FROM standings"
            f" WHERE journal IN ({_places(keys)}) ORDER BY place, seat",
            *keys,
        ):
            found[key].append(Standing(*standing))
        return found

    # ------------------------------------------------------------------ lists

    def results(
        self, game: str | None = None, player: str | None = None, before: int | None = None, most: int = 50
    ) -> list[Result]:
        """Finished games that are listed, the newest first: of one kind, of one player, of before one that
        has that number.
        """
        before = MAX_INT if before is None else before
        facts = {"game": game, "player": player, "before": before, "most": most}
        keys = [key for (key,) in self._db.execute(_listed(game is not None, player is not None), facts)]
        standings = self._standings(keys)
        rows = self._rows(
            "SELECT key, id, room, journals.game, results.at, result"
            " FROM results JOIN journals ON journal = key"
            f" WHERE key IN ({_places(keys)}) ORDER BY key DESC",
            *keys,
        )
        return [
            Result(key, journal, room, game, at, _plain.decode(result), standings[key])
            for key, journal, room, game, at, result in rows
        ]

    def leaderboard(self, game: str, most: int = 50) -> list[Rated]:
        """The players of a game, the best first: by what their skill is at least, almost surely."""
        rows = self._rows(
            "SELECT * FROM ratings WHERE game = ? ORDER BY mu - 3 * sigma DESC, player LIMIT ?", game, most
        )
        return [Rated(*row) for row in rows]

    def ratings(self, player: str) -> list[Rated]:
        """What a player is rated at, in each game that they have played."""
        rows = self._rows("SELECT * FROM ratings WHERE player = ? ORDER BY played DESC, game", player)
        return [Rated(*row) for row in rows]

    def incidents(self, most: int = 50) -> list[Incident]:
        """Rooms that failed, the newest first, without their journals."""
        rows = self._rows(
            "SELECT id, room, game, at, traceback, x'' FROM incidents ORDER BY at DESC, id LIMIT ?", most
        )
        return [Incident(*row) for row in rows]

    def incident(self, number: str) -> Incident:
        """Why a room failed; raises `NotFound`."""
        for row in self._rows("SELECT * FROM incidents WHERE id = ?", number):
            return Incident(*row)
        raise NotFound(f"there is no incident {number}")

    # ------------------------------------------------------------------ within

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(statement, values).fetchall()

    def _value(self, statement: str, *values: Any) -> Any:
        row = self._db.execute(statement, values).fetchone()
        return None if row is None else row[0]
