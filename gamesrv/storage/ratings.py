"""What players are rated at: a skill for each game, and how sure one may be of it.

The model is Bradley and Terry's as Weng and Lin have it ("A Bayesian Approximation Method for Online
Ranking", JMLR 12, 2011, algorithm 1), by openskill: a game counts as one between each two of its players.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from openskill.models import BradleyTerryFull, BradleyTerryFullRating

from gamesrv.storage.interfaces import BOT, Rated, Standing

__all__ = ["rated", "rating_of"]

BEGINNING = 1000
STEP = 20
"""What people read instead of units of skill: nobody likes to be a 3.7."""

_model = BradleyTerryFull()


def rating_of(rated: Rated) -> int:
    """One number, for people: what the skill is at least, almost surely. Everybody begins at `BEGINNING`."""
    return round(BEGINNING + STEP * (rated.mu - 3 * rated.sigma))


def rated(game: str, standings: Sequence[Standing], before: Mapping[str, Rated]) -> Iterator[Rated]:
    """What those who played are rated at from now on; nothing where that was only one.

    Whoever had several seats, as bots of a grade have, gets the mean of what each of these brought.
    """
    seats: dict[str, list[int]] = {}
    for number, standing in enumerate(standings):
        seats.setdefault(standing.player, []).append(number)
    if len(seats) < 2:
        return
    teams = [[_skill(before.get(standing.player))] for standing in standings]
    after = [team[0] for team in _model.rate(teams, ranks=[float(each.place) for each in standings])]
    for player, numbers in seats.items():
        old, name = before.get(player), standings[numbers[0]].name
        yield Rated(
            game,
            player,
            player if player.startswith(BOT) else name,
            fmean(after[number].mu for number in numbers),
            fmean(after[number].sigma for number in numbers),
            1 if old is None else old.played + 1,
        )


def _skill(known: Rated | None) -> BradleyTerryFullRating:
    return _model.rating() if known is None else _model.rating(known.mu, known.sigma)
