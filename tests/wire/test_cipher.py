"""Frames within a cipher: any chopping of the stream, keys that change at one byte, and what is no frame."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.wire.cipher import CipherDecoder, CipherError, StreamCipher
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder, FrameError, Framing
from gamesrv.wire.legacy import LegacyClient, LegacyServer
from tests.wire.ciphered import chunkings, decode, legacy_pair, noise_pair

Pair = Callable[[], tuple[StreamCipher, StreamCipher]]
PAIRS = [legacy_pair, noise_pair]
WHOLE_HEAD = Framing(offset=2, width=2, skip=0, adjustment=4, byteorder="little", max_frame=300)

# Not by parametrize: pytest-twisted and hypothesis don't agree on that.
pairs = st.sampled_from(PAIRS)
packets = st.lists(st.binary(min_size=2, max_size=80), max_size=8)


@given(pairs, st.data())
def test_any_chunks_give_the_same_packets(pair: Pair, data: st.DataObject) -> None:
    bodies = data.draw(packets)
    client, server = pair()
    stream = b"".join(client.encrypt(PACKET_FRAMING.encode(body)) for body in bodies)
    assert decode(PACKET_FRAMING, server, data.draw(chunkings(stream))) == (bodies, None)


@given(pairs, st.data())
def test_what_is_said_may_be_cut_anywhere_before_it_is_enciphered(pair: Pair, data: st.DataObject) -> None:
    bodies = data.draw(packets)
    client, server = pair()
    parts = data.draw(chunkings(b"".join(map(PACKET_FRAMING.encode, bodies))))
    assert decode(PACKET_FRAMING, server, map(client.encrypt, parts)) == (bodies, None)


@given(pairs, st.data())
def test_both_directions_go_on_at_once(pair: Pair, data: st.DataObject) -> None:
    client, server = pair()
    for said, answered in data.draw(st.lists(st.tuples(st.binary(max_size=50), st.binary(max_size=50)))):
        server.feed(client.encrypt(said))
        client.feed(server.encrypt(answered))
        assert take(server, len(said)) == said
        assert take(client, len(answered)) == answered


def take(cipher: StreamCipher, size: int) -> bytes:
    data = b""
    while part := cipher.read(size - len(data)):
        data += part
    return data


@pytest.mark.parametrize("pair", PAIRS)
def test_one_byte_at_a_time(pair: Pair) -> None:
    client, server = pair()
    bodies = [bytes([number]) * (number + 2) for number in range(40)]
    stream = b"".join(client.encrypt(WHOLE_HEAD.encode(b"\0\0??" + body)) for body in bodies)
    frames, error = decode(WHOLE_HEAD, server, (stream[i : i + 1] for i in range(len(stream))))
    assert error is None
    assert [frame[4:] for frame in frames] == bodies


@given(st.data())
def test_a_key_changes_at_exactly_one_byte(data: st.DataObject) -> None:
    """Whatever else was in the chunk: after each packet the server takes a new key, as the client did."""
    bodies = data.draw(packets)
    client, server = legacy_pair()
    stream = b""
    for number, body in enumerate(bodies):
        stream += client.encrypt(PACKET_FRAMING.encode(body))
        client.rekey(number << 33 | 77)
    decoder, frames = CipherDecoder(PACKET_FRAMING, server), list[bytes]()
    for chunk in data.draw(chunkings(stream)):
        for frame in decoder.feed(chunk):
            server.rekey(len(frames) << 33 | 77)
            frames.append(frame)
    assert frames == bodies


class Counting(LegacyServer):
    """Notes how much was asked for at each time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def read(self, size: int) -> bytes:
        part = super().read(size)
        self.asked += len(part)
        return part


def test_nothing_beyond_a_frame_is_deciphered_before_the_frame_is_taken() -> None:
    one, two = PACKET_FRAMING.encode(b"\0\1abc"), PACKET_FRAMING.encode(b"\0\2")
    cipher = Counting()
    frames = CipherDecoder(PACKET_FRAMING, cipher).feed(LegacyClient().encrypt(one + two))
    assert cipher.asked == 0
    next(frames)
    assert cipher.asked == len(one)
    next(frames)
    assert cipher.asked == len(one) + len(two)


def test_who_feeds_or_leaves_meanwhile_loses_nothing() -> None:
    client, server = noise_pair()
    decoder = CipherDecoder(PACKET_FRAMING, server)
    bodies = [bytes([0, number]) for number in range(6)]
    chunks = [client.encrypt(PACKET_FRAMING.encode(body)) for body in bodies]
    (first,) = islice(decoder.feed(chunks[0] + chunks[1] + chunks[2]), 1)
    frames = decoder.feed(chunks[3] + chunks[4])
    second = next(frames)
    rest = list(decoder.feed(chunks[5]))
    assert [first, second, *rest] == bodies
    assert not decoder.pending


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    ("head", "code"),
    [(bytes([0, length]), CloseCode.PROTOCOL_ERROR) for length in range(4)]
    + [(b"\x08\x01", CloseCode.TOO_BIG), (b"\xff\xff", CloseCode.TOO_BIG)],
)
def test_a_bad_length_ends_the_stream_behind_what_was_good(pair: Pair, head: bytes, code: CloseCode) -> None:
    client, server = pair()
    good = PACKET_FRAMING.encode(b"\0\7")
    decoder, frames = CipherDecoder(PACKET_FRAMING, server), list[bytes]()
    for _ in range(2):
        with pytest.raises(FrameError) as error:
            frames.extend(decoder.feed(client.encrypt(good + head + good)))
        assert error.value.close == code
        assert frames == [] or frames == [b"\0\7"]
    assert not decoder.pending


def test_the_frames_before_a_fault_are_delivered_once() -> None:
    client, server = noise_pair()
    good = [client.encrypt(PACKET_FRAMING.encode(bytes([0, number]))) for number in range(2)]
    forged = bytearray(client.encrypt(PACKET_FRAMING.encode(b"\0\2")))
    forged[-1] ^= 1
    seen = []
    decoder = CipherDecoder(PACKET_FRAMING, server)
    with pytest.raises(CipherError):
        for frame in decoder.feed(b"".join(good) + bytes(forged)):
            seen.append(frame)
    assert seen == [b"\0\0", b"\0\1"]
    with pytest.raises(CipherError):
        list(decoder.feed(client.encrypt(PACKET_FRAMING.encode(b"\0\3"))))


@pytest.mark.parametrize("pair", PAIRS)
def test_half_a_packet_is_pending(pair: Pair) -> None:
    client, server = pair()
    decoder = CipherDecoder(PACKET_FRAMING, server)
    assert not decoder.pending
    stream = client.encrypt(PACKET_FRAMING.encode(b"\0\1abc"))
    assert list(decoder.feed(stream[:-1])) == []
    assert decoder.pending
    assert list(decoder.feed(stream[-1:])) == [b"\0\1abc"]
    assert not decoder.pending


@given(pairs, st.data())
def test_garbage_raises_nothing_but_frame_errors(pair: Pair, data: st.DataObject) -> None:
    _, server = pair()
    decoder = CipherDecoder(PACKET_FRAMING, server)
    for chunk in data.draw(st.lists(st.binary(max_size=100))):
        try:
            list(decoder.feed(chunk))
        except FrameError:
            pass


def test_heads_are_hidden() -> None:
    """A hundred equal packets never look alike, nor like what they are."""
    for pair in PAIRS:
        client, _ = pair()
        packet = PACKET_FRAMING.encode(b"\0\1" + bytes(28))
        seen = {client.encrypt(packet) for _ in range(100)}
        assert len(seen) == 100
        assert packet not in seen
    assert list(FrameDecoder(PACKET_FRAMING).feed(packet)) == [packet[2:]]
