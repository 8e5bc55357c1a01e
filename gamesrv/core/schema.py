"""From an author's class to what the server needs to know of it: settings, commands and their types."""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, get_args, get_type_hints

import attrs
import msgspec
from attrs import frozen
from msgspec import NODEFAULT
from msgspec import inspect as types

from gamesrv.core.areas import Areas
from gamesrv.core.bot import Bot
from gamesrv.core.game import COMMAND_MARK, Begins, Game, GameError, LockstepMode, Refused
from gamesrv.core.inputs import MAX_SEATS
from gamesrv.core.lockstep import SIMULATION, LockstepGame
from gamesrv.core.plain import NotPlain, check_plain, explain
from gamesrv.core.state import check

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
        """Raises `GameError` where a type is none that can be checked, or a default can't be one."""
        wanted = [(n, t) if d is NODEFAULT else (n, t, d) for n, t, d in fields]
        for part, kind, *_ in wanted:
            _check_type(kind, f"{name}: {part}")
        try:
            struct = msgspec.defstruct(name, wanted, kw_only=True, forbid_unknown_fields=True, frozen=True)
        except TypeError as error:
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
        kinds = self._kinds()
        given: dict[str, Any] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or name not in kinds:
                name, value = next((each for each in kinds if each not in given), ""), word
            if not name:
                raise Refused(f"too many words: {word}", "bad_argument", self.where)
            if name in given:
                raise Refused(f"{name} is given twice", "bad_argument", f"{self.where}.{name}")
            given[name] = _items(value) if _is_list(kinds[name]) else value
        parsed = self.parse(given, strict=False)
        plain = {name: _plain(parsed[name]) for name in given}
        try:
            check_plain(plain, self.where)
        except NotPlain as error:
            raise Refused(error.message, "bad_argument", error.path) from None
        return plain

    def fields(self) -> Iterator[tuple[str, str]]:
        """Name and a few words on the type of each, for people."""
        for name, kind in self._kinds().items():
            yield name, describe(kind)

    def _kinds(self) -> dict[str, types.Type]:
        return {item.name: types.type_info(item.type) for item in msgspec.structs.fields(self.struct)}


def _check_type(kind: Any, label: str) -> None:
    try:
        msgspec.json.schema(kind)
    except TypeError as error:
        reason = str(error).splitlines()[-1]
        raise GameError(f"{label}: {reason}") from None


def describe(kind: types.Type) -> str:
    """A type in a few words, e.g. ``-1..1`` or ``north|south``."""
    match kind:
        case types.IntType() | types.FloatType():
            low = _bound("", kind.ge) or _bound(">", kind.gt)
            high = _bound("", kind.le) or _bound("<", kind.lt)
            plain = "integer" if isinstance(kind, types.IntType) else "number"
            return f"{low}..{high}" if low or high else plain
        case types.LiteralType():
            return "|".join(str(value) for value in kind.values)
        case types.EnumType():
            return "|".join(str(member.value) for member in kind.cls)
        case types.UnionType():
            return " or ".join(describe(option) for option in kind.types)
        case types.CollectionType():
            return f"list of {describe(kind.item_type)}"
        case types.TupleType():
            return ",".join(describe(item) for item in kind.item_types)
    return {"StrType": "text", "BoolType": "true|false", "NoneType": "null"}.get(type(kind).__name__, "data")


def _bound(sign: str, value: float | None) -> str:
    return "" if value is None else f"{sign}{value}"


def _is_list(kind: types.Type) -> bool:
    if isinstance(kind, types.UnionType):
        return all(isinstance(option, types.NoneType) or _is_list(option) for option in kind.types)
    return isinstance(kind, types.CollectionType | types.TupleType)


def _plain(value: Any) -> Any:
    plain = msgspec.to_builtins(value)
    return [*plain] if isinstance(plain, tuple) else plain


def _items(word: str) -> list[str]:
    return word.split(",") if word else []


@frozen
class CommandType:
    """One command of a game."""

    name: str
    method: str
    """The method that handles it."""
    args: Schema
    doc: str

    @classmethod
    def of(cls, name: str, method: str, handler: Any) -> "CommandType":
        """Reads the signature of a method marked with `command`; raises `GameError` where it won't do."""
        label = f"command {name}"
        if hasattr(Game, method):
            raise GameError(f"{label} hides Game.{method}: give it another name")
        hints = _hints(handler, label)
        parameters = [*inspect.signature(handler).parameters.values()][1:]
        if not parameters:
            raise GameError(f"{label} takes no seat: its first argument must be the seat")
        for item in parameters[1:]:
            if item.kind not in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY):
                raise GameError(f"{label}: argument {item} can't be passed by name")
            if item.name not in hints:
                raise GameError(f"{label}: argument {item.name} has no type hint")
        fields = [
            (p.name, hints[p.name], NODEFAULT if p.default is p.empty else p.default) for p in parameters[1:]
        ]
        doc = (inspect.getdoc(handler) or "").partition("\n")[0]
        return cls(name, method, Schema.of("args", name, fields), doc)


def _hints(annotated: Any, label: str) -> dict[str, Any]:
    try:
        return get_type_hints(annotated, include_extras=True)
    except (NameError, TypeError) as error:
        raise GameError(f"{label}: {error}") from None


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
    def title(self) -> str:
        """What people call it."""
        return self.rules.title or self.name

    @property
    def rate(self) -> int:
        """Ticks per second of room time: milliseconds for a game that does not tick."""
        return self.rules.tick_rate or 1000

    @property
    def lockstep(self) -> bool:
        """Whether only inputs travel."""
        return self.rules.input_bits > 0

    @property
    def ranked(self) -> bool:
        """Whether its results are kept and its players rated."""
        return self.rules.durable and self.rules.standings is not Game.standings

    @classmethod
    def of(cls, rules: type[Game]) -> "GameType":
        """Reads an author's class; raises `GameError` naming what is wrong with it."""
        _check(rules)
        commands = {name: CommandType.of(name, method, handler) for name, method, handler in _handlers(rules)}
        if rules.input_bits != 0 or issubclass(rules, LockstepGame):
            _check_lockstep(rules, commands)
        options = Schema.of("options", rules.Options.__name__, _attributes(rules.Options))
        return cls(rules, commands, options, rules.view_for is not Game.view_for)

    def choose(self, options: Mapping[str, Any]) -> Any:
        """The game's `Options`, of plain ones; raises `Refused` where they are wrong."""
        return self.rules.Options(**self.options.parse(options))

    def seats_for(self, chosen: Any) -> tuple[int, int]:
        """The fewest and the most players of a room with these `Options`; `GameError` beyond `Game.seats`."""
        fewest, most = self.rules.seats_for(chosen)
        if not self.rules.seats[0] <= fewest <= most <= self.rules.seats[1]:
            raise GameError(f"{self.name}: seats_for() answered {fewest, most}, beyond {self.rules.seats}")
        return fewest, most


def _check(rules: type[Game]) -> None:
    if not (isinstance(rules, type) and issubclass(rules, Game)):
        raise GameError(f"{rules!r} is not a Game")
    label = rules.__qualname__
    if "__attrs_attrs__" not in vars(rules):
        raise GameError(f"{label} must be decorated with attrs.define")
    name = getattr(rules, "name", None)
    if not (isinstance(name, str) and name.isidentifier() and name == name.lower() and len(name) <= 32):
        raise GameError(f"{label}.name must be a short lower-case word, got {name!r}")
    match rules.seats:
        case (int(fewest), int(most)) if 1 <= fewest <= most:
            pass
        case _:
            raise GameError(f"{label}.seats must be (fewest, most), 1 <= fewest <= most, got {rules.seats!r}")
    if rules.begins not in get_args(Begins):
        raise GameError(f"{label}.begins must be one of {', '.join(get_args(Begins))}, got {rules.begins!r}")
    if rules.grace is not None and not 0 < rules.grace < inf:
        raise GameError(f"{label}.grace must be seconds above 0, or None, got {rules.grace!r}")
    if type(rules.tick_rate) is not int or rules.tick_rate < 0:
        raise GameError(f"{label}.tick_rate must be an integer, 0 or more, got {rules.tick_rate!r}")
    if rules.durable and rules.tick_rate:
        raise GameError(f"{label}: a durable game has no tick_rate")
    if not (isinstance(rules.Options, type) and attrs.has(rules.Options)):
        raise GameError(f"{label}.Options must be an attrs class, got {rules.Options!r}")
    for item in attrs.fields(rules):  # type: ignore[arg-type]
        if item.init and item.default is attrs.NOTHING:
            raise GameError(f"{label}.{item.name} needs a default, for the room opens with `{label}()`")
    if rules.areas is not None:
        _check_areas(rules, label)
    if rules.bot is not None:
        _check_bot(rules.bot, f"{label}.bot")
    check(rules)


def _check_lockstep(rules: type[Game], commands: Mapping[str, CommandType]) -> None:
    label = rules.__qualname__
    if type(rules.input_bits) is not int or not 1 <= rules.input_bits <= 16:
        raise GameError(f"{label}.input_bits must be an integer from 1 to 16, got {rules.input_bits!r}")
    if rules.lockstep_mode not in get_args(LockstepMode):
        raise GameError(f"{label}.lockstep_mode must be deadline or wait, got {rules.lockstep_mode!r}")
    if type(rules.check_every) is not int or rules.check_every < 1:
        raise GameError(f"{label}.check_every must be an integer, 1 or more, got {rules.check_every!r}")
    if not rules.tick_rate or rules.seats[1] > MAX_SEATS:
        raise GameError(f"{label}: a lockstep game has a tick_rate, and at most {MAX_SEATS} seats")
    missing = [name for name in SIMULATION if not callable(getattr(rules.simulation, name, None))]
    if missing and (rules.simulation is not None or issubclass(rules, LockstepGame)):
        raise GameError(f"{label}.simulation must be a module with {', '.join(SIMULATION)}: no {missing[0]}")
    # Clients would have no way to know what any of these does to the world.
    if commands or rules.view_for is not Game.view_for or rules.stand_ins:
        raise GameError(f"{label}: a lockstep game has no commands, no view_for and no stand_ins")


def _check_areas(rules: type[Game], label: str) -> None:
    if not isinstance(rules.areas, Areas):
        raise GameError(f"{label}.areas must be Areas, got {rules.areas!r}")
    if not rules.tick_rate or rules.input_bits:
        raise GameError(f"{label}: a game with areas has a tick_rate, and is no lockstep game")
    if rules.eye is Game.eye:
        raise GameError(f"{label}: a game with areas says where each seat looks from: eye(seat)")


def _check_bot(policy: type[Bot], label: str) -> None:
    if not (isinstance(policy, type) and issubclass(policy, Bot)):
        raise GameError(f"{label} must be a Bot, got {policy!r}")
    if not 0 < policy.budget < inf:
        raise GameError(f"{label}.budget must be seconds above 0, got {policy.budget!r}")
    match policy.pace:
        case (int() | float() as fastest, int() | float() as slowest) if 0 < fastest <= slowest < inf:
            return
    raise GameError(f"{label}.pace must be (from, to) in seconds, 0 < from <= to, got {policy.pace!r}")


def _handlers(rules: type[Game]) -> Iterator[tuple[str, str, Any]]:
    """The commands (name, method, handler) in order of definition, those of base classes first; an override
    keeps its place.
    """
    seen: dict[str, str] = {}
    for base in reversed(rules.__mro__):
        marked = ((method, getattr(value, COMMAND_MARK, None)) for method, value in vars(base).items())
        seen.update((method, name or method) for method, name in marked if name is not None)
    for method, name in seen.items():
        if [*seen.values()].count(name) > 1:
            raise GameError(f"two commands are called {name!r}")
        yield name, method, getattr(rules, method)


def _attributes(cls: type) -> Iterator[Field]:
    hints = _hints(cls, cls.__name__)
    for item in attrs.fields(cls):
        default = item.default
        if item.name not in hints:
            raise GameError(f"{cls.__name__}: {item.name} has no type hint")
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            if default.takes_self:
                raise GameError(f"{cls.__name__}: the default of {item.name} can't depend on other options")
            default = msgspec.field(default_factory=default.factory)
        if item.init:
            yield item.alias, hints[item.name], NODEFAULT if default is attrs.NOTHING else default
