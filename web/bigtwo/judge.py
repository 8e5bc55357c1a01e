"""What the page asks the rules, and their answers: both as JSON, cards as lists of ids.

The browser's MicroPython runs this next to the server's own rules.py; what that must keep to, this must too.
"""

import json

from rules import KINDS, NOBODY, OK, Deal, Rules, cards_of, kind_of, mask_of, options_for

DUPLICATE_CARD = "duplicate_card"


class Judge:
    """One seat's look at a table; before the first one, a table where nothing is going on."""

    def __init__(self) -> None:
        self.rules = Rules(options_for())
        self.deal = Deal([], NOBODY, NOBODY, 0, 0, 0, [], [])
        self.seat = NOBODY

    def sit(self, options: str) -> None:
        """Sits down at another table, of which the options are given that are not the usual ones."""
        self.rules = Rules(options_for(**json.loads(options)))

    def look(self, seen: str) -> str:
        """What may be done now: ``legal`` plays, weakest first, and ``mayPass``."""
        position = json.loads(seen)
        self.seat = position["seat"]
        self.deal = _deal_of(position)
        legal = [cards_of(mask) for mask in self.rules.legal(self.deal, self.seat)]
        may_pass = self.rules.may_pass(self.deal, self.seat) == OK
        return json.dumps({"legal": legal, "mayPass": may_pass})

    def check(self, cards: str) -> str:
        """`OK`, or the reason why these may not be played now."""
        ids = json.loads(cards)
        return self.rules.may_play(self.deal, self.seat, mask_of(ids)) if _distinct(ids) else DUPLICATE_CARD

    def kind(self, cards: str) -> str:
        """Which of `KINDS` these cards are together."""
        ids = json.loads(cards)
        return KINDS[kind_of(self.rules.key(mask_of(ids)))] if _distinct(ids) else KINDS[0]


def _distinct(cards: list) -> bool:
    return len(set(cards)) == len(cards)


def _deal_of(position: dict) -> Deal:
    """The deal as the seat knows it: the hands of the others stay empty."""
    laid = [mask_of(cards) for cards in position["laid"]]
    hands = [0] * len(laid)
    if position["hand"]:
        hands[position["seat"]] = mask_of(position["hand"])
    need = 1 << position["need"] if position["need"] != NOBODY else 0
    passed = sum([1 << seat for seat in position["passed"]])
    owner, turn, to_beat = position["owner"], position["turn"], position["to_beat"]
    return Deal(hands, turn, owner, need, to_beat, passed, laid, position["out"])


judge = Judge()
look, check, kind, sit = judge.look, judge.check, judge.kind, judge.sit
