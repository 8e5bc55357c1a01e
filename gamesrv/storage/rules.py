"""Which code a game was played by: a name to find it again, and a hash that shows whether it has changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

__all__ = ["hash_of", "name_of"]


def name_of(rules: type) -> str:
    """The class as ``module:Class``."""
    return f"{rules.__module__}:{rules.__qualname__}"


def hash_of(rules: type) -> str:
    """SHA-256 of the source the class is made of: all of its package, or its one module, and those of the
    classes it is derived from. So it also changes with gamesrv's own core. Empty where there is no source.
    """
    return _hash(tuple(cls.__module__ for cls in rules.__mro__[:-1]))


@lru_cache
def _hash(modules: tuple[str, ...]) -> str:
    files = {file for module in modules for file in _sources(module)}
    if not files:
        return ""
    whole = sha256()
    for name, file in sorted(files):
        whole.update(f"{name}\n{file.stat().st_size}\n".encode())
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _sources(module_name: str) -> Iterator[tuple[str, Path]]:
    """The files of a module's package, each with a name that does not tell where it is installed."""
    module = sys.modules.get(module_name)
    source = Path(getattr(module, "__file__", None) or "")
    package = getattr(module, "__package__", None)
    if not source.is_file():
        return
    if not package:
        yield source.name, source
        return
    for file in source.parent.rglob("*.py"):
        yield f"{package}/{file.relative_to(source.parent).as_posix()}", file
