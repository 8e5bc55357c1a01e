"""Bots: they come and go as they are needed, play as anybody does, and their faults are their own."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from attrs import define
from twisted.logger import LogEvent

from gamesrv import Act, Bot, command
from gamesrv.core.messages import Command, Hello, Join, Leave, Ping
from gamesrv.core.views import prune
from gamesrv.keeper import NAMES, REST
from gamesrv.net.loopback import LoopbackTransport
from gamesrv.net.tcp import PacketProtocol
from gamesrv.wire import packets
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder
from tests.games import Cards, Field, Walker
from tests.world import Entropy, World


def seated(world: World) -> list[str]:
    """Who sits in the room that the bots keep."""
    return [member.name for member in world.rooms[0].seating.seats.values()]


def with_bot(policy: type[Bot]) -> type[Field]:
    """The field, played by that policy."""

    @define
    class Played(Field):
        bot = policy

    return Played


@pytest.fixture
def open_world() -> Iterator[Callable[..., World]]:
    """Makes a world of one game; it is stopped in the end."""
    worlds: list[World] = []

    def make(game: type = Field, **options: Any) -> World:
        worlds.append(World(games=[game], **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.stop()


# ---------------------------------------------------------------------- how many


@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_the_public_room_is_filled(open_world: Callable[..., World], wanted: int) -> None:
    world = open_world(bots=wanted)
    world.settle()
    assert len(seated(world)) == wanted, "from the start, not a while later"
    world.run(10)
    assert len(seated(world)) == wanted
    assert len(world.rooms) == 1


def test_bots_leave_a_seat_for_the_first_person(open_world: Callable[..., World]) -> None:
    world = open_world(bots=50)
    world.run(5)
    assert len(seated(world)) == 3
    ann = world.person("packets", "ann", "field")
    world.run(5)
    assert len(world.rooms) == 1
    assert len(seated(world)) == 4 and ann.room == world.rooms[0].id


def test_no_bots_are_kept_where_none_are_wanted(open_world: Callable[..., World]) -> None:
    world = open_world(bots=0)
    world.run(3)
    assert world.rooms == []


def test_a_game_without_a_policy_gets_none(open_world: Callable[..., World]) -> None:
    world = open_world(Cards, bots=3)
    world.run(3)
    assert world.rooms == []


def test_bots_leave_as_people_come_and_return_when_they_go(open_world: Callable[..., World]) -> None:
    world = open_world(bots=3)
    people = []
    for number in range(4):
        person = world.person("packets", f"person {number}", "field")
        people.append(person)
        world.run(3)
        names = seated(world)
        assert sum(name.startswith("person") for name in names) == number + 1
        assert len(names) == max(3, number + 1)
    assert len(world.rooms) == 1
    people[0].say(op="leave")
    people[1].say(op="leave")
    world.run(3)
    assert len(seated(world)) == 3
    for person in people[2:]:
        person.cut()
    world.run(10)
    assert len(seated(world)) == 3, "the lost ones' seats are still held"
    world.run(25)
    assert len(seated(world)) == 3
    assert not any(name.startswith("person") for name in seated(world))


def test_they_leave_one_by_one(open_world: Callable[..., World]) -> None:
    world = open_world(bots=2)
    world.settle()
    for name in ("ann", "bob"):
        world.person("packets", name, "field")
    left = []
    for _ in range(3):
        world.run(1.01)
        left.append(len(seated(world)))
    assert left == [3, 2, 2]


def test_a_bot_that_finds_its_seat_taken_goes_again(open_world: Callable[..., World]) -> None:
    """And one is sent when there is a seat again: it does not count as being on its way for ever."""
    world = open_world(bots=3)
    people = [world.person("packets", str(number), "field") for number in range(1)]
    while len(people) < 4:
        world.run(2)
        people.append(world.person("packets", str(len(people)), "field"))
    world.run(2)
    (room,) = world.rooms
    for person in people[:2]:
        person.say(op="leave")
    world.service.keeper.tend([])
    for person in people[:2]:
        person.link.write(person.pack({"op": "join", "room": room.id}))
    world.settle()
    assert seated(world) == ["2", "3", "0", "1"]
    assert len(world.service.gate.peers) == 4, "people only"
    for person in people[:2]:
        person.say(op="leave")
    world.run(2)
    assert len(seated(world)) == 3


def test_what_a_full_server_refuses_is_tried_again(open_world: Callable[..., World]) -> None:
    world = open_world(bots=3, max_connections=2)
    world.run(3)
    assert len(seated(world)) == 2
    assert len(world.service.gate.peers) == 2


# ---------------------------------------------------------------------- how they play


def test_bots_play(open_world: Callable[..., World]) -> None:
    world = open_world(bots=2)
    ann = world.person("packets", "ann", "field")
    world.run(3)
    view = world.rooms[0].machine.view()
    assert all(avatar["x"] > 0 for seat, avatar in view["avatars"].items() if int(seat) != ann.seat)


def test_bots_have_names_that_differ(open_world: Callable[..., World]) -> None:
    world = open_world(bots=4)
    world.run(1)
    taken = seated(world)[0]
    world.person("packets", taken.upper(), "field")
    world.run(3)
    names = seated(world)
    assert f"{taken.upper()} 2" in names
    assert len({name.casefold() for name in names}) == 4
    assert {f"{name} (bot)" for name in NAMES} >= {*names} - {f"{taken.upper()} 2"}, "none needs a number"


def test_bots_speak_packets_to_the_protocol_of_a_socket(
    open_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes, through the same door as a native client, and nothing else."""
    said: list[object] = []
    receive = PacketProtocol.dataReceived

    def overhear(self: PacketProtocol, data: bytes) -> None:
        assert type(data) is bytes
        assert isinstance(self.transport, LoopbackTransport)
        said.extend(packets.decode(frame) for frame in FrameDecoder(PACKET_FRAMING).feed(data))
        receive(self, data)

    monkeypatch.setattr(PacketProtocol, "dataReceived", overhear)
    world = open_world(bots=1)
    world.run(1)
    assert [type(message) for message in said[:2]] == [Hello, Join]
    assert all(message == Command("move", {"dx": 1, "dy": 0}) for message in said[2:])
    world.person("packets", "ann", "field")
    world.run(2)
    assert type(said[-1]) is Leave


def test_thoughts_come_at_the_pace_of_the_policy(open_world: Callable[..., World]) -> None:
    thoughts: list[float] = []

    class Thinker(Bot):
        pace = (0.5, 1.0)

        def act(self, view: Any, mine: Any) -> None:
            thoughts.append(world.clock.seconds())

    world = open_world(with_bot(Thinker), bots=1)
    world.run(60)
    pauses = [b - a for a, b in zip(thoughts, thoughts[1:], strict=False)]
    assert len(thoughts) > 50
    assert 0.49 < min(pauses) < 0.6 and 0.9 < max(pauses) < 1.02


def test_no_policy_is_faster_than_a_hand(open_world: Callable[..., World]) -> None:
    """A thought at every turn of the reactor would leave no time for anything else."""
    thoughts: list[int] = []

    class Hasty(Bot):
        pace = (1e-9, 1e-9)

        def act(self, view: Any, mine: Any) -> None:
            thoughts.append(self.seat)

    world = open_world(with_bot(Hasty), bots=1)
    world.run(1)
    assert 15 <= len(thoughts) <= 20


def test_a_bot_sees_what_a_player_sees(open_world: Callable[..., World]) -> None:
    """Its view follows every update, and what happens is told to it."""
    seen: list[tuple[str, Any]] = []

    class Watcher(Bot):
        pace = (0.1, 0.1)

        def act(self, view: Any, mine: Any) -> None:
            seen.append(("view", {seat: dict(avatar) for seat, avatar in view["avatars"].items()}))

        def on_event(self, name: str, data: Any) -> None:
            seen.append((name, data))

    world = open_world(with_bot(Watcher), bots=2)
    ann = world.person("packets", "ann", "field")
    ann.say(op="cmd", name="move", args={"dx": 1, "dy": -1})
    world.run(0.5)
    ann.say(op="cmd", name="move", args={"dx": 0, "dy": 0})
    ann.say(op="cmd", name="shout", args={"text": "ho"})
    world.run(0.3)
    views = [told for name, told in seen if name == "view"]
    assert views[-1] == prune(world.rooms[0].machine.view())["avatars"]
    assert ("shouted", {"seat": ann.seat, "text": "ho"}) in seen


def test_bots_of_a_room_look_at_one_view_that_never_changes(open_world: Callable[..., World]) -> None:
    seen: dict[int, list[tuple[Any, Any]]] = {}

    class Watcher(Walker):
        def act(self, view: Any, mine: Any) -> Act | None:
            seen.setdefault(self.seat, []).append((view, deepcopy(view)))
            return super().act(view, mine)

    world = open_world(with_bot(Watcher), bots=2)
    ann = world.person("packets", "ann", "field")
    world.run(1)
    ann.say(op="leave")
    world.run(1)
    assert all(view == as_it_was for each in seen.values() for view, as_it_was in each)
    first, second, *_ = seen.values()
    assert {id(view) for view, _ in first} & {id(view) for view, _ in second}
    assert first[0][1] != first[-1][1]


def test_a_bot_with_nothing_to_do_is_not_sent_away_for_silence(open_world: Callable[..., World]) -> None:
    class Sleeper(Bot):
        pace = (5.0, 5.0)

    world = open_world(with_bot(Sleeper), bots=2, packet_idle=60.0)
    world.settle()
    members = list(world.rooms[0].seating.seats.values())
    world.run(130)
    assert list(world.rooms[0].seating.seats.values()) == members
    assert not any(member.away for member in members)


def traffic(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, bytes]]:
    """What bots say, and when, in the world's first ten seconds."""
    heard: list[tuple[float, bytes]] = []
    receive = PacketProtocol.dataReceived

    def overhear(self: PacketProtocol, data: bytes) -> None:
        heard.append((world.clock.seconds(), data))
        receive(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(PacketProtocol, "dataReceived", overhear)
        world.run(10)
    return heard


def test_equal_seeds_make_equal_bots(
    open_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (traffic(open_world(bots=3), monkeypatch) for _ in range(2))
    assert len(first) > 100
    assert first == second
    monkeypatch.setattr(Entropy, "__call__", lambda self, size: bytes(reversed(range(size))))
    assert traffic(open_world(bots=3), monkeypatch) != first


# ---------------------------------------------------------------------- faults


class BadStart(Walker):
    def __init__(self, *args: Any) -> None:
        raise KeyError("no idea")


class BadThought(Walker):
    def act(self, view: Any, mine: Any) -> Act | None:
        raise SystemExit("enough")


class BadCommand(Walker):
    def act(self, view: Any, mine: Any) -> Any:
        return ("move", {"dx": object()})


class NoCommand(Walker):
    def act(self, view: Any, mine: Any) -> Any:
        return "move"


class BadEars(Walker):
    def on_event(self, name: str, data: Any) -> None:
        raise RecursionError("too much")


@pytest.mark.parametrize("policy", [BadStart, BadThought, BadCommand, NoCommand, BadEars])
def test_a_policy_that_fails_takes_its_bot_out_and_nothing_else(
    open_world: Callable[..., World], policy: type[Bot], logged_failures: list[LogEvent]
) -> None:
    """The room goes on, and new bots are not sent in again and again to fail the same way."""
    world = open_world(with_bot(policy), bots=2)
    ann = world.person("packets", "ann", "field")
    ann.say(op="cmd", name="shout", args={"text": "ho"})
    world.run(1)
    assert seated(world) == ["ann"]
    assert 1 <= len(logged_failures) <= 2
    world.run(REST - 5)
    assert seated(world) == ["ann"]
    assert len(logged_failures) <= 2, "it was tried once"
    ann.ping()
    assert not world.rooms[0].seating.seats[ann.seat or 0].away
    logged_failures.clear()
    world.run(10)
    ann.say(op="cmd", name="shout", args={"text": "ho"})
    world.run(1)
    assert logged_failures, "and once more a while later"
    logged_failures.clear()


def test_one_bot_that_fails_leaves_the_others_in(
    open_world: Callable[..., World], logged_failures: list[LogEvent]
) -> None:
    class Clumsy(Walker):
        def act(self, view: Any, mine: Any) -> Act | None:
            if self.seat == 1:
                raise ValueError("oh")
            return super().act(view, mine)

    world = open_world(with_bot(Clumsy), bots=3)
    world.run(3)
    assert sorted(world.rooms[0].seating.seats) == [0, 2]
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_nonsense_from_a_bot_is_refused_as_anybodys(open_world: Callable[..., World]) -> None:
    class Confused(Walker):
        def act(self, view: Any, mine: Any) -> Act | None:
            return ("fly", {"to": "the moon"})

    world = open_world(with_bot(Confused), bots=2)
    world.run(5)
    assert len(seated(world)) == 2


def test_a_room_that_failed_is_opened_again_with_bots(
    open_world: Callable[..., World], logged_failures: list[LogEvent]
) -> None:
    world = open_world(bots=2)
    ann = world.person("packets", "ann", "field")
    world.run(1)
    ann.say(op="cmd", name="crash")
    world.run(2)
    assert ann.close_code == CloseCode.ROOM_FAILED
    assert len(logged_failures) == 1
    logged_failures.clear()
    (room,) = world.rooms
    assert room.id != ann.room
    assert len(seated(world)) == 2


def test_when_a_game_is_over_its_bots_move_on_to_a_new_one(open_world: Callable[..., World]) -> None:
    @define
    class Short(Field):
        @command
        def win(self, seat: int) -> None:
            self.finish(seat)

    world = open_world(Short, bots=2)
    ann = world.person("packets", "ann", "field")
    world.run(1)
    ann.say(op="cmd", name="win")
    world.run(3)
    over, fresh = world.rooms
    assert [member.name for member in over.seating.seats.values()] == ["ann"]
    assert len(fresh.seating.seats) == 2
    ann.say(op="leave")
    world.run(1)
    assert world.rooms == [fresh]


def test_a_bot_that_is_closed_thinks_no_more(open_world: Callable[..., World]) -> None:
    thoughts: list[float] = []

    class Thinker(Bot):
        pace = (0.3, 0.3)

        def act(self, view: Any, mine: Any) -> None:
            thoughts.append(world.clock.seconds())

    world = open_world(with_bot(Thinker), bots=3)
    world.run(1)
    (room,) = world.rooms
    closed = world.clock.seconds()
    room.close(CloseCode.ROOM_OVER, "over")
    world.run(0.5)
    assert thoughts and max(thoughts) <= closed


def test_signs_of_life_are_pings() -> None:
    """What a bot says when it has nothing to do is what a native client says too."""
    assert packets.decode(packets.encode_client(Ping())[2:]) == Ping()
