"""The arena: run about one field, pick up gems, and dash into others to make them drop theirs.

Lengths are units of the field, times are ticks (20 a second), speeds are sixteenths of a unit per tick: all
integers, so that every machine computes the same.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from attrs import define, field, frozen

from gamesrv import Act, Bot, Game, Meta, Refused, Seat, command

__all__ = ["Arena", "Avatar", "Collector", "Gem"]

WIDTH, HEIGHT = 1600, 1000
RADIUS = 20
REACH = RADIUS + 18
"""Further than this nobody picks up a gem, however big."""
UNIT = 16
PUSH, PUSH_ASLANT = 40, 28
"""What a held direction adds to the speed each tick; aslant it is so much on either axis, 1/√2."""
GRIP = 13
"""Sixteenths of the speed that friction leaves after a tick: 13 units a tick is the fastest one can run."""
DASH, DASH_SPEED, COOLDOWN = 5, 10, 40
"""How long a dash goes, how many pushes fast, and the time from one to the next."""
STUN, SAFE = 20, 60
"""After a bump: how long one stands dazed, and how long one can't be robbed again."""
SPILL = 40
"""The most that one drops at once."""
GEMS, GEMS_EACH, MARGIN = 40, 2, 40
CELL = 128

Step = Annotated[int, Meta(ge=-1, le=1)]


class Spot(Protocol):
    """Anything with a place."""

    x: int
    y: int


@frozen
class Gem:
    """It lies there until somebody takes it."""

    x: int
    y: int
    worth: int

    @property
    def radius(self) -> int:
        """The big ones are worth more."""
        return 8 + 2 * self.worth


@define
class Avatar:
    """A player on the field. What is private is not in the view: there, all that changes costs bytes."""

    name: str
    x: int
    y: int
    score: int = 0
    dash: int | None = None
    """The whole cooldown, from the start of a dash until the next is ready."""
    stun: int | None = None
    """The whole time of being dazed, while it lasts."""
    away: bool | None = None
    _speed: tuple[int, int] = (0, 0)
    _rest: tuple[int, int] = (0, 0)
    """Sixteenths of a unit on top of x and y."""
    _push: tuple[int, int] = (0, 0)
    _heading: tuple[int, int] = (PUSH, 0)
    """The last push in some direction."""
    _dashed: int = 0
    """When the last dash began."""
    _bumped: int = 0
    """When somebody last bumped into it, or it came in."""

    def steer(self, dx: int, dy: int) -> None:
        """Runs that way until told otherwise."""
        push = PUSH_ASLANT if dx and dy else PUSH
        self._push = (dx * push, dy * push)
        if dx or dy:
            self._heading = self._push

    def start_dash(self, tick: int) -> None:
        """Off it goes, where it is heading."""
        along, down = self._heading
        self._speed = (along * DASH_SPEED, down * DASH_SPEED)
        self._dashed = tick
        self.dash = COOLDOWN

    def halt(self) -> None:
        """Stands still, and wants to."""
        self._push = self._speed = (0, 0)

    def is_dashing(self, tick: int) -> bool:
        """Whether it would knock others over."""
        return self.dash is not None and tick - self._dashed < DASH and self.stun is None

    def is_safe(self, tick: int) -> bool:
        """Whether it can't be robbed now."""
        return self.away is not None or tick - self._bumped < SAFE

    def knock(self, other: "Avatar", tick: int) -> None:
        """Dazes another avatar. They swap speeds, as balls do; if both are at it, once."""
        if self.stun is None:
            self._speed, other._speed = other._speed, self._speed
            self._dashed = tick - DASH
        other._bumped = tick
        other.stun = STUN

    def step(self, tick: int) -> None:
        """One tick passes."""
        if self.dash is not None and tick - self._dashed >= COOLDOWN:
            self.dash = None
        if self.stun is not None and tick - self._bumped >= STUN:
            self.stun = None
        if not self.is_dashing(tick):
            self._accelerate()
        if self._speed != (0, 0):
            self._move()

    def _accelerate(self) -> None:
        along, down = self._push if self.stun is None else (0, 0)
        self._speed = (_slowed(self._speed[0]) + along, _slowed(self._speed[1]) + down)

    def _move(self) -> None:
        (along, down), (rest_x, rest_y) = self._speed, self._rest
        self.x, rest_x, along = _slide(self.x, rest_x, along, WIDTH)
        self.y, rest_y, down = _slide(self.y, rest_y, down, HEIGHT)
        self._speed, self._rest = (along, down), (rest_x, rest_y)


def _slowed(speed: int) -> int:
    """Rounded towards zero, so that it comes to a stop."""
    return speed * GRIP // UNIT if speed > 0 else -(-speed * GRIP // UNIT)


def _slide(at: int, rest: int, speed: int, size: int) -> tuple[int, int, int]:
    """Place, sixteenths and speed after a tick along one axis; a wall takes the speed."""
    rest += speed
    at += rest // UNIT
    if RADIUS <= at <= size - RADIUS:
        return at, rest % UNIT, speed
    return min(max(at, RADIUS), size - RADIUS), 0, 0


def _near(one: Spot, other: Spot, reach: int) -> bool:
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2 < reach * reach


def _cell(x: int, y: int) -> int:
    return y // CELL * UNIT + x // CELL


class Collector(Bot):
    """Runs for the gem that seems worth it, and now and then at somebody rich."""

    pace = (0.15, 0.4)


@define
class Arena(Game):
    """Run about and pick up gems; dash into somebody to make them drop theirs."""

    name = "arena"
    seats = (1, 64)
    tick_rate = 20
    bot = Collector

    avatars: dict[Seat, Avatar] = field(factory=dict)
    gems: dict[int, Gem] = field(factory=dict)
    gems_made: int = 0

    def on_start(self) -> None:
        for _ in range(GEMS):
            self._grow()

    def on_join(self, seat: Seat) -> None:
        spots = [self._anywhere() for _ in range(8)]
        x, y = max(spots, key=self._clearance)
        self.avatars[seat] = Avatar(self.names[seat], x, y, bumped=self.tick)

    def on_drop(self, seat: Seat) -> None:
        self.avatars[seat].away = True
        self.avatars[seat].halt()

    def on_back(self, seat: Seat) -> None:
        self.avatars[seat].away = None

    def on_leave(self, seat: Seat) -> None:
        self._spill(self.avatars.pop(seat), SPILL)

    @command
    def move(self, seat: Seat, dx: Step, dy: Step) -> None:
        """Run that way until told otherwise: 1 0 is right, 0 1 is down, 0 0 stands still."""
        self.avatars[seat].steer(dx, dy)

    @command
    def dash(self, seat: Seat) -> None:
        """Dash where you are heading; whoever you hit drops gems."""
        avatar = self.avatars[seat]
        if avatar.dash is not None or avatar.stun is not None:
            raise Refused("you can't dash yet", "not_ready")
        avatar.start_dash(self.tick)

    def on_tick(self) -> None:
        tick = self.tick
        for avatar in self.avatars.values():
            avatar.step(tick)
        self._bump(tick)
        self._collect()
        if len(self.gems) < GEMS + GEMS_EACH * len(self.avatars):
            self._grow()

    def view(self) -> Mapping[str, Any]:
        return {"width": WIDTH, "height": HEIGHT, "avatars": self.avatars, "gems": self.gems}

    def _bump(self, tick: int) -> None:
        """All hits are found before any counts: of two that dash into each other, none is first."""
        hits = [
            (by, victim)
            for by, dasher in self.avatars.items()
            if dasher.is_dashing(tick)
            for victim, other in self.avatars.items()
            if victim != by and _near(dasher, other, 2 * RADIUS) and not other.is_safe(tick)
        ]
        for by, victim in hits:
            if not self.avatars[victim].is_safe(tick):
                self.avatars[by].knock(self.avatars[victim], tick)
                self._rob(by, victim)

    def _rob(self, by, victim):
        robbed = self.avatars[victim]
        lost = self._spill(robbed, min(SPILL, (robbed.score + 3) // 4))
        self.emit("bumped", seat=victim, by=by, lost=lost, x=robbed.x, y=robbed.y)

    def _collect(self) -> None:
        near: dict[int, list[tuple[Seat, Avatar]]] = {}
        for seat, avatar in self.avatars.items():
            if avatar.away is None and avatar.stun is None:
                for x in (avatar.x - REACH, avatar.x + REACH):
                    for y in (avatar.y - REACH, avatar.y + REACH):
                        near.setdefault(_cell(x, y), []).append((seat, avatar))
        for number, gem in list(self.gems.items()):
            for seat, avatar in near.get(_cell(gem.x, gem.y), ()):
                if _near(avatar, gem, RADIUS + gem.radius):
                    self._take(seat, number)
                    break

    def _take(self, seat, number):
        gem = self.gems.pop(number)
        self.avatars[seat].score += gem.worth
        self.emit("collected", seat=seat, gem=number, worth=gem.worth, x=gem.x, y=gem.y)

    def _spill(self, avatar, most):
        lost = left = min(avatar.score, most)
        avatar.score -= lost
        while left:
            worth = 5 if left >= 5 else 3 if left >= 3 else 1
            left -= worth
            self._place(avatar.x + self._aside(), avatar.y + self._aside(), worth)
        return lost

    def _aside(self) -> int:
        return self.random.choice((-1, 1)) * self.random.between(40, 100)

    def _grow(self) -> None:
        x, y = self._anywhere()
        self._place(x, y, self.random.choice((1,) * 14 + (3,) * 5 + (5,)))

    def _place(self, x: int, y: int, worth: int) -> None:
        self.gems_made += 1
        x = min(max(x, MARGIN), WIDTH - MARGIN)
        y = min(max(y, MARGIN), HEIGHT - MARGIN)
        self.gems[self.gems_made] = Gem(x, y, worth)

    def _anywhere(self) -> tuple[int, int]:
        return self.random.between(MARGIN, WIDTH - MARGIN), self.random.between(MARGIN, HEIGHT - MARGIN)

    def _clearance(self, spot: tuple[int, int]) -> int:
        return min(((a.x - spot[0]) ** 2 + (a.y - spot[1]) ** 2 for a in self.avatars.values()), default=0)
