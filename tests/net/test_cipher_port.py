"""Packet ports with other profiles: enciphered, or of another byte order; and who comes wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from attrs import evolve
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from gamesrv.net.tcp import PacketFactory
from gamesrv.wire.cipher import CipherDecoder, CipherError, StreamCipher
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameDecoder, Framing
from gamesrv.wire.legacy import LegacyClient
from gamesrv.wire.noise import NoiseClient, public_key
from gamesrv.wire.packets import CLIENT_IDS
from gamesrv.wire.profile import LEGACY, PLAIN, Profile, noise
from tests.wire.ciphered import SECRET
from tests.world import Message, PacketPerson, Person, World

NOISE = noise(SECRET)
BODY_ONLY = Profile(Framing(width=2, adjustment=2, min_frame=0, byteorder="little"), packet_size=100)
"""A length that counts neither itself nor the id."""
IDS = {cls.__struct_config__.tag: number for cls, number in CLIENT_IDS.items()}


class Stranger(Person):
    """Somebody at a port of any profile."""

    def __init__(
        self, world: World, profile: Profile, cipher: StreamCipher | None = None, host: str | None = None
    ) -> None:
        super().__init__(world)
        self.framing = evolve(profile.framing, min_frame=0, max_frame=0xFFFF)
        self.cipher = cipher
        self.gave_up = ""
        """Why this person wants no more of the server."""
        self.frames: FrameDecoder | CipherDecoder = (
            FrameDecoder(self.framing) if cipher is None else CipherDecoder(self.framing, cipher)
        )
        factory = PacketFactory(world.service.gate, world.clock, world.limits.packet_idle, profile)
        self.link_to(factory.buildProtocol(None), Ear(self), host)
        self.settle()

    def settle(self) -> None:
        """Says what the cipher has to say, and lets it arrive."""
        if self.cipher is not None:
            self.link.write(self.cipher.encrypt(b""))
        self.world.settle()

    def pack(self, message: Message) -> bytes:
        return self.seal(IDS[message["op"]], msgspec.msgpack.encode(message))

    def seal(self, number: int, body: bytes) -> bytes:
        frame = self.framing.encode(number.to_bytes(2, self.framing.byteorder) + body)
        return frame if self.cipher is None else self.cipher.encrypt(frame)

    def hear(self, data: bytes) -> None:
        try:
            for frame in self.frames.feed(data):
                self.heard.append(msgspec.msgpack.decode(frame[2:]))
        except CipherError as error:
            self.gave_up = str(error)
            self.link.loseConnection()


class Ear(Protocol):
    """Hands what comes to a stranger."""

    def __init__(self, person: Stranger) -> None:
        self.person = person

    def dataReceived(self, data: bytes) -> None:
        self.person.wire += data
        self.person.hear(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.person.lost = True


def plain_client() -> None:
    """No cipher."""


def noise_client() -> NoiseClient:
    """One that has the server's key."""
    return NoiseClient(lambda key: key == public_key(SECRET))


Port = tuple[Profile, Callable[[], Any]]
PORTS: list[Port] = [
    (PLAIN, plain_client),
    (BODY_ONLY, plain_client),
    (LEGACY, LegacyClient),
    (NOISE, noise_client),
]


@pytest.fixture(params=PORTS, ids=["plain", "body only", "legacy", "noise"])
def port(request: pytest.FixtureRequest) -> Port:
    """Each kind of port, and what its clients have."""
    made: Port = request.param
    return made


@pytest.fixture(params=PORTS[2:], ids=["legacy", "noise"])
def secret_port(request: pytest.FixtureRequest) -> Port:
    """Those that are enciphered."""
    made: Port = request.param
    return made


def test_one_plays_over_any_of_them(world: World, port: Port) -> None:
    profile, cipher = port
    bob = world.person("packets", "bob", "field")
    ann = Stranger(world, profile, cipher())
    ann.say(op="hello", name="ann")
    assert ann.take("welcome")["name"] == "ann"
    ann.say(op="join", game="field")
    ann.joined(ann.take("joined"))
    assert (ann.room, ann.seat) == (bob.room, 1)
    ann.say(op="cmd", id=1, name="move", args={"dx": 1, "dy": 0})
    world.run(0.2)
    assert ann.take("update")["delta"]["avatars"]["1"]
    assert bob.take("update")["delta"]["avatars"]["1"]
    ann.say(op="say", text="hello there")
    assert bob.event("said")["data"]["text"] == ann.event("said")["data"]["text"] == "hello there"


def test_one_byte_at_a_time(world: World, port: Port) -> None:
    profile, cipher = port
    ann = Stranger(world, profile, cipher())
    everything = [
        ann.pack({"op": "hello", "name": "ann"}),
        ann.seal(77, b"x"),
        ann.pack({"op": "ping", "t": 7}),
    ]
    for byte in b"".join(everything):
        ann.raw(bytes((byte,)))
    assert [message["op"] for message in ann.heard] == ["welcome", "refused", "pong"]


def test_one_seat_over_two_ciphers(world: World) -> None:
    """Who is cut off at one port goes on at another."""
    ann = Stranger(world, LEGACY, LegacyClient())
    ann.say(op="hello", name="ann")
    token = ann.take("welcome")["token"]
    ann.say(op="join", game="field")
    ann.cut()
    ann = Stranger(world, NOISE, noise_client())
    ann.say(op="hello", token=token)
    assert ann.take("joined")["seat"] == 0


def test_nothing_of_what_is_said_shows_on_the_wire(world: World, secret_port: Port) -> None:
    profile, cipher = secret_port
    ann = Stranger(world, profile, cipher())
    ann.say(op="hello", name="ann")
    token = ann.take("welcome")["token"]
    assert token.encode() not in ann.wire and b"welcome" not in ann.wire


# ---------------------------------------------------------------------- who comes wrongly


def silent(person: Person) -> None:
    """Nothing was said to this person, and the link ends."""
    assert person.wire == b""
    person.world.run(person.world.limits.close_timeout + 0.1)
    assert person.lost


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x00\x00",
        b"\x00\x0f",
        b"\xff" * 100,
        b"\x00\x21" + bytes(33),
        b"\x00\x20" + bytes(32),
        PacketPerson.packet(1, msgspec.msgpack.encode({"op": "hello", "name": "someone"})),
    ],
)
def test_who_does_not_speak_noise_hears_nothing(world: World, said: bytes) -> None:
    bob = world.person("packets", "bob", "field")
    stranger = Stranger(world, NOISE)
    stranger.raw(said)
    world.run(world.limits.handshake_timeout + 2 * world.service.reap_interval)  # it may be half of something
    silent(stranger)
    bob.ping()


def test_a_client_that_has_another_key_goes(world: World) -> None:
    """It is the client who finds out: it says no more than its hello."""
    stranger = Stranger(world, NOISE, NoiseClient(lambda key: key == bytes(32)))
    assert "not the one we trust" in stranger.gave_up
    assert stranger.pack({"op": "hello", "name": "ann"}) == b""
    assert stranger.lost and not world.service.gate.peers


def test_a_wrong_key_is_met_with_silence(world: World, secret_port: Port) -> None:
    profile, cipher = secret_port
    ann = Stranger(world, profile, cipher())
    ann.say(op="hello", name="ann")
    ann.say(op="join", game="field")
    seat = world.rooms[0].seating.seats[0]
    ann.wire = b""
    ann.raw(b"\x00\x30" + bytes(48))
    silent(ann)
    assert seat.away


@pytest.mark.parametrize("length", [0, 1, 2, 3, 2049, 0xFFFF])
def test_a_bad_length_within_the_cipher_is_met_with_silence(
    world: World, secret_port: Port, length: int
) -> None:
    profile, cipher = secret_port
    ann = Stranger(world, profile, cipher())
    ann.say(op="hello", name="ann")
    ann.wire = b""
    ann.raw(ann.cipher.encrypt(length.to_bytes(2, profile.framing.byteorder)))  # type: ignore[union-attr]
    silent(ann)


@pytest.mark.parametrize(
    ("length", "code"),
    [(0xFFFF, CloseCode.TOO_BIG), (97, CloseCode.TOO_BIG), (96, None)],
)
def test_a_profile_has_its_own_limit(world: World, length: int, code: CloseCode | None) -> None:
    """100 bytes with the head of 4."""
    ann = Stranger(world, BODY_ONLY)
    ann.raw(length.to_bytes(2, "little"))
    assert ann.close_code == code


@pytest.mark.parametrize("begun", [b"", b"\x00", b"\x00\x20", b"\x00\x20" + bytes(31)])
def test_who_stops_in_the_handshake_is_dropped_when_the_hello_is_due(world: World, begun: bytes) -> None:
    stranger = Stranger(world, NOISE)
    stranger.raw(begun)
    world.run(world.limits.handshake_timeout - 0.1)
    assert not stranger.lost
    world.run(world.service.reap_interval + 0.2)
    silent(stranger)
    assert not world.service.gate.peers


def test_who_stops_after_the_handshake_is_told_so(world: World) -> None:
    stranger = Stranger(world, NOISE, noise_client())
    world.run(world.limits.handshake_timeout + 2 * world.service.reap_interval)
    assert stranger.take("closing")["code"] == CloseCode.IDLE


def test_half_a_record_must_be_finished_in_time(world: World) -> None:
    ann = Stranger(world, NOISE, noise_client())
    ann.say(op="hello", name="ann")
    ann.raw(ann.pack({"op": "ping"})[:-1])
    world.run(world.limits.packet_timeout - 0.1)
    assert ann.close_code is None
    world.run(0.2)
    assert ann.take("closing")["code"] == CloseCode.IDLE


def test_one_connection_too_many_is_closed_in_silence() -> None:
    """There is no key to say anything with."""
    world = World(connections_per_address=1)
    first = Stranger(world, NOISE, noise_client(), "192.0.2.1")
    second = Stranger(world, NOISE, None, "192.0.2.1")
    silent(second)
    first.say(op="hello", name="ann")
    assert first.take("welcome")
    world.stop()


def test_when_the_server_stops_everyone_is_told(world: World, port: Port) -> None:
    profile, cipher = port
    ann = Stranger(world, profile, cipher())
    ann.say(op="hello", name="ann")
    world.service.gate.close(CloseCode.GOING_AWAY, "bye")
    world.settle()
    assert ann.take("closing")["code"] == CloseCode.GOING_AWAY
