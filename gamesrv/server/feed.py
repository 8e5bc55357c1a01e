"""What a room tells those in it: events in one sequence, and the views as they change."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, field

from gamesrv.core.machine import Machine
from gamesrv.core.messages import Event, Update
from gamesrv.core.views import Audience, View
from gamesrv.server.outbox import Outgoing
from gamesrv.server.stream import Stream

if TYPE_CHECKING:
    from gamesrv.server.seating import Member

__all__ = ["Feed"]


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
        self.everyone.change(machine.look())

    def tell(self, name: str, data: dict[str, Any], to: int | None = None) -> None:
        """Puts an event into the sequence, for all or one seat; the next `send` sends it."""
        self.seq += 1
        event = Event(self.seq, name, data)
        self._events.append((event, to))
        self._fresh.append((Outgoing(event), to))

    def missed(self, member: Member, last: int) -> list[Event] | None:
        """The events after ``last`` that this member may see; `None` where some of them are gone."""
        if last < self.seq - len(self._events):
            return None
        return [event for event, to in self._events if event.seq > last and to in (None, member.seat)]

    def send(self, machine: Machine | None, members: Iterable[Member]) -> None:
        """Sends the members what has changed for them, each thing encoded once per format.

        Raises what the author's views raise.
        """
        if machine is not None:
            for emitted in machine.take_events():
                self.tell(emitted.name, emitted.data, emitted.to)
        fresh, self._fresh = self._fresh, []
        lockstep = machine is not None and machine.game_type.lockstep
        if lockstep and not fresh:
            return
        updates = [] if machine is None or lockstep else self._public_update(machine)
        hidden = machine is not None and machine.game_type.hidden
        private = hidden or any(to is not None for _, to in fresh)
        events = [outgoing for outgoing, _ in fresh]
        stream = None
        for member in members:
            peer = member.session.peer
            if peer is None:
                continue
            shown: Sequence[Outgoing] = updates
            ticking = machine is not None and machine.game_type.rules.tick_rate and not lockstep
            if peer.channel is not None and machine is not None and ticking:
                stream = self._stream = self._stream or Stream(self.everyone.version)
                shown = stream.send(member, peer.channel, updates, machine.finished)
            if private:
                events = [outgoing for outgoing, to in fresh if to in (None, member.seat)]
                shown = [*shown, *_own_update(machine, member)]
            peer.outbox.push(shown, events)
        self._stream = stream

    def _public_update(self, machine: Machine) -> list[Outgoing]:
        delta = self.everyone.change(machine.look())
        if delta is None:
            return []
        update = Update(machine.tick, self.everyone.version, delta=delta)
        outgoing = Outgoing(update)
        if self._stream is not None:
            self._stream.add(update, outgoing)
        return [outgoing]


def own_view(machine: Machine | None, member: Member) -> View | None:
    """Brings the seat's own view up to date and returns what changed; `None` where there is none."""
    if machine is None or not machine.game_type.hidden or member.seat is None:
        return None
    return member.own.change(machine.look(member.seat)) or {}


def _own_update(machine: Machine | None, member: Member) -> list[Outgoing]:
    delta = own_view(machine, member)
    if machine is None or not delta:
        return []
    return [Outgoing(Update(machine.tick, member.own.version, mine=delta))]
