"""The simulation of air hockey: bodies, bounces, goals and rounds."""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.games.hockey import sim
from gamesrv.games.hockey.sim import (
    AT,
    AWAY,
    BEFORE,
    BY,
    FACE_OFF,
    FACE_OFF_TICKS,
    GOAL,
    HALF,
    IDLE_TICKS,
    LAST,
    MALLET,
    MALLETS,
    NOBODY,
    PARTS,
    PHASE,
    PLAY,
    PLAYS,
    POINT,
    PUCK,
    REST,
    SCORE,
    SCORED,
    SCORED_TICKS,
    SEATS,
    SIDE,
    STATE,
    TARGET,
    TICK,
    TOP_SPEED,
    VX,
    VY,
    WAIT,
    WINS,
    WON,
    X,
    Y,
)

World = dict[str, list[int]]

GOLDEN = 532104147
"""The checksum after 10,000 ticks. Whoever changes what the rules do changes it too, and plays it first."""

seeds = st.integers(0, 2**32)


def opened(*seats: int, goals: int = 7) -> World:
    """A world with these seats taken, the puck lying in the middle and in play."""
    world = sim.new(5, {"goals": goals})
    for seat in seats:
        sim.join(world, seat)
    world["match"][PHASE] = PLAY
    return world


def throw(world: World, x: int, y: int, vx: int, vy: int) -> None:
    world["puck"][:4] = [x, y, vx, vy]


def pass_ticks(world: World, ticks: int, held: tuple[int, ...] = (0, 0, 0, 0)) -> None:
    for _ in range(ticks):
        sim.step(world, [*held])


def played(world: World, ticks: int, chance: Random) -> Iterator[None]:
    """Lets people press buttons, come and go."""
    inputs = [0] * SEATS
    for _ in range(ticks):
        if chance.random() < 0.2:
            inputs[chance.randrange(SEATS)] = chance.randrange(64)
        if chance.random() < 0.01:
            come_or_go(world, chance)
        sim.step(world, inputs)
        yield


def come_or_go(world: World, chance: Random) -> None:
    seat = chance.randrange(SEATS)
    state = world[MALLETS[seat]][STATE]
    changes = {PLAYS: [sim.drop, sim.leave], AWAY: [sim.back, sim.leave]}
    chance.choice(changes.get(state, [sim.join]))(world, seat)


def distance(world: World, seat: int) -> float:
    puck, mallet = world["puck"], world[MALLETS[seat]]
    return abs(complex(puck[X] - mallet[X], puck[Y] - mallet[Y]))


# ---------------------------------------------------------------------- any match


def test_ten_thousand_ticks_end_where_they_always_did() -> None:
    world = sim.new(2026, {"goals": 3})
    for _ in played(world, 10_000, Random(7)):
        pass
    assert sim.checksum(world) == GOLDEN


@given(seeds)
def test_all_stays_on_the_table_and_below_its_top_speed(seed: int) -> None:
    chance = Random(seed)
    world = opened(*chance.sample(range(SEATS), chance.randint(0, SEATS)))
    throw(world, HALF, HALF, chance.randint(-900, 900), chance.randint(-900, 900))
    for _ in played(world, 400, chance):
        x, y, vx, vy, *_ = world["puck"]
        assert vx * vx + vy * vy <= TOP_SPEED**2
        if not (PUCK <= x <= SIDE - PUCK and PUCK <= y <= SIDE - PUCK):
            assert min(abs(x - HALF), abs(y - HALF)) < GOAL, "it is in a goal, or partly"
            assert (0 < x < SIDE and 0 < y < SIDE) != (world["match"][PHASE] == SCORED)
        for name, (left, top, right, bottom) in zip(MALLETS, sim.BOUNDS, strict=True):
            if world[name][STATE] == PLAYS:
                assert left <= world[name][X] <= right and top <= world[name][Y] <= bottom


@given(seeds)
def test_a_puck_that_nobody_hits_only_gets_slower(seed: int) -> None:
    chance = Random(seed)
    world = opened()
    place = [chance.randint(PUCK, SIDE - PUCK) for _ in range(2)]
    throw(world, *place, chance.randint(-1100, 1100), chance.randint(-1100, 1100))
    energy = world["puck"][VX] ** 2 + world["puck"][VY] ** 2
    for _ in range(300):
        pass_ticks(world, 1)
        before, energy = energy, world["puck"][VX] ** 2 + world["puck"][VY] ** 2
        assert energy <= before
    throw(world, HALF, HALF, 1100, 0)
    pass_ticks(world, IDLE_TICKS - 301)
    assert 500 < abs(world["puck"][VX]) < 700


@given(seeds)
def test_no_puck_passes_through_a_mallet(seed: int) -> None:
    """Thrown at it as fast as can be, while it dashes towards it: it is on the same side afterwards."""
    chance = Random(seed)
    world = opened(1)
    mallet = world[MALLETS[1]]
    mallet[X], mallet[Y] = chance.randint(200, 800) * POINT, chance.randint(60, 300) * POINT
    aside = chance.randint(-PUCK // 3, PUCK // 3)
    throw(world, mallet[X] + aside, mallet[Y] + chance.randint(150, 400) * POINT, 0, -TOP_SPEED)
    after = 0
    while after < 5:
        pass_ticks(world, 1, (0, sim.DOWN | sim.DASH, 0, 0))
        after += world["puck"][LAST] == 1
        assert world["puck"][Y] - mallet[Y] > MALLET
        assert distance(world, 1) >= PUCK + MALLET - 16, "but for what is lost by rounding"
    assert world["puck"][VY] > sim.DASH_SPEED // 2


def turned(world: World) -> World:
    """The same, a quarter turn on: what was below is on the left."""
    to = {0: 2, 2: 1, 1: 3, 3: 0, NOBODY: NOBODY}

    def body(parts: list[int]) -> list[int]:
        x, y, vx, vy, *more = parts
        return [2 * HALF - y, x, -vy, vx, *more]

    other = {MALLETS[to[seat]]: body(world[MALLETS[seat]]) for seat in range(SEATS)}
    other["puck"] = body(world["puck"])
    other["puck"][LAST], other["puck"][BEFORE] = to[world["puck"][LAST]], to[world["puck"][BEFORE]]
    other["match"] = [*world["match"]]
    other["match"][AT], other["match"][BY] = to[world["match"][AT]], to[world["match"][BY]]
    return other


def turned_inputs(held: list[int]) -> list[int]:
    left, right, up, down = sim.LEFT, sim.RIGHT, sim.UP, sim.DOWN
    ways = {left: up, up: right, right: down, down: left, sim.DASH: sim.DASH, sim.BRAKE: sim.BRAKE}
    other = [sum(to for bit, to in ways.items() if one & bit) for one in held]
    return [other[3], other[2], other[0], other[1]]


@given(seeds, st.sampled_from([(0, 1), (0, 2), (1, 3), (2, 3)]))
def test_no_side_is_better_than_another(seed: int, seats: tuple[int, int]) -> None:
    chance = Random(seed)
    world = opened(*seats)
    throw(world, *(chance.randint(100, 900) * POINT for _ in range(2)), chance.randint(-999, 999), 700)
    other = turned(world)
    held = [0] * SEATS
    for _ in range(200):
        if chance.random() < 0.2:
            held[chance.choice(seats)] = chance.randrange(64)
        sim.step(world, held)
        sim.step(other, turned_inputs(held))
        assert other == turned(world)
        if world["match"][PHASE] != PLAY:
            break


@given(seeds)
def test_a_world_is_what_its_json_says(seed: int) -> None:
    chance = Random(seed)
    world = opened(0, 1, 2)
    for _ in played(world, 60, chance):
        pass
    parts = list(world)
    chance.shuffle(parts)
    copy = json.loads(json.dumps({part: world[part] for part in parts}))
    state = chance.getstate()
    for _ in played(world, 60, chance):
        pass
    chance.setstate(state)
    for _ in played(copy, 60, chance):
        pass
    assert copy == world
    assert sim.checksum(copy) == sim.checksum(world)


def test_the_checksum_tells_any_number_that_differs() -> None:
    world = opened(0, 1)
    seen = {sim.checksum(world)}
    for part in PARTS:
        for index in range(len(world[part])):
            for change in (1, -1, 64, -(2**20)):
                other = deepcopy(world)
                other[part][index] += change
                seen.add(sim.checksum(other))
    assert len(seen) == 1 + 4 * sum(map(len, world.values()))
    assert all(0 <= value < 2**30 for value in seen)


# ---------------------------------------------------------------------- mallets


def test_a_held_direction_moves_and_its_end_stops() -> None:
    world = opened(0)
    mallet = world[MALLETS[0]]
    x = mallet[X]
    pass_ticks(world, 20, (sim.RIGHT, 0, 0, 0))
    assert mallet[X] - x > 100 * POINT and mallet[VX] > 600
    assert mallet[VY] == 0
    pass_ticks(world, 60)
    assert mallet[VX] == 0


def test_aslant_is_no_faster() -> None:
    world = opened(0, 1)
    pass_ticks(world, 30, (sim.RIGHT, sim.RIGHT | sim.UP, 0, 0))
    straight, aslant = (world[MALLETS[seat]] for seat in (0, 1))
    sim.step(world, [0] * 4)
    assert abs(abs(complex(aslant[VX], aslant[VY])) / straight[VX] - 1) < 0.3


def test_braking_stops_sooner() -> None:
    world = opened(0, 1)
    pass_ticks(world, 10, (sim.RIGHT, sim.RIGHT, 0, 0))
    pass_ticks(world, 4, (0, sim.BRAKE, 0, 0))
    assert 0 < world[MALLETS[1]][VX] * 3 < world[MALLETS[0]][VX]


def test_a_dash_is_fast_and_takes_its_time_to_come_again() -> None:
    world = opened(0)
    mallet = world[MALLETS[0]]
    y = mallet[Y]
    pass_ticks(world, 5, (sim.DASH, 0, 0, 0))
    assert y - mallet[Y] == 5 * sim.DASH_SPEED, "inward, where no direction is held"
    assert mallet[WAIT] == sim.DASH_WAIT - 4
    pass_ticks(world, sim.DASH_WAIT - 5, (0, 0, 0, 0))
    assert abs(mallet[VY]) < 50
    pass_ticks(world, 1, (sim.DASH | sim.LEFT, 0, 0, 0))
    assert mallet[VX] == -sim.PUSH, "not yet"
    pass_ticks(world, 1, (sim.DASH | sim.LEFT, 0, 0, 0))
    assert mallet[VX] == -sim.DASH_SPEED


def test_mallets_push_each_other_away() -> None:
    world = opened(0, 2)
    throw(world, SIDE - PUCK, PUCK, 0, 0)
    for seat, x in ((0, 400), (2, 300)):
        world[MALLETS[seat]][X], world[MALLETS[seat]][Y] = x * POINT, 700 * POINT
    for _ in range(60):
        pass_ticks(world, 1, (sim.LEFT, 0, 0, 0))
        gap = world[MALLETS[0]][X] - world[MALLETS[2]][X]
        assert gap >= 2 * MALLET - 2 or world[MALLETS[2]][X] == MALLET
    assert world[MALLETS[2]][X] < 300 * POINT


# ---------------------------------------------------------------------- the puck


def test_a_mallet_throws_it_back_and_one_that_brakes_catches_it() -> None:
    speeds = []
    for held in (0, sim.BRAKE):
        world = opened(0)
        throw(world, HALF, world[MALLETS[0]][Y] - 200 * POINT, 0, 900)
        pass_ticks(world, 15, (held, 0, 0, 0))
        speeds.append(-world["puck"][VY])
        assert world["puck"][LAST] == 0
    thrown, caught = speeds
    assert 700 < thrown < 900
    assert 100 < caught < 200


def test_a_wall_throws_it_back_and_an_open_side_does_not() -> None:
    for seats, phase in (((), PLAY), ((1,), SCORED)):
        world = opened(*seats)
        if seats:
            world[MALLETS[1]][X] = SIDE - MALLET
        throw(world, HALF, 60 * POINT, 0, -640)
        pass_ticks(world, 8)
        assert world["match"][PHASE] == phase
    assert world["match"][AT] == 1


def test_beside_the_goal_is_wall_and_a_post_throws_aside() -> None:
    world = opened(1)
    world[MALLETS[1]][X] = MALLET
    throw(world, HALF + GOAL + 1, 60 * POINT, 0, -640)
    pass_ticks(world, 8)
    assert world["puck"][VX] == 0 and world["puck"][VY] > 0
    throw(world, HALF + GOAL - 8 * POINT, 60 * POINT, 0, -640)
    pass_ticks(world, 8)
    assert world["puck"][VX] < -100 and world["match"][PHASE] == PLAY


def test_a_mallet_gives_way_to_a_puck_that_a_wall_holds() -> None:
    world = opened(0)
    mallet = world[MALLETS[0]]
    mallet[X], mallet[Y] = 150 * POINT, 700 * POINT
    throw(world, PUCK, 700 * POINT, 0, 0)
    pass_ticks(world, 40, (sim.LEFT, 0, 0, 0))
    assert distance(world, 0) >= PUCK + MALLET - 70
    assert PUCK <= world["puck"][X]


# ---------------------------------------------------------------------- goals and rounds


def shoot(world: World, at: int, last: int, before: int = NOBODY) -> None:
    """A goal on that side; it is not over yet when this is."""
    world["puck"][LAST], world["puck"][BEFORE] = last, before
    nx, ny = sim.INWARD[at]
    mallet = world[MALLETS[at]]
    mallet[X] += ny * 300 * POINT
    mallet[Y] += nx * 300 * POINT
    throw(world, HALF - nx * (HALF - PUCK), HALF - ny * (HALF - PUCK), -nx * 900, -ny * 900)
    pass_ticks(world, 3)
    assert world["match"][PHASE] == SCORED


@pytest.mark.parametrize(
    ("last", "before", "scores"),
    [
        (1, 0, [2, 3, 2]),
        (2, NOBODY, [2, 2, 3]),
        (0, 1, [2, 3, 2]),
        (0, NOBODY, [1, 2, 2]),
        (NOBODY, NOBODY, [1, 2, 2]),
    ],
)
def test_a_goal_counts_for_the_last_other_one_or_costs_one(last: int, before: int, scores: list[int]) -> None:
    world = opened(0, 1, 2)
    for seat in range(3):
        world[MALLETS[seat]][SCORE] = 2
    shoot(world, 0, last, before)
    assert [world[MALLETS[seat]][SCORE] for seat in range(3)] == scores


def test_nobody_has_less_than_nothing() -> None:
    world = opened(0)
    shoot(world, 0, 0)
    assert world[MALLETS[0]][SCORE] == 0


def test_after_a_goal_whoever_let_it_in_is_served() -> None:
    world = opened(0, 1, 3)
    shoot(world, 3, 1)
    assert (world["match"][AT], world["match"][BY]) == (3, 1)
    pass_ticks(world, SCORED_TICKS)
    assert world["match"][PHASE] == FACE_OFF and world["puck"][:4] == [HALF, HALF, 0, 0]
    pass_ticks(world, FACE_OFF_TICKS + 1)
    assert world["match"][PHASE] == PLAY
    assert (
        world["puck"][VX] in (sim.SERVE, sim.SERVE * 63 // 64) and abs(world["puck"][VY]) <= sim.SERVE_ASIDE
    )


def test_a_round_is_won_celebrated_and_followed_by_the_next() -> None:
    world = opened(0, 1, goals=2)
    world[MALLETS[1]][SCORE] = 1
    shoot(world, 0, 1)
    pass_ticks(world, SCORED_TICKS)
    assert world["match"][PHASE] == WON and world["match"][BY] == 1
    assert world[MALLETS[1]][WINS] == 1
    pass_ticks(world, world["match"][REST])
    assert world["match"][PHASE] == FACE_OFF
    assert [world[name][SCORE] for name in MALLETS] == [0, 0, 0, 0]
    assert [world[MALLETS[seat]][WINS] for seat in (0, 1)] == [0, 1]


def test_a_puck_that_lies_untouched_comes_back() -> None:
    world = opened(0)
    throw(world, PUCK, PUCK, 0, 0)
    pass_ticks(world, IDLE_TICKS)
    assert world["match"][PHASE] == FACE_OFF


def test_first_to_seven_unless_told_otherwise() -> None:
    assert sim.new(1, {})["match"][TARGET] == 7


# ---------------------------------------------------------------------- who is there


def test_one_who_comes_has_a_goal_at_once_and_one_who_drops_has_none() -> None:
    world = opened()
    sim.join(world, 1)
    assert world[MALLETS[1]][STATE] == PLAYS and world[MALLETS[1]][Y] < HALF
    world[MALLETS[1]][SCORE] = 3
    sim.drop(world, 1)
    throw(world, HALF, 60 * POINT, 0, -640)
    pass_ticks(world, 8, (0, sim.LEFT, 0, 0))
    assert world["match"][PHASE] == PLAY
    assert world[MALLETS[1]][X] == HALF, "whoever is away moves nothing"
    sim.back(world, 1)
    assert world[MALLETS[1]][STATE] == PLAYS and world[MALLETS[1]][SCORE] == 3


@pytest.mark.parametrize(
    ("touched", "then"), [((0, 1), (1, NOBODY)), ((1, 0), (1, NOBODY)), ((1, 2), (1, 2)), ((0, -1), (-1, -1))]
)
def test_one_who_leaves_scores_no_more(touched: tuple[int, int], then: tuple[int, int]) -> None:
    world = opened(0, 1, 2)
    world["puck"][LAST], world["puck"][BEFORE] = touched
    sim.leave(world, 0)
    assert (world["puck"][LAST], world["puck"][BEFORE]) == then
    assert world[MALLETS[0]] == sim.new(5, {})[MALLETS[0]]


def test_a_winner_who_leaves_wins_nothing() -> None:
    world = opened(0, 1, goals=1)
    shoot(world, 0, 1)
    sim.leave(world, 1)
    pass_ticks(world, SCORED_TICKS)
    assert world["match"][PHASE] == FACE_OFF


def test_an_empty_table_waits() -> None:
    world = sim.new(3, {})
    pass_ticks(world, 3000)
    assert world["puck"][:4] == [HALF, HALF, 0, 0]
    assert world["match"][TICK] == 3000
