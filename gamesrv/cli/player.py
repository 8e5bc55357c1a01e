"""Somebody who plays a game at random: people come and go, time passes, commands of all kinds are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from gamesrv.cli.values import random_values
from gamesrv.core.bot import Act, Bot
from gamesrv.core.game import Emitted
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.rng import Random
from gamesrv.core.views import prune

__all__ = ["RandomPlayer"]

WAIT = 2000
"""Milliseconds that pass at most in one step of a game that does not tick, and in which no timer is due."""


@define(eq=False)
class RandomPlayer:
    """Gives a machine inputs that make sense, out of a seed: what a room would let in, and no more."""

    machine: Machine
    random: Random
    seated: set[int] = field(factory=set)
    away: set[int] = field(factory=set)
    _bots: dict[int, Bot] = field(factory=dict)
    _most: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._most = self.machine.game_type.seats_for(self.machine.game.options)[1]
        self.seated.update(self.machine.game.names)

    def next(self) -> Input | int:
        """What enters next: an input, or time up to a tick."""
        return self._presence() or self._deed() or self._time()

    def happened(self, what: Input | int, accepted: bool, events: list[Emitted]) -> None:
        """What came of it."""
        if isinstance(what, Input) and accepted:
            self._note(what)
        for event in events:
            for seat, bot in self._bots.items():
                if event.to in (None, seat):
                    bot.on_event(event.name, event.data)

    def _note(self, item: Input) -> None:
        if item.kind == "join":
            self.seated.add(item.seat)
        elif item.kind == "leave":
            self.seated.discard(item.seat)
            self.away.discard(item.seat)
            self._bots.pop(item.seat, None)
        elif item.kind in ("drop", "back"):
            self.away ^= {item.seat}

    # ------------------------------------------------------------------ who is there

    def _presence(self) -> Input | None:
        chance = self.random.below(100)
        free = [seat for seat in range(self._most) if seat not in self.seated]
        if free and (not self.seated or chance < 4):
            seat = self.random.choice(free)
            return self._input("join", seat, f"player {seat}")
        if not self.seated or chance >= 4:
            return None
        seat = self.random.choice(sorted(self.seated))
        if chance == 0 and len(self.seated) > 1:
            return self._input("leave", seat)
        return self._input("back" if seat in self.away else "drop", seat)

    # ------------------------------------------------------------------ what they do

    def _deed(self) -> Input | None:
        game = self.machine.game_type
        there = sorted(self.seated - self.away)
        if not there or self.random.below(100) >= (30 if game.rules.tick_rate else 80):
            return None
        seat = self.random.choice(there)
        if game.lockstep:
            return Input(self.machine.tick, "input", seat, bits=self.random.below(1 << game.rules.input_bits))
        # Half of the time the one plays whose turn it is, if any bot knows.
        acts = self._acts(there if self.random.below(2) else [seat])
        if acts and self.random.below(4):
            seat, (name, args) = self.random.choice(acts)
            return self._input("command", seat, name, args)
        if not game.commands:
            return None
        name = self.random.choice(list(game.commands))
        return self._input("command", seat, name, random_values(game.commands[name].args, self.random))

    def _acts(self, seats: list[int]) -> list[tuple[int, Act]]:
        policy = self.machine.game_type.rules.bot
        if policy is None:
            return []
        acts = ((seat, self._act(seat, policy)) for seat in seats)
        return [(seat, act) for seat, act in acts if act is not None]

    def _act(self, seat: int, policy: Callable[[int, Random], Bot]) -> Act | None:
        """The first thought will do."""
        if seat not in self._bots:
            self._bots[seat] = policy(seat, Random(self.random.seed + bytes([seat % 256])))
        bot = self._bots[seat]
        view, mine = prune(self.machine.view()), prune(self.machine.view_for(seat))
        return next(bot.think(view, mine), None) if bot.is_called(view, mine) else None

    # ------------------------------------------------------------------ time

    def _time(self) -> int:
        machine = self.machine
        if machine.game_type.rules.tick_rate:
            return machine.tick + 1
        later = machine.tick + self.random.between(1, WAIT)
        return later if machine.next_due is None else min(later, machine.next_due)

    def _input(self, kind: Any, seat: int, name: str = "", args: dict[str, Any] | None = None) -> Input:
        return Input(self.machine.tick, kind, seat, name, args or {})
