"""The client's modules one by one, run where they belong: in a browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.page import PLAIN, Page


@pytest.fixture(scope="module")
def engine(first_browser: Page, server_port: int) -> Iterator[Page]:
    """An address from which what modules export can be had."""
    first_browser.open(f"http://127.0.0.1:{server_port}/{PLAIN}")
    yield first_browser
    first_browser.leave()


def call(engine: Page, module: str, name: str, *args: Any) -> Any:
    """Calls a function that a module exports."""
    script = "const [module, name, ...rest] = args; return (await import(module))[name](...rest)"
    return engine.run(script, module, name, *args)


# The examples of RFC 7396, appendix A, but for those that end in a null: a view never is one.
PATCHES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({}, {"toString": {"a": 1}}, {"toString": {"a": 1}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), PATCHES)
def test_patches_merge_as_the_rfc_says(engine: Page, target: Any, patch: Any, result: Any) -> None:
    assert call(engine, "/gamesrv.js", "merge", target, patch) == result


def test_a_patch_leaves_the_old_view_alone_and_shares_what_it_does_not_touch(engine: Page) -> None:
    assert engine.run(
        """
        const { merge } = await import("/gamesrv.js");
        const old = { a: { x: 1 }, b: { x: 1 } };
        const next = merge(old, { a: { x: 2 } });
        return [old.a.x, next.a.x, next.b === old.b];
        """
    ) == [1, 2, True]


def test_a_patch_cannot_reach_a_prototype(engine: Page) -> None:
    assert engine.run(
        """
        const { merge } = await import("/gamesrv.js");
        const patch = JSON.parse('{"__proto__": {"bad": 1}, "a": {"__proto__": {"bad": 1}, "b": 2}}');
        const result = merge({}, patch);
        return [result.bad, result.a.bad, {}.bad, Object.keys(result), result.a.b].map((it) => it ?? "none");
        """
    ) == ["none", "none", "none", ["a"], 2]


def test_a_room_takes_an_update_only_if_it_follows(engine: Page) -> None:
    assert engine.run(
        """
        const { Room } = await import("/gamesrv.js");
        const joined = { room: "r", game: "g", seat: 1, tick: 5, v: 7, mv: 2, view: { a: 1, n: null } };
        const room = new Room(joined);
        const taken = [
          room.apply({ tick: 6, v: 8, delta: { a: 2 } }),
          room.apply({ tick: 7, v: 10, delta: { a: 9 } }),
          room.apply({ tick: 7, v: 8, delta: { a: 9 } }),
          room.apply({ tick: 8, v: 3, mine: { hand: [1] } }),
        ];
        return [taken, room.view, room.mine, room.tick];
        """
    ) == [[True, False, False, True], {"a": 2}, {"hand": [1]}, 8]


def test_the_pause_before_the_next_try_is_random_up_to_a_bound_that_doubles(engine: Page) -> None:
    longest = engine.run(
        """
        const { backoff } = await import("/gamesrv.js");
        return [0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => backoff(attempt, 1006, () => 1));
        """
    )
    assert longest == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]
    least = "const { backoff } = await import('/gamesrv.js'); return backoff(0, args[0], () => 0)"
    assert [engine.run(least, code) for code in (1006, 4408, 4429, 1012)] == [0, 0, 1000, 1000]


# ------------------------------------------------------------------ interpolation

PLAY = """
const { Interpolation } = await import("/arena/interpolation.js");
const film = new Interpolation(20);
const view = (x, more = {}) => ({ avatars: { 3: { x, y: 0, score: x, ...more } }, gems: {} });
const seen = (now) => film.sample(now).scene.avatars[0];
"""


def test_what_is_drawn_lies_between_two_states_two_ticks_ago(engine: Page) -> None:
    assert engine.run(
        PLAY
        + """
        for (let tick = 0; tick <= 10; tick += 1) film.push(tick, view(tick * 10), 1000 + tick * 50);
        film.sample(1400);
        const shown = [1400, 1410, 1425, 1450].map(seen);
        return shown.map(({ x, vx, score, seat }) => [Math.round(x * 100) / 100, vx, score, seat]);
        """
    ) == [[60, 10, 60, "3"], [62, 10, 60, "3"], [65, 10, 60, "3"], [70, 10, 70, "3"]]


def test_a_leap_is_no_ride(engine: Page) -> None:
    assert engine.run(
        PLAY
        + """
        film.push(0, view(0), 1000);
        film.push(1, view(700), 1050);
        return [1100, 1149, 1151].map((now) => seen(now).x);
        """
    ) == [0, 0, 700]


def test_one_who_stood_still_starts_to_move_when_he_did(engine: Page) -> None:
    """No updates come while nothing changes: the way must not be stretched over that time."""
    assert engine.run(
        PLAY
        + """
        film.push(0, view(0), 1000);
        film.push(20, view(10), 2000);
        return [1500, 2000, 2050, 2075, 2100, 2500].map((now) => Math.round(seen(now).x));
        """
    ) == [0, 0, 0, 5, 10, 10]


def test_those_who_come_and_go_do_so_at_their_tick(engine: Page) -> None:
    assert engine.run(
        PLAY
        + """
        const gem = { 9: { x: 1, y: 2, worth: 3 } };
        film.push(0, { avatars: { 1: { x: 0, y: 0 } }, gems: gem }, 1000);
        film.push(1, { avatars: { 2: { x: 5, y: 5 }, 3: null, 4: { x: "?" } }, gems: {} }, 1050);
        return [1149, 1151].map((now) => {
          const { avatars, gems } = film.sample(now).scene;
          return [avatars.map(({ seat }) => seat), gems.map(({ id }) => id)];
        });
        """
    ) == [[["1"], ["9"]], [["2"], []]]


def test_jitter_makes_the_picture_wait_longer_up_to_a_bound(engine: Page) -> None:
    delays = engine.run(
        """
        const { Playhead } = await import("/arena/interpolation.js");
        return [0, 30, 100, 900].map((jitter) => {
          const playhead = new Playhead(20);
          for (let tick = 0; tick < 100; tick += 1) playhead.heard(tick, tick * 50 + (tick % 2) * jitter);
          return Math.round(playhead.delay);
        });
        """
    )
    assert delays == [100, 100, 150, 250]


def test_the_picture_never_runs_backwards_nor_jumps(engine: Page) -> None:
    """States come up to 120 ms late; still each frame moves on by its own time, give or take 10 %."""
    steps = engine.run(
        """
        const { Playhead } = await import("/arena/interpolation.js");
        const playhead = new Playhead(20);
        const late = (tick) => (tick > 40 && tick % 7 === 0 ? 120 : (tick * 13) % 20);
        const steps = [];
        let tick = 0;
        let before = null;
        for (let now = 0; now < 8000; now += 16) {
          while (tick * 50 + late(tick) <= now) playhead.heard(tick++, now);
          const at = playhead.at(now);
          if (now > 400) steps.push((at - before) * 50 / 16);
          before = at;
        }
        return steps;
        """
    )
    assert 0.89 < min(steps) and max(steps) < 1.11


# ------------------------------------------------------------------ the page's own parts


def test_equals_share_a_rank_and_one_is_always_on_the_board(engine: Page) -> None:
    avatars = [{"seat": str(seat), "name": "p", "score": score} for seat, score in enumerate([5, 9, 9, 1, 2])]
    rows = call(engine, "/arena/scoreboard.js", "leaders", [*avatars, {"seat": "5"}], "3", 3)
    shown = [(row["seat"], row["rank"], row["own"]) for row in rows]
    assert shown == [("1", 1, False), ("2", 1, False), ("3", 5, True)]


def test_a_thumb_that_trembles_keeps_its_direction(engine: Page) -> None:
    border = 0.3927  # rad, an eighth of a half turn: between right and down right
    turns = [(border - 0.05, None), (border + 0.05, 0), (border + 0.2, 0), (border - 0.05, 1), (-3.1, 4)]
    eighths = [call(engine, "/shared/stick.js", "eighthOf", angle, before) for angle, before in turns]
    assert eighths == [0, 0, 1, 1, 4]
    assert call(engine, "/shared/stick.js", "directionOf", 3) == {"dx": -1, "dy": 1}


def test_the_camera_shows_all_where_it_fits_and_follows_where_it_does_not(engine: Page) -> None:
    look = """
    const { Camera } = await import("/arena/camera.js");
    const camera = new Camera();
    const [width, height, x, y] = args;
    const insets = { top: 60, right: 10, bottom: 10, left: 10 };
    camera.aim({ width, height }, { width: 1600, height: 1000 }, insets, { x, y }, Infinity);
    const at = camera.project({ x, y }, { width, height });
    return [camera.scale, at.x, at.y].map((it) => Math.round(it * 100) / 100);
    """
    scale, x, y = engine.run(look, 1280, 800, 0, 0)
    assert scale == 0.73 and x >= 10 and y >= 60
    scale, x, y = engine.run(look, 390, 844, 800, 500)
    assert (scale, x) == (0.62, 195)
    assert engine.run(look, 390, 844, 0, 500)[1] == 10
