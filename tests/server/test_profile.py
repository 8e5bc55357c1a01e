"""Where the time of rooms goes, in a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from gamesrv import Seat, command
from gamesrv.server.profile import COLUMNS, EVERY, PHASES, TURNS, TickProfile
from tests.duel import Duel
from tests.games import Calls, Field
from tests.keeping import HandStore, Words
from tests.world import World


@pytest.fixture
def tables() -> Iterator[list[list[str]]]:
    """Those that were logged, line by line."""
    told: list[list[str]] = []

    def observe(event: LogEvent) -> None:
        if "time went" in (event.get("log_format") or ""):
            told.append(formatEvent(event).splitlines()[1:])

    globalLogPublisher.addObserver(observe)
    yield told
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Games of all kinds."""
    made = World(
        games=[Field, Calls, Duel, Words], bots=2, store=lambda clock: HandStore(tmp_path / "kept.db", clock)
    )
    yield made
    made.stop()


def row(table: list[str], name: str) -> dict[str, str]:
    """What a table has of one room."""
    (line,) = (line for line in table if line.startswith(name + " "))
    cells = line.replace(" / ", "/").split()
    return dict(zip(("room", "turns", "core", *COLUMNS), cells, strict=True))


def filled(table: list[str], name: str) -> set[str]:
    """The phases in which something was done."""
    return {phase for phase, cell in row(table, name).items() if phase in PHASES and cell != "-"}


def test_it_tells_what_each_room_did(world: World, tables: list[list[str]]) -> None:
    profile = TickProfile(world.clock)
    profile.startService()
    ann = world.person("packets", "ann", "field")
    ann.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    for name, game in (("bob", "words"), ("cid", "words"), ("dan", "duel")):
        world.person("packets", name).say(op="join", game=game)
    world.people[1].say(op="cmd", name="utter", args={"word": "x"})
    world.run(EVERY)
    (table,) = tables
    rooms = {room.game_type.name: room.id for room in world.rooms}
    assert EVERY * 20 - 2 <= int(row(table, rooms["field"])["turns"]) <= EVERY * 20
    assert filled(table, rooms["field"]) == {"input", "step", "view", "encode", "send"}
    assert filled(table, rooms["duel"]) >= {"input", "step", "encode", "send"}
    assert "save" in filled(table, rooms["words"])
    turns = [int(row(table, name)["turns"]) for name in rooms.values()]
    assert int(row(table, "all")["turns"]) == sum(turns)
    profile.stopService()
    assert len(tables) == 2, "and what was left"


@pytest.mark.parametrize("slowness", [1, 1000])
def test_each_moment_counts_for_one_phase(
    slowness: int, tables: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def work(seconds: float) -> None:
        nonlocal now
        now += seconds * slowness

    @define
    class Busy(Field):
        name = "busy"

        def on_tick(self) -> None:
            work(0.003)

        @command
        def toil(self, seat: Seat) -> None:
            work(0.002)

        def view(self) -> dict[str, Any]:
            work(0.005)
            return {"now": now}

    monkeypatch.setattr("gamesrv.server.profile.perf_counter", lambda: now)
    world = World(games=[Busy])
    ann = world.person("packets", "ann", "busy")
    profile = TickProfile(world.clock)
    profile.startService()
    for _ in range(20):
        ann.say(op="cmd", name="toil")
        world.run(1 / 20)
    profile.stopService()
    world.stop()
    phases = row(tables[0], "busy-1")
    mean = float(phases["input"].split("/")[0])
    assert mean * int(phases["turns"]) == pytest.approx(20 * 2000 * slowness, rel=0.01)
    step, view = 3000 * slowness, 5000 * slowness
    assert (phases["step"], phases["view"]) == (f"{step}/{step}/{step}", f"{view}/{view}/{view}")
    assert phases["encode"] == phases["send"] == phases["rest"] == "-"


def test_nothing_is_wrapped_but_while_it_runs(world: World, tables: list[list[str]]) -> None:
    methods = [*TURNS, *(method for each in PHASES.values() for method in each)]
    before = [vars(kind)[name] for kind, name in methods]
    profile = TickProfile(world.clock)
    assert [vars(kind)[name] for kind, name in methods] == before
    profile.startService()
    assert all(vars(kind)[name] is not was for (kind, name), was in zip(methods, before, strict=True))
    profile.stopService()
    assert [vars(kind)[name] for kind, name in methods] == before
    assert tables == [["no room had a turn"]]
