"""The page: coming in, running about, seeing each other."""

from tests.browser.page import Page

AVATAR = "gamesrv.client.room.view.avatars[gamesrv.client.room.seat]"
DRAWN = "gamesrv.stage.scene.avatars.find(({ seat }) => seat === String(gamesrv.client.room.seat))"


def test_a_name_and_a_button_lead_onto_the_court(page: Page) -> None:
    page.enter("Ann")
    assert page.do(f"return {AVATAR}.name") == "Ann"
    assert not page.find("#entrance").is_displayed()
    assert "Ann" in page.wait("document.querySelector('#scores .own')?.textContent")
    assert page.wait("document.getElementById('latency').textContent").endswith(" ms")


def test_the_court_is_painted(page: Page) -> None:
    page.enter("Ann")
    colours = page.run(
        """
        const court = document.getElementById("court");
        await new Promise(requestAnimationFrame);
        const copy = new OffscreenCanvas(court.width, court.height).getContext("2d");
        copy.drawImage(court, 0, 0);
        const pixels = new Uint32Array(copy.getImageData(0, 0, court.width, court.height).data.buffer);
        return new Set(pixels).size;
        """
    )
    assert colours > 50


def test_a_held_key_runs_until_it_comes_up(page: Page) -> None:
    page.enter("Ann")
    x = page.do(f"return {AVATAR}.x")
    code, way = ("ArrowRight", 1) if x < 800 else ("KeyA", -1)
    page.key("keydown", code)
    page.wait(f"({AVATAR}.x - arguments[0]) * arguments[1] > 60", x, way)
    page.wait(f"({DRAWN}.x - arguments[0]) * arguments[1] > 60", x, way)
    page.key("keyup", code)
    page.wait(f"{DRAWN}.x === {AVATAR}.x && {DRAWN}.vx === 0")


def test_space_dashes_once(page: Page) -> None:
    page.enter("Ann")
    assert page.do("return gamesrv.stage.ready") == 1
    page.key("keydown", "Space")
    page.wait(f"{AVATAR}.dash > 0")
    page.wait("gamesrv.stage.ready > 0 && gamesrv.stage.ready < 1")


def test_the_thumb_stick_runs(page: Page) -> None:
    page.enter("Ann")
    page.do("window.dispatchEvent(new PointerEvent('pointerdown', { pointerType: 'touch' }))")
    assert page.find("#dash").is_displayed()
    page.do(
        """
        const pad = document.getElementById("pad");
        pad.setPointerCapture = () => {};
        const point = (kind, clientX, clientY) =>
          pad.dispatchEvent(new PointerEvent(kind, { pointerId: 7, clientX, clientY }));
        point("pointerdown", 100, 700);
        point("pointermove", 140, 662);
        """
    )
    assert page.do("return gamesrv.stage.intent.x > 0 && gamesrv.stage.intent.y < 0")
    page.do("document.getElementById('pad').dispatchEvent(new PointerEvent('pointerup', { pointerId: 7 }))")
    assert page.do("return gamesrv.stage.intent.x === 0 && gamesrv.stage.intent.y === 0")


def test_two_browsers_see_each_other(page: Page, other_page: Page) -> None:
    page.enter("Ann")
    other_page.enter("Ben")
    for viewer, seen in ((page, "Ben"), (other_page, "Ann")):
        viewer.wait("gamesrv.stage.scene.avatars.some(({ name }) => name === arguments[0])", seen)
        players = "Object.values(gamesrv.client.room.players)"
        viewer.wait(f"{players}.some(({{ name }}) => name === arguments[0])", seen)


def test_what_people_write_is_text_and_nothing_else(page: Page, other_page: Page) -> None:
    page.enter("Ann")
    other_page.enter("<img src=x>")
    other_page.do("gamesrv.client.say('<b>hi</b>')")
    page.wait("document.querySelector('#log .said')")
    assert page.text("#log .said") == "<img src=x> <b>hi</b>"
    assert page.do("return document.querySelectorAll('#log img, #scores img').length") == 0


def test_the_secret_is_shown_on_a_click_only(page: Page) -> None:
    page.enter("Ann")
    token = page.do("return gamesrv.client.token")
    page.find("#menu-button").click()
    assert token not in page.find("#menu").text
    page.find("#reveal").click()
    assert page.text("#resume-line").split() == ["resume", token]


def test_a_name_that_will_not_do_is_told_in_the_form(page: Page) -> None:
    field = page.find("#name")
    page.do("arguments[0].value = 'bell\\u0007'", field)
    page.find("#enter button").click()
    assert "printable" in page.wait("document.getElementById('name-problem').textContent")
    page.enter("Bell")


def test_leaving_gives_the_seat_up_and_the_name_is_remembered(page: Page) -> None:
    page.enter("Ann")
    page.find("#menu-button").click()
    page.find("#leave").click()
    page.wait("!document.getElementById('entrance').hidden")
    page.browser.refresh()
    assert page.find("#enter").is_displayed()
    assert page.find("#name").get_property("value") == "Ann"
