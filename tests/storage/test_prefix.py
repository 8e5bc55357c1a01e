"""Whenever a server is killed: what is there is a prefix of what was appended, and all that was reported."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv.storage.archive import Archive
from gamesrv.storage.interfaces import Entered, Record, Snapshot
from gamesrv.storage.sqlite import SqliteStore
from tests.storage.shelf import Faulty, Turns, disk_full, entry, hooked, journal, room

batches = st.lists(
    st.lists(st.sampled_from(["entry", "snapshot", "room"]), max_size=5), min_size=1, max_size=12
)
troubles = st.sets(st.integers(1, 40), max_size=5)
moments = st.sets(st.integers(1, 60), max_size=6)


class Killer:
    """Fails some statements, and copies the files at others: what a process that dies there leaves behind."""

    def __init__(self, path: Path, troubles: set[int], moments: set[int]) -> None:
        self.path, self.troubles, self.moments = path, troubles, moments
        self.statements = 0
        self.reported = 0
        self.copies: list[tuple[Path, int]] = []

    def at(self, statement: str) -> None:
        """In the writer's thread."""
        self.statements += 1
        if self.statements in self.moments:
            copy = self.path.with_name(f"{self.statements}.db")
            for end in ("", "-wal"):
                shutil.copy(f"{self.path}{end}", f"{copy}{end}")
            self.copies.append((copy, self.reported))
        if self.statements in self.troubles:
            raise disk_full()

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """What the writer says, in its thread: what it has reported must survive from here on."""
        if function.__name__ == "_saved":
            self.reported += sum(len(batch.records) for batch in args[0])


def made(kinds: list[list[str]]) -> list[list[Record]]:
    """The records of all batches, in their order."""
    entries, rooms, all_ = 0, 0, []
    for batch in kinds:
        records: list[Record] = []
        for kind in batch:
            if kind == "entry":
                records.append(entry(entries))
                entries += 1
            elif kind == "room":
                records.append(room(f"r{rooms}"))
                rooms += 1
            else:
                records.append(Snapshot("game", entries, 0, b"%d" % entries))
        all_.append(records)
    return all_


def expected(records: list[Record]) -> tuple[list[Entered], int, set[int]]:
    return (
        [each for each in records if isinstance(each, Entered)],
        sum(1 for each in records if type(each) is type(room())),
        {each.n for each in records if isinstance(each, Snapshot)},
    )


def found(path: Path) -> tuple[list[Entered], int, set[int]]:
    db = sqlite3.connect(path)
    try:
        recording = Archive(db).recording("game")
        assert recording.damage is None
        (rooms,) = db.execute("SELECT count(*) FROM rooms").fetchone()
        return recording.entries, rooms, {snapshot.n for snapshot in recording.snapshots}
    finally:
        db.close()


@settings(max_examples=40)
@given(batches, troubles, moments)
def test_a_prefix_of_whole_batches_survives(
    kinds: list[list[str]], troubles: set[int], moments: set[int]
) -> None:
    with TemporaryDirectory() as place:
        path = Path(place, "server.db")
        killer, turns = Killer(path, troubles, moments), Turns()

        def call(function: Callable[..., object], *args: Any) -> None:
            killer.call(function, *args)
            turns.call(function, *args)

        store = SqliteStore(path, call, retry=0.0001, factory=Faulty)
        store.open()
        safe: list[int] = []
        store.append(journal())
        store.commit(lambda: safe.append(0))
        turns.until(lambda: safe)
        with hooked(killer.at):
            everything = made(kinds)
            for records in everything:
                for record in records:
                    store.append(record)
                store.commit(lambda: safe.append(0))
            turns.until(lambda: len(safe) == 1 + len(everything))
            turns.wait(store.close())
        prefixes = [
            [record for batch in everything[:n] for record in batch] for n in range(len(everything) + 1)
        ]
        states = [(len(prefix), expected(prefix)) for prefix in prefixes]
        assert found(path) == states[-1][1]
        for copy, reported in killer.copies:
            kept = found(copy)
            assert any(state == kept for size, state in states if size >= reported - 1)
