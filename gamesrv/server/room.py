"""A room: those in it, and the game they play, one after another; sole owner of all that."""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_hex
from typing import Any

from attrs import define, field
from msgspec import UNSET
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesrv.core.game import GameError, Refused, as_plain
from gamesrv.core.journal import Input, InputKind
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Command, Joined, Left, RoomState
from gamesrv.core.schema import GameType
from gamesrv.core.views import prune
from gamesrv.server.areas import feed_for
from gamesrv.server.feed import Feed, own_view
from gamesrv.server.guarded import guarded
from gamesrv.server.interfaces import Host, Now
from gamesrv.server.limits import Limits
from gamesrv.server.reservations import Reservations
from gamesrv.server.seating import Member, Seating
from gamesrv.server.session import Session
from gamesrv.wire.close import CloseCode

__all__ = ["Room"]


@define(eq=False)
class Room:
    """Some players, and one game after the other that they play.

    Whatever the author's code raises ends this room and no other: its players are told and closed with 4500,
    and the journal that leads to the fault stays in `machine`.

    Raises `Refused` where the options are wrong, and whatever the author's own start of the game raises.
    """

    id: str
    game_type: GameType
    given: dict[str, Any]
    """The options it was opened with."""
    limits: Limits
    _now: Now
    _host: Host
    public: bool = True
    restored: bool = field(default=False, kw_only=True)
    """Whether it was there before the server was started: `restore` will say what was going on."""
    machine: Machine | None = field(default=None, init=False)
    """The game that is played, or was played last; `None` before the first."""
    tick_rate: int = field(init=False)
    """Steps per second; 0 for none."""
    seating: Seating = field(init=False)
    open: bool = field(default=True, init=False)
    incident: str | None = field(default=None, init=False)
    """The number under which the fault that ended the room was logged."""
    _options: dict[str, Any] = field(init=False)
    _owed: dict[Member, int | None] = field(factory=dict, init=False)
    """Who waits for a snapshot, and the last event each had seen. They are told nothing before it."""
    _began: float = field(default=0.0, init=False)
    """When the game began, in seconds of the clock."""
    _alarm: float | None = field(default=None, init=False)
    """When it will be woken, in seconds of the clock."""
    _feed: Feed = field(init=False)
    _queue: list[tuple[Member, Command]] = field(factory=list, init=False)
    _told: RoomState = field(default="waiting", init=False)
    """The state that the house knows of."""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.tick_rate = self.game_type.rules.tick_rate
        self._feed = feed_for(self.game_type, self.limits.events_kept)
        chosen = self.game_type.choose(self.given)
        self._options = prune(as_plain(chosen, "options"))
        reserved = Reservations(self._now, self.limits.reservation)
        self.seating = Seating(*self.game_type.seats_for(chosen), reserved)
        if self._at_once and not self.restored:
            self._open_game()

    # ------------------------------------------------------------------ facts

    @property
    def state(self) -> RoomState:
        """Whether the game has begun, and is over."""
        if self.machine is None:
            return "waiting"
        return "over" if self.machine.finished else "playing"

    @property
    def has_room(self) -> bool:
        """Whether somebody can take a seat."""
        joinable = self.state == "playing" if self._at_once else self.state != "playing"
        return self.open and joinable and self.seating.has_free_seat()

    @property
    def missing(self) -> int:
        """How many more players the game needs to begin."""
        return self.seating.missing(full=self.game_type.rules.begins == "full")

    @property
    def vacant(self) -> list[int]:
        """Seats of a game that goes on with nobody to play; none where others must not."""
        wanted = self.state == "playing" and self.game_type.rules.stand_ins
        return self.seating.vacant if wanted else []

    @property
    def grace(self) -> float:
        """Seconds that the seat of a lost connection is held."""
        return self.game_type.rules.grace or self.limits.grace

    # ------------------------------------------------------------------ people come

    def reserve(self, seat: int | None = None) -> str:
        """A ticket for a seat: that one, or any that is free; raises `Refused`."""
        ticket = self.seating.reserved.make(self._free_seat() if seat is None else seat)
        self._host.changed(self)
        return ticket

    @guarded
    def sit(self, session: Session, seat: int | None = None, ticket: str | None = None) -> None:
        """Gives the session a seat, and a snapshot; raises `Refused`."""
        seat = self._free_seat(seat) if ticket is None else self.seating.reserved.take(ticket)
        member = Member(session, self, seat, self.seating.unique(session.name), since=self._feed.seq)
        if seat in self.seating.seats:
            self.seating.stand_in(member, seat)
            session.member = member
            self.snapshot(member)
            return
        self._enter("join", seat, member.name)
        session.member = self.seating.seats[seat] = member
        self._feed.announce("player_joined", {"seat": seat, "name": member.name}, seat)
        self._flush(but=member)
        self.snapshot(member)
        self._try_begin()

    @guarded
    def watch(self, session: Session) -> None:
        """Lets the session look on."""
        member = Member(session, self, None, self.seating.unique(session.name), since=self._feed.seq)
        session.member = member
        self.seating.watchers.append(member)
        self.snapshot(member)
        self._host.changed(self)

    @guarded
    def back(self, member: Member, last: int | None) -> None:
        """The member has a connection again, and had seen events up to ``last`` if that is known."""
        if member.away:
            if member.seat is not None:
                self._dismiss(member.seat)
            self._presence(member, "back", "player_back")
        self.snapshot(member, last)

    # ------------------------------------------------------------------ people go

    @guarded
    def leave(self, member: Member) -> None:
        """The member is gone for good; the last one closes the room."""
        member.session.member = None
        if member.seat is None:
            self.seating.watchers.remove(member)
        elif self.seating.is_stand_in(member):
            del self.seating.stand_ins[member.seat]
        elif self.open:
            self._vacate(member, member.seat)
        self._host.changed(self)
        if self.seating.empty:
            self.close(CloseCode.ROOM_OVER, "the room is over")

    @guarded
    def drop(self, member: Member) -> None:
        """The member's connection is lost; the seat is held."""
        if self.seating.is_stand_in(member):
            self.leave(member)
        else:
            self._presence(member, "drop", "player_dropped")

    def expire(self) -> None:
        """Forgets promises that were not kept; a room that nobody came to closes."""
        self.seating.reserved.expire()
        if self.seating.empty:
            self.close(CloseCode.ROOM_OVER, "nobody came")

    # ------------------------------------------------------------------ what they say to the room

    @guarded
    def say(self, member: Member, text: str) -> None:
        """Chat."""
        self._feed.tell("said", {"seat": member.seat, "name": member.name, "text": text})
        self._flush()

    @guarded
    def ready(self, member: Member, ready: bool) -> None:
        """The member wants to begin, or to play again, or not yet; raises `Refused`."""
        if member.seat is None:
            raise Refused("you only watch", "watching")
        if self.state == "playing":
            raise Refused("the game has begun", "already_started")
        if member.ready != ready:
            member.ready = ready
            self._feed.tell("player_ready", {"seat": member.seat, "ready": ready})
            self._flush()
            self._try_begin()

    @guarded
    def move(self, member: Member, seat: int) -> None:
        """Takes another seat, while nobody plays; raises `Refused`."""
        if self.state == "playing" or self._at_once:
            raise Refused("the game has begun", "already_started")
        if member.seat is None:
            raise Refused("you only watch", "watching")
        seat = self._free_seat(seat)
        self._feed.tell("player_moved", {"seat": member.seat, "to": seat})
        self.seating.move(member, seat)
        self._flush()
        self._host.changed(self)

    def command(self, member: Member, command: Command) -> None:
        """Takes a command: at once, or at the next tick of a real-time game. It is refused to the session."""
        if self._in_ticks:
            self._queue.append((member, command))
        else:
            self._command_now(member, command)

    @guarded
    def _command_now(self, member: Member, command: Command) -> None:
        self._apply(member, command)
        self._flush()

    def step(self) -> None:
        """One tick: the commands that waited, in order, then the game's own step."""
        queue, self._queue = self._queue, []
        for member, command in queue:
            self._apply(member, command)
        machine = self.machine
        if machine is None or not self.open or (machine.finished and not queue):
            return
        if not machine.finished:  # else one of them has ended it
            machine.advance(machine.tick + 1)
        self._flush()

    def wake(self) -> None:
        """A timer is due in a game that does not tick."""
        self._alarm = None
        if self.machine is not None:
            self.machine.advance(max(self._room_time(self.machine), self.machine.next_due or 0))
            self._flush()

    # ------------------------------------------------------------------ what is seen

    @guarded
    def snapshot(self, member: Member, last: int | None = None) -> None:
        """Sends the whole view; then, to one who saw events up to ``last``, those since, or marks the gap."""
        peer = member.session.peer
        if peer is None or not self.open:
            return
        feed = self._feed
        if last is not None:
            last = min(max(last, member.since), feed.seq)
        missed = [] if last is None else feed.missed(member, last)
        seq = last if missed and last is not None else feed.seq
        peer.outbox.send(self._joined(member, seq, gap=missed is None))
        for event in missed or ():
            peer.outbox.send(event)

    def _joined(self, member: Member, seq: int, gap: bool) -> Joined:
        feed, game = self._feed, self.game_type
        own = own_view(self.machine, member)
        return Joined(
            room=self.id,
            game=game.name,
            seat=member.seat,
            tick=0 if self.machine is None else self._room_time(self.machine),
            v=feed.everyone.version,
            view=feed.view_of(self.machine, member),
            mine=UNSET if own is None else member.own.view,
            mv=UNSET if own is None else member.own.version,
            seq=seq,
            rate=self.tick_rate,
            players=feed.players(self.seating, member),
            commands=list(game.commands),
            gap=gap,
            state=self.state,
            options=self._options,
            seats=(self.seating.fewest, self.seating.most),
            private=not self.public,
            grace=self.grace,
        )

    # ------------------------------------------------------------------ the end

    def close(self, code: CloseCode, reason: str) -> None:
        """Ends the room and closes every connection in it."""
        if not self.open:
            return
        self.open = False
        self._host.over(self)
        for member in self.seating.everybody():
            member.session.member = None
            if member.session.peer is not None:
                member.session.peer.close(code, reason)
        self.seating.clear()

    def fail(self, failure: Failure) -> None:
        """The author's code raised: the room ends, the journal stays."""
        self.incident = token_hex(4)
        self._log.failure("Room {room} failed ({incident})", failure, room=self.id, incident=self.incident)
        self._host.failed(self, failure)
        self.close(CloseCode.ROOM_FAILED, f"the room failed (incident {self.incident})")

    # ------------------------------------------------------------------ a game begins, or goes on

    def restore(self, machine: Machine | None, members: Iterable[Member], seq: int) -> None:
        """Goes on with a game, those who were here, and events from ``seq``; raises what the game raises."""
        self._feed.seq = seq
        if machine is not None:
            machine.take_events()  # they have been told
            self.machine, self._began = machine, self._now() - machine.tick / self.game_type.rate
            self._feed.show(machine)
        elif self._at_once:
            self._open_game()
        names = {} if self.machine is None else self.machine.game.names
        for told in self.seating.seat_again(members, names, self._at_once):
            self._enter(*told)
        self._flush()
        self._host.changed(self)

    @property
    def _in_ticks(self) -> bool:
        """Whether a tick will come, and tell all what has happened until then."""
        machine = self.machine
        return self.tick_rate > 0 and machine is not None and not machine.finished

    @property
    def _at_once(self) -> bool:
        return self.game_type.rules.begins == "at_once"

    def _try_begin(self) -> None:
        """Begins the game if its rule says so; after the end of another one, all must want it."""
        self._host.changed(self)
        if self.state == "playing" or self.missing:
            return
        if self.seating.all_ready or (self.state == "waiting" and self.game_type.rules.begins == "full"):
            self._begin()

    def _begin(self) -> None:
        for member in self.seating.seats.values():
            member.begin()
        self._feed.tell("started", {})
        self._flush()
        try:
            self._open_game()
        except Refused as refused:
            raise GameError(f"Refused({refused.message!r}) at the start: nobody asked for it") from refused
        for member in self.seating.everybody():
            self.snapshot(member)
        self._flush()

    def _open_game(self) -> None:
        """A new game, with all who are here in it."""
        limit, there = self.limits.inputs_kept, sorted(self.seating.seats.items())
        names = {} if self._at_once else {seat: member.name for seat, member in there}
        self._began = self._now()
        self.machine = Machine.start(self.game_type, self._host.seed(), self.given, names, limit=limit)
        for seat, member in there:
            if self._at_once:
                self._enter("join", seat, member.name)
            if member.away:
                self._enter("drop", seat)
        self._feed.show(self.machine)

    # ------------------------------------------------------------------ within

    def _room_time(self, machine: Machine) -> int:
        """Now, in ticks of the machine."""
        if self.tick_rate or machine.finished:
            return machine.tick
        return max(machine.tick, int((self._now() - self._began) * self.game_type.rate))

    def _enter(self, kind: InputKind, seat: int, name: str = "") -> None:
        """Tells the game who comes and goes, while there is one."""
        if self.machine is not None and not self.machine.finished:
            self.machine.apply(Input(self._room_time(self.machine), kind, seat, name))

    def _apply(self, member: Member, command: Command) -> None:
        try:
            if member.seat is None or not self.open:
                raise Refused("you have no seat in this room", "not_in_room")
            if self.machine is None:
                raise Refused("the game has not begun", "not_started")
            time = self._room_time(self.machine)
            self.machine.apply(Input(time, "command", member.seat, command.name, command.args))
        except Refused as refused:
            member.session.refuse(refused, command.id)

    def _presence(self, member: Member, kind: InputKind, event: str) -> None:
        member.away = kind == "drop"
        if member.seat is None or not self.open:
            return
        self._enter(kind, member.seat)
        self._feed.announce(event, {"seat": member.seat}, member.seat)
        if not self._in_ticks:  # else all are told with the next tick: thousands may come back at a time
            self._flush(but=member)
        self._host.changed(self)

    def _vacate(self, member: Member, seat: int) -> None:
        self._queue = [(who, command) for who, command in self._queue if who is not member]
        self._dismiss(seat)
        self._enter("leave", seat)
        del self.seating.seats[seat]
        self._feed.announce("player_left", {"seat": seat}, seat)
        self._flush()
        self._try_begin()

    def _dismiss(self, seat: int) -> None:
        """Nobody needs to stand in for that seat any more."""
        self.seating.reserved.drop(seat)
        member = self.seating.stand_ins.pop(seat, None)
        if member is not None:
            member.session.member = None
            if member.session.peer is not None:
                member.session.peer.outbox.send(Left())

    def _free_seat(self, wanted: int | None = None) -> int:
        """The seat ``wanted``, or the first that is free; raises `Refused`."""
        if self.state == "playing" and not self._at_once:
            raise Refused("the game has begun", "already_started")
        if not self.has_room:
            raise Refused("the room is full", "room_full")
        return self.seating.free_seat(wanted)

    def _flush(self, but: Member | None = None) -> None:
        """Sends everyone what has changed for them."""
        machine = self.machine
        self._feed.send(machine, self.seating, (but, *self._owed) if but is not None else self._owed or ())
        if machine is not None and not self.tick_rate:
            due = machine.next_due
            alarm = None if due is None else self._began + due / self.game_type.rate
            if alarm != self._alarm:
                self._alarm = alarm
                self._host.wake_at(self, alarm)
        if self._told != self.state:
            self._told = self.state
            for seat in tuple(self.seating.stand_ins) if self._told == "over" else ():
                self._dismiss(seat)
            self._host.changed(self)
