"""All that a hand can play: found once a deal, then sifted as the hand gets smaller."""

from gamesrv.games.bigtwo.rules import Rules

__all__ = ["Play", "Repertoire"]

Play = tuple[int, int]
"""A key and the mask of its cards."""


class Repertoire:
    """The plays of a hand, of all sizes."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._hand = 0
        self._plays: list[Play] = []

    def of(self, hand: int) -> list[Play]:
        """All plays in a hand, weakest first."""
        if hand & ~self._hand:
            self._plays = self._rules.plays(hand)
        elif hand != self._hand:
            self._plays = [play for play in self._plays if play[1] & hand == play[1]]
        self._hand = hand
        return self._plays
