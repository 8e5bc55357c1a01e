"""A deal as a client sees it, made into one that `Rules` can judge."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gamesrv import Seat
from gamesrv.games.bigtwo.options import rules_with
from gamesrv.games.bigtwo.rules import Deal, Rules, mask_of

__all__ = ["deal_from", "mask_laid", "rules_from"]

_mask_of = lru_cache(maxsize=4096)(mask_of)
"""Most plays are of one or two cards, and each is seen by several bots, more than once."""


def mask_laid(cards: Sequence[int]) -> int:
    """The mask of a play that the server told of."""
    return _mask_of(tuple(cards))


def rules_from(view: Mapping[str, Any]) -> Rules:
    """The rules of the table."""
    return rules_with(view["table"])


def deal_from(view: Mapping[str, Any], mine: Mapping[str, Any], seat: Seat | None) -> Deal:
    """The deal, with all that this seat knows of it: of the hands its own alone, the others are 0."""
    hands = [0] * len(view["counts"])
    if seat is not None:
        hands[seat] = sum([1 << card for card in mine["hand"]])
    need = 1 << mine["need"] if "need" in mine else 0
    passed = sum([1 << other for other in view["passed"]])
    laid = [*map(mask_laid, view["laid"])]
    return Deal(hands, view["turn"], view["owner"], need, view["to_beat"], passed, laid, [*view["out"]])
