"""The example of an old MMO's servers, played by a client that has no code in common with them."""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from examples.legacy_mmo.accounts import AccountFactory, Place, Tokens
from examples.legacy_mmo.gameport import GameFactory
from examples.legacy_mmo.layout import BadLayout, Packet, split
from examples.legacy_mmo.packets import Account, AccountAnswer, Connect, Talk, Walk
from examples.legacy_mmo.rc5 import open_password
from examples.legacy_mmo.town import SIZE, Town
from gamesrv.net.loopback import LoopbackTransport, connect
from tests.examples.old_client import OldClient, seal_password
from tests.world import World

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 20
ACCOUNT, ANSWER, CONNECT, TALK, WALK, HERO, TICK, APPEAR, GONE = (
    1051, 1055, 1052, 1004, 1005, 1006, 1012, 1014, 1015,
)  # fmt: skip
PLACE = Place("127.0.0.1", 5816)


# ---------------------------------------------------------------------- the layout


def test_the_account_answer_of_such_a_server() -> None:
    """A known packet of one: 34 bytes with its length."""
    known = bytes.fromhex("1f0461ffc3a63a6dd3903139322e3136382e312e320000000000b81600000000")
    answer = AccountAnswer(0x90D36D3AA6C3FF61, "192.168.1.2", 5816, 0)
    assert answer.pack() == known
    number, body = split(known)
    assert number == AccountAnswer.number
    assert AccountAnswer.unpack(body) == answer


@pytest.mark.parametrize("kind", [Account, AccountAnswer, Connect, Talk, Walk])
def test_a_body_has_one_size(kind: type[Packet]) -> None:
    size = kind.layout.size
    packet = kind.unpack(bytes(size))
    assert packet.pack()[2:] == bytes(size)
    for wrong in (b"", bytes(size - 1), bytes(size + 1)):
        with pytest.raises(BadLayout):
            kind.unpack(wrong)


def test_texts_are_cut_and_padded() -> None:
    assert Account("a" * 20, b"", "Ünï €").pack()[2:18] == b"a" * 16
    assert Account.unpack(b"ann\0junk".ljust(16, b"x") + bytes(32)).username == "ann"


@pytest.mark.parametrize("frame", [b"", b"\1"])
def test_a_packet_has_an_id(frame: bytes) -> None:
    with pytest.raises(BadLayout):
        split(frame)


def test_rc5() -> None:
    sealed = bytes.fromhex("1CFD41C9A169AAB60DA6084DF367EB73")
    assert open_password(sealed) == "1"
    assert seal_password("1") == sealed
    assert open_password(seal_password("correct horse 16")) == "correct horse 16"


# ---------------------------------------------------------------------- the town


class Caller(Protocol):
    """A client's link."""

    def __init__(self, town: Houses) -> None:
        self.town = town
        self.client = OldClient()
        self.heard: list[tuple[int, bytes]] = []
        self.wire = b""
        self.lost = False
        self.link: LoopbackTransport

    def say(self, number: int, layout: str, *values: object) -> None:
        """Says a packet, and lets it arrive."""
        self.raw(self.client.say(number, layout, *values))

    def raw(self, data: bytes) -> None:
        """Puts bytes on the wire."""
        self.link.write(data)
        self.town.world.settle()

    def take(self, number: int, layout: str) -> tuple[int | bytes, ...]:
        """The next packet with that id; those before it are passed over."""
        while self.heard:
            found, body = self.heard.pop(0)
            if found == number:
                return struct.unpack("<" + layout, body)
        raise AssertionError(f"no {number} came")

    def dataReceived(self, data: bytes) -> None:
        self.wire += data
        self.heard += self.client.hear(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = True


class Houses:
    """Both servers in memory."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = Tokens(world.clock.seconds)
        self.accounts = AccountFactory(world.clock, {"ann": "1", "bob": "secret"}, self.tokens, PLACE)
        self.game = GameFactory(world.service.gate, world.clock, self.tokens)

    def call(self, factory: AccountFactory | GameFactory) -> Caller:
        """A link to one of them."""
        caller, address = Caller(self), IPv4Address("TCP", "127.0.0.1", 1)
        caller.link, _ = connect(self.world.clock, caller, factory.buildProtocol(address))
        self.world.settle()
        return caller

    def log_in(self, name: str, password: str) -> tuple[int, bytes, int]:
        """What the account server answers."""
        caller = self.call(self.accounts)
        caller.say(ACCOUNT, "16s16s16s", name.encode(), seal_password(password), b"realm")
        token, address, port, _ = caller.take(ANSWER, "Q16sIH")
        assert caller.lost
        return token, address, port  # type: ignore[return-value]

    def enter(self, name: str, password: str, **more: bytes) -> Caller:
        """Somebody in the town."""
        token, _, _ = self.log_in(name, password)
        caller = self.call(self.game)
        hello = caller.client.say(CONNECT, "Q16s", token, b"En")
        caller.client.rekey(token)
        caller.raw(hello + more.get("then", b""))
        return caller


@pytest.fixture
def houses() -> Iterator[Houses]:
    """Both servers, searched for leftovers after the test."""
    world = World(games=[Town])
    yield Houses(world)
    world.stop()


def name_of(field: int | bytes) -> str:
    assert isinstance(field, bytes)
    return field.rstrip(b"\0").decode()


def test_log_in_and_walk_about_in_company(houses: Houses) -> None:
    ann = houses.enter("ann", "1")
    hero, x, y, name = ann.take(HERO, "IHH16s")
    assert name_of(name) == "ann"
    bob = houses.enter("bob", "secret")
    other, _, _, name = ann.take(APPEAR, "IHH16s")
    assert name_of(name) == "bob" and other != hero
    assert sorted(number for number, _ in bob.heard) == [HERO, APPEAR]
    bob.heard.clear()
    ann.say(WALK, "IHHB", hero, 0, 0, 6)
    assert bob.take(WALK, "IHHB") == ann.take(WALK, "IHHB") == (hero, x + 1, y, 6)
    bob.say(TALK, "I16s128s", 0, b"", b"hello there")
    who, name, words = ann.take(TALK, "I16s128s")
    assert (who, name_of(name), name_of(words)) == (other, "bob", "hello there")
    bob.say(TICK, "I", 77)
    assert bob.take(TICK, "I") == (77,)
    bob.link.loseConnection()
    houses.world.settle()
    assert ann.take(GONE, "I") == (other,)


def test_it_is_one_room_with_everybody_elses_clients(houses: Houses) -> None:
    ann = houses.enter("ann", "1")
    ann.heard.clear()
    native = houses.world.person("packets", "nat", "town")
    hero, x, y, name = ann.take(APPEAR, "IHH16s")
    assert name_of(name) == "nat"
    native.say(op="cmd", id=1, name="walk", args={"direction": 2})
    assert ann.take(WALK, "IHHB") == (hero, x - 1, y, 2)  # type: ignore[operator]


def test_the_answer_tells_where_the_game_is(houses: Houses) -> None:
    token, address, port = houses.log_in("ann", "1")
    assert (address.rstrip(b"\0"), port) == (b"127.0.0.1", 5816)
    assert token >= 256 and houses.log_in("ann", "1")[0] != token


@pytest.mark.parametrize(("name", "password"), [("ann", "2"), ("ann", ""), ("eve", "1"), ("", "")])
def test_a_wrong_password_gets_no_token(houses: Houses, name: str, password: str) -> None:
    assert houses.log_in(name, password) == (1, bytes(16), 0)


def test_a_token_is_good_once(houses: Houses) -> None:
    token, _, _ = houses.log_in("ann", "1")
    for refused in (False, True):
        caller = houses.call(houses.game)
        caller.say(CONNECT, "Q16s", token, b"En")
        houses.world.run(1.1)
        assert caller.lost == refused
        assert (caller.wire == b"") == refused


def test_a_token_is_good_for_half_a_minute() -> None:
    clock = Clock()
    tokens = Tokens(clock.seconds)
    early, late = tokens.issue("ann"), tokens.issue("ann")
    clock.advance(29)
    assert tokens.redeem(early) == "ann"
    clock.advance(1)
    assert tokens.redeem(late) is None
    assert tokens.redeem(early) is None


def test_the_key_changes_at_the_byte_after_the_first_packet(houses: Houses) -> None:
    """A client that says more in the same breath is understood, at any chopping."""
    for chop in range(0, 60, 7):
        token, _, _ = houses.log_in("ann", "1")
        caller = houses.call(houses.game)
        data = caller.client.say(CONNECT, "Q16s", token, b"En")
        caller.client.rekey(token)
        data += caller.client.say(TICK, "I", 1) + caller.client.say(TICK, "I", 2)
        caller.raw(data[:chop])
        caller.raw(data[chop:])
        assert [caller.take(TICK, "I"), caller.take(TICK, "I")] == [(1,), (2,)]
        caller.link.loseConnection()
        houses.world.settle()


def test_one_byte_at_a_time(houses: Houses) -> None:
    token, _, _ = houses.log_in("ann", "1")
    caller = houses.call(houses.game)
    data = caller.client.say(CONNECT, "Q16s", token, b"En")
    caller.client.rekey(token)
    for byte in data + caller.client.say(TICK, "I", 1):
        caller.raw(bytes([byte]))
    assert caller.take(TICK, "I") == (1,)


# ---------------------------------------------------------------------- who comes wrongly


@pytest.mark.parametrize("length", [0, 1, 2, 3, 2049, 0xFFFF])
@pytest.mark.parametrize("house", ["accounts", "game"])
def test_a_bad_length_is_met_with_silence(houses: Houses, house: str, length: int) -> None:
    caller = houses.call(getattr(houses, house))
    caller.raw(caller.client.write(struct.pack("<HH", length, 1051)))
    houses.world.run(1.1)
    assert caller.lost and caller.wire == b""


@pytest.mark.parametrize("house", ["accounts", "game"])
def test_garbage_and_silence_are_dropped_in_time(houses: Houses, house: str) -> None:
    quiet, noisy = houses.call(getattr(houses, house)), houses.call(getattr(houses, house))
    noisy.raw(b"GET / HTTP/1.1\r\n\r\n")
    houses.world.run(8)
    assert quiet.lost and noisy.lost


@pytest.mark.parametrize("number", [0, WALK, ACCOUNT, 0xFFFF])
def test_what_comes_before_the_token_is_met_with_silence(houses: Houses, number: int) -> None:
    caller = houses.call(houses.game)
    caller.say(number, "Q16s", 1 << 63, b"En")
    houses.world.run(1.1)
    assert caller.lost and caller.wire == b""


@pytest.mark.parametrize(("number", "size"), [(ACCOUNT, 47), (ACCOUNT, 49), (CONNECT, 48)])
def test_a_login_of_another_shape_is_met_with_silence(houses: Houses, number: int, size: int) -> None:
    caller = houses.call(houses.accounts)
    caller.say(number, f"{size}s", b"ann")
    assert caller.lost and caller.wire == b""


def test_who_keeps_the_old_key_is_dropped(houses: Houses) -> None:
    token, _, _ = houses.log_in("ann", "1")
    caller = houses.call(houses.game)
    caller.say(CONNECT, "Q16s", token, b"En")
    caller.client._read = 0
    for _ in range(40):
        caller.say(TICK, "I", 1)
    houses.world.run(11)
    assert caller.lost


def test_what_the_town_refuses_the_server_says(houses: Houses) -> None:
    ann = houses.enter("ann", "1")
    hero, _, y, _ = ann.take(HERO, "IHH16s")
    assert isinstance(y, int)
    for _ in range(SIZE - y):
        houses.world.run(0.02)
        ann.say(WALK, "IHHB", hero, 0, 0, 0)
    who, name, words = ann.take(TALK, "I16s128s")
    assert (who, name_of(name), name_of(words)) == (0, "SERVER", "the town ends here")
    ann.say(WALK, "IHHB", hero, 0, 0, 8)
    assert ann.take(TALK, "I16s128s")
    assert not ann.lost


def test_the_third_packet_that_is_none_is_the_last(houses: Houses) -> None:
    ann = houses.enter("ann", "1")
    ann.say(TALK, "I16s128s", 0, b"", b"\x07 ")
    ann.say(9999, "I", 0)
    assert not ann.lost
    ann.say(WALK, "I", 0)
    houses.world.run(1.1)
    assert ann.lost


def test_layouts_are_not_shared() -> None:
    assert [field.name for field in attrs.fields(Walk)] == ["hero", "x", "y", "direction"]


# ---------------------------------------------------------------------- for real


def receive(link: socket.socket, client: OldClient, number: int) -> bytes:
    """Reads until a packet with that id has come."""
    while data := link.recv(65536):
        for found, body in client.hear(data):
            if found == number:
                return body
    raise AssertionError("the server hung up")


def test_it_runs_as_its_readme_says() -> None:
    words = [sys.executable, "-m", "examples.legacy_mmo", "--account-port", "0", "--game-port", "0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            told = process.stdout.readline().split()
            play(int(told[3].rstrip(b";")))
            process.terminate()
            assert process.wait() in (0, -signal.SIGTERM)
        finally:
            watchdog.cancel()
            process.kill()


def play(port: int) -> None:
    """Logs in and takes a step."""
    login, client = OldClient(), OldClient()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as link:
        link.sendall(login.say(ACCOUNT, "16s16s16s", b"ann", seal_password("1"), b"realm"))
        token, address, port, _ = struct.unpack("<Q16sIH", receive(link, login, ANSWER))
    with socket.create_connection((address.rstrip(b"\0").decode(), port), PATIENCE) as link:
        hello = client.say(CONNECT, "Q16s", token, b"En")
        client.rekey(token)
        link.sendall(hello)
        hero, x, y, _ = struct.unpack("<IHH16s", receive(link, client, HERO))
        link.sendall(client.say(WALK, "IHHB", hero, 0, 0, 4))
        assert struct.unpack("<IHHB", receive(link, client, WALK)) == (hero, x, y - 1, 4)
