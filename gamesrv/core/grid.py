"""What is where in a large world, and what has changed in each of its areas since the last look.

Of a map of the view whose entries have a place, each look notes per square: what came, what went, and how the
others changed. What changes is also added up (``late``), for those who are told of the square more rarely.
An entry is flat, no map within: so patches of it add up to one patch, and none has to be told in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

from gamesrv.core.areas import Plan, Square
from gamesrv.core.game import GameError
from gamesrv.core.views import SCALARS, View, merge, name_of, shape_of

__all__ = ["Cell", "Layer", "Portion", "Thing"]

Portion: TypeAlias = Literal["news", "late", "come", "whole"]
"""Of a cell: what changed in those who stayed; the same since the last turn; who came; all there is."""


class Thing:
    """An entry of the map, as it was at the last look."""

    __slots__ = (
        "_changes",
        "_kind",
        "_was",
        "cell",
        "fixed",
        "name",
        "news",
        "noted",
        "plain",
        "source",
    )

    cell: Cell
    fixed: bool
    """Whether it stays as it is for as long as ``source`` is the same object."""
    source: Any
    _changes: Callable[[Any, tuple[Any, ...]], tuple[View, tuple[Any, ...]]] | None
    """Compares an object of plain values; `None` for any other kind."""
    _kind: type
    _was: tuple[Any, ...]

    def __init__(self, name: str, source: Any, where: str) -> None:
        self.name = name
        self.plain: View = {}
        self.news: View = {}
        """What has changed in it,"""
        self.noted = -1
        """at the look with that number."""
        self.look_anew(source, where)

    @property
    def place(self) -> tuple[float, float]:
        """Where it is."""
        return self.plain["x"], self.plain["y"]

    def look(self, source: Any, where: str) -> View:
        """The patch since the last look. What is an object of plain values is compared field by field."""
        if self._changes is None or type(source) is not self._kind:
            return self.look_anew(source, where)
        patch, now = self._changes(source, self._was)
        if not SCALARS.issuperset(map(type, patch.values())):
            return self.look_anew(source, where)
        self._was, self.source = now, source
        merge(self.plain, patch)
        return patch

    def look_anew(self, source: Any, where: str) -> View:
        """The same for any kind of entry: by its plain data."""
        before, self.plain = self.plain, _flat(source, f"{where}.{self.name}")
        kind: Any = type(source)
        shape = shape_of(kind)
        values = () if shape is None else shape.get(source)
        simple = shape is not None and SCALARS.issuperset(map(type, values))
        self._kind, self._was, self.source = kind, values, source
        self._changes = shape.changes if shape is not None and simple else None
        self.fixed = shape is not None and simple and shape.frozen
        patch = dict.fromkeys(before.keys() - self.plain.keys())
        patch.update((name, value) for name, value in self.plain.items() if before.get(name) != value)
        return patch


def _flat(source: Any, where: str) -> View:
    try:
        plain = msgspec.to_builtins(source, str_keys=True)
    except TypeError as error:
        raise GameError(f"{where}: a view is made of plain data and attrs objects: {error}") from None
    if type(plain) is not dict:
        raise GameError(f"{where} must be a map or an attrs object, got {type(source).__name__}")
    for name, value in plain.items():
        if type(value) is dict:
            raise GameError(f"{where}.{name}: what has a place holds no maps")
    if not (type(plain.get("x")) in (int, float) and type(plain.get("y")) in (int, float)):
        raise GameError(f"{where} has no place: x and y must be numbers")
    return {name: value for name, value in plain.items() if value is not None}


@attrs.define(eq=False)
class Cell:
    """What is in one square."""

    square: Square
    things: dict[str, Thing] = attrs.field(factory=dict)
    news: View = attrs.field(factory=dict)
    come: View = attrs.field(factory=dict)
    gone: list[str] = attrs.field(factory=list)
    late: View = attrs.field(factory=dict)
    """What has changed since its last turn in those who are still there."""
    encoded: dict[Any, Any] = attrs.field(factory=dict)
    """What was made of its portions since it last changed."""

    def portion(self, portion: Portion) -> View:
        """Part of a patch to the map."""
        match portion:
            case "news":
                return self.news
            case "late":
                return self.late
            case "come":
                return self.come
        return {name: self.full(thing) for name, thing in self.things.items()}

    def full(self, thing: Thing) -> View:
        """One that is here, whole: also for those who know it as it was at the last turn or later."""
        come: View | None = self.come.get(thing.name)
        return _full(thing, self.late.get(thing.name, {})) if come is None else come


def _full(thing: Thing, changed: Mapping[str, Any]) -> View:
    """Patches merge: what it has no longer must be said."""
    lost = [name for name, value in changed.items() if value is None]
    return {**thing.plain, **dict.fromkeys(lost)} if lost else thing.plain


class Layer:
    """One map of the view. Each `look` makes what the cells had noted at the one before worth nothing."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.cells: dict[int, Cell] = {}
        self.things: dict[Any, Thing] = {}
        """By the author's keys."""
        self.named: dict[str, Thing] = {}
        self.number = 0
        """Of the newest look."""
        self.stirred: set[int] = set()
        """Keys of the cells with news,"""
        self.entered: set[int] = set()
        """of those that something came to,"""
        self.left: set[int] = set()
        """of those that something left,"""
        self.due: set[int] = set()
        """and of those whose turn it is to tell what they have been late with."""
        self._plan = plan
        self._touched: dict[int, Cell] = {}
        self._waiting: dict[int, Cell] = {}
        """Cells with something that not all were told."""

    @property
    def changed(self) -> bool:
        """Whether there is anything new for anybody."""
        return bool(self._touched or self.due)

    def look(self, source: object, tick: int, last: bool = False) -> None:
        """Takes the map as it is now. ``last``: all squares have their turn, since no other look follows.

        Raises `GameError` for what is no map of things that have a place.
        """
        if not isinstance(source, Mapping):
            raise GameError(f"{self.name} must be a map, got {type(source).__name__}")
        self._forget()
        things, name = self.things, self.name
        for key, value in source.items():
            thing = things.get(key)
            if thing is None:
                self._arrive(key, value)
            elif thing.source is not value or not thing.fixed:
                patch = thing.look(value, name)
                if patch:
                    self._note(thing, patch)
        if len(things) > len(source):
            for key in [key for key in things if key not in source]:
                self._depart(key)
        every = self._plan.areas.far_every
        phase = -tick % every
        self.due = {key for key, cell in self._waiting.items() if last or cell.square.phase == phase}

    def _forget(self) -> None:
        """What was noted is told."""
        self.number += 1
        for key in self.due:
            cell = self._waiting.pop(key)
            cell.late = {}
            cell.encoded.clear()
        for key, cell in self._touched.items():
            cell.news, cell.come, cell.gone = {}, {}, []
            cell.encoded.clear()
            if not cell.things:
                self._waiting.pop(key, None)
                del self.cells[key]
        self._touched.clear()
        self.stirred, self.entered, self.left, self.due = set(), set(), set(), set()

    def _touch(self, cell: Cell) -> None:
        if cell.square.key not in self._touched:
            self._touched[cell.square.key] = cell
            cell.encoded.clear()

    def _note(self, thing: Thing, patch: View) -> None:
        thing.news, thing.noted = patch, self.number
        cell = thing.cell
        if "x" in patch or "y" in patch:
            plain = thing.plain
            try:
                stays = cell.square.holds(plain["x"], plain["y"])
            except (KeyError, TypeError):
                raise GameError(f"{self.name}.{thing.name} has no place: x and y must be numbers") from None
            if not stays:
                self._move(thing, patch)
                return
        name = thing.name
        late = cell.late.get(name)
        cell.news[name] = patch
        cell.late[name] = {**late, **patch} if late else patch
        self._touch(cell)
        key = cell.square.key
        self._waiting[key] = cell
        self.stirred.add(key)

    def _move(self, thing: Thing, patch: View) -> None:
        lost = {**self._take_out(thing), **patch}
        self._put_in(thing, lost)

    def _arrive(self, key: Any, value: Any) -> None:
        thing = Thing(name_of(key), value, self.name)
        self._put_in(thing, {})
        self.things[key] = self.named[thing.name] = thing

    def _depart(self, key: Any) -> None:
        thing = self.things.pop(key)
        self._take_out(thing)
        del self.named[thing.name]

    def _put_in(self, thing: Thing, changed: View) -> None:
        cell = thing.cell = self._cell_at(thing)
        cell.things[thing.name] = thing
        cell.come[thing.name] = _full(thing, changed)
        self.entered.add(cell.square.key)
        self._touch(cell)

    def _take_out(self, thing: Thing) -> View:
        """Returns what not all were told of it."""
        cell = thing.cell
        del cell.things[thing.name]
        cell.gone.append(thing.name)
        self.left.add(cell.square.key)
        self._touch(cell)
        late: View = cell.late.pop(thing.name, {})
        return late

    def _cell_at(self, thing: Thing) -> Cell:
        try:
            square = self._plan.at(*thing.place)
        except (ValueError, OverflowError):
            raise GameError(f"{self.name}.{thing.name} has no place: {thing.place}") from None
        cell = self.cells.get(square.key)
        if cell is None:
            cell = self.cells[square.key] = Cell(square)
        return cell
