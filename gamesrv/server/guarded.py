"""The way into a room for what runs the author's code."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from twisted.python.failure import Failure

from gamesrv.core.game import Refused

if TYPE_CHECKING:
    from gamesrv.server.room import Room

__all__ = ["guarded"]

P = ParamSpec("P")


def guarded(method: Callable[Concatenate[Room, P], None]) -> Callable[Concatenate[Room, P], None]:
    """A fault within ends the room, and is a `Refused` to the caller. The host hears how long it took."""

    @wraps(method)
    def call(self: Room, /, *args: P.args, **kwargs: P.kwargs) -> None:
        began = self._now()
        try:
            method(self, *args, **kwargs)
        except Refused:
            raise
        except BaseException:
            self.fail(Failure())
            raise Refused(f"the room failed (incident {self.incident})", "room_failed") from None
        finally:
            if self.open:
                self._host.took(self, self._now() - began)

    return call
