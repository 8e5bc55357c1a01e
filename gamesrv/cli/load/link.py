"""One TCP connection, straight on a socket."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE
from time import monotonic
from typing import Any, Protocol

from attrs import define, field

from gamesrv.cli.load.loop import Loop
from gamesrv.cli.load.wires import Wire, WireError
from gamesrv.core.messages import ClientMessage

__all__ = ["Ear", "Link", "Route"]

CHUNK = 64 * 1024
LOST = 1006
"""The code of a connection that ended without a word."""
NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Ear(Protocol):
    """Who listens to a link."""

    def opened(self) -> None:
        """Messages may be said."""
        ...

    def heard(self, number: int, body: bytes, now: float) -> None:
        """One came."""
        ...

    def carried(self, came: int, went: int) -> None:
        """So many bytes were."""
        ...

    def lost(self, code: int, why: str) -> None:
        """It is over."""
        ...


@define
class Route:
    """How to get there."""

    family: int
    address: Any
    make_wire: Callable[[], Wire]
    tls: ssl.SSLContext | None = None
    host: str = ""


@define(eq=False)
class Link:
    """From the attempt to connect to its end."""

    loop: Loop
    route: Route
    ear: Ear
    wire: Wire = field(init=False)
    _socket: socket.socket = field(init=False)
    _waiting: bytes = field(default=b"", init=False)
    """What the socket did not take yet."""
    _stage: Callable[[int], None] = field(init=False)
    _told: bool = field(default=False, init=False)
    """Whether the ear knows that it is open."""
    open: bool = field(default=True, init=False)

    def __attrs_post_init__(self) -> None:
        self.wire = self.route.make_wire()
        self._socket = socket.socket(self.route.family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stage = self._connected
        self.loop.watch(self._socket, EVENT_WRITE, self._ready)
        try:
            self._socket.connect(self.route.address)
        except BlockingIOError:
            pass
        except OSError as error:
            problem = str(error)
            self.loop.later(0, lambda: self.end(LOST, problem))

    def say(self, *messages: ClientMessage) -> None:
        """Says something, all in one write."""
        data = b"".join(map(self.wire.pack, messages))
        self.ear.carried(0, len(data))
        self._send(data)

    def finish(self) -> None:
        """Says no more; what still comes is read, so that what was said arrives."""
        if self.open and self._told:
            try:
                self._socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                self.end(LOST, str(error))
        else:
            self.end(LOST, "given up")

    def end(self, code: int, why: str) -> None:
        """Ends it now."""
        if self.open:
            self.open = False
            self.loop.forget(self._socket)
            self._socket.close()
            self.ear.lost(code, why)

    # ------------------------------------------------------------------ stages

    def _ready(self, events: int) -> None:
        if not self.open:
            return
        try:
            self._stage(events)
        except NOT_NOW:
            pass
        except OSError as error:
            self.end(LOST, error.strerror or str(error))
        except WireError as error:
            self.end(LOST, str(error))

    def _connected(self, events: int) -> None:
        problem = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            raise OSError(problem, os.strerror(problem))
        if self.route.tls is None:
            self._begin()
            return
        self.loop.forget(self._socket)
        self._socket = self.route.tls.wrap_socket(
            self._socket, do_handshake_on_connect=False, server_hostname=self.route.host
        )
        self._stage = self._shake_hands
        self.loop.watch(self._socket, EVENT_READ | EVENT_WRITE, self._ready)

    def _shake_hands(self, events: int) -> None:
        assert isinstance(self._socket, ssl.SSLSocket)
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            self.loop.change(self._socket, EVENT_READ, self._ready)
            raise
        self._begin()

    def _begin(self) -> None:
        self._stage = self._talk
        self.loop.change(self._socket, EVENT_READ, self._ready)
        self._send(self.wire.opening())
        self._see_whether_open()

    def _talk(self, events: int) -> None:
        if events & EVENT_WRITE:
            self._flush()
        if events & EVENT_READ:
            self._read()

    # ------------------------------------------------------------------ bytes

    def _read(self) -> None:
        data = self._socket.recv(CHUNK)
        now = monotonic()
        if not data:
            self.end(self.wire.close_code or LOST, "the server closed the connection")
            return
        self.ear.carried(len(data), 0)
        for number, body in self.wire.feed(data):
            self.ear.heard(number, body, now)
        if not self._told:
            self._see_whether_open()
        answer = self.wire.answer()
        if answer:
            self._send(answer)
        if self.open and self.route.tls is not None and self._socket.pending():  # type: ignore[attr-defined]
            self._read()

    def _see_whether_open(self) -> None:
        if self.wire.ready and self.open:
            self._told = True
            self.ear.opened()

    def _send(self, data: bytes) -> None:
        if not self.open:
            return
        if self._waiting:
            self._waiting += data
            return
        try:
            sent = self._socket.send(data)
        except NOT_NOW:
            sent = 0
        except OSError as error:
            problem = error.strerror or str(error)
            self.loop.later(0, lambda: self.end(LOST, problem))  # whoever says things is told a little later
            return
        if sent < len(data):
            self._waiting = data[sent:]
            self.loop.change(self._socket, EVENT_READ | EVENT_WRITE, self._ready)

    def _flush(self) -> None:
        data, self._waiting = self._waiting, b""
        if data:
            self._send(data)
        if not self._waiting and self.open:
            self.loop.change(self._socket, EVENT_READ, self._ready)
