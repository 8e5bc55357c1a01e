"""The lobby's page by itself: what it shows, and what it asks for, with a server that a test furnishes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.house import House
from tests.browser.page import Page

Enter = Callable[..., Page]


def room(number: int, *names: str, **more: Any) -> dict[str, Any]:
    """A waiting table's line in the list."""
    line = {"room": f"bigtwo-{number}", "game": "bigtwo", "players": len(names), "names": names, "seats": 4}
    return {**line, "open": True, "state": "waiting", "options": {}, "watchers": 0, **more}


@pytest.fixture
def enter(house: House) -> Enter:
    """Opens the lobby in a house furnished as told; the name is known from the last time, if one is given."""

    def opened(name: str = "", key: str = "gamesrv name", **furniture: Any) -> Page:
        house.open("", furniture, **({key: name} if name else {}))
        house.page.wait("document.getElementById('line').textContent === 'Live'")
        return house.page

    return opened


def sent(page: Page, op: str) -> Any:
    """What the page has said with that ``op``."""
    return page.do("return house.asked(arguments[0])", op)


# ------------------------------------------------------------------ what one sees


def test_who_has_not_said_a_name_sees_what_is_played(enter: Enter) -> None:
    page = enter(rooms=[room(1, "Mei")])
    assert sent(page, "hello") == [{"op": "hello", "version": 1, "name": "Guest"}]
    assert sent(page, "rooms") == [{"op": "rooms", "live": True}]
    assert page.find("#name").get_property("value") == ""
    assert [page.find(f"#{game}").is_displayed() for game in ("bigtwo", "arena")] == [True, True]
    assert "2 to 4 play" in page.text("#bigtwo")
    assert not page.find("#seat").is_displayed() and not page.find("#elsewhere").is_displayed()


def test_a_known_name_is_written_already_also_one_the_arena_remembered(enter: Enter) -> None:
    page = enter("Ann")
    assert page.find("#name").get_property("value") == "Ann"
    assert sent(page, "hello")[0]["name"] == "Ann"
    assert enter("Old", key="arena name").find("#name").get_property("value") == "Old"


def test_a_row_tells_who_sits_there_what_is_played_and_how_it_stands(enter: Enter) -> None:
    options = {"preset": "taiwan", "turn_seconds": 15}
    page = enter(
        rooms=[
            room(3, "Mei", "Otto", options=options),
            room(2, "A", "B", "C", "D", open=False, state="playing"),
            room(9, *"ABCDEFGH", players=9, seats=12, room="arena-1", game="arena", state="playing"),
        ]
    )
    first, second, third = (row.text for row in page.all("#rooms li"))
    assert "Mei and Otto" in first and "Big Two 3" in first and "waiting for 2 more" in first
    assert "Taiwan rules" in first and "15 s a turn" in first
    assert "A, B, C and D" in second and "in play" in second
    assert "9/12" in third and "H and 1 more" in third and "room for you" in third
    buttons = [
        button.get_attribute("aria-label") for button in page.all("#rooms button") if button.is_displayed()
    ]
    places = ["Join Big Two 3", "Watch Big Two 3", "Watch Big Two 2", "Join Arena 1", "Watch Arena 1"]
    assert buttons == places
    marks = "return [...document.querySelectorAll('#rooms li:first-child i')].map((it) => it.className)"
    assert page.do(marks) == ["taken", "taken", "free", "free"]


def test_what_people_call_themselves_is_text(enter: Enter) -> None:
    page = enter(rooms=[room(1, "<img src=x>", options={"<b>": "<i>x</i>"}, game="arena", room="<u>")])
    assert "<img src=x>" in page.text("#rooms") and "<u>" in page.text("#rooms")
    assert page.do("return document.querySelectorAll('#rooms :is(img, b, u)').length") == 0


def test_the_list_follows_and_leaves_rows_where_a_finger_may_be(enter: Enter) -> None:
    page = enter(rooms=[room(2, "B"), room(1, "A")])
    page.do("window.row = document.querySelectorAll('#rooms li')[1]; row.querySelector('.join').focus()")
    change = {"op": "rooms_changed", "changed": [room(1, "A", "Z"), room(3, "C")], "gone": ["bigtwo-2"]}
    page.do("house.tell(arguments[0])", change)
    assert [row.text.split("\n")[0] for row in page.all("#rooms .people")] == ["C", "A and Z"]
    assert page.do("return row.isConnected && document.activeElement.textContent") == "Join"


def test_an_empty_house_invites(enter: Enter) -> None:
    page = enter()
    assert "bots take the empty seats" in page.text("#empty")
    page.do("house.tell(arguments[0])", {"op": "rooms_changed", "changed": [room(1, "A")], "gone": []})
    assert not page.find("#empty").is_displayed()


def test_a_game_without_a_page_is_told_with_the_way_to_it(enter: Enter) -> None:
    page = enter(games={"nim": {"title": "Nim", "seats": [2, 2]}}, rooms=[room(1, "A", game="nim")])
    told = page.text("#elsewhere")
    assert "Nim, 2 play" in told and "telnet" in told and "join nim" in told
    assert not page.find("#bigtwo").is_displayed() and not page.find("#arena").is_displayed()
    assert page.all("#rooms li") == []


def test_a_lost_connection_is_told_and_tried_again_at_once_by_who_wants_it(enter: Enter) -> None:
    page = enter(rooms=[room(1, "A")])
    told = page.do(
        """
        Math.random = () => 1;
        house.sockets[0].lose();
        const told = document.getElementById("line").textContent;
        document.getElementById("retry").click();
        return told;
        """
    )
    assert "does not answer" in told
    page.wait("document.getElementById('line').textContent === 'Live'")
    assert not page.find("#retry").is_displayed()
    assert len(sent(page, "rooms")) == 2


def test_a_room_that_ends_costs_a_guest_of_it_nothing(enter: Enter) -> None:
    page = enter("Ann")
    page.do("house.sockets[0].lose(4410)")
    page.wait("house.sockets.length === 2 && document.getElementById('line').textContent === 'Live'")


# ------------------------------------------------------------------ what one does


def test_without_a_name_nothing_begins(enter: Enter) -> None:
    page = enter(rooms=[room(1, "A")])
    for begin in ("#bigtwo-quick", "#bigtwo-new", "#arena-quick", "#rooms .join"):
        page.do("document.activeElement.blur()")
        page.find(begin).click()
        page.wait("document.activeElement.id === 'name'")
        assert page.text("#name-problem") == "First write your name here."
    page.find("#name").send_keys("Guest")
    page.find("#arena-quick").click()
    page.wait("document.getElementById('name-problem').textContent.endsWith('choose another.')")
    assert len(sent(page, "hello")) == 1 and not page.find("#new-table").is_displayed()


def test_a_name_that_will_not_do_is_told_at_it_and_the_rooms_stay_in_sight(enter: Enter) -> None:
    page = enter()
    page.find("#name").send_keys("Bell")
    page.do("house.refuse.hello = { code: 'bad_name', message: 'a name is printable', path: 'name' }")
    page.do("document.getElementById('you').requestSubmit()")
    assert page.wait("document.getElementById('name-problem').textContent") == "A name is printable."
    assert [hello["name"] for hello in sent(page, "hello")] == ["Guest", "Bell", "Guest"]
    assert page.text("#line") == "Live" and page.find("#name").get_property("value") == "Bell"


def test_a_table_is_opened_as_it_was_chosen(enter: Enter) -> None:
    page = enter("Ann")
    page.find("#bigtwo-new").click()
    page.wait("document.getElementById('new-table').open")
    page.do("house.refuse.create = { code: 'server_full', message: 'no more rooms can be opened now' }")
    page.find("#new-table [value=hong_kong]").click()
    page.find("#new-table [name=players][value='3']").click()
    page.find("#new-table [name=level][value=greedy]").send_keys(" ")
    page.do("document.getElementById('target').value = '50'")
    page.find("#new-table [name=private]").click()
    page.find("#new-table [type=submit]").click()
    options = {"preset": "hong_kong", "players": 3, "target": 50, "level": "greedy"}
    page.wait("house.asked('create').length === 1")
    assert sent(page, "create") == [{"op": "create", "game": "bigtwo", "options": options, "private": True}]
    assert page.text("#new-table .any") == "No more rooms can be opened now."


def test_what_is_wrong_with_a_table_is_told_at_its_field(enter: Enter) -> None:
    page = enter("Ann")
    page.find("#bigtwo-new").click()
    page.wait("document.getElementById('new-table').open")
    refused = {"code": "bad_argument", "message": "expected a number ≥ 5", "path": "options.turn_seconds"}
    page.do("house.refuse.create = arguments[0]", refused)
    page.do("document.getElementById('turn-seconds').value = '1'")
    page.find("#new-table [type=submit]").click()
    assert page.wait("document.getElementById('turn-problem').textContent") == "Expected a number ≥ 5."
    assert page.do("return document.activeElement.name") == "turn_seconds"
    page.find("#turn-seconds").send_keys("5")
    assert page.text("#turn-problem") == ""


def test_a_code_that_leads_nowhere_is_told_at_it(enter: Enter) -> None:
    page = enter("Ann", refuse={"watch": {"code": "no_such_room", "message": "there is no such room"}})
    page.find("#code").send_keys("nope-nope-nope\n")
    assert page.wait("document.getElementById('code-problem').textContent") == "There is no such room."
    assert sent(page, "watch") == [{"op": "watch", "room": "nope-nope-nope"}]


def test_a_seat_one_has_is_offered_and_keeps_one_from_others_until_it_is_left(enter: Enter) -> None:
    page = enter("Ann", seat={"room": "bigtwo-7", "game": "bigtwo"}, rooms=[room(1, "A")])
    assert "Big Two 7" in page.text("#seat-text")
    assert not page.find("#name").is_enabled()
    page.find("#bigtwo-quick").click()
    assert (
        page.wait("document.getElementById('seat-problem').textContent")
        == "First go back to it, or leave it."
    )
    page.find("#give-up").click()
    page.wait("document.getElementById('seat').hidden")
    assert len(sent(page, "leave")) == 1 and page.find("#name").is_enabled()


def test_who_only_watched_comes_back_without_a_seat(enter: Enter) -> None:
    page = enter("Ann", seat={"room": "bigtwo-7", "game": "bigtwo", "seat": None})
    assert len(sent(page, "leave")) == 1
    assert not page.find("#seat").is_displayed()
