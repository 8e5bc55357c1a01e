"""Real browsers against a real server, each started once for all these tests, and ended after them."""

import os
import re
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.browser import table_house
from tests.browser.house import House
from tests.browser.page import PLAIN, Page
from tests.browser.wire import Wire

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --window-size=1280,800"
)
REQUIRED = os.environ.get("GAMESRV_REQUIRE_BROWSER") == "1"

FAKE_SOCKET = Path(__file__).with_name("fake_socket.js").read_text(encoding="utf-8")

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")

OpenBrowser = Callable[[], Page]
Play = Callable[[str], Any]
Sit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in this folder is marked, so that `-m "not browser"` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def open_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBrowser]:
    """Starts one more browser; all are quit at the end."""
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        _go_without("chromium and chromedriver are not both installed")
    webdriver = _selenium()
    opened = []

    def start() -> Page:
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(driver)
        opened.append(webdriver.Chrome(options=options, service=service))
        return Page(opened[-1])

    yield start
    for browser in opened:
        browser.quit()


def _selenium() -> Any:
    try:
        from selenium import webdriver
    except ImportError:
        _go_without("selenium is not installed")
    return webdriver


def _go_without(reason: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(f"GAMESRV_REQUIRE_BROWSER=1, but {reason}")
    warnings.warn(f"no browser tests: {reason}", stacklevel=2)
    pytest.skip(f"no browser tests: {reason}")


@pytest.fixture(scope="package")
def server_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The web port of a server with two bots, run as its users run it, but that it keeps nothing."""
    with _server(tmp_path_factory.mktemp("server"), "memory:", bots=2) as port:
        yield port


@pytest.fixture(scope="package")
def keeping_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """That of one that keeps what is played."""
    folder = tmp_path_factory.mktemp("server")
    with _server(folder, f"sqlite:{folder / 'games.db'}", bots=0) as port:
        yield port


@contextmanager
def _server(folder: Path, store: str, bots: int) -> Iterator[int]:
    twistd = str(Path(sys.executable).with_name("twistd"))
    command = [twistd, "-n", "--pidfile=", "gamesrv", "--web", "tcp:0:interface=127.0.0.1"]
    command += ["--packets", "", "--telnet", "", "--bots", str(bots), "--store", store]
    root = Path(__file__).parents[2]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=out, env={**os.environ, "PYTHONPATH": str(root)}
        )
    try:
        yield _told_port(process, log)
    finally:
        process.terminate()
        process.wait(40)


def _told_port(process: subprocess.Popen[bytes], log: Path) -> int:
    """The one in the address that the server tells once it listens there."""
    pause = threading.Event()
    for _ in range(1200):
        if told := ADDRESS.search(log.read_text()):
            return int(told[1])
        if process.poll() is not None:
            break
        pause.wait(0.05)
    pytest.fail(f"the server did not come up:\n{log.read_text()}")


@pytest.fixture
def wire(server_port: int) -> Iterator[Wire]:
    """The way to the server, which can be cut."""
    made = Wire(server_port)
    yield made
    made.close()


@pytest.fixture(scope="package")
def first_browser(open_browser: OpenBrowser) -> Page:
    """A browser."""
    return open_browser()


@pytest.fixture(scope="package")
def second_browser(open_browser: OpenBrowser) -> Page:
    """Another browser, which knows nothing of the first."""
    return open_browser()


@pytest.fixture
def page(first_browser: Page, wire: Wire) -> Iterator[Page]:
    """The arena in the first browser, not entered yet; it must leave no error behind."""
    first_browser.open(f"{wire.url}arena.html")
    yield first_browser
    first_browser.leave()
    assert first_browser.complaints() == []


@pytest.fixture
def other_page(second_browser: Page, wire: Wire) -> Iterator[Page]:
    """The arena in the second browser."""
    second_browser.open(f"{wire.url}arena.html")
    yield second_browser
    second_browser.leave()
    assert second_browser.complaints() == []


@pytest.fixture
def house(first_browser: Page, server_port: int) -> Iterator[House]:
    """A house to furnish; the page in it must leave no error behind."""
    made = House(first_browser, f"http://127.0.0.1:{server_port}/")
    yield made
    made.tear_down()
    first_browser.part()  # no server knows of that page, and the next test opens another
    assert first_browser.complaints() == []


@pytest.fixture
def sit(house: House) -> Iterator[Sit]:
    """Opens the card table in a house where one gets that seat as soon as one has said one's name. Nothing
    moves there, so that nothing has to be waited for.
    """
    page = house.page
    page.keep_still()

    def opened(told: dict[str, Any] | None = None, fragment: str = "") -> Page:
        furniture = {"seat": told or table_house.seat()}
        house.open(f"bigtwo.html{fragment}", furniture, **{"gamesrv name": "Ann"})
        page.do("document.getElementById('enter-button').click()")
        page.wait("window.gamesrv?.table.room")
        return page

    yield opened
    page.keep_still(False)


@pytest.fixture
def play(first_browser: Page, server_port: int) -> Play:
    """Runs JavaScript with a fake WebSocket and the library at hand; see fake_socket.js."""
    first_browser.open(f"http://127.0.0.1:{server_port}/{PLAIN}")
    return lambda script: first_browser.run(FAKE_SOCKET + script)
