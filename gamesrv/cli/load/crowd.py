"""All the players, and the rooms that they share."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from random import Random as Chance
from time import monotonic

from attrs import define, field

from gamesrv.cli.load.address import Place
from gamesrv.cli.load.figures import Figures, Histogram
from gamesrv.cli.load.link import Route
from gamesrv.cli.load.loop import Loop, allow_files
from gamesrv.cli.load.minds import Idle, Mind, Policy, Whim, whims
from gamesrv.cli.load.player import Player
from gamesrv.cli.problem import Problem
from gamesrv.core.messages import ClientMessage, Create, Join
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.wire.close import CloseCode

__all__ = ["Crowd", "Plan", "Table"]

ARRIVE_WITHIN = 15.0
"""Seconds after the last one has set out, until the measuring begins without those who have no seat."""
LEAVE_WITHIN = 2.0
CODES = {int(code): code.name.lower() for code in CloseCode}
FILES_BESIDE = 64
"""Files that are open anyway."""
HOPELESS_AFTER = 3
"""Failed attempts, with none that worked, until nobody tries any more."""


@define(frozen=True)
class Plan:
    """What is to be done."""

    place: Place
    game: str
    players: int
    per_room: int
    """How many share a private room; 0: the server finds them one each."""
    ramp: float
    """Players that set out each second."""
    seconds: float
    play: str
    """``bot``, ``random`` or ``idle``."""
    rate: float
    """Commands a second, at random."""
    udp: bool
    game_type: GameType | None
    """The game's code, where it is here."""

    def minds(self) -> Iterator[Mind]:
        """What the players have, one after the other."""
        policy = None if self.game_type is None else self.game_type.rules.bot
        acts = [] if self.game_type is None or self.play != "random" else whims(self.game_type)
        for number in range(self.players):
            if self.play == "bot" and policy is not None:
                yield Policy(policy, Random(f"load {number}".encode()))
            else:
                yield Whim(acts, self.rate, Chance(number)) if acts else Idle()


@define(eq=False)
class Table:
    """A room that some of the players share: the first to come opens it. Or any room of the game."""

    game: str
    private: bool
    _room: str | None = field(default=None, init=False)
    _opening: Player | None = field(default=None, init=False)
    _waiting: dict[Player, None] = field(factory=dict, init=False)

    def way_in(self, player: Player) -> ClientMessage | None:
        """What a player says to sit down; `None`: wait until the room is open."""
        if not self.private:
            return Join(game=self.game)
        if self._room is not None:
            return Join(room=self._room)
        if self._opening not in (None, player):
            self._waiting[player] = None
            return None
        self._opening = player
        return Create(self.game, private=True)

    def sits(self, player: Player, room: str) -> None:
        """A player has a seat in it."""
        if self._opening is player:
            self._room, self._opening = room, None
            self._call()

    def leaves(self, player: Player) -> None:
        """A player is not there any more, nor on the way."""
        self._waiting.pop(player, None)
        if self._opening is player:
            self._opening = None
            self._call()

    def refused(self, player: Player, code: str) -> None:
        """There is no such room any more, or there can't be."""
        if code == "no_such_room":
            self._room = None
        self.leaves(player)

    def _call(self) -> None:
        """Those who wait try again."""
        waiting, self._waiting = self._waiting, {}
        for player in waiting:
            player.join()


@define(eq=False)
class Crowd:
    """Comes, is measured, and goes."""

    plan: Plan
    loop: Loop = field(factory=Loop, init=False)
    figures: Figures = field(factory=Figures, init=False)
    route: Route = field(init=False)
    seated: int = field(default=0, init=False)
    ending: bool = field(default=False, init=False)
    welcomed: bool = field(default=False, init=False)
    """Whether the server has ever said so."""
    tick_rate: int = field(default=0, init=False)
    measuring: bool = field(default=False, init=False)
    players: list[Player] = field(factory=list, init=False)
    _problem: str | None = field(default=None, init=False)
    _over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        plan = self.plan
        allow_files(plan.players * (2 if plan.udp else 1) + FILES_BESIDE)
        family, address = plan.place.resolve()
        tls = ssl.create_default_context() if plan.place.secure else None
        self.route = Route(family, address, plan.place.make_wire, tls, plan.place.host)
        table = Table(plan.game, private=False)
        for number, mind in enumerate(plan.minds()):
            if plan.per_room and number % plan.per_room == 0:
                table = Table(plan.game, private=True)
            self.players.append(Player(self, number, table, mind, Chance(number)))

    # ------------------------------------------------------------------ the run

    def run(self, every: float, progress: Callable[[Crowd], object]) -> None:
        """All of it; ``progress`` is called in between. Raises `Problem` where there is nothing to measure,
        and lets `KeyboardInterrupt` through: what was counted by then stays.
        """
        for player in self.players:
            self.loop.later(player.number / self.plan.ramp, player.go)
        self.loop.later(self.plan.players / self.plan.ramp + ARRIVE_WITHIN, self._begin)
        self._tell(every, progress)
        try:
            self.loop.run(lambda: self._over)
        finally:
            self.figures.end()
            self.ending = True
        if self._problem is not None:
            raise Problem(self._problem)

    def leave(self) -> None:
        """All go, and say so: the server need not keep their seats."""
        for player in self.players:
            player.leave()
        end = monotonic() + LEAVE_WITHIN
        self.loop.run(lambda: monotonic() > end or all(player.link is None for player in self.players))
        for player in self.players:
            if player.link is not None:
                player.link.end(CloseCode.LEFT, "it is over")
        self.loop.close()

    def _tell(self, every: float, progress: Callable[[Crowd], object]) -> None:
        def tell() -> None:
            progress(self)
            self.loop.later(every, tell)

        self.loop.later(every, tell)

    def _begin(self) -> None:
        """All are here, or have had their time."""
        if not self.measuring:
            self.measuring = True
            self.figures, self.loop.lag = self.figures.begin(), Histogram()
            self.loop.later(self.plan.seconds, self._end)

    def _end(self) -> None:
        self._over = True

    # ------------------------------------------------------------------ what players tell

    def connected(self, again: bool) -> None:
        """One more connection."""
        self.figures.connects += 1
        self.figures.returns += again

    def sits(self) -> None:
        """One more has a seat."""
        self.seated += 1
        if self.seated == self.plan.players:
            self._begin()

    def lost(self, code: int, why: str, greeted: bool) -> None:
        """One less, or none at all."""
        self.error(f"closed {code}: {CODES.get(code, why)}" if greeted else f"could not connect: {why}")
        failures = self.figures.errors.total()
        if not self.welcomed and failures >= min(HOPELESS_AFTER, self.plan.players):
            self.give_up(f"{self.plan.place.text}: {why}")

    def error(self, code: str) -> None:
        """Something that should not be."""
        if not self.ending:
            self.figures.errors[code] += 1

    def give_up(self, problem: str) -> None:
        """There is no sense in going on."""
        self._problem, self._over = problem, True
