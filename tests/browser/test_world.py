"""The arena's page in a large world: a part of it in the window, and a map of the whole."""

import pytest

from tests.browser.page import Page

VIEW = "gamesrv.client.room.view"
OWN = f"{VIEW}.avatars[gamesrv.client.room.seat]"


@pytest.fixture
def world(page: Page) -> Page:
    """The page, for that game."""
    page.open(page.browser.current_url.partition("#")[0].partition("?")[0] + "?game=world")
    page.enter("Ann")
    return page


def test_one_sees_what_is_around_and_a_map_of_the_rest(world: Page) -> None:
    assert world.do("return gamesrv.client.room.game") == "world"
    assert world.find("#minimap").is_displayed()
    width, height, seen = world.do(
        "const { width, height } = gamesrv.stage.window; return [width, height, 1]"
    )
    assert 0 < width <= 1400 and 0 < height <= 900 and seen
    assert world.do(f"return {VIEW}.width") == 16_000
    world.wait(f"gamesrv.stage.scene.avatars.some(({{ name }}) => name === 'Ann') && {OWN}")
    x, y = world.do(
        "const { x, y, width, height } = gamesrv.stage.window; return [x + width / 2, y + height / 2]"
    )
    own = world.do(f"return {OWN}")
    assert abs(x - own["x"]) < 800 and abs(y - own["y"]) < 500


def test_the_map_shows_where_people_are(world: Page) -> None:
    world.wait("document.getElementById('players').textContent === '12 here'")
    painted = """
        const map = document.getElementById("minimap");
        const { data } = map.getContext("2d").getImageData(0, 0, map.width, map.height);
        const pixels = new Uint32Array(data.buffer);
        return new Set(pixels).size;
    """
    world.wait("document.getElementById('minimap').width > 150")
    assert world.run(painted) > 2


def test_one_s_own_score_is_shown_among_those_who_lead(world: Page) -> None:
    world.wait("document.querySelector('#scores .own .name')?.textContent === 'Ann'")
    world.wait("document.querySelectorAll('#scores li').length === 5")


def test_the_arena_has_no_map(page: Page) -> None:
    page.enter("Ann")
    assert not page.find("#minimap").is_displayed()
