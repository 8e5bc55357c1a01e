"""What still has to go to one connection, bounded: events are never skipped, updates are.

A transport has a buffer and tells when it is full and when it has drained. While it is full, updates are
passed over, since the newest state wins, and one fresh snapshot follows when it has drained. Everything else
goes on into the buffer, up to a hard limit; a peer that reaches it, or doesn't drain in time, is too slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from gamesrv.core.messages import Closing, ServerMessage
from gamesrv.server.interfaces import Connection, Format
from gamesrv.server.limits import Limits
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameError

__all__ = ["Bundle", "Outbox", "Outgoing"]


class Outgoing:
    """A message on its way to some connections, encoded once per format. By itself it is never skipped."""

    __slots__ = ("frames", "message")

    def __init__(self, message: ServerMessage) -> None:
        self.message = message
        self.frames: dict[Format, bytes] = {}
        """As the formats have it for which it was asked so far."""

    def frame(self, fmt: Format) -> bytes:
        """The message as that format has it."""
        frame = self.frames.get(fmt)
        if frame is None:
            frame = self.frames[fmt] = fmt.encode(self.message)
        return frame


class Bundle:
    """What some connections are told at one moment: updates, then events, put together once per format."""

    __slots__ = ("events", "frames", "updates")

    def __init__(self, updates: Sequence[Outgoing], events: Sequence[Outgoing | Bundle]) -> None:
        self.updates = updates
        self.events = events
        self.frames: dict[Format, bytes] = {}
        """All of it, as the formats have it for which it was asked so far."""

    def frame(self, fmt: Format) -> bytes:
        """All of it, as that format has it."""
        frame = self.frames.get(fmt)
        if frame is None:
            parts = [part.frame(fmt) for part in (*self.updates, *self.events)]
            frame = self.frames[fmt] = parts[0] if len(parts) == 1 else b"".join(parts)
        return frame


class Outbox:
    """The way out to one connection."""

    __slots__ = (
        "_format",
        "_held",
        "_held_size",
        "_limits",
        "_owed",
        "_straight",
        "_write",
        "fault",
        "full_since",
        "open",
        "stale",
    )

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self._format = connection.format
        self._write = connection.write
        self._limits = limits
        self._held: deque[list[bytes]] | None = None
        self._held_size = 0
        self._owed = 0
        self.full_since: float | None = None
        """When the transport's buffer filled up, `None` while there is room in it."""
        self.stale = False
        """Whether updates were passed over."""
        self.open = True
        self.fault: CloseCode | None = None
        """Why something could not be sent that should have been: this connection can't go on."""
        self._straight: Callable[[bytes], None] | None = self._write
        """Writes; `None` while anything must be minded before. It is all that is asked mostly."""

    def send(self, message: ServerMessage) -> None:
        """Sends one message, whatever is in the buffer."""
        self.push(Outgoing(message))

    def close(self, goodbye: Closing) -> None:
        """Sends the last message, even where nothing else may go any more."""
        self._held = None
        self._write(self._format.encode(goodbye))
        self.shut()

    def shut(self) -> None:
        """Nothing goes from now on."""
        self.open = False
        self._straight = None

    def hold(self) -> None:
        """Keeps what is said from now on, until as many calls of `release` as there were of this one.

        What is held when the connection closes is never said.
        """
        if self._held is None:
            self._held = deque()
        self._held.append([])
        self._straight = None

    def release(self) -> None:
        """Says what was held after the oldest `hold` and before the next."""
        if self._held is None:
            return
        parts = self._held.popleft()
        if not self._held:
            self._held = None
            self._mind()
        data = b"".join(parts)
        self._held_size -= len(data)
        if self.open and data:
            self._write(data)

    def put(self, data: bytes) -> None:
        """Sends bytes of the transport's own, such as what a text window says by itself."""
        if self.open and self.fault is None:
            self._put(data)

    def push(self, told: Bundle | Outgoing) -> None:
        """Sends updates if the connection keeps up, and events in any case, in one write."""
        straight, frame = self._straight, told.frames.get(self._format)
        if straight is not None and frame:
            straight(frame)
            return
        # Once something could not go, nothing may go after it: the peer would take it for all there was.
        if not self.open or self.fault is not None:
            return
        if self.full_since is not None and isinstance(told, Bundle) and told.updates:
            self.stale = True
            told, frame = Bundle((), told.events), None
        if frame is None:
            try:
                frame = told.frame(self._format)
            except FrameError as error:
                self._fail(error.close)
                return
        self._put(frame)

    def update(self, message: ServerMessage) -> None:
        """Sends an update that is for this connection alone, if it keeps up."""
        if not self.open or self.fault is not None:
            return
        if self.full_since is not None:
            self.stale = True
            return
        try:
            frame = self._format.encode(message)
        except FrameError as error:
            self._fail(error.close)
        else:
            self._put(frame)

    def filled(self, now: float) -> None:
        """The transport's buffer is full."""
        if self.full_since is None:
            self.full_since, self._straight = now, None
            self._owed = self._limits.soft_buffer

    def drained(self) -> bool:
        """The transport's buffer is empty; returns whether a snapshot is due for what was passed over."""
        due = self.stale
        self.full_since = None
        self.stale = False
        self._mind()
        return due

    def verdict(self, now: float) -> CloseCode | None:
        """Why this connection can't go on; `None` while it can."""
        if self.full_since is not None and now - self.full_since > self._limits.slow_timeout:
            return CloseCode.TOO_SLOW
        return self.fault

    def _fail(self, fault: CloseCode) -> None:
        self.fault, self._straight = fault, None

    def _mind(self) -> None:
        free = self.open and self.fault is None and self.full_since is None and self._held is None
        self._straight = self._write if free else None

    def _put(self, data: bytes) -> None:
        if self.full_since is not None:
            self._owed += len(data)
            if self._owed > self._limits.hard_buffer:
                self._fail(CloseCode.TOO_SLOW)
                return
        if self._held is not None:
            self._held_size += len(data)
            self._held[-1].append(data)
            if self._held_size > self._limits.hard_buffer:
                self._fail(CloseCode.FULL)
        elif data:
            self._write(data)
