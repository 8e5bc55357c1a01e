"""The wheel wakes each once, when it is time, and with as few calls as there are moments."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from gamesrv.server.wheel import Wheel


class Sleeper:
    """Notes when it was woken."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.woken: list[float] = []

    def wake(self) -> None:
        self.woken.append(self.clock.seconds())


@given(st.lists(st.floats(0, 5), max_size=20), st.sampled_from([1, 4, 60]))
def test_everyone_is_woken_once_never_early_and_hardly_late(delays: list[float], rate: int) -> None:
    clock = Clock()
    wheel = Wheel(clock, rate)
    clock.advance(0.123)
    sleepers = [(Sleeper(clock), delay) for delay in delays]
    for sleeper, delay in sleepers:
        wheel.wake(sleeper, delay)
    while clock.getDelayedCalls():
        clock.advance(max(0, min(call.getTime() for call in clock.getDelayedCalls()) - clock.seconds()))
    for sleeper, delay in sleepers:
        (moment,) = sleeper.woken
        assert -1e-9 <= moment - (0.123 + delay) <= 1 / rate + 1e-9


def test_one_call_serves_all_of_a_moment_and_none_is_left_for_nobody() -> None:
    clock = Clock()
    wheel = Wheel(clock, 10)
    sleepers = [Sleeper(clock) for _ in range(50)]
    slots = [wheel.wake(sleeper, 0.01 + number / 1000) for number, sleeper in enumerate(sleepers)]
    assert len(clock.getDelayedCalls()) == 1
    for sleeper, slot in zip(sleepers, slots, strict=True):
        wheel.let_sleep(sleeper, slot)
    assert clock.getDelayedCalls() == []
    clock.advance(1)
    assert not any(sleeper.woken for sleeper in sleepers)


def test_to_let_sleep_one_who_was_woken_does_nothing() -> None:
    clock = Clock()
    wheel, sleeper = Wheel(clock, 10), Sleeper(clock)
    slot = wheel.wake(sleeper, 0.1)
    clock.advance(0.2)
    wheel.let_sleep(sleeper, slot)
    assert len(sleeper.woken) == 1


def test_one_that_fails_keeps_nobody_asleep(logged_failures: list[LogEvent]) -> None:
    class Broken(Sleeper):
        def wake(self) -> None:
            raise ZeroDivisionError

    clock = Clock()
    wheel, sleeper = Wheel(clock, 10), Sleeper(clock)
    wheel.wake(Broken(clock), 0.1)
    wheel.wake(sleeper, 0.1)
    clock.advance(0.2)
    assert sleeper.woken
    assert [event["log_failure"].type for event in logged_failures] == [ZeroDivisionError]
    logged_failures.clear()


@pytest.mark.parametrize("delay", [0, -1])
def test_who_can_not_wait_is_woken_in_a_later_turn(delay: float) -> None:
    clock = Clock()
    wheel, sleeper = Wheel(clock, 10), Sleeper(clock)
    wheel.wake(sleeper, delay)
    assert not sleeper.woken
    clock.advance(0.1)
    assert len(sleeper.woken) == 1


class Worker(Sleeper):
    """Is busy for a millisecond, and does something."""

    def __init__(self, clock: Clock, then: Callable[[], object] = lambda: None) -> None:
        super().__init__(clock)
        self.then = then

    def wake(self) -> None:
        super().wake()
        self.clock.rightNow += 0.001
        self.then()


def test_no_slot_takes_longer_than_a_slice() -> None:
    """What is due meanwhile need not wait for all of them; all are woken, in their order."""
    clock = Clock()
    wheel = Wheel(clock, 10)
    workers = [Worker(clock) for _ in range(9)]
    for worker in workers:
        wheel.wake(worker, 0.05)
    clock.callLater(0.101, lambda: found.extend(len(worker.woken) for worker in workers))
    found: list[int] = []
    clock.advance(0.1)
    assert found == [1] * 2 + [0] * 7, "two milliseconds"
    assert [len(worker.woken) for worker in workers] == [1] * 9
    assert sorted(workers, key=lambda worker: worker.woken) == workers


def test_in_the_middle_of_a_slot_somebody_may_still_let_sleep_or_be_woken_later() -> None:
    clock = Clock()
    wheel = Wheel(clock, 10)
    last = Worker(clock)
    again = Worker(clock, lambda: len(again.woken) < 2 and wheel.wake(again, -1))
    middle = Worker(clock, lambda: wheel.let_sleep(last, slot))
    for worker in (again, middle, last):
        slot = wheel.wake(worker, 0.05)
    clock.advance(0.1)
    assert len(again.woken) == 1 and not last.woken, "not twice in one slot"
    clock.advance(0.2)
    assert len(again.woken) == 2 and not last.woken
    assert clock.getDelayedCalls() == []


def test_nobody_is_left_of_a_slot_that_was_begun() -> None:
    clock = Clock()
    wheel = Wheel(clock, 10)
    workers = [Worker(clock) for _ in range(4)]
    slots = [wheel.wake(worker, 0.05) for worker in workers]

    def let_sleep() -> None:
        for worker, slot in zip(workers[2:], slots[2:], strict=True):
            wheel.let_sleep(worker, slot)
        assert clock.getDelayedCalls() == []

    clock.callLater(0.101, let_sleep)
    clock.advance(0.1)
    clock.advance(1)
    assert [len(worker.woken) for worker in workers] == [1, 1, 0, 0]
