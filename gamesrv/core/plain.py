"""Plain data: what JSON can say and every client can hold. And what to tell a peer whose data is not.

`gamesrv.core` and `gamesrv.wire` both use this, for commands' arguments and for whole messages, so that a
refusal names the guilty field in the same words whoever found it.
"""

import re
from collections.abc import Callable
from math import isfinite
from types import NoneType
from typing import Any, NewType

from msgspec import ValidationError

__all__ = ["MAX_DEPTH", "MAX_INT", "MAX_KEYS", "NotPlain", "PlainMap", "check_plain", "explain"]

PlainMap = NewType("PlainMap", dict[str, Any])
"""A map of plain data whose shape no hint tells. What is in it must be plain all the way down."""

MAX_INT = 2**53 - 1
"""The largest integer that a double, all that JavaScript has, tells from its neighbours."""

MAX_DEPTH = 16
"""How deep maps and lists may nest, the outermost counted."""

MAX_KEYS = 64
"""How many keys one map may have."""

_MIN_INT = -MAX_INT
_MAX_TEXT = 200

_WHERE = re.compile(r"(?P<text>.*) - at (?:`key` in )?`\$(?P<path>[^`]*)`", re.DOTALL)
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


class NotPlain(ValueError):
    """A value is not plain data.

    Attributes:
        message: what is wrong with it, for people.
        path: which part of it, such as ``args.steps[2].x``; `None` when it is the whole and that has no name.
    """

    def __init__(self, message: str, path: str | None) -> None:
        super().__init__(message, path)
        self.message = message
        self.path = path


def explain(error: ValidationError, prefix: str = "") -> tuple[str, str | None]:
    """Splits what msgspec says into a message for people and the path of the guilty field.

    The path starts with ``prefix``, and is `None` where nothing has a name. Both are cut to 200 characters,
    since they may quote what a peer sent.
    """
    text, path = str(error), ""
    if where := _WHERE.fullmatch(text):
        text, path = where["text"], where["path"]
    if field := _FIELD.fullmatch(text):
        path = f"{path}.{field['name']}"
    return _cut(text), _path(prefix, path)


def check_plain(value: object, path: str = "") -> None:
    """Refuses what some client could not hold, or what the next encoder would choke on.

    Plain are `None`, booleans, finite floats, integers within ±`MAX_INT`, strings that UTF-8 can say, lists,
    and maps with string keys, within `MAX_DEPTH` and `MAX_KEYS`. Nothing else is: no bytes, no dates, no
    MessagePack extensions, no subclasses.

    Raises:
        NotPlain: with the path of the first offender, starting with ``path``.
    """
    try:
        _CHECKS.get(type(value), _refuse)(value, MAX_DEPTH)
    except _Offence as offence:
        raise NotPlain(offence.message, _path(path, "".join(reversed(offence.steps)))) from None


class _Offence(Exception):
    """On its way out it gathers the path, so that good data never pays for one."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.steps: list[str] = []


def _check_part(value: object, room: int, step: str) -> None:
    try:
        _CHECKS.get(type(value), _refuse)(value, room)
    except _Offence as offence:
        offence.steps.append(step)
        raise


def _check_map(value: dict[Any, Any], room: int) -> None:
    if room == 0:
        raise _Offence(f"nested deeper than {MAX_DEPTH}")
    if len(value) > MAX_KEYS:
        raise _Offence(f"more than {MAX_KEYS} keys")
    for key, item in value.items():
        if type(key) is not str:
            raise _Offence(f"key of type {type(key).__name__}, not str")
        if not key.isascii():
            _check_str(key)
        # Most arguments are small integers: they go no further than this line.
        if type(item) is not int or not _MIN_INT <= item <= MAX_INT:
            _check_part(item, room - 1, f".{key}")


def _check_list(value: list[Any], room: int) -> None:
    if room == 0:
        raise _Offence(f"nested deeper than {MAX_DEPTH}")
    for index, item in enumerate(value):
        if type(item) is not int or not _MIN_INT <= item <= MAX_INT:
            _check_part(item, room - 1, f"[{index}]")


def _check_int(value: int, room: int = 0) -> None:
    if not _MIN_INT <= value <= MAX_INT:
        raise _Offence("integer beyond ±(2**53 - 1)")


def _check_float(value: float, room: int = 0) -> None:
    if not isfinite(value):
        raise _Offence("number is not finite")


def _check_str(value: str, room: int = 0) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Offence("string with a lone surrogate") from None


def _refuse(value: object, room: int) -> None:
    raise _Offence(f"{type(value).__name__} is not plain data")


def _accept(value: object, room: int) -> None:
    """Nothing about it can be wrong."""


_CHECKS: dict[type, Callable[[Any, int], None]] = {
    dict: _check_map,
    list: _check_list,
    str: _check_str,
    int: _check_int,
    float: _check_float,
    bool: _accept,
    NoneType: _accept,
}


def _path(prefix: str, steps: str) -> str | None:
    """Steps are ``.name`` and ``[index]``; the very first name needs no dot."""
    whole = prefix + steps if prefix else steps.removeprefix(".")
    return _cut(whole) or None


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
