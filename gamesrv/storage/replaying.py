"""Runs what was kept of a game again, and compares it on the way with the states that were kept."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from attrs import define, evolve, field, frozen

from gamesrv.core.game import Refused
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.core.state import dump
from gamesrv.storage.errors import StoreError
from gamesrv.storage.interfaces import Entered, Recording, Snapshot
from gamesrv.storage.journals import journal_of, tick_of

__all__ = ["Changed", "Difference", "Replay", "recover"]


@frozen
class Difference:
    """A state came out another one than it was."""

    n: int
    """After so many entries."""
    tick: int
    kept: bytes | None
    """The state as it was; `None` where only its hash was kept."""
    now: bytes


class Changed(StoreError):
    """The rules lead elsewhere than they did when the game was played."""


@define(eq=False)
class Replay:
    """One run through a recording, with the machine where it is now.

    Making it, and going on, raise whatever the author's code raises.
    """

    game_type: GameType
    recording: Recording
    limit: int = 10_000
    """Inputs that the machine's own journal keeps."""
    machine: Machine = field(init=False)
    refused: Refused | None = field(default=None, init=False)
    """Why the last entry was refused, if it was."""
    difference: Difference | None = field(default=None, init=False)
    """The first one."""

    def __attrs_post_init__(self) -> None:
        start = evolve(self.recording, entries=[])
        self.machine = replay(self.game_type, journal_of(start, self.limit))

    def run(self) -> Iterator[Entered | None]:
        """Lets one entry after the other in, and gives it when that is done; `None` for a timer's moment."""
        snapshots = [*self.recording.snapshots]
        for entry in self.recording.entries:
            while snapshots and snapshots[0].n <= entry.n:
                self._compare(snapshots.pop(0))
            yield from self._timers(tick_of(entry.what))
            self._enter(entry)
            yield entry
        for snapshot in snapshots:
            self._compare(snapshot)
        self._compare_end()

    def _timers(self, tick: int) -> Iterator[None]:
        """Those due before that tick."""
        while (due := self.machine.next_due) is not None and due < tick:
            self.machine.advance(due)
            yield None

    def _enter(self, entry: Entered) -> None:
        self.refused = None
        if isinstance(entry.what, int):
            self.machine.advance(entry.what)
            return
        try:
            self.machine.apply(entry.what)
        except Refused as refused:
            self.refused = refused

    def _compare(self, kept: Snapshot) -> None:
        self.machine.advance(kept.tick)
        now = dump(self.machine.game)
        if now != kept.state:
            self._differ(Difference(kept.n, kept.tick, kept.state, now))

    def _compare_end(self) -> None:
        end = self.recording.finished
        if end is None or self.recording.damage is not None:
            return
        self.machine.advance(end.tick)
        now = dump(self.machine.game)
        if sha256(now).hexdigest() != end.hash:
            self._differ(Difference(end.n, end.tick, None, now))

    def _differ(self, difference: Difference) -> None:
        self.difference = self.difference or difference


def recover(game_type: GameType, recording: Recording, limit: int = 10_000) -> Machine:
    """The game as far as it got. Raises `Changed` where it is not what it was by then, and whatever the
    author's code raises.
    """
    run = Replay(game_type, recording, limit)
    for _ in run.run():
        pass
    if run.difference is not None:
        raise Changed(f"the rules lead elsewhere since tick {run.difference.tick}")
    return run.machine
