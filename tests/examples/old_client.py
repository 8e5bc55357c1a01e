"""A client of an old MMO, written from its protocol alone: it shares no code with the server or gamesrv.

It does no input or output: `hear` takes what came, what it says are bytes to send.
"""

from __future__ import annotations

import struct

__all__ = ["OldClient", "seal_password"]

Packet = tuple[int, bytes]


def _generate(token: int | None = None) -> tuple[list[int], list[int]]:
    """The cipher's two tables, the common ones or those of a token."""
    first, second = [0x9D], [0x62]
    for _ in range(255):
        a, b = first[-1], second[-1]
        first.append(((0x0F + (a * 0xFA)) * a + 0x13) % 256)
        second.append(((0x79 - (b * 0x5C)) * b + 0x6D) % 256)
    if token is None:
        return first, second
    high, low = divmod(token, 1 << 32)
    key = (((high + low) ^ 0x4321) ^ high) % (1 << 32)
    for table, number in ((first, key), (second, key * key % (1 << 32))):
        for index, part in zip(range(256), struct.pack("<I", number) * 64, strict=True):
            table[index] ^= part
    return first, second


def _turn(tables: tuple[list[int], list[int]], first: int, data: bytes) -> bytes:
    """The client's steps, for both directions."""
    out = bytearray()
    for count, byte in enumerate(data, first):
        byte ^= tables[1][count // 256 % 256] ^ tables[0][count % 256]
        out.append(((byte % 16) * 16 + byte // 16) ^ 0xAB)
    return bytes(out)


class OldClient:
    """One connection."""

    def __init__(self) -> None:
        self._reading, self._writing = _generate(), _generate()
        self._read = self._written = 0
        self._text = b""

    def say(self, number: int, layout: str, *values: object) -> bytes:
        """A packet."""
        body = struct.pack("<" + layout, *values)
        return self.write(struct.pack("<HH", 4 + len(body), number) + body)

    def write(self, data: bytes) -> bytes:
        """Enciphers."""
        first, self._written = self._written, self._written + len(data)
        return _turn(self._writing, first, data)

    def hear(self, data: bytes) -> list[Packet]:
        """The packets that are whole."""
        first, self._read = self._read, self._read + len(data)
        self._text += _turn(self._reading, first, data)
        return self._cut()

    def rekey(self, token: int) -> None:
        """After the first packet to the game server."""
        self._writing = _generate(token)
        self._read = 0

    def _cut(self) -> list[Packet]:
        packets = []
        while len(self._text) >= 4:
            size, number = struct.unpack("<HH", self._text[:4])
            assert size >= 4
            if len(self._text) < size:
                break
            packets.append((number, self._text[4:size]))
            self._text = self._text[size:]
        return packets


def seal_password(password: str) -> bytes:
    """RC5 with 32-bit words, 12 rounds and the key that all such clients have."""
    table = _rc5_table(struct.unpack("<4I", bytes.fromhex("3CDCFEE8C454D67E16A6F81AE8D038BE")))
    words = struct.unpack("<4I", password.encode().ljust(16, b"\0"))
    sealed: list[int] = []
    for a, b in (words[:2], words[2:]):
        a, b = (a + table[0]) % 2**32, (b + table[1]) % 2**32
        for index in range(2, 26, 2):
            a = (_left(a ^ b, b) + table[index]) % 2**32
            b = (_left(b ^ a, a) + table[index + 1]) % 2**32
        sealed += a, b
    return struct.pack("<4I", *sealed)


def _rc5_table(key: tuple[int, ...]) -> list[int]:
    table, words = [0xB7E15163], list(key)
    while len(table) < 26:
        table.append((table[-1] + 0x9E3779B9) % 2**32)
    a = b = i = j = 0
    for _ in range(78):
        a = table[i] = _left((table[i] + a + b) % 2**32, 3)
        b = words[j] = _left((words[j] + a + b) % 2**32, a + b)
        i, j = (i + 1) % 26, (j + 1) % 4
    return table


def _left(word: int, by: int) -> int:
    by %= 32
    return (word << by | word >> (32 - by)) % 2**32
