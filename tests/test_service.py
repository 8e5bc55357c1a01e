"""The service as a whole: it starts, stops completely, and nothing that goes wrong in it stops the rest."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure

from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType
from gamesrv.server.gate import Gate
from gamesrv.service import GameService
from gamesrv.wire.close import CloseCode
from tests.games import Cards, Field
from tests.lossy import LossyWorld
from tests.world import TRANSPORTS, Entropy, World


def stopping(world: World) -> list[object]:
    """Stops the service; what it returns fills when that is done."""
    done: list[object] = []
    stopped = world.service.stopService()
    assert isinstance(stopped, Deferred)
    stopped.addCallback(done.append)
    world.settle()
    return done


# ---------------------------------------------------------------------- start and stop


def test_an_idle_service_starts_and_stops() -> None:
    world = World(bots=0)
    world.run(1)
    assert world.service.running
    assert stopping(world) == [None]
    assert not world.service.running
    assert world.clock.getDelayedCalls() == []


def test_a_service_that_never_started_stops() -> None:
    clock = Clock()
    service = GameService(clock, [GameType.of(Field)], entropy=Entropy())
    done: list[object] = []
    service.stopService().addCallback(done.append)
    assert done == [None] and clock.getDelayedCalls() == []


def test_a_service_can_start_again() -> None:
    world = World(bots=2)
    ann = world.person("packets", "ann", "field")
    world.run(1)
    world.stop()
    assert ann.lost
    world.clock.advance(3600)
    world.service.startService()
    world.run(2)
    bob = world.person("websocket-json", "bob", "field")
    bob.heard.clear()
    world.run(1)
    assert 18 <= len(bob.all("update")) <= 22, "twenty a second, the hour is not made up for"
    assert world.service.ticker.dropped == 0
    world.stop()


def test_a_game_that_does_not_fit_the_clock_is_an_error_at_once() -> None:
    with pytest.raises(GameError, match="does not divide"):
        GameService(Clock(), [GameType.of(Field)], tick_rate=50)


@pytest.mark.parametrize("bots", [0, 3])
def test_stopping_sees_everyone_out(bots: int) -> None:
    world = World(bots=bots)
    people = [world.person(transport, "ann", "field") for transport in TRANSPORTS]
    watcher, idle, stranger = (world.connect("packets") for _ in range(3))
    for person in (watcher, idle):
        person.say(op="hello", name="bob")
    watcher.say(op="watch", room=people[0].room)
    window = world.connect("telnet")
    window.raw(b"cid\r\njoin cards\r\n")
    world.run(3)
    done = stopping(world)
    assert done == [None], "everyone took the goodbye, so there was nothing to wait for"
    assert world.clock.getDelayedCalls() == []
    for person in (*people, watcher, idle, stranger):
        assert person.close_code == CloseCode.GOING_AWAY
        assert person.lost
    assert "shutting down" in window.text and window.lost  # type: ignore[attr-defined]
    assert world.service.gate.peers == {}


def test_channels_for_datagrams_end_with_the_rest() -> None:
    world = LossyWorld(Field, bots=2, latency=0.05)
    ann, bob = (world.spectator(name, "field") for name in ("ann", "bob"))
    world.pass_time(2)
    assert ann.by_datagram > 0 and bob.by_datagram > 0
    session = world.rooms[0].seating.seats[ann.person.seat or 0].session
    assert session.send_datagram(b"\x02")
    world.stop()
    assert len(world.service.gate.channels) == 0 and not session.send_datagram(b"\x02")


def test_bots_alone_do_not_hold_it_up() -> None:
    world = World(bots=4)
    world.run(2)
    assert len(world.rooms[0].seating.seats) == 3
    assert stopping(world) == [None]
    assert world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("transport", [*TRANSPORTS, "telnet"])
def test_a_peer_that_never_reads_is_waited_for_no_longer_than_the_drain(transport: str) -> None:
    world = World(drain=5)
    deaf, ann = world.connect(transport), world.person("packets", "ann", "field")
    deaf.deaf()
    done = stopping(world)
    assert ann.lost
    world.run(4.9)
    assert done == []
    world.run(0.2)
    assert done == [None] and deaf.lost
    assert world.clock.getDelayedCalls() == []


def test_a_peer_that_reads_at_last_gets_everything(transport: str) -> None:
    world = World(drain=5)
    ann = world.person(transport, "ann", "field")
    ann.deaf()
    done = stopping(world)
    world.run(2)
    assert done == []
    ann.listen()
    assert done == [None]
    assert ann.close_code == CloseCode.GOING_AWAY
    assert world.clock.getDelayedCalls() == []


def test_who_comes_while_it_stops_is_sent_away(transport: str) -> None:
    world = World(drain=5)
    world.connect("packets").deaf()
    done = stopping(world)
    late = world.connect(transport)
    assert late.close_code == CloseCode.FULL
    world.run(6)
    assert done == [None] and late.lost


def test_games_go_on_until_the_last_one_is_out() -> None:
    """The room of one who can't be told yet is not torn down under them."""
    world = World(drain=5)
    ann = world.person("packets", "ann", "field")
    ann.deaf()
    tick = world.rooms[0].machine.tick
    stopping(world)
    world.run(1)
    assert world.rooms[0].machine.tick >= tick + 19
    world.run(5)
    assert world.clock.getDelayedCalls() == []


# ---------------------------------------------------------------------- what goes wrong


def test_the_reaper_survives_what_it_meets(
    monkeypatch: pytest.MonkeyPatch, logged_failures: list[LogEvent]
) -> None:
    world = World(handshake_timeout=5)
    sweep, faults = Gate.sweep, [ValueError("once"), KeyError("twice")]

    def faulty(gate: Gate) -> None:
        if faults:
            raise faults.pop()
        sweep(gate)

    monkeypatch.setattr(Gate, "sweep", faulty)
    quiet = world.connect("packets")
    world.run(4)
    assert len(logged_failures) == 2
    logged_failures.clear()
    world.run(4)
    assert quiet.close_code == CloseCode.IDLE
    world.stop()


def test_what_the_server_puts_up_with_is_told_now_and_then() -> None:
    told: list[str] = []

    def hear(event: LogEvent) -> None:
        if event.get("log_namespace") == "gamesrv.server.tally.Tally":
            told.append(formatEvent(event))

    world, past = World(), [0.0]
    service = world.service
    service.tally.now = lambda: world.clock.seconds() + past[0]
    globalLogPublisher.addObserver(hear)
    try:
        for seconds, fault, lines in ((601, 0, 0), (1, 1, 0), (599, 0, 1), (601, 0, 1)):
            past[0] += seconds
            for _ in range(fault):
                service.gate.channels.receive(b"noise", ("127.0.0.1", 5))
                service.lobby.passed_over["too far ahead"] += 2
            world.run(1)
            assert len(told) == lines
        service.gate.channels.unsent += 1
        world.stop()
    finally:
        globalLogPublisher.removeObserver(hear)
    assert told == [
        "Put up with: 2 lockstep: too far ahead, 1 datagram: size",
        "Put up with: 1 datagrams not sent",
    ]


def test_rooms_that_fail_do_not_disturb_the_others(logged_failures: list[LogEvent]) -> None:
    world = World()
    bystander = world.person("packets", "bob", "field")
    bystander.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    for how in ("ValueError", "SystemExit", "KeyboardInterrupt", "RecursionError"):
        ann = world.person("websocket-json", "ann")
        ann.say(op="create", game="field")
        ann.say(op="cmd", name="crash", args={"how": how})
        world.run(0.1)
        assert ann.close_code == CloseCode.ROOM_FAILED
    bystander.heard.clear()
    world.run(1)
    assert 19 <= len(bystander.all("update")) <= 21
    assert len(logged_failures) == 4
    logged_failures.clear()
    world.stop()


def test_the_death_of_the_clock_is_fatal(logged_failures: list[LogEvent]) -> None:
    fatal: list[str] = []
    clock = Clock()
    service = GameService(
        clock, [GameType.of(Cards)], bots=0, on_fatal=lambda: fatal.append("stop"), entropy=Entropy()
    )
    service.startService()
    service._fatal(Failure(OSError("no time")))
    assert fatal == ["stop"]
    assert len(logged_failures) == 1
    logged_failures.clear()
    service.stopService()
    assert clock.getDelayedCalls() == []
