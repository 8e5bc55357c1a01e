"""`gamesrv replay`, `export` and `incidents`, on a store and on files."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attrs import evolve

from gamesrv.cli.games import load_game
from gamesrv.cli.main import main
from gamesrv.core.game import Refused
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.state import dump
from gamesrv.storage import journal_file
from gamesrv.storage.interfaces import (
    Entered,
    Finished,
    Incident,
    JournalBegan,
    Recording,
    RoomOpened,
    Snapshot,
)
from gamesrv.storage.journals import recording_of
from gamesrv.storage.rules import hash_of
from tests.storage.shelf import keep, opened

Text, Bytes = pytest.CaptureFixture[str], pytest.CaptureFixture[bytes]
BIGTWO = load_game("gamesrv.games.bigtwo:BigTwo")
NAMES = {0: "Ann", 1: "Bo", 2: "Cy", 3: "Di"}
TABLES = ("entries", "snapshots", "results")
TRACEBACK = "Traceback\n  line\nKeyError: 3\n"
WHATS = [
    Input(100, "command", 0, "auto", {"on": True}),
    Input(200, "command", 1, "play", {"cards": [0, 0]}),
    Input(300, "drop", 2),
    400_000,
]


def header(**facts: Any) -> JournalBegan:
    made = {
        "id": "g1",
        "room": "room",
        "game": "bigtwo",
        "rules": "gamesrv.games.bigtwo.game:BigTwo",
        "rules_hash": hash_of(BIGTWO.rules),
        "seed": b"seed",
        "options": {},
        "names": NAMES,
        "rate": 1000,
        "durable": True,
        "at": 1.0,
    }
    return JournalBegan(**(made | facts))


def tool(*words: str) -> subprocess.CompletedProcess[bytes]:
    """As people run it: in a process of its own."""
    return subprocess.run([sys.executable, "-m", "gamesrv.cli.main", *words], capture_output=True, timeout=60)


def played(**facts: Any) -> tuple[Machine, Recording]:
    recording = Recording(header(**facts), None, [])
    machine = Machine.start(BIGTWO, b"seed", {}, NAMES)
    for n, what in enumerate(WHATS):
        recording.entries.append(Entered("g1", n, what))
        try:
            machine.advance(what) if isinstance(what, int) else machine.apply(what)
        except Refused:
            pass
        recording.snapshots.append(Snapshot("g1", n + 1, machine.tick, dump(machine.game)))
    end = Finished("g1", len(WHATS), machine.tick, machine.state_hash(), {"winner": 3}, 9.0)
    return machine, evolve(recording, finished=end)


@pytest.fixture
def store(tmp_path: Path) -> str:
    """With one game, and one incident."""
    machine, recording = played()
    path = tmp_path / "server.db"
    journal = journal_file.write(recording_of(recording.header, machine.journal))
    with opened(path) as (store, turns, _):
        keep(store, turns, RoomOpened("room", "bigtwo", {}, True, 1.0), recording.header, *recording.entries)
        keep(store, turns, *recording.snapshots, recording.finished)  # type: ignore[arg-type]
        keep(store, turns, Incident("ab12", "room", "bigtwo", 3.0, TRACEBACK, journal))
    return str(path)


def test_a_game_is_shown(store: str, capsys: Text) -> None:
    assert main(["replay", "room", "--store", store]) == 0
    said = capsys.readouterr().out
    assert said.startswith("bigtwo in room, game g1, options {}\n  seat 0: Ann\n")
    assert 'tick 100 (0.100 s) seat 0 auto {"on":true}\n' in said
    assert 'seat 1 play {"cards":[0,0]}: refused, a card is named twice' in said
    assert "tick 300 (0.300 s) seat 2 drop" in said
    assert "  event played" in said and "  event passed" in said
    assert "view of seat" not in said and '"hand"' not in said
    assert said.endswith('Finished: {"winner":3}\n')


def test_of_a_game_that_is_not_durable_its_newest_state_is_shown(tmp_path: Path, capsys: Text) -> None:
    machine, recording = played(durable=False)
    path = tmp_path / "server.db"
    with opened(path) as (store, turns, _):
        keep(store, turns, RoomOpened("room", "bigtwo", {}, True, 1.0), recording.header)
    assert main(["replay", "room", "--store", str(path)]) == 2
    assert capsys.readouterr().err == "gamesrv: no state of game g1 is kept\n"
    with opened(path) as (store, turns, _):
        keep(store, turns, *recording.snapshots)
    assert main(["replay", "room", "--store", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"At tick {machine.tick} (" in said and " time" not in said


def test_an_incident_before_there_was_a_game_has_a_traceback(store: str, capsys: Text) -> None:
    with opened(Path(store)) as (kept, turns, _):
        keep(kept, turns, Incident("cd34", "room", "bigtwo", 4.0, TRACEBACK, b""))
    assert main(["replay", "cd34", "--store", store]) == 2
    assert "no more than the traceback" in capsys.readouterr().err


def test_what_is_old_can_be_deleted(tmp_path: Path, capsys: Text) -> None:
    """But not what an open room still needs."""
    path = tmp_path / "server.db"
    _, recording = played()
    games = {"old": ("closed", 1.0), "open": ("room", 1.0), "new": ("closed", time.time() - 3600)}
    with opened(path) as (store, turns, _):
        keep(store, turns, RoomOpened("room", "bigtwo", {}, True, 1.0))
        for name, (room, at) in games.items():
            parts = [*recording.entries, *recording.snapshots, recording.finished]
            renamed = [msgspec.structs.replace(each, journal=name) for each in parts]
            keep(store, turns, header(id=name, room=room, at=at), *renamed)
        keep(store, turns, Incident("ab12", "room", "bigtwo", 3.0, TRACEBACK, b""))
        assert main(["prune", "--older-than", "1", "--store", str(path)]) == 2
        assert "in use by another server" in capsys.readouterr().err
    assert main(["prune", "--older-than", "1", "--store", str(path)]) == 0
    assert capsys.readouterr().out == "games: 1, incidents: 1\n"
    assert main(["replay", "old", "--store", str(path)]) == 2
    for name in ("open", "new"):
        assert main(["replay", "--check", name, "--store", str(path)]) == 0
    with closing(sqlite3.connect(path)) as db:
        counts = [
            db.execute(f"SELECT count(DISTINCT journal) FROM {table}").fetchone()[0] for table in TABLES
        ]
    assert counts == [2, 2, 2]
    assert main(["prune", "--older-than", "-1", "--store", str(path)]) == 2
    assert main(["prune", "--older-than", "1", "--store", str(tmp_path / "none.db")]) == 2
    assert [file.name for file in tmp_path.iterdir() if "none" in file.name] == []


def test_a_timer_has_its_own_moment(store: str, capsys: Text) -> None:
    main(["replay", "room", "--store", store])
    times = [line for line in capsys.readouterr().out.splitlines() if line.endswith(" time")]
    assert len(times) > 5 and len({*times}) == len(times)


def test_a_game_is_shown_up_to_a_tick_as_one_seat_saw_it(store: str, capsys: Text) -> None:
    assert main(["replay", "g1", "--store", f"sqlite:{store}", "--tick", "250", "--seat", "0"]) == 0
    said = capsys.readouterr().out
    assert "At tick 250 (0.250 s):" in said and "drop" not in said and "Finished" not in said
    assert 'view of seat 0 {"hand":' in said and "view of seat 1" not in said


def test_a_game_is_shown_as_all_saw_it(store: str, capsys: Text) -> None:
    assert main(["replay", "room", "--store", store, "--tick", "0", "--all"]) == 0
    said = capsys.readouterr().out
    assert all(f'view of seat {seat} {{"hand":' in said for seat in NAMES)


def test_a_game_that_comes_out_the_same_passes(store: str, capsys: Text) -> None:
    assert main(["replay", "room", "--store", store, "--check"]) == 0
    assert "4 entries, 5 states compared: the same" in capsys.readouterr().out


def test_a_file_is_exported_and_passes_too(store: str, tmp_path: Path) -> None:
    exported = tool("export", "room", "--store", store)
    assert journal_file.read(exported.stdout) == played()[1]
    file = tmp_path / "game.journal"
    file.write_bytes(exported.stdout)
    checked = tool("replay", "--check", str(file))
    assert (checked.returncode, checked.stdout) == (0, b"4 entries, 5 states compared: the same\n")


def test_a_difference_is_named(tmp_path: Path, capsys: Text) -> None:
    """As if the rules had dealt otherwise."""
    _, recording = played(seed=b"other", rules_hash="other")
    file = tmp_path / "game.journal"
    file.write_bytes(journal_file.write(recording))
    assert main(["replay", "--check", str(file)]) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        "The rules have changed since this was played.\nIt comes out differently: tick 100"
    )
    assert "game.deal.hands[0]: " in said


def test_another_end_is_told(tmp_path: Path, capsys: Text) -> None:
    _, recording = played(seed=b"other")
    file = tmp_path / "game.journal"
    file.write_bytes(journal_file.write(evolve(recording, snapshots=[])))
    assert main(["replay", "--check", str(file)]) == 1
    assert "tick 400000 (400.000 s): the last state has another hash" in capsys.readouterr().out


def test_a_cut_file_is_shown_as_far_as_it_goes(tmp_path: Path, capsys: Text) -> None:
    file = tmp_path / "game.journal"
    file.write_bytes(journal_file.write(played()[1]).partition(b'{"type":"entry","n":2')[0] + b'{"type"')
    assert main(["replay", str(file)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("This is not all of it: it ends within line ")
    assert "At tick 200" in said


def test_a_game_that_fails_is_shown_up_to_there(tmp_path: Path, capsys: Text) -> None:
    rules = "tests.cli.broken:Crashes"
    crash = header(game="crashes", rules=rules, rules_hash="", names={})
    entries = [Entered("g1", 0, Input(0, "join", 0, "Ann")), Entered("g1", 1, 900)]
    file = tmp_path / "game.journal"
    file.write_bytes(journal_file.write(Recording(crash, None, entries)))
    for more in ([], ["--check"]):
        assert main(["replay", str(file), "--game", rules, *more]) == 1
        said = capsys.readouterr().out
        assert "The game failed: IndexError" in said
    assert main(["replay", str(file)]) == 2
    assert f"say --game {rules}" in capsys.readouterr().err


def test_incidents_are_listed_and_told_of(store: str, capsys: Text) -> None:
    assert main(["incidents", "--store", store]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("ab12  ") and line.endswith("  room  KeyError: 3")
    assert main(["incidents", "ab12", "--store", store]) == 0
    assert capsys.readouterr().out.endswith("  room\nTraceback\n  line\nKeyError: 3\n")


def test_what_led_to_an_incident_is_shown_and_exported(store: str, capsysbinary: Bytes) -> None:
    assert main(["replay", "ab12", "--store", store]) == 0
    assert b"At tick 400000" in capsysbinary.readouterr().out
    assert main(["export", "ab12", "--store", store]) == 0
    assert journal_file.read(capsysbinary.readouterr().out).damage is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["replay", "nothing"], "there is no game, room or incident nothing"),
        (["export", "nothing"], "there is no game, room or incident nothing"),
        (["incidents", "nothing"], "there is no incident nothing"),
        (["replay", "room", "--game", "nowhere:Game"], "ModuleNotFoundError"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(store: str, words: list[str], told: str, capsys: Text) -> None:
    assert main([*words, "--store", store]) == 2
    said = capsys.readouterr()
    assert said.out == "" and told in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize("store", ["memory:", "/no/such/file.db", "sqlite:/no/such/file.db"])
def test_a_store_that_is_not_there_is_told(store: str, capsys: Text) -> None:
    assert main(["incidents", "--store", store]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_store_can_be_looked_into_while_a_server_writes(store: str, capsys: Text) -> None:
    with opened(Path(store)) as (server, turns, _):
        keep(server, turns, Incident("cd34", "other", "bigtwo", 4.0, "Now", b""))
        assert main(["incidents", "--store", store]) == 0
    assert "cd34" in capsys.readouterr().out
