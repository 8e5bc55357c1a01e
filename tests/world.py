"""A whole server in memory, and players who reach it over any transport, on a clock that the test moves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import attrs
import msgspec
import txaio
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.net.loopback import Loopback, LoopbackTransport
from gamesrv.net.tcp import PacketFactory
from gamesrv.net.telnet import TelnetFactory
from gamesrv.net.websocket import WebSocketFactory
from gamesrv.server.limits import Limits
from gamesrv.server.room import Room
from gamesrv.service import GameService
from gamesrv.wire.cipher import CipherDecoder, StreamCipher
from gamesrv.wire.frames import FrameDecoder
from gamesrv.wire.legacy import LegacyClient
from gamesrv.wire.noise import NoiseClient
from gamesrv.wire.packets import CLIENT_IDS, SERVER_FRAMING, SERVER_IDS
from gamesrv.wire.profile import LEGACY, Profile, noise
from tests.games import Cards, Field

__all__ = ["TRANSPORTS", "Person", "TelnetPerson", "World"]

TRANSPORTS = ("websocket-json", "websocket-msgpack", "packets")

Message = dict[str, Any]

_IDS = {cls.__struct_config__.tag: number for cls, number in CLIENT_IDS.items()}
_OPS = {number: cls.__struct_config__.tag for cls, number in SERVER_IDS.items()}


class Entropy:
    """Chance that is the same in every run, and never twice the same within one."""

    def __init__(self) -> None:
        self._random = Random(b"the tests")

    def __call__(self, size: int) -> bytes:
        return bytes(self._random.below(256) for _ in range(size))


class World:
    """A running game service on a `Clock`. Use `run` to let time pass."""

    def __init__(
        self, games: Iterable[type] = (Field, Cards), bots: int = 0, store: Any = None, **limits: Any
    ) -> None:
        self.clock = Clock()
        self.loopback = Loopback(self.clock)
        self.clock.advance(1000)
        txaio.config.loop = self.clock
        self.limits = Limits(**limits)
        types = [GameType.of(game) for game in games]
        self.store = None if store is None else store(self.clock)
        self.service = GameService(
            self.clock,
            types,
            self.limits,
            bots=bots,
            entropy=Entropy(),
            store=self.store,
            wall=lambda: 1.7e9 + self.clock.seconds(),
        )
        self.service.startService()
        self.people: list[Person] = []

    # ------------------------------------------------------------------ time

    def settle(self) -> None:
        """Lets everything happen that is due now."""
        for _ in range(30):
            self.clock.advance(0)

    def run(self, seconds: float) -> None:
        """Lets time pass, finely enough for every beat."""
        start, steps = self.clock.seconds(), math.ceil(seconds * 120)
        for step in range(1, steps + 1):
            # To the point, for sums of steps would stray; and not back, where something took its time.
            self.clock.rightNow = max(self.clock.rightNow, start + seconds * step / steps)
            self.clock.advance(0)
        self.settle()

    def stop(self) -> None:
        """Stops the service and proves that nothing of it is left."""
        stopped: list[object] = []
        self.service.stopService().addCallback(stopped.append)
        self.run(self.limits.drain + 2)
        assert stopped == [None]
        assert self.clock.getDelayedCalls() == []

    # ------------------------------------------------------------------ people

    def connect(self, transport: str, host: str | None = None) -> Person:
        """A link over ``transport``, not greeted yet."""
        person = _MAKERS[transport](self, host)
        self.people.append(person)
        self.settle()
        return person

    def person(self, transport: str, name: str, game: str | None = None, host: str | None = None) -> Person:
        """Somebody who has said hello, and taken a seat where ``game`` is given."""
        person = self.connect(transport, host)
        person.say(op="hello", name=name)
        welcome = person.take("welcome")
        person.token = welcome["token"]
        if game is not None:
            person.say(op="join", game=game)
            person.joined(person.take("joined"))
        return person

    @property
    def rooms(self) -> list[Room]:
        """All rooms."""
        return list(self.service.lobby.rooms.values())


class Person:
    """Somebody at the other end of a link, who keeps all that was said to them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.heard: list[Message] = []
        self.wire = b""
        """Every byte that came."""
        self.link: LoopbackTransport
        self.lost = False
        self.token = ""
        self.seat: int | None = None
        self.room = ""

    def say(self, **message: Any) -> None:
        """Says a message, and lets it arrive."""
        self.link.write(self.pack(message))
        self.world.settle()

    def raw(self, data: bytes) -> None:
        """Puts bytes on the wire as they are."""
        self.link.write(data)
        self.world.settle()

    def cut(self) -> None:
        """The link dies."""
        self.link.abortConnection()
        self.world.settle()

    def deaf(self) -> None:
        """Reads nothing from now on."""
        self.link.pauseProducing()

    def listen(self) -> None:
        """Reads again."""
        self.link.resumeProducing()
        self.world.settle()

    def take(self, op: str) -> Message:
        """The next message of that kind; those before it are passed over."""
        while self.heard:
            message = self.heard.pop(0)
            if message["op"] == op:
                return message
        raise AssertionError(f"no {op} came")

    def all(self, op: str) -> list[Message]:
        """All messages of that kind so far."""
        found = [message for message in self.heard if message["op"] == op]
        self.heard.clear()
        return found

    def event(self, name: str) -> Message:
        """The next event of that name."""
        while (event := self.take("event"))["name"] != name:
            pass
        return event

    def joined(self, message: Message) -> None:
        """Notes where one sits."""
        self.seat = message["seat"]
        self.room = message["room"]

    def ping(self) -> None:
        """Proves that the server still listens, after all that was said."""
        self.heard.clear()
        self.say(op="ping", t=7)
        assert self.take("pong")["t"] == 7

    @property
    def close_code(self) -> int | None:
        """The code of the `closing` message, if one came."""
        return next((message["code"] for message in self.heard if message["op"] == "closing"), None)

    def pack(self, message: Message) -> bytes:
        """A message as this transport has it."""
        raise NotImplementedError

    def link_to(self, server: Protocol, client: Protocol, host: str | None) -> None:
        """Connects, from an address if one is given."""
        address = None if host is None else IPv4Address("TCP", host, 1)
        self.link, _ = self.world.loopback.connect(client, server, address)


class _Ear(Protocol):
    """Hands what comes to a person."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def dataReceived(self, data: bytes) -> None:
        self.person.wire += data
        self.person.hear(data)  # type: ignore[attr-defined]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.person.lost = True


class PacketPerson(Person):
    """Speaks packets."""

    def __init__(self, world: World, host: str | None) -> None:
        super().__init__(world)
        self._frames = FrameDecoder(SERVER_FRAMING)
        factory = PacketFactory(world.service.gate, world.clock, world.limits.packet_idle)
        self.link_to(factory.buildProtocol(None), _Ear(self), host)

    def hear(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            body = msgspec.msgpack.decode(frame[2:])
            assert body["op"] == _OPS[int.from_bytes(frame[:2], "big")]
            self.heard.append(body)

    def pack(self, message: Message) -> bytes:
        return self.packet(_IDS.get(message["op"], 77), msgspec.msgpack.encode(message))

    @staticmethod
    def packet(number: int, body: bytes) -> bytes:
        """Any id, any body."""
        return (len(body) + 4).to_bytes(2, "big") + number.to_bytes(2, "big") + body


class CipherPerson(Person):
    """Speaks packets within a cipher."""

    def __init__(self, world: World, host: str | None, profile: Profile, client: StreamCipher) -> None:
        super().__init__(world)
        self._cipher = client
        self._framing = attrs.evolve(SERVER_FRAMING, byteorder=profile.framing.byteorder)
        self._frames = CipherDecoder(self._framing, client)
        factory = PacketFactory(world.service.gate, world.clock, world.limits.packet_idle, profile)
        self.link_to(factory.buildProtocol(None), _Ear(self), host)
        self.raw(client.encrypt(b""))

    def hear(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            self.heard.append(msgspec.msgpack.decode(frame[2:]))

    def pack(self, message: Message) -> bytes:
        number = _IDS.get(message["op"], 77).to_bytes(2, self._framing.byteorder)
        return self._cipher.encrypt(self._framing.encode(number + msgspec.msgpack.encode(message)))


class _Socket(WebSocketClientProtocol):
    person: Person

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        decode = msgspec.msgpack.decode if isBinary else json.loads
        self.person.heard.append(decode(payload))

    def dataReceived(self, data: bytes) -> None:
        self.person.wire += data
        super().dataReceived(data)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.person.lost = True
        self.person.close_frame = code  # type: ignore[attr-defined]


class WebSocketPerson(Person):
    """Speaks WebSocket, by autobahn's own client."""

    close_frame: int | None = None

    def __init__(self, world: World, host: str | None, subprotocol: str, origin: str | None = None) -> None:
        super().__init__(world)
        factory = WebSocketClientFactory(
            "ws://localhost/ws", protocols=[subprotocol], origin=origin, reactor=world.clock
        )
        factory.setProtocolOptions(failByDrop=False)
        factory.protocol = _Socket
        self.socket = factory.buildProtocol(None)
        self.socket.person = self
        self.binary = subprotocol.endswith("msgpack")
        server = WebSocketFactory(world.service.gate, world.clock).buildProtocol(None)
        self.link_to(server, self.socket, host)

    def say(self, **message: Any) -> None:
        self.send(self.pack(message))

    def send(self, payload: bytes, binary: bool | None = None) -> None:
        """Sends a payload as one message."""
        self.socket.sendMessage(payload, self.binary if binary is None else binary)
        self.world.settle()

    def pack(self, message: Message) -> bytes:
        return msgspec.msgpack.encode(message) if self.binary else json.dumps(message).encode()


class TelnetPerson(Person):
    """Types lines, and reads them."""

    def __init__(self, world: World, host: str | None) -> None:
        super().__init__(world)
        self.text = ""
        factory = TelnetFactory(world.service.gate, world.clock)
        self.link_to(factory.buildProtocol(None), _Ear(self), host)

    def hear(self, data: bytes) -> None:
        self.text += data.decode()

    def type(self, line: str) -> str:
        """Types a line; returns what came since."""
        self.text = ""
        self.raw(line.encode() + b"\r\n")
        return self.text


_MAKERS = {
    "websocket-json": lambda world, host: WebSocketPerson(world, host, "gamesrv.v1.json"),
    "websocket-msgpack": lambda world, host: WebSocketPerson(world, host, "gamesrv.v1.msgpack"),
    "packets": PacketPerson,
    "noise": lambda world, host: CipherPerson(world, host, noise(bytes(32)), NoiseClient(lambda key: True)),
    "legacy": lambda world, host: CipherPerson(world, host, LEGACY, LegacyClient()),
    "telnet": TelnetPerson,
}
