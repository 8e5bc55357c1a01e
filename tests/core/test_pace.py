"""A client's two clocks, on simulated ways to the server."""

from collections.abc import Callable

import pytest

from gamesrv.core.pace import SLEW, InputClock, Playout, TwoWays
from gamesrv.core.rng import Random

RATE = 30
STEP = 1 / 240


def run(way: Callable[[], float], error: float, seconds: float = 20.0) -> list[tuple[float, float]]:
    """When each input was made and how long it had to wait, with a clock that begins ``error`` ticks off.

    The server's tick k is fixed at k / `RATE`; what it says takes as long as what it hears.
    """
    clock = InputClock(RATE)
    clock.start(round(2 + error), 0.0)
    news: list[tuple[float, int, float]] = []
    waits: list[tuple[float, float]] = []
    made, now = round(2 + error) - 1, 0.0
    while now < seconds:
        now += STEP
        for tick in range(made + 1, clock.tick(now) + 1):
            made = tick
            clock.made(tick)
            arrives = now + way()
            wait = tick / RATE - arrives
            waits.append((now, wait))
            fixed = max(tick, int(arrives * RATE))  # late ones are told of with what was fixed last by then
            news.append((max(arrives, tick / RATE) + way(), fixed, wait))
        for at, tick, wait in [entry for entry in news if entry[0] <= now]:
            news.remove((at, tick, wait))
            if clock.tick(now) < tick:  # as a driver does that gets frames of ticks it has not come to
                clock.start(tick + 2, now)
                made = tick + 1
            clock.told(tick, wait)
    return waits


@pytest.mark.parametrize("error", [-60, -5, 0, 5, 60])
@pytest.mark.parametrize("latency", [0.0, 0.1, 0.5])
def test_inputs_come_a_tick_or_two_early_wherever_it_begins(error: float, latency: float) -> None:
    waits = [wait for at, wait in run(lambda: latency, error) if at > 12]
    assert len(waits) > 200
    assert all(0.5 / RATE <= wait <= 2.5 / RATE for wait in waits)


def test_it_does_not_overshoot() -> None:
    """What is told of inputs from before a correction is no reason for another one."""
    waits = [wait for at, wait in run(lambda: 0.5, 60) if at > 3]
    assert min(waits) >= 0.0


def test_nine_of_ten_are_in_time_on_an_uneasy_way() -> None:
    random = Random(b"weather")
    waits = [wait for at, wait in run(lambda: 0.1 + random.below(61) / 1000, 0) if at > 5]
    assert sum(wait > 0 for wait in waits) / len(waits) > 0.98
    assert sum(waits) / len(waits) < 3 / RATE


def test_it_never_runs_more_than_a_little_faster_or_slower() -> None:
    clock = InputClock(RATE)
    clock.start(0, 0.0)
    clock.tick(0.0)
    clock.made(0)
    clock.told(0, 0.1)
    before = clock.tick(10.0)
    assert before == int((10.0 - (0.1 - 1 / RATE)) * RATE), "in ten seconds it has got there"
    clock.start(0, 0.0)
    clock.made(0)
    clock.told(0, 0.1)
    assert clock.tick(1.0) in (int((1 - SLEW) * RATE), int((1 - SLEW) * RATE) + 1)


def show(arrive: Callable[[int], float], seconds: float, draw: float = 1 / 120) -> list[float]:
    """When each tick was shown, frame k of which came at ``arrive(k)``, those before it no later."""
    playout, tick, newest, now = Playout(RATE), 0, 0, 0.0
    shown: list[float] = []
    while now < seconds:
        now += draw
        first = newest + 1
        while arrive(newest + 1) <= now:
            newest += 1
        if newest >= first:
            playout.arrived(first, newest, now)
        due = min(playout.due(newest, now), tick + 4)
        shown += [now] * max(0, due - tick)
        tick = max(tick, due)
    return shown


def gaps(shown: list[float]) -> list[float]:
    return [(b - a) * RATE for a, b in zip(shown, shown[1:], strict=False)]


def test_on_a_steady_way_all_is_shown_at_once() -> None:
    shown = show(lambda tick: tick / RATE + 0.1, 10)
    late = [at - (tick / RATE + 0.1) for tick, at in enumerate(shown, 1)]
    assert max(late) < 0.02 and 0.5 < min(gaps(shown)) and max(gaps(shown)) < 1.5


def test_on_an_uneasy_way_it_is_smooth_and_no_later_than_it_must_be() -> None:
    random = Random(b"weather")
    delays = [random.below(100) / 1000 for _ in range(2000)]
    shown = show(lambda tick: tick / RATE + 0.1 + delays[tick % 2000], 40)
    later = gaps(shown)[300:]
    assert max(later) <= 1.6 and min(later) >= 0.4
    assert shown[900] - (900 / RATE + 0.2) < 0.05


def test_a_frame_that_is_missing_stops_the_clock_and_what_was_missed_is_caught_up() -> None:
    """After a second of nothing, four at a time: as long as it takes, and no longer."""
    shown = show(lambda tick: max(tick / RATE, 6.0) if 5 < tick / RATE < 6 else tick / RATE, 20)
    longest = max(gaps(shown))
    assert 28 < longest < 33
    late = [at - tick / RATE for tick, at in enumerate(shown, 1)]
    assert late[-1] < 0.15 and len(shown) > 590


def test_where_ticks_are_counted_anew_so_is_time() -> None:
    playout = Playout(RATE)
    playout.arrived(1000, 1000, 5.0)
    assert playout.due(1000, 5.0) == 1000
    playout.restart()
    assert playout.due(3, 6.0) == 3
    playout.arrived(1, 1, 6.0)
    assert playout.due(1, 6.0) == 1


def test_the_link_takes_over_when_datagrams_do_not_arrive_and_for_longer_each_time() -> None:
    ways, links = TwoWays(0.0), []
    for tenth in range(1200):
        links.append(not ways.by_datagram(tenth / 10))
    assert links[:11] == [False] * 11 and links[11:110] == [True] * 99
    assert sum(links) > 1100 - 40, "a second of trying after 10, 20, 40 seconds"
    ways = TwoWays(0.0)
    for tenth in range(1200):
        ways.heard = tenth / 10
        assert ways.by_datagram(tenth / 10)
