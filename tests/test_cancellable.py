"""Detached work: units, items, messages, the ways to end, and what is left after each."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from twisted.internet import task
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import LogEvent
from twisted.python.failure import Failure

from gamesrv.cancellable import (
    BREAK,
    CONTINUE,
    CancellableService,
    CancelToken,
    Handle,
    Item,
    Step,
    spawn,
)

TURN = 2**-10


class Clock(task.Clock):
    """As in a reactor, what is to be done at once is done in the next turn, not in this one."""

    def callLater(self, delay: float, callable: Any, *args: Any, **kwargs: Any) -> Any:
        return super().callLater(max(delay, TURN), callable, *args, **kwargs)


class Script(CancellableService[Any]):
    """Answers one thing after the other; what is callable is called for its answer."""

    def __init__(self, *steps: Any) -> None:
        self.steps: Iterator[Any] = iter(steps)
        self.units = 0
        self.heard: list[Any] = []
        self.ends = 0

    def run(self) -> Any:
        self.units += 1
        step = next(self.steps, CONTINUE)
        return step() if callable(step) else step

    def receive(self, message: Any) -> None:
        if isinstance(message, BaseException):
            raise message
        self.heard.append(message)

    def ended(self) -> None:
        self.ends += 1


class Lasting(CancellableService[str]):
    """One unit that waits for an hour, and then for its own cleaning up."""

    def __init__(self, clock: Clock, clean: float = 0.0) -> None:
        self.clock = clock
        self.clean = clean
        self.log: list[str] = []

    async def run(self) -> Step[str]:
        try:
            await deferLater(self.clock, 3600)
        finally:
            self.log.append("cleaning")
            await deferLater(self.clock, self.clean)
            self.log.append("clean")
        return Item("an hour")

    def ended(self) -> None:
        self.log.append("ended")


def raising(error: BaseException) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


def turns(clock: Clock, count: int = 20) -> None:
    for _ in range(count):
        clock.advance(TURN)


def outcome(handle: Handle[Any]) -> list[Any]:
    """What `done` fires with; a failure as its exception."""
    seen: list[Any] = []
    handle.done.addBoth(lambda result: seen.append(result.value if isinstance(result, Failure) else result))
    return seen


# ---------------------------------------------------------------------- units and items


def test_items_come_in_order_and_the_last_is_the_result() -> None:
    clock, items = Clock(), []
    script = Script(Item(1), CONTINUE, Item(2), BREAK, Item(3))
    handle = spawn(script, clock, items.append)
    seen = outcome(handle)
    assert script.units == 0, "nothing is done within spawn"
    turns(clock)
    assert (items, seen, script.units, script.ends) == ([1, 2], [2], 4, 1)
    assert not handle.running
    assert clock.getDelayedCalls() == []


def test_each_unit_has_a_turn_of_its_own() -> None:
    clock = Clock()
    one, two = Script(), Script()
    handles = [spawn(script, clock) for script in (one, two)]
    for turn in range(1, 4):
        clock.advance(TURN)
        assert (one.units, two.units) == (turn, turn)
    for handle in handles:
        handle.cancel()
    assert clock.getDelayedCalls() == []


def test_a_service_without_items_has_no_result() -> None:
    clock = Clock()
    seen = outcome(spawn(Script(CONTINUE, BREAK), clock))
    turns(clock)
    assert seen == [None]


def test_the_callback_can_end_it() -> None:
    clock, items = Clock(), []

    def enough(item: int) -> Any:
        items.append(item)
        return BREAK if item == 2 else None

    script = Script(Item(1), Item(2), Item(3))
    seen = outcome(spawn(script, clock, enough))
    turns(clock)
    assert (items, seen, script.ends) == ([1, 2], [2], 1)


def test_a_unit_may_wait() -> None:
    clock = Clock()
    script = Script(lambda: deferLater(clock, 5, lambda: Item("later")), BREAK)
    seen = outcome(spawn(script, clock))
    clock.advance(TURN)
    clock.advance(4.9)
    assert script.units == 1
    clock.advance(0.1)
    turns(clock)
    assert seen == ["later"]


def test_a_unit_may_be_a_coroutine() -> None:
    clock = Clock()
    service = Lasting(clock)
    items: list[str] = []
    handle = spawn(service, clock, items.append)
    clock.advance(TURN)
    clock.advance(3600)
    turns(clock, 2)
    assert items == ["an hour"] and handle.running
    handle.cancel()
    turns(clock)
    assert not handle.running and clock.getDelayedCalls() == []


def test_thousands_of_units_that_wait_for_nothing_need_no_stack() -> None:
    clock = Clock()
    script = Script(*[_fired] * 5000, BREAK)
    seen = outcome(spawn(script, clock))
    turns(clock, 5002)
    assert seen == [None]


def _fired() -> Deferred[Any]:
    fired: Deferred[Any] = Deferred()
    fired.callback(CONTINUE)
    return fired


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_what_a_unit_raises_ends_it(error: BaseException) -> None:
    clock = Clock()
    script = Script(Item(1), raising(error))
    seen = outcome(spawn(script, clock))
    turns(clock)
    assert seen == [error] and script.ends == 1
    assert clock.getDelayedCalls() == []


def test_what_a_waiting_unit_fails_with_ends_it() -> None:
    clock, error = Clock(), OSError("gone")
    script = Script(lambda: deferLater(clock, 1, raising(error)))
    seen = outcome(spawn(script, clock))
    clock.advance(TURN)
    clock.advance(1)
    assert seen == [error] and script.ends == 1


def test_what_the_callback_raises_ends_it() -> None:
    clock, error = Clock(), KeyError("item")
    script = Script(Item(1), Item(2))
    seen = outcome(spawn(script, clock, lambda item: raising(error)()))
    turns(clock)
    assert seen == [error] and script.units == 1


@pytest.mark.parametrize("answer", [None, 7, "BREAK"])
@pytest.mark.parametrize("waiting", [False, True])
def test_an_answer_that_is_no_step_ends_it(answer: object, waiting: bool) -> None:
    clock = Clock()

    def later() -> Deferred[object]:
        return deferLater(clock, 0, lambda: answer)

    seen = outcome(spawn(Script(later if waiting else answer), clock))
    turns(clock)
    (error,) = seen
    assert isinstance(error, TypeError) and repr(answer) in str(error)


def test_an_error_that_nobody_takes_is_logged(logged_failures: list[LogEvent]) -> None:
    clock = Clock()
    spawn(Script(raising(ValueError("lost"))), clock)
    turns(clock)
    gc.collect()
    assert [event["log_failure"].value.args for event in logged_failures] == [("lost",)]
    logged_failures.clear()


def test_a_fault_in_cleaning_up_is_reported() -> None:
    class Untidy(Script):
        def ended(self) -> None:
            raise OSError("untidy")

    clock = Clock()
    handle = spawn(Untidy(), clock)
    over: list[None] = []
    handle.over().addCallback(over.append)
    seen = outcome(handle)
    handle.cancel()
    assert [str(error) for error in seen] == ["untidy"] and over == [None]


# ---------------------------------------------------------------------- messages


def test_messages_reach_the_service_until_it_ends() -> None:
    clock = Clock()
    script = Script(Item(1))
    handle = spawn(script, clock)
    assert handle.send("before the first unit")
    turns(clock, 2)
    assert handle.send("between")
    handle.cancel()
    assert not handle.send("after")
    assert script.heard == ["before the first unit", "between"]


def test_a_message_can_wake_a_unit_that_waits() -> None:
    class Inbox(CancellableService[str]):
        def __init__(self) -> None:
            self.next: Deferred[Step[str]] = Deferred()

        def run(self) -> Awaitable[Step[str]]:
            self.next = Deferred()
            return self.next

        def receive(self, message: str) -> None:
            self.next.callback(Item(message))

    clock, items = Clock(), []
    handle = spawn(Inbox(), clock, items.append)
    for word in ("one", "two"):
        clock.advance(TURN)
        handle.send(word)
    assert items == ["one", "two"]
    handle.cancel()
    assert clock.getDelayedCalls() == []


def test_a_message_it_can_not_take_ends_it() -> None:
    clock, error = Clock(), ValueError("what?")
    script = Script()
    handle = spawn(script, clock)
    seen = outcome(handle)
    handle.send(error)
    turns(clock)
    assert seen == [error] and script.ends == 1


def test_the_first_of_two_errors_is_the_one_reported() -> None:
    clock, first = Clock(), ValueError("first")

    async def dirty() -> Step[Any]:
        try:
            await deferLater(clock, 9)
        finally:
            raise OSError("second")

    handle = spawn(Script(dirty), clock)
    clock.advance(TURN)
    seen = outcome(handle)
    handle.send(first)
    assert seen == [first] and clock.getDelayedCalls() == []


def test_a_service_takes_no_messages_unless_it_says_so() -> None:
    clock = Clock()
    handle = spawn(Lasting(clock), clock)
    clock.advance(TURN)
    seen = outcome(handle)
    handle.send("hello")
    turns(clock)
    (error,) = seen
    assert isinstance(error, TypeError) and "Lasting takes no messages" in str(error)


# ---------------------------------------------------------------------- cancelling


def test_cancelling_is_a_quiet_end() -> None:
    clock = Clock()
    script = Script(Item(1))
    handle = spawn(script, clock)
    turns(clock, 3)
    seen = outcome(handle)
    handle.cancel()
    handle.cancel()
    assert (seen, script.ends, script.units) == ([1], 1, 3)
    turns(clock)
    assert script.units == 3 and clock.getDelayedCalls() == []


def test_one_that_waits_cleans_up_before_it_has_ended() -> None:
    clock = Clock()
    service = Lasting(clock, clean=2)
    handle = spawn(service, clock)
    clock.advance(TURN)
    seen = outcome(handle)
    handle.cancel()
    assert service.log == ["cleaning"] and handle.running and not seen
    clock.advance(2)
    assert service.log == ["cleaning", "clean", "ended"]
    assert seen == [None] and clock.getDelayedCalls() == []


def test_an_error_while_cleaning_up_is_reported() -> None:
    clock, error = Clock(), OSError("dirty")

    async def dirty() -> Step[Any]:
        try:
            await deferLater(clock, 9)
        finally:
            raise error

    handle = spawn(Script(dirty), clock)
    clock.advance(TURN)
    seen = outcome(handle)
    handle.cancel()
    assert seen == [error]


@pytest.mark.parametrize("waiting", [False, True])
def test_a_unit_may_cancel_itself(waiting: bool) -> None:
    clock, handles = Clock(), []

    def cancel() -> Any:
        handles[0].cancel()
        return deferLater(clock, 10) if waiting else Item("too late")

    items: list[Any] = []
    script = Script(cancel)
    handles.append(spawn(script, clock, items.append))
    seen = outcome(handles[0])
    turns(clock)
    assert (items, seen, script.ends) == ([], [None], 1)
    assert clock.getDelayedCalls() == []


def test_the_callback_may_cancel_it() -> None:
    clock, handles = Clock(), []
    script = Script(Item(1), Item(2))
    handles.append(spawn(script, clock, lambda item: handles[0].cancel()))
    turns(clock)
    assert script.units == 1 and script.ends == 1


def test_done_is_cancelled_and_timed_out_as_any_deferred() -> None:
    clock = Clock()
    script = Script(lambda: Deferred())
    handle = spawn(script, clock)
    handle.done.addTimeout(3, clock)
    clock.advance(TURN)
    clock.advance(3)
    assert not handle.running and script.ends == 1

    service = Lasting(clock, clean=2)
    slow = spawn(service, clock)
    clock.advance(TURN)
    seen = outcome(slow)
    slow.done.cancel()
    assert isinstance(seen[0], CancelledError), "who waits is let go"
    clock.advance(2)
    assert service.log[-1] == "ended"


# ---------------------------------------------------------------------- families


def test_a_token_cancels_a_family_and_waits_for_it() -> None:
    clock, token = Clock(), CancelToken()
    quick, slow, other = Script(), Lasting(clock, clean=2), Script()
    family = [spawn(service, clock, token=token) for service in (quick, slow)]
    stranger = spawn(other, clock)
    clock.advance(TURN)
    over: list[None] = []
    token.cancel().addCallback(over.append)
    assert not family[0].running and over == []
    clock.advance(2)
    assert over == [None] and not family[1].running
    assert stranger.running
    stranger.cancel()
    assert clock.getDelayedCalls() == []


def test_who_comes_too_late_ends_before_it_begins() -> None:
    clock, token = Clock(), CancelToken()
    over: list[None] = []
    token.cancel().addCallback(over.append)
    script = Script(Item(1))
    handle = spawn(script, clock, token=token)
    assert over == [None] and not handle.running
    assert (script.units, script.ends, outcome(handle)) == (0, 1, [None])
    assert clock.getDelayedCalls() == []


def test_one_that_has_ended_is_no_family_any_more() -> None:
    clock, token = Clock(), CancelToken()
    outcome(spawn(Script(raising(ValueError())), clock, token=token))
    outcome(spawn(Script(BREAK), clock, token=token))
    turns(clock)
    assert token._handles == {}


def test_one_may_end_another_of_its_family() -> None:
    clock, token = Clock(), CancelToken()
    first = spawn(Script(), clock, token=token)
    second = Script()
    second.ended = first.cancel  # type: ignore[method-assign]
    handle = spawn(second, clock, token=token)
    token.cancel()
    assert not first.running and not handle.running
