"""``python -m gamesrv.client HOST:PORT``: a text window for the packet port, and scripts for it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from getpass import getuser
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet import asyncioreactor, task
from twisted.internet.defer import Deferred

from gamesrv.client.client import Client, State
from gamesrv.client.datagrams import udp
from gamesrv.client.doors import Door, known_servers, noise, packets, pinned, websocket
from gamesrv.client.lines import Lines, lines_for
from gamesrv.client.requests import Closed
from gamesrv.client.window import COLOURS, Quit, TextWindow
from gamesrv.client.wires import Ending
from gamesrv.wire.close import CloseCode

__all__ = ["main"]

HOME = Path("~/.gamesrv")
REFUSED, LOST = 1, 3
"""Exit codes: something that was to be said was refused; there is no connection. 2 is for a wrong option."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m gamesrv.client",
        description="A text window for a gamesrv server. Type help in it.",
        epilog="Exit codes: 0, or 1: something was refused, 2: a wrong option, 3: no connection.",
    )
    made.add_argument(
        "server", metavar="HOST:PORT", type=_server, help="its packet port; or ws://HOST:PORT/ws"
    )
    made.add_argument("--name", default=None, help="who you are [default: your login name]")
    made.add_argument("--token", default=None, help="go on with a session instead")
    trust = made.add_mutually_exclusive_group()
    trust.add_argument(
        "--noise", metavar="KEY", type=_key, help="the port is enciphered; its key, as the server told it"
    )
    trust.add_argument(
        "--trust", action="store_true", help=f"the same, trusting the key seen first (kept in {HOME}/servers)"
    )
    made.add_argument("--udp", action="store_true", help="with datagrams, where the server has them")
    made.add_argument(
        "--send", metavar="LINE", action="append", default=[], help="say this and end; repeatable"
    )
    made.add_argument(
        "--seconds", metavar="S", type=float, default=0.0, help="stay so long after the last line"
    )
    return made


def _server(text: str) -> str:
    if text.startswith(("ws://", "wss://")):
        return text
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise argparse.ArgumentTypeError(f"HOST:PORT wanted, got {text!r}")
    return text


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise argparse.ArgumentTypeError("a key has 64 hexadecimal digits")
    return key


def _door(reactor: Any, options: argparse.Namespace) -> Door:
    if options.server.startswith("ws"):
        return websocket(reactor, options.server)
    host, _, port = options.server.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if options.noise is not None:
        return noise(reactor, host, int(port), pinned(options.noise))
    if options.trust:
        home = HOME.expanduser()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return noise(reactor, host, int(port), known_servers(home / "servers", options.server))
    return packets(reactor, host, int(port))


@define(eq=False)
class Visit:
    """One run of the program."""

    reactor: Any
    options: argparse.Namespace
    code: int = field(default=0, init=False)
    client: Client = field(init=False)
    window: TextWindow = field(init=False)
    _coloured: bool = field(init=False)
    _closed: Deferred[None] = field(factory=Deferred, init=False)

    def __attrs_post_init__(self) -> None:
        reactor, options = self.reactor, self.options
        datagrams = udp(reactor) if options.udp else None
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.client = Client(reactor, _door(reactor, options), datagrams, options.token)
        self.window = TextWindow(self.client, self._show)

    async def run(self) -> int:
        """Goes there, does what is to be done, and comes back with the exit code."""
        if not await self._arrive():
            return LOST
        self.client.on("closed", self._lost)
        try:
            await (self._script() if self.options.send else self._talk())
        except Quit:
            pass
        if self.client.state is not State.CLOSED:
            await self.client.close()
        return self.code

    async def _arrive(self) -> bool:
        """The first try has to do; later ones go on for ever."""
        connecting = self.client.connect(self.options.name or getuser()[:24])

        def see(state: State, why: Ending | None) -> None:
            if state is State.WAITING:
                connecting.cancel()

        forget = self.client.on("state", see)
        try:
            await connecting
        except Closed as closed:
            if closed.code != CloseCode.GOING_AWAY:  # that we said ourselves, and the window has told why
                self._show(f"No connection: {closed}.", "no")
            return False
        finally:
            forget()
        return True

    async def _script(self) -> None:
        for line in self.options.send:
            await self._read(line)
        await self._linger()

    async def _talk(self) -> None:
        lines = lines_for(self.reactor, self.window.words, HOME.expanduser())
        with lines.shown():
            while (line := await self._next(lines)) is not None:
                await self._read(line)
        await self._linger()

    async def _read(self, line: str) -> None:
        if self.client.state is State.CLOSED:
            raise Quit
        taken = await self.window.read(line)
        if not taken and self.code == 0 and (self.options.send or not sys.stdin.isatty()):
            self.code = REFUSED

    async def _linger(self) -> None:
        await _first(task.deferLater(self.reactor, self.options.seconds), self._closed)

    def _next(self, lines: Lines) -> Deferred[str | None]:
        """The next line, or `None` when there is no sense in one."""
        return _first(lines.next(), self._closed)

    def _lost(self, closed: Closed) -> None:
        self.code = self.code if isinstance(closed.code, str) or closed.code == CloseCode.LEFT else LOST
        if not self._closed.called:
            self._closed.callback(None)

    def _show(self, text: str, kind: str) -> None:
        colour = COLOURS.get(kind) if self._coloured else None
        print(text if colour is None else f"\x1b[{colour}m{text}\x1b[0m", flush=True)


def _first(one: Deferred[Any], other: Deferred[None]) -> Deferred[Any]:
    """Fires with whichever comes first; if that is ``other``, the one is cancelled."""
    first: Deferred[Any] = Deferred()

    def fire(result: Any) -> None:
        if not first.called:
            first.callback(result)

    def give_up(_: None) -> None:
        if not first.called:
            fire(None)
            one.cancel()

    one.addCallbacks(fire, lambda failure: None if first.called else first.errback(failure))
    other.addCallback(give_up)
    return first


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs it, and ends the program with its exit code."""
    options = parser().parse_args(arguments)
    asyncioreactor.install(asyncio.new_event_loop())  # prompt_toolkit lives on asyncio

    async def visit(reactor: Any) -> None:
        raise SystemExit(await Visit(reactor, options).run())

    task.react(lambda reactor: Deferred.fromCoroutine(visit(reactor)))


if __name__ == "__main__":
    main()
