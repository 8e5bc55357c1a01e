"""What a client can say, and what comes of it."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred

from gamesrv.client.outbox import Outbox
from gamesrv.client.requests import Closed, Refused
from gamesrv.client.room import Room
from gamesrv.core import messages
from gamesrv.core.messages import ClientMessage, Joined, Matched, RoomInfo

__all__ = ["Asks"]


@define(eq=False)
class Asks:
    """Its Deferreds fail with `Refused` where the server says no, and with `Closed` where it can't be asked,
    or where the answer is lost. A command is never lost with a connection alone.
    """

    room: Room | None = field(default=None, init=False)
    """Where one is."""
    _outbox: Outbox = field(init=False)

    def quick(self, game: str) -> Deferred[Room]:
        """A seat wherever there is one for that game."""
        return self._outbox.ask(messages.Join(game=game), Joined)

    def join(self, room: str, seat: int | None = None, ticket: str | None = None) -> Deferred[Room]:
        """A seat in that room; or in one's own room, that other seat. The ``ticket`` is that of a `match`."""
        return self._outbox.ask(messages.Join(room=room, seat=seat, ticket=ticket), Joined)

    def create(
        self, game: str, options: dict[str, Any] | None = None, private: bool = False
    ) -> Deferred[Room]:
        """Opens a room and takes a seat. A private one is in no list: pass its id on."""
        return self._outbox.ask(messages.Create(game, options or {}, private), Joined)

    def watch(self, room: str) -> Deferred[Room]:
        """Follows a room without a seat."""
        return self._outbox.ask(messages.Watch(room), Joined)

    def match(self, game: str) -> Deferred[Matched]:
        """Has a seat reserved; `join` takes it, here or over another connection."""
        return self._outbox.ask(messages.Match(game), Matched)

    def leave(self) -> Deferred[None]:
        """Gives the seat up for good."""
        return self._outbox.ask(messages.Leave(), messages.Left)

    def rooms(self, live: bool = False) -> Deferred[list[RoomInfo]]:
        """The public rooms; ``live``: and from now on, as ``rooms``, what changes."""
        return self._outbox.ask(messages.Rooms(live), messages.RoomList)

    def ready(self, ready: bool = True) -> Deferred[None]:
        """Wants the game to begin, or to play again; or does not."""
        return self._outbox.tell(messages.Ready(ready))

    def say(self, text: str) -> Deferred[None]:
        """Chat to everyone in the room."""
        return self._outbox.tell(messages.Say(text))

    def command(self, name: str, /, **args: Any) -> Deferred[None]:
        """Calls a command of the game: exactly once, whatever the connection does. Fires when the server
        can't refuse it any more, in a real-time room a second later.
        """
        return self._outbox.command(name, args, at_once=self.room is not None and not self.room.rate)

    def do(self, name: str, /, **args: Any) -> None:
        """The same for who does not wait: a refusal is told as ``refused``."""
        self.command(name, **args).addErrback(lambda failure: failure.trap(Refused, Closed))

    def sync(self) -> Deferred[None]:
        """Fires once the server has read all that was said before, and its answers are here."""
        return self._outbox.tell()

    def resync(self) -> Deferred[Room]:
        """Asks for a fresh snapshot."""
        return self._outbox.ask(messages.Resync(), Joined)

    def ask(self, message: ClientMessage) -> Deferred[Any]:
        """Says any message; fires with its answer, or where it has none of its own, once it was taken."""
        match message:
            case messages.Command():
                return self.command(message.name, **message.args)
            case messages.Rooms():
                return self.rooms(message.live)
        answer = _ANSWERS.get(type(message))
        return self._outbox.tell(message) if answer is None else self._outbox.ask(message, answer)


_ANSWERS: dict[type, type] = {
    messages.Join: Joined,
    messages.Create: Joined,
    messages.Watch: Joined,
    messages.Resync: Joined,
    messages.Match: Matched,
    messages.Leave: messages.Left,
}
