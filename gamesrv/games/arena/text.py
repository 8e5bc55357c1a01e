"""The arena in a text window."""

from collections.abc import Mapping
from typing import Any

from gamesrv import Seat, Window

__all__ = ["picture", "tell"]

COLUMNS, ROWS = 60, 20
GEMS = {1: ".", 3: "*", 5: "$"}
LEGEND = "@ you   letters others   . * $ gems worth 1, 3, 5"


def picture(window: Window) -> str:
    """The field as a map, then who has how much."""
    view, seat = window.view, window.seat
    rows = [[" "] * COLUMNS for _ in range(ROWS)]

    def draw(thing: Mapping[str, Any], sign: str) -> None:
        row, column = thing["y"] * ROWS // view["height"], thing["x"] * COLUMNS // view["width"]
        rows[row][column] = sign

    for gem in view["gems"].values():
        draw(gem, GEMS[gem["worth"]])
    for avatar in view["avatars"].values():
        draw(avatar, avatar["name"][0])
    me = view["avatars"].get(str(seat))
    if me is not None:
        draw(me, "@")
    edge = f"+{'-' * COLUMNS}+"
    return "\n".join([edge, *(f"|{''.join(row)}|" for row in rows), edge, LEGEND, *_scores(view, seat)])


def _scores(view: Mapping[str, Any], seat: Seat | None) -> list[str]:
    ranks = sorted(view["avatars"].items(), key=lambda item: (-item[1]["score"], item[1]["name"]))
    return [_score(avatar, number == str(seat)) for number, avatar in ranks]


def _score(avatar: Mapping[str, Any], own: bool) -> str:
    remarks = ["you"] * own + ["away"] * ("away" in avatar) + ["stunned"] * ("stun" in avatar)
    remark = f" ({', '.join(remarks)})" if remarks else ""
    return f"{avatar['score']:5}  {avatar['name']}{remark}"


def tell(name: str, data: Mapping[str, Any], players: Mapping[Seat, str]) -> str | None:
    """What happened as a sentence; most gems are not worth one."""
    who = players.get(data.get("seat", -1), "Somebody")
    if name == "collected":
        return f"{who} finds a gem worth 5." if data["worth"] == 5 else ""
    if name == "bumped":
        drops = f" and drops {data['lost']}" if data["lost"] else ""
        return f"{who} is knocked over by {players.get(data['by'], 'somebody')}{drops}."
    return None
