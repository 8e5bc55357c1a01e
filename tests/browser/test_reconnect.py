"""Connections die, and players come back."""

import re

from tests.browser.page import Page
from tests.browser.wire import Wire

OVERLAY = "document.getElementById('overlay').open"
LISTEN = """
window.heard = [];
gamesrv.client.on("event", ({ data }) => data.text && heard.push(data.text));
"""


def lose(page: Page, wire: Wire) -> None:
    """Cuts the connection, and waits until the page has noticed. It will not wait long between its tries."""
    page.do("Math.random = () => 0.01")
    wire.cut()
    page.wait(OVERLAY)


def test_a_lost_connection_comes_back_to_its_seat(page: Page, wire: Wire) -> None:
    page.enter("Ann")
    seat, session = page.seat, page.do("return gamesrv.client.token")
    lose(page, wire)
    assert page.text("#overlay h2") == "Connection lost"
    assert "Your seat is held for another" in page.text("#overlay")
    wire.mend()
    page.wait_playing()
    assert page.seat == seat
    assert page.do("return gamesrv.client.status.resumed") is True
    assert page.do("return gamesrv.client.token") != session


def test_nobody_has_to_wait_for_the_next_try(page: Page, wire: Wire) -> None:
    page.enter("Ann")
    lose(page, wire)
    page.do("Math.random = () => 1")
    page.wait("gamesrv.client.status.at > performance.now() + 1500")
    assert re.fullmatch(r"Try \d+ in \d+ s\.", page.text("#overlay-count"))
    wire.mend()
    page.wait("!document.querySelector('#overlay button').disabled")
    page.find("#overlay button").click()
    page.wait_playing()


def test_what_was_missed_and_what_was_said_meanwhile_arrive_once(
    page: Page, second_browser: Page, server_port: int, wire: Wire
) -> None:
    second_browser.open(f"http://127.0.0.1:{server_port}/arena.html")
    second_browser.enter("Ben")
    page.enter("Ann")
    for each in (page, second_browser):
        each.do(LISTEN)
    lose(page, wire)
    page.do("gamesrv.client.say('said in the dark')")
    second_browser.do("gamesrv.client.say('are you there?')")
    second_browser.wait("heard.length === 1")
    wire.mend()
    page.wait_playing()
    for each in (page, second_browser):
        each.wait("heard.length === 2")
        each.run("await gamesrv.client.sync()")
        assert each.do("return heard") == ["are you there?", "said in the dark"]
    second_browser.leave()


def test_a_page_loaded_again_goes_on_where_it_was(page: Page) -> None:
    page.enter("Ann")
    seat = page.seat
    page.browser.refresh()
    page.wait_playing()
    assert page.seat == seat


def test_a_second_connection_with_the_same_token_takes_over(page: Page) -> None:
    page.enter("Ann")
    seat = page.seat
    page.run(
        """
        const { connect } = await import("/gamesrv.js");
        const { token } = gamesrv.client;
        const storage = { getItem: () => null, setItem() {}, removeItem() {} };
        window.second = connect({ token, storage });
        await second.sync();
        """
    )
    page.wait(OVERLAY)
    assert page.text("#overlay h2") == "You play on elsewhere"
    assert page.do("return [gamesrv.client.status.state, gamesrv.client.status.code]") == ["closed", 4409]
    page.find("#overlay button").click()
    page.wait_playing()
    assert page.seat == seat
    assert page.wait("second.status.state === 'closed' && second.status.code") == 4409


def test_a_session_that_is_no_more_gives_a_new_seat_under_the_old_name(page: Page) -> None:
    page.do(
        """
        const key = `gamesrv ${location.origin.replace("http", "ws")}/ws`;
        const session = { token: "long gone", session: "s", name: "Olga", last: 3 };
        sessionStorage.setItem(key, JSON.stringify(session));
        """
    )
    page.browser.refresh()
    page.wait_playing()
    assert page.do("return gamesrv.client.room.players[gamesrv.client.room.seat].name") == "Olga"


def test_a_snapshot_in_the_middle_of_the_game_disturbs_nobody(page: Page) -> None:
    page.enter("Ann")
    page.find("#chat-button").click()
    page.find("#text").send_keys("half a sen")
    page.run(
        """
        const fresh = new Promise((resolve) => gamesrv.client.on("joined", resolve));
        gamesrv.client.join({ game: "arena" });
        await fresh;
        """
    )
    page.find("#text").send_keys("tence")
    assert page.find("#text").get_property("value") == "half a sentence"
