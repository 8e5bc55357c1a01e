"""How a deal is shuffled, so that nobody can choose the cards and everybody can check them.

1. For each deal the room draws a seed of 32 bytes. It stays secret, but its SHA-256 is told at once: from
   then on the room can't change its mind.
2. The seed alone decides the order of the deck. The numbers come from SHA-256 in counter mode
   (`gamesrv.core.rng`), the order from a Fisher-Yates shuffle that starts with the cards 0 to 51.
3. `Rules.start` deals card by card: seat 0 gets the first, seat 1 the second, and so on.
4. When the deal is over, the seed is told. `gamesrv.games.bigtwo.verify` does all this again.
"""

from hashlib import sha256

from gamesrv import Random

__all__ = ["SEED_BYTES", "deck_of", "draw_seed", "hash_of"]

SEED_BYTES = 32


def draw_seed(random: Random) -> bytes:
    """A seed for one deal, from a room's chance; it tells nothing of what that will draw next."""
    return b"".join(random.word().to_bytes(4, "big") for _ in range(SEED_BYTES // 4))


def hash_of(seed: bytes) -> str:
    """What is told of a seed before the deal, in hexadecimal."""
    return sha256(seed).hexdigest()


def deck_of(seed: bytes) -> list[int]:
    """The deck that this seed makes."""
    deck = list(range(52))
    Random(seed).shuffle(deck)
    return deck
