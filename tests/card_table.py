"""A table of Big Two without a server: the game in its machine, moved by hand."""

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import json

from gamesrv.core.game import Emitted
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType
from gamesrv.core.views import View, prune
from gamesrv.games.bigtwo import BigTwo
from gamesrv.games.bigtwo.rules import NOBODY, Deal, card_of, cards_of, mask_of

__all__ = ["BIGTWO", "PEOPLE", "CardTable", "cards"]

BIGTWO = GameType.of(BigTwo)
PEOPLE = ("Ann", "Bob", "Cid", "Dan")


def cards(names: str) -> list[int]:
    """Cards by their names, where suits have the usual order."""
    return [card_of(name) for name in names.split()]


class CardTable:
    """A game that has just begun, with somebody in each seat."""

    def __init__(self, seed: bytes = b"seed", limit: int = 10_000, **options: Any) -> None:
        chosen = BIGTWO.choose(options)
        players, _ = BIGTWO.seats_for(chosen)
        names = dict(enumerate(PEOPLE[:players]))
        self.machine = Machine.start(BIGTWO, seed, options, names, limit=limit)

    @property
    def game(self) -> BigTwo:
        game = self.machine.game
        assert isinstance(game, BigTwo)
        return game

    @property
    def deal(self) -> Deal:
        return self.game.deal

    # ------------------------------------------------------------------ what happens

    def enter(self, kind: Any, seat: int, name: str = "") -> None:
        """A join, a drop and the like."""
        self.machine.apply(Input(self.machine.tick, kind, seat, name))

    def command(self, by: int, name: str, /, **args: Any) -> None:
        self.machine.apply(Input(self.machine.tick, "command", by, name, args))

    def play(self, names: str) -> None:
        """Whose turn it is plays these cards."""
        self.command(self.deal.turn, "play", cards=cards(names))

    def skip(self, times: int = 1) -> None:
        """Whose turn it is passes, and so on."""
        for _ in range(times):
            self.command(self.deal.turn, "pass")

    def wait(self, seconds: float) -> None:
        self.machine.advance(self.machine.tick + round(seconds * 1000))

    def hold(self, *hands: str) -> None:
        """Begins the deal anew, with these hands; the first seat leads anything."""
        laid = [0] * len(hands)
        self.game.deal = Deal([mask_of(cards(hand)) for hand in hands], 0, 0, 0, 0, 0, laid, [])
        self.game.held = [sorted(cards(hand)) for hand in hands]
        self.game._begin_turn()

    def move(self, chance: Random) -> None:
        """Something legal; a pass now and then though one could play."""
        deal, rules = self.deal, self.game.options.rules
        found = rules.legal(deal, deal.turn)
        if deal.to_beat and (not found or chance.random() < 0.2):
            self.skip()
        else:
            self.command(deal.turn, "play", cards=cards_of(chance.choice(found)))

    def play_deal(self, chance: Random, watch: Callable[[], object] = bool) -> None:
        """Random moves until the deal is over, ``watch`` after each."""
        while self.deal.turn != NOBODY:
            self.move(chance)
            watch()

    def play_match(self, chance: Random, deals: int) -> None:
        """At most so many deals."""
        self.play_deal(chance)
        while not self.machine.finished and self.game.number < deals:
            self.wait(12)
            self.play_deal(chance)

    # ------------------------------------------------------------------ what is seen

    def view(self) -> View:
        """Everyone's, as a client has it."""
        return prune(json.decode(json.encode(self.machine.view())))

    def mine(self, seat: int) -> View:
        """A seat's own."""
        return prune(json.decode(json.encode(self.machine.view_for(seat))))

    def events(self) -> list[Emitted]:
        return self.machine.take_events()

    def told(self, name: str) -> list[dict[str, Any]]:
        """The data of the new events of that name."""
        return [event.data for event in self.events() if event.name == name]
