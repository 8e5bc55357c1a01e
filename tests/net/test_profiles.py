"""`--packet-profile` and `--packet-key`: what each port speaks, and what is wrong with a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher

from gamesrv.net.keys import server_key
from gamesrv.net.tcp import PacketFactory
from gamesrv.tap import Options, makeService
from gamesrv.wire.frames import PACKET_FRAMING
from gamesrv.wire.noise import public_key
from gamesrv.wire.profile import LEGACY, PLAIN, Profile

FIELD = ("--game", "tests.games:Field", "--store", "memory:", "--bots", "0", "--web", "", "--telnet", "")
OURS = Profile(attrs.evolve(PACKET_FRAMING, adjustment=0), packet_size=64)


@pytest.fixture
def key(tmp_path: Path) -> str:
    """Where a key is to be."""
    return str(tmp_path / "key")


def parsed(*words: str) -> Options:
    options = Options()
    options.parseOptions([*FIELD, *words])
    return options


def served(*words: str) -> tuple[dict[int, Profile], list[str]]:
    """The profile of each port that is opened, and what was told."""
    reactor, told = MemoryReactorClock(), list[str]()

    def observe(event: LogEvent) -> None:
        told.append(str(event.get("told")))

    server = makeService(parsed(*words), reactor)
    server.privilegedStartService()
    server.startService()
    globalLogPublisher.addObserver(observe)
    for hook, args, kwargs in reactor.whenRunningHooks:
        hook(*args, **kwargs)
    globalLogPublisher.removeObserver(observe)
    profiles = {}
    for port, factory, *_ in reactor.tcpServers:
        assert isinstance(factory, PacketFactory)
        profiles[port] = factory._profile
    stop(server, reactor)
    return profiles, told


def stop(server: Any, reactor: MemoryReactorClock) -> None:
    stopped = server.stopService()
    assert isinstance(stopped, Deferred)
    reactor.pump([0] * 30)
    assert stopped.called


def test_a_profile_is_for_the_port_before_it(key: str) -> None:
    words = "--packets tcp:1 --packets tcp:2 --packet-profile legacy --packets tcp:3 --packet-profile noise"
    profiles, told = served(*words.split(), "--packet-key", key, "--packets", "tcp:4")
    assert (profiles[1], profiles[2], profiles[4]) == (PLAIN, LEGACY, PLAIN)
    assert profiles[3].cipher is not None and profiles[3].cipher is not LEGACY.cipher
    assert profiles[3].format is PLAIN.format, "what both say is encoded once"
    assert [line.partition(", ")[2] for line in told] == [
        "",
        "with a cipher that gives no security",
        f"enciphered by Noise; the server's key: {public_key(server_key(Path(key))).hex()}",
        "",
    ]


def test_alone_it_is_for_the_default_port() -> None:
    assert served("--packet-profile", "legacy")[0] == {4000: LEGACY}


def test_without_one_a_port_is_plain() -> None:
    assert served()[0] == {4000: PLAIN}


def test_an_empty_endpoint_has_none() -> None:
    assert served("--packets", "", "--packets", "tcp:1", "--packet-profile", "legacy")[0] == {1: LEGACY}


def test_ones_own_profile() -> None:
    profile = served("--packet-profile", "tests.net.test_profiles:OURS")[0][4000]
    assert (profile.framing, profile.packet_size) == (OURS.framing, OURS.packet_size)
    assert OURS.incoming(2048).max_frame == 62


def test_a_key_that_is_there_is_kept(key: str) -> None:
    secret = server_key(Path(key))
    _, told = served("--packet-profile", "noise", "--packet-key", key)
    assert public_key(secret).hex() in told[0]
    assert secret.hex() not in told[0]


Failing = Callable[..., str]


@pytest.fixture
def one_line(capfd: pytest.CaptureFixture[str]) -> Failing:
    """Runs what must end the program, and returns the one line that it said."""

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            makeService(parsed(*words), MemoryReactorClock())
        assert ended.value.code not in (0, None)
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith("gamesrv: ") and err.count("\n") == 1
        return err.strip()

    return run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--packet-profile loud", "--packet-profile loud: there are plain, legacy, noise and module:NAME"),
        ("--packet-profile legacy --packets tcp:1", "must come after the --packets it is for"),
        ("--packets= --packet-profile legacy", "must come after the --packets it is for"),
        (
            "--packets tcp:1 --packet-profile legacy --packet-profile plain",
            "--packet-profile plain: that port has the profile legacy already",
        ),
        ("--packet-profile legacy --packet-profile legacy", "has the profile legacy already"),
        ("--packet-profile noise", "--packet-profile noise needs --packet-key FILE"),
        ("--packet-key some.key", "--packet-key some.key: no --packet-profile noise has a use for it"),
        ("--packet-profile no.such:THING", "--packet-profile no.such:THING: ModuleNotFoundError"),
        ("--packet-profile tests.games:THING", "--packet-profile tests.games:THING: AttributeError"),
        ("--packet-profile tests.games:Field", "--packet-profile tests.games:Field is no Profile"),
        ("--packet-profile noise --packet-key /nowhere/at/all", "--packet-key /nowhere/at/all: No such file"),
        ("--packet-size 3", "min_frame 4 is more than"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(words: str, told: str, one_line: Failing) -> None:
    assert told in one_line(*words.split())


def test_a_key_file_that_holds_something_else_is_told(key: str, one_line: Failing) -> None:
    Path(key).write_text("something else")
    assert f"--packet-key {key}: others may read it" in one_line(
        "--packet-profile", "noise", "--packet-key", key
    )
    Path(key).chmod(0o600)
    line = one_line("--packet-profile", "noise", "--packet-key", key)
    assert f"--packet-key {key}: it does not hold" in line and "something else" not in line
