"""The arena, a real-time game: run about one field, pick up gems, dash into others to make them drop theirs.

`rules` is the game, and `world` the same in a world too large to be sent whole. `avatar` is how a player
moves, `gems` what lies around, `bot` a player's mind and `text` what a text window shows.
"""

from gamesrv.games.arena.rules import Arena
from gamesrv.games.arena.world import World

__all__ = ["Arena", "World"]
