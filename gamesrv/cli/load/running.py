"""What becomes of the options."""

from __future__ import annotations

import argparse
import gc
import json
import sys

from gamesrv.cli.games import load_game
from gamesrv.cli.load.address import Place, read_address
from gamesrv.cli.load.command import PLAYS
from gamesrv.cli.load.crowd import Crowd, Plan
from gamesrv.cli.load.report import Progress, summary, text
from gamesrv.cli.problem import Problem
from gamesrv.client.games import local_game
from gamesrv.core.schema import GameType

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Does it. Returns 1 where there were errors; raises `Problem` where nothing could be measured."""
    crowd = Crowd(plan_of(arguments))
    spare_time()
    try:
        measure(crowd)
        print(json.dumps(summary(crowd), indent=2) if arguments.json else text(crowd), flush=True)
    finally:
        crowd.leave()
    return 1 if crowd.figures.errors else 0


def measure(crowd: Crowd) -> None:
    """Until it is over, or somebody has seen enough."""
    progress = Progress(sys.stderr)
    try:
        crowd.run(progress.every, progress.show)
    except KeyboardInterrupt:
        pass
    finally:
        progress.end()


def plan_of(arguments: argparse.Namespace) -> Plan:
    """What the options ask for. Raises `Problem` where that can't be done."""
    game_type = _game_type(arguments.game, arguments.game_class)
    return Plan(
        place=_place(arguments.address),
        game=arguments.game,
        players=arguments.players,
        per_room=arguments.per_room,
        ramp=arguments.ramp,
        seconds=arguments.seconds,
        play=_play(arguments.play, arguments.game, game_type),
        rate=arguments.rate,
        udp=arguments.udp,
        game_type=game_type,
    )


def spare_time() -> None:
    """There is nothing here for the garbage collector."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _game_type(name: str, code: str | None) -> GameType | None:
    if code is not None:
        found = load_game(code)
        if found.name != name:
            raise Problem(f"--game-class {code} is called {found.name!r}, not {name!r}")
        return found
    shipped = local_game(name)
    return None if shipped is None else GameType.of(shipped)


def _play(wanted: str | None, name: str, game_type: GameType | None) -> str:
    """The best that can be done, or what is wanted."""
    possible = list(PLAYS)
    if game_type is None or game_type.rules.bot is None or game_type.lockstep:
        possible.remove("bot")
    if game_type is None:
        possible.remove("random")
    if wanted is None:
        return possible[0]
    if wanted not in possible:
        lack = "its code is needed (--game-class)" if game_type is None else "there is no policy that could"
        raise Problem(f"--play {wanted}: for {name} {lack}")
    return wanted


def _place(text: str) -> Place:
    try:
        return read_address(text)
    except ValueError as error:
        raise Problem(str(error)) from None
