"""``gamesrv check``: whether a game is deterministic, so that it can be replayed, recovered and shared."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from gamesrv.cli.differences import difference, state_difference
from gamesrv.cli.games import load_game
from gamesrv.cli.problem import Problem
from gamesrv.cli.told import input_line, room_time
from gamesrv.cli.trial import Failure, Job, Played, Start, Step
from gamesrv.core.schema import GameType

__all__ = ["add"]

GAMES, STEPS = 20, 300


def add(subparsers: Any) -> None:
    """Adds the command to the parser."""
    parser = subparsers.add_parser(
        "check",
        help="play a game at random, twice, and compare",
        description="Plays a game at random, and the same games again in other processes: in another"
        " order, under another hash seed, with the state saved and restored on the way. Names the first tick"
        " and field that differ.",
    )
    parser.add_argument("game", metavar="MODULE:CLASS", help="the game, e.g. mygame:MyGame")
    parser.add_argument("--games", type=_count, default=GAMES, help=f"how many [default: {GAMES}]")
    parser.add_argument("--steps", type=_count, default=STEPS, help=f"of each at most [default: {STEPS}]")
    parser.add_argument("--seed", type=int, default=0, help="other games with another one [default: 0]")
    parser.set_defaults(run=run)


def _count(word: str) -> int:
    if (number := int(word)) < 1:
        raise ValueError
    return number


def run(arguments: argparse.Namespace) -> int:
    """Status 1 where there is a finding."""
    game_type = load_game(arguments.game)
    if (finding := find(game_type, arguments)) is not None:
        print(f"{arguments.game}: {finding}")
        return 1
    print(f"{arguments.game}: {arguments.games} games, the same each time")
    return 0


def find(game_type: GameType, arguments: argparse.Namespace) -> str | None:
    """What is wrong with a game, as text; `None` where nothing was found."""
    first = _in_process("1", Job(arguments.game, arguments.seed, arguments.games, arguments.steps))
    for played in first:
        if played.failure is not None:
            return _failed(played.start, played.failure, game_type.rate)
    recorded = [(played.start, [step.what for step in played.steps[1:]]) for played in reversed(first)]
    # Each twice, and the last one first: what is left behind in a module by one game changes the next.
    twice = [each for each in recorded for _ in range(2)]
    for circumstances, job in (
        ("in another process, under another hash seed", Job(arguments.game, again=twice)),
        ("after a save and restore", Job(arguments.game, again=recorded, save=True)),
    ):
        for finding in _compare(first, _in_process("2", job), game_type.rate):
            return f"not the same {circumstances}\n{finding}"
    return None


def _in_process(hash_seed: str, job: Job) -> list[Played]:
    with TemporaryDirectory() as place:
        order, result = Path(place, "job"), Path(place, "result")
        order.write_bytes(msgspec.msgpack.encode(job))
        done = subprocess.run(
            [sys.executable, "-m", "gamesrv.cli.trial", order, result],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        if done.returncode:
            raise Problem(f"{job.game}: the process that played it ended\n{done.stderr.decode()}")
        return msgspec.msgpack.decode(result.read_bytes(), type=list[Played])


# ---------------------------------------------------------------------- what is told


def _compare(first: list[Played], second: list[Played], rate: int) -> Iterator[str]:
    by_number = {played.start.number: played for played in first}
    for again in second:
        once = by_number[again.start.number]
        for number, (one, other) in enumerate(zip(once.steps, again.steps, strict=False)):
            found = _difference(one, other)
            if found is not None:
                yield f"{_where(once.start, number, one.what, one.tick, rate)}\n  {found}"
                break
        else:
            if again.failure is not None:
                yield _failed(again.start, again.failure, rate)


def _difference(one: Step, other: Step) -> str | None:
    """States are compared as they would be hashed; of views, which are maps for JSON, order is nothing."""
    if one.state != other.state:
        return state_difference(one.state, other.state)
    if one.events != other.events:
        return difference(one.events, other.events, "events")
    if one.views != other.views:
        return difference(one.views, other.views, "views")
    return None


def _failed(start: Start, failure: Failure, rate: int) -> str:
    where = f"game {start.number}, {room_time(failure.tick, rate)}"
    if failure.what is not None and not isinstance(failure.what, int):
        where += f", at {input_line(failure.what)}"
    return f"it failed\n  {where}\n  " + failure.told.replace("\n", "\n  ")


def _where(start: Start, step: int, what: Any, tick: int, rate: int) -> str:
    entered = f", after {input_line(what)}" if not isinstance(what, int) else ""
    return f"  game {start.number}, step {step}, {room_time(tick, rate)}{entered}"
