"""What can be wrong with a store. Each has its own type and a message for people that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "Corrupt",
    "DiskFull",
    "InUse",
    "Locked",
    "NewerSchema",
    "NotAStore",
    "NotFound",
    "Overflow",
    "ReadOnly",
    "StoreError",
    "translated",
]


class StoreError(Exception):
    """Something is wrong with the store; of no kind below where it is said by the system."""


class InUse(StoreError):
    """Another server has the file."""


class NotAStore(StoreError):
    """It is a database, but none of ours."""


class NewerSchema(StoreError):
    """The file was written by a newer version of gamesrv."""


class Corrupt(StoreError):
    """The file is damaged."""


class DiskFull(StoreError):
    """There is no space left."""


class Locked(StoreError):
    """Another program holds the database."""


class ReadOnly(StoreError):
    """It can't be written to."""


class Overflow(StoreError):
    """Nothing could be saved for so long that no more can be held."""


class NotFound(StoreError):
    """There is no room, journal or incident of that name."""


_KINDS: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_BUSY: Locked,
    sqlite3.SQLITE_LOCKED: Locked,
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_CORRUPT: Corrupt,
    sqlite3.SQLITE_NOTADB: Corrupt,
}
_PRIMARY = 0xFF
"""The part of SQLite's result code that names the kind; the rest are details."""


@contextmanager
def translated(path: object) -> Iterator[None]:
    """Raises `StoreError` of the right kind, naming the file, for SQLite's errors and the system's."""
    try:
        yield
    except sqlite3.Error as error:
        kind = _KINDS.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY, StoreError)
        raise kind(f"{path}: {error}") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
