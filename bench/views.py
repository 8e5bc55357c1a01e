"""What it costs to find out what has changed in a view: `python bench/views.py`.

A view of so many players, as the arena has them, of which all or one in ten move at each look. Beside it:
what a look would cost if the author had marked those that moved, and only they were compared. Medians, in
microseconds.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec  # noqa: E402

from gamesrv.core.views import Audience  # noqa: E402
from gamesrv.games.arena.avatar import Avatar  # noqa: E402

SIZES, SHARES = (20, 200, 2000), (1.0, 0.1)


def looks(players: int, share: float, rounds: int, marked: bool) -> list[float]:
    """The CPU time of each look, in seconds."""
    avatars = {seat: Avatar(f"player {seat}", seat, seat) for seat in range(players)}
    look = _marking(avatars) if marked else _as_it_is(avatars)
    moving = max(1, round(players * share))
    look([*avatars])
    took = []
    for number in range(rounds):
        seats = [(number * moving + at) % players for at in range(moving)]
        for seat in seats:
            avatars[seat].x += 3
            avatars[seat].y += 1
        start = time.process_time()
        look(seats)
        took.append(time.process_time() - start)
    return took


def _as_it_is(avatars: dict[int, Avatar]) -> Callable[[list[int]], Any]:
    audience = Audience()
    view = {"avatars": avatars}
    return lambda marked: audience.change(view)


def _marking(avatars: dict[int, Avatar]) -> Callable[[list[int]], Any]:
    """Looks only at what it is told of: the same comparison of each, and no search for it."""
    audiences = {seat: Audience() for seat in avatars}
    return lambda marked: {seat: audiences[seat].change(avatars[seat]) for seat in marked}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="views", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    args = parser.parse_args()
    encode = msgspec.msgpack.Encoder().encode
    print("| players | moving | look | per moving one | msgpack of the change | if marked |")
    print("|---:|---:|---:|---:|---:|---:|")
    for players in SIZES:
        for share in SHARES:
            moving = max(1, round(players * share))
            whole, least = (1e6 * median(looks(players, share, args.rounds, m)) for m in (False, True))
            patch = {"avatars": {str(seat): {"x": 300, "y": 400} for seat in range(moving)}}
            start = time.process_time()
            for _ in range(args.rounds):
                encode(patch)
            encoding = 1e6 * (time.process_time() - start) / args.rounds
            print(
                f"| {players} | {moving} | {whole:.1f} | {whole / moving:.2f} | {encoding:.1f}"
                f" | {least:.1f} |"
            )


if __name__ == "__main__":
    main()
