"""Whatever is wrong with the disk or the file has a name, and nothing is lost in silence."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gamesrv.storage import connection
from gamesrv.storage.connection import look_into, path_of
from gamesrv.storage.errors import Corrupt, InUse, Locked, NewerSchema, NotAStore, NotFound, StoreError
from gamesrv.storage.interfaces import HEALTHY, Health, Snapshot
from gamesrv.storage.sqlite import SqliteStore
from tests.storage.shelf import Faulty, Turns, disk_full, entry, hooked, journal, keep, opened, room


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)


@pytest.fixture
def healths() -> list[Health]:
    return []


def pragma(store: SqliteStore, turns: Turns, what: str) -> object:
    return turns.wait(store.ask(lambda archive: archive._db.execute(f"PRAGMA {what}").fetchone()))


def names(path: Path) -> list[str]:
    with opened(path) as (_, _, found):
        return [each.opened.id for each in found.rooms]


def test_a_full_disk_holds_things_up_and_loses_nothing(path: Path, healths: list[Health]) -> None:
    many = [room(str(n) * 200) for n in range(100)]
    with opened(path) as (store, turns, _):
        store.on_health = healths.append
        (pages,) = pragma(store, turns, "page_count")  # type: ignore[misc]
        pragma(store, turns, f"max_page_count = {pages}")
        safe: list[int] = []
        for n, record in enumerate(many):
            store.append(record)
            store.commit(lambda n=n: safe.append(n))  # type: ignore[misc]
        turns.until(lambda: not store.health.ok)
        assert "disk is full" in (store.health.reason or "")
        assert len(safe) < len(many) and store.waiting == len(many) - len(safe)
        pragma(store, turns, "max_page_count = 100000")
        turns.until(lambda: len(safe) == len(many))
        assert safe == [*range(len(many))]
        assert healths == [Health(f"{path}: database or disk is full"), HEALTHY]
    assert names(path) == [record.id for record in many]


@pytest.mark.parametrize("statement", ["BEGIN", "INSERT", "COMMIT", "ROLLBACK"])
def test_a_statement_that_fails_is_tried_again_with_all_the_others(path: Path, statement: str) -> None:
    """Failing to roll back is only seen when something else has failed."""
    left = ["INSERT", "ROLLBACK"] if statement == "ROLLBACK" else [statement]

    def fail(executed: str) -> None:
        if left and executed.startswith(left[0]):
            left.pop(0)
            raise disk_full()

    with opened(path) as (store, turns, _):
        keep(store, turns, room("before"), journal())
        with hooked(fail):
            keep(store, turns, room("one"), entry(0), room("two"), entry(1))
    assert not left
    assert names(path) == ["before", "one", "two"]


def test_what_was_gathered_before_a_failure_is_not_written_twice(path: Path) -> None:
    """The second journal can't be looked up, the first time; by then there is an entry of the first one."""
    with opened(path) as (store, turns, _):
        keep(store, turns, journal("one"), journal("two"))
    looked_up = [0]

    def fail(executed: str) -> None:
        if executed.startswith("SELECT key FROM journals"):
            looked_up[0] += 1
            if looked_up[0] == 2:
                raise disk_full()

    with opened(path) as (store, turns, _), hooked(fail):
        keep(store, turns, entry(0, "one"), entry(0, "two"))
        recording = turns.wait(store.ask(lambda archive: archive.recording("one")))
    assert recording.entries == [entry(0, "one")]


def test_another_program_that_holds_the_database_is_waited_for(path: Path, impatient: None) -> None:
    with opened(path) as (store, turns, _):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.append(room())
        store.commit()
        turns.until(lambda: not store.health.ok)
        assert "locked" in (store.health.reason or "")
        other.execute("ROLLBACK")
        turns.until(lambda: store.health.ok)
        other.close()
    assert names(path) == ["room"]


def test_a_database_that_is_held_at_the_start_is_refused(path: Path, impatient: None) -> None:
    assert names(path) == []
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Locked):
        SqliteStore(path, Turns().call).open()
    other.close()
    assert names(path) == []


def test_a_disk_that_became_read_only_is_told(path: Path) -> None:
    with opened(path) as (store, turns, _):
        pragma(store, turns, "query_only = 1")
        store.append(room())
        store.commit()
        turns.until(lambda: not store.health.ok)
        assert "readonly" in (store.health.reason or "")
        pragma(store, turns, "query_only = 0")
        turns.until(lambda: store.health.ok)
    assert names(path) == ["room"]


def test_what_could_not_be_saved_by_the_end_is_counted(path: Path) -> None:
    def fail(executed: str) -> None:
        if executed == "COMMIT":
            raise disk_full()

    turns = Turns()
    store = SqliteStore(path, turns.call, factory=Faulty)
    store.open()
    with hooked(fail):
        store.append(room())
        store.append(journal())
        with pytest.raises(StoreError, match=r"disk is full \(2 records are lost\)"):
            turns.wait(store.close())
    assert names(path) == []


def test_a_writer_that_dies_is_noticed(path: Path, healths: list[Health]) -> None:
    """It can't happen; so it must not look as if all were well."""

    class Unexpected(BaseException):
        pass

    def die(executed: str) -> None:
        raise Unexpected

    turns = Turns()
    store = SqliteStore(path, turns.call, factory=Faulty)
    store.open()
    store.on_health = healths.append
    with hooked(die):
        store.append(room())
        store.commit()
        turns.until(lambda: healths)
        with pytest.raises(StoreError, match="closed"):
            store.commit()
        with pytest.raises(StoreError, match="its writer has failed"):
            turns.wait(store.close())


# ---------------------------------------------------------------------- at the start


def test_a_second_server_is_refused(path: Path) -> None:
    with opened(path) as (store, turns, _):
        second = SqliteStore(path, turns.call)
        with pytest.raises(InUse, match=f"in use by another server .process {os.getpid()}"):
            second.open()
        assert turns.wait(second.close()) is None
        keep(store, turns, room())
    assert names(path) == ["room"]


def test_garbage_is_refused(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 500)
    with pytest.raises(Corrupt, match="not a database"):
        SqliteStore(path, Turns().call).open()


def test_a_page_that_is_damaged_is_noticed_at_the_start(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal(), *(entry(n) for n in range(2000)))
    whole = bytearray(path.read_bytes())
    for at in range(2 * 4096, len(whole), 4096):
        whole[at : at + 8] = b"\xff" * 8
    path.write_bytes(whole)
    with pytest.raises(Corrupt, match="malformed"):
        SqliteStore(path, Turns().call).open()


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE sessions (mine)")
    db.close()
    with pytest.raises(NotAStore):
        SqliteStore(path, Turns().call).open()
    with pytest.raises(NotAStore):
        look_into(path)


def test_a_newer_store_is_left_alone(path: Path) -> None:
    assert names(path) == []
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NewerSchema, match="version 99"):
        SqliteStore(path, Turns().call).open()


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "server.db", tmp_path):
        with pytest.raises(StoreError, match=str(tmp_path)):
            SqliteStore(place, Turns().call).open()


def test_looking_into_what_is_not_there_makes_nothing(path: Path) -> None:
    with pytest.raises(NotFound):
        look_into(path)
    assert not path.exists()


def test_others_cannot_read_the_seeds(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(store, turns, room())
        files = [*path.parent.iterdir()]
        assert len(files) == 4
        assert [file.stat().st_mode & 0o077 for file in files] == [0] * 4


@pytest.mark.parametrize("spec", ["", "sqlite:", "redis:x", "/a/path"])
def test_a_store_is_named_by_its_kind(spec: str) -> None:
    with pytest.raises(ValueError, match="a store is sqlite:PATH or memory:"):
        path_of(spec)
    assert (path_of("memory:"), path_of("sqlite:a/b")) == (None, Path("a/b"))


# ---------------------------------------------------------------------- damaged rows


@pytest.fixture
def played(path: Path) -> Iterator[sqlite3.Connection]:
    """A game of ten entries and two snapshots, and what a test may damage it with."""
    snapshots = {4: Snapshot("game", 4, 30, b"at 4"), 8: Snapshot("game", 8, 70, b"at 8")}
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal())
        for n in range(10):
            keep(store, turns, entry(n), *([snapshots[n + 1]] if n + 1 in snapshots else []))
    db = sqlite3.connect(path, isolation_level=None)
    yield db
    db.close()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE entries SET what = substr(what, 1, 3) WHERE n = 9", "entry 9 is damaged: its checksum"),
        ("UPDATE entries SET what = x'c1', crc = 3 WHERE n = 9", "entry 9 is damaged"),
        ("DELETE FROM entries WHERE n = 8", "entry 8 is missing, though there is entry 9"),
    ],
)
def test_a_journal_is_kept_up_to_where_it_was_cut(
    path: Path, played: sqlite3.Connection, damage: str, told: str
) -> None:
    played.execute(damage)
    with opened(path) as (store, turns, found):
        recording = found.rooms[0].recording
        assert recording is not None and told in (recording.damage or "")
        kept = recording.next_n
        assert recording.entries == [entry(n) for n in range(8, kept)] and kept in (8, 9)
        keep(store, turns, *(entry(n) for n in range(kept, 12)))
    with opened(path) as (_, _, found):
        recording = found.rooms[0].recording
        assert recording is not None and recording.damage is None
        assert recording.entries == [entry(n) for n in range(8, 12)]


def test_a_damaged_snapshot_costs_nothing_but_time(path: Path, played: sqlite3.Connection) -> None:
    played.execute("UPDATE snapshots SET state = x'00' WHERE n = 8")
    with opened(path) as (_, _, found):
        recording = found.rooms[0].recording
    assert recording is not None and recording.damage is None
    assert recording.start == Snapshot("game", 4, 30, b"at 4")
    assert recording.entries == [entry(n) for n in range(4, 10)]


def test_without_entries_a_damaged_snapshot_is_told(path: Path) -> None:
    snapshots = [Snapshot("game", n, n + 5, b"state") for n in range(2)]
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal(durable=False), *snapshots)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE snapshots SET state = x'00' WHERE n = 1")
    db.close()
    with opened(path) as (_, _, found):
        recording = found.rooms[0].recording
    assert recording is not None and recording.start == snapshots[0]
    assert recording.damage == "the snapshot at tick 6 is damaged"


def test_a_game_without_a_beginning_is_told_and_the_others_come_back(
    path: Path, played: sqlite3.Connection
) -> None:
    played.execute("UPDATE journals SET header = x'80'")
    with opened(path) as (store, turns, _):
        keep(store, turns, room("other"), journal("fine", "other"))
    with opened(path) as (_, _, found):
        damaged, fine = found.rooms
    assert damaged.recording is None and "beginning" in (damaged.damage or "")
    assert fine.recording is not None


def test_damaged_sessions_are_refused(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(store, turns, room())
    with sqlite3.connect(path) as db:
        db.execute("UPDATE rooms SET options = x'c1'")
    db.close()
    with pytest.raises(Corrupt, match="rooms is damaged"):
        SqliteStore(path, Turns().call).open()
