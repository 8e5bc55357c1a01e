"""One player: comes, takes a seat, plays, and comes back when the connection is lost."""

from __future__ import annotations

from collections.abc import Callable
from random import Random as Chance
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, TypeVar

import msgspec
from attrs import define, field

from gamesrv.cli.load.datagrams import Datagrams
from gamesrv.cli.load.link import Link
from gamesrv.cli.load.minds import Hands, Mind
from gamesrv.core.messages import (
    ClientMessage,
    Closing,
    Command,
    Event,
    Frames,
    Hello,
    Joined,
    Leave,
    Left,
    LockstepInfo,
    Ping,
    Pong,
    Ready,
    Refusal,
    Sync,
    Udp,
    UdpOffer,
    Update,
    Welcome,
)
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import MSGPACK, BadMessage
from gamesrv.wire.datagram import LOCKSTEP, STATE
from gamesrv.wire.newest import Ack, decode_newest, encode_ack, room_number
from gamesrv.wire.packets import SERVER_IDS

if TYPE_CHECKING:
    from gamesrv.cli.load.crowd import Crowd, Table

__all__ = ["Player"]

Message = TypeVar("Message")

PROBE_EVERY = 2.0
"""Seconds between two pings: behind a command, or else by themselves."""
BARRIER = -1.0
"""The time in the ping that follows a token: what the session still has was told before its pong."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Of the pauses before coming back: the protocol's full jitter."""
HELLO_AGAIN = (CloseCode.BAD_TOKEN, CloseCode.ROOM_FAILED, CloseCode.ROOM_OVER)
"""Codes that are no reason to stay away, though not to come back as one was."""
REMATCH_AFTER = 1.0, 3.0
"""Seconds between the end of a game and the wish for another one, from and to."""


class _Head(msgspec.Struct):
    """What there is to know of an update."""

    tick: int
    v: int
    mine: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Name(msgspec.Struct):
    """What there is to know of an event."""

    name: str


_head = msgspec.msgpack.Decoder(_Head).decode
_name = msgspec.msgpack.Decoder(_Name).decode


def _read(kind: type[Message], body: bytes) -> Message:
    """What came, which must be of that kind; raises `BadMessage`."""
    message = MSGPACK.decode_server(body)
    if not isinstance(message, kind):
        raise BadMessage("bad_message", f"no {kind.__name__}: {message}")
    return message


@define(eq=False)
class Player:
    """One of a crowd."""

    crowd: Crowd
    number: int
    table: Table
    mind: Mind
    chance: Chance
    link: Link | None = field(default=None, init=False)
    datagrams: Datagrams | None = field(default=None, init=False)
    seated: bool = field(default=False, init=False)
    room: str = field(default="", init=False)
    _token: str | None = field(default=None, init=False)
    _started: float = field(default=0.0, init=False)
    """When it first tried to connect; 0 once it has arrived."""
    _tries: int = field(default=0, init=False)
    """Attempts to connect or to sit down, since it sat last."""
    _greeted: bool = field(default=False, init=False)
    """Whether the link has stood."""
    _closing: Closing | None = field(default=None, init=False)
    _rate: int = field(default=0, init=False)
    _playing: bool = field(default=False, init=False)
    _seen_at: float = field(default=0.0, init=False)
    """When the last update came, 0 for none; it was that of the tick below."""
    _seen_tick: int = field(default=0, init=False)
    _version: int = field(default=0, init=False)
    _by_datagram: int = field(default=0, init=False)
    _hands: Hands | None = field(default=None, init=False)
    _probed: float = field(default=0.0, init=False)
    _acting: bool = field(default=False, init=False)
    _hearing: dict[int, Callable[[bytes, float], None]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._hearing = {SERVER_IDS[kind]: getattr(self, name) for kind, name in self.HEARING.items()}

    # ------------------------------------------------------------------ a connection

    def go(self) -> None:
        """Connects."""
        if self.crowd.ending:
            return
        self._started = self._started or monotonic()
        self._closing = None
        self.link = Link(self.crowd.loop, self.crowd.route, self)

    def leave(self) -> None:
        """Goes for good."""
        if self.link is not None:
            if self.seated:
                self._say(Leave())
            self.link.finish()

    def opened(self) -> None:
        """The link stands."""
        self._greeted = True
        self.crowd.connected(again=self._token is not None)
        if self._token is None:
            self._say(Hello(name=f"load {self.number}"))
        else:
            self._say(Hello(token=self._token), Ping(BARRIER))

    def carried(self, came: int, went: int) -> None:
        """Bytes, by link or by datagram."""
        figures = self.crowd.figures
        figures.bytes_in += came
        figures.bytes_out += went

    def lost(self, code: int, why: str) -> None:
        """The link is over: comes back, unless that makes no sense."""
        told = self._closing or Closing(code, why, retry=True)
        greeted, self._greeted, self._acting, self.link = self._greeted, False, False, None
        self._leave_table()
        if self.datagrams is not None:
            self.datagrams.close()
            self.datagrams = None
        if told.code == CloseCode.BAD_TOKEN:
            self._token = None
        self.crowd.lost(told.code, told.reason, greeted)
        if told.retry or told.code in HELLO_AGAIN:
            self._later(self._pause(), self.go)

    def heard(self, number: int, body: bytes, now: float) -> None:
        """A message came."""
        hear = self._hearing.get(number)
        if hear is not None:
            try:
                hear(body, now)
            except (BadMessage, msgspec.DecodeError) as error:
                self.crowd.error(f"not understood: {error}")

    # ------------------------------------------------------------------ a seat

    def join(self) -> None:
        """Asks for one."""
        if self.link is not None and not self.seated:
            message = self.table.way_in(self)
            if message is not None:
                self._say(message)

    def _welcome(self, body: bytes, now: float) -> None:
        welcome = _read(Welcome, body)
        newcomer, self._token = self._token is None, welcome.token
        self.crowd.welcomed = True
        if self.crowd.plan.game not in welcome.games:
            self.crowd.give_up(
                f"the server has no game {self.crowd.plan.game!r}; it has {', '.join(welcome.games)}"
            )
        elif newcomer:
            self.join()

    def _joined(self, body: bytes, now: float) -> None:
        joined = _read(Joined, body)
        if self._playing and self.seated and self.room == joined.room and joined.state == "playing":
            self.crowd.figures.snapshots += 1
        again, self.seated, self.room = self.seated, True, joined.room
        self.crowd.tick_rate = joined.rate
        self._rate, self._playing, self._seen_at = joined.rate, joined.state == "playing", 0.0
        self._version, self._by_datagram = joined.v, 0
        self.table.sits(self, joined.room)
        self._follow(joined)
        if not again:
            self._arrive()
        if not self._playing:
            self._later(self.chance.uniform(*REMATCH_AFTER) / 3, self._get_ready)

    def _follow(self, joined: Joined) -> None:
        if isinstance(joined.lockstep, LockstepInfo):
            seed = None if self.crowd.plan.play == "idle" else self.number
            self._hands = Hands(joined.lockstep, joined.tick, seed)
            self._sync(self._hands)
        else:
            self._hands = None
            self.mind.begin(joined)
            self._act_later()
            self._acknowledge()

    def _arrive(self) -> None:
        self._tries = 0
        if self._started:
            self.crowd.figures.arrivals.add(monotonic() - self._started)
        self._started = 0.0
        self.crowd.sits()
        if self.crowd.plan.udp and self.datagrams is None:
            self._say(Udp())
        self._later(self.chance.uniform(0, PROBE_EVERY), self._probe)

    def _left(self, body: bytes, now: float) -> None:
        self._leave_table()
        self._later(self._pause(), self.join)

    def _leave_table(self) -> None:
        if self.seated:
            self.seated = False
            self.crowd.seated -= 1
        self._playing = False
        self.table.leaves(self)

    def _refused(self, body: bytes, now: float) -> None:
        refusal = _read(Refusal, body)
        if self.seated and refusal.code != "rate_limited":
            self.crowd.figures.refused[refusal.code] += 1
            return
        self.crowd.error(f"refused: {refusal.code}")
        if not self.seated:
            self.table.refused(self, refusal.code)
            self._later(self._pause(), self.join)

    def _get_ready(self) -> None:
        if self.seated and not self._playing:
            self._say(Ready())

    # ------------------------------------------------------------------ what happens there

    def _updated(self, body: bytes, now: float) -> None:
        head = _head(body)
        if head.mine is msgspec.UNSET:
            if head.v <= self._version:
                return  # by datagram it came faster
            self._version = head.v
        self._note_update(head.tick, now)
        self.mind.updated(body)
        if self.datagrams is not None:
            self._acknowledge()

    def _note_update(self, tick: int, now: float) -> None:
        figures = self.crowd.figures
        figures.updates += 1
        if not self._rate or tick <= self._seen_tick and self._seen_at:
            return
        if self._seen_at:
            gap = now - self._seen_at
            figures.gaps.add(gap)
            figures.jitter.add(abs(gap - (tick - self._seen_tick) / self._rate))
        self._seen_at, self._seen_tick = now, tick

    def _happened(self, body: bytes, now: float) -> None:
        self.crowd.figures.events += 1
        match _name(body).name:
            case "started":
                self._playing = False  # until the snapshot that follows
            case "finished":
                self._playing = False
                self._later(self.chance.uniform(*REMATCH_AFTER), self._get_ready)
        self.mind.happened(body)

    def _frames(self, body: bytes, now: float) -> None:
        frames = _read(Frames, body)
        self._take_frames(frames.data, now)

    def _take_frames(self, data: bytes, now: float) -> None:
        if self._hands is not None and self._hands.take(data):
            self._note_update(self._hands.tick, now)
            self._sync(self._hands)

    def _sync(self, hands: Hands) -> None:
        if self.datagrams is None or not self.datagrams.send(LOCKSTEP + hands.sync(again=True)):
            self._say(Sync(hands.sync(again=False)))

    def _told_to_go(self, body: bytes, now: float) -> None:
        self._closing = _read(Closing, body)

    # ------------------------------------------------------------------ datagrams

    def _offered(self, body: bytes, now: float) -> None:
        offer = _read(UdpOffer, body)
        if self.datagrams is not None:
            self.datagrams.close()
        try:
            host = self.crowd.plan.place.host
            self.datagrams = Datagrams(self.crowd.loop, offer, host, self._datagram, self.carried)
        except (OSError, ValueError) as error:
            self.crowd.error(f"no datagrams: {error}")

    def _datagram(self, payload: bytes, now: float) -> None:
        if payload[:1] == LOCKSTEP:
            self.crowd.figures.by_datagram += 1
            self._take_frames(payload[1:], now)
        elif payload[:1] == STATE:
            self._newest(payload, now)

    def _newest(self, payload: bytes, now: float) -> None:
        news, number = decode_newest(payload), room_number(self.room)
        if news is None or news.room != number:
            return
        self._by_datagram = max(self._by_datagram, news.version)
        if news.fits(number, self._version):
            self._version = news.version
            self.crowd.figures.by_datagram += 1
            self._note_update(news.tick, now)
            self.mind.patched(news.delta)
        self._acknowledge()

    def _acknowledge(self) -> None:
        if self.datagrams is not None and self._hands is None:
            self.datagrams.send(encode_ack(Ack(room_number(self.room), self._version, self._by_datagram)))

    # ------------------------------------------------------------------ what it says

    def _act_later(self) -> None:
        pause = self.mind.pause()
        if pause is not None and not self._acting:
            self._acting = True
            self._later(pause, self._act)

    def _act(self) -> None:
        self._acting = False
        if not self.seated or self._hands is not None:
            return
        act = self.mind.act() if self._playing else None
        if act is not None:
            self.crowd.figures.commands += 1
            self._say_and_probe(Command(*act))
        self._act_later()

    def _say_and_probe(self, *messages: ClientMessage) -> None:
        now = monotonic()
        if now - self._probed >= PROBE_EVERY:
            self._probed = now
            messages += (Ping(now),)
        self._say(*messages)

    def _probe(self) -> None:
        if self.seated:
            if monotonic() - self._probed >= PROBE_EVERY:
                self._say_and_probe()
            self._later(PROBE_EVERY, self._probe)

    def _pong(self, body: bytes, now: float) -> None:
        pong = _read(Pong, body)
        if pong.t != BARRIER:
            self.crowd.figures.latency.add(max(0.0, now - pong.t))
        elif not self.seated:
            self.join()

    def _say(self, *messages: ClientMessage) -> None:
        if self.link is not None:
            self.link.say(*messages)

    # ------------------------------------------------------------------ time

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        """Unless the connection is another one by then."""
        link = self.link

        def still() -> None:
            if self.link is link and not self.crowd.ending:
                act()

        self.crowd.loop.later(seconds, still)

    def _pause(self) -> float:
        self._tries += 1
        return self.chance.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self._tries))

    HEARING: ClassVar[dict[type, str]] = {
        Update: "_updated",
        Event: "_happened",
        Frames: "_frames",
        Pong: "_pong",
        Joined: "_joined",
        Welcome: "_welcome",
        Refusal: "_refused",
        Left: "_left",
        Closing: "_told_to_go",
        UdpOffer: "_offered",
    }
    """What it does about what it hears; all else is for people."""
