"""The author's side of a lockstep game: one simulation module, run by the server and by every client."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

import msgspec
from attrs import define, field

from gamesrv.core.game import Game, Seat
from gamesrv.core.plain import PlainMap

__all__ = ["SIMULATION", "LockstepGame"]

SIMULATION = ("new", "join", "drop", "back", "leave", "step", "checksum")
"""What a simulation module has."""


@define
class LockstepGame(Game):
    """A game whose rules are the module `simulation`; name it, its seats, `tick_rate` and `input_bits`.

    The module has ``new(seed, options)``, which makes a world, and what is done to one in place: ``join``,
    ``drop``, ``back`` and ``leave`` (a world and a seat), ``step`` (a world and the inputs by seat). The
    integer ``checksum(world)`` has 32 bits. A world is a map of plain data with nothing but integers in it,
    and keeps to what every runtime does alike: so no floats, no sets, no chance but what the seed gives.
    """

    simulation: ClassVar[ModuleType]
    world: PlainMap = field(factory=lambda: PlainMap({}))

    def on_start(self) -> None:
        options = msgspec.to_builtins(self.options)
        self.world = self.simulation.new(self.random.below(1 << 30), options)
        for seat in sorted(self.names):
            self.simulation.join(self.world, seat)

    def on_join(self, seat: Seat) -> None:
        self.simulation.join(self.world, seat)

    def on_drop(self, seat: Seat) -> None:
        self.simulation.drop(self.world, seat)

    def on_back(self, seat: Seat) -> None:
        self.simulation.back(self.world, seat)

    def on_leave(self, seat: Seat) -> None:
        self.simulation.leave(self.world, seat)

    def on_tick(self) -> None:
        self.simulation.step(self.world, self.inputs)

    def view(self) -> Mapping[str, Any]:
        return self.world

    def checksum(self) -> int:
        checksum: int = self.simulation.checksum(self.world)
        return checksum
