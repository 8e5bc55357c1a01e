"""From the lobby to a seat and back, on a real server."""

import re
from collections.abc import Iterator

import pytest

from tests.browser.page import Page
from tests.browser.wire import Wire

LIVE = "document.getElementById('line')?.textContent === 'Live'"
SEATED = "window.gamesrv?.client.status.state === 'online' && gamesrv.client.room !== null"


def come(browser: Page, wire: Wire, name: str) -> Page:
    """Opens the lobby, and writes a name on the slip."""
    browser.open(wire.url)
    browser.wait(LIVE)
    browser.find("#name").clear()
    browser.find("#name").send_keys(name)
    return browser


def wait_seated(page: Page, address: str) -> str:
    """Waits for a game's page to have its room; returns the room's id."""
    page.wait(f"location.pathname === '/{address}' && {SEATED}")
    return str(page.do("return gamesrv.client.room.id"))


@pytest.fixture
def ann(first_browser: Page, wire: Wire) -> Iterator[Page]:
    """Ann, in the lobby."""
    yield come(first_browser, wire, "Ann")
    first_browser.leave()
    assert first_browser.complaints() == []


@pytest.fixture
def ben(second_browser: Page, wire: Wire) -> Iterator[Page]:
    """Ben, in the lobby."""
    yield come(second_browser, wire, "Ben")
    second_browser.leave()
    assert second_browser.complaints() == []


def open_table(page: Page, *chosen: str) -> str:
    """Opens a table, with those fields of the form clicked; returns the room's id."""
    page.find("#bigtwo-new").click()
    page.wait("document.getElementById('new-table').open")
    for field in chosen:
        page.find(f"#new-table {field}").click()
    page.find("#new-table [type=submit]").click()
    return wait_seated(page, "bigtwo.html")


def test_quick_match_leads_to_a_seat_under_ones_name(ann: Page) -> None:
    ann.find("#bigtwo-quick").click()
    wait_seated(ann, "bigtwo.html")
    assert ann.do("const { room } = gamesrv.client; return room.players[room.seat].name") == "Ann"


def test_a_table_that_is_opened_comes_up_in_everyones_list(ann: Page, ben: Page) -> None:
    room = open_table(ann, "[value=hong_kong]", "[name=players][value='2']")
    assert ann.do("return [gamesrv.client.room.options.preset, gamesrv.client.room.seats]") == [
        "hong_kong",
        [2, 2],
    ]
    ben.wait("[...document.querySelectorAll('#rooms li')].some((row) => row.textContent.includes('Ann'))")
    row = next(row for row in ben.all("#rooms li") if "Ann" in row.text)
    assert "Hong Kong rules" in row.text and "waiting for 1 more" in row.text
    row.find_element("css selector", ".join").click()
    assert wait_seated(ben, "bigtwo.html") == room
    assert ben.do("return Object.values(gamesrv.client.room.players).map(({ name }) => name)") == [
        "Ann",
        "Ben",
    ]


def test_a_private_table_is_found_by_its_code_alone(ann: Page, ben: Page) -> None:
    room = open_table(ann, "[name=private]")
    assert ann.do("return [location.hash, gamesrv.client.room.private]") == [f"#{room}", True]
    rooms = ben.run("return (await gamesrv.client.rooms()).map(({ room }) => room)")
    assert room not in rooms
    ben.find("#code").send_keys(room.replace("-", "").upper())
    ben.find("#by-code button").click()
    assert wait_seated(ben, "bigtwo.html") == room


def test_a_code_that_is_wrong_is_told(ann: Page) -> None:
    ann.find("#code").send_keys("k7mq-x9p4-td2r\n")
    assert "room" in ann.wait("document.getElementById('code-problem').textContent")
    assert ann.do("return gamesrv.client.room") is None


def test_the_servers_word_on_an_option_is_told_at_its_field(ann: Page) -> None:
    ann.find("#bigtwo-new").click()
    ann.wait("document.getElementById('new-table').open")
    ann.do("document.getElementById('turn-seconds').value = '1'")
    ann.find("#new-table [type=submit]").click()
    assert "5" in ann.wait("document.getElementById('turn-problem').textContent")


def test_one_can_watch_as_a_guest(ann: Page, ben: Page) -> None:
    room = open_table(ann)
    ben.find("#name").clear()
    ben.wait("[...document.querySelectorAll('#rooms li')].some((row) => row.textContent.includes('Ann'))")
    row = next(row for row in ben.all("#rooms li") if "Ann" in row.text)
    row.find_element("css selector", ".watch").click()
    assert wait_seated(ben, "bigtwo.html") == room
    assert ben.do("return gamesrv.client.room.seat") is None


def test_a_guest_who_comes_to_the_arena_is_asked_for_a_name(ann: Page, wire: Wire) -> None:
    ann.do("gamesrv.client.close(); localStorage.clear()")
    ann.open(wire.url)
    ann.wait(LIVE)
    ann.open(f"{wire.url}arena.html")
    ann.wait("window.gamesrv?.client.status.state === 'closed'")
    assert ann.find("#enter").is_displayed()
    ann.enter("Ann")


def test_a_seat_in_the_arena_is_kept_while_one_looks_at_the_lobby(ann: Page, wire: Wire) -> None:
    ann.find("#arena-quick").click()
    ann.wait_playing()
    seat = ann.seat
    ann.open(wire.url)
    ann.wait("!document.getElementById('seat').hidden")
    assert re.search(r"\bArena \d", ann.text("#seat-text"))
    assert ann.find("#name").get_property("value") == "Ann"
    ann.find("#go-back").click()
    ann.wait_playing()
    assert ann.seat == seat


def test_a_seat_can_be_left_from_the_lobby_and_another_taken(ann: Page, wire: Wire) -> None:
    ann.find("#arena-quick").click()
    ann.wait_playing()
    ann.open(wire.url)
    ann.wait("!document.getElementById('seat').hidden")
    ann.find("#give-up").click()
    ann.wait("document.getElementById('seat').hidden")
    ann.find("#bigtwo-quick").click()
    wait_seated(ann, "bigtwo.html")


def test_the_arena_is_watched_from_the_list_and_left_by_the_browsers_own_button(ann: Page) -> None:
    ann.find("#arena-quick").click()
    ann.wait_playing()
    room = ann.do("return gamesrv.client.room.id")
    ann.run("await gamesrv.client.leave()")
    ann.browser.back()
    ann.wait(LIVE)
    watch = f'[aria-label="watch arena {room.partition("-")[2]}" i]'
    ann.wait(f"document.querySelector('{watch}')")
    ann.find(watch).click()
    assert wait_seated(ann, "arena.html") == room
    ann.wait("gamesrv.stage.scene?.avatars.length > 0")
    assert ann.do("return gamesrv.client.room.seat") is None
    ann.browser.back()
    ann.wait(LIVE)
    assert ann.find("#bigtwo-quick").is_displayed() and not ann.find("#seat").is_displayed()
