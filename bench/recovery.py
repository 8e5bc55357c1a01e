"""What a start costs after a kill, and what the snapshots cost on the way: `python bench/recovery.py`.

A thousand rooms of Big Two in the middle of a match, four players in each, are written by a whole game
service; no connections, whose turn it is leads the lowest card or passes. Then another service starts with
that file, as after a kill: how long until all rooms are there. Then rooms of the arena and of air hockey:
what it takes to look at one of them, which is done every few seconds.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from twisted.internet.task import Clock  # noqa: E402

from bench import machine  # noqa: E402
from bench.report import Goal, Row, format_rows  # noqa: E402
from gamesrv.core.messages import Command  # noqa: E402
from gamesrv.core.rng import Random  # noqa: E402
from gamesrv.core.schema import GameType  # noqa: E402
from gamesrv.core.state import dump  # noqa: E402
from gamesrv.games.arena import Arena  # noqa: E402
from gamesrv.games.bigtwo import BigTwo  # noqa: E402
from gamesrv.games.hockey import Hockey  # noqa: E402
from gamesrv.server.limits import Limits  # noqa: E402
from gamesrv.server.room import Room  # noqa: E402
from gamesrv.server.snapshots import PERIOD  # noqa: E402
from gamesrv.service import GameService  # noqa: E402
from gamesrv.storage.sqlite import SqliteStore  # noqa: E402

SEATS, MOST_MOVES = 4, 128
OPTIONS = {"target": 1000, "turn_seconds": 300}


class House:
    """A service on a clock that stands still, with a store of which it hears when it asks."""

    def __init__(self, path: Path, *games: type) -> None:
        self._calls: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()
        self.clock = Clock()
        self.store = SqliteStore(path, lambda call, *args: self._calls.put((call, args)))
        types = [GameType.of(game) for game in games]
        limits = Limits(max_rooms=10**6)
        self.service = GameService(self.clock, types, limits, bots=0, store=self.store)
        self.names = 0

    def settle(self) -> None:
        """Lets all that was noted be written."""
        self.clock.advance(0)
        while self.store.waiting:
            call, args = self._calls.get(timeout=60)
            call(*args)
            self.clock.advance(0)

    def stop(self) -> None:
        """As a kill would: nothing but what is written already stays."""
        self.settle()
        closed: list[object] = []
        self.store.close().addBoth(closed.append)
        while not closed:
            try:
                call, args = self._calls.get(timeout=60)
            except Empty:
                raise SystemExit("the store does not close") from None
            call(*args)

    def sit(self, room: Room, count: int) -> None:
        """Players whose connections are elsewhere."""
        for _ in range(count):
            self.names += 1
            session, _ = self.service.gate.sessions.open(f"p{self.names}")
            session.kept = True
            self.service.gate.books.note_session(session, 3600)  # type: ignore[union-attr]
            room.sit(session)


def play(room: Room, moves: int) -> None:
    """So many moves of Big Two."""
    numbers = dict.fromkeys(range(SEATS), 0)
    for _ in range(moves):
        game: Any = room.machine.game  # type: ignore[union-attr]
        view = room.machine.view()  # type: ignore[union-attr]
        seat = view["turn"]
        name, args = "pass", {}
        if view["stage"] == "break":
            seat, name = 0, "go_on"
            for each in range(SEATS):
                numbers[each] += 1
                room.command(room.seating.seats[each], Command("go_on", {}, numbers[each]))
            continue
        if not view.get("to_beat"):
            name, args = "play", {"cards": game.view_for(seat)["hand"][:1]}
        numbers[seat] += 1
        room.command(room.seating.seats[seat], Command(name, args, numbers[seat]))


def write(path: Path, rooms: int) -> int:
    """Plays; returns how many entries were noted."""
    house, chance = House(path, BigTwo), Random(b"recovery")
    house.service.startService()
    for number in range(rooms):
        room = house.service.lobby.create("bigtwo", OPTIONS, public=False)
        house.sit(room, SEATS)
        for member in [*room.seating.seats.values()]:
            if room.state == "waiting":
                room.ready(member, True)
        play(room, 16 + chance.below(MOST_MOVES - 16))
        if number % 50 == 49:
            house.settle()
    entries = sum(len(room.machine.journal.inputs) for room in house.service.lobby.rooms.values())  # type: ignore[union-attr]
    house.stop()
    return entries


def come_back(path: Path, rooms: int) -> tuple[float, float]:
    """Seconds of CPU and of time for a start."""
    house = House(path, BigTwo)
    cpu, began = time.process_time(), time.perf_counter()
    house.service.startService()
    took = time.process_time() - cpu, time.perf_counter() - began
    there = house.service.lobby.rooms
    assert len(there) == rooms and all(room.state == "playing" for room in there.values())
    house.stop()
    return took


def snapshots(path: Path, game: type, players: int, rooms: int) -> tuple[float, int]:
    """Microseconds of CPU for a look at a room, those of the writer too; and the bytes of its state."""
    house = House(path, game)
    house.service.startService()
    there = [house.service.lobby.create(game.name, {}, public=False) for _ in range(rooms)]  # type: ignore[attr-defined]
    for room in there:
        house.sit(room, players)
        for _ in range(120):
            room.step()
    looker = house.service.lobby.snapshots
    assert looker is not None
    looker.look_at_all()
    house.settle()
    for room in there:
        room.step()
    cpu = time.process_time()
    looker.look_at_all()
    house.settle()
    took = time.process_time() - cpu
    size = len(dump(there[0].machine.game))  # type: ignore[union-attr]
    house.stop()
    return took / rooms * 1e6, size


def main(words: list[str]) -> int:
    """Gives the exit status."""
    parser = argparse.ArgumentParser(prog="bench/recovery.py", description=__doc__)
    parser.add_argument("--rooms", type=int, default=1000)
    arguments = parser.parse_args(words)
    print(machine.describe(), flush=True)
    with TemporaryDirectory(dir=Path.cwd()) as place:
        entries = write(Path(place) / "bigtwo.db", arguments.rooms)
        cpu, wall = come_back(Path(place) / "bigtwo.db", arguments.rooms)
        arena = snapshots(Path(place) / "arena.db", Arena, 8, 200)
        hockey = snapshots(Path(place) / "hockey.db", Hockey, 4, 200)
    print(f"load of this machine in the last minute: {os.getloadavg()[0]:.1f}\n")
    told = f"{arguments.rooms} rooms of Big Two come back, {entries / arguments.rooms:.0f} entries each"
    goal = 5 * arguments.rooms / 1000
    rows = [
        Row(f"{told}: CPU s", f"{cpu:.2f}", goal=Goal(cpu, goal)),
        Row("  time, s", f"{wall:.2f}", goal=Goal(wall, goal)),
    ]
    for name, (took, size) in (("the arena with 8 in it", arena), ("air hockey with 4", hockey)):
        rows.append(Row(f"a snapshot of {name}: CPU us", f"{took:.0f}"))
        rows.append(Row("  bytes", str(size)))
        share = took / 1e6 / PERIOD * 100
        rows.append(Row(f"  % of a core for each room, one every {PERIOD:g} s", f"{share:.4f}"))
    print(format_rows(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
