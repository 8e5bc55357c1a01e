"""A game in the browser, from its last card to its replay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.page import PLAIN, Page
from tests.browser.table_house import press, row
from tests.browser.test_table_game import OPEN_TABLE

# Ben sits in the same page. Who leads plays one card after the other, and the other one passes.
PLAY = """
const { connect } = await import("/gamesrv.js");
const kept = new Map();
const storage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
const ann = gamesrv.client;
const ben = connect({ name: "Ben", storage });
await ben.join({ room: ann.room.id });
const drive = async (client) => {
  for (let done = -1; client.room.state !== "over"; await new Promise((done) => setTimeout(done, 5))) {
    const { view, mine, seat, v } = client.room;
    if (view.turn !== seat || v === done || mine.hand.length !== view.counts[seat]) continue;
    const [name, args] = view.to_beat ? ["pass"] : ["play", { cards: [mine.hand[0]] }];
    client.command(name, args).catch(() => {});
    done = v;
  }
};
await Promise.all([drive(ann), drive(ben)]);
await Promise.all([ann.sync(), ben.sync()]);
ben.close();
const { view, mine, replay } = ann.room;
return { view, replay, hands: [mine.hand, ben.room.mine.hand] };
"""
INDEX = "return replay.timeline.index"


Told = dict[str, Any]


@pytest.fixture(scope="module")
def finished(first_browser: Page, keeping_port: int) -> Told:
    """What Ann saw at the end of a game with Ben, and where the link to its replay led her."""
    page, url = first_browser, f"http://127.0.0.1:{keeping_port}/"
    page.open(f"{url}{PLAIN}")
    room = page.run(OPEN_TABLE, "Ann", {"players": 2})
    page.open(f"{url}bigtwo.html#{room}")
    page.wait("window.gamesrv?.client.room")
    told: Told = page.run(PLAY)
    page.wait("document.getElementById('watch')")
    told["shared"] = page.find("#sheet .link").get_property("value")
    page.find("#watch").click()
    page.wait("window.replay?.timeline")
    return told | {"link": page.browser.current_url, "url": url}


@pytest.fixture
def still(first_browser: Page) -> Iterator[Page]:
    """A browser in which nothing moves by itself; the page must leave no error behind."""
    first_browser.keep_still()
    yield first_browser
    first_browser.keep_still(False)
    first_browser.show_on_desktop()
    first_browser.leave()
    assert first_browser.complaints() == []


@pytest.fixture
def replay(finished: Told, still: Page) -> Page:
    """The replay, by the link at the end of the game."""
    still.open(finished["link"])
    still.wait("window.replay?.timeline")
    return still


def now(page: Page, what: str) -> Any:
    """Something of the moment that is shown."""
    return page.do(f"return replay.recording.frames[replay.timeline.index].{what}")


def test_the_end_of_a_game_leads_to_its_replay(replay: Page, finished: Told) -> None:
    address = f"{finished['url']}replay.html?game={finished['replay']}"
    assert (finished["shared"], finished["link"]) == (address, f"{address}&seat=0")
    assert replay.text("#title") == "Big Two" and replay.text("#chapter") == "Deal 1"
    assert replay.do(INDEX) == 0 and len(row(replay)) == len(now(replay, "own[0].hand"))
    press(replay, "End")
    assert now(replay, "view") == finished["view"]
    assert [now(replay, f"own[{seat}].hand") for seat in (0, 1)] == finished["hands"]
    replay.wait("!document.getElementById('sheet').hidden")
    assert "wins" in replay.text("#sheet h2") and replay.all("#watch, #again") == []


def test_it_is_played_paused_and_stepped_through(replay: Page) -> None:
    replay.find("#toggle").click()
    assert replay.find("#toggle").get_attribute("aria-label") == "Pause"
    replay.wait("replay.timeline.index > 1")
    replay.do("document.activeElement.blur()")
    press(replay, " ")
    assert replay.find("#toggle").get_attribute("aria-label") == "Play"
    stopped = replay.do(INDEX)
    assert row(replay) == sorted(now(replay, "own[0].hand"))
    press(replay, "ArrowRight", "ArrowRight", "ArrowLeft")
    assert replay.do(INDEX) == stopped + 1
    assert row(replay) == sorted(now(replay, "own[0].hand"))
    replay.find("#back").click()
    replay.find("#forward").click()
    assert replay.do(INDEX) == stopped + 1
    press(replay, "Home")
    assert replay.do(INDEX) == 0 and len(row(replay)) == len(now(replay, "own[0].hand"))
    replay.do("const { speed } = document.all; speed.value = 8; speed.dispatchEvent(new Event('change'))")
    replay.find("#toggle").click()
    replay.wait("replay.timeline.ended && !replay.timeline.playing")
    assert replay.find("#toggle").get_attribute("aria-label") == "Play again"


def test_the_bar_leads_anywhere_at_once(replay: Page) -> None:
    for part in (0.7, 0.2, 0.5):
        replay.do(
            """
            const bar = document.getElementById("seek");
            bar.value = bar.max * arguments[0];
            bar.dispatchEvent(new Event("input"));
            """,
            part,
        )
        assert row(replay) == sorted(now(replay, "own[0].hand"))
        trick = [cards for _, cards in now(replay, "view.trick") if cards]
        assert len(replay.all(".play:not(.gone)")) == len(trick)
    assert replay.find("#seek").get_attribute("aria-valuetext").startswith("Deal 1, 0:")


def test_one_stands_behind_any_seat(replay: Page) -> None:
    replay.do("replay.move(3)")
    for choice, seat in (("1", 1), ("all", 0), ("0", 0)):
        view(replay, choice)
        assert row(replay) == sorted(now(replay, f"own[{seat}].hand"))
        faces = replay.all('.player[data-place="top"] .faces svg')
        assert len(faces) == (len(now(replay, "own[1].hand")) if choice == "all" else 0)
        assert "you" not in [tag.text for tag in replay.all(".player .tag")]
    view(replay, "watcher")
    assert not replay.find("#own").is_displayed() and row(replay) == []
    assert "seat=watcher" in replay.browser.current_url
    names = [option.text for option in replay.all("#viewer option")]
    assert names == ["All hands", "Ann", "Ben", "A watcher"]


def test_a_link_leads_others_to_the_same_moment(replay: Page) -> None:
    replay.do("replay.move(7)")
    view(replay, "1")
    replay.find("#share-button").click()
    replay.find("#from-here").click()
    link = replay.find("#share .link").get_property("value")
    replay.open(str(link))
    replay.wait("window.replay?.timeline")
    assert replay.do(INDEX) == 7 and row(replay) == sorted(now(replay, "own[1].hand"))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (360, 640), (844, 390)])
def test_all_of_it_is_at_hand_on_a_phone(replay: Page, width: int, height: int) -> None:
    replay.show_on(width, height)
    view(replay, "all")
    replay.do("replay.move(1)")
    assert (
        replay.do(
            """
        const parts = "#player button, #player select, #seek, #hand .held, .faces svg";
        return [...document.querySelectorAll(parts)].filter((one) => {
          const { left, right, top, bottom, width } = one.getBoundingClientRect();
          return !width || left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5;
        }).map(({ id, tagName }) => id || tagName);
        """
        )
        == []
    )


def test_long_waits_are_cut_and_every_moment_can_be_found_again(still: Page, finished: Told) -> None:
    still.open(f"{finished['url']}{PLAIN}")
    assert still.run(
        """
        const { Timeline } = await import("/replay/timeline.js");
        const line = new Timeline([0, 500, 60_500, 60_500, 61_000], 1000, (index) => (index === 3 ? 5 : 0));
        const at = [0, 1, 2, 3, 4].map((index) => line.at(index));
        const found = [0, 250, 500, 30_500, 60_500, 60_900, 61_000, 99_000].map((tick) => {
          line.seekTick(tick);
          return [line.index, Math.round(line.tick)];
        });
        line.seek(0);
        line.speed = 2;
        return [at, line.length, found, line.advance(0.2), line.advance(0.1), line.advance(9), line.ended];
        """
    ) == [
        [0, 0.5, 2.5, 2.5, 7.5],
        8.5,
        [
            [0, 0],
            [0, 250],
            [1, 500],
            [1, 30_500],
            [3, 60_500],
            [3, 60_900],
            [4, 61_000],
            [4, 61_000],
        ],
        [],
        [1],
        [2, 3, 4],
        True,
    ]


def test_what_is_not_there_is_told(finished: Told, still: Page) -> None:
    for asked in ("?game=" + "0" * 32, "?game=..%2Fx", ""):
        still.open(f"{finished['url']}replay.html{asked}")
        still.wait("!document.getElementById('notice').hidden")
        assert still.text("#notice-title") == "There is no such replay"
    assert all("404" in complaint for complaint in still.complaints())


def view(page: Page, choice: str) -> None:
    """Chooses whose eyes to see with."""
    page.do(
        """
        const { viewer } = document.all;
        viewer.value = arguments[0];
        viewer.dispatchEvent(new Event("change"));
        """,
        choice,
    )
