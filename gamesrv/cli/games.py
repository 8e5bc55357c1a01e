"""From the name of a game to its class."""

from __future__ import annotations

from gamesrv import loading
from gamesrv.cli.problem import Problem
from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType

__all__ = ["load_game"]


def load_game(name: str) -> GameType:
    """As `gamesrv.loading` has it, but raises `Problem`."""
    try:
        return loading.load_game(name)
    except GameError as error:
        raise Problem(str(error)) from None
