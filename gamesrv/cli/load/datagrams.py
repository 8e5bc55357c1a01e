"""A player's channel of datagrams, straight on a socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from selectors import EVENT_READ
from time import monotonic

from attrs import define, field

from gamesrv.cli.load.loop import Loop
from gamesrv.core.messages import UdpOffer
from gamesrv.wire.datagram import DatagramClient

__all__ = ["Datagrams"]

LARGEST = 2048
BEAT = 0.2
"""Seconds between two looks whether something must be said to keep it open."""


@define(eq=False)
class Datagrams:
    """From an offer to the end of its link. Raises `OSError` where there is no socket for it."""

    loop: Loop
    offer: UdpOffer
    host: str
    """The address that the link goes to."""
    on_payload: Callable[[bytes, float], object]
    on_bytes: Callable[[int, int], object]
    """Told how many came, and how many went."""
    _socket: socket.socket = field(init=False)
    _client: DatagramClient = field(init=False)
    _open: bool = field(default=True, init=False)

    def __attrs_post_init__(self) -> None:
        self._client = DatagramClient(self.offer.connection, self.offer.key, self._post)
        place = self.offer.host or self.host, self.offer.port
        family, kind, _, _, address = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        self._socket.connect(address)
        self.loop.watch(self._socket, EVENT_READ, self._ready)
        self._beat()

    def send(self, payload: bytes) -> bool:
        """Whether it went that way."""
        return self._client.send(payload, monotonic())

    def close(self) -> None:
        """Ends it."""
        if self._open:
            self._open = False
            self.loop.forget(self._socket)
            self._socket.close()

    def _beat(self) -> None:
        if self._open:
            self._client.beat(monotonic())
            self.loop.later(BEAT, self._beat)

    def _ready(self, events: int) -> None:
        while self._open:
            try:
                datagram = self._socket.recv(LARGEST)
            except OSError:  # nothing more; or the port is closed, which is no news to a datagram
                return
            self.on_bytes(len(datagram), 0)
            now = monotonic()
            payload = self._client.receive(datagram, now)
            if payload is not None:
                self.on_payload(payload, now)

    def _post(self, datagram: bytes) -> None:
        self.on_bytes(0, len(datagram))
        try:
            self._socket.send(datagram)
        except OSError:
            pass  # lost, as datagrams are
