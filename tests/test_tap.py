"""The command line and what is made of it, in this process and with no socket."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher

from gamesrv import tap
from gamesrv.core.schema import GameType
from gamesrv.net.tcp import PacketFactory
from gamesrv.net.telnet import TelnetFactory
from gamesrv.net.websocket import WebSocketFactory
from gamesrv.server.limits import Limits
from gamesrv.server.profile import TickProfile
from gamesrv.service import GameService
from gamesrv.storage.connection import default_path
from gamesrv.tap import BACKLOG, ENDPOINTS, SHIPPED, Options, makeService

ROOT = Path(__file__).parent.parent
FIELD = ("--game", "tests.games:Field", "--store", "memory:")
SILENT = ("--web", "", "--packets", "", "--telnet", "")


def parsed(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(arguments)
    return options


def game_of(server: MultiService) -> GameService:
    (game,) = (service for service in server if isinstance(service, GameService))
    return game


Failing = Callable[..., str]


@pytest.fixture
def one_line(capfd: pytest.CaptureFixture[str]) -> Failing:
    """Runs what must end the program, and returns the one line that it said."""

    def run(action: Callable[..., object], *args: object) -> str:
        with pytest.raises(SystemExit) as ended:
            action(*args)
        assert ended.value.code not in (0, None)
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith("gamesrv: ") and err.count("\n") == 1
        return err.strip()

    return run


# ---------------------------------------------------------------------- options


def test_the_defaults() -> None:
    options = parsed()
    assert (options["tick-rate"], options["reap-interval"], options["bots"]) == (60, 1.0, 3)
    assert options.addresses == list(ENDPOINTS.items())
    assert ENDPOINTS["web"] == "tcp:8080:interface=127.0.0.1", "nobody is served by accident"
    assert options.limits == Limits()
    assert options.origins == []
    assert options.store == default_path()
    assert [game.rules.__name__ for game in options.game_types] == [name.split(":")[1] for name in SHIPPED]


@pytest.mark.parametrize("limit", attrs.fields(Limits), ids=lambda limit: limit.name)
def test_each_limit_is_an_option(limit: Any) -> None:
    """With its default, its own type, and a line of help."""
    name = limit.name.replace("_", "-")
    assert parsed(*FIELD)[name] == limit.default
    value = type(limit.default)(limit.default * 2)
    options = parsed(*FIELD, "--hard-buffer", "999999", f"--{name}", str(value))
    assert getattr(options.limits, limit.name) == value
    assert type(getattr(options.limits, limit.name)) is type(limit.default)
    assert f"--{name}=" in str(options)


@pytest.mark.parametrize("kind", ["web", "packets", "telnet"])
def test_endpoints_can_be_repeated_and_switched_off(kind: str) -> None:
    others = [(other, default) for other, default in ENDPOINTS.items() if other != kind]

    def addresses(*values: str) -> list[str]:
        options = parsed(*FIELD, *(part for value in values for part in (f"--{kind}", value)))
        assert [(k, e) for k, e in options.addresses if k != kind] == others
        return [endpoint for k, endpoint in options.addresses if k == kind]

    assert addresses() == [ENDPOINTS[kind]]
    assert addresses("tcp:1") == ["tcp:1"]
    assert addresses("tcp:1", "tcp:2", "unix:x") == ["tcp:1", "tcp:2", "unix:x"]
    assert addresses("") == []
    assert addresses("", "tcp:1") == ["tcp:1"]


def test_games_and_origins_can_be_repeated() -> None:
    options = parsed(*FIELD, "--game", "tests.games:Cards", "--origin", "https://a", "--origin", "https://b")
    assert [game.name for game in options.game_types] == ["field", "cards"]
    assert options.origins == ["https://a", "https://b"]


def test_two_command_lines_have_nothing_in_common() -> None:
    parsed(*FIELD, *SILENT, "--origin", "*")
    assert parsed(*FIELD).addresses == list(ENDPOINTS.items())
    assert parsed(*FIELD).origins == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--nonsense"], "--nonsense"),
        (["stray"], "Wrong number of arguments"),
        (["--bots"], "--bots"),
        (["--bots", "many"], "--bots takes a whole number, got 'many'"),
        (["--bots", "1.5"], "--bots takes a whole number, got '1.5'"),
        (["--bots", "-1"], "--bots must be 0 or more, got -1"),
        (["--bots", "world="], "--bots takes a whole number, got ''"),
        (["--bots", "world=-5"], "--bots must be 0 or more, got world=-5"),
        (["--bots", "chess=5"], "--bots chess: that game is not served"),
        (["--tick-rate", "0"], "--tick-rate must be 1 or more, got 0"),
        (["--tick-rate", "-60"], "--tick-rate must be 1 or more, got -60"),
        (["--reap-interval", "0"], "--reap-interval must be above 0"),
        (["--reap-interval", "nan"], "--reap-interval must be above 0"),
        (["--reap-interval", "inf"], "--reap-interval must be above 0"),
        (["--grace", "soon"], "--grace takes a number, got 'soon'"),
        (["--grace", "0"], "grace must be above 0"),
        (["--drain", "inf"], "drain must be above 0"),
        (["--slow-timeout", "nan"], "slow_timeout must be above 0"),
        (["--message-burst", "-5"], "message_burst must be above 0"),
        (["--hard-buffer", "10"], "hard_buffer must not be below soft_buffer"),
        (["--store", "redis:x"], "--store: a store is sqlite:PATH or memory:"),
        (["--game", ""], "--game"),
        (["--game", "tests.games"], "--game tests.games"),
        (["--game", "tests.nowhere:Game"], "--game tests.nowhere:Game: ModuleNotFoundError"),
        (["--game", "tests.games:Chess"], "--game tests.games:Chess: AttributeError"),
        (["--game", "tests.games:Step"], "--game tests.games:Step"),
        (["--game", "tests.games:Walker"], "--game tests.games:Walker"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_told_in_one_line(arguments: list[str], told: str, one_line: Failing) -> None:
    assert told in one_line(parsed, *FIELD, *arguments)


def test_a_game_whose_module_fails_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_line: Failing
) -> None:
    (tmp_path / "broken_game.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    line = one_line(parsed, "--game", "broken_game:Game")
    assert "--game broken_game:Game: ZeroDivisionError" in line


# ---------------------------------------------------------------------- the service


class Reactor(MemoryReactorClock):
    """Opens no port. Those in ``taken`` are somebody else's."""

    taken: frozenset[int] = frozenset()

    def listenTCP(self, port: int, *args: Any, **kwargs: Any) -> Any:
        if port in self.taken:
            raise CannotListenError("127.0.0.1", port, OSError(98, "Address already in use"))
        return super().listenTCP(port, *args, **kwargs)


def test_everything_is_wired() -> None:
    reactor = Reactor()
    options = parsed(
        *FIELD,
        "--tick-rate",
        "40",
        "--reap-interval",
        "0.5",
        "--bots",
        "2",
        "--bots",
        "field=4",
        "--grace",
        "7",
        "--origin",
        "https://a",
    )
    server = makeService(options, reactor)
    game = game_of(server)
    assert (game.tick_rate, game.reap_interval, game.bots) == (40, 0.5, 2)
    assert game.keeper.wanted_at == {"field": 4}
    assert game.gate.limits is game.lobby.limits is options.limits
    assert game.gate.limits.grace == 7
    assert list(game.lobby.games) == ["field"]
    assert reactor.tcpServers == [], "nothing listens before it starts"
    server.privilegedStartService()
    server.startService()
    ports = {port: (type(factory), interface) for port, factory, _, interface in reactor.tcpServers}
    assert {backlog for _, _, backlog, _ in reactor.tcpServers} == {BACKLOG}
    assert ports == {
        8080: (WebSocketFactory, "127.0.0.1"),
        4000: (PacketFactory, "127.0.0.1"),
        4023: (TelnetFactory, "127.0.0.1"),
    }
    for _, factory, _, _ in reactor.tcpServers:
        assert (getattr(factory, "gate", None) or factory._gate) is game.gate
    sockets = reactor.tcpServers[0][1]
    for factory in (sockets, sockets.otherwise.resource.children[b"ws"]._factory):
        assert factory.gate is game.gate
        assert factory.origins == {"https://a"}
    reactor.advance(1)
    assert len(game.gate.peers) == 3, "the bots: one seat of four stays free"
    stop(server, reactor)


def stop(server: MultiService, reactor: Reactor) -> None:
    done: list[object] = []
    stopped = server.stopService()
    assert isinstance(stopped, Deferred)
    stopped.addCallback(done.append)
    reactor.pump([0] * 30)
    assert len(done) == 1
    assert reactor.getDelayedCalls() == []


def test_ticks_are_profiled_if_somebody_wants_that() -> None:
    reactor = Reactor()
    plain = makeService(parsed(*FIELD, *SILENT), reactor)
    assert [type(service) for service in plain] == [GameService]
    server = makeService(parsed(*FIELD, *SILENT, "--bots", "0", "--profile-ticks"), reactor)
    assert [type(service) for service in server] == [GameService, TickProfile]
    server.startService()
    stop(server, reactor)


def test_each_endpoint_is_a_port_of_its_own() -> None:
    reactor = Reactor()
    server = makeService(
        parsed(*FIELD, *SILENT, "--packets", "tcp:1", "--packets", "tcp:2", "--bots", "0"), reactor
    )
    server.privilegedStartService()
    server.startService()
    assert [port for port, *_ in reactor.tcpServers] == [1, 2]
    stop(server, reactor)


def test_a_server_may_listen_nowhere() -> None:
    reactor = Reactor()
    server = makeService(parsed(*FIELD, *SILENT), reactor)
    server.privilegedStartService()
    server.startService()
    assert reactor.tcpServers == []
    stop(server, reactor)


def test_an_address_is_told_when_it_is_served() -> None:
    """Not before: a signal that is sent at once must find the reactor's handlers in place."""
    reactor = Reactor()
    server = makeService(parsed(*FIELD, *SILENT, "--web", "tcp:1", "--bots", "0"), reactor)
    told: list[str] = []

    def observe(event: LogEvent) -> None:
        told.append(str(event.get("told")))

    globalLogPublisher.addObserver(observe)
    server.privilegedStartService()
    server.startService()
    assert told == []
    for hook, args, kwargs in reactor.whenRunningHooks:
        hook(*args, **kwargs)
    globalLogPublisher.removeObserver(observe)
    assert len(told) == 1 and told[0].startswith("Play in a browser: http://")
    stop(server, reactor)


def test_a_port_in_use_is_told_in_one_line(one_line: Failing) -> None:
    reactor = Reactor()
    reactor.taken = frozenset({4000})
    server = makeService(parsed(*FIELD), reactor)
    assert "4000" in one_line(server.privilegedStartService)
    assert reactor.getDelayedCalls() == [], "no clock runs, no bot thinks"


@pytest.mark.parametrize(
    "endpoint",
    ["tcp", "tcp:nowhere", "tcp:1:colour=red", "carrier-pigeon:1", "systemd:domain=INET:index=0", "ssl:1"],
)
@pytest.mark.parametrize("kind", ["web", "telnet"])
def test_a_bad_endpoint_is_told_in_one_line(kind: str, endpoint: str, one_line: Failing) -> None:
    options = parsed(*FIELD, *SILENT, f"--{kind}", endpoint)
    assert f"--{kind} {endpoint}: " in one_line(makeService, options, Reactor())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tick-rate", "50"], "field ticks at 20 Hz, which does not divide the base rate of 50 Hz"),
        ([*FIELD], "two games are called 'field'"),
    ],
)
def test_games_that_cannot_be_run_are_told_in_one_line(
    arguments: list[str], told: str, one_line: Failing
) -> None:
    assert told in one_line(makeService, parsed(*FIELD, *SILENT, *arguments), Reactor())


def test_shipped_games_fit_the_default_clock() -> None:
    for name in SHIPPED:
        rate = GameType.of(tap.load_game(name).rules).rules.tick_rate
        assert rate == 0 or 60 % rate == 0


# ---------------------------------------------------------------------- the clock


def test_the_reactors_clock_is_made_monotonic(monkeypatch: pytest.MonkeyPatch) -> None:
    """And only that of the global one: a reactor that is given keeps its own."""
    reactor = Reactor()
    makeService(parsed(*FIELD, *SILENT), reactor)
    assert reactor.seconds() == 0.0
    monkeypatch.setattr(tap, "global_reactor", reactor)
    makeService(parsed(*FIELD, *SILENT))
    assert reactor.seconds is time.monotonic  # type: ignore[comparison-overlap]


STEPPED = """
import time, twisted.internet.base as base
from gamesrv.tap import Options, makeService

true_time, offset = time.time, 0.0
time.time = base.runtimeSeconds = lambda: true_time() + offset

options = Options()
silent = ["--web=", "--packets=", "--telnet=", "--store=memory:"]
options.parseOptions(["--game", "tests.games:Field", *silent])
server = makeService(options)
from twisted.internet import reactor

server.startService()
ticker = next(iter(server)).ticker

def step(by):
    global offset
    offset += by
    reactor.callLater(0.2, look, by, ticker.beat + ticker.dropped)

def look(by, before):
    beats = ticker.beat + ticker.dropped - before
    print(by, "ok" if 5 <= beats < 1000 else beats)
    if by < 0:
        step(7200.0)
    else:
        server.stopService().addCallback(lambda _: reactor.stop())

reactor.callLater(0.1, step, -3600.0)
reactor.run()
"""


def test_a_step_of_the_wall_clock_does_not_touch_the_games() -> None:
    """Twisted's own clock would stand still for an hour, or leap over one."""
    done = subprocess.run(
        [sys.executable, "-c", STEPPED], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert done.stdout.splitlines() == ["-3600.0 ok", "7200.0 ok"], done.stderr
    assert done.returncode == 0


# ---------------------------------------------------------------------- the store


@pytest.fixture
def starting() -> Iterator[Callable[..., MultiService]]:
    """Makes servers and starts them; they are stopped after the test, however far they got."""
    made: list[tuple[MultiService, MemoryReactorClock]] = []

    def start(*arguments: str) -> MultiService:
        reactor = MemoryReactorClock()
        reactor.callFromThread = lambda function, *args: None
        server = makeService(parsed(*SILENT, "--bots", "0", *arguments), reactor)
        made.append((server, reactor))
        server.privilegedStartService()
        server.startService()
        return server

    yield start
    for server, reactor in made:
        server.stopService()
        reactor.advance(60)


def test_a_store_in_use_is_told_in_one_line(
    tmp_path: Path, one_line: Failing, starting: Callable[..., MultiService]
) -> None:
    store = "--game", "tests.keeping:Words", "--store", f"sqlite:{tmp_path / 'kept.db'}"
    starting(*store)
    told = one_line(starting, *store)
    assert "in use by another server" in told and "--store" in told


def test_a_store_is_opened_at_the_start(tmp_path: Path, starting: Callable[..., MultiService]) -> None:
    """What was opened before a daemon forks would be gone after."""
    store = "--store", f"sqlite:{tmp_path / 'kept.db'}"
    makeService(parsed(*SILENT, *FIELD, *store), MemoryReactorClock())
    starting(*FIELD, "--store", "memory:")
    assert [*tmp_path.iterdir()] == []
    starting(*FIELD, *store)
    assert (tmp_path / "kept.db").exists()
