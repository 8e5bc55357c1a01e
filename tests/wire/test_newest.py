"""Newest-wins state: patches put together, and the payloads that carry them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.views import Audience, merge
from gamesrv.wire.newest import (
    Ack,
    Newest,
    compose,
    decode_ack,
    decode_newest,
    encode_ack,
    encode_newest,
    room_number,
)

KEYS = st.sampled_from("abc")
VIEWS = st.recursive(
    st.none() | st.integers(-3, 3) | st.lists(st.integers(0, 3), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(KEYS, VIEWS, max_size=3)


def copied(view: Any) -> Any:
    return {key: copied(value) for key, value in view.items()} if isinstance(view, dict) else view


@given(st.lists(MAPS, min_size=2, max_size=6), st.data())
def test_one_patch_does_what_several_do(views: list[Any], data: st.DataObject) -> None:
    """From its base, and from every version in between: what the client had by then does no harm."""
    audience = Audience()
    versions, patches = [copied(audience.view)], []
    for view in views:
        patch = audience.change(view)
        if patch is not None:
            patches.append(patch)
            versions.append(copied(audience.view))
    base = data.draw(st.integers(0, len(patches)))
    patch = compose(patches[base:])
    if patch is None:
        return
    for version in range(base, len(versions)):
        assert merge(copied(versions[version]), patch) == versions[-1]


def test_the_parts_stay_as_they_are() -> None:
    parts = [{"a": {"x": 1}}, {"a": {"y": {"z": 2}}}, {"a": {"y": {"z": None}}, "b": [1]}]
    before = copied(parts[0]), copied(parts[1]), copied(parts[2])
    assert compose(parts) == {"a": {"x": 1, "y": {"z": None}}, "b": [1]}
    assert tuple(parts) == before


@pytest.mark.parametrize("between", [None, 5, [1]])
def test_a_map_in_the_place_of_what_was_removed_can_not_be_said(between: object) -> None:
    """{"a": {"y": 2}} would be merged into the old map, and leave what was in there."""
    assert compose([{"a": between}, {"a": {"y": 2}}]) is None
    assert compose([{"b": {"a": between}}, {"b": {"a": {}}}]) is None
    assert compose([{"a": {"y": 2}}, {"a": between}]) == {"a": between}


def test_nothing_put_together_is_nothing() -> None:
    assert compose([]) == {}


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.dictionaries(st.text(max_size=3), VIEWS, max_size=3),
)
def test_what_is_encoded_is_decoded(number: int, other: int, delta: Any) -> None:
    news = Newest(number, other, number, other, delta)
    assert decode_newest(encode_newest(news)) == news
    assert decode_ack(encode_ack(Ack(number, other, number))) == (number, other, number)


def test_the_payloads_byte_by_byte() -> None:
    assert encode_newest(Newest(1, 2, 3, 4, {"a": None})) == (
        b"\x01\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\x81\xa1a\xc0"
    )
    assert encode_ack(Ack(0xAABBCCDD, 7, 6)) == b"\x01\xaa\xbb\xcc\xdd\0\0\0\x07\0\0\0\x06"
    assert room_number("arena-1") == 0x448DB72A


@given(st.binary(max_size=60))
def test_noise_is_no_payload(noise: bytes) -> None:
    for payload in (noise, b"\x01" + noise):
        assert decode_newest(payload) is None or payload[:1] == b"\x01"
        assert decode_ack(payload) is None or len(payload) == 13


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x01", b"\x02" + bytes(16) + b"\x80", b"\x01" + bytes(16), b"\x01" + bytes(16) + b"\x90"]
    + [b"\x01" + bytes(16) + b"\x91" * 1100],
)
def test_what_is_no_state(payload: bytes) -> None:
    assert decode_newest(payload) is None


@pytest.mark.parametrize(
    "payload", [b"", b"\x01", b"\x02" + bytes(12), b"\x01" + bytes(11), b"\x01" + bytes(13)]
)
def test_what_is_no_ack(payload: bytes) -> None:
    assert decode_ack(payload) is None


@pytest.mark.parametrize(
    ("room", "version", "fits"),
    [
        (7, 9, False),
        (7, 10, True),
        (7, 12, True),
        (7, 14, True),
        (7, 15, False),
        (7, 16, False),
        (8, 10, False),
    ],
)
def test_whom_it_is_news_for(room: int, version: int, fits: bool) -> None:
    assert Newest(7, 10, 15, 0, {}).fits(room, version) is fits
