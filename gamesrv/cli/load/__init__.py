"""``gamesrv load``: how many players a server holds.

A `crowd` of `player` objects lives in one `loop`. Each has a `link`, perhaps `datagrams` too, and a `mind`;
`wires` do as little as they can with what comes. `figures` are what is counted, `report` how it is told.
"""

from gamesrv.cli.load.command import add

__all__ = ["add"]
