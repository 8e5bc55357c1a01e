"""Where connections come in: it admits them, knows who speaks over them, and sees them out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from secrets import token_bytes

from attrs import define, field
from twisted.internet.defer import Deferred, succeed

from gamesrv.core.game import Refused
from gamesrv.server.books import Books
from gamesrv.server.channel import Channels
from gamesrv.server.interfaces import Connection, Now
from gamesrv.server.limits import Limits, TokenBucket
from gamesrv.server.lobby import Lobby
from gamesrv.server.peer import Peer
from gamesrv.server.session import BadToken, Session, Sessions
from gamesrv.wire.close import CloseCode

__all__ = ["Gate"]


_VERDICTS = {
    CloseCode.TOO_SLOW: "too slow in reading",
    CloseCode.FULL: "what is played can't be saved now",
    CloseCode.TOO_BIG: "what is to be said is too big for this transport",
}


@define(eq=False)
class _Address:
    """What is counted per address."""

    joins: TokenBucket
    bad_tokens: TokenBucket
    connections: int = 0

    def is_idle(self, now: float) -> bool:
        """Whether there is nothing to remember."""
        full = (
            self.joins.level(now) >= self.joins.burst and self.bad_tokens.level(now) >= self.bad_tokens.burst
        )
        return full and not self.connections


@define(eq=False)
class Gate:
    """Makes a `Peer` of every `Connection`, and keeps them, their sessions and the limits per address."""

    lobby: Lobby
    limits: Limits
    now: Now
    entropy: Callable[[int], bytes] = token_bytes
    sessions: Sessions = field(init=False)
    channels: Channels = field(init=False)
    books: Books | None = field(default=None, init=False)
    """Where sessions are noted, if they are."""
    peers: dict[Peer, None] = field(factory=dict, init=False)
    open: bool = field(default=True, init=False)
    _emptied: Deferred[None] | None = field(default=None, init=False)
    _addresses: dict[str, _Address] = field(factory=dict, init=False)
    _overdue: set[Peer] = field(factory=set, init=False)
    """Who had not said hello in time when it was looked last."""

    def __attrs_post_init__(self) -> None:
        self.sessions = Sessions(self.now)
        self.channels = Channels(self.limits, self.now, self.entropy)

    def admit(self, connection: Connection) -> Peer:
        """Takes a new link. One that is too many is closed at once, with the reason."""
        peer = Peer(self, connection)
        self.peers[peer] = None
        if not self.open or len(self.peers) > self.limits.max_connections:
            peer.close(CloseCode.FULL, "the server takes nobody now")
        if (address := self._at(peer)) is not None:
            address.connections += 1
            if address.connections > self.limits.connections_per_address:
                peer.close(CloseCode.FULL, "too many connections from your address")
        return peer

    def open_session(self, peer: Peer, name: str, key: str | None = None) -> tuple[Session, str]:
        """A new session for a peer, and its token; ``key`` says which player's it is."""
        session, token = self.sessions.open(name, key)
        self._attach(peer, session)
        return session, token

    def resume_session(self, peer: Peer, token: str) -> tuple[Session, str]:
        """The session that a token proves, and the next token; raises `BadToken`.

        A newer connection replaces an older one that still looks open.
        """
        try:
            session, fresh = self.sessions.resume(token)
        except BadToken:
            if (address := self._at(peer)) is not None:
                address.bad_tokens.take(self.now())
            raise
        if session.peer is not None:
            session.peer.session = None
            session.peer.close(CloseCode.REPLACED, "you came back over another connection")
        self._attach(peer, session)
        return session, fresh

    def is_guessing(self, peer: Peer) -> bool:
        """Whether the peer's address has brought too many wrong tokens lately."""
        address = self._at(peer)
        return address is not None and address.bad_tokens.level(self.now()) < 1

    def admit_join(self, peer: Peer) -> None:
        """Counts one more room joined or opened; raises `Refused` where they are too many."""
        address = self._at(peer)
        if address is not None and not address.joins.take(self.now()):
            raise Refused("too many rooms joined from your address: wait a second", "rate_limited")

    def lost(self, peer: Peer, on_purpose: bool) -> None:
        """A link is gone: its seat is held for the grace period, or given up where that was the purpose."""
        if peer not in self.peers:
            return
        del self.peers[peer]
        if (address := self._at(peer)) is not None:
            address.connections -= 1
        session, peer.session = peer.session, None
        if session is not None:
            self._part(session, on_purpose)
        if self._emptied is not None and not self.peers:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def sweep(self) -> None:
        """Ends what has had its time: sessions past their grace, peers too slow or without a hello."""
        now = self.now()
        for session in self.sessions.reap():
            self._end(session)
        for peer in tuple(self.peers):
            if (verdict := peer.outbox.verdict(now)) is not None:
                peer.close(verdict, _VERDICTS[verdict])
        self._send_away({peer for peer in self.peers if peer.session is None and now > peer.greet_by})
        for host in [host for host, address in self._addresses.items() if address.is_idle(now)]:
            del self._addresses[host]

    def close(self, code: CloseCode, reason: str) -> Deferred[None]:
        """Takes nobody any more, and sees everyone out; fires when the last one is gone."""
        self.open = False
        for peer in tuple(self.peers):
            peer.close(code, reason, self.limits.drain)
        if not self.peers:
            return succeed(None)
        self._emptied = Deferred()
        return self._emptied

    def _send_away(self, overdue: set[Peer]) -> None:
        """Not at the first look: where it is us who are late, their hello has come and will be read now."""
        for peer in overdue & self._overdue:
            peer.close(CloseCode.IDLE, "no hello")
        self._overdue = overdue

    def _at(self, peer: Peer) -> _Address | None:
        host = peer.address
        if host is None:
            return None
        address = self._addresses.get(host)
        if address is None:
            limits = self.limits
            joins = TokenBucket(limits.joins_per_address, max(1.0, limits.joins_per_address))
            tries = TokenBucket(limits.bad_tokens_per_address / 60, limits.bad_tokens_per_address)
            address = self._addresses[host] = _Address(joins, tries)
        return address

    def _part(self, session: Session, on_purpose: bool) -> None:
        member = session.member
        grace = self.limits.grace if member is None else member.room.grace
        self.sessions.lost(session, grace)
        if on_purpose:
            self.sessions.close(session)
            self._end(session)
            return
        if self.books is not None and session.kept:
            self.books.note_session(session, grace)
        if member is not None:
            with suppress(Refused):
                member.room.drop(member)

    def _end(self, session: Session) -> None:
        """The session is over, and its seat free."""
        if self.books is not None and session.kept:
            self.books.note_end(session)
        if session.member is not None:
            with suppress(Refused):
                session.member.room.leave(session.member)

    def _attach(self, peer: Peer, session: Session) -> None:
        """Those within this process end with it."""
        session.peer = peer
        peer.session = session
        session.kept = session.kept or (self.books is not None and not peer.inside)
        if self.books is not None and session.kept:
            self.books.greet(session, peer.outbox)
