"""One process's part of ``gamesrv check``: plays games, new or recorded ones, and writes each step down.

Run as ``python -m gamesrv.cli.trial JOB RESULT``, with a hash seed of its own: what a game leaves behind in
its modules, or takes from there, then differs from one process to the next.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from attrs import define, field

from gamesrv.cli.culprit import unsaved
from gamesrv.cli.games import load_game
from gamesrv.cli.player import RandomPlayer
from gamesrv.cli.values import random_values
from gamesrv.core.game import GameError, Refused
from gamesrv.core.journal import Input, Journal
from gamesrv.core.machine import Machine, replay
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.core.state import dump

__all__ = ["Failure", "Job", "Played", "Step", "Start"]

SAVE_EVERY = 10
"""Steps from one save and restore to the next."""


class Start(msgspec.Struct, frozen=True):
    """What a game begins with."""

    number: int
    seed: bytes
    options: dict[str, Any]
    names: dict[int, str]


class Step(msgspec.Struct, frozen=True):
    """What entered, and all that can be seen then."""

    what: Input | int
    tick: int
    state: bytes
    events: list[Any]
    views: list[Any]
    """Everyone's, then those of the seats."""


class Failure(msgspec.Struct, frozen=True):
    """The game raised."""

    what: Input | int | None
    """What entered; `None` for the start."""
    tick: int
    told: str


class Played(msgspec.Struct):
    """A game, step by step."""

    start: Start
    steps: list[Step] = []
    failure: Failure | None = None


class Job(msgspec.Struct, frozen=True):
    """What to do: play some games at random, or these again, in the order given."""

    game: str
    seed: int = 0
    games: int = 0
    steps: int = 0
    again: list[tuple[Start, list[Input | int]]] = []
    save: bool = False
    """Whether the state is saved and restored on the way."""


def run(job: Job) -> list[Played]:
    """Does it."""
    game_type = load_game(job.game)
    if job.games:
        return [_play(game_type, job, number) for number in range(job.games)]
    return [_play_again(game_type, start, whats, job.save) for start, whats in job.again]


# ---------------------------------------------------------------------- playing


def _play(game_type: GameType, job: Job, number: int) -> Played:
    random = Random(f"{job.seed}/{number}".encode())
    start = _start(game_type, number, random)
    trial = Trial(game_type, Played(start))
    if trial.begin():
        player = RandomPlayer(trial.machine, random)
        for _ in range(job.steps):
            if trial.machine.finished or not trial.guarded(lambda: _one(trial, player)):
                break
    return trial.played


def _one(trial: Trial, player: RandomPlayer) -> None:
    what = player.next()
    accepted = trial.step(what)
    player.happened(what, accepted, trial.events)


def _start(game_type: GameType, number: int, random: Random) -> Start:
    """Every other game has options of its own, if there are any that fit together."""
    options = random_values(game_type.options, random) if number % 2 else {}
    try:
        fewest, most = game_type.seats_for(game_type.choose(options))
    except (Refused, ValueError):
        options = {}
        fewest, most = game_type.seats_for(game_type.choose(options))
    there = 0 if game_type.rules.begins == "at_once" else random.between(fewest, most)
    return Start(number, random.seed, options, {seat: f"player {seat}" for seat in range(there)})


def _play_again(game_type: GameType, start: Start, whats: Iterable[Input | int], save: bool) -> Played:
    trial = Trial(game_type, Played(start))
    if trial.begin():
        for number, what in enumerate(whats, 1):
            if not trial.guarded(partial(trial.step, what)):
                break
            if save and number % SAVE_EVERY == 0 and not trial.guarded(trial.restore):
                break
    return trial.played


@define(eq=False)
class Trial:
    """One game and the record of it."""

    _game_type: GameType
    played: Played
    machine: Machine = field(init=False)
    events: list[Any] = field(factory=list)
    """Of the last step."""
    _what: Input | int | None = None
    """What entered last."""

    def begin(self) -> bool:
        """Whether it could begin."""
        return self.guarded(self._begin)

    def _begin(self) -> None:
        start = self.played.start
        self.machine = Machine.start(self._game_type, start.seed, start.options, start.names)
        self._note(0)

    def step(self, what: Input | int) -> bool:
        """Lets it in, and says whether it was accepted."""
        accepted, self._what = True, what
        if isinstance(what, int):
            self.machine.advance(what)
        else:
            try:
                self.machine.apply(what)
            except Refused:
                accepted = False
        self._note(what)
        return accepted

    def _note(self, what: Input | int) -> None:
        machine = self.machine
        self.events = machine.take_events()
        events = [[event.name, event.data, event.to] for event in self.events]
        views: list[Any] = [machine.view()]
        if machine.game_type.hidden:
            views += [machine.view_for(seat) for seat in sorted(machine.game.names)]
        if machine.finished:
            machine.standings()  # those that make no sense are a failure too
        self.played.steps.append(Step(what, machine.tick, dump(machine.game), events, views))

    def restore(self) -> None:
        """Puts the game away and takes it out again, as a server does that was killed."""
        old, start = self.machine, self.played.start
        journal = Journal(
            self._game_type.name, start.seed, start.options, tick=old.tick, checkpoint=dump(old.game)
        )
        self.machine = replay(self._game_type, journal)

    def guarded(self, act: Callable[[], object]) -> bool:
        """Whether it went well; else the failure is noted."""
        try:
            act()
        except Exception as error:
            tick = self.machine.tick if hasattr(self, "machine") else 0
            self.played.failure = Failure(self._what, tick, self._told(error))
        return self.played.failure is None

    def _told(self, error: Exception) -> str:
        field = unsaved(self.machine.game) if isinstance(error, GameError) else None
        if field is not None:
            return f"the state can't be saved: {field}"
        return "".join(traceback.format_exception(error)).strip()


def main(job: str, result: str) -> None:
    """Reads the job, and writes the result."""
    done = run(msgspec.msgpack.decode(Path(job).read_bytes(), type=Job))
    Path(result).write_bytes(msgspec.msgpack.encode(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
