"""Who wants to be told of what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.logger import Logger

__all__ = ["Listeners"]


@define(eq=False)
class Listeners:
    """Listeners by name, called in order. One that fails is logged, and the others are told all the same."""

    _log = Logger()
    _by_name: dict[str, list[Callable[..., object]]] = field(factory=dict, init=False)

    def add(self, name: str, listener: Callable[..., object]) -> Callable[[], None]:
        """Returns what to call to listen no more."""
        listeners = self._by_name.setdefault(name, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def tell(self, name: str, *details: Any) -> None:
        """Calls them."""
        for listener in tuple(self._by_name.get(name, ())):
            try:
                listener(*details)
            except Exception:
                self._log.failure("A listener to {name} failed", name=name)
