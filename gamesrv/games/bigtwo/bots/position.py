"""What one seat knows of a deal: all that a mind may think from."""

from attrs import frozen

from gamesrv.games.bigtwo.rules import ALL_CARDS, Deal, Rules

__all__ = ["Position", "seen_from"]


@frozen
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

    @property
    def hand(self) -> int:
        """One's own cards, as a mask."""
        return self.deal.hands[self.seat]

    @property
    def others(self) -> list[int]:
        """The other seats that still have cards."""
        return [seat for seat, count in enumerate(self.counts) if count and seat != self.seat]


def seen_from(seat: int, rules: Rules, deal: Deal, seen: int) -> Position:
    """The position of one seat in a deal all of whose hands are known; ``seen`` are the cards laid so far."""
    known = deal.copy()
    known.hands = [hand if each == seat else 0 for each, hand in enumerate(deal.hands)]
    counts = [hand.bit_count() for hand in deal.hands]
    return Position(rules, known, seat, counts, ALL_CARDS & ~(seen | known.hands[seat]))
