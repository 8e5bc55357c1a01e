"""A house that a test furnishes: the page talks to a few lines of JavaScript instead of a server."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

from tests.browser.page import Page

FAKE = Path(__file__).with_name("fake_lobby.js").read_text(encoding="utf-8")

# A page loaded again finds what it has kept; the first one of a house finds what `kept` says, no more.
FURNISH = """
{
  const { house, kept, furniture } = %s;
  if (sessionStorage.getItem("house") !== house) {
    localStorage.clear();
    sessionStorage.clear();
    sessionStorage.setItem("house", house);
    for (const [name, value] of Object.entries(kept)) localStorage.setItem(name, value);
  }
  window.furnish = furniture;
}
"""

houses = count(1)


class House:
    """Opens pages of a server that never hears of them. One house is furnished at a time."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self._root = root
        self._script: str | None = None

    def open(self, address: str, furniture: dict[str, Any], **kept: str) -> None:
        """A page in a new house, which the browser knows by what it has ``kept``."""
        self.tear_down()
        number = next(houses)
        told = json.dumps({"house": f"house {number}", "kept": kept, "furniture": furniture})
        self._script = self.page.before_each_page(FURNISH % told + FAKE)
        path, _, fragment = address.partition("#")
        # Else an address that differs in its fragment alone would not be loaded again.
        self.page.open(f"{self._root}{path}?{number}#{fragment}".removesuffix("#"))

    def tear_down(self) -> None:
        """The next page talks to its server again."""
        if self._script is not None:
            self.page.before_each_page_no_more(self._script)
            self._script = None
