"""Big Two (Dai Di), a card game for two to four: be the first without cards.

`rules` says what may be played and what it is worth; it runs in the browser as well. `game` is what goes on
at a table, `options` what a table may be opened with, `text` what a text window shows, `seen` what a client
makes of its view, and `bots` plays. `shuffle` says how cards are dealt, and `verify` checks it.
"""

from gamesrv.games.bigtwo.game import BigTwo

__all__ = ["BigTwo"]
