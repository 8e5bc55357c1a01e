"""Games as lines of text."""

from __future__ import annotations

from typing import Any

import msgspec

from gamesrv.core.journal import Input

__all__ = ["as_json", "input_line", "room_time"]


def as_json(value: Any) -> str:
    """On one line."""
    return msgspec.json.encode(value).decode()


def room_time(tick: int, rate: int) -> str:
    """A tick, and what that is in seconds."""
    return f"tick {tick} ({tick / rate:.3f} s)"


def input_line(item: Input) -> str:
    """What somebody did."""
    match item.kind:
        case "command":
            return f"seat {item.seat} {item.name} {as_json(item.args)}"
        case "join":
            return f"seat {item.seat} join {item.name}"
        case "input":
            return f"seat {item.seat} input {item.bits:b}"
    return f"seat {item.seat} {item.kind}"
