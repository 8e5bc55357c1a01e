"""The bytes of a lockstep room: what is said comes out again, and nothing that comes can be blown up."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.inputs import CHANGES, MAX_COUNT, Change, Frame, FramesBody, SyncBody
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.lockstep import MAX_BYTES, decode_frames, decode_sync, encode_frames, encode_sync

u8, u16, u32 = (st.integers(0, 2**size - 1) for size in (8, 16, 32))
BITS, SEATS = 6, 4


@st.composite
def inputs(draw: Any, bits: int, most: int = MAX_COUNT) -> tuple[int, ...]:
    """Mostly held for a while."""
    runs = draw(st.lists(st.tuples(st.integers(0, 2**bits - 1), st.integers(1, 20)), max_size=12))
    return tuple(held for held, length in runs for _ in range(length))[:most]


@st.composite
def syncs(draw: Any, bits: int) -> SyncBody:
    ack = draw(st.integers(0, 2**32 - 256))
    held = draw(inputs(bits))
    ahead = draw(st.integers(1, 255)) if held else 1
    checksum = draw(st.none() | st.tuples(u32, u32))
    return SyncBody(draw(u8), ack, ack + ahead, held, checksum)


@st.composite
def frames(draw: Any, bits: int, seats: int) -> FramesBody:
    held = st.tuples(*[st.integers(0, 2**bits - 1)] * seats)
    change = st.builds(Change, st.sampled_from(CHANGES), st.integers(0, seats - 1))
    different = st.builds(Frame, st.lists(change, max_size=20).map(tuple), held)
    runs = draw(st.lists(st.tuples(different, st.integers(0, 30)), max_size=4))
    row: list[Frame] = []
    for first, again in runs:
        row += [first, *[Frame((), first.inputs)] * again]
    wait = draw(st.none() | st.integers(-32767, 32767))
    return FramesBody(draw(u8), draw(u32), wait, draw(u16), draw(u32), tuple(row[:MAX_COUNT]))


@given(st.data(), st.integers(1, 16))
def test_what_a_client_says_comes_out_again(data: st.DataObject, bits: int) -> None:
    body = data.draw(syncs(bits))
    assert decode_sync(encode_sync(body, bits), bits) == body


@given(st.data(), st.integers(1, 16), st.integers(1, 6))
def test_what_the_server_says_comes_out_again(data: st.DataObject, bits: int, seats: int) -> None:
    body = data.draw(frames(bits, seats))
    said = encode_frames(body, bits)
    if len(said) <= MAX_BYTES:
        assert decode_frames(said, bits, seats) == body


def test_the_bits_of_an_input_that_is_held() -> None:
    """The vector of the original: [110, 110] is 110, then one bit 0 (there was a bit 1 before the first)."""
    said = encode_sync(SyncBody(7, 100, 102, (0b110, 0b110)), 3)
    assert said == bytes([1, 7, 0, 0, 0, 100, 2, 2, 0b110_0_0000])


def test_the_bits_of_frames() -> None:
    first = Frame((Change("join", 1),), (0, 5))
    second, third = Frame((), (0, 5)), Frame((Change("leave", 0), Change("drop", 1)), (2, 5))
    said = encode_frames(FramesBody(9, 300, -2, 3, 7, (first, second, third)), 3)
    assert said[:16] == bytes.fromhex("02 09 0000012c fffe 0003 00000007 03".replace(" ", "")) + said[15:16]
    bits = "1 00 000001 0 000 101" + "0" + "1 1 11 000000 1 01 000001 0 1 010 0"
    value = bits.replace(" ", "")
    assert said[15:] == int(value.ljust(-(-len(value) // 8) * 8, "0"), 2).to_bytes(-(-len(value) // 8), "big")


def test_a_worst_case_of_two_seconds_is_small() -> None:
    """Gaffer's figure: two seconds of six bits at 60 Hz are at most 90 bytes, and 15 for the flags."""
    restless = SyncBody(0, 0, 1, tuple(n % 64 for n in range(MAX_COUNT)))
    idle = SyncBody(0, 0, 1, (5,) * MAX_COUNT)
    assert len(encode_sync(restless, 6)) == 8 + (6 + 119 * 7 + 7) // 8 <= 8 + 90 + 15
    assert len(encode_sync(idle, 6)) == 8 + (6 + 119 + 7) // 8


GOOD = encode_sync(SyncBody(1, 10, 12, (5, 5, 6)), BITS)
GOOD_FRAMES = encode_frames(FramesBody(1, 10, None, 0, 4, (Frame((), (1, 2, 3, 4)),) * 3), BITS)


def test_a_claim_of_more_than_there_is_makes_nothing() -> None:
    """Defect (f) of the original: 1500 bytes claimed an element of 6000 bits 6000 times over, 4.5 MB. Here
    the room fixes the size of an element, and a count above 120 is refused before any loop.
    """
    for count in range(4, 256):
        with pytest.raises(BadMessage):
            decode_sync(GOOD[:7] + bytes([count]) + GOOD[8:] + b"\x00" * 1400, BITS)
    with pytest.raises(BadMessage, match="too many"):
        decode_sync(GOOD[:7] + bytes([121]) + b"\x00" * 200, BITS)
    with pytest.raises(BadMessage, match="too many"):
        decode_frames(GOOD_FRAMES[:14] + bytes([121]) + b"\x00" * 200, BITS, SEATS)
    with pytest.raises(BadMessage, match="too many"):
        decode_sync(GOOD + b"\x00" * MAX_BYTES, BITS)


@pytest.mark.parametrize("size", range(len(GOOD)))
def test_what_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(BadMessage) as caught:
        decode_sync(GOOD[:size], BITS)
    assert (caught.value.code, caught.value.path) == ("bad_message", "data")


@pytest.mark.parametrize("size", range(len(GOOD_FRAMES)))
def test_frames_cut_short_are_refused(size: int) -> None:
    with pytest.raises(BadMessage):
        decode_frames(GOOD_FRAMES[:size], BITS, SEATS)


@pytest.mark.parametrize(
    "data",
    [
        GOOD + b"\x00",
        GOOD[:-1] + bytes([GOOD[-1] | 1]),
        b"\x00" + GOOD[1:],
        b"\x02" + GOOD[1:],
        b"\x81" + GOOD[1:],
        GOOD[:6] + b"\x00" + GOOD[7:],
    ],
    ids=["a byte too many", "padding", "no kind", "the server's kind", "no checksum there", "no tick ahead"],
)
def test_what_is_not_right_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        decode_sync(data, BITS)


def test_a_seat_that_is_not_there_is_refused() -> None:
    said = encode_frames(FramesBody(1, 1, 0, 0, 1, (Frame((Change("join", 3),), (0,) * 4),)), BITS)
    with pytest.raises(BadMessage, match="seat"):
        decode_frames(said, BITS, 3)


@given(st.binary(max_size=300), st.integers(1, 16), st.integers(1, 64))
def test_garbage_is_refused_or_small(data: bytes, bits: int, seats: int) -> None:
    for first in (b"", b"\x01", b"\x81", b"\x02"):
        try:
            assert len(decode_sync(first + data, bits).inputs) <= MAX_COUNT
        except BadMessage:
            pass
        try:
            assert len(decode_frames(first + data, bits, seats).frames) <= MAX_COUNT
        except BadMessage:
            pass


@pytest.mark.parametrize(
    "body", [SyncBody(0, 5, 5, (1,)), SyncBody(0, 5, 261, (1,)), SyncBody(0, 0, 1, (0,) * 121)]
)
def test_what_can_not_be_said_is_not_said(body: SyncBody) -> None:
    with pytest.raises(ValueError, match="can't be said"):
        encode_sync(body, BITS)
