"""The card table before the first deal, between deals and after the last; coming and going; all sizes."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Sit
from tests.browser.page import Page
from tests.browser.table_house import (
    HAND,
    PEOPLE,
    TABLE,
    changed,
    chosen,
    click,
    done,
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

# ---------------------------------------------------------------------- before and after


def test_the_waiting_room_tells_its_link_its_code_and_its_rules(sit: Sit) -> None:
    options = {"preset": "taiwan", "turn_seconds": 15, "play_on": True}
    page = sit(waiting(room="k7mq-x9p4-td2r", private=True, options=options))
    link = page.find("#sheet .link").get_property("value")
    assert link.endswith("/bigtwo.html#k7mq-x9p4-td2r")
    assert page.text("#sheet .code b") == "k7mq-x9p4-td2r"
    rules = page.text("#sheet .options")
    assert "Taiwan rules · 15 s a turn" in rules and "played on until one is left" in rules
    assert page.text("#sheet h2") == "Waiting for 2 players"
    assert page.all("#sheet i") == [] and "Ben <i>" in page.text('.player[data-place="top"]')


def test_in_the_waiting_room_one_moves_and_says_that_one_is_ready(sit: Sit) -> None:
    page = sit(waiting())
    page.find('.player[data-place="right"] .sit').click()
    assert sent(page, "join")[-1] == {"op": "join", "room": "bigtwo-7", "seat": 3}
    page.find("#start").click()
    assert sent(page, "ready") == [{"op": "ready", "ready": True}]
    tell(page, op="event", seq=1, name="player_ready", data={"seat": 0, "ready": True})
    assert page.text("#start") == "Not yet" and "Waiting for Ben <i>" in page.text("#sheet")
    tell(page, op="event", seq=2, name="player_moved", data={"seat": 0, "to": 3})
    assert "Ann" in page.text('.player[data-place="bottom"]')


def test_after_a_deal_all_hands_are_open(sit: Sit) -> None:
    page = sit(seat(done()))
    assert page.text("#sheet h2") == "Ada wins deal 1"
    rows = [item.text.split("\n") for item in page.all(".hands li")]
    assert [line[0] for line in rows] == ["Ada", "Ben", "Cyd", "Ann"]
    assert [line[-2:] for line in rows] == [["+46", "+46"], ["−1", "−1"], ["−6", "−6"], ["−39", "−39"]]
    shown = [len(item.find_elements("css selector", ".face")) for item in page.all(".hands li")]
    assert shown == [0, 1, 6, 13]
    page.wait("/^in 1[0-2] s$/.test(document.querySelector('.rest').textContent)")
    page.find("#next").click()
    assert [command["name"] for command in sent(page)] == ["go_on"]
    changed(page, 2, agreed=[0])
    assert not page.find("#next").is_enabled()


def test_the_last_play_is_seen_before_the_result_covers_it(sit: Sit) -> None:
    page = sit(seat(turn((1, "KD"), turn=1)))
    changed(page, 2, **{**done(), "trick": [[1, cards("KD")], [2, cards("2C")]]})
    assert not page.find("#sheet").is_displayed()
    assert page.find('.spot[data-place="top"] .play').is_displayed()
    page.wait("!document.getElementById('sheet').hidden")


def test_after_the_match_one_plays_again(sit: Sit) -> None:
    page = sit(seat(done(stage="over", due=None), state="over"))
    assert page.text("#sheet h2") == "Ada wins"
    changed(page, 2, names=[player["name"] for player in PEOPLE.values()])
    tell(page, op="event", seq=1, name="player_left", data={"seat": 1})
    assert page.text("#sheet h2") == "Ada wins"
    page.find("#again").click()
    assert sent(page, "ready") == [{"op": "ready", "ready": True}]
    tell(page, op="event", seq=2, name="player_ready", data={"seat": 2, "ready": True})
    assert page.text(".wants") == "Wants to play again: Ben"
    tell(page, op="event", seq=3, name="started", data={})
    tell(page, **seat(turn(turn=1)), op="joined", tick=0, v=1, seq=3, seat=0)
    assert not page.find("#sheet").is_displayed() and row(page) == cards(HAND)


def test_a_click_is_not_lost_when_others_move_in_the_middle_of_it(sit: Sit) -> None:
    from selenium.webdriver import ActionChains

    page = sit(seat(done(stage="over", due=None), state="over"))
    ActionChains(page.browser).click_and_hold(page.find("#again")).perform()
    tell(page, op="event", seq=1, name="player_ready", data={"seat": 2, "ready": True})
    ActionChains(page.browser).release().perform()
    assert sent(page, "ready") == [{"op": "ready", "ready": True}]
    page.wait("document.querySelector('.wants').textContent === 'Wants to play again: Ben'")


def test_a_finished_deal_can_be_verified(sit: Sit) -> None:
    page = sit(seat(done()))
    page.find("details.fair summary").click()
    command = f"python -m gamesrv.games.bigtwo.verify {'cd' * 32} --hash {'ab' * 32}"
    assert command in page.text("details.fair")


# ---------------------------------------------------------------------- coming and going


def test_who_comes_by_a_link_joins_that_table(sit: Sit) -> None:
    page = sit(seat(room="k7mq-x9p4-td2r"), fragment="#K7MQX9P4TD2R")
    assert sent(page, "join") == [{"op": "join", "room": "K7MQX9P4TD2R"}]
    assert page.do("return location.hash") == "#k7mq-x9p4-td2r"


def test_leaving_a_game_is_asked_about(sit: Sit) -> None:
    page = sit()
    page.find("#lobby").click()
    assert "Leave the game?" in page.text("#question")
    page.find("#question-no").click()
    assert sent(page, "leave") == []
    page.find("#lobby").click()
    page.find("#question-yes").click()
    page.wait("!location.pathname.endsWith('bigtwo.html')")


def test_a_lost_connection_is_told_and_the_seat_is_there_again(sit: Sit) -> None:
    page = with_judge(sit())
    click(page, "2S")
    page.do("house.down = true; house.sockets.at(-1).lose()")
    page.wait("document.getElementById('overlay').open")
    assert page.text("#overlay h2") == "Connection lost"
    page.do("house.down = false; house.sockets.at(-1).lose()")
    page.wait("!document.getElementById('overlay').open")
    assert chosen(page) == cards("2S")


# ---------------------------------------------------------------------- small and large windows


STATES = {
    "waiting": waiting(private=True, room="k7mq-x9p4-td2r"),
    "turn": seat(),
    "five": seat(turn((0, "3D 4D 5D 6D 7C"), (1, "3C 4C 5C 6C 7H"), (2, ""), (3, "3H 4H 5H 6H 7S"))),
    "three": seat(
        turn((1, "4D"), counts=[18, 17, 17], scores=[0, 0, 0], table={**TABLE, "players": 3}),
        hand=f"{HAND} 3D 3H 3S 4H 4S",
        players={number: PEOPLE[number] for number in range(3)},
    ),
    "break": seat(done()),
    "over": seat(done(stage="over", due=None), state="over"),
}

OUTSIDE = """
const inside = ({ left, top, right, bottom }) =>
  left >= -1 && top >= -1 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
const shown = (it) => it.checkVisibility({ opacityProperty: true, visibilityProperty: true });
const parts = "button, a, #line, #sheet, .who, .bowl, .play .face, .held .face, .hands .face";
return [...document.querySelectorAll(parts)]
  .filter((it) => shown(it) && !inside(it.getBoundingClientRect()))
  .map((it) => it.outerHTML.slice(0, 100));
"""
SMALL = """
return [...document.querySelectorAll("button, #lobby, .held")]
  .filter((it) => it.checkVisibility({ opacityProperty: true }))
  .map((it) => [it.id || it.className, it.offsetWidth, it.offsetHeight])
  .filter(([, width, height]) => Math.min(width, height) < 40);
"""


COVERED = """
const shown = (it) => it.checkVisibility({ opacityProperty: true });
const middle = ({ left, top, width, height }) => [left + width / 2, top + height / 2];
return [...document.querySelectorAll("button, a")]
  .filter((it) => shown(it) && !it.contains(document.elementFromPoint(...middle(it.getBoundingClientRect()))))
  .map((it) => it.outerHTML.slice(0, 100));
"""
HIDDEN = """
const shown = (it) => it.checkVisibility({ opacityProperty: true });
const boxes = (parts) => [...document.querySelectorAll(parts)].filter(shown);
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
return boxes(".who b, .count, #line:not(:empty)").filter((text) =>
  boxes(".play .face, .held .face, #sheet").some((it) =>
    meet(text.getBoundingClientRect(), it.getBoundingClientRect())),
).map((it) => it.outerHTML.slice(0, 100));
"""
SCROLLED = """
const { scrollWidth, scrollHeight } = document.documentElement;
return [scrollWidth - innerWidth, scrollHeight - innerHeight];
"""


def check_fit(page: Page) -> None:
    """Nothing is cut off, covered, or has to be scrolled to."""
    settle(page)
    assert page.do(SCROLLED) == [0, 0]
    for flaw in (OUTSIDE, COVERED, HIDDEN):
        assert page.do(flaw) == []


@pytest.mark.parametrize("state", STATES)
def test_all_is_within_the_window_also_on_a_phone_however_it_is_held(sit: Sit, state: str) -> None:
    page = sit(STATES[state])
    check_fit(page)
    try:
        for screen in ((360, 640), (667, 375), (768, 1024), (390, 844), (844, 390)):
            page.show_on(*screen)
            check_fit(page)
            assert min(screen) < 390 or page.do(SMALL) == []
    finally:
        page.show_on_desktop()
