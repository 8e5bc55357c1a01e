"""The card table: what may be played, one's own cards, and what is seen of the others'."""

from __future__ import annotations

import pytest

from gamesrv.games.bigtwo.rules import Rules, mask_of
from tests.browser.conftest import Sit
from tests.browser.page import Page
from tests.browser.table_house import (
    HAND,
    PEOPLE,
    TABLE,
    changed,
    chosen,
    click,
    held,
    press,
    row,
    seat,
    sent,
    settle,
    tell,
    turn,
    waiting,
    with_judge,
)
from tests.card_table import cards

# ---------------------------------------------------------------------- what may be played


def test_cards_that_no_legal_play_needs_are_dimmed(sit: Sit) -> None:
    page = with_judge(sit())
    dim = [int(card.get_attribute("data-card") or -1) for card in page.all(".held.dim")]
    assert dim == cards("3C 4C 5D 5C 6H 8H 8S TH JC QD KC")
    assert page.text("#line") == "Your turn: beat Cyd’s pair"


def test_a_legal_play_is_named_and_sent_once(sit: Sit) -> None:
    page = with_judge(sit())
    click(page, "2H", "2S")
    assert chosen(page) == cards("2H 2S")
    assert page.text("#play") == "Play pair"
    page.find("#play").click()
    press(page, "Enter")
    assert [(command["name"], command["args"]) for command in sent(page)] == [
        ("play", {"cards": cards("2H 2S")})
    ]
    assert len(page.all(".sent")) == 2


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ("5D 5C", "That does not beat what lies there."),
        ("2S", "Here it takes 2 cards."),
        ("5D 6H", "These cards make no play together."),
    ],
)
def test_an_illegal_play_is_refused_without_a_word_to_the_server(sit: Sit, names: str, problem: str) -> None:
    page = with_judge(sit())
    said = page.do("return house.sent.filter((said) => said.op !== 'ping').length")
    click(page, *names.split())
    assert page.text("#line") == problem
    assert not page.find("#play").is_enabled()
    press(page, "Enter")
    assert (
        sent(page) == [] and page.do("return house.sent.filter((said) => said.op !== 'ping').length") == said
    )
    assert chosen(page) == cards(names)


def test_the_first_play_must_have_the_card_it_needs(sit: Sit) -> None:
    page = with_judge(sit(seat(turn(), mine={"hand": cards(HAND), "auto": False, "need": 1})))
    assert page.text("#line") == "You lead, with the 3♣ in it"
    click(page, "4C")
    assert page.text("#line") == "The first play must have the 3♣ in it."
    assert not page.find("#pass").is_enabled()


def test_a_refusal_of_the_server_is_told_and_the_selection_comes_back(sit: Sit) -> None:
    page = with_judge(sit())
    click(page, "2H", "2S")
    page.find("#play").click()
    number = sent(page)[0]["id"]
    tell(page, op="refused", code="not_your_turn", message="it is not your turn", id=number)
    page.wait("document.getElementById('line').textContent === 'It is not your turn yet.'")
    assert chosen(page) == cards("2H 2S") and page.all(".sent") == []


def test_where_the_rules_cannot_be_loaded_the_server_is_asked(sit: Sit) -> None:
    page = sit(waiting())
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/rules.py"]})
    try:
        assert page.run(
            "return (await import('/bigtwo/judge.js')).openJudge().then(() => 'open', () => 'closed')"
        ) == ("closed")
        tell(page, **seat(), op="joined", tick=0, v=1, seq=0, seat=0)
        click(page, "5D", "5C")
        assert page.all(".dim") == [] and page.text("#play") == "Play 2 cards"
        page.find("#play").click()
        assert sent(page)[0]["args"] == {"cards": cards("5D 5C")}
    finally:
        page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        page.browser.execute_cdp_cmd("Network.disable", {})
        assert all("rules.py" in complaint for complaint in page.complaints())


def test_the_hint_goes_through_the_legal_plays_from_the_weakest(sit: Sit) -> None:
    page = with_judge(sit(seat(turn((3, "JD")))))
    hinted = []
    for _ in range(7):
        page.find("#hint").click()
        hinted.append(chosen(page))
    assert hinted == [cards(name) for name in "JC QD KC 2H 2S JC QD".split()]
    assert page.text("#play") == "Play single"


def test_who_can_play_nothing_is_told_so(sit: Sit) -> None:
    page = with_judge(sit(seat(turn((3, "2D")), hand="3C 4C 5D")))
    assert page.text("#line") == "You can’t beat this"
    press(page, "h")
    assert page.text("#line") == "Nothing you hold beats this."
    press(page, "p")
    assert [command["name"] for command in sent(page)] == ["pass"]


def test_auto_pass_is_switched(sit: Sit) -> None:
    page = sit()
    page.find("#auto").click()
    assert [(command["name"], command["args"]) for command in sent(page)] == [("auto", {"on": True})]
    tell(page, op="update", tick=0, v=1, mine={"auto": True})
    assert page.find("#auto").get_attribute("aria-checked") == "true"


# ---------------------------------------------------------------------- one's own cards


def test_cards_are_sorted_by_rank_or_suit_and_stay_so(sit: Sit) -> None:
    page = sit()
    by_rank, by_suit = cards(HAND), cards("5D QD 3C 4C 5C JC KC 6H 8H TH 2H 8S 2S")
    assert row(page) == by_rank
    page.find("#sort").click()
    assert row(page) == by_suit and page.text("#sort") == "By rank"
    page.browser.refresh()
    page.wait("window.gamesrv?.table.room")
    assert row(page) == by_suit
    press(page, "s")
    assert row(page) == by_rank


def test_the_keyboard_is_enough(sit: Sit) -> None:
    page = with_judge(sit())
    press(page, "ArrowLeft", " ", "ArrowLeft", "ArrowUp", "ArrowUp")
    assert chosen(page) == cards("2H 2S")
    assert page.find(":focus").get_attribute("aria-label") == "two of hearts"
    press(page, "ArrowDown")
    assert chosen(page) == cards("2S")
    press(page, "Escape")
    assert chosen(page) == []
    press(page, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", " ", "h", "Enter")
    assert [command["args"] for command in sent(page)] == [{"cards": cards("2H 2S")}]


def test_keys_that_are_typed_into_the_chat_play_nothing(sit: Sit) -> None:
    page = with_judge(sit())
    page.find("#chat-button").click()
    page.find("#text").send_keys("php sh\n")
    assert sent(page) == [] and chosen(page) == []
    assert [message["text"] for message in sent(page, "say")] == ["php sh"]


def drag(page: Page, start: str, *ways: tuple[int, int], on_to: str = "") -> None:
    """The mouse is pressed on a card, moves in steps, to another card maybe, and is let go."""
    from selenium.webdriver import ActionChains

    mouse = ActionChains(page.browser, duration=20).click_and_hold(held(page, start))
    for way in ways:
        mouse.move_by_offset(*way)
    if on_to:
        mouse.move_to_element(held(page, on_to))
    mouse.release().perform()


def test_a_sweep_selects_what_it_passes_and_back_it_unselects(sit: Sit) -> None:
    page = with_judge(sit())
    drag(page, "4C", (30, 3), (40, 0), (40, -5), on_to="6H")
    assert chosen(page) == cards("4C 5D 5C 6H")
    drag(page, "5C", (30, 0), on_to="6H")
    assert chosen(page) == cards("4C 5D")


def test_cards_carried_up_onto_the_table_are_played(sit: Sit) -> None:
    page = with_judge(sit())
    click(page, "2S")
    drag(page, "2H", (4, -40), (10, -260))
    assert [command["args"] for command in sent(page)] == [{"cards": cards("2H 2S")}]


def test_cards_that_are_not_carried_far_enough_stay(sit: Sit) -> None:
    page = with_judge(sit())
    drag(page, "2H", (4, -40))
    assert sent(page) == [] and chosen(page) == cards("2H")
    assert held(page, "2H").get_attribute("style") == ""


# ---------------------------------------------------------------------- the table


def test_a_play_is_laid_over_those_before_it_which_stay_to_be_seen(sit: Sit) -> None:
    page = sit(seat(turn((0, "3D"), (1, "4D"), (2, "5S"), (3, "6D"))))
    trick = [[0, cards("3D")], [1, cards("4D")], [2, cards("5S")], [3, cards("6D")], [0, cards("6H")]]
    changed(page, 2, trick=trick, turn=1, owner=0, to_beat=Rules(TABLE).key(mask_of(cards("6H"))))
    tell(page, op="update", tick=0, v=1, mine={"hand": cards(HAND.replace("6H ", ""))})
    page.wait("document.querySelectorAll('#hand .held').length === 12")
    own = page.all('.spot[data-place="bottom"] .play')
    assert [play.get_attribute("aria-label") for play in own] == ["3♦", "6♥"]
    settle(page)
    older, newer = (play.rect for play in own)
    assert newer["x"] - older["x"] >= 20
    assert [spot.get_attribute("data-place") for spot in page.all(".spot.best")] == ["bottom"]


def test_a_new_trick_clears_the_table(sit: Sit) -> None:
    page = sit()
    changed(page, 2, trick=[[3, cards("4H")]], owner=3, to_beat=1 << 15 | cards("4H")[0], passed=[])
    page.wait("document.querySelectorAll('.play').length === 1")


def test_the_ring_shows_what_is_left_of_the_turn_by_the_rooms_clock(sit: Sit) -> None:
    page = sit(seat(turn((3, "4D"), due=40_000), tick=25_000))
    ring = "document.querySelector('.player.turn .rim').style.strokeDasharray"
    left = page.wait(f"parseFloat({ring})")
    assert 45 < left <= 50
    assert page.all(".late") == []
    tell(page, op="update", tick=36_000, v=2, delta={"passed": []})
    page.wait("document.querySelector('.player.turn .late .letter')?.textContent === '4'")


def test_opponents_show_cards_passes_and_how_they_fare(sit: Sit) -> None:
    view = turn((1, "8D"), (2, ""), passed=[2], counts=[13, 9, 11, 1])
    page = sit(seat(view, players={**PEOPLE, 2: {"name": "Ben", "away": True}}))
    places = {item.get_attribute("data-place"): item.text.split("\n") for item in page.all(".player")}
    assert places["left"] == ["A", "Ada", "bot", "0 points", "9"]
    assert places["top"] == ["B", "Ben", "away", "0 points", "11", "Pass"]
    assert places["right"][-2:] == ["1", "Last!"]
    assert places["bottom"] == ["A", "Ann", "you", "0 points"]
    assert [len(item.find_elements("css selector", ".fan i")) for item in page.all(".player")] == [
        13,
        9,
        11,
        1,
    ]


def test_the_suits_are_called_as_at_the_table(sit: Sit) -> None:
    page = sit(seat(turn(table={**TABLE, "suits": "DHSC"}), hand="3D 3S"))
    names = [card.get_attribute("aria-label") for card in page.all("#hand .held")]
    assert names == ["three of clubs", "three of diamonds"]
    assert len(page.all("#hand .suit-C")) == len(page.all("#hand .suit-D")) == 1


def test_plays_are_told_in_words(sit: Sit) -> None:
    page = sit()
    data = {"seat": 1, "cards": cards("TD TS"), "kind": "pair", "left": 7, "turn": 2}
    tell(page, op="event", seq=1, name="played", data=data)
    tell(page, op="event", seq=2, name="passed", data={"seat": 0, "why": "time", "turn": 1})
    told = [line.get_attribute("textContent") for line in page.all("#told li")]
    assert told == ["Ada: pair, ten of diamonds, ten of spades; 7 left.", "You: pass."]


def test_names_and_what_is_said_are_text(sit: Sit) -> None:
    page = sit(seat(players={**PEOPLE, 1: {"name": "<img src=x>"}}))
    tell(page, op="event", seq=1, name="said", data={"seat": 1, "name": "<img src=x>", "text": "<b>hi</b>"})
    assert page.text("#log .said") == "<img src=x> <b>hi</b>"
    assert "<img src=x>" in page.text('.player[data-place="left"]')
    assert page.do("return document.querySelectorAll('main img, main p b').length") == 0


def test_who_watches_sees_no_hand(sit: Sit) -> None:
    told = {**seat(), "seat": None, "mine": {}}
    page = sit(told, fragment="#watch=bigtwo-7")
    assert [message["room"] for message in sent(page, "watch")] == ["bigtwo-7"]
    assert page.find("#spectator").is_displayed() and not page.find("#own").is_displayed()
    assert page.all("#hand .held") == []
    assert page.do("return location.hash") == "#watch=bigtwo-7"
