"""gamesrv: an authoritative multiplayer game server for people who write games in Python.

This module is what a game is written against; ``docs/write-a-game.md`` shows how.
"""

from msgspec import Meta

from gamesrv.core.areas import Areas
from gamesrv.core.bot import Act, Bot
from gamesrv.core.game import Game, GameError, Refused, Seat, Window, command
from gamesrv.core.lockstep import LockstepGame
from gamesrv.core.rng import Random

__all__ = [
    "Act",
    "Areas",
    "Bot",
    "Game",
    "GameError",
    "LockstepGame",
    "Meta",
    "Random",
    "Refused",
    "Seat",
    "Window",
    "command",
]
