"""The list of public rooms, as it is and as it changes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from attrs import define, field

from gamesrv.core.messages import RoomInfo, RoomList, RoomsChanged
from gamesrv.server.outbox import Bundle, Outbox, Outgoing
from gamesrv.server.room import Room

__all__ = ["Listing"]

LISTED = 100
NAMES_LISTED = 8


@define(eq=False)
class Listing:
    """The newest public rooms, no more than a client can take, and those who follow the list."""

    _rooms: dict[str, Room]
    stale: bool = field(default=False, init=False)
    """Whether a room has changed since the last `publish`."""
    _followers: dict[Outbox, None] = field(factory=dict, init=False)
    _published: dict[str, RoomInfo] = field(factory=dict, init=False)

    def rooms(self) -> list[RoomInfo]:
        """The list, newest first."""
        public = (room for room in reversed(self._rooms.values()) if room.public)
        return [_line_of(room) for room in islice(public, LISTED)]

    def follow(self, outbox: Outbox) -> None:
        """Sends the list, and from now on its changes."""
        if self._followers:
            self.publish()  # so that all of them know the same
        else:
            self._published = _by_id(self.rooms())
        self._followers[outbox] = None
        outbox.send(RoomList([*self._published.values()], live=True))

    def unfollow(self, outbox: Outbox) -> None:
        """Sends no more changes."""
        self._followers.pop(outbox, None)

    def publish(self) -> None:
        """Tells the followers what has changed since the last time. Call it now and then."""
        if not self.stale or not self._followers:
            return
        self.stale = False
        before, self._published = self._published, _by_id(self.rooms())
        changed = [info for info in self._published.values() if before.get(info.room) != info]
        gone = [room for room in before if room not in self._published]
        if changed or gone:
            news = Bundle((), (Outgoing(RoomsChanged(changed, gone)),))
            for outbox in self._followers:
                outbox.push(news)


def _line_of(room: Room) -> RoomInfo:
    seating = room.seating
    return RoomInfo(
        room.id,
        room.game_type.name,
        len(seating.seats),
        seating.most,
        room.has_room,
        room.state,
        [member.name for _, member in sorted(seating.seats.items())][:NAMES_LISTED],
        len(seating.watchers),
        room.given,
    )


def _by_id(rooms: Iterable[RoomInfo]) -> dict[str, RoomInfo]:
    return {info.room: info for info in rooms}
