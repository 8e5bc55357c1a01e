"""A room whose games survive the server: what happens in it is noted, and shown once it is safe."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from attrs import define, field
from msgspec.structs import replace
from twisted.python.failure import Failure

from gamesrv.core.game import Refused
from gamesrv.core.journal import Input, InputKind
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Command, Joined
from gamesrv.core.state import dump
from gamesrv.server.books import Books
from gamesrv.server.notes import beginning_of, ending_of, incident_of, opening_of, place_of
from gamesrv.server.room import Room
from gamesrv.server.seating import Member
from gamesrv.server.session import Session
from gamesrv.storage.errors import StoreError
from gamesrv.storage.interfaces import (
    Entered,
    Handled,
    JournalBegan,
    Record,
    Recording,
    RoomClosed,
    Snapshot,
    Unseated,
)
from gamesrv.wire.close import CloseCode

__all__ = ["DurableRoom"]

NOT_SAVED = "what is played can't be saved now"
SNAPSHOT_EVERY = 64
"""Entries between two snapshots: a replay of those takes a few milliseconds."""


@define(eq=False)
class DurableRoom(Room):
    """A room of a durable game.

    Whatever enters the game is applied at once and noted in the same turn as what it did to sessions and
    seats. Everybody in the room hears nothing from then on until that is safe.
    """

    books: Books = field(kw_only=True)
    recording: Recording | None = field(default=None, kw_only=True)
    """What is kept of its game, where it is `restored`."""
    _header: JournalBegan | None = field(default=None, init=False)
    """Of the game that is noted."""
    _noted: Machine | None = field(default=None, init=False)
    _entries: int = field(default=0, init=False)
    _last: Input | None = field(default=None, init=False)
    """The newest input that is noted."""
    _due: int | None = field(default=None, init=False)
    """When the next timer was due, the last time something was noted."""
    _ended: bool = field(default=False, init=False)
    """Whether the end of the game is noted."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not self.restored:
            self._note(opening_of(self, self.books.wall()))

    def restore(self, machine: Machine | None, members: Iterable[Member], seq: int) -> None:
        recording, self.recording = self.recording, None
        if machine is not None and recording is not None:
            self._header, self._entries = recording.header, recording.next_n
            self._ended = recording.finished is not None
            self._follow(machine)
        super().restore(machine, members, seq)
        self._note_places()

    # ------------------------------------------------------------------ people

    def sit(self, session: Session, seat: int | None = None, ticket: str | None = None) -> None:
        self._hold(session)
        super().sit(session, seat, ticket)
        self._note_place(session)

    def watch(self, session: Session) -> None:
        self._hold(session)
        super().watch(session)
        self._note_place(session)

    def ready(self, member: Member, ready: bool) -> None:
        self._hold(member.session)
        super().ready(member, ready)
        self._note_place(member.session)

    def move(self, member: Member, seat: int) -> None:
        self._hold(member.session)
        super().move(member, seat)
        self._note_place(member.session)

    def back(self, member: Member, last: int | None) -> None:
        self._hold(member.session)
        super().back(member, last)
        self._note_place(member.session)

    def drop(self, member: Member) -> None:
        super().drop(member)
        self._note_place(member.session)

    def leave(self, member: Member) -> None:
        self._hold(member.session)
        super().leave(member)
        if member.session.kept:
            self.books.note_if_possible(Unseated(member.session.id))

    def command(self, member: Member, command: Command) -> None:
        self._hold(member.session)
        super().command(member, command)
        session = member.session
        if session.kept and command.id is not None:
            self._note(Handled(session.id, session.handled, session.answers))

    def wake(self) -> None:
        with suppress(Refused):
            super().wake()

    # ------------------------------------------------------------------ the end

    def close(self, code: CloseCode, reason: str) -> None:
        if self.open:
            self.books.note_if_possible(RoomClosed(self.id))
        super().close(code, reason)

    def fail(self, failure: Failure) -> None:
        super().fail(failure)
        self.books.note_if_possible(incident_of(self, self._header, failure, self.books.wall()))

    # ------------------------------------------------------------------ the game

    def _open_game(self) -> None:
        super()._open_game()
        self._note_game()

    def _begin(self) -> None:
        super()._begin()
        self._note_places()

    def _enter(self, kind: InputKind, seat: int, name: str = "") -> None:
        super()._enter(kind, seat, name)
        self._note_game()

    def _flush(self, but: Member | None = None) -> None:
        self._note_game()
        super()._flush(but)

    def _note_game(self) -> None:
        """Notes what has entered the game since the last time; at most one input has."""
        machine = self.machine
        if machine is None:
            return
        if machine is not self._noted:
            self._note_beginning(machine)
        what = self._what_entered(machine)
        if what is not None:
            assert self._header is not None
            self._note_all(Entered(self._header.id, self._entries, what))
            self._entries += 1
            self._follow(machine)
            if self._entries % SNAPSHOT_EVERY == 0:
                self._note(Snapshot(self._header.id, self._entries, machine.tick, dump(machine.game)))
        if machine.finished and not self._ended:
            self._note_end(machine)

    def _what_entered(self, machine: Machine) -> Input | int | None:
        """An input, time in which a timer fired, or nothing."""
        newest = _newest(machine)
        if newest is not self._last:
            return newest
        return machine.tick if self._due is not None and self._due <= machine.tick else None

    def _follow(self, machine: Machine) -> None:
        self._noted, self._last, self._due = machine, _newest(machine), machine.next_due

    def _note_beginning(self, machine: Machine) -> None:
        self._header = beginning_of(self, machine, self.books.wall())
        self._noted, self._entries, self._ended, self._last = machine, 0, False, None
        self._note_all(self._header)
        self._due = machine.next_due

    def _note_end(self, machine: Machine) -> None:
        assert self._header is not None
        self._ended = True
        self._note_all(ending_of(self, self._header, self._entries, machine, self.books.wall()))
        self._feed.tell("recorded", {"replay": self._header.id})

    def _joined(self, member: Member, seq: int, gap: bool) -> Joined:
        joined = super()._joined(member, seq, gap)
        return replace(joined, replay=self._header.id) if self._ended and self._header else joined

    # ------------------------------------------------------------------ within

    def _note_place(self, session: Session) -> None:
        member = session.member
        place = None if member is None or member.room is not self else place_of(member)
        if place is not None:
            self._note(place)

    def _note_places(self) -> None:
        for member in self.seating.everybody():
            self._note_place(member.session)

    def _note_all(self, record: Record) -> None:
        """Notes what everybody here sees something of."""
        for member in self.seating.everybody():
            self._hold(member.session)
        self._note(record)

    def _note(self, record: Record) -> None:
        """Where nothing could be saved for too long, the room ends for now, with `Refused`: it comes back
        with the server, as it was last saved.
        """
        try:
            self.books.note(record)
        except StoreError:
            super().close(CloseCode.TRY_AGAIN_LATER, NOT_SAVED)
            raise Refused(NOT_SAVED, "not_saved") from None

    def _hold(self, session: Session) -> None:
        if session.peer is not None:
            self.books.hold(session.peer.outbox)


def _newest(machine: Machine) -> Input | None:
    inputs = machine.journal.inputs
    return inputs[-1] if inputs else None
