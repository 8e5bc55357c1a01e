"""What it costs to come in and to be there, and how long a start takes; each from scratch."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import attrs

from bench.machine import cpu_seconds, resident_bytes
from bench.processes import ENVIRONMENT, OURS, Job, Kind, Load, Malfunction, Server, serving

__all__ = ["Arrivals", "StartUp", "measure_arrivals", "measure_start_up"]

FIRST, THEN = 200, 2000
SETTLE = 0.5
"""Seconds, in which what was left to be done happens. Who says no hello is thrown out after five."""


@attrs.frozen
class Arrivals:
    """Per connection."""

    cpu_us: float
    bytes: float
    """Of memory."""

    @property
    def per_cpu_second(self) -> float:
        """So many could come."""
        return 1e6 / self.cpu_us


def measure_arrivals(kind: Kind, program: Path) -> Arrivals:
    """2,000 come on top of a warm-up of 200 and do nothing: with a hello, where the kind has such a thing."""
    few, many = Job("idle", FIRST), Job("idle", THEN, first=FIRST)
    with serving(kind, 0) as server, Load.on(server, kind, program, few) as there:
        there.wait_for("ready")
        cpu, size = _settled(server)
        with Load.on(server, kind, program, many) as more:
            more.wait_for("ready")
            cpu_then, size_then = _settled(server)
            for part in (server, there, more):
                part.check()
    return Arrivals((cpu_then - cpu) / THEN * 1e6, (size_then - size) / THEN)


@attrs.frozen
class StartUp:
    """Seconds."""

    to_first_answer: float
    imports: float


def measure_start_up(starts: int) -> StartUp:
    """From exec to the first answer on the web port, and what of that is imports; medians."""
    _start_once()  # fills the caches of the file system and of Python
    return StartUp(
        median(_start_once() for _ in range(starts)), median(_import_once() for _ in range(starts))
    )


def _settled(server: Server) -> tuple[float, int]:
    time.sleep(SETTLE)
    return cpu_seconds(server.pid), resident_bytes(server.pid)


def _start_once() -> float:
    with serving(OURS) as server:
        return time.monotonic() - server.began


def _import_once() -> float:
    command = [sys.executable, "-X", "importtime", "-c", "import gamesrv.tap"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        raise Malfunction(done.stderr)
    # "import time: self us | cumulative us | name": the unindented names are the roots
    rows = [line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:")]
    roots = [row for row in rows[1:] if row[2].startswith(" ") and row[2][1] != " "]
    return sum(int(row[1]) for row in roots) / 1e6
