"""Areas: a world too large to send whole is cut into squares, of which each player sees those around.

Here is how an author says so, and where the squares lie. A square is left only when its border is clearly
behind: what trembles at a border stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import inf

from attrs import define, field, frozen, validators

__all__ = ["Areas", "Plan", "Square"]

FAR_EVERY = 4
"""Ticks between two updates of a square that is far."""
SLACK = 8
"""By this part of its side must what leaves a square be beyond the border."""
MOST = 1 << 18
"""Squares on either side of the origin: what is beyond is in the last of them."""
STRIDE = 1 << 20
MOST_KEPT = 1 << 16


@frozen
class Areas:
    """What of a game's view is cut into areas, and how much of it each player sees.

    Raises `ValueError` or `TypeError` naming what is wrong.
    """

    maps: tuple[str, ...] = field(
        validator=validators.deep_iterable(
            validators.instance_of(str), validators.and_(validators.instance_of(tuple), validators.min_len(1))
        ),
    )
    """The maps of the view whose entries have a place: an ``x`` and a ``y``, and no maps within."""
    size: int = field(validator=[validators.instance_of(int), validators.ge(1)])
    """Side of an area, in the units of the places."""
    near: int = field(default=1, validator=[validators.instance_of(int), validators.ge(1)])
    """How many areas one sees each way from one's own, all that happens in them."""
    far: int = field(default=0, validator=[validators.instance_of(int), validators.ge(0)])
    """How many more beyond them: who is there at once, what they do at each fourth tick."""
    caps: Mapping[str, int] = field(
        factory=dict,
        validator=validators.deep_mapping(validators.instance_of(str), validators.ge(1)),
    )
    """The most entries of a map that one sees: of more, the nearest, then by key."""

    def __attrs_post_init__(self) -> None:
        unknown = self.caps.keys() - set(self.maps)
        if unknown:
            raise ValueError(f"caps has {sorted(unknown)[0]!r}, which is none of maps")

    @property
    def far_every(self) -> int:
        """Ticks between two updates of what is far."""
        return FAR_EVERY if self.far else 1


@define(eq=False, slots=False)
class Square:
    """One area, borders with slack."""

    key: int
    left: float
    right: float
    top: float
    bottom: float
    phase: int
    """Squares that are far have their turn at different ticks."""
    _areas: Areas

    def holds(self, x: float, y: float) -> bool:
        """Whether what is in this square still is, at that place."""
        return self.left <= x < self.right and self.top <= y < self.bottom

    @cached_property
    def near(self) -> frozenset[int]:
        """Keys of those that one sees from here, each tick; its own too."""
        return self._around(self._areas.near)

    @cached_property
    def seen(self) -> frozenset[int]:
        """Keys of all those that one sees from here."""
        return self._around(self._areas.near + self._areas.far)

    def _around(self, reach: int) -> frozenset[int]:
        steps = range(-reach, reach + 1)
        return frozenset(self.key + dx * STRIDE + dy for dx in steps for dy in steps)


@define(eq=False)
class Plan:
    """Where the squares lie."""

    areas: Areas
    _squares: dict[int, Square] = field(factory=dict)

    def at(self, x: float, y: float) -> Square:
        """The square there. Raises `ValueError` or `OverflowError` for what is no number."""
        size = self.areas.size
        return self.square(_bounded(x // size), _bounded(y // size))

    def square(self, column: int, row: int) -> Square:
        """That one, counted from the origin."""
        key = column * STRIDE + row
        found = self._squares.get(key)
        if found is None:
            if len(self._squares) >= MOST_KEPT:  # of a world without end
                self._squares.clear()
            left, right = self._borders(column)
            top, bottom = self._borders(row)
            phase = (2 * column + row) % self.areas.far_every
            found = self._squares[key] = Square(key, left, right, top, bottom, phase, self.areas)
        return found

    def _borders(self, number: int) -> tuple[float, float]:
        size = self.areas.size
        slack = size / SLACK
        low = -inf if number <= -MOST else number * size - slack
        return low, inf if number >= MOST else (number + 1) * size + slack


def _bounded(number: float) -> int:
    if number != number:
        raise ValueError("not a number")
    return int(min(max(number, -MOST), MOST))
