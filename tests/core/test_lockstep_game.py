"""A lockstep game as the machine sees it: its inputs are journalled, and lead to the same world again."""

import types
from typing import Any, ClassVar

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from gamesrv import Game, GameError, LockstepGame, Seat, command
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from tests import duel
from tests.duel import Duel

GAME = GameType.of(Duel)


def start(**journal: Any) -> Machine:
    return Machine.start(GAME, b"seed", {}, **journal)


def hold(machine: Machine, seat: int, bits: int) -> None:
    machine.apply(Input(machine.tick, "input", seat, bits=bits))


def test_the_world_is_the_modules() -> None:
    machine = start()
    game: Any = machine.game
    seed = game.world["chance"]
    assert 0 <= seed < 2**30
    machine.apply(Input(0, "join", 2, "ann"))
    hold(machine, 2, 5)
    machine.advance(3)
    world = duel.new(seed, {})
    duel.join(world, 2)
    for _ in range(3):
        duel.step(world, [0, 0, 5, 0])
    assert game.world == machine.view() == world
    assert machine.checksum() == duel.checksum(world)


def test_those_who_are_there_at_the_start_are_in_the_world() -> None:
    machine = Machine.start(GAME, b"seed", {}, {1: "ann", 3: "bob"})
    assert list(machine.view()["seats"]) == ["1", "3"]


def test_an_input_stays_until_there_is_another_one() -> None:
    machine = start()
    hold(machine, 1, 5)
    assert list(machine.inputs) == machine.game.inputs == [0, 5, 0, 0]
    machine.advance(100)
    assert list(machine.inputs) == [0, 5, 0, 0]
    machine.game.inputs.clear()
    assert len(machine.inputs) == 4, "an author's copy"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["join", "drop", "back", "leave", "input"]), st.integers(0, 63)
        ),
        max_size=40,
    ),
    st.integers(3, 50),
)
def test_a_journal_leads_to_the_same_world(steps: list[tuple[int, str, int]], limit: int) -> None:
    """Also where it began again from a checkpoint on the way."""
    machine = start(limit=limit)
    state = dict.fromkeys(range(4), "free")
    for number, (seat, kind, bits) in enumerate(steps):
        before, after = {
            "join": (("free",), "there"),
            "drop": (("there",), "away"),
            "back": (("away",), "there"),
            "leave": (("there", "away"), "free"),
            "input": (("there", "away", "free"), state[seat]),
        }[kind]
        if state[seat] in before:
            state[seat] = after
            machine.apply(Input(machine.tick, kind, seat, f"p{number}", bits=bits))  # type: ignore[arg-type]
        machine.advance(machine.tick + bits % 3)
    again = replay(GAME, machine.journal)
    assert again.state_hash() == machine.state_hash()
    assert again.checksum() == machine.checksum() and again.view() == machine.view()
    assert list(again.inputs) == list(machine.inputs)


def test_what_is_held_is_part_of_the_state() -> None:
    one, other = start(), start()
    hold(one, 0, 1)
    assert one.state_hash() != other.state_hash()


@define
class Plain(Game):
    """One that does without `LockstepGame`."""

    name, tick_rate, input_bits = "plain", 30, 2
    total: int = 0

    def on_tick(self) -> None:
        self.total += sum(self.inputs)

    def view(self) -> dict[str, Any]:
        return {"total": self.total}


def test_the_checksum_of_a_game_is_that_of_its_view() -> None:
    one, other = (Machine.start(GameType.of(Plain), b"x", {}) for _ in range(2))
    assert one.checksum() == other.checksum()
    hold(one, 0, 3)
    one.advance(1)
    assert one.checksum() != other.checksum() and 0 <= one.checksum() < 2**32


def refused(**settings: Any) -> str:
    made = define(type("Odd", (Plain,), {"name": "odd", **settings}))
    with pytest.raises(GameError) as caught:
        GameType.of(made)
    return str(caught.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("input_bits", 17),
        ("input_bits", -1),
        ("input_bits", True),
        ("input_bits", "6"),
        ("lockstep_mode", "later"),
        ("check_every", 0),
        ("check_every", 1.5),
        ("tick_rate", 0),
        ("seats", (1, 65)),
        ("stand_ins", True),
        ("view_for", lambda self, seat: {}),
    ],
)
def test_settings_that_will_not_do(setting: str, value: Any) -> None:
    problem = refused(**{setting: value})
    assert "Odd" in problem


def test_a_simulation_has_all_that_it_needs() -> None:
    @define
    class Empty(LockstepGame):
        name, tick_rate, input_bits = "empty", 30, 2

    @define
    class Half(Empty):
        simulation = types.ModuleType("half")

    @define
    class Buttonless(Duel):
        input_bits = 0

    for game, missing in ((Empty, "no new"), (Half, "no new"), (Buttonless, "input_bits")):
        with pytest.raises(GameError, match=missing):
            GameType.of(game)


def test_there_are_no_commands() -> None:
    def jump(self: Any, seat: Seat) -> None:
        """Up."""

    assert "no commands" in refused(jump=command(jump))


def test_other_games_have_no_inputs() -> None:
    @define
    class Calm(Game):
        name: ClassVar[str] = "calm"

    machine = Machine.start(GameType.of(Calm), b"x", {})
    assert not GameType.of(Calm).lockstep and machine.game.inputs == [] and Calm.simulation is None


def test_the_worlds_of_two_machines_are_their_own() -> None:
    one, other = start(), start()
    one.apply(Input(0, "join", 0, "ann"))
    assert other.view()["seats"] == {}
    assert isinstance(one.game, LockstepGame)
