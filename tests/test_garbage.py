"""The collector of garbage comes when it is told, and finds what is there to be found."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from gamesrv import garbage
from gamesrv.garbage import Collector


class Knot:
    """Nobody can free this by counting."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(garbage, "GROWTH", 1.0)  # however much there is before: only the least counts here
    collector = Collector()
    collector.take_over()
    yield collector
    collector.give_back()


def test_nothing_is_collected_by_itself(collector: Collector) -> None:
    knot = ref(Knot())
    for _ in range(5):
        [[] for _ in range(garbage.YOUNG)]
    assert knot() is not None


def test_what_is_new_is_collected_once_there_is_enough_of_it(collector: Collector) -> None:
    knot = ref(Knot())
    collector.collect()
    assert knot() is not None
    kept = [[] for _ in range(garbage.YOUNG)]  # type: ignore[var-annotated]
    collector.collect()
    assert knot() is None
    assert kept


def test_what_is_old_is_collected_once_memory_has_grown(collector: Collector) -> None:
    tie = Knot()
    knot = ref(tie)
    kept = [[[] for _ in range(garbage.YOUNG)]]
    collector.collect()  # it is old now
    del tie
    for _ in range(garbage.TIMES):
        kept.append([[] for _ in range(garbage.LEAST_GROWTH // 5)])
        collector.collect()
    assert knot() is None


def test_what_is_new_is_looked_at_less_often_where_it_is_no_garbage(collector: Collector) -> None:
    kept = [[[] for _ in range(garbage.YOUNG)]]
    collector.collect()
    knots = []
    for _ in range(garbage.SPARED):
        knots.append(ref(Knot()))
        kept.append([[] for _ in range(garbage.YOUNG)])
        collector.collect()
    assert None not in [knot() for knot in knots], "they were put aside"
    knot = ref(Knot())
    kept.append([[] for _ in range(garbage.YOUNG)])
    collector.collect()
    assert knot() is None
    for _ in range(2 * garbage.TIMES):
        kept.append([[] for _ in range(garbage.LEAST_GROWTH // 5)])
        collector.collect()
    assert {knot() for knot in knots} == {None}, "until everything was looked at"


def test_python_collects_again_once_it_is_given_back() -> None:
    collector = Collector()
    collector.take_over()
    assert not gc.isenabled()
    collector.give_back()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
