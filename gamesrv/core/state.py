"""A game's whole state as bytes and back: for checkpoints, and for the hash that proves two runs equal.

cattrs takes the typed attrs fields apart and puts them together again. Maps keep their order, since an
author's loop may depend on it; sets are sorted, since nothing may depend on theirs.
"""

from collections.abc import Set
from hashlib import sha256
from heapq import heapify
from typing import Any

import attrs
import msgspec
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from gamesrv.core.game import Context, Game, Timer
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType

__all__ = ["dump", "fingerprint", "load"]

_converter = Converter()
_converter.register_unstructure_hook_factory(
    attrs.has, lambda cls: make_dict_unstructure_fn(cls, _converter, _cattrs_include_init_false=True)
)
_converter.register_structure_hook_factory(
    attrs.has, lambda cls: make_dict_structure_fn(cls, _converter, _cattrs_include_init_false=True)
)


def _unstructure_set(values: Set[Any]) -> list[Any]:
    plain = (_converter.unstructure(value) for value in values)
    return sorted(plain, key=msgspec.msgpack.encode)


_converter.register_unstructure_hook_func(lambda cls: _is_set(cls), _unstructure_set)


def _is_set(cls: Any) -> bool:
    origin = getattr(cls, "__origin__", cls)
    return isinstance(origin, type) and issubclass(origin, Set)


def dump(game: Game) -> bytes:
    """The state of a game and its room time, chance and timers (not the seed), as MessagePack."""
    context = game._context
    timers = [(t.due, t.number, t.name, t.args) for t in sorted(context.timers)]
    room = {
        "tick": context.tick,
        "drawn": context.random.drawn,
        "names": context.names,
        "timers": timers,
        "timers_set": context.timers_set,
        "finished": context.finished,
        "result": context.result,
    }
    return msgspec.msgpack.encode({"room": room, "game": _converter.unstructure(game)})


def fingerprint(game: Game) -> str:
    """SHA-256 of `dump`, in hexadecimal: equal for equal states."""
    return sha256(dump(game)).hexdigest()


def load(game_type: GameType, data: bytes, seed: bytes, options: Any) -> Game:
    """The game that `dump` took apart."""
    saved = msgspec.msgpack.decode(data)
    room = saved["room"]
    timers = [Timer(due, number, name, tuple(args)) for due, number, name, args in room.pop("timers")]
    heapify(timers)
    random = Random(seed, room.pop("drawn"))
    game = _converter.structure(saved["game"], game_type.rules)
    game._context = Context(random, options, game_type.rate, timers=timers, **room)
    return game
