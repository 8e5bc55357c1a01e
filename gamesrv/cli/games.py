"""From the name of a game to its class."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from gamesrv.cli.problem import Problem
from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType

__all__ = ["load_game"]


def load_game(name: str) -> GameType:
    """The game that ``module:Class`` names, a module in the current directory too. Raises `Problem`."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    module, _, path = name.partition(":")
    try:
        rules = import_module(module)
        for part in path.split("."):
            rules = getattr(rules, part)
    except Exception as error:  # an author's module may raise whatever it likes
        raise Problem(f"{name}: {type(error).__name__}: {error}") from None
    try:
        return GameType.of(rules)  # type: ignore[arg-type]
    except GameError as error:
        raise Problem(f"{name}: {error}") from None
