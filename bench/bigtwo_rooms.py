"""What rooms of four bots cost: `python bench/bigtwo_rooms.py`, `--help` for less or more of it.

A whole game service in one process, with nothing left out but sockets: every bot has its loopback
connection, its session and its seat, as in a server. First rooms of a dealt game whose bots never move: what
they add to the resident memory, each. Then, in a process of its own, rooms that play at human pace: the CPU
time of all that happens, by the moves that were made, and how late the clock came to its beats.
"""

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import quantiles
from typing import Any

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gamesrv import Act, Bot, Random  # noqa: E402
from gamesrv.bots import Backroom, BotClient, Place  # noqa: E402
from gamesrv.core.schema import GameType  # noqa: E402
from gamesrv.games.bigtwo import BigTwo  # noqa: E402
from gamesrv.garbage import Collector  # noqa: E402
from gamesrv.net.loopback import Loopback  # noqa: E402
from gamesrv.net.tcp import PacketFactory  # noqa: E402
from gamesrv.server.limits import Limits  # noqa: E402
from gamesrv.server.room import Room  # noqa: E402
from gamesrv.service import GameService  # noqa: E402

SEATS, BEAT = 4, 60
WAITING_GOAL_KB, MOVE_GOAL_US = 40, 200
WARM_UP = 5.0
BATCH = 50
"""Rooms opened in one turn of the reactor."""


class Patient(Bot):
    """Never moves."""

    def act(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Act | None:
        return None


class House:
    """A running game service without ports, and a way to fill it with bots."""

    def __init__(self, policy: type[Bot], options: dict[str, Any]) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        reactor.seconds = time.monotonic  # type: ignore[attr-defined]
        self.policy, self.options = policy, options
        limits = Limits(max_rooms=1_000_000, max_connections=10_000_000)
        self.collector = Collector()
        self.beat: Callable[[], None] = lambda: None
        """Called at each beat of the clock."""
        self.service = GameService(self.reactor, [GameType.of(BigTwo)], limits, BEAT, rest=self._rest, bots=0)
        self._door = PacketFactory(self.service.gate, self.reactor, idle=None)
        self._backroom = Backroom(self.reactor)
        self._loopback = Loopback(self.reactor)
        self._chance = Random(b"bench")
        self.rooms: list[Room] = []

    def _rest(self) -> None:
        self.beat()
        self.collector.collect()

    def open(self, count: int, then: Callable[[], None]) -> None:
        """Opens so many rooms, a few at a time; calls ``then`` when all of them play."""
        for _ in range(min(BATCH, count - len(self.rooms))):
            room = self.service.lobby.create("bigtwo", self.options)
            self.rooms.append(room)
            for seat in range(SEATS):
                self._send(room, f"Bot {seat}")
        playing = self.rooms[-1].state == "playing"
        if len(self.rooms) < count:
            self.reactor.callLater(0, self.open, count, then)
        else:
            self.reactor.callLater(0, *((then,) if playing else (self.open, count, then)))

    def _send(self, room: Room, name: str) -> None:
        seed = self._chance.word().to_bytes(4, "big")
        place = Place(room.id, room.reserve())
        bot = BotClient(self._backroom, name, place, self.policy, Random(seed))
        self._loopback.connect(bot, self._door.buildProtocol(None))

    def run(self, main: Callable[[], None]) -> None:
        """Runs the reactor, and ``main`` in it."""
        self.reactor.callWhenRunning(self.service.startService)
        self.reactor.callWhenRunning(main)
        self.reactor.run()


def resident_bytes() -> int:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def measure_waiting(count: int) -> None:
    """Prints what a room costs whose game is dealt and in which nobody moves."""
    house = House(Patient, {"turn_seconds": 300})
    few = count // 20
    sizes: list[int] = []

    def grown() -> None:
        gc.collect()
        sizes.append(resident_bytes())
        if len(sizes) == 1:
            house.open(count, grown)
            return
        each = (sizes[1] - sizes[0]) / (count - few) / 1024
        missed = "" if each <= WAITING_GOAL_KB else f", goal of {WAITING_GOAL_KB} missed"
        print(f"{count} rooms of {SEATS} bots, dealt and waiting: {each:.1f} KB a room{missed}", flush=True)
        house.reactor.stop()

    house.run(lambda: house.open(few, grown))


def moves_of(rooms: list[Room]) -> int:
    """Plays and passes so far, of all games."""
    return sum(_moves(room) for room in rooms)


def _moves(room: Room) -> int:
    assert room.machine is not None
    return sum(item.kind == "command" for item in room.machine.journal.inputs)


class Playing:
    """Rooms that play for a while, watched."""

    def __init__(self, count: int, level: str, seconds: float) -> None:
        self.count, self.level, self.seconds = count, level, seconds
        # A long match, so that no game ends and takes its journal with it.
        options = {"level": level, "target": 1000}
        self.house = House(BigTwo.bot or Bot, options)
        self.periods: list[float] = []
        self._last = 0.0

    def run(self) -> None:
        """Prints the figures."""
        self.house.run(lambda: self.house.open(self.count, self._warm_up))

    def _warm_up(self) -> None:
        self.house.collector.take_over()
        self.house.reactor.callLater(WARM_UP, self._begin)

    def _begin(self) -> None:
        self._last = time.monotonic()
        self.house.beat = self._beat
        self._moves, self._cpu, self._since = (
            moves_of(self.house.rooms),
            time.process_time(),
            time.monotonic(),
        )
        self._dropped = self.house.service.ticker.dropped
        self.house.reactor.callLater(self.seconds, self._end)

    def _beat(self) -> None:
        """Beats that are made up for come as one."""
        now = time.monotonic()
        self.periods.append(now - self._last)
        self._last = now

    def _end(self) -> None:
        cpu, seconds = time.process_time() - self._cpu, time.monotonic() - self._since
        moves = moves_of(self.house.rooms) - self._moves
        each = cpu / moves * 1e6
        missed = "" if each <= MOVE_GOAL_US else f" (goal of {MOVE_GOAL_US} missed)"
        periods = quantiles(self.periods, n=100)
        dropped = self.house.service.ticker.dropped - self._dropped
        print(
            f"{self.count} rooms of {SEATS} {self.level} bots: {moves / seconds:.0f} moves/s,"
            f" {each:.0f} µs CPU a move{missed}, {cpu / seconds:.0%} of a core; beats p50"
            f" {periods[49] * 1000:.1f} ms, p99 {periods[98] * 1000:.1f} ms"
            f" (nominal {1000 / BEAT:.1f}), {dropped} dropped",
            flush=True,
        )
        self.house.reactor.stop()


def measure_playing(count: int, level: str, seconds: float) -> None:
    """Prints what moves cost."""
    Playing(count, level, seconds).run()


def main() -> None:
    """Each measurement in a process of its own."""
    parser = argparse.ArgumentParser(prog="bigtwo_rooms", description=__doc__)
    parser.add_argument("--waiting", type=int, default=10_000, help="rooms that wait; 0 for none")
    parser.add_argument("--playing", type=int, default=2_000, help="rooms that play; 0 for none")
    parser.add_argument("--level", action="append", choices=("random", "greedy", "planner", "expert"))
    parser.add_argument("--seconds", type=float, default=20.0, help="how long they are watched")
    arguments = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    work: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
    if arguments.waiting:
        work.append((measure_waiting, (arguments.waiting,)))
    if arguments.playing:
        for level in arguments.level or ["greedy", "planner"]:
            work.append((measure_playing, (arguments.playing, level, arguments.seconds)))
    for target, args in work:
        process = spawn.Process(target=target, args=args)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
