"""The arena in the large: a hundred of its fields in one, and everyone sees what is around them."""

from collections.abc import Mapping
from heapq import nlargest
from itertools import chain
from typing import Any

from attrs import define, field, frozen

from gamesrv import Areas, Seat, Window
from gamesrv.games.arena import text
from gamesrv.games.arena.avatar import RADIUS, Avatar
from gamesrv.games.arena.rules import Arena, touching

__all__ = ["World"]

SQUARE = 1000
"""Side of the squares in which people are counted for a map of the whole."""
COMPANY, NEARBY, TRIES = 10, 600, 5
"""One begins near one of a few others who has most around them, unless those are so many."""
LEADERS = 5
TOUCH = 2 * RADIUS
STRETCH = 1 << 16


@frozen
class Leader:
    """One of those who have most."""

    seat: Seat
    name: str
    score: int


@define
class World(Arena):
    """The arena for two thousand: whoever you meet, there are more beyond the horizon."""

    name, title = "world", "arena world"
    seats = (1, 2500)
    company = 12
    areas = Areas(("avatars", "gems"), size=800, near=1, far=1, caps={"avatars": 320})
    width, height, least_gems = 16 * SQUARE, 10 * SQUARE, 4000

    crowd: list[int] = field(factory=list)
    """How many there are in each square, row by row: counted once a second, as it is for everyone to see."""
    leaders: list[Leader] = field(factory=list)

    def on_start(self) -> None:
        super().on_start()
        self._count()

    def on_join(self, seat: Seat) -> None:
        """Near somebody, for it is a large world; anywhere, once there are people everywhere."""
        place = self._anywhere()
        seats = [*self.avatars]
        if seats:
            some = (self.avatars[self.random.choice(seats)] for _ in range(TRIES))
            others = [avatar for avatar in some if self._around(avatar) < COMPANY]
            if others:
                other = max(others, key=self._around)
                place = self._inside(other.x + self._not_far(), other.y + self._not_far())
        self.avatars[seat] = Avatar(self.names[seat], *place, bumped=self.tick)

    def on_tick(self) -> None:
        super().on_tick()
        if self.tick % self.tick_rate == 0:
            self._count()

    def eye(self, seat: Seat | None) -> tuple[int, int] | None:
        """Where one's avatar is; those who only watch see who leads."""
        if seat is None and self.leaders:
            seat = self.leaders[0].seat
        avatar = None if seat is None else self.avatars.get(seat)
        return None if avatar is None else (avatar.x, avatar.y)

    def view(self) -> Mapping[str, Any]:
        """What has no place in it is for everyone, so it changes once a second and no more."""
        return {**super().view(), "square": SQUARE, "crowd": self.crowd, "leaders": self.leaders}

    @classmethod
    def picture(cls, window: Window) -> str:
        """What is around one, as a map."""
        me = window.view["avatars"].get(str(window.seat), {"x": cls.width // 2, "y": cls.height // 2})
        wide, high = Arena.width, Arena.height
        left = min(max(me["x"] - wide // 2, 0), cls.width - wide)
        top = min(max(me["y"] - high // 2, 0), cls.height - high)
        return text.draw(window, (left, top, wide, high))

    @classmethod
    def tell(cls, name: str, data: Mapping[str, Any], players: Mapping[Seat, str]) -> str | None:
        """Only what concerns oneself: something happens to somebody all the time."""
        if name in ("collected", "bumped") and not {data.get("seat"), data.get("by")} & players.keys():
            return ""
        return text.tell(name, data, players)

    def _hits(self, dashing: list[tuple[Seat, Avatar]]) -> list[tuple[Seat, Seat]]:
        """Looks at those around only."""
        if not dashing:
            return []
        near: dict[int, list[tuple[Seat, Avatar]]] = {}
        for seat, avatar in self.avatars.items():
            near.setdefault(_spot(avatar.x, avatar.y), []).append((seat, avatar))
        hits = []
        for seat, avatar in dashing:
            spots = sorted(
                {
                    _spot(avatar.x + dx, avatar.y + dy)
                    for dx in (-TOUCH, 0, TOUCH)
                    for dy in (-TOUCH, 0, TOUCH)
                }
            )
            around = chain.from_iterable(near.get(spot, ()) for spot in spots)
            hits += [(seat, victim) for victim in touching(avatar, around)]
        return hits

    def _count(self) -> None:
        crowd = [0] * (self.width * self.height // SQUARE**2)
        for avatar in self.avatars.values():
            crowd[self._square(avatar)] += 1
        self.crowd = crowd
        best = nlargest(LEADERS, self.avatars.items(), key=lambda item: (item[1].score, -item[0]))
        self.leaders = [Leader(seat, avatar.name, avatar.score) for seat, avatar in best]

    def _around(self, avatar: Avatar) -> int:
        """How many there were in its square, when people were counted."""
        return self.crowd[self._square(avatar)]

    def _not_far(self) -> int:
        return self.random.between(-NEARBY, NEARBY)

    def _square(self, avatar: Avatar) -> int:
        return avatar.y // SQUARE * (self.width // SQUARE) + avatar.x // SQUARE


def _spot(x: int, y: int) -> int:
    return y // TOUCH * STRETCH + x // TOUCH
