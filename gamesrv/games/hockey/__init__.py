"""Air hockey, a lockstep game for one to four: only the buttons travel, and everyone computes the same table.

`sim` is the whole of it, and runs in the browser as well. `game` serves it, `bot` plays, and `text` is what a
text window shows.
"""

from gamesrv.games.hockey.game import Hockey

__all__ = ["Hockey"]
