"""Which part of a game's state can't be saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from gamesrv.core.game import Game
from gamesrv.core.state import pack

__all__ = ["unsaved"]


def unsaved(game: Game) -> str | None:
    """The way to the first field that can't be saved, and why; `None` where all can."""
    return next(_faults(game, type(game).__name__), None)


def _faults(value: Any, path: str) -> Iterator[str]:
    """Goes down to the part at fault: a whole whose parts are all right is at fault itself."""
    attrs.resolve_types(type(value))
    for item in attrs.fields(type(value)):
        where = f"{path}.{item.name}"
        try:
            part = getattr(value, item.name)
            pack(part, item.type)
        except (AttributeError, OverflowError, TypeError) as error:
            yield from _parts(part, where) if not isinstance(error, AttributeError) else ()
            yield f"{where}: {error}"


def _parts(value: Any, path: str) -> Iterator[str]:
    if attrs.has(type(value)):
        yield from _faults(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _parts(item, f"{path}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _parts(item, f"{path}[{index}]")
