"""A room: one running game, with its seats, its journal and those who look on; sole owner of all that."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import wraps
from secrets import token_hex
from typing import Any, Concatenate, ParamSpec, Protocol

from attrs import define, field
from msgspec import UNSET
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.game import Refused
from gamesrv.core.journal import Input, InputKind
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Command, Event, Joined, Player, RoomInfo, Update
from gamesrv.core.schema import GameType
from gamesrv.core.views import Audience, View
from gamesrv.server.interfaces import Now
from gamesrv.server.limits import Limits
from gamesrv.server.outbox import Outbox, Outgoing
from gamesrv.server.session import NAME_LENGTH, Session
from gamesrv.wire.close import CloseCode

__all__ = ["Host", "Member", "Room"]

P = ParamSpec("P")


class Host(Protocol):
    """What a room needs of the house it is in."""

    def wake_at(self, room: Room, at: float | None) -> None:
        """Call `Room.wake` at that moment."""
        ...

    def over(self, room: Room) -> None:
        """The room is closed: forget it."""
        ...


@define(eq=False)
class Member:
    """A session's place in a room: a seat, or none for one who looks on."""

    session: Session
    room: Room
    seat: int | None
    name: str
    away: bool = False
    since: int = 0
    """The last event before they came."""
    own: Audience = field(factory=Audience)
    """What this seat alone sees."""


def _guarded(method: Callable[Concatenate[Room, P], None]) -> Callable[Concatenate[Room, P], None]:
    """For what runs the author's code: a fault in it ends the room, and is a `Refused` to the caller."""

    @wraps(method)
    def guarded(self: Room, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Refused:
            raise
        except BaseException:
            self.fail(Failure())
            raise Refused(f"the room failed (incident {self.incident})", "room_failed") from None

    return guarded


@define(eq=False)
class Room:
    """One running game.

    Whatever the author's code raises ends this room and no other: its players are told and closed with 4500,
    and the journal that leads to the fault is kept in `failed`.
    """

    id: str
    machine: Machine
    limits: Limits
    _now: Now
    _host: Host
    public: bool = True
    seats: dict[int, Member] = field(factory=dict, init=False)
    watchers: list[Member] = field(factory=list, init=False)
    open: bool = field(default=True, init=False)
    incident: str | None = field(default=None, init=False)
    """The number under which the fault that ended the room was logged."""
    _opened: float = field(init=False)
    _everyone: Audience = field(factory=Audience, init=False)
    _queue: list[tuple[Member, Command]] = field(factory=list, init=False)
    _seq: int = field(default=0, init=False)
    _events: deque[tuple[Event, int | None]] = field(init=False)
    """The newest events, and the seat each was for."""
    _fresh: list[tuple[Outgoing, int | None]] = field(factory=list, init=False)
    """Events not sent yet."""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._opened = self._now()
        self._events = deque(maxlen=self.limits.events_kept)
        self._everyone.change(self.machine.look())

    # ------------------------------------------------------------------ facts

    @property
    def game_type(self) -> GameType:
        """The game that is played here."""
        return self.machine.game_type

    @property
    def tick_rate(self) -> int:
        """Steps per second; 0 for none."""
        return self.game_type.rules.tick_rate

    @property
    def has_room(self) -> bool:
        """Whether a seat is free."""
        return self.open and not self.machine.finished and len(self.seats) < self.game_type.capacity

    @property
    def empty(self) -> bool:
        """Whether nobody is here, not even away."""
        return not self.seats and not self.watchers

    def info(self) -> RoomInfo:
        """The room's line in a list."""
        game = self.game_type
        return RoomInfo(self.id, game.name, len(self.seats), game.capacity, self.has_room)

    # ------------------------------------------------------------------ people

    @_guarded
    def sit(self, session: Session) -> None:
        """Gives the session a seat and a snapshot; raises `Refused`."""
        if not self.has_room:
            raise Refused(f"room {self.id} is full", "room_full")
        seat = next(number for number in range(self.game_type.capacity) if number not in self.seats)
        member = Member(session, self, seat, self._unique(session.name), since=self._seq)
        self._enter("join", seat, member.name)
        session.member = self.seats[seat] = member
        self._tell("player_joined", {"seat": seat, "name": member.name})
        self._flush(but=member)
        self.snapshot(member)

    @_guarded
    def watch(self, session: Session) -> None:
        """Lets the session look on."""
        member = Member(session, self, None, session.name, since=self._seq)
        session.member = member
        self.watchers.append(member)
        self.snapshot(member)

    @_guarded
    def leave(self, member: Member) -> None:
        """The member is gone for good; the last one closes the room."""
        member.session.member = None
        if member.seat is None:
            self.watchers.remove(member)
        elif self.open:
            self._queue = [(who, command) for who, command in self._queue if who is not member]
            self._enter("leave", member.seat)
            del self.seats[member.seat]
            self._tell("player_left", {"seat": member.seat})
            self._flush()
        if self.empty:
            self.close(CloseCode.ROOM_OVER, "the room is over")

    @_guarded
    def drop(self, member: Member) -> None:
        """The member's connection is lost; the seat is held."""
        self._presence(member, "drop", "player_dropped")

    @_guarded
    def back(self, member: Member, last: int | None) -> None:
        """The member has a connection again, and had seen events up to ``last`` if that is known."""
        if member.away:
            self._presence(member, "back", "player_back")
        self.snapshot(member, last)

    @_guarded
    def say(self, member: Member, text: str) -> None:
        """Chat."""
        self._tell("said", {"seat": member.seat, "name": member.name, "text": text})
        self._flush()

    # ------------------------------------------------------------------ time and commands

    @_guarded
    def command(self, member: Member, command: Command) -> None:
        """Takes a command: at once, or at the next tick of a real-time game. It is refused to the session."""
        if self.tick_rate:
            self._queue.append((member, command))
        else:
            self._apply(member, command)
            self._flush()

    def step(self) -> None:
        """One tick: the commands that waited, in order, then the game's own step."""
        if self._queue:
            queue, self._queue = self._queue, []
            for member, command in queue:
                self._apply(member, command)
        if self.open:
            self.machine.advance(self.machine.tick + 1)
            self._flush()

    def wake(self) -> None:
        """A timer is due in a game that does not tick."""
        self.machine.advance(max(self._room_time(), self.machine.next_due or 0))
        self._flush()

    # ------------------------------------------------------------------ what is seen

    @_guarded
    def snapshot(self, member: Member, last: int | None = None) -> None:
        """Sends the whole view; then, to one who saw events up to ``last``, those since, or marks the gap."""
        peer = member.session.peer
        if peer is None or not self.open:
            return
        if last is not None:
            last = min(max(last, member.since), self._seq)
        missed = [] if last is None else self._missed(member, last)
        game = self.game_type
        own = self._own_view(member)
        joined = Joined(
            room=self.id,
            game=game.name,
            seat=member.seat,
            tick=self.machine.tick,
            v=self._everyone.version,
            view=self._everyone.view,
            mine=UNSET if own is None else member.own.view,
            mv=UNSET if own is None else member.own.version,
            seq=last if missed and last is not None else self._seq,
            rate=self.tick_rate,
            players={str(seat): Player(m.name, m.away) for seat, m in self.seats.items()},
            commands=list(game.commands),
            gap=missed is None,
        )
        peer.outbox.send(joined)
        for event in missed or ():
            peer.outbox.send(event)

    # ------------------------------------------------------------------ the end

    def close(self, code: CloseCode, reason: str) -> None:
        """Ends the room and closes every connection in it."""
        if not self.open:
            return
        self.open = False
        self._host.over(self)
        for member in (*self.seats.values(), *self.watchers):
            member.session.member = None
            if member.session.peer is not None:
                member.session.peer.close(code, reason)
        self.seats.clear()
        self.watchers.clear()

    def fail(self, failure: Failure) -> None:
        """The author's code raised: the room ends, the journal stays."""
        self.incident = token_hex(4)
        self._log.failure(
            "Room {room} failed, incident {incident}", failure, room=self.id, incident=self.incident
        )
        self.close(CloseCode.ROOM_FAILED, f"the room failed (incident {self.incident})")

    # ------------------------------------------------------------------ within

    def _room_time(self) -> int:
        """Now, in ticks of the machine."""
        if self.tick_rate:
            return self.machine.tick
        return max(self.machine.tick, int((self._now() - self._opened) * self.game_type.rate))

    def _enter(self, kind: InputKind, seat: int, name: str = "", args: dict[str, Any] | None = None) -> None:
        self.machine.apply(Input(self._room_time(), kind, seat, name, args or {}))

    def _apply(self, member: Member, command: Command) -> None:
        try:
            if member.seat is None or not self.open:
                raise Refused("you have no seat in this room", "not_in_room")
            self._enter("command", member.seat, command.name, command.args)
        except Refused as refused:
            member.session.refuse(refused, command.id)

    def _presence(self, member: Member, kind: InputKind, event: str) -> None:
        member.away = kind == "drop"
        if member.seat is None or not self.open:
            return
        self._enter(kind, member.seat)
        self._tell(event, {"seat": member.seat})
        self._flush(but=member)

    def _tell(self, name: str, data: dict[str, Any], to: int | None = None) -> None:
        """Puts an event into the room's sequence; the next flush sends it."""
        self._seq += 1
        event = Event(self._seq, name, data)
        self._events.append((event, to))
        self._fresh.append((Outgoing(event), to))

    def _missed(self, member: Member, last: int) -> list[Event] | None:
        """The events after ``last`` that this member may see; `None` where some of them are gone."""
        kept_from = self._seq - len(self._events)
        if last < kept_from:
            return None
        return [event for event, to in self._events if event.seq > last and to in (None, member.seat)]

    def _flush(self, but: Member | None = None) -> None:
        """Sends everyone what has changed for them, each thing encoded once per format.

        Raises what the author's views raise.
        """
        for emitted in self.machine.take_events():
            self._tell(emitted.name, emitted.data, emitted.to)
        fresh, self._fresh = self._fresh, []
        updates = self._public_update()
        private = self.game_type.hidden or any(to is not None for _, to in fresh)
        events = [outgoing for outgoing, _ in fresh]
        for member, outbox in self._present(but):
            if private:
                events = [outgoing for outgoing, to in fresh if to in (None, member.seat)]
                outbox.push([*updates, *self._own_update(member)], events)
            else:
                outbox.push(updates, events)
        if not self.tick_rate:
            self._sleep()

    def _present(self, but: Member | None) -> Iterator[tuple[Member, Outbox]]:
        for member in (*self.seats.values(), *self.watchers):
            peer = member.session.peer
            if peer is not None and member is not but:
                yield member, peer.outbox

    def _unique(self, name: str) -> str:
        """The name, numbered where somebody here has it already."""
        taken = {member.name.casefold() for member in self.seats.values()}
        tried, number = name, 1
        while tried.casefold() in taken:
            number += 1
            tried = f"{name[: NAME_LENGTH - len(str(number)) - 1]} {number}"
        return tried

    def _public_update(self) -> list[Outgoing]:
        delta = self._everyone.change(self.machine.look())
        if delta is None:
            return []
        return [Outgoing(Update(self.machine.tick, self._everyone.version, delta=delta))]

    def _own_update(self, member: Member) -> list[Outgoing]:
        delta = self._own_view(member)
        if not delta:
            return []
        return [Outgoing(Update(self.machine.tick, member.own.version, mine=delta))]

    def _own_view(self, member: Member) -> View | None:
        """Brings the seat's own view up to date and returns what changed; `None` where there is none."""
        if not self.game_type.hidden or member.seat is None:
            return None
        return member.own.change(self.machine.look(member.seat)) or {}

    def _sleep(self) -> None:
        due = self.machine.next_due
        self._host.wake_at(self, None if due is None else self._opened + due / self.game_type.rate)
