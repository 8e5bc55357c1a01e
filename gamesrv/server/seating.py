"""Who is in a room: seats, promised seats, those who stand in for others, those who look on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import define, field

from gamesrv.core.game import Refused
from gamesrv.core.journal import InputKind
from gamesrv.core.messages import Player
from gamesrv.core.views import Audience
from gamesrv.server.reservations import Reservations
from gamesrv.server.session import NAME_LENGTH, Session
from gamesrv.server.sight import Sight

if TYPE_CHECKING:
    from gamesrv.server.room import Room

__all__ = ["Member", "Seating"]


@define(eq=False)
class Member:
    """A session's place in a room: a seat, or none for one who looks on."""

    session: Session
    room: Room
    seat: int | None
    name: str
    away: bool = False
    ready: bool = False
    since: int = 0
    """The last event before they came."""
    own: Audience = field(factory=Audience)
    """What this seat alone sees."""
    sight: Sight | None = None
    """How far they see, where there are areas."""

    def begin(self) -> None:
        """A new game: nothing of it was seen yet, and whoever wants another has to say so."""
        self.ready = False
        self.own = Audience()


@define(eq=False)
class Seating:
    """The places of one room. A seat is free unless somebody sits there or has a ticket for it."""

    fewest: int
    most: int
    reserved: Reservations
    seats: dict[int, Member] = field(factory=dict, init=False)
    stand_ins: dict[int, Member] = field(factory=dict, init=False)
    """Who plays meanwhile for whom."""
    watchers: list[Member] = field(factory=list, init=False)
    gone: dict[int, str] = field(factory=dict, init=False)
    """Who sat there when the server was ended, and is not expected back; such as bots."""

    @property
    def empty(self) -> bool:
        """Whether nobody is here, not even away, and nobody is expected."""
        return not (self.seats or self.stand_ins or self.watchers or self.reserved)

    @property
    def all_ready(self) -> bool:
        """Whether all in their seats want to begin."""
        return bool(self.seats) and all(member.ready for member in self.seats.values())

    @property
    def vacant(self) -> list[int]:
        """Seats with nobody to play, neither there nor expected."""
        free = (seat for seat in range(self.most) if seat not in self.reserved)
        return [seat for seat in free if self._is_vacant(seat)]

    def missing(self, full: bool) -> int:
        """How many are lacking, of all or of the fewest that will do."""
        return max(0, (self.most if full else self.fewest) - len(self.seats))

    def everybody(self) -> list[Member]:
        """All, whether they play or look on, as they are now."""
        return [*self.seats.values(), *self.stand_ins.values(), *self.watchers]

    def at(self, seats: Collection[int]) -> list[Member]:
        """Who sits there, or stands in."""
        there = [self.seats[seat] for seat in seats if seat in self.seats]
        if self.stand_ins:
            there += [self.stand_ins[seat] for seat in seats if seat in self.stand_ins]
        return there

    def players(self) -> dict[str, Player]:
        """Who sits where, for a snapshot."""
        return {str(seat): self.player(seat) for seat in sorted(self.seats)}

    def player(self, seat: int) -> Player:
        """Who sits there."""
        member = self.seats[seat]
        return Player(member.name, member.away, member.ready)

    def has_free_seat(self) -> bool:
        """Whether one could sit down."""
        return any(True for _ in self._free())

    def free_seat(self, wanted: int | None = None) -> int:
        """The seat ``wanted``, or the first that is free; raises `Refused`."""
        free = [*self._free()]
        if not free:
            raise Refused("the room is full", "room_full")
        if wanted is not None and wanted not in free:
            raise Refused(f"seat {wanted} is not free", "seat_taken", "seat")
        return free[0] if wanted is None else wanted

    def stand_in(self, member: Member, seat: int) -> None:
        """Somebody to play for one who is away; raises `Refused`."""
        if not self.seats[seat].away or seat in self.stand_ins:
            raise Refused("nobody needs to be stood in for", "bad_ticket", "ticket")
        self.stand_ins[seat] = member

    def seat_again(
        self, members: Iterable[Member], names: Mapping[int, str], at_once: bool
    ) -> list[tuple[InputKind, int, str]]:
        """Those who were here before the server was started; all are away now. Gives what a game with these
        ``names`` in it has to be told of that: not of those who were ``away`` by then; but, where it began
        ``at_once``, of those who have come since it was saved.

        For a while nobody stands in for them: they will come back all at once.
        """
        for member in members:
            if member.seat is None:
                self.watchers.append(member)
            else:
                self.seats[member.seat] = member
                self.reserved.make(member.seat)
        here = {seat: member.name for seat, member in sorted(self.seats.items())}
        stayed = [seat for seat in here if names.get(seat) == here[seat]]
        came = [seat for seat in here if at_once and seat not in stayed]
        self.gone = {seat: name for seat, name in names.items() if seat not in here}
        dropped = [seat for seat in stayed if not self.seats[seat].away] + came
        for member in self.everybody():
            member.away = True
        return [
            *(("leave", seat, "") for seat in sorted(names) if seat not in stayed),
            *(("join", seat, here[seat]) for seat in came),
            *(("drop", seat, "") for seat in dropped),
        ]

    def move(self, member: Member, seat: int) -> None:
        """Gives a player another free seat."""
        assert member.seat is not None
        del self.seats[member.seat]
        member.seat = seat
        self.seats[seat] = member

    def is_stand_in(self, member: Member) -> bool:
        """Whether the member plays for somebody else."""
        return member.seat is not None and self.stand_ins.get(member.seat) is member

    def unique(self, name: str) -> str:
        """The name, numbered where somebody here has it already."""
        taken = {member.name.casefold() for member in self.everybody()}
        tried, number = name, 1
        while tried.casefold() in taken:
            number += 1
            tried = f"{name[: NAME_LENGTH - len(str(number)) - 1]} {number}"
        return tried

    def clear(self) -> None:
        """Nobody is here any more."""
        self.seats.clear()
        self.stand_ins.clear()
        self.watchers.clear()

    def _free(self) -> Iterator[int]:
        return (s for s in range(self.most) if s not in self.seats and s not in self.reserved)

    def _is_vacant(self, seat: int) -> bool:
        member = self.seats.get(seat)
        return member is None or (member.away and seat not in self.stand_ins)
