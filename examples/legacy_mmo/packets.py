"""The packets of both servers. The first three have the layout of such clients; of the others, the ids."""

from __future__ import annotations

from examples.legacy_mmo.layout import Packet, packet, raw, text, u8, u16, u32, u64

__all__ = ["Account", "AccountAnswer", "Appear", "Connect", "Gone", "HeroInfo", "Talk", "Tick", "Walk"]


@packet(1051)
class Account(Packet):
    """Client to account server: who am I, and the password in RC5."""

    username: str = text(16)
    password: bytes = raw(16)
    realm: str = text(16)


@packet(1055)
class AccountAnswer(Packet):
    """Back: where the game is, and the token to say there. A token below 256 is a refusal."""

    token: int = u64()
    address: str = text(16)
    port: int = u32()
    reserved: int = u16()


@packet(1052)
class Connect(Packet):
    """The first packet to the game server. The next byte has another key, which the token makes."""

    token: int = u64()
    language: str = text(16)


@packet(1004)
class Talk(Packet):
    """Both ways: somebody says something to all; hero 0 is the server."""

    hero: int = u32()
    name: str = text(16)
    words: str = text(128)


@packet(1005)
class Walk(Packet):
    """To the server: one step that way (0 is down, then clockwise). Back: where that led."""

    hero: int = u32()
    x: int = u16()
    y: int = u16()
    direction: int = u8()


@packet(1006)
class HeroInfo(Packet):
    """Server to client: who you are."""

    hero: int = u32()
    x: int = u16()
    y: int = u16()
    name: str = text(16)


@packet(1012)
class Tick(Packet):
    """Both ways: still here. A client that says nothing for a minute is closed."""

    count: int = u32()


@packet(1014)
class Appear(Packet):
    """Server to client: somebody else is there."""

    hero: int = u32()
    x: int = u16()
    y: int = u16()
    name: str = text(16)


@packet(1015)
class Gone(Packet):
    """Server to client: and is not any more."""

    hero: int = u32()
