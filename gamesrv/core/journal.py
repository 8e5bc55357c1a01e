"""What went into a machine, in order: enough to make its state again."""

from typing import Any, Literal, TypeAlias

from attrs import define, field
from msgspec import Struct

__all__ = ["Input", "InputKind", "Journal"]

InputKind: TypeAlias = Literal["join", "drop", "back", "leave", "command", "input"]
"""``input``: what a seat of a lockstep game holds from the next tick on."""


class Input(Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """One thing that enters a game at a tick."""

    tick: int
    kind: InputKind
    seat: int
    name: str = ""
    """The player's name of a join, the command's of a command."""
    args: dict[str, Any] = {}
    bits: int = 0
    """Of an ``input``."""


@define(eq=False)
class Journal:
    """The seed, the options and the inputs of one game; ``tick`` is how far it got.

    It holds at most ``limit`` inputs: past that it starts again from a checkpoint of the state, so that
    a room may run for days.
    """

    game: str
    seed: bytes = field(repr=False)
    options: dict[str, Any]
    names: dict[int, str] = field(factory=dict)
    """Who was there at the start."""
    limit: int = 10_000
    tick: int = 0
    checkpoint: bytes | None = field(default=None, repr=False)
    """The state before the first input, `None` where that is the start of the game."""
    inputs: list[Input] = field(factory=list, repr=False)

    def restart(self, checkpoint: bytes) -> None:
        """Forgets the inputs that led to this state."""
        self.checkpoint = checkpoint
        self.inputs.clear()
