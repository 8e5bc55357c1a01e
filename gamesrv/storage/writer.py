"""The writer: the one thread of the project, and the one owner of the database while a server runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any, Protocol, TypeAlias

from attrs import define, field, frozen

from gamesrv.storage.errors import StoreError, translated
from gamesrv.storage.interfaces import Record
from gamesrv.storage.ledger import Ledger

__all__ = ["Batch", "Listener", "Question", "Writer"]


@frozen
class Batch:
    """Records that belong together, and whom to tell once they are safe."""

    records: list[Record]
    done: Callable[[], object] | None


@frozen
class Question:
    """Something to find out, and whom to tell."""

    ask: Callable[[], Any]
    tell: Callable[[Any], object]
    fail: Callable[[StoreError], object]


Job: TypeAlias = Batch | Question


class Listener(Protocol):
    """What a writer tells of itself; it is called in the writer's thread."""

    def saved(self, batches: list[Batch]) -> None:
        """All of these are safe."""
        ...

    def failed(self, error: StoreError) -> None:
        """The writer keeps what it has, and tries again."""
        ...

    def answered(self, tell: Callable[[Any], object], answer: Any) -> None:
        """Somebody is to be told something."""
        ...

    def ended(self, error: StoreError | None) -> None:
        """The last word; with the reason where something could not be saved."""
        ...


@define(eq=False)
class Writer:
    """Writes what it is given in the order it was given, all that waits in one transaction."""

    place: object
    """The database's name, for errors."""
    _db: sqlite3.Connection
    _listener: Listener
    _pause: float
    """Seconds from one failure to the next try."""
    _jobs: SimpleQueue[Job | None] = field(factory=SimpleQueue, init=False)
    _waiting: list[Batch] = field(factory=list, init=False)
    _stopping: Event = field(factory=Event, init=False)
    _last: bool = field(default=False, init=False)

    def put(self, job: Job) -> None:
        """Another one to do."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Does what it has, and ends."""
        self._stopping.set()
        self._jobs.put(None)

    def run(self) -> None:
        """The thread. Whatever happens in it, the server learns of it."""
        trouble: StoreError | None = None
        try:
            ledger = Ledger(self._db)
            while not self._last:
                questions = self._gather()
                trouble = self._save(ledger)
                for question in questions:
                    self._answer(question)
                if trouble is not None:
                    self._stopping.wait(self._pause)
            self._db.close()
        except BaseException as error:
            trouble = StoreError(f"{self.place}: its writer has failed: {type(error).__name__}: {error}")
        self._listener.ended(trouble)

    def _gather(self) -> list[Question]:
        """Takes all there is to do; waits for it, unless something is left from the last time."""
        questions = []
        try:
            job = self._jobs.get(block=not self._waiting)
            while True:
                match job:
                    case Batch():
                        self._waiting.append(job)
                    case Question():
                        questions.append(job)
                    case None:
                        self._last = True
                job = self._jobs.get_nowait()
        except Empty:
            return questions

    def _save(self, ledger: Ledger) -> StoreError | None:
        if not self._waiting:
            return None
        try:
            with translated(self.place):
                ledger.write(chain.from_iterable(batch.records for batch in self._waiting))
        except StoreError as error:
            self._listener.failed(error)
            return error
        except Exception as error:  # ours: nothing is written any more, and everybody is told why
            unknown = StoreError(f"{self.place}: {type(error).__name__}: {error}")
            self._listener.failed(unknown)
            return unknown
        batches, self._waiting = self._waiting, []
        self._listener.saved(batches)
        return None

    def _answer(self, question: Question) -> None:
        try:
            with translated(self.place):
                answer = question.ask()
        except StoreError as error:
            self._listener.answered(question.fail, error)
        except Exception as error:
            unknown = StoreError(f"{self.place}: {type(error).__name__}: {error}")
            self._listener.answered(question.fail, unknown)
        else:
            self._listener.answered(question.tell, answer)
