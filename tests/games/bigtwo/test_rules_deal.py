"""The course of a deal: who begins, whose turn it is, what is refused and why, how it ends."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv.games.bigtwo import rules as bigtwo
from gamesrv.games.bigtwo.rules import (
    ALL_CARDS,
    NOBODY,
    OK,
    OPTIONS,
    PRESETS,
    Deal,
    Rules,
    card_of,
    cards_of,
    mask_of,
    options_for,
)


def cards(names: str) -> int:
    return mask_of([card_of(name) for name in names.split()])


class Table:
    """A deal with the hands that a test gives it."""

    def __init__(self, *hands: str, turn: int = 0, need: str = "", **options: Any) -> None:
        self.rules = Rules(options_for(players=len(hands), **options))
        held = [cards(hand) for hand in hands]
        self.deal = Deal(held, turn, turn, cards(need), 0, 0, [0] * len(hands), [])

    def play(self, names: str) -> str:
        return self.rules.play(self.deal, self.deal.turn, cards(names))

    def skip(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.rules.pass_turn(self.deal, self.deal.turn) == OK

    def may_play(self, names: str, seat: int | None = None) -> str:
        return self.rules.may_play(self.deal, self.deal.turn if seat is None else seat, cards(names))

    def legal(self) -> list[int]:
        return self.rules.legal(self.deal, self.deal.turn)


def state(deal: Deal) -> dict[str, Any]:
    return deepcopy(vars(deal))


# ---------------------------------------------------------------------- dealing

DECK = [*range(52)]
HIGH_FIRST = DECK[::-1]


def test_four_players_get_thirteen_cards_each() -> None:
    deal = Rules(options_for()).start(DECK)
    assert [cards_of(hand) for hand in deal.hands] == [[*range(seat, 52, 4)] for seat in range(4)]
    assert (deal.turn, deal.owner, deal.need, deal.to_beat) == (0, 0, 1, 0)


def test_the_lowest_card_opens_and_must_be_played() -> None:
    deal = Rules(options_for()).start(HIGH_FIRST)
    assert (deal.turn, deal.need) == (3, 1)
    assert deal.hands[3] & 1


def test_of_three_players_the_lowest_cards_holder_gets_the_odd_card() -> None:
    odd = DECK[1:] + DECK[:1]
    for deck, leader, extra in ((DECK, 0, 51), (odd, 0, 0), (HIGH_FIRST[:-2] + [0, 1], 2, 1)):
        deal = Rules(options_for(players=3)).start(deck)
        assert (deal.turn, deal.need) == (leader, 1)
        assert deal.hands[leader] >> extra & 1
        assert sorted(len(cards_of(hand)) for hand in deal.hands) == [17, 17, 18]
        assert sum(deal.hands) == ALL_CARDS


def test_two_players_get_seventeen_and_the_lowest_card_dealt_opens() -> None:
    deal = Rules(options_for(players=2)).start(HIGH_FIRST)
    assert [len(cards_of(hand)) for hand in deal.hands] == [17, 17]
    assert (deal.turn, deal.need) == (1, 1 << 18)


@pytest.mark.parametrize("deck", [DECK[:-1], [*DECK, 0], [0, *DECK[:-1]], [*DECK[:-1], 52], []])
def test_a_deck_has_each_card_once(deck: list[int]) -> None:
    with pytest.raises(ValueError):
        Rules(options_for()).start(deck)


@pytest.mark.parametrize(
    ("first_lead", "winner", "turn", "need"),
    [
        ("lowest_every_deal", NOBODY, 0, 1),
        ("lowest_every_deal", 2, 0, 1),
        ("winner_leads", NOBODY, 0, 1),
        ("winner_leads", 2, 2, 0),
        ("winner_leads", 0, 0, 0),
    ],
)
def test_who_opens_a_later_deal(first_lead: str, winner: int, turn: int, need: int) -> None:
    deal = Rules(options_for(first_lead=first_lead)).start(DECK, winner)
    assert (deal.turn, deal.owner, deal.need) == (turn, turn, need)


def with_dragons(*suits: int) -> list[int]:
    """A deck that deals each of the first seats a hand of all ranks, its two of the suit given."""
    hands = [[4 * rank + (suit + rank) % 4 for rank in range(13)] for suit in suits]
    rest = [card for card in range(52) if not any(card in hand for hand in hands)]
    rest.sort(key=lambda card: card % 4 + card // 8)
    others = [rest[place : place + 13] for place in range(0, len(rest), 13)]
    return [card for round in zip(*hands, *others, strict=True) for card in round]


@pytest.mark.parametrize(("suits", "winner"), [((0,), 0), ((1, 0), 0), ((0, 3, 2), 1)])
def test_a_hand_of_all_ranks_wins_at_once_where_that_is_played(suits: tuple[int, ...], winner: int) -> None:
    rules = Rules(options_for(dragon=True))
    deal = rules.start(with_dragons(*suits))
    assert (deal.turn, deal.out) == (NOBODY, [winner])
    scores = [-39, -39, -39, -39]
    scores[winner] = 117
    assert rules.play(deal, deal.owner, 1) == rules.may_pass(deal, 0) == "game_over"
    assert Rules(options_for()).start(with_dragons(*suits)).turn != NOBODY
    assert rules.score(deal) == scores
    assert Rules(options_for(dragon=True, finish_doubles=True)).score(deal) == scores


# ---------------------------------------------------------------------- refusals


def test_each_refusal_has_its_reason() -> None:
    table = Table("3D 3C 4D 5D 6D 7H", "4H 4S 8D 8S", "5S 9S", need="3D")
    assert table.may_play("4H", seat=1) == "not_your_turn"
    assert table.may_play("4H") == "not_held"
    assert table.may_play("3D 4H") == "not_held"
    assert table.may_play("3D 4D") == "not_a_combination"
    assert table.may_play("") == "not_a_combination"
    assert table.may_play("3D 3C 4D 5D 6D 7H") == "not_a_combination"
    assert table.may_play("4D") == "must_include_first_card"
    assert table.rules.may_pass(table.deal, 0) == "leader_cannot_pass"
    assert table.rules.may_pass(table.deal, 1) == "not_your_turn"
    assert table.play("3D") == OK
    assert table.may_play("4H 4S") == "wrong_size"
    assert table.play("8D") == OK
    assert table.may_play("5S") == "not_higher"
    assert table.play("9S") == OK


@pytest.mark.parametrize("mask", [-1, -2, 1 << 52, 1 << 60, ALL_CARDS, (1 << 52) | 1])
def test_what_is_no_card_is_not_held(mask: int) -> None:
    table = Table("3D 4D", "5D 6D")
    assert table.rules.may_play(table.deal, 0, mask) == "not_held"


def test_a_better_kind_is_the_wrong_one_where_kinds_do_not_cross() -> None:
    hands = "3D 4C 5H 6S 7D", "3C 5C 7C 9C JC 4D 5D 6D 7S 8D 2S", "3H"
    table = Table(*hands, five_cross="same_kind")
    table.deal.hands[0] |= cards("KD")
    assert table.play("3D 4C 5H 6S 7D") == OK
    assert table.may_play("3C 5C 7C 9C JC") == "wrong_kind"
    assert table.may_play("2S") == "wrong_size"
    assert table.play("4D 5D 6D 7S 8D") == OK


@pytest.mark.parametrize(("bombs", "reason"), [("no", "wrong_kind"), ("any", "not_higher")])
def test_bombs_are_of_one_kind(bombs: str, reason: str) -> None:
    table = Table("3D 4D 5D 6D 7D KS", "8D 8C 8H 8S 3C", "9H", five_cross="same_kind", quads_bomb=bombs)
    table.play("3D 4D 5D 6D 7D")
    assert table.may_play("8D 8C 8H 8S 3C") == reason


def test_nothing_is_played_after_the_end() -> None:
    table = Table("3D", "4D 5D")
    assert table.play("3D") == OK
    for seat in (0, 1, NOBODY):
        assert table.rules.play(table.deal, seat, cards("4D")) == "game_over"
        assert table.rules.pass_turn(table.deal, seat) == "game_over"
        assert table.rules.legal(table.deal, seat) == []


def test_a_refused_move_changes_nothing() -> None:
    table = Table("3D 3C 4D", "4H 4S 8D 8S", need="3D")
    before = state(table.deal)
    for names in ("4H", "3D 4D", "4D", ""):
        assert table.play(names) != OK
    assert table.rules.pass_turn(table.deal, 0) != OK
    assert table.rules.play(table.deal, 1, cards("4H")) != OK
    assert state(table.deal) == before


# ---------------------------------------------------------------------- tricks


def test_the_first_play_has_the_lowest_card_in_it() -> None:
    table = Table("3D 3C 4D 5H 6S 7D", "8D", need="3D")
    assert table.legal() == [cards(play) for play in ("3D", "3D 3C", "3D 4D 5H 6S 7D")]
    assert table.play("3D 3C") == OK
    table.skip()
    assert table.deal.need == 0
    assert cards("4D") in table.legal()


def test_play_goes_round_and_the_last_to_play_leads_again() -> None:
    table = Table("3D 9D 2S", "4D 4H", "5D 6H", "7D 8D")
    assert table.play("3D") == OK
    assert table.play("4D") == OK
    assert table.deal.turn == 2
    table.skip(2)
    assert (table.deal.turn, table.deal.passed) == (0, 0b1100)
    assert table.play("9D") == OK
    assert table.deal.passed == 0
    table.skip(3)
    assert (table.deal.turn, table.deal.to_beat, table.deal.passed) == (0, 0, 0)
    assert table.deal.laid == [cards("9D"), cards("4D"), 0, 0]


def test_who_has_passed_may_come_back_in_the_same_trick() -> None:
    table = Table("3D 9D", "4D 2D", "5D 8H")
    table.play("3D")
    table.skip()
    table.play("5D")
    table.skip()
    assert table.deal.turn == 1
    assert table.play("2D") == OK


def test_where_a_pass_locks_they_are_out_until_the_trick_ends() -> None:
    table = Table("3D 9D 2S", "4D 2D", "5D 8H", "6D 9H", pass_rule="locked")
    table.play("3D")
    table.skip()
    table.play("5D")
    table.skip()
    table.play("9D")
    assert (table.deal.turn, table.deal.passed) == (2, 0b1010)
    table.skip()
    assert (table.deal.turn, table.deal.to_beat, table.deal.passed) == (0, 0, 0)


def test_a_bomb_may_be_laid_on_whatever_else() -> None:
    table = Table("2S 3H 4S", "8D 8C 8H 8S 3D 4D", "9D 9H", quads_bomb="any")
    table.play("2S")
    assert [len(cards_of(mask)) for mask in table.legal()] == [5, 5]
    assert table.play("8D 8C 8H 8S 3D") == OK
    assert table.legal() == []
    assert table.may_play("9D") == "wrong_size"


def test_a_bomb_is_not_listed_twice_among_fives() -> None:
    table = Table("3D 4C 5H 6S 7D KS", "8D 8C 8H 8S 3C", "9D", quads_bomb="any")
    table.play("3D 4C 5H 6S 7D")
    assert table.legal() == [cards("8D 8C 8H 8S 3C")]


@pytest.mark.parametrize(
    ("lead", "expected"), [("", "3H"), ("9D", ""), ("9D 9H", "")], ids=["leading", "single", "pair"]
)
def test_who_takes_too_long_passes_or_leads_the_lowest_card(lead: str, expected: str) -> None:
    table = Table("3H TS 2S", "9D 9H 4D", turn=1 if lead else 0)
    if lead:
        assert table.play(lead) == OK
    assert table.rules.fallback(table.deal) == cards(expected)


def test_a_copy_goes_its_own_way() -> None:
    table = Table("3D 8D", "5D 6D 9D", "7D TD", play_on=True, pass_rule="locked")
    twin = table.deal.copy()
    before = state(twin)
    assert state(table.deal) == before
    table.play("3D")
    table.play("5D")
    table.skip()
    table.play("8D")
    assert state(twin) == before
    assert [name for name, value in state(table.deal).items() if value == before[name]] == ["owner", "need"]


# ---------------------------------------------------------------------- the end


def test_the_deal_ends_when_one_has_no_more_cards() -> None:
    table = Table("3D", "4D 5D", "6D 7D 8D", "9D TD JD QD")
    assert table.play("3D") == OK
    assert (table.deal.turn, table.deal.out) == (NOBODY, [0])
    assert table.rules.score(table.deal) == [9, -2, -3, -4]


def test_it_goes_on_for_the_other_places_where_that_is_played() -> None:
    table = Table("3D", "4D 5D 9H", "6D 7D", "8D 9D TD", play_on=True)
    table.play("3D")
    assert (table.deal.turn, table.deal.out) == (1, [0])
    table.skip(3)
    assert (table.deal.turn, table.deal.to_beat) == (1, 0)  # the next after the one who is out leads
    for names in ("4D", "6D", "8D", "9H"):
        assert table.play(names) == OK
    assert table.deal.turn == 2
    table.skip(2)
    assert table.play("5D") == OK
    assert table.deal.out == [0, 1]
    assert table.play("7D") == OK
    assert (table.deal.turn, table.deal.out) == (NOBODY, [0, 1, 2])
    assert table.rules.score(table.deal) == [2, 0, 0, -2]


def test_a_locked_trick_ends_with_the_play_that_nobody_may_answer() -> None:
    table = Table("9D", "4D 5D", "TD QD", pass_rule="locked", play_on=True, turn=0)
    table.deal.hands[0] |= cards("3D")
    table.play("3D")
    table.skip()
    table.play("TD")
    table.skip()
    assert (table.deal.turn, table.deal.to_beat) == (2, 0)
    table.play("QD")
    assert table.deal.out == [2]
    assert table.deal.turn == 0
    table.skip()
    assert table.play("4D") == "not_higher"
    table.skip()
    assert (table.deal.turn, table.deal.to_beat) == (0, 0)


# ---------------------------------------------------------------------- whole deals

Watch = Callable[[Rules, Deal], None]


def play_out(rules: Rules, chance: Random, watch: Watch | None = None, winner: int = NOBODY) -> Deal:
    """Plays a deal to its end, each move by chance."""
    deck = [*range(52)]
    chance.shuffle(deck)
    deal = rules.start(deck, winner)
    moves = 0
    while deal.turn != NOBODY:
        seat, plays = deal.turn, rules.legal(deal, deal.turn)
        if watch is not None:
            watch(rules, deal)
        if deal.to_beat and (not plays or chance.random() < 0.3):
            assert rules.pass_turn(deal, seat) == OK
        else:
            assert rules.play(deal, seat, chance.choice(plays)) == OK
        moves += 1
        assert moves < 52 * 4
    return deal


@pytest.mark.parametrize(
    ("preset", "options", "times"),
    [
        *((preset, {}, 100) for preset in PRESETS),
        ("pagat", {"players": 2}, 100),
        ("pagat", {"players": 3}, 100),
        ("taiwan", {"players": 3, "pass_rule": "locked", "play_on": True}, 100),
        ("pagat", {"pass_rule": "locked", "four_cards": "twopair_quads4"}, 100),
    ],
)
def test_every_deal_ends_and_its_scores_add_up(preset: str, options: dict[str, Any], times: int) -> None:
    rules = Rules(options_for(preset, **options))
    chance = Random(f"{preset} {options}")
    winner = NOBODY
    for _ in range(times):
        deal = play_out(rules, chance, winner=winner)
        winner = deal.out[0]
        scores = rules.score(deal)
        assert sum(scores) == 0
        assert scores[winner] == max(scores) > 0


def any_table(chance: Random) -> Rules:
    """A table with all options by chance, those that contradict each other tried again."""
    while True:
        suits = "".join(chance.sample("SHCD", 4))
        drawn: dict[str, Any] = {name: chance.choice(values) for name, values in OPTIONS.items()}
        try:
            return Rules(options_for(**drawn | {"suits": suits}))
        except ValueError:
            continue


def fair(rules: Rules, deal: Deal) -> None:
    """What holds at each moment of a deal."""
    players, on_table = len(deal.hands), sum(deal.hands)
    assert sum(len(cards_of(hand)) for hand in deal.hands) == len(cards_of(on_table))
    assert deal.hands[deal.turn]
    plays = rules.legal(deal, deal.turn)
    assert plays or deal.to_beat
    assert all(rules.may_play(deal, deal.turn, mask) == OK for mask in plays)
    assert (rules.may_pass(deal, deal.turn) == OK) == bool(deal.to_beat)
    assert [rules.legal(deal, seat) for seat in range(players) if seat != deal.turn] == [[]] * (players - 1)
    others = {mask for _, mask in rules.plays(deal.hands[deal.turn])} - {*plays}
    assert all(rules.may_play(deal, deal.turn, mask) != OK for mask in others)
    reasons = {value for name, value in vars(bigtwo).items() if name.isupper() and isinstance(value, str)}
    assert {rules.may_play(deal, seat, deal.laid[seat]) for seat in range(players)} <= reasons


@given(st.integers(0, 1 << 32))
@settings(deadline=None, max_examples=60)
def test_any_table_is_played_by_its_rules(seed: int) -> None:
    chance = Random(seed)
    rules = any_table(chance)
    deal = play_out(rules, chance, fair)
    assert deal.hands[deal.out[0]] == 0 or rules.options["dragon"]
    assert rules.options["settle"] == "penalty" or sum(rules.score(deal)) == 0


@given(st.integers(0, 1 << 32))
@settings(deadline=None, max_examples=30)
def test_no_card_is_lost_and_none_comes_twice(seed: int) -> None:
    chance = Random(seed)
    seen = 0

    def watch(rules: Rules, deal: Deal) -> None:
        nonlocal seen
        just_laid = deal.laid[deal.owner]
        assert not just_laid & sum(deal.hands)
        seen |= just_laid
        assert seen | sum(deal.hands) == ALL_CARDS

    play_out(Rules(options_for()), chance, watch)


def test_the_same_moves_lead_to_the_same_deal() -> None:
    rules = Rules(options_for())
    first, second = (state(play_out(rules, Random("seed"))) for _ in range(2))
    assert first == second
