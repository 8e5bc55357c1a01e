"""Telnet: lines in any chunks and under any noise, refusals, floods, and clean text out."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gamesrv.wire.close import CloseCode
from gamesrv.wire.text import LineTooLong, TelnetDecoder, clean, encode_line

SE, NOP, IP, EC, EL, SB, WILL, WONT, DO, DONT, IAC = (
    bytes([code]) for code in (240, 241, 244, 247, 248, 250, 251, 252, 253, 254, 255)
)
ECHO, TIMING_MARK, TERMINAL_TYPE, NAWS = b"\x01", b"\x06", b"\x18", b"\x1f"


def decode(chunks: Iterable[bytes], max_line: int = 64) -> tuple[list[str], bytes, bool]:
    """The lines, the replies, and whether it ended in `LineTooLong`."""
    decoder, lines = TelnetDecoder(max_line), list[str]()
    try:
        for chunk in chunks:
            lines.extend(decoder.feed(chunk))
    except LineTooLong:
        return lines, decoder.replies(), True
    return lines, decoder.replies(), False


def lines(data: bytes) -> list[str]:
    return decode([data])[0]


def each_byte(data: bytes) -> Iterator[bytes]:
    return (data[i : i + 1] for i in range(len(data)))


@st.composite
def chunkings(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


telnet_noise = st.sampled_from(
    [
        IAC,
        SE,
        SB,
        DO,
        WILL,
        DONT,
        WONT,
        EC,
        EL,
        IP,
        NOP,
        ECHO,
        TIMING_MARK,
        b"\r",
        b"\n",
        b"\0",
        b"\b",
        b"\x7f",
    ]
)
telnet_streams = st.lists(telnet_noise | st.binary(max_size=30) | st.text().map(str.encode)).map(b"".join)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"one\r\0two\r\0", ["one", "two"]),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\rtwo\r", ["one", "two"]),
        (b"\r\n\n\r\r\0", ["", "", "", ""]),
        (b"no end", []),
        ("schön 🙂\n".encode(), ["schön 🙂"]),
        (b"bad \xc3( utf\xed\xa0\x80\n", ["bad �( utf���"]),
    ],
)
def test_line_ends(data: bytes, expected: list[str]) -> None:
    assert lines(data) == expected
    assert decode(each_byte(data))[0] == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"mope\b\bve\n", "move"),
        (b"mope\x7f\x7fve\n", "move"),
        (b"\b\b\x7fhi\n", "hi"),
        ("aö🙂\b\bb\n".encode(), "ab"),
        (b"\x80\x80\x80\bx\n", "x"),
        (b"mopp" + IAC + EC + IAC + EC + b"ve\n", "move"),
        (b"nonsense" + IAC + EL + b"look\n", "look"),
        (b"nonsense" + IAC + IP + b"look\n", "look"),
    ],
)
def test_what_is_rubbed_out_is_gone(data: bytes, expected: str) -> None:
    assert lines(data) == [expected]


@pytest.mark.parametrize(
    "noise",
    [
        b"\0",
        b"\x07",
        b"\x1b[A",
        b"\x1b[1;31m",
        b"\x1b]0;title\x07",
        b"\x1bOP",
        IAC + NOP,
        IAC + b"\x00",
        IAC + WONT + ECHO,
        IAC + DONT + ECHO,
        IAC + DO + ECHO,
        IAC + WILL + NAWS,
        IAC + SB + NAWS + b"\0\x50\0\x18" + IAC + SE,
        IAC + SB + TERMINAL_TYPE + b"\r\nquit\r\n" + IAC + IAC + b"x" + IAC + SE,
        IAC + SB + TERMINAL_TYPE + b"no end of it" + IAC + DO + ECHO,
    ],
)
def test_noise_within_a_line_leaves_no_trace(noise: bytes) -> None:
    data = b"lo" + noise + b"ok\r\n"
    assert lines(data) == ["look"]
    assert decode(each_byte(data)) == decode([data])


def test_a_doubled_iac_is_a_byte_of_text() -> None:
    assert lines(b"a" + IAC + IAC + b"b\n") == ["a�b"]


@pytest.mark.parametrize(
    ("commands", "replies"),
    [
        (IAC + DO + ECHO, IAC + WONT + ECHO),
        (IAC + WILL + ECHO, IAC + DONT + ECHO),
        (IAC + WONT + ECHO + IAC + DONT + ECHO + IAC + NOP, b""),
        (IAC + DO + ECHO + IAC + WILL + ECHO, IAC + WONT + ECHO + IAC + DONT + ECHO),
        ((IAC + DO + ECHO) * 3 + IAC + DO + NAWS, IAC + WONT + ECHO + IAC + WONT + NAWS),
        ((IAC + DO + TIMING_MARK) * 3, (IAC + WONT + TIMING_MARK) * 3),
        (IAC + DO + IAC, IAC + WONT + IAC),
    ],
)
def test_options_are_refused_once_and_timing_marks_each_time(commands: bytes, replies: bytes) -> None:
    assert decode([commands]) == ([], replies, False)


def test_replies_are_given_once() -> None:
    decoder = TelnetDecoder()
    list(decoder.feed(IAC + DO + ECHO))
    assert decoder.replies() == IAC + WONT + ECHO
    assert decoder.replies() == b""


def test_a_line_of_the_longest_length_passes_and_none_beyond() -> None:
    for end in (b"\r\n", b"\r\0", b"\n", b"\r"):
        assert decode([(b"x" * 64 + end) * 2]) == (["x" * 64] * 2, b"", False)
    assert decode([b"ok\n" + b"x" * 65 + b"\r\n"]) == (["ok"], b"", True)
    assert decode(each_byte(b"ok\n" + b"x" * 65)) == (["ok"], b"", True)


@pytest.mark.parametrize(
    "flood",
    [
        b"x",
        b"a\b",
        b"\0",
        IAC + NOP,
        IAC + IAC,
        IAC + WILL + ECHO,
        IAC + DO + TIMING_MARK,
        IAC + SB + NAWS + IAC + SE,
        IAC + SB + NAWS + b"x" * 999,
    ],
)
def test_no_flood_goes_on_for_ever(flood: bytes) -> None:
    decoder = TelnetDecoder(max_line=64)
    with pytest.raises(LineTooLong, match="line longer than 64 bytes") as caught:
        list(decoder.feed(flood * 4096))
    assert caught.value.close is CloseCode.TOO_BIG
    assert len(decoder.replies()) <= 4 * 64


def test_every_line_may_have_its_share_of_noise() -> None:
    assert decode([(IAC + NOP + b"look\r\n") * 999]) == (["look"] * 999, b"", False)


def test_after_the_fault_nothing_is_read() -> None:
    decoder = TelnetDecoder(max_line=4)
    for _ in range(2):
        with pytest.raises(LineTooLong):
            list(decoder.feed(b"12345\r\nquit\r\n"))


def test_one_may_stop_and_go_on_later() -> None:
    decoder = TelnetDecoder()
    assert next(decoder.feed(b"one\ntwo\nthr")) == "one"
    assert list(decoder.feed(b"ee\n")) == ["two", "three"]


@given(telnet_streams, st.data())
def test_any_chunks_give_the_same(stream: bytes, data: st.DataObject) -> None:
    whole = decode([stream], 16)
    assert decode(data.draw(chunkings(stream)), 16) == whole
    assert decode(each_byte(stream), 16) == whole


@given(telnet_streams)
@example(b"\xff")
def test_whatever_comes_lines_can_be_shown(stream: bytes) -> None:
    for line in lines(stream):
        assert line.isprintable()
        assert len(line) <= 64


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain Ünïcode 🙂", "plain Ünïcode 🙂"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07name", "name"),
        ("\x1b]0;owned\x1b\\name", "name"),
        ("\x1bPowned\x1b\\name", "name"),
        ("\x1b]never ends", "never ends"),
        ("\x1b(Bname\x1bc", "name"),
        ("name\x1b", "name"),
        ("\x1b\x1b[2Jname", "name"),
        ("\x9b31mname", "31mname"),
        ("ding\x07\x08\x7f", "ding"),
        ("a\tb\r\nc\u2028d\xa0e", "a b  c d e"),
        ("\u202eevil\u200b\ufeff", "evil"),
        ("half \ud800 surrogate", "half  surrogate"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text() | st.text(st.sampled_from("\x1b[]P\\;0m\x07 \x9b\x9c")))
def test_what_is_cleaned_can_be_shown_and_stays(text: str) -> None:
    assert clean(text).isprintable()
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(exclude_categories=[])))
def test_a_line_out_is_one_line_and_comes_back(text: str) -> None:
    data = encode_line(text)
    assert data.endswith(b"\r\n")
    assert b"\xff" not in data
    assert decode([data], 9999) == ([clean(text)], b"", False)
