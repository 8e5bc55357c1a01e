"""The client's datagrams and lockstep rooms, over a network in memory that is as bad as a test wants it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from gamesrv.cancellable import CancelToken, spawn
from gamesrv.client import Client, Datagrams, Link, Room, State
from gamesrv.client.games import local_game, simulation_of
from gamesrv.core.messages import Joined, Update
from gamesrv.core.views import prune
from gamesrv.wire.newest import Newest, room_number
from tests import duel
from tests.follow import room_of
from tests.lossy import network
from tests.memory import Endpoint, Fate, client_of, sockets
from tests.world import World


class Net:
    """A world with datagrams."""

    def __init__(self, *games: type, **conditions: float) -> None:
        self.world = World(games)
        self.net = network(self.world, **conditions)
        self.clients: list[Client] = []

    def client(self, name: str, kind: str = "packets", udp: bool = True) -> tuple[Client, Endpoint]:
        client, endpoint = client_of(self.world, kind, sockets(self.net) if udp else None)
        self.clients.append(client)
        Fate(self.world, client.connect(name))
        return client, endpoint

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        self.world.run(0.1)
        assert not self.net._clients, "every socket is closed"
        self.world.stop()


@pytest.fixture
def field() -> Any:
    from tests.games import Field

    made = Net(Field, latency=0.1, jitter=0.09, loss=0.1, duplicates=0.1)
    yield made
    made.stop()


@pytest.fixture
def duels() -> Any:
    made = Net(duel.Duel, duel.Broken, latency=0.03, jitter=0.02, loss=0.1)
    yield made
    made.stop()


@pytest.mark.parametrize("kind", ["packets", "websocket"])
def test_state_comes_by_datagram_and_fits(field: Any, kind: str) -> None:
    client, endpoint = field.client("ann", kind)
    room = Fate(field.world, client.quick("field")).result
    field.world.run(1)
    assert client.has_datagrams
    client.do("move", dx=1, dy=0)
    before, shown = field.net.down.sent, []
    by_link: list[Any] = []
    client.on("update", lambda room: shown.append(room.v))
    client.on("message", lambda message: isinstance(message, Update) and by_link.append(message))
    field.world.run(3)
    assert field.net.down.sent - before > 40
    assert len(shown) > 35 > 10 > len(by_link)
    assert room.ack().heard > 0
    assert shown == sorted(set(shown)), "never back, never twice"
    field.net.down.loss = field.net.up.loss = 0.0
    client.do("move", dx=0, dy=0)
    field.world.run(2)
    (served,) = field.world.rooms
    theirs, ours = prune(served.machine.view()), room.view
    assert theirs["avatars"] == ours["avatars"]


def test_with_datagrams_lost_all_goes_on_over_the_link(field: Any) -> None:
    client, _ = field.client("ann")
    room = Fate(field.world, client.quick("field")).result
    client.do("move", dx=1, dy=0)
    field.world.run(2)
    field.net.up.loss = field.net.down.loss = 1.0
    field.world.run(13)
    assert not client.has_datagrams
    here = room.view["avatars"]["0"]["x"]
    field.world.run(1)
    assert room.view["avatars"]["0"]["x"] > here
    field.net.up.loss = field.net.down.loss = 0.0
    field.world.run(45)
    assert client.has_datagrams, "a new key is asked for once the old one has expired"


def test_a_snapshot_that_is_older_than_the_datagrams_changes_nothing(world: World) -> None:
    client, _ = client_of(world)
    room = Room(client, "r", "field")
    room.snapshot(Joined("r", "field", 0, 1, 5, {"x": 5}, "playing", rate=20))
    assert room.apply_newest(Newest(room_number("r"), 4, 9, 2, {"x": 9}))
    room.snapshot(Joined("r", "field", 1, 1, 7, {"x": 7}, "playing", rate=20))
    assert (room.view, room.v, room.seat) == ({"x": 9}, 9, 1)
    assert not room.apply_newest(Newest(room_number("s"), 9, 10, 2, {"x": 10}))


def test_a_server_that_was_started_again_and_counts_anew_is_believed(field: Any) -> None:
    client, endpoint = field.client("ann")
    room = Fate(field.world, client.quick("field")).result
    client.do("move", dx=1, dy=0)
    field.world.run(4)
    before = room.v
    assert before > 50 and room.ack().heard > 50
    endpoint.cut()
    (served,) = field.world.rooms
    served._feed.everyone.version, served._feed._stream = 3, None
    served.machine.game.avatars[0].x = -1000
    field.net.up.loss = field.net.down.loss = 0.0
    field.world.run(2)
    assert room.v < before and room.view["avatars"]["0"]["x"] < 0
    client.do("move", dx=0, dy=0)
    field.world.run(2)
    assert room.view["avatars"] == prune(served.machine.view())["avatars"] and room.ack().heard > 3


def test_what_comes_both_ways_is_shown_once(field: Any) -> None:
    client, _ = field.client("ann")
    room = Fate(field.world, client.quick("field")).result
    shown: list[int] = []
    client.on("update", lambda room: shown.append(room.v))
    client.do("move", dx=1, dy=0)
    for loss in (0.0, 1.0, 0.0, 1.0, 0.5, 0.0):
        field.net.up.loss = loss  # what we have is not known there, so the link takes over
        field.world.run(2)
    assert shown == sorted(set(shown)) and len(shown) > 150
    assert room.snapshots == 1, "nothing had to be asked for anew"


def test_a_server_without_datagrams_says_so_and_that_is_all(world: World) -> None:
    client, _ = client_of(world, open_socket=lambda place, receive: 1 / 0)  # type: ignore[arg-type, return-value]
    Fate(world, client.connect("ann"))
    assert Fate(world, client.quick("field")).result.game == "field"
    assert not client.has_datagrams
    Fate(world, client.close())


def test_a_new_connection_has_a_channel_of_its_own(field: Any) -> None:
    client, endpoint = field.client("ann")
    Fate(field.world, client.quick("field"))
    field.world.run(1)
    endpoint.cut()
    assert not client.has_datagrams
    field.world.run(2)
    assert client.state is State.ONLINE and client.has_datagrams
    assert len(field.net._clients) == 1


def mash(world: dict[str, Any], seat: int) -> int:
    """Some button, by the world alone."""
    return (world["tick"] // 7 + seat) % 32


def in_step(net: Net, client: Client) -> bool:
    """Whether the world here was the server's when the server was there."""
    room = room_of(net.world)
    assert client.lockstep is not None and room.machine is not None
    machine, lockstep = room.machine, client.lockstep
    for _ in range(60):
        if lockstep.driver.newest >= machine.tick:
            while lockstep.driver.step():
                pass
            game: Any = machine.game
            if lockstep.tick == machine.tick:
                return bool(duel.checksum(lockstep.world) == duel.checksum(game.world))
        net.world.run(1 / 60)
    raise AssertionError("never at the same tick")


@pytest.mark.parametrize("udp", [True, False])
def test_a_lockstep_game_is_followed(duels: Any, udp: bool) -> None:
    ann, _ = duels.client("ann", udp=udp)
    bob, _ = duels.client("bob", "websocket", udp=False)
    for client in (ann, bob):
        client.simulate(duel, mash)
        Fate(duels.world, client.quick("duel"))
    duels.world.run(10)
    assert ann.lockstep.tick > 250 and bob.lockstep.tick > 250
    assert ann.room.view is ann.lockstep.world
    assert (ann.lockstep.desyncs, bob.lockstep.desyncs) == (0, 0)
    assert (duels.net.up.sent > 200) == udp
    duels.net.up.loss = duels.net.down.loss = 0.0
    duels.net.up.latency = duels.net.down.latency = 0.0
    duels.net.up.jitter = duels.net.down.jitter = 0.0
    assert in_step(duels, ann) and in_step(duels, bob)
    at = {seat: player["at"] for seat, player in bob.lockstep.world["seats"].items()}
    assert at["0"] != at["1"]


def test_a_lockstep_game_goes_on_after_a_cut(duels: Any) -> None:
    ann, endpoint = duels.client("ann")
    Fate(duels.world, ann.quick("duel"))
    ann.simulate(duel, mash)  # in mid-game: it asks for a snapshot
    duels.world.run(3)
    assert ann.lockstep.tick > 60
    endpoint.cut()
    duels.world.run(4)
    assert ann.state is State.ONLINE and ann.lockstep.desyncs == 0
    assert [note[0] for note in ann.lockstep.world["log"]] == ["join", "drop", "back"]
    assert ann.lockstep.tick > 150


def test_a_desync_is_healed(duels: Any) -> None:
    ann, _ = duels.client("ann")
    ann.simulate(duel)
    Fate(duels.world, ann.quick("broken"))
    duels.world.run(2)
    ann.lockstep.held = 32
    duels.world.run(2)
    ann.lockstep.held = 0
    duels.world.run(4)
    assert ann.lockstep.desyncs >= 1
    healed = ann.lockstep.desyncs
    duels.world.run(3)
    assert ann.lockstep.desyncs == healed


def test_a_simulation_that_fails_is_told(duels: Any, logged_failures: list[Any]) -> None:
    ann, _ = duels.client("ann")
    ann.simulate(duel, lambda world, seat: 1 // 0)
    Fate(duels.world, ann.quick("duel"))
    duels.world.run(1)
    assert ann.state is State.ONLINE
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_shipped_games_are_found_by_their_names() -> None:
    assert isinstance(simulation_of("hockey"), ModuleType)
    arena = local_game("arena")
    assert arena is not None and arena.name == "arena"
    for name in ("os", "no_such", "..core", "hockey.sim", ""):
        assert local_game(name) is None
    with pytest.raises(LookupError):
        simulation_of("arena")


def test_both_channels_are_services_with_handles(world: World) -> None:
    """Started, spoken to, cancelled as a family and awaited, without any client."""
    from gamesrv.core import messages

    net = network(world)
    client, endpoint = client_of(world)
    family, heard, payloads = CancelToken(), list[Any](), list[Any]()
    link = Link(client._door, world.clock)
    handle = spawn(link, world.clock, heard.extend, family)
    world.settle()
    assert handle.send(messages.Hello(name="ann")) and handle.send(messages.Udp())
    world.settle()
    offer = next(message for message in heard if isinstance(message, messages.UdpOffer))
    datagrams = Datagrams(offer, "", world.clock, sockets(net))
    channel = spawn(datagrams, world.clock, payloads.append, family)
    world.run(1)
    assert datagrams.is_open and channel.running
    over = Fate(world, family.cancel())
    assert over.result is None and not handle.running and not channel.running
    assert Fate(world, link.closed).result is None and not net._clients
    assert not handle.send(messages.Ping())
