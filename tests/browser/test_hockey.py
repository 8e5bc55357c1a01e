"""Air hockey in the browser: the same world as on the server, whatever happens to the connection."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from gamesrv.games.hockey import sim
from gamesrv.games.hockey.sim import AWAY, MALLETS, PLAYS, SEATS, STATE
from tests.browser.page import PLAIN, Page
from tests.browser.wire import Wire

CHANGES = (sim.join, sim.drop, sim.back, sim.leave)
BATCHES, BATCH = 8, 500  # ticks; one script runs a batch well within its time

SEATED = """window.gamesrv?.client.room?.lockstep && gamesrv.client.status.state === "online"
  && !document.getElementById("overlay").open
  && gamesrv.stage()?.scene?.mallets.some(({ seat }) => seat === gamesrv.client.room.seat)
"""
NOTE = """
window.sums = {};
const step = gamesrv.lockstep.onStep;
gamesrv.lockstep.onStep = (before, after) => {
  step(before, after);
  const { checked } = gamesrv.lockstep;
  if (checked?.[0] === gamesrv.lockstep.tick) sums[checked[0]] = checked[1];
};
"""
OWN = "gamesrv.stage().scene.mallets.find(({ seat }) => seat === gamesrv.client.room.seat)"


def sit_down(page: Page, name: str) -> None:
    """Fills in the form, and waits until the own mallet is drawn."""
    field = page.find("#name")
    field.clear()
    field.send_keys(name)
    page.do("document.getElementById('enter-button').click()")
    page.wait(SEATED)


@pytest.fixture
def rink(first_browser: Page, wire: Wire) -> Iterator[Page]:
    """The page in the first browser, not entered yet; it must leave no error behind."""
    first_browser.open(f"{wire.url}hockey.html")
    yield first_browser
    first_browser.leave()
    assert first_browser.complaints() == []


@pytest.fixture
def other(second_browser: Page, server_port: int) -> Iterator[Page]:
    """Another browser, by a way that is not cut."""
    second_browser.open(f"http://127.0.0.1:{server_port}/hockey.html")
    yield second_browser
    second_browser.leave()
    assert second_browser.complaints() == []


def come_to(page: Page, rink: Page, name: str) -> None:
    """Follows the link to where somebody plays."""
    page.do("location.hash = arguments[0]", rink.do("return location.hash"))
    page.wait("document.readyState === 'complete' && location.hash && !window.gamesrv")
    sit_down(page, name)


def checksums(page: Page) -> dict[str, int]:
    return dict(page.do("return sums"))


def assert_one_world(*pages: Page) -> None:
    """From now on, for two checks at least, all have the same one: worlds that part stay apart."""
    for page in pages:
        page.do(NOTE)
    for page in pages:
        page.wait("Object.keys(sums).length >= 4")
    one, other = (checksums(page) for page in pages)
    common = one.keys() & other.keys()
    assert len(common) >= 2
    assert {tick: one[tick] for tick in common} == {tick: other[tick] for tick in common}


# ---------------------------------------------------------------------- two runtimes


def some_frames(chance: Random, world: dict[str, list[int]]) -> Iterator[dict[str, Any]]:
    """What goes into some ticks; the world goes on with it."""
    inputs = [0] * SEATS
    for _ in range(BATCH):
        changes = []
        if chance.random() < 0.02:
            seat = chance.randrange(SEATS)
            state = world[MALLETS[seat]][STATE]
            kind = chance.choice({PLAYS: [1, 3], AWAY: [2, 3]}.get(state, [0]))
            CHANGES[kind](world, seat)
            changes.append((kind, seat))
        if chance.random() < 0.3:
            inputs[chance.randrange(SEATS)] = chance.randrange(64)
        sim.step(world, inputs)
        yield {"changes": changes, "inputs": [*inputs]}


def test_both_runtimes_play_alike(first_browser: Page, server_port: int) -> None:
    first_browser.open(f"http://127.0.0.1:{server_port}/{PLAIN}")
    chance = Random(11)
    world = sim.new(chance.randrange(2**30), {"goals": 2})
    start, phases = world, set()
    for _ in range(BATCHES):
        start = {part: [*numbers] for part, numbers in world.items()}
        frames = [*some_frames(chance, world)]
        answer = first_browser.run(
            """
            const { openSimulation } = await import("/lockstep/simulation.js");
            const simulation = await openSimulation("hockey");
            simulation.load(args[0]);
            for (const frame of args[1]) simulation.step(frame);
            return [simulation.world(), simulation.checksum()];
            """,
            start,
            frames,
        )
        assert answer == [world, sim.checksum(world)]
        phases.add(world["match"][sim.PHASE])
    assert sum(world[name][sim.WINS] for name in MALLETS) or len(phases) > 1


def test_what_cannot_be_loaded_is_told_and_loaded_at_the_next_call(
    first_browser: Page, server_port: int
) -> None:
    first_browser.open(f"http://127.0.0.1:{server_port}/{PLAIN}")
    missing, loaded = first_browser.run(
        """
        const { openSimulation } = await import("/lockstep/simulation.js?again");
        const load = window.fetch;
        window.fetch = async () => new Response("", { status: 404 });
        const missing = await openSimulation("hockey").catch(({ message }) => message);
        window.fetch = load;
        return [missing, (await openSimulation("hockey")).constants.SIDE];
        """
    )
    assert "sim.py: 404" in missing
    assert loaded == sim.SIDE


# ---------------------------------------------------------------------- how it is seen


def test_everyone_has_their_own_goal_below_and_moves_as_they_see_it(rink: Page) -> None:
    below, bits = rink.run(
        """
        const { sideOf, turnsFor, bitsOf } = await import("/hockey/outlook.js");
        const { openSimulation } = await import("/lockstep/simulation.js");
        const { constants } = await openSimulation("hockey");
        const seats = [0, 1, 2, 3];
        const up = { dx: 0, dy: -1, dash: false, brake: false };
        const other = { dx: 1, dy: 0, dash: true, brake: true };
        return [
          seats.map((seat) => sideOf(seat, turnsFor(seat))),
          seats.map((seat) => [up, other].map((held) => bitsOf(held, turnsFor(seat), constants))),
        ];
        """
    )
    assert below == [{"x": 0, "y": 1}] * 4
    more = sim.DASH | sim.BRAKE
    assert bits == [
        [sim.UP, sim.RIGHT | more],
        [sim.DOWN, sim.LEFT | more],
        [sim.RIGHT, sim.DOWN | more],
        [sim.LEFT, sim.UP | more],
    ]


def test_a_scene_lies_between_two_worlds_and_a_leap_is_no_ride(rink: Page) -> None:
    world = sim.new(1, {})
    sim.join(world, 1)
    world["puck"][:4] = [32000, 32000, 640, 0]
    later = {part: [*numbers] for part, numbers in world.items()}
    later["puck"][:2] = [32640, 32000]
    later[MALLETS[1]][:2] = [6400, 6400]
    puck, mallet = rink.run(
        """
        const { sceneOf } = await import("/hockey/scene.js");
        const { openSimulation } = await import("/lockstep/simulation.js");
        const { constants } = await openSimulation("hockey");
        const { puck, mallets } = sceneOf({ before: args[0], after: args[1], part: 0.25 }, constants);
        return [puck, mallets[0]];
        """,
        world,
        later,
    )
    assert puck == {"x": 502.5, "y": 500, "speed": 10}
    assert (mallet["seat"], mallet["x"], mallet["y"], mallet["ready"]) == (1, 100, 100, 1)


def test_the_table_is_painted_and_a_held_key_moves_the_mallet(rink: Page) -> None:
    sit_down(rink, "Ann")
    x = rink.do(f"return {OWN}.x")
    rink.key("keydown", "ArrowRight")
    turns = rink.run("return (await import('/hockey/outlook.js')).turnsFor(gamesrv.client.room.seat)")
    axis, way = {0: ("x", 1), 2: ("x", -1), 3: ("y", 1), 1: ("y", -1)}[turns]
    x = rink.do(f"return {OWN}.{axis}")
    rink.wait(f"({OWN}.{axis} - arguments[0]) * arguments[1] > 100", x, way)
    rink.key("keyup", "ArrowRight")
    colours = rink.run(
        """
        const canvas = document.getElementById("rink");
        await new Promise(requestAnimationFrame);
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
        """
    )
    assert colours > 200


def test_thumbs_have_a_stick_and_two_buttons(rink: Page) -> None:
    sit_down(rink, "Ann")
    rink.do("window.dispatchEvent(new PointerEvent('pointerdown', { pointerType: 'touch' }))")
    assert rink.find("#dash").is_displayed() and rink.find("#brake").is_displayed()
    held = rink.run(
        """
        const { Input } = await import("/hockey/input.js");
        const make = (tag) => document.createElement(tag);
        const [pad, knob, dash, brake] = ["div", "div", "button", "button"].map(make);
        pad.setPointerCapture = () => {};
        const input = new Input({ pad, knob, dash, brake });
        const point = (on, kind, x = 0, y = 0) =>
          on.dispatchEvent(new PointerEvent(kind, { pointerId: 7, clientX: x, clientY: y }));
        const seen = [];
        point(pad, "pointerdown", 100, 100);
        point(pad, "pointermove", 60, 101);
        seen.push(input.held);
        point(dash, "pointerdown");
        point(brake, "pointerdown");
        seen.push(input.held);
        point(dash, "pointerup");
        input.releaseAll();
        seen.push(input.held);
        return seen;
        """
    )
    assert held == [
        {"dx": -1, "dy": 0, "dash": False, "brake": False},
        {"dx": -1, "dy": 0, "dash": True, "brake": True},
        {"dx": 0, "dy": 0, "dash": False, "brake": False},
    ]


# ---------------------------------------------------------------------- one world in all pages


def test_two_pages_have_one_world(rink: Page, other: Page) -> None:
    sit_down(rink, "Ann")
    come_to(other, rink, "Ben")
    for page in (rink, other):
        page.key("keydown", "ArrowUp")
        page.key("keydown", "Space")
    assert_one_world(rink, other)
    assert rink.do("return gamesrv.lockstep.desyncs") == 0
    assert "Ben" in rink.do("return Object.values(gamesrv.client.room.players).map(({ name }) => name)")


def test_a_page_loaded_again_goes_on_where_it_was(rink: Page, other: Page) -> None:
    sit_down(rink, "Ann")
    come_to(other, rink, "Ben")
    seat = other.seat
    other.browser.refresh()
    other.wait(SEATED)
    assert other.seat == seat
    assert_one_world(rink, other)


def test_a_lost_connection_is_told_and_comes_back_into_the_same_world(
    rink: Page, other: Page, wire: Wire
) -> None:
    sit_down(rink, "Ann")
    come_to(other, rink, "Ben")
    seat = rink.seat
    rink.do("Math.random = () => 0.01")
    wire.cut()
    rink.wait("document.getElementById('overlay').open")
    assert rink.text("#overlay h2") == "Connection lost"
    state = f"gamesrv.stage().scene.mallets.find((each) => each.seat === {seat})"
    other.wait(f"{state}.away")
    wire.mend()
    rink.wait(SEATED)
    other.wait(f"!{state}.away")
    assert rink.seat == seat
    assert_one_world(rink, other)


def test_a_world_that_went_wrong_is_found_and_healed(rink: Page, other: Page) -> None:
    sit_down(rink, "Ann")
    come_to(other, rink, "Ben")
    rink.run(
        """
        const simulation = await (await import("/lockstep/simulation.js")).openSimulation("hockey");
        const world = simulation.world();
        world.match[simulation.constants.CHANCE] += 1;
        simulation.load(world);
        """
    )
    rink.wait("gamesrv.lockstep.desyncs === 1")
    assert_one_world(rink, other)
    assert rink.do("return gamesrv.lockstep.desyncs") == 1


def test_who_watches_sees_the_same_and_holds_nothing(rink: Page, other: Page) -> None:
    sit_down(rink, "Ann")
    other.do("location.hash = 'watch=' + arguments[0]", rink.do("return gamesrv.client.room.id"))
    other.wait("location.hash && !window.gamesrv && document.readyState === 'complete'")
    other.do("document.getElementById('name').value = 'Ben'; document.getElementById('enter-button').click()")
    other.wait("window.gamesrv?.stage()?.scene?.mallets.length")
    assert other.do("return gamesrv.client.room.seat") is None
    assert other.find("#spectator").is_displayed()
    assert_one_world(rink, other)


def test_a_room_that_is_not_there_is_told(rink: Page) -> None:
    rink.do("location.hash = 'hockey-999'")
    rink.wait("location.hash && !window.gamesrv && document.readyState === 'complete'")
    rink.do("document.getElementById('name').value = 'Ann'; document.getElementById('enter-button').click()")
    rink.wait("document.getElementById('overlay').open")
    assert rink.text("#overlay h2") == "There is no such table"
    rink.find("#overlay button").click()
    rink.wait(SEATED)


def test_whoever_leaves_is_out_and_the_name_is_remembered(rink: Page) -> None:
    sit_down(rink, "Ann")
    rink.find("#menu-button").click()
    rink.find("#leave").click()
    rink.wait("location.pathname.endsWith('/')")
    rink.browser.back()
    assert rink.wait("document.getElementById('name')?.value") == "Ann"
