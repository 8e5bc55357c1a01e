"""Where the time of rooms goes: measured by wrapping what makes up a room's turn, while somebody asks for it.

While nobody does, nothing is wrapped and nothing is measured. A turn is one step with the messages that came
for it; in a room that does not tick, one timer or one message. Each moment of it counts for one phase only,
the innermost that is wrapped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import wraps
from time import perf_counter, process_time
from typing import Any, TypeAlias, cast

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from gamesrv.core.machine import Machine
from gamesrv.core.views import Audience
from gamesrv.server.durable import DurableRoom
from gamesrv.server.history import History
from gamesrv.server.interfaces import Clock
from gamesrv.server.lockstep import LockstepRoom
from gamesrv.server.outbox import Outbox, Outgoing
from gamesrv.server.room import Room
from gamesrv.server.stream import Stream

__all__ = ["PHASES", "TickProfile", "table"]

EVERY = 10.0
"""Seconds from one table to the next."""
ROOMS_SHOWN = 10
REST = "rest"

Method: TypeAlias = tuple[type, str]

TURNS: tuple[Method, ...] = tuple(
    (kind, name)
    for kind in (Room, LockstepRoom, DurableRoom)
    for name in ("step", "wake", "command", "sync")
    if name in vars(kind)
)
PHASES: dict[str, tuple[Method, ...]] = {
    "input": ((Room, "_apply"), (LockstepRoom, "_fix"), (LockstepRoom, "_take")),
    "step": ((Machine, "advance"),),
    "view": ((Machine, "look"), (Audience, "change"), (Machine, "checksum")),
    "encode": ((Outgoing, "frame"), (Stream, "_payload"), (History, "since"), (LockstepRoom, "_payload")),
    "send": ((Outbox, "push"), (Outbox, "update"), (Stream, "send"), (LockstepRoom, "_send_frames")),
    "save": ((DurableRoom, "_note_game"), (DurableRoom, "_note")),
}
"""What counts for which phase; whatever else happens in a turn is the rest."""
COLUMNS = (*PHASES, REST)


@define(eq=False)
class _Turn:
    """One turn of a room, while it lasts."""

    since: float = 0.0
    phase: str = REST
    spent: dict[str, float] = field(factory=lambda: dict.fromkeys(COLUMNS, 0.0))

    def switch(self, phase: str) -> str:
        """What comes counts for another phase; returns the one before."""
        now, before = perf_counter(), self.phase
        self.spent[before] += now - self.since
        self.since, self.phase = now, phase
        return before


@define(eq=False)
class _Account:
    """What the turns of a room took, phase by phase."""

    spent: dict[str, list[float]] = field(factory=lambda: {phase: [] for phase in COLUMNS})

    def add(self, turn: _Turn) -> None:
        """One more turn."""
        for phase, seconds in turn.spent.items():
            self.spent[phase].append(seconds)

    @property
    def turns(self) -> int:
        """How many there were."""
        return len(self.spent[REST])

    @property
    def total(self) -> float:
        """Seconds, all in all."""
        return sum(map(sum, self.spent.values()))


class TickProfile(Service):
    """Measures while it runs, and writes a table into the log now and then, and at its end."""

    _log = Logger()

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._originals: list[tuple[type, str, Any]] = []
        self._turn: _Turn | None = None
        """The one that is going on."""
        self._begun: dict[Room, _Turn] = {}
        """Messages have come, and the step has not."""
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)
        self._began = self._cpu = 0.0
        self._loop = LoopingCall(self._tell)
        self._loop.clock = cast(IReactorTime, clock)

    def startService(self) -> None:
        super().startService()
        for phase, methods in PHASES.items():
            for kind, name in methods:
                self._replace(kind, name, self._in_phase(getattr(kind, name), phase))
        for kind, name in TURNS:
            self._replace(kind, name, self._as_turn(getattr(kind, name)))
        self._begin()
        self._loop.start(EVERY, now=False)

    def stopService(self) -> None:
        super().stopService()
        self._loop.stop()
        self._tell()
        while self._originals:
            kind, name, original = self._originals.pop()
            setattr(kind, name, original)

    def _replace(self, kind: type, name: str, method: Callable[..., Any]) -> None:
        self._originals.append((kind, name, vars(kind)[name]))
        setattr(kind, name, method)

    def _in_phase(self, method: Callable[..., Any], phase: str) -> Callable[..., Any]:
        @wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            turn = self._turn
            if turn is None:
                return method(*args, **kwargs)
            before = turn.switch(phase)
            try:
                return method(*args, **kwargs)
            finally:
                turn.switch(before)

        return timed

    def _as_turn(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def timed(room: Room, *args: Any, **kwargs: Any) -> Any:
            if self._turn is not None:  # a method of a subclass, and now that of its parent
                return method(room, *args, **kwargs)
            turn = self._turn = self._begun.pop(room, None) or _Turn()
            turn.since = perf_counter()
            try:
                return method(room, *args, **kwargs)
            finally:
                turn.switch(REST)
                self._turn = None
                if room.tick_rate and method.__name__ != "step":
                    self._begun[room] = turn
                else:
                    self._accounts[room.id].add(turn)

        return timed

    def _begin(self) -> None:
        self._accounts.clear()
        self._begun.clear()
        self._began, self._cpu = perf_counter(), process_time()

    def _tell(self) -> None:
        seconds, cpu = perf_counter() - self._began, process_time() - self._cpu
        lines = table(self._accounts, seconds, cpu) if self._accounts else ["no room had a turn"]
        self._begin()
        self._log.info("Where the rooms' time went:\n{table}", table="\n".join(lines))


def table(accounts: dict[str, _Account], seconds: float, cpu: float) -> list[str]:
    """The rooms that took most in so many seconds, in which the process used so many of ``cpu``."""
    total = sum(account.total for account in accounts.values())
    dearest = sorted(accounts.items(), key=lambda item: item[1].total, reverse=True)
    return [
        f"{len(accounts)} rooms took {_percent(total, seconds)} of a core, the whole process"
        f" {_percent(cpu, seconds)}, in {seconds:.1f} s; µs of a turn: mean / p99 / max",
        f"{'room':<20}{'turns':>7}{'core':>7}" + "".join(f"{phase:>19}" for phase in COLUMNS),
        *(_line(name, account, seconds) for name, account in dearest[:ROOMS_SHOWN]),
        _line("all", _sum(accounts.values()), seconds),
    ]


def _line(name: str, account: _Account, seconds: float) -> str:
    phases = "".join(f"  {_spread(account.spent[phase]):>17}" for phase in COLUMNS)
    return f"{name:<20}{account.turns:>7}{_percent(account.total, seconds):>7}{phases}"


def _spread(spent: list[float]) -> str:
    if not any(spent):
        return "-"
    p99 = sorted(spent)[int(len(spent) * 0.99)]
    return " / ".join(f"{1e6 * each:.0f}" for each in (sum(spent) / len(spent), p99, max(spent)))


def _sum(accounts: Iterable[_Account]) -> _Account:
    whole = _Account()
    for account in accounts:
        for phase, seconds in account.spent.items():
            whole.spent[phase].extend(seconds)
    return whole


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%"
