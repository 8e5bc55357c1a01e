"""The game server: between such a client's packets and gamesrv's messages.

All else is gamesrv's own: who may come in, limits, rooms. To the room it is one more kind of connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from examples.legacy_mmo.accounts import Tokens
from examples.legacy_mmo.layout import BadLayout, Packet, split
from examples.legacy_mmo.packets import Appear, Connect, Gone, HeroInfo, Talk, Tick, Walk
from gamesrv.core.messages import (
    ClientMessage,
    Closing,
    Command,
    Event,
    Hello,
    Join,
    Joined,
    Ping,
    Pong,
    Refusal,
    Say,
    ServerMessage,
)
from gamesrv.net.tcp import CipherProtocol, PacketFactory
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.legacy import LegacyServer
from gamesrv.wire.profile import LEGACY, Profile

__all__ = ["TOWN_PORT", "GameFactory"]

SERVER = "SERVER"
FIRST_HERO = 1_000_001


class TownFormat:
    """What the packets mean. Heroes are numbered by their seats."""

    def encode(self, message: ServerMessage) -> bytes:
        """The packets that tell it; of what such a client can't show, none."""
        tell = _TOLD.get(type(message))
        return b"" if tell is None else b"".join(LEGACY_FRAMES.encode(p.pack()) for p in tell(message))

    def decode(self, frame: bytes) -> ClientMessage:
        """What a client said. Raises `BadMessage`."""
        try:
            number, body = split(frame)
            if number not in _UNDERSTOOD:
                raise BadLayout(f"unknown packet id {number}")
            return _UNDERSTOOD[number](body)
        except BadLayout as error:
            raise BadMessage("bad_message", str(error)) from None


LEGACY_FRAMES = LEGACY.incoming(0xFFFF)
TOWN_PORT = Profile(LEGACY.framing, cipher=LegacyServer, format=TownFormat())


def _say(body: bytes) -> Say:
    words = "".join(filter(str.isprintable, Talk.unpack(body).words)).strip()
    if not words:
        raise BadLayout("nothing was said")
    return Say(words)


_UNDERSTOOD: dict[int, Callable[[bytes], ClientMessage]] = {
    Walk.number: lambda body: Command("walk", {"direction": Walk.unpack(body).direction}),
    Talk.number: _say,
    Tick.number: lambda body: Ping(Tick.unpack(body).count),
}


def _hero(seat: int | str) -> int:
    return FIRST_HERO + int(seat)


def _joined(message: Joined) -> Iterable[Packet]:
    for seat, hero in message.view["heroes"].items():
        kind = HeroInfo if int(seat) == message.seat else Appear
        yield kind(_hero(seat), hero["x"], hero["y"], hero["name"])


def _event(message: Event) -> Iterable[Packet]:
    data: dict[str, Any] = message.data
    match message.name:
        case "appeared":
            hero = data["hero"]
            yield Appear(_hero(data["seat"]), hero["x"], hero["y"], hero["name"])
        case "walked":
            yield Walk(_hero(data["seat"]), data["x"], data["y"], data["direction"])
        case "said" if data["seat"] is not None:
            yield Talk(_hero(data["seat"]), data["name"], data["text"])
        case "gone":
            yield Gone(_hero(data["seat"]))


_TOLD: dict[type, Callable[[Any], Iterable[Packet]]] = {
    Joined: _joined,
    Event: _event,
    Pong: lambda message: [Tick(int(message.t))],
    Refusal: lambda message: [Talk(0, SERVER, message.message)],
    Closing: lambda message: [Talk(0, SERVER, message.reason)],
}


class GameProtocol(CipherProtocol):
    """A connection whose first packet brings the token, which is the name and the key of all that follows."""

    _cipher: LegacyServer

    def __init__(self, tokens: Tokens, *args: Any) -> None:
        super().__init__(*args)
        self._tokens = tokens

    def take(self, frame: bytes) -> None:
        if self._link.peer.session is not None:
            super().take(frame)
            return
        token = _token(frame)
        name = self._tokens.redeem(token)
        if name is None:
            self._link.mute = True
            self._link.peer.close(CloseCode.BAD_TOKEN, "the token is unknown or has expired")
            return
        self._cipher.rekey(token)
        self._link.peer.receive(Hello(name=name))
        self._link.peer.receive(Join(game="town"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Such a client can't resume: who is gone has left."""
        self.setTimeout(None)
        self._link.lost(on_purpose=True)


def _token(frame: bytes) -> int:
    """That of a `Connect`; of anything else, one that is never good."""
    try:
        number, body = split(frame)
        return Connect.unpack(body).token if number == Connect.number else 0
    except BadLayout:
        return 0


class GameFactory(PacketFactory):
    """Serves the game to those who have a token."""

    def __init__(self, gate: Gate, clock: Clock, tokens: Tokens) -> None:
        super().__init__(gate, clock, gate.limits.packet_idle, TOWN_PORT)
        self._tokens = tokens

    def buildProtocol(self, addr: IAddress | None) -> GameProtocol:
        format, framing = TOWN_PORT.format, self._framing
        return GameProtocol(
            self._tokens, self._gate, self._clock, format, framing, LegacyServer(), self._idle
        )
