"""The rules keep to what MicroPython 1.27 knows, since the browser runs the same file.

What is allowed is listed, by kind of syntax, builtin and method: whatever is new fails here first, and may be
added to the list once it has been tried there.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gamesrv.games.bigtwo import rules

SOURCE = Path(rules.__file__).read_text(encoding="utf-8")

SYNTAX = set(
    """
    Module Expr Assign AnnAssign AugAssign FunctionDef ClassDef Return If For While Raise
    arguments arg keyword Name Attribute Subscript Slice Constant Tuple List Set Dict Load Store
    ListComp SetComp DictComp comprehension Lambda Call IfExp JoinedStr FormattedValue
    BoolOp And Or UnaryOp Not USub BinOp Add Sub Mult Mod LShift RShift BitAnd BitOr BitXor
    Compare Eq NotEq Lt LtE Gt GtE In NotIn IsNot
    """.split()
)
BUILTINS = set("abs all int len list max min range sorted str sum type ValueError".split())
METHODS = set("append get index join replace split upper".split())
TYPES = {"dict", "list", "set", "tuple", "type"}


# ---------------------------------------------------------------------- what it lacks


def faults(source: str) -> list[str]:
    """What in a module's text MicroPython lacks, or does otherwise."""
    nodes = [*ast.walk(ast.parse(source))]
    own = {name for node in nodes for name in names(node)}
    # Hints are for CPython's tools alone: MicroPython passes over them.
    hints = {id(part) for node in nodes for hint in annotations(node) for part in ast.walk(hint)}
    return [fault for node in nodes if id(node) not in hints for fault in of_node(node, own)]


def names(node: ast.AST) -> Iterator[str]:
    """What a module calls its own."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name


def annotations(node: ast.AST) -> Iterator[ast.AST]:
    hints = (getattr(node, "annotation", None), getattr(node, "returns", None))
    yield from (hint for hint in hints if hint is not None)


def of_node(node: ast.AST, own: set[str]) -> Iterator[str]:
    if type(node).__name__ not in SYNTAX:
        yield type(node).__name__
    match node:
        case ast.Name(id=name, ctx=ast.Load()) if name not in own | BUILTINS:
            yield f"name {name}"
        case ast.Attribute(attr=name, ctx=ast.Load()) if name not in own | METHODS:
            yield f"attribute {name}"
        case ast.FunctionDef(decorator_list=[_, *_]) | ast.ClassDef(decorator_list=[_, *_]):
            yield "decorator"
        case ast.ClassDef(keywords=[_, *_]):
            yield "class keyword"
        case ast.arguments(posonlyargs=[_, *_]):
            yield "positional-only argument"
        case ast.Dict(keys=keys) if None in keys:
            yield "unpacking in a dict"
        case ast.Subscript(value=ast.Name(id=name)) if name in TYPES:
            yield f"subscript of {name}"
        case ast.Slice(step=ast.UnaryOp()):
            yield "backward slice"
        case ast.Call(func=ast.Name(id="sorted"), keywords=[_, *_]):
            yield "sort by a key, which is not stable there"


def test_the_rules_run_under_micropython() -> None:
    assert faults(SOURCE) == []


@pytest.mark.parametrize(
    "source",
    [
        "import typing",
        "from bisect import bisect",
        "match 1:\n    case 1: pass",
        "def f(a, /): 0",
        "a = [1]\nb = [*a, 2]",
        "a = {1: 2}\nb = {**a}",
        "a = 'abc'[::-1]",
        "a = 5\nb = a.bit_count()",
        "a = 5\nb = a.bit_length()",
        "a = 'abc'.removeprefix('a')",
        "a = zip([1], [2], strict=True)",
        "try:\n    0\nexcept* ValueError:\n    0",
        "class A(metaclass=type): a = 0",
        "class A:\n    @staticmethod\n    def f(): 0",
        "a = sorted([1], key=lambda b: 0)",
        "a = tuple[int, int]",
        "a = open('f')",
        "a = 7 / 2",
        "def f(): 0\na = f.__doc__",
    ],
)
def test_what_it_lacks_is_found(source: str) -> None:
    assert faults(source)


# ---------------------------------------------------------------------- orders that differ there


class Shuffling(ast.NodeTransformer):
    """Makes a module walk through its dicts and sets in any order."""

    def visit_For(self, node: ast.For) -> ast.For:
        node.iter = self.in_any_order(node.iter)
        self.generic_visit(node)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        node.iter = self.in_any_order(node.iter)
        self.generic_visit(node)
        return node

    def in_any_order(self, items: ast.expr) -> ast.expr:
        return ast.Call(ast.Name("in_any_order", ast.Load()), [items], [])


def shuffled_module(seed: int) -> dict[str, Any]:
    """The rules where dicts and sets have no order, and the sort is not stable."""
    chance = Random(seed)

    def in_any_order(items: Any) -> Any:
        return chance.sample([*items], len(items)) if isinstance(items, dict | set) else items

    def unstable(items: Any) -> list[Any]:
        return sorted(chance.sample([*items], len([*items])))

    module: dict[str, Any] = {"in_any_order": in_any_order, "sorted": unstable, "__name__": "shuffled"}
    tree = ast.fix_missing_locations(Shuffling().visit(ast.parse(SOURCE)))
    exec(compile(tree, "shuffled", "exec"), module)
    return module


def course(module: dict[str, Any], preset: str, seed: int) -> list[Any]:
    """All that could be played and was, in a deal by chance."""
    chance = Random(seed)
    game = module["Rules"](module["options_for"](preset, four_cards="twopair_quads4"))
    deal = game.start(chance.sample(range(52), 52))
    seen: list[Any] = []
    while deal.turn != rules.NOBODY:
        plays = game.legal(deal, deal.turn)
        seen.append((deal.turn, plays, game.plays(deal.hands[deal.turn])))
        if plays:
            game.play(deal, deal.turn, chance.choice(plays))
        else:
            game.pass_turn(deal, deal.turn)
    return [*seen, game.score(deal)]


@pytest.mark.parametrize("preset", rules.PRESETS)
def test_no_order_of_a_dict_or_set_decides_anything(preset: str) -> None:
    for seed in range(5):
        assert course(shuffled_module(seed), preset, seed) == course(vars(rules), preset, seed)


def test_the_first_of_several_wrong_options_is_named_whatever_their_order() -> None:
    for seed in range(5):
        for wrong in ({"triples": 7, "dragon": 7, "suits": 7}, {"jokers": 1, "decks": 2}):
            with pytest.raises(ValueError) as refused:
                shuffled_module(seed)["options_for"](**wrong)
            assert refused.value.args[0] == min(wrong)
