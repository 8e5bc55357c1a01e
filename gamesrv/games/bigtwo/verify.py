"""Checks a deal: ``python -m gamesrv.games.bigtwo.verify SEED --hash HASH``.

It deals again from the seed that was told after the deal, prints each seat's hand, and says whether the seed
fits the hash that was told before it. `gamesrv.games.bigtwo.shuffle` says how this works.

The exit status is 0 when all fits (or no hash was given), 1 when the hash does not, 2 for wrong arguments.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence

from gamesrv.games.bigtwo.rules import Rules, cards_of, name_of, options_for
from gamesrv.games.bigtwo.shuffle import SEED_BYTES, deck_of, hash_of

__all__ = ["hands_of", "main"]


def hands_of(seed: bytes, players: int = 4) -> list[list[int]]:
    """The cards each seat was dealt, lowest first."""
    deal = Rules(options_for(players=players)).start(deck_of(seed))
    return [cards_of(hand) for hand in deal.hands]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status, and leaves with 2 where the arguments are wrong."""
    given = _parser().parse_args(arguments)
    for seat, hand in enumerate(hands_of(given.seed, given.players)):
        print(f"seat {seat}:", *(_called(card, given) for card in hand))
    return _judge(hash_of(given.seed), given.hash)


def _judge(found: str, expected: str | None) -> int:
    if expected is None:
        print(f"The hash of this seed is {found}. Compare it with the one told before the deal.")
    elif expected == found:
        print("The hash fits: these cards were settled before the deal.")
    else:
        print(f"The hash DOES NOT FIT: that of this seed is {found}.")
    return 0 if expected in (None, found) else 1


def _called(card: int, given: Namespace) -> str:
    return name_of(card, given.suits) if given.names else str(card)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m gamesrv.games.bigtwo.verify", description="Deals again, to check.")
    parser.add_argument("seed", type=_hex, help="the deal's seed, in hexadecimal")
    parser.add_argument("--hash", type=_hash, help="what was told before the deal")
    parser.add_argument("--players", type=int, choices=(2, 3, 4), default=4, help="how many played (4)")
    parser.add_argument("--suits", type=_suits, default="SHCD", help="the table's suits, high to low (SHCD)")
    parser.add_argument("--names", action="store_true", help="print cards by name, not by number")
    return parser


def _hex(text: str) -> bytes:
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ArgumentTypeError(f"{SEED_BYTES} bytes in hexadecimal are wanted")
    return seed


def _hash(text: str) -> str:
    return _hex(text).hex()


def _suits(text: str) -> str:
    try:
        return str(options_for(suits=text.upper())["suits"])
    except ValueError:
        raise ArgumentTypeError("the letters SHCD are wanted, in any order") from None


if __name__ == "__main__":
    sys.exit(main())
