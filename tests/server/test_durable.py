"""Durable rooms: nothing is shown before it is safe, and all that was shown is there after a kill."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import define

from gamesrv.core.game import GameError
from gamesrv.core.schema import GameType
from gamesrv.core.views import merge
from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import look_into
from gamesrv.storage.interfaces import Finished, Health, Snapshot
from gamesrv.wire.close import CloseCode
from tests.keeping import HandStore, Table, Words
from tests.world import Person, World

HOST = "10.0.0.1"


class Player:
    """Somebody who notes what they see, and says again what may have got lost."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.person: Person
        self.token = ""
        self.view: dict[str, Any] = {}
        self.seen: set[str] = set()
        self.sent: dict[int, str] = {}
        self.refused: list[int] = []
        self.gap = False

    def enter(self, world: World) -> None:
        self.person = world.person("packets", self.name, "words", host=HOST)
        self.token = self.person.token
        self.listen()

    def back(self, world: World) -> None:
        """Comes back with the token, and says all again."""
        self.person = world.connect("packets", HOST)
        self.person.say(op="hello", token=self.token, last=3)
        self.listen()
        for number, word in self.sent.items():
            self.person.say(op="cmd", name="utter", args={"word": word}, id=number)

    def utter(self, word: str) -> None:
        number = len(self.sent) + 1
        self.sent[number] = word
        self.person.say(op="cmd", name="utter", args={"word": word}, id=number)

    def listen(self) -> None:
        """Takes note of all that came."""
        for message in self.person.heard:
            match message["op"]:
                case "welcome":
                    self.token = message["token"]
                case "joined":
                    self.view, self.gap = message["view"], message.get("gap", False)
                case "update" if "delta" in message:
                    merge(self.view, message["delta"])
                case "refused":
                    self.refused.append(message["id"])
            self.seen.update(self.view.get("said", ()))
        self.person.heard.clear()


Kept = Callable[..., World]


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """Makes worlds over one file, each the next life of the server."""
    worlds: list[World] = []

    def make(**options: Any) -> World:
        games = options.pop("games", (Words,))
        store = lambda clock: HandStore(tmp_path / "kept.db", clock)  # noqa: E731
        worlds.append(World(games, store=store, joins_per_address=1000, **options))
        return worlds[-1]

    yield make
    if worlds and worlds[-1].store.alive:
        worlds[-1].stop()


def two(world: World) -> list[Player]:
    players = [Player("ann"), Player("bob")]
    for player in players:
        player.enter(world)
    for player in players:
        player.listen()
    return players


def results(world: World) -> list[Any]:
    db = look_into(world.store.path)
    try:
        return Archive(db).results()
    finally:
        db.close()


def test_nothing_is_shown_before_it_is_safe(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    world.store.slow = True
    ann.utter("hello")
    ann.utter("bad")
    bob.person.say(op="resync")
    eve = world.person  # a watcher comes, and sees nothing either
    watcher = world.connect("packets", "10.0.0.2")
    watcher.say(op="hello", name="eve")
    assert (ann.person.heard, bob.person.heard, watcher.heard) == ([], [], []) and eve
    world.store.let()
    world.settle()
    world.store.let()
    world.settle()
    for player in (ann, bob):
        player.listen()
        assert player.seen == {"hello"}
    assert ann.refused == [2]
    assert watcher.take("welcome")


def test_all_of_a_move_is_in_one_batch(kept: Kept) -> None:
    world = kept()
    ann, _ = two(world)
    before = len(world.store.written)
    ann.utter("hello")
    (batch,) = world.store.written[before:]
    assert [type(record).__name__ for record in batch] == ["Entered", "Handled"]


def test_a_room_comes_back_with_its_players_its_time_and_its_chance(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    ann.utter("one")
    world.run(25)
    bob.utter("two")
    ann.listen()
    (room,) = world.rooms
    before = room.machine.state_hash()
    world.store.kill()

    world = kept()
    (again,) = world.rooms
    assert again.id == room.id and again.machine.game.bells == room.machine.game.bells
    assert again.machine.game.said == ["one", "two"]
    world.run(5.5)
    assert len(again.machine.game.bells) == 3, "the time that the server was down is not charged"
    ann.back(world)
    bob.back(world)
    ann.listen()
    assert ann.view["said"] == ["one", "two"] and ann.gap
    assert {seat: member.name for seat, member in again.seating.seats.items()} == {0: "ann", 1: "bob"}
    assert not any(member.away for member in again.seating.seats.values())
    bob.utter("three")
    ann.listen()
    assert ann.view["said"] == ["one", "two", "three"] and before


def test_a_game_that_is_over_tells_its_replay_after_a_restart_too(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    ann.utter("end")
    told = [message for message in bob.person.heard if message.get("name") == "recorded"]
    ((replay,),) = [message["data"].values() for message in told]
    world.store.kill()

    world = kept()
    ann.person = world.connect("packets", HOST)
    ann.person.say(op="hello", token=ann.token)
    assert ann.person.take("joined")["replay"] == replay
    assert [result.journal for result in results(world)] == [replay]


def test_a_timer_that_was_seen_to_fire_has_fired(kept: Kept) -> None:
    world = kept()
    ann, _ = two(world)
    world.run(35)
    ann.listen()
    assert len(ann.view["bells"]) == 3
    world.store.kill()
    world = kept()
    assert world.rooms[0].machine.game.bells == ann.view["bells"]


def test_a_refused_command_does_not_hide_a_timer(kept: Kept) -> None:
    """One that is none of the game's at all: it moves the time, and is no input."""
    world = kept()
    ann, _ = two(world)
    world.clock.rightNow += 10.5
    ann.person.say(op="cmd", name="nonsense", args={}, id=77)
    ann.listen()
    assert len(ann.view["bells"]) == 1
    world.store.kill()
    world = kept()
    assert world.rooms[0].machine.game.bells == ann.view["bells"]


@pytest.mark.parametrize("seed", range(8))
def test_what_was_seen_is_there_and_nothing_twice(kept: Kept, seed: int) -> None:
    """Killed again and again, with batches on their way."""
    chance = Random(seed)
    world = kept()
    players = two(world)
    for life in range(6):
        for number in range(chance.randrange(1, 12)):
            world.store.slow = chance.random() < 0.6
            chance.choice(players).utter(f"{life}-{number}" if chance.random() < 0.9 else f"bad{number}")
            if chance.random() < 0.3:
                world.run(chance.random() * 4)
            if chance.random() < 0.4:
                world.store.let()
                world.settle()
            for player in players:
                player.listen()
        world.store.kill()
        world = kept()
        said = world.rooms[0].machine.game.said
        assert len(set(said)) == len(said)
        assert players[0].seen | players[1].seen <= set(said)
        for player in players:
            player.back(world)
    for player in players:
        player.listen()
    wanted = sorted(word for player in players for word in player.sent.values() if "bad" not in word)
    assert sorted(world.rooms[0].machine.game.said) == wanted
    players[0].utter("end")
    assert len(results(world)) == 1
    world.store.kill()
    world = kept()
    assert world.rooms[0].state == "over"
    assert len(results(world)) == 1


def test_the_end_is_noted_once_and_they_play_again(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    ann.utter("end")
    for player in (ann, bob):
        player.person.say(op="ready")
    bob.utter("again")
    world.store.kill()
    world = kept()
    (room,) = world.rooms
    assert room.state == "playing" and room.machine.game.said == ["again"]
    ann.back(world)
    bob.back(world)
    bob.utter("end")
    assert [result.result for result in results(world)] == [["again", "end"], ["end"]]


def test_snapshots_bound_a_replay(kept: Kept) -> None:
    world = kept(message_rate=1e9, message_burst=10**9)
    ann, _ = two(world)
    for number in range(300):
        ann.utter(str(number))
    snapshots = [r for batch in world.store.written for r in batch if isinstance(r, Snapshot)]
    assert [snapshot.n for snapshot in snapshots] == [64, 128, 192, 256]
    world.store.kill()
    world = kept()
    assert len(world.rooms[0].machine.game.said) == 300


def test_who_left_stays_gone_and_an_empty_room_is_over(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    ann.person.say(op="leave")
    world.store.kill()
    world = kept()
    assert list(world.rooms[0].seating.seats) == [1]
    bob.back(world)
    bob.person.say(op="leave")
    assert world.rooms == []
    world.store.kill()
    assert kept().rooms == []


def test_those_who_do_not_come_back_are_gone_after_their_grace(kept: Kept) -> None:
    world = kept()
    two(world)
    world.store.kill()
    world = kept()
    world.run(50)
    assert len(world.rooms) == 1
    world.run(12)
    assert world.rooms == [] and len(world.service.gate.sessions) == 0


def test_new_rooms_do_not_get_the_names_of_old_ones(kept: Kept) -> None:
    world = kept()
    first = two(world)
    for player in first:
        player.person.say(op="leave")
    second = two(world)
    assert world.rooms[0].id == "words-2"
    world.store.kill()
    world = kept()
    assert [room.id for room in world.rooms] == ["words-2"]
    two(world)
    assert [room.id for room in world.rooms] == ["words-2", "words-3"] and second


def test_a_token_that_was_told_is_good_after_a_kill(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    world.store.slow = True
    ann.person.cut()
    again = world.connect("packets", HOST)
    again.say(op="hello", token=ann.token)
    assert again.heard == []
    world.store.kill()
    world = kept()
    ann.back(world)
    assert ann.view["said"] == [] and bob


def test_a_clean_stop_is_a_pause(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    ann.utter("one")
    world.stop()
    world = kept()
    for player in (ann, bob):
        player.listen()
        player.back(world)
    bob.utter("two")
    ann.listen()
    assert ann.view["said"] == ["one", "two"]


def test_a_failing_store_takes_no_new_games_and_goes_on_later(kept: Kept) -> None:
    world = kept()
    ann, _ = two(world)
    world.store.health, world.store.slow = Health("the disk is full"), True
    ann.utter("one")
    cid = world.connect("packets", "10.0.0.9")
    cid.say(op="hello", name="cid")
    assert cid.take("welcome"), "nobody who only looks round is kept waiting"
    cid.say(op="create", game="words")
    assert cid.take("refused")["code"] == "not_saved"
    ann.listen()
    assert ann.seen == set()
    world.store.health, world.store.slow = Health(), False
    world.store.let()
    world.settle()
    ann.listen()
    assert ann.seen == {"one"}


def test_where_no_more_can_be_held_the_room_ends_for_now(kept: Kept) -> None:
    world = kept()
    ann, bob = two(world)
    ann.utter("one")
    world.store.full = True
    bob.utter("two")
    assert bob.person.close_code == ann.person.close_code == CloseCode.TRY_AGAIN_LATER
    world.store.kill()
    world = kept()
    assert world.rooms[0].machine.game.said == ["one"]


def test_a_fault_keeps_the_way_to_it(kept: Kept, logged_failures: list[Any]) -> None:
    world = kept()
    ann, _ = two(world)
    ann.utter("one")
    ann.utter("crash")
    logged_failures.clear()
    assert ann.person.close_code == CloseCode.ROOM_FAILED
    db = look_into(world.store.path)
    (incident,) = Archive(db).incidents()
    assert "a word too many" in incident.traceback
    assert b'"crash"' in Archive(db).incident(incident.id).journal
    db.close()
    world.store.kill()
    assert kept().rooms == []


def test_changed_rules_end_the_game_and_its_players_are_told(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = kept()
    ann, _ = two(world)
    world.run(15)
    ann.utter("end")
    assert any(isinstance(record, Finished) for batch in world.store.written for record in batch)
    world.store.kill()
    monkeypatch.setattr(Words, "ring", lambda game: game.bells.append(7))
    world = kept()
    assert world.rooms == []
    ann.person = world.connect("packets", HOST)
    ann.person.say(op="hello", token=ann.token)
    assert ann.person.take("refused")["code"] == "room_lost"
    assert len(results(world)) == 1, "the journal is kept"


def test_bots_come_back_to_the_seats_of_bots_and_people_to_theirs(kept: Kept) -> None:
    world = kept(games=(Table,), bots=2)
    ann = Player("ann")
    ann.person = world.person("packets", "ann", "table", host=HOST)
    ann.token = ann.person.token
    ann.person.say(op="ready")
    world.run(8)
    ann.listen()
    assert len(ann.view["said"]) > 2, "the bot talks"
    name = next(iter(world.rooms)).seating.seats[1].name
    world.store.kill()
    world = kept(games=(Table,), bots=2)
    ann.back(world)
    world.run(8)
    ann.listen()
    (room,) = world.rooms
    assert [member.name for member in room.seating.seats.values()][0] == "ann"
    assert sorted(room.seating.seats) == [0, 1] and not room.seating.stand_ins
    member = room.seating.seats[1]
    assert (member.name, member.away) == (name, False) and "(bot)" in name
    assert len(ann.view["said"]) > 5


def test_nobody_stands_in_before_people_had_time_to_come_back(kept: Kept) -> None:
    world = kept(games=(Table,), bots=2)
    players = [Player("ann"), Player("bob")]
    for player in players:
        player.person = world.person("packets", player.name, "table", host=HOST)
        player.token = player.person.token
    world.store.kill()
    world = kept(games=(Table,), bots=2)
    (room,) = world.rooms
    players[0].back(world)
    world.run(10)
    assert room.seating.stand_ins == {}
    world.run(8)
    assert list(room.seating.stand_ins) == [1], "then somebody does"
    players[1].back(world)
    assert room.seating.stand_ins == {} and not room.seating.seats[1].away


def test_a_service_that_starts_again_goes_on_noting(kept: Kept) -> None:
    world = kept()
    ann, _ = two(world)
    ann.utter("one")
    world.stop()
    world.service.startService()
    ann.listen()
    ann.back(world)
    ann.utter("two")
    ann.listen()
    assert ann.view["said"] == ["one", "two"]
    world.store.kill()
    assert kept().rooms[0].machine.game.said == ["one", "two"]


@define
class Diary(Words):
    """Begins with its room, and writes down who comes and goes."""

    name, seats, begins = "diary", (1, 2), "at_once"

    def on_join(self, seat: int) -> None:
        self.said.append(f"join {seat}")

    def on_drop(self, seat: int) -> None:
        self.said.append(f"drop {seat}")

    def on_back(self, seat: int) -> None:
        self.said.append(f"back {seat}")


def test_the_game_is_told_once_who_is_away_and_goes_on_for_ever(kept: Kept) -> None:
    world = kept(games=(Diary,))
    ann = Player("ann")
    ann.person = world.person("packets", "ann", "diary", host=HOST)
    ann.token = ann.person.token
    told = ["join 0"]
    for _ in range(2):
        world.store.kill()
        world = kept(games=(Diary,))
        told.append("drop 0")
        world.settle()
        world.store.kill()
        world = kept(games=(Diary,))
        assert world.rooms[0].machine.game.said == told
        ann.back(world)
        told.append("back 0")
        assert world.rooms[0].machine.game.said == told


def test_a_game_that_ticks_cannot_be_durable() -> None:
    @define
    class Ticking(Words):
        name, tick_rate = "ticking", 20

    with pytest.raises(GameError, match="durable"):
        GameType.of(Ticking)
