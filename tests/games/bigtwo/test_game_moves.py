"""The game of Big Two move by move: what the table shows, what is told, and what is refused."""

from hashlib import sha256
from typing import Any

import pytest

from gamesrv import Random, Refused
from gamesrv.games.bigtwo.rules import NOBODY, cards_of, name_of
from tests.card_table import BIGTWO, CardTable, cards

# ---------------------------------------------------------------------- how it begins


def test_the_table_as_it_is_shown_at_the_start() -> None:
    table = CardTable()
    view, deal = table.view(), table.deal
    assert view == {
        "stage": "play",
        "deal": 1,
        "hash": view["hash"],
        "turn": deal.turn,
        "owner": deal.turn,
        "to_beat": 0,
        "passed": [],
        "counts": [13, 13, 13, 13],
        "trick": [],
        "laid": [[], [], [], []],
        "out": [],
        "scores": [0, 0, 0, 0],
        "rounds": [],
        "due": 30_000,
        "agreed": [],
        "table": {"suits": "SHCD"},
        "turn_seconds": 30,
        "level": "planner",
    }
    assert table.mine(deal.turn) == {"hand": cards_of(deal.hands[deal.turn]), "auto": False, "need": 0}
    other = (deal.turn + 1) % 4
    assert table.mine(other) == {"hand": cards_of(deal.hands[other]), "auto": False}


def test_everyone_is_told_of_the_deal() -> None:
    table = CardTable()
    (event,) = table.events()
    assert (event.name, event.to) == ("dealt", None)
    assert event.data == {"deal": 1, "hash": table.view()["hash"], "leader": table.deal.turn}


@pytest.mark.parametrize("players", [2, 3, 4])
def test_a_table_is_for_as_many_as_it_says(players: int) -> None:
    table = CardTable(players=players)
    assert BIGTWO.seats_for(table.game.options) == (players, players)
    assert table.view()["counts"] == [card.bit_count() for card in table.deal.hands]
    assert len(table.deal.hands) == players


def test_a_deals_seed_is_drawn_from_the_room_and_shuffles_the_deck() -> None:
    table = CardTable(b"a room")
    seed = bytes.fromhex(table.game.seed)
    deck = [*range(52)]
    Random(seed).shuffle(deck)
    assert seed == sha256(b"a room" + bytes(8)).digest()
    assert table.view()["hash"] == sha256(seed).hexdigest()
    assert [cards_of(hand) for hand in table.deal.hands] == [sorted(deck[seat::4]) for seat in range(4)]


# ---------------------------------------------------------------------- moves


def started(**options: Any) -> CardTable:
    """Seat 0 leads; nothing was told yet."""
    table = CardTable(**options)
    table.hold("3D 3C 4D 5D 9S", "4H 4S 8D 8S TD", "5S 5C 9H JD 2S", "6S 6C 9C KD 2D")
    table.events()
    return table


def test_a_play_is_shown_and_told() -> None:
    table = started()
    table.play("3C 3D")
    assert table.told("played") == [
        {"seat": 0, "cards": [0, 1], "names": "3D 3C", "kind": "pair", "left": 3, "turn": 1}
    ]
    view = table.view()
    assert (view["turn"], view["owner"], view["counts"]) == (1, 0, [3, 5, 5, 5])
    assert view["trick"] == [[0, [0, 1]]]
    assert view["laid"] == [[0, 1], [], [], []]
    assert view["to_beat"] == table.game.options.rules.key(3)
    assert table.mine(0)["hand"] == cards("4D 5D 9S")


def test_a_pass_is_shown_and_told() -> None:
    table = started()
    table.play("3D 3C")
    table.events()
    table.skip()
    assert [(event.name, event.data) for event in table.events()] == [
        ("passed", {"seat": 1, "why": "chosen", "turn": 2})
    ]
    view = table.view()
    assert (view["turn"], view["passed"], view["counts"]) == (2, [1], [3, 5, 5, 5])
    assert view["trick"] == [[0, cards("3D 3C")], [1, []]]


def test_a_trick_is_won_and_stays_until_the_next_lead() -> None:
    table = started()
    table.play("4D")
    table.play("4H")
    table.events()
    table.skip(3)
    assert [event.name for event in table.events()] == ["passed"] * 3 + ["trick_won"]
    view = table.view()
    assert (view["turn"], view["to_beat"], view["passed"]) == (1, 0, [])
    assert view["trick"] == [[0, cards("4D")], [1, cards("4H")], [2, []], [3, []], [0, []]]
    table.play("8D 8S")
    assert table.view()["trick"] == [[1, cards("8D 8S")]]
    assert table.view()["laid"] == [cards("4D"), cards("8D 8S"), [], []]


def test_the_winner_of_a_trick_is_told() -> None:
    table = started()
    table.play("4D")
    table.play("4H")
    table.skip(3)
    assert table.told("trick_won") == [{"seat": 1}]


def test_a_trick_that_a_play_ends_is_won_too() -> None:
    """Who is out can't answer, and here who has passed can't either."""
    table = CardTable(pass_rule="locked", play_on=True)
    table.hold("3D", "4H 4S", "5S 5C", "6S 6C")
    table.play("3D")
    table.skip(2)
    table.events()
    table.play("6S")
    assert [event.name for event in table.events()] == ["played", "trick_won"]
    assert (table.view()["turn"], table.view()["to_beat"]) == (3, 0)


# ---------------------------------------------------------------------- the end of a deal


def finish_first(table: CardTable) -> None:
    table.hold("3D", "4H 4S", "5S 5C 9H", "6S")
    table.events()
    table.play("3D")


def test_who_is_out_ends_the_deal_and_everything_is_told() -> None:
    table = CardTable()
    finish_first(table)
    hands = [[], cards("4H 4S"), cards("5C 5S 9H"), cards("6S")]
    events = table.events()
    assert [event.name for event in events] == ["played", "out", "deal_over", "finished"]
    assert events[0].data["turn"] == NOBODY
    assert events[1].data == {"seat": 0, "place": 1}
    seed = table.game.seed
    assert events[2].data == {"deal": 1, "scores": [6, -2, -3, -1], "seed": seed, "hands": hands}
    result = {"scores": [6, -2, -3, -1], "places": [[0], [3], [1], [2]], "winner": 0, "deals": 1}
    assert events[3].data == {"result": result}
    view = table.view()
    assert (view["stage"], view["turn"], view["hands"], view["seed"]) == ("over", NOBODY, hands, seed)
    assert (view["scores"], view["rounds"]) == ([6, -2, -3, -1], [[6, -2, -3, -1]])
    assert "due" not in view


def test_a_result_keeps_the_names_of_those_who_leave() -> None:
    table = CardTable()
    assert "names" not in table.view()
    finish_first(table)
    assert table.view()["names"] == list(table.game.names.values()) and len(table.game.names) == 4


def test_a_match_goes_on_after_a_break() -> None:
    table = CardTable(target=9)
    finish_first(table)
    assert [event.name for event in table.events()] == ["played", "out", "deal_over"]
    view = table.view()
    assert (view["stage"], view["due"], view["scores"]) == ("break", 12_000, [6, -2, -3, -1])
    before = view["hash"]
    table.wait(12)
    view = table.view()
    assert (view["stage"], view["deal"], view["scores"]) == ("play", 2, [6, -2, -3, -1])
    assert view["hash"] != before
    assert not {"seed", "hands"} & view.keys()
    assert (view["trick"], view["laid"], view["out"]) == ([], [[]] * 4, [])
    finish_first(table)
    assert table.view()["stage"] == "over"
    assert table.view()["scores"] == [12, -4, -6, -2]
    assert table.told("finished")[0]["result"]["deals"] == 2


def test_the_winner_leads_the_next_deal_where_that_is_played() -> None:
    leaders = set()
    for seed in range(8):
        table = CardTable(bytes([seed]), target=100, first_lead="winner_leads")
        finish_first(table)
        table.wait(12)
        leaders.add(table.view()["turn"])
        assert "need" not in table.mine(table.deal.turn)
    assert leaders == {0}


def test_playing_on_gives_places_down_to_the_last() -> None:
    table = CardTable(play_on=True)
    table.hold("3D", "4H", "5S 5C", "6S 7S")
    table.play("3D")
    table.play("4H")
    table.skip(1)
    table.play("6S")
    table.skip(1)
    table.play("7S")
    assert table.told("out") == [{"seat": seat, "place": place} for seat, place in ((0, 1), (1, 2), (3, 3))]
    result = table.machine._context.result
    assert result == {"scores": [2, 0, -2, 0], "places": [[0], [1], [3], [2]], "winner": 0, "deals": 1}


def deck_with_a_dragon() -> list[int]:
    """It is for seat 1."""
    dragon = [4 * rank + rank % 4 for rank in range(13)]
    rest = [card for card in range(52) if card not in dragon]
    return [card for four in zip(rest[:13], dragon, rest[13:26], rest[26:], strict=True) for card in four]


def test_a_dragon_wins_before_anybody_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    table = CardTable(dragon=True, target=100)
    finish_first(table)
    table.events()
    monkeypatch.setattr("gamesrv.games.bigtwo.game.deck_of", lambda seed: deck_with_a_dragon())
    table.wait(12)
    assert [event.name for event in table.events()] == ["dealt", "out", "deal_over", "finished"]
    assert table.view()["rounds"][1] == [-39, 117, -39, -39]
    assert table.machine._context.result["winner"] == 1


@pytest.mark.parametrize(("target", "stage"), [(0, "over"), (1000, "break")])
def test_a_dragon_may_come_first_of_all(target: int, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gamesrv.games.bigtwo.game.deck_of", lambda seed: deck_with_a_dragon())
    table = CardTable(dragon=True, target=target)
    view = table.view()
    assert (view["stage"], view["turn"], view["out"], view["counts"]) == (stage, NOBODY, [1], [13] * 4)
    assert "need" not in view
    assert table.machine.finished == (target == 0)


def test_who_shares_the_first_place_has_not_won_alone() -> None:
    table = CardTable(target=50, settle="penalty")
    table.game.scores = [-20, -3, -3, -49]
    table.hold("3D", "4D", "4H", "5S")
    table.play("3D")
    result = table.machine._context.result
    assert result["places"] == [[1, 2], [0], [3]]
    assert result["winner"] == NOBODY


def test_of_equal_scores_that_of_the_last_winner_is_better() -> None:
    table = CardTable(target=50, settle="penalty")
    table.game.scores = [-4, -3, -3, -49]
    table.hold("3D", "4D", "4H", "5S")
    table.play("3D")
    assert table.machine._context.result["places"] == [[0], [1, 2], [3]]
    assert table.machine.standings() == {0: 1, 1: 2, 2: 2, 3: 4}


# ---------------------------------------------------------------------- what is refused


def refuses(table: CardTable, by: int, name: str, /, **args: Any) -> Refused:
    """The refusal; that nothing else came of it is checked here."""
    before = table.machine.state_hash()
    table.events()
    with pytest.raises(Refused) as caught:
        table.command(by, name, **args)
    assert table.machine.state_hash() == before
    assert table.events() == []
    return caught.value


@pytest.mark.parametrize(
    ("seat", "names", "code"),
    [
        (1, "4H", "not_your_turn"),
        (0, "4H", "not_held"),
        (0, "3D 4H", "not_held"),
        (0, "3D 4D", "not_a_combination"),
        (0, "", "not_a_combination"),
        (0, "3D 3C 4D 4C 5D 5C", "not_held"),
        (0, "3D 3C 4D 5D 6D 7D", "not_a_combination"),
        (0, "4D", "must_include_first_card"),
        (0, "3D 3D", "duplicate_card"),
        (0, "3D " * 100, "duplicate_card"),
    ],
)
def test_a_lead_that_may_not_be(seat: int, names: str, code: str) -> None:
    table = CardTable()
    table.hold("3D 3C 4D 5D 6D 7D", "4H 4S", "5S 5C", "6S 6C")
    table.deal.need = 1
    refused = refuses(table, seat, "play", cards=cards(names))
    assert refused.code == code
    assert " " in refused.message
    assert refused.path == ("args.cards" if code == "duplicate_card" else None)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("6D", "not_higher"),
        ("9D 9C", "wrong_size"),
        ("8H", "not_held"),
    ],
)
def test_an_answer_that_may_not_be(names: str, code: str) -> None:
    table = CardTable()
    table.hold("7D 2S", "6D 9D 9C", "5S 5C", "6S 6C")
    table.play("7D")
    assert refuses(table, 1, "play", cards=cards(names)).code == code


def test_another_kind_of_five_may_not_be_where_kinds_stay_apart() -> None:
    table = CardTable(preset="taiwan")
    table.hold("3D 4D 5D 6D 7S 2S", "3C 3H 4C 4H 4S", "5S 5C", "6S 6C")
    table.command(0, "play", cards=cards_of(table.deal.hands[0])[:-1])
    assert refuses(table, 1, "play", cards=cards_of(table.deal.hands[1])).code == "wrong_kind"


def test_who_leads_may_not_pass() -> None:
    assert refuses(started(), 0, "pass").code == "leader_cannot_pass"
    assert refuses(started(), 1, "pass").code == "not_your_turn"


@pytest.mark.parametrize("wrong", [-1, 52, 1 << 60, True, "3D", 0.5, None, [0]])
def test_what_is_no_card_is_refused_with_its_place(wrong: Any) -> None:
    refused = refuses(started(), 0, "play", cards=[0, wrong])
    assert (refused.code, refused.path) == ("bad_argument", "args.cards[1]")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("play", {}),
        ("play", {"cards": 0}),
        ("play", {"cards": [0], "seat": 1}),
        ("pass", {"cards": []}),
        ("auto", {}),
        ("auto", {"on": 1}),
        ("go_on", {"on": True}),
    ],
)
def test_arguments_of_another_shape_are_refused(name: str, args: dict[str, Any]) -> None:
    assert refuses(started(), 0, name, **args).code == "bad_argument"


def test_nothing_can_be_played_in_the_break() -> None:
    table = CardTable(target=100)
    finish_first(table)
    for seat in range(4):
        held = cards_of(table.deal.hands[seat]) or [0]
        assert refuses(table, seat, "play", cards=held[:1]).code == "game_over"
        assert refuses(table, seat, "pass").code == "game_over"


def test_nothing_can_be_done_after_the_end() -> None:
    table = CardTable()
    finish_first(table)
    for name, args in (("play", {"cards": [0]}), ("pass", {}), ("auto", {"on": True}), ("go_on", {})):
        assert refuses(table, 1, name, **args).code == "game_over"


def test_one_can_go_on_in_the_break_only() -> None:
    assert refuses(started(), 0, "go_on").code == "no_break"


def test_of_a_hundred_plays_at_once_one_counts() -> None:
    table = started()
    table.play("3D 3C")
    for _ in range(99):
        assert refuses(table, 0, "play", cards=cards("3D 3C")).code == "not_your_turn"
    assert table.view()["counts"] == [3, 5, 5, 5]


# ---------------------------------------------------------------------- people


def test_a_seat_that_is_left_keeps_its_hand_for_whoever_takes_it() -> None:
    table = CardTable()
    seat = table.deal.turn
    before, hand = table.view(), table.mine(seat)
    table.enter("leave", seat)
    assert (table.view(), table.mine(seat)) == (before, hand)
    table.enter("join", seat, "Eve")
    assert (table.view(), table.mine(seat)) == (before, hand)
    table.command(seat, "play", cards=hand["hand"][:1])
    assert table.view()["laid"][seat] == hand["hand"][:1]


def test_a_lost_connection_changes_nothing() -> None:
    table = started()
    before = table.machine.state_hash()
    table.enter("drop", 0)
    table.enter("back", 0)
    assert table.machine.state_hash() == before
    assert table.events() == []


def test_names_are_those_of_this_table() -> None:
    table = CardTable(preset="taiwan")
    low = table.mine(table.deal.turn)["hand"][:1]
    table.command(table.deal.turn, "play", cards=low)
    assert table.told("played")[0]["names"] == "3C" == name_of(low[0], "SHDC")
