"""What one seat knows of a deal: all that a mind may think from."""

from collections.abc import Sequence

from attrs import define

from gamesrv.games.bigtwo.rules import ALL_CARDS, Deal, Rules

__all__ = ["Memory", "Pass", "Position", "seen_from"]

Pass = tuple[int, int]
"""A seat, and the cards that it let lie."""


class Memory:
    """What one has seen happen in a deal."""

    def __init__(self) -> None:
        self.laid = 0
        """All cards that were laid, as a mask."""
        self.passes: list[Pass] = []
        self._last = 0

    def move(self, seat: int, mask: int) -> None:
        """That seat laid these cards; 0 is a pass."""
        if mask:
            self.laid |= mask
            self._last = mask
        elif self._last:
            self.passes.append((seat, self._last))


@define(eq=False)
class Position:
    """A deal as one seat sees it."""

    rules: Rules
    deal: Deal
    """The others' hands in it are 0: `counts` says how many cards they have."""
    seat: int
    counts: list[int]
    """How many cards each seat holds."""
    unseen: int
    """The cards that may be in other hands, as a mask. Some of them may lie elsewhere (where fewer than four
    play, or to who has come late): so there are as many as the others hold, or more."""
    passes: Sequence[Pass] = ()
    """Those seen in this deal."""

    @property
    def hand(self) -> int:
        """One's own cards, as a mask."""
        return self.deal.hands[self.seat]

    @property
    def others(self) -> list[int]:
        """The other seats that still have cards."""
        return [seat for seat, count in enumerate(self.counts) if count and seat != self.seat]


def seen_from(seat: int, rules: Rules, deal: Deal, memory: Memory) -> Position:
    """The position of one seat that was there from the start, in a deal all of whose hands are known."""
    known = deal.copy()
    known.hands = [hand if each == seat else 0 for each, hand in enumerate(deal.hands)]
    counts = [hand.bit_count() for hand in deal.hands]
    unseen = ALL_CARDS & ~(memory.laid | known.hands[seat])
    return Position(rules, known, seat, counts, unseen, memory.passes)
