"""The cipher of an old MMO's clients (its patches up to 5017): for those who port a server to them.

IT GIVES NO SECURITY. Its tables are known to everyone, it proves nobody's identity and notices no change on
the way, and its keystream repeats after 65,536 bytes. It makes old clients understand us; it hides nothing
from anyone who wants to know. For that there is `gamesrv.wire.noise`.

The server takes a byte, the c-th of its direction, xors it with AB, swaps its halves, and xors it with
A[c & FF] and B[c >> 8] (all numbers hexadecimal), both when it reads and when it writes; the client does the
same steps backwards. The facts are those of the public project coemu, whose test values are in ours too.
"""

from abc import ABC, abstractmethod
from typing import TypeAlias

__all__ = ["LegacyClient", "LegacyServer"]

PERIOD = 0x1_0000
ROW = 0x100
_ONES = int.from_bytes(b"\x01" * ROW, "little")
_COUNT = int.from_bytes(bytes(range(ROW)), "little")

_XOR = [(_COUNT ^ key * _ONES).to_bytes(ROW, "little") for key in range(ROW)]
"""For each byte, the table by which `bytes.translate` xors with it."""

_SWAP = bytes((byte << 4 | byte >> 4) & 0xFF for byte in range(ROW))
_SERVER_TABLE = _XOR[0xAB].translate(_SWAP)
_CLIENT_TABLE = _SWAP.translate(_XOR[0xAB])

Tables: TypeAlias = tuple[bytes, bytes]
"""For the low byte of the counter, and for the high one."""


def _base_tables() -> Tables:
    low, high = bytearray(), bytearray()
    a, b = 0x9D, 0x62
    for _ in range(ROW):
        low.append(a)
        high.append(b)
        a = (0x0F + a * 0xFA) * a + 0x13 & 0xFF
        b = (0x79 - b * 0x5C) * b + 0x6D & 0xFF
    return bytes(low), bytes(high)


BASE = _base_tables()


def tables_for(token: int) -> Tables:
    """The tables that a 64-bit token makes of the common ones."""
    upper, lower = token >> 32, token & 0xFFFF_FFFF
    key = (upper + lower ^ 0x4321 ^ upper) & 0xFFFF_FFFF
    square = key * key & 0xFFFF_FFFF
    return _xor(BASE[0], _repeated(key)), _xor(BASE[1], _repeated(square))


class _Keystream:
    """What the bytes of one direction are xored with."""

    def __init__(self) -> None:
        self.tables = BASE
        self.count = 0

    def take(self, size: int) -> bytes:
        """The next bytes of it: the rows of a square of 256 by 256, and again from the top."""
        low, high = self.tables
        parts = []
        while size > 0:
            column = self.count % ROW
            part = low[column : column + size].translate(_XOR[high[self.count // ROW]])
            parts.append(part)
            size -= len(part)
            self.count = (self.count + len(part)) % PERIOD
        return b"".join(parts)


class _Legacy(ABC):
    """What both sides have: two keystreams, and bytes that came and were not asked for yet."""

    pending = False

    def __init__(self) -> None:
        self._incoming = _Keystream()
        self._outgoing = _Keystream()
        self._data = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Takes what came."""
        self._data = self._data[self._at :] + data
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``."""
        part = self._data[self._at : self._at + size]
        self._at += len(part)
        if self._at == len(self._data):
            self._data, self._at = b"", 0  # a connection may be silent for long
        return self._turn(part, self._incoming)

    def encrypt(self, data: bytes) -> bytes:
        """What goes on the wire."""
        return self._turn(data, self._outgoing)

    @abstractmethod
    def _turn(self, data: bytes, keys: _Keystream) -> bytes:
        """Either direction: on one side the steps are the same for both."""


class LegacyServer(_Legacy):
    """The server's side, as a `gamesrv.wire.cipher.StreamCipher`. No security: see above."""

    def rekey(self, token: int) -> None:
        """From the next byte on that is read, what comes has the tables that the client's 64-bit token makes;
        what goes keeps the common ones and begins anew.
        """
        self._incoming.tables = tables_for(token)
        self._outgoing.count = 0

    def _turn(self, data: bytes, keys: _Keystream) -> bytes:
        return _xor(data.translate(_SERVER_TABLE), keys.take(len(data)))


class LegacyClient(_Legacy):
    """The client's side, as a `gamesrv.wire.cipher.StreamCipher`. No security: see above."""

    def rekey(self, token: int) -> None:
        """What `LegacyServer.rekey` does, seen from here: what goes changes its tables."""
        self._outgoing.tables = tables_for(token)
        self._incoming.count = 0

    def _turn(self, data: bytes, keys: _Keystream) -> bytes:
        return _xor(data, keys.take(len(data))).translate(_CLIENT_TABLE)


def _xor(data: bytes, key: bytes) -> bytes:
    """All bytes at once, as one long number each."""
    return (int.from_bytes(data, "little") ^ int.from_bytes(key, "little")).to_bytes(len(data), "little")


def _repeated(key: int) -> bytes:
    return key.to_bytes(4, "little") * (ROW // 4)
