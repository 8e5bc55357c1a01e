"""What a server notes so that it outlives it, and who must not hear of it before it is safe.

All that is noted within one turn of the reactor is in one batch: safe as a whole or not at all. One batch at
a time is on its way; what is noted meanwhile makes the next one, so that a busy server has large ones.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from attrs import define, field
from twisted.internet.defer import Deferred

from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.server.outbox import Outbox
from gamesrv.server.session import Session
from gamesrv.storage.errors import StoreError
from gamesrv.storage.interfaces import Health, Record, SessionClosed, Store

__all__ = ["Books"]


@define(eq=False)
class Books:
    """The server's way to an open store."""

    store: Store
    clock: Clock
    wall: Callable[[], float]
    """The time of day, in seconds since 1970."""
    _held: dict[Outbox, bool] = field(factory=dict, init=False)
    """Those who wait for what is noted now, and whether they do so however long it takes."""
    _fresh: bool = field(default=False, init=False)
    """Whether anything was noted that is not on its way."""
    _soon: DelayedCall | None = field(default=None, init=False)
    _under_way: dict[Outbox, bool] | None = field(default=None, init=False)
    """The same of the batch that is on its way, while there is one."""
    _closed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.store.on_health = self._health_changed

    @property
    def trouble(self) -> str | None:
        """Why nothing can be saved now; `None` where all is well."""
        return self.store.health.reason

    def note(self, record: Record) -> None:
        """Notes what happened. Raises `StoreError` where no more can be held."""
        self.store.append(record)
        self._begin()

    def note_if_possible(self, record: Record) -> None:
        """The same, for what a server can go on without."""
        with suppress(StoreError):
            self.note(record)

    def hold(self, outbox: Outbox, for_ever: bool = True) -> None:
        """What is said there from now on waits until all that was noted in this turn is safe, or, where not
        ``for_ever``, until it turns out that nothing can be saved now.
        """
        if outbox not in self._held:
            outbox.hold()
            self._begin()
        self._held[outbox] = self._held.get(outbox, False) or for_ever

    def greet(self, session: Session, outbox: Outbox) -> None:
        """The session has a connection and a new token, which is told once it is safe. While nothing can be
        saved only those wait for that who play a game that is to be safe too.
        """
        self.note_if_possible(session.record(None))
        member = session.member
        durable = member is not None and member.room.game_type.rules.durable
        if durable or self.trouble is None:
            self.hold(outbox, for_ever=durable)

    def note_session(self, session: Session, grace: float) -> None:
        """Notes a session without a connection, which ends in so many seconds."""
        self.note_if_possible(session.record(self.wall() + grace))

    def note_end(self, session: Session) -> None:
        """Notes that a session is over."""
        self.note_if_possible(SessionClosed(session.id))

    def reopen(self) -> None:
        """The store is open again, in the same process."""
        self._closed = self._fresh = False
        self._under_way = None

    def close(self) -> Deferred[None]:
        """Saves what is left and closes the store. Fails with `StoreError`."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._held.clear()  # everybody is gone
        self._closed = True
        return self.store.close()

    def _begin(self) -> None:
        self._fresh = True
        if self._soon is None and self._under_way is None and not self._closed:
            self._soon = self.clock.callLater(0, self._commit)

    def _commit(self) -> None:
        self._soon = None
        self._under_way, self._held, self._fresh = self._held, {}, False
        self.store.commit(self._safe)

    def _safe(self) -> None:
        held, self._under_way = self._under_way or {}, None
        for outbox in held:
            outbox.release()
        if self._fresh and not self._closed:
            self._commit()

    def _health_changed(self, health: Health) -> None:
        for held in () if health.ok else (self._under_way or {}, self._held):
            for outbox in [outbox for outbox, for_ever in held.items() if not for_ever]:
                del held[outbox]
                outbox.release()
