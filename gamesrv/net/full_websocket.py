"""RFC 6455 in full, by autobahn: what `gamesrv.net.websocket` leaves to it. The only module that knows it."""

from __future__ import annotations

from typing import Any, Protocol, cast

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.util import encode_truncate
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.protocol import Factory

from gamesrv.net.link import Transport
from gamesrv.server.interfaces import Clock
from gamesrv.server.limits import Limits
from gamesrv.wire.close import CloseCode

__all__ = ["FullWebSocket", "FullWebSocketFactory", "web_socket_resource"]

REASON_SIZE = 123
"""What is left for words in a control frame of 125 bytes (RFC 6455 section 5.5)."""


class Game(Protocol):
    """The connection that it works for."""

    def allows(self, origin: str | None, host: str) -> bool:
        """Whether a page of that origin may connect."""
        ...

    def choose(self, offered: list[str]) -> str | None:
        """The subprotocol; raises `LookupError` where none of those offered is known."""
        ...

    def opened(self) -> None:
        """The handshake is done."""
        ...

    def take_message(self, payload: bytes, binary: bool) -> None:
        """A whole message has come."""
        ...

    def take_ping(self, payload: bytes) -> None:
        """It is to be answered."""
        ...

    def take_pong(self) -> None:
        """The other side lives."""
        ...

    def fail(self, code: int, reason: str) -> bool:
        """The peer is at fault; returns whether that was said."""
        ...

    def hang_up(self) -> bool:
        """The link is to end soon; returns whether it is open."""
        ...

    def over(self, code: int | None) -> None:
        """The connection is over; with the code of the peer's close frame, if one came."""
        ...


class FullWebSocket(WebSocketServerProtocol):
    """The whole protocol. autobahn owns many names here: ours all have ``game`` in them."""

    transport: Transport
    game: Game
    game_fragments = 0

    # ------------------------------------------------------------------ what the connection asks of it

    @property
    def game_is_within_message(self) -> bool:
        """Whether it is in the middle of something, and all that comes is for it."""
        return bool(self.data) or self.inside_message or self.current_frame is not None

    @property
    def game_is_deaf(self) -> bool:
        """RFC 6455 section 7.1.7: nothing more is taken from a peer that was found at fault."""
        return self.failedByMe or self.state == self.STATE_CLOSED

    def game_open(self, transport: Transport, request: bytes) -> None:
        """Goes on with a connection that is open. A handshake that it makes with nobody gets it there."""
        self.makeConnection(_Mute(transport))
        self.dataReceived(request)
        self.transport = transport

    def game_goodbye(self, code: CloseCode, reason: str) -> None:
        """Says it. The public `sendClose` refuses the codes below 3000 that we need."""
        self.sendCloseFrame(code=int(code), reasonUtf8=encode_truncate(reason, REASON_SIZE), isReply=False)

    # ------------------------------------------------------------------ autobahn's events

    def onConnect(self, request: ConnectionRequest) -> str | None:
        if not self.game.allows(request.origin, request.headers.get("host", "")):
            raise ConnectionDeny(ConnectionDeny.FORBIDDEN, "this origin is not allowed")
        try:
            return self.game.choose(request.protocols)
        except LookupError:
            problem = "no subprotocol that this server knows"
            raise ConnectionDeny(ConnectionDeny.BAD_REQUEST, problem) from None

    def onOpen(self) -> None:
        self.game.opened()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.game.take_message(payload, isBinary)

    def onMessageBegin(self, isBinary: bool) -> None:
        self.game_fragments = 0
        super().onMessageBegin(isBinary)

    def onMessageFrameBegin(self, length: int) -> None:
        self.game_fragments += 1
        if self.game_fragments > self.factory.game_limits.fragments:
            self._fail_connection(CloseCode.POLICY_VIOLATION, "too many fragments")
        super().onMessageFrameBegin(length)

    def onPing(self, payload: bytes) -> None:
        self.game.take_ping(payload)

    def onPong(self, payload: bytes) -> None:
        self.game.take_pong()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self.game.over(code)

    # ------------------------------------------------------------------ the end

    def dropConnection(self, abort: bool = False) -> None:
        """Never rudely: our last words may be on their way still. A peer that does not take them is cut."""
        is_open = self.game.hang_up()
        super().dropConnection(abort and not is_open)

    def _fail_connection(self, code: int = 1001, reason: str = "going away") -> None:
        """autobahn found fault with the peer: it leaves like any other, with a `closing` message first."""
        self.failedByMe = True
        if not self.game.fail(code, reason):
            super()._fail_connection(code, reason)


class FullWebSocketFactory(WebSocketServerFactory):
    """Makes a `FullWebSocket` for a connection that needs one."""

    noisy = False

    def __init__(self, clock: Clock, limits: Limits) -> None:
        super().__init__(reactor=clock)
        self.game_limits = limits
        self.setProtocolOptions(
            webStatus=False,
            failByDrop=False,
            maxFramePayloadSize=limits.message_size,
            maxMessagePayloadSize=limits.message_size,
            openHandshakeTimeout=limits.handshake_timeout,
            closeHandshakeTimeout=0,
            allowedOrigins=["*"],
            allowNullOrigin=True,
        )
        self.server = None
        # autobahn copies its settings into every connection whose class has none: two kilobytes each.
        settings = {name: getattr(self, name) for name in FullWebSocket.CONFIG_ATTRS}
        settings = {name: value for name, value in settings.items() if not callable(value)}
        self.protocol = cast(type[FullWebSocket], type("FullWebSocket", (FullWebSocket,), settings))

    def make(self, game: Game) -> FullWebSocket:
        """One, not connected yet."""
        full = cast(FullWebSocket, self.buildProtocol(None))
        full.game = game
        return full


def web_socket_resource(factory: Factory) -> WebSocketResource:
    """The WebSocket as a resource of a web site."""
    return WebSocketResource(factory)


class _Mute:
    """A transport that lets nothing out."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # What it provides is its own: of a transport that provides TLS autobahn wants to see the inside.
            raise AttributeError(name)
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """It has been said before."""
