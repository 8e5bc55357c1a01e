"""The plain way: what one writes first with Twisted and autobahn, to hold gamesrv against.

Per room a `LoopingCall` runs a tick of the very rules of the arena and sends the whole state, encoded once,
to every client with `sendMessage`. No session, no validation beyond what the code needs, no limit at all.
Compression is off, as it is by default. With no seats nothing ticks, and everyone hears what they said.

    python bench/plain_server.py PORT SEATS
"""

import json
import sys
from itertools import count
from secrets import token_bytes
from typing import Any, cast

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor
from twisted.internet.task import LoopingCall

from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType
from gamesrv.games.arena import Arena

RATE = 20

Plain = dict[str, Any]


class Room:
    """One field."""

    def __init__(self) -> None:
        self.players: dict[int, WebSocketServerProtocol] = {}
        self.machine = Machine.start(GameType.of(Arena), token_bytes(32), {})
        self.arena = cast(Arena, self.machine.game)
        self.loop = LoopingCall(self.tick)
        self.loop.start(1 / RATE)

    def join(self, player: WebSocketServerProtocol) -> int:
        seat = next(n for n in count() if n not in self.players)
        self.players[seat] = player
        self.machine.apply(Input(self.machine.tick, "join", seat, f"player {seat}"))
        return seat

    def leave(self, seat: int) -> None:
        del self.players[seat]
        self.machine.apply(Input(self.machine.tick, "leave", seat))

    def tick(self) -> None:
        self.machine.advance(self.machine.tick + 1)
        self.machine.take_events()
        message = json.dumps({"op": "update", "tick": self.machine.tick, "view": self.view()}).encode()
        for player in self.players.values():
            player.sendMessage(message)  # type: ignore[no-untyped-call]

    def view(self) -> Plain:
        avatars = {
            seat: {"name": avatar.name, "x": avatar.x, "y": avatar.y, "score": avatar.score}
            for seat, avatar in self.arena.avatars.items()
        }
        gems = {n: {"x": gem.x, "y": gem.y, "worth": gem.worth} for n, gem in self.arena.gems.lying.items()}
        return {"avatars": avatars, "gems": gems}


class Player(WebSocketServerProtocol):
    """One browser."""

    room: Room | None = None

    def onOpen(self) -> None:
        self.room = self.factory.find_room()
        self.seat = self.room.join(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        message = json.loads(payload)
        if self.room and message["op"] == "cmd" and message["name"] == "move":
            self.room.arena.move(self.seat, message["args"]["dx"], message["args"]["dy"])

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if self.room:
            self.room.leave(self.seat)


class Parrot(WebSocketServerProtocol):
    """One browser, and nothing to play."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        json.loads(payload)
        self.sendMessage(payload)  # type: ignore[no-untyped-call]


class Plaza(WebSocketServerFactory):
    """Fills one room after the other."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rooms: list[Room] = []
        self.seats = int(sys.argv[2])
        self.protocol = Player if self.seats else Parrot

    def find_room(self) -> Room:
        for room in self.rooms[-1:]:
            if len(room.players) < self.seats:
                return room
        self.rooms.append(Room())
        return self.rooms[-1]


def main(reactor: Any) -> None:
    reactor.listenTCP(int(sys.argv[1]), Plaza(), interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main(reactor)
