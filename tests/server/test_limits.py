"""What protects the server from its peers."""

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.server.limits import Limits, TokenBucket

NAMES = [item.name for item in attrs.fields(Limits)]


@given(
    st.floats(0.1, 100),
    st.integers(1, 200),
    st.floats(0, 1e6),
    st.lists(st.floats(0, 10), max_size=100),
)
def test_no_bucket_gives_more_than_burst_and_rate(
    rate: float, burst: int, start: float, pauses: list[float]
) -> None:
    """In any stretch of time, whichever way the takes fall: never more than burst + rate × time."""
    bucket = TokenBucket(rate, burst)
    now = start
    taken: list[float] = []
    for pause in pauses:
        now += pause
        if bucket.take(now):
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            allowed = burst + rate * (taken[last] - taken[first])
            assert last - first + 1 <= allowed + 1e-6


@given(st.floats(0.1, 100), st.integers(1, 100))
def test_who_keeps_to_the_rate_is_never_refused(rate: float, burst: int) -> None:
    bucket = TokenBucket(rate, burst)
    assert all(bucket.take(number * 1.001 / rate) for number in range(200))


def test_a_full_bucket_gives_its_burst_at_once_and_then_none() -> None:
    bucket = TokenBucket(rate=2, burst=5)
    assert [bucket.take(1000.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert [bucket.take(1001.0) for _ in range(3)] == [True, True, False]


def test_being_refused_costs_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=1)
    assert bucket.take(0.0)
    assert not any(bucket.take(0.9) for _ in range(100))
    assert bucket.take(1.0)


def test_a_bucket_fills_up_to_its_burst_and_no_further() -> None:
    bucket = TokenBucket(rate=10, burst=3)
    for _ in range(3):
        bucket.take(0.0)
    assert bucket.level(0.2) == pytest.approx(2)
    assert bucket.level(1e9) == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_no_limit_can_be_switched_off(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0"):
        Limits(**{name: value})


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_is_told_in_a_line(name: str) -> None:
    assert 10 < len(attrs.fields_dict(Limits)[name].metadata["help"]) < 80


def test_the_hard_buffer_is_not_below_the_soft_one() -> None:
    with pytest.raises(ValueError, match="hard_buffer"):
        Limits(soft_buffer=1000, hard_buffer=999)
    assert Limits(soft_buffer=1000, hard_buffer=1000)


def test_the_defaults_are_those_of_the_design() -> None:
    limits = Limits()
    assert (limits.message_size, limits.fragments, limits.packet_size) == (16384, 64, 2048)
    assert (limits.line_size, limits.head_size, limits.head_fields) == (1024, 8192, 100)
    assert (limits.message_rate, limits.message_burst) == (60, 120)
    assert (limits.connections_per_address, limits.joins_per_address) == (20, 5)
    assert (limits.soft_buffer, limits.hard_buffer, limits.slow_timeout) == (65536, 262144, 10)
    assert (limits.grace, limits.drain, limits.ping_interval, limits.ping_timeout) == (30, 30, 15, 10)
