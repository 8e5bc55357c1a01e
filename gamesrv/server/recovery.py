"""A server comes back: what was going on when the last one ended goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from twisted.logger import Logger

from gamesrv.core.messages import Refusal
from gamesrv.server.seating import Member
from gamesrv.storage.interfaces import Loaded, RoomClosed, Seated, StoredRoom
from gamesrv.storage.replaying import recover
from gamesrv.wire.close import CloseCode

if TYPE_CHECKING:
    from gamesrv.server.books import Books
    from gamesrv.server.gate import Gate
    from gamesrv.server.lobby import Lobby
    from gamesrv.server.room import Room
    from gamesrv.server.session import Session

__all__ = ["bring_back"]

LOST = Refusal("room_lost", "your game could not go on when the server was started again; it is kept")

_log = Logger()


def bring_back(loaded: Loaded, gate: Gate, books: Books) -> None:
    """Sessions, each with its whole grace period before it, and rooms. A room that can't go on is closed, its
    journal kept and its players told; none holds up the others.
    """
    gate.books = books
    gate.lobby.note_in(books)
    gate.lobby.opened = max(gate.lobby.opened, loaded.rooms_opened, *map(_number_of, loaded.rooms))
    here = {session.id for session in gate.sessions}
    new = [saved for saved in loaded.sessions if saved.id not in here]
    sessions = {saved.id: gate.sessions.restore(saved, gate.limits.grace) for saved in new}
    away = {saved.id for saved in new if saved.expires is not None}
    for stored in loaded.rooms:
        if stored.opened.id not in gate.lobby.rooms:
            _bring_back_room(stored, gate, books, sessions)
    for session in sessions.values():
        grace = gate.limits.grace if session.member is None else session.member.room.grace
        gate.sessions.lost(session, grace)
        if session.id not in away:
            books.note_session(session, grace)


def _number_of(stored: StoredRoom) -> int:
    """Of a room's name: while nothing could be saved there may have been more rooms than were noted."""
    return int(stored.opened.id.rpartition("-")[2]) if stored.opened.public else 0


def _bring_back_room(stored: StoredRoom, gate: Gate, books: Books, sessions: dict[str, Session]) -> None:
    name = stored.opened.id
    damage = stored.damage or (stored.recording and stored.recording.damage)
    if damage:
        _log.error("Room {room}: {damage}", room=name, damage=damage)
    try:
        room = _restore(stored, gate.lobby, books, sessions)
    except BaseException as error:
        problem = f"{type(error).__name__}: {error}"
        _log.error("Room {room} can't go on: {problem}", room=name, problem=problem)
        _give_up(stored, gate, books, sessions)
    else:
        if room.seating.empty:
            room.close(CloseCode.ROOM_OVER, "nobody is left")


def _restore(stored: StoredRoom, lobby: Lobby, books: Books, sessions: dict[str, Session]) -> Room:
    """Raises `Changed` where the rules lead elsewhere now, and whatever the author's code raises."""
    room, recording, machine = lobby.reopen(stored), stored.recording, None
    if recording is not None:
        machine = recover(room.game_type, recording, room.limits.inputs_kept)
    # Beyond all numbers of events before: who asks for those since one of them learns of the gap.
    room.restore(machine, _members(room, stored.members, sessions), seq=int(books.wall() * 1000))
    if lobby.snapshots is not None and not room.game_type.rules.durable:
        lobby.snapshots.add(room, recording)
    return room


def _members(room: Room, places: list[Seated], sessions: dict[str, Session]) -> Iterator[Member]:
    """Those whose sessions are not kept have left."""
    for place in places:
        session = sessions.get(place.session)
        if session is not None:
            session.member = Member(session, room, place.seat, place.name, place.away, place.ready)
            yield session.member


def _give_up(stored: StoredRoom, gate: Gate, books: Books, sessions: dict[str, Session]) -> None:
    """The journal stays, as that of any room that is over."""
    room = gate.lobby.rooms.get(stored.opened.id)
    if room is not None:
        room.close(CloseCode.ROOM_FAILED, LOST.message)
    else:
        books.note_if_possible(RoomClosed(stored.opened.id))
    for seated in stored.members:
        if (session := sessions.get(seated.session)) is not None:
            session.notice = LOST
