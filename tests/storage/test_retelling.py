"""A game told again: to each viewer what was theirs to see, and nothing else."""

from typing import Any

import pytest
from attrs import define, field

from gamesrv import Game, Refused, Seat, command
from gamesrv.core.journal import Input
from gamesrv.core.schema import GameType
from gamesrv.core.views import merge
from gamesrv.storage.interfaces import Entered, Recording
from gamesrv.storage.replaying import Replay
from gamesrv.storage.retelling import Retelling, Step, Viewer
from tests.storage.shelf import journal


@define
class Secrets(Game):
    """People whisper."""

    name, seats, durable = "secrets", (1, 3), True
    heard: dict[int, list[str]] = field(factory=dict)

    def on_join(self, seat: Seat) -> None:
        self.heard[seat] = []

    def on_leave(self, seat: Seat) -> None:
        del self.heard[seat]

    @command
    def whisper(self, seat: Seat, to: Seat, word: str) -> None:
        """Tell one."""
        if to not in self.heard:
            raise Refused("there is nobody")
        self.heard[to].append(word)
        self.emit("whispered", seat=seat)
        self.emit("heard", to=to, word=word)

    def view(self) -> dict[str, Any]:
        return {"words": sum(map(len, self.heard.values()))}

    def view_for(self, seat: Seat) -> dict[str, Any]:
        return {"heard": self.heard[seat]}


def whisper(tick: int, seat: int, to: int, word: str) -> Input:
    return Input(tick, "command", seat, "whisper", {"to": to, "word": word})


WHATS: list[Input | int] = [
    Input(0, "join", 0, "Ann"),
    Input(10, "join", 1, "Bob"),
    whisper(20, 0, 1, "a"),
    whisper(30, 0, 2, "never"),
    whisper(40, 1, 0, "b"),
    5000,
    Input(6000, "drop", 1),
    Input(7000, "back", 1),
    Input(8000, "leave", 1),
]


def told(viewer: Viewer) -> list[Step]:
    entries = [Entered("game", n, what) for n, what in enumerate(WHATS)]
    recording = Recording(journal(game="secrets"), None, entries)
    steps = Retelling(Replay(GameType.of(Secrets), recording), viewer).steps()
    return [step for step in steps if step is not None]


@pytest.mark.parametrize(
    ("viewer", "heard", "own"),
    [
        ("watcher", [], {}),
        (0, ["b"], {0: {"heard": ["b"]}}),
        (1, ["a"], {1: {"heard": ["a"]}}),
        (2, [], {}),
        ("all", ["a", "b"], {0: {"heard": ["b"]}, 1: {"heard": ["a"]}}),
    ],
)
def test_each_sees_their_own(viewer: Viewer, heard: list[str], own: dict[int, Any]) -> None:
    steps, found = told(viewer), dict[int, Any]()
    for step in steps:
        for seat, patch in step.own.items():
            merge(found.setdefault(seat, {}), patch)
    events = [event for step in steps for event in step.events]
    assert [event.data["word"] for event in events if event.name == "heard"] == heard
    assert {event.to for event in events if event.name == "whispered"} == {None}
    assert found == own


def test_who_comes_and_goes_is_told_and_what_was_refused_is_not() -> None:
    steps = told("watcher")
    assert [(step.tick, event.name, event.data) for step in steps for event in step.events] == [
        (0, "player_joined", {"seat": 0, "name": "Ann"}),
        (10, "player_joined", {"seat": 1, "name": "Bob"}),
        (20, "whispered", {"seat": 0}),
        (40, "whispered", {"seat": 1}),
        (6000, "player_dropped", {"seat": 1}),
        (7000, "player_back", {"seat": 1}),
        (8000, "player_left", {"seat": 1}),
    ]
    assert [step.delta for step in steps if isinstance(step.delta, dict)] == [
        {"words": 0},
        {"words": 1},
        {"words": 2},
        {"words": 1},
    ]
