"""The measurements themselves, each from scratch: a fresh server, its numbers, and down again."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from bench.machine import busy_seconds, cpu_seconds, resident_bytes
from bench.processes import ENVIRONMENT, OURS, PLAIN, Kind, Load, Malfunction, Server, serving

__all__ = ["Crowd", "Plan", "StartUp", "measure_crowds", "measure_memory", "measure_start_up"]

IDLE_CONNECTIONS, IDLE_WARM_UP = 2000, 200


@attrs.frozen
class Plan:
    """How much of everything: times in seconds, rates in Hz."""

    rooms: int = 50
    per_room: int = 20
    tick_rate: int = 20
    command_rate: int = 5
    warm_up: float = 4
    seconds: float = 15
    runs: int = 3
    starts: int = 5

    @property
    def clients(self) -> int:
        """Of all rooms together."""
        return self.rooms * self.per_room


@attrs.frozen
class Crowd:
    """Full rooms on one kind of server, over one window. Shares are of one core."""

    cpu_per_update_us: float
    updates_per_second: float
    delivered: float
    """Share of the updates that there should have been."""
    bytes_per_update: float
    period_p50_ms: float
    period_p99_ms: float
    period_max_ms: float
    snapshots: float
    """Fresh snapshots to clients that had fallen behind, in place of updates."""
    server_share: float
    load_share: float
    others_share: float
    """Everything else the machine did, and what its host took from it: noise."""
    latest_command_ms: float
    """How far the load itself fell behind, at worst."""


def measure_crowds(plan: Plan, program: Path) -> tuple[Crowd, Crowd]:
    """Ours and the plain one in turns, the median of each number on its own."""
    pairs = [(_crowd(OURS, plan, program), _crowd(PLAIN, plan, program)) for _ in range(plan.runs)]
    ours, plain = zip(*pairs, strict=True)
    return _median(ours), _median(plain)


def measure_memory(program: Path) -> float:
    """Bytes a connection costs that said hello and joined nothing: 2000 more on top of a warm-up of 200."""
    with serving(OURS) as server, Load.on(server, program, "idle", IDLE_WARM_UP, 1, 0, 0, 0, 0) as few:
        few.wait_for("ready")
        before = _settled_memory(server)
        numbers = (IDLE_CONNECTIONS, 1, 0, 0, 0, IDLE_WARM_UP)
        with Load.on(server, program, "idle", *numbers) as many:
            many.wait_for("ready")
            after = _settled_memory(server)
            for part in (server, few, many):
                part.check()
    return (after - before) / IDLE_CONNECTIONS


@attrs.frozen
class StartUp:
    """Seconds."""

    to_first_answer: float
    imports: float


def measure_start_up(plan: Plan) -> StartUp:
    """From exec to the first answer on the web port, and what of that is imports; medians."""
    _start_once()  # fills the caches of the file system and of Python
    return StartUp(
        median(_start_once() for _ in range(plan.starts)), median(_import_once() for _ in range(plan.starts))
    )


def _crowd(kind: Kind, plan: Plan, program: Path) -> Crowd:
    numbers = (plan.clients, plan.per_room, plan.command_rate, plan.warm_up, plan.seconds, 0)
    with serving(kind, plan.per_room) as server, Load.on(server, program, kind.load_mode, *numbers) as load:
        load.wait_for("ready")
        load.wait_for("start")
        cpu, busy = cpu_seconds(server.pid), busy_seconds()
        load.wait_for("end")
        cpu, busy = cpu_seconds(server.pid) - cpu, busy_seconds() - busy
        result = load.result()
        server.check()
        _check(result)
    return _figures(plan, result, cpu, busy)


def _check(result: dict[str, Any]) -> None:
    for trouble in ("lost", "closing", "refused", "gaps", "unsent"):
        if result[trouble]:
            raise Malfunction(f"{trouble}: {result[trouble]} {result['complaint']}")
    if not result["updates"]:
        raise Malfunction("no update arrived")


def _figures(plan: Plan, result: dict[str, Any], cpu: float, busy: float) -> Crowd:
    seconds, updates, load_cpu = result["seconds"], result["updates"], result["load_cpu"]
    return Crowd(
        cpu_per_update_us=cpu / updates * 1e6,
        updates_per_second=updates / seconds,
        delivered=updates / (plan.clients * plan.tick_rate * seconds),
        bytes_per_update=result["update_bytes"] / updates,
        period_p50_ms=result["period_ms"]["p50"],
        period_p99_ms=result["period_ms"]["p99"],
        period_max_ms=result["period_ms"]["max"],
        snapshots=result["snapshots"],
        server_share=cpu / seconds,
        load_share=load_cpu / seconds,
        others_share=max(busy - cpu - load_cpu, 0) / seconds,
        latest_command_ms=result["latest_command_ms"],
    )


def _median(runs: tuple[Crowd, ...]) -> Crowd:
    names = [field.name for field in attrs.fields(Crowd)]
    return Crowd(**{name: median(getattr(run, name) for run in runs) for name in names})


def _settled_memory(server: Server) -> int:
    time.sleep(1)
    return resident_bytes(server.pid)


def _start_once() -> float:
    with serving(OURS) as server:
        return server.seconds_to_answer


def _import_once() -> float:
    command = [sys.executable, "-X", "importtime", "-c", "import gamesrv.tap"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        raise Malfunction(done.stderr)
    # "import time: self us | cumulative us | name": the unindented names are the roots
    rows = [line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:")]
    roots = [row for row in rows[1:] if row[2].startswith(" ") and row[2][1] != " "]
    return sum(int(row[1]) for row in roots) / 1e6
