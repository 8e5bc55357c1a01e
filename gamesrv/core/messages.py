"""The vocabulary of the wire: every message a client and the server may say to each other.

A message is a map with an ``op``; ``docs/protocol.md`` tells the story they make together. The classes are
the validation too: what does not fit one of them never reaches the server.
"""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from gamesrv.core.plain import MAX_INT, MAX_KEYS

__all__ = [
    "PROTOCOL_VERSION",
    "ClientMessage",
    "Closing",
    "Command",
    "Create",
    "Desync",
    "Dump",
    "Event",
    "Frames",
    "Hello",
    "Join",
    "GameInfo",
    "Joined",
    "Leave",
    "Left",
    "LockstepInfo",
    "Match",
    "Matched",
    "NumberedCommand",
    "Ping",
    "Player",
    "Pong",
    "Ready",
    "Refusal",
    "Resync",
    "RoomInfo",
    "RoomState",
    "Rooms",
    "RoomsChanged",
    "RoomList",
    "Say",
    "ServerMessage",
    "Sync",
    "Udp",
    "UdpOffer",
    "Update",
    "Watch",
    "Welcome",
]

PROTOCOL_VERSION = 1

Plain: TypeAlias = dict[str, Any]
"""A map of plain data: what JSON can say, keys are strings."""

Value: TypeAlias = (
    Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)] | float | str | bool | None | list[Any] | Plain
)
Given: TypeAlias = Annotated[dict[str, Value], Meta(max_length=MAX_KEYS)]
"""`Plain` from a client. What its type leaves open is for the codec: floats, lists and maps."""

RoomState: TypeAlias = Literal["waiting", "playing", "over"]
"""``waiting``: the game has not begun; ``over``: it is finished, and may begin again."""

Word = Annotated[str, Meta(max_length=64)]
Secret = Annotated[str, Meta(max_length=128)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class _Client(Struct, frozen=True, tag_field="op", tag=str.lower, forbid_unknown_fields=True, gc=False):
    """Anything a client says. No message can contain itself: the garbage collector need not look at any."""


class _Server(Struct, frozen=True, tag_field="op", tag=str.lower, omit_defaults=True, gc=False):
    """Anything the server says. The garbage collector need not look at it either."""


class Hello(_Client, frozen=True):
    """The first message: a newcomer's name, or the token that resumes a session and the last event seen.

    A newcomer with a ``key`` is the player that it belongs to, else a new one.
    """

    name: Annotated[str, Meta(max_length=256)] | None = None
    token: Secret | None = None
    last: Count | None = None
    version: Count = PROTOCOL_VERSION
    key: Annotated[str, Meta(min_length=32, max_length=128)] | None = None


class Ping(_Client, frozen=True):
    """Answered by `Pong` with the same ``t``: a barrier, for all said before has been handled by then."""

    t: Annotated[float, Meta(ge=-(2**53), le=2**53)] = 0.0


class Rooms(_Client, frozen=True):
    """Asks for the list of public rooms; ``live``: and for its changes, until it is asked for without."""

    live: bool = False


class Create(_Client, frozen=True):
    """Opens a room of a game and joins it. A ``private`` one is in no list: its id is a code to pass on."""

    game: Word
    options: Given = {}
    private: bool = False


class Join(_Client, frozen=True):
    """Takes a seat: in that room, or wherever there is one for that game (quick match).

    A ``ticket`` takes the seat it was given out for. In a room one sits in already, another ``seat`` is moved
    to, unless it is being played.
    """

    game: Word | None = None
    room: Word | None = None
    seat: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    ticket: Secret | None = None


class Match(_Client, frozen=True):
    """Asks for a seat at a game, to be taken a little later, perhaps over another connection."""

    game: Word


class Ready(_Client, frozen=True):
    """Says that one is ready for the game to begin, or to begin again; or that one is not."""

    ready: bool = True


class Watch(_Client, frozen=True):
    """Follows a room without a seat."""

    room: Word


class Leave(_Client, frozen=True):
    """Gives the seat back, for good."""


class Command(_Client, frozen=True, tag="cmd"):
    """Calls one command of the game. An ``id`` rises within the session and makes it exactly-once."""

    name: Word
    args: Given = {}
    id: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None


class NumberedCommand(_Client, frozen=True, tag="packet"):
    """A game's own packet: its command by number (in order of definition), with no id."""

    number: Count
    args: Given = {}


class Say(_Client, frozen=True):
    """Chat to everyone in the room."""

    text: Annotated[str, Meta(min_length=1, max_length=300)]


class Resync(_Client, frozen=True):
    """Asks for a fresh snapshot."""


class Udp(_Client, frozen=True):
    """Asks for a channel of datagrams beside this connection."""


class Sync(_Client, frozen=True):
    """A player's inputs in a lockstep room; `gamesrv.wire.lockstep` says how."""

    data: Annotated[bytes, Meta(max_length=1199)]


class Dump(_Client, frozen=True):
    """Answers `Desync`: one's own world after that tick; an empty one where it is gone, or too big to say."""

    tick: Count
    world: Given


class GameInfo(Struct, frozen=True):
    """A game that is served."""

    title: str
    seats: tuple[int, int]
    """The fewest players, and the most."""


class Welcome(_Server, frozen=True):
    """Answers `Hello`: who you are, and the token to come back with for ``grace`` seconds after a loss."""

    session: str
    name: str
    token: str
    grace: float
    handled: int
    """The last command id handled in this session."""
    version: int
    games: dict[str, GameInfo] = {}
    player: str = ""
    """Who you are in all your games, by which results are found."""
    key: str = ""
    """What makes you that player in later sessions; told once, to one who came without. A secret."""


class Pong(_Server, frozen=True):
    """Answers `Ping`; ``time`` is the server's own clock in milliseconds, good for differences only."""

    t: float
    time: int


class RoomInfo(Struct, frozen=True):
    """One line of the room list."""

    room: str
    game: str
    players: int
    seats: int
    open: bool
    """Whether one can take a seat."""
    state: RoomState = "playing"
    names: list[str] = []
    """The first of the players."""
    watchers: int = 0
    options: Plain = {}
    """Those that the room was opened with."""


class RoomList(_Server, frozen=True, tag="rooms"):
    """Answers `Rooms`."""

    rooms: list[RoomInfo]
    live: bool = False


class RoomsChanged(_Server, frozen=True, tag="rooms_changed"):
    """What has changed in the list since the last message about it."""

    changed: list[RoomInfo]
    gone: list[str]


class Matched(_Server, frozen=True):
    """Answers `Match`: for ``within`` seconds, the ``ticket`` is worth a seat in that room."""

    room: str
    ticket: str
    within: float


class Player(Struct, frozen=True, omit_defaults=True):
    """Who sits in a seat."""

    name: str
    away: bool = False
    ready: bool = False


class LockstepInfo(Struct, frozen=True):
    """What a client needs to follow a lockstep room from this snapshot on."""

    bits: int
    """Of one input."""
    mode: Literal["deadline", "wait"]
    """Whether the server goes on without a late input, or waits for it for a while."""
    check: int
    """At ticks that this divides, clients say the checksum of their world."""
    seats: int
    """How many inputs a frame has."""
    run: int
    """What goes on from this snapshot has this number, both ways."""


class Joined(_Server, frozen=True):
    """A snapshot: everything one needs to show the room from here on. There is nothing to see (an empty
    ``view``) in one whose game has not begun.
    """

    room: str
    game: str
    seat: int | None
    tick: int
    """Room time: now, where it is in milliseconds."""
    v: int
    """Version of ``view``: the next `Update` with a ``delta`` carries v + 1."""
    view: Plain
    state: RoomState
    mine: Plain | UnsetType = UNSET
    mv: int | UnsetType = UNSET
    """Version of ``mine``, as ``v`` is of ``view``."""
    seq: int = 0
    """The last event this snapshot includes."""
    rate: int = 0
    """Ticks per second; 0 where nothing happens between commands."""
    players: dict[str, Player] = {}
    commands: list[str] = []
    """The game's commands; number k has packet id 256 + k."""
    gap: bool = False
    """Events between the client's ``last`` and ``seq`` are gone."""
    options: Plain = {}
    seats: tuple[int, int] = (0, 0)
    """The fewest players of this room, and the most."""
    private: bool = False
    grace: float = 0.0
    """Seconds that a seat is held for one whose connection is lost."""
    lockstep: LockstepInfo | UnsetType = UNSET
    """There in a room where only inputs travel: ``view`` is the whole world after ``tick``."""
    replay: str | UnsetType = UNSET
    """By this id a game that is over, and kept, can be watched again."""


class Left(_Server, frozen=True):
    """Answers `Leave`."""


class Update(_Server, frozen=True):
    """An RFC 7396 merge patch to everyone's view (``delta``) or to one's own (``mine``)."""

    tick: int
    v: int
    delta: Plain | UnsetType = UNSET
    mine: Plain | UnsetType = UNSET


class Event(_Server, frozen=True):
    """Something that happened. Numbers rise within a room; a number may be missing, it was for others."""

    seq: int
    name: str
    data: Plain = {}


class Frames(_Server, frozen=True):
    """What goes into the next ticks of a lockstep room; `gamesrv.wire.lockstep` says how."""

    data: bytes


class Desync(_Server, frozen=True):
    """One's checksum of that tick is not the server's: a `Dump` is asked for, and a snapshot follows."""

    tick: int


class Refusal(_Server, frozen=True, tag="refused"):
    """Says no to one message; nothing has changed."""

    code: str
    message: str
    path: str | None = None
    id: int | None = None


class UdpOffer(_Server, frozen=True, tag="udp"):
    """Answers `Udp`. What was offered before is worth nothing from here on."""

    host: str
    """Where to send datagrams; empty for the host that this connection goes to."""
    port: int
    connection: int
    """Goes into the head of every datagram."""
    key: bytes
    """32 bytes; in JSON as Base64."""
    within: float
    """Seconds after which the key is worth nothing, unless it is used; and again after each use."""


class Closing(_Server, frozen=True):
    """The last message before the server closes the connection."""

    code: int
    reason: str
    retry: bool


ClientMessage: TypeAlias = (
    Hello
    | Ping
    | Rooms
    | Create
    | Join
    | Match
    | Ready
    | Watch
    | Leave
    | Command
    | Say
    | Resync
    | Udp
    | Sync
    | Dump
)
ServerMessage: TypeAlias = (
    Welcome
    | Pong
    | RoomList
    | RoomsChanged
    | Matched
    | Joined
    | Left
    | Update
    | Event
    | Refusal
    | Closing
    | UdpOffer
    | Frames
    | Desync
)
