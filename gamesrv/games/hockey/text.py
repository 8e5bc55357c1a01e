"""Air hockey in a text window: how it stands. The puck is too fast for one."""

from collections.abc import Mapping
from typing import Any

from gamesrv import Seat, Window
from gamesrv.games.hockey.sim import AWAY, EMPTY, MALLETS, SCORE, STATE, TARGET, WINS

__all__ = ["picture", "tell"]

SIDES = ("below", "above", "left", "right")


def picture(window: Window) -> str:
    """Who had how many goals when one came: after that a text window gets no world, and is told goals."""
    world = window.view
    seats = [seat for seat in window.players if world[MALLETS[seat]][STATE] != EMPTY]
    seats.sort(key=lambda seat: -world[MALLETS[seat]][SCORE])
    target = world["match"][TARGET]
    head = f"Air hockey is played in a browser: first to {target} wins the round. As it stood when you came:"
    return "\n".join([head, *(_line(window, seat, world[MALLETS[seat]]) for seat in seats)])


def _line(window: Window, seat: Seat, mallet: list[int]) -> str:
    name = window.players[seat]
    remarks = ["you"] * (seat == window.seat) + ["away"] * (mallet[STATE] == AWAY)
    remarks += [f"rounds won: {mallet[WINS]}"] * (mallet[WINS] > 0)
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return f"{mallet[SCORE]:5}  {name}, {SIDES[seat]}{remark}"


def tell(name: str, data: Mapping[str, Any], players: Mapping[Seat, str]) -> str | None:
    """A goal or a won round as a sentence."""
    who = players.get(data.get("seat", -1), "Somebody")
    if name == "goal" and data.get("by") is None:
        return f"{who} lets in an own goal."
    if name == "goal":
        return f"{players.get(data['by'], 'Somebody')} scores against {who}."
    if name == "won":
        return f"{who} wins the round."
    return None
