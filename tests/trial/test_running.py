"""The server in Twisted's own style of test: run it with ``python -m twisted.trial tests``, or with pytest.

The transports are Twisted's fakes here, not ours: what works over both will work over a socket.
"""

from typing import Any

import msgspec
from twisted.application.service import MultiService
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.trial.unittest import SynchronousTestCase

from gamesrv.core.messages import (
    ClientMessage,
    Closing,
    Command,
    Hello,
    Join,
    Joined,
    Ping,
    Pong,
    Update,
    Welcome,
)
from gamesrv.service import GameService
from gamesrv.tap import Options, makeService
from gamesrv.wire import packets
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameDecoder


class Player(Protocol):
    """A native client."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._frames = FrameDecoder(packets.SERVER_FRAMING)

    def dataReceived(self, data: bytes) -> None:
        self.heard += map(packets.decode_server, self._frames.feed(data))

    def say(self, message: ClientMessage) -> None:
        """Says a message."""
        assert self.transport is not None
        self.transport.write(packets.encode_client(message))

    def last(self, kind: type) -> Any:
        """The last message of that kind."""
        return [message for message in self.heard if isinstance(message, kind)][-1]


class Window(Protocol):
    """A telnet window."""

    text = b""

    def dataReceived(self, data: bytes) -> None:
        self.text += data


class ServerTestCase(SynchronousTestCase):
    """A server as `twistd` makes it, on a reactor in memory."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.server = self.make("--bots", "0")
        self.server.privilegedStartService()
        self.server.startService()
        self.pumps: list[IOPump] = []

    def make(self, *arguments: str) -> MultiService:
        """The service for a command line."""
        options = Options()
        options.parseOptions(["--game", "tests.games:Field", "--store", "memory:", *arguments])
        return makeService(options, self.reactor)

    def connect(self, port: int, client: Any) -> Any:
        """Connects a client to what listens on a port."""
        factory = next(server[1] for server in self.reactor.tcpServers if server[0] == port)
        protocol = factory.buildProtocol(None)
        ends = FakeTransport(protocol, isServer=True), FakeTransport(client, isServer=False)
        self.pumps.append(connect(protocol, ends[0], client, ends[1]))
        self.flush()
        return client

    def flush(self) -> None:
        """Lets everything arrive."""
        for _ in range(5):
            for pump in self.pumps:
                pump.flush()

    def run_for(self, seconds: float) -> None:
        """Lets time pass."""
        for _ in range(round(seconds * 120)):
            self.reactor.advance(1 / 120)
            self.flush()

    def game(self) -> GameService:
        """The game service."""
        return next(service for service in self.server if isinstance(service, GameService))


class ServiceTests(ServerTestCase):
    def test_it_listens_on_three_ports(self) -> None:
        """Each transport has a port, on this machine only."""
        ports = [(port, interface) for port, _, _, interface in self.reactor.tcpServers]
        self.assertEqual(ports, [(8080, "127.0.0.1"), (4000, "127.0.0.1"), (4023, "127.0.0.1")])

    def test_it_stops_at_once_when_nobody_is_there(self) -> None:
        """And leaves nothing in the reactor."""
        self.successResultOf(self.server.stopService())
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_it_waits_for_a_player_to_take_the_goodbye(self) -> None:
        """The service has stopped when the last link is closed, not before."""
        player = self.connect(4000, Player())
        stopped = self.server.stopService()
        self.assertNoResult(stopped)
        self.flush()
        self.assertEqual(player.last(Closing).code, CloseCode.GOING_AWAY)
        self.run_for(31)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_bots_are_there_from_the_start(self) -> None:
        """They play over transports within the process, and go when it stops."""
        self.successResultOf(self.server.stopService())
        self.server = self.make("--bots", "3")
        self.server.startService()
        self.run_for(1)
        self.assertEqual(len(self.game().gate.peers), 3)
        stopped = self.server.stopService()
        self.reactor.pump([0] * 30)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class PlayTests(ServerTestCase):
    def tearDown(self) -> None:
        stopped = self.server.stopService()
        self.run_for(31)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_a_native_client_plays(self) -> None:
        """Hello, a seat, a command, and the update that it brings."""
        player = self.connect(4000, Player())
        for message in (Hello(name="ann"), Join(game="field"), Command("move", {"dx": 1, "dy": 0})):
            player.say(message)
        self.run_for(0.5)
        self.assertEqual(player.last(Welcome).name, "ann")
        self.assertEqual(player.last(Joined).seat, 0)
        self.assertGreater(player.last(Update).delta["avatars"]["0"]["x"], 5)

    def test_a_window_and_a_client_share_a_room(self) -> None:
        """What is said in the one is read in the other."""
        player, window = self.connect(4000, Player()), self.connect(4023, Window())
        player.say(Hello(name="ann"))
        player.say(Join(game="field"))
        window.transport.write(b"bob\r\njoin field\r\nsay hello there\r\n")
        self.run_for(0.1)
        said = [m.data["text"] for m in player.heard if getattr(m, "name", "") == "said"]
        self.assertEqual(said, ["hello there"])
        self.assertIn(b"hello there", window.text)

    def test_one_byte_at_a_time_is_as_good(self) -> None:
        """However a stream is cut, it says the same."""
        player = self.connect(4000, Player())
        for byte in packets.encode_client(Hello(name="ann")) + packets.encode_client(Ping(t=7)):
            player.transport.write(bytes((byte,)))
            self.flush()
        self.assertEqual([type(message) for message in player.heard], [Welcome, Pong])
        self.assertEqual(msgspec.to_builtins(player.last(Pong))["t"], 7)
