"""The server as people run it: a process of `twistd`, real clients, and signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import msgspec
import pytest

from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameDecoder
from gamesrv.wire.packets import SERVER_FRAMING
from tests.raw import CLOSE, TEXT, frame, head

ROOT = Path(__file__).parent.parent.parent
TWISTD = Path(sys.executable).parent / "twistd"
PATIENCE = 20
"""Seconds after which a process counts as hung."""
BOUND = 5
"""Seconds that a server may take to see out people who listen."""
TOLD = {
    "web": re.compile(r"http://127\.0\.0\.1:(\d+)/"),
    "packets": re.compile(r"127\.0\.0\.1 port (\d+)"),
    "telnet": re.compile(r"telnet 127\.0\.0\.1 (\d+)"),
}


def environment() -> dict[str, str]:
    """Ours; where the package is not installed, with the way to it."""
    try:
        distribution("gamesrv")
    except PackageNotFoundError:
        return os.environ | {"PYTHONPATH": str(ROOT)}
    return dict(os.environ)


class Server:
    """A process, and the ports it has told."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.ports: dict[str, int] = {}
        said = ""
        for line in process.stdout:
            said += line
            for kind, pattern in TOLD.items():
                if found := pattern.search(line):
                    self.ports[kind] = int(found[1])
            if len(self.ports) == len(TOLD):
                return
        pytest.fail(f"the server stopped: {said}")

    def end(self, sign: signal.Signals) -> float:
        """Sends a signal; returns the seconds that it took to end. It must end by that signal or in peace."""
        began = time.monotonic()
        self.process.send_signal(sign)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode in (0, -sign), rest
        assert "Traceback" not in rest and "Unhandled" not in rest
        return time.monotonic() - began


@contextmanager
def serving(place: Path, *arguments: str, patience: float = PATIENCE) -> Iterator[Server]:
    """A server that has told its addresses; killed in the end, and whenever it hangs."""
    endpoints = [f"--{kind}=tcp:0:interface=127.0.0.1" for kind in TOLD]
    command = [str(TWISTD), "-n", "--pidfile=", "gamesrv", "--store=memory:", *endpoints, *arguments]
    with subprocess.Popen(
        command, cwd=place, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        watchdog = threading.Timer(patience, process.kill)
        watchdog.start()
        try:
            yield Server(process)
        finally:
            watchdog.cancel()
            process.kill()


class Caller:
    """A client that blocks, for processes."""

    def __init__(self, server: Server, kind: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.ports[kind]), timeout=PATIENCE)
        self.data = b""

    def until(self, words: bytes) -> None:
        """Reads until these bytes have come."""
        while words not in self.data:
            more = self.socket.recv(65536)
            assert more, f"closed before {words!r}"
            self.data += more

    def rest(self) -> bytes:
        """Everything until the server closes; then closes too."""
        while more := self.socket.recv(65536):
            self.data += more
        self.socket.close()
        return self.data


def packet(number: int, body: dict[str, str]) -> bytes:
    packed = msgspec.msgpack.encode(body)
    return (len(packed) + 4).to_bytes(2, "big") + number.to_bytes(2, "big") + packed


def crowd(server: Server, stack: ExitStack) -> dict[str, Caller]:
    """One client for each transport, all in a room."""
    callers = {kind: Caller(server, kind) for kind in TOLD}
    for caller in callers.values():
        stack.enter_context(caller.socket)
    callers["packets"].socket.sendall(packet(1, {"name": "ann"}) + packet(5, {"game": "arena"}))
    callers["packets"].until(b"joined")
    callers["telnet"].socket.sendall(b"bob\r\njoin arena\r\n")
    callers["telnet"].until(b"seat")
    web = callers["web"]
    web.socket.sendall(head(host=f"127.0.0.1:{server.ports['web']}"))
    web.until(b"\r\n\r\n")
    web.socket.sendall(
        frame(TEXT, b'{"op":"hello","name":"cid"}') + frame(TEXT, b'{"op":"join","game":"arena"}')
    )
    web.until(b'"joined"')
    return callers


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sees_everyone_out_and_the_port_is_free_again(tmp_path: Path, sign: signal.Signals) -> None:
    with serving(tmp_path) as server, ExitStack() as stack:
        callers = crowd(server, stack)
        ended: list[float] = []
        ending = threading.Thread(target=lambda: ended.append(server.end(sign)))
        ending.start()
        last = list(FrameDecoder(SERVER_FRAMING).feed(callers["packets"].rest()))[-1]
        closing = msgspec.msgpack.decode(last[2:])
        assert (closing["op"], closing["code"], closing["retry"]) == ("closing", CloseCode.GOING_AWAY, True)
        assert b"(1001)" in callers["telnet"].rest()
        web = callers["web"]
        code = int(CloseCode.GOING_AWAY).to_bytes(2, "big")
        web.until(b'"closing"')
        web.until(bytes((0x80 | CLOSE,)))
        web.socket.sendall(frame(CLOSE, code))
        assert code in web.rest()[-125:]
        ending.join()
        assert ended and ended[0] < BOUND
    for port in server.ports.values():
        socket.create_server(("127.0.0.1", port)).close()
    assert list(tmp_path.iterdir()) == [], "nothing is left lying about"


def test_those_who_do_not_listen_are_not_waited_for_too_long(tmp_path: Path) -> None:
    with serving(tmp_path, "--drain=0.5") as server, ExitStack() as stack:
        crowd(server, stack)
        assert 0.4 < server.end(signal.SIGTERM) < BOUND


def test_those_who_took_it_all_and_never_hang_up_do_not_hold_it_up(tmp_path: Path) -> None:
    """The drain, half a minute, is for what waits in a buffer; here nothing does."""
    with serving(tmp_path, "--drain=1000") as server, ExitStack() as stack:
        crowd(server, stack)
        server.end(signal.SIGTERM)


def test_a_server_that_nobody_visits_ends_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.end(signal.SIGTERM) < BOUND


def test_a_port_in_use_ends_it_before_it_has_begun(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = [
            "--web=tcp:0:interface=127.0.0.1",
            f"--packets=tcp:{port}:interface=127.0.0.1",
            "--telnet=",
        ]
        done = subprocess.run(
            [str(TWISTD), "-n", "--pidfile=", "gamesrv", "--store=memory:", *arguments],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode not in (0, None)
    (line,) = done.stderr.splitlines()
    assert line.startswith("gamesrv: ") and str(port) in line
    assert "Traceback" not in done.stdout


def test_a_second_server_on_the_same_store_is_refused(tmp_path: Path) -> None:
    store = f"--store=sqlite:{tmp_path / 'kept.db'}"
    with serving(tmp_path, store):
        done = subprocess.run(
            [str(TWISTD), "-n", "--pidfile=", "gamesrv", "--web=", "--packets=", "--telnet=", store],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "in use by another server" in line and "--store" in line
