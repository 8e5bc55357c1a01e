"""Figures to lines: aligned for people, plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

__all__ = ["Goal", "Row", "Table", "format_rows"]


@attrs.frozen
class Goal:
    """What a figure should not exceed; an aim is more than that."""

    value: float
    most: float
    word: str = "goal"

    @property
    def met(self) -> bool:
        """Whether it does not."""
        return self.value <= self.most

    def __str__(self) -> str:
        return f"{self.word} <= {self.most:g}: {'met' if self.met else 'MISSED'}"


@attrs.frozen(init=False)
class Row:
    """One line: what, a figure for each that is compared, and what we want of ours."""

    what: str
    values: tuple[str, ...]
    goals: tuple[Goal, ...]

    def __init__(self, what: str, *values: str, goal: Goal | Iterable[Goal] | None = None) -> None:
        goals = (goal,) if isinstance(goal, Goal) else tuple(goal or ())
        self.__attrs_init__(what, values, goals)


@attrs.frozen
class Table:
    """Figures of the same kind by the name of what they were measured at, ours first."""

    title: str
    columns: dict[str, Any]

    def head(self) -> list[Row]:
        """The title, and the names."""
        return [Row(self.title), Row("", *self.columns)]

    def row(
        self,
        what: str,
        name: str,
        digits: int = 1,
        times: float = 1,
        most: float | None = None,
        word: str = "goal",
        of: str = "",
    ) -> Row:
        """One number of each; ``most`` is wanted of ours, or of the one that is named."""
        values = {column: getattr(figures, name) * times for column, figures in self.columns.items()}
        goal = None if most is None else Goal(values[of or next(iter(values))], most, word)
        return Row(what, *[f"{value:.{digits}f}" for value in values.values()], goal=goal)

    def ratio(self, name: str, against: str, *wanted: tuple[str, float]) -> list[Row]:
        """Our number by another's, if that one was measured, and what is wanted of it: word and most."""
        if against not in self.columns:
            return []
        ours = next(iter(self.columns))
        value = getattr(self.columns[ours], name) / getattr(self.columns[against], name)
        goals = [Goal(value, most, word) for word, most in wanted]
        return [Row(f"CPU, {ours} : {against}", f"{value:.2f}", goal=goals)]


def format_rows(rows: Iterable[Row]) -> str:
    """Columns; a row too wide for the first one (a title) just goes its way."""
    return "\n".join(_format_row(row) for row in rows)


def _format_row(row: Row) -> str:
    values = "".join(f"{value:>11}" for value in row.values)
    return f"{row.what:<34}{values:<22}   {', '.join(map(str, row.goals))}".rstrip()
