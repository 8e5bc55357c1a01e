"""What run.py measures, as lines with their goals."""

from __future__ import annotations

from bench.arrivals import Arrivals, StartUp
from bench.figures import Crowd, Echoes, Plan, Storm
from bench.processes import OURS, PICOWS, PLAIN
from bench.report import Goal, Row, Table

__all__ = ["arrival_rows", "crowd_rows", "echo_rows", "many_rows", "start_up_rows", "storm_rows"]

KB = 1024
ON_TIME = 75
"""Milliseconds: one and a half of what a period should be."""


def crowd_rows(plan: Plan, found: dict[str, Crowd]) -> list[Row]:
    """Full rooms, as they are meant to be."""
    table, ours = Table(_title(plan), found), found[OURS.name]
    load = Goal(ours.load_share / ours.server_share, 1)
    return [
        *_busy_rows(table, 60, "goal"),
        Row("CPU of the load : the server's", f"{load.value:.2f}", goal=load),
        *table.ratio("cpu_per_update_us", PLAIN.name, ("goal", 0.5)),
        *table.ratio("cpu_per_update_us", PICOWS.name, ("goal", 1), ("aim", 0.8)),
    ]


def many_rows(plan: Plan, found: dict[str, Crowd], word: str) -> list[Row]:
    """Full rooms, as many as one core can hold. ``word``: whether it is a goal or an aim."""
    table = Table(_title(plan), found)
    return [*_busy_rows(table, ON_TIME, word), table.row("connections lost", "lost", 0, most=0, word=word)]


def echo_rows(plan: Plan, found: dict[str, Echoes]) -> list[Row]:
    """Commands there and back."""
    title = (
        f"echo: {plan.clients} clients, {plan.command_rate} commands/s each, nothing ticks; {_times(plan)}"
    )
    table = Table(title, found)
    return [
        *table.head(),
        table.row("CPU per command, us", "cpu_per_command_us"),
        table.row("commands per second", "commands_per_second", 0),
        table.row("  of them back, %", "delivered", times=100),
        table.row("there and back p50, ms", "trip_p50_ms", 2),
        table.row("there and back p99, ms", "trip_p99_ms", 2),
        table.row("everybody else, % of a core", "others_share", times=100),
        *table.ratio("cpu_per_command_us", PICOWS.name, ("goal", 1.3)),
    ]


def arrival_rows(found: dict[str, Arrivals], bare: str) -> list[Row]:
    """What it costs to come and to be there; ``bare`` is ours without a hello."""
    table = Table("connections that do nothing", found)
    return [
        *table.head(),
        table.row("CPU of a handshake, us", "cpu_us", most=100, of=bare),
        table.row("  so many in a CPU second", "per_cpu_second", 0),
        table.row("memory of a connection, KB", "bytes", times=1 / KB, most=10),
    ]


def storm_rows(plan: Plan, found: Storm) -> list[Row]:
    """All come back after a kill."""
    table = Table(f"killed and started again: {_title(plan)}", {OURS.name: found})
    return [
        *table.head(),
        table.row("first one back after, s", "first_back_s", 2),
        table.row("last one back after, s", "all_back_s", 2, most=10),
        table.row("connections tried, each", "attempts_per_client"),
        table.row("turned away", "turned_away", 0),
        table.row("sessions lost", "lost", 0, most=0),
        *_periods(table, ON_TIME, "goal"),
        table.row("server, % of its core", "server_share", times=100),
        table.row("everybody else, % of a core", "others_share", times=100),
    ]


def start_up_rows(figures: StartUp) -> list[Row]:
    """The time to the first answer and the part of it that anyone can look into."""
    table = Table("", {OURS.name: figures})
    return [
        table.row("start to first answer, s", "to_first_answer", 2, most=1.5),
        table.row("  python -X importtime, s", "imports", 2),
    ]


def _busy_rows(table: Table, late: float, word: str) -> list[Row]:
    return [
        *table.head(),
        table.row("CPU per delivered update, us", "cpu_per_update_us"),
        table.row("updates delivered per second", "updates_per_second", 0),
        table.row("  of those expected, %", "delivered", times=100),
        table.row("snapshots instead of updates", "snapshots", 0),
        table.row("events delivered per second", "events_per_second", 0),
        table.row("bytes per update", "bytes_per_update", 0),
        *_periods(table, late, word),
        table.row("server, % of its core", "server_share", times=100),
        table.row("load, % of its core", "load_share", times=100),
        table.row("everybody else, % of a core", "others_share", times=100),
        table.row("latest command of the load, ms", "latest_command_ms"),
    ]


def _periods(table: Table, late: float, word: str) -> list[Row]:
    return [
        table.row("tick period p50, ms", "period_p50_ms"),
        table.row("tick period p99, ms", "period_p99_ms", most=late, word=word),
        table.row("tick period max, ms", "period_max_ms"),
    ]


def _title(plan: Plan) -> str:
    return (
        f"{plan.rooms} rooms x {plan.per_room} clients, {plan.tick_rate} Hz, "
        f"{plan.command_rate} commands/s each; {_times(plan)}"
    )


def _times(plan: Plan) -> str:
    return f"{plan.seconds:g} s" if plan.runs == 1 else f"median of {plan.runs} x {plan.seconds:g} s"
