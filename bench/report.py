"""Figures to lines: aligned for people, plain data for programs."""

from collections.abc import Iterable

import attrs

from bench.figures import Crowd, Plan, StartUp

__all__ = ["Goal", "Row", "crowd_rows", "format_rows", "memory_rows", "start_up_rows"]

KB = 1024


@attrs.frozen
class Goal:
    """What a figure should not exceed."""

    value: float
    most: float

    @property
    def met(self) -> bool:
        """Whether it does not."""
        return self.value <= self.most

    def __str__(self) -> str:
        return f"goal <= {self.most:g}: {'met' if self.met else 'MISSED'}"


@attrs.frozen
class Row:
    """One line: what, our figure, the plain one's where there is one, and what we want of it."""

    what: str
    ours: str
    plain: str = ""
    goal: Goal | None = None


def crowd_rows(plan: Plan, ours: Crowd, plain: Crowd) -> list[Row]:
    """The two servers side by side, then what was to be reached."""
    ratio = Goal(ours.cpu_per_update_us / plain.cpu_per_update_us, 0.5)
    late = Goal(ours.period_p99_ms, 60)
    load = Goal(ours.load_share / ours.server_share, 1)
    both = [
        _both("CPU per delivered update, µs", ours.cpu_per_update_us, plain.cpu_per_update_us),
        _both("updates delivered per second", ours.updates_per_second, plain.updates_per_second, 0),
        _both("  of those expected, %", ours.delivered * 100, plain.delivered * 100),
        _both("snapshots instead of updates", ours.snapshots, plain.snapshots, 0),
        _both("bytes per update", ours.bytes_per_update, plain.bytes_per_update, 0),
        _both("tick period p50, ms", ours.period_p50_ms, plain.period_p50_ms),
        _both("tick period p99, ms", ours.period_p99_ms, plain.period_p99_ms, goal=late),
        _both("tick period max, ms", ours.period_max_ms, plain.period_max_ms),
        _both("server, % of its core", ours.server_share * 100, plain.server_share * 100),
        _both("load, % of its core", ours.load_share * 100, plain.load_share * 100),
        _both("everybody else, % of a core", ours.others_share * 100, plain.others_share * 100),
        _both("latest command of the load, ms", ours.latest_command_ms, plain.latest_command_ms),
    ]
    title = (
        f"{plan.rooms} rooms x {plan.per_room} clients, {plan.tick_rate} Hz, "
        f"{plan.command_rate} commands/s each; median of {plan.runs} x {plan.seconds:g} s"
    )
    return [
        Row(title, "gamesrv", "plain"),
        *both,
        Row("CPU per update, gamesrv : plain", f"{ratio.value:.2f}", goal=ratio),
        Row("CPU of the load : the server's", f"{load.value:.2f}", goal=load),
    ]


def memory_rows(per_connection: float) -> list[Row]:
    """From bytes."""
    size = per_connection / KB
    return [Row("memory per idle connection, KB", f"{size:.1f}", goal=Goal(size, 12))]


def start_up_rows(figures: StartUp) -> list[Row]:
    """The time to the first answer and the part of it that anyone can look into."""
    seconds = figures.to_first_answer
    return [
        Row("start to first answer, s", f"{seconds:.2f}", goal=Goal(seconds, 1.5)),
        Row("  python -X importtime, s", f"{figures.imports:.2f}"),
    ]


def format_rows(rows: Iterable[Row]) -> str:
    """Columns; a row too wide for the first one (a title) just goes its way."""
    return "\n".join(_format_row(row) for row in rows)


def _format_row(row: Row) -> str:
    return f"{row.what:<34}{row.ours:>10}{row.plain:>10}   {row.goal or ''}".rstrip()


def _both(what: str, ours: float, plain: float, digits: int = 1, goal: Goal | None = None) -> Row:
    return Row(what, f"{ours:.{digits}f}", f"{plain:.{digits}f}", goal)
