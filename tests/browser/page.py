"""A page as a player sees it: through what it shows, and its hook ``window.gamesrv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

PATIENCE = 20  # s; nothing here takes as long unless it is broken

PLAIN = "favicon.svg"  # for its address alone: a page without scripts, from which modules can be had
FOREIGN = ("WebSocket connection to", "/favicon.ico ")

ASYNC = """
const done = arguments[arguments.length - 1];
const args = [...arguments].slice(0, -1);
const fail = (error) => done({ error: `${error}\\n${error.stack}` });
(async () => { %s })().then((value) => done({ value }), fail);
"""


class Page:
    """One browser, on one page."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser
        browser.set_script_timeout(PATIENCE)

    def open(self, url: str) -> None:
        """Loads the page as one who was never there."""
        self.browser.get(url)

    def enter(self, name: str) -> None:
        """Fills in the form, and waits for the seat."""
        field = self.find("#name")
        field.clear()
        field.send_keys(name)
        self.find("#enter button").click()
        self.wait_playing()

    def part(self) -> None:
        """Gives the seat up."""
        self.do("window.gamesrv?.client.close()")

    def leave(self) -> None:
        """The same, and loads a page with nothing on it: nothing is left for the next test.

        One of the same site: for another the browser would start a process, and one more for the next page.
        """
        self.part()
        self.browser.get(urljoin(self.browser.current_url, f"/{PLAIN}"))

    def show_on(self, width: int, height: int) -> None:
        """On a screen of a phone, that large, from now on."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def show_on_desktop(self) -> None:
        """In its own window again."""
        self.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def keep_still(self, on: bool = True) -> None:
        """For somebody who wants nothing to move, from now on or no more."""
        features = [{"name": "prefers-reduced-motion", "value": "reduce" if on else ""}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def find(self, selector: str) -> WebElement:
        """An element that is there."""
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> list[WebElement]:
        """All such elements, in their order."""
        return self.browser.find_elements("css selector", selector)

    def text(self, selector: str) -> str:
        """What an element shows."""
        return self.find(selector).text

    def do(self, script: str, *args: Any) -> Any:
        """Runs JavaScript in the page, and returns what it returns."""
        return self.browser.execute_script(script, *args)

    def run(self, script: str, *args: Any) -> Any:
        """The same for a body with ``await`` and ``args``; raises `AssertionError` where it throws."""
        answer = self.browser.execute_async_script(ASYNC % script, *args)
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def before_each_page(self, script: str) -> str:
        """Runs JavaScript before any of a page's own from now on; returns what ends that."""
        added = self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        return str(added["identifier"])

    def before_each_page_no_more(self, script: str) -> None:
        """Ends what `before_each_page` began."""
        self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})

    def wait(self, script: str, *args: Any) -> Any:
        """Waits until an expression is true, and returns it."""
        from selenium.webdriver.support.wait import WebDriverWait

        wait = WebDriverWait(self.browser, PATIENCE, poll_frequency=0.05)
        return wait.until(lambda _: self.do(f"return {script}", *args), f"never true: {script}")

    def wait_playing(self) -> None:
        """Waits until there is a seat, and the court shows its avatar."""
        self.wait(
            """window.gamesrv?.client.room && gamesrv.client.status.state === "online"
            && !document.getElementById("overlay").open
            && gamesrv.stage.scene?.avatars.some(({ seat }) => seat === String(gamesrv.client.room.seat))"""
        )

    @property
    def seat(self) -> int:
        """The own seat."""
        return int(self.do("return gamesrv.client.room.seat"))

    def key(self, kind: str, code: str) -> None:
        """A key goes down (``keydown``) or comes up (``keyup``)."""
        self.do("window.dispatchEvent(new KeyboardEvent(arguments[0], { code: arguments[1] }))", kind, code)

    def complaints(self) -> list[str]:
        """Errors that the page left on the console, but for what is not its own: a lost connection, and the
        icon that a browser looks for where there is no page.
        """
        entries: list[dict[str, str]] = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [
            entry["message"]
            for entry in entries
            if entry["level"] == "SEVERE" and not any(word in entry["message"] for word in FOREIGN)
        ]
