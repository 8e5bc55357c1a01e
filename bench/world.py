"""Large worlds: `python bench/world.py`, `--help` for less or more of it.

So many players run about the arena's world, each telling the server twice a second where to, and the world is
as large as it takes for all to have equally much room. Everything is the real thing but the network: a whole
game service, packets both ways, and players that stand where the transport is. Time is virtual, so that ticks
follow one another at once and each is measured. If areas do what they are for, a player costs the same in any
world; at its edge one has fewer neighbours, so a small one is a little cheaper.
"""

import argparse
import multiprocessing
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from attrs import define  # noqa: E402
from twisted.internet.task import Clock  # noqa: E402

from gamesrv import Random  # noqa: E402
from gamesrv.core import messages  # noqa: E402
from gamesrv.core.schema import GameType  # noqa: E402
from gamesrv.games.arena import World  # noqa: E402
from gamesrv.games.arena.avatar import Avatar  # noqa: E402
from gamesrv.games.arena.world import SQUARE  # noqa: E402
from gamesrv.garbage import Collector  # noqa: E402
from gamesrv.net.loopback import LoopbackAddress  # noqa: E402
from gamesrv.net.tcp import PacketFactory  # noqa: E402
from gamesrv.server.limits import Limits  # noqa: E402
from gamesrv.service import GameService  # noqa: E402
from gamesrv.wire import packets  # noqa: E402

RATE = World.tick_rate
WARM_UP = 40
"""Ticks; in the first of them all come in."""
TURNS = 10
"""One of so many players says something at each tick."""
SIZES = {500: (8, 5), 1000: (10, 8), 2000: (16, 10), 4000: (20, 16)}
"""By players: columns and rows of squares, 12.5 players in each."""
GOAL = 1.3
AREA = World.areas.size
UPDATE = packets.SERVER_IDS[messages.Update].to_bytes(2, "big")


def world(columns: int, rows: int, spent: list[float]) -> type[World]:
    """The game in that size, with people anywhere in it; notes what its own steps take."""

    @define
    class Sized(World):
        """The same, larger or smaller."""

        seats = (1, 5000)
        width, height, least_gems = columns * SQUARE, rows * SQUARE, 25 * columns * rows

        def on_join(self, seat: int) -> None:
            self.avatars[seat] = Avatar(self.names[seat], *self._anywhere(), bumped=self.tick)

        def on_tick(self) -> None:
            start = time.process_time()
            super().on_tick()
            spent.append(time.process_time() - start)

    return Sized


class Stub:
    """As little of a client as will do, and no socket. It counts, and says where it runs."""

    disconnecting = False

    def __init__(self, number: int, server: Any, random: Random) -> None:
        self._server, self._random = server, random
        self.updates = self.bytes = 0
        server.makeConnection(self)
        for message in (messages.Hello(name=f"p{number}"), messages.Join(game="world")):
            server.dataReceived(packets.encode_client(message))

    def write(self, data: bytes) -> None:
        """Takes whole packets: an update comes first."""
        self.bytes += len(data)
        self.updates += data[2:4] == UPDATE

    def run(self) -> None:
        """In some direction, or a dash, now and then."""
        below = self._random.below
        if below(8) == 0:
            command = messages.Command("dash")
        else:
            command = messages.Command("move", {"dx": below(3) - 1, "dy": below(3) - 1})
        self._server.dataReceived(packets.encode_client(command))

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """There is always room."""

    def getPeer(self) -> LoopbackAddress:
        """Within this process."""
        return LoopbackAddress()

    getHost = getPeer


class Crowd:
    """A server with one world full of people."""

    def __init__(self, players: int) -> None:
        self.steps: list[float] = []
        self.clock = Clock()
        self.clock.rightNow = 1000.0
        game = world(*SIZES[players], self.steps)
        limits = Limits(max_connections=1_000_000, packet_idle=1e9, slow_timeout=1e9)
        self.service = GameService(self.clock, [GameType.of(game)], limits, bots=0)
        self.service.startService()
        door = PacketFactory(self.service.gate, self.clock, idle=None)
        random = Random(b"the crowd")
        self.stubs = [Stub(number, door.buildProtocol(None), random) for number in range(players)]

    def tick(self, number: int) -> float:
        """Lets one pass; returns its CPU time, in seconds."""
        start = time.process_time()
        for stub in self.stubs[number % TURNS :: TURNS]:
            stub.run()
        for _ in range(self.service.ticker.rate // RATE):
            self.clock.advance(1 / self.service.ticker.rate)
        return time.process_time() - start


def measure(players: int, ticks: int, pipe: Any) -> None:
    """Runs one world, and says what a tick of it cost: seconds, the game's part, bytes and updates."""
    collector = Collector()
    crowd = Crowd(players)
    for number in range(WARM_UP):
        crowd.tick(number)
    collector.take_over()
    crowd.steps.clear()
    before = sum(stub.bytes for stub in crowd.stubs), sum(stub.updates for stub in crowd.stubs)
    each = [crowd.tick(number) for number in range(ticks)]
    size = sum(stub.bytes for stub in crowd.stubs) - before[0]
    updates = sum(stub.updates for stub in crowd.stubs) - before[1]
    pipe.send((median(each), median(crowd.steps), size, updates))
    pipe.close()


def main() -> None:
    """Each size in a process of its own."""
    parser = argparse.ArgumentParser(prog="world", description=__doc__)
    parser.add_argument("--ticks", type=int, default=200, help="ticks to measure")
    parser.add_argument("--players", type=int, nargs="*", choices=SIZES, default=[*SIZES])
    args = parser.parse_args()
    print(
        "| players | areas | ms a tick | µs a player and tick | of the first | the game's own part, µs |"
        " bytes an update | core at 20 Hz |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    first = 0.0
    for players in args.players:
        tick, step, size, updates = _in_own_process(players, args.ticks)
        assert updates == players * args.ticks, f"{updates} updates came of {players * args.ticks}"
        cost = 1e6 * tick / players
        first = first or cost
        columns, rows = SIZES[players]
        missed = "" if cost / first <= GOAL else f" (goal of {GOAL} missed)"
        print(
            f"| {players} | {columns * rows * SQUARE**2 // AREA**2} | {1000 * tick:.1f} | {cost:.1f}"
            f" | {cost / first:.2f}{missed}"
            f" | {1e6 * step / players:.1f} | {size / updates:.0f} | {tick * RATE:.0%} |",
            flush=True,
        )


def _in_own_process(*args: int) -> tuple[float, float, int, int]:
    near, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=measure, args=(*args, far))
    process.start()
    far.close()
    result: tuple[float, float, int, int] = near.recv()
    process.join()
    return result


if __name__ == "__main__":
    main()
