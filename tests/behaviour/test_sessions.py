"""Who one is, and how one comes back: the same over every transport."""

import pytest

from gamesrv.wire.close import CloseCode
from tests.world import Person, World


def come_back(world: World, transport: str, token: str, last: int | None = None) -> Person:
    person = world.connect(transport)
    person.say(op="hello", token=token, **({} if last is None else {"last": last}))
    return person


def test_hello_is_answered_with_who_one_is(world: World, transport: str) -> None:
    person = world.connect(transport)
    person.say(op="hello", name="  Ann  ")
    welcome = person.take("welcome")
    assert welcome["name"] == "Ann"
    assert welcome["grace"] == 30
    assert welcome["handled"] == 0
    assert welcome["version"] == 1
    assert len(welcome["token"]) >= 43
    assert welcome["session"] not in welcome["token"]


def test_who_brings_the_key_is_the_same_player(world: World, transport: str) -> None:
    def met(host: str | None = "10.0.0.1", **more: str) -> dict[str, str]:
        person = world.connect(transport, host)
        person.say(op="hello", name="Ann", **more)
        return person.take("welcome")

    first = met()
    assert len(first["key"]) >= 43 and first["player"] and first["player"] not in first["key"]
    again = met(key=first["key"])
    assert (again["player"], "key" in again) == (first["player"], False)
    assert again["session"] != first["session"]
    assert len({met()["player"], met(key="x" * 32)["player"], first["player"]}) == 3
    back = come_back(world, transport, again["token"]).take("welcome")
    assert (back["player"], "key" in back) == (first["player"], False)
    inside = met(host=None)
    assert "player" not in inside and "key" not in inside, "bots have none"


@pytest.mark.parametrize("key", ["", "x" * 31, "x" * 129])
def test_a_key_that_can_be_guessed_is_none(world: World, transport: str, key: str) -> None:
    person = world.connect(transport)
    person.say(op="hello", name="ann", key=key)
    refused = person.take("refused")
    assert (refused["code"], refused["path"]) == ("bad_message", "key")


@pytest.mark.parametrize("name", ["", " ", "x" * 25, "a\u202eb", "a\x07", "a\nb", "\u200b"])
def test_a_name_that_cannot_be_shown_is_refused(world: World, transport: str, name: str) -> None:
    person = world.connect(transport)
    person.say(op="hello", name=name)
    refused = person.take("refused")
    assert (refused["code"], refused["path"]) == ("bad_name", "name")
    person.say(op="hello", name="ann")
    assert person.take("welcome")


def test_nothing_is_heard_before_hello(world: World, transport: str) -> None:
    person = world.connect(transport)
    for message in ({"op": "rooms"}, {"op": "join", "game": "field"}, {"op": "cmd", "name": "move", "id": 4}):
        person.say(**message)
        assert person.take("refused")["code"] == "hello_first"
    assert world.rooms == []


def test_one_says_hello_once(world: World, transport: str) -> None:
    person = world.person(transport, "ann")
    person.say(op="hello", name="bob")
    assert person.take("refused")["code"] == "already_greeted"


def test_an_unknown_version_is_refused(world: World, transport: str) -> None:
    person = world.connect(transport)
    person.say(op="hello", name="ann", version=2)
    assert person.take("refused")["path"] == "version"


def test_a_lost_player_comes_back_to_the_same_seat(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    ann.say(op="cmd", id=1, name="move", args={"dx": 1, "dy": 0})
    world.run(0.5)
    ann.cut()
    world.run(0.1)
    assert bob.event("player_dropped")["data"] == {"seat": ann.seat}
    world.run(5)
    again = come_back(world, transport, ann.token)
    welcome = again.take("welcome")
    assert welcome["handled"] == 1
    joined = again.take("joined")
    assert (joined["seat"], joined["room"]) == (ann.seat, ann.room)
    assert joined["view"]["avatars"]["0"]["x"] > 100, "the avatar walked on meanwhile"
    assert joined["players"]["0"] == {"name": "ann"}
    world.run(0.1)
    assert bob.event("player_back")["data"] == {"seat": ann.seat}
    assert again.event("player_back")["seq"] > joined["seq"], "it came after what the snapshot tells of"


def test_the_game_learns_of_drop_and_return(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    ann.cut()
    world.run(0.1)
    bob.say(op="resync")
    joined = bob.take("joined")
    assert joined["view"]["avatars"]["0"]["away"] is True
    assert joined["players"]["0"] == {"name": "ann", "away": True}
    come_back(world, transport, ann.token)
    world.run(0.1)
    bob.say(op="resync")
    assert "away" not in bob.take("joined")["view"]["avatars"]["0"]


def test_every_connection_brings_a_new_token(world: World, transport: str) -> None:
    ann = world.person(transport, "ann")
    seen = {ann.token}
    for _ in range(3):
        ann.cut()
        ann = come_back(world, transport, ann.token)
        ann.token = ann.take("welcome")["token"]
        assert ann.token not in seen
        seen.add(ann.token)


def test_the_used_token_stays_good_until_the_new_one_is_used(world: World, transport: str) -> None:
    first = world.person(transport, "ann").token
    second = come_back(world, transport, first).take("welcome")["token"]
    third = come_back(world, transport, first).take("welcome")["token"]
    assert come_back(world, transport, second).close_code == CloseCode.BAD_TOKEN, "it was replaced unused"
    assert come_back(world, transport, third).take("welcome")
    late = come_back(world, transport, first)
    assert late.close_code == CloseCode.BAD_TOKEN


def test_a_bad_token_changes_nothing(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    thief = come_back(world, transport, ann.token[:-1] + "x")
    closing = thief.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.BAD_TOKEN, False)
    world.run(2)
    assert thief.lost
    ann.ping()
    ann.cut()
    come_back(world, transport, "nonsense")
    assert come_back(world, transport, ann.token).take("joined")["seat"] == ann.seat


def test_a_newer_connection_replaces_an_older_one(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    again = come_back(world, transport, ann.token)
    assert again.take("joined")["seat"] == ann.seat
    closing = ann.take("closing")
    assert (closing["code"], closing["retry"]) == (CloseCode.REPLACED, False)
    world.run(2)
    assert ann.lost
    again.ping()
    assert len(world.rooms[0].seating.seats) == 1
    assert not world.rooms[0].seating.seats[0].away


def test_after_the_grace_period_the_seat_is_gone(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    ann.cut()
    world.run(29)
    assert 0 in world.rooms[0].seating.seats
    world.run(3)
    assert bob.event("player_left")["data"] == {"seat": 0}
    late = come_back(world, transport, ann.token)
    assert late.close_code == CloseCode.BAD_TOKEN
    assert len(world.service.gate.sessions) == 1


def test_one_who_leaves_on_purpose_is_not_waited_for(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    ann.say(op="leave")
    assert ann.take("left")
    assert bob.event("player_left")["data"] == {"seat": 0}
    ann.say(op="leave")
    assert ann.take("refused")["code"] == "not_in_room"


def test_a_session_goes_on_over_another_transport(world: World, transport: str) -> None:
    for other in ("websocket-json", "packets", "telnet"):
        ann = world.person(transport, "ann", "field")
        ann.cut()
        again = world.connect(other)
        if other == "telnet":
            again.raw(f"resume {ann.token}\r\nlook\r\n".encode())
            assert f"in seat {ann.seat}" in again.text  # type: ignore[attr-defined]
        else:
            again.say(op="hello", token=ann.token)
            assert again.take("joined")["seat"] == ann.seat


def test_a_command_is_applied_once(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    for _ in range(3):
        ann.say(op="cmd", id=5, name="shout", args={"text": "ho"})
    world.run(0.2)
    assert [event["name"] for event in ann.all("event")] == ["shouted"]
    ann.cut()
    again = come_back(world, transport, ann.token)
    assert again.take("welcome")["handled"] == 5
    again.say(op="cmd", id=5, name="shout", args={"text": "ho"})
    again.say(op="cmd", id=6, name="shout", args={"text": "hey"})
    world.run(0.2)
    texts = [event["data"].get("text") for event in again.all("event") if event["name"] == "shouted"]
    assert texts == ["hey"]


def test_a_refusal_is_repeated_to_one_who_asks_again(world: World, transport: str) -> None:
    ann = world.person(transport, "ann", "field")
    ann.say(op="cmd", id=1, name="whisper", args={"to": 3})
    ann.cut()
    world.run(0.2)
    again = come_back(world, transport, ann.token)
    again.say(op="cmd", id=1, name="whisper", args={"to": 3})
    refused = again.take("refused")
    assert (refused["id"], refused["code"], refused["path"]) == (1, "nobody", "args.to")


def test_missed_events_follow_in_order(world: World, transport: str) -> None:
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    bob.say(op="cmd", name="shout", args={"text": "0"})
    world.run(0.1)
    last = ann.event("shouted")["seq"]
    ann.cut()
    for text in "123":
        bob.say(op="cmd", name="shout", args={"text": text})
    bob.say(op="cmd", name="whisper", args={"to": bob.seat, "text": "not for ann"})
    bob.say(op="cmd", name="whisper", args={"to": ann.seat, "text": "for ann"})
    world.run(0.1)
    again = come_back(world, transport, ann.token, last)
    joined = again.take("joined")
    assert joined["seq"] == last
    assert "gap" not in joined
    events = again.all("event")
    texts = [event["data"]["text"] for event in events if "text" in event["data"]]
    assert texts == ["1", "2", "3", "for ann"]
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers)) and numbers[0] > last


def test_events_that_are_gone_leave_a_marked_gap(transport: str) -> None:
    world = World(events_kept=4, message_burst=1000)
    ann, bob = world.person(transport, "ann", "field"), world.person(transport, "bob", "field")
    ann.cut()
    for number in range(8):
        bob.say(op="cmd", name="shout", args={"text": str(number)})
    world.run(0.2)
    again = come_back(world, transport, ann.token, 1)
    joined = again.take("joined")
    assert joined["gap"] is True
    assert joined["seq"] == bob.all("event")[-1]["seq"]
    assert again.all("event") == []
    world.stop()


def test_guessing_tokens_is_slowed_down(transport: str) -> None:
    world = World(bad_tokens_per_address=3)
    codes = []
    for _ in range(5):
        guesser = world.connect(transport, host="192.0.2.1")
        guesser.say(op="hello", token="wrong")
        codes.append(guesser.close_code)
    assert codes == [4401, 4401, 4401, 4429, 4429]
    other = world.connect(transport, host="192.0.2.2")
    other.say(op="hello", name="ann")
    assert other.take("welcome")
    world.stop()
