"""The games of docs/write-a-game.md: each block of Python there is a module that works."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gamesrv import Game, Random, Refused, Window
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.core.views import prune
from gamesrv.tap import load_game

PAGE = Path(__file__).parent.parent / "docs" / "write-a-game.md"
MODULES = ("pig", "market", "timed_pig", "steppe", "race", "spoken_pig", "moody_pig", "pig_test")
"""The blocks, in order; only the first has its name on the page."""


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The blocks as modules that can be imported, as they can from the directory that the page speaks of."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for name, block in zip(MODULES, blocks, strict=True):
        (tmp_path / f"{name}.py").write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def start(rules: type[Game], players: int, **options: Any) -> Machine:
    machine = Machine.start(GameType.of(rules), b"a seed", options)
    for seat in range(players):
        machine.apply(Input(0, "join", seat, f"player {seat}"))
    return machine


def act(machine: Machine, seat: int, name: str, args: dict[str, Any] | None = None) -> None:
    machine.apply(Input(machine.tick, "command", seat, name, args or {}))


def events(machine: Machine) -> list[tuple[str, dict[str, Any], int | None]]:
    return [(event.name, event.data, event.to) for event in machine.take_events()]


@pytest.mark.parametrize(
    "game",
    [
        "pig:Pig",
        "market:Market",
        "timed_pig:TimedPig",
        "steppe:Steppe",
        "race:Race",
        "spoken_pig:SpokenPig",
        "moody_pig:MoodyPig",
    ],
)
def test_each_game_can_be_served(game: str) -> None:
    assert load_game(game).name == game.partition(":")[0]


def test_the_game_is_short() -> None:
    rules = Path(str(import_module("pig").__file__)).read_text().partition("@define")[2]
    assert len([line for line in rules.splitlines() if line.strip()]) <= 45


@pytest.mark.parametrize("policy", ["pig:Careful", "moody_pig:Moody"])
def test_bots_play_pig_until_one_wins(policy: str) -> None:
    module, _, name = policy.partition(":")
    pig = start(import_module("pig").Pig, 3)
    bots = [getattr(import_module(module), name)(seat, Random(bytes([seat]))) for seat in range(3)]
    told = []
    for _ in range(1000):
        for bot in bots:
            command = bot.act(prune(pig.view()), {})
            if command is not None:
                act(pig, bot.seat, *command)
            for event, data, _to in events(pig):
                bot.on_event(event, data)
                told.append(event)
    assert told.count("won") > 3
    assert told.count("rolled") > 100
    assert replay(pig.game_type, pig.journal).state_hash() == pig.state_hash()


def test_pig_goes_around_the_table() -> None:
    pig = start(import_module("pig").Pig, 3)
    with pytest.raises(Refused, match="not your turn"):
        act(pig, 1, "roll")
    for seat in (0, 1, 2, 0):
        act(pig, seat, "hold")
    pig.apply(Input(0, "leave", 1))
    assert pig.view()["turn"] == 2
    for seat in (2, 0):
        pig.apply(Input(0, "leave", seat))
    assert prune(pig.view()) == {"scores": {}, "pot": 0}
    pig.apply(Input(0, "join", 4, "late"))
    act(pig, 4, "hold")
    assert pig.view()["turn"] == 4


def test_the_market_keeps_secrets_and_says_no() -> None:
    market = start(import_module("market").Market, 2)
    act(market, 0, "buy", {"what": "tea", "amount": 3})
    assert market.view() == {"players": 2}
    assert market.view_for(0) == {"coins": 11, "goods": {"tea": 3, "silk": 0}}
    assert market.view_for(1) == {"coins": 20, "goods": {"tea": 0, "silk": 0}}
    assert events(market) == [("sold", {"what": "tea"}, None), ("receipt", {"what": "tea", "amount": 3}, 0)]
    for wrong in ({"what": "gold"}, {"what": "tea", "amount": 11}, {"what": "tea", "amount": "3"}, {}):
        with pytest.raises(Refused) as refused:
            act(market, 0, "buy", wrong)
        assert refused.value.code == "bad_argument"
    with pytest.raises(Refused) as refused:
        act(market, 0, "buy", {"what": "silk", "amount": 4})
    assert (refused.value.code, refused.value.path) == ("too_dear", "args.amount")
    buy = market.game_type.commands["buy"]
    assert buy.args.read(["tea", "3"]) == {"what": "tea", "amount": 3}
    assert buy.args.read(["silk", "amount=2"]) == {"what": "silk", "amount": 2}


def test_the_clock_of_timed_pig_passes_the_die_on() -> None:
    pig = start(import_module("timed_pig").TimedPig, 2, seconds=5)
    pig.advance(4999)
    assert pig.view()["turn"] == 0
    act(pig, 0, "hold")
    pig.advance(9998)
    assert pig.view()["turn"] == 1
    pig.advance(9999)
    assert pig.view()["turn"] == 0
    assert events(pig) == [("too_slow", {"seat": 1}, None)]
    assert pig.next_due == 14_999
    with pytest.raises(Refused):
        start(pig.game_type.rules, 2, seconds=1)


def test_spoken_pig_speaks() -> None:
    pig = start(import_module("spoken_pig").SpokenPig, 2)
    picture = pig.game_type.rules.picture(Window(prune(pig.view()), {}, 0, {}))
    assert picture is not None
    assert [line.split() for line in picture.splitlines()] == [[">", "0"], ["0"], ["in", "the", "pot:", "0"]]
    tell = pig.game_type.rules.tell
    assert tell("rolled", {"seat": 0, "die": 4}, {0: "ann"}) == "ann rolls a 4."
    assert tell("won", {"seat": 0}, {0: "ann"}) is None


def test_the_test_on_the_page_passes() -> None:
    import_module("pig_test").test_pig_can_be_played_and_replayed()


def test_twistd_finds_a_game_in_the_directory_it_is_started_from(tmp_path: Path) -> None:
    """It is loaded before the rate is looked at, so that the fault that ends the program is the rate's."""
    twistd = Path(sysconfig.get_path("scripts"), "twistd")
    options = ("gamesrv", "--web=", "--packets=", "--telnet=", "--game=pig:Pig", "--tick-rate=0")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTHONPATH"] = str(PAGE.parent.parent)
    done = subprocess.run(
        [sys.executable, twistd, "-n", "--pidfile=", *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "tick-rate must be 1 or more" in done.stderr


def test_a_race_is_run_by_its_module() -> None:
    race = import_module("race")
    machine = start(race.Race, 2)
    machine.apply(Input(0, "input", 1, bits=1))
    machine.advance(30)
    world = race.new(0, {})
    for seat in range(2):
        race.join(world, seat)
    for _ in range(30):
        race.step(world, [0, 1, 0, 0])
    assert machine.view() == world == {"tick": 30, "runners": {"0": [0, 1], "1": [30, 1]}}
    assert machine.checksum() == race.checksum(world)
    assert replay(GameType.of(race.Race), machine.journal).view() == world
    assert [race.Runner(0, Random(b"x")).control({"tick": tick}, 0) for tick in (0, 8, 16)] == [0, 1, 0]


def test_sheep_see_what_is_around_them() -> None:
    steppe = start(import_module("steppe").Steppe, 3)
    act(steppe, 1, "move", {"dx": 1, "dy": 0})
    before = steppe.game.sheep[1].x
    steppe.advance(20)
    sheep = steppe.game.sheep[1]
    assert sheep.x == before + 20 and steppe.view()["grazing"] == 3
    assert steppe.eyes([1, None]) == [(sheep.x, sheep.y), None]
    steppe.take_events()
    act(steppe, 1, "bleat")
    assert steppe.take_events()[0].where == (sheep.x, sheep.y)
