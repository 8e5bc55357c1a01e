"""Air hockey over real sockets and a bad network: three clients, one by datagrams of which many are lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest_twisted
from attrs import define
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from gamesrv.client import Client, packets, udp, websocket
from gamesrv.client.datagrams import Socket
from gamesrv.core.rng import Random
from gamesrv.games.hockey import sim
from gamesrv.net.simulated import LossyLink
from gamesrv.server.lockstep import LockstepRoom
from gamesrv.wire.datagram import Address
from tests.integration.real import PATIENCE, House, house_fixture

open_house = house_fixture
HERE = "127.0.0.1"
TICKS = 150


@define(eq=False)
class LossySocket:
    """A real socket at the end of a bad link."""

    socket: Socket
    up: LossyLink

    def post(self, datagram: bytes) -> None:
        """Sends one, as far as the link lets it."""
        self.up.carry(datagram, self.socket.post)

    def close(self) -> Deferred[Any]:
        """Fires when nothing is on its way any more."""
        longest = self.up.latency + self.up.jitter
        closed = deferLater(reactor, longest, self.socket.close)  # type: ignore[arg-type]
        return closed.addCallback(lambda _: deferLater(reactor, longest))  # type: ignore[arg-type]


def lossy(up: LossyLink, down: LossyLink) -> Callable[[Address, Callable[[bytes], None]], Socket]:
    """Opens such sockets."""

    def open_socket(place: Address, receive: Callable[[bytes], None]) -> Socket:
        return LossySocket(udp(reactor)(place, lambda datagram: down.carry(datagram, receive)), up)

    return open_socket


def chase(world: dict[str, Any], seat: int) -> int:
    """After the puck."""
    mallet, puck = world[f"mallet{seat}"], world["puck"]
    across = sim.LEFT if puck[sim.X] < mallet[sim.X] else sim.RIGHT
    return across | (sim.UP if puck[sim.Y] < mallet[sim.Y] else sim.DOWN)


async def follow(client: Client, name: str) -> Deferred[None]:
    """Sits down, and plays; fires after some ticks."""
    await client.connect(name)
    await client.quick("hockey")
    lockstep, far = client.simulate(sim, chase), Deferred[None]()
    lockstep.on_step = lambda world: lockstep.tick >= TICKS and not far.called and far.callback(None)
    return far.addTimeout(PATIENCE, reactor)  # type: ignore[arg-type]


@pytest_twisted.ensureDeferred
async def test_all_are_in_step_although_datagrams_are_lost_both_ways(
    open_house: Callable[..., House],
) -> None:
    house = open_house("--udp", f"{HERE}:0", "--game", "gamesrv.games.hockey:Hockey")
    weather = {"latency": 0.03, "jitter": 0.02, "loss": 0.1, "duplicates": 0.02}
    up, down = (LossyLink(reactor, Random(seed), **weather) for seed in (b"up", b"down"))
    door = packets(reactor, HERE, house.ports["packets"])
    clients = {
        "ann": Client(reactor, websocket(reactor, f"ws://{HERE}:{house.ports['web']}/ws")),
        "bob": Client(reactor, door, udp(reactor)),
        "cyd": Client(reactor, door, lossy(up, down)),
    }
    try:
        await gatherResults([await follow(client, name) for name, client in clients.items()])
        (room,) = house.game.lobby.rooms.values()
        assert isinstance(room, LockstepRoom) and room.desyncs == 0
        assert len(room.seating.seats) == 3 and house.game.lobby.passed_over["too far ahead"] == 0
        assert clients["cyd"].has_datagrams and min(up.lost, down.lost) > 3
        assert min(up.sent, down.sent) > TICKS / 3
        drivers = [client.lockstep.driver for client in clients.values() if client.lockstep is not None]
        tick = min(driver.tick for driver in drivers) // 30 * 30
        worlds = [driver.dump(tick) for driver in drivers]
        assert len(worlds) == 3 and worlds[0] and worlds[0] == worlds[1] == worlds[2]
    finally:
        for client in clients.values():
            await client.close()
