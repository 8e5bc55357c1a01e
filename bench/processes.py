"""Starts what is measured and what measures: the servers and the load."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from subprocess import DEVNULL
from typing import IO, Any

import attrs

from bench.machine import LOAD_CORE, SERVER_CORE, pin

__all__ = [
    "ECHO",
    "HALL",
    "KEPT",
    "NODE",
    "OURS",
    "PICOWS",
    "PLAIN",
    "WEBSOCKETS",
    "Job",
    "Kind",
    "Load",
    "Malfunction",
    "Server",
    "build_load",
    "serving",
]

HERE = Path(__file__).resolve().parent
UP_WITHIN = 30.0
DOWN_WITHIN = 30.0
BACKLOG = 512
"""Connections that the kernel keeps for the server: as for the others; its own default is fewer."""
PYTHONPATH = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PYTHONPATH}


class Malfunction(Exception):
    """Something broke, so that there is nothing to measure."""


def _always() -> bool:
    return True


@attrs.frozen
class Kind:
    """One of the things compared."""

    name: str
    command: Callable[[int, int], list[str]]
    """From the port to listen on, and how many share a room, to the words of the command."""
    is_there: Callable[[], bool] = _always
    """Whether it can be started here."""
    game: str = ""
    """What is played, by its name there; nothing for one that has just a socket."""

    @property
    def dialect(self) -> str:
        """What load.c calls the way in."""
        return "gamesrv" if self.game else "bare"


OPEN_TO_ALL = (
    "--connections-per-address 100000 --joins-per-address 100000 --max-connections 100000"
    " --bad-tokens-per-address 100000 --message-burst 10000 --bots 0 --packets= --telnet="
)
"""A server that has fallen behind finds many commands of one client at once: that is no misuse here."""


def _ours(port: int, seats: int, more: str = "", store: str = "memory:") -> list[str]:
    twistd = str(Path(sys.executable).with_name("twistd"))
    web = f"--web tcp:{port}:interface=127.0.0.1:backlog={BACKLOG} --store {store}"
    return [twistd, *f"-n --pidfile= gamesrv {web} {OPEN_TO_ALL} {more}".split()]


def _python(path: str, port: int, seats: int) -> list[str]:
    return [sys.executable, str(HERE / path), str(port), str(seats)]


def _node(port: int, seats: int) -> list[str]:
    return ["node", str(HERE / "peers" / "ws_server.mjs"), str(port), str(seats)]


def _node_has_ws() -> bool:
    look = ["node", "-e", "require.resolve('ws')"]
    return (
        which("node") is not None and not subprocess.run(look, cwd=HERE / "peers", stderr=DEVNULL).returncode
    )


def _installed(package: str) -> Callable[[], bool]:
    return lambda: find_spec(package) is not None


OURS = Kind("gamesrv", _ours, game="arena")
HALL = attrs.evolve(OURS, command=partial(_ours, more="--game bench.games:Hall"), game="hall")
ECHO = attrs.evolve(OURS, command=partial(_ours, more="--game bench.games:Echo"), game="echo")
KEPT = attrs.evolve(OURS, command=partial(_ours, store="sqlite:games.db"))
"""In a file beside the log, so that a restarted one goes on."""
PLAIN = Kind("autobahn", partial(_python, "plain_server.py"))
PICOWS = Kind("picows", partial(_python, "peers/picows_server.py"), _installed("picows"))
WEBSOCKETS = Kind("websockets", partial(_python, "peers/websockets_server.py"), _installed("websockets"))
NODE = Kind("node ws", _node, _node_has_ws)


@attrs.define
class Server:
    """A server that answers; what it says goes to ``log``."""

    words: list[str]
    port: int
    place: str
    log: IO[bytes]
    process: "subprocess.Popen[bytes]" = attrs.field(init=False)
    began: float = attrs.field(init=False)
    """When it was started, by the monotonic clock."""

    def __attrs_post_init__(self) -> None:
        self.start()

    @property
    def pid(self) -> int:
        """For the questions to the kernel."""
        return self.process.pid

    def start(self) -> None:
        """Starts it, and does not wait."""
        self.began = time.monotonic()
        self.process = _start(self.words, SERVER_CORE, cwd=self.place, stdout=self.log, stderr=self.log)

    def restart(self) -> None:
        """Kills it as hard as can be, and starts it again."""
        self.process.kill()
        self.process.wait()
        self.start()

    def check(self) -> None:
        """Raises `Malfunction` if it has died."""
        if self.process.poll() is not None:
            raise Malfunction(f"the server died with status {self.process.returncode}")


@contextmanager
def serving(kind: Kind, seats: int = 20) -> Iterator[Server]:
    """A server of that kind on a free port and on its own core, in a directory of its own.

    When something goes wrong meanwhile, the end of the server's log is added to the `Malfunction`.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory() as place, open(Path(place, "log"), "w+b") as log:
        server = Server(kind.command(port, seats), port, place, log)
        try:
            _wait_for_answer(server)
            yield server
        except Malfunction as problem:
            raise Malfunction(f"{kind.name}: {problem}\n{_tail(log)}") from problem
        finally:
            _stop(server.process)


@attrs.frozen
class Job:
    """What the load has to do; see load.c."""

    activity: str
    clients: int
    per_room: int = 1
    rate: float = 0
    """Commands a second of each."""
    warm_up: float = 0
    seconds: float = 0
    first: int = 0
    """Added to the numbers in the names."""


@attrs.frozen
class Load:
    """The load generator at work; see load.c for what its numbers mean."""

    process: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def on(cls, server: Server, kind: Kind, program: Path, job: Job) -> Iterator["Load"]:
        """Sends it to a server."""
        numbers = map(str, attrs.astuple(job)[1:])
        words = [str(program), kind.dialect, job.activity, kind.game, str(server.port), *numbers]
        process = _start(words, LOAD_CORE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield cls(process)
        finally:
            _stop(process)

    def wait_for(self, word: str) -> None:
        """Until the load has got to `ready`, `start` or `end`."""
        line = self._line()
        if line != word:
            raise Malfunction(f"instead of {word!r} the load says {line!r} {self._error()}")

    def result(self) -> dict[str, Any]:
        """What it has counted."""
        result: dict[str, Any] = json.loads(self._line())
        return result

    def check(self) -> None:
        """Raises `Malfunction` if it has given up, which in idle mode it does when it loses a connection."""
        if self.process.poll() is not None:
            raise Malfunction(f"the load gave up: {self._error()}")

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def _error(self) -> str:
        assert self.process.stderr
        self.process.kill()
        return self.process.stderr.read().strip()


def build_load(into: Path) -> Path:
    """Compiles load.c."""
    program = into / "load"
    command = ["gcc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", str(program), str(HERE / "load.c")]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise Malfunction(f"the load needs a C compiler: {problem}") from problem
    return program


def _start(words: list[str], core: int, **how: Any) -> "subprocess.Popen[Any]":
    return subprocess.Popen(words, env=ENVIRONMENT, preexec_fn=partial(pin, core), **how)


def _stop(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=DOWN_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for_answer(server: Server) -> None:
    while not _answers(server.port):
        if server.process.poll() is not None:
            raise Malfunction(f"ended with status {server.process.returncode} instead of serving")
        if time.monotonic() > server.began + UP_WITHIN:
            raise Malfunction(f"did not answer within {UP_WITHIN:.0f} s")
        time.sleep(0.005)


def _answers(port: int) -> bool:
    request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % port
    try:
        with socket.create_connection(("127.0.0.1", port), UP_WITHIN) as link:
            link.sendall(request)
            return bool(link.recv(1))
    except OSError:
        return False


def _tail(log: IO[bytes], lines: int = 20) -> str:
    log.seek(0)
    return b"\n".join(log.read().splitlines()[-lines:]).decode(errors="replace")
