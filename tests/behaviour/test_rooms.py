"""Rooms, views, commands and events: the same over every transport."""

from typing import Any

import pytest
from attrs import define
from twisted.logger import LogEvent

from gamesrv import Seat, command
from gamesrv.core.views import merge
from gamesrv.wire.close import CloseCode
from tests.games import Field
from tests.world import Person, World


def room_view(person: Person, joined: dict[str, Any]) -> dict[str, Any]:
    """The view that a client holds after all the updates it has heard."""
    view, version = joined["view"], joined["v"]
    for update in person.all("update"):
        if "delta" in update:
            assert update["v"] == version + 1
            version = update["v"]
            merge(view, update["delta"])
    return view


def test_quick_match_opens_a_room_and_fills_it(world: World, transport: str) -> None:
    people = [world.person(transport, name, "field") for name in ("ann", "bob", "cid", "dee", "eve")]
    assert [person.seat for person in people] == [0, 1, 2, 3, 0]
    assert len({person.room for person in people[:4]}) == 1
    assert people[4].room != people[0].room


def test_a_snapshot_tells_everything(world: World, transport: str) -> None:
    world.person(transport, "ann", "field")
    bob = world.person(transport, "bob")
    bob.say(op="join", game="field")
    joined = bob.take("joined")
    assert joined["room"] == world.rooms[0].id
    assert (joined["game"], joined["seat"], joined["rate"]) == ("field", 1, 20)
    assert joined["players"] == {"0": {"name": "ann"}, "1": {"name": "bob"}}
    assert joined["commands"][:2] == ["move", "jump"]
    assert joined["view"]["avatars"]["1"] == {"name": "bob", "x": 0, "y": 0, "dx": 0, "dy": 0}
    assert "mine" not in joined


def test_rooms_are_listed(world: World, transport: str) -> None:
    ann = world.person(transport, "ann")
    ann.say(op="rooms")
    assert ann.take("rooms")["rooms"] == []
    ann.say(op="join", game="field")
    ann.say(op="rooms")
    room = world.rooms[0].id
    (line,) = ann.take("rooms")["rooms"]
    assert line == {
        "room": room,
        "game": "field",
        "players": 1,
        "seats": 4,
        "open": True,
        "state": "playing",
        "names": ["ann"],
        "watchers": 0,
        "options": {},
    }


def test_a_room_can_be_opened_with_options(world: World, transport: str) -> None:
    ann = world.person(transport, "ann")
    ann.say(op="create", game="cards", options={"cards": 5})
    assert len(ann.take("joined")["mine"]["hand"]) == 5


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"cards": 99}, "options.cards"),
        ({"cards": True}, "options.cards"),
        ({"decks": 2}, "options.decks"),
        ({"seconds": "3"}, "options.seconds"),
    ],
)
def test_wrong_options_name_the_field(
    world: World, transport: str, options: dict[str, Any], path: str
) -> None:
    ann = world.person(transport, "ann")
    ann.say(op="create", game="cards", options=options)
    refused = ann.take("refused")
    assert (refused["code"], refused["path"]) == ("bad_argument", path)
    assert world.rooms == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"op": "join", "game": "chess"}, "no_such_game"),
        ({"op": "create", "game": "chess"}, "no_such_game"),
        ({"op": "join", "room": "field-77"}, "no_such_room"),
        ({"op": "watch", "room": "field-77"}, "no_such_room"),
        ({"op": "join"}, "bad_message"),
        ({"op": "leave"}, "not_in_room"),
        ({"op": "say", "text": "hi"}, "not_in_room"),
        ({"op": "resync"}, "not_in_room"),
        ({"op": "cmd", "name": "move", "args": {"dx": 0, "dy": 0}}, "not_in_room"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code(
    world: World, transport: str, message: dict[str, Any], code: str
) -> None:
    ann = world.person(transport, "ann")
    ann.say(**message)
    assert ann.take("refused")["code"] == code
    ann.ping()


def test_joining_twice_gives_the_same_seat(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    for message in ({"game": "field"}, {"room": ann.room}):
        ann.say(op="join", **message)
        assert ann.take("joined")["seat"] == ann.seat
    ann.say(op="join", game="cards")
    assert ann.take("refused")["code"] == "already_in_room"
    ann.say(op="create", game="field")
    assert ann.take("refused")["code"] == "already_in_room"
    assert len(world.rooms) == 1 and len(world.rooms[0].seating.seats) == 1


def test_a_full_room_is_refused(world: World, transport: str) -> None:
    people = [world.person(transport, str(number), "field") for number in range(4)]
    late = world.person(transport, "late")
    late.say(op="join", room=people[0].room)
    assert late.take("refused")["code"] == "room_full"


def test_equal_names_are_numbered_within_a_room(world: World, transport: str) -> None:
    people = [world.person(transport, name, "field") for name in ("Ann", "ann", "x" * 24, "x" * 24)]
    people[3].say(op="resync")
    names = [player["name"] for player in people[3].take("joined")["players"].values()]
    assert names == ["Ann", "ann 2", "x" * 24, "x" * 22 + " 2"]


def test_everyone_sees_what_everyone_does(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob")
    bob.say(op="join", game="field")
    joined = bob.take("joined")
    ann.say(op="cmd", name="move", args={"dx": 1, "dy": -1})
    bob.say(op="cmd", name="move", args={"dx": 0, "dy": 1})
    world.run(1)
    view = room_view(bob, joined)
    assert view == world.rooms[0].machine.view() | {"avatars": view["avatars"]}
    assert view["avatars"]["0"]["x"] == -view["avatars"]["0"]["y"] >= 19
    assert view["avatars"]["1"]["y"] == view["avatars"]["0"]["x"]


def test_an_update_carries_only_what_changed(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    world.person(transport, "bob", "field")
    ann.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    world.run(0.2)
    ann.heard.clear()
    world.run(0.06)
    assert ann.all("update")[-1]["delta"].keys() == {"avatars"}
    world.run(0.06)
    assert ann.take("update")["delta"]["avatars"]["0"].keys() == {"x"}
    ann.say(op="cmd", name="move", args={"dx": 0, "dy": 0})
    world.run(0.2)
    ann.heard.clear()
    world.run(1)
    assert ann.heard == [], "nothing moves, nothing is said"


def test_commands_of_a_ticking_game_wait_for_the_tick(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    world.run(0.01)
    before = world.rooms[0].machine.tick
    for dx in (1, 0, -1, 1):
        ann.say(op="cmd", name="move", args={"dx": dx, "dy": 0})
    journal = world.rooms[0].machine.journal
    assert [item.kind for item in journal.inputs] == ["join"]
    world.run(0.06)
    moves = [item for item in journal.inputs if item.kind == "command"]
    assert [item.args["dx"] for item in moves] == [1, 0, -1, 1]
    assert {item.tick for item in moves} <= {before, before + 1}


@pytest.mark.parametrize(
    ("name", "args", "code", "path"),
    [
        ("fly", {}, "unknown_command", "name"),
        ("on_tick", {}, "unknown_command", "name"),
        ("__init__", {}, "unknown_command", "name"),
        ("move", {"dx": 1}, "bad_argument", "args.dy"),
        ("move", {"dx": 1, "dy": 0, "dz": 0}, "bad_argument", "args.dz"),
        ("move", {"dx": 2, "dy": 0}, "bad_argument", "args.dx"),
        ("move", {"dx": True, "dy": 0}, "bad_argument", "args.dx"),
        ("move", {"dx": "1", "dy": 0}, "bad_argument", "args.dx"),
        ("move", {"dx": 1.5, "dy": 0}, "bad_argument", "args.dx"),
        ("move", {"dx": None, "dy": 0}, "bad_argument", "args.dx"),
        ("move", {"dx": {"x": 1}, "dy": 0}, "bad_argument", "args.dx"),
        ("move", {"seat": 1, "dx": 1, "dy": 0}, "bad_argument", "args.seat"),
        ("shout", {"text": "x" * 21}, "bad_argument", "args.text"),
        ("whisper", {"to": 3}, "nobody", "args.to"),
    ],
)
def test_a_wrong_command_is_refused_and_changes_nothing(
    world: World, transport: str, name: str, args: dict[str, Any], code: str, path: str
) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    before = world.rooms[0].machine.view()
    bob.heard.clear()
    ann.say(op="cmd", id=3, name=name, args=args)
    world.run(0.2)
    refused = ann.take("refused")
    assert (refused["id"], refused["code"], refused["path"]) == (3, code, path)
    assert world.rooms[0].machine.view() == before
    assert bob.heard == []


def test_events_reach_those_they_are_for(world: World, transport: str) -> None:
    ann, bob, cid = (world.person(transport, name, "field") for name in ("ann", "bob", "cid"))
    ann.say(op="cmd", name="shout", args={"text": "all"})
    ann.say(op="cmd", name="whisper", args={"to": bob.seat, "text": "you"})
    world.run(0.1)
    assert bob.event("whispered")["data"] == {"text": "you"}
    assert cid.event("shouted")["data"] == {"seat": 0, "text": "all"}
    assert cid.all("event") == []
    assert b"you" not in cid.wire


def test_chat_reaches_everyone(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    bob.say(op="say", text="hi <b>all</b>")
    for person in (ann, bob):
        assert person.event("said")["data"] == {"seat": 1, "name": "bob", "text": "hi <b>all</b>"}


def test_watchers_see_what_everyone_sees_and_do_nothing(world: World, transport: str) -> None:
    ann, eve = world.person(transport, "ann"), world.person(transport, "eve")
    ann.say(op="create", game="cards")
    room = ann.take("joined")["room"]
    eve.say(op="watch", room=room)
    joined = eve.take("joined")
    assert joined["seat"] is None
    assert "mine" not in joined
    eve.say(op="cmd", id=1, name="play", args={"card": 1})
    assert eve.take("refused")["code"] == "watching"
    eve.say(op="leave")
    assert eve.take("left")
    ann.ping()


def test_a_game_without_ticks_answers_at_once(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann"), world.person(transport, "bob")
    for person in (ann, bob):
        person.say(op="join", game="cards")
        person.hand = person.take("joined")["mine"]["hand"]  # type: ignore[attr-defined]
    card = ann.hand[0]  # type: ignore[attr-defined]
    bob.say(op="cmd", id=1, name="play", args={"card": card})
    assert bob.take("refused")["code"] == "not_your_turn"
    ann.heard.clear()
    ann.say(op="cmd", id=1, name="play", args={"card": card})
    assert ann.take("update")["delta"] == {"pile": [card], "turn": 1, "counts": {"0": 2}}
    assert ann.take("update")["mine"]["hand"] == ann.hand[1:]  # type: ignore[attr-defined]
    assert bob.take("update")["delta"]["pile"] == [card]


def test_hidden_hands_stay_hidden(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "cards"), world.person(transport, "bob", "cards")
    eve = world.person(transport, "eve")
    eve.say(op="watch", room=ann.room)
    hands = world.rooms[0].machine.game.hands  # type: ignore[attr-defined]
    for looker, seats in ((ann, [1]), (bob, [0]), (eve, [0, 1])):
        looker.say(op="resync")
        for card in [card for seat in seats for card in hands[seat]]:
            assert str(card).encode() not in looker.wire
            assert card.to_bytes(2, "big") not in looker.wire


def test_a_timer_fires_in_a_room_that_does_not_tick(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "cards"), world.person(transport, "bob", "cards")
    world.run(9.9)
    assert ann.all("event")[-1:] == [] or "slept" not in str(ann.heard)
    world.run(0.2)
    assert bob.event("slept")["data"] == {"seat": 0}
    world.run(10.1)
    assert bob.event("slept")["data"] == {"seat": 1}


def test_the_end_of_a_game_is_told(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann"), world.person(transport, "bob")
    ann.say(op="create", game="cards", options={"cards": 1})
    joined = ann.take("joined")
    bob.say(op="join", room=joined["room"])
    ann.say(op="cmd", name="play", args={"card": joined["mine"]["hand"][0]})
    assert bob.event("finished")["data"] == {"result": {"winner": 0}}
    bob.say(op="cmd", id=1, name="play", args={"card": 1})
    assert bob.take("refused")["code"] == "game_over"
    late = world.person(transport, "late")
    late.say(op="join", room=joined["room"])
    assert late.take("refused")["code"] == "room_full"


@define
class Race(Field):
    """Whoever stops first ends it."""

    name = "race"

    @command
    def stop(self, seat: Seat) -> None:
        """Enough."""
        self.finish({"stopped": seat})


def test_a_command_that_ends_a_ticking_game_is_told_at_its_tick(transport: str) -> None:
    world = World(games=(Race,))
    ann, bob = world.person(transport, "ann", "race"), world.person(transport, "bob", "race")
    ann.say(op="cmd", name="stop", args={})
    world.run(0.06)
    assert bob.event("finished")["data"] == {"result": {"stopped": 0}}
    world.stop()


@pytest.mark.parametrize("how", ["ValueError", "SystemExit", "KeyboardInterrupt", "RecursionError"])
def test_a_failing_room_harms_no_other(
    world: World, transport: str, how: str, logged_failures: list[LogEvent]
) -> None:
    ann = world.person(transport, "ann", "field")
    bob = world.person(transport, "bob")
    bob.say(op="create", game="field")
    bob.take("joined")
    broken = world.rooms[0]
    ann.say(op="cmd", name="crash", args={"how": how})
    world.run(0.2)
    closing = ann.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.ROOM_FAILED, False)
    assert broken.incident is not None and broken.incident in closing["reason"]
    assert [room.id for room in world.rooms] != [broken.id] and len(world.rooms) == 1
    bob.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    world.run(0.5)
    assert len(bob.all("update")) >= 9
    assert broken.machine.journal.inputs[-1].args == {"how": how}
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_a_failing_timer_ends_its_room(world: World, transport: str, logged_failures: list[LogEvent]) -> None:
    ann = world.person(transport, "ann", "field")
    ann.say(op="cmd", name="crash_later")
    world.run(0.05)
    assert ann.close_code is None
    world.run(0.3)
    assert ann.close_code == CloseCode.ROOM_FAILED
    again = world.connect(transport)
    again.say(op="hello", token=ann.token)
    assert again.take("welcome"), "the session is none of the room's"
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_an_empty_room_is_closed(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    ann.say(op="leave")
    assert world.rooms == []
    bob = world.person(transport, "bob", "field")
    bob.cut()
    world.run(20)
    assert len(world.rooms) == 1
    world.run(12)
    assert world.rooms == []


def test_the_server_sees_everyone_out(world: World, transport: str) -> None:
    ann, eve = world.person(transport, "ann", "field"), world.connect(transport)
    world.stop()
    for person in (ann, eve):
        closing = person.take("closing")
        assert (closing["code"], closing["retry"]) == (CloseCode.GOING_AWAY, True)
        assert person.lost


def test_rooms_per_second_are_limited_by_address(world: World, transport: str) -> None:
    ann = world.connect(transport, host="192.0.2.1")
    ann.say(op="hello", name="ann")
    codes = []
    for _ in range(8):
        ann.say(op="join", game="field")
        ann.say(op="leave")
        codes += [message["code"] for message in ann.all("refused")]
    assert "rate_limited" in codes
    world.run(1)
    ann.say(op="join", game="field")
    assert ann.take("joined")


def test_connections_are_limited_by_address(transport: str) -> None:
    world = World(connections_per_address=3)
    crowd = [world.connect(transport, host="192.0.2.1") for _ in range(4)]
    assert [person.close_code for person in crowd] == [None, None, None, CloseCode.FULL]
    other = world.connect(transport, host="192.0.2.2")
    other.say(op="hello", name="ann")
    assert other.take("welcome")
    crowd[0].cut()
    again = world.connect(transport, host="192.0.2.1")
    world.run(2)
    assert again.close_code == CloseCode.FULL or again.close_code is None
    world.stop()


def test_rooms_and_connections_are_limited_in_all(transport: str) -> None:
    world = World(max_rooms=1, max_connections=2)
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob")
    bob.say(op="create", game="field")
    assert bob.take("refused")["code"] == "server_full"
    assert world.connect(transport).close_code == CloseCode.FULL
    ann.ping()
    world.stop()
