"""What a table of Big Two may be opened with."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal

from attrs import field, frozen

from gamesrv import Meta, Refused
from gamesrv.games.bigtwo.rules import OPTIONS, Rules, options_for

__all__ = ["TableOptions", "rules_with"]


@frozen
class TableOptions:
    """The preset, and each option of `rules.OPTIONS` that is to be another than there; raises `Refused`."""

    preset: Literal["pagat", "hong_kong", "taiwan", "philippine"] = "pagat"
    players: Literal[4, 2, 3] | None = None
    turn_seconds: Annotated[int, Meta(ge=5, le=300)] = 30
    level: Literal["random", "greedy", "planner", "expert"] = "planner"
    """How well the bots play."""
    suits: str | None = None
    straights: Literal["pagat", "linear", "no2", "wide", "taiwan"] | None = None
    low_straight_key: Literal["bottom", "two"] | None = None
    flush_order: Literal["suit", "rank"] | None = None
    sf_order: Literal["rank", "suit"] | None = None
    triples: bool | None = None
    four_cards: Literal["none", "quads4", "twopair_quads4"] | None = None
    quads_bomb: Literal["no", "any"] | None = None
    five_cross: Literal["yes", "same_kind"] | None = None
    first_lead: Literal["lowest_every_deal", "winner_leads"] | None = None
    pass_rule: Literal["free", "locked"] | None = None
    play_on: bool | None = None
    dragon: bool | None = None
    scoring: Literal["classic", "simple", "tendouble", "hk4", "nodebot"] | None = None
    settle: Literal["zero_sum", "penalty", "pairwise"] | None = None
    twos_double: bool | None = None
    top_two_doubles: bool | None = None
    finish_doubles: bool | None = None
    target: Annotated[int, Meta(ge=0, le=1000)] | None = None
    _rules: Rules = field(init=False, eq=False, repr=False)
    _special: dict[str, str | int] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        chosen = {name: getattr(self, name) for name in OPTIONS}
        given = {name: value for name, value in chosen.items() if value is not None}
        try:
            table = options_for(self.preset, **given)
        except ValueError as error:
            name, problem = error.args
            raise Refused(problem, "bad_options", f"options.{name}") from None
        usual = options_for()
        special = {name: value for name, value in table.items() if value != usual[name] or name == "suits"}
        object.__setattr__(self, "_rules", _rules_of(tuple(table.items())))
        object.__setattr__(self, "_special", special)

    @property
    def rules(self) -> Rules:
        """The rules that all this makes."""
        return self._rules

    @property
    def special(self) -> dict[str, str | int]:
        """The options of the rules that are not the usual ones, and in any case what the suits are."""
        return self._special


def rules_with(special: Mapping[str, str | int]) -> Rules:
    """The rules of a table, of what is special about it."""
    return _rules_with(tuple(special.items()))


@lru_cache(maxsize=128)
def _rules_with(special: tuple[tuple[str, str | int], ...]) -> Rules:
    """Bots ask at each move."""
    return _rules_of(tuple(options_for("pagat", **dict(special)).items()))


@lru_cache(maxsize=128)
def _rules_of(table: tuple[tuple[str, str | int], ...]) -> Rules:
    """Most tables are alike, and the rules never change: rooms share them."""
    return Rules(dict(table))
