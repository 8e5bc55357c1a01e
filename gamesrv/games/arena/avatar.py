"""How a player moves: pushed, slowed down by friction, stopped by walls.

Places are units of the field, times are ticks, speeds are sixteenths of a unit per tick: integers throughout,
so that every machine computes the same.
"""

from attrs import define

__all__ = ["RADIUS", "Avatar"]

RADIUS = 20
UNIT = 16
PUSH, PUSH_ASLANT = 40, 28
"""What a held direction adds to the speed each tick; aslant, that much along either axis: by √2 less."""
GRIP = 13
"""Sixteenths of the speed that friction leaves. With these pushes one runs at 13 units a tick at most."""
DASH, DASH_PUSHES, COOLDOWN = 5, 10, 40
"""How long a dash takes, how many pushes make its speed, and the time from one to the next."""
STUN, SAFE = 20, 60
"""After a bump: how long one is stunned, and how long nobody can bump into one again."""


@define
class Avatar:
    """A player on the field.

    Only what has no underscore is in the view. There, whatever changes in a tick is sent to everyone, so that
    `dash` and `stun` are set once and taken away once; they don't count down.
    """

    name: str
    x: int
    y: int
    score: int = 0
    dash: int | None = None
    """The whole cooldown, from the start of a dash until the next is ready."""
    stun: int | None = None
    """The whole time of being stunned, while it lasts."""
    away: bool | None = None
    _speed_x: int = 0
    _speed_y: int = 0
    _rest_x: int = 0
    """Sixteenths of a unit past `x`."""
    _rest_y: int = 0
    _push: tuple[int, int] = (0, 0)
    _heading: tuple[int, int] = (PUSH, 0)
    """The last push that was one."""
    _dashed: int = 0
    """When the last dash began."""
    _bumped: int = 0
    """When it was bumped into, or came in: newcomers are safe for a moment, too."""

    def steer(self, dx: int, dy: int) -> None:
        """Runs that way until told otherwise."""
        push = PUSH_ASLANT if dx and dy else PUSH
        self._push = (dx * push, dy * push)
        if dx or dy:
            self._heading = self._push

    def halt(self) -> None:
        """Stands still at once."""
        self._push = (0, 0)
        self._speed_x = self._speed_y = 0

    def start_dash(self, tick: int) -> None:
        """Shoots off where it is heading, at a speed that nothing slows down for a moment."""
        self.dash = COOLDOWN
        self._dashed = tick
        self._speed_x, self._speed_y = (push * DASH_PUSHES for push in self._heading)

    def is_dashing(self, tick: int) -> bool:
        """Whether it bumps into what is in its way."""
        return self.dash is not None and self.stun is None and tick - self._dashed <= DASH

    def is_safe(self, tick: int) -> bool:
        """Whether nobody can bump into it."""
        return self.away is not None or tick - self._bumped < SAFE

    def bump(self, other: "Avatar", tick: int) -> None:
        """Stuns another one. They swap speeds, as balls do: once, should both have been dashing."""
        if self.stun is None:
            self._speed_x, other._speed_x = other._speed_x, self._speed_x
            self._speed_y, other._speed_y = other._speed_y, self._speed_y
        other.stun = STUN
        other._bumped = tick

    def step(self, tick: int, width: int, height: int) -> None:
        """One tick passes, on a field of that size."""
        if self.dash is not None and tick - self._dashed >= COOLDOWN:
            self.dash = None
        if self.stun is not None and tick - self._bumped >= STUN:
            self.stun = None
        if self.dash is None or not self.is_dashing(tick):
            push_x, push_y = self._push if self.stun is None else (0, 0)
            self._speed_x = _slowed(self._speed_x) + push_x
            self._speed_y = _slowed(self._speed_y) + push_y
        if self._speed_x:
            self.x, self._rest_x, self._speed_x = _slide(self.x, self._rest_x, self._speed_x, width)
        if self._speed_y:
            self.y, self._rest_y, self._speed_y = _slide(self.y, self._rest_y, self._speed_y, height)


def _slowed(speed: int) -> int:
    """What friction leaves, rounded towards zero: otherwise nothing would ever come to a stop."""
    return speed * GRIP // UNIT if speed > 0 else -(-speed * GRIP // UNIT)


def _slide(at: int, rest: int, speed: int, size: int) -> tuple[int, int, int]:
    """Place, sixteenths past it and speed after a tick along one axis. A wall takes the speed."""
    rest += speed
    at += rest // UNIT
    if RADIUS <= at <= size - RADIUS:
        return at, rest % UNIT, speed
    return min(max(at, RADIUS), size - RADIUS), 0, 0
