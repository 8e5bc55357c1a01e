"""Card counting: how likely a play is to hold against the hands that one doesn't see."""

from functools import lru_cache
from math import exp

from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.rules import KINDS, Rules, kind_of

_STRAIGHT_FLUSH = KINDS.index("straight_flush")
ONE_SUIT = 0x1111111111111
_WORTH = (1 << 15) - 1

SINGLE_FADE = 0.45
PAIR_FADE = 0.9
TRIPLE_FADE = 1.0
WILL = 0.65

# How likely so many cards out of 52 make a play of five at all, as against thirteen cards.
_FIVE_AMONG = (0, 0, 0, 0, 0, 0.01, 0.03, 0.1, 0.2, 0.36, 0.55, 0.75, 0.88, 1, 1, 1, 1, 1, 1)
# How likely thirteen cards have something better than the lowest of each kind of five, and than the next.
_BETTER = {6: 0.94, 7: 0.83, 8: 0.47, 9: 0.06, 10: 0.02, 11: 0.0}
_SPAN = {6: 52, 7: 1 << 15, 8: 13, 9: 13, 10: 52}


@lru_cache(maxsize=128)
def straight_flushes(rules: Rules) -> list[int]:
    """The straight flushes of the lowest suit."""
    return [mask for key, mask in rules.plays(ONE_SUIT, 5) if kind_of(key) == _STRAIGHT_FLUSH]


class Outlook:
    """What may be in the other hands of a position."""

    def __init__(self, position: Position) -> None:
        self._rules = position.rules
        self._unseen = unseen = position.unseen
        self._counts = [position.counts[seat] for seat in position.others]
        self._cards = unseen.bit_count()
        self._share = sum(self._counts) / max(self._cards, 1)
        self._held = [unseen >> shift & 15 for shift in range(0, 52, 4)]
        self._holds: dict[int, float] = {}
        self._top_five = -1
        self._alike: dict[int, list[float]] = {}
        self._bombs = position.rules.options["quads_bomb"] == "any" and self.top_five() >= 9 << 15

    def holds(self, key: int) -> float:
        """How likely nobody beats it, from 0 to 1; 1 means that nobody can."""
        known = self._holds.get(key)
        if known is None:
            known = self._holds[key] = self._chance(key)
        return known

    def _chance(self, key: int) -> float:
        kind = key >> 15
        if kind == 1:
            higher = (self._unseen >> (key & 63) + 1).bit_count()
            chance: float = exp(-SINGLE_FADE * higher * self._share) if higher else 1.0
        elif kind < 6:
            x = self._better(key & 63, (0, 1, 2, 3, 2, 4)[kind])
            chance = exp(-(PAIR_FADE if kind in (2, 4) else TRIPLE_FADE) * x) if x else 1.0
            if kind == 4:
                chance = max(0.6, chance)
        else:
            return self._chance_of_five(key)
        if self._bombs:
            chance *= 0.95
        return chance

    def _tails(self, size: int) -> list[float]:
        """How many sets of so many cards of one rank are to be expected, of each rank and above."""
        by_number = self._expected(size)
        tails = [0.0] * 14
        for rank in range(12, -1, -1):
            tails[rank] = tails[rank + 1] + by_number[self._held[rank].bit_count()]
        return tails

    def _better(self, card: int, size: int) -> float:
        """How many better sets of so many cards of one rank are to be expected in other hands."""
        rank = card >> 2
        tails = self._alike.get(size)
        if tails is None:
            tails = self._alike[size] = self._tails(size)
        return tails[rank] if self._held[rank] >> (card & 3) + 1 else tails[rank + 1]

    def _expected(self, size: int) -> list[float]:
        """How many sets of so many are to be expected of a rank, by how many of its cards are unseen."""
        numbers = [0.0] * 5
        total = self._cards
        for count in self._counts:
            if count < size:
                continue
            p = 1.0
            for i in range(size):
                p *= (count - i) / (total - i)
            for n in range(size, 5):
                combos = (0, 0, (0, 0, 1, 3, 6)[n], (0, 0, 0, 1, 4)[n], 1)[size]
                numbers[n] += 1 - (1 - p) ** combos
        return numbers

    def _chance_of_five(self, key: int) -> float:
        if max(self._counts, default=0) < 5 or key > self.top_five():
            return 1.0
        kind = kind_of(key)
        part: float = (key & _WORTH) / _SPAN[kind]
        better = _BETTER[kind] + (_BETTER[kind + 1] - _BETTER[kind]) * part
        chance = 1.0
        for count in self._counts:
            chance *= 1 - WILL * better * _FIVE_AMONG[count]
        return min(float(chance), 0.99)

    def top_five(self) -> int:
        """A key that no play of five among the unseen cards goes beyond."""
        if self._top_five < 0:
            self._top_five = self._find_top_five()
        return self._top_five

    def _find_top_five(self) -> int:
        unseen = self._unseen
        for suit in range(4):
            mine = unseen >> suit & ONE_SUIT
            if mine.bit_count() >= 5 and any(run & mine == run for run in straight_flushes(self._rules)):
                return 11 << 15
        for n, kind in ((4, 9), (3, 8)):
            ranks = [rank for rank, held in enumerate(self._held) if held.bit_count() >= n]
            if ranks and unseen.bit_count() >= 5:
                return (kind << 15) + ranks[-1]
        for suit in (3, 2, 1, 0):
            if (unseen >> suit & ONE_SUIT).bit_count() >= 5:
                return (8 << 15) - 1
        return (7 << 15) - 1
