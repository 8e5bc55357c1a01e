"""What is told of a load: while it runs, and afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from time import monotonic
from typing import Any, TextIO

from gamesrv.cli.load.crowd import Crowd
from gamesrv.cli.load.figures import Histogram

__all__ = ["Progress", "bottleneck", "summary", "text"]

BUSY = 0.9
"""The share of a core from which on this process is the bottleneck."""
LATE = 0.02
"""And the seconds that its timers come too late by, one in a hundred."""
WIDE = 18
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
HINTS = {
    "rate_limit": "The server limits each address: start it with more of --joins-per-address, --message-rate"
    " and, for those who come back, --bad-tokens-per-address.",
    "closed 4503": "The server has a limit: --connections-per-address, --max-connections.",
}
"""What to do about errors, by a part of their names."""


class Progress:
    """One line: rewritten on a terminal, or a new one now and then."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._began = self._last = monotonic()
        self._updates = 0

    @property
    def every(self) -> float:
        """Seconds between two of them."""
        return 0.5 if self._live else 5.0

    def show(self, crowd: Crowd) -> None:
        """How it stands."""
        figures, now = crowd.figures, monotonic()
        fresh = max(0, figures.updates - self._updates) / max(1e-9, now - self._last)
        self._last, self._updates = now, figures.updates
        line = (
            f"{now - self._began:5.0f} s  {crowd.seated}/{crowd.plan.players} seated  {fresh:,.0f} updates/s"
            f"  latency p99 {_ms(figures.latency.percentile(0.99))}"
            f"  jitter p99 {_ms(figures.jitter.percentile(0.99))}"
            f"  errors {figures.errors.total()}  own CPU {figures.cpu:.0%}"
        )
        self._out.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        self._out.flush()

    def end(self) -> None:
        """Leaves the line behind."""
        if self._live:
            self._out.write("\n")


def bottleneck(crowd: Crowd) -> str | None:
    """Why the figures are not the server's alone; `None` if they are."""
    cpu, late = crowd.figures.cpu, crowd.loop.lag.percentile(0.99) or 0.0
    if cpu >= BUSY:
        lighter = "" if crowd.plan.play == "idle" else ", or let them do less (--play)"
        return (
            f"THE LOAD ITSELF WAS THE BOTTLENECK: it used {cpu:.0%} of a core, so the figures are its own."
            f" Have fewer players here, run several of these on other cores or machines{lighter}."
        )
    if late >= LATE:
        return (
            f"THE LOAD DID NOT RUN IN TIME: it was late by {_ms(late)} one time in a hundred, with {cpu:.0%}"
            " of a core. Something else wants this machine; jitter and latency are partly that."
        )
    return None


def summary(crowd: Crowd) -> dict[str, Any]:
    """The figures for a program; times in seconds."""
    plan, figures = crowd.plan, crowd.figures
    seconds = figures.seconds
    return {
        "address": plan.place.text,
        "game": plan.game,
        "players": plan.players,
        "seated": crowd.seated,
        "measured": crowd.measuring,
        "seconds": seconds,
        "tick_rate": crowd.tick_rate,
        "connects": figures.connects,
        "returns": figures.returns,
        "arrival": spread(figures.arrivals),
        "updates": figures.updates,
        "updates_per_second": figures.updates / seconds,
        "by_datagram": figures.by_datagram,
        "snapshots": figures.snapshots,
        "events": figures.events,
        "bytes_in_per_second": figures.bytes_in / seconds,
        "bytes_out_per_second": figures.bytes_out / seconds,
        "gap": spread(figures.gaps),
        "jitter": spread(figures.jitter),
        "commands": figures.commands,
        "refused": dict(figures.refused),
        "latency": spread(figures.latency),
        "errors": dict(figures.errors),
        "own_cpu": figures.cpu,
        "own_lag": spread(crowd.loop.lag),
        "bottleneck": bottleneck(crowd),
    }


def spread(times: Histogram) -> dict[str, float | None]:
    """Percentiles and the longest."""
    found = {name: times.percentile(share) for name, share in SHARES.items()}
    return {**found, "max": times.longest if times.count else None}


def text(crowd: Crowd) -> str:
    """The same for people."""
    plan, figures = crowd.plan, crowd.figures
    seconds = figures.seconds
    rate = figures.updates / seconds
    rows = {
        "connects": f"{figures.connects:,} ({figures.returns} came back)",
        "updates": f"{rate:,.0f} a second, {rate / max(1, crowd.seated):.1f} a player;"
        f" {figures.by_datagram:,} by datagram, {figures.snapshots:,} snapshots instead",
        "bytes": f"{figures.bytes_in / seconds:,.0f} a second in, {figures.bytes_out / seconds:,.0f} out",
        "commands": f"{figures.commands / seconds:,.1f} a second; refused: {_counts(figures.refused)}",
        "errors": _counts(figures.errors),
        "own CPU": f"{figures.cpu:.0%} of a core",
    }
    return "\n".join(
        [
            f"{plan.game} at {plan.place.text}: {crowd.seated} of {plan.players} players seated,"
            f" {seconds:.1f} s" + ("" if crowd.measuring else ", before all were there"),
            *(f"{name:<{WIDE}}{told}" for name, told in rows.items()),
            f"{'ms':<{WIDE}}" + "".join(f"{name:>10}" for name in (*SHARES, "max")),
            *_times(crowd),
            *(hint for sign, hint in HINTS.items() if any(sign in error for error in figures.errors)),
            *filter(None, [bottleneck(crowd)]),
        ]
    )


def _times(crowd: Crowd) -> Iterator[str]:
    figures = crowd.figures
    rows = {
        "to a seat": figures.arrivals,
        "update to update": figures.gaps,
        "  jitter": figures.jitter,
        "command latency": figures.latency,
        "own lateness": crowd.loop.lag,
    }
    for name, times in rows.items():
        if times.count:
            yield f"{name:<{WIDE}}" + "".join(
                f"{1000 * (each or 0):>10.1f}" for each in spread(times).values()
            )


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{code} ({count})" for code, count in counts.most_common()) or "none"
