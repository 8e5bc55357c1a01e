"""Trying things out: the same few candidates, played to the end in one imagined deal after the other."""

from collections.abc import Iterator
from random import Random as Chance

from attrs import define

from gamesrv.games.bigtwo.bots.beliefs import Beliefs, World
from gamesrv.games.bigtwo.bots.planner import Plan
from gamesrv.games.bigtwo.bots.playout import Habits, Playout
from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.bots.sorter import Parted, Sorter, collect

__all__ = ["Search"]

PLANNED = 20.0
"""How many won playouts a whole trick's difference is worth in the planner's opinion."""
POINTS = 0.01
"""How much of a won playout each point of the score is worth."""
DEALING = 2
"""What it takes to imagine a deal, in playouts."""
SETTING_UP = 12
"""What a playout takes besides its cards, in cards."""


@define(eq=False)
class Candidate:
    """Something to do, how things stand when it is done, and how it has fared."""

    mask: int
    parted: Parted
    """The own hand without it."""
    left: list[int]
    passed: int
    owner: int
    to_beat: int
    total: float
    """The sum of what its playouts brought."""

    @classmethod
    def of(cls, position: Position, plan: Plan, mask: int, total: float) -> "Candidate":
        """Lays ``mask``; 0 passes."""
        rules, deal, seat = position.rules, position.deal, position.seat
        parted = collect(rules, plan.partition.parts(position.hand ^ mask))
        left = [*position.counts]
        left[seat] -= mask.bit_count()
        if not mask:
            return cls(mask, parted, left, deal.passed | 1 << seat, deal.owner, deal.to_beat, total)
        passed = 0 if rules.options["pass_rule"] == "free" else deal.passed
        return cls(mask, parted, left, passed, seat, rules.key(mask), total)


class Search:
    """Halves the candidates until one is left, in rounds of equal work.

    This is sequential halving (Z. Karnin, T. Koren, O. Somekh, "Almost Optimal Exploration in Multi-Armed
    Bandits", 2013). All candidates meet the same deals, so that luck tells less of them apart.
    """

    def __init__(self, position: Position, plan: Plan, sorter: Sorter, chance: Chance) -> None:
        self._position = position
        self._plan = plan
        self._beliefs = Beliefs(position, sorter, chance)
        self._habits = Habits(position.rules, plan.outlook)
        self._costs = [position.rules.cost((1 << cards) - 1) for cards in range(19)]

    def best_of(self, ranked: list[tuple[float, int]], work: int) -> Iterator[int]:
        """The best of what a plan has ranked, ever better; ``work`` is about how many cards are played."""
        least, mask = ranked[0]
        candidates: list[Candidate] = []
        for value, each in ranked:
            candidates.append(Candidate.of(self._position, self._plan, each, PLANNED * (least - value)))
            yield mask
        share = work // (len(ranked).bit_length() * (sum(self._position.counts) + SETTING_UP))
        while len(candidates) > 1:
            for _ in range(share // (len(candidates) + DEALING)):
                world = self._beliefs.imagine()
                for candidate in candidates:
                    candidate.total += self._try(candidate, world)
                yield max(candidates, key=_total).mask
            candidates.sort(key=_total, reverse=True)
            del candidates[(len(candidates) + 1) // 2 :]

    def _try(self, candidate: Candidate, world: World) -> float:
        """What it brings in such a deal: 1 for being out first, and a little for the points."""
        seat = self._position.seat
        world.hands[seat] = self._position.hand ^ candidate.mask
        world.parted[seat] = candidate.parted
        c = candidate
        playout = Playout(self._habits, world.parted, world.hands, c.left, c.passed, seat, c.owner, c.to_beat)
        won = playout.run() == seat
        return won + POINTS * self._points(won, playout.left)

    def _points(self, won: bool, left: list[int]) -> int:
        """The score, of the numbers of cards left."""
        costs, own = self._costs, left[self._position.seat]
        settle = self._position.rules.options["settle"]
        if settle == "pairwise":
            return sum([costs[cards] for cards in left]) - len(left) * costs[own]
        if won and settle == "zero_sum":
            return sum([costs[cards] for cards in left])
        return -costs[own]


def _total(candidate: Candidate) -> float:
    return candidate.total
