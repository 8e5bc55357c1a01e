"""A game whose server dies in the middle of a statement that the environment names, as often as it came up.

``DEADLY=2:INTO snapshots`` kills in the second statement with these words, while SQLite is at work on it.
"""

import os
import signal
import sqlite3
from functools import partial
from typing import Any

from attrs import define

from gamesrv import tap
from tests import keeping

_times, _, _words = os.environ.get("DEADLY", "0:").partition(":")
_left = int(_times)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Deadly(sqlite3.Connection):
    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:  # type: ignore[override]
        global _left
        if _left and _words in statement:
            _left -= 1
            if _left == 0:
                self.set_progress_handler(_die, 3)
        return super().execute(statement, *values)


tap.SqliteStore = partial(tap.SqliteStore, factory=_Deadly)  # type: ignore[attr-defined, misc, assignment]


@define
class Words(keeping.Words):
    """As it is."""
