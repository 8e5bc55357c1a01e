"""What the documentation says is what the code has."""

import re
from pathlib import Path
from typing import Any

import attrs
import msgspec

from gamesrv.core import messages
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType
from gamesrv.server.limits import Limits
from gamesrv.wire.close import CloseCode

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def test_every_limit_is_documented_with_its_default() -> None:
    text = (DOCS / "operations.md").read_text()
    for item in attrs.fields(Limits):
        option = item.name.replace("_", "-")
        assert f"| `--{option}` | {item.default} | {item.metadata['help']} |" in text


def test_every_close_code_is_documented() -> None:
    text = (DOCS / "protocol.md").read_text().partition("## Close codes")[2]
    assert set(CloseCode) == {CloseCode(int(code)) for code in re.findall(r"\b[14]\d{3}\b", text)}


def test_every_message_is_documented() -> None:
    text = (DOCS / "protocol.md").read_text()
    for union in (messages.ClientMessage, messages.ServerMessage):
        for message in union.__args__:
            tag = message.__struct_config__.tag
            row = next(line for line in text.splitlines() if line.startswith(f"| `{tag}`"))
            for item in msgspec.structs.fields(message):
                assert f"`{item.name}`" in row or f"`{item.name}`" in text, (tag, item.name)


def test_the_game_in_the_readme_can_be_played() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    module: dict[str, Any] = {"__name__": "readme"}
    exec(source, module)
    machine = Machine.start(GameType.of(module["Field"]), b"seed", {})
    machine.apply(Input(0, "join", 0, "ann"))
    machine.apply(Input(0, "command", 0, "move", {"dx": 1, "dy": -1}))
    machine.advance(3)
    assert machine.view()["avatars"]["0"] == {"x": 3, "y": -3, "dx": 1, "dy": -1}
