"""The card table at a real server: against bots, with a friend, with somebody who watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.page import PLAIN, Page
from tests.browser.table_house import row
from tests.browser.wire import Wire

Begin = Callable[..., Page]
Come = Callable[..., Page]

OPEN_TABLE = """
const { connect } = await import("/gamesrv.js");
const client = connect({ name: args[0] });
const { id } = await client.create("bigtwo", args[1], { private: true });
client.release();
return id;
"""
OWN_TURN = (
    "gamesrv.client.room.view.turn === gamesrv.client.room.seat && gamesrv.table.adviser.legal !== null"
)


@pytest.fixture
def come(first_browser: Page, second_browser: Page, wire: Wire) -> Iterator[Come]:
    """Somebody comes to a table, each in a browser of their own: to one that exists, or any."""
    free, taken = [first_browser, second_browser], []

    def came(name: str, fragment: str = "") -> Page:
        page = free.pop()
        taken.append(page)
        page.open(f"{wire.url}bigtwo.html{fragment}")
        page.find("#name").clear()
        page.find("#name").send_keys(name)
        page.find("#enter-button").click()
        page.wait("window.gamesrv?.client.room")
        return page

    yield came
    for page in taken:
        page.leave()
        assert page.complaints() == []


@pytest.fixture
def ann(first_browser: Page, wire: Wire) -> Iterator[Begin]:
    """Ann plays with bots, at a table of her own with these options."""

    def begun(**options: Any) -> Page:
        first_browser.open(f"{wire.url}{PLAIN}")
        room = first_browser.run(OPEN_TABLE, "Ann", options)
        first_browser.open(f"{wire.url}bigtwo.html#{room}")
        first_browser.wait("window.gamesrv?.table.room")
        first_browser.find("#start").click()
        first_browser.wait("gamesrv.table.room.view.stage === 'play' && gamesrv.table.hand.cards.length")
        return first_browser

    yield begun
    first_browser.leave()
    assert first_browser.complaints() == []


def test_a_game_with_a_bot_and_a_reload_in_the_middle(ann: Begin) -> None:
    page = ann(players=2, turn_seconds=300)
    page.wait(OWN_TURN)
    legal, hand = page.do("return gamesrv.table.adviser.legal[0] ?? []"), row(page)
    page.do("gamesrv.table.hint()")
    page.find("#play" if legal else "#pass").click()
    page.wait("gamesrv.client.room.view.turn !== gamesrv.client.room.seat")
    left = [card for card in hand if card not in legal]
    page.wait("document.querySelectorAll('#hand .held').length === arguments[0]", len(left))
    assert row(page) == left
    page.wait("document.querySelectorAll('#told li').length > 0")

    where = "const { room } = gamesrv.client; return [room.id, room.seat]"
    before = page.do(where)
    page.browser.refresh()
    page.wait("window.gamesrv?.client.room && gamesrv.table.hand.cards.length")
    assert page.do(where) == before
    assert row(page) == left


def test_a_lost_network_is_told_and_the_game_goes_on_where_it_was(ann: Begin, wire: Wire) -> None:
    page = ann(players=2, turn_seconds=300)
    page.wait(OWN_TURN)
    hand = row(page)
    page.do("Math.random = () => 0.01")
    wire.cut()
    page.wait("document.getElementById('overlay').open")
    assert "Your seat is held for another" in page.text("#overlay")
    wire.mend()
    page.wait("gamesrv.client.status.state === 'online' && !document.getElementById('overlay').open")
    assert row(page) == hand


def test_a_watcher_sees_the_table_but_no_hand_and_all_can_talk(ann: Begin, come: Come) -> None:
    page = ann()
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


def test_a_friend_comes_by_the_link_and_a_watcher_sits_down(come: Come) -> None:
    page = come("Ann")
    link = page.find("#sheet .link").get_property("value")
    other = come("Ben", f"#watch={link.split('#')[1]}")
    other.find(".player.free .sit").click()
    other.wait("typeof gamesrv.client.room?.seat === 'number' && gamesrv.table.room === gamesrv.client.room")
    page.wait("Object.keys(gamesrv.client.room.players).length === 2")
    assert "Ben" in [name.text for name in page.all(".player .name b")]
