"""`gamesrv load` against a whole server, on real sockets."""

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from gamesrv.cli.load import crowd
from gamesrv.cli.main import main
from gamesrv.wire.close import CloseCode
from tests.integration.real import PATIENCE, House
from tests.secure import secure_web

OpenHouse = Callable[..., House]
PLAZA = ("plaza", "--game-class=tests.integration.real:Plaza")
DUEL = ("duel", "--game-class=tests.duel:Duel", "--play=random")
CALLS = ("calls", "--game-class=tests.games:Calls", "--per-room=3")
MANY = ("--connections-per-address=100", "--joins-per-address=100")
PLAYERS = 6


class Load:
    """A load that runs in a thread of its own, as the server does not."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.status = -1
        self.error = ""

    async def run(self, *words: str, seconds: float = 0.5) -> Any:
        """Its figures; `None` where it tells none."""
        asked = ["load", *words, f"--players={PLAYERS}", f"--seconds={seconds}", "--ramp=1000", "--json"]
        running: Deferred[int] = deferToThread(main, asked)
        self.status = await running.addTimeout(PATIENCE, reactor)
        out, self.error = self._capsys.readouterr()
        return json.loads(out) if out else None


@pytest.fixture
def load(capsys: pytest.CaptureFixture[str]) -> Iterator[Load]:
    """The command."""
    before = gc.get_threshold()
    yield Load(capsys)
    gc.set_threshold(*before)


def address(house: House, kind: str) -> str:
    """Of a server's port."""
    port = house.ports["web" if kind == "ws" else "packets"]
    return f"{kind}://127.0.0.1:{port}" + ("/ws" if kind == "ws" else "")


@pytest.mark.parametrize("kind", ["ws", "packets", "noise", "legacy"])
@pytest_twisted.ensureDeferred
async def test_players_over_each_transport(
    open_house: OpenHouse, load: Load, kind: str, tmp_path: Path
) -> None:
    profile = {"noise": ["--packet-key", str(tmp_path / "key")], "legacy": []}.get(kind)
    house = open_house(*MANY, *([] if profile is None else ["--packet-profile", kind, *profile]))
    told = await load.run(address(house, kind), *PLAZA, "--per-room=3")
    assert load.status == 0 and told["errors"] == {}
    assert told["seated"] == told["connects"] == PLAYERS
    assert told["updates"] > PLAYERS * 5 and told["commands"] > 0 and told["refused"] == {}
    assert told["tick_rate"] == 20 and 0.02 < told["gap"]["p50"] < 0.2
    assert told["latency"]["max"] is not None and told["bytes_in_per_second"] > 1000
    assert house.game.lobby.opened == PLAYERS / 3, "private rooms, three in each"


@pytest_twisted.ensureDeferred
async def test_players_over_tls(
    open_house: OpenHouse, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, web = secure_web(tmp_path)
    house = open_house(*MANY, web)
    place = f"wss://localhost:{house.ports['web']}/ws"
    assert await load.run(place, *PLAZA) is None
    assert load.status == 2 and "certificate verify failed" in load.error.lower()
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    told = await load.run(place, *PLAZA)
    assert load.status == 0 and told["updates"] > PLAYERS * 5


@pytest.mark.parametrize("game", [PLAZA, DUEL])
@pytest_twisted.ensureDeferred
async def test_datagrams_beside_it(open_house: OpenHouse, load: Load, game: tuple[str, ...]) -> None:
    house = open_house(*MANY, "--udp=127.0.0.1:0", "--game=tests.duel:Duel")
    told = await load.run(address(house, "packets"), *game, "--udp", seconds=1.5)
    assert load.status == 0
    assert told["updates"] >= told["by_datagram"] > PLAYERS  # how many more is for the clock to say
    assert house.game.gate.channels.faults == {}


@pytest_twisted.ensureDeferred
async def test_a_game_of_turns_is_played_and_played_again(open_house: OpenHouse, load: Load) -> None:
    house = open_house(*MANY, "--game=tests.games:Calls")
    told = await load.run(address(house, "ws"), *CALLS, seconds=2)
    assert load.status == 0 and told["seated"] == PLAYERS
    assert told["commands"] > 0 and told["gap"]["p50"] is None


@pytest_twisted.ensureDeferred
async def test_who_loses_the_connection_comes_back(open_house: OpenHouse, load: Load) -> None:
    house = open_house(*MANY)

    def cut_once_all_sit() -> None:
        seated = [peer for peer in house.game.gate.peers if peer.session and peer.session.member]
        if len(seated) == PLAYERS:
            watching.stop()
            for peer in seated:
                peer.close(CloseCode.GOING_AWAY, "again, please")

    watching = LoopingCall(cut_once_all_sit)
    watching.start(0.05)
    told = await load.run(address(house, "ws"), *PLAZA, seconds=3)
    assert load.status == 1
    assert told["errors"] == {"closed 1001: going_away": PLAYERS}
    assert (told["connects"], told["returns"], told["seated"]) == (2 * PLAYERS, PLAYERS, PLAYERS)
    assert house.game.lobby.opened == 1, "each has its old seat"


@pytest_twisted.ensureDeferred
async def test_what_the_server_refuses_is_told(
    open_house: OpenHouse, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "ARRIVE_WITHIN", 0.5)
    house = open_house("--connections-per-address=2")
    told = await load.run(address(house, "packets"), *PLAZA, seconds=0.5)
    assert load.status == 1 and told["seated"] == 2
    assert any("4503" in error for error in told["errors"])


@pytest_twisted.ensureDeferred
async def test_a_server_without_the_game(open_house: OpenHouse, load: Load) -> None:
    house = open_house()
    assert await load.run(address(house, "ws"), "chess") is None
    assert load.status == 2 and "no game 'chess'; it has plaza" in load.error


@pytest_twisted.ensureDeferred
async def test_a_port_that_speaks_something_else(open_house: OpenHouse, load: Load) -> None:
    house = open_house("--handshake-timeout=0.2")
    assert await load.run(f"packets://127.0.0.1:{house.ports['web']}", *PLAZA) is None
    assert load.status == 2 and "the server closed the connection" in load.error
