"""What was said and is not settled yet: questions by their order, commands by their ids."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred

from gamesrv.core.game import Refused
from gamesrv.core.messages import Command

__all__ = ["Closed", "Commands", "Questions", "Refused"]

SETTLED_AFTER = 1.0
"""Seconds; a real-time room says no at its next tick, and not later."""


class Closed(Exception):
    """It could not be said, or the answer can't come any more: the connection is lost, or the session.

    Attributes:
        code: ``connection_lost`` (a question may be asked again), ``session_lost``, ``too_many_waiting``, or
            the number that the connection was closed with for good.
    """

    def __init__(self, code: str | int, message: str = "") -> None:
        super().__init__(message or str(code).replace("_", " "))
        self.code = code


@define(eq=False)
class Questions:
    """What was said without an id: the server answers in order."""

    _open: list[tuple[type | float, Deferred[Any]]] = field(factory=list, init=False)

    def add(self, answer: type | float, settled: Deferred[Any]) -> None:
        """``answer`` is the kind of message that answers it; or, where there is none, the time of a ping that
        was sent right behind it.
        """
        self._open.append((answer, settled))

    def answer(self, kind: type, value: object) -> None:
        """A message of that kind came."""
        for question in self._open:
            if question[0] is kind:
                self._open.remove(question)
                question[1].callback(value)
                return

    def ponged(self, t: float) -> None:
        """The ping of that time was answered: what has no answer of its own was taken."""
        taken = [each for each in self._open if not isinstance(each[0], type) and each[0] <= t]
        self._open = [each for each in self._open if each not in taken]
        for _, settled in taken:
            settled.callback(None)

    def refuse(self, why: Refused) -> None:
        """The server says no to the first."""
        if self._open:
            self._open.pop(0)[1].errback(why)

    def fail_all(self, why: Closed) -> None:
        """No answers will come."""
        questions, self._open = self._open, []
        for _, settled in questions:
            settled.errback(why)


@define(eq=False)
class _Sent:
    command: Command
    settled: Deferred[Any]
    at: float
    patience: float


@define(eq=False)
class Commands:
    """Those that the server may not have taken yet. It takes each id once: any of them can be said again."""

    most: int
    """How many may be unsettled."""
    _sent: dict[int, _Sent] = field(factory=dict, init=False)
    _newest: int = field(default=0, init=False)

    def add(
        self, name: str, args: dict[str, Any], settled: Deferred[Any], now: float, at_once: bool
    ) -> Command:
        """The message to send; raises `Closed` where too many are unsettled. ``at_once``: this room says no
        before it does anything else.
        """
        if len(self._sent) >= self.most:
            raise Closed("too_many_waiting")
        self._newest += 1
        command = Command(name, args, self._newest)
        self._sent[self._newest] = _Sent(command, settled, now, 0.0 if at_once else SETTLED_AFTER)
        return command

    def again(self, now: float) -> list[Command]:
        """What to send again after a reconnect."""
        for sent in self._sent.values():
            sent.at = now
        return [sent.command for sent in self._sent.values()]

    def start_above(self, handled: int) -> None:
        """The next ids are above what the server has had."""
        self._newest = max(self._newest, handled)

    def refuse(self, number: int, why: Refused) -> None:
        """The server says no to that one."""
        sent = self._sent.pop(number, None)
        if sent is not None:
            sent.settled.errback(why)

    def ponged(self, t: float) -> None:
        """The ping of that time was answered: what was sent well before can't be refused any more."""
        for number, sent in [*self._sent.items()]:
            if sent.at + sent.patience <= t:
                del self._sent[number]
                sent.settled.callback(None)

    def waits_since(self, now: float, ping: float) -> bool:
        """Whether a ping now would settle what the one of that time could not."""
        return any(ping < sent.at + sent.patience <= now for sent in self._sent.values())

    def fail_all(self, why: Closed) -> None:
        """They were for a session that is over."""
        commands, self._sent = self._sent, {}
        for sent in commands.values():
            sent.settled.errback(why)
