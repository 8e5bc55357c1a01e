"""The card table in a furnished house: what one is told there, and what one sees and does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gamesrv.games.bigtwo.rules import Rules, mask_of, options_for
from tests.browser.page import Page
from tests.card_table import cards

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement

TABLE = options_for()
PEOPLE = {0: {"name": "Ann"}, 1: {"name": "Ada (bot)"}, 2: {"name": "Ben"}, 3: {"name": "Cyd (bot)"}}
HAND = "3C 4C 5D 5C 6H 8H 8S TH JC QD KC 2H 2S"


def turn(*plays: tuple[int, str], **more: Any) -> dict[str, Any]:
    """Seat 0 is to beat the last of these plays of a trick; no cards are a pass."""
    trick = [[seat, cards(names)] for seat, names in plays]
    laid: list[list[int]] = [[], [], [], []]
    for seat, ids in trick:
        laid[seat] = ids or laid[seat]
    owner, last = next(((seat, ids) for seat, ids in reversed(trick) if ids), (0, []))
    to_beat = Rules(TABLE).key(mask_of(last))
    passed = [seat for seat, ids in trick[[ids for _, ids in trick].index(last) :] if not ids] if last else []
    view = {"stage": "play", "deal": 1, "hash": "ab" * 32, "turn": 0, "owner": owner, "to_beat": to_beat}
    view |= {"passed": passed, "counts": [13, 9, 1, 11], "trick": trick, "laid": laid, "out": []}
    view |= {"scores": [0, 0, 0, 0], "rounds": [], "agreed": [], "due": 30_000, "table": TABLE}
    return view | {"turn_seconds": 30, "level": "planner"} | more


PAIR = turn((0, "7D 7H"), (1, "8D 8C"), (2, ""), (3, "9D 9S"))


def done(**more: Any) -> dict[str, Any]:
    """The deal is over, Ada has won it."""
    hands = [cards(HAND), [], cards("3H"), cards("3S 4S 5S 6S 8D 2C")]
    told = {"stage": "break", "turn": -1, "out": [1], "seed": "cd" * 32, "hands": hands, "due": 12_000}
    scores = {"scores": [-39, 46, -1, -6], "rounds": [[-39, 46, -1, -6]], "counts": [13, 0, 1, 6]}
    return turn((1, "KD"), **told, **scores) | more


def seat(view: dict[str, Any] = PAIR, hand: str = HAND, **more: Any) -> dict[str, Any]:
    """What one is told on joining."""
    told = {"room": "bigtwo-7", "game": "bigtwo", "seats": [4, 4], "players": PEOPLE, "options": {}}
    told |= {"view": view, "mine": {"hand": cards(hand), "auto": False}, "rate": 0, "state": "playing"}
    return told | more


def waiting(**more: Any) -> dict[str, Any]:
    """The same before the game, with Ben alone there."""
    players = {0: PEOPLE[0], 2: {"name": "Ben <i>"}}
    return seat(**{"view": {}, "state": "waiting", "mine": {}, "players": players, **more})


# ---------------------------------------------------------------------- at the table


def with_judge(page: Page) -> Page:
    """Once the page knows what may be played."""
    page.wait("gamesrv.table.adviser.legal !== null")
    settle(page)
    return page


def settle(page: Page) -> None:
    """Waits until nothing moves any more."""
    page.run("await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.run("await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => 0)))")


def sent(page: Page, op: str = "cmd") -> Any:
    """What the page has said with that ``op``."""
    return page.do("return house.asked(arguments[0])", op)


def tell(page: Page, **message: Any) -> None:
    """The house says this."""
    page.do("house.tell(arguments[0])", message)


def changed(page: Page, v: int, **view: Any) -> None:
    """The view changes."""
    tell(page, op="update", tick=0, v=v, delta=view)


def click(page: Page, *names: str) -> None:
    """Clicks on cards."""
    for name in names:
        held(page, name).click()


def held(page: Page, name: str) -> WebElement:
    """A card in the hand: of one that others lie on, what is to be seen of it."""
    return page.find(f'[data-card="{cards(name)[0]}"]')


def chosen(page: Page) -> list[int]:
    """The selected cards."""
    ids: list[int] = page.do("return gamesrv.table.hand.chosen")
    assert [int(card.get_attribute("data-card") or -1) for card in page.all(".chosen")] == page.do(
        "return gamesrv.table.hand.cards.filter((card) => arguments[0].includes(card))", ids
    )
    return ids


def press(page: Page, *keys: str) -> None:
    """Presses keys, wherever the focus is."""
    for key in keys:
        page.do(
            """
            const how = { key: arguments[0], bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", how));
            """,
            key,
        )


def row(page: Page) -> list[int]:
    """The cards as they lie, on the screen and for those who listen."""
    return [int(card.get_attribute("data-card") or -1) for card in page.all("#hand .held")]
