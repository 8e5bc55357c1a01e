"""Parts any hand into plays, well enough, in some ten microseconds: thousands of imagined hands need it."""

from functools import lru_cache

from gamesrv.games.bigtwo.bots.outlook import ONE_SUIT, straight_flushes
from gamesrv.games.bigtwo.rules import KINDS, SIZES, Rules, kind_of

__all__ = ["Parted", "Sorter", "Units", "collect"]

_SINGLE, _PAIR, _TRIPLE = (KINDS.index(kind) << 15 for kind in ("single", "pair", "triple"))

Units = list[list[int]]
"""The keys of the plays that a hand is parted into, by their size, weakest first."""
Parted = tuple[Units, dict[int, int]]
"""Units, and the cards of those of more than one card, by key."""


def collect(rules: Rules, parts: list[int]) -> Parted:
    """What somebody else parted a hand into."""
    units: Units = [[], [], [], [], [], []]
    masks = {rules.key(part): part for part in parts}
    for key in sorted(masks):
        units[SIZES[kind_of(key)]].append(key)
    return units, masks


class Sorter:
    """The fives that save most turns are taken first; what is left goes by ranks, full houses at the end."""

    def __init__(self, rules: Rules) -> None:
        self._key = lru_cache(maxsize=4096)(rules.key)
        self._runs = straight_flushes(rules)
        self._triples = bool(rules.options["triples"])

    def part(self, hand: int) -> Parted:
        """The units of a hand."""
        parted: Parted = ([[], [], [], [], [], []], {})
        if hand.bit_count() > 4:
            hand = self._take_fives(hand, parted)
        while hand:
            rank = 15 << (hand.bit_length() - 1 & ~3)
            _add_alike(hand & rank, parted)
            hand &= ~rank
        units = parted[0]
        if units[3]:
            self._take_triples(parted)
        for keys in units:
            keys.sort()
        return parted

    def _take_fives(self, hand: int, parted: Parted) -> int:
        """Moves straights, flushes and fours with a kicker out of the hand; returns the rest."""
        units, masks = parted
        while hand.bit_count() > 4:
            five = self._five(hand) or _four_and_one(hand)
            if not five:
                break
            key = self._key(five)
            units[5].append(key)
            masks[key] = five
            hand ^= five
        return hand

    def _five(self, hand: int) -> int:
        """The straight or flush that leaves a hand of the fewest turns; 0 where none saves any."""
        a, b, c, d = planes = _planes(hand)
        ranks, several = a | b | c | d, _several(a, b, c, d)
        best, least = 0, _turns(hand)
        for suit, plane in enumerate(planes):
            if plane.bit_count() >= 5:
                alone = _lowest(plane & ~several, 5)
                five = (alone | _lowest(plane & several, 5 - alone.bit_count())) << suit
                turns = 1 + _turns(hand ^ five)
                if turns < least:
                    best, least = five, turns
        for run in self._runs:
            if ranks & run == run:
                five = _lowest_of_each(hand, run)
                turns = 1 + _turns(hand ^ five)
                if turns < least:
                    best, least = five, turns
        return best

    def _take_triples(self, parted: Parted) -> None:
        """Makes full houses of triples and pairs, the lowest of both first."""
        (_, singles, pairs, triples, _, fives), masks = parted
        pairs.sort()
        triples.sort()
        while triples and pairs:
            five = masks[triples.pop(0)] | masks[pairs.pop(0)]
            key = self._key(five)
            fives.append(key)
            masks[key] = five
        while triples and not self._triples:
            cards = masks[triples.pop()]
            lowest = cards & -cards
            singles.append(_SINGLE + lowest.bit_length() - 1)
            _add_pair(cards ^ lowest, parted)


def _add_pair(cards: int, parted: Parted) -> None:
    key = _PAIR + cards.bit_length() - 1
    parted[0][2].append(key)
    parted[1][key] = cards


def _add_alike(cards: int, parted: Parted) -> None:
    """The cards of one rank; four of them are two pairs."""
    number = cards.bit_count()
    top = cards.bit_length() - 1
    if number == 1:
        parted[0][1].append(_SINGLE + top)
    elif number == 3:
        parted[0][3].append(_TRIPLE + top)
        parted[1][_TRIPLE + top] = cards
    elif number == 2:
        _add_pair(cards, parted)
    else:
        _add_pair(3 << top - 1, parted)
        _add_pair(3 << top - 3, parted)


def _planes(hand: int) -> tuple[int, int, int, int]:
    """The cards of each suit, as if they were all of the lowest."""
    return hand & ONE_SUIT, hand >> 1 & ONE_SUIT, hand >> 2 & ONE_SUIT, hand >> 3 & ONE_SUIT


def _several(a: int, b: int, c: int, d: int) -> int:
    """The ranks that are held twice or more."""
    return a & b | c & d | (a | b) & (c | d)


def _lowest(plane: int, count: int) -> int:
    """The lowest so many."""
    taken = 0
    while plane and count:
        low = plane & -plane
        taken |= low
        plane ^= low
        count -= 1
    return taken


def _lowest_of_each(hand: int, run: int) -> int:
    """The lowest card of each rank of a run."""
    taken = 0
    while run:
        low = run & -run
        cards = hand & low * 15
        taken |= cards & -cards
        run ^= low
    return taken


def _four_and_one(hand: int) -> int:
    """The lowest four of a kind with the lowest card that is alone, or else the lowest other; 0 for none."""
    a, b, c, d = _planes(hand)
    fours = a & b & c & d
    if not fours:
        return 0
    four = (fours & -fours) * 15
    alone = (a | b | c | d) & ~_several(a, b, c, d)
    others = hand & (alone & -alone) * 15 or hand ^ four
    return four | others & -others


def _turns(hand: int) -> int:
    """How many turns a hand takes without straights and flushes, as each triple takes a pair along."""
    a, b, c, d = _planes(hand)
    threes = (a & b & (c | d) | c & d & (a | b)).bit_count()
    twos = _several(a, b, c, d).bit_count() - threes
    return (a | b | c | d).bit_count() - min(threes, twos)
