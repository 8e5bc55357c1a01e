"""Games that are not durable: their rooms come back as they were seconds ago, and nobody waits for that."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from gamesrv import Game, Seat, command
from gamesrv.core.schema import GameType
from gamesrv.games.arena.world import World as Large
from gamesrv.server.snapshots import MOST_AT_ONCE, PERIOD
from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import look_into
from gamesrv.storage.interfaces import Entered, Finished, Health, Incident, RoomOpened, Snapshot
from gamesrv.storage.journal_file import read
from gamesrv.storage.replaying import Replay
from gamesrv.wire.close import CloseCode
from tests.duel import Duel
from tests.follow import Player
from tests.games import Field
from tests.keeping import HandStore, Words
from tests.world import Person, World

HOST = "10.0.0.1"
Kept = Callable[..., World]


@define
class Round(Game):
    """Two count to five, and again; nothing happens by itself."""

    name, seats, begins = "round", (2, 2), "full"
    count: int = 0
    told: list[str] = field(factory=list)

    def on_drop(self, seat: Seat) -> None:
        self.told.append(f"drop {seat}")

    def on_back(self, seat: Seat) -> None:
        self.told.append(f"back {seat}")

    @command
    def up(self, seat: Seat) -> None:
        """One more."""
        self.count += 1
        if self.count == 5:
            self.finish({"count": self.count})

    @command
    def crash(self, seat: Seat) -> None:
        """The author has made a mistake."""
        raise ValueError(f"at {self.count}")

    def standings(self) -> list[list[Seat]]:
        return [[1], [0]]

    def view(self) -> dict[str, Any]:
        return {"count": self.count, "told": self.told}


@define
class Lying(Field):
    """One field holds what its hint does not say."""

    name = "lying"
    bad: int = 0

    @command
    def lie(self, seat: Seat) -> None:
        """From here on it can't be saved."""
        self.bad = object()  # type: ignore[assignment]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Makes worlds over one file, each the next life of the server."""
    worlds: list[World] = []

    def make(*games: type, **options: Any) -> World:
        store = lambda clock: HandStore(tmp_path / "kept.db", clock)  # noqa: E731
        worlds.append(World(games, store=store, joins_per_address=1000, **options))
        return worlds[-1]

    yield make
    if worlds and worlds[-1].store.alive:
        worlds[-1].stop()


def back(world: World, person: Person) -> Person:
    """The same player, over a new link."""
    again = world.connect("packets", HOST)
    again.say(op="hello", token=person.token, last=1)
    assert again.heard[0]["op"] == "welcome", again.heard
    again.token = again.take("welcome")["token"]
    return again


def records(world: World, kind: type) -> list[Any]:
    return [record for batch in world.store.written for record in batch if isinstance(record, kind)]


def counted(world: World, question: str) -> int:
    db = look_into(world.store.path)
    ((answer,),) = db.execute(question).fetchall()
    db.close()
    return int(answer)


def test_a_room_comes_back_as_it_was_seconds_ago(kept: Kept) -> None:
    world = kept(Field)
    ann = world.person("packets", "ann", "field", host=HOST)
    ann.say(op="cmd", name="move", args={"dx": 1, "dy": 0}, id=1)
    world.run(3 * PERIOD)
    (room,) = world.rooms
    before = room.machine.game
    world.store.kill()

    world = kept(Field)
    (again,) = world.rooms
    game = again.machine.game
    assert again.id == room.id == "field-1"
    assert before.ticks - PERIOD * 20 <= game.ticks <= before.ticks
    assert 0 <= before.avatars[0].x - game.avatars[0].x <= PERIOD * 20
    assert game.avatars[0].away and again.seating.seats[0].away
    person = back(world, ann)
    joined = person.take("joined")
    assert (joined["room"], joined["seat"], joined["gap"]) == ("field-1", 0, True)
    ticks = game.ticks
    world.run(1)
    assert game.ticks == ticks + 20 and game.avatars[0].away is None


def test_a_world_of_areas_comes_back_too(kept: Kept) -> None:
    world = kept(Large)
    ann = world.connect("packets", HOST)
    ann.say(op="hello", name="ann")
    ann.token = ann.take("welcome")["token"]
    ann.say(op="join", game="world")
    world.run(3 * PERIOD)
    world.store.kill()

    world = kept(Large)
    person = back(world, ann)
    world.run(0.1)
    joined = person.take("joined")
    seat = str(joined["seat"])
    assert joined["view"]["avatars"][seat]["name"] == "ann"
    version, x = joined["v"], joined["view"]["avatars"][seat]["x"]
    person.say(op="cmd", name="move", args={"dx": 1 if x < 1000 else -1, "dy": 0}, id=1)
    world.run(1)
    updates = person.all("update")
    assert [update["v"] for update in updates] == [*range(version + 1, version + 1 + len(updates))]
    assert any(seat in update.get("delta", {}).get("avatars", {}) for update in updates)


def test_nobody_waits_for_it(kept: Kept) -> None:
    world = kept(Field)
    ann = world.person("packets", "ann", "field", host=HOST)
    world.store.slow = True
    ann.heard.clear()
    ann.say(op="cmd", name="shout", args={"text": "hello"}, id=1)
    world.run(0.2)
    assert ann.event("shouted")["data"]["text"] == "hello"
    bob = world.connect("packets", HOST)
    world.store.slow = False
    world.store.let()
    bob.say(op="hello", name="bob")
    world.store.slow = True
    bob.say(op="join", game="field")
    assert bob.take("joined")["room"] == "field-1"
    assert records(world, Entered) == []


def test_who_comes_and_goes_is_kept_at_once(kept: Kept) -> None:
    """Not only with the next of the snapshots that come every few seconds."""
    world = kept(Field)
    ann, bob, cid = (world.person("packets", name, "field", host=HOST) for name in ("ann", "bob", "cid"))
    bob.say(op="leave")
    cid.cut()
    world.run(0.1)
    dan = world.person("packets", "dan", "field", host=HOST)
    world.run(0.1)
    world.store.kill()
    world = kept(Field)
    (room,) = world.rooms
    names = {0: "ann", 1: "dan", 2: "cid"}
    assert {seat: member.name for seat, member in room.seating.seats.items()} == names
    assert {seat: avatar.name for seat, avatar in room.machine.game.avatars.items()} == names
    assert back(world, dan).take("joined")["seat"] == 1
    assert back(world, bob).all("joined") == [] and ann


def test_a_command_that_is_in_a_snapshot_is_not_taken_again(kept: Kept) -> None:
    world = kept(Round)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    ann.say(op="cmd", name="up", args={}, id=1)
    world.run(PERIOD + 0.1)
    ann.say(op="cmd", name="up", args={}, id=2)
    world.store.kill()
    world = kept(Round)
    ann = back(world, ann)
    for number in (1, 2):
        ann.say(op="cmd", name="up", args={}, id=number)
    assert world.rooms[0].machine.game.count == 2 and bob


def test_who_has_gone_to_another_room_is_there(kept: Kept) -> None:
    world = kept(Field, Words)
    ann, bob = (world.person("packets", name, "field", host=HOST) for name in ("ann", "bob"))
    world.run(0.1)
    bob.heard.clear()
    bob.link.write(bob.pack({"op": "leave"}) + bob.pack({"op": "join", "game": "words"}))
    world.run(0.1)
    assert bob.take("joined")["room"] == "words-2" and ann
    world.store.kill()
    world = kept(Field, Words)
    assert back(world, bob).take("joined")["room"] == "words-2"


def test_the_game_is_told_once_who_is_away(kept: Kept) -> None:
    world = kept(Round)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    ann.say(op="cmd", name="up", args={}, id=1)
    bob.cut()
    world.run(0.1)
    world.store.kill()
    world = kept(Round)
    assert world.rooms[0].machine.game.told == ["drop 1", "drop 0"]
    back(world, bob)
    world.run(0.1)
    world.store.kill()
    world = kept(Round)
    assert world.rooms[0].machine.game.told == ["drop 1", "drop 0", "back 1", "drop 1"]
    assert world.rooms[0].machine.game.count == 1


def test_a_lockstep_room_comes_back_and_its_players_go_on(kept: Kept) -> None:
    world = kept(Duel)
    person = world.person("packets", "ann", host=HOST)
    person.say(op="join", game="duel")
    world.run(0.1)
    ann = Player(person)
    for _ in range(int(PERIOD * 30)):
        ann.held = ann.driver.tick % 64
        world.run(1 / 30)
        ann.tick()
    assert ann.in_step()
    token, tick = ann.person.token, ann.driver.tick
    world.store.kill()

    world = kept(Duel)
    ann.person.token = token
    (room,) = world.rooms
    begins = room.machine.tick
    assert tick - PERIOD * 30 - 30 < begins <= tick
    again = world.connect("packets", HOST)
    again.say(op="hello", token=token)
    ann.person = again  # the same driver: it has been further
    world.run(0.1)
    ann.listen()
    assert ann.driver.tick < tick
    for _ in range(60):
        ann.held = ann.driver.tick % 64
        world.run(1 / 30)
        ann.tick()
    assert ann.in_step() and ann.driver.tick > begins + 50 and room.desyncs == 0
    assert [entry[0] for entry in ann.world["log"]] == ["join", "drop", "back"]


def test_bots_come_anew(kept: Kept) -> None:
    world = kept(Field, bots=3)
    world.run(1)
    ann = world.person("packets", "ann", "field", host=HOST)
    world.run(2 * PERIOD)
    world.store.kill()
    world = kept(Field, bots=3)
    world.run(2)
    (room,) = world.rooms
    assert room.id == "field-1"
    names = [member.name for member in room.seating.seats.values()]
    assert names[-2:] != ["ann"] and sum("(bot)" in name for name in names) == 2 and "ann" in names
    assert sorted(room.machine.game.avatars) == sorted(room.seating.seats) and ann


def test_of_a_room_of_bots_nothing_but_its_name_is_kept(kept: Kept) -> None:
    world = kept(Field, bots=3)
    world.run(3 * PERIOD)
    ((opened,),) = world.store.written
    assert isinstance(opened, RoomOpened)
    world.store.kill()
    world = kept(Field)
    assert world.rooms == []
    assert world.person("packets", "ann", "field", host=HOST).room == "field-2"


def test_new_rooms_do_not_get_the_names_of_those_that_are_there(kept: Kept) -> None:
    """Though not all that there ever were could be noted."""
    world = kept(Field)
    world.store.health, world.store.full = Health("the disk is full"), True
    gone = world.person("packets", "gone", "field", host=HOST)
    gone.say(op="leave")
    world.store.health, world.store.full = Health(), False
    ann = world.person("packets", "ann", "field", host=HOST)
    world.run(0.1)
    assert ann.room == "field-2"
    world.store.kill()
    world = kept(Field)
    dan = world.person("packets", "dan", host=HOST)
    dan.say(op="create", game="field")
    assert [room.id for room in world.rooms] == ["field-2", "field-3"]


def test_rooms_have_their_turns_one_after_the_other(kept: Kept) -> None:
    world = kept(Field)
    for number in range(30):
        person = world.person("packets", f"p{number}", host=f"10.0.0.{number}")
        person.say(op="create", game="field", private=True)
    world.run(PERIOD)
    world.store.written.clear()
    world.run(2 * PERIOD)
    batches = [sum(isinstance(record, Snapshot) for record in batch) for batch in world.store.written]
    assert sum(batches) in (59, 60, 61)
    assert max(batches) == 1
    world.store.written.clear()
    for person in world.people:
        person.link.abortConnection()
    world.run(1)
    batches = [sum(isinstance(record, Snapshot) for record in batch) for batch in world.store.written]
    assert sum(batches) >= 30 and max(batches) <= 2 * (MOST_AT_ONCE + 1), "of two steps"


def test_while_nothing_can_be_saved_nothing_piles_up(kept: Kept) -> None:
    world = kept(Field)
    world.store.health = Health("the disk is full")
    world.store.slow = True
    ann = world.person("packets", "ann", "field", host=HOST)
    world.run(10 * PERIOD)
    waiting = [record for batch, _ in world.store.batches for record in batch] + world.store._fresh
    assert not any(isinstance(record, Snapshot | RoomOpened) for record in waiting)
    world.store.health, world.store.slow = Health(), False
    world.store.let()
    world.run(1)
    world.store.kill()
    world = kept(Field)
    assert world.rooms[0].id == "field-1" and back(world, ann).take("joined")["seat"] == 0


def test_where_no_more_can_be_held_the_game_goes_on(kept: Kept) -> None:
    world = kept(Field)
    ann = world.person("packets", "ann", "field", host=HOST)
    world.store.full = True
    world.person("packets", "bob", "field", host=HOST)
    world.run(2 * PERIOD)
    assert ann.close_code is None and len(world.rooms[0].seating.seats) == 2
    world.store.full = False
    world.run(2 * PERIOD)
    world.store.kill()
    assert len(kept(Field).rooms[0].seating.seats) == 1, "bob's session could not be kept"


def test_a_state_that_cannot_be_saved_does_not_end_the_game(kept: Kept) -> None:
    world = kept(Lying)
    ann = world.person("packets", "ann", "lying", host=HOST)
    world.run(PERIOD)
    ann.say(op="cmd", name="lie", args={}, id=1)
    world.run(2 * PERIOD)
    assert ann.close_code is None and len(world.rooms) == 1
    world.store.kill()
    assert kept(Lying).rooms[0].machine.game.bad == 0, "it was saved before"


def test_a_fault_keeps_the_way_to_it(kept: Kept, logged_failures: list[Any]) -> None:
    world = kept(Field, inputs_kept=10)
    ann = world.person("packets", "ann", "field", host=HOST)
    for number in range(1, 16):
        ann.say(op="cmd", name="move", args={"dx": number % 2, "dy": 0}, id=number)
        world.run(0.1)
    ann.say(op="cmd", name="crash_later", args={}, id=16)
    world.run(0.5)
    logged_failures.clear()
    assert ann.close_code == CloseCode.ROOM_FAILED
    db = look_into(world.store.path)
    (incident,) = Archive(db).incidents()
    recording = read(Archive(db).incident(incident.id).journal)
    db.close()
    assert "ZeroDivisionError: later" in incident.traceback and recording.damage is None
    with pytest.raises(ZeroDivisionError, match="later"):
        for _ in Replay(GameType.of(Field), recording).run():
            pass
    world.store.kill()
    assert kept(Field).rooms == [], "and the room is over"


def test_a_fault_in_a_game_that_has_just_begun_is_not_that_of_the_one_before(
    kept: Kept, logged_failures: list[Any]
) -> None:
    world = kept(Round)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    for number in range(1, 6):
        ann.say(op="cmd", name="up", args={}, id=number)
    world.run(0.1)
    seed = world.rooms[0].machine.journal.seed
    for person in (ann, bob):
        person.say(op="ready")
    ann.say(op="cmd", name="crash", args={}, id=6)
    logged_failures.clear()
    (incident,) = records(world, Incident)
    header = read(incident.journal).header
    assert header.seed != seed and header.room == "round-1" and "at 0" in incident.traceback


def test_the_end_of_a_game_is_kept_once_and_only_that(kept: Kept) -> None:
    world = kept(Round)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    for number in range(1, 6):
        ann.say(op="cmd", name="up", args={}, id=number)
    world.run(0.1)
    world.store.kill()
    world = kept(Round)
    assert world.rooms[0].state == "over"
    ann, bob = back(world, ann), back(world, bob)
    for person in (ann, bob):
        person.say(op="ready")
    assert world.rooms[0].state == "playing"
    ann.say(op="cmd", name="up", args={}, id=6)
    world.run(0.1)
    assert counted(world, "SELECT count(DISTINCT journal) FROM snapshots") == 1
    for number in range(7, 11):
        ann.say(op="cmd", name="up", args={}, id=number)
    for person in (ann, bob):
        person.say(op="leave")  # at once, before anybody looks
    assert world.rooms == [] and len(records(world, Finished)) == 1
    db = look_into(world.store.path)
    assert [result.result for result in Archive(db).results()] == [{"count": 5}] * 2
    db.close()
    assert counted(world, "SELECT count(*) FROM snapshots") == 0
    assert counted(world, "SELECT count(*) FROM standings WHERE place = 2 AND name = 'ann'") == 2


def test_standings_that_make_no_sense_are_told_once_and_end_no_room(
    kept: Kept, logged_failures: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Round, "standings", lambda game: [[7]])
    world = kept(Round)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    for number in range(1, 6):
        ann.say(op="cmd", name="up", args={}, id=number)
    world.run(2 * PERIOD)
    assert len(logged_failures) == 1 and ann.close_code is None and bob
    logged_failures.clear()
    assert counted(world, "SELECT count(*) FROM results") == 0


def test_an_end_that_is_lost_with_its_snapshot_can_come_again(kept: Kept) -> None:
    world = kept(Round)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    world.run(0.1)
    for number in range(1, 6):
        ann.say(op="cmd", name="up", args={}, id=number)
    world.run(0.1)
    world.store._db.execute("UPDATE snapshots SET state = x'00' WHERE n = (SELECT max(n) FROM snapshots)")
    world.store.kill()
    world = kept(Round)
    assert world.rooms[0].state == "playing"
    ann, bob = back(world, ann), back(world, bob)
    for number in range(6, 11):
        ann.say(op="cmd", name="up", args={}, id=number)
    world.run(0.1)
    assert world.rooms[0].state == "over" and counted(world, "SELECT count(*) FROM results") == 1


def test_a_clean_stop_keeps_all_of_it(kept: Kept) -> None:
    world = kept(Round, grace=90.0)
    ann, bob = (world.person("packets", name, "round", host=HOST) for name in ("ann", "bob"))
    ann.say(op="cmd", name="up", args={}, id=1)
    world.stop()
    world = kept(Round, grace=90.0)
    assert world.rooms[0].machine.game.count == 1
    world.stop()
    world.service.startService()
    assert back(world, ann).take("joined")["view"]["count"] == 1 and bob
    world.run(0.1)
    world.store.kill()
    assert kept(Round, grace=90.0).rooms[0].machine.game.told == ["drop 0", "drop 1", "back 0", "drop 0"]


def test_of_a_damaged_snapshot_the_one_before_does(kept: Kept) -> None:
    world = kept(Field)
    ann = world.person("packets", "ann", "field", host=HOST)
    world.run(4 * PERIOD)
    first, second = records(world, Snapshot)[-2:]
    world.person("packets", "bob", "field", host=HOST)
    world.run(0.1)
    third = records(world, Snapshot)[-1]
    assert third.n == second.n + 1 and first
    world.store._db.execute("UPDATE snapshots SET state = x'00' WHERE n = ?", (third.n,))
    world.store.kill()
    world = kept(Field)
    (room,) = world.rooms
    assert room.machine.tick == second.tick
    assert {seat: avatar.name for seat, avatar in room.machine.game.avatars.items()} == {0: "ann", 1: "bob"}
    assert back(world, ann).take("joined")["seat"] == 0
