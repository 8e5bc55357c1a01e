"""Stores to try out: a server's thread that the test moves by hand, records, and faults to order."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred

from gamesrv.core.journal import Input
from gamesrv.storage.interfaces import Entered, JournalBegan, Loaded, Record, RoomOpened
from gamesrv.storage.sqlite import SqliteStore

PATIENCE = 20
"""Seconds after which a test that waits for the writer has failed."""

MOST_CALLS = 5000
"""And so it has after so many calls, for a store that fails keeps saying so."""

T = TypeVar("T")


@define
class Turns:
    """What the writer wants called in the server's thread; the test calls it."""

    _calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = field(factory=SimpleQueue)

    def call(self, function: Callable[..., object], *args: Any) -> None:
        self._calls.put((function, args))

    def until(self, true: Callable[[], object]) -> None:
        for _ in range(MOST_CALLS):
            if true():
                return
            function, args = self._calls.get(timeout=PATIENCE)
            function(*args)
        raise AssertionError("it does not come to an end")

    def wait(self, deferred: "Deferred[T]") -> T:
        """What comes of it; raises its failure."""
        results: list[Any] = []
        deferred.addBoth(results.append)
        self.until(lambda: results)
        if hasattr(results[0], "raiseException"):
            results[0].raiseException()
        return results[0]  # type: ignore[no-any-return]


class Faulty(sqlite3.Connection):
    """Fails or does something else at statements that a test chooses."""

    hooks: "list[Callable[[str], None]]" = []  # noqa: RUF012

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:  # type: ignore[override]
        for hook in [*self.hooks]:
            hook(statement)
        return super().execute(statement, *values)


@contextmanager
def hooked(hook: Callable[[str], None]) -> Iterator[None]:
    Faulty.hooks.append(hook)
    try:
        yield
    finally:
        Faulty.hooks.remove(hook)


def disk_full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


@contextmanager
def opened(path: Path | None, **options: Any) -> Iterator[tuple[SqliteStore, Turns, Loaded]]:
    """A store, the server's thread and what was found; closed in the end."""
    turns = Turns()
    options = {"retry": 0.001, "factory": Faulty} | options
    store = SqliteStore(path, turns.call, **options)
    loaded = store.open()
    try:
        yield store, turns, loaded
    finally:
        turns.wait(store.close())


def keep(store: SqliteStore, turns: Turns, *records: Record) -> None:
    """Appends, and waits until all is safe."""
    safe: list[bool] = []
    for record in records:
        store.append(record)
    store.commit(lambda: safe.append(True))
    turns.until(lambda: safe)


def journal(name: str = "game", room: str = "room", durable: bool = True, **facts: Any) -> JournalBegan:
    made = {
        "rules": "tests.games:Counting",
        "rules_hash": "",
        "seed": b"seed",
        "options": {},
        "names": {},
        "rate": 1000,
        "at": 1.0,
        "game": "counting",
    }
    return JournalBegan(id=name, room=room, durable=durable, **(made | facts))


def room(name: str = "room") -> RoomOpened:
    return RoomOpened(name, "counting", {"a": [1, None]}, True, 1.0)


def entry(n: int, journal: str = "game") -> Entered:
    """Every third one is nothing but time."""
    if n % 3 == 2:
        return Entered(journal, n, n * 10)
    return Entered(journal, n, Input(n * 10, "command", 1, "play", {"cards": [n]}))
