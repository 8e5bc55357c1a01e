"""Connections to the database file: one that writes, and any number that look on."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from gamesrv.storage.errors import NotFound, StoreError, translated
from gamesrv.storage.schema import MIGRATIONS, check_version, migrate

__all__ = ["MEMORY", "default_path", "look_into", "path_of", "write_to"]

MEMORY = ":memory:"
BUSY_SECONDS = 1.0
"""How long another program may hold the database before that counts as trouble."""


def default_path() -> Path:
    """Where the store is unless somebody says otherwise: in the user's data directory."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "gamesrv" / "gamesrv.db"


def path_of(store: str) -> Path | None:
    """The path in ``sqlite:PATH``, `None` for ``memory:``; raises `ValueError` for anything else."""
    kind, _, path = store.partition(":")
    if kind == "sqlite" and path:
        return Path(path).expanduser()
    if store == "memory:":
        return None
    raise ValueError(f"a store is sqlite:PATH or memory:, got {store!r}")


def write_to(
    path: Path | None,
    power_safe: bool = False,
    factory: type[sqlite3.Connection] = sqlite3.Connection,
) -> sqlite3.Connection:
    """A connection to a file that is made where there is none, its tables brought up to date.

    It leaves transactions to us, and may be used in a thread other than its maker's. Raises `StoreError`.
    """
    place = MEMORY if path is None else str(path)
    with translated(place):
        if path is not None:
            # It holds seeds and hashes of tokens. What SQLite puts beside it gets the same mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(
            place, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=factory
        )
        try:
            db.execute("PRAGMA journal_mode = WAL")
            # NORMAL: the system has each commit, so it survives us. FULL: the disk has it, so it survives the
            # system too.
            db.execute(f"PRAGMA synchronous = {'FULL' if power_safe else 'NORMAL'}")
            migrate(db, place)
        except BaseException:
            db.close()
            raise
    return db


def look_into(path: Path) -> sqlite3.Connection:
    """A connection that only reads, also while a server writes. Raises `StoreError`."""
    if not path.is_file():
        raise NotFound(f"there is no store {path}")
    with translated(path):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        try:
            version = check_version(db, path)
            if not version:
                raise NotFound(f"{path} is empty")
            if version < len(MIGRATIONS):
                raise StoreError(
                    f"{path} is of an older gamesrv: the next start of a server brings it up to date"
                )
        except BaseException:
            db.close()
            raise
    return db
