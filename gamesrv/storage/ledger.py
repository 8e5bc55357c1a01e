"""From records to rows: each call of `write` is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from zlib import crc32

import msgspec
from attrs import define, field

from gamesrv.storage.interfaces import (
    Entered,
    Finished,
    Handled,
    Incident,
    JournalBegan,
    Rated,
    Record,
    RoomClosed,
    RoomOpened,
    Seated,
    SessionClosed,
    SessionSaved,
    Snapshot,
    Standing,
    Unseated,
)
from gamesrv.storage.ratings import rated

__all__ = ["Ledger", "checksum"]

ROWS_AT_ONCE = 64
"""Each statement gives the interpreter's lock away and has to get it back, so many rows go in by one."""

encode = msgspec.msgpack.Encoder().encode


def checksum(number: int, data: bytes) -> int:
    """Tells whether ``data`` is still what was written for that number."""
    return crc32(data, number & 0xFFFFFFFF)


@define(eq=False)
class Ledger:
    """Writes to one database, in one thread."""

    _db: sqlite3.Connection
    _keys: dict[str, int] = field(factory=dict)
    """The row numbers of journals that are being written."""
    _entries: list[tuple[int, int, bytes, int]] = field(factory=list)
    _handled: dict[str, Handled] = field(factory=dict)
    """The newest of each session."""

    def write(self, records: Iterable[Record]) -> None:
        """Writes all or, raising what SQLite or a value at fault raises, nothing."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for record in records:
                self._take(record)
            self._write_gathered()
            self._db.execute("COMMIT")
        except BaseException:
            self._forget()
            raise

    def cut(self, journal: str, n: int) -> None:
        """Takes out what can't be read and what came after: entries from ``n`` on, snapshots they led to."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            key = self._key(journal)
            self._run("DELETE FROM entries WHERE journal = ? AND n >= ?", key, n)
            self._run("DELETE FROM snapshots WHERE journal = ? AND n > ?", key, n)

    def _take(self, record: Record) -> None:
        """Entries, which are nearly all there is, and what goes with them are gathered; any other record is
        written at once, after those.
        """
        if type(record) is Entered:
            what = encode(record.what)
            self._entries.append((self._key(record.journal), record.n, what, checksum(record.n, what)))
        elif type(record) is Handled:
            self._handled[record.session] = record
        else:
            self._write_gathered()
            _WRITERS[type(record)](self, record)

    def _write_gathered(self) -> None:
        entries, self._entries = self._entries, []
        for at in range(0, len(entries), ROWS_AT_ONCE):
            rows = entries[at : at + ROWS_AT_ONCE]
            places = ",".join(["(?,?,?,?)"] * len(rows))
            self._db.execute(f"INSERT INTO entries VALUES {places}", [each for row in rows for each in row])
        handled, self._handled = self._handled, {}
        for record in handled.values():
            self._run(
                "UPDATE sessions SET handled = ?, answers = ? WHERE id = ?",
                record.command,
                encode(record.answers),
                record.session,
            )

    def _forget(self) -> None:
        """Nothing of this transaction has happened."""
        self._keys.clear()
        self._entries.clear()
        self._handled.clear()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _key(self, journal: str) -> int:
        key = self._keys.get(journal)
        if key is None:
            row = self._run("SELECT key FROM journals WHERE id = ?", journal).fetchone()
            if row is None:
                raise ValueError(f"there is no journal {journal}")
            key = self._keys[journal] = row[0]
        return key

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._db.execute(statement, values)

    # ------------------------------------------------------------------ one kind of record each

    def _session(self, record: SessionSaved) -> None:
        self._run(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            record.id,
            record.name,
            record.current,
            record.previous,
            record.expires,
            record.handled,
            encode(record.answers),
            record.player,
        )

    def _session_closed(self, record: SessionClosed) -> None:
        self._run("DELETE FROM sessions WHERE id = ?", record.id)
        self._run("DELETE FROM members WHERE session = ?", record.id)

    def _room(self, record: RoomOpened) -> None:
        self._run(
            "INSERT INTO rooms (id, game, options, public, at) VALUES (?, ?, ?, ?, ?)",
            record.id,
            record.game,
            encode(record.options),
            record.public,
            record.at,
        )

    def _room_closed(self, record: RoomClosed) -> None:
        self._run("DELETE FROM rooms WHERE id = ?", record.id)
        self._run("DELETE FROM members WHERE room = ?", record.id)
        self._games_over(record.id)

    def _games_over(self, room: str) -> None:
        """No more is heard of the games of a room. Snapshots alone are of no use to anyone then."""
        over = self._run("SELECT key, id, durable FROM journals WHERE room = ?", room).fetchall()
        for key, journal, durable in over:
            self._keys.pop(journal, None)
            if not durable:
                self._run("DELETE FROM snapshots WHERE journal = ?", key)
                self._run(
                    "DELETE FROM journals WHERE key = ? AND key NOT IN (SELECT journal FROM results)", key
                )

    def _seated(self, record: Seated) -> None:
        self._run(
            "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?)",
            record.session,
            record.room,
            record.seat,
            record.name,
            record.ready,
            record.away,
        )

    def _unseated(self, record: Unseated) -> None:
        self._run("DELETE FROM members WHERE session = ?", record.session)

    def _journal(self, record: JournalBegan) -> None:
        self._games_over(record.room)
        done = self._run(
            "INSERT INTO journals (id, room, game, durable, at, header) VALUES (?, ?, ?, ?, ?, ?)",
            record.id,
            record.room,
            record.game,
            record.durable,
            record.at,
            encode(record),
        )
        self._keys[record.id] = done.lastrowid or 0

    def _snapshot(self, record: Snapshot) -> None:
        """Of a journal that is not durable the newest two stay: the second is for when the first is bad."""
        key = self._key(record.journal)
        self._run(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?)",
            key,
            record.n,
            record.tick,
            record.state,
            checksum(record.tick, record.state),
        )
        self._db.execute(
            "DELETE FROM snapshots WHERE journal = :key"
            " AND NOT (SELECT durable FROM journals WHERE key = :key)"
            " AND n < (SELECT n FROM snapshots WHERE journal = :key ORDER BY n DESC LIMIT 1 OFFSET 1)",
            {"key": key},
        )

    def _finished(self, record: Finished) -> None:
        """Should the same game end twice, the second time is none."""
        key = self._key(record.journal)
        (game,) = self._run("SELECT game FROM journals WHERE key = ?", key).fetchone()
        done = self._run(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            key,
            record.n,
            record.tick,
            record.hash,
            encode(record.result),
            record.at,
            game,
            record.public,
        )
        if done.rowcount:
            self._standings(key, game, record.standings)
            self._rate(game, record.standings)

    def _standings(self, key: int, game: str, standings: Sequence[Standing]) -> None:
        self._db.executemany(
            "INSERT INTO standings VALUES (?, ?, ?, ?, ?, ?)",
            [(each.player, key, each.seat, each.name, each.place, game) for each in standings],
        )

    def _rate(self, game: str, standings: Sequence[Standing]) -> None:
        """From what is in the tables now, so of two games that end at once the second knows of the first."""
        players = {each.player for each in standings}
        known = self._run(
            f"SELECT * FROM ratings WHERE game = ? AND player IN ({','.join('?' * len(players))})",
            game,
            *players,
        )
        before = {each.player: each for each in (Rated(*row) for row in known.fetchall())}
        self._db.executemany(
            "INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?, ?, ?)",
            [msgspec.structs.astuple(each) for each in rated(game, standings, before)],
        )

    def _incident(self, record: Incident) -> None:
        """What an author's error says may be no proper text."""
        told = record.traceback.encode(errors="backslashreplace").decode()
        self._run(
            "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?)",
            record.id,
            record.room,
            record.game,
            record.at,
            told,
            record.journal,
        )


_WRITERS: dict[type, Callable[[Ledger, Any], None]] = {
    SessionSaved: Ledger._session,
    SessionClosed: Ledger._session_closed,
    RoomOpened: Ledger._room,
    RoomClosed: Ledger._room_closed,
    Seated: Ledger._seated,
    Unseated: Ledger._unseated,
    JournalBegan: Ledger._journal,
    Snapshot: Ledger._snapshot,
    Finished: Ledger._finished,
    Incident: Ledger._incident,
}
