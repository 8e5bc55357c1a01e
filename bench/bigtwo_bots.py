"""How strong the bots of Big Two are: `python bench/bigtwo_bots.py [--games N]`.

Seeded deals under the default rules, the seat of the one bot going round. A line has the share of them won,
with 95 % Wilson bounds, and what a move of it took, on the whole and where it took long.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from time import process_time

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gamesrv import Random  # noqa: E402
from gamesrv.games.bigtwo.bots.expert import Expert  # noqa: E402
from gamesrv.games.bigtwo.bots.planner import Planner  # noqa: E402
from gamesrv.games.bigtwo.bots.position import Memory, Position, seen_from  # noqa: E402
from gamesrv.games.bigtwo.bots.simple import by_chance, least  # noqa: E402
from gamesrv.games.bigtwo.rules import NOBODY, Rules, options_for  # noqa: E402

Mind = Callable[[Position], int]

PAIRINGS = (
    ("greedy", "random", None),
    ("planner", "random", 0.72),
    ("planner", "greedy", 0.40),
    ("expert", "planner", 0.35),
)
"""One of the first against three of the second, and the goal."""
RULES = Rules(options_for())
"""Shared, as the rooms of a server share them: there is something to work out for each."""
SEATS = 4
WILSON_Z = 1.96


def mind(name: str, rules: Rules, chance: Random) -> Mind:
    """A fresh one."""
    if name == "random":
        return lambda position: by_chance(position, chance)
    if name == "expert":
        return Expert(rules, chance)
    return least if name == "greedy" else Planner(rules)


def play(one: str, three: str, number: int) -> tuple[bool, list[float]]:
    """One deal: whether the one won, and the seconds of computing that each of its moves took."""
    rules, chance = RULES, Random(f"{one} {three} {number}".encode())
    seat = number % SEATS
    minds = [mind(one if each == seat else three, rules, chance) for each in range(SEATS)]
    deck = list(range(52))
    chance.shuffle(deck)
    deal, memory, thoughts = rules.start(deck), Memory(), list[float]()
    while deal.turn != NOBODY:
        turn = deal.turn
        position = seen_from(turn, rules, deal, memory)
        begun = process_time()
        mask = minds[turn](position)
        if turn == seat:
            thoughts.append(process_time() - begun)
        answer = rules.play(deal, turn, mask) if mask else rules.pass_turn(deal, turn)
        assert answer == "ok", answer
        memory.move(turn, mask)
    return deal.out[0] == seat, thoughts


def wilson(won: int, games: int) -> tuple[float, float]:
    """Bounds of a share (E. B. Wilson, 1927)."""
    share, z2 = won / games, WILSON_Z**2
    middle = share + z2 / (2 * games)
    spread = WILSON_Z * sqrt(share * (1 - share) / games + z2 / (4 * games**2))
    return (middle - spread) / (1 + z2 / games), (middle + spread) / (1 + z2 / games)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="bigtwo_bots", description=__doc__)
    parser.add_argument("--games", type=int, default=2000)
    games = parser.parse_args().games
    with multiprocessing.get_context("spawn").Pool() as pool:
        for one, three, goal in PAIRINGS:
            played = pool.starmap(play, [(one, three, number) for number in range(games)], chunksize=20)
            won = sum(outcome for outcome, _ in played)
            low, high = wilson(won, games)
            took = sorted(seconds * 1000 for _, thoughts in played for seconds in thoughts)
            missed = "" if goal is None or won / games >= goal else f"  goal of {goal:.0%} missed"
            slow = took[len(took) * 99 // 100]
            print(
                f"{one:8} against 3 {three:8} {won / games:6.1%}  ({low:.1%} to {high:.1%})"
                f"  {sum(took) / len(took):6.2f} ms a move, 1 in 100 over {slow:.1f} ms{missed}",
                flush=True,
            )


if __name__ == "__main__":
    main()
