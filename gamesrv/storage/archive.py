"""From rows to what they mean: what a server needs when it starts, and what people ask for afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from attrs import define

from gamesrv.core.journal import Input
from gamesrv.core.messages import Refusal
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

    journal: str
    room: str
    game: str
    at: float
    result: Any
    standings: list[Standing]


@define
class Archive:
    """Reads one database. Any of it may raise `Corrupt`, or `sqlite3.Error`."""

    _db: sqlite3.Connection

    # ------------------------------------------------------------------ when a server starts

    def load(self) -> Loaded:
        """All that was going on."""
        try:
            sessions = [
                SessionSaved(id, name, current, previous, expires, handled, _answers.decode(answers))
                for id, name, current, previous, expires, handled, answers in self._rows(
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
            Seated(session, room, seat, name, bool(ready))
            for session, seat, name, ready in self._rows(
                "SELECT session, seat, name, ready FROM members WHERE room = ? ORDER BY seat, session", room
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

    def recording(self, journal: str) -> Recording:
        """All there is of a game. Raises `NotFound`, and `Corrupt` where not even its beginning is left."""
        key = self._value("SELECT key FROM journals WHERE id = ?", journal)
        if key is None:
            raise NotFound(f"there is no game {journal}")
        header = self._header(key)
        if not header.durable:
            return self._newest(key)
        entries, damage = self._entries(key, journal, 0)
        good = [each for each in self._snapshots(key, journal, "ASC") if isinstance(each, Snapshot)]
        return Recording(header, None, entries, good, self._finished(key, journal), damage)

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
        row = self._db.execute("SELECT n, tick, hash, result, at FROM results WHERE journal = ?", (key,))
        for n, tick, hashed, result, at in row:
            standings = tuple(self._standings(key))
            return Finished(journal, n, tick, hashed, _plain.decode(result), at, standings)
        return None

    def _standings(self, key: int) -> Iterator[Standing]:
        for row in self._rows(
            "SELECT player, seat, name, place FROM standings WHERE journal = ? ORDER BY place, seat", key
        ):
            yield Standing(*row)

    # ------------------------------------------------------------------ lists

    def results(
        self, game: str | None = None, player: str | None = None, before: float | None = None, most: int = 50
    ) -> list[Result]:
        """Finished games, the newest first: of one kind, of one player, of before some moment."""
        rows = self._db.execute(
            "SELECT key, id, room, game, results.at, result FROM results JOIN journals ON journal = key"
            " WHERE (:game IS NULL OR game = :game) AND (:before IS NULL OR results.at < :before)"
            " AND (:player IS NULL OR key IN (SELECT journal FROM standings WHERE player = :player))"
            " ORDER BY results.at DESC, key DESC LIMIT :most",
            {"game": game, "player": player, "before": before, "most": most},
        )
        return [
            Result(journal, room, game, at, _plain.decode(result), [*self._standings(key)])
            for key, journal, room, game, at, result in rows.fetchall()
        ]

    def leaderboard(self, game: str, most: int = 50) -> list[Rated]:
        """The players of a game, the best first: by what their skill is at least, almost surely."""
        rows = self._rows(
            "SELECT * FROM ratings WHERE game = ? ORDER BY mu - 3 * sigma DESC, player LIMIT ?", game, most
        )
        return [Rated(*row) for row in rows]

    def ratings(self, game: str, players: list[str]) -> list[Rated]:
        """What is known of these players; those who are new to the game are left out."""
        places = ",".join("?" * len(players))
        rows = self._rows(
            f"SELECT * FROM ratings WHERE game = ? AND player IN ({places}) ORDER BY player", game, *players
        )
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
