"""Where the lines of a text window come from: a prompt with history and completion, or standard input."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredQueue

__all__ = ["Lines", "PlainLines", "PromptLines", "lines_for"]

PROMPT = "> "


class Lines(Protocol):
    """Lines that somebody types."""

    def shown(self) -> AbstractContextManager[Any]:
        """While this is entered, what is printed does not disturb what is being typed."""
        ...

    def next(self) -> Deferred[str | None]:
        """The next one; `None` after the last."""
        ...


class PlainLines:
    """Standard input, whatever it is: a file, a pipe or a terminal."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._queue: DeferredQueue[str | None] = DeferredQueue()
        self._thread = Thread(target=self._read, daemon=True)  # it may wait for ever: nobody waits for it

    def shown(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def next(self) -> Deferred[str | None]:
        if self._thread.ident is None:
            self._thread.start()
        return self._queue.get()

    def _read(self) -> None:
        try:
            for line in sys.stdin:
                self._reactor.callFromThread(self._queue.put, line)
        except (OSError, ValueError):
            pass  # what can't be read, or is no text, ends like a file
        self._reactor.callFromThread(self._queue.put, None)


class PromptLines:
    """prompt_toolkit's prompt; it wants Twisted's asyncio reactor."""

    def __init__(self, words: Callable[[], list[str]], history: Path) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory

        class Discreet(FileHistory):  # type: ignore[misc, unused-ignore]
            def store_string(self, string: str) -> None:
                if not string.lstrip().lower().startswith("resume"):  # a token is a secret
                    super().store_string(string)

        completer = WordCompleter(words, ignore_case=True)
        self._session: Any = PromptSession(
            PROMPT, completer=completer, history=Discreet(str(history)), complete_while_typing=False
        )

    def shown(self) -> AbstractContextManager[Any]:
        from prompt_toolkit.patch_stdout import patch_stdout

        patched: AbstractContextManager[Any] = patch_stdout(raw=True)
        return patched

    def next(self) -> Deferred[str | None]:
        return Deferred.fromCoroutine(self._ask())

    async def _ask(self) -> str | None:
        asking = asyncio.ensure_future(self._session.prompt_async())
        try:
            line: str = await Deferred.fromFuture(asking)
        except (EOFError, KeyboardInterrupt):
            return None
        return line


def lines_for(reactor: Any, words: Callable[[], list[str]], home: Path) -> Lines:
    """A prompt for a person at a terminal, if prompt_toolkit is installed: the extra ``client``."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return PlainLines(reactor)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return PromptLines(words, home / "history")
    except (ImportError, OSError):
        return PlainLines(reactor)
