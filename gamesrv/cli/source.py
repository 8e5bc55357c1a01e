"""Where a game that is to be shown comes from: a file, or the store."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gamesrv.cli.problem import Problem
from gamesrv.storage import journal_file
from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import default_path, look_into, path_of
from gamesrv.storage.errors import NotFound, translated
from gamesrv.storage.interfaces import Incident, Recording

__all__ = ["add_store", "find_recording", "from_store", "looking_into", "store_path"]


def add_store(parser: Any) -> None:
    """The option that says which store."""
    parser.add_argument(
        "--store",
        metavar="PATH",
        default=str(default_path()),
        help="the database, as a path or sqlite:PATH [default: %(default)s]",
    )


@contextmanager
def looking_into(arguments: argparse.Namespace) -> Iterator[Archive]:
    """What is in the store; a server may be using it."""
    path = store_path(arguments)
    db: sqlite3.Connection = look_into(path)
    try:
        with translated(path):
            yield Archive(db)
    finally:
        db.close()


def store_path(arguments: argparse.Namespace) -> Path:
    """Where the store is; raises `Problem` for one in memory."""
    store = arguments.store
    path = path_of(store) if store.startswith(("sqlite:", "memory:")) else Path(store)
    if path is None:
        raise Problem("a store in memory can be seen by its server alone")
    return path


def from_store(archive: Archive, name: str) -> Recording:
    """A game by its id or its room's, or what led to an incident. Raises `NotFound`."""
    game = None
    with suppress(NotFound):
        game = archive.find(name)
    if game is not None:
        return archive.recording(game)
    with suppress(NotFound):
        return _way_to(archive.incident(name))
    raise NotFound(f"there is no game, room or incident {name}")


def _way_to(incident: Incident) -> Recording:
    if not incident.journal:
        raise Problem(f"of incident {incident.id} there is no more than the traceback: no game had begun")
    return journal_file.read(incident.journal)


def find_recording(arguments: argparse.Namespace) -> tuple[Recording, bool]:
    """The game, and whether it comes from our own store. Raises `Problem` or `StoreError`."""
    file = Path(arguments.name)
    if file.is_file():
        return journal_file.read(file.read_bytes()), False
    with looking_into(arguments) as archive:
        return from_store(archive, arguments.name), True
