"""From what was kept to the game as it was, or to why it is another one."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from gamesrv.core.game import Game, Refused, Seat, command
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.core.state import dump
from gamesrv.storage.interfaces import Entered, Finished, Recording, Snapshot
from gamesrv.storage.journals import journal_of, recording_of
from gamesrv.storage.replaying import Changed, Replay, recover
from gamesrv.storage.rules import hash_of, name_of
from tests.storage.shelf import journal


@define
class Slots(Game):
    """Timers, chance and refusals."""

    name = "slots"
    seats = (1, 4)
    pulled: list[int] = field(factory=list)
    rung: int = 0

    def on_join(self, seat: Seat) -> None:
        self.after(1, self.ring)

    def ring(self) -> None:
        self.rung += self.random.below(10)
        self.after(1, self.ring)

    @command
    def pull(self, seat: Seat) -> None:
        if self.random.below(3) == 0:
            raise Refused("it is stuck")
        self.pulled.append(self.random.below(100))


@define
class Loaded(Slots):
    """The same with another rule."""

    def ring(self) -> None:
        self.rung += 1
        self.after(1, self.ring)


SLOTS = GameType.of(Slots)
WHATS: list[Input | int] = [
    Input(0, "join", 0, "Ann"),
    *(Input(n * 700, "command", 0, "pull") for n in range(1, 8)),
    5500,
    Input(5600, "drop", 0),
    7200,
]


def played(snapshots: tuple[int, ...] = (0, 5), finished: bool = True) -> tuple[Machine, Recording]:
    """A machine as it was live, and what was kept of it."""
    machine = Machine.start(SLOTS, b"seed", {})
    recording = Recording(journal(game="slots"), None, [])
    for n, what in enumerate(WHATS):
        if n in snapshots:
            recording.snapshots.append(Snapshot("game", n, machine.tick, dump(machine.game)))
        recording.entries.append(Entered("game", n, what))
        if isinstance(what, int):
            machine.advance(what)
        else:
            try:
                machine.apply(what)
            except Refused:
                continue
    end = Finished("game", len(WHATS), 9000, "", None, 1.0)
    machine.advance(9000 if finished else machine.tick)
    end = Finished("game", len(WHATS), 9000, machine.state_hash(), None, 1.0)
    return machine, evolve(recording, finished=end if finished else None)


def test_a_game_is_recovered_as_it_was() -> None:
    machine, recording = played()
    again = recover(SLOTS, recording)
    assert (again.tick, again.state_hash()) == (machine.tick, machine.state_hash())


def test_a_game_is_recovered_up_to_the_time_that_had_an_effect() -> None:
    machine, recording = played(finished=False)
    again = recover(SLOTS, recording)
    assert (again.tick, again.state_hash()) == (7200, machine.state_hash())


def test_a_game_is_recovered_from_a_snapshot() -> None:
    machine, recording = played(finished=False)
    start = recording.snapshots[1]
    rest = Recording(recording.header, start, recording.entries[start.n :])
    again = recover(SLOTS, rest)
    assert again.state_hash() == machine.state_hash()
    assert len(again.journal.inputs) == len([e for e in rest.entries if isinstance(e.what, Input)])
    assert replay(SLOTS, journal_of(rest)).state_hash() == machine.state_hash()


def test_other_rules_are_noticed_where_they_first_matter() -> None:
    _, recording = played()
    run = Replay(GameType.of(Loaded), recording)
    assert len([*run.run()]) > len(WHATS)  # timers have moments of their own
    assert run.difference is not None
    assert (run.difference.n, run.difference.kept) == (5, recording.snapshots[1].state)
    with pytest.raises(Changed, match="lead elsewhere since tick 2800"):
        recover(GameType.of(Loaded), recording)


def test_another_end_is_noticed_by_its_hash() -> None:
    _, recording = played(snapshots=())
    run = Replay(GameType.of(Loaded), recording)
    [*run.run()]
    assert run.difference is not None and (run.difference.tick, run.difference.kept) == (9000, None)


def test_what_was_refused_is_refused_again() -> None:
    _, recording = played()
    run, refused = Replay(SLOTS, recording), 0
    for entry in run.run():
        if entry is not None and run.refused is not None:
            assert isinstance(entry.what, Input) and entry.what.name == "pull"
            refused += 1
    assert 0 < refused < 7


@pytest.mark.parametrize("limit", [3, 10_000])
def test_the_journal_of_an_incident_leads_there_again(limit: int) -> None:
    machine = Machine.start(SLOTS, b"seed", {}, limit=limit)
    for what in WHATS:
        try:
            machine.apply(what) if isinstance(what, Input) else machine.advance(what)
        except Refused:
            continue
    again = recover(SLOTS, recording_of(journal(game="slots"), machine.journal))
    assert (again.tick, again.state_hash()) == (machine.tick, machine.state_hash())


# ---------------------------------------------------------------------- which rules


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes modules of an author's, and imports them afresh."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**sources: str) -> type:
        for name, source in sources.items():
            file = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
            file.parent.mkdir(exist_ok=True)
            file.write_text(source)
        for name in [name for name in sys.modules if name.startswith("authors_")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        from gamesrv.storage import rules

        rules._hash.cache_clear()
        found: type = importlib.import_module(next(iter(sources)).replace("__", ".")).Rules
        return found

    yield write
    for name in [name for name in sys.modules if name.startswith("authors_")]:
        del sys.modules[name]


RULES = "class Rules:\n    pass\n"


def test_a_hash_shows_that_a_module_has_changed(modules: Any) -> None:
    before = hash_of(modules(authors_one=RULES, authors_other=""))
    assert hash_of(modules(authors_one=RULES, authors_other="x = 1")) == before
    assert hash_of(modules(authors_one=RULES + "x = 1", authors_other="")) != before


def test_a_hash_covers_the_whole_package(modules: Any) -> None:
    package = {"authors_game__rules": RULES, "authors_game__help": ""}
    before = hash_of(modules(**package))
    assert hash_of(modules(**package)) == before
    assert hash_of(modules(**{**package, "authors_game__help": "x = 1"})) != before


def test_a_hash_covers_base_classes(modules: Any) -> None:
    derived = "from authors_base import Base\nclass Rules(Base): pass"
    sources = {"authors_game": derived, "authors_base": "class Base: pass"}
    before = hash_of(modules(**sources))
    assert hash_of(modules(**{**sources, "authors_base": "class Base: x = 1"})) != before


def test_what_has_no_source_has_no_hash() -> None:
    module: dict[str, Any] = {"__name__": "nowhere"}
    exec(RULES, module)
    assert hash_of(module["Rules"]) == ""
    assert name_of(Slots) == "tests.storage.test_replaying:Slots"
