"""One connection to a server, as a client has it: messages out, messages in, and why it ended.

A `Wire` is a Twisted protocol. What it says to its `Ear` is the same whatever carries it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from gamesrv.core.messages import ClientMessage, ServerMessage
from gamesrv.wire.cipher import CipherDecoder, StreamCipher
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder, FrameError, Framing
from gamesrv.wire.packets import PACKETS, PacketFormat

__all__ = ["LOST", "Ear", "Ending", "PacketWire", "Wire", "ending_of"]

LOST = 1006
"""The code of a connection that ended without a word."""

_KNOWN = frozenset(map(int, CloseCode))


@frozen
class Ending:
    """Why a connection ended; ``retry``: whether to come back by oneself."""

    code: int
    reason: str
    retry: bool


def ending_of(code: int | None, reason: str) -> Ending:
    """What a close code means where the server said no more than that."""
    code = code or LOST
    return Ending(code, reason, CloseCode(code).retry if code in _KNOWN else True)


class Ear(Protocol):
    """Who listens to a wire."""

    def opened(self, wire: Wire) -> None:
        """Messages may be sent from now on."""
        ...

    def heard(self, message: ServerMessage) -> None:
        """The server said something."""
        ...

    def ended_by(self, ending: Ending) -> None:
        """There will be nothing more; called once."""
        ...

    def gone(self) -> None:
        """The transport is closed at this end."""
        ...


class Wire(Protocol):
    """One connection."""

    @property
    def limit(self) -> int:
        """Bytes that one message to the server may have."""
        ...

    @property
    def host(self) -> str:
        """The address of the other end; empty where it has none."""
        ...

    def send(self, message: ClientMessage) -> None:
        """Says something."""
        ...

    def hang_up(self, code: CloseCode) -> None:
        """Closes once all is out."""
        ...

    def abort(self) -> None:
        """Closes at once."""
        ...


class PacketWire(TwistedProtocol):
    """Packets over a byte stream, within a cipher where there is one."""

    limit = PACKET_FRAMING.max_frame
    transport: Any

    def __init__(
        self, ear: Ear, fmt: PacketFormat = PACKETS, make_cipher: Callable[[], StreamCipher] | None = None
    ) -> None:
        self._ear = ear
        self._format = fmt
        self._cipher = None if make_cipher is None else make_cipher()
        self._frames = _decoder(fmt.framing, self._cipher)
        self._open = False
        self._ended = False

    @property
    def host(self) -> str:
        return getattr(self.transport.getPeer(), "host", "")

    def send(self, message: ClientMessage) -> None:
        self._write(self._format.encode_client(message))

    def hang_up(self, code: CloseCode) -> None:
        self.transport.loseConnection()

    def abort(self) -> None:
        self.transport.abortConnection()

    def connectionMade(self) -> None:
        self._write(b"")
        self._see_whether_open()

    def dataReceived(self, data: bytes) -> None:
        try:
            for frame in self._frames.feed(data):
                if not self._ended:
                    self._ear.heard(self._format.decode_server(frame))
        except FrameError as error:
            self._fail(Ending(error.close, str(error), False))
        except BadMessage as error:
            self._fail(Ending(CloseCode.INVALID_DATA, error.message, False))
        else:
            self._see_whether_open()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        said = "" if reason.check(ConnectionDone) else f": {reason.getErrorMessage()}"
        self._end(Ending(LOST, f"the connection was lost{said}", True))
        self._ear.gone()

    def _see_whether_open(self) -> None:
        """With a cipher, nothing can be said before it has its keys."""
        if not self._open and not self._ended and getattr(self._cipher, "ready", True):
            self._open = True
            self._ear.opened(self)

    def _write(self, data: bytes) -> None:
        self.transport.write(data if self._cipher is None else self._cipher.encrypt(data))

    def _fail(self, ending: Ending) -> None:
        """What comes is no message: there is no use in listening on."""
        self._end(ending)
        self.transport.abortConnection()

    def _end(self, ending: Ending) -> None:
        if not self._ended:
            self._ended = True
            self._ear.ended_by(ending)


def _decoder(framing: Framing, cipher: StreamCipher | None) -> FrameDecoder | CipherDecoder:
    return FrameDecoder(framing) if cipher is None else CipherDecoder(framing, cipher)
