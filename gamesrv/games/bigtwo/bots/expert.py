"""The mind that tries out what the planner likes best."""

from collections.abc import Iterator
from functools import lru_cache
from random import Random as Chance

from gamesrv import Random
from gamesrv.games.bigtwo.bots.planner import CERTAIN, Plan, Planner
from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.bots.search import Search
from gamesrv.games.bigtwo.bots.sorter import Sorter
from gamesrv.games.bigtwo.rules import Rules

__all__ = ["Expert"]

CANDIDATES = 5
WORK = 22_000
"""About how many cards are played in one search: some 200 deals from their start."""

_sorter_of = lru_cache(maxsize=128)(Sorter)
"""Tables with the same rules share one, and what it remembers."""


class Expert:
    """Plans, then plays the best few plans to the end in deals that it imagines.

    How many those are is fixed, and chance is its own: the same seed and positions give the same moves,
    however slow the machine.
    """

    def __init__(self, rules: Rules, random: Random, work: int = WORK) -> None:
        self._work = work
        self._planner = Planner(rules)
        self._sorter = _sorter_of(rules)
        # a draw of our own costs a hash: too much for a thousand decks
        self._chance = Chance(random.word())

    def __call__(self, position: Position) -> int:
        """What to lay; 0 is a pass."""
        *_, last = self.think(position)
        return last

    def think(self, position: Position) -> Iterator[int]:
        """The same in steps of a millisecond or less: each item is the best found so far."""
        plays, found = self._planner.options(position)
        if not found:
            yield 0
            return
        plan = Plan(position, plays)
        ranked = plan.ranked(found)
        best, mask = ranked[0]
        yield mask
        if best > CERTAIN and len(ranked) > 1:
            search = Search(position, plan, self._sorter, self._chance)
            yield from search.best_of(ranked[:CANDIDATES], self._work)
