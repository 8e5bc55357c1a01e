"""The arena for those who have no page: bots, and people at a text window."""

from typing import Any

from gamesrv import Random, Window
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType
from gamesrv.core.views import prune
from gamesrv.games.arena import Arena
from gamesrv.games.arena.bot import Collector

ARENA = GameType.of(Arena)


def play(machine: Machine, bots: dict[int, Collector], seconds: int) -> list[str]:
    """Lets bots play at their pace; returns the commands they gave."""
    dice = Random(b"pace")
    fastest, slowest = (round(pause * 20) for pause in Collector.pace)
    thinks_at = dict.fromkeys(bots, 0)
    given = []
    for tick in range(20 * seconds):
        view = prune(machine.view())
        for seat in (seat for seat in bots if thinks_at[seat] == tick):
            thinks_at[seat] = tick + dice.between(fastest, slowest)
            act = bots[seat].act(view, {})
            if act is not None:
                given.append(act[0])
                machine.apply(Input(machine.tick, "command", seat, *act))
        machine.advance(machine.tick + 1)
    return given


def arena(*names: str) -> Machine:
    machine = Machine.start(ARENA, b"a seed", {})
    for seat, name in enumerate(names):
        machine.apply(Input(0, "join", seat, name))
    return machine


def thing(x: int, y: int, **more: Any) -> dict[str, Any]:
    return {"x": x, "y": y, **more}


def view_of(avatars: list[dict[str, Any]], gems: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "width": 1600,
        "height": 1000,
        "avatars": {str(seat): avatar for seat, avatar in enumerate(avatars)},
        "gems": {str(number): gem for number, gem in enumerate(gems)},
    }


def directions(bot: Collector, view: dict[str, Any]) -> set[tuple[int, int]]:
    acts = [bot.act(view, {}) for _ in range(40)]
    return {(act[1]["dx"], act[1]["dy"]) for act in acts if act is not None and act[0] == "move"}


# ---------------------------------------------------------------------- bots


def test_a_bot_collects_on_its_own_and_does_not_fidget() -> None:
    machine = arena("Ada")
    given = play(machine, {0: Collector(0, Random(b"ada"))}, 30)
    assert 25 <= machine.view()["avatars"]["0"]["score"] <= 90
    assert 20 <= len(given) <= 100


def test_bots_dash_now_and_then_and_none_is_ever_refused() -> None:
    machine = arena(*"ABCDEFGH")
    given = play(machine, {seat: Collector(seat, Random(bytes([seat]))) for seat in range(8)}, 30)
    assert 2 <= given.count("dash") <= 60
    names = [event.name for event in machine.take_events()]
    assert names.count("bumped") >= 1
    assert names.count("collected") > 60


def test_a_bot_prefers_what_is_near_and_what_is_worth_more() -> None:
    me = thing(800, 500, score=0)
    near = view_of([me], [thing(100, 100, worth=1), thing(900, 500, worth=1)])
    assert directions(Collector(0, Random(b"")), near) == {(1, 0)}
    rich = view_of([me], [thing(600, 500, worth=1), thing(800, 700, worth=5)])
    assert directions(Collector(0, Random(b"")), rich) == {(0, 1)}


def test_a_bot_goes_after_the_rich_alone_and_only_when_it_can() -> None:
    gems = [thing(100, 500, worth=1)]

    def acts(me: dict[str, Any], other: dict[str, Any]) -> set[str]:
        bot = Collector(0, Random(b""))
        view = view_of([thing(800, 500, **me), thing(900, 500, **other)], gems)
        return {act[0] for act in (bot.act(view, {}) for _ in range(60)) if act is not None}

    assert acts({"score": 1}, {"score": 9}) == {"move", "dash"}
    assert acts({"score": 9}, {"score": 1}) == {"move"}
    assert acts({"score": 1, "dash": 40}, {"score": 9}) == {"move"}
    assert acts({"score": 1}, {"score": 9, "away": True}) == {"move"}
    assert acts({"score": 1}, {"score": 9, "stun": 20}) == {"move"}
    assert acts({"score": 1, "stun": 20}, {"score": 9}) == set()


def test_a_bot_with_nothing_to_see_does_nothing() -> None:
    bot = Collector(5, Random(b""))
    assert directions(bot, view_of([], [])) == set()
    assert directions(Collector(0, Random(b"")), view_of([thing(1, 1, score=0)], [])) == set()


# ---------------------------------------------------------------------- text


def test_the_picture_is_a_map_with_a_legend_and_the_scores() -> None:
    avatars = [
        thing(20, 20, name="Ann", score=3),
        thing(1580, 980, name="Bob", score=12, away=True),
        thing(800, 500, name="Ἀννα", score=3, stun=20),
    ]
    gems = [thing(40, 960, worth=1), thing(800, 40, worth=3), thing(1560, 40, worth=5)]
    lines = (Arena.picture(Window(view_of(avatars, gems), {}, 0, {})) or "").splitlines()
    field = lines[1:21]
    assert lines[0] == lines[21] == "+" + "-" * 60 + "+"
    assert {len(line) for line in lines[:22]} == {62}
    assert field[0] == "|@" + " " * 29 + "*" + " " * 27 + "$" + " |"
    assert field[19] == "| ." + " " * 57 + "B|"
    assert field[10] == "|" + " " * 30 + "Ἀ" + " " * 29 + "|"
    assert "@ you" in lines[22]
    assert lines[23:] == ["   12  Bob (away)", "    3  Ann (you)", "    3  Ἀννα (stunned)"]


def test_one_who_looks_on_gets_a_picture_too() -> None:
    machine = arena("Ann", "Bob")
    machine.advance(100)
    picture = Arena.picture(Window(prune(machine.view()), {}, None, {}))
    assert picture is not None
    field = picture.splitlines()[1:21]
    assert sum(line.count("A") + line.count("B") for line in field) == 2
    assert not [line for line in field if "@" in line]
    assert sum(line.count(sign) for line in field for sign in ".*$") > 30


def test_tells_what_matters() -> None:
    players = {0: "Ann", 1: "Bob"}
    assert Arena.tell("collected", {"seat": 0, "gem": 1, "worth": 1, "x": 0, "y": 0}, players) == ""
    assert Arena.tell("collected", {"seat": 0, "gem": 1, "worth": 5, "x": 0, "y": 0}, players) == (
        "Ann finds a gem worth 5."
    )
    bump = {"seat": 0, "by": 1, "lost": 7, "x": 0, "y": 0}
    assert Arena.tell("bumped", bump, players) == "Ann is knocked over by Bob and drops 7."
    assert Arena.tell("bumped", {**bump, "lost": 0}, players) == "Ann is knocked over by Bob."
    assert Arena.tell("something", {}, players) is None
