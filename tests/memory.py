"""Clients of the package's own, who reach a server in memory: every transport, no socket, a clock of ours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError

from gamesrv.client import Client
from gamesrv.client.datagrams import OpenSocket
from gamesrv.client.doors import LITTLE_ENDIAN, Door, packets_through
from gamesrv.client.web_wire import web_socket_factory
from gamesrv.net.loopback import LoopbackTransport, connect
from gamesrv.net.simulated import LossyNetwork
from gamesrv.net.tcp import PacketFactory
from gamesrv.net.websocket import WebSocketFactory
from gamesrv.wire.datagram import Address
from gamesrv.wire.legacy import LegacyClient
from gamesrv.wire.noise import NoiseClient, public_key
from gamesrv.wire.profile import LEGACY, PLAIN, noise
from tests.world import World

__all__ = ["KINDS", "SERVER_KEY", "Endpoint", "Fate", "client_of", "sockets"]

KINDS = ("packets", "noise", "legacy", "websocket")
SECRET = bytes(range(32))
SERVER_KEY = public_key(SECRET)
_PROFILES = {"packets": PLAIN, "noise": noise(SECRET), "legacy": LEGACY}


class Endpoint:
    """A port in memory. While it is ``down`` nobody gets in."""

    def __init__(self, world: World, factory: Any) -> None:
        self.world = world
        self.factory = factory
        self.down = False
        self.tries = 0
        self.near: LoopbackTransport

    def connect(self, factory: Any) -> Deferred[Any]:
        self.tries += 1
        if self.down:
            return fail(ConnectionRefusedError())
        protocol = factory.buildProtocol(None)
        self.near, _ = connect(self.world.clock, protocol, self.factory.buildProtocol(None))
        return succeed(protocol)

    def cut(self) -> None:
        """The connection dies."""
        self.near.abortConnection()
        self.world.settle()


def client_of(
    world: World,
    kind: str = "packets",
    open_socket: OpenSocket | None = None,
    trust: Callable[[bytes], bool] = SERVER_KEY.__eq__,
) -> tuple[Client, Endpoint]:
    """A client that has not gone online yet, and where it goes."""
    clock, gate = world.clock, world.service.gate
    if kind == "websocket":
        endpoint = Endpoint(world, WebSocketFactory(gate, clock))
        door = Door(endpoint, lambda ear: web_socket_factory("ws://localhost/ws", clock, ear))
    else:
        endpoint = Endpoint(world, PacketFactory(gate, clock, 60, _PROFILES[kind]))
        door = {
            "packets": packets_through(endpoint),
            "noise": packets_through(endpoint, make_cipher=lambda: NoiseClient(trust)),
            "legacy": packets_through(endpoint, LITTLE_ENDIAN, LegacyClient),
        }[kind]
    return Client(clock, door, open_socket, chance=lambda: 0.5), endpoint


class Fate:
    """What becomes of a Deferred."""

    def __init__(self, world: World, deferred: Deferred[Any]) -> None:
        self.results: list[Any] = []
        self.failures: list[Exception] = []
        deferred.addCallbacks(self.results.append, lambda failure: self.failures.append(failure.value))
        world.settle()

    @property
    def open(self) -> bool:
        return not self.results and not self.failures

    @property
    def result(self) -> Any:
        assert self.failures == []
        (result,) = self.results
        return result

    @property
    def failure(self) -> Any:
        (failure,) = self.failures
        return failure


def sockets(net: LossyNetwork) -> OpenSocket:
    """UDP sockets on a network in memory."""
    ports = count(20_000)

    class Socket:
        def __init__(self, receive: Callable[[bytes], None]) -> None:
            self.address: Address = ("198.51.100.7", next(ports))
            self.post = net.attach(self.address, receive)

        def close(self) -> Deferred[None]:
            net.detach(self.address)
            return succeed(None)

    return lambda place, receive: Socket(receive)
