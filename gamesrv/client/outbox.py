"""What one says: now, or as soon as there is a connection; and whether it was taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from attrs import define, field
from twisted.internet.defer import Deferred

from gamesrv.client.requests import Closed, Commands, Questions, Refused
from gamesrv.core.messages import ClientMessage

__all__ = ["Outbox", "Speaker"]

MOST_OPEN = 512
"""Commands unsettled, and requests that wait for a connection."""


class Speaker(Protocol):
    """A greeted connection."""

    def say(self, message: ClientMessage) -> None:
        """Sends something."""
        ...

    def ping(self) -> float:
        """Asks for a pong that tells this time."""
        ...


@define(eq=False)
class Outbox:
    """It outlives connections."""

    seconds: Callable[[], float]
    _questions: Questions = field(factory=Questions, init=False)
    _commands: Commands = field(factory=lambda: Commands(MOST_OPEN), init=False)
    _queue: deque[tuple[Callable[[Speaker], None], Deferred[Any]]] = field(factory=deque, init=False)
    _speaker: Speaker | None = field(default=None, init=False)
    _pinged: float = field(default=0.0, init=False)

    # ------------------------------------------------------------------ what is said

    def ask(self, message: ClientMessage, answer: type) -> Deferred[Any]:
        """Fires with what the message of that kind brings."""
        settled: Deferred[Any] = Deferred()

        def say(speaker: Speaker) -> None:
            self._questions.add(answer, settled)
            speaker.say(message)

        return self._soon(say, settled)

    def tell(self, *messages: ClientMessage) -> Deferred[None]:
        """For what has no answer of its own: fires when it was taken."""
        settled: Deferred[None] = Deferred()

        def say(speaker: Speaker) -> None:
            for message in messages:
                speaker.say(message)
            self._questions.add(self._ping(speaker), settled)

        return self._soon(say, settled)

    def command(self, name: str, args: dict[str, Any], at_once: bool) -> Deferred[None]:
        """A command of the game, see `Commands`."""
        settled: Deferred[None] = Deferred()

        def say(speaker: Speaker) -> None:
            try:
                speaker.say(self._commands.add(name, args, settled, self.seconds(), at_once))
            except Closed as closed:
                settled.errback(closed)
            else:
                if at_once:
                    self._ping(speaker)

        return self._soon(say, settled)

    # ------------------------------------------------------------------ the connection comes and goes

    def open(self, speaker: Speaker, handled: int) -> None:
        """Says again what may not have arrived, then what waited. ``handled``: the newest command taken."""
        self._speaker = speaker
        self._commands.start_above(handled)
        for command in self._commands.again(self.seconds()):
            speaker.say(command)
        while self._queue and self._speaker is speaker:
            self._queue.popleft()[0](speaker)

    def lost(self) -> None:
        """Commands will be said again, but a question might be answered twice."""
        self._speaker = None
        self._questions.fail_all(Closed("connection_lost"))

    def forget(self) -> None:
        """The session is over, and all that was sent in it."""
        self._commands.fail_all(Closed("session_lost"))

    def close(self, why: Closed) -> None:
        """There will be no connection."""
        self._commands.fail_all(why)
        queue, self._queue = self._queue, deque()
        for _, settled in queue:
            settled.errback(why)

    # ------------------------------------------------------------------ what the server says to it

    def answer(self, kind: type, value: object) -> None:
        """A message of that kind came."""
        self._questions.answer(kind, value)

    def refuse(self, why: Refused, number: int | None) -> None:
        """The server says no, to the command of that number if there is one."""
        if number is None:
            self._questions.refuse(why)
        else:
            self._commands.refuse(number, why)

    def ponged(self, t: float) -> None:
        """A pong came."""
        self._questions.ponged(t)
        self._commands.ponged(t)

    def wants_ping(self, now: float) -> bool:
        """Whether one would settle something."""
        wanted = self._speaker is not None and self._commands.waits_since(now, self._pinged)
        if wanted:
            self._pinged = now
        return wanted

    def _ping(self, speaker: Speaker) -> float:
        self._pinged = speaker.ping()
        return self._pinged

    def _soon(self, say: Callable[[Speaker], None], settled: Deferred[Any]) -> Deferred[Any]:
        if self._speaker is not None:
            say(self._speaker)
        elif len(self._queue) < MOST_OPEN:
            self._queue.append((say, settled))
        else:
            settled.errback(Closed("too_many_waiting"))
        return settled
