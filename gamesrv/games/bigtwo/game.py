"""The game of Big Two: deals, turns, the clock, and what is seen of it all; `rules` judges the plays."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import attrs
from attrs import define, field

from gamesrv import Game, Meta, Refused, Seat, command
from gamesrv.games.bigtwo import rules, text
from gamesrv.games.bigtwo.bots import BigTwoBot
from gamesrv.games.bigtwo.options import TableOptions
from gamesrv.games.bigtwo.rules import KINDS, NOBODY, Deal, Rules, cards_of, kind_of, mask_of, name_of
from gamesrv.games.bigtwo.shuffle import deck_of, draw_seed, hash_of

__all__ = ["BREAK_SECONDS", "PASS_SECONDS", "BigTwo"]

BREAK_SECONDS = 12
"""Between two deals, unless all want to go on sooner."""
PASS_SECONDS = 0.7
"""Until one passes by itself: long enough to see that it was their turn."""

Card = Annotated[int, Meta(ge=0, le=51)]

# The rules' module imports nothing; here it becomes clear that a deal is state.
attrs.define(slots=False)(Deal)

_REASONS = {
    rules.GAME_OVER: "the deal is over",
    rules.NOT_YOUR_TURN: "it is not your turn",
    rules.NOT_HELD: "you don't hold all of these cards",
    rules.NOT_A_COMBINATION: "these cards are nothing that can be played together",
    rules.MUST_INCLUDE_FIRST_CARD: "the first play must include the lowest card",
    rules.WRONG_SIZE: "that is not as many cards as lie there",
    rules.WRONG_KIND: "that kind of play can't go on what lies there",
    rules.NOT_HIGHER: "that does not beat what lies there",
    rules.LEADER_CANNOT_PASS: "you lead, so you must play something",
}


@define
class BigTwo(Game):
    """Get rid of your cards first: each play must beat the one before it."""

    name = "bigtwo"
    title = "Big Two"
    seats = (2, 4)
    begins = "full"
    Options = TableOptions
    bot = BigTwoBot
    stand_ins = True
    grace = 120.0
    durable = True
    browser_modules = ("gamesrv.games.bigtwo.rules",)

    deal: Deal = field(init=False)
    held: list[list[int]] = field(factory=list)
    """The hands of the deal once more, as lists: they are looked at more often than they change."""
    number: int = 0
    """Of the deal, from 1."""
    stage: Literal["play", "break", "over"] = "play"
    seed: str = ""
    """Of this deal, in hexadecimal; nobody sees it before the deal is over."""
    hash: str = ""
    trick: list[tuple[Seat, list[int]]] = field(factory=list)
    """What was done in this trick, or in the last one until the next begins; no cards are a pass."""
    laid: list[list[int]] = field(factory=list)
    """The last play of each seat in this deal."""
    scores: list[int] = field(factory=list)
    rounds: list[list[int]] = field(factory=list)
    """What each deal brought."""
    passing: list[bool] = field(factory=list)
    """Who wants to pass by themselves when they can't play."""
    agreed: list[Seat] = field(factory=list)
    """Who wants to go on with the next deal."""
    due: int | None = None
    """The tick at which the turn or the break runs out, by the timer `clock`."""
    clock: int = 0
    pass_timer: int = 0

    @classmethod
    def seats_for(cls, options: TableOptions) -> tuple[int, int]:
        """As many as the table is for, no fewer."""
        players = int(options.rules.options["players"])
        return players, players

    # ------------------------------------------------------------------ people

    def on_start(self) -> None:
        _, players = self.seats_for(self.options)
        self.scores = [0] * players
        self.passing = [False] * players
        self.next_deal()

    def on_leave(self, seat: Seat) -> None:
        """The hand and the clock stay as they are, for whoever takes the seat."""
        self.auto(seat, False)
        if self.stage == "break":
            self.agreed = [other for other in self.agreed if other != seat]
            self._go_on_if_agreed({*self.names} - {seat})

    # ------------------------------------------------------------------ commands

    @command
    def play(self, seat: Seat, cards: list[Card]) -> None:
        """Lay cards, in a text window by their names: play 3d 3c."""
        try:
            mask = mask_of(cards)
        except ValueError:
            raise Refused("a card is named twice", "duplicate_card", "args.cards") from None
        self._play(seat, mask, sorted(cards))

    @command("pass")
    def pass_turn(self, seat: Seat) -> None:
        """Lay nothing this time."""
        self._pass(seat, "chosen")

    @command
    def auto(self, seat: Seat, on: bool) -> None:
        """Pass by itself when you can't play."""
        self.passing[seat] = on
        if seat == self.deal.turn:
            self._pass_soon()

    @command
    def go_on(self, seat: Seat) -> None:
        """End the break, once all say so (in a text window: next)."""
        if self.stage != "break":
            raise Refused("there is no break now", "no_break")
        if seat not in self.agreed:
            self.agreed.append(seat)
            self._go_on_if_agreed({*self.names})

    # ------------------------------------------------------------------ turns

    def _play(self, seat: Seat, mask: int, cards: list[int], **why: Any) -> None:
        deal, leads = self.deal, not self.deal.to_beat
        _check(self._rules.play(deal, seat, mask))
        if leads:
            self.trick = []
        self.trick.append((seat, cards))
        self.laid[seat] = cards
        self.held[seat] = [card for card in self.held[seat] if not mask >> card & 1]
        self.emit("played", **self._told(seat, mask, cards), **why)
        if not deal.hands[seat]:
            self.emit("out", seat=seat, place=len(deal.out))
        self._next_turn()

    def _told(self, seat: Seat, mask: int, cards: list[int]) -> dict[str, Any]:
        """What an event tells of a play; the names and who is next are for those who have no view at hand."""
        deal, table = self.deal, self._rules
        suits = str(table.options["suits"])
        return {
            "seat": seat,
            "cards": cards,
            "names": " ".join([name_of(card, suits) for card in cards]),
            "kind": KINDS[kind_of(deal.to_beat or table.key(mask))],
            "left": deal.hands[seat].bit_count(),
            "turn": deal.turn,
        }

    def _pass(self, seat: Seat, why: str) -> None:
        _check(self._rules.pass_turn(self.deal, seat))
        self.trick.append((seat, []))
        self.emit("passed", seat=seat, why=why, turn=self.deal.turn)
        self._next_turn()

    def _next_turn(self) -> None:
        deal = self.deal
        if deal.turn == NOBODY:
            self._end_deal()
            return
        if not deal.to_beat:
            self.emit("trick_won", seat=deal.owner)
        self._begin_turn()

    def _begin_turn(self) -> None:
        self._wind_up(self.options.turn_seconds)
        self._pass_soon()

    def _wind_up(self, seconds: int) -> None:
        """Sets the clock, for the turn or the break, whichever it is."""
        self.cancel(self.clock)
        self.clock = self.after(seconds, self.time_out)
        self.due = self.tick + 1000 * seconds

    def time_out(self) -> None:
        """The turn or the break has run out."""
        if self.stage == "break":
            self.next_deal()
            return
        seat, mask = self.deal.turn, self._rules.fallback(self.deal)
        if mask:
            self._play(seat, mask, cards_of(mask), why="time")
        else:
            self._pass(seat, "time")

    def _pass_soon(self) -> None:
        """Where the seat to move wants to pass by itself, and has nothing to play."""
        if self.pass_timer:
            self.cancel(self.pass_timer)
            self.pass_timer = 0
        deal = self.deal
        if self.passing[deal.turn] and deal.to_beat and not self._rules.legal(deal, deal.turn):
            self.pass_timer = self.after(PASS_SECONDS, self.pass_by_itself)

    def pass_by_itself(self) -> None:
        """The moment of `PASS_SECONDS` is over."""
        self._pass(self.deal.turn, "auto")

    # ------------------------------------------------------------------ deals

    def next_deal(self) -> None:
        """Shuffles, deals, and gives the turn to who leads."""
        seed = draw_seed(self.random)
        winner = self.deal.out[0] if self.number else NOBODY
        self.deal = deal = self._rules.start(deck_of(seed), winner)
        self.seed, self.hash = seed.hex(), hash_of(seed)
        self.number += 1
        self.held = [cards_of(hand) for hand in deal.hands]
        self.stage, self.agreed = "play", []
        self.trick, self.laid = [], [[] for _ in deal.hands]
        self.emit("dealt", deal=self.number, hash=self.hash, leader=deal.owner)
        if deal.out:
            self.emit("out", seat=deal.out[0], place=1)
            self._end_deal()
        else:
            self._begin_turn()

    def _end_deal(self) -> None:
        scores = self._rules.score(self.deal)
        self.rounds.append(scores)
        self.scores = [sum(each) for each in zip(self.scores, scores, strict=True)]
        self.emit("deal_over", deal=self.number, scores=scores, seed=self.seed, hands=self.held)
        if self._rules.match_over(self.scores):
            self.stage, self.due = "over", None
            self.finish(self._result())
        else:
            self.stage = "break"
            self._wind_up(BREAK_SECONDS)

    def _go_on_if_agreed(self, people: set[Seat]) -> None:
        if people and people.issubset(self.agreed):
            self.next_deal()

    def standings(self) -> list[list[Seat]]:
        """Of equal scores that one is better which was out of cards sooner in the last deal."""
        out = self.deal.out
        ranks: dict[tuple[int, int], list[Seat]] = {}
        for seat, score in enumerate(self.scores):
            rank = (-score, out.index(seat) if seat in out else len(out))
            ranks.setdefault(rank, []).append(seat)
        return [ranks[rank] for rank in sorted(ranks)]

    def _result(self) -> dict[str, Any]:
        places = self.standings()
        winner = places[0][0] if len(places[0]) == 1 else NOBODY
        return {"scores": self.scores, "places": places, "winner": winner, "deals": self.number}

    # ------------------------------------------------------------------ what is seen

    @property
    def _rules(self) -> Rules:
        table: Rules = self.options.rules
        return table

    def view(self) -> Mapping[str, Any]:
        """The table, with what everyone may know of the hands."""
        deal, told, options = self.deal, self.stage != "play", self.options
        passed = [seat for seat in range(len(deal.hands)) if deal.passed >> seat & 1] if deal.passed else []
        return {
            "stage": self.stage,
            "deal": self.number,
            "hash": self.hash,
            "seed": self.seed if told else None,
            "turn": deal.turn,
            "owner": deal.owner,
            "to_beat": deal.to_beat,
            "passed": passed,
            "counts": [*map(len, self.held)],
            "trick": self.trick,
            "laid": self.laid,
            "out": deal.out,
            "scores": self.scores,
            "rounds": self.rounds,
            "due": self.due,
            "hands": self.held if told else None,
            "names": self._names_at_the_end if self.stage == "over" else None,
            "agreed": self.agreed,
            "table": options.special,
            "turn_seconds": options.turn_seconds,
            "level": options.level,
        }

    @property
    def _names_at_the_end(self) -> list[str]:
        """The result is looked at for longer than all stay who brought it about."""
        return [self.names.get(seat, "") for seat in range(len(self.scores))]

    def view_for(self, seat: Seat) -> Mapping[str, Any]:
        """The seat's own hand, and the card in it that must be in the first play."""
        deal = self.deal
        need = deal.need.bit_length() - 1 if deal.need and seat == deal.turn else None
        return {"hand": self.held[seat], "auto": self.passing[seat], "need": need}

    read_line = staticmethod(text.read_line)
    picture = staticmethod(text.picture)
    tell = staticmethod(text.tell)


def _check(answer: str) -> None:
    if answer != rules.OK:
        raise Refused(_REASONS[answer], answer)
