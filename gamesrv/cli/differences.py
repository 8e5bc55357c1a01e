"""Where two pieces of data first differ."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["difference", "state_difference"]

LONGEST = 60


def state_difference(one: bytes, other: bytes) -> str:
    """The first difference between two states of a game, as `gamesrv.core.state.dump` has them."""
    here, there = (msgspec.msgpack.decode(state) for state in (one, other))
    for part in ("game", "room"):
        if (found := difference(here[part], there[part], part)) is not None:
            return found
    return "the state, though by nothing but the sign of a zero"


def difference(one: Any, other: Any, path: str) -> str | None:
    """The way to the first difference, and what stands on both sides; the order of keys is one too."""
    if type(one) is not type(other):
        return _told(path, one, other)
    if isinstance(one, dict):
        return _in_maps(one, other, path)
    if isinstance(one, list):
        return _in_lists(one, other, path)
    return None if one == other else _told(path, one, other)


def _in_maps(one: dict[Any, Any], other: dict[Any, Any], path: str) -> str | None:
    for key, value in one.items():
        if key not in other:
            return f"{_step(path, key)}: it is there only the first time"
        if (found := difference(value, other[key], _step(path, key))) is not None:
            return found
    for key in other:
        if key not in one:
            return f"{_step(path, key)}: it is there only the second time"
    return None if [*one] == [*other] else _told(f"the order of {path}", [*one], [*other])


def _in_lists(one: list[Any], other: list[Any], path: str) -> str | None:
    for index, (here, there) in enumerate(zip(one, other, strict=False)):
        if (found := difference(here, there, f"{path}[{index}]")) is not None:
            return found
    return None if len(one) == len(other) else f"{path}: {len(one)} items and {len(other)}"


def _step(path: str, key: Any) -> str:
    return f"{path}.{key}" if isinstance(key, str) else f"{path}[{key!r}]"


def _told(path: str, one: Any, other: Any) -> str:
    return f"{path}: {_short(one)} and {_short(other)}"


def _short(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"
