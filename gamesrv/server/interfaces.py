"""The seams: what the server needs of a link, of a wire format and of its surroundings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from twisted.python.failure import Failure

from gamesrv.core.messages import ServerMessage
from gamesrv.wire.close import CloseCode

if TYPE_CHECKING:
    from gamesrv.server.room import Room

__all__ = ["Clock", "Connection", "DelayedCall", "Format", "Host", "Now"]

Now: TypeAlias = Callable[[], float]
"""A monotonic clock, in seconds."""


class DelayedCall(Protocol):
    """Twisted's `IDelayedCall`, as far as we use it."""

    def active(self) -> bool:
        """Whether it is still to come."""
        ...

    def cancel(self) -> None:
        """Takes it back."""
        ...


class Clock(Protocol):
    """Twisted's `IReactorTime`, as far as we use it: a reactor, or a `task.Clock` in a test."""

    def seconds(self) -> float:
        """Now."""
        ...

    def callLater(self, delay: float, callable: Callable[..., Any], /, *args: Any) -> DelayedCall:
        """Calls something in ``delay`` seconds."""
        ...


class Format(Protocol):
    """One way to say a message on a wire."""

    def encode(self, message: ServerMessage) -> bytes:
        """The message as whole frames, ready for the socket; empty where there is nothing to say."""
        ...


class Connection(Protocol):
    """One live link, over any transport. Nothing beyond it can tell a socket from a fake, or a bot
    from a person.
    """

    @property
    def format(self) -> Format:
        """How messages are said on it. What two connections share is encoded once for both."""
        ...

    @property
    def address(self) -> str | None:
        """Where the peer is, for limits per address; `None` within this process."""
        ...

    @property
    def inside(self) -> bool:
        """Whether the peer is within this process, and ends with it."""
        ...

    def write(self, data: bytes) -> None:
        """Sends whole frames. Never blocks, never raises."""
        ...

    def close(self, code: CloseCode, reason: str, within: float) -> None:
        """Says goodbye in the transport's own way once all is out; cuts the link after ``within`` seconds."""
        ...


class Host(Protocol):
    """What a room needs of the house it is in."""

    passed_over: Counter[str]
    """What of players was not taken, by reason: nobody is harmed by it, and they are not told."""

    def seed(self) -> bytes:
        """Fresh chance for a game."""
        ...

    def wake_at(self, room: Room, at: float | None) -> None:
        """Call `Room.wake` at that moment."""
        ...

    def changed(self, room: Room) -> None:
        """Who is in the room, or what goes on there, has changed."""
        ...

    def took(self, room: Room, seconds: float) -> None:
        """A call into the room took that long; it may be told to fail."""
        ...

    def failed(self, room: Room, failure: Failure) -> None:
        """The author's code raised: the room will be over."""
        ...

    def over(self, room: Room) -> None:
        """The room is closed: forget it."""
        ...
