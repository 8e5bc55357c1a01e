"""The client library on real sockets, against a whole server: every transport, and both command lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutputAndValue

from gamesrv.client import Client, Closed, Door, known_servers, legacy, noise, packets, pinned, udp, websocket
from gamesrv.client.__main__ import main
from gamesrv.net.keys import server_key
from gamesrv.server.lockstep import LockstepRoom
from gamesrv.wire.noise import public_key
from tests import duel
from tests.integration.real import PATIENCE, House, house_fixture

open_house = house_fixture
OpenHouse = Callable[..., House]
HERE = "127.0.0.1"
ROOT = Path(__file__).parent.parent.parent
MANUAL = ROOT / "docs" / "client.md"


def until(client: Client, name: str, look: Callable[[], Any]) -> Deferred[None]:
    """Waits until ``look`` finds something; it is asked whenever that is told of."""
    found: Deferred[None] = Deferred()

    def ask(*_: object) -> None:
        if not found.called and look():
            found.callback(None)

    forget = client.on(name, ask)
    ask()
    return found.addTimeout(PATIENCE, reactor).addBoth(lambda result: (forget(), result)[1])  # type: ignore[arg-type]


async def play(client: Client) -> None:
    """Goes in, walks, and goes."""
    await client.connect("ann")
    room = await client.quick("plaza")
    try:
        client.do("move", dx=1, dy=0)
        await until(client, "update", lambda: room.view["avatars"][str(room.seat)]["x"] > 3)
        await client.sync()
    finally:
        await client.close()


@pytest.mark.parametrize("kind", ["packets", "websocket", "noise", "legacy"])
@pytest_twisted.ensureDeferred
async def test_each_transport(open_house: OpenHouse, kind: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    profile = {"noise": ("--packet-key", str(key)), "legacy": ()}.get(kind)
    house = open_house() if profile is None else open_house("--packet-profile", kind, *profile)
    port = house.ports["web" if kind == "websocket" else "packets"]
    if kind == "noise":
        shown = public_key(server_key(key))
        await play(Client(reactor, noise(reactor, HERE, port, pinned(shown))))
        trust = known_servers(tmp_path / "servers", f"{HERE}:{port}")
        await play(Client(reactor, noise(reactor, HERE, port, trust)))
        with pytest.raises(Closed, match="not the one we trust"):
            await Client(reactor, noise(reactor, HERE, port, pinned(bytes(32)))).connect("ann")
        return
    doors: dict[str, Callable[[], Door]] = {
        "packets": lambda: packets(reactor, HERE, port),
        "legacy": lambda: legacy(reactor, HERE, port),
        "websocket": lambda: websocket(reactor, f"ws://{HERE}:{port}/ws"),
    }
    await play(Client(reactor, doors[kind]()))


@pytest.mark.parametrize("kind", ["packets", "websocket"])
@pytest_twisted.ensureDeferred
async def test_datagrams_beside_it(open_house: OpenHouse, kind: str) -> None:
    house = open_house("--udp", f"{HERE}:0")
    web = websocket(reactor, f"ws://{HERE}:{house.ports['web']}/ws")
    door = web if kind == "websocket" else packets(reactor, HERE, house.ports["packets"])
    client = Client(reactor, door, udp(reactor))
    await client.connect("ann")
    room = await client.quick("plaza")
    try:
        client.do("move", dx=1, dy=0)
        await until(client, "update", lambda: room.ack().heard > 10)
        assert client.has_datagrams
    finally:
        await client.close()
    assert house.game.gate.channels.faults == {}


def mash(world: dict[str, Any], seat: int) -> int:
    """Some buttons, by the world alone."""
    return len(str(world)) // 3 % 32


@pytest.mark.parametrize("game", ["tests.duel:Duel", "gamesrv.games.hockey:Hockey"])
@pytest_twisted.ensureDeferred
async def test_a_lockstep_game_over_udp(open_house: OpenHouse, game: str) -> None:
    house = open_house("--udp", f"{HERE}:0", "--game", game)
    client = Client(reactor, packets(reactor, HERE, house.ports["packets"]), udp(reactor))
    await client.connect("ann")
    steps: Deferred[None] = Deferred()
    room = await client.quick(game.partition(":")[2].lower())
    lockstep = client.simulate(duel if room.game == "duel" else None, mash)

    def stepped(world: object) -> None:
        if lockstep.tick >= 60 and not steps.called:  # not ==: a snapshot may have brought it further
            steps.callback(None)

    lockstep.on_step = stepped
    try:
        await steps.addTimeout(PATIENCE, reactor)  # type: ignore[arg-type]
        await client.sync()
        assert client.has_datagrams and lockstep.desyncs == 0
        (served,) = house.game.lobby.rooms.values()
        assert isinstance(served, LockstepRoom) and served.machine is not None
        assert served.machine.tick >= 60
    finally:
        await client.close()


# ---------------------------------------------------------------------- programs


async def run(*arguments: str, home: Path, stdin: str | None = None) -> tuple[str, str, int]:
    """Another process of Python to its end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home), "COLUMNS": "80"}
    program = [sys.executable, *arguments]
    if stdin is not None:
        words = " ".join(f"'{word}'" for word in program)
        program = ["/bin/sh", "-c", f"printf '{stdin}' | {words}"]
    out, err, code = await getProcessOutputAndValue(
        program[0], program[1:], environment, str(home)
    ).addTimeout(
        60,
        reactor,  # type: ignore[arg-type]
    )
    return out.decode(), err.decode(), code


@pytest_twisted.ensureDeferred
async def test_the_asyncio_program_of_the_manual(open_house: OpenHouse, tmp_path: Path) -> None:
    house = open_house("--game", "gamesrv.games.arena:Arena")
    (source,) = re.findall(r"```python\n(import asyncio.*?)```", MANUAL.read_text(), re.DOTALL)
    program = tmp_path / "program.py"
    program.write_text(source.replace("4000", str(house.ports["packets"])))
    out, err, code = await run(str(program), home=tmp_path)
    assert (code, err) == (0, ""), out + err
    assert out == "arena-1 unknown_command\n"


@pytest_twisted.ensureDeferred
async def test_the_tour_of_the_manual(open_house: OpenHouse, tmp_path: Path) -> None:
    house = open_house("--game", "gamesrv.games.arena:Arena")
    source = next(iter(re.findall(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)))
    program = tmp_path / "program.py"
    program.write_text(source.replace("4000", str(house.ports["packets"])))
    out, err, code = await run(str(program), home=tmp_path)
    assert (code, err) == (0, ""), out + err
    assert out.count("'name': 'ann'") > 3


@pytest_twisted.ensureDeferred
async def test_a_script_at_the_command_line(open_house: OpenHouse, tmp_path: Path) -> None:
    house = open_house()
    place = f"{HERE}:{house.ports['packets']}"
    words = ("join plaza", "move dx=1 dy=0", "say hello there", "look")
    sends = [part for word in words for part in ("--send", word)]
    window = ("-m", "gamesrv.client", place, "--name", "bob")
    out, err, code = await run(*window, *sends, home=tmp_path)
    assert (code, err) == (0, ""), out + err
    assert "Hello, bob." in out and "You are in plaza-1, in seat 0" in out
    assert "bob: hello there" in out and "avatars" in out
    assert "\x1b" not in out, "colours are for terminals"
    out, err, code = await run(*window, "--send", "fly", "--send", "join nowhere", home=tmp_path)
    assert (code, err) == (1, "") and "No: " in out
    out, err, code = await run(*window, home=tmp_path, stdin="join plaza\\nwho\\nquit\\nlook\\n")
    assert (code, err) == (0, ""), out + err and "(you)" in out


@pytest_twisted.ensureDeferred
async def test_the_command_line_through_noise(open_house: OpenHouse, tmp_path: Path) -> None:
    house = open_house("--packet-profile", "noise", "--packet-key", str(tmp_path / "key"))
    window = ("-m", "gamesrv.client", f"{HERE}:{house.ports['packets']}", "--name", "bob", "--send", "rooms")
    out, err, code = await run(*window, "--trust", home=tmp_path)
    assert (code, err) == (0, ""), out + err and "There are no rooms" in out
    assert (tmp_path / ".gamesrv" / "servers").read_text().count("\n") == 1
    out, err, code = await run(*window, "--noise", "00" * 32, home=tmp_path)
    assert (code, err) == (3, "") and "not the one we trust" in out


def test_where_there_is_no_server_the_exit_code_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gamesrv.client", "127.0.0.1:1", "--send", "rooms"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stderr) == (3, "") and "No connection" in done.stdout


@pytest.mark.parametrize("arguments", [["127.0.0.1"], ["127.0.0.1:99999"], ["127.0.0.1:1", "--noise", "12"]])
def test_a_wrong_option_is_told_and_nothing_begins(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr()
    assert ended.value.code == 2 and "error: " in told.err and told.out == ""
