"""Views and what changes in them: RFC 7396 merge patches between maps of plain data."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, cast

import attrs
import msgspec
from attrs import define, field

from gamesrv.core.game import GameError

__all__ = ["SCALARS", "Audience", "Shape", "View", "merge", "merged", "name_of", "prune", "shape_of"]

View: TypeAlias = dict[str, Any]
"""Plain data with string keys. What is `None` is left out: as the RFC has it, that is the same as absent."""

SCALARS = frozenset({int, str, bool, float, type(None)})
_UNKNOWN = object()
"""What equals nothing, so that it is looked at again each time."""


def merge(target: View, patch: View, within: Callable[[View, View], View] | None = None) -> View:
    """Applies a patch to ``target``, in place, and returns it; the patch stays as it is.

    ``within`` does that to the maps in it: this function, unless another one is given.
    """
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif type(value) is dict:
            before = target.get(key)
            target[key] = (within or merge)(before if type(before) is dict else {}, value)
        else:
            target[key] = value
    return target


def merged(view: View, patch: View) -> View:
    """What a patch makes of a view, which stays as it is: only maps in which something changes are copied."""
    return merge(view.copy(), patch, merged)


def prune(view: View) -> View:
    """A copy without what is `None`, but for what stands in lists."""
    return merge({}, view)


@define(eq=False)
class Audience:
    """Those who see the same: what they see now, and its version.

    It finds what has changed by going through an author's own objects, since turning all of them into plain
    data at each look would cost several times as much. What can't have changed, a number or a frozen object
    that is still the same one, is passed over at once.
    """

    version: int = 0
    _seen: "_SeenMap" = field(factory=lambda: _SeenMap(dict))
    """Of a map that holds the view."""

    @property
    def view(self) -> View:
        """What they see, as plain data."""
        view: View = self._seen.plain.get("view", {})
        return view

    def change(self, view: object) -> View | None:
        """Takes a new view, a map or an attrs object; returns the patch to it, `None` where it is the same.

        Lists are compared whole and replaced whole, as the RFC has it. Values that Python finds equal (1, 1.0
        and True) are the same. Raises `GameError` for what is no map, and for what can't be made plain.
        """
        seen: Any = self._seen.was.get("view")
        try:
            if type(seen) in _FOLLOWING and seen.kind is type(view):
                patch = seen.look(view)
            else:
                patch = self._begin(view)
        except TypeError as error:
            raise GameError(f"a view is made of plain data and attrs objects: {error}") from None
        if not patch:
            return None
        self.version += 1
        return cast(View, patch)

    def _begin(self, view: object) -> Any:
        patch = self._seen.look({"view": view}).get("view")
        if type(self._seen.plain.get("view")) is not dict:
            raise GameError(f"a view must be a map, got {type(view).__name__}")
        return patch


class _SeenMap:
    """A map as it was at the last look."""

    __slots__ = ("kind", "plain", "was")

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.plain: View = {}
        """As those have it who look on."""
        self.was: dict[Any, Any] = {}
        """By the author's keys: the very value if it can't change from within, a copy of a list, what follows
        a map or an object, or `_UNKNOWN`.
        """

    def look(self, source: Any) -> View:
        """Brings what was seen up to date, and returns the patch."""
        was = self.was
        if was == source:
            return {}
        patch = _news(was, self.plain, source.items())
        if len(was) > len(source):
            for key in [key for key in was if key not in source]:
                del was[key]
                _set(self.plain, patch, key, None)
        return patch


class _SeenObject:
    """An object of an attrs class as it was at the last look."""

    __slots__ = ("kind", "plain", "shape", "values", "was")

    def __init__(self, kind: type, shape: "Shape") -> None:
        self.kind = kind
        self.shape = shape
        self.plain: View = {}
        self.was: dict[Any, Any] = {}
        """Of its fields, as in a map; not kept while all of them are scalars."""
        self.values: tuple[Any, ...] | None = None
        """What it had then, if all of it were scalars: they are compared at once."""

    def look(self, source: Any) -> View:
        """Brings what was seen up to date, and returns the patch."""
        if self.values is None:
            return self._look_within(source)
        patch, now = self.shape.changes(source, self.values)
        if not patch:
            return patch
        if not SCALARS.issuperset(map(type, patch.values())):
            self.was = dict(zip(self.shape.names, self.values, strict=True))
            return self._look_within(source)
        self.values = now
        merge(self.plain, patch)
        return patch

    def _look_within(self, source: Any) -> View:
        now = self.shape.get(source)
        patch = _news(self.was, self.plain, zip(self.shape.names, now, strict=True))
        flat = SCALARS.issuperset(map(type, now))
        self.values = now if flat else None
        if flat:
            self.was = {}
        return patch

    @property
    def fixed(self) -> bool:
        """Whether the object stays as it is for as long as it is the same object."""
        return self.shape.frozen and self.values is not None


_FOLLOWING = frozenset({_SeenMap, _SeenObject})


class Shape:
    """How to read the objects of an attrs class. Private fields are state, but not shown."""

    __slots__ = ("changes", "frozen", "get", "names")

    def __init__(self, cls: Any) -> None:
        self.names = tuple(item.name for item in attrs.fields(cls) if not item.name.startswith("_"))
        self.get = _reader(self.names)
        self.changes = _comparer(self.names)
        self.frozen = attrs.inspect(cls).is_frozen and _compared_by_all(cls)


def _compared_by_all(cls: Any) -> bool:
    """Whether equal objects look the same: an author may leave fields out, or compare in their own way."""
    return attrs.inspect(cls).added_eq and all(item.eq and not item.eq_key for item in attrs.fields(cls))


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda source: tuple(getattr(source, name) for name in names)


def _comparer(names: tuple[str, ...]) -> Callable[[Any, tuple[Any, ...]], tuple[View, tuple[Any, ...]]]:
    """A function of an object and what it had then: what of it is not as it was, and all that it has now.

    Nothing is done as often as this. So there is a function for each class, written for its fields, as attrs
    writes its methods: it takes a fifth of the time that a loop over their names would take.
    """
    numbers = range(len(names))
    lines = ["def changes(source, then):", "    patch = {}", f"    {_tuple('old', numbers)} = then"]
    for number, name in enumerate(names):
        lines += [
            f"    new{number} = source.{name}",
            f"    if new{number} is not old{number} and new{number} != old{number}:",
            f"        patch[{name!r}] = new{number}",
        ]
    lines.append(f"    return patch, {_tuple('new', numbers)}")
    scope: dict[str, Any] = {}
    exec("\n".join(lines), scope)
    changes: Callable[[Any, tuple[Any, ...]], tuple[View, tuple[Any, ...]]] = scope["changes"]
    return changes


def _tuple(name: str, numbers: Iterable[int]) -> str:
    return f"({''.join(f'{name}{number}, ' for number in numbers)})"


@cache
def shape_of(kind: type) -> Shape | None:
    """`None` for what is no attrs class."""
    return Shape(kind) if attrs.has(kind) else None


def _news(was: dict[Any, Any], plain: View, items: Iterable[tuple[Any, Any]]) -> View:
    """Brings up to date what was seen of these items, and returns the patch."""
    patch: View = {}
    for key, value in items:
        before = was.get(key, _UNKNOWN)
        if before is value:
            continue
        if type(before) in _FOLLOWING and before.kind is type(value):
            if inner := before.look(value):
                patch[key if type(key) is str else name_of(key)] = inner
        elif type(value) in SCALARS:
            was[key] = value
            _set(plain, patch, key, value)
        elif type(value) is not list or before != value:
            was[key], new = _first_look(value)
            _set(plain, patch, key, new)
    return patch


def _first_look(value: Any) -> tuple[Any, Any]:
    """What to remember of a value that was not there before, and the value as plain data."""
    kind: type = type(value)
    if kind is list:
        plain = _plain(value)
        return plain, plain  # our own one can be compared: an author's may change from within
    shape = shape_of(kind)
    if shape is not None:
        seen = _SeenObject(kind, shape)
        seen.look(value)
        return value if seen.fixed else seen, seen.plain
    if isinstance(value, Mapping):
        inside = _SeenMap(kind)
        inside.look(value)
        return inside, inside.plain
    return _UNKNOWN, _plain(value)


def _plain(value: Any) -> Any:
    plain = msgspec.to_builtins(value, str_keys=True)
    return prune(plain) if type(plain) is dict else plain


def _set(plain: View, patch: View, key: Any, value: Any) -> None:
    """Replaces a value; one map by another with what differs, since a patch merges them."""
    name = name_of(key)
    before = plain.get(name)
    if value is None:
        if plain.pop(name, None) is not None:
            patch[name] = None
    elif type(value) is dict:
        plain[name] = value
        if type(before) is not dict:
            patch[name] = merge({}, value)
        elif inner := _difference(before, value):
            patch[name] = inner
    elif before != value:
        plain[name] = patch[name] = value


def _difference(old: View, new: View) -> View:
    patch: View = dict.fromkeys(old.keys() - new.keys())
    scratch = dict(old)
    for name, value in new.items():
        _set(scratch, patch, name, value)
    return patch


def name_of(key: Any) -> str:
    """An author's key, as those have it who look on."""
    if type(key) is str:
        return key
    if type(key) is int:
        return str(key)
    name: str
    (name,) = msgspec.to_builtins({key: 0}, str_keys=True)
    return name
