"""State by datagram, over bad networks: what is shown is right, never older than before, and never stops."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import define, field

from gamesrv import Game, Seat, command
from gamesrv.server.stream import PATIENCE
from gamesrv.wire.datagram import LOCKSTEP, MAX_PAYLOAD
from tests.games import Cards, Field
from tests.lossy import LossyWorld, Spectator

CLEAN: dict[str, float] = {"latency": 0.05}
BAD = {"latency": 0.1, "jitter": 0.03, "loss": 0.05, "duplicates": 0.02}
AWFUL = {"latency": 0.2, "jitter": 0.15, "loss": 0.25, "duplicates": 0.1}


@define
class Churn(Game):
    """A map in which things come, go, and come back as something else; with ``big``, more than fits."""

    name, seats, tick_rate = "churn", (1, 4), 20
    things: dict[int, int] = field(factory=dict)
    ticks: int = 0
    still: bool = False
    big: int = 0

    def on_tick(self) -> None:
        if self.still:
            return
        self.ticks += 1
        thing = self.random.below(6)
        if self.random.below(4) == 0:
            self.things.pop(thing, None)
        else:
            self.things[thing] = self.random.below(100)

    def view(self) -> dict[str, Any]:
        return {
            "ticks": self.ticks,
            "things": {str(thing): seen_as(value) for thing, value in self.things.items()},
            "big": [self.ticks] * self.big,
        }

    @command
    def hold(self, seat: Seat, still: bool) -> None:
        """Let nothing happen, or things happen again."""
        self.still = still

    @command
    def grow(self, seat: Seat, big: int) -> None:
        """More at a time."""
        self.big = big

    @command
    def end(self, seat: Seat) -> None:
        """The next tick is the last."""
        self.after(0, self.finish_now)

    def finish_now(self) -> None:
        self.finish({"winner": 0})


@define
class Round(Churn):
    """The same for one, and again and again in the same room."""

    name, seats, begins = "round", (1, 1), "full"


def seen_as(value: int) -> Any:
    """A number, a list or a map of some things."""
    return (value, [value], {str(value % 5): value, "all": {str(value % 3): 1}})[value % 3]


def truth(world: LossyWorld) -> tuple[int, dict[str, Any]]:
    everyone = world.rooms[0]._feed.everyone
    return everyone.version, everyone.view


def is_right(world: LossyWorld, person: Spectator) -> None:
    """What is shown is what there is, and it never went back."""
    person.listen()
    assert (person.version, person.view) == truth(world)
    assert all(a <= b for a, b in zip(person.shown, person.shown[1:], strict=False))


def still(world: LossyWorld, person: Spectator) -> None:
    """Stops the game, and waits until everybody knows."""
    person.person.say(op="cmd", name="hold", args={"still": True})
    world.pass_time(3)


def walker(world: LossyWorld) -> Spectator:
    """Somebody in a field where each tick changes something."""
    ann = world.spectator("ann", "field")
    ann.person.say(op="cmd", name="move", args={"dx": 1, "dy": 1})
    return ann


@pytest.mark.parametrize("weather", [CLEAN, BAD, AWFUL], ids=["clean", "bad", "awful"])
@pytest.mark.parametrize("seed", [b"1", b"2", b"3"])
def test_everyone_sees_the_truth_in_the_end(weather: dict[str, float], seed: bytes) -> None:
    world = LossyWorld(Churn, seed=seed, **weather)
    people = [world.spectator(name, "churn", "packets") for name in ("ann", "bob")]
    watcher = world.spectator("cid")
    watcher.person.say(op="watch", room=people[0].room)
    world.pass_time(20)
    still(world, people[0])
    for person in (*people, watcher):
        is_right(world, person)
        assert person.by_datagram > 50, "and much of it came by datagram"
    world.stop()


def test_on_a_clean_network_the_link_is_hardly_used() -> None:
    world = LossyWorld(Field, **CLEAN)
    ann = walker(world)
    world.pass_time(2)
    by_link = ann.by_link
    world.pass_time(10)
    assert ann.by_link == by_link
    assert ann.by_datagram >= 200
    assert len(ann.shown) == len(set(ann.shown))
    world.stop()


def test_the_last_change_before_a_silence_arrives_though_it_was_lost() -> None:
    world = LossyWorld(Churn, **CLEAN)
    ann = world.spectator("ann", "churn")
    world.pass_time(2)
    ann.person.say(op="cmd", name="hold", args={"still": True})
    world.net.down.loss = 1.0
    world.run(0.2)
    world.net.down.loss = 0.0
    world.pass_time(1)
    is_right(world, ann)
    sent = world.net.down.sent
    world.pass_time(0.5)
    assert world.net.down.sent == sent, "what is acknowledged is not said again"
    world.stop()


def test_the_end_of_a_game_goes_over_the_link() -> None:
    world = LossyWorld(Churn, **CLEAN)
    ann = world.spectator("ann", "churn")
    world.pass_time(2)
    world.net.down.loss = 1.0
    ann.person.say(op="cmd", name="end")
    world.run(0.2)
    is_right(world, ann)
    world.stop()


# ---------------------------------------------------------------------- when datagrams do not get through


def test_without_datagrams_everything_goes_over_the_link() -> None:
    """The channel never opens: not one update is missed, and nothing is sent to where nobody proved to be."""
    world = LossyWorld(Field, loss=1.0)
    person = world.connect("packets")
    person.say(op="hello", name="ann")
    ann = Spectator(person, world.net)
    world.spectators.append(ann)
    person.say(op="join", game="field")
    person.say(op="cmd", name="move", args={"dx": 1, "dy": 1})
    world.pass_time(15)
    is_right(world, ann)
    assert ann.by_datagram == 0 and 295 <= ann.by_link <= 305 and ann.twice == 0
    assert world.net.down.sent == 0
    world.stop()


@pytest.mark.parametrize("direction", ["up", "down"])
def test_when_the_network_dies_the_link_takes_over_at_once(direction: str) -> None:
    world = LossyWorld(Field, **CLEAN)
    ann = walker(world)
    world.pass_time(3)
    getattr(world.net, direction).loss = 1.0
    ann.shown.clear()
    ann.by_link = 0
    world.pass_time(PATIENCE + 0.3)
    is_right(world, ann)
    world.pass_time(20)
    is_right(world, ann)
    assert ann.by_link >= 390, "every single one"
    session = world.rooms[0].seating.seats[0].session
    assert session.send_datagram(LOCKSTEP) is (direction == "down")
    assert world.service.gate.channels.lapsed == (1 if direction == "up" else 0)
    world.stop()


def test_it_comes_back_when_the_network_does() -> None:
    world = LossyWorld(Field, **CLEAN)
    ann = walker(world)
    world.pass_time(2)
    world.net.up.loss = world.net.down.loss = 1.0
    world.pass_time(15)
    assert not ann.client.is_open(ann.now)
    world.net.up.loss = world.net.down.loss = 0.0
    world.pass_time(10)
    assert ann.client.is_open(ann.now)
    ann.by_datagram = ann.by_link = 0
    world.pass_time(5)
    assert ann.by_datagram >= 99 and ann.by_link == 0
    assert truth(world)[0] - ann.version <= 2
    world.stop()


def test_what_is_too_much_for_a_datagram_goes_over_the_link() -> None:
    world = LossyWorld(Churn, **CLEAN)
    ann = world.spectator("ann", "churn")
    ann.person.say(op="cmd", name="grow", args={"big": MAX_PAYLOAD})
    world.pass_time(3)
    by_link = ann.by_link
    world.pass_time(3)
    assert ann.by_link - by_link >= 58 and ann.twice == 0
    channel = world.rooms[0].seating.seats[0].session.peer.channel
    assert channel is not None and channel.waiting_since is None, "what was not sent is not waited for"
    ann.person.say(op="cmd", name="grow", args={"big": 0})
    world.pass_time(2)
    ann.by_datagram = 0
    world.pass_time(3)
    assert ann.by_datagram >= 30, "and back to datagrams"
    still(world, ann)
    is_right(world, ann)
    assert max(map(len, ann.came)) <= MAX_PAYLOAD + 25
    world.stop()


def test_a_network_address_that_changes_is_proved_again() -> None:
    world = LossyWorld(Field, **CLEAN)
    ann = walker(world)
    world.pass_time(2)
    ann.move()
    world.pass_time(3)
    ann.by_datagram = ann.by_link = 0
    world.pass_time(3)
    assert ann.by_datagram >= 59 and ann.by_link == 0
    world.stop()


# ---------------------------------------------------------------------- rooms, games and sessions change


def test_another_room_is_another_stream() -> None:
    """Nothing that comes late of the old room is taken for news of the new one."""
    world = LossyWorld(Churn, latency=0.3, jitter=0.2)
    ann = world.spectator("ann", "churn")
    world.pass_time(3)
    for _ in range(3):
        ann.person.say(op="leave")
        ann.person.say(op="create", game="churn")
        ann.listen()
        ann.shown.clear()
        world.pass_time(3)
    still(world, ann)
    is_right(world, ann)
    assert ann.by_datagram > 20
    world.stop()


def test_another_game_in_the_same_room_is_never_mixed_up_with_the_one_before() -> None:
    world = LossyWorld(Round, latency=0.3, jitter=0.2)
    ann = world.spectator("ann", "round")
    for _ in range(4):
        world.pass_time(3)
        ann.person.say(op="cmd", name="end")
        world.run(0.1)
        is_right(world, ann)
        ann.person.say(op="ready")
    world.pass_time(3)
    still(world, ann)
    is_right(world, ann)
    assert ann.by_datagram >= 30
    world.stop()


def test_one_who_leaves_and_comes_back_to_a_room_misses_nothing() -> None:
    world = LossyWorld(Churn, **BAD)
    ann, bob = (world.spectator(name, "churn") for name in ("ann", "bob"))
    world.pass_time(2)
    for pause in (0.1, 1, 8):
        ann.person.say(op="leave")
        world.pass_time(pause)
        ann.person.say(op="join", room=bob.room)
        world.pass_time(2)
    still(world, bob)
    is_right(world, ann)
    world.stop()


def test_a_snapshot_asked_for_in_between_does_no_harm() -> None:
    world = LossyWorld(Churn, **BAD)
    ann = world.spectator("ann", "churn")
    for _ in range(20):
        world.pass_time(0.3)
        ann.person.say(op="resync")
    still(world, ann)
    is_right(world, ann)
    world.stop()


def test_a_reader_that_was_too_slow_for_the_link_sees_the_truth_after() -> None:
    world = LossyWorld(Churn, **CLEAN)
    ann = world.spectator("ann", "churn")
    world.pass_time(2)
    ann.person.deaf()
    world.net.down.loss = 1.0
    world.run(3)
    ann.person.listen()
    world.net.down.loss = 0.0
    world.pass_time(2)
    still(world, ann)
    is_right(world, ann)
    world.stop()


def test_a_new_connection_needs_a_new_key() -> None:
    world = LossyWorld(Field, **CLEAN)
    ann = walker(world)
    world.pass_time(1)
    old = ann.client
    ann.person.cut()
    channels = world.service.gate.channels
    assert len(channels) == 0
    came = len(ann.came)
    old.send(LOCKSTEP, ann.now)
    world.run(1)
    assert channels.faults["unknown"] >= 1 and len(ann.came) <= came + 2
    bob = world.connect("packets")
    bob.say(op="hello", token=ann.person.token)
    ann.person = bob
    ann.ask()
    ann.open()
    world.pass_time(2)
    ann.by_datagram = 0
    world.pass_time(2)
    assert ann.by_datagram >= 39
    world.stop()


def test_games_that_take_turns_stay_on_the_link() -> None:
    world = LossyWorld(Cards, **CLEAN)
    ann, bob = (world.spectator(name, "cards") for name in ("ann", "bob"))
    world.pass_time(2)
    assert ann.by_datagram == bob.by_datagram == 0
    world.stop()


def test_a_room_keeps_nothing_once_nobody_wants_it() -> None:
    world = LossyWorld(Field, **CLEAN)
    ann, bob = walker(world), world.person("packets", "bob", "field")
    world.pass_time(1)
    feed = world.rooms[0]._feed
    assert feed._stream is not None
    ann.person.cut()
    world.spectators.clear()
    world.run(0.2)
    assert feed._stream is None
    bob.heard.clear()
    world.run(1)
    assert 19 <= len(bob.all("update")) <= 21
    world.stop()


# ---------------------------------------------------------------------- payloads for others than the state


def test_payloads_for_the_room_go_both_ways() -> None:
    world = LossyWorld(Field, **CLEAN)
    ann = world.spectator("ann", "field")
    session = world.rooms[0].seating.seats[0].session
    got: list[bytes] = []
    session.on_datagram = got.append
    assert ann.client.send(LOCKSTEP + b"up", ann.now)
    assert session.send_datagram(LOCKSTEP + b"down")
    assert not session.send_datagram(bytes(MAX_PAYLOAD + 1)), "too long: the link, then"
    world.run(0.2)
    assert got == [LOCKSTEP + b"up"] and ann.heard == [LOCKSTEP + b"down"]
    ann.person.cut()
    assert not session.send_datagram(LOCKSTEP), "there is no connection, so no channel"
    world.spectators.clear()
    world.stop()
