"""One server at a time: a lock beside the database that dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from gamesrv.storage.errors import InUse, translated

__all__ = ["FileLock"]


class FileLock:
    """Holds ``PATH.lock`` by ``flock``, which survives a fork (a daemon's), but not the last process that has
    it; the file itself stays. Raises `InUse` with the process id of whoever has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".lock")
        with translated(self.path):
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(self._file, 20).decode(errors="replace").strip()
                os.close(self._file)
                raise InUse(f"{path} is in use by another server (process {holder or 'unknown'})") from None
            os.ftruncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Lets others have it."""
        os.close(self._file)
