"""What there is to note of a room, as records."""

from __future__ import annotations

from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING

from twisted.python.failure import Failure

from gamesrv.core.machine import Machine
from gamesrv.server.results import players_of, standings_of
from gamesrv.storage.interfaces import Finished, Incident, JournalBegan, RoomOpened, Seated
from gamesrv.storage.journal_file import write
from gamesrv.storage.journals import recording_of
from gamesrv.storage.rules import hash_of, name_of

if TYPE_CHECKING:
    from gamesrv.server.room import Room
    from gamesrv.server.seating import Member

__all__ = ["beginning_of", "ending_of", "incident_of", "opening_of", "place_of"]


def opening_of(room: Room, at: float) -> RoomOpened:
    """There is a room. ``at`` here and below is by the wall clock."""
    return RoomOpened(room.id, room.game_type.name, room.given, room.public, at)


def place_of(member: Member) -> Seated | None:
    """Where somebody is; `None` for those of whom nothing is kept, and who stand in for others."""
    if not member.session.kept or member.room.seating.is_stand_in(member):
        return None
    return Seated(member.session.id, member.room.id, member.seat, member.name, member.ready, member.away)


def beginning_of(room: Room, machine: Machine, at: float) -> JournalBegan:
    """A game has begun there; each time it gets another id."""
    journal, game_type = machine.journal, room.game_type
    return JournalBegan(
        token_hex(16),
        room.id,
        game_type.name,
        name_of(game_type.rules),
        hash_of(game_type.rules),
        journal.seed,
        journal.options,
        dict(journal.names),
        game_type.rate,
        durable=game_type.rules.durable,
        at=at,
        players=players_of(machine, room.seating),
    )


def ending_of(room: Room, header: JournalBegan, n: int, machine: Machine, at: float) -> Finished:
    """Its game is over, after ``n`` entries; raises what the author's `Game.standings` raises."""
    standings = standings_of(machine, header, room.seating)
    return Finished(
        header.id, n, machine.tick, machine.state_hash(), machine.result, at, standings, room.public
    )


def incident_of(room: Room, header: JournalBegan | None, failure: Failure, at: float) -> Incident:
    """The room has failed. ``header`` is the newest that was noted there, if one was."""
    machine, way = room.machine, b""
    with suppress(Exception):  # what can't be written down must not hide what went wrong
        if machine is not None:
            if header is None or header.seed != machine.journal.seed:
                header = beginning_of(room, machine, at)
            way = write(recording_of(header, machine.journal))
    incident = room.incident or token_hex(4)
    return Incident(incident, room.id, room.game_type.name, at, failure.getTraceback(), way)
