"""Whole games of Big Two under all kinds of rules: `python bench/bigtwo_games.py [--games N]`.

Seeded deals by random and greedy minds, the options drawn anew for each. After each it looks whether every
card is where it should be and the score adds up; what went wrong is counted and shown.
"""

import argparse
import multiprocessing
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

# run as a script, Python looks for `gamesrv` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gamesrv import Random  # noqa: E402
from gamesrv.games.bigtwo.bots.position import Memory, seen_from  # noqa: E402
from gamesrv.games.bigtwo.bots.simple import by_chance, least  # noqa: E402
from gamesrv.games.bigtwo.rules import NOBODY, OPTIONS, PRESETS, Deal, Rules, options_for  # noqa: E402

SHOWN = 5
"""Kinds of failure that are named."""
OTHERWISE = 4
"""Every so many options are another than in the preset."""


def some_rules(chance: Random) -> Rules:
    """Those of a preset, with some options changed; what doesn't go together is drawn again."""
    while True:
        chosen: dict[str, str | int] = {}
        for name, values in OPTIONS.items():
            if name not in ("suits", "target") and chance.below(OTHERWISE) == 0:
                chosen[name] = chance.choice(values)
        try:
            return Rules(options_for(chance.choice([*PRESETS]), **chosen))
        except ValueError:
            continue


def play_out(rules: Rules, deal: Deal, chance: Random) -> tuple[int, int]:
    """Plays a deal to its end; returns the cards that were laid, and the number of moves."""
    greedy = [chance.below(2) for _ in deal.hands]
    memory, moves = Memory(), 0
    while deal.turn != NOBODY:
        turn = deal.turn
        position = seen_from(turn, rules, deal, memory)
        mask = least(position) if greedy[turn] else by_chance(position, chance)
        answer = rules.play(deal, turn, mask) if mask else rules.pass_turn(deal, turn)
        assert answer == "ok", answer
        assert not memory.laid & mask, "a card was laid twice"
        memory.move(turn, mask)
        moves += 1
    return memory.laid, moves


def check(rules: Rules, deal: Deal, dealt: int, laid: int) -> None:
    """Raises `AssertionError` if a deal that is over doesn't add up."""
    left = 0
    for hand in deal.hands:
        assert not left & hand, "two hold the same card"
        left |= hand
    assert not left & laid and left | laid == dealt, "cards are not conserved"
    holding = sum(1 for hand in deal.hands if hand)
    dragon = laid == 0
    assert dragon or not deal.hands[deal.out[0]], "the winner holds cards"
    assert dragon or holding == (1 if rules.options["play_on"] else len(deal.hands) - 1), "it ended too late"
    scores = rules.score(deal)
    if rules.options["settle"] == "penalty":
        assert scores[deal.out[0]] == 0 and max(scores) == 0, "a penalty that is none"
    else:
        assert sum(scores) == 0 and scores[deal.out[0]] == max(scores), "the score does not add up"


def game(number: int) -> tuple[int, str]:
    """One game: its moves, and what went wrong, if anything did."""
    try:
        chance = Random(f"game {number}".encode())
        rules = some_rules(chance)
        deck = list(range(52))
        chance.shuffle(deck)
        deal = rules.start(deck)
        dealt = sum(deal.hands)
        laid, moves = play_out(rules, deal, chance)
        check(rules, deal, dealt, laid)
    except Exception as error:
        return 0, f"{type(error).__name__}: {error} (game {number})"
    return moves, ""


def main() -> None:
    """Plays, and prints what came of it; the status is 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="bigtwo_games", description=__doc__)
    parser.add_argument("--games", type=int, default=2000)
    games = parser.parse_args().games
    begun, moves, failures = perf_counter(), 0, Counter[str]()
    with multiprocessing.get_context("spawn").Pool() as pool:
        for number, failure in pool.imap_unordered(game, range(games), chunksize=100):
            moves += number
            if failure:
                failures[failure] += 1
    print(f"{games} games, {moves} moves, {failures.total()} failed, in {perf_counter() - begun:.0f} s")
    for failure in sorted(failures)[:SHOWN]:
        print(f"  {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
