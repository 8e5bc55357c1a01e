"""Lockstep rooms: `python bench/lockstep.py`, `--help` for less or more of it.

Everything is the real thing but the network: a whole game service, its datagram channels with their seals,
air hockey, and clients with the package's own driver. First two measurements in virtual time, the same in
every run: the smoothness of the game and the bytes on the wire over a link that delays (100 ms each way, give
or take up to 30), reorders and loses. A stall is the time between two steps on the screen, in ticks, less the
one that it should be. Then the CPU time of many rooms in real time: of all that happens in the process, the
makeshift players included.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from struct import Struct
from typing import Any

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from attrs import define  # noqa: E402
from twisted.internet.protocol import Protocol  # noqa: E402
from twisted.internet.task import Clock, LoopingCall  # noqa: E402

from gamesrv import Random  # noqa: E402
from gamesrv.core import messages  # noqa: E402
from gamesrv.core.driver import Driver  # noqa: E402
from gamesrv.core.schema import GameType  # noqa: E402
from gamesrv.games.hockey import Hockey  # noqa: E402
from gamesrv.garbage import Collector  # noqa: E402
from gamesrv.net.loopback import Loopback, LoopbackAddress  # noqa: E402
from gamesrv.net.simulated import LossyLink, LossyNetwork  # noqa: E402
from gamesrv.net.tcp import PacketFactory  # noqa: E402
from gamesrv.server.limits import Limits  # noqa: E402
from gamesrv.service import GameService  # noqa: E402
from gamesrv.wire import packets  # noqa: E402
from gamesrv.wire.datagram import LOCKSTEP, DatagramClient  # noqa: E402
from gamesrv.wire.frames import FrameDecoder  # noqa: E402
from gamesrv.wire.lockstep import decode_frames, encode_sync  # noqa: E402
from gamesrv.wire.packets import SERVER_FRAMING  # noqa: E402

LATENCY, JITTER, LOSS, HEAVY_LOSS = 0.1, 0.03, 0.05, 0.25
STALL_GOAL, UP_GOAL, DOWN_GOAL = 2.0, 2048, 6144
IP_UDP = 28
"""Bytes of the heads below a datagram, over IPv4."""
DRAWS = 60
"""A second, on a screen."""
WARM_UP = 10.0
WINDOW = 0.5
PARTS = 10
"""In so many parts of a tick do players answer."""
BITS = Hockey.input_bits


@define
class Hockey30(Hockey):
    """The same at half the pace."""

    name, tick_rate = "hockey30", 30


def service(clock: Any, *games: type) -> GameService:
    """A server without ports and without bots."""
    limits = Limits(max_rooms=1_000_000, max_connections=1_000_000)
    return GameService(
        clock, [GameType.of(game) for game in games], limits, bots=0, entropy=chance(b"server")
    )


def chance(seed: bytes) -> Callable[[int], bytes]:
    """As many bytes as wanted, the same in every run."""
    random = Random(seed)
    return lambda size: bytes(random.below(256) for _ in range(size))


class Player(Protocol):
    """A whole client: packets over a loopback, datagrams over the network, and a screen."""

    _ports = count(20_000)

    def __init__(self, clock: Clock, game: str, net: LossyNetwork, random: Random) -> None:
        self._clock, self._game, self._net, self._random = clock, game, net, random
        self._frames = FrameDecoder(SERVER_FRAMING)
        self._channel: DatagramClient | None = None
        self._held, self._hold = 0, 0
        self.driver = Driver(Hockey.simulation)
        self.steps: list[float] = []
        """When which step was seen."""

    def connectionMade(self) -> None:
        self._say(messages.Hello(name="p"))
        self._say(messages.Udp())
        self._say(messages.Join(game=self._game))

    def dataReceived(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            message, now = packets.decode_server(frame), self._clock.seconds()
            match message:
                case messages.UdpOffer():
                    address = ("198.51.100.7", next(self._ports))
                    post = self._net.attach(address, self._datagram)
                    self._channel = DatagramClient(message.connection, message.key, post)
                case messages.Joined():
                    self.driver.snapshot(message, now, 2 * LATENCY)
                case messages.Frames():
                    self._take(message.data)
                case messages.Refusal() | messages.Closing() | messages.Desync():
                    raise RuntimeError(str(message))

    def draw(self) -> None:
        """What a client does for each picture."""
        now, driver, channel = self._clock.seconds(), self.driver, self._channel
        if channel is None or not driver.begun:
            return
        if self._clock.seconds() * 10 % 1 < 10 / DRAWS:
            channel.beat(now)
        if driver.press(self._press(), now):
            body = driver.sync(reliable=False)
            payload = LOCKSTEP + encode_sync(body, BITS)
            if not driver.by_datagram(now) or not channel.send(payload, now):
                self._say(messages.Sync(encode_sync(driver.sync(reliable=True), BITS)))
        self.steps += [now] * driver.play(now)

    def _press(self) -> int:
        """Some other buttons about five times a second."""
        self._hold -= 1
        if self._hold <= 0:
            self._hold, self._held = self._random.between(4, 20), self._random.below(1 << BITS)
        return self._held

    def _datagram(self, datagram: bytes) -> None:
        assert self._channel is not None
        payload = self._channel.receive(datagram, self._clock.seconds())
        if payload is not None and payload[:1] == LOCKSTEP:
            self._take(payload[1:])

    def _take(self, data: bytes) -> None:
        info = self.driver.info
        self.driver.receive(decode_frames(data, info.bits, info.seats), self._clock.seconds())

    def _say(self, message: Any) -> None:
        self.transport.write(packets.encode_client(message))


class Match:
    """Some players in one room, and a network between."""

    def __init__(self, game: type[Hockey], players: int, loss: float) -> None:
        self.clock = Clock()
        self.clock.rightNow = 1000.0
        self.service = service(self.clock, game)
        self.service.startService()
        random = Random(b"the weather")
        self.up, self.down = (LossyLink(self.clock, random, LATENCY, JITTER, loss) for _ in range(2))
        net = LossyNetwork(self.service.gate.channels, self.up, self.down)
        door = PacketFactory(self.service.gate, self.clock, idle=None)
        self.players = [Player(self.clock, game.name, net, Random(b"%d" % n)) for n in range(players)]
        loopback = Loopback(self.clock)
        for number, player in enumerate(self.players):
            loopback.connect(player, door.buildProtocol(None))
            screen = LoopingCall(player.draw)
            screen.clock = self.clock  # type: ignore[assignment]
            self.clock.callLater(number / DRAWS / players, screen.start, 1 / DRAWS)

    def run(self, seconds: float) -> None:
        """Lets so much time pass, each call at its own moment."""
        end = self.clock.rightNow + seconds
        while self.clock.calls and self.clock.calls[0].getTime() <= end:
            self.clock.advance(max(0.0, self.clock.calls[0].getTime() - self.clock.rightNow))
        self.clock.rightNow = end

    @property
    def room(self) -> Any:
        """The only one."""
        (room,) = self.service.lobby.rooms.values()
        return room


def stalls(steps: list[float], rate: int) -> list[float]:
    """How much longer than one tick each step took to come, in ticks."""
    return [(after - before) * rate - 1 for before, after in zip(steps, steps[1:], strict=False)]


def measure_stalls(seconds: float, loss: float, goal: float | None) -> None:
    """Prints how smoothly two play at 30 Hz."""
    match = Match(Hockey30, 2, loss)
    match.run(WARM_UP)
    for player in match.players:
        player.steps.clear()
    match.run(seconds)
    each = [gap for player in match.players for gap in stalls(player.steps, 30)]
    worst, long = max(each), sum(gap > STALL_GOAL for gap in each)
    missed = "" if goal is None or worst <= goal else f", goal of {goal:.0f} missed"
    late = sum(player.driver.late for player in match.players)
    shown = [1000 * (match.room.machine.tick - player.driver.tick) / 30 for player in match.players]
    print(
        f"{loss:.0%} loss, {seconds / 60:.0f} min: longest stall {max(0.0, worst):.1f} ticks{missed};"
        f" {sum(gap > 1 for gap in each)} over one tick, {long} over two, of {len(each)} steps; {late} inputs"
        f" filled in, screens {max(shown):.0f} ms behind the server, {match.room.desyncs} desyncs",
        flush=True,
    )


def measure_bytes(seconds: float) -> None:
    """Prints what four players at 60 Hz send and receive."""
    match = Match(Hockey, 4, LOSS)
    match.run(WARM_UP)
    before = [(link.bytes_sent, link.sent) for link in (match.up, match.down)]
    match.run(seconds)
    for name, link, (size, sent), goal in zip(
        ("up", "down"), (match.up, match.down), before, (UP_GOAL, DOWN_GOAL), strict=True
    ):
        datagrams = (link.sent - sent) / seconds / 4
        each = (link.bytes_sent - size) / seconds / 4
        whole = each + IP_UDP * datagrams
        missed = "" if whole <= goal else f", goal of {goal} missed"
        print(
            f"4 players at 60 Hz, {name}: {whole:.0f} bytes a second and player in {datagrams:.0f} datagrams"
            f" ({each:.0f} without the heads of IP and UDP){missed}",
            flush=True,
        )


_HEAD, _SYNC = Struct(">HH"), Struct(">BBIBBB")


class Stub:
    """As little of a client as will do, and no socket, so that the server is what is measured: it stands
    where the transport is. Each message of frames is answered, a little later, with some input for the tick
    after the next.
    """

    disconnecting = False

    def __init__(self, number: int, server: Any, game: str) -> None:
        self._number, self._server = number, server
        self._run = 0
        self._answers: list[int] = []
        self.frames = 0
        server.makeConnection(self)
        for message in (messages.Hello(name=f"p{number}"), messages.Join(game=game)):
            server.dataReceived(packets.encode_client(message))

    def write(self, data: bytes) -> None:
        """Takes packets, whole ones: only the server's end writes here."""
        at = 0
        while at < len(data):
            size, number = _HEAD.unpack_from(data, at)
            if number == 141:
                body = data.rindex(b"\xa4data", at, at + size) + 7
                count = data[body + 14]
                self.frames += count
                self._answers.append(int.from_bytes(data[body + 10 : body + 14], "big") + count - 1)
            elif number == 132:
                joined = packets.decode_server(data[at + 2 : at + size])
                assert isinstance(joined, messages.Joined)
                assert isinstance(joined.lockstep, messages.LockstepInfo)
                self._run, self._answers = joined.lockstep.run, [joined.tick]
            at += size

    def answer(self) -> None:
        """Says what is held."""
        for tick in self._answers:
            held = (tick // 6 * 37 + self._number * 11) % (1 << BITS)
            data = _SYNC.pack(1, self._run, tick, 2, 1, held << 8 - BITS)
            body = b"\x82\xa2op\xa4sync\xa4data\xc4\x09" + data
            self._server.dataReceived(_HEAD.pack(len(body) + 4, 14) + body)
        self._answers.clear()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """There is always room."""

    def getPeer(self) -> LoopbackAddress:
        """Within this process."""
        return LoopbackAddress()

    getHost = getPeer


class Crowd:
    """Rooms of four in real time."""

    def __init__(self, rooms: int, seconds: float) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        reactor.seconds = time.monotonic  # type: ignore[attr-defined]
        self.rooms, self.seconds = rooms, seconds
        self._collector = Collector()
        self.service = service(self.reactor, Hockey30)
        self.service.ticker.rest = self._collector.collect
        self.players: list[Stub] = []

    def start(self) -> None:
        self.service.startService()
        door = PacketFactory(self.service.gate, self.reactor, idle=None)
        for number in range(4 * self.rooms):
            self.players.append(Stub(number, door.buildProtocol(None), "hockey30"))
        for part in range(PARTS):
            answers = LoopingCall(self._answer, part)
            self.reactor.callLater(part / 30 / PARTS, answers.start, 1 / 30)
        self.reactor.callLater(3.0, self._begin)

    def _answer(self, part: int) -> None:
        for stub in self.players[part::PARTS]:
            stub.answer()

    def _begin(self) -> None:
        self._collector.take_over()
        self._counts = [self._counted()]
        self.reactor.callLater(WINDOW, self._look)

    def _counted(self) -> tuple[float, float, int, int]:
        ticker = self.service.ticker
        frames = sum(stub.frames for stub in self.players)
        return time.monotonic(), time.process_time(), frames, ticker.dropped + ticker.late

    def _look(self) -> None:
        self._counts.append(self._counted())
        if len(self._counts) * WINDOW <= self.seconds:
            self.reactor.callLater(WINDOW, self._look)
            return
        pairs = zip(self._counts, self._counts[1:], strict=False)
        each = sorted(4 * (after[1] - before[1]) / max(1, after[2] - before[2]) for before, after in pairs)
        took, _, frames, late = (b - a for a, b in zip(self._counts[0], self._counts[-1], strict=True))
        share = median(each) * self.rooms * 30
        missed = "" if share < 1 else ", goal of 100 % missed"
        filled = sum(seat.late for room in self.service.lobby.rooms.values() for seat in room.inputs)
        print(
            f"{self.rooms} rooms of 4 at 30 Hz, packets, sockets not included: {share:.0%} of a core{missed};"
            f" {1e6 * median(each):.0f} µs a room and tick, {1e6 * each[0]:.0f} in the best half second;"
            f" {frames / len(self.players) / took:.1f} frames a second came, {filled} inputs were filled in,"
            f" {late:.0f} beats late",
            flush=True,
        )
        self.reactor.stop()


def measure_rooms(rooms: int, seconds: float) -> None:
    """Prints what many rooms cost."""
    crowd = Crowd(rooms, seconds)
    crowd.reactor.callWhenRunning(crowd.start)
    crowd.reactor.run()


def main() -> None:
    """Each measurement in a process of its own."""
    parser = argparse.ArgumentParser(prog="lockstep", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="virtual minutes for stalls; 0 for none")
    parser.add_argument("--bytes", type=float, default=60.0, help="virtual seconds for bytes; 0 for none")
    parser.add_argument("--rooms", type=int, default=200, help="rooms for CPU; 0 for none")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long they are watched")
    arguments = parser.parse_args()
    work: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
    if arguments.minutes:
        work.append((measure_stalls, (60 * arguments.minutes, LOSS, STALL_GOAL)))
        work.append((measure_stalls, (60 * arguments.minutes, HEAVY_LOSS, None)))
    if arguments.bytes:
        work.append((measure_bytes, (arguments.bytes,)))
    if arguments.rooms:
        work.append((measure_rooms, (arguments.rooms, arguments.seconds)))
    for target, args in work:
        process = multiprocessing.get_context("spawn").Process(target=target, args=args)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
