"""The store in an SQLite database: nothing to install, and one file.

The server's thread only hands over; a thread of its own writes. What is committed survives the death of the
process at any moment, and with ``power_safe`` that of the machine.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import MEMORY, write_to
from gamesrv.storage.errors import Overflow, StoreError, translated
from gamesrv.storage.interfaces import (
    HEALTHY,
    Answer,
    CallFromThread,
    Entered,
    Health,
    Incident,
    Loaded,
    Record,
)
from gamesrv.storage.ledger import Ledger
from gamesrv.storage.lock import FileLock
from gamesrv.storage.writer import Batch, Question, Writer

__all__ = ["SqliteStore"]

RETRY_SECONDS = 1.0
SWITCH_SECONDS = 0.0005
"""How long a busy thread may keep the interpreter from another one. The writer needs it back after each
statement: with Python's 5 ms a busy server would have every commit wait for tens of milliseconds.
"""
MOST_WAITING = 100_000
"""Records, some 200 bytes each."""


@define(eq=False)
class SqliteStore:
    """A `gamesrv.storage.interfaces.Store`. With ``path`` `None` it is as good as none after the process has
    ended, but results and replays can be asked for until then.
    """

    path: Path | None
    call_from_thread: CallFromThread
    power_safe: bool = False
    """Whether each commit waits for the disk, so that it also survives a loss of power."""
    retry: float = RETRY_SECONDS
    """Seconds between two tries to save, while that fails."""
    most_waiting: int = MOST_WAITING
    """Records that are held at most."""
    factory: type[sqlite3.Connection] = sqlite3.Connection
    health: Health = field(default=HEALTHY, init=False)
    on_health: Callable[[Health], object] = field(default=lambda health: None, init=False)
    waiting: int = field(default=0, init=False)
    """Records that were appended and are not known to be safe."""
    _fresh: list[Record] = field(factory=list, init=False)
    """Appended since the last commit."""
    _lock: FileLock | None = field(default=None, init=False)
    _writer: Writer | None = field(default=None, init=False)
    _archive: Archive = field(init=False)
    _closed: Deferred[None] = field(factory=lambda: succeed(None), init=False)
    _log = Logger()

    # ------------------------------------------------------------------ for the server

    def open(self) -> Loaded:
        """Opens the database for this server alone; starts the writer.

        Not before the process has become what it will be: neither threads nor databases survive a fork.
        What can't be read is cut off, and said in `Recording.damage`. Raises `StoreError`.
        """
        self._make_room()
        if self.path is not None:
            self._lock = FileLock(self.path)
        try:
            db = write_to(self.path, self.power_safe, self.factory)
            loaded = self._load(db)
        except BaseException:
            self._release()
            raise
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
        self._writer = Writer(self.path or MEMORY, db, self, self.retry)
        self._closed = Deferred()
        Thread(target=self._writer.run, name="gamesrv store", daemon=True).start()
        return loaded

    def append(self, record: Record) -> None:
        """Notes what happened, for the next `commit`.

        Raises `Overflow`, and `ValueError` or `TypeError` for a record that can't be kept: better in the
        thread of whoever made it.
        """
        if self.waiting >= self.most_waiting:
            raise Overflow(f"nothing could be saved for too long: {self.health.reason}")
        if type(record) is not Entered and type(record) is not Incident:
            msgspec.msgpack.encode(record)
        self._fresh.append(record)
        self.waiting += 1

    def commit(self, done: Callable[[], object] | None = None) -> None:
        """Sends what was appended on its way, all of it together; calls ``done`` once it is safe.

        Raises `StoreError` where the store is closed.
        """
        if self._writer is None:
            raise StoreError("the store is closed")
        if self._fresh or done is not None:
            records, self._fresh = self._fresh, []
            self._writer.put(Batch(records, done))

    def ask(self, question: Callable[[Archive], Answer]) -> Deferred[Answer]:
        """What ``question`` finds in the archive, in the writer's thread. Fails with `StoreError`."""
        if self._writer is None:
            return fail(StoreError("the store is closed"))
        self.commit()
        answer: Deferred[Answer] = Deferred()
        self._writer.put(Question(lambda: question(self._archive), answer.callback, answer.errback))
        return answer

    def close(self) -> Deferred[None]:
        """Commits the rest and closes. Fails with `StoreError` where something could not be saved."""
        if self._writer is not None:
            self.commit()
            self._writer.stop()
            self._writer = None
        return self._closed

    # ------------------------------------------------------------------ from the writer, in its thread

    def saved(self, batches: list[Batch]) -> None:
        """All of these are safe."""
        self.call_from_thread(self._saved, batches)

    def failed(self, error: StoreError) -> None:
        """The writer will try again."""
        self.call_from_thread(self._become, Health(str(error)))

    def answered(self, tell: Callable[[Any], object], answer: Any) -> None:
        """Somebody is to be told something."""
        self.call_from_thread(tell, answer)

    def ended(self, error: StoreError | None) -> None:
        """The last word."""
        self.call_from_thread(self._ended, error)

    # ------------------------------------------------------------------ within

    def _make_room(self) -> None:
        if self.path is not None:
            with translated(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)

    def _load(self, db: sqlite3.Connection) -> Loaded:
        place = self.path or MEMORY
        self._archive = Archive(db)
        try:
            with translated(place):
                loaded = self._archive.load()
                for room in loaded.rooms:
                    if room.recording is not None and room.recording.damage is not None:
                        Ledger(db).cut(room.recording.header.id, room.recording.next_n)
        except BaseException:
            db.close()
            raise
        return loaded

    def _saved(self, batches: list[Batch]) -> None:
        self._become(HEALTHY)
        for batch in batches:
            self.waiting -= len(batch.records)
        for batch in batches:
            if batch.done is not None:
                self._guarded(batch.done)

    def _become(self, health: Health) -> None:
        if health == self.health:
            return
        self.health = health
        if health.ok:
            self._log.info("The store works again")
        else:
            self._log.error("The store fails: {reason}; it tries again", reason=health.reason)
        self._guarded(self.on_health, health)

    def _guarded(self, call: Callable[..., object], *args: object) -> None:
        """One that fails must not keep the others from being told."""
        try:
            call(*args)
        except Exception:
            self._log.failure("Something failed that waited for the store")

    def _ended(self, error: StoreError | None) -> None:
        self._release()
        self._writer = None
        if error is None:
            self._closed.callback(None)
        else:
            lost = StoreError(f"{error} ({self.waiting} records are lost)")
            self._become(Health(str(lost)))
            self._closed.errback(lost)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
