"""Deals played to the end at great speed, all hands known, each seat about as the planner would.

A seat keeps to the units that its hand is parted into; what it lays is what gains most by the planner's
measure: what it need no longer pay for, and the lead it may win.
"""

from bisect import bisect_right, insort
from math import exp

from gamesrv.games.bigtwo.bots.outlook import SINGLE_FADE, Outlook
from gamesrv.games.bigtwo.bots.planner import BASE, CONTROL, DANGER, LEAD, SMOOTH, THREAT
from gamesrv.games.bigtwo.bots.sorter import Parted
from gamesrv.games.bigtwo.rules import KINDS, SIZES, Rules

__all__ = ["Habits", "Playout"]

_SINGLE, _PAIR, _TRIPLE = (KINDS.index(kind) << 15 for kind in ("single", "pair", "triple"))
_CARD = 63
_HOLDS = [exp(-SINGLE_FADE * higher) for higher in range(53)]
"""How likely a single holds, by the number of higher ones in other hands."""
_SINGLES = [BASE[1] - SMOOTH[1] / 51 * card for card in range(52)]
"""What singles cost where they win nothing."""
_GAIN_OF_FIVE = BASE[5]
_GAIN_OF_FOUR = BASE[4]


class Habits:
    """What the rules and the outlook of one position make of the units, tabulated for its playouts."""

    def __init__(self, rules: Rules, outlook: Outlook) -> None:
        self.beats = rules.beats
        self.play_on = bool(rules.options["play_on"])
        self.locked = rules.options["pass_rule"] == "locked"
        self.choosy = rules.options["five_cross"] != "yes"
        self.outlook = outlook
        self.holds = [[0.0] * 52 for _ in range(4)]
        self.costs = [[0.0] * 52 for _ in range(4)]
        self.gains = [[0.0] * 52 for _ in range(4)]
        for size, kind in ((2, _PAIR), (3, _TRIPLE)):
            holds = self.holds[size] = [outlook.holds(kind + card) for card in range(52)]
            costs = self.costs[size] = [
                BASE[size] - CONTROL[size] * hold - SMOOTH[size] / 51 * card
                for card, hold in enumerate(holds)
            ]
            self.gains[size] = [cost + LEAD * hold for cost, hold in zip(costs, holds, strict=True)]


class Playout:
    """One deal, from a moment on: `seat` has just moved. What it is made of changes while it runs."""

    __slots__ = ("habits", "hands", "left", "live", "owner", "parted", "passed", "seat", "size", "to_beat")

    def __init__(
        self,
        habits: Habits,
        parted: list[Parted],
        hands: list[int],
        left: list[int],
        passed: int,
        seat: int,
        owner: int,
        to_beat: int,
    ) -> None:
        self.habits = habits
        self.parted = [([keys[:] for keys in units], masks) for units, masks in parted]
        self.hands = hands[:]
        self.left = left[:]
        self.passed = passed
        self.seat = seat
        self.owner = owner
        self.to_beat = to_beat
        self.size = SIZES[to_beat >> 15]
        self.live = 0
        for hand in hands:
            self.live |= hand

    def run(self) -> int:
        """Plays until it is over; returns who of them was out first."""
        left, first = self.left, -1
        while True:
            self._next()
            seat = self.seat
            if not left[seat]:
                if first < 0:
                    first = seat
                if not self.habits.play_on or left.count(0) == len(left) - 1:
                    return first

    def _next(self) -> None:
        """The next play, and the passes before it."""
        left, seats = self.left, len(self.left)
        seat = self.seat
        while True:
            seat = (seat + 1) % seats
            if seat == self.owner:
                while not left[seat]:
                    seat = (seat + 1) % seats
                self.seat, self.passed = seat, 0
                return self._lay(self._lead())
            if left[seat] and not self.passed >> seat & 1:
                self.seat = seat
                key = self._follow()
                if key:
                    return self._lay(key)
                self.passed |= 1 << seat

    def _lay(self, key: int) -> None:
        seat = self.seat
        size = SIZES[key >> 15]
        mask = self.parted[seat][1][key] if size > 1 else 1 << (key & _CARD)
        self.hands[seat] &= ~mask
        self.live &= ~mask
        self.left[seat] -= size
        self.owner, self.to_beat, self.size = seat, key, size
        if not self.habits.locked:
            self.passed = 0

    # ------------------------------------------------------------------ leading

    def _lead(self) -> int:
        units = self.parted[self.seat][0]
        _, singles, pairs, triples, fours, fives = units
        if len(singles) + len(pairs) + len(triples) + len(fours) + len(fives) == 1:
            return (singles or pairs or triples or fours or fives).pop()
        losers, sure = self._losers(units)
        if losers <= 1 and sure:
            return sure.pop()
        gains = self.habits.gains
        best, keys, at = -9.0, singles, 0
        if singles:
            best, at = self._best_single(singles, 0)
        for size, others in ((2, pairs), (3, triples)):
            if others and gains[size][others[0] & _CARD] > best:
                best, keys, at = gains[size][others[0] & _CARD], others, 0
        for gain, others in ((_GAIN_OF_FIVE, fives), (_GAIN_OF_FOUR, fours)):
            if others and gain > best:
                best, keys, at = gain, others, 0
        return keys.pop(at)

    def _losers(self, units: list[list[int]]) -> tuple[int, list[int]]:
        """How many units can be beaten, and some keys of which the last can't be, if there are any."""
        singles = units[1]
        highest = (self.live & ~self.hands[self.seat]).bit_length() - 1
        losers = bisect_right(singles, _SINGLE + highest)
        sure = singles if losers < len(singles) else []
        for size in (2, 3, 4, 5):
            keys = units[size]
            if keys:
                beaten = bisect_right(keys, self._highest_other(size))
                losers += beaten
                if beaten < len(keys):
                    sure = keys
        return losers, sure

    def _highest_other(self, size: int) -> int:
        """The best unit of that size in another hand; 0 for none."""
        highest = 0
        for seat, (units, _) in enumerate(self.parted):
            keys = units[size]
            if keys and keys[-1] > highest and seat != self.seat:
                highest = keys[-1]
        return highest

    def _best_single(self, keys: list[int], at: int) -> tuple[float, int]:
        """The gain and the index of the best single from there on: the lowest, or where others have one card
        left, perhaps the highest."""
        rest = self.live & ~self.hands[self.seat]
        card = keys[at] & _CARD
        higher = (rest >> card + 1).bit_count()
        gain = _SINGLES[card] - (CONTROL[1] - LEAD) * _HOLDS[higher]
        rushing = self.left.count(1)
        if not rushing:
            return gain, at
        danger = DANGER * rushing / max(rest.bit_count(), 1)
        gain -= danger * higher
        card = keys[-1] & _CARD
        higher = (rest >> card + 1).bit_count()
        top = _SINGLES[card] - (CONTROL[1] - LEAD) * _HOLDS[higher] - danger * higher
        return (top, len(keys) - 1) if top > gain else (gain, at)

    # ------------------------------------------------------------------ following

    def _follow(self) -> int:
        """What is laid; 0 is a pass."""
        size, to_beat = self.size, self.to_beat
        units = self.parted[self.seat][0]
        keys = units[size]
        if keys and keys[-1] > to_beat:
            at = bisect_right(keys, to_beat)
            if size == 1 and self.left[self.seat] > 1:
                return self._follow_single(units, at)
            if size == 5 and self.habits.choosy and not self.habits.beats(keys[at], to_beat):
                return 0
            return keys.pop(at)
        if size < 3:
            larger = units[size + 1]
            if larger and larger[-1] & _CARD > to_beat & _CARD:
                return self._split_pair(units) if size == 1 else self._split_triple(units)
        return 0

    def _follow_single(self, units: list[list[int]], at: int) -> int:
        keys = units[1]
        if sum(map(len, units)) == 2 and not (self.live & ~self.hands[self.seat]) >> (keys[-1] & _CARD) + 1:
            return keys.pop()
        gain, at = self._best_single(keys, at)
        return keys.pop(at) if gain + self._threat() > 0 else 0

    def _threat(self) -> float:
        """What it costs to let the owner have the trick."""
        threat = THREAT[self.left[self.owner]]
        if not threat:
            return 0.0
        card = self.to_beat & _CARD
        if self.size == 1:
            rest = self.live & ~self.hands[self.seat]
            return DANGER * threat * _HOLDS[(rest >> card + 1).bit_count()]
        return DANGER * threat * self.habits.holds[self.size][card]

    def _split_pair(self, units: list[list[int]]) -> int:
        """A card of the lowest pair that will do, if that is worth it."""
        pairs = units[2]
        at = bisect_right(pairs, _PAIR + (self.to_beat & _CARD))
        key = pairs[at]
        card = key & _CARD
        other = (self.parted[self.seat][1][key] ^ 1 << card).bit_length() - 1
        rest = self.live & ~self.hands[self.seat]
        holds = _HOLDS[(rest >> card + 1).bit_count()]
        costs_then = _SINGLES[other] - CONTROL[1] * holds
        if self.habits.costs[2][card] - costs_then + LEAD * holds + self._threat() <= 0:
            return 0
        del pairs[at]
        insort(units[1], _SINGLE + other)
        return _SINGLE + card

    def _split_triple(self, units: list[list[int]]) -> int:
        """Two cards of the lowest triple that will do, if that is worth it."""
        triples, habits = units[3], self.habits
        at = bisect_right(triples, _TRIPLE + (self.to_beat & _CARD))
        key = triples[at]
        card = key & _CARD
        gain = habits.costs[3][card] - _SINGLES[card] + LEAD * habits.holds[2][card]
        if gain + self._threat() <= 0:
            return 0
        del triples[at]
        masks = self.parted[self.seat][1]
        lowest = masks[key] & -masks[key]
        masks[_PAIR + card] = masks[key] ^ lowest  # for each playout the same: they share it
        insort(units[1], _SINGLE + lowest.bit_length() - 1)
        return _PAIR + card
