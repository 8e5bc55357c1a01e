"""A text window at the client's end: the words of the server's own, over a `Client`."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from gamesrv.client.client import Client, State
from gamesrv.client.games import game_type
from gamesrv.client.requests import Closed, Refused
from gamesrv.client.wires import Ending
from gamesrv.core.messages import Closing, Event, Joined, Refusal, ServerMessage, Welcome
from gamesrv.core.schema import GameType
from gamesrv.server.terminal import Quit, Terminal

__all__ = ["COLOURS", "Quit", "TextWindow"]

COLOURS = {"no": "31", "event": "36", "speech": "1", "note": "2"}
"""By what a text is; ANSI's numbers."""


@define(eq=False)
class TextWindow:
    """``show`` gets each text, without the end of its last line, and what it is: a key of `COLOURS` or ""."""

    client: Client
    show: Callable[[str, str], object]
    _games: dict[str, GameType] = field(factory=dict, init=False)
    _terminal: Terminal = field(init=False)
    _welcomed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._terminal = Terminal(self._games)
        self.client.on("message", self._hear)
        self.client.on("state", self._see)

    async def read(self, line: str) -> bool:
        """Does what a line says; returns whether it was taken, once that is known. Raises `Quit`."""
        if line.strip().lower() == "look":
            await self._refresh()
        answer = self._terminal.read(line)
        if isinstance(answer, bytes):
            self._show(answer)
            return True
        try:
            await self.client.ask(answer)
        except Refused:
            return False  # it has been shown
        except Closed as closed:
            self.show(f"That was not done: {closed}.", "no")
            return False
        return True

    def words(self) -> list[str]:
        """What a line may begin with now, and names that may come up in one."""
        told = self._terminal.read("help") if self._welcomed else b""
        lines = told.decode().splitlines() if isinstance(told, bytes) else []
        first = [line.split()[0] for line in lines if line.startswith("  ") and line.strip()]
        room = self.client.room
        names = [] if room is None else [player.name for player in room.players.values()]
        return sorted({*first, *self._games, *names})

    async def _refresh(self) -> None:
        """In a lockstep room nobody tells this window how the world goes on."""
        room = self.client.room
        if room is not None and room.lockstep is not None:
            await self.client.resync()

    def _hear(self, message: ServerMessage) -> None:
        if isinstance(message, Welcome):
            self._games.update({name: game_type(name) for name in message.games if name not in self._games})
        elif isinstance(message, Joined) and not self._knows(message):
            self._games[message.game] = game_type(message.game, message.commands)
        text = self._terminal.encode(message)
        if isinstance(message, Welcome) and self._welcomed:
            self.show("Back again.", "note")
            return
        self._welcomed = self._welcomed or isinstance(message, Welcome)
        self._show(text, _kind(message))

    def _knows(self, joined: Joined) -> bool:
        game = self._games.get(joined.game)
        return game is not None and [*game.commands] == joined.commands

    def _see(self, state: State, why: Ending | None) -> None:
        if state is State.WAITING and why is not None:
            again = " Trying again." if self._welcomed else ""
            self.show(f"No connection: {why.reason}.{again}", "note")

    def _show(self, text: bytes, kind: str = "") -> None:
        if text:
            self.show("\n".join(text.decode().splitlines()), kind)


def _kind(message: ServerMessage) -> str:
    match message:
        case Refusal() | Closing():
            return "no"
        case Event(name="said"):
            return "speech"
        case Event():
            return "event"
    return ""
