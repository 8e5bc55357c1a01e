"""A bot for the arena. It sees what a player sees, and is no better than one."""

from collections.abc import Iterable, Mapping
from typing import Any

from gamesrv import Act, Bot

__all__ = ["Collector"]

Thing = Mapping[str, Any]
Direction = tuple[int, int]

CLOSE = 12
"""Units that it does not bother to correct."""
STRIKING_DISTANCE = 170


class Collector(Bot):
    """Runs for the gem that looks best from where it stands, and now and then at somebody richer.

    It misjudges, dawdles, and overshoots, as anybody does whose reaction takes that long.
    """

    pace = (0.15, 0.4)
    _goal: str = ""
    _direction: Direction = (0, 0)

    def act(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Act | None:
        """A new direction, a dash, or nothing."""
        me = view["avatars"].get(str(self.seat))
        if me is None or "stun" in me or self._chance(4):
            return None
        prey = self._prey(me, view["avatars"].values())
        if prey is not None and self._chance(2):
            return self._steer(_direction(me, prey)) or ("dash", {})
        return self._steer(_direction(me, self._gem(me, view["gems"])))

    def _steer(self, direction: Direction) -> Act | None:
        """Nothing, where it runs that way already."""
        if direction == self._direction:
            return None
        self._direction = direction
        return "move", {"dx": direction[0], "dy": direction[1]}

    def _gem(self, me: Thing, gems: Mapping[str, Thing]) -> Thing:
        """The one it is after, as long as it lies there; rarely it changes its mind."""
        if self._goal not in gems or self._chance(6):
            self._goal = max(gems, key=lambda number: self._appeal(me, gems[number]), default="")
        return gems.get(self._goal, me)

    def _appeal(self, me: Thing, gem: Thing) -> int:
        misjudged = 100_000 + self.random.below(100_000)
        return int(misjudged * gem["worth"] // (_distance(me, gem) + 60))

    def _prey(self, me: Thing, avatars: Iterable[Thing]) -> Thing | None:
        if "dash" in me:
            return None
        richer = (
            each for each in avatars if each["score"] > me["score"] and not {"away", "stun"} & each.keys()
        )
        return next((each for each in richer if _distance(me, each) < STRIKING_DISTANCE), None)

    def _chance(self, one_in: int) -> bool:
        return self.random.below(one_in) == 0


def _distance(one: Thing, other: Thing) -> int:
    """Roughly: the longer way, and half the shorter."""
    dx, dy = abs(one["x"] - other["x"]), abs(one["y"] - other["y"])
    return int(max(dx, dy) + min(dx, dy) // 2)


def _direction(start: Thing, end: Thing) -> Direction:
    return _sign(end["x"] - start["x"]), _sign(end["y"] - start["y"])


def _sign(way: int) -> int:
    return 0 if abs(way) <= CLOSE else 1 if way > 0 else -1
