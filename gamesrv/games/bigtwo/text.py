"""Big Two in a text window: what a typed line means, the table as lines, and events as sentences.

Cards have the names of `rules.name_of`, such as 3D, TH and 2S, which any terminal shows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from gamesrv import Act, Refused, Seat, Window
from gamesrv.games.bigtwo.rules import KINDS, NOBODY, card_of, cards_of, kind_of, name_of
from gamesrv.games.bigtwo.seen import deal_from, rules_from

__all__ = ["picture", "read_line", "tell"]

HELP = "Words: play 3D 3C, pass, hand, table, hint, auto on, auto off, next"


@frozen
class _Table(Window):
    """What one person sees of a table."""

    # ------------------------------------------------------------------ words

    def play(self, words: list[str]) -> Act:
        if not words:
            raise Refused("Play what? For one: play 3D, for more: play 3D 3C.")
        return "play", {"cards": [self._card(word) for word in words]}

    def skip(self, words: list[str]) -> Act:
        return "pass", {}

    def go_on(self, words: list[str]) -> Act:
        return "go_on", {}

    def auto(self, words: list[str]) -> Act:
        match [word.lower() for word in words]:
            case [("on" | "off") as choice]:
                return "auto", {"on": choice == "on"}
        raise Refused("Say auto on, or auto off.")

    def hand(self, words: list[str]) -> str:
        if "hand" not in self.mine:
            raise Refused("You are only looking on: you have no cards.")
        held = self.mine["hand"]
        return f"You have {self.names(held)} ({len(held)})." if held else "You have no cards left."

    def table(self, words: list[str]) -> str:
        return "\n".join(self.lines())

    def hint(self, words: list[str]) -> str:
        """The lowest play of each kind."""
        if self.seat is None or self.seat != self.view["turn"]:
            raise Refused("It is not your turn.")
        rules, found = rules_from(self.view), dict[str, list[int]]()
        for mask in rules.legal(deal_from(self.view, self.mine, self.seat), self.seat):
            found.setdefault(_spoken(KINDS[kind_of(rules.key(mask))]), cards_of(mask))
        if not found:
            return "You can't beat that: pass."
        return "\n".join(["You can play:", *(f"  {self.names(found[kind])} ({kind})" for kind in found)])

    # ------------------------------------------------------------------ the table

    def lines(self) -> list[str]:
        """Everything, from the seats to the own hand."""
        lines = [
            f"Deal {self.view['deal']}, {self._goal()}",
            f"    {'seat':{self._width}}  cards  score  last play",
        ]
        lines += [self._seat_line(seat) for seat in range(len(self.view["counts"]))]
        lines.append(self._now())
        if self.view["stage"] != "play":
            lines += [f"{self.who(seat)} had left: {self.names(hand)}" for seat, hand in self._left()]
        if "hand" in self.mine:
            lines.append(self.hand([]))
        lines += [f"The deal's {key}: {self.view[key]}" for key in ("hash", "seed") if key in self.view]
        return [*lines, HELP]

    def _goal(self) -> str:
        target = self.view["table"].get("target", 0)
        return f"until someone has won or lost {target} points" if target else "the only one"

    def _seat_line(self, seat: Seat) -> str:
        view = self.view
        remarks = ["you"] * (seat == self.seat) + ["has passed"] * (seat in view["passed"])
        remark = f" ({', '.join(remarks)})" if remarks else ""
        here = ">" if seat == view["turn"] else " "
        laid = self.names(view["laid"][seat]) or "-"
        who, count, score = f"{self.who(seat):{self._width}}", view["counts"][seat], view["scores"][seat]
        return f"{here} {seat} {who}  {count:5}  {score:5}  {laid}{remark}"

    def _now(self) -> str:
        view = self.view
        if view["stage"] == "break":
            return "The deal is over. Type next to go on."
        if view["stage"] == "over":
            return "The game is over."
        who = "You" if view["turn"] == self.seat else self.who(view["turn"])
        if view["to_beat"]:
            kind = _spoken(KINDS[kind_of(view["to_beat"])])
            owner = self.who(view["owner"])
            beaten = f"{self.names(view['laid'][view['owner']])} ({kind}, by {owner})"
            return f"{who} must beat {beaten}, or pass."
        need = f", with {self.names([self.mine['need']])}" if "need" in self.mine else ""
        return f"{who} must lead{need}."

    def who(self, seat: Seat) -> str:
        """Whoever sits there."""
        played: list[str] = self.view.get("names", [])
        return _who(seat, {**self.players} | {seat: name for seat, name in enumerate(played) if name})

    @property
    def _width(self) -> int:
        return max(len(self.who(seat)) for seat in range(len(self.view["counts"])))

    def _left(self) -> list[tuple[Seat, list[int]]]:
        return [(seat, hand) for seat, hand in enumerate(self.view["hands"]) if hand]

    # ------------------------------------------------------------------ cards

    def names(self, cards: list[int]) -> str:
        """As they are called at this table."""
        return " ".join(name_of(card, self._suits) for card in cards)

    def _card(self, word: str) -> int:
        try:
            return card_of(word, self._suits)
        except ValueError:
            raise Refused(f"There is no card {word}. Cards are called 3D, 10H or QS, for example.") from None

    @property
    def _suits(self) -> str:
        return str(self.view["table"]["suits"])


_WORDS: dict[str, Callable[[_Table, list[str]], Act | str]] = {
    "play": _Table.play,
    "pass": _Table.skip,
    "hand": _Table.hand,
    "table": _Table.table,
    "hint": _Table.hint,
    "auto": _Table.auto,
    "next": _Table.go_on,
}
USAGE = """\
  play 3D 3C             lay cards
  pass                   let the trick go by
  hand                   your cards
  table                  the seats, the scores, what lies there
  hint                   the lowest play of each kind
  auto on, auto off      pass by itself when nothing can be played
  next                   after a deal: on to the next one"""


def read_line(line: str, window: Window) -> Act | str | None:
    """What a typed line means; `Refused` for a word of ours that makes no sense as it stands."""
    first, *words = line.replace(",", " ").split() or [""]
    if first == "help":
        return USAGE
    act = _WORDS.get(first.lower())
    return None if act is None else act(_table(window), words)


def picture(window: Window) -> str:
    """The table as lines."""
    return "\n".join(_table(window).lines())


def _table(window: Window) -> _Table:
    return _Table(window.view, window.mine, window.seat, window.players)


# ---------------------------------------------------------------------- sentences

Names = Mapping[Seat, str]


def tell(name: str, data: Mapping[str, Any], players: Names) -> str | None:
    """An event as a sentence."""
    teller = _TELLERS.get(name)
    return None if teller is None else teller(data, players)


def _dealt(data: Mapping[str, Any], players: Names) -> str:
    return f"Deal {data['deal']} begins. {_who(data['leader'], players)} leads."


def _played(data: Mapping[str, Any], players: Names) -> str:
    slow = "takes too long and " if data.get("why") == "time" else ""
    kind = f" ({_spoken(data['kind'])})" if len(data["cards"]) > 1 else ""
    what = f"{slow}plays {data['names']}{kind}, {data['left']} left."
    return f"{_who(data['seat'], players)} {what}{_next(data, players)}"


def _passed(data: Mapping[str, Any], players: Names) -> str:
    what = {"time": "takes too long and passes", "auto": "can't play and passes"}.get(data["why"], "passes")
    return f"{_who(data['seat'], players)} {what}.{_next(data, players)}"


def _trick_won(data: Mapping[str, Any], players: Names) -> str:
    return f"{_who(data['seat'], players)} takes the trick."


def _out(data: Mapping[str, Any], players: Names) -> str:
    return f"{_who(data['seat'], players)} is out, in place {data['place']}."


def _deal_over(data: Mapping[str, Any], players: Names) -> str:
    return f"Deal {data['deal']} is over: {_scores(data['scores'], players)}."


def _finished(data: Mapping[str, Any], players: Names) -> str:
    result = data["result"]
    winner = result["winner"]
    won = "Nobody wins alone" if winner == NOBODY else f"{_who(winner, players)} wins"
    return f"{won}: {_scores(result['scores'], players)}."


_TELLERS: dict[str, Callable[[Mapping[str, Any], Names], str]] = {
    "dealt": _dealt,
    "played": _played,
    "passed": _passed,
    "trick_won": _trick_won,
    "out": _out,
    "deal_over": _deal_over,
    "finished": _finished,
}


def _next(data: Mapping[str, Any], players: Names) -> str:
    return "" if data["turn"] == NOBODY else f" {_who(data['turn'], players)} is next."


def _scores(scores: list[int], players: Names) -> str:
    return ", ".join(f"{_who(seat, players)} {score:+}" for seat, score in enumerate(scores))


def _who(seat: Seat, players: Names) -> str:
    return players.get(seat, f"Seat {seat}")


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")
