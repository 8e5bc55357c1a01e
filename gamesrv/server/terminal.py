"""A player's text window: words in, lines out.

It stands where a client program stands elsewhere: it keeps the view, turns what is typed into messages, and
what the server says into text. So it is the format of its own connection, one with a memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from twisted.logger import Logger

from gamesrv.core.game import Refused, Window
from gamesrv.core.messages import (
    ClientMessage,
    Closing,
    Command,
    Create,
    Desync,
    Event,
    Frames,
    Hello,
    Join,
    Joined,
    Leave,
    Left,
    Matched,
    Pong,
    Ready,
    Refusal,
    RoomInfo,
    RoomList,
    Rooms,
    RoomsChanged,
    RoomState,
    Say,
    ServerMessage,
    UdpOffer,
    Update,
    Watch,
    Welcome,
)
from gamesrv.core.schema import CommandType, GameType
from gamesrv.core.views import View, merge
from gamesrv.wire.text import encode_line

__all__ = ["Quit", "Terminal"]

Answer = bytes | ClientMessage

SOMEBODY = "somebody"


class Quit(Exception):
    """The person wants to go."""


class Terminal:
    """What one person at a text window sees and says."""

    _log = Logger()

    def __init__(self, games: Mapping[str, GameType]) -> None:
        self._games = games
        self._token: str | None = None
        self._room: str | None = None
        self._game: GameType | None = None
        self._seat: int | None = None
        self._state: RoomState = "waiting"
        self._most = 0
        self._view: View = {}
        self._mine: View = {}
        self._players: dict[int, str] = {}

    # ------------------------------------------------------------------ in

    def greeting(self) -> bytes:
        """The first lines."""
        return _lines("Welcome to gamesrv.", "What is your name? (or: resume TOKEN, to go on with a game)")

    def read(self, line: str) -> Answer:
        """What a line means: a message to the server, or text to answer with; raises `Quit`."""
        first, _, rest = line.strip().partition(" ")
        if not first:
            return b""
        word = _WORDS.get(first.lower())
        if self._token is None and (word is None or not word.always):
            return Hello(name=line.strip()[:200])
        try:
            if word is not None:
                return word.act(self, rest.strip())
            return self._read_line(line.strip()) or self._command(first.lower(), rest.split())
        except Refused as refused:
            return _lines(refused.message if refused.path is None else f"{refused.path}: {refused.message}")

    def _read_line(self, line: str) -> Answer | None:
        """What the game makes of a line; a fault in its code leaves the line to the rest of us."""
        if self._game is None or self._state == "waiting":
            return None
        try:
            answer = self._game.rules.read_line(line, self._window())
        except Refused:
            raise
        except BaseException:
            self._log.failure("The text window of {game} failed", game=self._room)
            return None
        if isinstance(answer, str):
            return _lines(*answer.splitlines())
        return None if answer is None else Command(*answer)

    def _command(self, name: str, words: list[str]) -> Answer:
        command = self._game.commands.get(name) if self._game is not None else None
        if command is None:
            raise Refused(f"I don't know {name!r}. Type help.")
        return Command(name, command.args.read(words))

    def _help(self, rest: str) -> Answer:
        lines = ["In general:", *(f"  {word.usage:22} {word.told}" for word in _WORDS.values())]
        if self._game is not None:
            lines.append(f"In {self._game.name}:")
            told = self._read_line("help")
            return _lines(*lines) + (told if isinstance(told, bytes) else self._commands())
        return _lines(*lines, f"Games: {', '.join(self._games)}")

    def _commands(self) -> bytes:
        return _lines(*map(_usage, self._game.commands.values())) if self._game is not None else b""

    def _resume(self, rest: str) -> Answer:
        return Hello(token=rest[:128])

    def _rooms(self, rest: str) -> Answer:
        return Rooms()

    def _join(self, rest: str) -> Answer:
        name = rest or next(iter(self._games), "")
        return Join(game=name) if name in self._games else Join(room=name[:64])

    def _create(self, rest: str) -> Answer:
        name, *words = rest.split() or [""]
        if name not in self._games:
            raise Refused(f"create what? Games: {', '.join(self._games)}")
        private = "private" in words
        options = [word for word in words if word != "private"]
        return Create(name, self._games[name].options.read(options), private)

    def _ready(self, rest: str) -> Answer:
        return Ready(rest.lower() not in ("no", "not", "off"))

    def _watch(self, rest: str) -> Answer:
        return Watch(rest[:64])

    def _leave(self, rest: str) -> Answer:
        return Leave()

    def _say(self, rest: str) -> Answer:
        if not rest:
            raise Refused("say what?")
        return Say(rest[:300])

    def _look(self, rest: str) -> Answer:
        if self._game is None:
            raise Refused("You are in no room. Type join.")
        return _lines(*self._picture())

    def _picture(self) -> list[str]:
        if self._game is None or self._state == "waiting":
            return self._waiting()
        picture = self._author(self._game.rules.picture, self._window())
        return _listed(self._view | self._mine) if picture is None else picture

    def _who(self, rest: str) -> Answer:
        if self._game is None:
            raise Refused("You are in no room. Type join.")
        people = sorted(self._players.items())
        return _lines(*(f"  {seat:3}  {name}{'  (you)' * (seat == self._seat)}" for seat, name in people))

    def _window(self) -> Window:
        return Window(self._view, self._mine, self._seat, self._players)

    def _waiting(self) -> list[str]:
        players = ", ".join(name for _, name in sorted(self._players.items()))
        missing = max(0, self._most - len(self._players))
        return [
            f"The game has not begun. Here: {players}; seats free: {missing}.",
            "Type ready to begin; where all are, bots take the empty seats.",
        ]

    def _tell_token(self, rest: str) -> Answer:
        return _lines(f"To go on elsewhere, say there: resume {self._token}", "Keep it to yourself.")

    def _quit(self, rest: str) -> Answer:
        raise Quit

    # ------------------------------------------------------------------ out

    def encode(self, message: ServerMessage) -> bytes:
        """What a message is in words; nothing for a mere change of the view."""
        match message:
            case Update():
                self._update(message)
                return b""
            case Event():
                return _lines(*self._event(message))
            case Joined():
                return self._joined(message)
            case Welcome():
                self._token = message.token
                return _lines(f"Hello, {message.name}. Type join to play, help for help.")
            case RoomList():
                if not message.rooms:
                    return _lines("There are no rooms. Type join to open one.")
                return _lines(*map(_room, message.rooms))
            case Left():
                self._room = self._game = None
                return _lines("You have left the room.")
            case Refusal():
                where = "" if message.path is None else f" ({message.path})"
                return _lines(f"No: {message.message}{where}.")
            case Closing():
                again = " Come back in a moment." if message.retry else ""
                return _lines(f"The connection closes: {message.reason} ({message.code}).{again}")
            case Matched():
                return _lines(f"A seat in {message.room} is yours for {message.within:.0f} seconds.")
            case Pong() | RoomsChanged() | UdpOffer() | Frames() | Desync():
                return b""

    def _joined(self, message: Joined) -> bytes:
        known = message.room == self._room
        self._room = message.room
        self._game = self._games[message.game]
        self._seat = message.seat
        self._most = message.seats[1]
        begins = known and self._state != "playing" and message.state == "playing"
        self._state = message.state
        self._view = merge({}, message.view)
        self._mine = merge({}, message.mine) if isinstance(message.mine, dict) else {}
        self._players = {int(seat): player.name for seat, player in message.players.items()}
        if known:
            return _lines(*self._picture()) if begins else b""
        place = "watching" if message.seat is None else f"in seat {message.seat}"
        count = len(self._players)
        people = "1 player" if count == 1 else f"{count} players"
        where = f"You are in {message.room}, {place}, with {people}. Type look, or help."
        return _lines(where, *(self._waiting() if self._state == "waiting" else ()))

    def _update(self, message: Update) -> None:
        if isinstance(message.delta, dict):
            merge(self._view, message.delta)
        if isinstance(message.mine, dict):
            merge(self._mine, message.mine)

    def _event(self, message: Event) -> list[str]:
        # The shapes count too: a game may well have an event of its own that is called like one of these.
        match message.name, message.data:
            case "player_joined", {"seat": int(seat), "name": str(name)}:
                self._players[seat] = name
                return [f"{name} comes in."]
            case "player_left", {"seat": int(seat)}:
                return [f"{self._players.pop(seat, SOMEBODY)} has left."]
            case "player_dropped", {"seat": int(seat)}:
                return [f"{self._players.get(seat, SOMEBODY)} has lost the connection."]
            case "player_back", {"seat": int(seat)}:
                return [f"{self._players.get(seat, SOMEBODY)} is back."]
            case "said", {"name": name, "text": text}:
                return [f"{name}: {text}"]
            case "player_ready", {"seat": int(seat), "ready": bool(ready)}:
                return [f"{self._players.get(seat, SOMEBODY)} is {'ready' if ready else 'not ready'}."]
            case "player_moved", {"seat": int(seat), "to": int(to)}:
                self._seat = to if seat == self._seat else self._seat
                self._players[to] = self._players.pop(seat, SOMEBODY)
                return [f"{self._players[to]} takes seat {to}."]
            case "started", {}:
                return ["The game begins."]
            case "recorded", {"replay": str(replay)}:
                return [f"It can be watched again, in a browser: replay.html?game={replay}"]
            case "finished", _:
                self._state = "over"
        told = None
        if self._game is not None:
            told = self._author(self._game.rules.tell, message.name, message.data, self._players)
        return [f"{message.name}: {_flat(message.data)}"] if told is None else told

    def _author(self, method: Callable[..., str | None], *args: Any) -> list[str] | None:
        """An author's words. Should that code fail, the game goes on, and the bare facts are listed."""
        try:
            text = method(*args)
            return None if text is None else text.splitlines()
        except BaseException:
            self._log.failure("The text window of {game} failed", game=self._room)
            return None


class _Word(NamedTuple):
    usage: str
    told: str
    act: Callable[[Terminal, str], Answer]
    always: bool = False
    """Whether it means that before one has said a name, too."""


_WORDS = {
    word.usage.split()[0]: word
    for word in (
        _Word("help", "this list", Terminal._help),
        _Word("rooms", "what is going on", Terminal._rooms),
        _Word("join [GAME or ROOM]", "take a seat", Terminal._join),
        _Word("create GAME [OPTIONS]", "open a room; private: one that is not in the list", Terminal._create),
        _Word("watch ROOM", "look on", Terminal._watch),
        _Word("ready [no]", "begin, or play again", Terminal._ready),
        _Word("look", "see where you are", Terminal._look),
        _Word("who", "see who is here", Terminal._who),
        _Word("say TEXT", "talk to the room", Terminal._say),
        _Word("leave", "give your seat back", Terminal._leave),
        _Word("token", "how to go on elsewhere", Terminal._tell_token),
        _Word("resume TOKEN", "go on with a game", Terminal._resume, always=True),
        _Word("quit", "go", Terminal._quit, always=True),
    )
}


def _room(room: RoomInfo) -> str:
    return (
        f"  {room.room:16} {room.game:12} {room.players}/{room.seats} {room.state:8} {', '.join(room.names)}"
    )


def _usage(command: CommandType) -> str:
    words = " ".join((command.name, *(f"{name}({kind})" for name, kind in command.args.fields())))
    return f"  {words:22} {command.doc}"


def _lines(*lines: str) -> bytes:
    return b"".join(map(encode_line, lines))


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(item)}" for key, item in value.items())
    return " ".join(map(_flat, value)) if isinstance(value, list) else str(value)


def _listed(view: View, indent: str = "") -> list[str]:
    """A view nobody draws, as an indented list."""
    lines = []
    for key, value in view.items():
        nested = isinstance(value, dict) and any(isinstance(item, dict) for item in value.values())
        lines.append(f"{indent}{key}:" if nested else f"{indent}{key}: {_flat(value)}")
        if nested:
            lines += _listed(value, indent + "  ")
    return lines
