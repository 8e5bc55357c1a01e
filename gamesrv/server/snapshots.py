"""Rooms of games that are not durable, as they were every few seconds: nothing waits for that to be safe.

They are looked at from outside and know nothing of it. What is noted of a room at once is a whole: who is
there, which commands it had, and what the game is like at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.machine import Machine
from gamesrv.core.state import dump
from gamesrv.server.books import Books
from gamesrv.server.notes import beginning_of, ending_of, incident_of, opening_of, place_of
from gamesrv.server.room import Room
from gamesrv.server.session import Session
from gamesrv.storage.errors import StoreError
from gamesrv.storage.interfaces import (
    Handled,
    JournalBegan,
    Record,
    Recording,
    RoomClosed,
    Seated,
    Snapshot,
    Unseated,
)

__all__ = ["Snapshots"]

PERIOD = 5.0
"""Seconds from one snapshot of a room to the next, where nobody comes or goes."""
MOST_AT_ONCE = 4
"""Rooms that are looked at in one step because somebody came or went."""


@define(eq=False)
class _Noted:
    """What is noted of one room."""

    opened: bool = False
    places: dict[Session, Seated] = field(factory=dict)
    handled: dict[Session, int] = field(factory=dict)
    """The newest command of each that the game had by then."""
    header: JournalBegan | None = None
    """Of the game that was noted last."""
    machine: Machine | None = None
    """That game."""
    count: int = 0
    """Its snapshots."""
    mark: tuple[int, int] | None = None
    """How far it had come in the newest one: the tick, and how many inputs its journal had."""
    ended: bool = False
    """Whether its end is noted."""
    problem: str = ""
    """Why the newest snapshot could not be made."""


@define(eq=False)
class Snapshots:
    """Looks at one room after the other, a few in each step, so that all have had their turn after `PERIOD`;
    and soon at those where somebody comes or goes. While nothing can be saved it does nothing.
    """

    books: Books
    tick_rate: int
    """Steps per second."""
    _rooms: dict[Room, _Noted] = field(factory=dict, init=False)
    """In the order in which it is their turn."""
    _soon: dict[Room, None] = field(factory=dict, init=False)
    _due: float = field(default=0.0, init=False)
    """Rooms whose turn it is, and a part of one."""
    _log = Logger()

    def add(self, room: Room, recording: Recording | None = None) -> None:
        """Keeps a room that is open now. One that was there before goes on from ``recording``."""
        noted = self._rooms[room] = _Noted(opened=room.restored)
        if recording is not None:
            count = 0 if recording.start is None else recording.start.n + 1
            noted.header, noted.machine, noted.count = recording.header, room.machine, count
            noted.ended = recording.finished is not None
        self.changed(room)

    def changed(self, room: Room) -> None:
        """Somebody came or went there, or a game began or ended."""
        noted = self._rooms.get(room)
        if noted is None:
            return
        self._soon[room] = None
        if room.state == "over" and not noted.ended:  # they may leave at once
            self._look_at(room)

    def over(self, room: Room) -> None:
        """The room is closed."""
        noted = self._rooms.pop(room, None)
        self._soon.pop(room, None)
        if noted is not None and noted.opened:
            self.books.note_if_possible(RoomClosed(room.id))

    def failed(self, room: Room, failure: Failure) -> None:
        """The room fails: what led to it is kept, as far as its machine remembers."""
        noted = self._rooms.get(room)
        if noted is not None:
            self.books.note_if_possible(incident_of(room, noted.header, failure, self.books.wall()))

    def look_at_all(self) -> None:
        """The server stops: its rooms are kept as they are now."""
        for room in [*self._rooms]:
            self._look_at(room)

    # ------------------------------------------------------------------ the ticker's

    def step(self) -> None:
        """Looks at those whose turn it is."""
        if self.books.trouble is not None:
            return
        for room in [*self._soon][:MOST_AT_ONCE]:
            self._look_at(room)
        self._due += len(self._rooms) / (PERIOD * self.tick_rate)
        while self._due >= 1:
            self._due -= 1
            self._look_at(next(iter(self._rooms)))

    def wake(self) -> None:
        """There is nothing that it asked for."""

    def fail(self, failure: Failure) -> None:
        """It can't be the author's code; whatever it was, the next step goes on."""
        self._log.failure("A room could not be looked at", failure)

    # ------------------------------------------------------------------ within

    def _look_at(self, room: Room) -> None:
        noted = self._rooms.pop(room)
        self._rooms[room] = noted  # it is everybody else's turn now
        self._soon.pop(room, None)
        try:
            for record in self._news(room, noted):
                self.books.note(record)
        except StoreError:
            return  # what was not taken is still news
        except Exception:
            self._log.failure("Room {room} is not kept", room=room.id)

    def _news(self, room: Room, noted: _Noted) -> Iterator[Record]:
        """What is not noted yet. Each is asked for when the one before it was taken."""
        places = {member.session: place_of(member) for member in room.seating.everybody()}
        here = {session: place for session, place in places.items() if place is not None}
        if not noted.opened:
            yield opening_of(room, self.books.wall())
            noted.opened = True
        if not here and not noted.places:
            return  # nobody but bots
        yield from _moves(here, noted)
        if room.machine is not None:
            yield from self._game(room, room.machine, noted)

    def _game(self, room: Room, machine: Machine, noted: _Noted) -> Iterator[Record]:
        header = noted.header
        if header is None or machine is not noted.machine:
            header = beginning_of(room, machine, self.books.wall())
            yield header
            noted.header, noted.machine, noted.count = header, machine, 0
            noted.mark, noted.ended = None, False
        mark = machine.tick, len(machine.journal.inputs)
        if mark == noted.mark:
            return
        state = self._state(room, machine, noted)
        if state is not None:
            yield Snapshot(header.id, noted.count, machine.tick, state)
            noted.count += 1
        noted.mark = mark
        if machine.finished and not noted.ended:
            noted.ended = True
            yield ending_of(room, header, noted.count, machine, self.books.wall())

    def _state(self, room: Room, machine: Machine, noted: _Noted) -> bytes | None:
        """`None` where it can't be saved: that is logged once, and the game goes on."""
        before, noted.problem = noted.problem, ""
        try:
            return dump(machine.game)
        except Exception as error:
            noted.problem = str(error)
        if noted.problem != before:
            self._log.error("Room {room} is not kept: {problem}", room=room.id, problem=noted.problem)
        return None


def _moves(here: dict[Session, Seated], noted: _Noted) -> Iterator[Record]:
    for session, place in here.items():
        if noted.places.get(session) != place:
            yield place
            noted.places[session] = place
        if noted.handled.get(session, 0) != session.handled:
            yield Handled(session.id, session.handled, session.answers)
            noted.handled[session] = session.handled
    for session in [session for session in noted.places if session not in here]:
        if session.member is None:  # else it has a place elsewhere by now, and that is noted there
            yield Unseated(session.id)
        noted.handled.pop(session, None)
        del noted.places[session]
