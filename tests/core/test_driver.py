"""A client of a lockstep room by itself: what it makes of what comes, and what it has to say."""

import pytest
from msgspec import UNSET

from gamesrv import GameError
from gamesrv.core.driver import Driver
from gamesrv.core.inputs import MAX_COUNT, Change, Frame, FramesBody
from gamesrv.core.messages import Joined, LockstepInfo
from tests import duel


def joined(tick: int = 10, run: int = 1, seat: int | None = 0, rate: int = 30) -> Joined:
    world = duel.new(7, {})
    world["tick"] = tick
    duel.join(world, 0)
    info = LockstepInfo(6, "deadline", 30, 4, run)
    return Joined("duel-1", "duel", seat, tick, 0, world, "playing", rate=rate, lockstep=info)


@pytest.fixture
def driver() -> Driver:
    made = Driver(duel)
    made.snapshot(joined(), 0.0)
    return made


def frames(start: int, *held: int, run: int = 1, ack: int = 0, wait: int | None = None) -> FramesBody:
    row = tuple(Frame((), (each, 0, 0, 0)) for each in held)
    return FramesBody(run, ack, wait, 0, start, row)


def run_all(driver: Driver) -> int:
    steps = 0
    while driver.step():
        steps += 1
    return steps


def test_frames_are_taken_once_and_in_order(driver: Driver) -> None:
    driver.receive(frames(11, 1, 2), 0.0)
    driver.receive(frames(11, 1, 2, 3), 0.0)
    driver.receive(frames(15, 9), 0.0)
    driver.receive(frames(5, *range(9)), 0.0)
    assert driver.newest == 13, "neither what is over nor what is beyond a gap"
    assert run_all(driver) == 3 and driver.tick == 13
    world = joined().view
    for held in (1, 2, 3):
        duel.step(world, [held, 0, 0, 0])
    assert driver.world == world


def test_what_is_of_another_run_is_not_taken(driver: Driver) -> None:
    driver.receive(frames(11, 1, run=2, ack=99), 0.0)
    assert driver.newest == 10 and not driver.step()


def test_changes_come_before_the_step(driver: Driver) -> None:
    both = (Change("join", 1), Change("drop", 0))
    driver.receive(FramesBody(1, 0, None, 0, 11, (Frame(both, (0, 5, 0, 0)),)), 0.0)
    run_all(driver)
    world = joined().view
    duel.join(world, 1)
    duel.drop(world, 0)
    duel.step(world, [0, 5, 0, 0])
    assert driver.world == world


def test_before_a_snapshot_there_is_nothing_to_say() -> None:
    driver = Driver(duel)
    driver.receive(frames(1, 1), 0.0)
    assert not driver.begun and not driver.press(1, 1.0) and not driver.step() and driver.play(1.0) == 0
    with pytest.raises(GameError):
        driver.snapshot(Joined("r", "arena", 0, 1, 0, {}, "playing", lockstep=UNSET), 0.0)


def test_over_the_link_each_input_is_said_once(driver: Driver) -> None:
    assert driver.press(5, 0.0)
    assert driver.sync(reliable=True)[2:4] == (12, (5,))
    assert not driver.press(5, 0.0) and driver.press(6, 0.04)
    assert driver.sync(reliable=True)[2:4] == (13, (6,))
    assert driver.sync(reliable=True).inputs == ()


def test_by_datagram_all_is_said_again_until_it_has_come(driver: Driver) -> None:
    driver.press(5, 0.0)
    driver.press(6, 0.04)
    assert driver.sync(reliable=False)[2:4] == (12, (5, 6))
    assert driver.sync(reliable=False)[2:4] == (12, (5, 6))
    driver.receive(frames(11, 0, ack=12), 0.05)
    assert driver.sync(reliable=False)[1:4] == (11, 13, (6,))
    assert driver.sync(reliable=True)[2:4] == (13, (6,)), "the link says it once more"
    assert driver.sync(reliable=True).inputs == ()


def test_what_can_be_said_is_bounded(driver: Driver) -> None:
    driver.press(1, 60.0)
    body = driver.sync(reliable=False)
    assert len(body.inputs) == MAX_COUNT and 1 <= body.start - body.ack <= 255


def test_after_a_snapshot_what_is_still_to_come_is_said_again(driver: Driver) -> None:
    driver.press(5, 0.1)
    assert driver.sync(reliable=True).inputs == (5, 5, 5, 5)
    driver.snapshot(joined(13, run=2), 0.1)
    body = driver.sync(reliable=True)
    assert body[:4] == (2, 13, 14, (5, 5))
    driver.snapshot(joined(2, run=3), 0.2, round_trip=0.1)
    driver.press(7, 0.2)
    assert driver.sync(reliable=True)[:4] == (3, 2, 2 + 2 + 3, (7,)), "another game: ticks are counted anew"


def test_at_60_hz_two_at_a_time() -> None:
    driver = Driver(duel)
    driver.snapshot(joined(rate=60), 0.0)
    said = [driver.sync(reliable=True).inputs for beat in range(60) if driver.press(1, beat / 60 + 0.001)]
    assert len(said) == 30 and {len(inputs) for inputs in said} == {2}


def test_who_watches_says_little_and_no_inputs() -> None:
    driver = Driver(duel)
    driver.snapshot(joined(seat=None), 0.0)
    said = 0
    for tick in range(11, 71):
        driver.receive(frames(tick, 0, ack=tick), tick / 30)
        if driver.press(63, tick / 30):
            said += 1
            assert driver.sync(reliable=False).inputs == ()
    assert 4 <= said <= 7 and driver.by_datagram(2.5)


def test_a_checksum_is_said_and_the_world_is_kept(driver: Driver) -> None:
    driver.receive(frames(11, *[3] * 25), 0.0)
    run_all(driver)
    assert [driver.sync(reliable=False).checksum for _ in range(4)].count(None) == 1, (
        "three times by datagram"
    )
    kept = driver.dump(30)
    assert kept["tick"] == 30 and driver.world["tick"] == 35 and driver.dump(29) == {}
    assert duel.checksum(kept) == duel.checksum(driver.dump(30))
    for tick in range(36, 331):
        driver.receive(frames(tick, 0), 0.0)
        run_all(driver)
    assert driver.dump(90) == {} and driver.dump(120)["tick"] == 120, "eight of them"
    assert driver.sync(reliable=True).checksum == (330, duel.checksum(driver.dump(330)))
    assert driver.sync(reliable=True).checksum is None


def test_no_more_than_four_steps_at_once(driver: Driver) -> None:
    driver.receive(frames(11, *[0] * 50), 0.0)
    assert driver.play(5.0) == 4
    assert driver.play(5.0) == 4
