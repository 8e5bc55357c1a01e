"""``gamesrv incidents``: rooms that failed, and why."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from gamesrv.cli.source import add_store, looking_into
from gamesrv.storage.interfaces import Incident

__all__ = ["add"]


def add(subparsers: Any) -> None:
    """Adds the command to the parser."""
    parser = subparsers.add_parser(
        "incidents",
        help="list the rooms that failed",
        description="Lists the newest rooms that failed, or tells of one. `gamesrv replay ID` shows what led"
        " to it.",
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="one of them")
    add_store(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Tells of one, or lists all."""
    with looking_into(arguments) as archive:
        if arguments.id is not None:
            incident = archive.incident(arguments.id)
            print(_line(incident), incident.traceback.rstrip(), sep="\n")
        else:
            for incident in archive.incidents():
                print(f"{_line(incident)}  {_last_line(incident.traceback)}")
    return 0


def _line(incident: Incident) -> str:
    when = datetime.fromtimestamp(incident.at).isoformat(" ", "seconds")
    return f"{incident.id}  {when}  {incident.room}"


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2]
