"""Who plays Big Two where people are missing. (A first version: the weakest play that will do.)"""

from collections.abc import Mapping
from typing import Any

from gamesrv import Act, Bot
from gamesrv.games.bigtwo.rules import cards_of
from gamesrv.games.bigtwo.seen import deal_from, rules_from

__all__ = ["BigTwoBot"]


class BigTwoBot(Bot):
    """Plays at the pace of a person."""

    pace = (0.8, 2.5)

    def is_called(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
        """On its turn, and in a break until it has agreed to go on."""
        if view["stage"] == "break":
            return self.seat not in view["agreed"]
        return bool(view["turn"] == self.seat)

    def act(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Act | None:
        """The weakest legal play."""
        if view["stage"] == "break":
            return "go_on", {}
        found = rules_from(view).legal(deal_from(view, mine, self.seat), self.seat)
        return ("play", {"cards": cards_of(found[0])}) if found else ("pass", {})
