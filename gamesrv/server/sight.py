"""How far somebody in a room with areas sees, and what they have to be told at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from gamesrv.core.areas import Plan, Square
from gamesrv.core.game import GameError
from gamesrv.core.grid import Cell, Layer, Portion
from gamesrv.core.messages import Update
from gamesrv.core.sights import CHOOSE_EVERY, Choice, Place, Told, between, crowded, seen
from gamesrv.core.views import View
from gamesrv.server.interfaces import Format
from gamesrv.server.outbox import Outgoing
from gamesrv.server.splice import Piece, Splice, splice_for

__all__ = ["Moment", "Sight"]


@define(eq=False)
class Sight:
    """What one member saw last: all around a square, or what was chosen where that would be too much."""

    plan: Plan
    square: Square | None = None
    before: Square | None = None
    """The square of the moment before this one."""
    place: Place | None = None
    choices: dict[str, Choice] = field(factory=dict)
    """By map."""

    def follow(self, place: Place | None) -> bool:
        """The eye is there now; returns whether something may come into sight by that alone."""
        self.before, self.place = self.square, place
        if place is None:
            self.square = None
        elif self.square is None or not self.square.holds(*place):
            try:
                self.square = self.plan.at(*place)
            except (TypeError, ValueError, OverflowError):
                raise GameError(f"eye() must be a place, two numbers, got {place!r}") from None
        return self.square is not self.before or bool(self.choices)

    def look(self, layers: Sequence[Layer]) -> View:
        """All that is seen from there, for one who knows nothing yet."""
        self.choices.clear()
        view: View = {}
        for layer in layers:
            cap = self.plan.areas.caps.get(layer.name)
            things = seen(layer, self.square)
            if cap is not None and self.place is not None and crowded(layer, self.square, cap):
                choice = self.choices[layer.name] = Choice()
                choice.choose(layer, self.square, self.place, cap)
                things = (layer.named[name] for name in choice.names)
            view[layer.name] = {thing.name: thing.plain for thing in things}
        return view


class _Update(Outgoing):
    """An update whose maps are put together from what was encoded once for all who see the same area."""

    __slots__ = ("_told", "_update")

    def __init__(self, update: Update, told: Sequence[tuple[str, Told]]) -> None:
        super().__init__(update)
        self._update = update
        self._told = told

    def frame(self, fmt: Format) -> bytes:
        frame = self.frames.get(fmt)
        if frame is None:
            splice, update = splice_for(fmt), self._update
            delta = {} if not isinstance(update.delta, dict) else dict(update.delta)
            for name, told in self._told:
                delta[name] = told.plain() if splice is None else _spliced(told, splice)
            frame = self.frames[fmt] = fmt.encode(Update(update.tick, update.v, delta=delta))
        return frame


def _spliced(told: Told, splice: Splice) -> object:
    pieces = [_piece(cell, portion, splice) for cell, portion in told.portions]
    if told.things:
        pieces.append(splice.piece(told.things))
    return splice.join(pieces)


def _piece(cell: Cell, portion: Portion, splice: Splice) -> Piece:
    key = splice, portion
    piece: Piece | None = cell.encoded.get(key)
    if piece is None:
        piece = cell.encoded[key] = splice.piece(cell.portion(portion))
    return piece


@define(eq=False)
class Moment:
    """One version of a room's view, and the updates to it: the same for all who see the same."""

    layers: Sequence[Layer]
    update: Update
    """What everyone is told."""
    last: bool
    """No other comes after it."""
    _shared: dict[tuple[Square | None, Square | None], _Update] = field(factory=dict, init=False)
    _told: dict[tuple[Layer, Square | None, Square | None], Told] = field(factory=dict, init=False)
    _crowded: dict[tuple[Layer, Square | None], bool] = field(factory=dict, init=False)

    def update_for(self, sight: Sight, turn: int) -> _Update:
        """What that one is told. ``turn`` spreads over the ticks who looks around in a crowd."""
        way = sight.before, sight.square
        update = None if sight.choices else self._shared.get(way)
        if update is not None:
            return update
        own = {
            layer.name: told for layer in self.layers if (told := self._own(layer, sight, turn)) is not None
        }
        update = self._individual(sight, own)
        if not own:
            self._shared[way] = update
        return update

    def _individual(self, sight: Sight, own: dict[str, Told]) -> _Update:
        told = [
            (layer.name, own[layer.name] if layer.name in own else self._between(layer, sight))
            for layer in self.layers
        ]
        return _Update(self.update, [(name, each) for name, each in told if each])

    def _between(self, layer: Layer, sight: Sight) -> Told:
        key = layer, sight.before, sight.square
        told = self._told.get(key)
        if told is None:
            told = self._told[key] = between(layer, sight.before, sight.square)
        return told

    def _own(self, layer: Layer, sight: Sight, turn: int) -> Told | None:
        """What is for that one alone, where there is more of a map than it may see; else `None`."""
        cap = sight.plan.areas.caps.get(layer.name)
        if cap is None:
            return None
        choice = sight.choices.get(layer.name)
        if sight.place is None or not self._is_crowded(layer, sight.square, cap):
            if choice is None:
                return None
            del sight.choices[layer.name]
            return choice.no_longer(layer, sight.square)
        if choice is None:
            choice = sight.choices[layer.name] = Choice()
            choice.choose(layer, sight.square, sight.place, cap)
            return choice.instead(layer, sight.before)
        known = choice.names
        is_turn = (self.update.tick + turn) % CHOOSE_EVERY == 0
        if self.last or is_turn or sight.square is not sight.before:
            choice.choose(layer, sight.square, sight.place, cap)
        else:
            choice.drop_gone(layer)
        return choice.since(layer, known)

    def _is_crowded(self, layer: Layer, square: Square | None, cap: int) -> bool:
        key = layer, square
        known = self._crowded.get(key)
        if known is None:
            known = self._crowded[key] = crowded(layer, square, cap)
        return known
