"""What lies around on the field."""

from attrs import define, field, frozen

from gamesrv.games.arena.avatar import RADIUS

__all__ = ["Gem", "Gems"]

ROW = 1 << 12
"""More cells than any field has side by side."""
CELL = 128
"""More than any gem is wide, with an avatar on either side: from four cells at most one can reach it."""


@frozen
class Gem:
    """Worth 1, 3 or 5, and the bigger for it."""

    x: int
    y: int
    worth: int

    @property
    def reach(self) -> int:
        """How close an avatar's middle must come to touch it."""
        return RADIUS + 8 + 2 * self.worth


@define
class Gems:
    """All gems, by number, and which of them one might touch in each cell of the field.

    Whoever stands somewhere then has one or two gems to look at, not all of them.
    """

    lying: dict[int, Gem] = field(factory=dict)
    _by_cell: dict[int, list[tuple[int, int, int, int]]] = field(factory=dict)
    """Of each gem its number, its place and its reach squared."""
    _made: int = 0

    def put(self, x: int, y: int, worth: int) -> None:
        """A new gem."""
        self._made += 1
        gem = Gem(x, y, worth)
        self.lying[self._made] = gem
        for cell in _cells(gem):
            self._by_cell.setdefault(cell, []).append(_entry(self._made, gem))

    def take(self, number: int) -> Gem:
        """Picks a gem up."""
        gem = self.lying.pop(number)
        for cell in _cells(gem):
            self._by_cell[cell].remove(_entry(number, gem))
        return gem

    def touched(self, x: int, y: int) -> list[int]:
        """The gems that an avatar there touches."""
        near = self._by_cell.get(_cell(x, y), ())
        return [n for n, gem_x, gem_y, reach2 in near if (gem_x - x) ** 2 + (gem_y - y) ** 2 < reach2]


def _entry(number: int, gem: Gem) -> tuple[int, int, int, int]:
    return number, gem.x, gem.y, gem.reach**2


def _cell(x: int, y: int) -> int:
    return y // CELL * ROW + x // CELL


def _cells(gem: Gem) -> list[int]:
    """The cells in which an avatar might touch it, those of its corners."""
    reach = gem.reach
    return sorted({_cell(gem.x + dx, gem.y + dy) for dx in (-reach, reach) for dy in (-reach, reach)})
