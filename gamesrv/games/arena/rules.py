"""The rules of the arena."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from attrs import define, field

from gamesrv import Game, Meta, Refused, Seat, command
from gamesrv.games.arena import text
from gamesrv.games.arena.avatar import RADIUS, Avatar
from gamesrv.games.arena.bot import Collector
from gamesrv.games.arena.gems import Gems

__all__ = ["Arena", "touching"]

GEMS_EACH = 2
"""So many gems more lie around per player."""
MARGIN = 40
"""No gem lies closer to a wall."""
WORTHS = (1,) * 14 + (3,) * 5 + (5,)
SPILL = 40
"""The most that one drops at once."""
TRIES = 8

Step = Annotated[int, Meta(ge=-1, le=1)]


@define
class Arena(Game):
    """Run about and pick up gems; dash into others to make them drop theirs."""

    name = "arena"
    seats = (1, 64)
    tick_rate = 20
    bot = Collector
    width: ClassVar[int] = 1600
    height: ClassVar[int] = 1000
    least_gems: ClassVar[int] = 40
    """So many lie around on an empty field; new ones come the faster, the more are missing."""

    avatars: dict[Seat, Avatar] = field(factory=dict)
    gems: Gems = field(factory=Gems)

    def on_start(self) -> None:
        for _ in range(self.least_gems):
            self._grow()

    def on_join(self, seat: Seat) -> None:
        """The roomiest of a few places will do."""
        x, y = max((self._anywhere() for _ in range(TRIES)), key=self._clearance)
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
        """Run that way until told otherwise: 1 0 is right, 0 1 is down, 0 0 is standing still."""
        self.avatars[seat].steer(dx, dy)

    @command
    def dash(self, seat: Seat) -> None:
        """Dash where you are heading; whoever you hit drops gems."""
        avatar = self.avatars[seat]
        if avatar.dash is not None or avatar.stun is not None:
            raise Refused("you can't dash yet", "not_ready")
        avatar.start_dash(self.tick)

    def on_tick(self) -> None:
        tick, width, height = self.tick, self.width, self.height
        for avatar in self.avatars.values():
            avatar.step(tick, width, height)
        self._bump()
        self._collect()
        missing = self.least_gems + GEMS_EACH * len(self.avatars) - len(self.gems.lying)
        for _ in range((missing + 9) // 10):
            self._grow()

    def view(self) -> Mapping[str, Any]:
        """The field, with places in whole units.

        Each tick's changes go to everyone, so it holds nothing that changes without need: see `Avatar`.
        """
        return {"width": self.width, "height": self.height, "avatars": self.avatars, "gems": self.gems.lying}

    picture = staticmethod(text.picture)
    tell = staticmethod(text.tell)

    # ------------------------------------------------------------------ dashing into others

    def _bump(self) -> None:
        """All hits are found before one counts: of two that dash into each other, neither is the first."""
        tick = self.tick
        dashing = [(seat, avatar) for seat, avatar in self.avatars.items() if avatar.is_dashing(tick)]
        for seat, victim in self._hits(dashing):
            if not self.avatars[victim].is_safe(tick):
                self.avatars[seat].bump(self.avatars[victim], tick)
                self._rob(victim, by=seat)

    def _hits(self, dashing: list[tuple[Seat, Avatar]]) -> list[tuple[Seat, Seat]]:
        """Who hits whom."""
        everyone = self.avatars.items()
        return [(seat, victim) for seat, avatar in dashing for victim in touching(avatar, everyone)]

    def _rob(self, victim: Seat, by: Seat) -> None:
        """A quarter of what they have: who has more has more to lose."""
        avatar = self.avatars[victim]
        lost = self._spill(avatar, min(SPILL, (avatar.score + 3) // 4))
        where = avatar.x, avatar.y
        self.emit("bumped", where=where, seat=victim, by=by, lost=lost, x=avatar.x, y=avatar.y)

    def _spill(self, avatar: Avatar, most: int) -> int:
        """Strews up to ``most`` of a score around as gems; returns how much."""
        lost = left = min(avatar.score, most)
        avatar.score -= lost
        while left > 0:
            worth = next(worth for worth in (5, 3, 1) if worth <= left)
            self._put(avatar.x + self._aside(), avatar.y + self._aside(), worth)
            left -= worth
        return lost

    # ------------------------------------------------------------------ gems and places

    def _collect(self) -> None:
        for seat, avatar in self.avatars.items():
            if avatar.away is None and avatar.stun is None:
                for number in self.gems.touched(avatar.x, avatar.y):
                    gem = self.gems.take(number)
                    avatar.score += gem.worth
                    where = gem.x, gem.y
                    self.emit(
                        "collected", where=where, seat=seat, gem=number, worth=gem.worth, x=gem.x, y=gem.y
                    )

    def _grow(self) -> None:
        self._put(*self._anywhere(), self.random.choice(WORTHS))

    def _put(self, x: int, y: int, worth: int) -> None:
        """A new gem, there or as near as the walls allow."""
        self.gems.put(*self._inside(x, y), worth)

    def _inside(self, x: int, y: int) -> tuple[int, int]:
        return min(max(x, MARGIN), self.width - MARGIN), min(max(y, MARGIN), self.height - MARGIN)

    def _anywhere(self) -> tuple[int, int]:
        x = self.random.between(MARGIN, self.width - MARGIN)
        return x, self.random.between(MARGIN, self.height - MARGIN)

    def _aside(self) -> int:
        """Out of reach of who stands there."""
        return self.random.choice((-1, 1)) * self.random.between(40, 100)

    def _clearance(self, spot: tuple[int, int]) -> int:
        return min((_distance2(*spot, avatar) for avatar in self.avatars.values()), default=0)


def touching(avatar: Avatar, others: Iterable[tuple[Seat, Avatar]]) -> list[Seat]:
    """Which of the others it touches."""
    near = (2 * RADIUS) ** 2
    return [
        seat for seat, other in others if other is not avatar and _distance2(avatar.x, avatar.y, other) < near
    ]


def _distance2(x: int, y: int, avatar: Avatar) -> int:
    return (avatar.x - x) ** 2 + (avatar.y - y) ** 2
