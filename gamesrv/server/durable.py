"""A room whose games survive the server: what happens in it is noted, and shown once it is safe."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from secrets import token_hex

from attrs import define, field
from msgspec.structs import replace
from twisted.python.failure import Failure

from gamesrv.core.game import Refused
from gamesrv.core.journal import Input, InputKind
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Command, Joined
from gamesrv.core.state import dump
from gamesrv.server.books import Books
from gamesrv.server.results import players_of, standings_of
from gamesrv.server.room import Room
from gamesrv.server.seating import Member
from gamesrv.server.session import Session
from gamesrv.storage.errors import StoreError
from gamesrv.storage.interfaces import (
    Entered,
    Finished,
    Handled,
    Incident,
    JournalBegan,
    Record,
    RoomClosed,
    RoomOpened,
    Seated,
    Snapshot,
    StoredRoom,
    Unseated,
)
from gamesrv.storage.journal_file import write
from gamesrv.storage.journals import recording_of
from gamesrv.storage.replaying import recover
from gamesrv.storage.rules import hash_of, name_of
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
    stored: StoredRoom | None = field(default=None, kw_only=True)
    """What it was before the server was started; see `restore`."""
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
        if self.stored is None:
            opened = RoomOpened(self.id, self.game_type.name, self.given, self.public, self.books.wall())
            self._note(opened)

    # ------------------------------------------------------------------ it comes back

    def restore(self, sessions: Mapping[str, Session], away: set[str]) -> None:
        """Brings back who was here, and the game as far as it got; time goes on from there. Those whose
        sessions are not kept have left; those that were not ``away`` are from now on.

        Raises `Changed` where the rules lead elsewhere now, and whatever the author's code raises.
        """
        stored, self.stored = self.stored, None
        assert stored is not None
        # Beyond all numbers of events before: who asks for those since one of them learns of the gap.
        self._feed.seq = int(self.books.wall() * 1000)
        if stored.recording is not None:
            machine = recover(self.game_type, stored.recording, self.limits.inputs_kept)
            machine.take_events()  # they have been told
            self._began = self._now() - machine.tick / self.game_type.rate
            self._header, self._entries = stored.recording.header, stored.recording.next_n
            self._ended = stored.recording.finished is not None
            self._follow(machine)
            self.machine = machine
            self._feed.show(machine)
        for seated in stored.members:
            if (session := sessions.get(seated.session)) is not None:
                self._seat_again(session, seated.seat, seated.name, seated.ready)
        self._tell_who_is_gone(away)
        self._flush()
        self._host.changed(self)

    def _seat_again(self, session: Session, seat: int | None, name: str, ready: bool) -> None:
        member = Member(session, self, seat, name, away=True, ready=ready)
        session.member = member
        if seat is None:
            self.seating.watchers.append(member)
        else:
            self.seating.seats[seat] = member
            # For a while nobody stands in for them: they will come back all at once.
            self.seating.reserved.make(seat)

    def _tell_who_is_gone(self, away: set[str]) -> None:
        """In its game, if one is going on."""
        for seat in () if self.machine is None else sorted(self.machine.game.names):
            member = self.seating.seats.get(seat)
            if member is None:
                self._enter("leave", seat)
            elif member.session.id not in away:
                self._enter("drop", seat)

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
        if self._header is not None and self._noted is not None and self.incident is not None:
            way = b""
            with suppress(Exception):  # what can't be written down must not hide what went wrong
                way = write(recording_of(self._header, self._noted.journal))
            told = failure.getTraceback()
            now = self.books.wall()
            incident = Incident(self.incident, self.id, self.game_type.name, now, told, way)
            self.books.note_if_possible(incident)

    # ------------------------------------------------------------------ the game

    def _open_game(self) -> None:
        super()._open_game()
        self._note_game()

    def _begin(self) -> None:
        super()._begin()
        for member in self.seating.everybody():
            self._note_place(member.session)

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
        journal, rules = machine.journal, self.game_type.rules
        self._header = JournalBegan(
            token_hex(16),
            self.id,
            self.game_type.name,
            name_of(rules),
            hash_of(rules),
            journal.seed,
            journal.options,
            dict(journal.names),
            self.game_type.rate,
            durable=True,
            at=self.books.wall(),
            players=players_of(machine, self.seating),
        )
        self._noted, self._entries, self._ended, self._last = machine, 0, False, None
        self._note_all(self._header)
        self._due = machine.next_due

    def _note_end(self, machine: Machine) -> None:
        assert self._header is not None
        self._ended = True
        finished = Finished(
            self._header.id,
            self._entries,
            machine.tick,
            machine.state_hash(),
            machine.result,
            self.books.wall(),
            standings_of(machine, self._header, self.seating),
            self.public,
        )
        self._note_all(finished)
        self._feed.tell("recorded", {"replay": self._header.id})

    def _joined(self, member: Member, seq: int, gap: bool) -> Joined:
        joined = super()._joined(member, seq, gap)
        return replace(joined, replay=self._header.id) if self._ended and self._header else joined

    # ------------------------------------------------------------------ within

    def _note_place(self, session: Session) -> None:
        member = session.member
        if not session.kept or member is None or member.room is not self:
            return
        if not self.seating.is_stand_in(member):
            self._note(Seated(session.id, self.id, member.seat, member.name, member.ready))

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
