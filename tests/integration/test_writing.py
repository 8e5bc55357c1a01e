"""How bytes leave: at once where the socket takes them, always in order, bounded for who does not read."""

import select
import socket
from collections.abc import Callable

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from gamesrv.core.messages import Event, Pong
from gamesrv.server.peer import Peer
from gamesrv.wire.close import CloseCode
from tests.integration.real import Client, House, patient

OpenHouse = Callable[..., House]

ROOMY = ("--soft-buffer", "100000000", "--hard-buffer", "100000000")


@pytest.mark.parametrize("kind", ["packets", "socket"])
@pytest_twisted.ensureDeferred
async def test_what_is_sent_leaves_at_once(open_house: OpenHouse, kind: str) -> None:
    """Within the very call: the reactor does not get a turn here before the client's socket has the bytes."""
    house = open_house()
    ann: Client = await getattr(house, kind)()
    await ann.enter("ann")
    house.peer("ann").outbox.send(Pong(7.0, 1))
    handle = ann.protocol.transport.getHandle()
    assert select.select([handle], [], [], 5) == ([handle], [], [])
    assert b"pong" in handle.recv(1 << 20, socket.MSG_PEEK)
    await ann.take("pong", t=7.0)


@pytest_twisted.ensureDeferred
async def test_what_the_socket_does_not_take_follows_in_order(open_house: OpenHouse) -> None:
    """Big messages of ours and pongs of autobahn's go out by different ways: never out of turn, never mixed.

    Each message that arrives calls for the next, so that they meet buffers that are empty, full and half
    empty, while the pings keep coming.
    """
    house = open_house(*ROOMY)
    ann = await house.socket()
    await ann.enter("ann")
    peer = house.peer("ann")
    narrow(peer, 65536)
    server = peer._connection._transport  # type: ignore[attr-defined]
    waited: list[bool] = []
    sizes = [500_000, 10, 1_000_000, 200, 70_000] * 6

    def send() -> None:
        waited.append(bool(server.dataBuffer or server._tempDataBuffer))
        number = len(waited) - 1
        peer.outbox.send(Event(1000 + number, "big", {"fill": str(number % 10) * sizes[number]}))

    for _ in range(5):
        send()
    for number in range(len(sizes)):
        if number % 4 == 0:
            ann.protocol.sendPing(str(number).encode())
        event = await ann.event("big")
        assert event["seq"] == 1000 + number
        assert event["data"]["fill"] == str(number % 10) * sizes[number]
        if len(waited) < len(sizes):
            send()
    await ann.until(lambda: len(ann.pongs) == 8 or ann.say(op="ping", t=1))
    assert ann.pongs == [str(number).encode() for number in range(0, len(sizes), 4)]
    assert True in waited and False in waited, "both ways were taken"


@pytest_twisted.ensureDeferred
async def test_one_packet_after_the_other_through_a_narrow_socket(open_house: OpenHouse) -> None:
    """The rest of a packet that was taken in part comes before anything else."""
    house = open_house(*ROOMY)
    ann = await house.packets()
    await ann.enter("ann")
    peer = house.peer("ann")
    narrow(peer)
    for number in range(400):
        peer.outbox.send(Event(1000 + number, "big", {"fill": "x" * (number * 37 % 5000)}))
    for number in range(400):
        event = await ann.event("big")
        assert (event["seq"], len(event["data"]["fill"])) == (1000 + number, number * 37 % 5000)


def narrow(peer: Peer, size: int = 4096) -> None:
    """Makes the kernel keep little for a peer that does not read."""
    handle = peer._connection._transport.getHandle()  # type: ignore[attr-defined]
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


def deafen(client: Client) -> None:
    """Reads nothing from now on, and lets the kernel keep little meanwhile."""
    client.protocol.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.protocol.transport.pauseProducing()


def closing_of(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Deferred[CloseCode]:
    """Fires with the code when the server closes that link."""
    closed: Deferred[CloseCode] = Deferred()
    close = Peer.close

    def heard(self: Peer, code: CloseCode, reason: str, within: float | None = None) -> None:
        was_open = self.outbox.open
        close(self, code, reason, within)
        if self is peer and was_open:
            closed.callback(code)

    monkeypatch.setattr(Peer, "close", heard)
    return patient(closed)


NO_RATE = ("--message-rate", "100000", "--message-burst", "100000", "--reap-interval", "0.05")
SMALL = ("--soft-buffer", "4000", "--hard-buffer", "20000")


@pytest.mark.parametrize("kind", ["packets", "socket", "window"])
@pytest.mark.parametrize("reads_at_last", [False, True])
@pytest_twisted.ensureDeferred
async def test_a_peer_that_never_reads_is_closed_and_the_others_go_on(
    open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch, kind: str, reads_at_last: bool
) -> None:
    house = open_house(*NO_RATE, *SMALL, "--close-timeout", "5" if reads_at_last else "0.2")
    bob, deaf = await house.packets(), await getattr(house, kind)()
    await bob.enter("bob")
    if kind == "window":
        deaf.type("deaf\r\njoin plaza")
        await deaf.read("seat 1")
    else:
        await deaf.enter("deaf")
    peer = house.peer("deaf")
    deafen(deaf)
    narrow(peer)
    closed = closing_of(peer, monkeypatch)
    heard = 0
    while not closed.called:
        for _ in range(50):
            bob.say(op="say", text="x" * 300)
        bob.say(op="ping", t=1)
        await bob.take("pong")
        heard += 1
    assert await closed == CloseCode.TOO_SLOW
    assert heard > 1
    if reads_at_last:
        deaf.protocol.transport.resumeProducing()
        if kind == "window":
            await deaf.read("4008")
        else:
            assert (await deaf.take("closing"))["code"] == CloseCode.TOO_SLOW
        await deaf.until(lambda: deaf.lost)
    dropped = await bob.event("player_dropped")
    assert dropped["data"] == {"seat": 1}
    assert peer not in house.game.gate.peers
