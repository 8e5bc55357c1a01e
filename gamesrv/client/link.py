"""The reliable channel of a client, as a service: spawned, it connects and hears; its handle says things."""

from __future__ import annotations

from typing import Any, TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gamesrv.cancellable import BREAK, CancellableService, Item, Step
from gamesrv.client.doors import Door
from gamesrv.client.wires import LOST, Ending, Wire
from gamesrv.core.messages import ClientMessage, ServerMessage
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.wire.close import CloseCode

__all__ = ["Heard", "Link", "Opened"]

CLOSE_WITHIN = 2.0
"""Seconds that a server has to take our last words."""


@frozen
class Opened:
    """The connection stands: time to say hello."""


Heard: TypeAlias = Opened | ServerMessage | Ending
"""What is told of a connection, in order; nothing after an `Ending`."""


@define(eq=False)
class Link(CancellableService[tuple[Heard, ...]]):
    """One connection from its making to its end.

    Each item is what has come since the one before; the last of all is an `Ending`, unless it is cancelled.
    What the handle is sent goes out at once.
    """

    door: Door
    clock: Clock
    code: CloseCode = CloseCode.GOING_AWAY
    """What the server is told when it is cancelled, where the transport has a way to."""
    closed: Deferred[None] = field(factory=Deferred, init=False)
    """Fires when the transport is gone, which may be a little after the service has ended."""
    wire: Wire | None = field(default=None, init=False)
    _connecting: Deferred[Any] | None = field(default=None, init=False)
    _heard: list[Heard] = field(factory=list, init=False)
    _begun: bool = field(default=False, init=False)
    _over: bool = field(default=False, init=False)
    _news: Deferred[None] | None = field(default=None, init=False)
    _abort: DelayedCall | None = field(default=None, init=False)

    # ------------------------------------------------------------------ as a service

    def run(self) -> Step[tuple[Heard, ...]] | Deferred[Step[tuple[Heard, ...]]]:
        if not self._begun:
            self._begin()
        if self._heard or self._over:
            return self._tell()
        news: Deferred[Any] = Deferred()
        self._news = news
        return news.addCallback(lambda _: self._tell())

    def receive(self, message: ClientMessage) -> None:
        if self.wire is not None and not self._over:
            self.wire.send(message)

    def ended(self) -> None:
        self._over = True
        if self._connecting is not None:
            self._connecting.cancel()
        elif not self._begun:
            self.gone()
        elif self.wire is not None and not self.closed.called:
            self._abort = self.clock.callLater(CLOSE_WITHIN, self.wire.abort)
            self.wire.hang_up(self.code)

    def _begin(self) -> None:
        self._begun = True
        self._connecting = self.door.connect(self)
        self._connecting.addCallbacks(self._connected, self._failed)

    def _connected(self, wire: Wire) -> None:
        self._connecting, self.wire = None, wire

    def _failed(self, failure: Failure) -> None:
        self._connecting = None
        self.ended_by(Ending(LOST, f"could not connect: {failure.getErrorMessage()}", True))
        self.gone()

    def _tell(self) -> Step[tuple[Heard, ...]]:
        heard, self._heard = tuple(self._heard), []
        return Item(heard) if heard else BREAK

    # ------------------------------------------------------------------ as the ear of a wire

    def opened(self, wire: Wire) -> None:
        """Things may be said."""
        self.wire = wire
        self._note(Opened())

    def heard(self, message: ServerMessage) -> None:
        """Something was said."""
        self._note(message)

    def ended_by(self, ending: Ending) -> None:
        """Nothing more will be."""
        self._note(ending)
        self._over = True

    def gone(self) -> None:
        """The transport is closed."""
        if self._abort is not None and self._abort.active():
            self._abort.cancel()
        if not self.closed.called:
            self.closed.callback(None)

    def _note(self, heard: Heard) -> None:
        if self._over:
            return
        self._heard.append(heard)
        news, self._news = self._news, None
        if news is not None and not news.called:
            news.callback(None)
