"""Games that are there to be measured."""

from __future__ import annotations

from attrs import define

from gamesrv import Game, Seat, command
from gamesrv.games.arena import Arena

__all__ = ["Echo", "Hall"]


@define
class Echo(Game):
    """Says back what it is told. Nothing ticks, and there is nothing to see."""

    name = "echo"
    seats = (1, 64)

    @command
    def echo(self, seat: Seat, text: str) -> None:
        """Have it said back, to you alone."""
        self.emit("echoed", to=seat, text=text)


@define
class Hall(Arena):
    """The arena with more seats than it ships with."""

    name = "hall"
    seats = (1, 256)
