"""What an author writes: one class, the rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from heapq import heappush
from math import ceil
from types import ModuleType
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar, overload
from zlib import crc32

import msgspec
from attrs import define, field, frozen

from gamesrv.core.areas import Areas
from gamesrv.core.bot import Act, Bot
from gamesrv.core.plain import NotPlain, check_plain
from gamesrv.core.rng import Random

__all__ = [
    "Context",
    "Emitted",
    "Game",
    "GameError",
    "LockstepMode",
    "NoOptions",
    "Refused",
    "Seat",
    "Begins",
    "Timer",
    "Window",
    "as_plain",
    "command",
]

Seat: TypeAlias = int
"""The number of a place in a room, from 0."""

Begins: TypeAlias = Literal["at_once", "full", "ready"]
"""When a room's game begins: with the room; with the last seat; when enough are there and all are ready."""

LockstepMode: TypeAlias = Literal["deadline", "wait"]
"""What the server does about an input that is late: go on without, or wait for it for a while."""

Handler = TypeVar("Handler", bound=Callable[..., None])


class GameError(Exception):
    """The rules' class itself is at fault: it can't be loaded, or did what a game may not do."""


class Refused(Exception):
    """Raise it in a command to say no: the sender alone is told. Raise it before you change anything.

    ``code`` is for programs, ``message`` for people, ``path`` names the field at fault where there is one.
    """

    def __init__(self, message: str, code: str = "refused", path: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = path


@overload
def command(handler: Handler) -> Handler: ...


@overload
def command(handler: str) -> Callable[[Handler], Handler]: ...


def command(handler: Handler | str) -> Handler | Callable[[Handler], Handler]:
    """Marks a method as a command that players may call; ``@command("pass")`` gives it another name.

    Its first argument is the seat; the type hints of the others are their validation (`typing.Annotated` with
    `gamesrv.Meta` sets limits), their documentation and the clients' types.
    """

    def mark(method: Handler) -> Handler:
        setattr(method, COMMAND_MARK, handler if isinstance(handler, str) else "")
        return method

    return mark if isinstance(handler, str) else mark(handler)


COMMAND_MARK = "_gamesrv_command"
"""The attribute that holds a command's name, where that is not the method's."""


@frozen
class NoOptions:
    """The options of a game that has none."""


@frozen
class Window:
    """What one person at a text window sees of a game, as a client has it: nothing in it is `None`."""

    view: Mapping[str, Any]
    mine: Mapping[str, Any]
    seat: Seat | None
    """Their own, `None` for one who looks on."""
    players: Mapping[Seat, str]


class Timer(NamedTuple):
    """A call of the method ``name``, due at a tick; ``number`` keeps equal moments in order."""

    due: int
    number: int
    name: str
    args: tuple[Any, ...]


class Emitted(NamedTuple):
    """An event on its way out, its data plain: to one seat, or to everyone (`None`)."""

    name: str
    data: dict[str, Any]
    to: Seat | None
    where: tuple[float, float] | None = None
    """The place that must be in sight, where there are areas."""


def as_plain(value: Any, where: str) -> dict[str, Any]:
    """A copy of a map or an attrs object, as plain data. Raises `GameError` naming ``where`` for others."""
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
    except TypeError as error:
        raise GameError(f"{where} must be plain data or attrs objects: {error}") from None
    if type(plain) is not dict:
        raise GameError(f"{where} must be a map, got {type(value).__name__}")
    return plain


@define(eq=False)
class Context:
    """What a running game has besides its own state; the machine owns it."""

    random: Random
    options: Any
    rate: int
    """Ticks per second of room time."""
    tick: int = 0
    names: dict[Seat, str] = field(factory=dict)
    timers: list[Timer] = field(factory=list)
    """A heap."""
    timers_set: int = 0
    finished: bool = False
    result: Any = None
    events: list[Emitted] = field(factory=list)
    inputs: list[int] = field(factory=list)
    """By seat, in a lockstep game."""


class Game:
    """The rules of a game: subclass it, decorate the class with `attrs.define`, keep the state in its fields.

    A game is pure: no I/O, no clock but room time, no chance but `random`. The same seed, options and inputs
    then give the same states anywhere, which is what replays, recovery and lockstep live on. So each field
    needs a hint that says what is in it, all the way down (``dict[Seat, list[Card]]``), and nothing may hang
    on the order of a set: it is another one after a recovery.
    """

    __slots__ = ("_context",)
    _context: Context

    name: ClassVar[str]
    """What clients call the game; lower case."""
    title: ClassVar[str] = ""
    """What people call it; by default the name."""
    seats: ClassVar[tuple[int, int]] = (1, 8)
    """The fewest players it can be played with, and the most."""
    begins: ClassVar[Begins] = "at_once"
    """When it begins; unless that is at once, the room waits until then."""
    tick_rate: ClassVar[int] = 0
    """Steps per second (Hz); 0 for a game in which nothing moves between commands and timers."""
    Options: ClassVar[type] = NoOptions
    """An attrs class: what a room may be opened with."""
    bot: ClassVar[type[Bot] | None] = None
    """A policy that can play it."""
    company: ClassVar[int] = 0
    """Players that bots fill a public room of it up to, if that is more than the server's ``--bots`` says for
    every game: for a world in which one would be alone with a few."""
    stand_ins: ClassVar[bool] = False
    """Whether bots play for those who are away, and take the seats of those who leave in mid-game."""
    grace: ClassVar[float | None] = None
    """Seconds that the seat of a lost connection is held; by default the server's."""
    durable: ClassVar[bool] = False
    """Whether nothing is lost at the death of the server: what came of a command is shown once that is saved.
    For games that don't tick. Others come back as they were a few seconds before."""
    browser_modules: ClassVar[tuple[str, ...]] = ()
    """Modules whose source a page may load, at ``/rules/<game>/<last part>.py``, to run them itself."""

    areas: ClassVar[Areas | None] = None
    """For a real-time world too large to be sent whole: what of the view has a place, and how much of it each
    player sees around the place that `eye` names."""

    input_bits: ClassVar[int] = 0
    """Bits of one player's input in one tick, 1 to 16, in a lockstep game: only inputs travel, and every
    client runs the same simulation. 0 for any other game. `LockstepGame` does most of it."""
    lockstep_mode: ClassVar[LockstepMode] = "deadline"
    """``deadline``: a late input is replaced by the one before; ``wait``: it is waited for, two seconds."""
    check_every: ClassVar[int] = 30
    """Ticks between two comparisons of checksums."""
    simulation: ClassVar[ModuleType | None] = None
    """The module that clients of a lockstep game run: see `LockstepGame`."""

    # ------------------------------------------------------------------ what happens to a game

    def on_start(self) -> None:
        """The game begins. Options and chance are at hand; `names` too, unless it starts at once: then nobody
        is seated yet.

        May raise `Refused` where the options don't go together.
        """

    def on_join(self, seat: Seat) -> None:
        """A player takes the seat, after the start. May raise `Refused`."""

    def on_drop(self, seat: Seat) -> None:
        """The player's connection is lost; the seat is held for a while."""

    def on_back(self, seat: Seat) -> None:
        """The player is back before that while was over."""

    def on_leave(self, seat: Seat) -> None:
        """The player is gone for good."""

    def on_tick(self) -> None:
        """One step of a real-time game."""

    # ------------------------------------------------------------------ what is seen of it

    def view(self) -> Mapping[str, Any]:
        """What everyone may see: plain data and attrs objects. A `None` in a map means: not there."""
        return {}

    def view_for(self, seat: Seat) -> Mapping[str, Any]:
        """What this seat alone may see besides."""
        return {}

    def eye(self, seat: Seat | None) -> tuple[float, float] | None:
        """Where a seat looks from, in a game with `areas`; `None`: those who only watch, and for an answer:
        it sees nothing that has a place.
        """
        return None

    def checksum(self) -> int:
        """Of a lockstep game's world: 32 bits that clients come to as well. By default that of `view`."""
        return crc32(msgspec.msgpack.encode(as_plain(self.view(), "view()")))

    def standings(self) -> Sequence[Collection[Seat]]:
        """How the players came out: seats from the best to the last, those who are level together, such as
        ``[[2], [0, 3], [1]]``. Asked once the game is over; where there is nothing in it nobody is rated.
        """
        return ()

    @classmethod
    def seats_for(cls, options: Any) -> tuple[int, int]:
        """The fewest and the most players of a room with these options, both within `seats`."""
        return cls.seats

    @classmethod
    def read_line(cls, line: str, window: Window) -> Act | str | None:
        """What a line typed at a text window means: a command and its arguments, or text to answer with.

        `None` for what is none of the game's own words. May raise `Refused`. The answer to ``help`` stands in
        the window's own help, instead of a list of the commands.
        """
        return None

    @classmethod
    def picture(cls, window: Window) -> str | None:
        """What is seen, as lines of text for a text window; `None` to have it listed."""
        return None

    @classmethod
    def tell(cls, name: str, data: Mapping[str, Any], players: Mapping[Seat, str]) -> str | None:
        """An event as a line of text; empty to pass over it, `None` to have it listed."""
        return None

    # ------------------------------------------------------------------ what it can use

    @property
    def random(self) -> Random:
        """The room's own chance: seeded, secret and repeatable."""
        return self._context.random

    @property
    def options(self) -> Any:
        """What the room was opened with, an instance of `Options`."""
        return self._context.options

    @property
    def names(self) -> Mapping[Seat, str]:
        """Who sits where."""
        return self._context.names

    @property
    def inputs(self) -> list[int]:
        """What every seat holds in this tick of a lockstep game, by seat: 0 for an empty one."""
        return [*self._context.inputs]

    @property
    def tick(self) -> int:
        """Room time in ticks: steps of a real-time game, milliseconds in any other."""
        return self._context.tick

    @property
    def seconds(self) -> float:
        """Room time in seconds."""
        return self._context.tick / self._context.rate

    def after(self, seconds: float, method: Callable[..., None], *args: Any) -> int:
        """Calls ``method``, one of this game's own, with plain ``args`` when that much room time has passed.

        Returns a number for `cancel`. Raises `GameError` for anything but a method that the game has under
        its own name, and for arguments that are not plain.
        """
        # What is kept is the name, so it must lead back to this very method.
        name = getattr(method, "__name__", "")
        if getattr(method, "__self__", None) is not self or getattr(self, name, None) != method:
            raise GameError(f"after() takes a method of the game itself, got {method!r}")
        if args:
            try:
                check_plain([*args], "args")
            except NotPlain as error:
                raise GameError(f"after({name}): {error.path}: {error.message}") from None
        context = self._context
        number: int = context.timers_set + 1
        context.timers_set = number
        due = context.tick + max(1, ceil(seconds * context.rate))
        heappush(context.timers, Timer(due, number, name, args))
        return number

    def cancel(self, timer: int) -> None:
        """Takes a timer back; one that has fired or never was is passed over."""
        timers = self._context.timers
        timers[:] = sorted([t for t in timers if t.number != timer])

    def emit(
        self,
        name: str,
        /,
        to: Seat | None = None,
        where: tuple[float, float] | None = None,
        **data: Any,
    ) -> None:
        """Tells everyone, or the seat ``to`` alone, that something happened.

        In a game with `areas`, what has happened somewhere (``where``) is told to those who are near at that
        moment, and to nobody later. The data are as they are now, whatever happens to them after;
        `GameError` unless they can be plain.
        """
        self._context.events.append(Emitted(name, as_plain(data, f"event {name}"), to, where))

    def finish(self, result: Any = None) -> None:
        """The game is over: no command and no timer comes after this one. ``result`` is plain data."""
        self.emit("finished", result=result)
        self._context.result = self._context.events[-1].data["result"]
        self._context.finished = True
