"""A bad network, in virtual time and the same in every run: to see how a game bears it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from gamesrv.core.rng import Random
from gamesrv.server.channel import Channels
from gamesrv.server.interfaces import Clock
from gamesrv.wire.datagram import Address

__all__ = ["LossyLink", "LossyNetwork"]

_FINE = 1 << 24


@define(eq=False)
class LossyLink:
    """One direction of a link that delays datagrams, loses some and delivers some twice.

    Each takes ``latency`` seconds give or take up to ``jitter``, whatever those before it take: so they
    overtake each other. ``loss`` and ``duplicates`` are shares from 0 to 1 and may be changed at any time.
    """

    clock: Clock
    random: Random
    latency: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    duplicates: float = 0.0
    sent: int = field(default=0, init=False)
    bytes_sent: int = field(default=0, init=False)
    lost: int = field(default=0, init=False)

    def carry(self, datagram: bytes, deliver: Callable[[bytes], object]) -> None:
        """Takes a datagram, and calls ``deliver`` with it in a while: once, twice or not at all."""
        self.sent += 1
        self.bytes_sent += len(datagram)
        if self._happens(self.loss):
            self.lost += 1
            return
        for _ in range(1 + self._happens(self.duplicates)):
            self.clock.callLater(self._delay(), deliver, datagram)

    def _happens(self, share: float) -> bool:
        return self._draw() < share

    def _delay(self) -> float:
        return max(0.0, self.latency + self.jitter * (2 * self._draw() - 1))

    def _draw(self) -> float:
        return self.random.below(_FINE) / _FINE


@define(eq=False)
class LossyNetwork:
    """The datagrams of a server's channels: what clients send goes by ``up``, what they get by ``down``."""

    channels: Channels
    up: LossyLink
    down: LossyLink
    port: int = 4000
    _clients: dict[Address, Callable[[bytes], object]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.channels.listen(self._post, "", self.port)

    def attach(self, address: Address, receive: Callable[[bytes], object]) -> Callable[[bytes], None]:
        """From now on ``receive`` gets what goes to that address; returns what sends from it."""
        self._clients[address] = receive
        return lambda datagram: self.up.carry(
            datagram, lambda arrived: self.channels.receive(arrived, address)
        )

    def detach(self, address: Address) -> None:
        """Nobody is there any more."""
        del self._clients[address]

    def _post(self, datagram: bytes, address: Address) -> None:
        self.down.carry(datagram, lambda arrived: self._deliver(arrived, address))

    def _deliver(self, datagram: bytes, address: Address) -> None:
        receive = self._clients.get(address)
        if receive is not None:
            receive(datagram)
