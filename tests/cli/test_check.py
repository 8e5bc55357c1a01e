"""`gamesrv check` finds what makes a game another one the next time, and names it."""

import re

import pytest
from msgspec import convert
from msgspec import inspect as types

from gamesrv.cli.differences import difference
from gamesrv.cli.games import load_game
from gamesrv.cli.main import main
from gamesrv.cli.player import RandomPlayer
from gamesrv.cli.values import random_value, random_values
from gamesrv.core.game import Refused
from gamesrv.core.machine import Machine
from gamesrv.core.rng import Random

FEW = ["--games", "3", "--steps", "100"]


def check(game: str, *more: str) -> int:
    return main(["check", game if ":" in game else f"tests.cli.broken:{game}", *FEW, *more])


@pytest.mark.parametrize("game", ["Sound", "Ticking", "gamesrv.games.bigtwo:BigTwo"])
def test_a_sound_game_is_found_so(game: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(game) == 0
    assert capsys.readouterr().out.endswith("3 games, the same each time\n")


@pytest.mark.parametrize(
    ("game", "told"),
    [
        (
            "LoopsOverASet",
            r"another hash seed\n  game 2, step \d+, tick \d+ .*\n  game.log\[\d+\]: '.*' and '.*'",
        ),
        ("SetAsItGrew", r"after a save and restore\n(.*\n)*.*game.log\[\d+\]: "),
        ("GlobalChance", r"in another process.*\n.*\n  game.log\[\d+\]: '0\.\d+' and '0\.\d+'"),
        ("GlobalState", r"in another process.*\n.*\n  game.log\[\d+\]: '\d+' and '\d+'"),
        ("HiddenState", r"after a save and restore\n.*\n  game.log\[\d+\]: '\d+' and '\d+'"),
        ("TellsASet", r"under another hash seed\n.*\n  events\[0\]\[1\].words\[0\]: "),
        ("Crashes", r"it failed\n  game 0, tick 500 .*\n(.*\n)*.*IndexError"),
        ("Miscounts", r"it failed\n  game 0, tick 500 .*\n(.*\n)*.*standings\(\) has seat 4 beyond the 4"),
        ("Unsaveable", r"it failed\n.*\n  the state can't be saved: Unsaveable.items\['all'\]\[1\].worth: "),
    ],
)
def test_a_broken_game_is_found_out(game: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(game) == 1
    said = capsys.readouterr().out
    assert re.search(told, said), said


def test_a_lockstep_game_is_played_with_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("gamesrv.games.hockey:Hockey") == 0


@pytest.mark.parametrize(
    ("game", "told"),
    [
        ("NoHint", "the state of NoHint can't be saved: NoHint.thing: can't save <class 'object'>"),
        ("nowhere:Game", "nowhere:Game: ModuleNotFoundError"),
        ("tests.cli.broken:Nothing", "AttributeError"),
        ("tests.cli.broken:COUNTER", r"\[0\] is not a Game"),
    ],
)
def test_what_is_no_game_is_told(game: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(game) == 2
    said = capsys.readouterr()
    assert said.out == "" and re.search(told, said.err) and said.err.count("\n") == 1


def test_options_are_numbers_above_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", "tests.cli.broken:Sound", "--games", "0"])
    assert ended.value.code == 2


def test_players_do_all_that_can_be_done() -> None:
    """Otherwise a check proves little."""
    machine = Machine.start(load_game("tests.cli.broken:Sound"), b"seed", {})
    player, seen, accepted = RandomPlayer(machine, Random(b"player")), set(), 0
    for _ in range(600):
        what = player.next()
        try:
            machine.advance(what) if isinstance(what, int) else machine.apply(what)
        except Refused:
            player.happened(what, False, [])
        else:
            accepted += not isinstance(what, int)
            player.happened(what, True, [])
        seen.add("time" if isinstance(what, int) else what.name if what.kind == "command" else what.kind)
    assert seen == {"time", "join", "leave", "drop", "back", "say", "go", "put"}
    assert accepted > 200


def test_values_fit_their_types() -> None:
    game, random = load_game("tests.cli.broken:Sound"), Random(b"values")
    for command in game.commands.values():
        for _ in range(50):
            command.args.parse(random_values(command.args, random))
    for kind in (int, float, bool, str, None, list[int], dict[str, float], int | str, set[bool]):
        for _ in range(20):
            convert(random_value(types.type_info(kind), random), kind)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "x.a[1].b: 2 and 3"),
        ({"a": 1}, {}, "x.a: it is there only the first time"),
        ({}, {3: 1}, "x[3]: it is there only the second time"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "the order of x: ['a', 'b'] and ['b', 'a']"),
        ([1], [1, 2], "x: 1 items and 2"),
        (1, True, "x: 1 and True"),
        ("a" * 100, "b", f"x: '{'a' * 58}… and 'b'"),
    ],
)
def test_the_first_difference_is_named(one: object, other: object, told: str | None) -> None:
    assert difference(one, other, "x") == told
