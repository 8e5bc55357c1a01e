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
from gamesrv.core.messages import Command
from gamesrv.core.schema import GameType
from gamesrv.core.views import Audience
from gamesrv.games.arena import Arena

__all__ = ["Plaza", "run"]

RATE = 20

Send = Callable[[bytes], object]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Command).decode


class Update(msgspec.Struct, tag_field="op", tag="update"):
    """What changed and what happened, in one message: the cheapest for a server that has only messages."""

    tick: int
    v: int
    delta: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]


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
        cast(Arena, self.machine.game).move(seat, **_decode(text).args)

    def tick(self) -> None:
        """One step, and what has changed and happened to everyone."""
        self.machine.advance(self.machine.tick + 1)
        events = [(emitted.name, emitted.data) for emitted in self.machine.take_events()]
        delta = self.audience.change(self.machine.look())
        if delta is None:
            return
        message = _encode(Update(self.machine.tick, self.audience.version, delta, events))
        for send in self.players.values():
            send(message)


class Corner:
    """Where nothing ticks and everyone hears what they said."""

    def __init__(self) -> None:
        self.players: dict[int, Send] = {}
        self.seats = count()

    def join(self, send: Send) -> int:
        """There is always a seat."""
        seat = next(self.seats)
        self.players[seat] = send
        return seat

    def leave(self, seat: int) -> None:
        """Nobody else takes it."""
        del self.players[seat]

    def hear(self, seat: int, text: bytes) -> None:
        """A command: read, as one would have to, and sent back as it is."""
        _decode(text)
        self.players[seat](text)


class Plaza:
    """Fills one room after the other; in asyncio's loop, each has its own beat. With no seats: one corner."""

    def __init__(self, seats: int) -> None:
        self.seats = seats
        self.rooms: list[Room] = []
        self.corner = Corner()

    def find_room(self) -> Room | Corner:
        """One with a free seat."""
        if not self.seats:
            return self.corner
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
