"""Whole matches of Big Two by random moves: every preset, replays, checkpoints, and what is hidden."""

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from gamesrv.core.machine import replay
from gamesrv.games.bigtwo.rules import ALL_CARDS, NOBODY, OPTIONS, PRESETS, cards_of, mask_of
from tests.card_table import BIGTWO, PEOPLE, CardTable

TABLES = [{"preset": preset, "players": players, "target": 40} for preset in PRESETS for players in (2, 3, 4)]


@pytest.mark.parametrize("options", TABLES, ids=lambda options: f"{options['preset']}-{options['players']}")
def test_matches_are_played_to_the_end(options: dict[str, Any]) -> None:
    table = CardTable(**options)
    table.play_match(Random(1), deals=100)
    view = table.view()
    assert (view["stage"], view["turn"]) == ("over", NOBODY)
    assert view["scores"] == [sum(column) for column in zip(*view["rounds"], strict=True)]
    assert sum(view["scores"]) == 0
    assert max(map(abs, view["scores"])) >= 40
    (result,) = [event.data["result"] for event in table.events() if event.name == "finished"]
    assert result["deals"] == len(view["rounds"]) == view["deal"]
    assert sorted(sum(result["places"], [])) == [*range(options["players"])]
    ahead = [sum(len(other) for other in result["places"][:n]) for n in range(len(result["places"]))]
    level = zip(ahead, result["places"], strict=True)
    assert table.machine.standings() == {seat: before + 1 for before, seats in level for seat in seats}
    assert view["scores"][result["winner"]] == max(view["scores"])


def some_options() -> st.SearchStrategy[dict[str, Any]]:
    """Options of a table that go together."""
    kinds = {name: st.sampled_from(values) for name, values in OPTIONS.items() if name != "target"}
    suits = st.permutations("SHCD").map("".join)
    return st.fixed_dictionaries({}, optional=kinds | {"suits": suits}).map(_reconciled)


def _reconciled(options: dict[str, Any]) -> dict[str, Any]:
    players = options.get("players", 4)
    if options.get("straights") not in (None, "pagat", "wide"):
        options.pop("low_straight_key", None)
    if players != 4:
        options.pop("dragon", None)
    if players == 2:
        options.pop("play_on", None)
    return options


@given(some_options(), st.integers(0, 1 << 32))
@settings(max_examples=40)
def test_every_deal_ends_and_keeps_its_cards(options: dict[str, Any], seed: int) -> None:
    table = CardTable(seed.to_bytes(8, "big"), **options)
    dealt = sum(table.deal.hands)
    shown: dict[int, int] = {}

    def watch() -> None:
        for event in table.told("played"):
            for card in event["cards"]:
                shown[card] = event["seat"]

    table.play_deal(Random(seed), watch)
    assert table.machine.finished
    assert mask_of([*shown]) | sum(table.deal.hands) == dealt
    assert dealt == ALL_CARDS or table.view()["table"]["players"] == 2


@given(some_options(), st.integers(0, 1 << 32))
@settings(max_examples=15)
def test_what_went_in_makes_the_same_state_again(options: dict[str, Any], seed: int) -> None:
    table = CardTable(seed.to_bytes(8, "big"), target=25, **options)
    chance = Random(seed)
    while not table.machine.finished and table.game.number < 4:
        if table.deal.turn != NOBODY:
            table.move(chance)
        if not table.machine.finished and chance.random() < 0.2:
            table.command(chance.randrange(len(table.deal.hands)), "auto", on=chance.random() < 0.5)
        table.wait(chance.choice([0, 1, 30]))
    again = replay(BIGTWO, table.machine.journal)
    assert again.state_hash() == table.machine.state_hash()
    assert again.view() == table.machine.view()


def test_a_match_goes_on_from_a_checkpoint_as_if_nothing_had_been() -> None:
    table = CardTable(limit=20, target=60)
    table.command(1, "auto", on=True)
    for _ in range(50):
        table.move(Random(0))
        table.wait(0.3)
    assert table.machine.journal.checkpoint is not None
    other = CardTable()
    other.machine = replay(BIGTWO, deepcopy(table.machine.journal))
    assert other.machine.state_hash() == table.machine.state_hash()
    for each in (table, other):
        each.play_match(Random(1), deals=3)
        each.enter("leave", 0)
    assert other.machine.state_hash() == table.machine.state_hash()
    assert other.view() == table.view()


# ---------------------------------------------------------------------- what is hidden


def dealt_anew(table: CardTable, me: int, chance: Random) -> CardTable:
    """The same table to the eyes of one seat: what the others hold is shuffled among them.

    But for the card that the first play must have: everyone may know who holds that.
    """
    twin = CardTable()
    twin.machine = replay(BIGTWO, table.machine.journal)
    hands, need = twin.deal.hands, twin.deal.need
    others = [seat for seat in range(len(hands)) if seat != me]
    pool = cards_of(sum(hands[seat] for seat in others) & ~need)
    chance.shuffle(pool)
    for seat in others:
        keep = hands[seat] & need
        size = hands[seat].bit_count() - keep.bit_count()
        hands[seat] = keep | mask_of(pool[:size])
        del pool[:size]
    return twin


@pytest.mark.parametrize("players", [2, 3, 4])
def test_what_one_sees_and_is_told_does_not_hang_on_what_others_hold(players: int) -> None:
    chance = Random(players)
    table = CardTable(players=players)
    different = 0
    while table.deal.turn != NOBODY:
        me = table.deal.turn
        twin = dealt_anew(table, me, chance)
        different += twin.deal.hands != table.deal.hands
        table.events(), twin.events()
        move = chance.random()
        for each in (table, twin):
            each.move(Random(move))
        if table.deal.turn != NOBODY:
            assert twin.events() == table.events()
            assert (twin.view(), twin.mine(me)) == (table.view(), table.mine(me))
    assert different > 20 or players == 2


@pytest.mark.parametrize("players", [2, 3, 4])
def test_no_card_and_no_seed_is_told_before_its_time(players: int) -> None:
    table = CardTable(players=players)
    seed = table.game.seed.encode()

    def watch() -> None:
        if table.deal.turn == NOBODY:
            return
        view, events = table.view(), table.events()
        told = sum([cards for _, cards in view["trick"]], sum(view["laid"], []))
        told += sum([event.data.get("cards", []) for event in events], [])
        assert not mask_of([*{*told}]) & sum(table.deal.hands)
        assert "hands" not in view
        assert seed not in json.encode([view, [event.data for event in events]])
        assert all(event.to is None for event in events)

    watch()
    table.play_deal(Random(players), watch)
    assert seed in json.encode(table.view())


def test_a_seat_sees_its_own_hand_and_no_other() -> None:
    table = CardTable()
    hands = [table.mine(seat)["hand"] for seat in range(len(PEOPLE))]
    assert hands == [cards_of(hand) for hand in table.deal.hands]
    assert sorted(sum(hands, [])) == [*range(52)]
