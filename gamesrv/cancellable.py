"""Detached work with a handle: it goes on by itself, can be told things, asked to stop, and waited for.

A service does one unit of work at a time and says what came of it; each unit has a turn of the reactor of its
own. A unit that has to wait for something returns a `Deferred`, or is an ``async def``::

    class Countdown(CancellableService[int]):
        def __init__(self, left): self.left = left

        def run(self):
            self.left -= 1
            return Item(self.left) if self.left else BREAK

        def receive(self, more): self.left += more

    handle = spawn(Countdown(3), reactor, on_item=print)
    handle.send(10)
    handle.done.addCallback(...)    # the last item, or what went wrong

It ends when it says `BREAK`, when ``on_item`` does, when either raises, or by `Handle.cancel`. All of this is
for work that has a life of its own and somebody who holds it. For a beat there is Twisted's `LoopingCall`,
for a search in slices its `Cooperator`, for a port its `strports`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.python.failure import Failure

__all__ = [
    "BREAK",
    "CONTINUE",
    "CancelToken",
    "CancellableService",
    "Handle",
    "Item",
    "Step",
    "spawn",
]

T = TypeVar("T")


class _Word(Enum):
    CONTINUE = "continue"
    BREAK = "break"


CONTINUE: Final = _Word.CONTINUE
"""Nothing to tell; there is more to do."""
BREAK: Final = _Word.BREAK
"""That was all."""


@frozen
class Item(Generic[T]):
    """Something to tell; there is more to do."""

    value: T


Step: TypeAlias = Item[T] | Literal[_Word.CONTINUE, _Word.BREAK]
"""What one unit of work came to."""


class Later(Protocol):
    """As much of Twisted's `IReactorTime` as is needed."""

    def callLater(self, delay: float, callable: Callable[..., Any], /) -> Any:
        """Calls something in ``delay`` seconds."""
        ...


class CancellableService(ABC, Generic[T]):
    """Work in units."""

    @abstractmethod
    def run(self) -> Step[T] | Awaitable[Step[T]]:
        """Does one unit. One that waits is cancelled as a Deferred is, and may clean up before it ends."""

    def receive(self, message: Any) -> None:
        """Takes what `Handle.send` was given, at once, also while a unit waits; what it raises ends it."""
        raise TypeError(f"{type(self).__name__} takes no messages, got {message!r}")

    def ended(self) -> None:  # noqa: B027
        """Called once when there will be no more units, however that came about."""


class CancelToken:
    """Cancels a whole family: every service that was spawned with it."""

    def __init__(self) -> None:
        self.cancelled = False
        self._handles: dict[Handle[Any], None] = {}

    def cancel(self) -> Deferred[None]:
        """Cancels all, the newest first, and those that are yet to be spawned; fires when all have ended."""
        self.cancelled = True
        handles = tuple(reversed(self._handles))
        waits = [handle.over() for handle in handles]
        for handle in handles:
            handle.cancel()
        return gatherResults(waits).addCallback(lambda _: None)


@define(eq=False)
class Handle(Generic[T]):
    """What the spawner holds of a running service; made by `spawn`."""

    _service: CancellableService[T]
    _clock: Later
    _on_item: Callable[[T], object]
    _token: CancelToken
    done: Deferred[T | None] = field(init=False)
    """Fires once, when it has ended: with the last item's value (`None` if there was none), or with what went
    wrong. To cancel it is to cancel the service.
    """
    running: bool = field(default=True, init=False)
    _last: T | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)
    _failure: Failure | None = field(default=None, init=False)
    _turn: Any = field(default=None, init=False)
    """The next unit, when it is on its way."""
    _waits: Deferred[Any] | None = field(default=None, init=False)
    """The unit that is under way, where it waits for something."""
    _overs: list[Deferred[None]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.done = Deferred(lambda _: self.cancel())
        self._token._handles[self] = None
        self._stopping = self._token.cancelled
        self._go_on()

    def cancel(self) -> None:
        """Asks it to end: at once, or as soon as the unit that is under way has taken that in."""
        self._stop()

    def send(self, message: object) -> bool:
        """Tells the service something; `False` where there is nobody any more to listen."""
        if self._stopping:
            return False
        try:
            self._service.receive(message)
        except BaseException:
            self._stop(Failure())
        return True

    def over(self) -> Deferred[None]:
        """Fires when it has ended, whatever came of it; a new one each time."""
        over: Deferred[None] = Deferred()
        if self.running:
            self._overs.append(over)
        else:
            over.callback(None)
        return over

    def _stop(self, failure: Failure | None = None) -> None:
        self._failure = self._failure or failure
        if self._stopping:
            return
        self._stopping = True
        if self._turn is not None:
            self._turn.cancel()
            self._end()
        elif self._waits is not None:
            self._waits.cancel()

    def _go_on(self) -> None:
        if self._stopping:
            self._end()
        else:
            self._turn = self._clock.callLater(0, self._run)

    def _run(self) -> None:
        self._turn = None
        try:
            step = self._service.run()
        except BaseException:
            self._stop(Failure())
            self._go_on()
            return
        if isinstance(step, Awaitable):
            self._wait(step)
        else:
            self._took(step)

    def _wait(self, step: Awaitable[Step[T]]) -> None:
        waits = step if isinstance(step, Deferred) else Deferred.fromCoroutine(_awaited(step))
        self._waits = waits
        if self._stopping:  # asked for by the unit itself, before there was anything to cancel
            waits.cancel()
        waits.addCallbacks(self._took, self._failed)

    def _failed(self, failure: Failure) -> None:
        self._waits = None
        if not (self._stopping and failure.check(CancelledError)):
            self._stop(failure)
        self._go_on()

    def _took(self, step: object) -> None:
        self._waits = None
        try:
            if isinstance(step, Item) and not self._stopping:
                self._last = step.value
                step = self._on_item(step.value)
            elif not isinstance(step, Item | _Word):
                raise TypeError(f"{type(self._service).__name__}.run() must answer a Step, got {step!r}")
        except BaseException:
            self._stop(Failure())
        if step is BREAK:
            self._stop()
        self._go_on()

    def _end(self) -> None:
        self.running = False
        self._token._handles.pop(self, None)
        try:
            self._service.ended()
        except BaseException:
            self._failure = self._failure or Failure()
        if not self.done.called:
            self.done.callback(self._last if self._failure is None else self._failure)
        for over in self._overs:
            over.callback(None)


async def _awaited(step: Awaitable[Step[T]]) -> Step[T]:
    return await step


def spawn(
    service: CancellableService[T],
    clock: Later,
    on_item: Callable[[T], object] = lambda item: None,
    token: CancelToken | None = None,
) -> Handle[T]:
    """Starts a service, its first unit in the next turn of the reactor.

    ``on_item`` gets the value of every `Item`, and ends the service by answering `BREAK`. With a ``token`` it
    is one of a family; a token that is cancelled already ends it before it begins.
    """
    return Handle(service, clock, on_item, token or CancelToken())
