"""What the rules of Big Two cost: `python bench/bigtwo_rules.py`.

Positions come from seeded deals played by chance under the default rules. Each is timed by itself, the best
of a few tries (other work on the machine only ever adds time); a line shows the median and the 99th
percentile over all positions. A missed goal is printed as such.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gamesrv.games.bigtwo.rules import ALL_CARDS, NOBODY, Deal, Rules, mask_of, options_for  # noqa: E402

DEALS = 60
HANDS = 500
TRIES = 5


def positions(rules: Rules, chance: Random) -> Iterator[tuple[Deal, int]]:
    """Deals before a move, and the cards that are laid next."""
    for _ in range(DEALS):
        deal = rules.start(chance.sample(range(52), 52))
        while deal.turn != NOBODY:
            plays = rules.legal(deal, deal.turn)
            if not plays:
                rules.pass_turn(deal, deal.turn)
                continue
            mask = chance.choice(plays)
            yield deal.copy(), mask
            rules.play(deal, deal.turn, mask)


def report(name: str, goal: float | None, calls: Iterable[Callable[[], object]]) -> None:
    """One line, in microseconds."""
    times = [min(timed(call) for _ in range(TRIES)) for call in calls]
    middle = median(times)
    verdict = "" if goal is None else f"  goal {goal:6.0f}: {'met' if middle <= goal else 'MISSED'}"
    print(f"{name:<32}{middle:9.2f}{quantiles(times, n=100)[-1]:9.2f}{verdict}")


def timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1e6


def main() -> None:
    chance = Random(1)
    rules = Rules(options_for())
    moments = [*positions(rules, chance)]
    hands = [mask_of(chance.sample(range(52), 13)) for _ in range(HANDS)]
    fives = chance.sample([mask for _, mask in rules.plays(ALL_CARDS, 5)], HANDS)
    print(f"{'microseconds':<32}{'median':>9}{'p99':>9}")
    report("may this be played", 5, [partial(rules.may_play, d, d.turn, mask) for d, mask in moments])
    report("what are these five cards", None, [partial(rules.key, mask) for mask in fives])
    report("all plays of 13 cards", 1000, [partial(rules.plays, hand) for hand in hands])
    report("all that may be played now", None, [partial(rules.legal, d, d.turn) for d, _ in moments])
    report("copy a deal and play", None, [partial(move, rules, d, mask) for d, mask in moments])


def move(rules: Rules, deal: Deal, mask: int) -> None:
    rules.play(deal.copy(), deal.turn, mask)


if __name__ == "__main__":
    main()
