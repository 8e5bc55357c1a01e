"""The tables, and how those of an older version become today's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from gamesrv.storage.errors import NewerSchema, NotAStore

__all__ = ["APPLICATION_ID", "MIGRATIONS", "migrate"]

APPLICATION_ID = 0x67616D65
"""Written in the file's head, to tell a store from any other database: "game"."""

Migration = Sequence[str]
"""Statements that lead from one version to the next."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        """CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            current BLOB NOT NULL,
            previous BLOB,
            expires REAL,
            handled INTEGER NOT NULL,
            answers BLOB NOT NULL
        ) WITHOUT ROWID""",
        # AUTOINCREMENT: no key comes twice, so the highest one ever says how many rooms there have been.
        """CREATE TABLE rooms (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            game TEXT NOT NULL,
            options BLOB NOT NULL,
            public INTEGER NOT NULL,
            at REAL NOT NULL
        )""",
        """CREATE TABLE members (
            session TEXT PRIMARY KEY,
            room TEXT NOT NULL,
            seat INTEGER,
            name TEXT NOT NULL,
            ready INTEGER NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX members_of_room ON members (room)",
        """CREATE TABLE journals (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            room TEXT NOT NULL,
            game TEXT NOT NULL,
            durable INTEGER NOT NULL,
            at REAL NOT NULL,
            header BLOB NOT NULL
        )""",
        "CREATE INDEX journals_of_room ON journals (room, key)",
        """CREATE TABLE entries (
            journal INTEGER NOT NULL,
            n INTEGER NOT NULL,
            what BLOB NOT NULL,
            crc INTEGER NOT NULL,
            PRIMARY KEY (journal, n)
        ) WITHOUT ROWID""",
        """CREATE TABLE snapshots (
            journal INTEGER NOT NULL,
            n INTEGER NOT NULL,
            tick INTEGER NOT NULL,
            state BLOB NOT NULL,
            crc INTEGER NOT NULL,
            PRIMARY KEY (journal, n)
        ) WITHOUT ROWID""",
        """CREATE TABLE results (
            journal INTEGER PRIMARY KEY,
            n INTEGER NOT NULL,
            tick INTEGER NOT NULL,
            hash TEXT NOT NULL,
            result BLOB NOT NULL,
            at REAL NOT NULL
        )""",
        "CREATE INDEX results_by_time ON results (at)",
        """CREATE TABLE standings (
            player TEXT NOT NULL,
            journal INTEGER NOT NULL,
            seat INTEGER NOT NULL,
            name TEXT NOT NULL,
            place INTEGER NOT NULL,
            PRIMARY KEY (player, journal, seat)
        ) WITHOUT ROWID""",
        "CREATE INDEX standings_of_journal ON standings (journal)",
        """CREATE TABLE ratings (
            game TEXT NOT NULL,
            player TEXT NOT NULL,
            name TEXT NOT NULL,
            mu REAL NOT NULL,
            sigma REAL NOT NULL,
            played INTEGER NOT NULL,
            PRIMARY KEY (game, player)
        ) WITHOUT ROWID""",
        "CREATE INDEX ratings_by_rank ON ratings (game, mu - 3 * sigma)",
        """CREATE TABLE incidents (
            id TEXT PRIMARY KEY,
            room TEXT NOT NULL,
            game TEXT NOT NULL,
            at REAL NOT NULL,
            traceback TEXT NOT NULL,
            journal BLOB NOT NULL
        )""",
    ),
    (
        "ALTER TABLE sessions ADD COLUMN player TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE results ADD COLUMN game TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE results ADD COLUMN public INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX results_by_time",
        "CREATE INDEX results_listed ON results (journal) WHERE public",
        "CREATE INDEX results_of_game ON results (game, journal) WHERE public",
        "ALTER TABLE standings ADD COLUMN game TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX standings_of_player ON standings (player, game, journal)",
        "CREATE INDEX ratings_of_player ON ratings (player)",
    ),
    ("ALTER TABLE members ADD COLUMN away INTEGER NOT NULL DEFAULT 0",),
)
"""One for each version, from an empty file on; what was released is never changed again."""


def migrate(db: sqlite3.Connection, path: object, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Brings the tables to the newest version, each step whole or not at all.

    Raises `NotAStore` and `NewerSchema`, and then nothing has changed.
    """
    version = check_version(db, path, len(migrations))
    for number, statements in enumerate(migrations[version:], version + 1):
        with db:
            db.execute("BEGIN IMMEDIATE")
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {number}")


def check_version(db: sqlite3.Connection, path: object, newest: int = len(MIGRATIONS)) -> int:
    """The version of the tables, 0 for an empty file; raises `NotAStore` and `NewerSchema`."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise NotAStore(f"{path} is a database, but not one of gamesrv")
    if version > newest:
        raise NewerSchema(
            f"{path} was written by a newer gamesrv: its tables are version {version},"
            f" this one knows {newest}. Use that, or another file"
        )
    return int(version)
