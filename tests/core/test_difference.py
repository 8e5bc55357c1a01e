"""The first field in which two worlds differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.difference import first_difference

plain = st.recursive(
    st.integers(-3, 3) | st.booleans(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from("abc"), part, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("ours", "theirs", "path"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": {"b": [1, 2, 3]}}, {"a": {"b": [1, 5, 4]}}, "a.b[1]"),
        ({"balls": [{"x": 1}, {"x": 2}]}, {"balls": [{"x": 1}, {"x": 3}]}, "balls[1].x"),
        ({"a": [1]}, {"a": [1, 2]}, "length of a"),
        ({"a": 1}, {}, "a"),
        ({}, {"a": 1}, "a"),
        ({"a": 1}, {"a": True}, "a"),
        ({"a": 1}, {"a": 1.0}, "a"),
        ({"a": []}, {"a": {}}, "a"),
    ],
)
def test_it_is_named(ours: Any, theirs: Any, path: str) -> None:
    found = first_difference(ours, theirs)
    assert found is not None and found.path == path
    assert path in str(found)


@given(plain, plain)
def test_there_is_one_unless_they_are_the_same(ours: Any, theirs: Any) -> None:
    assert (first_difference(ours, theirs) is None) == (repr_of(ours) == repr_of(theirs))
    assert first_difference(ours, ours) is None


def repr_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: repr_of(part) for key, part in value.items()}
    return [repr_of(part) for part in value] if isinstance(value, list) else repr(value)


def test_what_is_told_of_it_is_short() -> None:
    found = first_difference({"a": "x" * 10_000}, {"a": "y" * 10_000})
    assert len(str(found)) < 700
