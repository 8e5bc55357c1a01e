"""The browser's lockstep driver: its bytes, the clock of one's inputs, when ticks are shown, and frames."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from gamesrv.core.inputs import CHANGES, Change, Frame, FramesBody, SyncBody
from gamesrv.wire.lockstep import decode_sync, encode_frames, encode_sync
from tests.browser.page import PLAIN, Page


@pytest.fixture(scope="module")
def engine(first_browser: Page, server_port: int) -> Iterator[Page]:
    """A page of the server, for its address alone."""
    first_browser.open(f"http://127.0.0.1:{server_port}/{PLAIN}")
    yield first_browser
    first_browser.leave()


# ---------------------------------------------------------------------- bytes


def some_frames(chance: Random, bits: int, seats: int) -> Iterator[Frame]:
    inputs = [0] * seats
    for _ in range(chance.choice((0, 1, 2, 120))):
        if chance.random() < 0.3:
            inputs[chance.randrange(seats)] = chance.randrange(1 << bits)
        many = chance.choice((0, 0, 0, 1, 3))
        changes = [Change(chance.choice(CHANGES), chance.randrange(seats)) for _ in range(many)]
        yield Frame(tuple(changes), tuple(inputs))


def test_the_page_reads_frames_as_the_server_writes_them(engine: Page) -> None:
    chance, written, expected = Random(1), [], []
    for _ in range(60):
        bits, seats = chance.randint(1, 16), chance.randint(1, 4)
        frames = tuple(some_frames(chance, bits, seats))
        wait = chance.choice((None, -3000, 0, 250))
        numbers = chance.randrange(256), chance.randrange(2**32), wait, chance.randrange(2**16)
        body = FramesBody(*numbers, chance.randrange(2**32), frames)
        written.append([[*encode_frames(body, bits)], bits, seats])
        told = [
            {"changes": [[CHANGES.index(kind), seat] for kind, seat in changes], "inputs": [*inputs]}
            for changes, inputs in frames
        ]
        expected.append(body._asdict() | {"frames": told})
    read = engine.run(
        """
        const { decodeFrames } = await import("/lockstep/wire.js");
        return args[0].map(([bytes, bits, seats]) => decodeFrames(Uint8Array.from(bytes), bits, seats));
        """,
        written,
    )
    assert read == expected


def test_the_server_reads_inputs_as_the_page_writes_them(engine: Page) -> None:
    chance, bodies = Random(2), []
    for _ in range(60):
        bits, ack = chance.randint(1, 16), chance.randrange(2**31)
        held = [chance.randrange(1 << bits) for _ in range(3)]
        inputs = tuple(chance.choice(held) for _ in range(chance.choice((0, 1, 2, 120))))
        start = ack + (chance.randint(1, 255) if inputs else 1)
        checksum = chance.choice((None, (chance.randrange(2**32), chance.randrange(2**32))))
        bodies.append((bits, SyncBody(chance.randrange(256), ack, start, inputs, checksum)))
    written = engine.run(
        """
        const { encodeSync } = await import("/lockstep/wire.js");
        const written = (sync, bits) => encodeSync({ ...sync, checksum: sync.checksum ?? undefined }, bits);
        return args[0].map(([bits, sync]) => [...written(sync, bits)]);
        """,
        [(bits, body._asdict()) for bits, body in bodies],
    )
    assert [bytes(each) for each in written] == [encode_sync(body, bits) for bits, body in bodies]
    read = zip(written, bodies, strict=True)
    assert all(decode_sync(bytes(each), bits) == body for each, (bits, body) in read)


@pytest.mark.parametrize(
    "spoil", ["bytes[0] = 1", "bytes[14] = 121", "bytes = bytes.slice(0, -1)", "bytes = []"]
)
def test_bytes_that_are_no_frames_are_refused(engine: Page, spoil: str) -> None:
    body = FramesBody(1, 2, 3, 4, 5, (Frame((), (33, 44)),))
    assert engine.run(
        f"""
        const {{ decodeFrames }} = await import("/lockstep/wire.js");
        let [bytes] = args;
        {spoil};
        try {{
          decodeFrames(Uint8Array.from(bytes), 6, 2);
        }} catch (error) {{
          return error instanceof RangeError;
        }}
        """,
        [*encode_frames(body, 6)],
    )


# ---------------------------------------------------------------------- the clock of inputs

LINK = """
const { InputClock } = await import("/lockstep/input_clock.js");
const [{ latency, jitter = 0, guess = 60, drift = 0, queue = 0, from = 0, until = 0 }] = args;
const TICK = 1000 / 60;
const clock = new InputClock(60);
clock.start(0, guess);
let seed = 7;
const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const delay = (now) => latency / 2 + jitter * chance() + (now >= from && now < until ? queue : 0);
const [there, back] = [[], []]; // what travels: when it arrives, and what
const arrived = (way, now) => {
  const all = way.splice(0);
  way.push(...all.filter(({ at }) => at > now));
  return all.filter(({ at }) => at <= now);
};
const known = new Set();
let [server, newest, wait] = [0, 0, null];
const late = [];
const waits = [];
for (let now = 0, drawn = 0; now < 20000; now += 1) {
  for (const { tick, at } of arrived(there, now)) {
    known.add(tick);
    const waited = tick * TICK - at;
    wait = wait === null ? waited : Math.min(wait, waited);
    waits.push([now, waited / TICK]);
  }
  while ((server + 1) * TICK <= now) {
    server += 1;
    if (!known.has(server)) late.push(now);
    if (server % 2) continue;
    let ack = server;
    while (known.has(ack + 1)) ack += 1;
    back.push({ at: now + delay(now), wait, ack, newest: server });
    wait = null;
  }
  for (const { wait, ack, newest: tick } of arrived(back, now)) {
    newest = Math.max(newest, tick);
    clock.heard(wait, ack, newest, guess, now);
  }
  if (now < drawn) continue;
  drawn += TICK;
  if (clock.next <= newest) clock.start(newest, guess);
  const due = clock.advance(now * (1 + drift));
  for (let tick = clock.next - due; tick < clock.next; tick += 1) there.push({ tick, at: now + delay(now) });
}
return [late, waits];
"""


def over(engine: Page, **link: float) -> tuple[list[float], list[float]]:
    """When the server had to do without inputs; how many ticks inputs waited in the last five seconds."""
    late, waits = engine.run(LINK, link)
    return late, [wait for now, wait in waits if now > 15_000]


@pytest.mark.parametrize("latency", [4, 60, 150, 400])
@pytest.mark.parametrize("guess", [0, 60, 400])
def test_inputs_come_one_to_two_ticks_early_whatever_the_way(engine: Page, latency: int, guess: int) -> None:
    late, waits = over(engine, latency=latency, guess=guess)
    assert min(waits) > 0.5 and max(waits) < 4
    assert not [now for now in late if now > 4000 + 4 * latency]


@pytest.mark.parametrize("drift", [-0.01, 0.01])
def test_a_clock_that_goes_wrong_is_put_right(engine: Page, drift: float) -> None:
    late, waits = over(engine, latency=80, drift=drift)
    assert 0 < min(waits) and max(waits) < 6
    assert not [now for now in late if now > 5000]


def test_jitter_makes_it_say_inputs_earlier(engine: Page) -> None:
    late, waits = over(engine, latency=80, jitter=60)
    assert len([now for now in late if now > 8000]) < 20
    assert 2 < sum(waits) / len(waits) < 8


def test_a_line_that_is_stuck_for_a_while_is_no_reason_to_run_away(engine: Page) -> None:
    late, waits = over(engine, latency=60, queue=900, **{"from": 5000, "until": 7000})
    assert max(waits) < 6 and min(waits) > 0
    assert not [now for now in late if now > 15_000]


# ---------------------------------------------------------------------- when ticks are shown

WATCH = """
const { Playout, MOST_STEPS } = await import("/lockstep/playout.js");
const [{ late = [], behind = 0, every = 1000 / 60 }] = args;
const playout = new Playout(60);
playout.start(0);
const shown = [];
for (let now = 0; now < 10000; now += every) {
  const stuck = late.some(([from, until]) => now >= from && now < until);
  const pairs = Math.floor((now - (stuck ? 120 : 20)) / (1000 / 30));
  const newest = Math.max(shown.newest ?? 0, behind + 2 * Math.max(0, pairs));
  shown.newest = newest;
  shown.push([playout.advance(newest, now), newest]);
}
return shown;
"""


def steps(shown: list[list[float]]) -> list[float]:
    return [after - before for (before, _), (after, _) in zip(shown, shown[1:], strict=False)]


def test_ticks_are_shown_evenly_a_little_behind_the_newest(engine: Page) -> None:
    shown = engine.run(WATCH, {})[180:]
    assert all(0.75 < step < 1.25 for step in steps(shown))
    assert 0.5 < sum(newest - at for at, newest in shown) / len(shown) < 3


def test_it_never_goes_back_nor_beyond_and_takes_four_steps_at_most(engine: Page) -> None:
    shown = engine.run(WATCH, {"late": [[3000, 3080], [5000, 5600], [7000, 7030]], "behind": 200})
    assert all(0 <= step <= 5 for step in steps(shown))
    assert all(at <= newest for at, newest in shown)
    assert shown[100][1] - shown[100][0] < 5, "200 ticks behind are made up for in a second and a half"
    begun = [int(-(-at // 1)) for at, _ in shown]
    assert max(after - before for before, after in zip(begun, begun[1:], strict=False)) == 4


def test_a_page_that_draws_rarely_takes_no_more_steps_at_once(engine: Page) -> None:
    begun = [int(-(-at // 1)) for at, _ in engine.run(WATCH, {"every": 200})]
    assert max(after - before for before, after in zip(begun, begun[1:], strict=False)) == 4


def test_who_had_to_wait_stays_a_little_farther_behind(engine: Page) -> None:
    def lag(**trouble: Any) -> float:
        shown = engine.run(WATCH, trouble)[-60:]
        return sum(newest - at for at, newest in shown) / len(shown)

    trouble = [[start, start + 70] for start in range(2000, 10_000, 900)]
    assert lag(late=trouble) > lag() + 1


# ---------------------------------------------------------------------- frames

DRIVE = """
const { Lockstep } = await import("/lockstep.js");
const { encodeSync } = await import("/lockstep/wire.js");
const said = [];
const wire = {
  latency: 0,
  sendSync: (bytes) => said.push([...bytes]),
  sendDump: (tick, world) => said.push({ tick, world }),
  resync: () => said.push("resync"),
};
// A world that counts its ticks, and adds up all inputs.
const simulation = {
  load: (world) => (simulation.now = structuredClone(world)),
  step: ({ inputs }) => (simulation.now = { n: simulation.now.n + 1, sum: simulation.now.sum + inputs[0] }),
  world: () => ({ ...simulation.now }),
  checksum: () => simulation.now.sum,
};
const drive = new Lockstep(wire, simulation);
const room = (tick, more = {}) => ({
  id: "r", rate: 60, seat: 0, tick, view: { n: tick, sum: 0 },
  lockstep: { bits: 6, seats: 1, check: 4, mode: "deadline", run: 3 }, ...more,
});
// Frames of one seat, each with another input, so that they are 1 + 1 + 6 bits but for the first.
const frames = (start, inputs, run = 3) => {
  const head = [2, run, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, start >> 8, start & 255, inputs.length];
  const six = (input) => input.toString(2).padStart(6, "0");
  let bits = inputs.map((input, place) => (place ? "101" : "0") + six(input)).join("");
  bits += "0".repeat(-bits.length & 7);
  return Uint8Array.from([...head, ...(bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2))]);
};
const draw = (from, until, held = 0) => {
  let moment;
  for (let now = from; now < until; now += 1000 / 60) moment = drive.advance(now, held);
  return moment;
};
"""


def test_the_world_goes_on_by_frames_alone_each_of_them_once(engine: Page) -> None:
    assert engine.run(
        DRIVE
        + """
        drive.enter(room(10));
        drive.take(frames(11, [1, 2, 3]), 0);
        drive.take(frames(12, [2, 3, 4]), 0); // said again, in part
        drive.take(frames(16, [9, 9]), 0); // one is missing
        drive.take(frames(15, [7], 2), 0); // of another run
        const ahead = drive.newest;
        draw(0, 500);
        return [ahead, drive.tick, simulation.now];
        """
    ) == [14, 14, {"n": 14, "sum": 10}]


def test_what_is_drawn_lies_between_the_last_two_worlds(engine: Page) -> None:
    before, after, part = engine.run(
        DRIVE
        + """
        drive.enter(room(10));
        drive.take(frames(11, [1, 2, 3, 4, 5]), 0);
        const { before, after, part } = draw(0, 50);
        return [before.n, after.n, part];
        """
    )
    assert after == before + 1
    assert 0 < part <= 1


def test_inputs_are_said_once_and_two_at_a_time(engine: Page) -> None:
    said = engine.run(
        DRIVE
        + """
        drive.enter(room(10));
        draw(0, 200, 5);
        return said;
        """
    )
    syncs = [decode_sync(bytes(each), 6) for each in said]
    assert {sync.inputs for sync in syncs} == {(5, 5)}
    assert [sync.start for sync in syncs] == [*range(12, 12 + 2 * len(syncs), 2)]
    assert len(syncs) in (5, 6)
    assert {(sync.run, sync.ack) for sync in syncs} == {(3, 10)}


def test_checksums_are_said_and_the_world_of_then_when_it_is_asked_for(engine: Page) -> None:
    *syncs, dump, gone = engine.run(
        DRIVE
        + """
        drive.enter(room(10));
        drive.take(frames(11, [1, 2, 3, 4, 5]), 0);
        draw(0, 500);
        drive.desync(12);
        drive.desync(8);
        return said;
        """
    )
    checksums = [decode_sync(bytes(each), 6).checksum for each in syncs]
    assert [each for each in checksums if each] == [(12, 3)]
    assert dump == {"tick": 12, "world": {"n": 12, "sum": 3}}
    assert gone == {"tick": 8, "world": {}}


def test_who_watches_says_checksums_and_nothing_else(engine: Page) -> None:
    (said,) = engine.run(
        DRIVE
        + """
        drive.enter(room(10, { seat: null }));
        drive.take(frames(11, [1, 2, 3, 4, 5]), 0);
        draw(0, 500, 5);
        return said;
        """
    )
    assert decode_sync(bytes(said), 6) == SyncBody(3, 15, 16, (), (12, 3))


def test_who_has_slept_too_long_asks_for_a_snapshot_and_takes_it(engine: Page) -> None:
    assert engine.run(
        DRIVE
        + """
        drive.enter(room(10));
        for (let start = 11; start < 311; start += 100) drive.take(frames(start, Array(100).fill(1)), 0);
        draw(0, 100, 5);
        const asked = said.splice(0);
        drive.take(frames(311, [1]), 0);
        drive.enter(room(400));
        drive.take(frames(401, [1, 2, 3]), 0);
        draw(100, 400);
        return [asked, drive.tick, drive.newest, simulation.now.sum];
        """
    ) == [["resync"], 403, 403, 6]


def test_before_a_page_sleeps_it_lets_go(engine: Page) -> None:
    said = engine.run(
        DRIVE
        + """
        drive.enter(room(10));
        draw(0, 100, 5);
        drive.release();
        return said;
        """
    )
    assert decode_sync(bytes(said[-1]), 6).inputs[-1] == 0
