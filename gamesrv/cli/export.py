"""``gamesrv export``: a game as a file, to pass on or to keep."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from gamesrv.cli.source import add_store, from_store, looking_into
from gamesrv.storage import journal_file

__all__ = ["add"]


def add(subparsers: Any) -> None:
    """Adds the command to the parser."""
    parser = subparsers.add_parser(
        "export",
        help="write a game to a file",
        description="Writes a game as a file, which holds its seed: whoever has it sees every hand.",
    )
    parser.add_argument("name", metavar="ROOM", help="a room, for its newest game; or a game or incident")
    add_store(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Writes to the standard output."""
    with looking_into(arguments) as archive:
        recording = from_store(archive, arguments.name)
    sys.stdout.buffer.write(journal_file.write(recording))
    return 0
