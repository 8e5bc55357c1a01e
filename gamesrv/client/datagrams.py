"""The unreliable channel of a client, as a service: spawned, it opens and hears; its handle sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import MessageLengthError
from twisted.internet.protocol import DatagramProtocol

from gamesrv.cancellable import BREAK, CONTINUE, CancellableService, Item, Step
from gamesrv.core.messages import UdpOffer
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.wire.datagram import Address, DatagramClient

__all__ = ["Datagrams", "OpenSocket", "Socket", "udp"]

BEAT = 0.1


class Socket(Protocol):
    """Sends datagrams to one place."""

    def post(self, datagram: bytes) -> object:
        """Sends one, or not."""
        ...

    def close(self) -> Deferred[Any]:
        """Fires when it is closed."""
        ...


OpenSocket: TypeAlias = Callable[[Address, Callable[[bytes], None]], Socket]
"""Opens a socket to a place; what comes from there is given to the callback. Raises `OSError`."""


class _Udp(DatagramProtocol):
    noisy = False
    transport: Any

    def __init__(self, place: Address, receive: Callable[[bytes], None]) -> None:
        self._place = place
        self._receive = receive

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        if addr[:2] == self._place:
            self._receive(datagram)

    def post(self, datagram: bytes) -> None:
        try:
            self.transport.write(datagram, self._place)
        except (OSError, MessageLengthError):
            pass  # a datagram lost, no more

    def close(self) -> Deferred[Any]:
        return maybeDeferred(self.transport.stopListening)


def udp(reactor: Any) -> OpenSocket:
    """Sockets of the system's."""

    def open_socket(place: Address, receive: Callable[[bytes], None]) -> Socket:
        protocol = _Udp(place, receive)
        reactor.listenUDP(0, protocol, "::" if ":" in place[0] else "0.0.0.0", 2048)
        return protocol

    return open_socket


@define(eq=False)
class Datagrams(CancellableService[tuple[bytes, ...]]):
    """A channel from its offer to its end. Each item is the payloads that came since the one before; it may
    be empty, where the channel has just opened or closed. It ends by itself when the key has expired.
    """

    offer: UdpOffer
    host: str
    """The address that the connection goes to."""
    clock: Clock
    open_socket: OpenSocket
    closed: Deferred[None] = field(factory=Deferred, init=False)
    """Fires when the socket is closed too."""
    _client: DatagramClient = field(init=False)
    _socket: Socket | None = field(default=None, init=False)
    _came: list[bytes] = field(factory=list, init=False)
    _was_open: bool = field(default=False, init=False)
    _last_open: float = field(init=False)
    _news: Deferred[None] | None = field(default=None, init=False)
    _timer: DelayedCall | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._client = DatagramClient(self.offer.connection, self.offer.key, self._post)
        self._last_open = self.clock.seconds()

    @property
    def is_open(self) -> bool:
        """Whether what is sent will probably arrive."""
        return self._client.is_open(self.clock.seconds())

    def run(self) -> Step[tuple[bytes, ...]] | Deferred[Step[tuple[bytes, ...]]]:
        if self._socket is None:
            place = self.offer.host or self.host, self.offer.port
            self._socket = self.open_socket(place, self._receive)
        now = self.clock.seconds()
        self._client.beat(now)
        if self._came or self.is_open != self._was_open:
            return self._tell()
        if self.is_open:
            self._last_open = now
        elif now - self._last_open > self.offer.within:
            return BREAK
        return self._wait()

    def receive(self, payload: bytes) -> None:
        self._client.send(payload, self.clock.seconds())

    def ended(self) -> None:
        self._hush()
        self._news = None  # while the socket closes, something may still come
        socket, self._socket = self._socket, None
        closing = maybeDeferred(lambda: None if socket is None else socket.close())
        closing.addBoth(lambda _: self.closed.callback(None))

    def _tell(self) -> Item[tuple[bytes, ...]]:
        came, self._came = tuple(self._came), []
        self._was_open = self.is_open
        return Item(came)

    def _wait(self) -> Deferred[Step[tuple[bytes, ...]]]:
        """For a datagram, or for the next beat."""
        news: Deferred[Any] = Deferred(lambda _: self._hush())
        self._news = news
        self._timer = self.clock.callLater(BEAT, self._wake)
        return news.addCallback(lambda _: self._tell() if self._came else CONTINUE)

    def _wake(self) -> None:
        self._hush()
        news, self._news = self._news, None
        if news is not None:
            news.callback(None)

    def _hush(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _receive(self, datagram: bytes) -> None:
        payload = self._client.receive(datagram, self.clock.seconds())
        if payload is not None:
            self._came.append(payload)
        if payload is not None or self.is_open != self._was_open:
            self._wake()

    def _post(self, datagram: bytes) -> None:
        if self._socket is not None:
            self._socket.post(datagram)
