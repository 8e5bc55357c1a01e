"""``gamesrv prune``: takes out what is old."""

from __future__ import annotations

import argparse
import time
from typing import Any

from gamesrv.cli.problem import Problem
from gamesrv.cli.source import add_store, store_path
from gamesrv.storage.pruning import prune

__all__ = ["add"]

DAY = 86_400.0


def add(subparsers: Any) -> None:
    """Adds the command to the parser."""
    parser = subparsers.add_parser(
        "prune",
        help="delete old games and incidents",
        description="Deletes games of closed rooms, with their replays and results, and incidents; ratings"
        " stay. No server may be using the store.",
    )
    parser.add_argument(
        "--older-than", type=float, metavar="DAYS", required=True, help="those that began earlier"
    )
    add_store(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Says how many."""
    if not 0 <= arguments.older_than < float("inf"):
        raise Problem(f"--older-than takes days, 0 or more, got {arguments.older_than:g}")
    games, incidents = prune(store_path(arguments), time.time() - arguments.older_than * DAY)
    print(f"games: {games}, incidents: {incidents}")
    return 0
