"""What cards are together, and which are better: measured counts, pinned examples, and a slow oracle."""

from collections import Counter
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv.games.bigtwo.rules import (
    ALL_CARDS,
    KINDS,
    OPTIONS,
    RANKS,
    SIZES,
    Rules,
    card_of,
    cards_of,
    kind_of,
    mask_of,
    name_of,
    options_for,
)

BASE = Rules(options_for())


def cards(names: str, suits: str = "SHCD") -> int:
    """A mask, from the names of cards."""
    return mask_of([card_of(name, suits) for name in names.split()])


def kind(names: str, **options: Any) -> str:
    return KINDS[kind_of(Rules(options_for(**options)).key(cards(names)))]


def rises(*plays: str, **options: Any) -> bool:
    """Whether each play beats the one before it, and not the other way round."""
    rules = Rules(options_for(**options))
    keys = [rules.key(cards(play)) for play in plays]
    steps = [*zip(keys, keys[1:], strict=False)]
    return all(rules.beats(b, a) and not rules.beats(a, b) and not rules.beats(a, a) for a, b in steps)


# ---------------------------------------------------------------------- cards


def test_a_card_is_four_times_its_rank_and_its_suit() -> None:
    assert [name_of(card) for card in (0, 1, 2, 3, 4, 31, 51)] == ["3D", "3C", "3H", "3S", "4D", "TS", "2S"]


def test_the_lowest_card_is_named_by_the_order_of_suits() -> None:
    assert [name_of(0, suits) for suits in ("SHCD", "SHDC", "DHSC")] == ["3D", "3C", "3C"]


def test_names_lead_back_to_their_cards() -> None:
    for suits in map("".join, permutations("SHCD")):
        names = [name_of(card, suits) for card in range(52)]
        assert len(set(names)) == 52
        assert [card_of(name, suits) for name in names] == [*range(52)]


def test_names_may_be_small_and_tens_long() -> None:
    assert [card_of(name) for name in ("2s", "10h", "tH", "qD")] == [51, 30, 30, 36]


@pytest.mark.parametrize("name", ["", "3", "S", "33", "SS", "1S", "10", "110S", "3SS", "3 S", "3♠", "3X"])
def test_what_is_no_card_has_no_number(name: str) -> None:
    with pytest.raises(ValueError, match="no card"):
        card_of(name)


@given(st.sets(st.integers(0, 51)))
def test_masks_keep_their_cards(held: set[int]) -> None:
    assert cards_of(mask_of([*held])) == sorted(held)


@pytest.mark.parametrize("wrong", [[-1], [52], [3, 3], [0, 51, 0]])
def test_a_mask_has_each_card_once_and_nothing_else(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match="no card, or twice"):
        mask_of(wrong)


# ---------------------------------------------------------------------- counts

FIVES = {"full_house": 3744, "four_and_one": 624}
COUNTS: dict[str, dict[str, int]] = {
    "pagat": {"straight": 10200, "flush": 5108, "straight_flush": 40} | FIVES,
    "linear": {"straight": 9180, "flush": 5112, "straight_flush": 36} | FIVES,
    "no2": {"straight": 8160, "flush": 5116, "straight_flush": 32} | FIVES,
    "wide": {"straight": 11220, "flush": 5104, "straight_flush": 44} | FIVES,
    "taiwan": {"straight": 10200, "flush": 5108, "straight_flush": 40} | FIVES,
}


@pytest.mark.parametrize("straights", COUNTS)
def test_a_deck_has_so_many_plays_of_five_cards(straights: str) -> None:
    found = Rules(options_for(straights=straights)).plays(ALL_CARDS, 5)
    assert Counter(KINDS[kind_of(key)] for key, _ in found) == COUNTS[straights]


def test_a_deck_has_so_many_smaller_plays() -> None:
    rules = Rules(options_for(four_cards="twopair_quads4"))
    found = Counter(KINDS[kind_of(key)] for size in range(1, 5) for key, _ in rules.plays(ALL_CARDS, size))
    assert found == {"single": 52, "pair": 78, "triple": 52, "two_pairs": 78 * 72 // 2, "four": 13}


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, {"single", "pair", "triple"}),
        ({"triples": False}, {"single", "pair"}),
        ({"four_cards": "quads4"}, {"single", "pair", "triple", "four"}),
        ({"four_cards": "twopair_quads4"}, {"single", "pair", "triple", "four", "two_pairs"}),
    ],
)
def test_a_hand_offers_what_the_options_let_be_played(options: dict[str, Any], kinds: set[str]) -> None:
    fives = {"straight", "flush", "full_house", "four_and_one", "straight_flush"}
    found = Rules(options_for(**options)).plays(ALL_CARDS)
    assert {KINDS[kind_of(key)] for key, _ in found} == kinds | fives
    assert len(found) == len({mask for _, mask in found})


# ---------------------------------------------------------------------- examples


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("3D", "single"),
        ("3D 3S", "pair"),
        ("3D 4D", "none"),
        ("QD QC QS", "triple"),
        ("QD QC KS", "none"),
        ("QD QC QS QH", "none"),
        ("QD QC KS KD", "none"),
        ("3D 4C 5H 6S 7D", "straight"),
        ("AD 2C 3H 4S 5D", "straight"),
        ("2C 3H 4S 5D 6D", "straight"),
        ("JD QC KH AS 2D", "none"),
        ("QD KC AH 2S 3D", "none"),
        ("KD AC 2H 3S 4D", "none"),
        ("3D 5D 7D 9D JD", "flush"),
        ("3D 3C 3H 9D 9S", "full_house"),
        ("3D 3C 9H 9D 9S", "full_house"),
        ("3D 3C 3H 3S 9S", "four_and_one"),
        ("2D 2C 2H 2S 9S", "four_and_one"),
        ("3D 3C 3H 8S 9S", "none"),
        ("3D 3C 8H 8S 9S", "none"),
        ("3D 3C 6H 8S 9S", "none"),
        ("3D 6D 8D 9S 9H", "none"),
        ("AS KS QS JS TS", "straight_flush"),
        ("AS 2S 3S 4S 5S", "straight_flush"),
        ("JS QS KS AS 2S", "flush"),
        ("3D 4C 5H 6S 7D 8D", "none"),
        ("3D 3C 4H 4S 5D 5C", "none"),
    ],
)
def test_what_cards_are_together(names: str, expected: str) -> None:
    assert kind(names) == expected


@pytest.mark.parametrize(
    ("names", "options", "expected"),
    [
        ("JD QC KH AS 2D", {"straights": "linear"}, "straight"),
        ("JD QC KH AS 2D", {"straights": "wide"}, "straight"),
        ("AD 2C 3H 4S 5D", {"straights": "linear"}, "none"),
        ("2C 3H 4S 5D 6D", {"straights": "no2"}, "none"),
        ("2C 3H 4S 5D 6D", {"straights": "wide"}, "straight"),
        ("QD QC QS", {"triples": False}, "none"),
        ("QD QC QS 3D 3S", {"triples": False}, "full_house"),
        ("QD QC QS QH", {"four_cards": "quads4"}, "four"),
        ("QD QC KS KD", {"four_cards": "quads4"}, "none"),
        ("QD QC KS KD", {"four_cards": "twopair_quads4"}, "two_pairs"),
        ("QD QC QS KD", {"four_cards": "twopair_quads4"}, "none"),
    ],
)
def test_what_options_make_of_cards(names: str, options: dict[str, Any], expected: str) -> None:
    assert kind(names, **options) == expected


A2345, LOW_TWO, LOWEST, HIGHEST = "AS 2H 3S 4S 5S", "2D 3D 4D 5D 6C", "3D 4C 5H 6S 7D", "TD JC QH KD AC"
TO_TWO = "JC QH KD AC 2C"


@pytest.mark.parametrize(
    ("plays", "options"),
    [
        (("KS", "AD", "AC", "2D", "2C", "2H", "2S"), {}),
        (("9H 9C", "9S 9D", "TD TC"), {}),
        (("QH QC", "QS QD"), {}),
        (("3D 3C 3H", "4D 4C 4H"), {}),
        (("3D 4C 5H 6S 7D", "3C 4D 5S 6H 7C", "4D 5C 6H 7S 8D"), {}),
        ((A2345, LOW_TWO, LOWEST, HIGHEST), {}),
        ((A2345, LOWEST, HIGHEST, LOW_TWO), {"straights": "taiwan"}),
        ((LOWEST, HIGHEST, TO_TWO), {"straights": "linear"}),
        ((A2345, LOW_TWO, LOWEST, HIGHEST, TO_TWO), {"straights": "wide"}),
        ((LOWEST, HIGHEST, LOW_TWO, A2345), {"low_straight_key": "two"}),
        ((LOWEST, LOW_TWO, TO_TWO, A2345), {"low_straight_key": "two", "straights": "wide"}),
        (("3D 3C 3H 2D 2C", "4D 4C 4H 3D 3S"), {}),
        (("AD AC AH 2D 2C", "3D 3C 3H 3S 4D", "4S 4C 4H 4D 3D"), {}),
        (("2D 2C 2H 2S AD", "3D 4D 5D 6D 7D"), {}),
        (("3C 4S 5C 6C 7C", "3D 5D 6D 7D 8D", "3D 3C 3H 4D 4C", "3D 3C 3H 3S 4C", "3D 4D 5D 6D 7D"), {}),
        (("AD KD QD JD 9D", "3S 4S 5S 6S 8S"), {}),
        (("3S 4S 5S 6S 8S", "AD KD QD JD 9D"), {"flush_order": "rank"}),
        (("AD KD QD JD 8D", "AS KS QS JS 8S", "AD KD QD JD 9D"), {"flush_order": "rank"}),
        (("3S 4S 5S 6S 7S", "TD JD QD KD AD", "TS JS QS KS AS"), {}),
        (("TD JD QD KD AD", "3S 4S 5S 6S 7S", "TS JS QS KS AS"), {"sf_order": "suit"}),
        (("AS 2S 3S 4S 5S", "3D 4D 5D 6D 7D", "2C 3C 4C 5C 6C"), {"straights": "taiwan"}),
        (("QD QS JS JH", "KC KH 4D 4C", "KD KS 3D 3C", "3H 3C 3D 3S"), {"four_cards": "twopair_quads4"}),
    ],
)
def test_which_plays_are_better(plays: tuple[str, ...], options: dict[str, Any]) -> None:
    assert rises(*plays, **options)


@pytest.mark.parametrize(
    ("play", "on", "options", "expected"),
    [
        ("2D 2C", "3S", {}, False),
        ("3D 4D 5D 6D 7D", "2S", {}, False),
        ("3D 4D 5D 6D 7D", "2S", {"quads_bomb": "any"}, True),
        ("3D 3C 3H 3S 4D", "2S 2H", {"quads_bomb": "any"}, True),
        ("3D 3C 3H 4S 4D", "2S 2H", {"quads_bomb": "any"}, False),
        ("3D 3C 3H 3S", "2S 2H", {"quads_bomb": "any", "four_cards": "quads4"}, False),
        ("2S", "3D 3C 3H 3S 4D", {"quads_bomb": "any"}, False),
        ("3D 5D 6D 7D 8D", HIGHEST, {"five_cross": "same_kind"}, False),
        ("3D 3C 3H 3S 4D", HIGHEST, {"five_cross": "same_kind"}, False),
        ("3D 3C 3H 3S 4D", HIGHEST, {"five_cross": "same_kind", "quads_bomb": "any"}, True),
        ("3D 4D 5D 6D 7D", "2D 2C 2H 2S 4C", {"five_cross": "same_kind"}, False),
        ("3D 4D 5D 6D 7D", "2D 2C 2H 2S 4C", {"five_cross": "same_kind", "quads_bomb": "any"}, True),
        ("3D 3C 3H 3S", "AD AS KD KS", {"five_cross": "same_kind", "four_cards": "twopair_quads4"}, True),
        ("4D 5D 6D 7C 8D", LOWEST, {"five_cross": "same_kind"}, True),
    ],
)
def test_what_may_be_laid_on_what(play: str, on: str, options: dict[str, Any], expected: bool) -> None:
    rules = Rules(options_for(**options))
    assert rules.beats(rules.key(cards(play)), rules.key(cards(on))) is expected
    assert rules.beats(rules.key(cards(play)), 0)


# ---------------------------------------------------------------------- a slow oracle

LADDERS = {
    "pagat": ["A2345", "23456", *("3456789TJQKA"[i : i + 5] for i in range(8))],
    "no2": ["3456789TJQKA"[i : i + 5] for i in range(8)],
    "linear": [RANKS[i : i + 5] for i in range(9)],
    "wide": ["A2345", "23456", *(RANKS[i : i + 5] for i in range(9))],
    "taiwan": ["A2345", *("3456789TJQKA"[i : i + 5] for i in range(8)), "23456"],
}


def worth(held: list[int], options: dict[str, Any]) -> tuple[int, ...] | None:
    """Kind and worth of five cards, said as a person would; None for no play."""
    ranks = Counter(card // 4 for card in held)
    shape = sorted(ranks.values())
    leading = ranks.most_common(1)[0][0]
    if shape == [1, 4]:
        return (4, leading)
    if shape == [2, 3]:
        return (3, leading)
    if shape != [1, 1, 1, 1, 1]:
        return None
    named = {RANKS[rank] for rank in ranks}
    ladder = LADDERS[options["straights"]]
    steps = [place for place, run in enumerate(ladder) if set(run) == named]
    suits = {card % 4 for card in held}
    downwards = tuple(sorted(ranks, reverse=True))
    if steps:
        run = ladder[steps[0]]
        # A straight counts by its end; 23456 in Taiwan by its 2, and so do low ones if the option says it.
        if run == "23456" and options["straights"] == "taiwan":
            run = "34562"
        place, top = steps[0], next(card for card in held if RANKS[card // 4] == run[-1])
        if options["low_straight_key"] == "two" and "2" in run:
            place, top = 99, max(held)
        if len(suits) > 1:
            return (1, place, top % 4)
        return (5, top % 4, place) if options["sf_order"] == "suit" else (5, place, top % 4)
    if len(suits) > 1:
        return None
    return (2, *suits, *downwards) if options["flush_order"] == "suit" else (2, *downwards, *suits)


FIVE_OPTIONS = [
    options_for(straights=straights, low_straight_key=low, flush_order=order, sf_order=order)
    for straights in LADDERS
    for low in ("bottom", "two")
    for order in ("suit", "rank")
    if low == "bottom" or straights in ("pagat", "wide")
]


@pytest.mark.parametrize(
    "options", FIVE_OPTIONS, ids=lambda o: f"{o['straights']}-{o['low_straight_key']}-{o['sf_order']}"
)
def test_fives_are_what_a_slow_oracle_says_and_in_its_order(options: dict[str, Any]) -> None:
    rules = Rules(options)
    plays = rules.plays(ALL_CARDS, 5)
    found = plays[:-44:23] + plays[-44:]  # some 900 of them, all straight flushes too
    judged = sorted((worth(cards_of(mask), options) or (), key) for key, mask in found)
    assert judged[0][0]
    keys = [key for _, key in judged]
    assert keys == sorted(keys)
    assert len(set(judged)) == len(set(keys)) == len({said for said, _ in judged})


@given(st.sets(st.integers(0, 51), min_size=5, max_size=5), st.sampled_from(FIVE_OPTIONS))
@settings(deadline=None, max_examples=300)
def test_five_cards_are_a_play_when_the_oracle_says_so(held: set[int], options: dict[str, Any]) -> None:
    assert bool(Rules(options).key(mask_of([*held]))) == (worth(sorted(held), options) is not None)


# ---------------------------------------------------------------------- properties

HANDS = st.sets(st.integers(0, 51), min_size=1, max_size=9).map(lambda held: mask_of([*held]))
CLOSE_HANDS = st.sets(st.integers(8, 23), min_size=1, max_size=9).map(lambda held: mask_of([*held]))
TABLES = [
    Rules(options_for(four_cards=four, triples=triples, straights=straights))
    for four in OPTIONS["four_cards"]
    for triples in (True, False)
    for straights in ("pagat", "wide")
]


def filtered(rules: Rules, hand: int, sizes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Key and mask of all subsets that are plays, weakest first."""
    subsets = [mask_of([*some]) for size in sizes for some in combinations(cards_of(hand), size)]
    return sorted((rules.key(mask), mask) for mask in subsets if rules.key(mask))


@given(HANDS | CLOSE_HANDS, st.sampled_from(TABLES))
@settings(deadline=None, max_examples=150)
def test_the_plays_of_a_hand_are_its_subsets_that_are_plays(hand: int, rules: Rules) -> None:
    assert rules.plays(hand) == filtered(rules, hand, (1, 2, 3, 4, 5, 6))
    for size in range(1, 6):
        assert rules.plays(hand, size) == filtered(rules, hand, (size,))


@given(st.permutations(range(52)))
@settings(deadline=None, max_examples=20)
def test_so_are_those_of_thirteen_cards(deck: list[int]) -> None:
    hand = mask_of(deck[:13])
    assert BASE.plays(hand) == filtered(BASE, hand, (1, 2, 3, 4, 5))


@pytest.mark.parametrize("suit", range(4))
def test_so_are_those_of_a_whole_suit(suit: int) -> None:
    hand = 0x1111111111111 << suit
    assert BASE.plays(hand) == filtered(BASE, hand, (1, 2, 3, 4, 5))


@given(st.permutations(range(52)), st.sampled_from(TABLES))
@settings(deadline=None, max_examples=60)
def test_of_two_plays_of_a_deal_one_beats_the_other(deck: list[int], rules: Rules) -> None:
    mine, yours = rules.plays(mask_of(deck[:13])), rules.plays(mask_of(deck[13:26]))
    for key, mask in mine[:: max(1, len(mine) // 12)]:
        for other, theirs in yours[:: max(1, len(yours) // 12)]:
            if SIZES[kind_of(key)] == SIZES[kind_of(other)]:
                assert rules.beats(key, other) != rules.beats(other, key), (mask, theirs)
            else:
                assert not rules.beats(key, other)


@given(st.permutations(range(52)), st.permutations("SHCD"))
@settings(deadline=None, max_examples=30)
def test_what_suits_are_called_matters_for_names_alone(deck: list[int], order: list[str]) -> None:
    suits = "".join(order)
    rename = dict(zip("SHCD", suits, strict=True))
    renamed = [card_of(n[0] + rename[n[1]], suits) for n in map(name_of, deck)]
    rules = Rules(options_for(suits=suits))
    assert rules.plays(mask_of(renamed[:13])) == BASE.plays(mask_of(deck[:13]))
    assert rules.start(renamed).hands == BASE.start([*deck]).hands
