"""From an author's class to what the server needs to know of it: settings, commands and their types."""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_type_hints

import attrs
import msgspec
from attrs import frozen
from msgspec import NODEFAULT
from msgspec import inspect as types

from gamesrv.core.game import COMMAND_MARK, Game, GameError, Refused
from gamesrv.core.plain import explain

__all__ = ["CommandType", "GameType", "Schema"]

Field = tuple[str, Any, Any]
"""Name, type and default (`NODEFAULT` for none)."""


@frozen
class Schema:
    """The names, types and limits of some named values."""

    where: str
    """The field of the message they come in, for the path of an error."""
    struct: type[msgspec.Struct]

    @classmethod
    def of(cls, where: str, name: str, fields: Iterable[Field]) -> "Schema":
        """Raises `GameError` where a type is none that can be checked."""
        wanted = [(n, t) if d is NODEFAULT else (n, t, d) for n, t, d in fields]
        struct = msgspec.defstruct(name, wanted, kw_only=True, forbid_unknown_fields=True, frozen=True)
        try:
            msgspec.json.schema(struct)
        except (TypeError, NameError) as error:
            raise GameError(f"{name}: {error}") from None
        return cls(where, struct)

    def parse(self, values: Mapping[str, Any], strict: bool = True) -> dict[str, Any]:
        """The values as their types want them. Raises `Refused` with the path of the field at fault.

        Not ``strict``: words that can be read as the type wanted are taken for it ("3" for 3).
        """
        try:
            return msgspec.structs.asdict(msgspec.convert(values, self.struct, strict=strict))
        except msgspec.ValidationError as error:
            message, path = explain(error, self.where)
            raise Refused(message, "bad_argument", path) from None

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        """Plain values from typed words: each is ``name=value``, or the next one by position.

        Where a list is wanted, its items stand together with commas. Raises `Refused` as `parse` does.
        """
        names = [item.name for item in msgspec.structs.fields(self.struct)]
        given: dict[str, Any] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or name not in names:
                value = word
                free = [each for each in names if each not in given]
                if not free:
                    raise Refused(f"too many words: {word}", "bad_argument", self.where)
                name = free[0]
            given[name] = value.split(",") if self._is_list(name) else value
        return {name: msgspec.to_builtins(value) for name, value in self.parse(given, strict=False).items()}

    def _is_list(self, name: str) -> bool:
        field = next(item for item in msgspec.structs.fields(self.struct) if item.name == name)
        return isinstance(types.type_info(field.type), types.ListType | types.SetType | types.VarTupleType)

    def fields(self) -> Iterator[tuple[str, str]]:
        """Name and a few words on the type of each, for people."""
        for item in msgspec.structs.fields(self.struct):
            yield item.name, describe(types.type_info(item.type))


def describe(kind: types.Type) -> str:
    """A type in a few words, e.g. ``-1..1`` or ``north|south``."""
    match kind:
        case types.IntType() | types.FloatType():
            low = kind.ge if kind.ge is not None else kind.gt
            high = kind.le if kind.le is not None else kind.lt
            plain = "integer" if isinstance(kind, types.IntType) else "number"
            return plain if low is None and high is None else f"{_bound(low)}..{_bound(high)}"
        case types.LiteralType():
            return "|".join(str(value) for value in kind.values)
        case types.EnumType():
            return "|".join(str(member.value) for member in kind.cls)
        case types.UnionType():
            return " or ".join(describe(option) for option in kind.types)
        case types.ListType() | types.SetType() | types.VarTupleType():
            return f"list of {describe(kind.item_type)}"
    return {"StrType": "text", "BoolType": "yes|no", "NoneType": "nothing"}.get(type(kind).__name__, "data")


def _bound(value: float | None) -> str:
    return "" if value is None else str(value)


@frozen
class CommandType:
    """One command of a game."""

    name: str
    args: Schema
    doc: str

    @classmethod
    def of(cls, name: str, handler: Any) -> "CommandType":
        """Reads the signature of a method marked with `command`; raises `GameError` where it won't do."""
        hints = get_type_hints(handler, include_extras=True)
        _self, *parameters = inspect.signature(handler).parameters.values()
        if not parameters:
            raise GameError(f"command {name} takes no seat: its first argument must be the seat")
        missing = [p.name for p in parameters[1:] if p.name not in hints]
        if missing:
            raise GameError(f"command {name}: argument {missing[0]} has no type hint")
        fields = [
            (p.name, hints[p.name], NODEFAULT if p.default is p.empty else p.default) for p in parameters[1:]
        ]
        doc = (inspect.getdoc(handler) or "").partition("\n")[0]
        return cls(name, Schema.of("args", name, fields), doc)


@frozen
class GameType:
    """A game as the server knows it."""

    rules: type[Game]
    commands: dict[str, CommandType]
    options: Schema
    hidden: bool
    """Whether a seat sees anything of its own (`Game.view_for`)."""

    @property
    def name(self) -> str:
        """What clients call it."""
        return self.rules.name

    @property
    def capacity(self) -> int:
        """The most players a room takes."""
        return self.rules.seats[1]

    @property
    def rate(self) -> int:
        """Ticks per second of room time: milliseconds for a game that does not tick."""
        return self.rules.tick_rate or 1000

    @classmethod
    def of(cls, rules: type[Game]) -> "GameType":
        """Reads an author's class; raises `GameError` naming what is wrong with it."""
        _check(rules)
        commands = {name: CommandType.of(name, handler) for name, handler in _handlers(rules)}
        options = Schema.of("options", rules.Options.__name__, _attributes(rules.Options))
        return cls(rules, commands, options, rules.view_for is not Game.view_for)


def _check(rules: type[Game]) -> None:
    if not (isinstance(rules, type) and issubclass(rules, Game)):
        raise GameError(f"{rules!r} is not a Game")
    label = rules.__qualname__
    if "__attrs_attrs__" not in vars(rules):
        raise GameError(f"{label} must be decorated with attrs.define")
    name = getattr(rules, "name", None)
    if not (isinstance(name, str) and name.isidentifier() and name == name.lower() and len(name) <= 32):
        raise GameError(f"{label}.name must be a short lower-case word, got {name!r}")
    fewest, most = rules.seats
    if not 1 <= fewest <= most:
        raise GameError(f"{label}.seats must be (fewest, most) with 1 <= fewest <= most, got {rules.seats}")
    if rules.tick_rate < 0:
        raise GameError(f"{label}.tick_rate must be 0 or more, got {rules.tick_rate}")
    if not attrs.has(rules.Options):
        raise GameError(f"{label}.Options must be an attrs class")


def _handlers(rules: type[Game]) -> Iterator[tuple[str, Any]]:
    """The commands in order of definition, those of base classes first; an override keeps its place."""
    seen: dict[str, None] = {}
    for base in reversed(rules.__mro__):
        seen.update((name, None) for name, value in vars(base).items() if hasattr(value, COMMAND_MARK))
    for name in seen:
        yield name, getattr(rules, name)


def _attributes(cls: type) -> Iterator[Field]:
    hints = get_type_hints(cls, include_extras=True)
    for item in attrs.fields(cls):
        default = item.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            default = msgspec.field(default_factory=default.factory)
        yield item.name, hints[item.name], NODEFAULT if default is attrs.NOTHING else default
