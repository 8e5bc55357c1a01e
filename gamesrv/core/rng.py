"""Chance that is seeded, portable and unpredictable: SHA-256 in counter mode, integers only.

Block i is SHA-256(seed, i as 8 bytes, big endian), read as eight 32-bit big-endian words (a hash generator
in the manner of NIST SP 800-90A, without its reseeding). Who doesn't know the seed can't predict a draw, and
any runtime that has SHA-256 repeats it. The state is the seed and the number of words drawn.
"""

from collections.abc import MutableSequence, Sequence
from hashlib import sha256
from struct import Struct
from typing import Any, TypeVar

__all__ = ["Random"]

T = TypeVar("T")

_WORDS = 8
_WORD_BITS = 32
_read_word = Struct(">I").unpack_from


class Random:
    """A stream of draws from one secret seed."""

    __slots__ = ("_block", "drawn", "seed")

    def __init__(self, seed: bytes, drawn: int = 0) -> None:
        self.seed = seed
        self.drawn = drawn
        self._block = b""

    def word(self) -> int:
        """The next 32 bits."""
        index, offset = divmod(self.drawn, _WORDS)
        if offset == 0 or not self._block:
            self._block = sha256(self.seed + index.to_bytes(8, "big")).digest()
        self.drawn += 1
        word: int = _read_word(self._block, 4 * offset)[0]
        return word

    def below(self, limit: int) -> int:
        """A whole number from 0 to ``limit`` - 1, each as likely (draws that would bias it are thrown away).

        Raises `ValueError` unless ``limit`` is from 1 to 2**32.
        """
        if not 1 <= limit <= 1 << _WORD_BITS:
            raise ValueError(f"limit must be from 1 to 2**32, got {limit}")
        fair = (1 << _WORD_BITS) - (1 << _WORD_BITS) % limit
        word = self.word()
        while word >= fair:
            word = self.word()
        return word % limit

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def choice(self, options: Sequence[T]) -> T:
        """One of ``options``; raises `ValueError` where there are none."""
        return options[self.below(len(options))]

    def shuffle(self, items: MutableSequence[Any]) -> None:
        """Puts ``items`` in random order, in place (Fisher-Yates, from the end)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
