"""A game's whole state as bytes and back: for checkpoints, and for the hash that proves two runs equal.

cattrs takes the attrs fields apart and puts them together again by their hints, so a field must hold what its
hint says. Hints may use numbers, strings, bytes, booleans, `None`, enums, literals, attrs classes, named
tuples, ``list``, ``dict``, ``set``, ``frozenset`` and ``tuple`` of such things, and unions that can be told
apart; and `PlainMap`, which is kept as it is. `check` refuses any other hint, and attrs objects as the keys
of a map (named tuples will do). `dump` refuses what hints don't show: integers beyond 64 bits, and subclasses
where the hint names their base.

Maps keep their order, since an author's loop may depend on it; sets are sorted, since nothing may depend on
theirs.
"""

from collections.abc import Callable, Iterator, Set
from enum import Enum
from hashlib import sha256
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec
from cattrs import Converter, StructureHandlerNotFoundError
from cattrs.cols import is_namedtuple
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn
from cattrs.strategies import configure_union_passthrough

from gamesrv.core.game import Context, Game, GameError, Timer
from gamesrv.core.plain import PlainMap

__all__ = ["check", "dump", "fingerprint", "load", "pack"]


def check(rules: type[Game]) -> None:
    """Raises `GameError` naming the field whose hint does not say how to save it."""
    try:
        _check_fields(rules, set())
    except (NameError, TypeError) as error:
        raise GameError(f"the state of {rules.__qualname__} can't be saved: {error}") from None


def dump(game: Game) -> bytes:
    """The state of a game and its room time, chance and timers (not the seed), as MessagePack.

    Raises `GameError` where a field holds something else than its hint says, and that can't be saved.
    """
    context = game._context
    room = {
        "tick": context.tick,
        "drawn": context.random.drawn,
        "names": context.names,
        "timers": [(t.due, t.number, t.name, t.args) for t in sorted(context.timers)],
        "timers_set": context.timers_set,
        "finished": context.finished,
        "result": context.result,
        "inputs": context.inputs,
    }
    try:
        return msgspec.msgpack.encode({"room": room, "game": _converter.unstructure(game)})
    except (AttributeError, OverflowError, TypeError) as error:
        raise GameError(f"the state of {type(game).__qualname__} can't be saved: {error}") from error


def pack(value: Any, hint: Any) -> bytes:
    """One value as `dump` saves it, where its hint is that; raises what `dump` makes a `GameError` of."""
    return msgspec.msgpack.encode(_converter.unstructure(value, unstructure_as=hint))


def fingerprint(game: Game) -> str:
    """SHA-256 of `dump`, in hexadecimal: equal for equal states."""
    return sha256(dump(game)).hexdigest()


def load(rules: type[Game], data: bytes, context: Context) -> Game:
    """The game that `dump` took apart, in a fresh ``context``, which is brought to where the room was."""
    saved = msgspec.msgpack.decode(data)
    room = saved["room"]
    context.random.drawn = room.pop("drawn")
    # They were sorted, which makes them a heap.
    context.timers = [Timer(due, number, name, tuple(args)) for due, number, name, args in room.pop("timers")]
    for name, value in room.items():
        setattr(context, name, value)
    game = _converter.structure(saved["game"], rules)
    game._context = context
    return game


# ---------------------------------------------------------------------- values

_converter = Converter()

# MessagePack keeps these as they are: made into what the hint says they could only be spoilt.
configure_union_passthrough(int | float | str | bytes | bool | None, _converter)
_LEAVES = (int, float, str, bytes, bool, NoneType)


def _as_it_was(value: Any, hint: Any) -> Any:
    """An enum of integers comes here too."""
    return value if hint in _LEAVES else hint(value)


for leaf in _LEAVES:
    _converter.register_structure_hook(leaf, _as_it_was)


def _is_a(kind: type) -> Callable[[Any], bool]:
    """Whether a hint means ``kind`` or a class derived from it."""

    def is_a(hint: Any) -> bool:
        origin = get_origin(hint) or hint
        return isinstance(origin, type) and issubclass(origin, kind)

    return is_a


def _taking_apart(cls: type) -> Callable[[Any], dict[str, Any]]:
    take_apart: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn(
        cls, _converter, _cattrs_include_init_false=True
    )

    def unstructure(value: Any) -> dict[str, Any]:
        if type(value) is not cls:
            raise TypeError(f"{type(value).__name__} where the hint says {cls.__name__}")
        return take_apart(value)

    return unstructure


def _putting_together(cls: type) -> Callable[[Any, Any], Any]:
    return make_dict_structure_fn(cls, _converter, _cattrs_include_init_false=True)


def _unstructure_set(values: Set[Any]) -> tuple[Any, ...]:
    """A tuple, since it may be the key of a map."""
    return tuple(sorted(map(_converter.unstructure, values), key=msgspec.msgpack.encode))


def _structure_enum(value: Any, cls: type[Enum]) -> Enum:
    """MessagePack has made a list of a member that is a tuple."""
    return cls(tuple(value) if isinstance(value, list) else value)


_converter.register_unstructure_hook_factory(attrs.has, _taking_apart)
_converter.register_structure_hook_factory(attrs.has, _putting_together)
_converter.register_unstructure_hook_func(_is_a(Set), _unstructure_set)
_converter.register_unstructure_hook_func(lambda hint: hint is PlainMap, lambda value: value)
_converter.register_structure_hook_func(lambda hint: hint is PlainMap, lambda value, hint: value)
_converter.register_structure_hook_func(_is_a(Enum), _structure_enum)


# ---------------------------------------------------------------------- hints

_MADE_OF_PARTS = (list, set, frozenset, tuple, Union, UnionType)


def _check_fields(cls: type, seen: set[Any]) -> None:
    """Raises `TypeError` with the way to the field at fault; ``seen`` are the classes looked into already."""
    seen.add(cls)
    attrs.resolve_types(cls)
    for item in attrs.fields(cls):
        try:
            _check_hint(item.type, seen)
        except (TypeError, StructureHandlerNotFoundError) as error:
            raise TypeError(f"{cls.__name__}.{item.name}: {error}") from None


def _check_hint(hint: Any, seen: set[Any], key: bool = False) -> None:
    for part, is_key in _parts(hint, key):
        _check_hint(part, seen, is_key)
    if attrs.has(hint) and hint not in seen:
        _check_fields(hint, seen)
    _converter.get_structure_hook(hint)


def _parts(hint: Any, key: bool) -> Iterator[tuple[Any, bool]]:
    """The hints within a hint, and whether each is for keys of a map; raises `TypeError` for none of ours."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is PlainMap:
        return
    if isinstance(hint, NewType):
        yield hint.__supertype__, key
    elif origin is Annotated:
        yield args[0], key
    elif is_namedtuple(hint):
        yield from ((part, key) for part in get_type_hints(hint).values())
    elif origin is dict:
        yield from zip(args, (True, key), strict=True)
    elif origin in _MADE_OF_PARTS:
        yield from ((part, key) for part in args if part is not Ellipsis)
    elif attrs.has(hint) and key:
        raise TypeError(f"{hint.__name__} is an attrs class and can't be the key of a map")
    elif not (hint in _LEAVES or origin is Literal or attrs.has(hint) or _is_a(Enum)(hint)):
        raise TypeError(f"can't save {hint}")
