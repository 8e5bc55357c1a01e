"""RC5-32/12/16, as far as such clients use it: the password, two blocks under a key that everyone knows.

After R. Rivest, "The RC5 Encryption Algorithm" (1994). Like the stream's cipher, this protects nothing.
"""

from struct import Struct

__all__ = ["open_password"]

KEY = bytes.fromhex("3CDCFEE8C454D67E16A6F81AE8D038BE")
ROUNDS = 12
WORDS = 2 * (ROUNDS + 1)
MASK = 0xFFFF_FFFF
BLOCK = Struct("<II")


def open_password(sealed: bytes) -> str:
    """The password in 16 bytes."""
    opened = b"".join(BLOCK.pack(*_decrypt(a, b)) for a, b in BLOCK.iter_unpack(sealed))
    return opened.partition(b"\0")[0].decode("cp1252", "replace")


def _expand(key: bytes) -> list[int]:
    secret = list(Struct("<4I").unpack(key))
    table = [(0xB7E15163 + index * 0x9E3779B9) & MASK for index in range(WORDS)]
    a = b = 0
    for index in range(3 * WORDS):
        i, j = index % WORDS, index % len(secret)
        a = table[i] = _rotate(table[i] + a + b, 3)
        b = secret[j] = _rotate(secret[j] + a + b, a + b)
    return table


def _rotate(word: int, by: int) -> int:
    """To the left, within 32 bits."""
    word, by = word & MASK, by % 32
    return (word << by | word >> 32 - by) & MASK


TABLE = _expand(KEY)


def _decrypt(a: int, b: int) -> tuple[int, int]:
    for index in range(ROUNDS, 0, -1):
        b = _rotate(b - TABLE[2 * index + 1], -a) ^ a
        a = _rotate(a - TABLE[2 * index], -b) ^ b
    return (a - TABLE[0]) & MASK, (b - TABLE[1]) & MASK
