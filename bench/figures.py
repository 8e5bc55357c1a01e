"""The measurements of busy servers, each from scratch: a fresh server, its numbers, and down again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import attrs

from bench.machine import busy_seconds, cpu_seconds
from bench.processes import KEPT, Job, Kind, Load, Malfunction, serving

__all__ = ["Crowd", "Echoes", "Plan", "Storm", "in_turns", "measure_crowd", "measure_echoes", "measure_storm"]

Figures = TypeVar("Figures")

NEVER = ("gaps", "refused", "unsent")
"""What no server may do, however busy."""


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

    @property
    def clients(self) -> int:
        """Of all rooms together."""
        return self.rooms * self.per_room

    def job(self, activity: str) -> Job:
        """The load's part of it."""
        return Job(activity, self.clients, self.per_room, self.command_rate, self.warm_up, self.seconds)


@attrs.frozen
class Crowd:
    """Full rooms on one kind of server, over one window. Shares are of one core."""

    cpu_per_update_us: float
    updates_per_second: float
    delivered: float
    """Share of the updates that there should have been."""
    bytes_per_update: float
    events_per_second: float
    """Messages that are no updates; what they cost is in the updates."""
    period_p50_ms: float
    period_p99_ms: float
    period_max_ms: float
    snapshots: float
    """Fresh snapshots to clients that had fallen behind, in place of updates."""
    lost: float
    """Connections."""
    server_share: float
    load_share: float
    others_share: float
    """Everything else the machine did, and what its host took from it: noise."""
    latest_command_ms: float
    """How far the load itself fell behind, at worst."""


@attrs.frozen
class Echoes:
    """Commands that come back to who said them, while nothing ticks."""

    cpu_per_command_us: float
    commands_per_second: float
    delivered: float
    """Share of those that have come back within the window."""
    trip_p50_ms: float
    trip_p99_ms: float
    others_share: float


@attrs.frozen
class Storm:
    """All come back to a server that was killed. Seconds are since its new start."""

    first_back_s: float
    all_back_s: float
    attempts_per_client: float
    """Connections that were tried."""
    turned_away: float
    """Times that a connection was closed with a reason."""
    lost: float
    """Clients whose session was gone."""
    period_p50_ms: float
    period_p99_ms: float
    period_max_ms: float
    """Between updates of those that are back, until all are."""
    server_share: float
    others_share: float


@attrs.frozen
class _Window:
    """What was counted, and the CPU seconds of the server and of the whole machine meanwhile."""

    result: dict[str, Any]
    cpu: float
    busy: float

    @property
    def seconds(self) -> float:
        return float(self.result["seconds"])

    @property
    def others_share(self) -> float:
        others = self.busy - self.cpu - float(self.result["load_cpu"])
        return max(others, 0) / self.seconds


def in_turns(kinds: Sequence[Kind], runs: int, measure: Callable[[Kind], Figures]) -> dict[str, Figures]:
    """By name; kind after kind and then all over again, of each number the median on its own."""
    rounds = [[measure(kind) for kind in kinds] for _ in range(runs)]
    return {kind.name: _median(each) for kind, each in zip(kinds, zip(*rounds, strict=True), strict=True)}


def measure_crowd(kind: Kind, plan: Plan, program: Path) -> Crowd:
    """Updates to full rooms. That connections get lost is a figure, missing updates are a `Malfunction`."""
    window = _watch(kind, plan.job("play"), plan.per_room, program)
    result, seconds, updates = window.result, window.seconds, window.result["updates"]
    return Crowd(
        cpu_per_update_us=window.cpu / updates * 1e6,
        updates_per_second=updates / seconds,
        delivered=updates / (plan.clients * plan.tick_rate * seconds),
        bytes_per_update=result["update_bytes"] / updates,
        events_per_second=result["events"] / seconds,
        period_p50_ms=result["time_ms"]["p50"],
        period_p99_ms=result["time_ms"]["p99"],
        period_max_ms=result["time_ms"]["max"],
        snapshots=result["snapshots"],
        lost=result["lost"],
        server_share=window.cpu / seconds,
        load_share=result["load_cpu"] / seconds,
        others_share=window.others_share,
        latest_command_ms=result["latest_command_ms"],
    )


def measure_echoes(kind: Kind, plan: Plan, program: Path) -> Echoes:
    """Commands that come back; nobody may get lost."""
    window = _watch(kind, plan.job("echo"), 0, program)
    result = window.result
    if result["lost"]:
        raise Malfunction(f"lost: {result['lost']} {result['complaint']}")
    return Echoes(
        cpu_per_command_us=window.cpu / result["updates"] * 1e6,
        commands_per_second=result["commands"] / window.seconds,
        delivered=result["updates"] / result["commands"],
        trip_p50_ms=result["time_ms"]["p50"],
        trip_p99_ms=result["time_ms"]["p99"],
        others_share=window.others_share,
    )


def measure_storm(plan: Plan, program: Path) -> Storm:
    """A server with all its rooms is killed and started again; the load's window ends when all are back."""
    with serving(KEPT) as server, Load.on(server, KEPT, program, plan.job("storm")) as load:
        load.wait_for("ready")
        load.wait_for("start")
        busy = busy_seconds()
        server.restart()
        load.wait_for("end")
        window = _Window(load.result(), cpu_seconds(server.pid), busy_seconds() - busy)
        server.check()
    _check(window.result)
    return _storm(window, plan, server.began)


def _storm(window: _Window, plan: Plan, began: float) -> Storm:
    result = window.result
    return Storm(
        first_back_s=result["first_back"] - began,
        all_back_s=result["last_back"] - began,
        attempts_per_client=result["attempts"] / plan.clients,
        turned_away=result["closing"],
        lost=result["lost"],
        period_p50_ms=result["time_ms"]["p50"],
        period_p99_ms=result["time_ms"]["p99"],
        period_max_ms=result["time_ms"]["max"],
        server_share=window.cpu / window.seconds,
        others_share=window.others_share,
    )


def _watch(kind: Kind, job: Job, seats: int, program: Path) -> _Window:
    with serving(kind, seats) as server, Load.on(server, kind, program, job) as load:
        load.wait_for("ready")
        load.wait_for("start")
        cpu, busy = cpu_seconds(server.pid), busy_seconds()
        load.wait_for("end")
        cpu, busy = cpu_seconds(server.pid) - cpu, busy_seconds() - busy
        window = _Window(load.result(), cpu, busy)
        server.check()
        _check(window.result)
    return window


def _check(result: dict[str, Any]) -> None:
    for trouble in NEVER:
        if result[trouble]:
            raise Malfunction(f"{trouble}: {result[trouble]} {result['complaint']}")
    if not result["updates"]:
        raise Malfunction("nothing arrived")


def _median(runs: tuple[Any, ...]) -> Any:
    kind = type(runs[0])
    return kind(
        **{field.name: median(getattr(run, field.name) for run in runs) for field in attrs.fields(kind)}
    )
