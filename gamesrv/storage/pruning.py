"""Taking out what is old: games of rooms that are closed, and incidents."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gamesrv.storage.connection import write_to
from gamesrv.storage.errors import NotFound, translated
from gamesrv.storage.lock import FileLock

__all__ = ["prune"]

_OF_A_GAME = ("entries", "snapshots", "results", "standings")


def prune(path: Path, before: float) -> tuple[int, int]:
    """Deletes the games that began before that moment (seconds since 1970) in rooms that are closed by now,
    with their results, and the incidents of before; gives the space back. Ratings stay.

    Returns how many games and incidents. Raises `NotFound`, `InUse` while a server has the store, and any
    other `StoreError`.
    """
    if not path.is_file():
        raise NotFound(f"there is no store {path}")
    lock = FileLock(path)
    try:
        with translated(path), closing(write_to(path)) as db:
            done = _delete(db, before)
            db.execute("VACUUM")
            return done
    finally:
        lock.release()


def _delete(db: sqlite3.Connection, before: float) -> tuple[int, int]:
    with db:
        db.execute("BEGIN IMMEDIATE")
        old = "SELECT key FROM journals WHERE at < ? AND room NOT IN (SELECT id FROM rooms)"
        for table in _OF_A_GAME:
            db.execute(f"DELETE FROM {table} WHERE journal IN ({old})", (before,))
        games = db.execute(f"DELETE FROM journals WHERE key IN ({old})", (before,)).rowcount
        incidents = db.execute("DELETE FROM incidents WHERE at < ?", (before,)).rowcount
    return games, incidents
