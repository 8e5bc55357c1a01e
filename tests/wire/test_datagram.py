"""Datagrams: what is sealed opens once, at the other end, unchanged; and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.wire import datagram as d
from gamesrv.wire.datagram import (
    HANDSHAKE_SIZE,
    MAX_DATAGRAM,
    MAX_PAYLOAD,
    OVERHEAD,
    WINDOW,
    Cookies,
    DatagramClient,
    DatagramSession,
    Fault,
    Kind,
    Opened,
    ReplayWindow,
    read_head,
)

KEY = bytes(range(32))
CONNECTION = 0xC0FFEE01
HERE = ("192.0.2.1", 5000)
ELSEWHERE = ("192.0.2.1", 5001)


def pair(key: bytes = KEY, connection: int = CONNECTION) -> tuple[DatagramSession, DatagramSession]:
    """A client's end and a server's."""
    return DatagramSession(connection, key, server=False), DatagramSession(connection, key, server=True)


# ---------------------------------------------------------------------- sealing


def test_the_format_byte_by_byte() -> None:
    """The seal was made by hand: HKDF written with `hmac`, the cipher straight from its library."""
    client, _ = pair()
    datagram = client.seal(Kind.DATA, b"\x02hi")
    assert datagram[:9] == b"\x14" + b"\xc0\xff\xee\x01" + b"\0\0\0\0"
    assert len(datagram) == 3 + OVERHEAD == 28
    assert datagram[9:].hex() == SEALED


SEALED = "819d65bda5723fac3ce03dbe4ec2ecdbbc59e9"


@given(st.binary(max_size=MAX_PAYLOAD), st.sampled_from([Kind.DATA]))
def test_what_is_sealed_opens_at_the_other_end(payload: bytes, kind: Kind) -> None:
    client, server = pair()
    assert server.open(client.seal(kind, payload)) == Opened(kind, payload)
    assert client.open(server.seal(kind, payload)) == Opened(kind, payload)


def test_a_payload_has_a_limit() -> None:
    client, server = pair()
    full = client.seal(Kind.DATA, bytes(MAX_PAYLOAD))
    assert len(full) == MAX_DATAGRAM == 1225
    assert isinstance(server.open(full), Opened)
    with pytest.raises(ValueError, match="at most 1200"):
        client.seal(Kind.DATA, bytes(MAX_PAYLOAD + 1))


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DatagramSession(1, bytes(size), server=True)


@given(st.binary(max_size=40), st.data())
def test_a_forged_bit_anywhere_is_refused_and_changes_nothing(payload: bytes, data: st.DataObject) -> None:
    client, server = pair()
    genuine = client.seal(Kind.DATA, payload)
    bit = data.draw(st.integers(0, 8 * len(genuine) - 1))
    forged = bytearray(genuine)
    forged[bit // 8] ^= 1 << bit % 8
    assert isinstance(server.open(bytes(forged)), Fault)
    assert server._window.newest == -1, "what is not genuine moves nothing"
    assert server.open(genuine) == Opened(Kind.DATA, payload)


@given(st.binary(max_size=1300))
def test_noise_is_refused(noise: bytes) -> None:
    _, server = pair()
    assert isinstance(server.open(noise), Fault)
    assert server._window.newest == -1


@given(st.integers(0, 60), st.integers(0, 60))
def test_one_cut_short_or_too_long_is_refused(size: int, more: int) -> None:
    client, server = pair()
    genuine = client.seal(Kind.DATA, bytes(20))
    cut = min(size, len(genuine) - 1)
    assert isinstance(server.open(genuine[:cut]), Fault)
    assert isinstance(server.open(genuine + bytes(more + 1)), Fault)
    assert isinstance(server.open(genuine), Opened)


def test_directions_and_connections_have_keys_of_their_own() -> None:
    client, server = pair()
    other_client, other_server = pair(bytes(32))
    hello = client.seal(Kind.DATA, b"hello")
    assert client.open(hello) is Fault.FORGED, "reflected to its sender"
    assert other_server.open(hello) is Fault.FORGED, "the key of another session"
    assert other_client.open(server.seal(Kind.DATA)) is Fault.FORGED
    assert pair(connection=7)[1].open(hello) is Fault.UNKNOWN
    assert client.seal(Kind.DATA, b"same")[9:] != server.seal(Kind.DATA, b"same")[9:]


def test_no_nonce_is_used_twice() -> None:
    client, _ = pair()
    client.sent = 2**32 - 2
    bodies = {client.seal(Kind.DATA, b"same")[9:] for _ in range(4)}
    assert len(bodies) == 4, "the upper half of the number counts, though it does not travel"


@pytest.mark.parametrize(
    ("datagram", "fault"),
    [
        (b"", Fault.SIZE),
        (b"\x14", Fault.SIZE),
        (b"\x14" + bytes(OVERHEAD - 2), Fault.SIZE),
        (b"\x14" + bytes(MAX_DATAGRAM), Fault.SIZE),
        (b"\x04" + bytes(OVERHEAD), Fault.VERSION),
        (b"\x24" + bytes(OVERHEAD), Fault.VERSION),
        (b"\x10" + bytes(OVERHEAD), Fault.KIND),
        (b"\x15" + bytes(OVERHEAD), Fault.KIND),
        (b"\x1f" + bytes(OVERHEAD), Fault.KIND),
        *((bytes((0x10 | kind,)) + bytes(HANDSHAKE_SIZE - 2), Fault.SIZE) for kind in (1, 2, 3)),
        *((bytes((0x10 | kind,)) + bytes(HANDSHAKE_SIZE), Fault.SIZE) for kind in (1, 2, 3)),
    ],
)
def test_what_the_head_alone_rules_out(datagram: bytes, fault: Fault) -> None:
    assert read_head(datagram) is fault


def test_the_least_and_the_most_that_may_be_looked_into() -> None:
    for size in (OVERHEAD, MAX_DATAGRAM):
        assert read_head(b"\x14\0\0\0\x07\0\0\0\x09" + bytes(size - 9)) == (Kind.DATA, 7, 9)
    assert read_head(b"\x11\0\0\0\x07\0\0\0\x09" + bytes(HANDSHAKE_SIZE - 9)) == (Kind.HELLO, 7, 9)


def test_nothing_is_decrypted_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What size, version, kind, connection or number rule out costs no cryptography."""
    client, server = pair()
    genuine = client.seal(Kind.DATA, b"x")
    server.open(genuine)
    monkeypatch.setattr(server, "_aead_in", None)
    for datagram in (
        b"",
        genuine[:20],
        b"\x99" + genuine[1:],
        genuine,
        pair(connection=7)[0].seal(Kind.DATA),
    ):
        assert isinstance(server.open(datagram), Fault)


# ---------------------------------------------------------------------- once, and in a window


def test_a_replay_is_refused() -> None:
    client, server = pair()
    datagram = client.seal(Kind.DATA, b"once")
    assert isinstance(server.open(datagram), Opened)
    assert [server.open(datagram) for _ in range(3)] == [Fault.REPLAYED] * 3


@given(st.randoms(use_true_random=False), st.integers(1, WINDOW))
def test_any_order_within_the_window_is_taken(random: Any, count: int) -> None:
    client, server = pair()
    datagrams = [client.seal(Kind.DATA, bytes((number % 256,))) for number in range(count)]
    random.shuffle(datagrams)
    assert all(isinstance(server.open(datagram), Opened) for datagram in datagrams)
    assert all(server.open(datagram) is Fault.REPLAYED for datagram in datagrams)


def test_the_edge_of_the_window() -> None:
    client, server = pair()
    datagrams = [client.seal(Kind.DATA) for _ in range(WINDOW + 1)]
    assert isinstance(server.open(datagrams[WINDOW]), Opened)
    assert server.open(datagrams[0]) is Fault.REPLAYED, f"{WINDOW} behind: nobody knows any more"
    assert isinstance(server.open(datagrams[1]), Opened), f"{WINDOW - 1} behind"
    assert server.open(datagrams[1]) is Fault.REPLAYED


@given(st.lists(st.integers(0, 700), max_size=300))
def test_the_window_agrees_with_one_that_forgets_nothing(numbers: list[int]) -> None:
    window, taken, newest = ReplayWindow(), set[int](), -1
    for number in numbers:
        expected = number not in taken and number + WINDOW > newest
        assert window.is_new(number) == expected
        if expected:
            window.take(number)
            taken.add(number)
            newest = max(newest, number)
    assert window.newest == newest


@pytest.mark.parametrize("leap", [1, 255, 256, 257, 2**31 - 1, 2**32, 2**63])
def test_a_leap_forgets_what_is_out_of_the_window_and_takes_no_room(leap: int) -> None:
    window = ReplayWindow()
    for number in range(300):
        window.take(number)
    window.take(299 + leap)
    assert window._taken < 1 << WINDOW
    assert not window.is_new(299)
    assert window.is_new(298 + leap) == (leap > 1)


@given(st.integers(0, 2**40), st.integers(-(2**31) + 1, 2**31 - 1))
def test_the_number_is_the_one_nearest_to_the_newest(newest: int, ahead: int) -> None:
    number = newest + ahead
    if number >= 0:
        assert ReplayWindow(newest).extend(number % 2**32) == number


def test_the_first_number_is_taken_as_it_is() -> None:
    assert [ReplayWindow().extend(number) for number in (0, 1, 2**31, 2**32 - 1)] == [0, 1, 2**31, 2**32 - 1]


def test_a_connection_goes_on_beyond_32_bits() -> None:
    client, server = pair()
    client.sent = 2**32 - 3
    server._window.newest = client.sent - 1
    datagrams = [client.seal(Kind.DATA, bytes((number,))) for number in range(6)]
    swapped = [datagrams[index] for index in (1, 0, 3, 4, 2, 5)]
    assert all(isinstance(server.open(datagram), Opened) for datagram in swapped)
    assert all(server.open(datagram) is Fault.REPLAYED for datagram in swapped)


# ---------------------------------------------------------------------- cookies


def test_a_cookie_is_good_for_its_address_its_connection_and_a_while() -> None:
    cookies = Cookies(b"secret", lifetime=10)
    cookie = cookies.make(1, HERE, 100.0)
    assert len(cookie) == d.COOKIE_SIZE
    assert cookies.read(cookie, 1, HERE, 100.0) == 100_000
    assert cookies.read(cookie, 1, HERE, 110.0) == 100_000
    assert cookies.read(cookie, 1, HERE, 110.01) is None
    assert cookies.read(cookie, 2, HERE, 100.0) is None
    assert cookies.read(cookie, 1, ELSEWHERE, 100.0) is None
    assert Cookies(b"another").read(cookie, 1, HERE, 100.0) is None


@given(st.binary(min_size=24, max_size=24))
def test_a_cookie_can_not_be_made_up(cookie: bytes) -> None:
    assert Cookies(b"secret").read(cookie, 1, HERE, 0.0) is None


# ---------------------------------------------------------------------- the client's end


class House:
    """A server that answers by hand."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.client = DatagramClient(CONNECTION, KEY, self.sent.append)
        self.session = DatagramSession(CONNECTION, KEY, server=True)

    def said(self) -> list[Opened]:
        """What the client sent since."""
        said = [self.session.open(datagram) for datagram in self.sent]
        self.sent.clear()
        assert all(isinstance(opened, Opened) for opened in said)
        return said  # type: ignore[return-value]

    def tell(self, kind: Kind, payload: bytes = b"", now: float = 0.0) -> bytes | None:
        return self.client.receive(self.session.seal(kind, payload), now)


def test_it_knocks_ever_more_seldom_until_it_is_heard() -> None:
    house, knocks = House(), []
    for step in range(600):
        house.client.beat(step / 10)
        knocks += [step / 10] * len(house.said())
    assert knocks[:6] == [0.0, 0.3, 0.8, 1.8, 3.8, 7.8]
    assert len(knocks) < 15
    assert not house.client.is_open(60.0)


def test_it_answers_a_challenge_and_is_open_once_it_gets_data() -> None:
    house = House()
    house.client.beat(0.0)
    assert [opened.kind for opened in house.said()] == [Kind.HELLO]
    assert house.tell(Kind.CHALLENGE, b"c" * 24) is None
    assert house.said() == [Opened(Kind.PROOF, b"c" * 24)]
    assert not house.client.is_open(0.0) and not house.client.send(b"\x02", 0.0)
    assert house.tell(Kind.DATA) is None, "an empty one is a sign of life"
    assert house.client.is_open(0.0) and house.client.send(b"\x02!", 0.0)
    assert house.said() == [Opened(Kind.DATA, b"\x02!")]
    assert house.tell(Kind.DATA, b"\x02?") == b"\x02?"


def test_it_asks_when_it_hears_nothing_and_gives_up_after_a_while() -> None:
    house = House()
    house.tell(Kind.DATA, now=5.0)
    house.client.send(b"\x02", 5.0)
    house.said()
    house.client.beat(5.9)
    assert house.said() == []
    house.client.beat(6.0)
    assert [opened.kind for opened in house.said()] == [Kind.HELLO]
    assert house.client.is_open(15.0) and not house.client.is_open(15.1)
    assert not house.client.send(b"\x02", 15.1), "the reliable link, then"
    house.tell(Kind.DATA, now=20.0)
    assert house.client.is_open(20.0), "and back again"


def test_one_who_only_listens_says_now_and_then_that_they_are_there() -> None:
    house, said = House(), []
    house.tell(Kind.DATA)
    for step in range(100):
        house.tell(Kind.DATA, b"\x02", step / 10)
        if 50 <= step < 70:
            house.client.send(b"\x02", step / 10)
        house.client.beat(step / 10)
        said += [step / 10 for opened in house.said() if opened.kind is Kind.HELLO]
    assert said == [3.0, 9.9]


def test_what_is_too_long_goes_another_way() -> None:
    house = House()
    house.tell(Kind.DATA)
    assert house.client.send(bytes(MAX_PAYLOAD), 0.0)
    assert not house.client.send(bytes(MAX_PAYLOAD + 1), 0.0)


@pytest.mark.parametrize("kind", [Kind.HELLO, Kind.PROOF])
def test_a_server_does_not_knock(kind: Kind) -> None:
    house = House()
    assert house.tell(kind, bytes(24)) is None
    assert house.client.faults == {Fault.KIND: 1} and house.said() == []


def test_what_is_wrong_is_counted_and_dropped() -> None:
    house = House()
    datagram = house.session.seal(Kind.DATA, b"\x02")
    wrong: list[Callable[[], bytes]] = [
        lambda: b"",
        lambda: datagram[:-1] + bytes((datagram[-1] ^ 1,)),
        lambda: datagram,
        lambda: datagram,
    ]
    assert [house.client.receive(make(), 0.0) for make in wrong] == [None, None, b"\x02", None]
    assert house.client.faults == {Fault.SIZE: 1, Fault.FORGED: 1, Fault.REPLAYED: 1}
