"""Framing: every option, any chopping of the stream, the limits and the errors."""

from collections.abc import Iterable, Iterator
from itertools import islice

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder, FrameError, Framing, TooBig


def decode(framing: Framing, chunks: Iterable[bytes]) -> tuple[list[bytes], CloseCode | None]:
    """The frames, and the code of the error that ended them."""
    decoder, frames = FrameDecoder(framing), list[bytes]()
    try:
        for chunk in chunks:
            # A decoder that does not advance would go on for ever: then let the test fail.
            frames.extend(islice(decoder.feed(chunk), 1000))
    except FrameError as error:
        return frames, error.close
    return frames, None


def each_byte(data: bytes) -> Iterator[bytes]:
    return (data[i : i + 1] for i in range(len(data)))


@st.composite
def chunkings(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@st.composite
def framings(draw: st.DrawFn) -> Framing:
    try:
        return Framing(
            offset=draw(st.integers(0, 5)),
            width=draw(st.integers(1, 8)),
            adjustment=draw(st.integers(-12, 12)),
            skip=draw(st.none() | st.integers(0, 15)),
            byteorder=draw(st.sampled_from(["big", "little"])),
            max_frame=draw(st.integers(1, 300)),
            min_frame=draw(st.integers(0, 8)),
        )
    except ValueError:
        assume(False)
        raise


# Small bytes make small lengths: random ones would nearly always be too big.
streams = st.lists(st.integers(0, 20) | st.integers(0, 255), max_size=120).map(bytes)

HELLO = b"Hello world"

# The seven examples in the documentation of tokio-util's length_delimited, with the adjustments that the
# first, third and fourth need to be true: the length counts from where skip ends.
DOCUMENTED = [
    (Framing(width=2, adjustment=2, skip=0), b"\x00\x0b" + HELLO, b"\x00\x0b" + HELLO),
    (Framing(width=2), b"\x00\x0b" + HELLO, HELLO),
    (Framing(width=2, adjustment=0, skip=0), b"\x00\x0d" + HELLO, b"\x00\x0d" + HELLO),
    (
        Framing(width=3, adjustment=5, skip=0),
        b"\x00\x00\x0b\xca\xfe" + HELLO,
        b"\x00\x00\x0b\xca\xfe" + HELLO,
    ),
    (Framing(offset=1, width=2, adjustment=1, skip=3), b"\xca\x00\x0b\xfe" + HELLO, b"\xfe" + HELLO),
    (Framing(offset=1, width=2, adjustment=-3, skip=3), b"\xca\x00\x0f\xfe" + HELLO, b"\xfe" + HELLO),
    (Framing(width=3, skip=4), b"\x00\x00\x0b\xff" + HELLO, HELLO),
]


@pytest.mark.parametrize(("framing", "stream", "frame"), DOCUMENTED)
def test_documented_frames(framing: Framing, stream: bytes, frame: bytes) -> None:
    assert decode(framing, [stream * 3]) == ([frame] * 3, None)
    assert decode(framing, each_byte(stream * 3)) == ([frame] * 3, None)


@pytest.mark.parametrize(("framing", "stream", "frame"), DOCUMENTED)
def test_documented_frames_are_encoded_so_that_they_decode_to_the_same(
    framing: Framing, stream: bytes, frame: bytes
) -> None:
    encoded = framing.encode(frame)
    assert len(encoded) == len(stream)
    assert decode(framing, [encoded]) == ([frame], None)


def test_length_counts_from_where_skip_ends() -> None:
    # With no adjustment the head is part of the 11 bytes, and the last two begin the next frame.
    decoder = FrameDecoder(Framing(width=2, skip=0))
    assert list(decoder.feed(b"\x00\x0b" + HELLO)) == [b"\x00\x0bHello wor"]
    assert decoder.pending


def simple_decode(framing: Framing, stream: bytes) -> tuple[list[bytes], CloseCode | None]:
    """The definition, with no regard for speed or memory."""
    frames: list[bytes] = []
    head = framing.offset + framing.width
    skip = head if framing.skip is None else framing.skip
    while len(stream) >= head:
        length = int.from_bytes(stream[framing.offset : head], framing.byteorder)
        size = skip + length + framing.adjustment
        if length > framing.max_frame:
            return frames, CloseCode.TOO_BIG
        if length < framing.min_frame or size < max(skip, head):
            return frames, CloseCode.PROTOCOL_ERROR
        if len(stream) < size:
            break
        frames.append(stream[skip:size])
        stream = stream[size:]
    return frames, None


@given(framings(), streams, st.data())
def test_any_bytes_in_any_chunks_are_what_the_definition_says(
    framing: Framing, stream: bytes, data: st.DataObject
) -> None:
    chunks = data.draw(chunkings(stream))
    assert decode(framing, chunks) == simple_decode(framing, stream)
    assert decode(framing, each_byte(stream)) == simple_decode(framing, stream)


@given(framings(), st.lists(st.binary(max_size=60), max_size=5), st.data())
def test_what_is_encoded_comes_back_in_any_chunks(
    framing: Framing, payloads: list[bytes], data: st.DataObject
) -> None:
    try:
        encoded = [framing.encode(payload) for payload in payloads]
    except FrameError:
        assume(False)
    frames, error = decode(framing, data.draw(chunkings(b"".join(encoded))))
    assert error is None
    assert [framing.encode(frame) for frame in frames] == encoded
    if framing.start >= framing.head:
        assert frames == payloads


@given(framings(), st.binary(max_size=60))
def test_encode_refuses_exactly_what_decode_would(framing: Framing, payload: bytes) -> None:
    length = len(payload) - framing.adjustment
    assume(0 <= length < 256**framing.width)
    head = bytes(framing.offset) + length.to_bytes(framing.width, framing.byteorder)
    _, error = decode(framing, [head])
    try:
        framing.encode(payload)
    except FrameError as refused:
        assert refused.close == error
    else:
        assert error is None


def test_a_payload_that_covers_the_length_field_gets_the_length_written_into_it() -> None:
    framing = Framing(offset=2, width=2, skip=1, adjustment=3, byteorder="little")
    assert framing.encode(b"a??bcd") == b"\0a\x03\0bcd"
    with pytest.raises(FrameError):
        framing.encode(b"ab")


def test_little_endian() -> None:
    assert decode(Framing(width=2, byteorder="little"), [b"\x02\x00hi"]) == ([b"hi"], None)


def test_our_packets_count_their_head() -> None:
    assert PACKET_FRAMING.encode(b"\x00\x08body") == b"\x00\x08\x00\x08body"
    assert decode(PACKET_FRAMING, [b"\x00\x04\x00\x03\x00\x05\x00\x07x"]) == (
        [b"\x00\x03", b"\x00\x07x"],
        None,
    )


@pytest.mark.parametrize("length", range(4))
def test_a_packet_shorter_than_its_head_is_an_error(length: int) -> None:
    assert decode(PACKET_FRAMING, [bytes([0, length])]) == ([], CloseCode.PROTOCOL_ERROR)


@pytest.mark.parametrize(
    ("framing", "stream"),
    [
        (Framing(width=2, adjustment=-2), b"\x00\x01"),  # fewer than no bytes
        (Framing(width=2, adjustment=-1, skip=4), b"\x00\x00"),  # the same, in a longer head
        (Framing(width=2, skip=0), b"\x00\x00"),  # would go on for ever
        (Framing(width=2, skip=0), b"\x00\x01"),  # would read half of its length again
        (Framing(width=2, min_frame=5), b"\x00\x04"),
    ],
)
def test_a_frame_shorter_than_its_head_is_an_error(framing: Framing, stream: bytes) -> None:
    assert decode(framing, [stream]) == ([], CloseCode.PROTOCOL_ERROR)
    assert decode(framing, each_byte(stream)) == ([], CloseCode.PROTOCOL_ERROR)


@pytest.mark.parametrize(
    ("length", "error"), [(2048, None), (2049, CloseCode.TOO_BIG), (65535, CloseCode.TOO_BIG)]
)
def test_a_long_packet_is_refused_at_its_head(length: int, error: CloseCode | None) -> None:
    assert decode(PACKET_FRAMING, each_byte(length.to_bytes(2, "big"))) == ([], error)


@pytest.mark.parametrize(
    "stranger", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\xff" * 99]
)
def test_other_protocols_are_refused(stranger: bytes) -> None:
    assert decode(PACKET_FRAMING, [stranger]) == ([], CloseCode.TOO_BIG)


def test_frames_before_the_fault_are_delivered_and_none_after() -> None:
    good, bad = PACKET_FRAMING.encode(b"\x00\x07"), b"\x00\x00"
    assert decode(PACKET_FRAMING, [good + good + bad + good]) == ([b"\x00\x07"] * 2, CloseCode.PROTOCOL_ERROR)


@pytest.mark.parametrize("chunks", [[b"\x00\x00"], [b"\x00", b"\x00"]])
def test_after_the_fault_nothing_is_read_or_kept(chunks: list[bytes]) -> None:
    decoder = FrameDecoder(PACKET_FRAMING)
    good = PACKET_FRAMING.encode(b"\x00\x07")
    assert not any(list(decoder.feed(chunk)) for chunk in chunks[:-1])
    for chunk in (chunks[-1], b"", good):
        with pytest.raises(FrameError, match="length 0 is less than the head"):
            list(decoder.feed(chunk))
        assert not decoder.pending


def test_pending_tells_of_half_a_frame() -> None:
    decoder = FrameDecoder(PACKET_FRAMING)
    pending = []
    for chunk in each_byte(PACKET_FRAMING.encode(b"\x00\x07")):
        list(decoder.feed(chunk))
        pending.append(decoder.pending)
    assert pending == [True, True, True, False]


def test_one_may_stop_and_go_on_later() -> None:
    one, two, three = (PACKET_FRAMING.encode(b"\x00" + bytes([i])) for i in range(3))
    decoder = FrameDecoder(PACKET_FRAMING)
    assert next(decoder.feed(one + two)) == b"\x00\x00"
    assert list(decoder.feed(three)) == [b"\x00\x01", b"\x00\x02"]


def test_feeding_from_within_the_loop_keeps_the_order() -> None:
    one, two = PACKET_FRAMING.encode(b"\x00\x01"), PACKET_FRAMING.encode(b"\x00\x02")
    decoder, seen = FrameDecoder(PACKET_FRAMING), list[bytes]()
    for frame in decoder.feed(one + two):
        seen.append(frame)
        if len(seen) == 1:
            seen.extend(decoder.feed(one))
    assert seen == [b"\x00\x01", b"\x00\x02", b"\x00\x01"]


def test_a_whole_frame_is_not_copied() -> None:
    stream = b"\x00\x0d" + HELLO
    assert next(FrameDecoder(Framing(width=2, skip=0)).feed(stream)) is stream


def test_the_length_field_bounds_the_longest_frame() -> None:
    framing = Framing(width=1)
    assert framing.longest == 255
    assert decode(framing, [framing.encode(bytes(255))]) == ([bytes(255)], None)
    with pytest.raises(TooBig, match="length 256 is over the limit of 255"):
        framing.encode(bytes(256))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"width": 0}, "'width' must be >= 1"),
        ({"width": 9}, "'width' must be <= 8"),
        ({"offset": -1}, "'offset' must be >= 0"),
        ({"skip": -1}, "'skip' must be >= 0"),
        ({"byteorder": "middle"}, "'byteorder' must be in"),
        ({"max_frame": 0}, "'max_frame' must be >= 1"),
        ({"min_frame": -1}, "'min_frame' must be >= 0"),
        ({"width": 1, "min_frame": 256}, "min_frame 256 is more than the longest length, 255"),
        ({"max_frame": 5, "adjustment": -6}, "adjustment -6 the longest frame is less than its head"),
        ({"max_frame": 1, "width": 2, "skip": 0}, "adjustment 0 the longest frame is less than its head"),
    ],
)
def test_senseless_options_are_refused(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Framing(**options)  # type: ignore[arg-type]


def test_options_of_a_wrong_type_are_refused() -> None:
    with pytest.raises(TypeError, match="'adjustment' must be <class 'int'>"):
        Framing(adjustment="2")  # type: ignore[arg-type]
