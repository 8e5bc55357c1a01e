"""A player's continuity: it outlives its connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from random import random
from types import ModuleType

from attrs import define, field
from msgspec import UNSET
from twisted.internet.defer import Deferred, succeed

from gamesrv.client.asks import Asks
from gamesrv.client.backoff import backoff
from gamesrv.client.connection import Connection
from gamesrv.client.datagrams import OpenSocket
from gamesrv.client.doors import Door
from gamesrv.client.games import simulation_of
from gamesrv.client.link import Heard, Opened
from gamesrv.client.listeners import Listeners
from gamesrv.client.lockstep import Control, Lockstep
from gamesrv.client.outbox import Outbox
from gamesrv.client.requests import Closed, Refused
from gamesrv.client.room import Room
from gamesrv.client.wires import Ending
from gamesrv.core import messages
from gamesrv.core.game import GameError
from gamesrv.core.messages import ClientMessage, GameInfo, Joined, Matched, UdpOffer, Update, Welcome
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.datagram import LOCKSTEP
from gamesrv.wire.newest import decode_newest, encode_ack

__all__ = ["Client", "State"]

STABLE_AFTER = 5.0
"""Seconds online, after which a loss is the first of a new row."""


class State(StrEnum):
    """What a client is up to."""

    IDLE = "idle"
    CONNECTING = "connecting"
    ONLINE = "online"
    WAITING = "waiting"
    """For the moment of the next try."""
    CLOSED = "closed"


@define(eq=False)
class Client(Asks):
    """Plays on a server that is behind a `Door`, and comes back by itself when the connection is lost.

    With ``open_socket`` (see `gamesrv.client.udp`) it has datagrams beside the connection where the server
    offers them. All that it says waits for a connection if there is none. `on` tells of

    - ``joined``, ``update``, ``left`` (the `Room`), ``event`` (name, data), ``rooms`` (changes of the list),
    - ``refused`` (a `Refused`), ``state`` (a `State`), ``closed`` (the `Closed`),
    - ``message``: whatever the server says, before anything comes of it.
    """

    _clock: Clock
    _door: Door
    open_socket: OpenSocket | None = None
    token: str | None = None
    """Resumes a session, here or elsewhere. A secret."""
    chance: Callable[[], float] = random
    key: str | None = field(default=None, kw_only=True)
    """Makes later sessions those of the same player: the server gives one to whoever has none. A secret."""
    player: str = field(default="", init=False)
    """Who one is in all one's games; known once online."""
    name: str = field(default="", init=False)
    state: State = field(default=State.IDLE, init=False)
    games: dict[str, GameInfo] = field(factory=dict, init=False)
    """What is played here, by name; known once online."""
    lockstep: Lockstep | None = field(default=None, init=False)
    _session: str | None = field(default=None, init=False)
    _last: int = field(default=0, init=False)
    """The last event that was seen."""
    _connection: Connection | None = field(default=None, init=False)
    _greeted: bool = field(default=False, init=False)
    _online_since: float = field(default=0.0, init=False)
    _attempt: int = field(default=0, init=False)
    _timer: DelayedCall | None = field(default=None, init=False)
    _resyncing: bool = field(default=False, init=False)
    _connected: Deferred[Welcome] | None = field(default=None, init=False)
    _listeners: Listeners = field(factory=Listeners, init=False)

    def __attrs_post_init__(self) -> None:
        self._outbox = Outbox(self._clock.seconds)

    def on(self, name: str, listener: Callable[..., object]) -> Callable[[], None]:
        """Calls ``listener`` whenever that happens; returns what to call to listen no more."""
        return self._listeners.add(name, listener)

    # ------------------------------------------------------------------ what one can do

    def connect(self, name: str = "") -> Deferred[Welcome]:
        """Goes online, by that name or with `token`, and tries until it is. Fires at the first welcome."""
        if self.state not in (State.IDLE, State.CLOSED):
            raise RuntimeError(f"the client is {self.state} already")
        self.name = name or self.name
        connected: Deferred[Welcome] = Deferred(self._give_up)
        self._connected = connected
        self._open()
        return connected

    def _give_up(self, _: Deferred[Welcome]) -> None:
        self.release()

    def simulate(self, simulation: ModuleType | None = None, control: Control | None = None) -> Lockstep:
        """Plays lockstep rooms from now on, by the simulation of the game one is in where none is given.

        Raises `LookupError` where there is no such simulation.
        """
        if simulation is None:
            simulation = simulation_of("" if self.room is None else self.room.game)
        if self.lockstep is not None:
            self.lockstep.stop()
        self.lockstep = Lockstep(simulation, self._clock, self, control)
        if self.room is not None and self.room.lockstep is not None:
            self.say_now(messages.Resync())
        return self.lockstep

    def close(self) -> Deferred[None]:
        """Leaves for good: seat and session are given up where there is a connection. Fires when nothing is
        left of it.
        """
        if self._greeted and self.room is not None:
            self.say_now(messages.Leave())
        self.token = self._session = None
        return self._finish(Closed(CloseCode.LEFT, "left"), CloseCode.LEFT)

    def release(self) -> Deferred[None]:
        """Lets go of the connection but keeps the session: `token` goes on with it."""
        return self._finish(Closed(CloseCode.GOING_AWAY, "released"), CloseCode.GOING_AWAY)

    # ------------------------------------------------------------------ as the ways of a lockstep room

    @property
    def limit(self) -> int:
        """Bytes that one message may have."""
        return 0 if self._connection is None else self._connection.limit

    @property
    def round_trip(self) -> float:
        """Of the newest ping, in seconds; 0 where unknown."""
        return (self._connection and self._connection.pulse.round_trip) or 0.0

    @property
    def has_datagrams(self) -> bool:
        """Whether there is an open channel of datagrams."""
        return self._connection is not None and self._connection.has_datagrams

    def post(self, payload: bytes) -> None:
        """Sends a payload by datagram."""
        if self._connection is not None:
            self._connection.post(payload)

    def say_now(self, message: ClientMessage) -> None:
        """Says what is worth nothing later."""
        if self._greeted and self._connection is not None:
            self._connection.say(message)

    # ------------------------------------------------------------------ the connection comes and goes

    def _open(self) -> None:
        self._timer = None
        self._set(State.CONNECTING)
        self._connection = Connection(
            self._clock,
            self._door,
            self._hear,
            self._payload,
            self._outbox.ponged,
            self._ended,
            self._outbox.wants_ping,
            self._ask_for_channel,
        )

    def _ended(self, ending: Ending) -> None:
        self._connection = None
        self._note_loss()
        bad_token = ending.code == CloseCode.BAD_TOKEN and self.token is not None
        if bad_token:
            self.token = self._session = None
        if bad_token and self.name:
            self._open()
        elif ending.retry:
            self._wait(ending)
        else:
            self._finish(Closed(ending.code, ending.reason))

    def _note_loss(self) -> None:
        if self._greeted and self._clock.seconds() - self._online_since > STABLE_AFTER:
            self._attempt = 0
        self._greeted = self._resyncing = False
        self._outbox.lost()

    def _wait(self, ending: Ending) -> None:
        pause = backoff(self._attempt, ending.code, self.chance)
        self._attempt += 1
        self._timer = self._clock.callLater(pause, self._open)
        self._set(State.WAITING, ending)

    def _finish(self, closed: Closed, code: CloseCode = CloseCode.GOING_AWAY) -> Deferred[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.lockstep is not None:
            self.lockstep.stop()
        connection, self._connection = self._connection, None
        gone = succeed(None) if connection is None else connection.end(code)
        if self.state is not State.CLOSED:
            self._tell_closed(closed)
        return gone

    def _tell_closed(self, closed: Closed) -> None:
        self._note_loss()
        self._attempt = 0
        self._outbox.close(closed)
        connected, self._connected = self._connected, None
        self._set(State.CLOSED)
        self._listeners.tell("closed", closed)
        if connected is not None:
            connected.errback(closed)

    def _set(self, state: State, why: Ending | None = None) -> None:
        self.state = state
        self._listeners.tell("state", state, why)

    # ------------------------------------------------------------------ what is heard

    def _hear(self, heard: Heard) -> None:
        if not isinstance(heard, Opened):
            self._listeners.tell("message", heard)
        match heard:
            case Opened():
                self._say_hello()
            case Update():
                self._update(heard)
            case messages.Frames():
                if self.lockstep is not None:
                    self.lockstep.frames(heard.data)
            case messages.Event():
                self._event(heard)
            case Joined():
                with _well_formed():
                    self._joined(heard)
            case messages.Refusal():
                self._refused(heard)
            case messages.Desync():
                if self.lockstep is not None:
                    self.lockstep.desync(heard.tick)
            case Welcome():
                self._welcome(heard)
            case messages.Left():
                self._left()
            case messages.RoomList():
                self._outbox.answer(messages.RoomList, heard.rooms)
            case messages.RoomsChanged():
                self._listeners.tell("rooms", heard)
            case Matched() | UdpOffer():
                self._outbox.answer(type(heard), heard)

    def _say_hello(self) -> None:
        if self._connection is not None:
            resume = messages.Hello(token=self.token, last=self._last)
            new = messages.Hello(name=self.name, key=self.key)
            self._connection.say(resume if self.token else new)

    def _welcome(self, welcome: Welcome) -> None:
        connection = self._connection
        if connection is None or self._greeted:
            return
        if welcome.session != self._session:
            self._start_anew()
        if self.room is not None:
            self.room.resumed()
        self._session, self.token, self.name = welcome.session, welcome.token, welcome.name
        self.player, self.key = welcome.player, welcome.key or self.key
        self.games, self._greeted, self._online_since = welcome.games, True, self._clock.seconds()
        self._outbox.open(connection, welcome.handled)
        self._see_whether_seated()
        self._ask_for_channel()
        connected, self._connected = self._connected, None
        self._set(State.ONLINE)
        if connected is not None:
            connected.callback(welcome)

    def _start_anew(self) -> None:
        self._last = 0
        self._outbox.forget()
        if self.room is not None:
            self._left()

    def _see_whether_seated(self) -> None:
        """A resumed seat is told of right after the welcome. One that is not was given away meanwhile."""
        room = self.room
        seen = 0 if room is None else room.snapshots

        def heard(_: None) -> None:
            if room is not None and self.room is room and room.snapshots == seen:
                self._left()

        self.sync().addCallbacks(heard, lambda failure: failure.trap(Closed, Refused))

    def _joined(self, joined: Joined) -> None:
        if self.room is None or self.room.id != joined.room:
            self.room = Room(self, joined.room, joined.game)
        self.room.snapshot(joined)
        self._last, self._resyncing = joined.seq, False
        if self.lockstep is not None:
            self.lockstep.joined(joined)
        self._acknowledge()
        self._listeners.tell("joined", self.room)
        self._outbox.answer(Joined, self.room)

    def _update(self, update: Update) -> None:
        if self.room is None or self._resyncing:
            return
        news = self.room.apply(update)
        if news is None:
            self._resyncing = True
            self.say_now(messages.Resync())
        elif update.delta is not UNSET:
            self._acknowledge()
        if news:
            self._listeners.tell("update", self.room)

    def _event(self, event: messages.Event) -> None:
        if self.room is None or event.seq <= self._last:
            return
        self._last = event.seq
        self.room.note(event)
        self._listeners.tell("event", event.name, event.data)

    def _left(self) -> None:
        room, self.room = self.room, None
        if self.lockstep is not None:
            self.lockstep.stop()
        self._listeners.tell("left", room)
        self._outbox.answer(messages.Left, None)

    def _refused(self, refusal: messages.Refusal) -> None:
        refused = Refused(refusal.message, refusal.code, refusal.path)
        self._listeners.tell("refused", refused)
        if self._greeted:
            self._outbox.refuse(refused, refusal.id)
        elif self._connection is not None:
            # The hello itself: nothing else can be said on this connection.
            busy = refusal.code == "rate_limited"
            code = CloseCode.RATE_LIMIT if busy else CloseCode.BAD_MESSAGE
            self._connection.fail(Ending(code, refusal.message, busy))

    # ------------------------------------------------------------------ datagrams

    def _ask_for_channel(self) -> None:
        if self.open_socket is not None and self._greeted:
            asked = self._outbox.ask(messages.Udp(), UdpOffer)
            asked.addCallbacks(self._offered, lambda failure: failure.trap(Refused, Closed))

    def _offered(self, offer: UdpOffer) -> None:
        if self._connection is not None and self.open_socket is not None:
            self._connection.open_channel(offer, self.open_socket)

    def _payload(self, payload: bytes) -> None:
        """Sealed by the server itself; what makes no sense all the same is passed over."""
        if payload[:1] == LOCKSTEP:
            if self.lockstep is not None:
                with _passed_over():
                    self.lockstep.frames(payload[1:])
        elif (news := decode_newest(payload)) is None or self.room is None:
            self._acknowledge()
        else:
            fresh = not self._resyncing and self.room.apply_newest(news)
            self._acknowledge()
            if fresh:
                self._listeners.tell("update", self.room)

    def _acknowledge(self) -> None:
        room = self.room
        if room is not None and room.rate and room.lockstep is None and self.has_datagrams:
            self.post(encode_ack(room.ack()))


@contextmanager
def _passed_over() -> Iterator[None]:
    try:
        yield
    except BadMessage:
        pass


@contextmanager
def _well_formed() -> Iterator[None]:
    """What has the right types and still is no room makes the whole message a bad one."""
    try:
        yield
    except (ValueError, GameError) as error:
        raise BadMessage("bad_message", f"a room that can't be: {error}") from error
