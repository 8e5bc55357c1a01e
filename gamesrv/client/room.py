"""A room as a client knows it: kept up to date by what the server says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import Deferred

from gamesrv.core.messages import Event, Joined, LockstepInfo, Player, RoomState, Update
from gamesrv.core.views import View, merge
from gamesrv.wire.newest import Ack, Newest, room_number

if TYPE_CHECKING:
    from gamesrv.client.client import Client

__all__ = ["Room"]


@define(eq=False)
class Room:
    """It stays the same object for as long as one is in the room, reconnects included.

    Attributes:
        view: what everyone sees; in a lockstep room the world of the last snapshot, or that of the
            `Lockstep` which goes on from it.
        mine: what one's own seat alone sees.
        seat: `None` for a watcher.
        tick: room time, in ticks of ``rate`` a second, or in ms where that is 0.
        gap: whether events were missed that can't be had any more.
        lockstep: where only inputs travel.
        replay: by this id a game that is over, and kept, can be watched again.
    """

    _client: Client
    id: str
    game: str
    seat: int | None = None
    state: RoomState = "waiting"
    view: View = field(factory=dict)
    mine: View = field(factory=dict)
    players: dict[int, Player] = field(factory=dict)
    commands: list[str] = field(factory=list)
    options: View = field(factory=dict)
    seats: tuple[int, int] = (0, 0)
    private: bool = False
    grace: float = 0.0
    rate: int = 0
    tick: int = 0
    v: int = 0
    mv: int = 0
    gap: bool = False
    lockstep: LockstepInfo | None = None
    replay: str | None = None
    snapshots: int = 0
    """How many came."""
    _by_datagram: int = 0
    """The newest version that came so over this connection, of use or not."""

    # ------------------------------------------------------------------ what one can do here

    def command(self, name: str, /, **args: Any) -> Deferred[None]:
        """See `Client.command`."""
        return self._client.command(name, **args)

    def ready(self, ready: bool = True) -> Deferred[None]:
        """Wants the game to begin, or to play again; or does not."""
        return self._client.ready(ready)

    def say(self, text: str) -> Deferred[None]:
        """Chat to everyone here; it comes back as the event ``said``."""
        return self._client.say(text)

    def leave(self) -> Deferred[None]:
        """Gives the seat up for good."""
        return self._client.leave()

    # ------------------------------------------------------------------ what the server says of it

    def snapshot(self, joined: Joined) -> None:
        """Takes it as the new truth; but what came by datagram may be newer."""
        known = joined.v < self.v <= self._by_datagram
        if not known:
            self.view, self.v, self.tick = joined.view, joined.v, joined.tick
        self.mine = joined.mine if isinstance(joined.mine, dict) else {}
        self.mv = joined.mv if isinstance(joined.mv, int) else 0
        self.seat, self.state, self.rate, self.gap = joined.seat, joined.state, joined.rate, joined.gap
        self.players = {int(seat): player for seat, player in joined.players.items()}
        self.commands, self.options, self.seats = joined.commands, joined.options, joined.seats
        self.private, self.grace = joined.private, joined.grace
        self.lockstep = joined.lockstep if isinstance(joined.lockstep, LockstepInfo) else None
        self.replay = joined.replay if isinstance(joined.replay, str) else None
        self.snapshots += 1

    def resumed(self) -> None:
        """Over another connection, maybe of a server that was started again and counts anew."""
        self._by_datagram = 0

    def apply(self, update: Update) -> bool | None:
        """Whether it was news; `None` where something before it is missing, and nothing has changed."""
        if isinstance(update.mine, dict):
            if update.v != self.mv + 1:
                return None
            self.mv, self.tick = update.v, update.tick
            merge(self.mine, update.mine)
        elif update.v <= self.v:
            return False  # by datagram it came faster
        elif update.v != self.v + 1:
            return None
        else:
            self._show(update.v, update.tick, update.delta if isinstance(update.delta, dict) else {})
        return True

    def apply_newest(self, news: Newest) -> bool:
        """The same for what comes by datagram: whether it was news."""
        number = room_number(self.id)
        if news.room == number:
            self._by_datagram = max(self._by_datagram, news.version)
        if not news.fits(number, self.v):
            return False
        self._show(news.version, news.tick, news.delta)
        return True

    def ack(self) -> Ack:
        """What is here."""
        return Ack(room_number(self.id), self.v, self._by_datagram)

    def _show(self, version: int, tick: int, delta: View) -> None:
        merge(self.view, delta)
        self.v, self.tick = version, max(tick, self.tick)

    def note(self, event: Event) -> None:
        """Keeps players, seat and state by the room's own events. The shapes count too: a game may have an
        event of its own that is called like one of these.
        """
        match event.name, event.data:
            case "player_joined", {"seat": int(seat), "name": str(name)}:
                self.players[seat] = Player(name)
            case "player_left", {"seat": int(seat)}:
                self.players.pop(seat, None)
            case "player_dropped" | "player_back", {"seat": int(seat)}:
                self._mark(seat, away=event.name == "player_dropped")
            case "player_ready", {"seat": int(seat), "ready": bool(ready)}:
                self._mark(seat, ready=ready)
            case "player_moved", {"seat": int(seat), "to": int(to)} if seat in self.players:
                self.players[to] = self.players.pop(seat)
                self.seat = to if self.seat == seat else self.seat
            case "started", {}:
                self.state = "playing"
            case "recorded", {"replay": str(replay)}:
                self.replay = replay
            case "finished", _:
                self.state = "over"
                for seat in self.players:
                    self._mark(seat, ready=False)

    def _mark(self, seat: int, away: bool | None = None, ready: bool | None = None) -> None:
        player = self.players.get(seat)
        if player is not None:
            self.players[seat] = Player(
                player.name,
                player.away if away is None else away,
                player.ready if ready is None else ready,
            )
