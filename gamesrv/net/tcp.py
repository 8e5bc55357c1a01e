"""Packets over TCP: `u16 length, u16 id, body`, or as a profile has them, enciphered where it says so."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from gamesrv.net.link import Link, Transport, half_close
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.wire.cipher import CipherDecoder, StreamCipher
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.frames import FrameDecoder, FrameError, Framing
from gamesrv.wire.profile import PLAIN, MessageFormat, Profile

__all__ = ["CipherProtocol", "PacketFactory", "PacketProtocol"]


class PacketProtocol(Protocol, TimeoutMixin):
    """The server's end of a packet connection."""

    transport: Transport
    _link: Link

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        fmt: MessageFormat,
        frames: FrameDecoder | CipherDecoder,
        idle: float | None,
    ) -> None:
        self._gate = gate
        self._idle = idle
        self._clock = clock
        self._format = fmt
        self._frames = frames
        self._unfinished = False

    def callLater(self, period: float, func: Callable[[], None]) -> DelayedCall:
        """`TimeoutMixin`'s way to the clock."""
        return self._clock.callLater(period, func)

    def connectionMade(self) -> None:
        self._link = Link(self.transport, self._format, self._gate, self._clock, self._goodbye)
        self.setTimeout(self._idle)

    def dataReceived(self, data: bytes) -> None:
        peer = self._link.peer
        if not peer.outbox.open:
            return
        arrived = False
        try:
            for frame in self._frames.feed(data):
                arrived = True
                self.take(frame)
        except FrameError as error:
            self._break(error)
        self._watch(arrived)

    def take(self, frame: bytes) -> None:
        """Takes one packet: its id and body."""
        try:
            message = self._format.decode(frame)
        except BadMessage as error:
            self._link.peer.bad(error)
        else:
            self._link.peer.receive(message)

    def timeoutConnection(self) -> None:
        if self._unfinished:
            self._link.peer.close(CloseCode.IDLE, "a packet was begun and not finished")
        else:
            self._link.peer.close(CloseCode.IDLE, "nothing was heard for too long")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.setTimeout(None)
        self._link.lost()

    def _break(self, error: FrameError) -> None:
        """The stream is lost."""
        self._link.peer.close(error.close, str(error))

    def _watch(self, arrived: bool) -> None:
        """Half a packet must be finished soon: a trickle of bytes buys no more time, whole packets do."""
        unfinished = self._frames.pending
        if arrived or unfinished != self._unfinished:
            self.setTimeout(self._gate.limits.packet_timeout if unfinished else self._idle)
            self._unfinished = unfinished

    def _goodbye(self, code: CloseCode, reason: str) -> None:
        self.setTimeout(None)
        half_close(self.transport)


class CipherLink(Link):
    """A link that is enciphered. While the cipher has no key there is nothing that it could say."""

    __slots__ = ("_cipher", "mute")

    def __init__(
        self,
        transport: Transport,
        fmt: MessageFormat,
        gate: Gate,
        clock: Clock,
        goodbye: Callable[[CloseCode, str], None],
        cipher: StreamCipher,
    ) -> None:
        self._cipher = cipher
        self.mute = False
        """Whether nothing is said any more."""
        super().__init__(transport, fmt, gate, clock, goodbye)

    def write(self, data: bytes) -> None:
        """Sends whole frames, after what the cipher itself has to say."""
        if not self.mute and (sealed := self._cipher.encrypt(data)):
            super().write(sealed)


class CipherProtocol(PacketProtocol):
    """The server's end of a packet connection that is enciphered, heads and all.

    A handshake is part of what must be done before the hello is due, so it has no timeout of its own.
    """

    _link: CipherLink

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        fmt: MessageFormat,
        framing: Framing,
        cipher: StreamCipher,
        idle: float | None,
    ) -> None:
        super().__init__(gate, clock, fmt, CipherDecoder(framing, cipher), idle)
        self._cipher = cipher

    def connectionMade(self) -> None:
        self._link = CipherLink(
            self.transport, self._format, self._gate, self._clock, self._goodbye, self._cipher
        )
        self.setTimeout(self._idle)

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        self._link.write(b"")

    def _break(self, error: FrameError) -> None:
        """Most likely the key is wrong: whoever that is would not understand us, and need not know more."""
        self._link.mute = True
        super()._break(error)


class PacketFactory(Factory):
    """Makes the server's end of every connection; one that is silent for ``idle`` seconds is closed.

    Raises `ValueError` where no packet of the profile fits into the limits.
    """

    noisy = False

    def __init__(self, gate: Gate, clock: Clock, idle: float | None, profile: Profile = PLAIN) -> None:
        self._gate = gate
        self._idle = idle
        self._clock = clock
        self._profile = profile
        self._framing = profile.incoming(gate.limits.packet_size)

    def buildProtocol(self, addr: IAddress | None) -> PacketProtocol:
        fmt, make_cipher = self._profile.format, self._profile.cipher
        if make_cipher is None:
            return PacketProtocol(self._gate, self._clock, fmt, FrameDecoder(self._framing), self._idle)
        return CipherProtocol(self._gate, self._clock, fmt, self._framing, make_cipher(), self._idle)
