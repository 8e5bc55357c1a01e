"""What the store costs by itself: how fast it takes moves, how long one waits until it is safe, how much disk
it needs, and how long a start takes. ``docs/storage.md`` says what the figures mean.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

import attrs

# run as a script, Python looks for `bench` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine  # noqa: E402
from bench.report import Goal, Row, format_rows  # noqa: E402
from gamesrv.core.journal import Input  # noqa: E402
from gamesrv.storage.interfaces import (  # noqa: E402
    Entered,
    Handled,
    JournalBegan,
    Record,
    RoomOpened,
    Seated,
    SessionSaved,
    Snapshot,
)
from gamesrv.storage.sqlite import SqliteStore  # noqa: E402

ROOMS, SEATS = 250, 4
MOVES, SECONDS = 50_000, 8
RATE, TURN = 1000, 0.002
"""Moves a second; seconds between two turns of the server."""
MOVES_A_TURN = int(RATE * TURN)
RECOVERED, BEFORE, AFTER, SNAPSHOT_BYTES = 1000, 100, 50, 1800
"""Rooms of a start, each in mid-game; moves before and after the snapshot, and what that weighs."""
MS = 1000


def records_of(room: int) -> Iterator[Record]:
    """What a room, its players and its game begin with."""
    name, journal = f"bigtwo-{room}", f"{room:016x}"
    yield RoomOpened(name, "bigtwo", {}, True, 1.0)
    for seat in range(SEATS):
        session = f"{room:012x}{seat:04x}"
        yield SessionSaved(session, f"player {seat}", os.urandom(32), os.urandom(32))
        yield Seated(session, name, seat, f"player {seat}")
    names = {seat: f"player {seat}" for seat in range(SEATS)}
    rules = "gamesrv.games.bigtwo.game:BigTwo"
    yield JournalBegan(journal, name, "bigtwo", rules, "0" * 64, os.urandom(32), {}, names, 1000, True, 1.0)


def move(room: int, n: int) -> tuple[Record, Record]:
    """One of a player's: what enters the game, and that the command was taken."""
    cards = [(n * 7 + each) % 52 for each in range(1 + n % 5 // 2)]
    what = Input(n * 900, "command", n % SEATS, "play", {"cards": cards})
    return Entered(f"{room:016x}", n, what), Handled(f"{room:012x}{n % SEATS:04x}", n // SEATS + 1)


class Server:
    """A server's thread: turns at a steady pace, each with some work of its own, and calls in between."""

    def __init__(self, power_safe: bool, place: Path) -> None:
        self.path = place / "bench.db"
        self.transactions = 0
        self._calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self.store = SqliteStore(self.path, self._call, power_safe)
        self.loaded = self.store.open()

    def _call(self, function: Callable[..., object], *args: Any) -> None:
        self.transactions += function.__name__ == "_saved"
        self._calls.put((function, args))

    def until(self, true: Callable[[], object], end: float = float("inf")) -> None:
        """Takes calls, until something is so or the time has come."""
        while not true():
            left = end - time.perf_counter()
            try:
                function, args = self._calls.get(timeout=min(max(left, 0), 60))
            except Empty:
                return
            function(*args)

    def keep(self, records: Iterable[Record]) -> None:
        """Writes them, and waits for that."""
        for record in records:
            self.store.append(record)
        self.store.commit()
        self.until(lambda: not self.store.waiting)

    def close(self) -> None:
        """Saves all and ends."""
        closed: list[object] = []
        self.store.close().addBoth(closed.append)
        self.until(lambda: closed)


@contextmanager
def serving(power_safe: bool = False) -> Iterator[Server]:
    """With rooms, in a file of this folder's disk: a temporary folder may be in memory."""
    with TemporaryDirectory(dir=Path.cwd()) as place:
        server = Server(power_safe, Path(place))
        server.keep(record for room in range(ROOMS) for record in records_of(room))
        server.close()
        server = Server(power_safe, Path(place))
        yield server
        server.close()


# ---------------------------------------------------------------------- what is measured


@attrs.frozen
class Waits:
    """Milliseconds from handing a move over to hearing that it is safe."""

    p50: float
    p99: float
    worst: float


def waits(seconds: float, power_safe: bool, busy: float) -> Waits:
    """At `RATE` moves a second, in a server that is busy for this share of its time."""
    times: list[float] = []
    with serving(power_safe) as server:
        start = time.perf_counter()
        for turn in range(int(seconds / TURN)):
            server.until(lambda: False, start + turn * TURN)
            began = time.perf_counter()
            for n in range(MOVES_A_TURN):
                _hand_over(server.store, turn * MOVES_A_TURN + n, times)
            while time.perf_counter() < began + busy * TURN:
                pass
        server.until(lambda: not server.store.waiting)
    ordered = sorted(times)
    return Waits(*(ordered[int((len(ordered) - 1) * part)] * MS for part in (0.5, 0.99, 1)))


def _hand_over(store: SqliteStore, n: int, times: list[float]) -> None:
    for record in move(n % ROOMS, n // ROOMS):
        store.append(record)
    began = time.perf_counter()
    store.commit(lambda: times.append(time.perf_counter() - began))


@attrs.frozen
class Flood:
    """As many moves as it can take, each a commit of its own."""

    moves_per_second: float
    moves_per_transaction: float
    server_us: float
    """CPU per move in the server's thread."""
    writer_us: float
    """And in the writer's."""
    bytes_per_move: float


def flood(moves: int, power_safe: bool) -> Flood:
    """Hands over as long as fewer than a thousand are on their way."""
    times: list[float] = []
    with serving(power_safe) as server:
        before = server.path.stat().st_size
        wall, thread, process = time.perf_counter(), time.thread_time(), time.process_time()
        for n in range(moves):
            _hand_over(server.store, n, times)
            if n % 100 == 99:
                server.until(lambda: server.store.waiting < 2 * 1000)
        server.until(lambda: not server.store.waiting)
        wall, thread = time.perf_counter() - wall, time.thread_time() - thread
        process = time.process_time() - process
        transactions = server.transactions
        server.close()
        size = server.path.stat().st_size - before
    us = 1e6 / moves
    return Flood(moves / wall, moves / transactions, thread * us, (process - thread) * us, size / moves)


def start_up(rooms: int) -> float:
    """Seconds to open a store and read what was going on."""
    with TemporaryDirectory(dir=Path.cwd()) as place:
        server = Server(False, Path(place))
        for room in range(rooms):
            server.keep(_mid_game(room))
        server.close()
        began = time.perf_counter()
        server = Server(False, Path(place))
        seconds = time.perf_counter() - began
        server.close()
    if [len(room.recording.entries) for room in server.loaded.rooms if room.recording] != [AFTER] * rooms:
        raise RuntimeError("something was lost")
    return seconds


def _mid_game(room: int) -> Iterator[Record]:
    yield from records_of(room)
    for n in range(BEFORE):
        yield move(room, n)[0]
    yield Snapshot(f"{room:016x}", BEFORE, BEFORE * 900, os.urandom(SNAPSHOT_BYTES))
    for n in range(BEFORE, BEFORE + AFTER):
        yield move(room, n)[0]


# ---------------------------------------------------------------------- what is told


def measure(quick: bool) -> tuple[list[Row], dict[str, Any]]:
    """All of it, as lines and as figures."""
    seconds, moves, rooms = (2, 5_000, 100) if quick else (SECONDS, MOVES, RECOVERED)
    kinds = {"kill": False, "power": True}
    floods = {told: flood(moves, safe) for told, safe in kinds.items()}
    quiet = {told: waits(seconds, safe, 0) for told, safe in kinds.items()}
    busy = {told: waits(seconds, safe, 0.5) for told, safe in kinds.items()}
    opened = start_up(rooms)
    rows = [
        Row(f"{ROOMS} rooms, what is committed survives a kill / a loss of power", "kill", "power"),
        _row("moves a second, at most", [each.moves_per_second for each in floods.values()], 0),
        _row("  moves in one transaction then", [each.moves_per_transaction for each in floods.values()]),
        _row("  CPU per move, server's thread, us", [each.server_us for each in floods.values()]),
        _row("  CPU per move, writer's thread, us", [each.writer_us for each in floods.values()]),
        _row("bytes per move in the file", [each.bytes_per_move for each in floods.values()]),
        _row(f"wait at {RATE} moves/s p50, ms", [each.p50 for each in quiet.values()], 2, 5),
        _row("  p99, ms", [each.p99 for each in quiet.values()], 2),
        _row("in a half busy server p50, ms", [each.p50 for each in busy.values()], 2, 5),
        _row("  p99, ms", [each.p99 for each in busy.values()], 2),
        Row(f"reading {rooms} rooms at a start, s", f"{opened:.2f}"),
    ]
    figures = {
        "flood": {told: attrs.asdict(each) for told, each in floods.items()},
        "quiet": {told: attrs.asdict(each) for told, each in quiet.items()},
        "busy": {told: attrs.asdict(each) for told, each in busy.items()},
        "start_up": opened,
    }
    return rows, figures


def _row(what: str, values: list[float], digits: int = 1, most: float | None = None) -> Row:
    goal = None if most is None else Goal(values[0], most)
    return Row(what, *[f"{value:.{digits}f}" for value in values], goal=goal)


def main(words: list[str]) -> int:
    """Gives the exit status."""
    parser = argparse.ArgumentParser(prog="bench/storage.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short windows: to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args(words)
    print(machine.describe(), flush=True)
    rows, figures = measure(arguments.quick)
    print("\n" + format_rows(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
