"""Starts what is measured and what measures: the two servers and the load."""

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
from typing import IO, Any

import attrs

from bench.machine import LOAD_CORE, SERVER_CORE, pin

__all__ = [
    "OURS",
    "PICOWS",
    "PLAIN",
    "WEBSOCKETS",
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
PYTHONPATH = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PYTHONPATH}


class Malfunction(Exception):
    """Something broke, so that there is nothing to measure."""


@attrs.frozen
class Kind:
    """One of the things compared."""

    name: str
    load_mode: str
    command: Callable[[int, int], list[str]]
    """From the port to listen on, and how many share a room, to the words of the command."""
    needs: str | None = None
    """The package without which it can't be compared."""

    @property
    def there(self) -> bool:
        """Whether it can be started here."""
        return self.needs is None or find_spec(self.needs) is not None


def _ours(port: int, seats: int) -> list[str]:
    twistd = str(Path(sys.executable).with_name("twistd"))
    words = f"-n --pidfile= gamesrv --web tcp:{port}:interface=127.0.0.1 --bots 0"
    unlimited = "--connections-per-address 100000 --joins-per-address 100000 --max-connections 100000"
    return [twistd, *words.split(), *unlimited.split(), "--packets", "", "--telnet", "", "--store", "memory:"]


def _peer(path: str, port: int, seats: int) -> list[str]:
    return [sys.executable, str(HERE / path), str(port), str(seats)]


OURS = Kind("gamesrv", "arena", _ours)
PLAIN = Kind("plain", "plain", partial(_peer, "plain_server.py"))
PICOWS = Kind("picows", "plain", partial(_peer, "peers/picows_server.py"), "picows")
WEBSOCKETS = Kind("websockets", "plain", partial(_peer, "peers/websockets_server.py"), "websockets")


@attrs.frozen
class Server:
    """A server that answers."""

    process: "subprocess.Popen[bytes]"
    port: int
    seconds_to_answer: float

    @property
    def pid(self) -> int:
        """For the questions to the kernel."""
        return self.process.pid

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
        began = time.monotonic()
        process = _start(kind.command(port, seats), SERVER_CORE, cwd=place, stdout=log, stderr=log)
        try:
            _wait_for_answer(process, port)
            yield Server(process, port, time.monotonic() - began)
        except Malfunction as problem:
            raise Malfunction(f"{kind.name}: {problem}\n{_tail(log)}") from problem
        finally:
            _stop(process)


@attrs.frozen
class Load:
    """The load generator at work; see load.c for what its numbers mean."""

    process: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def on(cls, server: Server, program: Path, mode: str, *numbers: float) -> Iterator["Load"]:
        """Clients, clients per room, commands a second, warm-up, seconds, number of the first client."""
        words = [str(program), mode, str(server.port), *map(str, numbers)]
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


def _wait_for_answer(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while not _answers(port):
        if process.poll() is not None:
            raise Malfunction(f"ended with status {process.returncode} instead of serving")
        if time.monotonic() > deadline:
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
