"""Big Two in a text window: what is typed, what is drawn, and what is told."""

from random import Random
from typing import Any

import pytest

from gamesrv import Act, Refused, Window
from gamesrv.games.bigtwo.rules import NOBODY, cards_of
from gamesrv.games.bigtwo.seen import deal_from, rules_from
from gamesrv.games.bigtwo.text import picture, read_line, tell
from tests.card_table import PEOPLE, CardTable, cards

NAMES = dict(enumerate(PEOPLE))


def started(**options: Any) -> CardTable:
    """Seat 0 leads; nothing was told yet."""
    table = CardTable(**options)
    table.hold("3D 3C 4D 5D TH", "4H 4S 8D 8S TD", "5S 5C 9H JD 2S", "6S 6C 9C KD 2D")
    table.events()
    return table


def typed(table: CardTable, line: str, seat: int | None = 0) -> Act | str | None:
    mine = {} if seat is None else table.mine(seat)
    return read_line(line, Window(table.view(), mine, seat, NAMES))


def shown(table: CardTable, seat: int | None = 0) -> str:
    mine = {} if seat is None else table.mine(seat)
    return picture(Window(table.view(), mine, seat, NAMES))


def sentences(table: CardTable) -> list[str | None]:
    return [tell(event.name, event.data, NAMES) for event in table.events()]


# ---------------------------------------------------------------------- words


def test_help_has_every_word() -> None:
    told = typed(started(), "help")
    assert isinstance(told, str)
    for word in ("play", "pass", "hand", "table", "hint", "auto on", "next"):
        assert f"  {word}" in told


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("play 3d", ("play", {"cards": [0]})),
        ("play 3c 3s 10h", ("play", {"cards": [1, 3, 30]})),
        ("  PLAY   th,TS ", ("play", {"cards": [30, 31]})),
        ("pass", ("pass", {})),
        ("Pass please", ("pass", {})),
        ("auto on", ("auto", {"on": True})),
        ("auto OFF", ("auto", {"on": False})),
        ("next", ("go_on", {})),
    ],
)
def test_words_that_are_commands(line: str, act: Act) -> None:
    assert typed(started(), line) == act


def test_cards_are_called_as_at_this_table() -> None:
    assert typed(started(suits="DHSC"), "play 3c 3d") == ("play", {"cards": [0, 3]})


@pytest.mark.parametrize("line", ["", "   ", "look", "say hello", "playing", "3d", "passed"])
def test_words_that_are_none_of_the_games(line: str) -> None:
    assert typed(started(), line) is None
    assert read_line(line, Window({}, {}, None, {})) is None


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("play", "play 3D"),
        ("play 1d", "no card 1d"),
        ("play 3d x", "no card x"),
        ("auto", "auto on"),
        ("auto maybe", "auto on"),
        ("auto on off", "auto on"),
    ],
)
def test_words_that_make_no_sense_are_refused(line: str, word: str) -> None:
    with pytest.raises(Refused, match=word) as caught:
        typed(started(), line)
    assert caught.value.path is None


def test_the_hand() -> None:
    table = started()
    assert typed(table, "hand") == "You have 3D 3C 4D 5D TH (5)."
    table.game.held[1] = []
    assert typed(table, "hand", 1) == "You have no cards left."


def test_who_looks_on_has_no_hand_and_no_turn() -> None:
    for line in ("hand", "hint"):
        with pytest.raises(Refused):
            typed(started(), line, None)


def test_the_table() -> None:
    table = started()
    assert typed(table, "table") == shown(table)


# ---------------------------------------------------------------------- hints


def test_a_hint_is_the_lowest_play_of_each_kind() -> None:
    assert typed(started(), "hint") == "You can play:\n  3D (single)\n  3D 3C (pair)"


def test_a_hint_must_beat_what_lies_there() -> None:
    table = started()
    table.play("3D 3C")
    assert typed(table, "hint", 1) == "You can play:\n  4H 4S (pair)"
    table.play("8D 8S")
    assert typed(table, "hint", 2) == "You can't beat that: pass."
    with pytest.raises(Refused, match="not your turn"):
        typed(table, "hint", 0)


def test_a_hint_knows_the_card_that_must_be_played() -> None:
    for seed in range(5):
        table = CardTable(bytes([seed]))
        text = typed(table, "hint", table.deal.turn)
        assert isinstance(text, str)
        assert all("3D" in line for line in text.splitlines()[1:])


def test_what_one_sees_is_judged_as_the_table_is() -> None:
    chance = Random(4)
    for options in ({}, {"pass_rule": "locked"}, {"preset": "taiwan"}, {"players": 2}):
        table = CardTable(**options)
        while table.deal.turn != NOBODY:
            seat, rules, deal = table.deal.turn, table.game.options.rules, table.deal
            seen = deal_from(table.view(), table.mine(seat), seat)
            assert rules_from(table.view()).legal(seen, seat) == rules.legal(deal, seat)
            assert seen.hands[seat] == deal.hands[seat]
            assert sum(seen.hands) == seen.hands[seat]
            assert {**vars(seen), "hands": deal.hands} == vars(deal)
            table.move(chance)


def test_who_looks_on_sees_a_deal_without_hands() -> None:
    table = started()
    assert deal_from(table.view(), {}, None).hands == [0, 0, 0, 0]


# ---------------------------------------------------------------------- pictures


def test_the_picture_of_a_lead() -> None:
    table = started()
    assert shown(table).splitlines() == [
        "Deal 1, the only one",
        "    seat  cards  score  last play",
        "> 0 Ann      5      0  - (you)",
        "  1 Bob      5      0  -",
        "  2 Cid      5      0  -",
        "  3 Dan      5      0  -",
        "You must lead.",
        "You have 3D 3C 4D 5D TH (5).",
        f"The deal's hash: {table.view()['hash']}",
        "Words: play 3D 3C, pass, hand, table, hint, auto on, auto off, next",
    ]


def test_the_picture_of_a_trick() -> None:
    table = started(target=50)
    table.play("3D 3C")
    table.skip()
    lines = shown(table, 1).splitlines()
    assert lines[0] == "Deal 1, until someone has won or lost 50 points"
    assert lines[2:7] == [
        "  0 Ann      3      0  3D 3C",
        "  1 Bob      5      0  - (you, has passed)",
        "> 2 Cid      5      0  -",
        "  3 Dan      5      0  -",
        "Cid must beat 3D 3C (pair, by Ann), or pass.",
    ]


def test_the_picture_names_the_card_that_must_be_played() -> None:
    table = CardTable()
    leader = table.deal.turn
    assert "You must lead, with 3D." in shown(table, leader)
    assert f"{NAMES[leader]} must lead." in shown(table, None)


def test_who_looks_on_sees_the_table_without_a_hand() -> None:
    text = shown(started(), None)
    assert "you" not in text.lower()
    assert "5D" not in text


def test_the_picture_of_a_break_and_of_the_end() -> None:
    table = started(target=1)
    table.game.scores = [-40, 0, 0, 0]
    table.hold("3D", "4H 4S", "5S", "6S")
    table.play("3D")
    assert "The game is over." in shown(table)
    table = started(target=100)
    table.hold("3D", "4H 4S", "5S", "6S")
    table.play("3D")
    lines = shown(table, 1).splitlines()
    assert lines[2:] == [
        "  0 Ann      0      4  3D",
        "  1 Bob      2     -2  - (you)",
        "  2 Cid      1     -1  -",
        "  3 Dan      1     -1  -",
        "The deal is over. Type next to go on.",
        "Bob had left: 4H 4S",
        "Cid had left: 5S",
        "Dan had left: 6S",
        "You have 4H 4S (2).",
        f"The deal's hash: {table.game.hash}",
        f"The deal's seed: {table.game.seed}",
        lines[-1],
    ]


@pytest.mark.parametrize("players", [2, 3, 4])
@pytest.mark.parametrize("seat", [0, None])
def test_every_position_can_be_drawn(players: int, seat: int | None) -> None:
    table = CardTable(players=players, preset="philippine")
    pictures: list[str] = []
    table.play_deal(Random(1), lambda: pictures.append(shown(table, seat)))
    assert len(pictures) > players
    assert all(picture.isascii() and max(map(len, picture.splitlines())) < 110 for picture in pictures)


# ---------------------------------------------------------------------- sentences


def test_moves_are_told() -> None:
    table = started()
    table.play("3D 3C")
    table.play("4H 4S")
    table.skip(3)
    table.play("8D")
    assert sentences(table) == [
        "Ann plays 3D 3C (pair), 3 left. Bob is next.",
        "Bob plays 4H 4S (pair), 3 left. Cid is next.",
        "Cid passes. Dan is next.",
        "Dan passes. Ann is next.",
        "Ann passes. Bob is next.",
        "Bob takes the trick.",
        "Bob plays 8D, 2 left. Cid is next.",
    ]


def test_it_is_told_why_somebody_did_nothing() -> None:
    table = started()
    table.wait(60)
    table.command(2, "auto", on=True)
    table.play("2S")
    table.command(3, "auto", on=True)
    table.wait(0.7)
    assert sentences(table) == [
        "Ann takes too long and plays 3D, 4 left. Bob is next.",
        "Bob takes too long and passes. Cid is next.",
        "Cid plays 2S, 4 left. Dan is next.",
        "Dan can't play and passes. Ann is next.",
    ]


def test_the_end_is_told() -> None:
    table = started(target=3)
    table.hold("3D", "4H", "5S", "6S")
    table.game.scores = [0, 4, 0, -4]
    table.play("3D")
    assert sentences(table) == [
        "Ann plays 3D, 0 left.",
        "Ann is out, in place 1.",
        "Deal 1 is over: Ann +3, Bob -1, Cid -1, Dan -1.",
        "Ann wins: Ann +3, Bob +3, Cid -1, Dan -5.",
    ]


def test_a_new_deal_is_told() -> None:
    table = CardTable()
    assert sentences(table) == [f"Deal 1 begins. {PEOPLE[table.deal.turn]} leads."]


def test_a_shared_victory_is_told() -> None:
    result = {"scores": [-3, -3], "places": [[0, 1]], "winner": NOBODY, "deals": 4}
    assert tell("finished", {"result": result}, NAMES) == "Nobody wins alone: Ann -3, Bob -3."


def test_seats_without_a_name_have_their_number() -> None:
    assert tell("trick_won", {"seat": 2}, {}) == "Seat 2 takes the trick."


def test_other_events_are_left_to_the_window() -> None:
    assert tell("rained", {"seat": 2}, NAMES) is None


def test_kinds_of_several_words_are_spoken() -> None:
    table = started()
    table.hold("3D 3C 3S 4D 4H 5S", "4S", "5C", "6S")
    table.command(0, "play", cards=cards_of(table.deal.hands[0])[:-1])
    assert sentences(table) == ["Ann plays 3D 3C 3S 4D 4H (full house), 1 left. Bob is next."]
    assert "(full house, by Ann)" in shown(table)
    assert cards("5S") == table.mine(0)["hand"]
