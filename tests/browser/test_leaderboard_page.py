"""The page of the leaders, by itself: who plays best, and how a player's games went."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.page import Page

ME, ZOE = "me-me-me-me-me-m", "zoezoezoezoezoez"

FETCH = """
if (location.host) {
  const [told, me] = %s;
  localStorage.setItem(`gamesrv player ws://${location.host}/ws`, JSON.stringify({ player: me, key: "k" }));
  window.fetch = async (what) =>
    new Response(JSON.stringify(told[what] ?? {}), { status: told[what] ? 200 : 404 });
}
"""

Open = Callable[..., Page]


def rated(place: int, player: str, name: str, rating: int) -> dict[str, Any]:
    return {"place": place, "player": player, "name": name, "rating": rating, "played": 3}


def game(number: int, *players: tuple[str, str]) -> dict[str, Any]:
    """Its players from the first to the last."""
    standings = [
        {"player": player, "seat": place, "name": name, "place": place}
        for place, (player, name) in enumerate(players, 1)
    ]
    facts = {"number": number, "journal": f"j{number}", "room": "bigtwo-1", "game": "bigtwo", "at": 1.0}
    return {**facts, "result": None, "standings": standings}


@pytest.fixture
def open_page(first_browser: Page, server_port: int) -> Iterator[Open]:
    """Opens the page with a server that answers what a test says."""
    scripts: list[str] = []

    def tear_down() -> None:
        while scripts:
            first_browser.before_each_page_no_more(scripts.pop())

    def opened(fragment: str = "", **told: Any) -> Page:
        tear_down()
        answers = {f"api/{what}": answer for what, answer in told.items()}
        scripts.append(first_browser.before_each_page(FETCH % json.dumps([answers, ME])))
        first_browser.open("about:blank")
        first_browser.open(f"http://127.0.0.1:{server_port}/leaderboard.html{fragment}")
        first_browser.wait("document.getElementById('trouble')?.textContent !== 'Looking it up …'")
        return first_browser

    yield opened
    tear_down()
    first_browser.do("localStorage.clear()")
    first_browser.leave()
    assert first_browser.complaints() == []


PLAYERS = [
    rated(1, "bot:planner", "bot:planner", 1400),
    rated(2, ZOE, "<b>Zoë</b>", 1300),
    rated(3, ME, "Ann", 900),
]
BOARDS = {
    "leaderboards": [
        {"game": "bigtwo", "title": "Big Two", "players": PLAYERS},
        {"game": "pig", "title": "pig", "players": []},
    ]
}


def test_the_leaders_and_then_the_games_of_one(open_page: Open) -> None:
    games = [game(30 - n, (ZOE, "<b>Zoë</b>"), ("bot:planner", "Ada (bot)")) for n in range(20)]
    player = {
        "player": ZOE,
        "name": "<b>Zoë</b>",
        "ratings": [{"game": "bigtwo", **PLAYERS[1]}],
        "results": games,
    }
    more = {f"results?player={ZOE}&before=11&most=20": {"results": [game(3, (ME, "Ann"), (ZOE, "<i>Z</i>"))]}}
    page = open_page(**{"leaderboard?most=100": BOARDS, f"players/{ZOE}": player, **more})
    rows = [row.text.split("\n") for row in page.all("tbody tr")]
    assert [" ".join(row) for row in rows] == [
        "1 Thoughtful bots 1400 3",
        "2 <b>Zoë</b> 1300 3",
        "3 Ann you 900 3",
    ]
    page.find("tbody tr:nth-child(2) a").click()
    page.wait("!document.getElementById('player').hidden")
    assert page.text("#player h2") == "<b>Zoë</b>" and page.text(".ratings") == "1300 Big Two, 3 games"
    page.find("#older").click()
    page.wait("document.querySelectorAll('.history li').length === 21")
    assert not page.find("#older").is_displayed()
    first, last = page.all(".history li")[0], page.all(".history li")[-1]
    assert "1st" in first.text and "1 <b>Zoë</b>, 2 Ada (bot)" in first.text
    assert "2nd" in last.text and "<i>Z</i>" in last.text
    assert page.find(".history li > a").get_attribute("href").endswith("/replay.html?game=j30")
    page.find("#player .back a").click()
    page.wait("!document.getElementById('board').hidden")
    page.find("#games a:nth-child(2)").click()
    page.wait("document.querySelector('table').hidden")
    assert "The first to do so leads" in page.text("#board")


def test_it_is_found_from_the_lobby_and_a_server_without_results_says_so(
    first_browser: Page, server_port: int
) -> None:
    first_browser.open(f"http://127.0.0.1:{server_port}/")
    first_browser.find("#slate a").click()
    first_browser.wait("document.getElementById('trouble')?.textContent === 'This server keeps no results.'")
    (complaint,) = first_browser.complaints()
    assert "api/leaderboard" in complaint and "404" in complaint
    first_browser.leave()
