"""A real-time room's newest state, for those who get it by datagram."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import define, field

from gamesrv.core.messages import Update
from gamesrv.server.channel import Channel
from gamesrv.server.outbox import Outgoing
from gamesrv.wire.datagram import MAX_PAYLOAD
from gamesrv.wire.newest import Newest, compose, encode_newest

if TYPE_CHECKING:
    from gamesrv.server.seating import Member

__all__ = ["Stream"]

KEPT = 64
"""Versions that one may be behind: a second at 60 Hz."""
PATIENCE = 0.5
"""Seconds without word that any has come, after which the reliable link carries it."""


@define(eq=False)
class Stream:
    """The last updates of one room; each datagram tells all that its peer is not known to have.

    Until the peer says that it has the newest version, every step of the room sends it once more. What can't
    go by datagram (too much of it, or nobody says that any arrive) goes over the reliable link, in order and
    from the last version that is sure to be there: such a peer misses nothing, whatever becomes of datagrams.
    """

    version: int
    """That of the newest update."""
    _kept: deque[tuple[int, Update, Outgoing]] = field(factory=lambda: deque(maxlen=KEPT), init=False)
    _payloads: dict[int, bytes | None] = field(factory=dict, init=False)
    """What is told to those who have that version; `None` where it is too much."""

    def add(self, update: Update, outgoing: Outgoing) -> None:
        """One more version."""
        self.version = update.v
        self._kept.append((update.v, update, outgoing))
        self._payloads.clear()

    def send(
        self, member: Member, channel: Channel, updates: Sequence[Outgoing], last: bool
    ) -> Sequence[Outgoing]:
        """Sends what is new; returns the updates that must go over the reliable link.

        ``updates`` are those that go to everybody; ``last``: nothing may come after them to make up for
        a loss.
        """
        if channel.follows != (self, member):
            channel.follow(self, member, self.version)
            return updates
        sure = max(channel.sure, min(channel.acked, self.version))
        if sure == self.version:
            return ()
        if not last and sure > self.version - KEPT and self._goes(channel):
            return ()
        channel.sure = self.version
        return [outgoing for version, _, outgoing in self._kept if version > sure]

    def _goes(self, channel: Channel) -> bool:
        """Sends a datagram; where none seem to arrive, now and then one besides what goes over the link."""
        payload = self._payload(channel)
        if payload is None:
            return False
        now = channel.house.now()
        if channel.waiting_since is None:
            channel.waiting_since = now
        if now - channel.waiting_since <= PATIENCE:
            return channel.send(payload)
        if now - channel.probed > PATIENCE:
            channel.probed = now
            channel.send(payload)
        return False

    def _payload(self, channel: Channel) -> bytes | None:
        base = channel.acked
        if base not in self._payloads:
            self._payloads[base] = self._encode(channel.room, base)
        return self._payloads[base]

    def _encode(self, room: int, base: int) -> bytes | None:
        if not self._kept or not self._kept[0][0] - 1 <= base < self.version:
            return None
        news = [update for version, update, _ in self._kept if version > base]
        patch = compose(update.delta for update in news if isinstance(update.delta, dict))
        if patch is None:
            return None
        payload = encode_newest(Newest(room, base, self.version, news[-1].tick, patch))
        return payload if len(payload) <= MAX_PAYLOAD else None
