"""Who plays Big Two where people are missing: three minds, and the bot that asks one of them.

A mind is a function of a `Position`: what one seat knows of a deal.
"""

from collections.abc import Mapping
from typing import Any

from gamesrv import Act, Bot, Random
from gamesrv.games.bigtwo.bots.planner import Planner
from gamesrv.games.bigtwo.bots.position import Position
from gamesrv.games.bigtwo.bots.simple import by_chance, least
from gamesrv.games.bigtwo.rules import ALL_CARDS, cards_of, mask_of
from gamesrv.games.bigtwo.seen import deal_from, rules_from

__all__ = ["BigTwoBot"]


class BigTwoBot(Bot):
    """Plays at the pace of a person, as well as the table's ``level`` says."""

    pace = (0.8, 2.5)

    def __init__(self, seat: int, random: Random) -> None:
        super().__init__(seat, random)
        self._laid = 0
        """The cards that it saw laid in this deal."""
        self._planner: Planner | None = None

    def on_event(self, name: str, data: Mapping[str, Any]) -> None:
        """Counts the cards."""
        if name == "dealt":
            self._laid = 0
        elif name == "played":
            self._laid |= mask_of(data["cards"])

    def is_called(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
        """On its turn, and in a break until it has agreed to go on."""
        if view["stage"] == "break":
            return self.seat not in view["agreed"]
        return bool(view["turn"] == self.seat)

    def act(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Act | None:
        """A play or a pass; in a break, to go on."""
        if not self.is_called(view, mine):
            return None
        if view["stage"] == "break":
            return "go_on", {}
        mask = self._choose(str(view["level"]), self._position(view, mine))
        return ("play", {"cards": cards_of(mask)}) if mask else ("pass", {})

    def _choose(self, level: str, position: Position) -> int:
        if level == "random":
            return by_chance(position, self.random)
        if level == "greedy":
            return least(position)
        if self._planner is None:
            self._planner = Planner(position.rules)
        return self._planner(position)

    def _position(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Position:
        """Who came in mid-deal has not seen all that was laid, and counts the rest as if others held it."""
        deal = deal_from(view, mine, self.seat)
        seen = self._laid | deal.hands[self.seat]
        for mask in deal.laid:
            seen |= mask
        return Position(rules_from(view), deal, self.seat, view["counts"], ALL_CARDS & ~seen)
