"""The arena for servers that have nothing but a socket: rooms that are filled one after the other.

The very rules of the arena, their deltas and their bytes are ours, so that all that differs is the way of a
message: the peers have no sessions, no limits, no validation and no journal, and nobody who comes back.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from itertools import count
from secrets import token_bytes
from typing import Any, cast

import msgspec

from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Command, Update
from gamesrv.core.schema import GameType
from gamesrv.core.views import Audience
from gamesrv.games.arena import Arena

__all__ = ["Plaza", "Room", "run"]

RATE = 20

Send = Callable[[bytes], object]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Command).decode


class Room:
    """One field."""

    def __init__(self) -> None:
        self.players: dict[int, Send] = {}
        self.machine = Machine.start(GameType.of(Arena), token_bytes(32), {})
        self.audience = Audience()

    def join(self, send: Send) -> int:
        """Gives out a seat."""
        seat = next(n for n in count() if n not in self.players)
        self.players[seat] = send
        self.machine.apply(Input(self.machine.tick, "join", seat, f"player {seat}"))
        return seat

    def leave(self, seat: int) -> None:
        """It is free again."""
        del self.players[seat]
        self.machine.apply(Input(self.machine.tick, "leave", seat))

    def hear(self, seat: int, text: bytes) -> None:
        """A command, which is done at once."""
        command = _decode(text)
        if command.name == "move":
            cast(Arena, self.machine.game).move(seat, **command.args)
        else:
            self.players[seat](text)

    def tick(self) -> None:
        """One step, and what has changed to everyone."""
        self.machine.advance(self.machine.tick + 1)
        self.machine.take_events()
        delta = self.audience.change(self.machine.look())
        if delta is None:
            return
        message = _encode(Update(self.machine.tick, self.audience.version, delta=delta))
        for send in self.players.values():
            send(message)


class Plaza:
    """Fills one room after the other; in asyncio's loop, each has its own beat."""

    def __init__(self, seats: int) -> None:
        self.seats = seats
        self.rooms: list[Room] = []

    def find_room(self) -> Room:
        """One with a free seat."""
        for room in self.rooms[-1:]:
            if len(room.players) < self.seats:
                return room
        room = Room()
        self.rooms.append(room)
        self._beat(room, asyncio.get_running_loop().time())
        return room

    def _beat(self, room: Room, due: float) -> None:
        room.tick()
        loop = asyncio.get_running_loop()
        due = max(due + 1 / RATE, loop.time())
        loop.call_at(due, self._beat, room, due)


def run(serve: Callable[[int, Plaza], Any]) -> None:
    """Serves until the process is ended: ``PORT SEATS``."""
    port, seats = map(int, sys.argv[1:])

    async def main() -> None:
        server = await serve(port, Plaza(seats))
        await asyncio.Event().wait()
        del server

    asyncio.run(main())
