"""Which profile each packet port has: from the words of the command line to the thing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

from attrs import frozen

from gamesrv.net.keys import server_key
from gamesrv.wire.noise import public_key
from gamesrv.wire.profile import LEGACY, PLAIN, Profile, noise

__all__ = ["PacketPort", "open_ports", "profile_names"]

NOISE = "noise"
SHIPPED = {
    "plain": (PLAIN, ""),
    "legacy": (LEGACY, ", with a cipher that gives no security"),
}


@frozen
class PacketPort:
    """What is spoken at one port, and what to tell about it behind its address."""

    profile: Profile
    told: str


def profile_names(chosen: Iterable[tuple[int, str]], ports: int, key_file: str | None) -> list[str]:
    """One name for each of so many ports. Chosen are the number of a port, from 1, and its profile's name:
    that one is for the port named last before it. Raises `ValueError` naming the option at fault.
    """
    names: dict[int, str] = {}
    for port, name in chosen:
        if not 1 <= port <= ports:
            raise ValueError(f"--packet-profile {name} must come after the --packets it is for")
        if port in names:
            raise ValueError(f"--packet-profile {name}: that port has the profile {names[port]} already")
        if name not in (NOISE, *SHIPPED) and ":" not in name:
            raise ValueError(f"--packet-profile {name}: there are plain, legacy, noise and module:NAME")
        names[port] = name
    _check_key(names.values(), key_file)
    return [names.get(port, "plain") for port in range(1, ports + 1)]


def _check_key(names: Iterable[str], key_file: str | None) -> None:
    if NOISE in names and not key_file:
        raise ValueError("--packet-profile noise needs --packet-key FILE, where the server's key is kept")
    if key_file is not None and NOISE not in names:
        raise ValueError(f"--packet-key {key_file}: no --packet-profile noise has a use for it")


def open_ports(names: Sequence[str], key_file: str | None) -> Iterator[PacketPort]:
    """The ports of those names. A key file that is not there is made. Raises `ValueError` like the other."""
    secret = _secret(key_file) if key_file is not None else b""
    for name in names:
        if name == NOISE:
            yield PacketPort(
                noise(secret), f", enciphered by Noise; the server's key: {public_key(secret).hex()}"
            )
        else:
            yield PacketPort(*(SHIPPED.get(name) or (_imported(name), "")))


def _secret(key_file: str) -> bytes:
    try:
        return server_key(Path(key_file))
    except (ValueError, OSError) as error:
        raise ValueError(f"--packet-key {key_file}: {getattr(error, 'strerror', None) or error}") from None


def _imported(name: str) -> Profile:
    module, _, attribute = name.partition(":")
    try:
        profile = getattr(import_module(module), attribute)
    except Exception as error:
        raise ValueError(f"--packet-profile {name}: {type(error).__name__}: {error}") from None
    if not isinstance(profile, Profile):
        raise ValueError(f"--packet-profile {name} is no Profile")
    return profile
