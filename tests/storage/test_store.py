"""What was committed is there again."""

import sqlite3
from pathlib import Path

import pytest

from gamesrv.core.messages import Refusal
from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import look_into
from gamesrv.storage.errors import NotFound, Overflow, StoreError
from gamesrv.storage.interfaces import (
    Finished,
    Handled,
    Incident,
    Loaded,
    RoomClosed,
    Seated,
    SessionClosed,
    SessionSaved,
    Snapshot,
    Standing,
    Unseated,
)
from gamesrv.storage.schema import MIGRATIONS, migrate
from gamesrv.storage.sqlite import SqliteStore
from tests.storage.shelf import Turns, entry, hooked, journal, keep, opened, room

SESSION = SessionSaved("s1", "Ann", b"hash", b"old", None, 4, (Refusal("no", "No", "x", 3),))
ENTRIES = [entry(n) for n in range(10)]
FINISHED = Finished("game", 10, 100, "abc", {"winner": 1}, 9.0, (Standing("ann", 1, "Ann", 1),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "of" / "a" / "server.db"


def loaded(path: Path) -> Loaded:
    with opened(path) as (_, _, found):
        return found


def test_an_empty_store_has_nothing(path: Path) -> None:
    assert loaded(path) == Loaded([], [], 0)


def test_what_was_committed_is_there_again(path: Path) -> None:
    members = [Seated("s1", "room", 0, "Ann", True), Seated("s2", "room", None, "Bo")]
    with opened(path) as (store, turns, _):
        keep(store, turns, SESSION, room(), *members, journal(names={0: "Ann"}), *ENTRIES)
    found = loaded(path)
    assert found.sessions == [SESSION]
    assert found.rooms_opened == 1
    (one,) = found.rooms
    assert one.opened == room()
    assert sorted(one.members, key=lambda member: member.session) == members
    assert one.recording is not None
    assert one.recording.header == journal(names={0: "Ann"})
    assert one.recording.entries == ENTRIES
    assert (one.recording.start, one.recording.damage, one.recording.next_n) == (None, None, 10)


def test_a_newer_record_replaces_what_it_is_about(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(
            store, turns, SESSION, Seated("s1", "room", 0, "Ann"), room(), Handled("s1", 5), Handled("s1", 7)
        )
        keep(store, turns, Seated("s1", "room", 2, "Ann"))
    found = loaded(path)
    assert (found.sessions[0].handled, found.sessions[0].answers) == (7, ())
    assert found.rooms[0].members == [Seated("s1", "room", 2, "Ann")]


def test_what_is_over_is_gone(path: Path) -> None:
    other = Seated("s2", "room", 1, "Bo")
    with opened(path) as (store, turns, _):
        keep(
            store,
            turns,
            SESSION,
            room(),
            Seated("s1", "room", 0, "Ann"),
            other,
            Seated("s3", "room", 2, "Cy"),
        )
        keep(store, turns, SessionClosed("s1"), Unseated("s3"))
    found = loaded(path)
    assert (found.sessions, found.rooms[0].members) == ([], [other])
    with opened(path) as (store, turns, _):
        keep(store, turns, RoomClosed("room"))
    assert loaded(path) == Loaded([], [], 1)


def test_room_numbers_are_never_used_again(path: Path) -> None:
    for name in ("one", "two"):
        with opened(path) as (store, turns, _):
            keep(store, turns, room(name), RoomClosed(name))
    assert loaded(path).rooms_opened == 2


def test_recovery_starts_from_the_newest_snapshot(path: Path) -> None:
    old, new = Snapshot("game", 4, 45, b"old"), Snapshot("game", 7, 65, b"new")
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal(), *ENTRIES[:4], old, *ENTRIES[4:7], new, *ENTRIES[7:])
        whole = turns.wait(store.ask(lambda archive: archive.recording("game")))
    recording = loaded(path).rooms[0].recording
    assert recording is not None
    assert (recording.start, recording.entries, recording.next_n) == (new, ENTRIES[7:], 10)
    assert (whole.start, whole.entries, whole.snapshots) == (None, ENTRIES, [old, new])


def test_a_room_goes_on_with_its_newest_game(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal("first"), journal("second"), entry(0, "second"))
    recording = loaded(path).rooms[0].recording
    assert recording is not None and recording.header.id == "second"


def test_of_a_game_that_is_not_durable_the_newest_two_snapshots_stay(path: Path) -> None:
    snapshots = [Snapshot("game", n, n, bytes([n])) for n in range(4)]
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal(durable=False), *snapshots)
        count = "SELECT count(*) FROM snapshots"
        assert turns.wait(store.ask(lambda archive: archive._db.execute(count).fetchone())) == (2,)
    recording = loaded(path).rooms[0].recording
    assert recording is not None and recording.start == snapshots[-1]
    with opened(path) as (store, turns, _):
        keep(store, turns, RoomClosed("room"))
        with pytest.raises(NotFound):
            turns.wait(store.ask(lambda archive: archive.recording("game")))


def test_a_game_is_finished_once(path: Path) -> None:
    standings = (*FINISHED.standings, Standing("bob", 0, "Bob", 2))
    first = Finished("game", 10, 100, "abc", 1, 9.0, standings, public=True)
    again = Finished("game", 10, 100, "abc", 2, 9.5, standings[::-1], public=True)
    with opened(path) as (store, turns, _):
        keep(store, turns, room(), journal(), first)
        keep(store, turns, again)
        results = turns.wait(store.ask(lambda archive: archive.results()))
        best = turns.wait(store.ask(lambda archive: archive.leaderboard("counting")))
    assert [result.result for result in results] == [1]
    assert [(each.player, each.name, each.played) for each in best] == [("ann", "Ann", 1), ("bob", "Bob", 1)]
    recording = loaded(path).rooms[0].recording
    assert recording is not None and recording.finished == first


def ended(n: int, *players: str, public: bool = True) -> Finished:
    """Its players from the first to the last."""
    standings = [Standing(player, seat, player, seat + 1) for seat, player in enumerate(players)]
    return Finished(f"g{n}", 0, 0, "", n, float(n), tuple(standings), public)


def test_results_are_found_by_game_player_and_number(path: Path) -> None:
    def found(**wanted: object) -> list[object]:
        asked = store.ask(lambda archive: archive.results(**wanted))  # type: ignore[arg-type]
        return [each.result for each in turns.wait(asked)]

    with opened(path) as (store, turns, _):
        keep(store, turns, *(journal(f"g{n}", game="ab"[n % 2]) for n in range(6)))
        keep(store, turns, *(ended(n, "xxyyyz"[n], "all", "all") for n in range(4)))
        keep(store, turns, ended(4, "y", "all", public=False))
        assert found() == [3, 2, 1, 0]
        assert found(game="a") == [2, 0]
        assert found(player="x") == [1, 0]
        newest = turns.wait(store.ask(lambda archive: archive.results(most=1)))
        assert [(each.result, [s.player for s in each.standings]) for each in newest] == [
            (3, ["y", "all", "all"])
        ]
        assert found(player="all", game="b", before=newest[0].number) == [1]
        assert found(player="all", most=2) == [3, 2]
        keep(store, turns, ended(5, "z", "all"))
        assert found(before=newest[0].number + 2, most=1) == [3], "a game that is not listed leaves no gap"


@pytest.mark.parametrize(
    ("wanted", "by"),
    [
        ((), "INDEX results_listed (journal<?)"),
        (("game",), "INDEX results_of_game (game=? AND journal<?)"),
        (("player",), "PRIMARY KEY (player=? AND journal<?)"),
        (("game", "player"), "INDEX standings_of_player (player=? AND game=? AND journal<?)"),
    ],
)
def test_no_question_for_results_sorts_or_looks_at_all(wanted: tuple[str, ...], by: str) -> None:
    statements: list[str] = []
    with opened(None) as (store, turns, _), hooked(statements.append):
        turns.wait(store.ask(lambda archive: archive.results(**dict.fromkeys(wanted, "x"))))  # type: ignore[arg-type]
        (listed,) = (each for each in statements if ":most" in each)
        facts = {"game": "x", "player": "x", "before": 1, "most": 1}
        plan = turns.wait(
            store.ask(lambda archive: archive._db.execute(f"EXPLAIN QUERY PLAN {listed}", facts).fetchall())
        )
    first, *others = (step for *_, step in plan)
    assert first.endswith(by)
    assert [step for step in others if not step.startswith("SEARCH results USING INTEGER PRIMARY KEY")] == []


def test_a_file_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path, MIGRATIONS[:1])
    db.execute("INSERT INTO sessions VALUES ('s', 'Ann', x'01', NULL, NULL, 3, x'90')")
    db.close()
    with pytest.raises(StoreError, match="older gamesrv: the next start of a server"):
        look_into(path)
    assert loaded(path).sessions == [SessionSaved("s", "Ann", b"\x01", handled=3)]
    look_into(path).close()


def test_two_games_that_end_at_once_both_count_and_private_ones_too(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(store, turns, *(journal(f"g{n}") for n in range(2)))
        keep(store, turns, ended(0, "ann", "bob"), ended(1, "ann", "cid", public=False))
        best = turns.wait(store.ask(lambda archive: archive.leaderboard("counting")))
        mine = turns.wait(store.ask(lambda archive: archive.ratings("ann")))
    assert [(each.player, each.played) for each in best] == [("ann", 2), ("cid", 1), ("bob", 1)]
    assert mine == best[:1]


def test_players_are_ranked_by_what_they_surely_can(path: Path) -> None:
    """One win says little; half of many wins says more."""
    with opened(path) as (store, turns, _):
        keep(store, turns, *(journal(f"g{n}", game="g") for n in range(21)))
        games = [("old", "bot:a", "bot:a") if n % 2 else ("bot:a", "old", "bot:a") for n in range(20)]
        keep(store, turns, *(ended(n, *players) for n, players in enumerate(games)))
        keep(store, turns, ended(20, "new", "lost"))
        best = turns.wait(store.ask(lambda archive: archive.leaderboard("g", 3)))
    assert [(each.player, each.played) for each in best] == [("old", 20), ("bot:a", 20), ("new", 1)]


def test_incidents_keep_even_what_is_no_proper_text(path: Path) -> None:
    with opened(path) as (store, turns, _):
        keep(store, turns, Incident("1a", "room", "counting", 3.0, "bad \ud800 text", b"journal"))
        keep(store, turns, Incident("2b", "room", "counting", 4.0, "later", b""))
        listed = turns.wait(store.ask(Archive.incidents))
        one = turns.wait(store.ask(lambda archive: archive.incident("1a")))
    assert [each.id for each in listed] == ["2b", "1a"]
    assert (one.traceback, one.journal) == ("bad \\ud800 text", b"journal")


def test_a_store_in_memory_answers_as_long_as_it_is_open() -> None:
    with opened(None) as (store, turns, found):
        keep(store, turns, room(), journal(), *ENTRIES)
        recording = turns.wait(store.ask(lambda archive: archive.recording(archive.find("room"))))
    assert found == Loaded([], [], 0) and recording.entries == ENTRIES


def test_callbacks_come_in_order_and_never_at_once() -> None:
    called: list[int] = []
    with opened(None) as (store, turns, _):
        for n in range(5):
            store.append(room(f"r{n}"))
            store.commit(lambda n=n: called.append(n))  # type: ignore[misc]
        store.commit(lambda: called.append(5))
        assert called == []
        turns.until(lambda: len(called) == 6)
        assert store.waiting == 0
    assert called == [0, 1, 2, 3, 4, 5]


def test_a_callback_that_fails_keeps_no_other_from_being_called(logged_failures: list[object]) -> None:
    called: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    with opened(None) as (store, turns, _):
        store.commit(fail)
        store.commit(lambda: called.append(1))
        turns.until(lambda: called)
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_what_was_appended_together_is_written_together(tmp_path: Path) -> None:
    """Whenever the writer looks: a batch is one piece."""
    statements: list[str] = []
    with hooked(statements.append), opened(tmp_path / "s.db") as (store, turns, _):
        statements.clear()
        for n in range(100):
            store.append(room(str(n)))
        assert statements == []
        keep(store, turns)
    begun = [s for s in statements if s.startswith(("BEGIN", "COMMIT"))]
    assert begun == ["BEGIN IMMEDIATE", "COMMIT"]


def test_a_value_that_cannot_be_kept_is_the_business_of_who_made_it() -> None:
    with opened(None) as (store, turns, _):
        with pytest.raises((OverflowError, ValueError)):
            store.append(Finished("game", 0, 0, "", 2**70, 1.0))
        with pytest.raises(TypeError):
            store.append(Finished("game", 0, 0, "", object(), 1.0))
        keep(store, turns, room())
        assert store.health.ok


def test_what_makes_no_sense_stops_the_store_and_says_why() -> None:
    """An entry of a journal there is none of would be lost otherwise."""
    turns = Turns()
    store = SqliteStore(None, turns.call, retry=0.001)
    store.open()
    store.append(entry(0, "nowhere"))
    store.commit()
    turns.until(lambda: not store.health.ok)
    assert "there is no journal nowhere" in (store.health.reason or "")
    with pytest.raises(StoreError, match="1 records are lost"):
        turns.wait(store.close())


def test_more_than_can_be_held_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "s.db", most_waiting=3) as (store, turns, _):
        for n in range(3):
            store.append(room(str(n)))
        with pytest.raises(Overflow):
            store.append(room("one too many"))
        keep(store, turns)
        keep(store, turns, room("now"))


def test_a_closed_store_takes_nothing(path: Path) -> None:
    with opened(path) as (store, turns, _):
        store.append(room())
    with pytest.raises(StoreError, match="closed"):
        store.commit()
    with pytest.raises(StoreError, match="closed"):
        turns.wait(store.ask(Archive.incidents))
    assert [each.opened for each in loaded(path).rooms] == [room()]


def test_a_question_that_fails_tells_who_asked() -> None:
    with opened(None) as (store, turns, _):
        with pytest.raises(NotFound):
            turns.wait(store.ask(lambda archive: archive.recording("nothing")))
        with pytest.raises(StoreError, match="no such table"):
            turns.wait(store.ask(lambda archive: archive._db.execute("SELECT 1 FROM nowhere")))
        with pytest.raises(StoreError, match="ZeroDivisionError"):
            turns.wait(store.ask(lambda archive: 1 / 0))
        keep(store, turns, room())
