"""The mind that plans."""

from functools import cached_property, partial

from gamesrv.games.bigtwo.bots.outlook import Outlook
from gamesrv.games.bigtwo.bots.partition import Partition
from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.bots.repertoire import Play, Repertoire
from gamesrv.games.bigtwo.rules import SIZES, Rules

__all__ = ["Plan", "Planner"]

# What a play costs, by its size: about one trick, less what it may win. Tuned by playing thousands of deals.
BASE = (0, 0.75, 0.94, 0.88, 0.8, 0.78)
CONTROL = (0, 1.07, 0.95, 0.56, 0.6, 0.71)
SMOOTH = (0, 0.55, 0.42, 0.23, 0.2, 0.2)
LEAD = 0.64
"""What it is worth to lead the next trick."""
DANGER = 3.3
"""What it costs to let somebody go out."""
THREAT = (0, 1.0, 0.35, 0.15, 0.1, 0.1, 0.03, *(0,) * 20)
"""How near the owner of the trick is to going out, by the cards they have left."""
CERTAIN, OUT = -500.0, -1000.0


def _cost(outlook: Outlook, key: int) -> float:
    """Of a play that one is left with. No method: it would hold on to its plan, which is freed at once so."""
    kind = key >> 15
    holds = outlook.holds(key)
    if kind == 1:
        return BASE[1] - CONTROL[1] * holds - SMOOTH[1] / 51 * (key & 63)
    if kind > 5:
        return BASE[5] - CONTROL[5] * holds
    size = SIZES[kind]
    return BASE[size] - CONTROL[size] * holds - SMOOTH[size] / 51 * (key & 63)


def _loser(outlook: Outlook, key: int) -> float:
    return 0.0 if outlook.holds(key) >= 1 else 1.0


class Plan:
    """What each play is worth in one position; lower is better."""

    def __init__(self, position: Position, plays: list[Play]) -> None:
        self.position = position
        self.outlook = Outlook(position)
        rules = position.rules
        self._blocks = [p for p in plays if p[0] >= 6 << 15 or p[0] >> 15 == 4]
        self.partition = Partition(rules, partial(_cost, self.outlook), position.hand, self._blocks)
        self.rush = [position.counts[s] for s in position.others]

    @cached_property
    def losers(self) -> Partition:
        """The hand parted into as few plays as can be that others may beat."""
        loser = partial(_loser, self.outlook)
        return Partition(self.position.rules, loser, self.position.hand, self._blocks)

    def value(self, key: int, mask: int) -> float:
        """What it leaves to do, with what may happen meanwhile."""
        hand = self.position.hand
        rest = hand ^ mask
        if not rest:
            return OUT
        holds = self.outlook.holds(key)
        if holds >= 1 and self.losers.cost(rest) <= 1:
            return CERTAIN
        return self.partition.cost(rest) - LEAD * holds + DANGER * self._risk(key, mask)

    def _risk(self, key: int, mask: int) -> float:
        """How likely it lets somebody go out who has just as many cards."""
        size = mask.bit_count()
        risk = 0.0
        for count in self.rush:
            if count == size == 1:
                higher = (self.position.unseen >> (key & 63) + 1).bit_count()
                risk += higher / max(self.position.unseen.bit_count(), 1)
            elif count == size:
                risk += 0.1 * (1 - self.outlook.holds(key))
        return risk

    def pass_value(self) -> float:
        """What it is worth to pass."""
        deal, position = self.position.deal, self.position
        threat = THREAT[position.counts[deal.owner]] * self.outlook.holds(deal.to_beat)
        return self.partition.cost(position.hand) + DANGER * threat

    def ranked(self, found: list[Play]) -> list[tuple[float, int]]:
        """The plays found, and a pass (0) where that is allowed, with their values; the best first."""
        ranked = [(self.value(key, mask), mask) for key, mask in found]
        if self.position.deal.to_beat:
            ranked.append((self.pass_value(), 0))
        ranked.sort()
        return ranked


class Planner:
    """Parts the hand into as few plays as it can, counts cards, and keeps what wins tricks."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.repertoire = Repertoire(rules)

    def __call__(self, position: Position) -> int:
        """What to lay; 0 is a pass."""
        plays, found = self.options(position)
        return Plan(position, plays).ranked(found)[0][1] if found else 0

    def options(self, position: Position) -> tuple[list[Play], list[Play]]:
        """All plays of the hand, and those that are legal now."""
        plays = self.repertoire.of(position.hand)
        deal = position.deal
        need, to_beat, beats = deal.need, deal.to_beat, self.rules.beats
        if to_beat:
            return plays, [play for play in plays if play[0] > to_beat and beats(play[0], to_beat)]
        return plays, [play for play in plays if need & play[1] == need]
