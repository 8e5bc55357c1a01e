"""The arena in a text window."""

from collections.abc import Mapping
from typing import Any

from gamesrv import Seat, Window

__all__ = ["draw", "picture", "tell"]

COLUMNS, ROWS = 60, 20
GEMS = {1: ".", 3: "*", 5: "$"}
LEGEND = "@ you   letters others   . * $ gems worth 1, 3, 5"


Frame = tuple[int, int, int, int]
"""Left, top, width and height of what is drawn."""


def picture(window: Window) -> str:
    """The field as a map, then who has how much."""
    return draw(window, (0, 0, window.view["width"], window.view["height"]))


def draw(window: Window, frame: Frame) -> str:
    """The same of a part of the field."""
    view, seat = window.view, window.seat
    left, top, width, height = frame
    rows = [[" "] * COLUMNS for _ in range(ROWS)]

    def put(thing: Mapping[str, Any], sign: str) -> None:
        row, column = (thing["y"] - top) * ROWS // height, (thing["x"] - left) * COLUMNS // width
        if 0 <= row < ROWS and 0 <= column < COLUMNS:
            rows[row][column] = sign

    for gem in view["gems"].values():
        put(gem, GEMS[gem["worth"]])
    for avatar in view["avatars"].values():
        put(avatar, avatar["name"][0])
    me = view["avatars"].get(str(seat))
    if me is not None:
        put(me, "@")
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
