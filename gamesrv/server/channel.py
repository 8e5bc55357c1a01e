"""Datagrams beside a connection: who may send them, where they go, and what each was dropped for.

A peer asks over its reliable link and gets a key. Nothing is sent to an address that has not been proved
with it, but for challenges no larger than what they answer; whatever is not right is dropped and counted, and
never answered. There are no timers: a channel that was silent for too long is found out when it is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import define, field
from twisted.logger import Logger

from gamesrv.core.game import Refused
from gamesrv.core.messages import UdpOffer
from gamesrv.server.interfaces import Now
from gamesrv.server.limits import Limits, TokenBucket
from gamesrv.wire.close import CloseCode
from gamesrv.wire.datagram import (
    KEY_SIZE,
    MAX_PAYLOAD,
    STATE,
    Address,
    Cookies,
    DatagramSession,
    Fault,
    Kind,
    Opened,
    read_head,
)
from gamesrv.wire.newest import Ack, decode_ack, room_number

if TYPE_CHECKING:
    from gamesrv.server.peer import Peer
    from gamesrv.server.seating import Member

__all__ = ["Channel", "Channels"]

BUCKETS = 256
"""Addresses that are not proved share so many buckets: nothing is kept for each of them."""

Post = Callable[[bytes, Address], object]
"""Sends a datagram; never raises."""


@define(eq=False)
class Channel:
    """The datagrams of one connection."""

    peer: Peer
    house: Channels
    session: DatagramSession
    bucket: TokenBucket
    heard: float
    """When the peer last proved that it has the key, in seconds of the clock."""
    address: Address | None = None
    """Where the peer is: the last that it proved."""
    proved: int = -1
    """When the challenge was made that proved it, in ms; an older one moves nothing."""
    heard_there: float = 0.0
    """When it was last heard from that address."""
    follows: tuple[object, Member] | None = None
    """What it shows, and to whom: `acked` and `sure` are versions of that."""
    room: int = 0
    """How datagrams call that room."""
    acked: int = -1
    """The newest version the peer says it has."""
    sure: int = -1
    """The newest version that went over the reliable link."""
    came: int = 0
    """The newest version the peer says it got by datagram."""
    waiting_since: float | None = None
    """When the first datagram with state went out after the last one known to have come."""
    probed: float = 0.0
    """When one was last sent although none seem to come."""

    def send(self, payload: bytes) -> bool:
        """Sends a payload; `False` where it can't be, and the reliable link is the way."""
        address = self.address
        if address is None or len(payload) > MAX_PAYLOAD:
            return False
        house = self.house
        if house.now() - self.heard_there > house.limits.udp_timeout:
            self.address = None
            house.lapsed += 1
            return False
        house.post(self.session.seal(Kind.DATA, payload), address)
        return True

    def follow(self, stream: object, member: Member, version: int) -> None:
        """From here on the peer is shown that stream, as that member, and has ``version`` of it."""
        self.follows = (stream, member)
        self.room = room_number(member.room.id)
        self.acked, self.sure = -1, version
        self.came, self.waiting_since = 0, None

    def acknowledge(self, ack: Ack) -> None:
        """The peer tells what it has; what it says of another room comes too late."""
        if ack.room != self.room:
            return
        self.acked = max(self.acked, ack.version)
        if ack.heard > self.came:
            self.came, self.waiting_since = ack.heard, None


@define(eq=False)
class Channels:
    """All channels of a server, and what comes for them."""

    limits: Limits
    now: Now
    entropy: Callable[[int], bytes]
    faults: Counter[Fault] = field(factory=Counter, init=False)
    """How many datagrams were dropped, by reason."""
    lapsed: int = field(default=0, init=False)
    """How many channels fell silent."""
    unsent: int = field(default=0, init=False)
    """How many datagrams the network did not even take."""
    post: Post = field(default=lambda datagram, address: None, init=False)
    _place: Address | None = field(default=None, init=False)
    """What to tell clients; no host where it is the one they are connected to."""
    _channels: dict[int, Channel] = field(factory=dict, init=False)
    _strangers: list[TokenBucket] = field(init=False)
    _cookies: Cookies = field(init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        rate = self.limits.udp_unproved_rate
        self._strangers = [TokenBucket(rate, max(1.0, rate)) for _ in range(BUCKETS)]
        self._cookies = Cookies(self.entropy(KEY_SIZE))

    def __len__(self) -> int:
        return len(self._channels)

    def listen(self, post: Post, host: str, port: int) -> None:
        """There is a port: datagrams for ``host`` and ``port`` come in here, and go out by ``post``."""
        self.post, self._place = post, (host, port)

    def deafen(self) -> None:
        """There is none any more."""
        self.post, self._place = lambda datagram, address: None, None

    def offer(self, peer: Peer) -> UdpOffer:
        """A fresh channel for a peer; the one it had is worth nothing any more. Raises `Refused`."""
        if self._place is None:
            raise Refused("this server takes no datagrams", "no_udp")
        self.close(peer)
        connection, key = self._fresh_number(), self.entropy(KEY_SIZE)
        bucket = TokenBucket(self.limits.udp_rate, self.limits.udp_burst)
        session = DatagramSession(connection, key, server=True)
        peer.channel = self._channels[connection] = Channel(peer, self, session, bucket, self.now())
        return UdpOffer(*self._place, connection, key, self.limits.udp_key)

    def close(self, peer: Peer) -> None:
        """Forgets the channel of a peer, if it has one."""
        channel, peer.channel = peer.channel, None
        if channel is not None:
            channel.address = None
            del self._channels[channel.session.connection]

    def receive(self, datagram: bytes, address: Address) -> None:
        """Takes whatever came from the network; never raises."""
        fault = self._receive(datagram, address)
        if fault is not None:
            self.faults[fault] += 1

    def _receive(self, datagram: bytes, address: Address) -> Fault | None:
        head = read_head(datagram)
        if isinstance(head, Fault):
            return head
        channel = self._channels.get(head.connection)
        if channel is None:
            return Fault.UNKNOWN
        now = self.now()
        known = address == channel.address
        if not known and now - channel.heard > self.limits.udp_key:
            return Fault.EXPIRED
        if not (channel.bucket if known else self._strangers_bucket(address, head.kind)).take(now):
            return Fault.FLOOD
        opened = channel.session.open(datagram)
        if isinstance(opened, Fault):
            return opened
        channel.heard = now
        if known:
            channel.heard_there = now
        return self._take(channel, opened, address, now)

    def _strangers_bucket(self, address: Address, kind: Kind) -> TokenBucket:
        """One for the handshake, another for the rest: who moves in mid-game is not kept from proving it."""
        return self._strangers[hash((address[0], kind is Kind.DATA)) % BUCKETS]

    def _take(self, channel: Channel, opened: Opened, address: Address, now: float) -> Fault | None:
        match opened.kind:
            case Kind.DATA:
                return self._hand_on(channel, opened.payload)
            case Kind.HELLO if address == channel.address:
                channel.send(b"")
            case Kind.HELLO:
                connection = channel.session.connection
                cookie = self._cookies.make(connection, address, now)
                self.post(channel.session.seal(Kind.CHALLENGE, cookie), address)
            case Kind.PROOF:
                return self._prove(channel, opened.payload, address, now)
            case _:
                return Fault.KIND
        return None

    def _prove(self, channel: Channel, cookie: bytes, address: Address, now: float) -> Fault | None:
        issued = self._cookies.read(cookie, channel.session.connection, address, now)
        if issued is None or issued < channel.proved:
            return Fault.COOKIE
        channel.address, channel.proved, channel.heard_there = address, issued, now
        channel.send(b"")
        return None

    def _hand_on(self, channel: Channel, payload: bytes) -> Fault | None:
        if payload[:1] == STATE:
            ack = decode_ack(payload)
            if ack is None:
                return Fault.PAYLOAD
            channel.acknowledge(ack)
            return None
        if not payload:
            return None
        session = channel.peer.session
        if session is None or session.on_datagram is None:
            return Fault.PAYLOAD
        try:
            session.on_datagram(payload)
        except Refused:
            return Fault.PAYLOAD
        except Exception:
            self._log.failure("A datagram could not be handled")
            channel.peer.close(CloseCode.INTERNAL_ERROR, "the server failed at this message")
        return None

    def _fresh_number(self) -> int:
        while (number := int.from_bytes(self.entropy(4), "big")) in self._channels:
            pass
        return number
