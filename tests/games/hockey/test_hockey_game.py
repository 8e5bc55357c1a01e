"""Air hockey as a game that is served, its bot and its text window."""

from typing import Any

import pytest

from gamesrv import Random, Refused, Window
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.games.hockey import Hockey, sim
from gamesrv.games.hockey.bot import DELAY, RHYTHM, Keeper
from gamesrv.games.hockey.sim import AT, BY, MALLETS, NOBODY, PHASE, PLAY, POINT, SCORE, SCORED, WINS, X, Y

HOCKEY = GameType.of(Hockey)


def machine(*names: str, **options: int) -> Machine:
    made = Machine.start(HOCKEY, b"a seed", options)
    for seat, name in enumerate(names):
        made.apply(Input(0, "join", seat, name))
    return made


def held_by(bots: list[Keeper], world: dict[str, list[int]]) -> list[int]:
    inputs = [0] * sim.SEATS
    for bot in bots:
        inputs[bot.seat] = bot.control(world, bot.seat)
    return inputs


def keepers(seats: int) -> list[Keeper]:
    return [Keeper(seat, Random(bytes([seat]))) for seat in range(seats)]


def let_play(
    bots: list[Keeper], ticks: int, goals: int = 7
) -> tuple[dict[str, list[int]], list[tuple[int, int]]]:
    """The world after that, and the goals: whose it was in, and who shot it."""
    world, fell = sim.new(3, {"goals": goals}), []
    for bot in bots:
        sim.join(world, bot.seat)
    for _ in range(ticks):
        before = world["match"][PHASE]
        sim.step(world, held_by(bots, world))
        if before == PLAY and world["match"][PHASE] == SCORED:
            fell.append((world["match"][AT], world["match"][BY]))
    return world, fell


# ---------------------------------------------------------------------- the game


def test_the_game_is_its_simulation() -> None:
    game = machine("Ann", "Ben")
    world = sim.new(game.view()["match"][sim.CHANCE], {"goals": 7})
    for seat in (0, 1):
        sim.join(world, seat)
    for seat, bits in ((0, sim.UP | sim.DASH), (1, sim.LEFT)):
        game.apply(Input(0, "input", seat, bits=bits))
    game.advance(300)
    for _ in range(300):
        sim.step(world, [sim.UP | sim.DASH, sim.LEFT, 0, 0])
    assert game.view() == world
    assert game.game.checksum() == sim.checksum(world)


def test_a_game_can_be_replayed() -> None:
    game, bots = machine("Ann", "Ben", goals=1), keepers(2)
    for tick in range(2400):
        for seat, bits in enumerate(held_by(bots, game.game.world)):
            game.apply(Input(tick, "input", seat, bits=bits))
        game.advance(tick + 1)
    game.apply(Input(2400, "drop", 1))
    game.apply(Input(2400, "leave", 1))
    game.advance(2500)
    assert replay(HOCKEY, game.journal).state_hash() == game.state_hash()
    told = [event for event in game.take_events() if event.name in ("goal", "won")]
    assert [event.name for event in told][:2] == ["goal", "won"]
    assert set(told[0].data) == {"seat", "by"} and told[1].data["seat"] == told[0].data["by"]


def test_it_begins_with_whoever_is_there_and_has_room_for_four() -> None:
    assert (Hockey.begins, Hockey.seats, Hockey.tick_rate, Hockey.input_bits) == ("at_once", (1, 4), 60, 6)
    assert machine("Ann").view()["match"][sim.TARGET] == 7
    assert machine("Ann", goals=3).view()["match"][sim.TARGET] == 3
    with pytest.raises(Refused):
        machine("Ann", goals=0)


# ---------------------------------------------------------------------- bots


@pytest.mark.parametrize("seats", [2, 3, 4])
def test_bots_shoot_goals_all_of_them_and_hardly_any_of_their_own(seats: int) -> None:
    """A goal every five to twenty seconds: seven for one of them are a round of some minutes."""
    _, fell = let_play(keepers(seats), 60 * 240)
    assert 12 <= len(fell) <= 48
    assert {by for _, by in fell} - {NOBODY} == set(range(seats))
    assert {at for at, _ in fell} == set(range(seats))
    assert len([by for _, by in fell if by == NOBODY]) <= len(fell) // 4


def test_a_bot_beats_whoever_does_nothing() -> None:
    world, _ = let_play(keepers(1), 0)
    sim.join(world, 1)
    (bot,) = keepers(1)
    for _ in range(60 * 240):
        sim.step(world, held_by([bot], world))
    assert world[MALLETS[0]][WINS] * 7 + world[MALLETS[0]][SCORE] > 8
    assert world[MALLETS[1]][WINS] == 0


def test_a_bot_sees_things_late_and_does_not_fidget() -> None:
    """Two of them hold the same until a while after one's puck is suddenly elsewhere."""
    courses = []
    for moved_at in (30, 99):
        (bot,), world, held = keepers(1), sim.new(1, {}), []
        sim.join(world, 0)
        world["match"][PHASE] = PLAY
        for tick in range(60):
            world["match"][sim.TICK] += 1
            if tick == moved_at:
                world["puck"][:2] = [200 * POINT, 800 * POINT]
            held.append(bot.control(world, 0))
        courses.append(held)
    parted = [tick for tick in range(60) if courses[0][tick] != courses[1][tick]]
    assert 30 + DELAY <= parted[0] <= 30 + DELAY + RHYTHM[1]
    assert len([tick for tick in range(1, 60) if courses[0][tick] != courses[0][tick - 1]]) <= 60 // RHYTHM[0]


def test_a_bot_goes_back_round_a_puck_that_is_behind_it() -> None:
    (bot,) = keepers(1)
    world = sim.new(1, {})
    sim.join(world, 0)
    world["match"][PHASE] = PLAY
    world[MALLETS[0]][X], world[MALLETS[0]][Y] = 500 * POINT, 700 * POINT
    world["puck"][:4] = [510 * POINT, 850 * POINT, 0, 0]
    for _ in range(240):
        sim.step(world, held_by([bot], world))
        assert world["match"][PHASE] == PLAY, "it has pushed the puck into its own goal"
    assert world["puck"][Y] < 850 * POINT


# ---------------------------------------------------------------------- a text window


def window(seat: int | None = 0) -> Window:
    world: dict[str, Any] = sim.new(1, {})
    for each in (0, 1, 3):
        sim.join(world, each)
    world[MALLETS[0]][SCORE], world[MALLETS[1]][SCORE], world[MALLETS[1]][WINS] = 2, 5, 1
    sim.join(world, 2)  # and is gone since
    sim.drop(world, 3)
    return Window(world, {}, seat, {0: "Ann", 1: "Bob", 3: "Cy"})


def test_the_picture_tells_how_it_stands() -> None:
    head, *lines = (Hockey.picture(window()) or "").splitlines()
    assert "first to 7" in head
    assert lines == [
        "    5  Bob, above (rounds won: 1)",
        "    2  Ann, below (you)",
        "    0  Cy, right (away)",
    ]
    assert "(you)" not in (Hockey.picture(window(None)) or "")


def test_goals_are_told_as_sentences() -> None:
    players = {0: "Ann", 1: "Bob"}
    assert Hockey.tell("goal", {"seat": 0, "by": 1}, players) == "Bob scores against Ann."
    assert Hockey.tell("goal", {"seat": 0, "by": None}, players) == "Ann lets in an own goal."
    assert Hockey.tell("won", {"seat": 1}, players) == "Bob wins the round."
    assert Hockey.tell("something", {}, players) is None
