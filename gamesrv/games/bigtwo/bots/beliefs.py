"""What the others may hold: all that nobody has seen, but rather not what they would have played."""

from bisect import bisect_left, bisect_right
from random import Random as Chance

from attrs import frozen

from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.bots.sorter import Parted, Sorter, Units
from gamesrv.games.bigtwo.rules import SIZES, cards_of, kind_of

__all__ = ["Beliefs", "World"]

TRIES = 4
"""Hands that a seat is given, one after the other, until one is believed."""
BELIEVED = 0.1
"""How likely a hand is believed for each play in it that its owner would not have kept."""

_TWOS = (1 << 15) + 48
"""Single twos are from here on; these are kept by many who could have played them."""
_NEVER = 1 << 20
_NOTHING: Parted = ([[], [], [], [], [], []], {})


@frozen
class World:
    """Hands that the others may hold; one's own is left out."""

    hands: list[int]
    parted: list[Parted]


class Beliefs:
    """Deals that agree with what one seat has seen. Who passed, had probably nothing to lay."""

    def __init__(self, position: Position, sorter: Sorter, chance: Chance) -> None:
        self._counts = position.counts
        self._others = position.others
        self._beats = position.rules.beats
        self._part = sorter.part
        self._chance = chance.random
        self._unseen = cards_of(position.unseen)
        self._let_lie = [[_NEVER] * 6 for _ in position.counts]
        """The weakest play of each size that a seat has let lie."""
        for seat, mask in position.passes:
            key = position.rules.key(mask)
            size = SIZES[kind_of(key)]
            self._let_lie[seat][size] = min(self._let_lie[seat][size], key)

    def imagine(self) -> World:
        """Deals out what is unseen, to the seats in any order: the later, the less choice there is."""
        chance = self._chance
        pool = self._shuffled(self._unseen)
        hands, parted = [0] * len(self._counts), [_NOTHING] * len(self._counts)
        for seat in sorted(self._others, key=lambda _: chance()):
            count = self._counts[seat]
            for _ in range(TRIES):
                hand = 0
                for card in pool[:count]:
                    hand |= 1 << card
                hands[seat], parted[seat] = hand, self._part(hand)
                if len(pool) == count or self._is_believed(seat, parted[seat][0]):
                    break
                pool = self._shuffled(pool)
            pool = [card for card in pool if not hand >> card & 1]
        return World(hands, parted)

    def _shuffled(self, cards: list[int]) -> list[int]:
        chance = self._chance
        return sorted(cards, key=lambda _: chance())

    def _is_believed(self, seat: int, units: Units) -> bool:
        doubts = self._doubts(seat, units)
        return not doubts or self._chance() < BELIEVED**doubts

    def _doubts(self, seat: int, units: Units) -> int:
        """How many plays there are that the seat would have laid when it passed."""
        let_lie = self._let_lie[seat]
        doubts = max(0, bisect_left(units[1], _TWOS) - bisect_right(units[1], let_lie[1]))
        for size in (2, 3, 5):
            keys = units[size]
            if keys and keys[-1] > let_lie[size]:
                doubts += [self._beats(key, let_lie[size]) for key in keys].count(True)
        return doubts
