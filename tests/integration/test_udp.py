"""Datagrams over a real socket, beside a real link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall

from gamesrv.wire.datagram import LOCKSTEP, STATE, DatagramClient
from gamesrv.wire.newest import Ack, decode_newest, encode_ack, room_number
from tests.integration.real import PATIENCE, House

OpenHouse = Callable[..., House]


class Ear(DatagramProtocol):
    """A client's socket."""

    def __init__(self, offer: dict[str, Any], room: str) -> None:
        self.room = room_number(room)
        self.place = (offer["host"], offer["port"])
        self.client = DatagramClient(offer["connection"], offer["key"], self.post)
        self.versions: list[int] = []
        self.opened: Deferred[None] = Deferred()
        self.heard: Deferred[bytes] = Deferred()
        self.enough: Deferred[None] = Deferred()
        self._beat = LoopingCall(lambda: self.client.beat(reactor.seconds()))  # type: ignore[attr-defined]

    def startProtocol(self) -> None:
        self._beat.start(0.05)

    def stopProtocol(self) -> None:
        self._beat.stop()

    def post(self, datagram: bytes) -> None:
        self.transport.write(datagram, self.place)  # type: ignore[union-attr]

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        now = reactor.seconds()  # type: ignore[attr-defined]
        payload = self.client.receive(datagram, now)
        if self.client.is_open(now) and not self.opened.called:
            self.opened.callback(None)
        if payload is None:
            return
        if payload[:1] != STATE:
            self.heard.callback(payload)
            return
        news = decode_newest(payload)
        assert news is not None and news.room == self.room
        self.versions.append(news.version)
        self.client.send(encode_ack(Ack(self.room, news.version, news.version)), now)
        if len(self.versions) == 20:
            self.enough.callback(None)


@pytest_twisted.ensureDeferred
async def test_state_and_payloads_over_a_real_socket(open_house: OpenHouse) -> None:
    house = open_house("--udp", "127.0.0.1:0")
    client = await house.packets()
    await client.enter("ann")
    client.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    client.say(op="udp")
    offer = await client.take("udp")
    ear = Ear(offer, client.room)
    port = reactor.listenUDP(0, ear, "127.0.0.1")  # type: ignore[attr-defined]
    try:
        ear.transport.write(b"noise", ear.place)  # type: ignore[union-attr]
        await ear.opened.addTimeout(PATIENCE, reactor)  # type: ignore[arg-type]
        version = (await client.take("update"))["v"]
        ear.client.send(encode_ack(Ack(ear.room, version, 0)), reactor.seconds())  # type: ignore[attr-defined]
        await ear.enough.addTimeout(PATIENCE, reactor)  # type: ignore[arg-type]
        session = house.peer("ann").session
        assert session is not None
        up: Deferred[bytes] = Deferred()
        session.on_datagram = up.callback
        ear.client.send(LOCKSTEP + b"up", reactor.seconds())  # type: ignore[attr-defined]
        assert await up.addTimeout(PATIENCE, reactor) == LOCKSTEP + b"up"  # type: ignore[arg-type]
        assert session.send_datagram(LOCKSTEP + b"down")
        assert await ear.heard.addTimeout(PATIENCE, reactor) == LOCKSTEP + b"down"  # type: ignore[arg-type]
        assert house.game.gate.channels.faults == {"size": 1}
    finally:
        await maybeDeferred(port.stopListening)
