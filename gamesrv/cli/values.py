"""Random values of the types that commands and options ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import NODEFAULT, structs
from msgspec import inspect as types

from gamesrv.core.rng import Random
from gamesrv.core.schema import Schema

__all__ = ["random_values"]

WIDE = 8
"""How far numbers without limits go from 0, and the longest list, unless it must be longer."""
LETTERS = "abcxyz ABC019-_é"
DEEP = 4
"""How deep data of any kind may nest."""


def random_values(schema: Schema, random: Random) -> dict[str, Any]:
    """Plain values for the fields of a schema. One that has a default is left out at times.

    They fit the types, but not always what else is asked of them, such as the pattern of a text.
    """
    return {
        item.name: random_value(types.type_info(item.type), random)
        for item in structs.fields(schema.struct)
        if (item.default is NODEFAULT and item.default_factory is NODEFAULT) or random.below(2)
    }


def random_value(kind: types.Type, random: Random, room: int = DEEP) -> Any:
    """A plain value of one type."""
    match kind:
        case types.BoolType():
            return bool(random.below(2))
        case types.IntType():
            return _whole(kind, random)
        case types.FloatType():
            low = kind.ge if kind.ge is not None else kind.gt if kind.gt is not None else -WIDE
            high = kind.le if kind.le is not None else kind.lt if kind.lt is not None else low + 2 * WIDE
            return low + (high - low) * random.between(1, 999) / 1000
        case types.StrType():
            return "".join(random.choice(LETTERS) for _ in range(_size(kind, random)))
        case types.LiteralType():
            return random.choice(kind.values)
        case types.EnumType():
            return random.choice([member.value for member in kind.cls])
        case types.UnionType():
            return random_value(random.choice(kind.types), random, room)
        case types.CollectionType():
            return [random_value(kind.item_type, random, room - 1) for _ in range(_size(kind, random))]
        case types.TupleType():
            return [random_value(each, random, room - 1) for each in kind.item_types]
        case types.DictType():
            return {
                str(random_value(kind.key_type, random)): random_value(kind.value_type, random, room - 1)
                for _ in range(_size(kind, random))
            }
        case types.StructType() | types.DataclassType() | types.TypedDictType():
            return _parts(kind.fields, random, room)
        case types.AnyType() if room:
            return random_value(_anything(random), random, room - 1)
    return None


def _whole(kind: types.IntType, random: Random) -> int:
    low, high = kind.ge, kind.le
    low = low if low is not None else kind.gt + 1 if kind.gt is not None else None
    high = high if high is not None else kind.lt - 1 if kind.lt is not None else None
    if low is None:
        low = -WIDE if high is None else high - 2 * WIDE
    return random.between(low, min(low + 2**31, low + 2 * WIDE if high is None else high))


def _size(kind: Any, random: Random) -> int:
    least = kind.min_length or 0
    most = least + WIDE if kind.max_length is None else kind.max_length
    return random.between(least, min(most, least + WIDE))


def _parts(fields: tuple[types.Field, ...], random: Random, room: int) -> Mapping[str, Any]:
    return {
        each.encode_name: random_value(each.type, random, room - 1)
        for each in fields
        if each.required or random.below(2)
    }


def _anything(random: Random) -> types.Type:
    plain = (types.NoneType(), types.BoolType(), types.IntType(), types.StrType())
    return random.choice((*plain, types.ListType(types.AnyType())))
