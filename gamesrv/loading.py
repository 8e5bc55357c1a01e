"""Games by their names."""

import os
import sys
from importlib import import_module
from typing import Any

from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType

__all__ = ["load_game"]


def load_game(name: str) -> GameType:
    """The game that ``module:Class`` names, one in the current directory too (an installed program leaves
    that out). Raises `GameError` saying why it can't be had.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    module, _, path = name.partition(":")
    try:
        rules: Any = import_module(module)
        for part in path.split("."):
            rules = getattr(rules, part)
    except Exception as error:  # an author's module may raise whatever it likes
        raise GameError(f"{name}: {type(error).__name__}: {error}") from None
    try:
        return GameType.of(rules)
    except GameError as error:
        raise GameError(f"{name}: {error}") from None
