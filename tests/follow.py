"""Somebody who plays a lockstep game over any transport, with a world to compare with the server's."""

from __future__ import annotations

from base64 import b64encode
from types import ModuleType
from typing import Any

import msgspec

from gamesrv.core.driver import Driver
from gamesrv.core.inputs import SyncBody
from gamesrv.core.messages import Joined
from gamesrv.server.lockstep import LockstepRoom
from gamesrv.wire.lockstep import decode_frames, encode_sync
from tests import duel
from tests.world import Person, WebSocketPerson, World

__all__ = ["Player", "room_of", "say_bytes"]


def room_of(world: World) -> LockstepRoom:
    """The only room there is."""
    (room,) = world.rooms
    assert isinstance(room, LockstepRoom)
    return room


def say_bytes(person: Person, data: bytes) -> None:
    """A `Sync` of any bytes."""
    text = isinstance(person, WebSocketPerson) and not person.binary
    person.say(op="sync", data=b64encode(data).decode() if text else data)


def data_of(message: dict[str, Any]) -> bytes:
    return msgspec.convert(message["data"], bytes)


class Player:
    """A person with a `Driver`. Call `tick` once for each tick of theirs."""

    def __init__(self, person: Person, simulation: ModuleType = duel) -> None:
        self.person = person
        self.driver = Driver(simulation)
        self.held = 0
        self.snapshots = 0
        self.desyncs: list[int] = []
        self.told: list[Any] = []
        """The bodies of all frames."""
        self.listen()

    @property
    def world(self) -> dict[str, Any]:
        return self.driver.world

    @property
    def now(self) -> float:
        return self.person.world.clock.seconds()

    def listen(self) -> None:
        """Takes all that has come."""
        heard, self.person.heard[:] = [*self.person.heard], []
        for message in heard:
            self.take(message)

    def take(self, message: dict[str, Any]) -> None:
        match message["op"]:
            case "joined":
                self.driver.snapshot(msgspec.convert(message, Joined), self.now)
                self.snapshots += 1
            case "frames":
                self.frames(data_of(message))
            case "desync":
                self.desyncs.append(message["tick"])
                tick = message["tick"]
                self.person.say(op="dump", tick=tick, world=self.driver.dump(tick))
            case _:
                self.person.heard.append(message)

    def frames(self, data: bytes) -> None:
        body = decode_frames(data, self.driver.info.bits, self.driver.info.seats)
        self.told.append(body)
        self.driver.receive(body, self.now)

    def catch_up(self) -> None:
        self.listen()
        while self.driver.step():
            pass

    def tick(self) -> None:
        """Hears, simulates all there is, and says what is held."""
        self.catch_up()
        if self.driver.press(self.held, self.now):
            self.sync(self.driver.sync(reliable=True))

    def sync(self, body: SyncBody) -> None:
        say_bytes(self.person, encode_sync(body, self.driver.info.bits))

    def in_step(self) -> bool:
        """Whether the world here is the server's, as far as it is known here."""
        room = room_of(self.person.world)
        assert room.machine is not None
        game: Any = room.machine.game
        return self.driver.tick == room.machine.tick and self.world == game.world
