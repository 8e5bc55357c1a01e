"""The client's text window, in memory: words in, texts out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from gamesrv.client.games import game_type
from gamesrv.client.window import Quit, TextWindow
from gamesrv.core.game import Refused
from gamesrv.games.arena import Arena
from gamesrv.games.hockey import Hockey
from tests.games import Cards, Field
from tests.memory import Fate, client_of
from tests.world import World


class Seen:
    """Somebody at a window."""

    def __init__(self) -> None:
        self.world = World((Field, Cards, Arena, Hockey))
        self.client, self.endpoint = client_of(self.world)
        self.texts: list[tuple[str, str]] = []
        self.window = TextWindow(self.client, lambda text, kind: self.texts.append((text, kind)))
        Fate(self.world, self.client.connect("ann"))

    def type(self, line: str, seconds: float = 1.5) -> Fate:
        self.texts.clear()
        fate = Fate(self.world, Deferred.fromCoroutine(self.window.read(line)))
        self.world.run(seconds)
        return fate

    @property
    def text(self) -> str:
        return "\n".join(text for text, _ in self.texts)


@pytest.fixture
def seen() -> Iterator[Seen]:
    made = Seen()
    yield made
    made.client.close()
    made.world.run(0.1)
    made.world.stop()


def test_the_words_of_the_telnet_window(seen: Seen) -> None:
    assert seen.text.startswith("Hello, ann.")
    assert seen.type("join field").result is True
    assert "You are in field-1, in seat 0" in seen.text
    assert seen.type("move dx=1 dy=0", 3).result is True and seen.texts == []
    seen.type("look")
    assert "avatars:" in seen.text and "dx 1" in seen.text
    assert seen.type("say hello").result is True
    assert seen.texts == [("ann: hello", "speech")]
    seen.type("help")
    assert "shout" in seen.text and "resume TOKEN" in seen.text
    assert isinstance(seen.type("quit").failure, Quit)


def test_a_no_is_told_once(seen: Seen) -> None:
    assert seen.type("join nowhere").result is False
    ((text, kind),) = seen.texts
    assert text.startswith("No: ") and kind == "no"
    seen.type("join field")
    assert seen.type("whisper to=3").result is False
    assert seen.text == "No: nobody is there (args.to)."


def test_games_that_are_here_are_drawn(seen: Seen) -> None:
    seen.type("join arena")
    seen.type("look")
    assert "avatars:" not in seen.text and len(seen.text.splitlines()) > 5
    seen.type("leave")
    seen.type("join hockey")
    seen.type("look")
    assert "first to 7" in seen.text


def test_words_for_completion(seen: Seen) -> None:
    assert {"join", "look", "field", "arena"} <= {*seen.window.words()}
    seen.type("join field")
    assert {"shout", "ann"} <= {*seen.window.words()}


def test_a_cut_and_the_way_back_are_told(seen: Seen) -> None:
    seen.type("join field")
    seen.texts.clear()
    seen.endpoint.cut()
    seen.world.run(3)
    lost, back = (text for text, kind in seen.texts if kind == "note")
    assert "Trying again" in lost and back == "Back again."
    assert "ann is back." in seen.text


def test_a_game_that_is_only_heard_of_takes_names_and_values() -> None:
    kind = game_type("never_heard", ["hop"])
    assert kind.commands["hop"].args.read(["x=1", "to=[1,2]", "name=bob"]) == {
        "x": 1,
        "to": [1, 2],
        "name": "bob",
    }
    with pytest.raises(Refused):
        kind.commands["hop"].args.read(["1"])
    assert "move" in game_type("arena").commands
