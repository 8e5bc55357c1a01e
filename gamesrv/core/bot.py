"""The author's side of a bot: a policy that sees what a player sees and answers with commands."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

from gamesrv.core.rng import Random

__all__ = ["Act", "Bot"]

Act: TypeAlias = tuple[str, dict[str, Any]]
"""A command's name and its arguments."""


class Bot:
    """A player's mind. It gets views and events, and nothing else that a person would not get.

    It runs outside the game, over a connection of its own, so it may think as it likes: what it does enters
    the game as any player's command.
    """

    pace: ClassVar[tuple[float, float]] = (0.25, 0.75)
    """Seconds from something new to a thought about it, from and to; the moment is drawn anew each time."""
    budget: ClassVar[float] = 0.05
    """Seconds of computing that one thought may take."""

    @classmethod
    def grade(cls, options: Any) -> str:
        """How well it plays in a room with these options, in a word: all bots of a grade have one rating."""
        return "usual"

    def __init__(self, seat: int, random: Random) -> None:
        self.seat = seat
        self.random = random

    def is_called(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
        """Whether there is anything to think about: asked at each change, so quick to tell."""
        return True

    def act(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Act | None:
        """What to do now, given everyone's view and one's own; `None` for nothing."""
        return None

    def think(self, view: Mapping[str, Any], mine: Mapping[str, Any]) -> Iterator[Act | None]:
        """The same for a policy that takes its time: each item is the best act found so far.

        It goes on in small slices between other work, so no step of it should take more than a millisecond
        or two, and ends by itself or with the `budget`; the last item counts.
        """
        yield self.act(view, mine)

    def control(self, world: Mapping[str, Any], seat: int) -> int:
        """What to hold in the next tick of a lockstep game, as the bits of an input: asked after every tick.

        ``world`` is for looking at only. A policy that holds things for a while
        is quick, and more like people.
        """
        return 0

    def on_event(self, name: str, data: Mapping[str, Any]) -> None:
        """Something happened."""
