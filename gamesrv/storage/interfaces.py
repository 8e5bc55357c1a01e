"""The seam between a server and what outlives it: the records it hands over, and what a store does with them.

A record says that something happened. The server appends them in the order in which it happened; a store has
them all up to some point and none after it, whenever the process dies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen
from msgspec import Struct

from gamesrv.core.journal import Input
from gamesrv.core.messages import Refusal

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gamesrv.storage.archive import Archive

__all__ = [
    "HEALTHY",
    "BOT",
    "Answer",
    "CallFromThread",
    "Entered",
    "Finished",
    "Handled",
    "Health",
    "Incident",
    "JournalBegan",
    "Loaded",
    "Rated",
    "Record",
    "Recording",
    "RoomClosed",
    "RoomOpened",
    "Seated",
    "SessionClosed",
    "SessionSaved",
    "Snapshot",
    "Standing",
    "Store",
    "StoredRoom",
    "Unseated",
]

Answer = TypeVar("Answer")

CallFromThread: TypeAlias = Callable[..., object]
"""Calls a function in the server's thread, soon: the reactor's ``callFromThread``, or a stand-in for it."""


# ---------------------------------------------------------------------- sessions


class SessionSaved(Struct, frozen=True):
    """A session as it is now, new or changed. Tokens come as their hashes only."""

    id: str
    name: str
    current: bytes
    previous: bytes | None = None
    expires: float | None = None
    """When it ends unless its player comes, by the wall clock; `None` while there is a connection."""
    handled: int = 0
    """The last command id taken."""
    answers: tuple[Refusal, ...] = ()
    """What was said no to, for one who asks again."""
    player: str = ""
    """Who it is, in all their games."""


class Handled(Struct, frozen=True):
    """A session's command was taken: hand it over with the input that it became."""

    session: str
    command: int
    answers: tuple[Refusal, ...] = ()


class SessionClosed(Struct, frozen=True):
    """A session is over."""

    id: str


# ---------------------------------------------------------------------- rooms


class RoomOpened(Struct, frozen=True):
    """A room, and what it was opened with. ``at`` here and elsewhere is by the wall clock."""

    id: str
    game: str
    options: dict[str, Any]
    public: bool
    at: float


class RoomClosed(Struct, frozen=True):
    """A room is over. Its journals stay, but for those that were not durable."""

    id: str


class Seated(Struct, frozen=True):
    """A session has a place in a room, new or changed: a seat, or none for one who looks on."""

    session: str
    room: str
    seat: int | None
    name: str
    ready: bool = False
    away: bool = False
    """Whether the game was told that the connection is lost."""


class Unseated(Struct, frozen=True):
    """A session is in no room any more."""

    session: str


# ---------------------------------------------------------------------- journals


class JournalBegan(Struct, frozen=True):
    """A game begins in a room: all that its inputs need to lead to the same states again."""

    id: str
    """For links too, so not to be guessed."""
    room: str
    game: str
    rules: str
    """The class, as ``module:Class``."""
    rules_hash: str
    """Of its source, by `gamesrv.storage.rules.hash_of`; empty where that can't be had."""
    seed: bytes
    options: dict[str, Any]
    names: dict[int, str]
    """Who was there at the start."""
    rate: int
    """Ticks per second of room time."""
    durable: bool
    """Whether its inputs are kept. Of one that is not, the newest two snapshots are all there is."""
    at: float
    players: dict[int, str] = {}
    """Who they are, in all their games."""


class Entered(Struct, frozen=True):
    """What entered a game: an input, or nothing but time, up to a tick, where that had an effect."""

    journal: str
    n: int
    """Its number, from 0 and without a gap."""
    what: Input | int


class Snapshot(Struct, frozen=True):
    """A game's whole state, as `gamesrv.core.state.dump` has it; a newer one for an ``n`` replaces it."""

    journal: str
    n: int
    """How many entries led to it; where none are kept, how many snapshots there were before."""
    tick: int
    state: bytes


BOT = "bot:"
"""What the names of players begin with who are no people."""


class Standing(Struct, frozen=True):
    """How one player came out."""

    player: str
    """Who it was, in all their games; one that begins with `BOT` is all bots of a grade."""
    seat: int
    name: str
    place: int
    """From 1; those who are level share one."""


class Finished(Struct, frozen=True):
    """A game is over. Of several such records for a journal the first one counts, and changes its players'
    ratings in the same transaction.
    """

    journal: str
    n: int
    tick: int
    hash: str
    """Of the last state."""
    result: Any
    at: float
    standings: tuple[Standing, ...] = ()
    public: bool = False
    """Whether it is listed. One that is not counts for the ratings all the same."""


class Rated(Struct, frozen=True):
    """What a player is rated at in a game: a skill of about ``mu``, give or take ``sigma``."""

    game: str
    player: str
    name: str
    mu: float
    sigma: float
    played: int


class Incident(Struct, frozen=True):
    """A room failed."""

    id: str
    room: str
    game: str
    at: float
    traceback: str
    journal: bytes
    """The way to the fault, as `gamesrv.storage.journal_file.write` has it."""


Record: TypeAlias = (
    SessionSaved
    | Handled
    | SessionClosed
    | RoomOpened
    | RoomClosed
    | Seated
    | Unseated
    | JournalBegan
    | Entered
    | Snapshot
    | Finished
    | Incident
)


# ---------------------------------------------------------------------- what comes back


@frozen
class Recording:
    """What is kept of one game."""

    header: JournalBegan
    start: Snapshot | None
    """The state before the first entry; `None` where that is the start of the game."""
    entries: list[Entered]
    """In order, without a gap."""
    snapshots: list[Snapshot] = field(factory=list)
    """Of the way, after the start."""
    finished: Finished | None = None
    damage: str | None = None
    """Why there is no more of it, where something was there but can't be read."""

    @property
    def next_n(self) -> int:
        """The number of the next entry."""
        return len(self.entries) + (0 if self.start is None else self.start.n)


@frozen
class StoredRoom:
    """A room that was open."""

    opened: RoomOpened
    members: list[Seated]
    recording: Recording | None
    """Its newest game, from the newest good snapshot on; `None` before the first."""
    damage: str | None = None
    """Why it has no game though there was one."""


@frozen
class Loaded:
    """What a server finds when it starts."""

    sessions: list[SessionSaved]
    rooms: list[StoredRoom]
    rooms_opened: int
    """How many rooms there have ever been: number the next ones from there, for old ones keep their names."""


@frozen
class Health:
    """How a store does. While it fails it keeps what it was given, and tries again by itself."""

    reason: str | None = None
    """Why nothing can be saved now; `None` where all is well."""

    @property
    def ok(self) -> bool:
        """Whether what is handed over gets saved."""
        return self.reason is None


HEALTHY = Health()


class Store(Protocol):
    """Where records go. All of it is called in the server's thread, and calls back there; nothing blocks but
    `open`.
    """

    health: Health
    on_health: Callable[[Health], object]
    """Called at each change of `health`."""

    def open(self) -> Loaded:
        """Opens it for this server alone. Raises `StoreError`, each kind of trouble its own."""
        ...

    def append(self, record: Record) -> None:
        """Notes what happened. It is on its way with the next `commit`; raises `Overflow` where nothing could
        be saved for so long that no more can be held, and then the record is not taken.
        """
        ...

    def commit(self, done: Callable[[], object] | None = None) -> None:
        """Sends what was appended since the last time on its way, all of it or nothing of it to survive.

        Calls ``done`` once it is safe with all before it, in order, and never before this returns. While
        the store fails that takes until it has recovered.
        """
        ...

    def ask(self, question: Callable[[Archive], Answer]) -> Deferred[Answer]:
        """Answers from what is kept, all that was committed before included. Runs in the writer's thread, so
        ask for little. Fails with `StoreError`.
        """
        ...

    def close(self) -> Deferred[None]:
        """Commits the rest and closes. Fails with `StoreError` where something could not be saved."""
        ...
