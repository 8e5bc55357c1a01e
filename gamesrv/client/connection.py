"""One connection of a client while it lasts: link, pulse, and datagrams beside them."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.cancellable import BREAK, CancelToken, Handle, Step, spawn
from gamesrv.client.datagrams import Datagrams, OpenSocket
from gamesrv.client.doors import Door
from gamesrv.client.link import Heard, Link
from gamesrv.client.pulse import Pulse
from gamesrv.client.wires import LOST, Ending
from gamesrv.core.messages import ClientMessage, Closing, Pong, UdpOffer
from gamesrv.server.interfaces import Clock
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage

__all__ = ["Connection"]


@define(eq=False)
class Connection:
    """All that begins and ends with one link, as one family of services.

    ``on_heard`` gets what the link tells, but for pongs and the end; ``on_payload`` what comes by datagram,
    and an empty payload when that channel has opened or closed; ``on_pong`` the time of the ping;
    ``on_end`` is called once, unless we end it ourselves.
    """

    _log = Logger()
    clock: Clock
    door: Door
    on_heard: Callable[[Heard], object]
    on_payload: Callable[[bytes], object]
    on_pong: Callable[[float], object]
    on_end: Callable[[Ending], object]
    wants_ping: Callable[[float], bool]
    on_expired: Callable[[], object] = lambda: None
    link: Handle[tuple[Heard, ...]] = field(init=False)
    pulse: Pulse = field(init=False)
    datagrams: Datagrams | None = field(default=None, init=False)
    _service: Link = field(init=False)
    _family: CancelToken = field(factory=CancelToken, init=False)
    _channel: Handle[tuple[bytes, ...]] | None = field(default=None, init=False)
    _over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.pulse = Pulse(self.clock, self.say, self._dead, self.wants_ping)
        self._service = Link(self.door, self.clock)
        self.link = spawn(self._service, self.clock, self._take, self._family)
        self.link.done.addErrback(self._broken)
        self.pulse.start()

    # ------------------------------------------------------------------ what is said

    def say(self, message: ClientMessage) -> None:
        """Over the link."""
        self.link.send(message)

    def ping(self) -> float:
        """Asks for a pong; returns its time."""
        return self.pulse.ping()

    def post(self, payload: bytes) -> None:
        """By datagram, where there is a channel."""
        if self._channel is not None:
            self._channel.send(payload)

    @property
    def has_datagrams(self) -> bool:
        """Whether what is posted will probably arrive."""
        return self.datagrams is not None and self.datagrams.is_open

    @property
    def limit(self) -> int:
        """Bytes that one message may have."""
        return 0 if self._service.wire is None else self._service.wire.limit

    # ------------------------------------------------------------------ its ways to end

    def end(self, code: CloseCode = CloseCode.GOING_AWAY) -> Deferred[None]:
        """Ends all of it, without a word to ``on_end``; fires when nothing is left of it."""
        self._over = True
        self.pulse.stop()
        self._service.code = code
        self._family.cancel()
        waits = [self._service.closed] + ([] if self.datagrams is None else [self.datagrams.closed])
        return gatherResults([_also(each) for each in waits]).addCallback(lambda _: None)

    def fail(self, ending: Ending) -> None:
        """Ends all of it, and says so."""
        if not self._over:
            self.end()
            self.on_end(ending)

    def _dead(self) -> None:
        self.fail(Ending(LOST, "the server does not answer", True))
        if self._service.wire is not None:
            self._service.wire.abort()

    def _broken(self, failure: Failure) -> None:
        self._log.failure("A connection failed", failure)
        self.fail(Ending(CloseCode.INTERNAL_ERROR, failure.getErrorMessage(), False))

    # ------------------------------------------------------------------ what is heard

    def _take(self, news: tuple[Heard, ...]) -> Step[tuple[Heard, ...]] | None:
        for heard in news:
            if self._over:
                return BREAK
            try:
                self._hear(heard)
            except BadMessage as error:
                self.fail(Ending(CloseCode.INVALID_DATA, error.message, False))
        return None

    def _hear(self, heard: Heard) -> None:
        match heard:
            case Pong():
                self.pulse.ponged(heard.t)
                self.on_pong(heard.t)
            case Closing():
                self.on_heard(heard)
                self.fail(Ending(heard.code, heard.reason, heard.retry))
            case Ending():
                self.fail(heard)
            case _:
                self.on_heard(heard)

    # ------------------------------------------------------------------ datagrams

    def open_channel(self, offer: UdpOffer, open_socket: OpenSocket) -> None:
        """Takes an offer; the channel of the one before is worth nothing any more."""
        if self._channel is not None:
            self._channel.cancel()
        host = "" if self._service.wire is None else self._service.wire.host
        try:
            self.datagrams = Datagrams(offer, host, self.clock, open_socket)
        except ValueError:  # this is no key
            return self._no_channel(Failure())
        self._channel = spawn(self.datagrams, self.clock, self._payloads, self._family)
        self._channel.done.addCallbacks(lambda _: self._expired(), self._no_channel)

    def _payloads(self, payloads: tuple[bytes, ...]) -> None:
        for payload in payloads or (b"",):
            if not self._over:
                self.on_payload(payload)

    def _expired(self) -> None:
        if not self._over:
            self.on_expired()

    def _no_channel(self, failure: Failure) -> None:
        """No socket to be had, or no key to be used: the link has to do."""
        self._log.info("No datagrams: {why}", why=failure.getErrorMessage())


def _also(deferred: Deferred[None]) -> Deferred[None]:
    """Fires with another one, which goes on as it was."""
    also: Deferred[None] = Deferred()

    def fire(result: None) -> None:
        also.callback(None)

    deferred.addCallback(fire)
    return also
