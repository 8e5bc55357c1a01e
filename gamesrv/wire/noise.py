"""A stream that nobody on the way can read, change, cut or replay: Noise_NX_25519_ChaChaPoly_SHA256.

Noise (https://noiseprotocol.org/noise.html, revision 34) is a standard way to agree on keys; NX is its
pattern for a client that is nobody in particular and a server with a key of its own::

    client                                     server
      e                            ───────▶               a fresh key
                                   ◀───────    e, ee, s, es   a fresh key; and, enciphered, the lasting one

The client gets the server's lasting key in the handshake, which proves that the server holds it. It
compares it with one that it was given before (a pin), or keeps it at first use: ``trust`` decides. Who the
client is, its token says later, within the stream. The fresh keys are forgotten, so that a lasting key that
is stolen one day opens no earlier stream.

On the wire are records: a u16, big endian, that counts the bytes behind it; then a handshake message, or up
to 16,384 bytes of the stream with a tag of 16. Their ends mean nothing to the stream. Both sides rekey a
direction (section 11.3) after every 65,536 records of it.

Why this is here and not a library: of those for Python, noiseprotocol and dissononce have had no release
since 2020 and 2019, and noiseframework is one author's, new and marked alpha. The primitives come from
`cryptography`; what is left is the order in which they are used, which published vectors check.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from gamesrv.wire.cipher import CipherError
from gamesrv.wire.frames import FrameDecoder, Framing

__all__ = ["Handshake", "NoiseClient", "NoiseServer", "public_bytes", "public_key"]

PATTERN = b"Noise_NX_25519_ChaChaPoly_SHA256"
PROLOGUE = b"gamesrv 1"
"""What both sides must have in mind alike, or the handshake fails."""
KEY = 32
TAG = 16
RECORD = 16 * 1024
"""Bytes of the stream that one record holds at most."""
RECORDS = Framing(width=2, min_frame=TAG + 1, max_frame=RECORD + TAG)
REKEY_AFTER = 1 << 16
_LAST_NONCE = (1 << 64) - 1

MakeKey = Callable[[], X25519PrivateKey]


def public_key(secret: bytes) -> bytes:
    """The public half of a lasting key, 32 bytes each: what a client pins."""
    return public_bytes(X25519PrivateKey.from_private_bytes(secret))


def public_bytes(key: X25519PrivateKey) -> bytes:
    """The public half as bytes."""
    return key.public_key().public_bytes_raw()


class CipherState:
    """A key and how often it was used (section 5.1)."""

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self.count = 0

    def encrypt(self, data: bytes, associated: bytes | None = None) -> bytes:
        """The next message, with its tag."""
        sealed = self._aead.encrypt(_nonce(self.count), data, associated)
        self._used()
        return sealed

    def decrypt(self, data: bytes, associated: bytes | None = None) -> bytes:
        """The next message; raises `CipherError` where it is not what the other side sealed."""
        try:
            opened = self._aead.decrypt(_nonce(self.count), data, associated)
        except InvalidTag:
            raise CipherError("what came can't be deciphered") from None
        self._used()
        return opened

    def _used(self) -> None:
        """Both sides count the messages, so both change the key at the same one; the count goes on."""
        self.count += 1
        if self.count % REKEY_AFTER == 0:
            key = self._aead.encrypt(_nonce(_LAST_NONCE), bytes(KEY), None)[:KEY]
            self._aead = ChaCha20Poly1305(key)


class Handshake:
    """One handshake (section 5.2 and 5.3), for either side: the client says `hello`, the server gives the
    `answer`, the client makes sense of it in `finish`. Raises `CipherError`.
    """

    def __init__(self, prologue: bytes = PROLOGUE, make_key: MakeKey = X25519PrivateKey.generate) -> None:
        self._ephemeral = make_key()
        self._chain = self.hash = PATTERN  # exactly as long as a hash, so it needs none
        self._cipher: CipherState | None = None
        self._mix_hash(prologue)

    def hello(self, payload: bytes = b"") -> bytes:
        """-> e"""
        return self._write_ephemeral() + self._seal(payload)

    def answer(self, hello: bytes, static: X25519PrivateKey, payload: bytes = b"") -> bytes:
        """<- e, ee, s, es: for a hello, from the server with that lasting key."""
        theirs = self._read_ephemeral(hello)
        self._open(hello[KEY:])
        message = self._write_ephemeral()
        self._mix_key(self._ephemeral, theirs)
        message += self._seal(public_bytes(static))
        self._mix_key(static, theirs)
        return message + self._seal(payload)

    def finish(self, answer: bytes) -> bytes:
        """The server's lasting key: what answered holds its private half."""
        self._mix_key(self._ephemeral, self._read_ephemeral(answer))
        static = self._open(answer[KEY : 2 * KEY + TAG])
        self._mix_key(self._ephemeral, static)
        self._open(answer[2 * KEY + TAG :])
        return static

    def split(self) -> tuple[CipherState, CipherState]:
        """For what the client sends, and for what the server sends."""
        first, second = _derive(self._chain, b"")
        return CipherState(first), CipherState(second)

    def _write_ephemeral(self) -> bytes:
        public = public_bytes(self._ephemeral)
        self._mix_hash(public)
        return public

    def _read_ephemeral(self, message: bytes) -> bytes:
        public = message[:KEY]
        self._mix_hash(public)
        return public

    def _mix_hash(self, data: bytes) -> None:
        self.hash = sha256(self.hash + data).digest()

    def _mix_key(self, ours: X25519PrivateKey, theirs: bytes) -> None:
        try:
            shared = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
        except ValueError:  # of the wrong length, or a point that makes every secret the same
            raise CipherError("this is no key") from None
        self._chain, key = _derive(self._chain, shared)
        self._cipher = CipherState(key)

    def _seal(self, data: bytes) -> bytes:
        sealed = data if self._cipher is None else self._cipher.encrypt(data, self.hash)
        self._mix_hash(sealed)
        return sealed

    def _open(self, data: bytes) -> bytes:
        opened = data if self._cipher is None else self._cipher.decrypt(data, self.hash)
        self._mix_hash(data)
        return opened


class _NoiseStream(ABC):
    """What both sides have: records, and the keys once there are any."""

    def __init__(self, make_key: MakeKey = X25519PrivateKey.generate) -> None:
        self._handshake = Handshake(make_key=make_key)
        self._sending: CipherState | None = None
        self._receiving: CipherState | None = None
        self._due = b""
        """What the handshake has to say."""
        self._decoder = FrameDecoder(RECORDS)
        self._records: Iterator[bytes] = iter(())
        self._text = b""
        self._at = 0

    @property
    def ready(self) -> bool:
        """Whether there are keys."""
        return self._receiving is not None

    @property
    def pending(self) -> bool:
        """Whether half a record waits for its other half."""
        return self._decoder.pending

    def feed(self, data: bytes) -> None:
        """Takes what came."""
        self._records = self._decoder.feed(data)

    def read(self, size: int) -> bytes:
        """The next bytes that the peer said, at most ``size``. Raises `FrameError`."""
        while self._at == len(self._text):
            record = next(self._records, None)
            if record is None:
                self._text, self._at = b"", 0  # a connection may be silent for long
                return b""
            self._take(record)
        part = self._text[self._at : self._at + size]
        self._at += len(part)
        return part

    def encrypt(self, data: bytes) -> bytes:
        """What goes on the wire for ``data``; nothing before there are keys, but the handshake itself."""
        due, self._due = self._due, b""
        if self._sending is None:
            return due
        return due + b"".join(
            RECORDS.encode(self._sending.encrypt(data[at : at + RECORD]))
            for at in range(0, len(data), RECORD)
        )

    def _take(self, record: bytes) -> None:
        if self._receiving is None:
            self._agree(record)
        else:
            self._text, self._at = self._receiving.decrypt(record), 0

    @abstractmethod
    def _agree(self, message: bytes) -> None:
        """Takes the other side's part of the handshake."""


class NoiseServer(_NoiseStream):
    """The side with a lasting key, as a `gamesrv.wire.cipher.StreamCipher`."""

    def __init__(self, static: X25519PrivateKey, make_key: MakeKey = X25519PrivateKey.generate) -> None:
        super().__init__(make_key)
        self._static = static

    def _agree(self, message: bytes) -> None:
        if len(message) != KEY:
            raise CipherError("this is no handshake")
        self._due = RECORDS.encode(self._handshake.answer(message, self._static))
        self._receiving, self._sending = self._handshake.split()


class NoiseClient(_NoiseStream):
    """The side that asks ``trust`` whether a server's lasting key is the right one, as a
    `gamesrv.wire.cipher.StreamCipher`: `CipherError` where it is not. To begin with, send ``encrypt(b"")``;
    once it is ``ready``, the rest.
    """

    def __init__(self, trust: Callable[[bytes], bool], make_key: MakeKey = X25519PrivateKey.generate) -> None:
        super().__init__(make_key)
        self._trust = trust
        self._due = RECORDS.encode(self._handshake.hello())

    def _agree(self, message: bytes) -> None:
        if not self._trust(self._handshake.finish(message)):
            raise CipherError("the server's key is not the one we trust")
        self._sending, self._receiving = self._handshake.split()


def _nonce(count: int) -> bytes:
    """Section 12.3: 32 bits of zero, then the count, little endian."""
    return bytes(4) + count.to_bytes(8, "little")


def _derive(chain: bytes, material: bytes) -> tuple[bytes, bytes]:
    """HKDF with two outputs (section 4.3)."""
    secret = digest(chain, material, "sha256")
    first = digest(secret, b"\x01", "sha256")
    return first, digest(secret, first + b"\x02", "sha256")
