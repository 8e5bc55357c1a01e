"""What tables may be, and what a deal is worth on each."""

from typing import Any

import pytest

from gamesrv.games.bigtwo.rules import (
    OPTIONS,
    PRESETS,
    Deal,
    Rules,
    card_of,
    mask_of,
    options_for,
)

DEFAULTS = {
    "players": 4,
    "suits": "SHCD",
    "straights": "pagat",
    "low_straight_key": "bottom",
    "flush_order": "suit",
    "sf_order": "rank",
    "triples": True,
    "four_cards": "none",
    "quads_bomb": "no",
    "five_cross": "yes",
    "first_lead": "lowest_every_deal",
    "pass_rule": "free",
    "play_on": False,
    "dragon": False,
    "scoring": "classic",
    "settle": "zero_sum",
    "twos_double": False,
    "top_two_doubles": False,
    "finish_doubles": False,
    "target": 0,
}


# ---------------------------------------------------------------------- options


def test_what_is_not_said_is_as_usual() -> None:
    assert options_for() == DEFAULTS


@pytest.mark.parametrize(
    ("preset", "differs"),
    [
        ("pagat", {}),
        ("hong_kong", {"first_lead": "winner_leads", "scoring": "hk4", "settle": "pairwise"}),
        (
            "taiwan",
            {"suits": "SHDC", "straights": "taiwan", "quads_bomb": "any", "five_cross": "same_kind"},
        ),
        ("philippine", {"suits": "DHSC"}),
    ],
)
def test_presets_are_common_tables(preset: str, differs: dict[str, Any]) -> None:
    assert options_for(preset) == DEFAULTS | differs


def test_every_preset_is_known() -> None:
    assert {*PRESETS} == {"pagat", "hong_kong", "taiwan", "philippine"}


def test_what_is_given_goes_before_the_preset() -> None:
    options = options_for("taiwan", straights="linear", target=100)
    assert (options["straights"], options["suits"], options["target"]) == ("linear", "SHDC", 100)


def test_each_option_takes_each_of_its_values() -> None:
    for name, values in OPTIONS.items():
        for value in values:
            given: dict[str, Any] = {name: value}
            assert options_for(**given)[name] == value


@pytest.mark.parametrize("suits", ["DCHS", "CDHS", "HSDC"])
def test_suits_go_in_any_order(suits: str) -> None:
    assert options_for(suits=suits)["suits"] == suits


WRONG: list[tuple[str, Any]] = [
    ("players", 5),
    ("players", 1),
    ("players", True),
    ("players", 4.0),
    ("players", "4"),
    ("suits", "SSHC"),
    ("suits", "shcd"),
    ("suits", "SHC"),
    ("suits", ["S", "H", "C", "D"]),
    ("suits", None),
    ("straights", "wrap"),
    ("straights", None),
    ("triples", 1),
    ("triples", "yes"),
    ("target", -1),
    ("target", 1001),
    ("target", True),
    ("target", 50.0),
    ("jokers", 2),
    ("top_rule", True),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_an_option_can_not_be_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError) as refused:
        options_for(**{name: value})
    assert refused.value.args[0] == name


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError) as refused:
        options_for("macau")
    assert refused.value.args[0] == "preset"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dragon", {"dragon": True, "players": 3}),
        ("dragon", {"dragon": True, "players": 2}),
        ("play_on", {"play_on": True, "players": 2}),
        ("low_straight_key", {"low_straight_key": "two", "straights": "linear"}),
        ("low_straight_key", {"low_straight_key": "two", "straights": "no2"}),
        ("low_straight_key", {"low_straight_key": "two", "straights": "taiwan"}),
    ],
)
def test_options_that_contradict_each_other_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:
        options_for(**options)
    assert refused.value.args[0] == name


# ---------------------------------------------------------------------- scores


def cards(names: str) -> int:
    return mask_of([card_of(name) for name in names.split()])


def low(count: int) -> int:
    """So many cards, none of them a two."""
    return (1 << count) - 1


def over(hands: list[int], winner: int = 0, last: str = "3S") -> Deal:
    """A deal that ``winner`` has won with these last cards."""
    laid = [0] * len(hands)
    laid[winner] = cards(last)
    return Deal(hands, -1, winner, 0, 0, 0, laid, [winner])


COSTS = {
    "classic": {1: 1, 7: 7, 8: 8, 9: 9, 10: 20, 12: 24, 13: 39, 17: 51},
    "simple": {1: 1, 9: 9, 10: 10, 13: 13},
    "tendouble": {9: 9, 10: 20, 12: 24, 13: 26},
    "hk4": {7: 7, 8: 16, 9: 18, 10: 30, 12: 36, 13: 52},
    "nodebot": {1: 1, 4: 4, 5: 10, 9: 18, 10: 30, 13: 39},
}


@pytest.mark.parametrize(
    ("scoring", "count", "cost"),
    [(scoring, count, cost) for scoring, costs in COSTS.items() for count, cost in costs.items()],
)
def test_cards_left_cost_what_the_table_says(scoring: str, count: int, cost: int) -> None:
    rules = Rules(options_for(scoring=scoring))
    assert rules.cost(low(count)) == cost
    assert rules.cost(0) == 0


@pytest.mark.parametrize(
    ("options", "left", "cost"),
    [
        ({}, "3D 2S 2D", 3),
        ({"twos_double": True}, "3D 4D", 2),
        ({"twos_double": True}, "3D 2D", 4),
        ({"twos_double": True}, "2D 2C 2H 2S", 64),
        ({"top_two_doubles": True}, "3D 2H", 2),
        ({"top_two_doubles": True}, "3D 2S", 4),
        ({"twos_double": True, "top_two_doubles": True}, "3D 2S", 8),
    ],
)
def test_twos_left_double_the_cost(options: dict[str, Any], left: str, cost: int) -> None:
    assert Rules(options_for(**options)).cost(cards(left)) == cost


@pytest.mark.parametrize(
    ("last", "doubled"),
    [
        ("2D", True),
        ("2D 2S", True),
        ("2D 2H 2S", True),
        ("3D 3C 3H 3S 4D", True),
        ("3D 4D 5D 6D 7D", True),
        ("3D 3C 3H 3S", True),
        ("AS", False),
        ("AD 2S 3H 4H 5H", False),
        ("2D 2H 2S 3D 3C", False),
        ("3D 5D 6D 7D 2D", False),
    ],
)
def test_a_grand_finish_doubles_what_all_pay(last: str, doubled: bool) -> None:
    rules = Rules(options_for(finish_doubles=True, four_cards="quads4"))
    scores = [6, -1, -2, -3]
    assert rules.score(over([0, low(1), low(2), low(3)], 0, last)) == [s * (1 + doubled) for s in scores]


def test_without_the_option_it_does_not() -> None:
    assert Rules(options_for()).score(over([0, 1, 2, 4], 0, "2S")) == [3, -1, -1, -1]


HANDS = [low(1), low(8), 0, low(12)]


@pytest.mark.parametrize(
    ("options", "scores"),
    [
        ({}, [-1, -8, 33, -24]),
        ({"settle": "penalty"}, [-1, -8, 0, -24]),
        ({"scoring": "hk4"}, [-1, -16, 53, -36]),
        # Each pays everyone who has less to pay the difference.
        ({"settle": "pairwise", "scoring": "hk4"}, [49, -11, 53, -91]),
    ],
)
def test_who_gets_what(options: dict[str, Any], scores: list[int]) -> None:
    assert Rules(options_for(**options)).score(over(HANDS, 2)) == scores


@pytest.mark.parametrize(
    ("settle", "scores"),
    [("zero_sum", [-1, -8, 33, -24]), ("penalty", [-1, -8, 0, -24]), ("pairwise", [29, 1, 33, -63])],
)
def test_a_dragon_that_was_never_laid_pays_nothing(settle: str, scores: list[int]) -> None:
    deal = over([low(1), low(8), low(13), low(12)], 2)
    assert Rules(options_for(dragon=True, settle=settle)).score(deal) == scores


@pytest.mark.parametrize(
    ("target", "scores", "expected"),
    [
        (0, [0, 0, 0, 0], True),
        (50, [49, -49, 0, 0], False),
        (50, [50, -10, -20, -20], True),
        (50, [20, 20, 10, -50], True),
        (50, [0, -51, -3, -4], True),
    ],
)
def test_a_match_ends_when_somebody_has_won_or_lost_so_much(
    target: int, scores: list[int], expected: bool
) -> None:
    assert Rules(options_for(target=target)).match_over(scores) is expected
