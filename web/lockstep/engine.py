"""The world of a lockstep room in the page: the game's own sim.py, run by the browser's MicroPython.

What comes in and goes out is JSON or an integer: a call with that is the cheapest there is.
"""

import json

import sim

CHANGES = (sim.join, sim.drop, sim.back, sim.leave)


class Engine:
    """One world, from a snapshot on."""

    def __init__(self) -> None:
        self.world = {}

    def load(self, world: str) -> None:
        """Takes over a snapshot."""
        self.world = json.loads(world)

    def step(self, frame: str) -> None:
        """One tick: the changes among the seats, each a kind and a seat, then everyone's input."""
        changes, inputs = json.loads(frame)
        for kind, seat in changes:
            CHANGES[kind](self.world, seat)
        sim.step(self.world, inputs)

    def dump(self) -> str:
        """The world as it is now."""
        return json.dumps(self.world)

    def checksum(self) -> int:
        """Its checksum."""
        return sim.checksum(self.world)

    def constants(self) -> str:
        """What the simulation has by a name in capitals: measures, and what stands where in a world."""
        return json.dumps({name: getattr(sim, name) for name in dir(sim) if name.upper() == name})


engine = Engine()
load, step, dump, checksum = engine.load, engine.step, engine.dump, engine.checksum
constants = engine.constants
