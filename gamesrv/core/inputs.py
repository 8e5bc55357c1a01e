"""What travels in a lockstep room, as values: frames one way, inputs the other. `gamesrv.wire.lockstep` has
their bytes.
"""

from typing import Literal, NamedTuple, TypeAlias

__all__ = ["CHANGES", "MAX_COUNT", "MAX_SEATS", "ChangeKind", "Change", "Frame", "FramesBody", "SyncBody"]

MAX_COUNT = 120
"""Frames or inputs that one payload may hold, and ticks that inputs may be ahead: two seconds at 60 Hz."""
MAX_SEATS = 64

ChangeKind: TypeAlias = Literal["join", "drop", "back", "leave"]

CHANGES: tuple[ChangeKind, ...] = ("join", "drop", "back", "leave")
"""In the order of their numbers."""


class Change(NamedTuple):
    """Somebody comes or goes: an input like any other."""

    kind: ChangeKind
    seat: int


class Frame(NamedTuple):
    """All that goes into one tick: first the changes in order, then everyone's input at once."""

    changes: tuple[Change, ...]
    inputs: tuple[int, ...]
    """By seat; 0 where nobody sits."""


class FramesBody(NamedTuple):
    """What the server says: frames in a row, and how the client's own inputs fare."""

    run: int
    """Number of the snapshot they go on from (mod 256)."""
    ack: int
    """Inputs up to this tick are not needed any more."""
    wait: int | None
    """Milliseconds that inputs came too early, the least of late; below 0: too late. `None`: none came."""
    late: int
    """How many ticks of this client the server filled in so far (mod 65536)."""
    start: int
    """The tick of the first frame."""
    frames: tuple[Frame, ...]


class SyncBody(NamedTuple):
    """What a client says: inputs in a row, and what it has."""

    run: int
    """Number of its snapshot (mod 256)."""
    ack: int
    """It has every frame up to this tick."""
    start: int
    """The tick of the first input, from ``ack`` + 1 to ``ack`` + 255."""
    inputs: tuple[int, ...]
    checksum: tuple[int, int] | None = None
    """A tick, and the checksum of the world after it."""
