"""Where a cipher goes: between the frames of a connection and the wire, so that their heads are hidden too.

A length that can't be read before it is deciphered is why frames and cipher have to know of each other: the
decoder here asks for the head of a frame, then for the rest of that frame, and for nothing beyond it. So no
byte is deciphered twice, and a key that is changed after a frame is changed at exactly that byte.

There are two ciphers: `gamesrv.wire.noise`, which protects, and `gamesrv.wire.legacy`, which does not.
"""

from collections.abc import Iterator
from typing import Protocol

from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameError, Framing

__all__ = ["CipherDecoder", "CipherError", "StreamCipher"]


class CipherError(FrameError):
    """What came was not made by the peer that we agreed with on a key, or is out of order."""

    close = CloseCode.PROTOCOL_ERROR


class StreamCipher(Protocol):
    """The cipher of one connection; each direction has a state of its own.

    It does no input or output: what came is fed to it, what is to go out is what `encrypt` returns.
    """

    @property
    def pending(self) -> bool:
        """Whether half of something waits for its other half before it can be read."""
        ...

    def feed(self, data: bytes) -> None:
        """Takes what came from the wire."""
        ...

    def read(self, size: int) -> bytes:
        """The next bytes that the peer said, at most ``size``; empty where no more can be read yet.

        Each byte is deciphered once, in order, and not before it is asked for. Raises `CipherError`.
        """
        ...

    def encrypt(self, data: bytes) -> bytes:
        """What goes on the wire for ``data``, after what the cipher itself has to say, such as its part of a
        handshake: that alone where ``data`` is empty. Before there is a key, ``data`` can't be said: it is
        dropped.
        """
        ...


class CipherDecoder:
    """What `FrameDecoder` is, for a stream that is enciphered."""

    def __init__(self, framing: Framing, cipher: StreamCipher) -> None:
        self._framing = framing
        self._cipher = cipher
        self._begun = bytearray()
        self._size = 0
        """The whole size of the frame that was begun; 0 before its head is complete."""
        self._error: FrameError | None = None

    @property
    def pending(self) -> bool:
        """Whether half a frame, or half of what the cipher needs, waits for its other half."""
        return bool(self._begun) or self._cipher.pending

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Takes what came, at once, and yields the frames that are whole by now; raises `FrameError`, then
        and ever after, behind the frames that came before the fault.
        """
        if self._error is None:
            self._cipher.feed(data)
        return self._frames()

    def _frames(self) -> Iterator[bytes]:
        if self._error is not None:
            raise self._error.with_traceback(None)
        # All state is kept in self before each yield: others may feed, change the key, or leave, meanwhile.
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> bytes | None:
        try:
            return self._finish() if self._read_head() and self._read_to(self._size) else None
        except FrameError as error:
            self._error = error
            self._begun.clear()
            raise

    def _read_head(self) -> bool:
        if not self._size and self._read_to(self._framing.head):
            self._size = self._framing.measure(self._begun)
        return bool(self._size)

    def _read_to(self, size: int) -> bool:
        """Reads on until that many bytes of the frame are there, or no more can be read."""
        while (lacking := size - len(self._begun)) > 0:
            part = self._cipher.read(lacking)
            if not part:
                return False
            self._begun += part
        return True

    def _finish(self) -> bytes:
        frame = bytes(self._begun[self._framing.start :])
        self._begun.clear()
        self._size = 0
        return frame
