"""Tells a game that was kept again, step by step: views and events as somebody there would have got them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from attrs import define, field
from msgspec import UNSET, Struct, UnsetType

from gamesrv.core.game import as_plain
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Player
from gamesrv.core.views import Audience, View, prune
from gamesrv.storage.replaying import Changed, Replay

__all__ = ["Retelling", "Setting", "Step", "Told", "Viewer"]

Viewer: TypeAlias = int | Literal["watcher", "all"]
"""A seat, one who only looked on, or one who looks over all shoulders."""


class Setting(Struct, frozen=True):
    """What stays as it is, and who was there at the start."""

    title: str
    rate: int
    """Ticks per second."""
    seats: tuple[int, int]
    """The fewest players, and the most."""
    options: dict[str, Any]
    players: dict[int, Player]


class Told(Struct, frozen=True, omit_defaults=True):
    """An event; one that not all were told says for which seat it was."""

    name: str
    data: dict[str, Any] = {}
    to: int | None = None


class Step(Struct, frozen=True, omit_defaults=True):
    """What somebody saw at a tick: merge patches to everyone's view, and to those of seats."""

    tick: int
    delta: View | UnsetType = UNSET
    own: dict[int, View] = {}
    events: list[Told] = []


_PRESENCE = {
    "join": "player_joined",
    "leave": "player_left",
    "drop": "player_dropped",
    "back": "player_back",
}


@define(eq=False)
class Retelling:
    """One pass through a game for one viewer."""

    replay: Replay
    viewer: Viewer
    _everyone: Audience = field(factory=Audience, init=False)
    _own: dict[int, Audience] = field(factory=dict, init=False)
    _been: set[int] = field(factory=set, init=False)
    """Seats that somebody has sat in."""

    @property
    def setting(self) -> Setting:
        """What one has to know to follow it."""
        game_type = self.replay.game_type
        header, chosen = self.replay.recording.header, self.replay.machine.game.options
        players = {seat: Player(name) for seat, name in header.names.items()}
        options = prune(as_plain(chosen, "options"))
        return Setting(game_type.title, header.rate, game_type.seats_for(chosen), options, players)

    def steps(self) -> Iterator[Step | None]:
        """The first one has whole views; `None` for a moment in which there was nothing to see.

        Raises `Changed` at the end where the game was not what it had been, so nothing counts before that;
        and whatever the author's code raises.
        """
        yield self._look([])
        for entry in self.replay.run():
            what = None if entry is None or self.replay.refused else entry.what
            yield self._look(_presence(what) if isinstance(what, Input) else [])
        if self.replay.difference is not None:
            raise Changed(f"the rules lead elsewhere since tick {self.replay.difference.tick}")

    def _look(self, events: list[Told]) -> Step | None:
        machine = self.replay.machine
        for event in machine.take_events():
            if event.to is None or self.viewer in ("all", event.to):
                events.append(Told(event.name, event.data, event.to))
        delta = self._everyone.change(machine.look())
        own = {seat: patch for seat in self._seats(machine) if (patch := self._change(machine, seat))}
        if delta is None and not own and not events:
            return None
        return Step(machine.tick, UNSET if delta is None else delta, own, events)

    def _change(self, machine: Machine, seat: int) -> View | None:
        return self._own.setdefault(seat, Audience()).change(machine.look(seat))

    def _seats(self, machine: Machine) -> list[int]:
        """Whose own views are seen: of those there, and of empty seats where somebody stood in."""
        if not machine.game_type.hidden or self.viewer == "watcher":
            return []
        self._been.update(machine.game.names)
        there = self._been if machine.game_type.rules.stand_ins else machine.game.names
        return [seat for seat in sorted(there) if self.viewer in ("all", seat)]


def _presence(item: Input) -> list[Told]:
    """What a room tells of those who come and go."""
    if item.kind not in _PRESENCE:
        return []
    data = {"seat": item.seat} | ({"name": item.name} if item.kind == "join" else {})
    return [Told(_PRESENCE[item.kind], data)]
