"""The client library on a server in memory: what one says and hears, over every transport."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gamesrv.client import Client, Closed, Refused, State
from gamesrv.core.views import prune
from gamesrv.wire.close import CloseCode
from tests.keeping import HandStore, Words
from tests.memory import KINDS, SERVER_KEY, Endpoint, Fate, client_of
from tests.world import World

ANN, BOB = "ann", "bob"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clients(world: World) -> Iterator[Any]:
    """Makes clients that are online; they are closed after the test."""
    made: list[Client] = []

    def make(name: str = ANN, kind: str = "packets", online: bool = True) -> tuple[Client, Endpoint]:
        client, endpoint = client_of(world, kind)
        made.append(client)
        if online:
            assert Fate(world, client.connect(name)).result.name == name
        return client, endpoint

    yield make
    closings = [Fate(world, client.close()) for client in made]
    world.run(0.1)
    assert [closing.result for closing in closings] == [None] * len(made)


def seat(world: World, client: Client, game: str = "field") -> Any:
    return Fate(world, client.quick(game)).result


def test_a_view_is_kept_by_patches_over_every_transport(world: World, clients: Any, kind: str) -> None:
    client, _ = clients(kind=kind)
    room = seat(world, client)
    assert (room.game, room.seat, client.room) == ("field", 0, room)
    moved = Fate(world, room.command("move", dx=1, dy=0))
    world.run(0.5)
    here = room.view["avatars"]["0"]["x"]
    world.run(1.5)
    assert room.view["avatars"]["0"]["x"] > here > 0
    assert moved.result is None
    (served,) = world.rooms
    assert served.machine is not None and prune(served.machine.view()) == room.view


def test_who_comes_goes_and_speaks(world: World, clients: Any) -> None:
    ann, _ = clients(ANN)
    bob, _ = clients(BOB, "websocket")
    events: list[Any] = []
    ann.on("event", lambda name, data: events.append((name, data)))
    room = seat(world, ann)
    seat(world, bob)
    assert {at: player.name for at, player in room.players.items()} == {0: ANN, 1: BOB}
    Fate(world, bob.say("hello"))
    Fate(world, bob.leave())
    assert bob.room is None
    world.run(0.1)
    assert [name for name, _ in events] == ["player_joined", "said", "player_left"]
    assert events[1][1]["text"] == "hello"
    assert [*room.players] == [0]


def test_a_refusal_is_for_the_command_it_is_about(world: World, clients: Any) -> None:
    client, _ = clients()
    room = seat(world, client)
    told: list[Any] = []
    client.on("refused", lambda refused: told.append(refused.code))
    good = Fate(world, room.command("move", dx=1, dy=1))
    bad = Fate(world, room.command("move", dx=7, dy=1))
    nobody = Fate(world, room.command("whisper", to=3))
    client.do("fly")
    world.run(0.2)
    assert isinstance(bad.failure, Refused)
    assert (bad.failure.code, bad.failure.path) == ("bad_argument", "args.dx")
    assert (nobody.failure.code, good.open) == ("nobody", True)
    world.run(2)
    assert good.result is None
    assert sorted(told) == ["bad_argument", "nobody", "unknown_command"]


def test_a_game_that_is_over_and_kept_has_a_replay(tmp_path: Path) -> None:
    world = World((Words,), store=lambda clock: HandStore(tmp_path / "kept.db", clock))
    (ann, _), (bob, _) = client_of(world), client_of(world)
    for client, name in ((ann, ANN), (bob, BOB)):
        Fate(world, client.connect(name))
        seat(world, client, "words")
    Fate(world, ann.command("utter", word="hello"))
    assert ann.room.replay is bob.room.replay is None
    Fate(world, ann.command("utter", word="end"))
    assert ann.room.state == "over" and len(ann.room.replay) == 32
    found = ann.room.replay
    Fate(world, bob.close())
    eve, _ = client_of(world)
    Fate(world, eve.connect("eve"))
    assert Fate(world, eve.watch(ann.room.id)).result.replay == found
    for client in (ann, eve):
        Fate(world, client.close())
    world.stop()


def test_questions_are_answered_in_order(world: World, clients: Any) -> None:
    client, _ = clients()
    nowhere = Fate(world, client.join("nowhere"))
    rooms = Fate(world, client.rooms())
    matched = Fate(world, client.match("field"))
    assert (nowhere.failure.code, rooms.result) == ("no_such_room", [])
    joined = Fate(world, client.join(matched.result.room, ticket=matched.result.ticket))
    assert joined.result.id == matched.result.room
    assert [room.players for room in Fate(world, client.rooms()).result] == [1]


def test_own_views_and_turns(world: World, clients: Any) -> None:
    client, _ = clients()
    room = seat(world, client, "cards")
    assert room.mine == {} or isinstance(room.mine, dict)
    assert room.rate == 0
    at_once = Fate(world, room.command("no_such_thing"))
    assert at_once.failure.code == "unknown_command"


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_loses_nothing_and_doubles_nothing(world: World, clients: Any, kind: str) -> None:
    ann, endpoint = clients(ANN, kind)
    bob, _ = clients(BOB)
    room = seat(world, ann)
    seat(world, bob)
    heard: list[str] = []
    ann.on("event", lambda name, data: heard.append(data.get("text", name)))
    shouts = []
    for number in range(3):
        shouts.append(Fate(world, ann.command("shout", text=str(number))))
        world.run(0.1)
    ann.do("shout", text="3")  # may or may not have arrived
    endpoint.cut()
    assert ann.state is State.WAITING
    Fate(world, ann.command("shout", text="4"))
    Fate(world, bob.command("shout", text="meanwhile"))
    world.run(2)
    assert ann.state is State.ONLINE
    assert ann.room is room
    shouts.append(Fate(world, ann.command("shout", text="5")))
    world.run(3)
    spoken = [text for text in heard if not text.startswith("player")]
    assert sorted(spoken) == ["0", "1", "2", "3", "4", "5", "meanwhile"]
    assert [text for text in spoken if text != "meanwhile"] == ["0", "1", "2", "3", "4", "5"]
    assert [shout.result for shout in shouts] == [None] * 4
    assert endpoint.tries == 2


def test_tries_become_rarer_and_go_on(world: World, clients: Any) -> None:
    client, endpoint = clients()
    endpoint.down = True
    endpoint.cut()
    moments, tries = [], endpoint.tries
    for _ in range(100):
        world.run(0.25)
        if endpoint.tries > tries:
            tries = endpoint.tries
            moments.append(world.clock.seconds())
    gaps = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert gaps == sorted(gaps) and len(gaps) >= 4
    endpoint.down = False
    world.run(16)
    assert client.state is State.ONLINE


def test_a_session_that_is_over_begins_anew_by_name(world: World, clients: Any) -> None:
    client, endpoint = clients()
    room = seat(world, client)
    waiting = Fate(world, client.command("shout", text="hi"))
    left: list[Any] = []
    endpoint.down = True
    endpoint.cut()
    world.run(world.limits.grace + 5)
    endpoint.down = False
    client.on("left", left.append)
    world.run(20)
    assert client.state is State.ONLINE and client.room is None
    assert waiting.failure.code == "session_lost" and left == [room]


def test_replaced_by_a_newer_connection_it_stays_away(world: World, clients: Any) -> None:
    first, endpoint = clients()
    second, _ = client_of(world)
    second.token = first.token
    closed: list[Closed] = []
    first.on("closed", closed.append)
    assert Fate(world, second.connect()).result.name == ANN
    world.run(60)
    assert first.state is State.CLOSED and endpoint.tries == 1
    assert [each.code for each in closed] == [CloseCode.REPLACED]
    Fate(world, second.close())


def test_a_bad_name_is_told_and_not_tried_again(world: World, clients: Any) -> None:
    client, endpoint = clients(online=False)
    connected = Fate(world, client.connect("\x07"))
    world.run(20)
    assert isinstance(connected.failure, Closed) and "name" in str(connected.failure)
    assert (client.state, endpoint.tries) == (State.CLOSED, 1)


def test_connecting_can_be_given_up(world: World, clients: Any) -> None:
    client, endpoint = clients(online=False)
    endpoint.down = True
    connecting = client.connect(ANN)
    connected = Fate(world, connecting)
    world.run(3)
    assert connected.open and endpoint.tries > 1
    connecting.cancel()
    assert isinstance(connected.failure, Closed)
    assert client.state is State.CLOSED


def test_another_key_than_the_one_that_is_trusted_ends_it(world: World) -> None:
    client, endpoint = client_of(world, "noise", trust=lambda key: key != SERVER_KEY)
    connected = Fate(world, client.connect(ANN))
    world.run(20)
    assert "key is not the one" in str(connected.failure)
    assert endpoint.tries == 1


def test_a_server_that_says_nothing_is_given_up(world: World, clients: Any) -> None:
    client, endpoint = clients()
    endpoint.near.pauseProducing()
    world.run(14)
    assert client.state is not State.ONLINE or endpoint.tries > 1


def test_what_is_said_offline_waits(world: World, clients: Any) -> None:
    client, _ = clients(online=False)
    joining = Fate(world, client.quick("field"))
    assert joining.open
    Fate(world, client.connect(ANN))
    assert joining.result.game == "field"


def test_closing_within_a_listener(world: World, clients: Any) -> None:
    client, _ = clients()
    client.on("joined", lambda room: client.close())
    joining = Fate(world, client.quick("field"))
    assert client.state is State.CLOSED
    assert isinstance(joining.failure, Closed) or joining.result is not None
    world.run(1)


def test_a_listener_that_fails_harms_nobody(world: World, clients: Any, logged_failures: list[Any]) -> None:
    client, _ = clients()
    client.on("joined", lambda room: 1 / 0)
    assert seat(world, client).game == "field"
    assert len(logged_failures) == 1
    logged_failures.clear()
