"""What it costs that moves survive the server: `python bench/durable.py`.

A whole game service in one process, without sockets: rooms of Big Two, four players in each, who speak
packets over loopback. Whose turn it is leads the lowest card or passes, so that players cost little; what
they cost is in the figures, with a store and without. First as fast as it goes, then at 1,000 moves a second:
how long a player waits for the update that shows the move. At last the server comes back with all its rooms.
"""

import argparse
import multiprocessing
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import msgspec

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from twisted.internet.protocol import Protocol  # noqa: E402
from twisted.internet.task import LoopingCall  # noqa: E402

from bench import machine  # noqa: E402
from bench.report import Goal, Row, format_rows  # noqa: E402
from gamesrv.core.messages import Command, Create, Hello, Join, Joined, Update, Welcome  # noqa: E402
from gamesrv.core.schema import GameType  # noqa: E402
from gamesrv.games.bigtwo import BigTwo  # noqa: E402
from gamesrv.garbage import Collector  # noqa: E402
from gamesrv.net.loopback import Loopback  # noqa: E402
from gamesrv.net.tcp import PacketFactory  # noqa: E402
from gamesrv.server.limits import Limits  # noqa: E402
from gamesrv.service import GameService  # noqa: E402
from gamesrv.storage.sqlite import SqliteStore  # noqa: E402
from gamesrv.wire import packets  # noqa: E402
from gamesrv.wire.frames import FrameDecoder  # noqa: E402
from gamesrv.wire.packets import SERVER_FRAMING  # noqa: E402

ROOMS, SEATS, RATE, WARM_UP = 50, 4, 1000, 1.0
MS = 1000


class Player(Protocol):
    """Leads the lowest card, or passes."""

    def __init__(self, bench: "Bench", number: int) -> None:
        self.bench, self.number, self.room = bench, number, ""
        self.seat, self.turn, self.to_beat, self.stage = -1, -1, 0, ""
        self.hand: list[int] = []
        self.commands, self.asked_at = 0, 0.0
        self.frames = FrameDecoder(SERVER_FRAMING)

    def say(self, message: Any) -> None:
        self.transport.write(packets.encode_client(message))  # type: ignore[union-attr]

    def connectionMade(self) -> None:
        self.say(Hello(name=f"p{self.number}"))

    def dataReceived(self, data: bytes) -> None:
        for frame in self.frames.feed(data):
            match packets.decode_server(frame):
                case Welcome():
                    self.bench.greeted(self)
                case Joined() as joined:
                    self.room, self.seat = joined.room, joined.seat if joined.seat is not None else -1
                    self.see(joined.view, joined.mine)
                case Update() as update:
                    self.see(update.delta, update.mine)

    def see(self, view: Any, mine: Any) -> None:
        if isinstance(mine, dict):
            self.hand = mine.get("hand", self.hand)
        if isinstance(view, dict) and view:
            self.turn, self.to_beat = view.get("turn", self.turn), view.get("to_beat", self.to_beat)
            self.stage = view.get("stage", self.stage)
            if self.asked_at:
                self.bench.shown(time.perf_counter() - self.asked_at)
                self.asked_at = 0.0
            if "deal" in view:
                self.hand = mine["hand"] if isinstance(mine, dict) else []  # the new one is on its way
            if view.get("stage") == "break":
                self.command("go_on", {})
        self.bench.may_move(self)

    @property
    def is_to_move(self) -> bool:
        return self.stage == "play" and self.turn == self.seat and not self.asked_at and bool(self.hand)

    def move(self) -> None:
        self.asked_at = time.perf_counter()
        if self.to_beat:
            self.command("pass", {})
        else:
            self.command("play", {"cards": self.hand[:1]})

    def command(self, name: str, args: dict[str, Any]) -> None:
        self.commands += 1
        self.say(Command(name, args, self.commands))


class Bench:
    """One run: ``rate`` moves a second, or `None` for as many as there can be."""

    def __init__(self, path: Path | None, rate: float | None, seconds: float) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        reactor.seconds = time.monotonic  # type: ignore[attr-defined]
        store = None if path is None else SqliteStore(path, self.reactor.callFromThread)
        limits = Limits(
            message_rate=1e9,
            message_burst=10**9,
            max_connections=10**6,
            connections_per_address=10**6,
            joins_per_address=10**6,
        )
        collector = Collector()
        collector.take_over()
        self.service = GameService(
            self.reactor, [GameType.of(BigTwo)], limits, 60, rest=collector.collect, bots=0, store=store
        )
        self.rate, self.seconds = rate, seconds
        self.players: list[Player] = []
        self.waits: list[float] = []
        self.due: list[Player] = []
        self.measured: dict[str, float] = {}
        self.rooms: list[Any] = []
        """Those that were played in, afterwards."""

    def run(self) -> dict[str, float]:
        self.service.startService()
        door = PacketFactory(self.service.gate, self.reactor, idle=None)
        loopback = Loopback(self.reactor)
        for number in range(ROOMS * SEATS):
            player = Player(self, number)
            self.players.append(player)
            loopback.connect(player, door.buildProtocol(None), Address())
        self.reactor.callLater(WARM_UP, self.begin)
        self.reactor.run()
        return self.measured

    def greeted(self, player: Player) -> None:
        """The first of four opens a room."""
        if player.number % SEATS == 0:
            options = {"target": 1000, "turn_seconds": 300}
            player.say(Create("bigtwo", options, private=True))
            self.reactor.callLater(WARM_UP / 4, self.join, player)

    def join(self, first: Player) -> None:
        for player in self.players[first.number + 1 : first.number + SEATS]:
            player.say(Join(room=first.room))

    def may_move(self, player: Player) -> None:
        if player.is_to_move:
            if self.rate is None:
                player.move()
            else:
                self.due.append(player)

    def shown(self, wait: float) -> None:
        self.waits.append(wait)

    def begin(self) -> None:
        if self.rate is not None:
            self.pace()
        self.reactor.callLater(WARM_UP, self.measure)

    def pace(self) -> None:
        began, sent = time.perf_counter(), 0

        def beat() -> None:
            nonlocal sent
            while self.due and sent < (time.perf_counter() - began) * (self.rate or 0):
                sent += 1
                self.due.pop(0).move()

        LoopingCall(beat).start(0.002)

    def measure(self) -> None:
        self.waits.clear()
        wall, cpu, thread = time.perf_counter(), time.process_time(), time.thread_time()

        def end() -> None:
            moves = len(self.waits)
            ordered = sorted(self.waits) or [0.0]
            self.measured = {
                "moves_per_second": moves / (time.perf_counter() - wall),
                "moves_per_cpu_second": moves / (time.process_time() - cpu),
                "server_us": (time.thread_time() - thread) / max(1, moves) * 1e6,
                "p50_ms": ordered[len(ordered) // 2] * MS,
                "p99_ms": ordered[int(len(ordered) * 0.99)] * MS,
            }
            self.stop()

        self.reactor.callLater(self.seconds, end)

    def stop(self) -> None:
        """Sees everyone out; all that was played is saved."""
        self.rooms = list(self.service.lobby.rooms.values())
        self.service.stopService().addBoth(lambda _: self.reactor.stop())


@attrs.frozen
class Address:
    """Somewhere else: sessions from within the process would not be kept."""

    host: str = "10.0.0.1"


def _run(kept: bool, rate: float | None, seconds: float, answers: Any) -> None:
    with TemporaryDirectory(dir=Path.cwd()) as place:
        path = Path(place) / "bench.db" if kept else None
        bench = Bench(path, rate, seconds)
        measured = bench.run()
        if path is not None:
            entries = sum(len(room.machine.journal.inputs) for room in bench.rooms)
            measured["bytes_per_move"] = path.stat().st_size / entries
            measured["back_ms"] = _come_back(path) / ROOMS * MS
        answers.put(measured)


def _come_back(path: Path) -> float:
    """Seconds of CPU of a start that brings all back."""
    from twisted.internet.task import Clock

    store = SqliteStore(path, lambda *call: None)
    service = GameService(Clock(), [GameType.of(BigTwo)], bots=0, store=store)
    began = time.thread_time()  # nobody else is at work
    service.startService()
    took = time.thread_time() - began
    assert len(service.lobby.rooms) == ROOMS
    return took


def run(kept: bool, rate: float | None, seconds: float) -> dict[str, float]:
    """One run in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers: Any = context.Queue()
    process = context.Process(target=_run, args=(kept, rate, seconds, answers))
    process.start()
    measured: dict[str, float] = answers.get(timeout=seconds + 120)
    process.join()
    return measured


def main(words: list[str]) -> int:
    """Gives the exit status."""
    parser = argparse.ArgumentParser(prog="bench/durable.py", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of each run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args(words)
    print(machine.describe(), flush=True)
    full = [run(kept, None, arguments.seconds) for kept in (False, True)]
    paced = [run(kept, RATE, arguments.seconds) for kept in (False, True)]
    rows = [
        _row("moves/s, without and with a store", full, "moves_per_second", 0),
        _row("moves per second of CPU", full, "moves_per_cpu_second", 0),
        _row("CPU per move, server's thread, us", full, "server_us", 0),
        _row(f"moves/s when {RATE} are wanted", paced, "moves_per_second", 0),
        _row("until the mover sees it, p50, ms", paced, "p50_ms", 2),
        _row("  p99, ms", paced, "p99_ms", 2),
    ]
    cost = full[0]["moves_per_cpu_second"] / full[1]["moves_per_cpu_second"]
    added = paced[1]["p50_ms"] - paced[0]["p50_ms"]
    rows.append(Row("CPU per move, times that without", f"{cost:.2f}", goal=Goal(cost, 2)))
    rows.append(Row("added wait p50, ms", f"{added:.2f}", goal=Goal(added, 5)))
    back = full[1]["back_ms"]
    rows.append(Row("bringing a room back in mid-game, CPU ms", f"{back:.2f}", goal=Goal(back, 5)))
    rows.append(Row("bytes a move in the file", f"{full[1]['bytes_per_move']:.0f}"))
    print("\n" + format_rows(rows))
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.encode({"full": full, "paced": paced}))
    return 0


def _row(what: str, runs: list[dict[str, float]], key: str, digits: int) -> Row:
    return Row(what, *[f"{each[key]:.{digits}f}" for each in runs])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
