"""``gamesrv replay``: shows a game again, step by step, or checks that it comes out the same."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from attrs import define, evolve, field

from gamesrv.cli.differences import state_difference
from gamesrv.cli.games import load_game
from gamesrv.cli.problem import Problem
from gamesrv.cli.source import add_store, find_recording
from gamesrv.cli.told import as_json, input_line, room_time
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType
from gamesrv.core.views import Audience
from gamesrv.storage.interfaces import Entered, Recording
from gamesrv.storage.journals import tick_of
from gamesrv.storage.replaying import Difference, Replay
from gamesrv.storage.rules import hash_of

__all__ = ["add"]

SHIPPED = "gamesrv.games."


def add(subparsers: Any) -> None:
    """Adds the command to the parser."""
    parser = subparsers.add_parser(
        "replay",
        help="show a game again, or check it",
        description="Shows what happened in a game: inputs, events, and what changed in view (as JSON merge"
        " patches); then the whole view.",
    )
    parser.add_argument("name", metavar="FILE|ROOM", help="a file, or a room, game or incident in the store")
    add_store(parser)
    parser.add_argument(
        "--game", metavar="MODULE:CLASS", help="the rules, where they are not where they were"
    )
    parser.add_argument("--tick", type=int, help="stop there")
    seats = parser.add_mutually_exclusive_group()
    seats.add_argument("--seat", type=int, help="what this seat saw, besides what all did")
    seats.add_argument("--all", action="store_true", help="what every seat saw")
    parser.add_argument("--check", action="store_true", help="only compare with the hashes that were kept")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Status 1 where a check finds a difference, or the game fails."""
    recording, ours = find_recording(arguments)
    rules = load_game(arguments.game or _rules(recording, ours))
    for line in _remarks(recording, rules):
        print(line)
    if arguments.tick is not None:
        recording = _until(recording, arguments.tick)
    replay = Replay(rules, recording)
    return _check(replay) if arguments.check else _show(replay, Show(arguments.seat, arguments.all))


def _rules(recording: Recording, ours: bool) -> str:
    """A file from elsewhere may name any module at all: only a shipped game is loaded for it unasked."""
    rules = recording.header.rules
    if not ours and not rules.startswith(SHIPPED):
        raise Problem(f"the file was played by {rules}: if that is what you want to run, say --game {rules}")
    return rules


def _remarks(recording: Recording, rules: GameType) -> Iterator[str]:
    if recording.header.rules_hash != hash_of(rules.rules):
        yield "The rules have changed since this was played."
    if recording.damage is not None:
        yield f"This is not all of it: {recording.damage}."


# ---------------------------------------------------------------------- checking


def _check(replay: Replay) -> int:
    recording = replay.recording
    try:
        for _ in replay.run():
            pass
    except Exception as error:  # the author's
        print(f"The game failed: {type(error).__name__}: {error}")
        return 1
    if replay.difference is not None:
        print(f"It comes out differently: {_told(replay.difference, recording.header.rate)}")
        return 1
    states = len(recording.snapshots) + (recording.finished is not None)
    print(f"{len(recording.entries)} entries, {states} states compared: the same")
    return 0


def _told(different: Difference, rate: int) -> str:
    where = room_time(different.tick, rate)
    if different.kept is None:
        return f"{where}: the last state has another hash"
    return f"{where}: {state_difference(different.kept, different.now)}"


# ---------------------------------------------------------------------- showing


def _show(replay: Replay, show: Show) -> int:
    status = 0
    show.start(replay)
    try:
        for entry in replay.run():
            show.step(replay, entry)
    except Exception as error:  # the author's
        print(f"The game failed: {type(error).__name__}: {error}")
        status = 1
    show.end(replay)
    return status


def _until(recording: Recording, tick: int) -> Recording:
    """What had happened by then, and nothing but time after it."""
    entries = [entry for entry in recording.entries if tick_of(entry.what) <= tick]
    last = Entered(recording.header.id, recording.next_n, tick)
    return evolve(recording, entries=[*entries, last], snapshots=[], finished=None)


@define(eq=False)
class Show:
    """What is seen of a game by everyone, and by some seats besides."""

    seat: int | None
    all: bool
    _everyone: Audience = field(factory=Audience)
    _own: dict[int, Audience] = field(factory=dict)

    def start(self, replay: Replay) -> None:
        """What was played, and by whom."""
        header = replay.recording.header
        print(f"{header.game} in {header.room}, game {header.id}, options {as_json(header.options)}")
        for seat, name in sorted(header.names.items()):
            print(f"  seat {seat}: {name}")
        self._followed(replay.machine)

    def step(self, replay: Replay, entry: Entered | None) -> None:
        """What entered, and what followed from it."""
        what = None if entry is None else entry.what
        told = input_line(what) if isinstance(what, Input) else "time"
        if replay.refused is not None:
            told += f": refused, {replay.refused.message}"
        print(f"{room_time(replay.machine.tick, replay.recording.header.rate)} {told}")
        self._followed(replay.machine)

    def end(self, replay: Replay) -> None:
        """All there is to see now."""
        machine, finished = replay.machine, replay.recording.finished
        print(f"At {room_time(machine.tick, replay.recording.header.rate)}:")
        print(f"  view {as_json(machine.view())}")
        for seat in self._seats(machine):
            print(f"  view of seat {seat} {as_json(machine.view_for(seat))}")
        if finished is not None:
            print(f"Finished: {as_json(finished.result)}")
            for standing in finished.standings:
                print(f"  {standing.place}. {standing.name} (seat {standing.seat})")

    def _followed(self, machine: Machine) -> None:
        for event in machine.take_events():
            if event.to is None or self.all or event.to == self.seat:
                to = "" if event.to is None else f" to seat {event.to}"
                print(f"  event{to} {event.name} {as_json(event.data)}")
        if (patch := self._everyone.change(machine.look())) is not None:
            print(f"  view {as_json(patch)}")
        for seat in self._seats(machine):
            own = self._own.setdefault(seat, Audience())
            if (patch := own.change(machine.look(seat))) is not None:
                print(f"  view of seat {seat} {as_json(patch)}")

    def _seats(self, machine: Machine) -> list[int]:
        if not machine.game_type.hidden:
            return []
        there = sorted(machine.game.names)
        return there if self.all else [seat for seat in there if seat == self.seat]
