"""Rooms that take more time than they have are named, and in the end stopped."""

import sys
from collections.abc import Callable, Iterator

import pytest
from attrs import define
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from gamesrv import Game, Seat, command
from gamesrv.core.bot import Bot
from gamesrv.server.alarm import RINGS, StepAlarm, author_call
from gamesrv.server.limits import Limits
from gamesrv.server.watchdog import NAMED_EVERY, Overrun, Watchdog
from gamesrv.wire.close import CloseCode
from tests.world import World


def work() -> object:
    """What the games below do when it is their turn; the tests put something else here."""


@define
class Busy(Game):
    """Works at every tick."""

    name, seats, tick_rate = "busy", (1, 4), 20

    def on_tick(self) -> None:
        work()

    @command
    def nothing(self, seat: Seat) -> None:
        """For a turn without a tick."""


@define
class Slow(Game):
    """Works when it is told to."""

    name, seats = "slow", (1, 4)

    @command
    def work(self, seat: Seat) -> None:
        """Takes its time."""
        work()

    @command
    def later(self, seat: Seat) -> None:
        """Takes it a second later."""
        self.after(1, self.due)

    def due(self) -> None:
        """Takes it now."""
        work()


@pytest.fixture
def world() -> Iterator[World]:
    """A server of these games."""
    made = World(games=[Busy, Slow])
    yield made
    made.stop()


@pytest.fixture
def named() -> Iterator[list[str]]:
    """The lines about slow rooms."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if "is slow" in (event.get("log_format") or ""):
            lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Gives the games something to do."""
    return lambda act: monkeypatch.setattr(sys.modules[__name__], "work", act)


def lasting(world: World, seconds: float) -> Callable[[], None]:
    """Work that takes so long."""

    def act() -> None:
        world.clock.rightNow += seconds

    return act


# ---------------------------------------------------------------------- what is over


def test_a_room_over_its_share_is_named_once_in_a_while(
    world: World, named: list[str], working: Callable[[Callable[[], object]], None]
) -> None:
    world.person("packets", "ann", "busy")
    world.run(1)
    assert named == []
    working(lasting(world, 0.03))
    world.run(1)
    assert len(named) == 1
    assert named[0].startswith("Room busy-1 is slow: 30 ms at one go, of 25 ms that it may take (1 times")
    world.run(NAMED_EVERY)
    assert len(named) == 2 and "(1 times" not in named[1]


def test_a_machine_that_is_too_slow_does_not_fill_the_log(named: list[str]) -> None:
    clock = Clock()
    watchdog = Watchdog(Limits(), 60, clock.seconds)
    rooms = [type("Room", (), {"tick_rate": 20, "id": f"r-{number}"})() for number in range(100)]
    for _ in range(20):
        for room in rooms:
            watchdog.stepped(room, 0.03, 0)
        clock.advance(1)
    assert 20 <= len(named) <= 30
    assert len(set(line.split()[1] for line in named)) > 15, "and all have their turn"


def test_commands_and_timers_of_a_room_without_ticks_are_looked_at_too(
    world: World, named: list[str], working: Callable[[Callable[[], object]], None]
) -> None:
    ann = world.person("packets", "ann", "slow")
    working(lasting(world, 0.06))
    ann.say(op="cmd", name="work")
    assert len(named) == 1 and "slow-1 is slow: 60 ms at one go, of 50 ms" in named[0]
    world.run(NAMED_EVERY)
    ann.say(op="cmd", name="later")
    assert len(named) == 1
    world.run(1.1)
    assert len(named) == 2


@pytest.mark.parametrize("game", ["busy", "slow"])
def test_a_single_turn_far_too_long_ends_the_room(
    world: World,
    game: str,
    logged_failures: list[LogEvent],
    working: Callable[[Callable[[], object]], None],
) -> None:
    ann = world.person("packets", "ann", game)
    bob = world.person("packets", "bob")
    working(lasting(world, 6))
    if game == "slow":
        ann.say(op="cmd", name="work")
    world.run(0.1)
    assert ann.take("closing")["code"] == CloseCode.ROOM_FAILED
    assert world.rooms == [] and "6.0 s at one go" in str(logged_failures.pop()["log_failure"])
    working(lambda: None)
    bob.ping()


def test_a_room_that_never_keeps_its_tick_ends(
    world: World, logged_failures: list[LogEvent], working: Callable[[Callable[[], object]], None]
) -> None:
    ann = world.person("packets", "ann", "busy")
    ends = world.clock.seconds() + 50
    for at in range(10, 120, 10):
        world.clock.callLater(at, lambda: ann.say(op="ping"))

    def work() -> None:
        if world.clock.seconds() < ends:
            world.clock.rightNow += 0.06

    working(work)
    world.run(0.1)
    assert world.clock.seconds() >= ends and len(world.rooms) == 1
    ends += 70
    world.run(0.1)
    assert ann.take("closing")["code"] == CloseCode.ROOM_FAILED
    assert "longer than a tick" in str(logged_failures.pop()["log_failure"])


def test_one_step_in_time_and_it_starts_anew() -> None:
    clock = Clock()
    watchdog = Watchdog(Limits(step_patience=1.0), 60, clock.seconds)

    class Room:
        tick_rate = 20

    def steps(room: Room, beats: range) -> list[Overrun | None]:
        verdicts = []
        for beat in beats:
            clock.advance(0.06)
            verdicts.append(watchdog.stepped(room, 0.06, beat))
        return verdicts

    room = Room()
    assert set(steps(room, range(0, 45, 3))) == {None}
    assert set(steps(room, range(48, 93, 3))) == {None}, "that of beat 45 was in time"
    assert steps(room, range(93, 99, 3))[-1] is not None


# ---------------------------------------------------------------------- what does not return


def ringing(alarm: StepAlarm, times: int) -> None:
    """Rings in the midst of what calls this."""
    for _ in range(times):
        alarm._ring(0, sys._getframe(1))


@pytest.mark.parametrize(("rings", "fails"), [(RINGS, False), (RINGS + 1, True)])
@pytest.mark.parametrize("game", ["busy", "slow"])
def test_code_found_running_at_each_ring_is_broken_off(
    world: World,
    game: str,
    rings: int,
    fails: bool,
    logged_failures: list[LogEvent],
    working: Callable[[Callable[[], object]], None],
) -> None:
    ann = world.person("packets", "ann", game)
    alarm = StepAlarm(1.0)
    working(lambda: ringing(alarm, rings))
    if game == "slow":
        ann.say(op="cmd", name="work")
    world.run(0.1)
    assert (world.rooms == []) is fails
    if fails:
        assert ann.take("closing")["code"] == CloseCode.ROOM_FAILED
        assert logged_failures.pop()["log_failure"].check(Overrun)


def test_many_short_calls_are_left_alone(
    world: World, working: Callable[[Callable[[], object]], None]
) -> None:
    world.person("packets", "ann", "busy")
    alarm = StepAlarm(1.0)
    working(lambda: ringing(alarm, 1))
    world.run(2)
    assert len(world.rooms) == 1


def test_a_policy_that_does_not_return_costs_its_bot_only(logged_failures: list[LogEvent]) -> None:
    alarm = StepAlarm(1.0)

    class Stuck(Bot):
        pace = (0.05, 0.05)

        def is_called(self, view: object, mine: object) -> bool:
            ringing(alarm, RINGS + 1)
            return False

    world = World(games=[define(type("Botted", (Busy,), {"name": "botted", "bot": Stuck}))], bots=2)
    ann = world.person("packets", "ann", "botted")
    world.run(2)
    ann.ping()
    world.stop()
    assert logged_failures and all(event["log_failure"].check(Overrun) for event in logged_failures)
    logged_failures.clear()


def test_our_own_code_is_never_broken_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from gamesrv.server.outbox import Outbox

    found = []
    push = Outbox.push

    def looking(*args: object) -> None:
        found.append(author_call(sys._getframe()))
        push(*args)  # type: ignore[arg-type]

    ann = world.person("packets", "ann", "busy")
    monkeypatch.setattr(Outbox, "push", looking)
    ann.say(op="say", text="hello")
    assert found == [None]
