"""Channels: an address is proved before anything goes there; what is wrong is counted and not answered."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogEvent

from gamesrv.core.game import Refused
from gamesrv.server.channel import Channel, Channels
from gamesrv.server.session import Session
from gamesrv.wire.close import CloseCode
from gamesrv.wire.datagram import (
    HANDSHAKE_SIZE,
    LOCKSTEP,
    MAX_DATAGRAM,
    MAX_PAYLOAD,
    OVERHEAD,
    STATE,
    Address,
    DatagramSession,
    Fault,
    Kind,
    Opened,
)
from tests.world import TRANSPORTS, Person, World

HERE: Address = ("192.0.2.1", 5000)
THERE: Address = ("192.0.2.9", 5000)


class House(World):
    """A world whose port is this object: what comes in and goes out is counted per address."""

    def __init__(self, **limits: float) -> None:
        super().__init__(packet_idle=1e6, **limits)
        self.out: list[tuple[bytes, Address]] = []
        self.channels: Channels = self.service.gate.channels
        self.channels.listen(lambda datagram, address: self.out.append((datagram, address)), "", 4000)
        self.bytes_in: Counter[Address] = Counter()
        self.bytes_out: Counter[Address] = Counter()

    def put(self, datagram: bytes, address: Address = HERE) -> list[bytes]:
        """Lets a datagram come in; returns what goes out for it."""
        self.out.clear()
        self.channels.receive(datagram, address)
        self.bytes_in[address] += len(datagram)
        for sent, to in self.out:
            assert to == address or to == HERE
            self.bytes_out[to] += len(sent)
        return [sent for sent, to in self.out if to == address]

    def fault(self, datagram: bytes, address: Address = HERE) -> str:
        """What a datagram that gets no answer is counted as."""
        before = Counter(self.channels.faults)
        assert self.put(datagram, address) == [] and self.out == []
        (fault,) = self.channels.faults - before
        return fault


class Client:
    """Somebody with a key."""

    def __init__(self, house: House, name: str = "ann", transport: str = "packets") -> None:
        self.house = house
        self.person = house.person(transport, name)
        self.ask()

    def ask(self) -> None:
        self.person.say(op="udp")
        self.offer = self.person.take("udp")
        key = self.offer["key"]
        assert isinstance(key, bytes)
        self.ends = DatagramSession(self.offer["connection"], key, server=False)

    @property
    def channel(self) -> Channel:
        return self.house.channels._channels[self.offer["connection"]]

    @property
    def session(self) -> Session:
        session = self.channel.peer.session
        assert session is not None
        return session

    def hello(self) -> bytes:
        return self.ends.seal(Kind.HELLO, bytes(24))

    def say(self, payload: bytes = b"") -> bytes:
        return self.ends.seal(Kind.DATA, payload)

    def cookie(self, address: Address = HERE) -> bytes:
        """The cookie of a fresh challenge."""
        (challenge,) = self.house.put(self.hello(), address)
        opened = self.ends.open(challenge)
        assert isinstance(opened, Opened) and opened.kind is Kind.CHALLENGE
        return opened.payload

    def prove(self, address: Address = HERE) -> None:
        """Goes through the handshake."""
        (answer,) = self.house.put(self.ends.seal(Kind.PROOF, self.cookie(address)), address)
        assert self.ends.open(answer) == Opened(Kind.DATA, b"")
        assert self.channel.address == address


@pytest.fixture
def house() -> House:
    return House()


# ---------------------------------------------------------------------- asking


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_offer(house: House, transport: str) -> None:
    person = house.person(transport, "ann")
    person.say(op="udp")
    offer = person.take("udp")
    assert offer.keys() == {"op", "host", "port", "connection", "key", "within"}
    assert (offer["host"], offer["port"], offer["within"]) == ("", 4000, 30.0)
    assert len(offer["key"]) == (44 if transport == "websocket-json" else 32)
    assert len(house.channels) == 1


def test_who_has_no_session_gets_no_key(house: House) -> None:
    stranger = house.connect("packets")
    stranger.say(op="udp")
    assert stranger.take("refused")["code"] == "hello_first"
    assert len(house.channels) == 0


def test_a_server_without_a_port_says_so(house: House) -> None:
    house.channels.deafen()
    person = house.person("packets", "ann")
    person.say(op="udp")
    assert person.take("refused")["code"] == "no_udp"
    person.ping()


def test_asking_again_makes_the_old_key_worthless(house: House) -> None:
    ann = Client(house)
    ann.prove()
    old = ann.ends
    ann.ask()
    assert len(house.channels) == 1
    assert house.fault(old.seal(Kind.DATA, b"")) is Fault.UNKNOWN
    assert not ann.session.send_datagram(LOCKSTEP), "the new one proves itself first"
    ann.prove(THERE)


def test_keys_and_numbers_are_everyones_own(house: House) -> None:
    people = [Client(house, name) for name in ("ann", "bob", "cid")]
    assert len({client.offer["key"] for client in people}) == 3
    assert len({client.offer["connection"] for client in people}) == 3
    people[0].prove()
    mixed = DatagramSession(people[1].offer["connection"], people[0].offer["key"], server=False)
    assert house.fault(mixed.seal(Kind.HELLO, bytes(24))) is Fault.FORGED


@pytest.mark.parametrize("how", ["cut", "leave", "replaced", "closed"])
def test_a_channel_goes_with_its_connection(house: House, how: str) -> None:
    ann = Client(house)
    ann.prove()
    session, channel = ann.session, ann.channel
    match how:
        case "cut":
            ann.person.cut()
        case "replaced":
            house.connect("packets").say(op="hello", token=ann.person.token)
        case "closed" | "leave":
            ann.channel.peer.close(CloseCode.NORMAL, "enough")
    assert len(house.channels) == 0
    assert not session.send_datagram(LOCKSTEP) and not channel.send(LOCKSTEP)
    assert house.fault(ann.say(LOCKSTEP)) is Fault.UNKNOWN
    house.stop()


# ---------------------------------------------------------------------- the address


def test_nothing_goes_to_an_address_before_it_is_proved(house: House) -> None:
    ann = Client(house)
    assert not ann.session.send_datagram(LOCKSTEP + b"?")
    ann.cookie()
    assert not ann.session.send_datagram(LOCKSTEP + b"?")
    house.out.clear()
    ann.prove()
    house.out.clear()
    assert ann.session.send_datagram(LOCKSTEP + b"?")
    ((datagram, address),) = house.out
    assert address == HERE and ann.ends.open(datagram) == Opened(Kind.DATA, LOCKSTEP + b"?")


def test_no_answer_is_larger_than_what_it_answers(house: House) -> None:
    ann = Client(house)
    for _ in range(4):
        for datagram in (ann.hello(), ann.say(), ann.say(LOCKSTEP), ann.ends.seal(Kind.PROOF, bytes(24))):
            answers = house.put(datagram)
            assert sum(map(len, answers)) <= len(datagram)
    assert 0 < house.bytes_out[HERE] <= house.bytes_in[HERE]
    (challenge,) = house.put(ann.hello())
    assert len(challenge) == HANDSHAKE_SIZE == 49


def test_a_hello_that_is_replayed_from_elsewhere_is_not_answered(house: House) -> None:
    """Who overhears a hello can't have the server knock at other people's doors."""
    ann = Client(house)
    hello = ann.hello()
    assert len(house.put(hello)) == 1
    assert house.fault(hello, THERE) is Fault.REPLAYED


def test_a_cookie_of_another_address_proves_nothing(house: House) -> None:
    ann = Client(house)
    cookie = ann.cookie(HERE)
    assert house.fault(ann.ends.seal(Kind.PROOF, cookie), THERE) is Fault.COOKIE
    assert ann.channel.address is None


def test_a_cookie_of_another_session_proves_nothing(house: House) -> None:
    ann, bob = Client(house, "ann"), Client(house, "bob")
    assert house.fault(bob.ends.seal(Kind.PROOF, ann.cookie())) is Fault.COOKIE


def test_a_cookie_does_not_keep(house: House) -> None:
    ann = Client(house)
    cookie = ann.cookie()
    house.run(10.1)
    assert house.fault(ann.ends.seal(Kind.PROOF, cookie)) is Fault.COOKIE
    ann.prove()


@given(cookie=st.binary(min_size=24, max_size=24))
def test_a_cookie_can_not_be_guessed(cookie: bytes) -> None:
    house = House()
    ann = Client(house)
    assert house.fault(ann.ends.seal(Kind.PROOF, cookie)) is Fault.COOKIE


def test_one_who_moves_is_heard_at_once_and_answered_once_proved(house: House) -> None:
    ann = Client(house)
    ann.prove(HERE)
    got: list[bytes] = []
    ann.session.on_datagram = got.append
    assert house.put(ann.say(LOCKSTEP + b"moved"), THERE) == []
    assert got == [LOCKSTEP + b"moved"]
    house.out.clear()
    ann.session.send_datagram(LOCKSTEP)
    assert [address for _, address in house.out] == [HERE]
    ann.prove(THERE)
    house.out.clear()
    ann.session.send_datagram(LOCKSTEP)
    assert [address for _, address in house.out] == [THERE]


def test_an_older_challenge_does_not_move_anybody_back(house: House) -> None:
    """A proof of the old address may be overtaken by that of the new one."""
    ann = Client(house)
    ann.prove(HERE)
    old = ann.ends.seal(Kind.PROOF, ann.cookie(("192.0.2.2", 1)))
    house.run(0.1)
    ann.prove(THERE)
    assert house.fault(old, ("192.0.2.2", 1)) is Fault.COOKIE
    assert ann.channel.address == THERE


def test_a_hello_from_where_one_is_known_is_a_question_for_life(house: House) -> None:
    ann = Client(house)
    ann.prove()
    (answer,) = house.put(ann.hello())
    assert ann.ends.open(answer) == Opened(Kind.DATA, b"")


# ---------------------------------------------------------------------- silence and expiry


def test_one_who_falls_silent_gets_no_more_until_heard_again(house: House) -> None:
    ann = Client(house)
    ann.prove()
    house.run(9.9)
    assert ann.session.send_datagram(LOCKSTEP)
    house.run(0.2)
    assert not ann.session.send_datagram(LOCKSTEP) and not ann.session.send_datagram(LOCKSTEP)
    assert house.channels.lapsed == 1
    ann.prove()
    assert ann.session.send_datagram(LOCKSTEP)


def test_words_from_an_address_that_is_not_proved_keep_no_other_alive(house: House) -> None:
    ann = Client(house)
    ann.prove(HERE)
    for _ in range(11):
        house.run(1)
        house.put(ann.say(), THERE)
    assert not ann.session.send_datagram(LOCKSTEP)


def test_a_key_that_is_not_used_expires(house: House) -> None:
    ann = Client(house)
    house.run(29.9)
    house.put(ann.hello())
    house.run(29.9)
    assert len(house.put(ann.hello())) == 1, "used: good for another while"
    house.run(30.1)
    assert house.fault(ann.hello()) is Fault.EXPIRED
    ann.ask()
    ann.prove()


def test_keeping_alive_keeps_the_key(house: House) -> None:
    ann = Client(house)
    ann.prove()
    for _ in range(10):
        house.run(9)
        house.put(ann.hello())
    assert ann.session.send_datagram(LOCKSTEP)


# ---------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda datagram: b"", Fault.SIZE),
        (lambda datagram: datagram[:1], Fault.SIZE),
        (lambda datagram: datagram[: OVERHEAD - 1], Fault.SIZE),
        (lambda datagram: datagram[:-1], Fault.FORGED),
        (lambda datagram: datagram + b"\0", Fault.FORGED),
        (lambda datagram: datagram + bytes(MAX_DATAGRAM), Fault.SIZE),
        (lambda datagram: b"\x24" + datagram[1:], Fault.VERSION),
        (lambda datagram: b"\x19" + datagram[1:], Fault.KIND),
        (lambda datagram: b"\x11" + datagram[1:], Fault.SIZE),
        (lambda datagram: datagram[:1] + b"\0\0\0\0" + datagram[5:], Fault.UNKNOWN),
        (lambda datagram: datagram[:8] + b"\x99" + datagram[9:], Fault.FORGED),
        (lambda datagram: datagram[:-1] + bytes((datagram[-1] ^ 1,)), Fault.FORGED),
    ],
)
@pytest.mark.parametrize("proved", [False, True])
def test_a_datagram_that_is_wrong(house: House, change: object, fault: Fault, proved: bool) -> None:
    ann = Client(house)
    if proved:
        ann.prove()
    genuine = ann.say(LOCKSTEP + b"input")
    assert callable(change)
    assert house.fault(change(genuine)) is fault
    got: list[bytes] = []
    ann.session.on_datagram = got.append
    house.put(genuine)
    assert got == [LOCKSTEP + b"input"], "the genuine one is none the worse for it"


def test_replays_are_dropped(house: House) -> None:
    ann = Client(house)
    ann.prove()
    got: list[bytes] = []
    ann.session.on_datagram = got.append
    datagram = ann.say(LOCKSTEP)
    house.put(datagram)
    for address in (HERE, THERE):
        assert house.fault(datagram, address) is Fault.REPLAYED
    assert got == [LOCKSTEP]


def test_what_the_server_says_can_not_be_thrown_back_at_it(house: House) -> None:
    ann = Client(house)
    ann.prove()
    for _ in range(9):
        ann.session.send_datagram(LOCKSTEP)
    (challenge,) = house.put(ann.hello(), THERE)
    assert house.fault(challenge, THERE) is Fault.FORGED
    assert house.fault(ann.ends.seal(Kind.CHALLENGE, bytes(24))) is Fault.KIND


@pytest.mark.parametrize(
    "payload",
    [
        STATE,
        STATE + bytes(11),
        STATE + bytes(13),
        STATE + bytes(MAX_PAYLOAD - 1),
        LOCKSTEP,
        b"\x00",
        b"\xff" * 9,
    ],
)
def test_payloads_that_nobody_can_use(house: House, payload: bytes) -> None:
    ann = Client(house)
    ann.prove()
    assert house.fault(ann.say(payload)) is Fault.PAYLOAD
    ann.person.ping()


@pytest.mark.parametrize("version", [0, 1, 2**32 - 1])
def test_acknowledging_what_never_was_harms_nobody(version: int) -> None:
    house = House()
    ann, bob = Client(house), house.person("packets", "bob", "field")
    ann.person.say(op="join", room=bob.room)
    ann.prove()
    house.run(0.3)
    for room in (ann.channel.room, 0):
        ack = STATE + room.to_bytes(4, "big") + 2 * version.to_bytes(4, "big")
        assert house.put(ann.say(ack)) == []
    bob.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    bob.heard.clear()
    house.run(1)
    assert 19 <= len(bob.all("update")) <= 21
    house.stop()


def test_a_room_that_refuses_a_payload(house: House) -> None:
    ann = Client(house)
    ann.prove()

    def refuse(payload: bytes) -> None:
        raise Refused("no")

    ann.session.on_datagram = refuse
    assert house.fault(ann.say(LOCKSTEP)) is Fault.PAYLOAD
    ann.person.ping()


def test_a_fault_of_ours_ends_that_connection_and_no_other(
    house: House, logged_failures: list[LogEvent]
) -> None:
    ann, bob = Client(house), Client(house, "bob")
    ann.prove()
    bob.prove(THERE)

    def fail(payload: bytes) -> None:
        raise ZeroDivisionError

    ann.session.on_datagram = fail
    house.put(ann.say(LOCKSTEP))
    house.settle()
    assert ann.person.close_code == CloseCode.INTERNAL_ERROR
    assert len(logged_failures) == 1
    logged_failures.clear()
    assert bob.session.send_datagram(LOCKSTEP)


# ---------------------------------------------------------------------- floods


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_noise_leaves_nothing_behind(noise: list[bytes]) -> None:
    house = House()
    for number, datagram in enumerate(noise):
        for made in (datagram, b"\x14" + datagram.ljust(OVERHEAD, b"\0")):
            assert house.put(made, (f"203.0.113.{number}", 1)) == []
    assert len(house.channels) == 0
    assert house.service.gate._addresses == {}


def opened(house: House, client: Client, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Notes every datagram that the client's channel tries to open."""
    tried: list[bytes] = []
    ends = client.channel.session

    class Noting:
        connection = ends.connection
        seal = staticmethod(ends.seal)

        @staticmethod
        def open(datagram: bytes) -> object:
            tried.append(datagram)
            return ends.open(datagram)

    monkeypatch.setattr(client.channel, "session", Noting)
    return tried


def test_a_flood_before_the_proof_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an address that nobody proved, so many a second are looked into: even for a known connection."""
    ann = Client(house)
    ann.prove()
    tried = opened(house, ann, monkeypatch)
    forged = ann.say()[:-1] + b"\0"
    for second in range(3):
        for _ in range(1000):
            assert house.put(forged, THERE) == []
        assert len(tried) <= 20 * (second + 1)
        house.run(1)
    assert house.channels.faults[Fault.FLOOD] >= 2900
    assert len(house.channels) == 1
    (answer,) = house.put(ann.hello(), HERE)
    assert answer, "who is proved is not touched by it"


def test_many_addresses_get_a_bounded_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are 256 shares, however many addresses somebody makes up."""
    house = House(udp_unproved_rate=1)
    ann = Client(house)
    tried = opened(house, ann, monkeypatch)
    forged = ann.say()[:-1] + b"\0"
    for number in range(3000):
        house.channels.receive(forged, (f"203.0.{number // 250}.{number % 250}", number))
    assert 200 <= len(tried) <= 256


def test_a_client_that_sends_too_much_is_cut_down(house: House) -> None:
    ann = Client(house)
    ann.prove()
    got: list[bytes] = []
    ann.session.on_datagram = got.append
    for _ in range(1000):
        house.put(ann.say(LOCKSTEP))
    assert 390 <= len(got) <= 400
    house.run(1)
    for _ in range(1000):
        house.put(ann.say(LOCKSTEP))
    assert 590 <= len(got) <= 600
    ann.person.ping()


def test_what_is_refused_is_counted_by_reason(house: House) -> None:
    ann: Client | Person = Client(house)
    for datagram in (b"", b"x", ann.hello()[:-1], b"\x14" + bytes(60)):
        house.put(datagram)
    assert house.channels.faults == {Fault.SIZE: 3, Fault.UNKNOWN: 1}
