"""The benchmarks; README.md says how to read what they print.

Exits with 1 when something broke (a server died, an update got lost), not when a goal is missed.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

# run as a script, Python looks for `bench` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine  # noqa: E402
from bench.figures import Plan, measure_crowds, measure_memory, measure_start_up  # noqa: E402
from bench.processes import Malfunction, build_load  # noqa: E402
from bench.report import Row, crowd_rows, format_rows, memory_rows, start_up_rows  # noqa: E402

QUICK = Plan(warm_up=1, seconds=3, runs=1, starts=1)

Outcome = tuple[list[Row], Any]
"""Lines to print, and the figures for `--json`."""


def crowd(plan: Plan, program: Path) -> Outcome:
    """Full rooms: CPU per update and the tick period, ours and the plain server in turns."""
    ours, plain = measure_crowds(plan, program)
    return crowd_rows(plan, ours, plain), {"gamesrv": attrs.asdict(ours), "plain": attrs.asdict(plain)}


def memory(plan: Plan, program: Path) -> Outcome:
    """What an idle connection costs."""
    per_connection = measure_memory(program)
    return memory_rows(per_connection), {"bytes_per_connection": per_connection}


def start_up(plan: Plan, program: Path) -> Outcome:
    """How long until the server answers."""
    figures = measure_start_up(plan)
    return start_up_rows(figures), attrs.asdict(figures)


MEASUREMENTS: dict[str, Callable[[Plan, Path], Outcome]] = {
    "crowd": crowd,
    "memory": memory,
    "startup": start_up,
}


def read_arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short windows, one run: to see that it works")
    parser.add_argument("--only", choices=MEASUREMENTS, help="just this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(words)


def measure(names: list[str], plan: Plan) -> dict[str, Any]:
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
    names = [arguments.only] if arguments.only else list(MEASUREMENTS)
    machine.raise_file_limit()
    machine.pin(machine.LOAD_CORE)
    try:
        figures = measure(names, QUICK if arguments.quick else Plan())
    except Malfunction as problem:
        print(f"malfunction: {problem}", file=sys.stderr)
        return 1
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
