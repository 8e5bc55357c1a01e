"""The cipher of old MMO clients: published values, a definition to compare with, the change of keys."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.wire.legacy import BASE, PERIOD, LegacyClient, LegacyServer, tables_for

CONNECT_ANSWER = bytes.fromhex("22001f0461ffc3a63a6dd3903139322e3136382e312e320000000000b81600000000")


def test_the_common_tables() -> None:
    low, high = BASE
    assert (low[:8].hex(), high[:8].hex()) == ("9d90838ad18ce7f6", "624fe815deeb0491")
    digest = "58bbaba510e92b7a498916724d9ffec75997b31b1ff7ff3e74137c912ee8f63d"
    assert sha256(low + high).hexdigest() == digest


def test_what_a_server_says() -> None:
    sealed = "6748aa121fab03445e260e53522f7414e6fb88c02a864c3e6d00e32afa2d87c66528"
    assert LegacyServer().encrypt(CONNECT_ANSWER).hex() == sealed


def test_what_a_client_says() -> None:
    assert LegacyClient().encrypt(b"Hello, World!").hex() == "d0d273e36687f1972928f5e306"


def test_the_tables_of_a_token() -> None:
    low, high = tables_for(0xC0FFEEBABE)
    assert (low[:8].hex(), high[:8].hex()) == ("02686d754e740909", "a33df0ee1f991c6a")
    assert tables_for(0) != BASE and tables_for(2**64 - 1) != tables_for(2**32 - 1)


def simple(data: bytes, count: int) -> bytes:
    """The server's steps by definition, a byte at a time."""
    out = bytearray()
    for byte in data:
        byte ^= 0xAB
        byte = (byte >> 4 | byte << 4) & 0xFF
        out.append(byte ^ BASE[0][count & 0xFF] ^ BASE[1][count >> 8])
        count = (count + 1) & 0xFFFF
    return bytes(out)


@given(st.integers(0, 70_000), st.binary(max_size=600))
def test_it_is_what_the_definition_says_from_any_byte_on(before: int, data: bytes) -> None:
    server = LegacyServer()
    server.encrypt(bytes(before))
    assert server.encrypt(data) == simple(data, before % PERIOD)


def test_the_keystream_repeats_after_65536_bytes() -> None:
    """One of the reasons why this is no security."""
    server = LegacyServer()
    stream = server.encrypt(bytes(2 * PERIOD))
    assert stream[:PERIOD] == stream[PERIOD:]


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 2**64 - 1))
def test_each_side_reads_what_the_other_says_before_and_after_a_token(
    before: bytes, after: bytes, token: int
) -> None:
    client, server = LegacyClient(), LegacyServer()
    server.feed(client.encrypt(before))
    client.feed(server.encrypt(before))
    assert server.read(1000) == client.read(1000) == before
    client.rekey(token)
    server.rekey(token)
    server.feed(client.encrypt(after))
    client.feed(server.encrypt(after))
    assert server.read(1000) == client.read(1000) == after


def test_after_a_token_what_comes_goes_on_and_what_goes_begins_anew() -> None:
    server = LegacyServer()
    first = server.encrypt(b"hello")
    server.feed(bytes(10))
    plain = server.read(10)
    server.rekey(0xC0FFEEBABE)
    assert server.encrypt(b"hello") == first
    server.feed(bytes(2))
    low, high = tables_for(0xC0FFEEBABE)
    swapped = 0xBA  # a zero after its first two steps
    assert server.read(2) == bytes(swapped ^ low[count] ^ high[0] for count in (10, 11))
    assert len(plain) == 10


@pytest.mark.parametrize("sizes", [(1, 1, 1), (4, 300, 1), (256, 256), (1, 255, 256, 1)])
def test_read_gives_no_more_than_was_asked_for(sizes: tuple[int, ...]) -> None:
    client, server = LegacyClient(), LegacyServer()
    said = bytes(index % 251 for index in range(sum(sizes)))
    server.feed(client.encrypt(said))
    parts = [server.read(size) for size in sizes]
    assert [len(part) for part in parts] == list(sizes)
    assert b"".join(parts) == said
    assert server.read(1) == b""
