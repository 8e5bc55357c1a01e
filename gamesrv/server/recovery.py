"""A server comes back: what was going on when the last one ended goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.logger import Logger

from gamesrv.core.messages import Refusal
from gamesrv.storage.interfaces import Loaded, RoomClosed, StoredRoom
from gamesrv.wire.close import CloseCode

if TYPE_CHECKING:
    from gamesrv.server.books import Books
    from gamesrv.server.gate import Gate
    from gamesrv.server.session import Session

__all__ = ["bring_back"]

LOST = Refusal("room_lost", "your game could not go on when the server was started again; it is kept")

_log = Logger()


def bring_back(loaded: Loaded, gate: Gate, books: Books) -> None:
    """Sessions, each with its whole grace period before it, and rooms. A room that can't go on is closed, its
    journal kept and its players told; none holds up the others.
    """
    gate.books = gate.lobby.books = books
    gate.lobby.opened[True] = loaded.rooms_opened
    here = {session.id for session in gate.sessions}
    new = [saved for saved in loaded.sessions if saved.id not in here]
    sessions = {saved.id: gate.sessions.restore(saved, gate.limits.grace) for saved in new}
    away = {saved.id for saved in new if saved.expires is not None}
    for stored in loaded.rooms:
        if stored.opened.id not in gate.lobby.rooms:
            _bring_back_room(stored, gate, books, sessions, away)
    for session in sessions.values():
        grace = gate.limits.grace if session.member is None else session.member.room.grace
        gate.sessions.lost(session, grace)
        if session.id not in away:
            books.note_session(session, grace)


def _bring_back_room(
    stored: StoredRoom, gate: Gate, books: Books, sessions: dict[str, Session], away: set[str]
) -> None:
    name = stored.opened.id
    damage = stored.damage or (stored.recording and stored.recording.damage)
    if damage:
        _log.error("Room {room}: {damage}", room=name, damage=damage)
    try:
        room = gate.lobby.restore(stored, sessions, away)
    except BaseException as error:
        problem = f"{type(error).__name__}: {error}"
        _log.error("Room {room} can't go on: {problem}", room=name, problem=problem)
        _give_up(stored, gate, books, sessions)
    else:
        if room.seating.empty:
            room.close(CloseCode.ROOM_OVER, "nobody is left")


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
