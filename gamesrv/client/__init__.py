"""A client for programs: players, bots and tools that reach a server as natives do.

    client = Client(reactor, packets(reactor, "127.0.0.1", 4000), udp(reactor))
    await client.connect("ann")
    room = await client.quick("arena")
    client.on("update", lambda room: draw(room.view))
    await room.command("move", dx=1, dy=0)

``docs/client.md`` is the tour. `doors` are the ways to a server, `Client` is what outlives a connection,
`Connection` what does not; `Link` and `Datagrams` are its two channels, services as `gamesrv.cancellable` has
them. ``python -m gamesrv.client`` is a text window made of the same.
"""

from gamesrv.client.client import Client, State
from gamesrv.client.datagrams import Datagrams, udp
from gamesrv.client.doors import Door, known_servers, legacy, noise, packets, pinned, websocket
from gamesrv.client.link import Link
from gamesrv.client.lockstep import Lockstep
from gamesrv.client.requests import Closed, Refused
from gamesrv.client.room import Room

__all__ = [
    "Client",
    "Closed",
    "Datagrams",
    "Door",
    "Link",
    "Lockstep",
    "Refused",
    "Room",
    "State",
    "known_servers",
    "legacy",
    "noise",
    "packets",
    "pinned",
    "udp",
    "websocket",
]
