"""The benchmarks of whole servers; README.md says how to read what they print.

Exits with 1 when something broke (a server died, an update got lost), not when a goal is missed.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

# run as a script, Python looks for `bench` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine, tables  # noqa: E402
from bench.arrivals import measure_arrivals, measure_start_up  # noqa: E402
from bench.figures import Plan, in_turns, measure_crowd, measure_echoes, measure_storm  # noqa: E402
from bench.processes import (  # noqa: E402
    ECHO,
    HALL,
    NODE,
    OURS,
    PICOWS,
    PLAIN,
    WEBSOCKETS,
    Kind,
    Malfunction,
    build_load,
)
from bench.report import Row, format_rows  # noqa: E402

QUICK = Plan(warm_up=1, seconds=3, runs=1)
PEERS = (PICOWS, WEBSOCKETS, NODE, PLAIN)
KEPT_AFTER = 6
"""Seconds, in which the server has kept the state of every room once."""
BARE = attrs.evolve(OURS, name="no hello", game="")

Outcome = tuple[list[Row], Any]
"""Lines to print, and the figures for `--json`."""


def full_rooms(ours: Kind, rooms: int, per_room: int, plan: Plan, program: Path) -> Outcome:
    """CPU per update and the tick period."""
    plan = attrs.evolve(plan, rooms=rooms, per_room=per_room)
    kinds = [ours, *_there(PEERS)]
    found = in_turns(kinds, plan.runs, lambda kind: measure_crowd(kind, plan, program))
    return tables.crowd_rows(plan, found), _plain(found)


def many(rooms: int, word: str, plan: Plan, program: Path) -> Outcome:
    """The same of as many as a core may hold."""
    plan = attrs.evolve(plan, rooms=rooms, runs=1)
    kinds = [OURS, *_there([PICOWS])]
    found = in_turns(kinds, plan.runs, lambda kind: measure_crowd(kind, plan, program))
    return tables.many_rows(plan, found, word), _plain(found)


def echo(plan: Plan, program: Path) -> Outcome:
    """A command there and back, at a rate that leaves every one of them time."""
    plan = attrs.evolve(plan, command_rate=2)
    kinds = [ECHO, *_there(PEERS)]
    found = in_turns(kinds, plan.runs, lambda kind: measure_echoes(kind, plan, program))
    return tables.echo_rows(plan, found), _plain(found)


def arrivals(plan: Plan, program: Path) -> Outcome:
    """What a handshake costs, and a connection that does nothing."""
    kinds = [OURS, BARE, *_there(PEERS)]
    found = in_turns(kinds, plan.runs, lambda kind: measure_arrivals(kind, program))
    return tables.arrival_rows(found, BARE.name), _plain(found)


def storm(plan: Plan, program: Path) -> Outcome:
    """Everyone comes back after a restart."""
    plan = attrs.evolve(plan, rooms=200, runs=1, warm_up=KEPT_AFTER)
    found = measure_storm(plan, program)
    return tables.storm_rows(plan, found), attrs.asdict(found)


def start_up(plan: Plan, program: Path) -> Outcome:
    """How long until the server answers."""
    found = measure_start_up(2 * plan.runs - 1)
    return tables.start_up_rows(found), attrs.asdict(found)


MEASUREMENTS: dict[str, Callable[[Plan, Path], Outcome]] = {
    "crowd": partial(full_rooms, OURS, 50, 20),
    "room": partial(full_rooms, HALL, 1, 200),
    "4000": partial(many, 200, "goal"),
    "6000": partial(many, 300, "aim"),
    "echo": echo,
    "arrivals": arrivals,
    "storm": storm,
    "startup": start_up,
}


def read_arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short windows, one run: to see that it works")
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="just this one; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(words)


def measure(names: Sequence[str], plan: Plan) -> dict[str, Any]:
    """Does them one after the other, and prints each as it is known."""
    figures: dict[str, Any] = {"machine": machine.describe()}
    print(figures["machine"], flush=True)
    with tempfile.TemporaryDirectory() as place:
        program = build_load(Path(place))
        for name in names:
            rows, figures[name] = MEASUREMENTS[name](plan, program)
            print("\n" + format_rows(rows), flush=True)
    return figures


def main(words: list[str]) -> int:
    """Gives the exit status."""
    arguments = read_arguments(words)
    machine.raise_file_limit()
    machine.pin(machine.LOAD_CORE)
    try:
        figures = measure(arguments.only or [*MEASUREMENTS], QUICK if arguments.quick else Plan())
    except Malfunction as problem:
        print(f"malfunction: {problem}", file=sys.stderr)
        return 1
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _there(kinds: Sequence[Kind]) -> list[Kind]:
    return [kind for kind in kinds if kind.is_there()]


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {name: attrs.asdict(figures) for name, figures in found.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
