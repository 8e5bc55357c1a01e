"""For programs that live on asyncio: Twisted beside them, on the very same loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorAlreadyInstalledError
from twisted.internet.main import installReactor

__all__ = ["reactor_here", "wait_for"]

T = TypeVar("T")


@asynccontextmanager
async def reactor_here() -> AsyncIterator[Any]:
    """A reactor on the loop that runs now, for the clients of this program. It becomes Twisted's own where
    there is none yet, for Twisted would make another.
    """
    reactor: Any = asyncioreactor.AsyncioSelectorReactor(asyncio.get_running_loop())
    with suppress(ReactorAlreadyInstalledError):
        installReactor(reactor)
    reactor.startRunning(False)
    try:
        yield reactor
    finally:
        reactor.getThreadPool().stop()  # to fire its own shutdown would stop the loop as well


def wait_for(deferred: Deferred[T]) -> asyncio.Future[T]:
    """What asyncio can await. To cancel it is to cancel the Deferred."""
    return deferred.asFuture(asyncio.get_running_loop())
