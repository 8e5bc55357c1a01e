"""The layers of the house: imports point down only, and modules and functions stay small."""

import ast
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

import gamesrv

PACKAGE = Path(gamesrv.__file__).parent
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))

VALUES = {"attrs", "cattrs", "msgspec"}
TWISTED = {"twisted", "zope.interface"}
AUTOBAHN = {"autobahn", "txaio"}
AT_SERVER = VALUES | TWISTED | {"gamesrv.core", "gamesrv.server", "gamesrv.storage", "gamesrv.wire"}
AT_NET = AT_SERVER | {"gamesrv.net"}
AT_SERVICE = AT_NET | {"gamesrv.bots", "gamesrv.keeper", "gamesrv.cancellable"}
AT_CLIENT = (
    VALUES
    | TWISTED
    | {"gamesrv.cancellable", "gamesrv.client", "gamesrv.core", "gamesrv.server.interfaces", "gamesrv.wire"}
    | {"gamesrv.net.keys"}
)
PUBLIC_API = {f"gamesrv.{name}" for name in gamesrv.__all__}
REACTOR = "twisted.internet.reactor"

MAY_IMPORT = {
    "__init__.py": {"gamesrv.core", "msgspec"},
    "core": VALUES | {"gamesrv.core"},
    "wire": VALUES
    | {"cryptography", "gamesrv.wire"}
    | {"gamesrv.core.messages", "gamesrv.core.plain", "gamesrv.core.inputs"},
    "server": AT_SERVER,
    "storage": VALUES | TWISTED | {"gamesrv.storage", "gamesrv.core"},
    "storage/ratings.py": {"gamesrv.storage", "openskill"},
    "cli": VALUES | {"gamesrv.cli", "gamesrv.loading", "gamesrv.storage", "gamesrv.core"},
    "cli/load": VALUES | {"gamesrv.cli", "gamesrv.client.games", "gamesrv.core", "gamesrv.wire"},
    "loading.py": {"gamesrv.core"},
    "cancellable.py": VALUES | TWISTED,
    "net": AT_NET,
    "net/full_websocket.py": AT_NET | AUTOBAHN,
    "bots.py": AT_NET,
    "garbage.py": set(),
    "keeper.py": AT_NET | {"gamesrv.bots"},
    "service.py": AT_SERVICE,
    "tap.py": AT_SERVICE | {"gamesrv.garbage", "gamesrv.loading", "gamesrv.service"},
    "client": AT_CLIENT,
    "client/web_wire.py": AT_CLIENT | AUTOBAHN,
    "client/window.py": AT_CLIENT | {"gamesrv.server.terminal"},
    "client/lines.py": AT_CLIENT | {"prompt_toolkit"},
    "games": PUBLIC_API | {"attrs", "gamesrv.games"},
    # A bot is no part of the game's state, and its own seeded generator deals it a thousand decks in no time.
    "games/bigtwo/bots": PUBLIC_API | {"attrs", "gamesrv.games", "random.Random"},
}
"""What each part may import beside the standard library. A file has its own row, or its nearest folder's."""

PURE = ("core", "wire", "games")
IMPURE = {"asyncio", "datetime", "os", "random", "select", "socket", "subprocess", "threading", "time"}


def imports(module: str) -> Iterator[str]:
    """Full dotted names of what a module imports, relative imports resolved."""
    package = ".".join(["gamesrv", *Path(module).parent.parts])
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{source}.{alias.name}" for alias in node.names)


def rule(module: str) -> set[str]:
    """What a module may import: the row of its file, or that of the nearest folder that has one."""
    path = Path(module)
    return next(MAY_IMPORT[str(place)] for place in (path, *path.parents) if str(place) in MAY_IMPORT)


def within(name: str, allowed: set[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    standard = sys.stdlib_module_names - (IMPURE if module.startswith(PURE) else set())
    assert [name for name in imports(module) if not within(name, rule(module) | standard)] == []


@pytest.mark.parametrize("module", MODULES)
def test_only_tap_touches_the_global_reactor(module: str) -> None:
    assert module == "tap.py" or REACTOR not in imports(module)


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_small(module: str) -> None:
    text = (PACKAGE / module).read_text(encoding="utf-8")
    functions = (
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert text.count("\n") <= 450
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 45] == []
