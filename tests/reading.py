"""A reactor that reads when it is told to."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

__all__ = ["Reactor"]


class Reactor(Clock):
    """A clock, and what is watched."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[Any] = set()
        self.writers: set[Any] = set()

    def addReader(self, reader: Any) -> None:
        self.readers.add(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.discard(reader)

    def addWriter(self, writer: Any) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        self.writers.discard(writer)

    def turn(self) -> None:
        """One turn: whatever is watched and has something is read."""
        for reader in tuple(self.readers):
            reader.doRead()
