"""The real server, killed in the middle of a statement of its database; and on a disk that is full."""

import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from select import select

import pytest

from gamesrv.storage.schema import MIGRATIONS, migrate
from tests.integration.test_kill import PATIENCE, UNLIMITED, Message, Player
from tests.integration.test_process import TWISTD, Server, environment, serving

GAMES = ("--game=tests.integration.deadly:Words", "--game=tests.games:Field", "--bots=0", *UNLIMITED)
TABLES = 3


class Speaker(Player):
    """Says words, and again until they are there."""

    def __init__(self, name: str, game: str = "words") -> None:
        super().__init__(name, Random(1))
        self.game = game
        self.said: list[str] = []
        """Those that were seen, in their order."""
        self.codes: list[str] = []
        """What was said no to."""

    def take(self, message: Message) -> None:
        super().take(message)
        if message["op"] == "refused":
            self.codes.append(message["code"])

    def look(self) -> None:
        self.said = self.view.get("said", [])
        if self.asked is not None and (self.game == "field" or self.asked[1]["args"]["word"] in self.said):
            self.asked = None

    def happened(self, name: str, data: Message) -> None:
        pass

    def utter(self) -> None:
        """Says the next word, unless the last one is still on its way."""
        if self.asked is None and self.game == "words":
            self.command("utter", {"word": f"{self.name}-{self.number + 1}"})

    def hear_all(self) -> bool:
        """Takes what is there; `False` once the server is gone."""
        while select([self.socket], [], [], 0)[0]:
            if not self.hear():
                return False
        return True


class Circle:
    """All speakers, driven by one thread."""

    def __init__(self) -> None:
        self.speakers = [Speaker(f"s{number}") for number in range(2 * TABLES)]
        self.walker = Speaker("walker", "field")
        self.all = [*self.speakers, self.walker]
        self.seen: list[list[str]] = []

    def come(self, server: Server) -> None:
        """To their seats; all that they saw is there."""
        self.seen = [speaker.said for speaker in self.speakers]
        for speaker in self.all:
            speaker.connect(server.ports["packets"])
            if not speaker.room:
                speaker.say(op="join", game=speaker.game)
                self.until(lambda speaker=speaker: speaker.here)  # type: ignore[misc]
        assert self.until(lambda: all(speaker.here and speaker.asked is None for speaker in self.all))
        for speaker, seen in zip(self.speakers, self.seen, strict=True):
            assert speaker.said[: len(seen)] == seen and len(set(speaker.said)) == len(speaker.said)
            mine = [word for word in speaker.said if word.startswith(f"{speaker.name}-")]
            assert mine == [f"{speaker.name}-{number + 1}" for number in range(speaker.number)]

    def until(self, true: Callable[[], bool], talking: bool = False) -> bool:
        """Until something is so; or, `False`, the server has gone."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end
            select([speaker.socket for speaker in self.all if speaker.room or speaker.token], [], [], 0.01)
            for speaker in self.all:
                if hasattr(speaker, "socket") and not speaker.hear_all():
                    return False
                if talking:
                    speaker.utter()
        return True

    def talk(self, words: int) -> None:
        """So many more each, or until the server has gone."""
        wanted = [speaker.number + words for speaker in self.speakers]
        self.until(
            lambda: all(s.number >= n for s, n in zip(self.speakers, wanted, strict=True)), talking=True
        )

    def part(self) -> None:
        for speaker in self.all:
            while speaker.hear():
                pass
            speaker.socket.close()


@pytest.fixture
def circle() -> Circle:
    return Circle()


def make_older(path: Path) -> None:
    """What a server of the first version would have left, and many sessions."""
    older = path.with_name("older.db")
    db = sqlite3.connect(older, isolation_level=None)
    migrate(db, older, MIGRATIONS[:1])
    db.execute("ATTACH ? AS newer", (str(path),))
    for (table,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
        if not table.startswith("sqlite_"):
            columns = ",".join(name for _, name, *_ in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
    db.executemany(
        "INSERT OR IGNORE INTO main.sessions VALUES (?, 'gone', ?, NULL, 1.0, 0, x'90')",
        [(f"gone-{number}", f"gone-{number}".encode()) for number in range(2000)],
    )
    db.close()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    older.replace(path)


STARTING = (
    ("1:FROM rooms", "reading what was going on"),
    ("3:FROM entries", "reading a journal"),
    ("1:INTO entries", "noting who is not there any more"),
    ("1:ALTER TABLE members", "bringing an older file up to date"),
    ("1:PRAGMA user_version = ", "the same with the older file, at its end"),
)


def test_killed_while_it_starts(tmp_path: Path, circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.db"
    kept = (f"--store=sqlite:{path}", *GAMES)

    def live() -> None:
        with serving(tmp_path, *kept, patience=2 * PATIENCE) as server:
            circle.come(server)
            circle.talk(4)
            server.process.kill()
            circle.part()

    live()
    for deadly, when in STARTING:
        if "older" in when:
            make_older(path)
        monkeypatch.setenv("DEADLY", deadly)
        silent = ("--web=", "--packets=", "--telnet=")
        died = subprocess.run(
            [str(TWISTD), "-n", "--pidfile=", "gamesrv", *silent, *kept],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            timeout=20,
        )
        assert died.returncode == -signal.SIGKILL, (when, died.stdout)
        monkeypatch.delenv("DEADLY")
        live()


def test_killed_while_it_writes_a_snapshot(
    tmp_path: Path, circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of a durable game, and before that of the field that the walker walks in."""
    kept = (f"--store=sqlite:{tmp_path / 'kept.db'}", *GAMES)
    for deadly in ("2:INTO snapshots", "5:INTO snapshots", "0:"):
        monkeypatch.setenv("DEADLY", deadly)
        with serving(tmp_path, *kept, patience=2 * PATIENCE) as server:
            circle.come(server)
            circle.talk(60)
            if deadly != "0:":
                circle.until(lambda: False, talking=True)
                assert server.process.wait(PATIENCE) == -signal.SIGKILL
            server.process.kill()
            circle.part()


def test_a_full_disk_holds_durable_games_up_and_loses_nothing(tmp_path: Path, circle: Circle) -> None:
    """The process may make no file longer than its database is by then; later it may again."""
    kept = (f"--store=sqlite:{tmp_path / 'kept.db'}", *GAMES)
    with serving(tmp_path, *kept, patience=2 * PATIENCE) as server:
        circle.come(server)
        circle.talk(3)
        assert circle.until(lambda: all(speaker.asked is None for speaker in circle.speakers))
        full = (tmp_path / "kept.db-wal").stat().st_size, resource.RLIM_INFINITY
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, full)
        for speaker in circle.speakers:
            speaker.utter()
        assert server.process.stdout is not None
        assert any("The store fails" in line for line in server.process.stdout)
        late = Speaker("late")
        late.connect(server.ports["packets"])
        late.say(op="create", game="words")
        while not late.codes:
            assert late.hear()
        assert late.token and late.codes == ["not_saved"]
        walked = circle.walker.view["avatars"]["0"]["x"]
        circle.walker.command("move", {"dx": 1, "dy": 0})
        assert circle.until(lambda: circle.walker.view["avatars"]["0"]["x"] > walked + 10)
        assert all(speaker.asked is not None for speaker in circle.speakers), "nothing is shown"
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (full[1], full[1]))
        assert circle.until(lambda: all(speaker.asked is None for speaker in circle.speakers))
        server.process.kill()
        circle.part()
    with serving(tmp_path, *kept, patience=2 * PATIENCE) as server:
        circle.come(server)
        server.end(signal.SIGTERM)
        circle.part()
