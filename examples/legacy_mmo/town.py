"""The game: a town to walk about in. It knows nothing of packets."""

from __future__ import annotations

from typing import Annotated, Any

from attrs import define, field

from gamesrv import Game, Meta, Refused, Seat, command

__all__ = ["Town"]

Direction = Annotated[int, Meta(ge=0, le=7)]

SIZE = 64
STEPS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))


@define
class Hero:
    """Somebody in the town."""

    name: str
    x: int
    y: int


@define
class Town(Game):
    """Everyone walks about one town, a step at a time."""

    name, seats = "town", (1, 64)
    heroes: dict[Seat, Hero] = field(factory=dict)

    def on_join(self, seat: Seat) -> None:
        x, y = (SIZE // 2 + self.random.below(5) - 2 for _ in range(2))
        self.heroes[seat] = Hero(self.names[seat], x, y)
        self.emit("appeared", seat=seat, hero=self.heroes[seat])

    def on_leave(self, seat: Seat) -> None:
        del self.heroes[seat]
        self.emit("gone", seat=seat)

    @command
    def walk(self, seat: Seat, direction: Direction) -> None:
        """One step: 0 is down, and on clockwise."""
        hero, (dx, dy) = self.heroes[seat], STEPS[direction]
        if not (0 <= hero.x + dx < SIZE and 0 <= hero.y + dy < SIZE):
            raise Refused("the town ends here", "wall")
        hero.x += dx
        hero.y += dy
        self.emit("walked", seat=seat, direction=direction, x=hero.x, y=hero.y)

    def view(self) -> dict[str, Any]:
        return {"heroes": self.heroes}
