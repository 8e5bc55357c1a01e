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
from gamesrv.storage.interfaces import Record, SessionClosed, Store

__all__ = ["Books"]


@define(eq=False)
class Books:
    """The server's way to an open store."""

    store: Store
    clock: Clock
    wall: Callable[[], float]
    """The time of day, in seconds since 1970."""
    _held: dict[Outbox, None] = field(factory=dict, init=False)
    """Those who wait for what is noted now."""
    _fresh: bool = field(default=False, init=False)
    """Whether anything was noted that is not on its way."""
    _soon: DelayedCall | None = field(default=None, init=False)
    _under_way: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)

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

    def hold(self, outbox: Outbox) -> None:
        """What is said there from now on waits until all that was noted in this turn is safe."""
        if outbox not in self._held:
            outbox.hold()
            self._held[outbox] = None
            self._begin()

    def greet(self, session: Session, outbox: Outbox) -> None:
        """The session has a connection and a new token, which is told once it is safe. While nothing can be
        saved only those wait for that who play a game that is to be safe too.
        """
        self.note_if_possible(session.record(None))
        member = session.member
        if self.trouble is None or (member is not None and member.room.game_type.rules.durable):
            self.hold(outbox)

    def note_session(self, session: Session, grace: float) -> None:
        """Notes a session without a connection, which ends in so many seconds."""
        self.note_if_possible(session.record(self.wall() + grace))

    def note_end(self, session: Session) -> None:
        """Notes that a session is over."""
        self.note_if_possible(SessionClosed(session.id))

    def reopen(self) -> None:
        """The store is open again, in the same process."""
        self._closed = self._under_way = self._fresh = False

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
        if self._soon is None and not self._under_way and not self._closed:
            self._soon = self.clock.callLater(0, self._commit)

    def _commit(self) -> None:
        self._soon = None
        held, self._held = self._held, {}
        self._fresh, self._under_way = False, True
        self.store.commit(lambda: self._safe(held))

    def _safe(self, held: dict[Outbox, None]) -> None:
        for outbox in held:
            outbox.release()
        self._under_way = False
        if self._fresh and not self._closed:
            self._commit()
