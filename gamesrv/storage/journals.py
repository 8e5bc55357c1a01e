"""Between what is kept of a game and what `gamesrv.core` runs again."""

from __future__ import annotations

from gamesrv.core.journal import Input, Journal
from gamesrv.storage.interfaces import Entered, JournalBegan, Recording, Snapshot

__all__ = ["journal_of", "recording_of", "tick_of"]


def journal_of(recording: Recording, limit: int = 10_000) -> Journal:
    """What `gamesrv.core.machine.replay` takes: it leads to the last state there is."""
    header, start = recording.header, recording.start
    inputs = [entry.what for entry in recording.entries if isinstance(entry.what, Input)]
    return Journal(
        header.game,
        header.seed,
        header.options,
        dict(header.names),
        limit=limit,
        tick=_last_tick(recording),
        checkpoint=None if start is None else start.state,
        inputs=inputs,
    )


def recording_of(header: JournalBegan, journal: Journal) -> Recording:
    """What a running game has in memory, as it would be kept: for the journal of an incident.

    It ends with the time that the game got to, so that what a timer or a tick did happens again.
    """
    start = None if journal.checkpoint is None else Snapshot(header.id, 0, 0, journal.checkpoint)
    whats: list[Input | int] = [*journal.inputs, journal.tick]
    return Recording(header, start, [Entered(header.id, n, what) for n, what in enumerate(whats)])


def tick_of(what: Input | int) -> int:
    """When something entered a game."""
    return what if isinstance(what, int) else what.tick


def _last_tick(recording: Recording) -> int:
    ticks = [0 if recording.start is None else recording.start.tick]
    ticks += [tick_of(entry.what) for entry in recording.entries[-1:]]
    return max(ticks)
