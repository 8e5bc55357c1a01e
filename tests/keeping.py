"""A store without a thread, which the test holds up and kills; and a durable game."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from gamesrv import Act, Bot, Game, Refused, Seat, command
from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import write_to
from gamesrv.storage.errors import Overflow
from gamesrv.storage.interfaces import HEALTHY, Health, Loaded, Record
from gamesrv.storage.ledger import Ledger

__all__ = ["HandStore", "Table", "Words"]


class HandStore:
    """Writes a batch when the test says so, or at once; tells of it in the next turn."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.health: Health = HEALTHY
        self.on_health: Callable[[Health], object] = lambda health: None
        self.slow = False
        """Whether batches wait for `let`."""
        self.full = False
        self.batches: list[tuple[list[Record], Callable[[], object] | None]] = []
        self.written: list[list[Record]] = []
        self._fresh: list[Record] = []
        self.alive = False

    def open(self) -> Loaded:
        self._db = write_to(self.path)
        self._ledger = Ledger(self._db)
        self.alive = True
        return Archive(self._db).load()

    def append(self, record: Record) -> None:
        if self.full:
            raise Overflow("nothing goes")
        msgspec.msgpack.encode(record)
        self._fresh.append(record)

    def commit(self, done: Callable[[], object] | None = None) -> None:
        self.batches.append((self._fresh, done))
        self._fresh = []
        if not self.slow:
            self.let()

    def let(self) -> None:
        """Writes all that waits."""
        while self.batches and self.alive:
            records, done = self.batches.pop(0)
            self._ledger.write(records)
            self.written.append(records)
            if done is not None:
                self.clock.callLater(0, done)

    def ask(self, question: Callable[[Archive], Any]) -> "Deferred[Any]":
        """Answered in the next turn, or by `let`."""
        answer: Deferred[Any] = Deferred()
        self.commit(lambda: answer.callback(None))
        return answer.addCallback(lambda _: question(Archive(self._db)))

    def close(self) -> "Deferred[None]":
        self.slow = False
        self.commit()
        self.kill()
        return succeed(None)

    def kill(self) -> None:
        """The process dies: what was not written never will be."""
        self.alive = False
        self._db.close()


@define
class Words(Game):
    """Two say words, each once; a bell rings every ten seconds."""

    name, seats, begins, durable, grace = "words", (2, 2), "full", True, 60.0
    said: list[str] = field(factory=list)
    bells: list[int] = field(factory=list)
    last: int = 1000

    def on_start(self) -> None:
        self.after(10, self.ring)

    def ring(self) -> None:
        self.bells.append(self.random.below(1000))
        self.emit("bell", at=self.tick)
        self.after(10, self.ring)

    @command
    def utter(self, seat: Seat, word: str) -> None:
        """Say a word."""
        if word == "crash":
            raise ValueError("a word too many")
        if word.startswith("bad"):
            raise Refused("not that one", "bad_word")
        self.said.append(word)
        if word == "end":
            self.finish(self.said)

    def view(self) -> dict[str, list[str] | list[int]]:
        return {"said": self.said, "bells": self.bells}

    def view_for(self, seat: Seat) -> dict[str, int]:
        return {"count": len(self.said)}


class Talker(Bot):
    """Has always something to say."""

    pace = (0.3, 0.6)

    def act(self, view: Any, mine: Any) -> Act | None:
        return "utter", {"word": str(mine["count"])}

    def is_called(self, view: Any, mine: Any) -> bool:
        return True


@define
class Table(Words):
    """Bots join in, and stand in for people."""

    name, bot, stand_ins = "table", Talker, True
