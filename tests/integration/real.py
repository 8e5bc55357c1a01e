"""A whole server on real sockets of this machine, and real clients; all is waited for, never slept for."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest_twisted
import txaio
from attrs import define
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from gamesrv.core.views import merge
from gamesrv.server.peer import Peer
from gamesrv.service import GameService
from gamesrv.tap import Listener, Options, makeService
from gamesrv.wire.frames import FrameDecoder
from gamesrv.wire.packets import CLIENT_IDS, SERVER_FRAMING
from tests.games import Field

__all__ = ["PATIENCE", "Client", "House", "Packets", "Plaza", "Socket", "Window", "house_fixture"]

PATIENCE = 10
"""Seconds after which what was waited for counts as lost."""
ANYWHERE = "tcp:0:interface=127.0.0.1"

Message = dict[str, Any]

_IDS = {cls.__struct_config__.tag: number for cls, number in CLIENT_IDS.items()}


@define
class Plaza(Field):
    """A field with seats for all who come."""

    name, seats = "plaza", (1, 16)


class House:
    """A server as `twistd` makes it, on ports that were free."""

    def __init__(self, *arguments: str) -> None:
        txaio.config.loop = reactor
        options = Options()
        ports = ("--web", ANYWHERE, "--packets", ANYWHERE, "--telnet", ANYWHERE, "--store", "memory:")
        options.parseOptions(["--game", "tests.integration.real:Plaza", "--bots", "0", *ports, *arguments])
        self.server = makeService(options, reactor)
        self.server.privilegedStartService()
        self.server.startService()
        self.ports: dict[str, int] = {}
        for service in self.server:
            if isinstance(service, GameService):
                self.game = service
            elif isinstance(service, Listener):
                self.ports[service._kind] = service._port.getHost().port
        self.clients: list[Client] = []

    async def connect(self, client: Client, kind: str) -> None:
        """A client's link to a port."""
        self.clients.append(client)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.ports[kind], timeout=PATIENCE)
        await connectProtocol(endpoint, client.protocol)

    async def socket(self, subprotocol: str = "gamesrv.v1.json") -> Socket:
        """A WebSocket, through the web site."""
        client = Socket(self.ports["web"], subprotocol)
        await self.connect(client, "web")
        await patient(client.opened)
        return client

    async def packets(self) -> Packets:
        """A packet connection."""
        client = Packets()
        await self.connect(client, "packets")
        return client

    async def window(self) -> Window:
        """A telnet window."""
        client = Window()
        await self.connect(client, "telnet")
        return client

    def peer(self, name: str) -> Peer:
        """The server's end of somebody's link."""
        return next(peer for peer in self.game.gate.peers if peer.session and peer.session.name == name)

    async def stop(self) -> None:
        """Stops, and waits until every socket is closed at both ends."""
        await patient(maybeDeferred(self.server.stopService))
        for client in self.clients:
            client.cut()
            await patient(client.gone)


@pytest_twisted.async_yield_fixture
async def house_fixture() -> Any:
    """Makes servers; they are stopped after the test."""
    houses: list[House] = []

    def make(*arguments: str) -> House:
        houses.append(House(*arguments))
        return houses[-1]

    yield make
    for made in houses:
        await made.stop()


def patient(waited_for: Deferred[Any]) -> Deferred[Any]:
    """Fails with `TimeoutError` where it takes too long."""
    return waited_for.addTimeout(PATIENCE, reactor)


class Client:
    """Somebody at the other end, who can wait for what is said to them."""

    protocol: Any

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.view: Message = {}
        """Everyone's view, as the updates make it."""
        self.seat: int | None = None
        self.room = ""
        self.token = ""
        self.gone: Deferred[None] = Deferred()
        """Fires when the link is closed, at this end."""
        self.lost = False
        self._waiting: tuple[Callable[[], Any], Deferred[Any]] | None = None

    def say(self, **message: Any) -> None:
        """Says a message."""
        self.protocol.transport.write(self.pack(message))

    def pack(self, message: Message) -> bytes:
        """A message in bytes."""
        raise NotImplementedError

    def cut(self) -> None:
        """The link dies."""
        self.protocol.transport.abortConnection()

    async def enter(self, name: str) -> None:
        """Says hello and takes a seat."""
        self.say(op="hello", name=name)
        self.token = (await self.take("welcome"))["token"]
        self.say(op="join", game="plaza")
        await self.take("joined")

    async def resume(self, token: str) -> Message:
        """Says hello with a token; returns the snapshot that follows."""
        self.say(op="hello", token=token)
        self.token = (await self.take("welcome"))["token"]
        return await self.take("joined")

    def take(self, op: str, **fields: Any) -> Awaitable[Message]:
        """The next message of that kind, with those fields; those before it are passed over."""

        def look() -> Message | None:
            while self.heard:
                message = self.heard.pop(0)
                if message["op"] == op and fields.items() <= message.items():
                    return message
            return None

        return self.until(look)

    def event(self, name: str) -> Awaitable[Message]:
        """The next event of that name."""
        return self.take("event", name=name)

    def until(self, look: Callable[[], Any]) -> Deferred[Any]:
        """Waits until ``look`` finds something; it is asked at once and whenever something was heard."""
        waited_for: Deferred[Any] = Deferred()
        self._waiting = look, waited_for
        patient(waited_for)
        self.look()
        return waited_for

    def hear(self, message: Message) -> None:
        """Takes a message."""
        self.heard.append(message)
        if message["op"] == "joined":
            self.view, self.seat, self.room = message["view"], message["seat"], message["room"]
        elif message["op"] == "update" and "delta" in message:
            merge(self.view, message["delta"])
        self.look()

    def look(self) -> None:
        """Sees whether what is waited for has come."""
        if self._waiting is not None:
            look, waited_for = self._waiting
            found = look()
            if found and not waited_for.called:
                self._waiting = None
                waited_for.callback(found)

    def is_lost(self) -> None:
        """The link is closed."""
        self.lost = True
        self.look()
        self.gone.callback(None)


class _Ear(Protocol):
    """Hands what comes to a client."""

    def __init__(self, client: Packets | Window) -> None:
        self._client = client

    def dataReceived(self, data: bytes) -> None:
        self._client.feed(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._client.is_lost()


class Packets(Client):
    """A native client."""

    def __init__(self) -> None:
        super().__init__()
        self._frames = FrameDecoder(SERVER_FRAMING)
        self.protocol = _Ear(self)

    def feed(self, data: bytes) -> None:
        """Takes bytes."""
        for frame in self._frames.feed(data):
            self.hear(msgspec.msgpack.decode(frame[2:]))

    def pack(self, message: Message) -> bytes:
        body = msgspec.msgpack.encode(message)
        return (len(body) + 4).to_bytes(2, "big") + _IDS[message["op"]].to_bytes(2, "big") + body


class Window(Client):
    """A telnet window."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.protocol = _Ear(self)

    def feed(self, data: bytes) -> None:
        """Takes bytes."""
        self.text += data.decode()
        self.look()

    def type(self, line: str) -> None:
        """Types a line."""
        self.text = ""
        self.protocol.transport.write(line.encode() + b"\r\n")

    async def read(self, words: str) -> str:
        """Waits for these words; returns all that came with them."""
        await self.until(lambda: words in self.text)
        return self.text


class _WebSocket(WebSocketClientProtocol):
    """autobahn's own client."""

    def onOpen(self) -> None:
        self.factory.game_client.opened.callback(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        decode = msgspec.msgpack.decode if isBinary else json.loads
        self.factory.game_client.hear(decode(payload))

    def onPong(self, payload: bytes) -> None:
        self.factory.game_client.pongs.append(payload)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.factory.game_client.close_frame = code
        self.factory.game_client.is_lost()


class Socket(Client):
    """A browser, as far as the wire can tell."""

    def __init__(self, port: int, subprotocol: str) -> None:
        super().__init__()
        self.opened: Deferred[None] = Deferred()
        self.pongs: list[bytes] = []
        self.close_frame: int | None = None
        self._binary = subprotocol.endswith("msgpack")
        factory = WebSocketClientFactory(
            f"ws://127.0.0.1:{port}/ws", protocols=[subprotocol], reactor=reactor
        )
        factory.setProtocolOptions(failByDrop=False)
        factory.protocol = _WebSocket
        factory.game_client = self
        self.protocol = factory.buildProtocol(None)

    def say(self, **message: Any) -> None:
        self.protocol.sendMessage(self.pack(message), self._binary)

    def pack(self, message: Message) -> bytes:
        return msgspec.msgpack.encode(message) if self._binary else json.dumps(message).encode()
