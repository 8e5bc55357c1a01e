"""A tiny lockstep game for the tests: everyone has a number that their buttons move, and chance nudges.

This module is the simulation too, as a game's own would be.
"""

import sys
from typing import Any
from zlib import crc32

from attrs import define

from gamesrv import Bot, LockstepGame

World = dict[str, Any]


def new(seed: int, options: dict[str, Any]) -> World:
    return {"tick": 0, "chance": seed, "seats": {}, "log": []}


def join(world: World, seat: int) -> None:
    world["seats"][str(seat)] = {"at": 100 * seat, "away": 0}
    note(world, "join", seat)


def drop(world: World, seat: int) -> None:
    world["seats"][str(seat)]["away"] = 1
    note(world, "drop", seat)


def back(world: World, seat: int) -> None:
    world["seats"][str(seat)]["away"] = 0
    note(world, "back", seat)


def leave(world: World, seat: int) -> None:
    del world["seats"][str(seat)]
    note(world, "leave", seat)


def note(world: World, what: str, seat: int) -> None:
    world["log"] = [*world["log"], [what, seat, world["tick"]]][-20:]


def step(world: World, inputs: list[int]) -> None:
    world["tick"] += 1
    world["chance"] = (world["chance"] * 1103 + 12345) & 0xFFFFFF
    for seat, player in sorted(world["seats"].items()):
        held = inputs[int(seat)]
        player["at"] = (player["at"] * 3 + held * 7 + (world["chance"] >> 8 & 3)) & 0xFFFFF


def checksum(world: World) -> int:
    seats = [(seat, player["at"], player["away"]) for seat, player in sorted(world["seats"].items())]
    return crc32(repr((world["tick"], world["chance"], seats, world["log"])).encode())


class Presser(Bot):
    """Holds a button for a while, then another."""

    pace = (0.1, 0.2)

    def control(self, world: Any, seat: int) -> int:
        return world["tick"] // 10 % 4


@define
class Duel(LockstepGame):
    """The whole of it."""

    name, seats, tick_rate, input_bits, bot = "duel", (1, 4), 30, 6, Presser
    simulation = sys.modules[__name__]


@define
class Fast(Duel):
    name, tick_rate = "fast", 60


@define
class Patient(Duel):
    """Waits for everyone."""

    name, lockstep_mode = "patient", "wait"


@define
class Together(Duel):
    """Begins when two are ready."""

    name, seats, begins = "together", (2, 4), "ready"


@define
class Broken(Duel):
    """The server's own idea of the rules, once a button above 31 was held."""

    name = "broken"

    def on_tick(self) -> None:
        super().on_tick()
        for seat, held in enumerate(self.inputs):
            if held > 31:
                self.world["seats"][str(seat)]["at"] += 1


@define
class Crashing(Duel):
    """Fails while 63 is held."""

    name = "crashing"

    def on_tick(self) -> None:
        super().on_tick()
        if 63 in self.inputs:
            raise ZeroDivisionError("as you wish")


@define
class Ending(Duel):
    """Over after five seconds."""

    name = "ending"

    def on_tick(self) -> None:
        super().on_tick()
        if self.tick == 150:
            self.finish({})
