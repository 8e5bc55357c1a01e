"""What can be asked at ``/api``: how games came out, who is rated at what; and what is said no to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from gamesrv import Seat, command
from gamesrv.server.session import player_of
from gamesrv.storage.interfaces import Health
from tests.browsing import Browser
from tests.keeping import HandStore, Talker, Words
from tests.world import Person, World

KEYS = {name: name * 12 for name in ("ann", "bob", "cid")}
Kept = Callable[..., World]


@define
class Contest(Words):
    """Who says the last word has won."""

    name = "contest"
    winner: Seat = 0

    @command
    def utter(self, seat: Seat, word: str) -> None:
        """Say a word."""
        self.winner = seat
        Words.utter(self, seat, word)

    def standings(self) -> list[list[Seat]]:
        return [[self.winner], [1 - self.winner]]


@define
class Crowd(Contest):
    """Where bots help out; who says the last word has lost."""

    name, bot, stand_ins = "crowd", Talker, True

    def standings(self) -> list[list[Seat]]:
        return [[1 - self.winner], [self.winner]]


@define
class Nonsense(Contest):
    """Its author can't count."""

    name = "nonsense"

    def standings(self) -> list[list[Seat]]:
        return [[0], [0]]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Makes worlds over one file, each the next life of the server."""
    worlds: list[World] = []

    def make(**options: Any) -> World:
        games = options.pop("games", (Contest, Crowd, Words))
        store = lambda clock: HandStore(tmp_path / "kept.db", clock)  # noqa: E731
        worlds.append(World(games, store=store, joins_per_address=1000, **options))
        return worlds[-1]

    yield make
    if worlds and worlds[-1].store.alive:
        worlds[-1].stop()


def enter(world: World, name: str, **where: Any) -> Person:
    """Somebody with a key, in a room."""
    person = world.connect("packets", "10.0.0.1")
    person.say(op="hello", name=name, key=KEYS[name])
    person.say(**(where or {"op": "join", "game": "contest"}))
    person.token = person.take("welcome")["token"]
    person.joined(person.take("joined"))
    return person


def play(world: World, winner: str, loser: str, private: bool = False) -> None:
    """A whole game; both leave."""
    first = enter(world, winner, op="create", game="contest", private=private)
    second = enter(world, loser, op="join", room=first.room)
    first.say(op="cmd", name="utter", args={"word": "end"})
    for person in (first, second):
        person.say(op="leave")
        person.cut()


def get(world: World, path: str, method: str = "GET") -> tuple[int, Any]:
    status, fields, body = Browser(world, Path("nowhere")).ask(f"/api/{path}", method)
    assert fields["content-type"] == "application/json" and fields["cache-control"] == "no-cache"
    assert fields["x-content-type-options"] == "nosniff" and "content-security-policy" in fields
    return status, json.loads(body or b"null")


def board(world: World) -> list[tuple[str, int]]:
    """Names and how often they played, the best first."""
    (contest,) = get(world, "leaderboard?game=contest")[1]["leaderboards"]
    assert [row["place"] for row in contest["players"]] == [*range(1, len(contest["players"]) + 1)]
    ratings = [row["rating"] for row in contest["players"]]
    assert ratings == sorted(ratings, reverse=True)
    return [(row["name"], row["played"]) for row in contest["players"]]


def test_games_count_once_and_are_there_after_a_kill(kept: Kept) -> None:
    world = kept()
    play(world, "ann", "bob")
    play(world, "ann", "cid")
    for _ in range(2):
        assert board(world) == [("ann", 2), ("cid", 1), ("bob", 1)]
        newest, older = get(world, "results")[1]["results"]
        assert [(s["name"], s["seat"], s["place"]) for s in newest["standings"]] == [
            ("ann", 0, 1),
            ("cid", 1, 2),
        ]
        assert (newest["game"], newest["result"], older["room"]) == ("contest", ["end"], "contest-1")
        assert newest["at"] >= older["at"] > 1.7e9 and newest["journal"] != older["journal"]
        assert get(world, f"results?before={newest['number']}&most=5")[1]["results"] == [older]
        ann, cid = (standing["player"] for standing in newest["standings"])
        status, told = get(world, f"players/{ann}")
        assert (status, told["name"], told["player"]) == (200, "ann", ann)
        assert [(r["game"], r["played"]) for r in told["ratings"]] == [("contest", 2)]
        assert told["results"] == [newest, older]
        assert get(world, f"results?player={cid}&game=contest")[1]["results"] == [newest]
        assert get(world, "results?game=words")[1]["results"] == []
        world.store.kill()
        world = kept()
    play(world, "bob", "ann")
    assert dict(board(world)) == {"ann": 3, "bob": 2, "cid": 1}
    assert len(get(world, f"players/{ann}")[1]["results"]) == 3


def test_a_result_and_its_ratings_are_there_or_neither(kept: Kept) -> None:
    """A game whose end was not safe when the server was killed ends again, and counts once."""
    world = kept()
    ann, bob = enter(world, "ann"), enter(world, "bob")
    ann.say(op="cmd", name="utter", args={"word": "one"})
    world.store.slow = True
    bob.say(op="cmd", name="utter", args={"word": "end"})
    assert world.rooms[0].state == "over"
    world.store.kill()
    world = kept()
    assert (board(world), get(world, "results")[1]) == ([], {"results": []})
    again = world.connect("packets", "10.0.0.1")
    again.say(op="hello", token=bob.token)
    assert again.take("welcome")["player"] == player_of(KEYS["bob"])
    again.say(op="cmd", name="utter", args={"word": "end"})
    assert board(world) == [("bob", 1), ("ann", 1)] and ann.room == "contest-1"
    (result,) = get(world, "results")[1]["results"]
    assert result["result"] == ["one", "end"]


def test_private_games_are_listed_nowhere_and_count(kept: Kept) -> None:
    world = kept()
    play(world, "ann", "bob", private=True)
    enter(world, "ann", op="create", game="contest", private=True)
    enter(world, "bob", op="create", game="contest")
    assert board(world) == [("ann", 1), ("bob", 1)]
    (player, _) = (row["player"] for row in get(world, "leaderboard")[1]["leaderboards"][0]["players"])
    assert get(world, "results")[1] == {"results": []}
    assert get(world, f"players/{player}")[1]["results"] == []
    (room,) = get(world, "rooms")[1]["rooms"]
    assert (room["names"], room["state"]) == (["bob"], "waiting")


def test_who_leaves_is_last_whatever_becomes_of_the_seat(kept: Kept) -> None:
    world = kept(bots=2)
    ann, bob = (enter(world, name, op="join", game="crowd") for name in ("ann", "bob"))
    ann.say(op="leave")
    world.run(4)
    assert "(bot)" in world.rooms[0].seating.seats[0].name
    bob.say(op="cmd", name="utter", args={"word": "end"})
    assert world.rooms[0].machine.standings() == {0: 1, 1: 2}
    (result,) = get(world, "results")[1]["results"]
    assert [(s["name"], s["place"]) for s in result["standings"]] == [("bob", 1), ("ann", 2)]


def test_who_is_away_has_not_left(kept: Kept) -> None:
    world = kept(bots=2)
    ann, bob = (enter(world, name, op="join", game="crowd") for name in ("ann", "bob"))
    ann.cut()
    world.run(4)
    assert world.rooms[0].seating.stand_ins
    bob.say(op="cmd", name="utter", args={"word": "end"})
    (result,) = get(world, "results")[1]["results"]
    assert [(s["name"], s["place"]) for s in result["standings"]] == [("ann", 1), ("bob", 2)]


def test_bots_of_a_grade_are_one_player(kept: Kept) -> None:
    world = kept(bots=2)
    ann = enter(world, "ann", op="join", game="crowd")
    ann.say(op="ready")
    world.run(3)
    ann.say(op="cmd", name="utter", args={"word": "end"})
    (crowd,) = get(world, "leaderboard?game=crowd")[1]["leaderboards"]
    assert [(row["name"], row["player"] == row["name"]) for row in crowd["players"]] == [
        ("bot:usual", True),
        ("ann", False),
    ]
    (result,) = get(world, "players/bot:usual")[1]["results"]
    assert "(bot)" in result["standings"][0]["name"]


def test_standings_that_make_no_sense_fail_the_room(kept: Kept, logged_failures: list[Any]) -> None:
    world = kept(games=(Nonsense,))
    ann, bob = (enter(world, name, op="join", game="nonsense") for name in ("ann", "bob"))
    ann.say(op="cmd", name="utter", args={"word": "end"})
    assert "seat 0 twice" in str(logged_failures.pop()["log_failure"]) and not logged_failures
    assert ann.close_code == bob.close_code == 4500
    assert get(world, "results") == (200, {"results": []})


# ---------------------------------------------------------------------- what is said no to


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("", 404, "not_found", None),
        ("nothing", 404, "not_found", None),
        ("rooms/", 404, "not_found", None),
        ("rooms/contest-1", 404, "not_found", None),
        ("players", 404, "not_found", None),
        ("players/", 404, "no_such_player", None),
        ("players/nobody", 404, "no_such_player", None),
        ("players/%ff%00", 404, "no_such_player", None),
        ("players/nobody/more", 404, "not_found", None),
        ("rooms?most=1", 400, "bad_argument", "most"),
        ("players/nobody?most=1", 400, "bad_argument", "most"),
        ("results?most=0", 400, "bad_argument", "most"),
        ("results?most=101", 400, "bad_argument", "most"),
        ("results?most=ten", 400, "bad_argument", "most"),
        ("results?most=1&most=2", 400, "bad_argument", "most"),
        ("results?most=1.5", 400, "bad_argument", "most"),
        ("results?before=-1", 400, "bad_argument", "before"),
        ("results?before=1e99", 400, "bad_argument", "before"),
        ("results?before=nan", 400, "bad_argument", "before"),
        ("results?player=" + "x" * 65, 400, "bad_argument", "player"),
        ("results?sort=name", 400, "bad_argument", "sort"),
        ("results?game=none", 404, "no_such_game", "game"),
        ("leaderboard?game=none", 404, "no_such_game", "game"),
        ("leaderboard?game=words", 404, "no_such_game", "game"),
        ("leaderboard?before=1", 400, "bad_argument", "before"),
    ],
)
def test_what_makes_no_sense_is_told_why(
    kept: Kept, path: str, status: int, code: str, field: str | None
) -> None:
    answered, told = get(kept(), path)
    assert (answered, told["code"], told.get("field")) == (status, code, field)
    assert told["message"]


def test_it_is_only_read(kept: Kept) -> None:
    world = kept()
    for path in ("rooms", "results", "nothing"):
        for method in ("POST", "PUT", "DELETE", "NONSENSE"):
            assert get(world, path, method)[0] == 405
    assert get(world, "results", "HEAD") == (200, None)
    assert get(world, "players/nobody", "HEAD") == (404, None)


def test_a_server_that_keeps_nothing_says_so() -> None:
    world = World(games=(Contest,))
    enter(world, "ann")
    for path in ("results", "leaderboard", "players/ann"):
        assert (get(world, path)[0], get(world, path)[1]["code"]) == (404, "not_kept")
    assert len(get(world, "rooms")[1]["rooms"]) == 1
    world.stop()


def test_a_store_that_fails_answers_nobody(kept: Kept) -> None:
    world = kept()
    world.store.health = Health("the disk is full")
    assert (get(world, "results")[0], get(world, "results")[1]["code"]) == (503, "store_failed")
    assert get(world, "rooms")[0] == 200
    world.store.health = Health()
    assert get(world, "results")[0] == 200


def test_a_flood_of_questions_is_turned_away(kept: Kept) -> None:
    world = kept()
    world.store.slow = True
    site = Browser(world, Path("nowhere")).site
    crowd = [Browser(world, site) for _ in range(9)]
    for browser in crowd:
        browser.raw(b"GET /api/results HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert [browser.wire[9:12] for browser in crowd] == [b""] * 4 + [b"503"] * 5
    crowd[0].cut()
    world.store.slow = False
    world.store.let()
    world.settle()
    assert [browser.wire[9:12] for browser in crowd[:4]] == [b"", b"200", b"200", b"200"]
    assert Browser(world, site).ask("/api/results")[0] == 200


def test_only_so_many_questions_a_second_get_through(kept: Kept) -> None:
    world = kept()
    browser = Browser(world, Path("nowhere"))
    for allowed in (100, 50):
        answers = [browser.ask("/api/leaderboard") for _ in range(allowed + 1)]
        assert [status for status, *_ in answers] == [200] * allowed + [503]
        assert json.loads(answers[-1][2])["code"] == "busy" and answers[-1][1]["retry-after"] == "1"
        assert browser.ask("/api/rooms")[0] == 200, "that asks no store"
        world.run(1)


def test_a_question_that_fails_is_our_fault_alone(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, logged_failures: list[Any]
) -> None:
    world = kept()
    monkeypatch.setattr("gamesrv.storage.archive.Archive.leaderboard", lambda *_: 1 / 0)
    assert get(world, "leaderboard") == (
        500,
        {"code": "internal_error", "message": "the server failed at this question"},
    )
    logged_failures.clear()
    assert get(world, "rooms")[0] == 200
