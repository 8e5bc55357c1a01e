"""Views and what changes in them: RFC 7396 merge patches between maps of plain data."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, cast

import attrs
import msgspec
from attrs import define, field

from gamesrv.core.game import GameError

__all__ = ["SCALARS", "Audience", "Shape", "View", "merge", "name_of", "prune", "shape_of"]

View: TypeAlias = dict[str, Any]
"""Plain data with string keys. What is `None` is left out: as the RFC has it, that is the same as absent."""

SCALARS = frozenset({int, str, bool, float, type(None)})
_UNKNOWN = object()
"""What equals nothing, so that it is looked at again each time."""


def merge(target: View, patch: View) -> View:
    """Applies a patch to ``target``, in place, and returns it; the patch stays as it is."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif type(value) is dict:
            before = target.get(key)
            target[key] = merge(before if type(before) is dict else {}, value)
        else:
            target[key] = value
    return target


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
    _seen: "_Seen" = field(factory=lambda: _Seen(dict))

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
        was = self._seen.was.get("view")
        if type(was) is _Seen and was.was == view:
            return None
        first = not self._seen.was
        try:
            patch = _look(self._seen, {"view": view})
        except TypeError as error:
            raise GameError(f"a view is made of plain data and attrs objects: {error}") from None
        if type(self._seen.plain.get("view")) is not dict:
            raise GameError(f"a view must be a map, got {type(view).__name__}")
        if not patch or (first and not patch["view"]):
            return None
        self.version += 1
        return cast(View, patch["view"])


class _Seen:
    """A map or an object as it was at the last look."""

    __slots__ = ("deep", "kind", "plain", "shape", "values", "was")

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.shape = shape_of(kind)
        self.plain: View = {}
        """As those have it who look on."""
        self.was: dict[Any, Any] = {}
        """By the author's keys: the very value if it can't change from within, a `_Seen`, or `_UNKNOWN`."""
        self.values: tuple[Any, ...] | None = None
        """All that an object had which never had anything but plain values: they are compared at once."""
        self.deep = False
        """Whether there was ever anything in it that may change from within."""

    @property
    def fixed(self) -> bool:
        """Whether an object stays as it is for as long as it is the same object."""
        if self.shape is None or not self.shape.frozen:
            return False
        return SCALARS.issuperset(map(type, self.was.values()))


class Shape:
    """How to read the objects of an attrs class. Private fields are state, but not shown."""

    __slots__ = ("frozen", "get", "names")

    def __init__(self, cls: Any) -> None:
        self.names = tuple(item.name for item in attrs.fields(cls) if not item.name.startswith("_"))
        self.get = _reader(self.names)
        self.frozen = attrs.inspect(cls).is_frozen and _compared_by_all(cls)


def _compared_by_all(cls: Any) -> bool:
    """Whether equal objects look the same: an author may leave fields out, or compare in their own way."""
    return attrs.inspect(cls).added_eq and all(item.eq and not item.eq_key for item in attrs.fields(cls))


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda source: tuple(getattr(source, name) for name in names)


@cache
def shape_of(kind: type) -> Shape | None:
    """`None` for what is no attrs class."""
    return Shape(kind) if attrs.has(kind) else None


def _look(seen: _Seen, source: Any) -> View:
    """Brings what was seen of a map or an object up to date, and returns the patch."""
    if seen.shape is not None:
        now = seen.shape.get(source)
        if now == seen.values:
            return {}
        patch = _look_at_items(seen, zip(seen.shape.names, now, strict=True))
        if not seen.deep:
            seen.values = now
        return patch
    was = seen.was
    if was == source:
        return {}
    patch = _look_at_items(seen, source.items())
    if len(was) > len(source):
        for key in [key for key in was if key not in source]:
            del was[key]
            _set(seen.plain, patch, key, None)
    return patch


def _look_at_items(seen: _Seen, items: Iterable[tuple[Any, Any]]) -> View:
    was = seen.was
    patch: View = {}
    for key, value in items:
        before = was.get(key, _UNKNOWN)
        if before is value:
            continue
        kind = type(value)
        if kind in SCALARS:
            was[key] = value
            _set(seen.plain, patch, key, value)
            continue
        seen.deep, seen.values = True, None
        if kind is list and before == value:
            continue
        if type(before) is _Seen and before.kind is kind:
            if inner := _look(before, value):
                patch[name_of(key)] = inner
        else:
            was[key], plain = _first_look(value)
            _set(seen.plain, patch, key, plain)
    return patch


def _first_look(value: Any) -> tuple[Any, Any]:
    """What to remember of a value that was not there before, and the value as plain data."""
    if type(value) is list:
        plain = _plain(value)
        return plain, plain  # our own one can be compared: an author's may change from within
    if not (attrs.has(type(value)) or isinstance(value, Mapping)):
        return _UNKNOWN, _plain(value)
    inside = _Seen(type(value))
    _look(inside, value)
    return value if inside.fixed else inside, inside.plain


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
