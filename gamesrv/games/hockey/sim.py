"""Air hockey as a simulation: a world and the seats' inputs make the next world, the same on any machine.

The browser runs this very file under MicroPython. So there are integers only, none beyond 30 bits (products
too), no map or set whose order counts, and nothing that MicroPython lacks.

The table is a square with a goal on each side. Lengths are in units, 64 to a point, 1,000 points to a side;
speeds are units per tick, at 60 ticks a second. x goes right, y down. Seat 0 has the lower side, 1 the upper,
2 the left, 3 the right one. A world is a map of lists; the names below say what stands where in them.
"""

SEATS = 4
POINT = 64
SIDE = 1000 * POINT
HALF = SIDE // 2
PUCK, MALLET = 28 * POINT, 44 * POINT
"""Radii."""
GOAL = 155 * POINT
"""Half of a goal's width."""

LEFT, RIGHT, UP, DOWN, DASH, BRAKE = 1, 2, 4, 8, 16, 32
"""The bits of an input."""

# A body, be it the puck or a mallet, begins with these four.
X, Y, VX, VY = 0, 1, 2, 3
# A mallet: who moves it, ticks until the next dash, what it has scored in this round, rounds it has won.
STATE, WAIT, SCORE, WINS = 4, 5, 6, 7
EMPTY, PLAYS, AWAY = 0, 1, 2
# The puck: who touched it last, which other one before that, and ticks since then.
LAST, BEFORE, IDLE = 4, 5, 6
# The match: what goes on and for how many more ticks, where the last goal fell, who shot it, how many win a
# round; a count of ticks, and where chance stands.
PHASE, REST, AT, BY, TARGET, TICK, CHANCE = 0, 1, 2, 3, 4, 5, 6
FACE_OFF, PLAY, SCORED, WON = 0, 1, 2, 3
NOBODY = -1

MALLETS = ("mallet0", "mallet1", "mallet2", "mallet3")
PARTS = ("match", "puck") + MALLETS

INWARD = ((0, -1), (0, 1), (1, 0), (-1, 0))
"""By seat: from its own side to the middle of the table."""
HOME = 170 * POINT
BOUNDS = (
    (MALLET, HALF + MALLET, SIDE - MALLET, SIDE - MALLET),
    (MALLET, MALLET, SIDE - MALLET, HALF - MALLET),
    (MALLET, MALLET, HALF - MALLET, SIDE - MALLET),
    (HALF + MALLET, MALLET, SIDE - MALLET, SIDE - MALLET),
)
"""By seat: where the middle of its mallet can be, its own half. Left, top, right, bottom."""

PUSH, PUSH_ASLANT = 104, 74
"""What a held direction adds to a mallet's speed; aslant, that much along either axis: by √2 less."""
GRIP, GRIP_BRAKED = 14, 9
"""Sixteenths of its speed that a mallet keeps."""
DASH_SPEED, DASH_ASLANT = 1500, 1061
DASH_WAIT, DASHING = 50, 43
"""One dash to the next takes so many ticks; it is one while more than so many of them are left."""
TOP_SPEED = 26 * POINT
"""Of the puck. With a mallet's fastest it is less than their radii together: neither jumps over the other."""
SERVE, SERVE_ASIDE = 7 * POINT, 3 * POINT
WALL_KEEPS, MALLET_KEEPS, BRAKED_KEEPS, POST_KEEPS = 15, 14, 3, 13
"""Sixteenths of the speed that a bounce leaves."""
ONE = 1024
"""The length of a direction."""

FACE_OFF_TICKS, FIRST_TICKS, SCORED_TICKS, WON_TICKS = 75, 180, 75, 300
IDLE_TICKS = 480
"""So long after the last touch there is another face-off: the puck may lie where nobody can reach it."""


# ---------------------------------------------------------------------- what a room does with a world


def new(seed: int, options: dict[str, int]) -> dict[str, list[int]]:
    """The world at the start, with nobody there. ``goals`` of the options are what wins a round."""
    world = {name: [HALF, HALF, 0, 0, EMPTY, 0, 0, 0] for name in MALLETS}
    world["match"] = [FACE_OFF, FIRST_TICKS, NOBODY, NOBODY, options.get("goals", 7), 0, seed & 0x7FFF]
    world["puck"] = [HALF, HALF, 0, 0, NOBODY, NOBODY, 0]
    return world


def join(world: dict[str, list[int]], seat: int) -> None:
    """Somebody new: their side is a goal from now on."""
    x, y = INWARD[seat]
    back = HALF - HOME
    world[MALLETS[seat]] = [HALF - x * back, HALF - y * back, 0, 0, PLAYS, 0, 0, 0]


def drop(world: dict[str, list[int]], seat: int) -> None:
    """The connection is lost: until they are back, their side is a wall and their mallet is not there."""
    mallet = world[MALLETS[seat]]
    mallet[VX] = mallet[VY] = mallet[WAIT] = 0
    mallet[STATE] = AWAY


def back(world: dict[str, list[int]], seat: int) -> None:
    """They are."""
    world[MALLETS[seat]][STATE] = PLAYS


def leave(world: dict[str, list[int]], seat: int) -> None:
    """Gone for good, and forgotten."""
    world[MALLETS[seat]] = [HALF, HALF, 0, 0, EMPTY, 0, 0, 0]
    puck = world["puck"]
    if puck[LAST] == seat:
        puck[LAST] = puck[BEFORE]
    if puck[LAST] == puck[BEFORE] or puck[BEFORE] == seat:
        puck[BEFORE] = NOBODY


def step(world: dict[str, list[int]], inputs: list[int]) -> None:
    """One tick passes, with an input by seat. The world is changed in place."""
    match, puck = world["match"], world["puck"]
    match[TICK] = (match[TICK] + 1) & 0xFFFF
    mallets = [(seat, world[MALLETS[seat]]) for seat in range(SEATS)]
    mallets = [(seat, mallet) for seat, mallet in mallets if mallet[STATE] == PLAYS]
    for seat, mallet in mallets:
        _drive(mallet, inputs[seat], seat)
    _shove(mallets)
    if match[PHASE] == PLAY:
        _glide(puck, match[TICK])
        for seat, mallet in mallets:
            _strike(puck, mallet, seat, inputs[seat])
        _bounce_off_walls(world, puck)
    if match[PHASE] < SCORED:
        for seat, mallet in mallets:
            _give_way(mallet, puck, seat)
    _go_on(world, match, puck)


def checksum(world: dict[str, list[int]]) -> int:
    """A number below 2**30 that is another one, most likely, for any other world.

    Each number of it is added to a generator of the multiply-with-carry kind (Marsaglia), and turns it on.
    """
    value = 1
    for part in PARTS:
        for number in world[part]:
            value = ((value & 0x7FFF) * 30011 + (value >> 15) + number) & 0x3FFFFFFF
    return value


# ---------------------------------------------------------------------- mallets


def _drive(mallet: list[int], held: int, seat: int) -> None:
    dx = (held >> 1 & 1) - (held & 1)
    dy = (held >> 3 & 1) - (held >> 2 & 1)
    vx, vy = mallet[VX], mallet[VY]
    if mallet[WAIT]:
        mallet[WAIT] -= 1
    elif held & DASH:
        mallet[WAIT] = DASH_WAIT
        if not dx and not dy:
            dx, dy = INWARD[seat]
        speed = DASH_ASLANT if dx and dy else DASH_SPEED
        vx, vy = dx * speed, dy * speed
    if mallet[WAIT] <= DASHING:
        grip = GRIP_BRAKED if held & BRAKE else GRIP
        push = PUSH_ASLANT if dx and dy else PUSH
        vx = _part(vx * grip, 16) + dx * push
        vy = _part(vy * grip, 16) + dy * push
    mallet[VX], mallet[VY] = vx, vy
    mallet[X] += vx
    mallet[Y] += vy
    _keep_in(mallet, seat)


def _keep_in(mallet: list[int], seat: int) -> None:
    """Within its half: a border takes the speed."""
    left, top, right, bottom = BOUNDS[seat]
    x, y = mallet[X], mallet[Y]
    if x < left or x > right:
        mallet[X] = left if x < left else right
        mallet[VX] = 0
    if y < top or y > bottom:
        mallet[Y] = top if y < top else bottom
        mallet[VY] = 0


def _shove(mallets: list[tuple[int, list[int]]]) -> None:
    """Mallets that meet push each other away, and swap what speed they have towards each other."""
    for i in range(1, len(mallets)):
        for j in range(i):
            one_seat, one = mallets[i]
            other_seat, other = mallets[j]
            distance = _distance(one, other, 2 * MALLET)
            if distance >= 2 * MALLET:
                continue
            nx, ny = _direction(other, one, distance, other_seat)
            closing = _part((one[VX] - other[VX]) * nx + (one[VY] - other[VY]) * ny, ONE)
            if closing < 0:
                x, y = _part(closing * nx, ONE), _part(closing * ny, ONE)
                one[VX] -= x
                one[VY] -= y
                other[VX] += x
                other[VY] += y
            apart = (2 * MALLET - distance + 1) // 2
            x, y = _part(apart * nx, ONE), _part(apart * ny, ONE)
            one[X] += x
            one[Y] += y
            other[X] -= x
            other[Y] -= y
            _keep_in(one, one_seat)
            _keep_in(other, other_seat)


def _give_way(mallet: list[int], puck: list[int], seat: int) -> None:
    """A puck that a wall holds, or the face-off, is where a mallet can't be."""
    reach = PUCK + MALLET - 4  # what is lost by rounding is no overlap
    distance = _distance(mallet, puck, reach)
    if distance < reach:
        nx, ny = _direction(puck, mallet, distance, seat)
        mallet[X] = puck[X] + _part(nx * reach, ONE)
        mallet[Y] = puck[Y] + _part(ny * reach, ONE)
        _keep_in(mallet, seat)


# ---------------------------------------------------------------------- the puck


def _glide(puck: list[int], tick: int) -> None:
    puck[X] += puck[VX]
    puck[Y] += puck[VY]
    puck[IDLE] += 1
    if tick & 7 == 0:
        puck[VX] = _part(puck[VX] * 63, 64)
        puck[VY] = _part(puck[VY] * 63, 64)


def _strike(puck: list[int], mallet: list[int], seat: int, held: int) -> None:
    """A mallet is too heavy to feel the puck. One that brakes catches it rather than throwing it back."""
    reach = PUCK + MALLET
    distance = _distance(puck, mallet, reach)
    if distance >= reach:
        return
    nx, ny = _direction(mallet, puck, distance, seat)
    _rebound(puck, nx, ny, mallet[VX], mallet[VY], BRAKED_KEEPS if held & BRAKE else MALLET_KEEPS)
    puck[X] = mallet[X] + _part(nx * reach, ONE)
    puck[Y] = mallet[Y] + _part(ny * reach, ONE)
    puck[IDLE] = 0
    if puck[LAST] != seat:
        puck[BEFORE] = puck[LAST]
        puck[LAST] = seat


def _rebound(puck: list[int], nx: int, ny: int, vx: int, vy: int, keeps: int) -> None:
    """Turns back what comes closer, along a direction, to something that has the speed ``vx, vy``."""
    closing = _part((puck[VX] - vx) * nx + (puck[VY] - vy) * ny, ONE)
    if closing >= 0:
        return
    change = _part(closing * (16 + keeps), 16)
    x = puck[VX] - _part(change * nx, ONE)
    y = puck[VY] - _part(change * ny, ONE)
    if x * x + y * y > TOP_SPEED * TOP_SPEED:
        speed = _root(x * x + y * y, abs(x) + abs(y)) + 1
        x, y = _part(x * TOP_SPEED, speed), _part(y * TOP_SPEED, speed)
    puck[VX], puck[VY] = x, y


def _bounce_off_walls(world: dict[str, list[int]], puck: list[int]) -> None:
    if PUCK <= puck[X] <= SIDE - PUCK and PUCK <= puck[Y] <= SIDE - PUCK:
        return
    for seat in range(SEATS):
        nx, ny = INWARD[seat]
        # How far it is from this side, and from the middle of it.
        x, y = puck[X] - HALF, puck[Y] - HALF
        depth = HALF + x * nx + y * ny
        if depth < PUCK:
            aside = x * ny + y * nx
            if world[MALLETS[seat]][STATE] != PLAYS or abs(aside) >= GOAL:
                puck[X] += nx * (PUCK - depth)
                puck[Y] += ny * (PUCK - depth)
                _rebound(puck, nx * ONE, ny * ONE, 0, 0, WALL_KEEPS)
            elif depth <= 0:
                _score(world, puck, seat)
                return
            else:
                _bounce_off_post(puck, nx, ny, GOAL if aside > 0 else -GOAL)


def _bounce_off_post(puck: list[int], nx: int, ny: int, aside: int) -> None:
    """A post is the point where the wall ends."""
    post = [HALF - nx * HALF + ny * aside, HALF - ny * HALF + nx * aside]
    distance = _distance(puck, post, PUCK)
    if distance < PUCK:
        x, y = _direction(post, puck, distance, 0)
        _rebound(puck, x, y, 0, 0, POST_KEEPS)
        puck[X] = post[X] + _part(x * PUCK, ONE)
        puck[Y] = post[Y] + _part(y * PUCK, ONE)


# ---------------------------------------------------------------------- the match


def _score(world: dict[str, list[int]], puck: list[int], seat: int) -> None:
    """A goal counts for whoever else touched the puck last; was there nobody else, it costs one."""
    match = world["match"]
    by = puck[BEFORE] if puck[LAST] == seat else puck[LAST]
    match[PHASE], match[REST], match[AT], match[BY] = SCORED, SCORED_TICKS, seat, by
    puck[VX] = puck[VY] = 0
    if by != NOBODY:
        world[MALLETS[by]][SCORE] += 1
    elif world[MALLETS[seat]][SCORE]:
        world[MALLETS[seat]][SCORE] -= 1


def _go_on(world: dict[str, list[int]], match: list[int], puck: list[int]) -> None:
    """From one phase to the next, when its time has come."""
    if match[PHASE] == PLAY:
        if puck[IDLE] >= IDLE_TICKS:
            match[AT] = NOBODY
            _face_off(match, puck, FACE_OFF_TICKS)
        return
    match[REST] -= 1
    if match[REST] > 0:
        return
    if match[PHASE] == FACE_OFF:
        match[PHASE] = PLAY
        _serve(world, match, puck)
    elif match[PHASE] == WON:
        for name in MALLETS:
            world[name][SCORE] = 0
        _face_off(match, puck, FIRST_TICKS)
    elif match[BY] != NOBODY and world[MALLETS[match[BY]]][SCORE] >= match[TARGET]:
        world[MALLETS[match[BY]]][WINS] += 1
        match[PHASE], match[REST] = WON, WON_TICKS
    else:
        _face_off(match, puck, FACE_OFF_TICKS)


def _face_off(match: list[int], puck: list[int], ticks: int) -> None:
    match[PHASE], match[REST] = FACE_OFF, ticks
    puck[X] = puck[Y] = HALF
    puck[VX] = puck[VY] = puck[IDLE] = 0
    puck[LAST] = puck[BEFORE] = NOBODY


def _serve(world: dict[str, list[int]], match: list[int], puck: list[int]) -> None:
    """The puck goes to whoever let it in, else to anybody."""
    there = [seat for seat in range(SEATS) if world[MALLETS[seat]][STATE] == PLAYS]
    if there:
        seat = match[AT] if match[AT] in there else there[_chance(match, len(there))]
        x, y = INWARD[seat]
        aside = _chance(match, 2 * SERVE_ASIDE + 1) - SERVE_ASIDE
        puck[VX], puck[VY] = y * aside - x * SERVE, x * aside - y * SERVE


def _chance(match: list[int], below: int) -> int:
    """A number that nobody would guess; ``below`` is no more than 2**15."""
    match[CHANCE] = (match[CHANCE] * 1103 + 12345) & 0x7FFF
    return match[CHANCE] * below >> 15


# ---------------------------------------------------------------------- numbers


def _part(value: int, by: int) -> int:
    """A quotient rounded towards zero, so that no way on the table is better than its opposite."""
    return value // by if value >= 0 else -(-value // by)


def _distance(one: list[int], other: list[int], reach: int) -> int:
    """Between two bodies; ``reach`` where it is that or more."""
    x, y = one[X] - other[X], one[Y] - other[Y]
    if x >= reach or -x >= reach or y >= reach or -y >= reach:
        return reach
    square = x * x + y * y
    return _root(square, reach) if square < reach * reach else reach


def _root(square: int, guess: int) -> int:
    """The integer square root, by Newton's method, from a guess that is not too small."""
    while square:
        better = (guess + square // guess) // 2
        if better >= guess:
            return guess
        guess = better
    return 0


def _direction(start: list[int], end: list[int], distance: int, seat: int) -> tuple[int, int]:
    """From one body to another, `ONE` long; where they are at one place, to the middle of the table."""
    if not distance:
        return INWARD[seat][0] * ONE, INWARD[seat][1] * ONE
    return _part((end[X] - start[X]) * ONE, distance), _part((end[Y] - start[Y]) * ONE, distance)
