"""Messages over WebSocket (RFC 6455), on autobahn; the only module that knows it."""

from __future__ import annotations

from struct import pack
from typing import cast
from urllib.parse import urlsplit

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.util import encode_truncate
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest

from gamesrv.core.messages import ServerMessage
from gamesrv.net.link import Link, Transport
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock
from gamesrv.server.limits import TokenBucket
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import JSON, MSGPACK, BadMessage, Codec
from gamesrv.wire.small_frames import split_small_frames

__all__ = ["SUBPROTOCOLS", "WebSocketFactory", "WebSocketProtocol", "web_socket_resource"]

TEXT, BINARY = 1, 2
PINGS_PER_SECOND = 10
REASON_SIZE = 123
"""What is left for words in a control frame of 125 bytes (RFC 6455 section 5.5)."""


class WebSocketFormat:
    """Messages as whole WebSocket frames. A server's are unmasked, so all who get one share its bytes."""

    def __init__(self, codec: Codec, opcode: int) -> None:
        self.codec = codec
        self.first_byte = 0x80 | opcode
        self.binary = opcode == BINARY

    def encode(self, message: ServerMessage) -> bytes:
        """The message in one frame."""
        payload = self.codec.encode(message)
        size = len(payload)
        if size < 126:
            return bytes((self.first_byte, size)) + payload
        if size < 1 << 16:
            return pack(">BBH", self.first_byte, 126, size) + payload
        return pack(">BBQ", self.first_byte, 127, size) + payload


SUBPROTOCOLS = {
    "gamesrv.v1.json": WebSocketFormat(JSON, TEXT),
    "gamesrv.v1.msgpack": WebSocketFormat(MSGPACK, BINARY),
}
"""What a client may ask for; the first where it asks for nothing."""


class WebSocketProtocol(WebSocketServerProtocol):
    """The server's end of a WebSocket. autobahn owns many names here: ours all have ``game`` in them."""

    transport: Transport
    maxMessagePayloadSize: int

    _game_link: Link | None = None
    _game_format = SUBPROTOCOLS["gamesrv.v1.json"]
    _game_fragments = 0

    # ------------------------------------------------------------------ the handshake

    def onConnect(self, request: ConnectionRequest) -> str | None:
        if not self.factory.game_allows(request.origin, request.headers.get("host", "")):
            raise ConnectionDeny(ConnectionDeny.FORBIDDEN, "this origin is not allowed")
        if not request.protocols:
            return None
        for offered in request.protocols:
            if offered in SUBPROTOCOLS:
                self._game_format = SUBPROTOCOLS[offered]
                return str(offered)
        raise ConnectionDeny(ConnectionDeny.BAD_REQUEST, "no subprotocol that this server knows")

    def onOpen(self) -> None:
        factory = self.factory
        self.transport.unregisterProducer()
        self._game_pings = TokenBucket(PINGS_PER_SECOND, PINGS_PER_SECOND)
        self._game_link = Link(
            self.transport, self._game_format, factory.game_gate, factory.game_clock, self._game_goodbye
        )

    # ------------------------------------------------------------------ what comes in

    def dataReceived(self, data: bytes) -> None:
        """Small whole messages are the common case and take a short path; anything else is autobahn's."""
        link = self._game_link
        if self.failedByMe or self.state == self.STATE_CLOSED:
            return  # RFC 6455 section 7.1.7: nothing more is taken from a peer that was found at fault
        if link is None or self._game_is_within_message():
            super().dataReceived(data)
            return
        payloads, used = split_small_frames(data, self._game_format.first_byte, self.maxMessagePayloadSize)
        for payload in payloads:
            self._game_take(link, payload)
        if used < len(data):
            super().dataReceived(data[used:])

    def _game_is_within_message(self) -> bool:
        return bool(self.data) or self.inside_message or self.current_frame is not None

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        link = self._game_link
        if link is None:
            return
        if isBinary != self._game_format.binary:
            kind = "binary" if self._game_format.binary else "text"
            link.peer.close(CloseCode.UNSUPPORTED_DATA, f"messages are {kind} here")
        else:
            self._game_take(link, payload)

    def _game_take(self, link: Link, payload: bytes) -> None:
        peer = link.peer
        try:
            message = self._game_format.codec.decode(payload)
        except BadMessage as error:
            peer.bad(error)
        else:
            peer.receive(message)

    def onMessageBegin(self, isBinary: bool) -> None:
        self._game_fragments = 0
        super().onMessageBegin(isBinary)

    def onMessageFrameBegin(self, length: int) -> None:
        self._game_fragments += 1
        if self._game_fragments > self.factory.game_gate.limits.fragments:
            self._fail_connection(CloseCode.POLICY_VIOLATION, "too many fragments")
        super().onMessageFrameBegin(length)

    def onPing(self, payload: bytes) -> None:
        if self._game_link is None or self._game_link.peer.outbox.full_since is not None:
            return
        if self._game_pings.take(self.factory.game_gate.now()):
            super().onPing(payload)
        else:
            self._fail_connection(CloseCode.POLICY_VIOLATION, "too many pings")

    # ------------------------------------------------------------------ the end

    def dropConnection(self, abort: bool = False) -> None:
        """Never rudely: our last words may be on their way still. A peer that does not take them is cut."""
        if self._game_link is not None:
            self._game_link.expire(self.factory.game_gate.limits.close_timeout)
            abort = False
        super().dropConnection(abort)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if self._game_link is not None:
            self._game_link.lost(on_purpose=code == CloseCode.LEFT)

    def _fail_connection(self, code: int = 1001, reason: str = "going away") -> None:
        """autobahn found fault with the peer: it leaves like any other, with a `closing` message first."""
        self.failedByMe = True
        if self._game_link is None:
            super()._fail_connection(code, reason)
        else:
            self._game_link.peer.close(CloseCode(code), reason)

    def _game_goodbye(self, code: CloseCode, reason: str) -> None:
        """The public `sendClose` refuses the codes below 3000 that we need."""
        self.sendCloseFrame(code=int(code), reasonUtf8=encode_truncate(reason, REASON_SIZE), isReply=False)


class WebSocketFactory(WebSocketServerFactory):
    """Makes `WebSocketProtocol` for every connection."""

    protocol = WebSocketProtocol
    noisy = False

    def __init__(self, gate: Gate, clock: Clock, origins: frozenset[str] = frozenset()) -> None:
        super().__init__(reactor=clock)
        self.game_gate = gate
        self.game_clock = clock
        self.game_origins = origins
        limits = gate.limits
        self.setProtocolOptions(
            webStatus=False,
            failByDrop=False,
            maxFramePayloadSize=limits.message_size,
            maxMessagePayloadSize=limits.message_size,
            openHandshakeTimeout=limits.handshake_timeout,
            closeHandshakeTimeout=0,
            autoPingInterval=limits.ping_interval,
            autoPingTimeout=limits.ping_timeout,
            allowedOrigins=["*"],
            allowNullOrigin=True,
        )
        self.server = None
        # autobahn copies its settings into every connection whose class has none: two kilobytes each.
        settings = {name: getattr(self, name) for name in self.protocol.CONFIG_ATTRS}
        settings = {name: value for name, value in settings.items() if not callable(value)}
        self.protocol = cast(type[WebSocketProtocol], type("WebSocketProtocol", (self.protocol,), settings))

    def game_allows(self, origin: str | None, host: str) -> bool:
        """Whether a page of that origin may connect: one of this host, or one that is listed.

        Native clients send no origin and may: a token in a message proves who they are, not a cookie.
        """
        if not origin or "*" in self.game_origins or origin in self.game_origins:
            return True
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()


def web_socket_resource(gate: Gate, clock: Clock, origins: frozenset[str]) -> WebSocketResource:
    """The WebSocket as a resource of a web site."""
    return WebSocketResource(WebSocketFactory(gate, clock, origins))
