"""Messages over WebSocket (RFC 6455).

What nearly every connection does nearly all of the time is done here, since it must be cheap: a handshake as
browsers make it, small whole frames, pings. For anything else there is autobahn, made for a connection once
it does something else, and from then on asked whenever that happens.
"""

from __future__ import annotations

from struct import pack
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesrv.core.messages import ServerMessage
from gamesrv.net.full_websocket import FullWebSocket, FullWebSocketFactory
from gamesrv.net.link import Link, Transport
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock
from gamesrv.server.limits import TokenBucket
from gamesrv.server.peer import Peer
from gamesrv.server.wheel import Wheel
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import JSON, MSGPACK, BadMessage, Codec
from gamesrv.wire.small_frames import split_small_frames
from gamesrv.wire.upgrade import HEAD_ENDS, Upgrade, accept, read_upgrade, request

__all__ = ["SUBPROTOCOLS", "WebSocketFactory", "WebSocketProtocol"]

PATH = "/ws"
BEGINS = b"GET /ws"
"""Requests that do not are none of ours."""
TEXT, BINARY = 1, 2
PING, PONG = 0x89, 0x8A
"""The first byte of such a frame."""
PINGS_PER_SECOND = 10
MOMENTS = 4
"""A second, at which it is looked whether somebody has been silent for too long."""


class WebSocketFormat:
    """Messages as whole WebSocket frames. A server's are unmasked, so all who get one share its bytes."""

    def __init__(self, subprotocol: str, codec: Codec, opcode: int) -> None:
        self.subprotocol = subprotocol
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
    each.subprotocol: each
    for each in (
        WebSocketFormat("gamesrv.v1.json", JSON, TEXT),
        WebSocketFormat("gamesrv.v1.msgpack", MSGPACK, BINARY),
    )
}
"""What a client may ask for; the first where it asks for nothing."""


class WebSocketProtocol(Protocol):
    """The server's end of a WebSocket.

    Where it begins with anything but a plain upgrade, ``otherwise`` makes the protocol that goes on.
    """

    transport: Transport
    _link: Link | None = None
    _full: FullWebSocket | None = None
    """There once it was needed."""
    _format = SUBPROTOCOLS["gamesrv.v1.json"]
    _is_open = False
    _begun = b""
    """Of a head that is not complete."""
    _due: int | None = None
    """When it will be looked whether the peer lives."""
    _asked = False
    """Whether there was no answer yet to a ping of ours."""
    _pings: TokenBucket | None = None

    def __init__(self, factory: WebSocketFactory) -> None:
        self._factory = factory

    # ------------------------------------------------------------------ Twisted's events

    def connectionMade(self) -> None:
        self._look_in(self._factory.gate.limits.handshake_timeout)

    def dataReceived(self, data: bytes) -> None:
        full, link = self._full, self._link
        if full is None and link is not None:
            self._take_frames(link, data)
        elif full is not None and (full.game_is_deaf or link is None or full.game_is_within_message):
            if not full.game_is_deaf:
                full.dataReceived(data)
        elif link is None:
            self._open(data)
        else:
            self._take_frames(link, data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._look_no_more()
        if self._full is not None:
            self._full.connectionLost(reason)
        else:
            self.over(None)

    # ------------------------------------------------------------------ the handshake

    def _open(self, data: bytes) -> None:
        head = self._begun + data
        end = head.find(HEAD_ENDS) + len(HEAD_ENDS)
        if end < len(HEAD_ENDS):
            self._begun = head
            small = len(head) <= self._factory.gate.limits.head_size
            if not small or not BEGINS.startswith(head[: len(BEGINS)]):
                self._pass_on(head)
            return
        self._begun = b""
        asked = read_upgrade(head[:end])
        answer = None if asked is None else self._agree(*asked)
        if answer is None:
            self._pass_on(head)
            return
        self.opened(answer)
        if len(head) > end and self._link is not None:
            self.dataReceived(head[end:])

    def _agree(self, upgrade: Upgrade, key: bytes) -> bytes | None:
        if upgrade.path != PATH or not self.allows(upgrade.origin, upgrade.host):
            return None
        try:
            return accept(key, self.choose([*upgrade.protocols]))
        except LookupError:
            return None

    def _pass_on(self, head: bytes) -> None:
        """To those who know more."""
        if self._factory.otherwise is None:
            self._full = self._factory.full.make(self)
            self._full.makeConnection(self.transport)
            self._full.dataReceived(head)
        else:
            self._look_no_more()
            self._make_way(self._factory.otherwise, head)

    def _make_way(self, factory: Any, head: bytes) -> None:
        """Another protocol goes on from here."""
        transport = self.transport
        protocol = factory.buildProtocol(transport.getPeer())
        if getattr(transport, "wrappedProtocol", None) is self:  # it is TLS
            transport.wrappedProtocol = protocol
        else:
            transport.protocol = protocol
        protocol.makeConnection(transport)
        protocol.dataReceived(head)

    def allows(self, origin: str | None, host: str) -> bool:
        """Whether a page of that origin may connect: one of this host, or one that is listed.

        Native clients send no origin and may: a token in a message proves who they are, not a cookie.
        """
        origins = self._factory.origins
        if not origin or "*" in origins or origin in origins:
            return True
        try:
            return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
        except ValueError:
            return False

    def choose(self, offered: list[str]) -> str | None:
        """The subprotocol; raises `LookupError` where none of those offered is known."""
        if not offered:
            return None
        known = [name for name in offered if name in SUBPROTOCOLS]
        self._format = SUBPROTOCOLS[known[0]]
        return known[0]

    def opened(self, answer: bytes = b"") -> None:
        """The handshake is done, but for an answer."""
        if self._is_open:
            return  # before, and autobahn has just caught up
        self._is_open = True
        factory = self._factory
        self.transport.unregisterProducer()
        gate, clock = factory.gate, factory.clock
        self._link = Link(self.transport, self._format, gate, clock, self._goodbye, answer)
        if self._link.peer.outbox.open:
            self._look_in(factory.gate.limits.ping_interval)

    # ------------------------------------------------------------------ what comes in

    def _take_frames(self, link: Link, data: bytes) -> None:
        size = self._factory.gate.limits.message_size
        payloads, used = split_small_frames(data, self._format.first_byte, size)
        for payload in payloads:
            self._take(link.peer, payload)
        if used < len(data):
            self._take_others(link, data[used:])

    def _take_others(self, link: Link, data: bytes) -> None:
        payloads: list[bytes] = []
        used = 0
        if data[0] == PING or data[0] == PONG:
            payloads, used = split_small_frames(data, data[0], len(data))
        for payload in payloads:
            if data[0] == PING:
                self.take_ping(payload)
            else:
                self.take_pong()
        if not used:
            self._in_full().dataReceived(data)
        elif used < len(data):
            self.dataReceived(data[used:])

    def take_message(self, payload: bytes, binary: bool) -> None:
        """A whole message has come."""
        if self._link is None:
            return
        if binary != self._format.binary:
            kind = "binary" if self._format.binary else "text"
            self._link.peer.close(CloseCode.UNSUPPORTED_DATA, f"messages are {kind} here")
        else:
            self._take(self._link.peer, payload)

    def _take(self, peer: Peer, payload: bytes) -> None:
        try:
            message = self._format.codec.decode(payload)
        except BadMessage as error:
            peer.bad(error)
        else:
            peer.receive(message)

    def take_ping(self, payload: bytes) -> None:
        """Answers; a flood of them ends it."""
        link = self._link
        if link is None or link.peer.outbox.full_since is not None or not link.peer.outbox.open:
            return
        if self._pings is None:
            self._pings = TokenBucket(PINGS_PER_SECOND, PINGS_PER_SECOND)
        if self._pings.take(self._factory.gate.now()):
            link.write(bytes((PONG, len(payload))) + payload)
        else:
            self.fail(CloseCode.POLICY_VIOLATION, "too many pings")

    def take_pong(self) -> None:
        """The other side lives."""
        if self._asked:
            self._asked = False
            self._look_in(self._factory.gate.limits.ping_interval)

    def _in_full(self) -> FullWebSocket:
        """The complete implementation, where this connection is by now."""
        if self._full is None:
            full = self._factory.full.make(self)
            full.game_open(self.transport, request(self._format.subprotocol))
            self._full = full
        return self._full

    # ------------------------------------------------------------------ signs of life

    def wake(self) -> None:
        """Cuts a peer that has been silent for too long, or asks it."""
        if self._due is None:
            return
        self._due = None
        link = self._link
        if link is None or self._asked:
            self.transport.abortConnection()
        else:
            self._asked = True
            link.write(bytes((PING, 0)))
            self._look_in(self._factory.gate.limits.ping_timeout)

    def _look_in(self, seconds: float) -> None:
        self._look_no_more()
        self._due = self._factory.wheel.wake(self, seconds)

    def _look_no_more(self) -> None:
        if self._due is not None:
            self._factory.wheel.let_sleep(self, self._due)
            self._due = None

    # ------------------------------------------------------------------ the end

    def fail(self, code: int, reason: str) -> bool:
        """The peer is at fault; returns whether that was said."""
        if self._link is None:
            return False
        self._link.peer.close(CloseCode(code), reason)
        return True

    def hang_up(self) -> bool:
        """The link is to end soon; returns whether it is open."""
        if self._link is None:
            return False
        self._link.expire(self._factory.gate.limits.close_timeout)
        return True

    def over(self, code: int | None) -> None:
        """The connection is over; with the code of the peer's close frame, if one came."""
        if self._link is not None:
            self._link.lost(on_purpose=code == CloseCode.LEFT)

    def _goodbye(self, code: CloseCode, reason: str) -> None:
        self._look_no_more()
        self._in_full().game_goodbye(code, reason)


@implementer(IProtocolNegotiationFactory)
class WebSocketFactory(Factory):
    """Makes `WebSocketProtocol` for every connection. ``otherwise``, another factory, is for all who want
    something else.
    """

    noisy = False

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        origins: frozenset[str] = frozenset(),
        otherwise: Any = None,
    ) -> None:
        self.gate = gate
        self.clock = clock
        self.origins = origins
        self.otherwise = otherwise
        self.full = FullWebSocketFactory(clock, gate.limits)
        self.wheel = Wheel(clock, MOMENTS)

    def acceptableProtocols(self) -> list[bytes]:
        """Over TLS a browser asks for HTTP/2 first, which knows no WebSocket as we speak it."""
        return [b"http/1.1"]

    def buildProtocol(self, addr: IAddress | None) -> WebSocketProtocol:
        return WebSocketProtocol(self)
