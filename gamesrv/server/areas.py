"""What a room with areas tells those in it: to each what they see of the world, and what happens there.

There is one version of the view for the whole room, as in any other: at each step in which anything changes
anywhere, everyone gets one update, be it an empty one, and a client need not know that there are areas.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import define, field

from gamesrv.core.areas import Areas, Plan, Square
from gamesrv.core.game import Emitted, GameError
from gamesrv.core.grid import Layer
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Event, Player, Update
from gamesrv.core.schema import GameType
from gamesrv.core.views import View
from gamesrv.server.feed import Feed, own_update
from gamesrv.server.outbox import Bundle, Outgoing
from gamesrv.server.sight import Moment, Sight

if TYPE_CHECKING:
    from gamesrv.server.peer import Peer
    from gamesrv.server.seating import Member, Seating

__all__ = ["AreaFeed", "feed_for"]


@define(eq=False)
class AreaFeed(Feed):
    """The feed of a world that nobody sees whole. Who comes and goes is told to nobody else: they are seen.

    All goes over the reliable link: what a datagram would have to make up for is another thing for everyone.
    """

    areas: Areas
    _plan: Plan = field(init=False)
    _layers: list[Layer] = field(factory=list, init=False)
    _local: dict[int, list[Outgoing]] = field(factory=dict, init=False)
    """Events that happened somewhere and are not sent yet, by square."""

    def show(self, machine: Machine) -> None:
        self._plan = Plan(self.areas)
        self._layers = [Layer(name, self._plan) for name in self.areas.maps]
        super().show(machine)

    def announce(self, name: str, data: View, seat: int) -> None:
        self._announced.append(Emitted(name, data, seat))

    def players(self, seating: Seating, member: Member) -> dict[str, Player]:
        return {} if member.seat is None else {str(member.seat): seating.player(member.seat)}

    def view_of(self, machine: Machine | None, member: Member) -> View:
        if machine is None:
            return super().view_of(machine, member)
        sight = member.sight = Sight(self._plan)
        sight.follow(*machine.eyes([member.seat]))
        return {**self.everyone.view, **sight.look(self._layers)}

    def send(self, machine: Machine | None, seating: Seating, deaf: Container[Member] = ()) -> None:
        if machine is None:
            super().send(machine, seating, deaf)
            return
        self._take_events(machine)
        fresh, self._fresh = self._fresh, []
        local, self._local = self._local, {}
        delta = self._look(machine)
        changed = delta is not None or any(layer.changed for layer in self._layers)
        present = [
            (member, peer)
            for member in seating.everybody()
            if (peer := member.session.peer) is not None and member not in deaf
        ]
        for (member, _), place in zip(present, machine.eyes(m.seat for m, _ in present), strict=True):
            if (sight := self._sight(member)) is not None and sight.follow(place):
                changed = True
        if changed and delta is None:
            self.everyone.version += 1
        update = Update(machine.tick, self.everyone.version, delta=delta or {})
        moment = Moment(self._layers, update, machine.finished) if changed else None
        self._push(machine, present, moment, _Events(fresh, local))

    def _push(
        self,
        machine: Machine,
        present: list[tuple[Member, Peer]],
        moment: Moment | None,
        events: _Events,
    ) -> None:
        hidden = machine.game_type.hidden
        for member, peer in present:
            sight = self._sight(member)
            shown: list[Outgoing] = []
            if sight is not None and moment is not None:
                shown = [moment.update_for(sight, member.seat or 0)]
            if hidden and (own := own_update(machine, member)) is not None:
                shown.append(own)
            told = events.told_to(member.seat, None if sight is None else sight.square)
            if shown or told:
                peer.outbox.push(Bundle(shown, told))

    def _sight(self, member: Member) -> Sight | None:
        """`None` for one who was shown nothing of this game yet: a snapshot comes first."""
        sight = member.sight
        return None if sight is None or sight.plan is not self._plan else sight

    def _look(self, machine: Machine) -> View | None:
        view = machine.look()
        if not isinstance(view, Mapping):
            raise GameError(f"view() must be a map in a game with areas, got {type(view).__name__}")
        rest = dict(view)
        for layer in self._layers:
            if layer.name not in rest:
                raise GameError(f"view() has no {layer.name!r}, which areas names")
            layer.look(rest.pop(layer.name), machine.tick, machine.finished)
        return self.everyone.change(rest)

    def _take(self, emitted: Emitted) -> None:
        """What has a place is not kept for later: it was to be seen when it happened."""
        if emitted.where is None or emitted.to is not None:
            super()._take(emitted)
            return
        try:
            square = self._plan.at(*emitted.where)
        except (TypeError, ValueError, OverflowError):
            raise GameError(f"event {emitted.name}: where must be a place, two numbers") from None
        outgoing = Outgoing(Event(self._next(), emitted.name, emitted.data))
        self._local.setdefault(square.key, []).append(outgoing)


def feed_for(game_type: GameType, kept: int) -> Feed:
    """What tells those in a room of that game what happens."""
    areas = game_type.rules.areas
    return Feed(kept) if areas is None else AreaFeed(kept, areas)


@define(eq=False)
class _Events:
    """What is new, and who is told which of it."""

    _fresh: list[tuple[Outgoing, int | None]]
    _local: dict[int, list[Outgoing]]
    _by_square: dict[Square | None, list[Outgoing | Bundle]] = field(factory=dict, init=False)
    _private: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._private = any(to is not None for _, to in self._fresh)

    def told_to(self, seat: int | None, square: Square | None) -> list[Outgoing | Bundle]:
        """In the order in which it happened."""
        told = self._by_square.get(square)
        if told is None:
            public: list[Outgoing | Bundle] = [*sorted(self._public(square), key=_number)]
            told = public if self._private or len(public) < 2 else [Bundle((), public)]
            self._by_square[square] = told
        if not self._private:
            return told
        own = [outgoing for outgoing, to in self._fresh if to is not None and to == seat]
        return sorted([*told, *own], key=_number) if own else told

    def _public(self, square: Square | None) -> Iterator[Outgoing]:
        for outgoing, to in self._fresh:
            if to is None:
                yield outgoing
        if square is not None:
            for place in self._local.keys() & square.near:
                yield from self._local[place]


def _number(outgoing: Outgoing | Bundle) -> int:
    assert isinstance(outgoing, Outgoing) and isinstance(outgoing.message, Event)
    return outgoing.message.seq
