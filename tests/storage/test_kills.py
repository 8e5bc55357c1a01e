"""Processes that are really killed, at any moment: what was reported is there, and nothing by halves."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gamesrv.storage.schema import MIGRATIONS
from tests.storage.shelf import entry, opened

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE = 60

WRITE = """
import os, signal, sys, threading
from pathlib import Path
from gamesrv.storage.interfaces import Snapshot
from tests.storage.shelf import Faulty, Turns, entry, journal, room
from gamesrv.storage.sqlite import SqliteStore

path, deadly, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
turns, left = Turns(), [times]
store = SqliteStore(path, turns.call, factory=Faulty)
store.open()

def count(statement):
    if deadly in statement:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

Faulty.hooks.append(count)
store.append(room())
store.append(journal())
for n in range(100_000):
    store.append(entry(n))
    if n % 10 == 9:
        store.append(Snapshot("game", n + 1, n * 10, b"state" * 2000))
    if n % 3 == 2:
        store.commit(lambda n=n: print(n, flush=True))
        if n % 50 == 2:
            turns.until(lambda: store.waiting < 30)
"""


def run_until_killed(script: str, *arguments: object) -> list[int]:
    """The numbers that a process printed before it died."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return [int(line) for line in done.stdout.split()]


@pytest.mark.parametrize(
    ("deadly", "times"), [("BEGIN", 1), ("COMMIT", 1), ("entries", 9), ("COMMIT", 20), ("snapshots", 11)]
)
def test_a_server_that_is_killed_has_lost_nothing_it_reported(
    tmp_path: Path, deadly: str, times: int
) -> None:
    """The moments are chosen by statement: before, within and at the end of a transaction, in a snapshot."""
    path = tmp_path / "server.db"
    reported = run_until_killed(WRITE, path, deadly, times)
    with opened(path) as (store, turns, found):
        if not found.rooms:
            assert reported == []
            return
        recording = turns.wait(store.ask(lambda archive: archive.recording("game")))
    entries = recording.entries
    assert recording.damage is None
    assert entries == [entry(n) for n in range(len(entries))]
    assert len(entries) > max(reported, default=-1)
    assert len(entries) % 3 == 0
    assert [snapshot.n for snapshot in recording.snapshots] == [*range(10, len(entries) + 1, 10)]


def test_a_server_that_is_killed_at_random_has_lost_nothing_it_reported(tmp_path: Path) -> None:
    """From outside, after it has reported this or that; then the next one goes on with the same file."""
    for round_ in range(5):
        path = tmp_path / f"{round_}.db"
        command = [sys.executable, "-c", WRITE, str(path), "never", "0"]
        with subprocess.Popen(
            command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) >= 37 * (round_ + 1):
                    break
            process.kill()
            reported = [int(line), *map(int, process.stdout.read().split())]
        with opened(path) as (store, turns, _):
            recording = turns.wait(store.ask(lambda archive: archive.recording("game")))
        assert recording.damage is None
        assert len(recording.entries) > max(reported)


# ---------------------------------------------------------------------- migrations

NEXT = (
    (
        "CREATE TABLE extra (x)",
        "INSERT INTO extra SELECT key FROM rooms",
        "ALTER TABLE rooms ADD COLUMN extra INTEGER",
    ),
    ("UPDATE rooms SET extra = key", "DROP TABLE extra"),
)

FIRST_VERSION = sum(map(len, MIGRATIONS)) + 5
"""Statements until there is a file of today's version, or nearly."""

MIGRATE = """
import os, shutil, signal, sys
from pathlib import Path
from gamesrv.storage import connection, schema
from tests.storage.shelf import Faulty
from tests.storage.test_kills import FIRST_VERSION, NEXT

place, left = Path(sys.argv[1]), [0]
newer, migrate = (*schema.MIGRATIONS, *NEXT), schema.migrate
connection.migrate = lambda db, path: migrate(db, path, newer)

def count(statement):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def run(path, deadly):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left[0] = deadly
    Faulty.hooks.append(count)
    connection.write_to(path, factory=Faulty).close()
    os._exit(0)

deadly, status = 1, -signal.SIGKILL
while status:
    path, again = place / str(deadly), place / f"{deadly}.again"
    status = run(path, deadly)
    for file in place.glob(f"{deadly}*"):
        shutil.copy(file, str(file).replace(str(path), str(again)))
    print(deadly, -status, run(again, 0), flush=True)
    deadly += 1 if deadly >= FIRST_VERSION else 4
os.kill(os.getpid(), signal.SIGKILL)
"""


def version_of(path: Path) -> tuple[int, list[str]]:
    """The version that a file says it has, and what there really is."""
    with sqlite3.connect(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        tables = db.execute("SELECT name FROM sqlite_schema WHERE name IN ('extra', 'rooms')").fetchall()
        columns = db.execute("SELECT name FROM pragma_table_info('rooms') WHERE name = 'extra'").fetchall()
    db.close()
    return version, sorted([name for (name,) in tables] + [f"rooms.{name}" for (name,) in columns])


def test_a_migration_that_is_killed_is_before_or_after(tmp_path: Path) -> None:
    """From an empty file on, by two versions that there are not yet; the next start goes on from there."""
    base = len(MIGRATIONS)
    last = base + len(NEXT)
    states = {
        0: [],
        **dict.fromkeys(range(1, base + 1), ["rooms"]),
        base + 1: ["extra", "rooms", "rooms.extra"],
        last: ["rooms", "rooms.extra"],
    }
    numbers = run_until_killed(MIGRATE, tmp_path)
    *killed, done = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    assert done[1:] == (0, 0)
    seen = {}
    for deadly, signal_, again in killed:
        assert (signal_, again) == (signal.SIGKILL, 0)
        version, there = version_of(tmp_path / str(deadly))
        assert there == states[version]
        seen[version] = deadly
        assert version_of(tmp_path / f"{deadly}.again") == (last, states[last])
    assert [*seen] == [*range(last)]
