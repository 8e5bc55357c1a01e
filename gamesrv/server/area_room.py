"""A room with areas: so many may be in it that what happens between two ticks waits for the next.

In any other room everyone is told at once when somebody comes or goes. Here that would cost as much as a
tick, and when thousands come back at a time there would be thousands of them.
"""

from __future__ import annotations

from attrs import define, field

from gamesrv.server.room import Room
from gamesrv.server.seating import Member

__all__ = ["AreaRoom"]


@define(eq=False)
class AreaRoom(Room):
    """Tells everything in its ticks, snapshots included."""

    _flushed: int | None = field(default=None, init=False)
    """The tick of which all were told; `None` before the first one of a game."""

    @property
    def _waits(self) -> bool:
        """Whether a tick will come, and all has been told of the one before."""
        machine = self.machine
        return machine is not None and not machine.finished and machine.tick == self._flushed

    def snapshot(self, member: Member, last: int | None = None) -> None:
        """Sends the whole view after the next tick."""
        if self._waits:
            self._owed.setdefault(member, last)
        else:
            super().snapshot(member, last)

    def leave(self, member: Member) -> None:
        self._owed.pop(member, None)
        super().leave(member)

    def drop(self, member: Member) -> None:
        self._owed.pop(member, None)
        super().drop(member)

    def _open_game(self) -> None:
        self._flushed = None
        super()._open_game()

    def _flush(self, but: Member | None = None) -> None:
        if self._waits:
            return
        super()._flush(but)
        if self.machine is not None:
            self._flushed = self.machine.tick
        owed, self._owed = self._owed, {}
        for member, last in owed.items():
            super().snapshot(member, last)
