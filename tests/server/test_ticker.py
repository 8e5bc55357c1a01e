"""The clock: exact, even, and not to be stopped by anything that a room does."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import LogEvent
from twisted.python.failure import Failure

from gamesrv.server.ticker import MAX_CATCH_UP, STALE_ALARMS_KEPT, Ticker

HOUR = 3600


class Room:
    """Counts its steps, and does what it is told in them."""

    def __init__(self, tick_rate: int = 20, act: Callable[[], object] = lambda: None) -> None:
        self.tick_rate = tick_rate
        self.act = act
        self.steps = 0
        self.wakes = 0
        self.failures: list[Failure] = []

    def step(self) -> None:
        self.steps += 1
        self.act()

    def wake(self) -> None:
        self.wakes += 1
        self.act()

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)


class Ticking:
    """A ticker that runs, looked at in the middle between two beats, where no rounding can hide one."""

    def __init__(self, rate: int = 60) -> None:
        self.clock = Clock()
        self.deaths: list[Failure] = []
        self.ticker = Ticker(self.clock, rate)
        self.ticker.start(self.deaths.append)
        self.clock.advance(0.5 / rate)

    def add(self, *rooms: Room) -> None:
        for room in rooms:
            self.ticker.add(room)

    def beat(self, times: int = 1) -> None:
        """As many beats, each in time."""
        for _ in range(times):
            self.clock.advance(1 / self.ticker.rate)

    def stall(self, beats: float) -> None:
        """That many beats pass while the process does something else; the call that waited comes now."""
        self.clock.advance(beats / self.ticker.rate)


@pytest.fixture
def ticking() -> Iterator[Ticking]:
    """A ticker that must be alive when the test is over, and leave nothing."""
    made = Ticking()
    yield made
    assert made.deaths == []
    beat = made.ticker.beat
    made.beat(2)
    assert made.ticker.beat > beat
    made.ticker.stop()
    assert made.clock.getDelayedCalls() == []


# ---------------------------------------------------------------------- beats


def test_one_hour_at_20_hz_is_72000_steps() -> None:
    ticking = Ticking(20)
    room = Room(20)
    ticking.add(room)
    while ticking.clock.seconds() < HOUR:
        ticking.beat()
    assert room.steps == 72_000
    assert (ticking.ticker.late, ticking.ticker.dropped) == (0, 0)


@pytest.mark.parametrize(("rate", "divisor"), [(60, 1), (30, 2), (20, 3), (1, 60)])
def test_a_room_steps_at_its_own_rate(ticking: Ticking, rate: int, divisor: int) -> None:
    room = Room(rate)
    ticking.add(room)
    ticking.beat(60 * 60)
    assert room.steps == 60 * 60 // divisor


def test_rooms_are_spread_evenly_over_the_phases(ticking: Ticking) -> None:
    rooms = [Room(20) for _ in range(30)]
    ticking.add(*rooms)
    for _ in range(3):
        before = sum(room.steps for room in rooms)
        ticking.beat()
        assert sum(room.steps for room in rooms) - before == 10
    for room in rooms[::3]:
        ticking.ticker.remove(room)
    ticking.add(*(Room(20) for _ in range(10)))
    before = sum(room.steps for room in rooms)
    ticking.beat(3)
    assert sum(room.steps for room in rooms) - before == 20


def test_a_rate_must_divide_the_base_rate(ticking: Ticking) -> None:
    assert ticking.ticker.divides(20) and ticking.ticker.divides(0)
    assert not ticking.ticker.divides(25)
    with pytest.raises(ValueError, match="25 Hz does not divide the base rate of 60 Hz"):
        ticking.ticker.add(Room(25))


def test_a_room_that_does_not_tick_costs_nothing(ticking: Ticking) -> None:
    room = Room(0)
    ticking.add(room)
    ticking.beat(60)
    ticking.ticker.remove(room)
    assert (room.steps, room.wakes) == (0, 0)


# ---------------------------------------------------------------------- late


@pytest.mark.parametrize("late", [1, 2, 3, 4, 5, 100])
def test_late_beats_are_made_up_for_up_to_four(ticking: Ticking, late: int) -> None:
    room = Room(60)
    ticking.add(room)
    ticking.beat(10)
    ticking.stall(late)
    made_up = min(late, MAX_CATCH_UP)
    assert room.steps == 10 + made_up
    assert (ticking.ticker.late, ticking.ticker.dropped) == (made_up - 1, late - made_up)
    ticking.beat(10)
    assert room.steps == 20 + made_up, "and then it goes on as before"


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=100))
def test_steps_and_dropped_beats_add_up_to_the_time(costs: list[float]) -> None:
    """However long its steps take, a room's beats are made or counted as dropped."""
    ticking = Ticking()
    left = list(costs)

    def work() -> None:
        if left:
            ticking.clock.rightNow += left.pop()

    room = Room(60, work)
    ticking.add(room)
    made = [0]
    ticking.ticker.rest = lambda: made.append(room.steps)
    while left:
        ticking.beat()
    ticking.beat(2)
    assert all(after - before <= MAX_CATCH_UP for before, after in pairwise(made))
    elapsed = ticking.clock.seconds() * 60
    assert room.steps + ticking.ticker.dropped == pytest.approx(elapsed, abs=1.01)
    assert ticking.ticker.beat == room.steps


def test_one_late_beat_does_not_make_others_late() -> None:
    """A beat takes two thirds of the time there is, so two take longer than that; and one came late."""
    ticking = Ticking()
    moments: list[float] = []

    def work() -> None:
        moments.append(ticking.clock.seconds() * 60)
        ticking.clock.rightNow += 2 / 3 / 60

    room = Room(60, work)
    ticking.add(room)
    ticking.stall(1.6)
    for _ in range(100):
        ticking.clock.advance(0.1 / 60)
    lateness = [at - number for number, at in enumerate(moments, 1)]
    assert lateness[0] > 1, "as it was made to be"
    assert [late for late in lateness[5:] if late > 0.2] == []


def test_others_have_their_turn_between_late_beats() -> None:
    ticking = Ticking()
    heard: list[str] = []
    room = Room(60, lambda: heard.append("beat"))
    ticking.add(room)
    ticking.ticker.rest = lambda: heard.append("rest")

    def once() -> None:
        ticking.clock.rightNow += 1 / 60
        ticking.clock.callLater(0, heard.append, "other")

    room.act = lambda: (heard.append("beat"), once() if len(heard) < 3 else None)
    ticking.beat()
    assert heard == ["beat", "rest", "other", "beat", "rest"]


def test_a_clock_that_is_set_back_beats_on(ticking: Ticking) -> None:
    room = Room(60)
    ticking.add(room)
    ticking.beat(10)
    ticking.clock.rightNow -= 5 / 60
    ticking.beat(10)
    assert 14 <= room.steps <= 20


def test_time_that_stood_still_is_not_made_up_for(ticking: Ticking) -> None:
    room = Room(60)
    ticking.add(room)
    ticking.beat(5)
    ticking.ticker.stop()
    ticking.clock.advance(HOUR)
    assert room.steps == 5
    ticking.ticker.start(ticking.deaths.append)
    ticking.stall(0.5)
    ticking.beat(5)
    assert room.steps == 10
    assert (ticking.ticker.late, ticking.ticker.dropped) == (0, 0)


# ---------------------------------------------------------------------- what rooms do


@pytest.mark.parametrize(
    "kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, RecursionError, BaseException]
)
@pytest.mark.parametrize("rate", [0, 60])
def test_whatever_a_room_raises_ends_that_room_alone(
    ticking: Ticking, kind: type[BaseException], rate: int
) -> None:
    def fault() -> None:
        raise kind("at once")

    first, bad, last = Room(rate), Room(rate, fault), Room(rate)
    for room in (first, bad, last):
        ticking.ticker.add(room)
        if rate == 0:
            ticking.ticker.wake_at(room, 0.0)
    ticking.beat()
    assert [failure.type for failure in bad.failures] == [kind]
    assert [room.steps + room.wakes for room in (first, last)] == [1, 1]
    assert first.failures == last.failures == []


def test_a_bottomless_recursion_ends_that_room_alone(ticking: Ticking) -> None:
    def fall() -> None:
        fall()

    bad, good = Room(60, fall), Room(60)
    ticking.add(bad, good)
    ticking.beat()
    assert bad.failures[0].check(RecursionError)
    assert good.steps == 1


def test_a_room_that_cannot_even_end_is_left_alone(ticking: Ticking, logged_failures: list[LogEvent]) -> None:
    class Stubborn(Room):
        def fail(self, failure: Failure) -> None:
            raise SystemExit("no")

    bad, good = Stubborn(60, lambda: 1 / 0), Room(60)
    ticking.add(bad, good)
    ticking.beat(3)
    assert (bad.steps, good.steps) == (1, 3)
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_a_room_may_go_in_its_own_step(ticking: Ticking) -> None:
    first, last = Room(60), Room(60)
    going = Room(60, lambda: ticking.ticker.remove(going))
    ticking.add(first, going, last)
    ticking.beat(3)
    assert [room.steps for room in (first, going, last)] == [3, 1, 3]


def test_a_room_that_goes_in_anothers_step_is_not_stepped_any_more(ticking: Ticking) -> None:
    earlier, later = Room(60), Room(60)
    killer = Room(60, lambda: [ticking.ticker.remove(room) for room in (earlier, later)])
    bystander = Room(60)
    ticking.add(earlier, killer, later, bystander)
    ticking.beat(2)
    assert [room.steps for room in (earlier, killer, later, bystander)] == [1, 2, 0, 2]


def test_a_room_may_open_another_in_its_step(ticking: Ticking) -> None:
    """Even one whose rate nobody had before."""
    opened = [Room(60), Room(30), Room(0)]
    opener = Room(20, lambda: ticking.add(*opened) if opener.steps == 1 else None)
    ticking.add(opener)
    ticking.beat(61)
    assert opener.steps == 20
    assert opened[0].steps >= 57 and opened[1].steps >= 28


def test_removing_a_stranger_changes_nothing(ticking: Ticking) -> None:
    room = Room(60)
    ticking.add(room)
    for stranger in (Room(60), Room(0)):
        ticking.ticker.remove(stranger)
    ticking.beat()
    assert room.steps == 1


def test_the_death_of_the_clock_itself_is_told() -> None:
    """With nothing to catch it, a `LoopingCall` would just stand still."""
    ticking = Ticking()
    ticking.beat()

    def broken() -> float:
        raise OSError("no time")

    ticking.clock.seconds = broken  # type: ignore[method-assign]
    for call in ticking.clock.getDelayedCalls():
        call.func()
    assert [failure.type for failure in ticking.deaths] == [OSError]
    ticking.ticker.stop()


# ---------------------------------------------------------------------- alarms


def test_a_room_is_woken_once_at_the_first_beat_from_then_on(ticking: Ticking) -> None:
    room = Room(0)
    ticking.ticker.wake_at(room, 60 / 60)
    ticking.beat(59)
    assert room.wakes == 0
    ticking.beat(60)
    assert room.wakes == 1


@pytest.mark.parametrize("again", [0.25, 1.0])
def test_a_new_alarm_replaces_the_one_before(ticking: Ticking, again: float) -> None:
    room = Room(0)
    ticking.ticker.wake_at(room, 0.5)
    ticking.ticker.wake_at(room, again)
    ticking.beat(int(again * 60) - 2)
    assert room.wakes == 0
    ticking.beat(3)
    assert room.wakes == 1
    ticking.beat(60)
    assert room.wakes == 1


def test_an_alarm_can_be_taken_back(ticking: Ticking) -> None:
    cancelled, removed, again = Room(0), Room(0), Room(0)
    for room in (cancelled, removed, again):
        ticking.ticker.wake_at(room, 0.5)
    ticking.ticker.wake_at(cancelled, None)
    ticking.ticker.remove(removed)
    ticking.ticker.wake_at(again, None)
    ticking.ticker.wake_at(again, 0.5)
    ticking.beat(60)
    assert [room.wakes for room in (cancelled, removed, again)] == [0, 0, 1]


def test_an_alarm_in_the_past_rings_at_the_next_beat(ticking: Ticking) -> None:
    room = Room(0)
    ticking.beat(60)
    ticking.ticker.wake_at(room, -5.0)
    assert room.wakes == 0, "never at once: the room may be in the middle of something"
    ticking.beat()
    assert room.wakes == 1


def test_equal_moments_keep_their_order(ticking: Ticking) -> None:
    order: list[int] = []
    rooms = [Room(0, lambda number=number: order.append(number)) for number in range(50)]
    for room in rooms:
        ticking.ticker.wake_at(room, 0.5)
    for room in rooms[::2]:
        ticking.ticker.wake_at(room, 0.25)
    ticking.beat(60)
    assert order == [*range(0, 50, 2), *range(1, 50, 2)]


def test_a_room_may_set_its_next_alarm_when_it_is_woken(ticking: Ticking) -> None:
    room = Room(0, lambda: ticking.ticker.wake_at(room, ticking.clock.seconds() + 0.1))
    ticking.ticker.wake_at(room, 0.1)
    ticking.beat(100)
    assert 13 <= room.wakes <= 16


def test_a_room_that_is_always_due_cannot_keep_the_clock_for_itself(ticking: Ticking) -> None:
    greedy = Room(0, lambda: ticking.ticker.wake_at(greedy, 0.0))
    modest = Room(60)
    ticking.add(modest)
    ticking.ticker.wake_at(greedy, 0.0)
    ticking.beat(10)
    assert (greedy.wakes, modest.steps) == (10, 10)


def test_one_that_rings_may_silence_another(ticking: Ticking) -> None:
    second = Room(0)
    first = Room(0, lambda: ticking.ticker.remove(second))
    for room in (first, second):
        ticking.ticker.wake_at(room, 0.0)
    ticking.beat()
    assert (first.wakes, second.wakes) == (1, 0)


def test_alarms_that_were_replaced_do_not_pile_up(ticking: Ticking) -> None:
    """A turn's clock is set anew by every move, hours ahead, and is hardly ever let run out."""
    rooms = [Room(0) for _ in range(10)]
    for move in range(1000):
        for room in rooms:
            ticking.ticker.wake_at(room, float(HOUR + move))
        ticking.beat()
        assert len(ticking.ticker._alarms) <= 3 * len(rooms) + STALE_ALARMS_KEPT
    ticking.stall(2 * HOUR * 60)
    assert [room.wakes for room in rooms] == [1] * 10


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.none() | st.integers(-1, 8), st.integers(0, 4)),
        max_size=60,
    )
)
def test_alarms_ring_as_a_simple_model_says(script: list[tuple[int, int | None, int]]) -> None:
    """A room's alarm is the last one it set; it rings at the first beat from then on, and once."""
    ticking = Ticking(rate=1)
    rooms = [Room(0) for _ in range(4)]
    waiting: dict[Room, float] = {}
    expected = dict.fromkeys(rooms, 0)
    for which, ahead, beats in script:
        room, now = rooms[which], ticking.clock.seconds()
        ticking.ticker.wake_at(room, None if ahead is None else now + ahead)
        waiting.pop(room, None)
        if ahead is not None:
            waiting[room] = now + ahead
        for _ in range(beats):
            ticking.beat()
            for ringing in [r for r, at in waiting.items() if at <= ticking.clock.seconds()]:
                del waiting[ringing]
                expected[ringing] += 1
        assert {room: room.wakes for room in rooms} == expected
