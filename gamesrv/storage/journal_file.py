"""A game in a file of its own, to pass on: JSON, one record a line. ``docs/storage.md`` describes it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TypeAlias

from attrs import define, field
from msgspec import DecodeError, Struct, ValidationError, json

from gamesrv.core.journal import Input
from gamesrv.storage.errors import Corrupt
from gamesrv.storage.interfaces import Entered, Finished, JournalBegan, Recording, Snapshot

__all__ = ["VERSION", "read", "write"]

VERSION = 1


class _Journal(Struct, tag="journal", tag_field="type"):
    """The first line."""

    version: int
    header: JournalBegan
    start: Snapshot | None


class _Entry(Struct, tag="entry", tag_field="type"):
    n: int
    what: Input | int


class _Snapshot(Struct, tag="snapshot", tag_field="type"):
    snapshot: Snapshot
    hash: str


class _Finished(Struct, tag="finished", tag_field="type"):
    finished: Finished


class _End(Struct, tag="end", tag_field="type"):
    """The last line: whatever is missing before it was missing when the file was written."""

    entries: int
    damage: str | None


class _Version(Struct, tag="journal", tag_field="type"):
    version: int


_Line: TypeAlias = _Entry | _Snapshot | _Finished | _End
_decoder = json.Decoder(_Line)


def write(recording: Recording) -> bytes:
    """The whole file."""
    return b"".join(json.encode(line) + b"\n" for line in _lines(recording))


def read(data: bytes) -> Recording:
    """What a file says; `Recording.damage` tells where it was cut, or what in it makes no sense.

    Raises `Corrupt` where there is no beginning, or it is of a newer format.
    """
    head, *lines = data.split(b"\n")
    reader = _Reader(_head(head))
    for number, line in enumerate(lines[:-1], 2):
        try:
            reader.take(_decoder.decode(line))
        except (DecodeError, ValueError) as error:
            reader.damage = f"line {number}: {error}"
        if reader.ended or reader.damage is not None:
            return reader.recording
    reader.damage = f"it ends within line {len(lines) + 1}"
    return reader.recording


def _lines(recording: Recording) -> Iterator[_Journal | _Line]:
    yield _Journal(VERSION, recording.header, recording.start)
    snapshots = [*recording.snapshots]
    for entry in recording.entries:
        while snapshots and snapshots[0].n <= entry.n:
            yield _snapshot(snapshots.pop(0))
        yield _Entry(entry.n, entry.what)
    yield from map(_snapshot, snapshots)
    if recording.finished is not None:
        yield _Finished(recording.finished)
    yield _End(len(recording.entries), recording.damage)


def _snapshot(snapshot: Snapshot) -> _Snapshot:
    return _Snapshot(snapshot, sha256(snapshot.state).hexdigest())


def _head(line: bytes) -> _Journal:
    try:
        version = json.decode(line, type=_Version).version
        if version > VERSION:
            raise Corrupt(f"the journal is of version {version}, and this gamesrv knows {VERSION}")
        return json.decode(line, type=_Journal)
    except ValidationError as error:
        raise Corrupt(f"this is no journal: {error}") from None
    except DecodeError:
        raise Corrupt("this is no journal") from None


@define
class _Reader:
    """Takes one line after the other, as far as they follow each other."""

    _head: _Journal
    _entries: list[Entered] = field(factory=list)
    _snapshots: list[Snapshot] = field(factory=list)
    _finished: Finished | None = None
    ended: bool = False
    damage: str | None = None

    @property
    def recording(self) -> Recording:
        """What there was."""
        head = self._head
        return Recording(head.header, head.start, self._entries, self._snapshots, self._finished, self.damage)

    def take(self, line: _Line) -> None:
        """Raises `ValueError` for what can't come now."""
        match line:
            case _Entry():
                first = 0 if self._head.start is None else self._head.start.n
                if line.n != first + len(self._entries):
                    raise ValueError(f"entry {line.n} comes where {first + len(self._entries)} is due")
                self._entries.append(Entered(self._head.header.id, line.n, line.what))
            case _Snapshot():
                if sha256(line.snapshot.state).hexdigest() != line.hash:
                    raise ValueError("the snapshot is damaged")
                self._snapshots.append(line.snapshot)
            case _Finished():
                self._finished = line.finished
            case _End():
                if line.entries != len(self._entries):
                    raise ValueError(f"there should be {line.entries} entries")
                self.ended, self.damage = True, line.damage
