"""How best to part a hand into plays."""

from collections.abc import Callable
from functools import lru_cache

from gamesrv.games.bigtwo.rules import Rules

MOST_BLOCKS = 24
RANKS = [15 << shift for shift in range(0, 52, 4)]

Cost = Callable[[int], float]
"""What a play costs, by its key."""
Way = tuple[list[int], list[int]]
"""Plays: their keys, and their masks."""


def _ways(bits: int) -> list[list[int]]:
    """All ways to part cards of one rank."""
    if not bits:
        return [[]]
    first = bits & -bits
    rest = bits ^ first
    ways = []
    sub = rest
    while True:
        ways += [[first | sub, *way] for way in _ways(rest ^ sub)]
        if not sub:
            return ways
        sub = (sub - 1) & rest


class Ways(dict[int, list[Way]]):
    """The ways to part any cards of one rank; what no hand has had yet is not worked out."""

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self._rules = rules
        self[0] = [([], [])]

    def __missing__(self, cards: int) -> list[Way]:
        shift = cards.bit_length() - 1 & ~3
        ways = []
        for way in _ways(cards >> shift):
            masks = [part << shift for part in way]
            keys = [self._rules.key(mask) for mask in masks]
            if all(keys):
                ways.append((keys, masks))
        self[cards] = ways
        return ways


_ways_by = lru_cache(maxsize=128)(Ways)
"""Tables with the same rules share them."""


class Groups(dict[int, float]):
    """What the cards of one rank cost, parted in the best way."""

    def __init__(self, rules: Rules, cost: Cost) -> None:
        super().__init__()
        self._cost = cost
        self._all = _ways_by(rules)
        self[0] = 0.0

    def __missing__(self, cards: int) -> float:
        cost = self._cost
        if not cards & cards - 1:
            best = cost(self._all[cards][0][0][0])
        else:
            best = min([sum(map(cost, keys)) for keys, _ in self._all[cards]])
        self[cards] = best
        return best

    def parts(self, cards: int) -> list[int]:
        """The best way."""
        return min(self._all[cards], key=lambda way: sum(map(self._cost, way[0])))[1]


class Partition:
    """The cheapest way to part a hand into plays; ``plays`` are those of more than one rank."""

    def __init__(self, rules: Rules, cost: Cost, hand: int, plays: list[tuple[int, int]]) -> None:
        self._groups = Groups(rules, cost)
        self._known: dict[int, float] = {}
        self._blocks = [(mask, cost(key)) for key, mask in plays]
        if len(self._blocks) > MOST_BLOCKS:
            loose = self._loose
            self._blocks.sort(key=lambda block: block[1] + loose(hand ^ block[0]))
            del self._blocks[MOST_BLOCKS:]

    def _loose(self, hand: int) -> float:
        """What a hand costs without any of the blocks: it is asked most of all, so the loop is C's."""
        return sum(map(self._groups.__getitem__, map(hand.__and__, RANKS)))

    def cost(self, hand: int) -> float:
        """What the rest of the hand costs."""
        known = self._known.get(hand)
        if known is None:
            known = self._best(hand, [block for block in self._blocks if block[0] & hand == block[0]])
        return known

    def _best(self, hand: int, blocks: list[tuple[int, float]]) -> float:
        best = self._loose(hand)
        for mask, cost in blocks:
            rest = hand ^ mask
            known = self._known.get(rest)
            if known is None:
                known = self._best(rest, [block for block in blocks if not block[0] & mask])
            if cost + known < best:
                best = cost + known
        self._known[hand] = best
        return best

    def parts(self, hand: int) -> list[int]:
        """The plays of the cheapest way."""
        best = self.cost(hand)
        for mask, cost in self._blocks:
            if mask & hand == mask and cost + self.cost(hand ^ mask) <= best:
                return [mask, *self.parts(hand ^ mask)]
        return [part for rank in RANKS for part in self._groups.parts(hand & rank)]
