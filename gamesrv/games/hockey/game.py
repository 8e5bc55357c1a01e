"""Air hockey as a game that is served: all of it happens in `sim`."""

from types import ModuleType
from typing import Annotated, ClassVar

from attrs import define, frozen

from gamesrv import LockstepGame, Meta
from gamesrv.games.hockey import sim, text
from gamesrv.games.hockey.bot import Keeper
from gamesrv.games.hockey.sim import AT, BY, NOBODY, PHASE, SCORED, WON

__all__ = ["Hockey", "HockeyOptions"]


@frozen
class HockeyOptions:
    """What a table may be opened with."""

    goals: Annotated[int, Meta(ge=1, le=21)] = 7
    """They win a round."""


@define
class Hockey(LockstepGame):
    """Keep the puck out of your goal, and shoot it into the others'. Rounds follow each other for ever."""

    name, title = "hockey", "Air hockey"
    seats = (1, sim.SEATS)
    tick_rate = 60
    input_bits = 6
    Options = HockeyOptions
    bot = Keeper
    simulation: ClassVar[ModuleType] = sim
    browser_modules = (sim.__name__,)

    def on_tick(self) -> None:
        """Who does not follow the simulation is told of goals."""
        match = self.world["match"]
        before = match[PHASE]
        super().on_tick()
        if match[PHASE] == before:
            return
        by = None if match[BY] == NOBODY else match[BY]
        if match[PHASE] == SCORED:
            self.emit("goal", seat=match[AT], by=by)
        elif match[PHASE] == WON:
            self.emit("won", seat=by)

    picture = staticmethod(text.picture)
    tell = staticmethod(text.tell)
