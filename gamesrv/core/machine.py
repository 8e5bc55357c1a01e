"""The deterministic machine: an author's game, room time, timers and chance, fed by stamped inputs.

Whatever enters does so as an `Input`, in order; timers fire inside as the clock advances. The same seed,
options and inputs give the same states, so a journal is a replay, a recovery and a test at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop
from types import MappingProxyType
from typing import Any

import msgspec
from attrs import define, evolve, field
from msgspec.structs import replace

from gamesrv.core.game import Context, Emitted, Game, GameError, Refused, as_plain
from gamesrv.core.journal import Input, Journal
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.core.state import dump, fingerprint, load
from gamesrv.core.views import View

__all__ = ["Machine", "replay"]


@define(eq=False)
class Machine:
    """One running game. Anything that its methods raise but `Refused` is the author's and ends the game."""

    game_type: GameType
    game: Game
    journal: Journal
    _context: Context = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._context = self.game._context

    @classmethod
    def start(
        cls,
        game_type: GameType,
        seed: bytes,
        options: dict[str, Any],
        names: Mapping[int, str] = MappingProxyType({}),
        **journal: Any,
    ) -> "Machine":
        """Begins a game, with those whose names are given in their seats. Raises `Refused` where the options
        are wrong.
        """
        context = _context(game_type, seed, options)
        context.names.update(names)
        game = game_type.rules()
        game._context = context
        machine = cls(game_type, game, Journal(game_type.name, seed, options, dict(names), **journal))
        game.on_start()
        return machine

    @property
    def tick(self) -> int:
        """Room time."""
        return self._context.tick

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._context.finished

    @property
    def result(self) -> Any:
        """What came of it, once it is over."""
        return self._context.result

    def standings(self) -> dict[int, int]:
        """The place of each seat, from 1, once the game is over; those who are level share one. Raises
        `GameError` where the author's answer makes no sense.
        """
        try:
            told = self.game.standings()
        except Refused as refused:
            raise _nobody_asked("standings()", refused) from refused
        return _places(told, self.game_type.seats_for(self._context.options)[1])

    @property
    def next_due(self) -> int | None:
        """The tick of the next timer."""
        timers = self._context.timers
        return timers[0].due if timers and not self.finished else None

    @property
    def inputs(self) -> Sequence[int]:
        """What every seat of a lockstep game holds."""
        return self._context.inputs

    def apply(self, item: Input) -> None:
        """Takes an input at its tick, or now where that is past.

        Raises `Refused`, and then nothing has changed but the time and the journal.
        """
        context, journal = self._context, self.journal
        if item.tick > context.tick or item.tick > journal.tick:
            self.advance(item.tick)
        command = self._command(item) if item.kind == "command" else None
        if len(journal.inputs) >= journal.limit:
            journal.restart(dump(self.game))
        journal.inputs.append(item if item.tick == context.tick else replace(item, tick=context.tick))
        events = context.events
        emitted = len(events)
        try:
            if command is None:
                self._take(item)
            else:
                handle, args = command
                handle(item.seat, **args)
        except Refused:
            del events[emitted:]
            raise

    def advance(self, tick: int) -> None:
        """Lets room time pass, up to and with ``tick``: timers fire, a real-time game steps."""
        context = self._context
        if tick > self.journal.tick:
            self.journal.tick = tick
        while context.tick < tick:
            context.tick = self._next_moment(tick)
            self._run_moment()

    @property
    def has_events(self) -> bool:
        """Whether anything was emitted since they were taken."""
        return bool(self._context.events)

    def take_events(self) -> list[Emitted]:
        """What was emitted since the last time."""
        events = self._context.events
        self._context.events = []
        return events

    def look(self, seat: int | None = None) -> object:
        """Everyone's view, or a seat's own, as the author gives it: an `Audience` makes plain data of it."""
        try:
            return self.game.view() if seat is None else self.game.view_for(seat)
        except Refused as refused:
            raise _nobody_asked("view()" if seat is None else "view_for()", refused) from refused

    def eyes(self, seats: Iterable[int | None]) -> list[tuple[float, float] | None]:
        """Where each of those looks from; `None` for one who only watches."""
        try:
            return [*map(self.game.eye, seats)]
        except Refused as refused:
            raise _nobody_asked("eye()", refused) from refused

    def view(self) -> View:
        """Everyone's view, as plain data."""
        return as_plain(self.look(), "view()")

    def view_for(self, seat: int) -> View:
        """A seat's own view, as plain data."""
        return as_plain(self.look(seat), "view_for()")

    def checksum(self) -> int:
        """Of the world of a lockstep game: what its clients come to as well."""
        try:
            return self.game.checksum() & 0xFFFFFFFF
        except Refused as refused:
            raise _nobody_asked("checksum()", refused) from refused

    def state_hash(self) -> str:
        """Equal for equal states."""
        return fingerprint(self.game)

    def _command(self, item: Input) -> tuple[Callable[..., object], dict[str, Any]]:
        """A command's method, and what to give it."""
        found = self.game_type.commands.get(item.name)
        if found is None:
            raise Refused(f"{self.game_type.name} has no command {item.name!r}", "unknown_command", "name")
        args = found.args.parse(item.args)
        if self._context.finished:
            raise Refused("the game is over", "game_over")
        return getattr(self.game, found.method), args

    def _take(self, item: Input) -> None:
        match item.kind:
            case "input":
                self._context.inputs[item.seat] = item.bits
            case "join":
                self._join(item)
            case kind:
                hook = f"on_{kind}"
                try:
                    getattr(self.game, hook)(item.seat)
                except Refused as refused:
                    raise _nobody_asked(hook, refused) from refused
                if kind == "leave":
                    del self._context.names[item.seat]

    def _run_moment(self) -> None:
        context = self._context
        while context.timers and context.timers[0].due <= context.tick and not context.finished:
            timer = heappop(context.timers)
            try:
                getattr(self.game, timer.name)(*timer.args)
            except Refused as refused:
                raise _nobody_asked(timer.name, refused) from refused
        if self.game_type.rules.tick_rate and not context.finished:
            try:
                self.game.on_tick()
            except Refused as refused:
                raise _nobody_asked("on_tick", refused) from refused

    def _join(self, item: Input) -> None:
        self._context.names[item.seat] = item.name
        try:
            self.game.on_join(item.seat)
        except Refused:
            del self._context.names[item.seat]
            raise

    def _next_moment(self, limit: int) -> int:
        if self.game_type.rules.tick_rate:
            return self._context.tick + 1
        due = self.next_due
        return limit if due is None else min(limit, due)


def replay(game_type: GameType, journal: Journal) -> Machine:
    """Runs a journal again, to where it got; raises what the game raised then."""
    if journal.checkpoint is None:
        machine = Machine.start(game_type, journal.seed, journal.options, journal.names, limit=journal.limit)
    else:
        machine = _restore(game_type, journal)
    for item in journal.inputs:
        try:
            machine.apply(item)
        except Refused:
            continue
    machine.advance(journal.tick)
    return machine


def _restore(game_type: GameType, journal: Journal) -> Machine:
    assert journal.checkpoint is not None
    context = _context(game_type, journal.seed, journal.options)
    game = load(game_type.rules, journal.checkpoint, context)
    return Machine(game_type, game, evolve(journal, tick=0, inputs=[]))


def _places(told: object, seats: int) -> dict[int, int]:
    try:
        groups = msgspec.convert(told, list[list[int]])
    except msgspec.ValidationError as error:
        raise GameError(f"standings() must be lists of seats: {error}") from None
    places: dict[int, int] = {}
    for group in groups:
        place = len(places) + 1
        for seat in group:
            if not 0 <= seat < seats or seat in places:
                problem = "twice" if seat in places else f"beyond the {seats} there are"
                raise GameError(f"standings() has seat {seat} {problem}")
            places[seat] = place
    return places


def _context(game_type: GameType, seed: bytes, options: dict[str, Any]) -> Context:
    chosen = game_type.choose(options)
    seats = game_type.seats_for(chosen)[1] if game_type.lockstep else 0
    return Context(Random(seed), chosen, game_type.rate, inputs=[0] * seats)


def _nobody_asked(where: str, refused: Refused) -> GameError:
    """For author's code that nobody has asked for, so that nobody is there to be told no."""
    return GameError(f"Refused({refused.message!r}) in {where}: nobody is there to be told")
