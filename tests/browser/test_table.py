"""The card table: by itself, with a server that a test furnishes, and at a real server against bots."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gamesrv.games.bigtwo.rules import Rules, mask_of, options_for
from tests.browser.page import Page
from tests.browser.wire import Wire
from tests.card_table import cards

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement

FAKE = Path(__file__).with_name("fake_lobby.js").read_text(encoding="utf-8")
TABLE = options_for()
PEOPLE = {0: {"name": "Ann"}, 1: {"name": "Ada (bot)"}, 2: {"name": "Ben"}, 3: {"name": "Cyd (bot)"}}
HAND = "3C 4C 5D 5C 6H 8H 8S TH JC QD KC 2H 2S"
DESKTOP, UPRIGHT, ACROSS = (1280, 800), (390, 844), (844, 390)

Sit = Callable[..., Page]


# ---------------------------------------------------------------------- a furnished house


def turn(*plays: tuple[int, str], **more: Any) -> dict[str, Any]:
    """Seat 0 is to beat the last of these plays of a trick; no cards are a pass."""
    trick = [[seat, cards(names)] for seat, names in plays]
    laid: list[list[int]] = [[], [], [], []]
    for seat, ids in trick:
        laid[seat] = ids or laid[seat]
    owner, last = next(((seat, ids) for seat, ids in reversed(trick) if ids), (0, []))
    to_beat = Rules(TABLE).key(mask_of(last))
    passed = [seat for seat, ids in trick[[ids for _, ids in trick].index(last) :] if not ids] if last else []
    view = {"stage": "play", "deal": 1, "hash": "ab" * 32, "turn": 0, "owner": owner, "to_beat": to_beat}
    view |= {"passed": passed, "counts": [13, 9, 1, 11], "trick": trick, "laid": laid, "out": []}
    view |= {"scores": [0, 0, 0, 0], "rounds": [], "agreed": [], "due": 30_000, "table": TABLE}
    return view | {"turn_seconds": 30, "level": "planner"} | more


PAIR = turn((0, "7D 7H"), (1, "8D 8C"), (2, ""), (3, "9D 9S"))


def done(**more: Any) -> dict[str, Any]:
    """The deal is over, Ada has won it."""
    hands = [cards(HAND), [], cards("3H"), cards("3S 4S 5S 6S 8D 2C")]
    told = {"stage": "break", "turn": -1, "out": [1], "seed": "cd" * 32, "hands": hands, "due": 12_000}
    scores = {"scores": [-39, 46, -1, -6], "rounds": [[-39, 46, -1, -6]], "counts": [13, 0, 1, 6]}
    return turn((1, "KD"), **told, **scores) | more


def seat(view: dict[str, Any] = PAIR, hand: str = HAND, **more: Any) -> dict[str, Any]:
    """What one is told on joining."""
    told = {"room": "bigtwo-7", "game": "bigtwo", "seats": [4, 4], "players": PEOPLE, "options": {}}
    told |= {"view": view, "mine": {"hand": cards(hand), "auto": False}, "rate": 0, "state": "playing"}
    return told | more


def waiting(**more: Any) -> dict[str, Any]:
    """The same before the game, with Ben alone there."""
    players = {0: PEOPLE[0], 2: {"name": "Ben <i>"}}
    return seat(**{"view": {}, "state": "waiting", "mine": {}, "players": players, **more})


@pytest.fixture
def sit(first_browser: Page, server_port: int) -> Iterator[Sit]:
    """Opens the table in a house where one gets that seat as soon as one has said one's name."""
    page, house, scripts = first_browser, f"http://127.0.0.1:{server_port}/", []

    def opened(told: dict[str, Any] | None = None, fragment: str = "") -> Page:
        furniture = json.dumps({"seat": told or seat()})
        page.open(f"{house}arena.html")
        page.do("localStorage.clear(); sessionStorage.clear(); localStorage['gamesrv name'] = 'Ann'")
        scripts.append(page.before_each_page(f"window.furnish = {furniture};{FAKE}"))
        page.open(f"{house}bigtwo.html{fragment}")
        page.find("#enter-button").click()
        page.wait("window.gamesrv?.table.room")
        return page

    yield opened
    for script in scripts:
        page.before_each_page_no_more(script)
    show_on(page, DESKTOP)
    assert page.complaints() == []
    page.leave()


def show_on(page: Page, size: tuple[int, int]) -> None:
    """A screen of that size; a small one is a phone's."""
    width, height = size
    phone = size != DESKTOP
    metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
    page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def with_judge(page: Page) -> Page:
    """Once the page knows what may be played."""
    page.wait("gamesrv.table.adviser.legal !== null")
    settle(page)
    return page


def settle(page: Page) -> None:
    """Waits until nothing moves any more."""
    page.run("await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.run("await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => 0)))")


def sent(page: Page, op: str = "cmd") -> Any:
    """What the page has said with that ``op``."""
    return page.do("return house.asked(arguments[0])", op)


def tell(page: Page, **message: Any) -> None:
    """The house says this."""
    page.do("house.tell(arguments[0])", message)


def changed(page: Page, v: int, **view: Any) -> None:
    """The view changes."""
    tell(page, op="update", tick=0, v=v, delta=view)


def click(page: Page, *names: str) -> None:
    """Clicks on cards."""
    for name in names:
        held(page, name).click()


def held(page: Page, name: str) -> WebElement:
    """A card in the hand: of one that others lie on, what is to be seen of it."""
    return page.find(f'[data-card="{cards(name)[0]}"]')


def chosen(page: Page) -> list[int]:
    """The selected cards."""
    ids: list[int] = page.do("return gamesrv.table.hand.chosen")
    assert [int(card.get_attribute("data-card") or -1) for card in page.all(".chosen")] == page.do(
        "return gamesrv.table.hand.cards.filter((card) => arguments[0].includes(card))", ids
    )
    return ids


def press(page: Page, *keys: str) -> None:
    """Presses keys, wherever the focus is."""
    for key in keys:
        page.do(
            """
            const how = { key: arguments[0], bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", how));
            """,
            key,
        )


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
    said = page.do("return house.sent.length")
    click(page, *names.split())
    assert page.text("#line") == problem
    assert not page.find("#play").is_enabled()
    press(page, "Enter")
    assert sent(page) == [] and page.do("return house.sent.length") == said
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


def row(page: Page) -> list[int]:
    """The cards as they lie, on the screen and for those who listen."""
    return [int(card.get_attribute("data-card") or -1) for card in page.all("#hand .held")]


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
    page.find("#again").click()
    assert sent(page, "ready") == [{"op": "ready", "ready": True}]
    tell(page, op="event", seq=1, name="player_ready", data={"seat": 2, "ready": True})
    assert page.text(".wants") == "Wants to play again: Ben"
    tell(page, op="event", seq=2, name="started", data={})
    tell(page, **seat(turn(turn=1)), op="joined", tick=0, v=1, seq=2, seat=0)
    assert not page.find("#sheet").is_displayed() and row(page) == cards(HAND)


def test_a_finished_deal_can_be_verified(sit: Sit) -> None:
    page = sit(seat(done()))
    page.find(".fair summary").click()
    command = f"python -m gamesrv.games.bigtwo.verify {'cd' * 32} --hash {'ab' * 32}"
    assert command in page.text(".fair")


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


@pytest.mark.parametrize("size", [DESKTOP, UPRIGHT, ACROSS])
@pytest.mark.parametrize("state", STATES)
def test_all_is_within_the_window(sit: Sit, state: str, size: tuple[int, int]) -> None:
    page = sit(STATES[state])
    show_on(page, size)
    settle(page)
    scrolls = (
        "const { scrollWidth, scrollHeight } = document.documentElement; return [scrollWidth, scrollHeight]"
    )
    assert page.do(scrolls) == [*size]
    assert page.do(OUTSIDE) == []
    if size != DESKTOP:
        assert page.do(SMALL) == []


# ---------------------------------------------------------------------- a real server


@pytest.fixture
def come(first_browser: Page, second_browser: Page, wire: Wire) -> Iterator[Callable[..., Page]]:
    """Somebody comes to a table, each in a browser of their own."""
    free, taken = [second_browser, first_browser], []

    def came(name: str, fragment: str = "") -> Page:
        page = free.pop()
        taken.append(page)
        page.open(f"{wire.url}bigtwo.html{fragment}")
        page.do("localStorage.clear()")
        page.find("#name").clear()
        page.find("#name").send_keys(name)
        page.find("#enter-button").click()
        page.wait("window.gamesrv?.client.room")
        return page

    yield came
    for page in taken:
        page.leave()
        assert page.complaints() == []


def begin(page: Page) -> None:
    """Plays with bots."""
    page.find("#start").click()
    page.wait("gamesrv.client.room.view.stage === 'play' && gamesrv.table.hand.cards.length")


OWN_TURN = "gamesrv.client.room.view.turn === gamesrv.client.room.seat && gamesrv.table.adviser.legal"


def test_a_game_with_bots_and_a_reload_in_the_middle(come: Callable[..., Page]) -> None:
    page = come("Ann")
    assert page.do("return location.hash.slice(1) === gamesrv.client.room.id")
    begin(page)
    page.wait(OWN_TURN)
    legal = page.do("return gamesrv.table.adviser.legal[0] ?? []")
    hand = row(page)
    page.do("gamesrv.table.hint()")
    page.find("#play" if legal else "#pass").click()
    page.wait("gamesrv.client.room.view.turn !== gamesrv.client.room.seat")
    assert row(page) == [card for card in hand if card not in legal]
    page.wait("document.querySelectorAll('#told li').length > 0")

    seat_before, room = page.seat, page.do("return gamesrv.client.room.id")
    page.browser.refresh()
    page.wait("window.gamesrv?.client.room && gamesrv.table.hand.cards.length")
    assert (page.seat, page.do("return gamesrv.client.room.id")) == (seat_before, room)
    assert row(page) == [card for card in hand if card not in legal]


def test_a_watcher_sees_the_table_but_no_hand_and_all_can_talk(come: Callable[..., Page]) -> None:
    page = come("Ann")
    begin(page)
    other = come("Ben", f"#watch={page.do('return gamesrv.client.room.id')}")
    other.wait("gamesrv.table.room.view.counts.length === 4")
    assert other.do("return gamesrv.client.room.mine") == {} and other.all("#hand .held") == []
    assert other.text("#spectator") == "You are watching"
    other.do("gamesrv.client.say('<b>hi</b>')")
    page.do("gamesrv.client.say('<i>you</i>')")
    for one in (page, other):
        one.wait(
            "[...document.querySelectorAll('.said')].some((it) => it.textContent.includes('<i>you</i>'))"
        )
        assert one.all("#log i, #log .said b b") == []


def test_a_friend_comes_by_the_link_and_a_watcher_sits_down(come: Callable[..., Page]) -> None:
    page = come("Ann")
    link = page.find("#sheet .link").get_property("value")
    other = come("Ben", f"#watch={link.split('#')[1]}")
    other.find(".player.free .sit").click()
    other.wait("gamesrv.client.room.seat !== null && gamesrv.table.room === gamesrv.client.room")
    page.wait("Object.keys(gamesrv.client.room.players).length === 2")
    assert "Ben" in [name.text for name in page.all(".player .name b")]
