"""Where two worlds part: the first field that is not the same."""

from typing import Any, NamedTuple

__all__ = ["Difference", "first_difference"]

ABSENT = "nothing"
_LONGEST = 200


class Difference(NamedTuple):
    """A path such as ``players.2.x`` or ``balls[0]``, empty for the whole, and what stands there."""

    path: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        """For a log, whatever a peer may have put there."""
        path, ours, theirs = (repr(part)[:_LONGEST] for part in self)
        return f"{path}: {ours} here, {theirs} there"


def first_difference(ours: Any, theirs: Any, path: str = "") -> Difference | None:
    """The first place where two pieces of plain data differ, maps in our order; `None` if they are equal.

    1, 1.0 and true are three different things: in a world of integers that is just what went wrong.
    """
    if type(ours) is not type(theirs):
        return Difference(path, ours, theirs)
    if type(ours) is dict:
        for name in [*ours, *(name for name in theirs if name not in ours)]:
            where = f"{path}.{name}" if path else str(name)
            found = first_difference(ours.get(name, ABSENT), theirs.get(name, ABSENT), where)
            if found is not None:
                return found
        return None
    if type(ours) is list:
        for place, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
            found = first_difference(mine, other, f"{path}[{place}]")
            if found is not None:
                return found
        ours, theirs = len(ours), len(theirs)
        path = f"length of {path}"
    return None if ours == theirs else Difference(path, ours, theirs)
