"""People who have a datagram channel beside their link, over a network that is as bad as a test wants it."""

from __future__ import annotations

from itertools import count
from typing import Any

from gamesrv.core.rng import Random
from gamesrv.core.views import merge
from gamesrv.net.simulated import LossyLink, LossyNetwork
from gamesrv.wire.datagram import STATE, Address, DatagramClient
from gamesrv.wire.newest import Ack, decode_newest, encode_ack, room_number
from tests.world import Person, World

__all__ = ["LossyWorld", "Spectator", "network"]

BEAT = 0.1


def network(world: World, seed: bytes = b"weather", **conditions: float) -> LossyNetwork:
    """A UDP port for a world's server, over a link of those ``conditions`` each way."""
    random = Random(seed)
    up, down = (LossyLink(world.clock, random, **conditions) for _ in range(2))
    return LossyNetwork(world.service.gate.channels, up, down)


class Spectator:
    """A person's datagrams, and the view they are shown: kept by updates over both ways, and checked.

    Every version that was ever shown is in `shown`, in order.
    """

    _ports = count(20_000)

    def __init__(self, person: Person, net: LossyNetwork) -> None:
        self.person = person
        self.net = net
        self.address: Address = ("198.51.100.7", next(self._ports))
        self.heard: list[bytes] = []
        """Payloads that were no state."""
        self.came: list[bytes] = []
        """Every datagram."""
        self.room = ""
        self.version = 0
        self.view: dict[str, Any] = {}
        self.shown: list[int] = []
        self.newest_by_datagram = 0
        self.by_datagram = 0
        self.by_link = 0
        self.twice = 0
        """Updates that came over the link although their version was shown already."""
        self.client: DatagramClient
        self._post = net.attach(self.address, self.receive)
        self.ask()

    @property
    def now(self) -> float:
        return self.person.world.clock.seconds()

    def ask(self) -> None:
        """Asks for a channel, with new keys."""
        self.person.say(op="udp")
        offer = self._taken("udp")
        self.offer = offer
        self.client = DatagramClient(offer["connection"], offer["key"], lambda datagram: self._post(datagram))

    def move(self) -> None:
        """From now on it sends from another address, and hears nothing that goes to the old one."""
        self.net.detach(self.address)
        self.address = (self.address[0], next(self._ports))
        self._post = self.net.attach(self.address, self.receive)

    def beat(self) -> None:
        """What a client does now and then."""
        self.client.beat(self.now)
        self.listen()

    def open(self) -> Spectator:
        """Waits until the channel is open."""
        for _ in range(100):
            if self.client.is_open(self.now):
                return self
            self.beat()
            self.person.world.run(0.05)
        raise AssertionError("the channel did not open")

    def receive(self, datagram: bytes) -> None:
        """Takes a datagram."""
        self.came.append(datagram)
        payload = self.client.receive(datagram, self.now)
        if payload is None:
            return
        if payload[:1] != STATE:
            self.heard.append(payload)
            return
        news = decode_newest(payload)
        assert news is not None
        self.listen()
        if news.room == room_number(self.room):
            self.newest_by_datagram = max(self.newest_by_datagram, news.version)
        if news.fits(room_number(self.room), self.version):
            self.by_datagram += 1
            self._show(news.version, news.delta)
        self._acknowledge()

    def listen(self) -> None:
        """Takes what came over the link, in order."""
        heard, self.person.heard[:] = list(self.person.heard), []
        for message in heard:
            if message["op"] == "joined":
                self._join(message)
            elif message["op"] == "update" and message.get("v", 0) <= self.version and "delta" in message:
                self.twice += 1
            elif message["op"] == "update" and "delta" in message:
                assert message["v"] == self.version + 1, "nothing is missing on the link"
                self.by_link += 1
                self._show(message["v"], message["delta"])
            else:
                continue
            self._acknowledge()

    def _join(self, joined: dict[str, Any]) -> None:
        self.person.joined(joined)
        if joined["room"] == self.room and joined["v"] < self.version:
            return
        self.newest_by_datagram *= joined["room"] == self.room
        self.room, self.version, self.view = joined["room"], joined["v"], joined["view"]
        self.shown.append(self.version)

    def _show(self, version: int, delta: dict[str, Any]) -> None:
        merge(self.view, delta)
        self.version = version
        self.shown.append(version)

    def _acknowledge(self) -> None:
        ack = Ack(room_number(self.room), self.version, self.newest_by_datagram)
        self.client.send(encode_ack(ack), self.now)

    def _taken(self, op: str) -> dict[str, Any]:
        found = [message for message in self.person.heard if message["op"] == op]
        self.person.heard[:] = [message for message in self.person.heard if message["op"] != op]
        return found[-1]


class LossyWorld(World):
    """A world with a network; time passes for those who are on it too."""

    def __init__(self, *games: type, seed: bytes = b"weather", bots: int = 0, **conditions: float) -> None:
        super().__init__(games, bots=bots)
        self.net = network(self, seed, **conditions)
        self.spectators: list[Spectator] = []

    def spectator(self, name: str, game: str | None = None, transport: str = "packets") -> Spectator:
        """A person with an open channel, who has joined a game."""
        person = self.connect(transport)
        person.say(op="hello", name=name)
        person.token = person.take("welcome")["token"]
        made = Spectator(person, self.net)
        self.spectators.append(made)
        if game is not None:
            person.say(op="join", game=game)
        made.open()
        return made

    def pass_time(self, seconds: float) -> None:
        """Lets time pass for all."""
        for _ in range(round(seconds / BEAT)):
            self.run(BEAT)
            for spectator in self.spectators:
                spectator.beat()
