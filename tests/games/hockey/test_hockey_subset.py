"""The simulation keeps to what MicroPython knows, as Big Two's rules do, and to integers of 30 bits.

What is allowed is what `tests/games/bigtwo/test_rules_subset.py` lists, and what was tried there since.
"""

import ast
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from gamesrv.games.hockey import sim

SOURCE = Path(sim.__file__).read_text(encoding="utf-8")
TRIED = {"FloorDiv", "Continue"}
"""Of whole numbers both runtimes round down."""
MOST = 2**30
HERE = Path(__file__).parent


def subset() -> ModuleType:
    """The other game's test module."""
    spec = spec_from_file_location("rules_subset", HERE.parent / "bigtwo" / "test_rules_subset.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_simulation_runs_under_micropython() -> None:
    assert set(subset().faults(SOURCE)) <= TRIED


# ---------------------------------------------------------------------- small integers


class Weighing(ast.NodeTransformer):
    """Makes a module call ``weighed`` with whatever it computes."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(ast.Name("weighed", ast.Load()), [node], [])

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        target = ast.parse(ast.unparse(node.target), mode="eval").body
        value = ast.BinOp(target, node.op, node.value)
        return ast.Assign([node.target], ast.Call(ast.Name("weighed", ast.Load()), [value], []))


def weighing_module() -> tuple[dict[str, Any], list[int]]:
    """The simulation, and the largest number it has come by so far."""
    largest = [0]

    def weighed(value: Any) -> Any:
        if isinstance(value, int):
            largest[0] = max(largest[0], abs(value))
        assert not isinstance(value, float)
        return value

    module: dict[str, Any] = {"weighed": weighed, "__name__": "weighing"}
    tree = ast.fix_missing_locations(Weighing().visit(ast.parse(SOURCE)))
    exec(compile(tree, "weighing", "exec"), module)
    return module, largest


def extreme(chance: Random) -> dict[str, list[int]]:
    """A world as bad as it can be: all near each other, all as fast as can be."""
    world = sim.new(chance.randrange(2**30), {})
    for seat in chance.sample(range(sim.SEATS), chance.randint(1, sim.SEATS)):
        sim.join(world, seat)
        left, top, right, bottom = sim.BOUNDS[seat]
        near = [chance.choice((left, right, sim.HALF)), chance.choice((top, bottom, sim.HALF))]
        speed = [chance.choice((-1, 0, 1)) * sim.DASH_SPEED for _ in range(2)]
        world[sim.MALLETS[seat]][:4] = near + speed
    ways = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    x, y = chance.choice(ways)
    at = [
        chance.choice((sim.PUCK, sim.HALF, sim.SIDE - sim.PUCK)) + chance.randint(-900, 900) for _ in range(2)
    ]
    world["puck"][:4] = [*at, x * sim.TOP_SPEED, y * sim.TOP_SPEED]
    world["match"][sim.PHASE] = sim.PLAY
    return world


def test_no_number_grows_beyond_what_micropython_counts_with_quickly() -> None:
    module, largest = weighing_module()
    chance = Random(5)
    for _ in range(400):
        world = extreme(chance)
        for _ in range(6):
            module["step"](world, [chance.randrange(64) for _ in range(sim.SEATS)])
            module["checksum"](world)
    assert MOST // 64 < largest[0] < MOST


def test_a_number_that_is_too_large_would_be_seen() -> None:
    module, largest = weighing_module()
    world = sim.new(1, {})
    world["puck"][:4] = [sim.HALF, sim.HALF, 2**26, 0]
    world["match"][sim.PHASE], world["match"][sim.TICK] = sim.PLAY, 7
    module["step"](world, [0] * sim.SEATS)
    assert largest[0] >= MOST


# ---------------------------------------------------------------------- an order that differs there


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_a_map_decides_anything(seed: int) -> None:
    module, chance = subset(), Random(seed)
    tree = ast.fix_missing_locations(module.Shuffling().visit(ast.parse(SOURCE)))
    shuffled: dict[str, Any] = {"__name__": "shuffled"}
    shuffled["in_any_order"] = lambda it: chance.sample([*it], len(it)) if isinstance(it, dict | set) else it
    exec(compile(tree, "shuffled", "exec"), shuffled)
    one, other = sim.new(seed, {}), shuffled["new"](seed, {})
    for seat in range(3):
        sim.join(one, seat)
        shuffled["join"](other, seat)
    for _ in range(600):
        inputs = [chance.randrange(64) for _ in range(sim.SEATS)]
        sim.step(one, inputs)
        shuffled["step"](other, inputs)
    assert one == other
