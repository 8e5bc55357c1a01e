"""The plain way: what one writes first with Twisted and autobahn, to hold gamesrv against.

Per room a `LoopingCall` moves the avatars and sends the whole state, encoded once, to every client with
`sendMessage`. No session, no validation beyond what the code needs, no limit on anything. Compression is off,
as it is by default.

    python bench/plain_server.py PORT
"""

import json
import random
import sys
from itertools import count
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor
from twisted.internet.task import LoopingCall

WIDTH, HEIGHT, SEATS, GEMS, RATE, SPEED = 1600, 1000, 20, 40, 20, 8

Plain = dict[str, Any]


def new_gem() -> Plain:
    return {"x": random.randrange(WIDTH), "y": random.randrange(HEIGHT), "worth": random.randint(1, 3)}


class Room:
    """One field with up to `SEATS` avatars, in the shape of the arena's view."""

    def __init__(self) -> None:
        self.players: dict[int, WebSocketServerProtocol] = {}
        self.avatars: dict[int, Plain] = {}
        self.headings: dict[int, tuple[int, int]] = {}
        self.gems = {n: new_gem() for n in range(GEMS)}
        self.ticks = 0
        self.loop = LoopingCall(self.tick)
        self.loop.start(1 / RATE)

    def join(self, player: WebSocketServerProtocol) -> int:
        seat = next(n for n in count() if n not in self.players)
        x, y = random.randrange(WIDTH), random.randrange(HEIGHT)
        self.players[seat] = player
        self.avatars[seat] = {"name": f"player {seat}", "x": x, "y": y, "score": 0}
        self.headings[seat] = (0, 0)
        return seat

    def leave(self, seat: int) -> None:
        del self.players[seat], self.avatars[seat], self.headings[seat]

    def tick(self) -> None:
        self.ticks += 1
        for seat, avatar in self.avatars.items():
            dx, dy = self.headings[seat]
            avatar["x"] = min(max(avatar["x"] + dx * SPEED, 0), WIDTH)
            avatar["y"] = min(max(avatar["y"] + dy * SPEED, 0), HEIGHT)
        message = json.dumps({"op": "update", "tick": self.ticks, "view": self.view()}).encode()
        for player in self.players.values():
            player.sendMessage(message)  # type: ignore[no-untyped-call]

    def view(self) -> Plain:
        return {"width": WIDTH, "height": HEIGHT, "avatars": self.avatars, "gems": self.gems}


class Player(WebSocketServerProtocol):
    """One browser."""

    room: Room | None = None

    def onOpen(self) -> None:
        self.room = self.factory.find_room()
        self.seat = self.room.join(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        message = json.loads(payload)
        if self.room and message["op"] == "cmd" and message["name"] == "move":
            self.room.headings[self.seat] = (message["args"]["dx"], message["args"]["dy"])

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if self.room:
            self.room.leave(self.seat)


class Plaza(WebSocketServerFactory):
    """Fills one room after the other."""

    protocol = Player

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rooms: list[Room] = []

    def find_room(self) -> Room:
        for room in self.rooms:
            if len(room.players) < SEATS:
                return room
        self.rooms.append(Room())
        return self.rooms[-1]


def main(reactor: Any) -> None:
    reactor.listenTCP(int(sys.argv[1]), Plaza(), interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main(reactor)
