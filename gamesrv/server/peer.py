"""The server's end of one connection: it takes what the peer says, one message after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from gamesrv.core.game import Refused
from gamesrv.core.messages import (
    PROTOCOL_VERSION,
    Closing,
    Command,
    Create,
    Dump,
    Hello,
    Join,
    Leave,
    Left,
    Match,
    Matched,
    NumberedCommand,
    Ping,
    Pong,
    Ready,
    Refusal,
    Resync,
    RoomList,
    Rooms,
    Say,
    Sync,
    Udp,
    Watch,
    Welcome,
)
from gamesrv.server.channel import Channel
from gamesrv.server.interfaces import Connection
from gamesrv.server.limits import TokenBucket
from gamesrv.server.lobby import Lobby
from gamesrv.server.lockstep import LockstepRoom
from gamesrv.server.outbox import Outbox
from gamesrv.server.room import Room
from gamesrv.server.seating import Member
from gamesrv.server.session import BadToken, Session, clean_name
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage

if TYPE_CHECKING:
    from gamesrv.server.gate import Gate

__all__ = ["Peer"]

STRIKES = 3
STRIKES_WITHIN = 10.0


class Peer:
    """One connection that came through the gate, and the session that speaks over it after its hello."""

    _log = Logger()

    __slots__ = (
        "_bucket",
        "_connection",
        "_gate",
        "_over_rate",
        "_strikes",
        "channel",
        "greet_by",
        "outbox",
        "session",
    )

    def __init__(self, gate: Gate, connection: Connection) -> None:
        self._gate = gate
        self._connection = connection
        self._bucket = TokenBucket(gate.limits.message_rate, gate.limits.message_burst)
        self._over_rate = 0
        self._strikes: tuple[float, ...] = ()
        self.greet_by = gate.now() + gate.limits.handshake_timeout
        """When a peer that has not said hello by then is closed, in seconds of the gate's clock."""
        self.outbox = Outbox(connection, gate.limits)
        self.session: Session | None = None
        self.channel: Channel | None = None
        """Datagrams beside this connection, if the peer asked for them."""

    # ------------------------------------------------------------------ from the link

    def receive(self, message: object) -> None:
        """Takes one message. Whatever is wrong with it is told to this peer, and to no one else."""
        if not self.outbox.open:
            return
        if not self._bucket.take(self._gate.now()):
            self._too_many(message)
            return
        self._over_rate = 0
        try:
            handler = _HANDLERS[type(message)]
            if self.session is None and handler is not _hello:
                raise Refused("say hello first", "hello_first")
            handler(self, message)
        except Refused as refused:
            self._refuse(refused, getattr(message, "id", None))
        except Exception:
            self._log.failure("A {message} could not be handled", message=type(message).__name__)
            self.close(CloseCode.INTERNAL_ERROR, "the server failed at this message")

    def bad(self, error: BadMessage) -> None:
        """Takes what could not be understood; the third time in ten seconds is the last."""
        if not self.outbox.open:
            return
        now = self._gate.now()
        self._strikes = (*(at for at in self._strikes if now - at < STRIKES_WITHIN), now)
        self.outbox.send(Refusal(error.code, error.message, error.path, error.id))
        if error.close is not None:
            self.close(error.close, error.message)
        elif len(self._strikes) >= STRIKES:
            self.close(CloseCode.BAD_MESSAGE, "too many bad messages")

    def buffer_full(self) -> None:
        """The transport can't keep up."""
        self.outbox.filled(self._gate.now())

    def buffer_drained(self) -> None:
        """The transport has caught up."""
        if self.outbox.drained() and self.session is not None and self.session.member is not None:
            self.session.member.room.snapshot(self.session.member)

    def lost(self, on_purpose: bool = False) -> None:
        """The link is gone; ``on_purpose`` where the peer said that it leaves for good."""
        self.outbox.shut()
        self._gate.channels.close(self)
        self._gate.lobby.listing.unfollow(self.outbox)
        self._gate.lost(self, on_purpose)

    # ------------------------------------------------------------------ to the link

    @property
    def address(self) -> str | None:
        """Where the peer is."""
        return self._connection.address

    @property
    def inside(self) -> bool:
        """Whether the peer is within this process."""
        return self._connection.inside

    def close(self, code: CloseCode, reason: str, within: float | None = None) -> None:
        """Tells the peer why, and closes the link."""
        if self.outbox.open:
            self._gate.channels.close(self)
            self.outbox.close(Closing(code, reason, code.retry))
            self._connection.close(code, reason, within or self._gate.limits.close_timeout)

    def send_datagram(self, payload: bytes) -> bool:
        """Sends a payload by datagram; `False` where it can't be, and the connection is the way."""
        return self.channel is not None and self.channel.send(payload)

    # ------------------------------------------------------------------ within

    def member(self) -> Member:
        """Where the player is; raises `Refused` for one who is in no room."""
        member = self.session.member if self.session is not None else None
        if member is None:
            raise Refused("you are in no room", "not_in_room")
        return member

    def _too_many(self, message: object) -> None:
        """Drops a message; a peer that goes on regardless for another full burst is closed."""
        self._over_rate += 1
        if self._over_rate > self._gate.limits.message_burst:
            self.close(CloseCode.RATE_LIMIT, "too many messages")
        elif self._over_rate == 1 or isinstance(message, Command):
            refused = Refused("too many messages", "rate_limited")
            self.outbox.send(Refusal(refused.code, refused.message, id=getattr(message, "id", None)))

    def _refuse(self, refused: Refused, command_id: int | None) -> None:
        if self.session is not None:
            self.session.refuse(refused, command_id)
        else:
            self.outbox.send(Refusal(refused.code, refused.message, refused.path, command_id))


def _hello(peer: Peer, message: Hello) -> None:
    if peer.session is not None:
        raise Refused("you have said hello already", "already_greeted")
    if message.version != PROTOCOL_VERSION:
        raise Refused(f"this server speaks version {PROTOCOL_VERSION}", "bad_version", "version")
    new_key = ""
    if message.token is None:
        if message.name is None:
            raise Refused("hello needs a name or a token", "bad_name", "name")
        if message.key is None and not peer.inside:
            new_key = peer._gate.sessions.new_key()
        name, key = clean_name(message.name), message.key or new_key or None
        session, token = peer._gate.open_session(peer, name, key)
    elif peer._gate.is_guessing(peer):
        peer.close(CloseCode.RATE_LIMIT, "too many wrong tokens from your address")
        return
    else:
        try:
            session, token = peer._gate.resume_session(peer, message.token)
        except BadToken:
            peer.close(CloseCode.BAD_TOKEN, "the token is unknown or has expired")
            return
    grace, games = peer._gate.limits.grace, peer._gate.lobby.infos
    welcome = Welcome(
        session.id,
        session.name,
        token,
        grace,
        session.handled,
        PROTOCOL_VERSION,
        games,
        session.player,
        new_key,
    )
    peer.outbox.send(welcome)
    if session.notice is not None:
        peer.outbox.send(session.notice)
        session.notice = None
    if session.member is not None:
        session.member.room.back(session.member, message.last)


def _ping(peer: Peer, message: Ping) -> None:
    peer.outbox.send(Pong(message.t, int(peer._gate.now() * 1000)))


def _rooms(peer: Peer, message: Rooms) -> None:
    listing = peer._gate.lobby.listing
    if not message.live:
        listing.unfollow(peer.outbox)
        peer.outbox.send(RoomList(listing.rooms()))
    else:
        listing.follow(peer.outbox)


def _create(peer: Peer, message: Create) -> None:
    session = _free(peer)
    room = peer._gate.lobby.create(message.game, message.options, public=not message.private)
    _enter(room, lambda: room.sit(session))


def _join(peer: Peer, message: Join) -> None:
    assert peer.session is not None
    lobby, member = peer._gate.lobby, peer.session.member
    if member is not None and member.seat is not None and _names(lobby, message, member.room):
        _join_again(member, message.seat)
        return
    session = _free(peer)
    if message.room is not None:
        room = lobby.find(message.room)
    elif message.game is not None:
        room = lobby.quick(message.game)
    else:
        raise Refused("join needs a room or a game", "bad_message", "room")
    _enter(room, lambda: room.sit(session, message.seat, message.ticket))


def _match(peer: Peer, message: Match) -> None:
    peer._gate.admit_join(peer)
    room = peer._gate.lobby.quick(message.game)
    peer.outbox.send(Matched(room.id, room.reserve(), peer._gate.limits.reservation))


def _ready(peer: Peer, message: Ready) -> None:
    member = peer.member()
    member.room.ready(member, message.ready)


def _watch(peer: Peer, message: Watch) -> None:
    session = _free(peer)
    peer._gate.lobby.find(message.room).watch(session)


def _leave(peer: Peer, message: Leave) -> None:
    member = peer.member()
    member.room.leave(member)
    peer.outbox.send(Left())


def _command(peer: Peer, message: Command) -> None:
    session = peer.session
    assert session is not None
    if message.id is not None and not session.is_new(message.id):
        answer = session.answer(message.id)
        if answer is not None:
            peer.outbox.send(answer)
        return
    member = session.member or peer.member()
    if member.seat is None:
        raise Refused("you only watch", "watching")
    member.room.command(member, message)


def _numbered(peer: Peer, message: NumberedCommand) -> None:
    names = tuple(peer.member().room.game_type.commands)
    if message.number >= len(names):
        raise Refused(f"the game has {len(names)} commands", "unknown_command")
    _command(peer, Command(names[message.number], message.args))


def _say(peer: Peer, message: Say) -> None:
    member = peer.member()
    member.room.say(member, message.text)


def _resync(peer: Peer, message: Resync) -> None:
    member = peer.member()
    member.room.snapshot(member)


def _sync(peer: Peer, message: Sync) -> None:
    member = peer.member()
    try:
        _lockstep(member).sync(member, message.data)
    except BadMessage as error:
        peer.bad(error)


def _dump(peer: Peer, message: Dump) -> None:
    member = peer.member()
    _lockstep(member).dump(member, message)


def _udp(peer: Peer, message: Udp) -> None:
    peer.outbox.send(peer._gate.channels.offer(peer))


def _lockstep(member: Member) -> LockstepRoom:
    if not isinstance(member.room, LockstepRoom):
        raise Refused("this is no lockstep room", "no_lockstep")
    return member.room


def _free(peer: Peer) -> Session:
    """The session, if it may enter a room now; raises `Refused`."""
    assert peer.session is not None
    if peer.session.member is not None:
        raise Refused(f"you are in room {peer.session.member.room.id}: leave it first", "already_in_room")
    peer._gate.admit_join(peer)
    return peer.session


def _names(lobby: Lobby, message: Join, room: Room) -> bool:
    """Whether a join means the room that one is in already."""
    if message.room is not None:
        return lobby.known(message.room) is room
    return message.game == room.game_type.name


def _join_again(member: Member, seat: int | None) -> None:
    """Whoever is in the room keeps the seat, unless it is another one that they want."""
    if seat is None or seat == member.seat:
        member.room.snapshot(member)
    else:
        member.room.move(member, seat)


def _enter(room: Room, enter: Callable[[], None]) -> None:
    """Enters a room; one that nobody got into is closed again."""
    try:
        enter()
    except Refused:
        if room.seating.empty:
            room.close(CloseCode.ROOM_OVER, "nobody came")
        raise


_HANDLERS: dict[type, Callable[[Peer, Any], None]] = {
    Hello: _hello,
    Ping: _ping,
    Rooms: _rooms,
    Create: _create,
    Join: _join,
    Match: _match,
    Ready: _ready,
    Watch: _watch,
    Leave: _leave,
    Command: _command,
    NumberedCommand: _numbered,
    Say: _say,
    Resync: _resync,
    Udp: _udp,
    Sync: _sync,
    Dump: _dump,
}
