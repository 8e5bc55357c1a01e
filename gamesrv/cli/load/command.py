"""The command and its options."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["PLAYS", "add"]

PLAYS = ("bot", "random", "idle")


def add(subparsers: Any) -> None:
    """Adds the command to the parser."""
    parser = subparsers.add_parser(
        "load",
        help="many players at once, to see how many a server holds",
        description="Sends players to a server and tells how they fared. ADDRESS is ws://HOST:PORT/ws,"
        " wss://..., HOST:PORT for packets, or noise://HOST:PORT, legacy://HOST:PORT for enciphered ones."
        " Exit status: 0, 1 where there were errors, 2 where it could not be run.",
    )
    parser.add_argument("address", metavar="ADDRESS", help="where the server is")
    parser.add_argument("game", metavar="GAME", help="what to play, by its name there")
    parser.add_argument("--players", type=_count, default=100, help="how many [default: %(default)s]")
    parser.add_argument(
        "--per-room",
        type=_count,
        default=0,
        help="so many share a private room [default: the server finds them one each]",
    )
    parser.add_argument(
        "--ramp", type=_positive, default=100.0, help="how many set out each second [default: %(default)s]"
    )
    parser.add_argument(
        "--seconds",
        type=_positive,
        default=30.0,
        help="how long to measure, once all are there [default: %(default)s]",
    )
    parser.add_argument(
        "--play",
        choices=PLAYS,
        help="what they do: what the game's bots do, commands at random, or nothing [default: the first of"
        " these that is possible]",
    )
    parser.add_argument(
        "--game-class", metavar="MODULE:CLASS", help="the game's code, for games that are not shipped"
    )
    parser.add_argument(
        "--rate",
        type=_positive,
        default=2.0,
        help="commands a second of each, at random [default: %(default)s]",
    )
    parser.add_argument("--udp", action="store_true", help="with datagrams beside the connections")
    parser.add_argument("--json", action="store_true", help="tell the figures to a program")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Does it. Returns 1 where there were errors; raises `Problem` where nothing could be measured."""
    from gamesrv.cli.load import running  # ciphers and clients are slow to import, and only needed here

    return running.run(arguments)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"a number above 0 wanted, got {text!r}")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"a number above 0 wanted, got {text!r}")
    return number
