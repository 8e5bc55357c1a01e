"""Ports of our own: what comes in over them is as with Twisted's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from gamesrv.net.intake import SLOT, Intake
from gamesrv.net.port import MOST_AT_ONCE, WidePort
from tests.reading import Reactor


class Ear(Protocol):
    """Hears."""

    transport: Any
    heard = b""

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.made.remove(self)  # type: ignore[attr-defined]


class House(Factory):
    """A port, and those who came."""

    noisy = False
    faults = 0

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.made: list[Ear] = []
        self.guests: list[socket.socket] = []
        self.addresses: list[IAddress | None] = []
        self.port: WidePort = Intake(self.reactor).listenTCP(0, self, 2 * MOST_AT_ONCE, "127.0.0.1")

    def buildProtocol(self, addr: IAddress | None) -> Ear:
        self.addresses.append(addr)
        if self.faults:
            self.faults -= 1
            raise RuntimeError
        protocol = Ear()
        protocol.factory = self
        self.made.append(protocol)
        return protocol

    def come(self) -> socket.socket:
        guest = socket.create_connection(("127.0.0.1", self.port.getHost().port))
        guest.setblocking(False)
        self.guests.append(guest)
        return guest

    def run(self) -> None:
        """One slot."""
        self.reactor.advance(SLOT)
        self.reactor.turn()

    def close(self) -> None:
        if self.port.connected:
            self.port.stopListening()
            self.reactor.advance(0)
        for guest in self.guests:
            guest.close()
        while self.made:
            self.run()
        assert not self.reactor.readers and not self.reactor.writers and not self.reactor.getDelayedCalls()


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def test_who_comes_is_heard(house: House) -> None:
    guest = house.come()
    house.run()
    guest.send(b"hello")
    house.run()
    assert house.made[0].heard == b"hello"


def test_who_it_is(house: House) -> None:
    guest = house.come()
    house.run()
    (here,) = house.made
    peer, transport = IPv4Address("TCP", *guest.getsockname()), here.transport
    assert transport.getPeer() == peer and house.addresses == [peer]
    assert transport.getHost() == house.port.getHost()
    assert transport.logPrefix() == "Ear,0,127.0.0.1" and "#0" in repr(transport)


def test_nothing_is_held_back_to_be_sent_in_one(house: House) -> None:
    house.come()
    house.run()
    assert house.made[0].transport.getTcpNoDelay()


def test_a_crowd_comes_in_over_some_turns(house: House) -> None:
    for _ in range(MOST_AT_ONCE + 1):
        house.come()
    house.run()
    assert len(house.made) == MOST_AT_ONCE
    house.run()
    assert len(house.made) == MOST_AT_ONCE + 1


def test_a_factory_that_fails_closes_nothing_else(house: House) -> None:
    house.faults = 1
    house.come()
    house.run()
    assert not house.made
    second = house.come()
    house.run()
    second.send(b"hello")
    house.run()
    assert house.made[0].heard == b"hello"


def test_a_port_that_somebody_else_has_opened(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        opened.setblocking(False)
        house.port.stopListening()
        house.reactor.advance(0)
        house.port = Intake(house.reactor).adoptStreamPort(opened.fileno(), socket.AF_INET, house)
        guest = house.come()
        house.run()
        guest.send(b"hello")
        house.run()
        assert house.made[0].heard == b"hello" and house.made[0].transport.getTcpNoDelay()
