"""Who plays Big Two where people are missing: four minds, and the bot that asks one of them.

A mind is a function of a `Position`: what one seat knows of a deal.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gamesrv import Act, Bot, Random
from gamesrv.games.bigtwo.bots.expert import Expert
from gamesrv.games.bigtwo.bots.planner import Planner
from gamesrv.games.bigtwo.bots.position import Memory, Position
from gamesrv.games.bigtwo.bots.simple import by_chance, least
from gamesrv.games.bigtwo.rules import ALL_CARDS, cards_of
from gamesrv.games.bigtwo.seen import deal_from, mask_laid, rules_from

__all__ = ["BigTwoBot"]


class BigTwoBot(Bot):
    """Plays at the pace of a person, as well as the table's ``level`` says."""

    pace = (0.8, 2.5)

    @classmethod
    def grade(cls, options: Any) -> str:
        """The table's level."""
        return str(options.level)

    def __init__(self, seat: int, random: Random) -> None:
        super().__init__(seat, random)
        self._memory = Memory()
        self._planner: Planner | None = None
        self._expert: Expert | None = None

    def on_event(self, name: str, data: Mapping[str, Any]) -> None:
        """Counts the cards, and minds who passed on what; nobody chose to pass whose time ran out."""
        if name == "played":
            self._memory.move(data["seat"], mask_laid(data["cards"]))
        elif name == "passed" and data["why"] != "time":
            self._memory.move(data["seat"], 0)
        elif name == "dealt":
            self._memory = Memory()

    def is_called(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
        """On its turn, and in a break until it has agreed to go on."""
        if view["stage"] == "break":
            return self.seat not in view["agreed"]
        turn: int = view["turn"]
        return turn == self.seat

    def act(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Act | None:
        """The last of its thoughts."""
        *_, last = self.think(view, mine)
        return last

    def think(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Iterator[Act | None]:
        """A play or a pass, at once but for the level ``expert``; in a break, to go on."""
        if not self.is_called(view, mine):
            yield None
        elif view["stage"] == "break":
            yield "go_on", {}
        else:
            for mask in self._choices(str(view["level"]), self._position(view, mine)):
                yield ("play", {"cards": cards_of(mask)}) if mask else ("pass", {})

    def _choices(self, level: str, position: Position) -> Iterator[int]:
        if level == "random":
            yield by_chance(position, self.random)
        elif level == "greedy":
            yield least(position)
        elif level == "expert":
            self._expert = self._expert or Expert(position.rules, self.random)
            yield from self._expert.think(position)
        else:
            self._planner = self._planner or Planner(position.rules)
            yield self._planner(position)

    def _position(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Position:
        """Who came in mid-deal has not seen all that was laid, and counts the rest as if others held it."""
        deal = deal_from(view, mine, self.seat)
        seen = self._memory.laid | deal.hands[self.seat]
        for mask in deal.laid:
            seen |= mask
        return Position(
            rules_from(view), deal, self.seat, view["counts"], ALL_CARDS & ~seen, self._memory.passes
        )
