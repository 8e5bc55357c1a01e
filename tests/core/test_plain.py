"""Plain data, and the explanations of what is wrong with a message."""

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import Ext

from gamesrv.core.plain import MAX_DEPTH, MAX_INT, MAX_KEYS, NotPlain, check_plain, explain

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INT, MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
plain_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


def nested(depth: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


@given(plain_values)
def test_plain_data_passes_and_any_codec_can_say_it(value: Any) -> None:
    check_plain(value)
    assert (
        json.loads(msgspec.json.encode(value))
        == msgspec.msgpack.decode(msgspec.msgpack.encode(value))
        == value
    )


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (float("nan"), "number is not finite"),
        (float("inf"), "number is not finite"),
        (float("-inf"), "number is not finite"),
        (2**53, "integer beyond"),
        (-(2**53), "integer beyond"),
        (10**4000, "integer beyond"),
        (b"x", "bytes is not plain data"),
        (Ext(5, b"x"), "Ext is not plain data"),
        (datetime(2000, 1, 1), "datetime is not plain data"),
        ((1, 2), "tuple is not plain data"),
        ({1, 2}, "set is not plain data"),
        ({1: 2}, "key of type int, not str"),
        ({(1,): 2}, "key of type tuple, not str"),
        ("\ud800", "lone surrogate"),
        ({"\ud800": 2}, "lone surrogate"),
        ({str(i): i for i in range(MAX_KEYS + 1)}, "more than 64 keys"),
        (nested(MAX_DEPTH + 1, list), "nested deeper than 16"),
        (nested(MAX_DEPTH + 1, dict), "nested deeper than 16"),
    ],
)
def test_anything_else_is_refused_wherever_it_stands(value: Any, complaint: str) -> None:
    for whole in (value, [value], {"a": value}, [1, {"a": [value]}]):
        with pytest.raises(NotPlain, match=complaint):
            check_plain(whole)


@pytest.mark.parametrize(
    "value", [nested(MAX_DEPTH, list), nested(MAX_DEPTH, dict), {"é": "ü"}, MAX_INT, -MAX_INT]
)
def test_the_limits_themselves_pass(value: Any) -> None:
    check_plain(value)


def test_as_many_keys_as_allowed_pass() -> None:
    check_plain({str(i): i for i in range(MAX_KEYS)})


@pytest.mark.parametrize(
    ("value", "prefix", "path"),
    [
        (b"", "", None),
        (b"", "args", "args"),
        ({"dx": b""}, "", "dx"),
        ({"dx": b""}, "args", "args.dx"),
        ({"dx": 2**53}, "args", "args.dx"),
        ({"a": [0, {"b": b""}]}, "args", "args.a[1].b"),
        ([2**60], "", "[0]"),
        ({1: 1}, "args", "args"),
        ({"a" * 999: b""}, "args", "args." + "a" * 194 + "…"),
    ],
)
def test_the_path_leads_to_the_offender(value: Any, prefix: str, path: str | None) -> None:
    with pytest.raises(NotPlain) as caught:
        check_plain(value, prefix)
    assert caught.value.path == path


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    dx: int


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    one: Inner | None = None
    many: list[Inner] = []
    named: dict[str, Inner] = {}


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        (3, "Expected `object`, got `int`", None),
        ({"one": 3}, "Expected `object | null`, got `int`", "one"),
        ({"one": {"dx": "x"}}, "Expected `int`, got `str`", "one.dx"),
        ({"one": {"dx": True}}, "Expected `int`, got `bool`", "one.dx"),
        ({"one": {}}, "Object missing required field `dx`", "one.dx"),
        ({"one": {"dx": 1, "dy": 1}}, "Object contains unknown field `dy`", "one.dy"),
        ({"two": 1}, "Object contains unknown field `two`", "two"),
        ({"many": [{"dx": 1}, {"dx": None}]}, "Expected `int`, got `null`", "many[1].dx"),
        ({"many": [{}]}, "Object missing required field `dx`", "many[0].dx"),
        ({"named": {"a": {}}}, "Object missing required field `dx`", "named[...].dx"),
        ({"named": {1: {}}}, "Expected `str`, got `int`", "named"),
        ({"x\ny": 1}, "Object contains unknown field `x\ny`", "x\ny"),
    ],
)
def test_explain_splits_message_and_path(value: Any, message: str, path: str | None) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, Outer)
    assert explain(caught.value) == (message, path)
    assert explain(caught.value, "args") == (message, "args" if path is None else f"args.{path}")


def test_explanations_do_not_echo_without_end() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"x" * 5000: 1}, Outer)
    message, path = explain(caught.value)
    assert path is not None
    assert len(message) == len(path) == 200


def test_a_list_at_the_top_needs_no_dot() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert([1, "2"], list[int])
    assert explain(caught.value, "cards") == ("Expected `int`, got `str`", "cards[1]")
