"""The two minds that don't think: one goes by chance, one always plays the least that will do."""

from gamesrv import Random
from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.rules import SIZES, kind_of

__all__ = ["by_chance", "least"]

_CARD_BITS = 63


def by_chance(position: Position, random: Random) -> int:
    """Any legal play, or a pass (0) where that is allowed, each as likely."""
    found = position.rules.legal(position.deal, position.seat)
    return random.choice([*found, 0] if position.deal.to_beat else found)


def least(position: Position) -> int:
    """The weakest legal play; a pass (0) only if there is none."""
    rules, hand, to_beat = position.rules, position.hand, position.deal.to_beat
    size = SIZES[kind_of(to_beat)]
    if size == 0:
        return hand & -hand  # where a card is needed, it is the lowest
    if size == 1:
        above = (to_beat & _CARD_BITS) + 1
        higher = hand >> above << above
        if higher:
            return higher & -higher
    elif found := _first(position, size):
        return found
    return _first(position, 5) if size < 5 and rules.options["quads_bomb"] == "any" else 0


def _first(position: Position, size: int) -> int:
    """The weakest play of that size that may be laid, or 0."""
    if position.hand.bit_count() < size:
        return 0
    beats, to_beat = position.rules.beats, position.deal.to_beat
    plays = position.rules.plays(position.hand, size)
    return next((mask for key, mask in plays if beats(key, to_beat)), 0)
