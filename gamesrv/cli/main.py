"""``gamesrv``: the command line, and what its subcommands share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from gamesrv.cli import check, export, incidents, load, prune, replay
from gamesrv.cli.problem import Problem
from gamesrv.storage.errors import StoreError

__all__ = ["COMMANDS", "main"]

COMMANDS: tuple[ModuleType, ...] = (check, replay, export, incidents, load, prune)
"""Each adds itself to the parser, by ``add(subparsers)``."""

INTERRUPTED = 130
"""The status of a program that was stopped from the keyboard, by custom 128 and the signal's number."""


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command. Returns 0 when all is well, 1 for a finding, 2 where it could not be run."""
    arguments = _parser().parse_args(words)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except (Problem, StoreError) as problem:
        print(f"gamesrv: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Who read us has seen enough. Python would flush once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gamesrv", description="Tools for games and what is kept of them.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
