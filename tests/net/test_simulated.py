"""The bad network: as bad as it is told to be, and the same in every run."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from gamesrv.core.rng import Random
from gamesrv.net.simulated import LossyLink
from tests.lossy import network
from tests.world import World

Arrivals = list[tuple[float, bytes]]


def carried(count: int, seed: bytes = b"seed", **conditions: float) -> tuple[LossyLink, Arrivals]:
    """What becomes of so many datagrams, one every ten milliseconds: when each arrived."""
    clock, arrivals = Clock(), Arrivals()
    link = LossyLink(clock, Random(seed), **conditions)
    for number in range(count):
        link.carry(number.to_bytes(4, "big"), lambda datagram: arrivals.append((clock.seconds(), datagram)))
        clock.advance(0.01)
    clock.pump([0.01] * 200)
    assert clock.getDelayedCalls() == []
    return link, arrivals


def test_a_perfect_link_delivers_everything_in_order_but_not_at_once() -> None:
    clock, arrived = Clock(), list[bytes]()
    link = LossyLink(clock, Random(b""))
    link.carry(b"1", arrived.append)
    link.carry(b"2", arrived.append)
    assert arrived == [], "never within the sender's own call"
    clock.advance(0)
    assert arrived == [b"1", b"2"]
    assert (link.sent, link.bytes_sent, link.lost) == (2, 2, 0)


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.25, 1.0])
def test_so_many_are_lost(loss: float) -> None:
    link, arrivals = carried(2000, loss=loss)
    assert link.sent == 2000 and len(arrivals) == 2000 - link.lost
    assert link.lost == pytest.approx(2000 * loss, abs=60)


def test_so_many_come_twice() -> None:
    _, arrivals = carried(2000, duplicates=0.1)
    assert len(arrivals) == pytest.approx(2200, abs=50)
    assert len({datagram for _, datagram in arrivals}) == 2000


def test_delays_are_as_told_and_some_overtake_others() -> None:
    _, arrivals = carried(1000, latency=0.1, jitter=0.03)
    delays = [at - int.from_bytes(datagram, "big") / 100 for at, datagram in arrivals]
    assert 0.07 - 1e-6 <= min(delays) < 0.085 and 0.12 < max(delays) <= 0.14 + 1e-6
    order = [datagram for _, datagram in arrivals]
    assert order != sorted(order)
    _, steady = carried(1000, latency=0.1)
    assert [datagram for _, datagram in steady] == sorted(order)


def test_it_is_the_same_in_every_run() -> None:
    bad = {"latency": 0.1, "jitter": 0.05, "loss": 0.2, "duplicates": 0.1}
    assert carried(300, b"1", **bad)[1] == carried(300, b"1", **bad)[1]
    assert carried(300, b"1", **bad)[1] != carried(300, b"2", **bad)[1]


def test_a_network_knows_who_is_where(world: World) -> None:
    net = network(world, latency=0.1)
    arrived: list[bytes] = []
    net.attach(("192.0.2.1", 1), arrived.append)
    net._post(b"1", ("192.0.2.1", 1))
    net._post(b"2", ("192.0.2.1", 2))
    world.run(0.2)
    assert arrived == [b"1"], "there is nobody at the other address"
    net._post(b"3", ("192.0.2.1", 1))
    net.detach(("192.0.2.1", 1))
    world.run(0.2)
    assert arrived == [b"1"] and net.down.sent == 3
