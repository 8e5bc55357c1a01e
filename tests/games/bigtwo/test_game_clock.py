"""The clock of Big Two: turns and breaks that run out, passing by itself, and who may end a break."""

from collections.abc import Callable

import pytest

from gamesrv.games.bigtwo.rules import NOBODY
from tests.card_table import CardTable, cards


def started(**options: object) -> CardTable:
    """Seat 0 leads; nothing was told yet."""
    table = CardTable(**options)
    table.hold("3D 3C 9S", "4H TD TS", "5S 5C 2S", "6S 6C 9C")
    table.events()
    return table


# ---------------------------------------------------------------------- turns


@pytest.mark.parametrize("seconds", [5, 30, 300])
def test_a_turn_takes_as_long_as_the_table_says(seconds: int) -> None:
    table = started(turn_seconds=seconds)
    assert table.view()["due"] == seconds * 1000
    table.wait(seconds - 0.001)
    assert table.events() == []
    table.wait(0.001)
    assert table.view()["due"] == 2 * seconds * 1000
    assert [event.name for event in table.events()] == ["played"]


def test_who_leads_too_late_plays_the_lowest_card() -> None:
    table = started()
    table.wait(30)
    (played,) = table.told("played")
    assert (played["cards"], played["why"]) == (cards("3D"), "time")
    assert table.view()["laid"][0] == cards("3D")


def test_the_first_lead_includes_the_card_it_must() -> None:
    for seed in range(5):
        for players in (2, 3, 4):
            table = CardTable(bytes([seed]), players=players)
            need = table.mine(table.deal.turn)["need"]
            table.wait(30)
            assert table.told("played")[0]["cards"] == [need]


def test_who_answers_too_late_passes() -> None:
    table = started()
    table.play("3D")
    table.events()
    table.wait(30)
    assert table.told("passed") == [{"seat": 1, "why": "time", "turn": 2}]


def test_a_table_left_alone_plays_itself_to_the_end() -> None:
    table = CardTable(turn_seconds=5)
    table.wait(5 * 52 * 4)
    assert table.machine.finished
    assert table.machine.next_due is None


def test_the_clock_of_a_turn_that_is_over_does_nothing() -> None:
    table = started()
    table.wait(29.999)
    table.play("3D")
    table.events()
    table.wait(29.999)
    assert table.events() == []
    table.wait(0.001)
    assert [event.data["seat"] for event in table.events()] == [1]


def test_there_is_one_clock_at_a_time() -> None:
    table = CardTable(target=100)
    table.hold("3D 3C 9S", "4H TD TS", "5S 5C 2S", "6S 6C 9C")
    for _ in range(4):
        assert [timer.number for timer in table.machine._context.timers] == [table.game.clock]
        table.wait(3)
        table.play("3D") if table.view()["to_beat"] == 0 else table.skip()


def test_the_clock_runs_on_for_a_seat_that_was_left() -> None:
    table = started()
    table.wait(20)
    table.enter("leave", 0)
    table.wait(5)
    table.enter("join", 0, "Eve")
    assert table.view()["due"] == 30_000
    table.wait(5)
    assert table.told("played")[0]["seat"] == 0


# ---------------------------------------------------------------------- passing by itself


def test_who_wants_to_pass_by_themselves_does_where_nothing_can_be_played() -> None:
    table = started()
    table.command(1, "auto", on=True)
    assert (table.mine(1)["auto"], table.mine(0)["auto"]) == (True, False)
    table.play("3D 3C")
    table.events()
    assert table.view()["turn"] == 1  # a pair of tens could be played
    table.wait(29)
    assert table.events() == []
    table.play("TD TS")
    table.skip(2)
    table.events()
    table.command(0, "auto", on=True)
    table.wait(0.699)
    assert table.events() == []
    table.wait(0.001)
    assert [(event.name, event.data) for event in table.events()] == [
        ("passed", {"seat": 0, "why": "auto", "turn": 1}),
        ("trick_won", {"seat": 1}),
    ]


def test_who_leads_does_not_pass_by_themselves() -> None:
    table = started()
    table.command(0, "auto", on=True)
    table.wait(29)
    assert table.events() == []


def cornered() -> CardTable:
    """Seat 1 can't play, and is about to pass by itself."""
    table = CardTable()
    table.hold("3D 2S", "4H TD TS", "5S 5C 9S", "6S 6C 9C")
    table.command(1, "auto", on=True)
    table.play("2S")
    table.events()
    assert len(table.machine._context.timers) == 2
    return table


def take_back(table: CardTable) -> None:
    table.command(1, "auto", on=False)


def change_ones_mind_twice(table: CardTable) -> None:
    table.command(1, "auto", on=False)
    table.command(1, "auto", on=True)
    table.command(1, "auto", on=False)


@pytest.mark.parametrize("change", [take_back, change_ones_mind_twice])
def test_passing_by_itself_can_be_taken_back(change: Callable[[CardTable], None]) -> None:
    table = cornered()
    table.wait(0.5)
    change(table)
    table.wait(29.499)
    assert table.events() == []
    table.wait(0.001)
    assert [event.data["why"] for event in table.events()] == ["time"]


def test_who_passes_sooner_does_not_pass_for_the_next() -> None:
    table = cornered()
    table.wait(0.5)
    table.skip()
    table.events()
    table.wait(29)
    assert table.events() == []
    assert table.view()["turn"] == 2


def test_a_newcomer_does_not_pass_by_themselves() -> None:
    table = started()
    table.command(1, "auto", on=True)
    table.enter("leave", 1)
    table.enter("join", 1, "Eve")
    assert table.mine(1)["auto"] is False


def test_nobody_passes_any_more_for_one_who_has_left() -> None:
    table = cornered()
    table.enter("leave", 1)
    table.wait(29)
    assert table.events() == []


# ---------------------------------------------------------------------- breaks


def in_the_break() -> CardTable:
    table = CardTable(target=1000)
    table.hold("3D", "4H TD TS", "5S 5C 2S", "6S 6C 9C")
    table.play("3D")
    table.events()
    assert table.view()["stage"] == "break"
    assert table.view()["turn"] == NOBODY
    return table


def test_a_break_takes_twelve_seconds() -> None:
    table = in_the_break()
    assert table.view()["due"] == 12_000
    table.wait(11.999)
    assert table.events() == []
    table.wait(0.001)
    assert [event.name for event in table.events()] == ["dealt"]
    assert table.view()["due"] == 42_000


def test_a_break_is_over_when_all_say_so() -> None:
    table = in_the_break()
    for seat in (2, 0, 0, 3):
        table.command(seat, "go_on")
    assert table.view()["agreed"] == [2, 0, 3]
    assert table.events() == []
    table.command(1, "go_on")
    assert [event.name for event in table.events()] == ["dealt"]
    assert (table.view()["agreed"], table.view()["due"]) == ([], 30_000)
    table.wait(12)
    assert table.events() == []


def test_who_has_left_need_not_agree() -> None:
    table = in_the_break()
    for seat in (0, 1):
        table.command(seat, "go_on")
    table.enter("leave", 0)
    assert table.view()["agreed"] == [1]
    table.enter("leave", 3)
    assert table.events() == []
    table.command(2, "go_on")
    assert [event.name for event in table.events()] == ["dealt"]


def test_the_one_who_was_waited_for_may_leave() -> None:
    table = in_the_break()
    for seat in (0, 1, 2):
        table.command(seat, "go_on")
    table.enter("leave", 3)
    assert [event.name for event in table.events()] == ["dealt"]


def test_a_newcomer_in_the_break_is_asked_too() -> None:
    table = in_the_break()
    for seat in (0, 1):
        table.command(seat, "go_on")
    table.enter("leave", 0)
    table.enter("join", 0, "Eve")
    table.command(2, "go_on")
    table.command(3, "go_on")
    assert table.events() == []
    table.command(0, "go_on")
    assert [event.name for event in table.events()] == ["dealt"]


def test_when_all_have_left_nothing_begins() -> None:
    table = in_the_break()
    for seat in range(4):
        table.enter("leave", seat)
    assert table.events() == []


def test_wanting_to_pass_by_oneself_may_be_said_in_the_break() -> None:
    table = in_the_break()
    table.command(3, "auto", on=True)
    assert table.mine(3)["auto"] is True
    assert len(table.machine._context.timers) == 1
