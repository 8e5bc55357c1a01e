"""What a player does: nothing, something at random, or what the game's own policy thinks."""

from __future__ import annotations

from random import Random as Chance
from typing import Any

from attrs import define, field
from msgspec import UNSET

from gamesrv.cli.values import random_values
from gamesrv.core.bot import Act, Bot
from gamesrv.core.inputs import SyncBody
from gamesrv.core.messages import Event, Joined, LockstepInfo, Update
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.core.views import View, merge
from gamesrv.wire.codec import MSGPACK
from gamesrv.wire.lockstep import encode_sync, read_frames_head

__all__ = ["Hands", "Idle", "Mind", "Policy", "Whim", "whims"]

SHORTEST_PAUSE = 0.05
WHIMS = 256
HELD_FOR = 10
"""Ticks that a button is held in a lockstep game."""
FIRST_LEAD, MOST_LEAD = 4, 60
"""Ticks that inputs are made ahead of the newest frame."""


class Mind:
    """Acts now and then. What it is not interested in costs it nothing."""

    def begin(self, joined: Joined) -> None:
        """Everything anew: a snapshot, perhaps of another game."""

    def updated(self, body: bytes) -> None:
        """An update, as it came."""

    def patched(self, delta: View) -> None:
        """What an update says, by datagram."""

    def happened(self, body: bytes) -> None:
        """An event, as it came."""

    def pause(self) -> float | None:
        """Seconds until it acts again; `None` for never."""
        return None

    def act(self) -> Act | None:
        """What to do now."""
        return None


class Idle(Mind):
    """Looks on."""


def whims(game: GameType) -> list[Act]:
    """Commands at random, enough for all: to make one up costs more than all else that one does."""
    random, names = Random(b"load"), list(game.commands)
    made = (random.choice(names) for _ in range(WHIMS if names else 0))
    return [(name, random_values(game.commands[name].args, random)) for name in made]


@define(eq=False)
class Whim(Mind):
    """Says commands at random, so many a second: most of them are refused where turns are taken."""

    acts: list[Act]
    rate: float
    chance: Chance

    def pause(self) -> float | None:
        """Spread out, so that players who came together do not act together."""
        return self.chance.uniform(0.5, 1.5) / self.rate if self.acts else None

    def act(self) -> Act | None:
        return self.chance.choice(self.acts)


@define(eq=False)
class Policy(Mind):
    """Plays as the game's bots do, at their own pace, by the first thought that comes to them."""

    policy: type[Bot]
    random: Random
    _bot: Bot | None = field(default=None, init=False)
    _view: View = field(factory=dict, init=False)
    _mine: View = field(factory=dict, init=False)
    _unread: list[bytes | View] = field(factory=list, init=False)
    """Updates since the last thought: put together when they are needed."""
    _news: bool = field(default=False, init=False)
    _ticks: bool = field(default=False, init=False)

    def begin(self, joined: Joined) -> None:
        self._view, self._unread, self._news = joined.view, [], True
        self._mine = joined.mine if isinstance(joined.mine, dict) else {}
        self._ticks = joined.rate > 0
        if joined.seat is not None and joined.state == "playing":
            self._bot = self._bot or self.policy(joined.seat, self.random)
        else:
            self._bot = None

    def updated(self, body: bytes) -> None:
        self._unread.append(body)

    def patched(self, delta: View) -> None:
        self._unread.append(delta)

    def happened(self, body: bytes) -> None:
        event = MSGPACK.decode_server(body)
        if isinstance(event, Event) and self._bot is not None:
            self._bot.on_event(event.name, event.data)

    def pause(self) -> float | None:
        fastest, slowest = self.policy.pace
        return max(SHORTEST_PAUSE, fastest + (slowest - fastest) * self.random.below(1000) / 1000)

    def act(self) -> Act | None:
        news = self._news or bool(self._unread) or self._ticks
        self._read()
        if self._bot is None or not news or not self._bot.is_called(self._view, self._mine):
            return None
        return next(self._bot.think(self._view, self._mine), None)

    def _read(self) -> None:
        for unread in self._unread:
            if isinstance(unread, dict):
                merge(self._view, unread)
            else:
                self._apply(MSGPACK.decode_server(unread))
        self._unread, self._news = [], False

    def _apply(self, update: Any) -> None:
        if isinstance(update, Update):
            merge(self._view, {} if update.delta is UNSET else update.delta)
            merge(self._mine, {} if update.mine is UNSET else update.mine)


class Hands:
    """What holds the buttons in a lockstep room, with no idea of the game: at random, or none."""

    def __init__(self, info: LockstepInfo, tick: int, seed: int | None) -> None:
        self._info = info
        self._seed = seed
        self._said = tick
        self._lead = FIRST_LEAD
        self.tick = tick
        """It has all frames up to that one."""

    def take(self, data: bytes) -> bool:
        """Takes frames; whether any of them was new."""
        head = read_frames_head(data)
        last = head.start + head.frames - 1
        if head.run != self._info.run or head.start > self.tick + 1 or last <= self.tick:
            return False
        self.tick = last
        if head.wait is not None:
            self._lead += (head.wait < 0) - (head.wait > 200)
            self._lead = min(MOST_LEAD, max(1, self._lead))
        return True

    def sync(self, again: bool) -> bytes:
        """What to say now; ``again``: with all that may not have arrived."""
        last = self.tick + self._lead
        first = self.tick + 1 if again else max(self.tick, self._said) + 1
        inputs = tuple(self._held(tick) for tick in range(first, last + 1))
        self._said = max(last, self._said)
        start = first if inputs else self.tick + 1
        return encode_sync(SyncBody(self._info.run, self.tick, start, inputs), self._info.bits)

    def _held(self, tick: int) -> int:
        """The same at each asking."""
        if self._seed is None:
            return 0
        return hash((self._seed, tick // HELD_FOR)) & (1 << self._info.bits) - 1
