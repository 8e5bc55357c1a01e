"""Games as a client knows them: those whose code is on this machine too, and those of which it only hears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import msgspec

from gamesrv.core.game import Game, Refused
from gamesrv.core.schema import CommandType, GameType, Schema

__all__ = ["game_type", "local_game", "simulation_of"]

HOME = "gamesrv.games"


def local_game(name: str) -> type[Game] | None:
    """The class of a shipped game, by the name that the server has for it; `None` where there is none."""
    if not (name.isascii() and name.isidentifier()) or find_spec(f"{HOME}.{name}") is None:
        return None
    shipped = vars(import_module(f"{HOME}.{name}")).values()
    games = (each for each in shipped if isinstance(each, type) and issubclass(each, Game))
    return next((game for game in games if getattr(game, "name", None) == name), None)


def simulation_of(name: str) -> ModuleType:
    """The simulation of a shipped lockstep game; raises `LookupError` where there is none."""
    game = local_game(name)
    simulation: ModuleType | None = None if game is None else game.simulation
    if simulation is None:
        raise LookupError(f"no simulation of {name!r} is here")
    return simulation


def game_type(name: str, commands: Iterable[str] = ()) -> GameType:
    """What a text window goes by. Of a game whose code is not here it knows the names of the ``commands``."""
    game = local_game(name)
    if game is not None:
        return GameType.of(game)
    heard_of = type("HeardOf", (Game,), {"name": name})
    words = _AnyWords("args", msgspec.defstruct("Any", ()))
    return GameType(heard_of, {each: CommandType(each, each, words, "") for each in commands}, words, False)


class _AnyWords(Schema):
    """Arguments nobody told of: each is said as ``name=value``, the value in JSON or just a word."""

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        return dict(map(_pair, words))

    def fields(self) -> Iterator[tuple[str, str]]:
        yield "name=value", "..."


def _pair(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals or not name:
        raise Refused(f"say name=value, not {word!r}", "bad_argument")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value
