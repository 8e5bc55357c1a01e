"""A mind for air hockey. It holds the same six buttons as anybody, and sees the puck as late as people do."""

from collections import deque
from collections.abc import Mapping

from gamesrv import Bot, Random
from gamesrv.games.hockey.sim import (
    BRAKE,
    DASH,
    DOWN,
    GOAL,
    HALF,
    INWARD,
    LEFT,
    MALLET,
    MALLETS,
    PHASE,
    PLAY,
    POINT,
    PUCK,
    RIGHT,
    TICK,
    UP,
    VX,
    VY,
    WAIT,
    X,
    Y,
)

__all__ = ["Keeper"]

DELAY = 11
"""Ticks from something that happens to what is done about it."""
RHYTHM = (4, 9)
"""Ticks that it holds the same buttons, from and to."""
GUARD = 120 * POINT
"""How far from its own side it waits."""
CLOSE = 14 * POINT
AHEAD = 7
"""Ticks that a mallet needs to stop, about."""
STRIKE = 150 * POINT
"""So near to the puck it may dash."""
MISJUDGES = 22 * POINT

Spot = tuple[int, int]
"""As its seat sees it: how far off its own side, and how far aside of the middle of that."""


class Keeper(Bot):
    """Waits before its goal, goes for what comes into its half, and turns back when the puck is behind it."""

    pace = (0.05, 0.05)

    def __init__(self, seat: int, random: Random) -> None:
        super().__init__(seat, random)
        self._seen: deque[tuple[int, Spot, Spot]] = deque(maxlen=DELAY + 1)
        """Ticks, and where the puck was and how it moved."""
        self._held = 0
        self._since = self._for = 0

    def control(self, world: Mapping[str, list[int]], seat: int) -> int:
        """The buttons it holds in the next tick."""
        now = world["match"][TICK]
        x, y, vx, vy, *_ = world["puck"]
        self._seen.append((now, _spot(x - HALF, y - HALF, seat, HALF), _spot(vx, vy, seat)))
        while _ticks(self._seen[0][0], now) > DELAY:
            self._seen.popleft()
        if _ticks(self._since, now) >= self._for:
            self._since, self._for = now, self.random.between(*RHYTHM)
            self._held = self._think(world, seat)
        return self._held

    def _think(self, world: Mapping[str, list[int]], seat: int) -> int:
        mallet = world[MALLETS[seat]]
        me, speed = _spot(mallet[X] - HALF, mallet[Y] - HALF, seat, HALF), _spot(mallet[VX], mallet[VY], seat)
        if world["match"][PHASE] != PLAY:
            return _buttons(me, speed, (GUARD + MALLET, 0), seat)
        puck, flight = self._guess(world["match"][TICK])
        if puck[0] > HALF + PUCK:
            return _buttons(me, speed, (GUARD, _between(puck[1] // 2, GOAL)), seat)
        if puck[0] < me[0] - MALLET // 2:
            return _buttons(me, speed, _round(me, puck), seat)
        misjudged = puck[1] + self.random.between(-MISJUDGES, MISJUDGES)
        held = _buttons(me, speed, (puck[0] - PUCK // 2, misjudged), seat)
        near = abs(puck[0] - me[0]) + abs(puck[1] - me[1]) < STRIKE
        if near and not mallet[WAIT] and flight[0] > -12 * POINT and self.random.below(3) == 0:
            held |= DASH
        return held

    def _guess(self, now: int) -> tuple[Spot, Spot]:
        """Where the puck is by now, and how it moves, from where it was a moment ago."""
        then, (forth, aside), flight = self._seen[0]
        since = _ticks(then, now)
        forth, aside = forth + flight[0] * since, aside + flight[1] * since
        most = HALF - PUCK
        return (_mirror(forth, PUCK, HALF + most), _mirror(aside, -most, most)), flight


def _buttons(me: Spot, speed: Spot, goal: Spot, seat: int) -> int:
    """Those that lead there; they are let go before it is reached."""
    ways = [goal[axis] - me[axis] - speed[axis] * AHEAD for axis in (0, 1)]
    forth, aside = (0 if abs(way) < CLOSE else 1 if way > 0 else -1 for way in ways)
    nx, ny = INWARD[seat]
    dx, dy = nx * forth + ny * aside, ny * forth + nx * aside
    across = LEFT if dx < 0 else RIGHT if dx > 0 else 0
    along = UP if dy < 0 else DOWN if dy > 0 else 0
    return across | along or BRAKE


def _spot(x: int, y: int, seat: int, more: int = 0) -> Spot:
    """A way on the table as a seat sees it."""
    nx, ny = INWARD[seat]
    return x * nx + y * ny + more, x * ny + y * nx


def _round(me: Spot, puck: Spot) -> Spot:
    """Back past a puck that is behind, without pushing it into the own goal."""
    beside = MALLET + 2 * PUCK
    if abs(me[1] - puck[1]) < beside:
        side = 1 if me[1] > puck[1] else -1
        return me[0] - MALLET, puck[1] + side * beside
    return MALLET, puck[1] // 2


def _ticks(start: int, end: int) -> int:
    """From one to the other, as a world counts them."""
    return (end - start) & 0xFFFF


def _between(value: int, most: int) -> int:
    return max(-most, min(most, value))


def _mirror(value: int, low: int, high: int) -> int:
    """Where something is that would be there, had it not bounced off a wall."""
    if value < low:
        value = 2 * low - value
    if value > high:
        value = 2 * high - value
    return max(low, min(high, value))
