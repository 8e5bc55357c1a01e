"""What a room tells those in it: events in one sequence, and the views as they change."""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from typing import TYPE_CHECKING, Any

from attrs import define, field

from gamesrv.core.game import Emitted
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Event, Player, Update
from gamesrv.core.views import Audience, View
from gamesrv.server.outbox import Bundle, Outgoing
from gamesrv.server.stream import Stream

if TYPE_CHECKING:
    from gamesrv.server.seating import Member, Seating

__all__ = ["Feed", "own_update", "own_view"]


@define(eq=False)
class Feed:
    """The events of one room, the newest ``kept`` of them for those who come back, and everyone's view."""

    kept: int
    seq: int = field(default=0, init=False)
    """The number of the last event."""
    everyone: Audience = field(factory=Audience, init=False)
    _events: deque[tuple[Event, int | None]] = field(init=False)
    """The newest events, and the seat each was for."""
    _fresh: list[tuple[Outgoing, int | None]] = field(factory=list, init=False)
    """Events not sent yet."""
    _announced: list[Emitted] = field(factory=list, init=False)
    """What is to be an event with the next `send`: no snapshot before that tells of it."""
    _whole_since: int | None = field(default=None, init=False)
    """The last event that is gone from the newest; `None` before the first one was told."""
    _stream: Stream | None = field(default=None, init=False)
    """There while somebody gets the state by datagram."""

    def __attrs_post_init__(self) -> None:
        self._events = deque(maxlen=self.kept)

    def show(self, machine: Machine) -> None:
        """From now on everyone sees this game, as it is.

        Versions go on from those of the game before: what comes late of that one can't be taken for news.
        """
        self.everyone = Audience(self.everyone.version + 1)
        self._stream = None
        self._look(machine)

    def tell(self, name: str, data: dict[str, Any], to: int | None = None) -> None:
        """Puts an event into the sequence, for all or one seat; the next `send` sends it."""
        if len(self._events) == self.kept:
            self._whole_since = self._events[0][0].seq
        event = Event(self._next(), name, data)
        self._events.append((event, to))
        self._fresh.append((Outgoing(event), to))

    def announce(self, name: str, data: dict[str, Any], seat: int) -> None:
        """Somebody comes or goes: the next `send` puts it into the sequence, and sends it."""
        self._announced.append(Emitted(name, data, None))

    def players(self, seating: Seating, member: Member) -> dict[str, Player]:
        """Who sits where, as far as this member is told."""
        return seating.players()

    def view_of(self, machine: Machine | None, member: Member) -> View:
        """What this member sees now, for a snapshot."""
        return self.everyone.view

    def missed(self, member: Member, last: int) -> list[Event] | None:
        """The events after ``last`` that this member may see; `None` where some of them are gone."""
        if last < (self.seq if self._whole_since is None else self._whole_since):
            return None
        return [event for event, to in self._events if event.seq > last and to in (None, member.seat)]

    def send(self, machine: Machine | None, seating: Seating, deaf: Container[Member] = ()) -> None:
        """Sends all but the deaf what has changed for them, each thing encoded once per format.

        Raises what the author's views raise.
        """
        self._take_events(machine)
        fresh, self._fresh = self._fresh, []
        updates: list[Outgoing] = []
        hidden = ticks = False
        if machine is not None and not machine.game_type.lockstep:
            updates = self._public_update(machine)
            hidden, ticks = machine.game_type.hidden, machine.game_type.rules.tick_rate > 0
        common, apart = _divided(fresh)
        if not (updates or hidden or ticks or common):
            self._send_apart(apart, seating, deaf)
            return
        all_told = Bundle(updates, common)
        seats_told: dict[int | None, Bundle] = {seat: Bundle(updates, told) for seat, told in apart.items()}
        alike = bool(updates or fresh) and not (hidden or apart)
        stream = None
        for member in seating.everybody():
            peer = member.session.peer
            if peer is None or member in deaf:
                continue
            if alike and peer.channel is None:
                peer.outbox.push(all_told)
                continue
            bundle = seats_told.get(member.seat, all_told)
            if peer.channel is not None and machine is not None and ticks:
                stream = self._stream = self._stream or Stream(self.everyone.version)
                shown = stream.send(member, peer.channel, updates, machine.finished)
                bundle = Bundle(shown, bundle.events)
            if hidden and (own := own_update(machine, member)) is not None:
                bundle = Bundle([*bundle.updates, own], bundle.events)
            if bundle.updates or bundle.events:
                peer.outbox.push(bundle)
        self._stream = stream

    def _send_apart(
        self, apart: dict[int, list[Outgoing]], seating: Seating, deaf: Container[Member]
    ) -> None:
        """There is nothing but some events for some seats."""
        for member in seating.at(apart):
            peer = member.session.peer
            if peer is not None and member.seat is not None and member not in deaf:
                told = apart[member.seat]
                peer.outbox.push(told[0] if len(told) == 1 else Bundle((), told))

    def _public_update(self, machine: Machine) -> list[Outgoing]:
        delta = self._look(machine)
        if delta is None:
            return []
        update = Update(machine.tick, self.everyone.version, delta=delta)
        outgoing = Outgoing(update)
        if self._stream is not None:
            self._stream.add(update, outgoing)
        return [outgoing]

    def _look(self, machine: Machine) -> View | None:
        """The patch to what everyone sees; `None` where it is the same."""
        return self.everyone.change(machine.look())

    def _take_events(self, machine: Machine | None) -> None:
        if self._announced:
            announced, self._announced = self._announced, []
            for emitted in announced:
                self._take(emitted)
        if machine is not None and machine.has_events:
            for emitted in machine.take_events():
                self._take(emitted)

    def _take(self, emitted: Emitted) -> None:
        self.tell(emitted.name, emitted.data, emitted.to)

    def _next(self) -> int:
        """The number of one more event."""
        if self._whole_since is None:
            self._whole_since = self.seq
        self.seq += 1
        return self.seq


def _divided(
    fresh: list[tuple[Outgoing, int | None]],
) -> tuple[list[Outgoing], dict[int, list[Outgoing]]]:
    """What all are told, and what those seats are that are told more."""
    common: list[Outgoing] = []
    apart: dict[int, list[Outgoing]] = {}
    for outgoing, to in fresh:
        if to is None:
            common.append(outgoing)
            for told in apart.values():
                told.append(outgoing)
        elif to in apart:
            apart[to].append(outgoing)
        else:
            apart[to] = [*common, outgoing]
    return common, apart


def own_view(machine: Machine | None, member: Member) -> View | None:
    """Brings the seat's own view up to date and returns what changed; `None` where there is none."""
    if machine is None or not machine.game_type.hidden or member.seat is None:
        return None
    return member.own.change(machine.look(member.seat)) or {}


def own_update(machine: Machine | None, member: Member) -> Outgoing | None:
    """What has changed in the seat's own view, as an update; `None` where nothing has."""
    mine = own_view(machine, member)
    if machine is None or not mine:
        return None
    return Outgoing(Update(machine.tick, member.own.version, mine=mine))
