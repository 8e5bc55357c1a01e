"""What one sees of a large world: the squares around one's own, or, in a crowd, the nearest.

Here is what a viewer must be told so that what they saw becomes what they see. All who go from the same
square to the same square, mostly the one they were in, are told the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import TypeAlias

from attrs import define, field

from gamesrv.core.areas import Square
from gamesrv.core.grid import Cell, Layer, Portion, Thing
from gamesrv.core.views import View

__all__ = ["Choice", "Place", "Told", "between", "crowded", "seen"]

Place: TypeAlias = tuple[float, float]

CHOOSE_EVERY = 4
"""Ticks between two looks around for who is nearest."""


@define
class Told:
    """A patch to one map: portions of cells, some things whole, some of their changes, and who is gone.

    No key is in two of them.
    """

    portions: list[tuple[Cell, Portion]] = field(factory=list)
    things: View = field(factory=dict)

    def __bool__(self) -> bool:
        return bool(self.portions or self.things)

    def plain(self) -> View:
        """The patch."""
        patch = dict(self.things)
        for cell, portion in self.portions:
            patch.update(cell.portion(portion))
        return patch


def seen(layer: Layer, square: Square | None) -> Iterator[Thing]:
    """All that is in the squares seen from that one."""
    for cell in _cells(layer, square):
        yield from cell.things.values()


def crowded(layer: Layer, square: Square | None, cap: int) -> bool:
    """Whether there are more than ``cap``."""
    if square is None or len(layer.things) <= cap:
        return False
    cells = layer.cells
    return sum([len(cells[key].things) for key in square.seen if key in cells]) > cap


def _cells(layer: Layer, square: Square | None) -> Iterator[Cell]:
    if square is not None:
        cells = layer.cells
        for key in cells.keys() & square.seen:
            yield cells[key]


def between(layer: Layer, before: Square | None, after: Square | None) -> Told:
    """What one is told who saw all from ``before`` at the last look, and sees all from ``after``."""
    nobody: frozenset[int] = frozenset()
    near_before, seen_before = (nobody, nobody) if before is None else (before.near, before.seen)
    near, sight = (nobody, nobody) if after is None else (after.near, after.seen)
    gone = dict.fromkeys(_gone(layer, seen_before, sight))
    if before is after:
        cells, portions = layer.cells, _steady(layer, near, sight)
        return Told([(cells[key], portion) for key, portion in portions], gone)
    told = Told([], gone)
    for cell in _cells(layer, after):
        key = cell.square.key
        if key not in seen_before:
            told.portions.append((cell, "whole"))
            continue
        if key in layer.entered:
            told.portions.append((cell, "come"))
        if key not in near:
            late = key in layer.due
        else:
            late = key not in near_before
            if not late and key in layer.stirred:
                told.portions.append((cell, "news"))
        if late and cell.late:
            told.portions.append((cell, "late"))
    return told


def _steady(layer: Layer, near: frozenset[int], sight: frozenset[int]) -> Iterator[tuple[int, Portion]]:
    """Of which cells one is told what, who stays where they are: what is far waits for its turn."""
    for key in near & layer.stirred:
        yield key, "news"
    for key in sight & layer.entered:
        yield key, "come"
    for key in sight & layer.due:
        if key not in near:
            yield key, "late"


def _gone(layer: Layer, before: frozenset[int], kept: frozenset[int]) -> Iterator[str]:
    """Names of those who were in sight and are not."""
    named, cells = layer.named, layer.cells
    for key in before & layer.left:
        for name in cells[key].gone:
            thing = named.get(name)
            if thing is None or thing.cell.square.key not in kept:
                yield name
    if before is not kept:
        for key in before - kept:
            cell = cells.get(key)
            if cell is not None:
                yield from cell.things


@define(eq=False)
class Choice:
    """What one sees of a map where there is too much: the nearest, chosen anew every few ticks."""

    names: frozenset[str] = frozenset()

    def choose(self, layer: Layer, square: Square | None, place: Place, cap: int) -> None:
        """Looks around: by distance, then by key."""
        x, y = place

        def distance(thing: Thing) -> tuple[float, int, str]:
            there_x, there_y = thing.place
            return (there_x - x) ** 2 + (there_y - y) ** 2, len(thing.name), thing.name

        nearest = nsmallest(cap, seen(layer, square), key=distance)
        self.names = frozenset(thing.name for thing in nearest)

    def drop_gone(self, layer: Layer) -> None:
        """Those who are nowhere any more are not seen."""
        self.names = frozenset(name for name in self.names if name in layer.named)

    def since(self, layer: Layer, before: frozenset[str]) -> Told:
        """What one is told who had chosen those ``before`` at the last look."""
        things: View = dict.fromkeys(before - self.names)
        for name in self.names:
            thing = layer.named[name]
            if name not in before:
                things[name] = thing.cell.full(thing)
            elif thing.noted == layer.number:
                things[name] = thing.news
        return Told(things=things)

    def instead(self, layer: Layer, before: Square | None) -> Told:
        """What one is told who saw everything from ``before``."""
        things: View = {} if before is None else dict.fromkeys(_gone(layer, before.seen, frozenset()))
        things.update(self._whole(layer))
        return Told(things=things)

    def no_longer(self, layer: Layer, square: Square | None) -> Told:
        """What one is told who sees everything again."""
        told = between(layer, None, square)
        here = {thing.name for thing in seen(layer, square)}
        told.things = dict.fromkeys(self.names - here)
        return told

    def whole(self, layer: Layer) -> View:
        """All that was chosen."""
        return dict(self._whole(layer))

    def _whole(self, layer: Layer) -> Iterable[tuple[str, View]]:
        things = (layer.named[name] for name in self.names if name in layer.named)
        return ((thing.name, thing.cell.full(thing)) for thing in things)
