"""What a seat has sent for ticks to come: each once, by whatever way and in whatever order it came."""

from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.inputs import MAX_COUNT
from gamesrv.server.inputs import SeatInputs

TICK = 0.1


def seat() -> SeatInputs:
    return SeatInputs(TICK)


def test_each_tick_gets_its_own() -> None:
    one = seat()
    one.take(11, (1, 2, 3), 10, 0.0, 0.0)
    assert [one.fix(tick, 0.0) for tick in (11, 12, 13)] == [1, 2, 3]
    assert one.late == 0


def test_what_is_missing_is_what_was_held_before_and_is_counted() -> None:
    one = seat()
    one.take(11, (5,), 10, 0.0, 0.0)
    one.take(13, (6,), 10, 0.0, 0.0)
    assert [one.fix(tick, 0.0) for tick in (11, 12, 13, 14)] == [5, 5, 6, 6]
    assert one.late == 2


def test_nothing_is_missed_before_the_first() -> None:
    one = seat()
    assert [one.fix(tick, 0.0) for tick in (1, 2)] == [0, 0]
    one.take(5, (9,), 2, 0.0, 0.0)
    assert [one.fix(tick, 0.0) for tick in (3, 4, 5)] == [0, 0, 9]
    assert one.late == 0


def test_two_seats_have_nothing_in_common() -> None:
    """Defect (a) of the original: one counter of what was received for all, so the second player's inputs
    were dropped, and acknowledged all the same.
    """
    ann, bob = seat(), seat()
    ann.take(11, (1, 1, 1), 10, 0.0, 0.0)
    assert (ann.ack(10), bob.ack(10)) == (13, 10)
    bob.take(11, (2, 2), 10, 0.0, 0.0)
    assert (ann.ack(10), bob.ack(10)) == (13, 12)
    assert [bob.fix(11, 0.0), bob.fix(12, 0.0)] == [2, 2]


def test_what_comes_out_of_order_fills_gaps_and_what_is_over_leaves_nothing() -> None:
    """Defect (b): deltas of 0 and below were ignored, and wrong ticks removed."""
    one = seat()
    one.take(14, (4, 5), 10, 0.0, 0.0)
    assert one.ack(10) == 10
    one.take(11, (1, 2, 3, 4), 10, 0.0, 0.0)
    assert one.ack(10) == 15
    assert [one.fix(tick, 0.0) for tick in range(11, 15)] == [1, 2, 3, 4]
    one.take(9, (7, 7, 7, 7, 7, 7, 7), 14, 0.0, 0.0)
    assert one.fix(15, 0.0) == 5, "what was there first counts, and what is over does not come back"
    assert one.ack(15) == 15 and not one._coming


def test_a_late_one_counts_for_what_comes_after() -> None:
    one = seat()
    one.take(11, (5,), 10, 0.0, 0.0)
    assert [one.fix(11, 0.0), one.fix(12, 0.1)] == [5, 5]
    one.take(12, (0,), 12, 0.15, 0.1)
    assert one.fix(13, 0.2) == 0


def test_it_says_how_long_they_waited_and_how_late_they_were() -> None:
    one = seat()
    one.take(11, (1,), 10, 0.95, 0.9)
    assert one.fix(11, 1.0) == 1 and one.take_wait() == 50
    assert one.take_wait() is None
    one.fix(12, 1.1)
    one.fix(13, 1.2)
    one.take(12, (1,), 13, 1.23, 1.2)
    assert one.take_wait() == -130
    one.take(12, (1,), 13, 1.29, 1.2)
    assert one.take_wait() is None, "the same again is no news"


def test_far_ahead_is_passed_over() -> None:
    one = seat()
    assert one.take(11, (1,) * MAX_COUNT, 10, 0.0, 0.0) == 0
    assert one.take(10 + MAX_COUNT, (1, 2, 3), 10, 0.0, 0.0) == 2
    assert one.take(2**32 - 1, (1, 2, 3), 10, 0.0, 0.0) == 3
    assert len(one._coming) == MAX_COUNT


def test_who_is_cleared_holds_nothing() -> None:
    one = seat()
    one.take(11, (7,) * 9, 10, 0.0, 0.0)
    one.fix(11, 0.0)
    one.clear()
    assert one.fix(12, 0.0) == 0 and one.late == 0 and not one.lacks(13)


@given(st.data())
def test_whatever_the_network_does_to_them(data: st.DataObject) -> None:
    """Payloads with all that is not acknowledged, lost, doubled and out of order: what counts is what was
    pressed, or what was held before, and at the end all is forgotten.
    """
    pressed = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=40))
    one = seat()
    payloads: list[tuple[int, tuple[int, ...]]] = []
    fixed = []
    for tick in range(1, len(pressed) + 1):
        first = max(1, one._whole + 1)
        payloads.append((first, tuple(pressed[first - 1 : tick + 2])))
        for start, held in data.draw(st.lists(st.sampled_from(payloads), max_size=3)):
            one.take(start, held, tick - 1, 0.0, 0.0)
            one.ack(tick - 1)
        came = tick in one._coming
        fixed.append(one.fix(tick, 0.0))
        assert not came or fixed[-1] == pressed[tick - 1]
    assert all(tick > len(pressed) for tick in one._coming)
    assert one.late <= len(pressed)
