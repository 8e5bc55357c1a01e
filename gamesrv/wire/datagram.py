"""Datagrams: sealed one by one, each direction with a key of its own, and taken once.

     u8     u32          u32
    +------+------------+----------+-------------------------------+
    | kind | connection | sequence | sealed payload (+ 16 byte tag)|
    +------+------------+----------+-------------------------------+

All is big endian. The high half of ``kind`` is the version, the low half one of `Kind`. The payload is sealed
with ChaCha20-Poly1305; the whole head is associated data. The nonce is the direction and the sequence number,
whose upper 32 bits do not travel: a receiver counts them by itself. The rules (address proved by a challenge,
no reply larger than its request, a window of 256 against replays) are those of Glenn Fiedler's netcode.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, StrEnum
from hashlib import blake2s
from hmac import compare_digest
from struct import Struct
from typing import NamedTuple, TypeAlias

from attrs import define, field, frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = [
    "COOKIE_SIZE",
    "HANDSHAKE_SIZE",
    "KEY_SIZE",
    "LOCKSTEP",
    "MAX_DATAGRAM",
    "MAX_PAYLOAD",
    "OVERHEAD",
    "STATE",
    "WINDOW",
    "Address",
    "Cookies",
    "DatagramClient",
    "DatagramSession",
    "Fault",
    "Head",
    "Kind",
    "Opened",
    "ReplayWindow",
    "read_head",
]

VERSION = 1
KEY_SIZE = 32
WINDOW = 256
MAX_PAYLOAD = 1200
"""Bytes of one payload: what passes everywhere without being cut in two."""

STATE, LOCKSTEP = b"\x01", b"\x02"
"""The first byte of a payload says whom it is for: the state of a room, or a lockstep room."""

_HEAD = Struct(">BII")
_NONCE = Struct(">IQ")
_ISSUED = Struct(">Q")
_TAG = 16
_MAC = 16
OVERHEAD = _HEAD.size + _TAG
"""Bytes of a datagram that are not payload."""
MAX_DATAGRAM = MAX_PAYLOAD + OVERHEAD
COOKIE_SIZE = _ISSUED.size + _MAC
HANDSHAKE_SIZE = OVERHEAD + COOKIE_SIZE
"""Bytes of each datagram of the handshake: an answer is never larger than what it answers."""

_WRAP = 1 << 32

Address: TypeAlias = tuple[str, int]
"""Host and port."""


class Kind(IntEnum):
    """What a datagram is. From the client: `HELLO`, `PROOF` and `DATA`; from the server the other two."""

    HELLO = 1
    """Padded: is anybody there?"""
    CHALLENGE = 2
    """Answers a hello from an address that is not proved, with a cookie."""
    PROOF = 3
    """Brings the cookie back."""
    DATA = 4
    """A payload; an empty one is a sign of life."""


class Fault(StrEnum):
    """Why a datagram was dropped: the reasons that are counted."""

    SIZE = "size"
    VERSION = "version"
    KIND = "kind"
    UNKNOWN = "unknown"
    """No such connection."""
    EXPIRED = "expired"
    """Its key was not used in time."""
    FLOOD = "flood"
    FORGED = "forged"
    """The seal is broken, or was never ours."""
    REPLAYED = "replayed"
    """Seen already, or too old to tell."""
    COOKIE = "cookie"
    """A proof of nothing, of another address, or of long ago."""
    PAYLOAD = "payload"
    """From the right peer, but nobody here can use it."""


class Head(NamedTuple):
    """What can be read without the key."""

    kind: Kind
    connection: int
    sequence: int


class Opened(NamedTuple):
    """A datagram that is genuine and new."""

    kind: Kind
    payload: bytes


def read_head(datagram: bytes) -> Head | Fault:
    """The head of a datagram that is worth a closer look."""
    if not OVERHEAD <= len(datagram) <= MAX_DATAGRAM:
        return Fault.SIZE
    first, connection, sequence = _HEAD.unpack_from(datagram)
    if first >> 4 != VERSION:
        return Fault.VERSION
    try:
        kind = Kind(first & 15)
    except ValueError:
        return Fault.KIND
    if kind is not Kind.DATA and len(datagram) != HANDSHAKE_SIZE:
        return Fault.SIZE
    return Head(kind, connection, sequence)


@define(eq=False)
class ReplayWindow:
    """Which sequence numbers have been taken: the newest, and which of the 255 before it."""

    newest: int = -1
    _taken: int = 0
    """Bit i: whether ``newest - i`` was."""

    def extend(self, sequence: int) -> int:
        """The whole number of which ``sequence`` is the lower 32 bits: the one nearest to the newest."""
        newest = max(self.newest, 0)
        whole = newest - newest % _WRAP + sequence
        if whole - newest > _WRAP // 2:
            return whole - _WRAP if whole >= _WRAP else whole
        return whole + _WRAP if newest - whole > _WRAP // 2 else whole

    def is_new(self, sequence: int) -> bool:
        """Whether a whole number was never taken, as far as one can tell."""
        age = self.newest - sequence
        return age < 0 or (age < WINDOW and not self._taken >> age & 1)

    def take(self, sequence: int) -> None:
        """Takes a number that is new: only once its datagram has proved genuine."""
        ahead = sequence - self.newest
        if ahead <= 0:
            self._taken |= 1 << -ahead
            return
        # Not shifted by what a peer says: that could be four thousand million places.
        kept = self._taken << ahead if ahead < WINDOW else 0
        self._taken = (kept | 1) & (1 << WINDOW) - 1
        self.newest = sequence


class DatagramSession:
    """Both directions of one connection, from the secret that both ends have; ``server``: which end this is.

    Raises `ValueError` for a key that has not 32 bytes.
    """

    __slots__ = ("_aead_in", "_aead_out", "_from", "_to", "_window", "connection", "sent")

    def __init__(self, connection: int, key: bytes, server: bool) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a key has {KEY_SIZE} bytes, got {len(key)}")
        self.connection = connection
        self._to, self._from = (2, 1) if server else (1, 2)
        self._aead_out = ChaCha20Poly1305(_derive(key, self._to))
        self._aead_in = ChaCha20Poly1305(_derive(key, self._from))
        self._window = ReplayWindow()
        self.sent = 0
        """How many datagrams were sealed: the next one's sequence number."""

    def seal(self, kind: Kind, payload: bytes = b"") -> bytes:
        """A datagram to send; raises `ValueError` for a payload that is too long."""
        if len(payload) > MAX_PAYLOAD:
            raise ValueError(f"a payload has at most {MAX_PAYLOAD} bytes, got {len(payload)}")
        head = _HEAD.pack(VERSION << 4 | kind, self.connection, self.sent % _WRAP)
        nonce = _NONCE.pack(self._to, self.sent)
        self.sent += 1
        return head + self._aead_out.encrypt(nonce, payload, head)

    def open(self, datagram: bytes) -> Opened | Fault:
        """What a datagram says, or why it is dropped. Nothing changes before it has proved genuine."""
        head = read_head(datagram)
        if isinstance(head, Fault):
            return head
        if head.connection != self.connection:
            return Fault.UNKNOWN
        sequence = self._window.extend(head.sequence)
        if not self._window.is_new(sequence):
            return Fault.REPLAYED
        nonce = _NONCE.pack(self._from, sequence)
        try:
            payload = self._aead_in.decrypt(nonce, datagram[_HEAD.size :], datagram[: _HEAD.size])
        except InvalidTag:
            return Fault.FORGED
        self._window.take(sequence)
        return Opened(head.kind, payload)


def _derive(key: bytes, direction: int) -> bytes:
    return HKDF(SHA256(), KEY_SIZE, salt=None, info=b"gamesrv datagrams %d" % direction).derive(key)


@frozen
class Cookies:
    """Challenges that the server need not remember: when, and a hash over that, connection and address."""

    secret: bytes = field(repr=False)
    lifetime: float = 10.0
    """Seconds that one is good."""

    def make(self, connection: int, address: Address, now: float) -> bytes:
        """A challenge to that address."""
        issued = _ISSUED.pack(int(now * 1000))
        return issued + self._hash(issued, connection, address)

    def read(self, cookie: bytes, connection: int, address: Address, now: float) -> int | None:
        """When a challenge was made (ms); `None` where it was not, was for another address, or is too old."""
        issued = cookie[: _ISSUED.size]
        if not compare_digest(cookie[_ISSUED.size :], self._hash(issued, connection, address)):
            return None
        at: int = _ISSUED.unpack(issued)[0]
        return at if now * 1000 - at <= self.lifetime * 1000 else None

    def _hash(self, issued: bytes, connection: int, address: Address) -> bytes:
        text = b"%b %d %b %d" % (issued, connection, address[0].encode(), address[1])
        return blake2s(text, key=self.secret, digest_size=_MAC).digest()


FIRST_RETRY, LAST_RETRY = 0.25, 8.0
QUIET = 1.0
"""Seconds without a word from the server after which the client asks."""
KEEP_ALIVE = 3.0
"""Seconds without a word from the client after which it says that it is there."""


@define(eq=False)
class DatagramClient:
    """A client's end: opens the channel, keeps it open, and says whether it is. It knows no socket and no
    clock: ``post`` sends a datagram, time is an argument. Call `beat` ten times a second or so.
    """

    connection: int
    key: bytes = field(repr=False)
    post: Callable[[bytes], object]
    timeout: float = 10.0
    """Seconds of silence after which the channel is closed: the reliable link carries everything then."""
    faults: dict[Fault, int] = field(factory=dict, init=False)
    """How many datagrams were dropped, by reason."""
    _session: DatagramSession = field(init=False)
    _heard: float | None = field(default=None, init=False)
    """When the server was heard last, of those times that the address was proved."""
    _said: float = field(default=0.0, init=False)
    _ask_at: float = field(default=0.0, init=False)
    _retry: float = field(default=FIRST_RETRY, init=False)

    def __attrs_post_init__(self) -> None:
        self._session = DatagramSession(self.connection, self.key, server=False)

    def is_open(self, now: float) -> bool:
        """Whether what is sent will probably arrive."""
        return self._heard is not None and now - self._heard <= self.timeout

    def beat(self, now: float) -> None:
        """Knocks, ever more seldom, while the server is not heard; and where nothing was said for long."""
        heard = self._heard is not None and now - self._heard < QUIET
        if now < self._ask_at or heard and now - self._said < KEEP_ALIVE:
            return
        self._said, self._ask_at = now, now + self._retry
        self._retry = min(2 * self._retry, LAST_RETRY)
        self.post(self._session.seal(Kind.HELLO, bytes(COOKIE_SIZE)))

    def send(self, payload: bytes, now: float) -> bool:
        """Sends a payload, its first byte `STATE` or `LOCKSTEP`; `False`: use the reliable link."""
        if not self.is_open(now) or len(payload) > MAX_PAYLOAD:
            return False
        self._said = now
        self.post(self._session.seal(Kind.DATA, payload))
        return True

    def receive(self, datagram: bytes, now: float) -> bytes | None:
        """The payload that came, if it is one; a challenge is answered."""
        opened = self._session.open(datagram)
        if isinstance(opened, Opened) and opened.kind not in (Kind.CHALLENGE, Kind.DATA):
            opened = Fault.KIND
        if isinstance(opened, Fault):
            self.faults[opened] = self.faults.get(opened, 0) + 1
            return None
        if opened.kind is Kind.CHALLENGE:
            self._said = now
            self.post(self._session.seal(Kind.PROOF, opened.payload))
            return None
        self._heard, self._ask_at, self._retry = now, 0.0, FIRST_RETRY
        return opened.payload or None
