"""What a text window says and shows, with nobody at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from attrs import define, frozen
from twisted.logger import LogEvent

from gamesrv import Game, Meta, Seat, Window, command
from gamesrv.core.messages import (
    Closing,
    Command,
    Create,
    Event,
    Hello,
    Join,
    Joined,
    Leave,
    Left,
    Player,
    Pong,
    Refusal,
    RoomInfo,
    RoomList,
    Rooms,
    Say,
    ServerMessage,
    Update,
    Watch,
    Welcome,
)
from gamesrv.core.schema import GameType
from gamesrv.server.terminal import Quit, Terminal


@frozen
class Board:
    """What it may be opened with."""

    size: Annotated[int, Meta(ge=2, le=9)] = 3
    title: str = "board"


@define
class Chess(Game):
    """A game with all kinds of arguments, and words of its own."""

    name, seats, Options = "chess", (1, 2), Board

    @command
    def move(self, seat: Seat, dx: Annotated[int, Meta(ge=-1, le=1)], dy: int = 0) -> None:
        """Walk that way."""

    @command
    def turn(self, seat: Seat, to: Literal["left", "right"], slowly: bool = False) -> None:
        """Look there."""

    @command
    def mark(self, seat: Seat, cells: list[int], weight: float = 1.0) -> None:
        """Remember them."""

    @command
    def note(self, seat: Seat, text: str) -> None:
        """Write it down."""

    @classmethod
    def picture(cls, window: Window) -> str | None:
        view, mine, seat = window.view, window.mine, window.seat
        match view.get("draw"):
            case "fail":
                raise ZeroDivisionError
            case "exit":
                raise SystemExit
            case "number":
                return 7  # type: ignore[return-value]
            case "nothing":
                return None
        return f"+--+\n|{seat}{mine.get('hand', '')}|\n+--+"

    @classmethod
    def tell(cls, name: str, data: Mapping[str, Any], players: Mapping[Seat, str]) -> str | None:
        match name:
            case "fails":
                raise KeyError("seat")
            case "exits":
                raise SystemExit
            case "number":
                return 7  # type: ignore[return-value]
            case "silent":
                return ""
            case "moved":
                return f"{players[data['seat']]} moves."
            case "long":
                return "one\ntwo\x1b[2J"
        return None


GAMES = {"chess": GameType.of(Chess)}


def joined(**more: Any) -> Joined:
    """A snapshot."""
    fields: dict[str, Any] = {"room": "chess-1", "game": "chess", "seat": 0, "tick": 0, "v": 1, "view": {}}
    fields["state"] = "playing"
    fields["players"] = {"0": Player("ann"), "1": Player("bob")}
    return Joined(**{**fields, **more})


@pytest.fixture
def window() -> Terminal:
    """One who has said hello."""
    made = Terminal(GAMES)
    made.encode(Welcome("s", "ann", "SECRET", 30.0, 0, 1))
    return made


@pytest.fixture
def seated(window: Terminal) -> Terminal:
    """One who sits in a room."""
    window.encode(joined())
    return window


def shown(window: Terminal, message: ServerMessage) -> str:
    """What a message looks like."""
    return window.encode(message).decode()


def said(window: Terminal, line: str) -> str:
    """What the window answers by itself."""
    answer = window.read(line)
    assert isinstance(answer, bytes)
    return answer.decode()


# ---------------------------------------------------------------------- in


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ann", Hello(name="ann")),
        ("  Ann of the Lake ", Hello(name="Ann of the Lake")),
        ("help", Hello(name="help")),
        ("join", Hello(name="join")),
        ("x" * 1000, Hello(name="x" * 200)),
        ("resume abc", Hello(token="abc")),
        ("RESUME abc", Hello(token="abc")),
        ("resume " + "x" * 1000, Hello(token="x" * 128)),
    ],
)
def test_the_first_line_is_a_name_or_a_token(line: str, message: Hello) -> None:
    assert Terminal(GAMES).read(line) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rooms", Rooms()),
        ("Rooms", Rooms()),
        ("join", Join(game="chess")),
        ("join chess", Join(game="chess")),
        ("join chess-1", Join(room="chess-1")),
        ("join " + "x" * 100, Join(room="x" * 64)),
        ("create chess", Create("chess", {})),
        ("create chess 5", Create("chess", {"size": 5})),
        ("create chess title=mine size=2", Create("chess", {"size": 2, "title": "mine"})),
        ("watch chess-1", Watch("chess-1")),
        ("leave", Leave()),
        ("say hello  there", Say("hello  there")),
        ("say " + "x" * 900, Say("x" * 300)),
        ("move 1", Command("move", {"dx": 1})),
        ("move -1 5", Command("move", {"dx": -1, "dy": 5})),
        ("move dy=2 dx=1", Command("move", {"dx": 1, "dy": 2})),
        ("MOVE dx=1 3", Command("move", {"dx": 1, "dy": 3})),
        ("turn left", Command("turn", {"to": "left"})),
        ("turn right true", Command("turn", {"to": "right", "slowly": True})),
        ("mark 1,2,3 0.5", Command("mark", {"cells": [1, 2, 3], "weight": 0.5})),
        ("note a=b", Command("note", {"text": "a=b"})),
    ],
)
def test_a_line_is_a_message(seated: Terminal, line: str, message: object) -> None:
    assert seated.read(line) == message


@pytest.mark.parametrize(
    ("line", "blamed"),
    [
        ("fly", "fly"),
        ("move", "args.dx"),
        ("move 2", "args.dx"),
        ("move x", "args.dx"),
        ("move 1 2 3", "too many words"),
        ("move 1 dx=1", "args.dx"),
        ("move true", "args.dx"),
        ("move 1 99999999999999999999", "args.dy"),
        ("turn up", "args.to"),
        ("turn", "args.to"),
        ("mark 1,x", "args.cells"),
        ("mark 1 nan", "args.weight"),
        ("mark 1 inf", "args.weight"),
        ("mark 1 1e999", "args.weight"),
        ("note", "args.text"),
        ("create", "chess"),
        ("create draughts", "chess"),
        ("create chess 99", "options.size"),
        ("create chess 3 mine more", "too many words"),
        ("say", "say what"),
        ("__init__", "__init__"),
        ("on_tick", "on_tick"),
    ],
)
def test_a_line_that_is_no_message_is_answered_here(seated: Terminal, line: str, blamed: str) -> None:
    assert blamed in said(seated, line)


@pytest.mark.parametrize("line", ["look", "who", "move 1"])
def test_some_words_need_a_room(window: Terminal, line: str) -> None:
    assert said(window, line).endswith(("Type join.\r\n", "Type help.\r\n"))


def test_an_empty_line_means_nothing(seated: Terminal) -> None:
    assert said(seated, "") == said(seated, "   ") == ""


@pytest.mark.parametrize("greeted", [False, True])
def test_quit_quits_at_any_time(greeted: bool, window: Terminal) -> None:
    with pytest.raises(Quit):
        (window if greeted else Terminal(GAMES)).read("quit")


def test_help_lists_everything(window: Terminal) -> None:
    before = said(window, "help")
    assert all(
        f"\r\n  {word}" in before for word in ("help", "rooms", "join", "create", "watch", "look", "who")
    )
    assert "Games: chess" in before and "dx" not in before
    window.encode(joined())
    after = said(window, "help")
    assert "\r\nIn chess:\r\n  move dx(-1..1) dy(integer) Walk that way.\r\n" in after
    assert "turn to(left|right) slowly(true|false) Look there." in after
    assert "mark cells(list of integer) weight(number) Remember them." in after


def test_the_token_is_told(window: Terminal) -> None:
    assert "resume SECRET" in said(window, "token")


# ---------------------------------------------------------------------- out


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Welcome("s", "ann", "t", 30.0, 0, 1), "Hello, ann. Type join to play, help for help.\r\n"),
        (RoomList([]), "There are no rooms. Type join to open one.\r\n"),
        (
            RoomList([RoomInfo("chess-1", "chess", 1, 2, True)]),
            "  chess-1          chess        1/2 playing  \r\n",
        ),
        (Left(), "You have left the room.\r\n"),
        (Pong(1.0, 2), ""),
        (Refusal("no", "not now"), "No: not now.\r\n"),
        (Refusal("no", "too big", "args.dx", 3), "No: too big (args.dx).\r\n"),
        (Closing(1001, "the end", True), "The connection closes: the end (1001). Come back in a moment.\r\n"),
        (Closing(4409, "replaced", False), "The connection closes: replaced (4409).\r\n"),
        (joined(), "You are in chess-1, in seat 0, with 2 players. Type look, or help.\r\n"),
        (joined(seat=None), "You are in chess-1, watching, with 2 players. Type look, or help.\r\n"),
        (Update(1, 2, delta={"a": 1}), ""),
    ],
)
def test_what_the_server_says_is_a_line(window: Terminal, message: ServerMessage, text: str) -> None:
    assert shown(window, message) == text


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("player_joined", {"seat": 2, "name": "cid"}, "cid comes in.\r\n"),
        ("player_left", {"seat": 1}, "bob has left.\r\n"),
        ("player_dropped", {"seat": 1}, "bob has lost the connection.\r\n"),
        ("player_back", {"seat": 1}, "bob is back.\r\n"),
        ("player_left", {"seat": 7}, "somebody has left.\r\n"),
        ("said", {"seat": 1, "name": "bob", "text": "hi"}, "bob: hi\r\n"),
        ("finished", {"result": {"winner": 1}}, "finished: result winner 1\r\n"),
        (
            "recorded",
            {"replay": "5f0c"},
            "It can be watched again, in a browser: replay.html?game=5f0c\r\n",
        ),
        ("moved", {"seat": 1}, "bob moves.\r\n"),
        ("silent", {}, ""),
        ("long", {}, "one\r\ntwo\r\n"),
        ("listed", {"a": [1, [2]], "b": {"c": None}}, "listed: a 1 2, b c None\r\n"),
    ],
)
def test_events_are_lines(seated: Terminal, name: str, data: dict[str, Any], text: str) -> None:
    assert shown(seated, Event(1, name, data)) == text


@pytest.mark.parametrize("name", ["player_joined", "player_left", "player_dropped", "player_back", "said"])
@pytest.mark.parametrize(
    "data", [{}, {"seat": [1]}, {"seat": None, "name": 3}, {"seat": {"a": 1}, "text": []}]
)
def test_a_game_may_call_its_events_like_ours(seated: Terminal, name: str, data: dict[str, Any]) -> None:
    assert shown(seated, Event(1, name, data)).startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["fails", "exits", "number"])
def test_an_authors_words_that_fail_are_replaced_by_the_facts(
    seated: Terminal, name: str, logged_failures: list[LogEvent]
) -> None:
    assert shown(seated, Event(1, name, {"seat": 1})) == f"{name}: seat 1\r\n"
    assert len(logged_failures) == 1
    logged_failures.clear()


@pytest.mark.parametrize("how", ["fail", "exit", "number"])
def test_an_authors_picture_that_fails_is_replaced_by_the_facts(
    seated: Terminal, how: str, logged_failures: list[LogEvent]
) -> None:
    seated.encode(Update(1, 2, delta={"draw": how, "men": {"0": {"x": 1}}}))
    assert said(seated, "look") == f"draw: {how}\r\nmen:\r\n  0: x 1\r\n"
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_look_shows_what_there_is_now(seated: Terminal) -> None:
    assert said(seated, "look") == "+--+\r\n|0|\r\n+--+\r\n"
    seated.encode(Update(1, 1, mine={"hand": 5}))
    assert "|05|" in said(seated, "look")
    seated.encode(Update(1, 2, delta={"draw": "nothing", "men": {"0": {"x": 1}, "1": {"x": 2}}}))
    seated.encode(Update(2, 3, delta={"men": {"0": None, "1": {"x": 3}}}))
    assert said(seated, "look") == "draw: nothing\r\nmen:\r\n  1: x 3\r\nhand: 5\r\n"


def test_a_snapshot_while_one_is_there_is_not_told(seated: Terminal) -> None:
    assert shown(seated, joined(view={"draw": "nothing", "a": 1})) == ""
    assert "a: 1" in said(seated, "look")


def test_who_is_here(seated: Terminal) -> None:
    assert said(seated, "who") == "    0  ann  (you)\r\n    1  bob\r\n"
    seated.encode(Event(1, "player_left", {"seat": 1}))
    seated.encode(Event(2, "player_joined", {"seat": 2, "name": "cid"}))
    assert said(seated, "who") == "    0  ann  (you)\r\n    2  cid\r\n"


def test_after_leaving_one_is_nowhere(seated: Terminal) -> None:
    seated.encode(Left())
    for line in ("look", "who"):
        assert "no room" in said(seated, line)
    assert "Games: chess" in said(seated, "help")
    assert shown(seated, joined()).startswith("You are in chess-1")


NASTY = "\x1b]0;owned\x07\x1b[2J\x07\x9b31m\u202eevil\r\nQUIT\x00"


def test_nothing_that_others_say_reaches_the_terminal_as_a_command(seated: Terminal) -> None:
    heard = [
        shown(seated, Event(1, "said", {"seat": 1, "name": NASTY, "text": NASTY})),
        shown(seated, Event(2, "player_joined", {"seat": 5, "name": NASTY})),
        shown(seated, Event(3, NASTY, {NASTY: NASTY})),
        shown(seated, Closing(4000, NASTY, False)),
        shown(seated, Refusal("no", NASTY, NASTY)),
        shown(seated, RoomList([RoomInfo(NASTY, NASTY, 1, 2, True)])),
        shown(seated, joined(room=NASTY, view={"draw": "nothing", NASTY: [NASTY]})),
        said(seated, "look"),
        said(seated, "who"),
        said(seated, f"dance{NASTY}"),
    ]
    for text in heard:
        assert all(line.isprintable() for line in text.split("\r\n")), text
    assert heard[0].count("\r\n") == 1, "one event cannot pretend to be two"
