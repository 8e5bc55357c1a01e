"""Finding a room, waiting for others, beginning, playing again: the same over every transport."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent

from gamesrv.core.messages import RoomInfo
from tests.games import Calls, Cards, Field, Quorum
from tests.world import Person, World

NAMES = ("ann", "bob", "cid", "dee")


@pytest.fixture
def world() -> Iterator[World]:
    """Card rooms and a field, with bots at hand."""
    world = World([Calls, Quorum, Cards, Field], bots=1, joins_per_address=1000)
    yield world
    world.stop()


def people(world: World, transport: str, count: int, game: str = "calls") -> list[Person]:
    """So many who have taken a seat by quick match."""
    return [world.person(transport, name, game) for name in NAMES[:count]]


def newest(person: Person) -> dict[str, Any]:
    """The last snapshot that came."""
    return person.all("joined")[-1]


def refusal(person: Person, **message: Any) -> tuple[str, str | None]:
    """Says something that is refused: code and path."""
    person.heard.clear()
    person.say(**message)
    refused = person.take("refused")
    return refused["code"], refused.get("path")


def room_of(world: World, person: Person) -> Any:
    return world.service.lobby.rooms[person.room]


def call_to_the_end(world: World, players: list[Person]) -> None:
    room = room_of(world, players[0])
    while room.state == "playing":
        players[room.machine.game.turn].say(op="cmd", name="call")


# ---------------------------------------------------------------------- waiting and beginning


def test_a_room_waits_until_it_is_full(world: World, transport: str) -> None:
    ann = world.person(transport, "ann")
    ann.say(op="join", game="calls")
    joined = ann.take("joined")
    assert (joined["state"], joined["view"], joined["seats"], joined["grace"]) == ("waiting", {}, [3, 3], 120)
    assert joined["options"] == {"players": 3, "calls": 6} and "mine" not in joined
    ann.joined(joined)
    bob = world.person(transport, "bob", "calls")
    assert [bob.room, bob.seat] == [ann.room, 1]
    assert ann.all("joined") == []
    world.person(transport, "cid", "calls")
    joined = newest(ann)
    assert (joined["state"], joined["mine"]) == ("playing", {"secret": 1000})
    assert joined["view"] == {"turn": 0, "called": [], "there": {"0": "ann", "1": "bob", "2": "cid"}}


def test_the_beginning_comes_in_order(world: World, transport: str) -> None:
    """The event, the first view, and only then what the game has to tell of its start."""
    ann = world.person(transport, "ann", "calls")
    people(world, transport, 2)
    ops = [(m["op"], m.get("name")) for m in ann.heard if m["op"] != "event" or m["name"] != "player_joined"]
    assert ops == [("event", "started"), ("joined", None), ("event", "opened")]
    seqs = [m["seq"] for m in ann.heard if "seq" in m]
    assert seqs == sorted(seqs)


def test_commands_wait_for_the_game(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "calls")
    assert refusal(ann, op="cmd", name="call", id=1) == ("not_started", None)
    people(world, transport, 2)
    ann.heard.clear()
    ann.say(op="cmd", name="call", id=2)
    assert ann.take("update")["delta"]["called"] == [0]


def test_a_command_may_have_another_name_than_its_method(world: World, transport: str) -> None:
    ann, *_ = people(world, transport, 3)
    ann.heard.clear()
    ann.say(op="cmd", name="pass")
    assert ann.take("update")["delta"] == {"turn": 1}
    assert refusal(ann, op="cmd", name="skip") == ("unknown_command", "name")


def test_enough_who_are_ready_begin(world: World, transport: str) -> None:
    ann, bob = people(world, transport, 2, "quorum")
    ann.say(op="ready")
    assert bob.event("player_ready")["data"] == {"seat": 0, "ready": True}
    assert room_of(world, ann).state == "waiting"
    ann.say(op="ready", ready=False)
    bob.say(op="ready")
    assert room_of(world, ann).state == "waiting"
    ann.say(op="ready", ready=True)
    assert newest(bob)["state"] == "playing"
    assert room_of(world, ann).machine.game.there == {0: "ann", 1: "bob"}


def test_nobody_is_ready_in_mid_game(world: World, transport: str) -> None:
    ann, *_ = people(world, transport, 3)
    assert refusal(ann, op="ready") == ("already_started", None)
    eve = world.person(transport, "eve")
    assert refusal(eve, op="ready") == ("not_in_room", None)
    eve.say(op="watch", room=ann.room)
    assert refusal(eve, op="ready") == ("watching", None)


def test_a_game_that_has_begun_takes_nobody(world: World, transport: str) -> None:
    ann, *_ = people(world, transport, 3)
    eve = world.person(transport, "eve")
    assert refusal(eve, op="join", room=ann.room) == ("already_started", None)
    eve.say(op="join", game="calls")
    assert eve.take("joined")["room"] != ann.room


# ---------------------------------------------------------------------- playing again


def test_all_who_want_to_play_again_do(world: World, transport: str) -> None:
    players = people(world, transport, 3)
    room = room_of(world, players[0])
    call_to_the_end(world, players)
    first = room.machine
    assert players[0].event("finished")["data"] == {"result": [0, 1, 2, 0, 1, 2]}
    for player in players[:2]:
        player.say(op="ready")
    assert room.state == "over"
    players[2].say(op="ready")
    assert room.machine is not first and room.state == "playing"
    assert room.machine.journal.seed != first.journal.seed
    joined = newest(players[0])
    assert (joined["state"], joined["seat"], joined["view"]["called"]) == ("playing", 0, [])
    assert not any("ready" in player for player in joined["players"].values())
    call_to_the_end(world, players)
    assert room.state == "over"


def test_who_leaves_after_the_end_makes_room(world: World, transport: str) -> None:
    players = people(world, transport, 3)
    call_to_the_end(world, players)
    players[1].say(op="leave")
    eve = world.person(transport, "eve", "calls")
    assert (eve.room, eve.seat) == (players[0].room, 1)
    assert room_of(world, eve).state == "over"
    for player in (players[0], eve, players[2]):
        player.say(op="ready")
    assert room_of(world, eve).machine.game.there == {0: "ann", 1: "eve", 2: "cid"}


def test_a_game_that_begins_at_once_can_be_played_again(world: World, transport: str) -> None:
    ann, bob = (world.person(transport, name, "cards") for name in ("ann", "bob"))
    room = room_of(world, ann)
    room.machine.game.finish("enough")
    ann.say(op="ready")
    bob.say(op="ready")
    assert room.state == "playing" and sorted(room.machine.game.hands) == [0, 1]


# ---------------------------------------------------------------------- seats


def test_another_seat_while_nobody_plays(world: World, transport: str) -> None:
    ann, bob = people(world, transport, 2)
    ann.say(op="join", room=ann.room, seat=2)
    assert bob.event("player_moved")["data"] == {"seat": 0, "to": 2}
    ann.say(op="resync")
    assert newest(ann)["seat"] == 2
    assert refusal(ann, op="join", room=ann.room, seat=1) == ("seat_taken", "seat")
    assert refusal(ann, op="join", room=ann.room, seat=3) == ("seat_taken", "seat")
    cid = world.person(transport, "cid")
    cid.say(op="join", room=ann.room, seat=0)
    assert newest(cid)["view"]["there"] == {"0": "cid", "1": "bob", "2": "ann"}
    assert refusal(ann, op="join", room=ann.room, seat=0)[0] == "already_started"


def test_joining_twice_gives_the_same_seat(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "calls")
    for where in ({"room": ann.room}, {"game": "calls"}, {"room": ann.room, "seat": 0}):
        ann.say(op="join", **where)
        assert (newest(ann)["seat"], len(world.rooms)) == (0, 2)  # the field's is the bots'
    assert len(room_of(world, ann).seating.seats) == 1


# ---------------------------------------------------------------------- private rooms


def private_room(world: World, transport: str) -> Person:
    ann = world.person(transport, "ann")
    ann.say(op="create", game="calls", private=True)
    ann.joined(ann.take("joined"))
    return ann


def test_a_private_room_is_found_by_its_code_alone(world: World, transport: str) -> None:
    ann = private_room(world, transport)
    assert len(ann.room.replace("-", "")) == 12 and "calls" not in ann.room
    bob = world.person(transport, "bob")
    bob.say(op="rooms")
    assert ann.room not in [line["room"] for line in bob.take("rooms")["rooms"]]
    bob.say(op="join", game="calls")
    assert bob.take("joined")["room"] != ann.room
    bob.say(op="leave")
    bob.say(op="join", room=ann.room)
    joined = bob.take("joined")
    assert joined["room"] == ann.room and joined["private"]


def test_a_code_may_be_typed_in_any_way(world: World, transport: str) -> None:
    ann = private_room(world, transport)
    bare = ann.room.replace("-", "")
    misread = bare.replace("0", "O").replace("1", "l")
    for typed in (bare.upper(), bare, misread, f"{bare[:6]} {bare[6:]}", ann.room.upper()):
        bob = world.person(transport, "bob")
        bob.say(op="watch", room=typed)
        assert bob.take("joined")["room"] == ann.room
        bob.say(op="leave")


def test_a_wrong_code_says_nothing(world: World, transport: str) -> None:
    """Not whether there is such a private room, nor anything like it."""
    ann = private_room(world, transport)
    bob = world.person(transport, "bob")
    near = ann.room[:-1] + ("0" if ann.room[-1] != "0" else "2")
    answers = {refusal(bob, op="join", room=code) for code in (near, "calls-99", "x", "", "----", "é" * 12)}
    assert answers == {("no_such_room", "room")}
    bob.say(op="join", room=ann.room)
    assert bob.take("joined")["seat"] == 1


def test_codes_differ(world: World, transport: str) -> None:
    assert len({private_room(world, transport).room for _ in range(20)}) == 20


# ---------------------------------------------------------------------- tickets


def test_a_matched_seat_is_kept(world: World, transport: str) -> None:
    """Over any connection; once."""
    ann = world.person(transport, "ann")
    ann.say(op="match", game="calls")
    matched = ann.take("matched")
    assert matched["within"] == 15
    others = [world.person(transport, name, "calls") for name in ("bob", "cid", "dee")]
    assert [other.room == matched["room"] for other in others] == [True, True, False]
    assert room_of(world, others[0]).state == "waiting", "it is not full"
    world.run(5)
    eve = world.person(transport, "eve")
    eve.say(op="join", room=matched["room"], ticket=matched["ticket"])
    assert newest(eve)["seat"] == 0
    assert refusal(ann, op="join", room=matched["room"], ticket=matched["ticket"]) == ("bad_ticket", "ticket")


def test_a_ticket_runs_out(world: World, transport: str) -> None:
    ann = world.person(transport, "ann")
    ann.say(op="match", game="calls")
    matched = ann.take("matched")
    world.run(13.5)
    assert matched["room"] in world.service.lobby.rooms
    world.run(3)
    assert matched["room"] not in world.service.lobby.rooms, "nobody came"
    assert refusal(ann, op="join", room=matched["room"], ticket=matched["ticket"])[0] == "no_such_room"


def test_the_seat_of_a_ticket_that_ran_out_is_free(world: World, transport: str) -> None:
    ann, bob = people(world, transport, 2)
    cid = world.person(transport, "cid")
    cid.say(op="match", game="calls")
    ticket = cid.take("matched")["ticket"]
    dee = world.person(transport, "dee")
    assert refusal(dee, op="join", room=ann.room) == ("room_full", None)
    assert refusal(dee, op="join", room=ann.room, ticket="guess") == ("bad_ticket", "ticket")
    ann.say(op="ready", ready=True)
    world.run(16.5)
    assert refusal(cid, op="join", room=ann.room, ticket=ticket)[0] in ("bad_ticket", "already_started")
    assert bob.event("started")


# ---------------------------------------------------------------------- bots


def bots_in(world: World, person: Person) -> list[str]:
    seats = room_of(world, person).seating.seats.values()
    return [member.name for member in seats if member.name.endswith("(bot)")]


def test_after_a_while_bots_take_the_empty_seats(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "calls")
    world.run(9)
    assert bots_in(world, ann) == []
    world.run(3)
    assert len(bots_in(world, ann)) == 2 and newest(ann)["state"] == "playing"
    for _ in range(2):
        world.run(4)
        ann.say(op="cmd", name="call")
    world.run(4)
    assert room_of(world, ann).state == "over"
    ann.say(op="ready")
    world.run(2)
    assert room_of(world, ann).state == "playing", "they play again"


def test_who_is_ready_need_not_wait(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "calls")
    ann.say(op="ready")
    world.run(1.1)
    assert len(bots_in(world, ann)) == 2 and room_of(world, ann).state == "playing"


def test_in_a_private_room_bots_come_when_they_are_wanted(world: World, transport: str) -> None:
    ann = private_room(world, transport)
    world.run(30)
    assert bots_in(world, ann) == []
    ann.say(op="ready")
    world.run(1.1)
    assert len(bots_in(world, ann)) == 2


def test_a_bot_stands_in_until_one_is_back(world: World, transport: str) -> None:
    ann, bob, cid = people(world, transport, 3)
    ann.cut()
    world.run(3)
    room = room_of(world, bob)
    assert room.machine.game.called == [0], "called for ann"
    assert room.seating.seats[0].away and room.seating.seats[0].name == "ann"
    again = world.connect(transport)
    again.say(op="hello", token=ann.token)
    assert newest(again)["seat"] == 0
    bob.say(op="cmd", name="call")
    cid.say(op="cmd", name="call")
    world.run(5)
    assert room.machine.game.called == [0, 1, 2], "ann plays herself again"
    assert room.seating.stand_ins == {}
    assert not [
        peer
        for peer in world.service.gate.peers
        if peer.session.name.endswith("(bot)") and peer.session.member is None
    ], "the stand-in has gone"
    assert again.lost is False


def test_a_seat_is_held_as_long_as_the_game_says(world: World, transport: str) -> None:
    ann, bob, cid = people(world, transport, 3)
    ann.cut()
    for _ in range(3):
        world.run(39.5)
        bob.ping()
    assert room_of(world, bob).seating.seats[0].name == "ann"
    again = world.connect(transport)
    again.say(op="hello", token=ann.token)
    assert newest(again)["seat"] == 0
    again.cut()
    for _ in range(3):
        world.run(41)
        bob.ping()
    assert room_of(world, bob).seating.seats[0].name.endswith("(bot)")


def test_a_bot_takes_the_seat_of_one_who_leaves(world: World, transport: str) -> None:
    ann, bob, cid = people(world, transport, 3)
    ann.say(op="leave")
    world.run(3)
    room = room_of(world, bob)
    assert room.seating.seats[0].name.endswith("(bot)")
    assert room.machine.game.there[0] == room.seating.seats[0].name
    assert room.machine.game.called == [0]


def test_bots_do_not_stay_among_themselves(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "calls")
    ann.say(op="ready")
    world.run(1.1)
    assert len(bots_in(world, ann)) == 2
    ann.say(op="leave")
    world.run(2)
    assert ann.room not in world.service.lobby.rooms


def test_no_bots_where_none_are_wanted(transport: str) -> None:
    world = World([Calls], bots=0)
    ann = world.person(transport, "ann", "calls")
    ann.say(op="ready")
    world.run(20)
    assert len(room_of(world, ann).seating.seats) == 1
    world.stop()


# ---------------------------------------------------------------------- the list


def follow(world: World, transport: str, name: str = "eve") -> tuple[Person, dict[str, Any]]:
    eve = world.person(transport, name)
    eve.say(op="rooms", live=True)
    first = eve.take("rooms")
    assert first["live"]
    return eve, {line["room"]: line for line in first["rooms"]}


def changes(person: Person, known: dict[str, Any]) -> dict[str, Any]:
    """The list after all the changes that came."""
    for message in person.all("rooms_changed"):
        known.update((line["room"], line) for line in message["changed"])
        for room in message["gone"]:
            del known[room]
    return known


def test_the_list_lives(world: World, transport: str) -> None:
    eve, known = follow(world, transport)
    ann = world.person(transport, "ann", "calls")
    world.run(1.1)
    line = changes(eve, known)[ann.room]
    assert (line["names"], line["state"], line["open"], line["players"]) == (["ann"], "waiting", True, 1)
    people(world, transport, 2)
    world.run(1.1)
    line = changes(eve, known)[ann.room]
    assert (line["state"], line["open"], line["players"]) == ("playing", False, 3)
    for room in [room for room in world.rooms if room.id == ann.room]:
        for member in tuple(room.seating.seats.values()):
            room.leave(member)
    world.run(1.1)
    assert ann.room not in changes(eve, known)
    assert list(known.values()) == [
        {key: getattr(info, key) for key in RoomInfo.__struct_fields__}
        for info in world.service.lobby.listing.rooms()
    ]


def test_a_room_that_has_not_changed_is_not_told_again(world: World, transport: str) -> None:
    eve, _ = follow(world, transport)
    people(world, transport, 2)
    world.run(3)
    told = eve.all("rooms_changed")
    assert sum(len(message["changed"]) for message in told) == 1
    world.run(3)
    assert eve.all("rooms_changed") == []


def test_who_has_seen_enough_is_told_no_more(world: World, transport: str) -> None:
    eve, _ = follow(world, transport)
    eve.say(op="rooms")
    assert "live" not in eve.take("rooms")
    world.person(transport, "ann", "calls")
    world.run(2)
    assert eve.all("rooms_changed") == []
    eve.cut()
    world.run(2)


# ---------------------------------------------------------------------- bad input


def test_options_that_contradict_each_other_open_nothing(world: World, transport: str) -> None:
    ann = world.person(transport, "ann")
    before = len(world.rooms)
    said = {"op": "create", "game": "calls", "options": {"players": 4, "calls": 3}}
    assert refusal(ann, **said) == ("bad_options", "options.calls")
    assert refusal(ann, op="create", game="calls", options={"players": 5}) == (
        "bad_argument",
        "options.players",
    )
    assert len(world.rooms) == before


def test_a_game_that_fails_at_its_start_harms_no_other(
    world: World, transport: str, logged_failures: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = people(world, transport, 2)
    eve = world.person(transport, "eve", "field")

    def explode(self: Calls) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Calls, "on_start", explode)
    world.person(transport, "cid").say(op="join", room=ann.room)
    assert (ann.close_code, bob.close_code) == (4500, 4500)
    eve.ping()
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_imitators_get_a_number(world: World, transport: str) -> None:
    """Those who look on, too: what they say stands beside what the players say."""
    ann = world.person(transport, "ann", "calls")
    bob = world.person(transport, "ANN")
    bob.say(op="watch", room=ann.room)
    bob.say(op="say", text="<b>hi</b>")
    said = ann.event("said")["data"]
    assert said == {"seat": None, "name": "ANN 2", "text": "<b>hi</b>"}
