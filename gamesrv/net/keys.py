"""Keys in files: the server's lasting one, and those of servers that a client has met."""

from __future__ import annotations

import os
import stat
from hmac import compare_digest
from pathlib import Path
from secrets import token_bytes

from attrs import frozen

__all__ = ["KnownServers", "server_key"]

FOR_OURSELVES = 0o600
SIZE = 32


def server_key(path: Path) -> bytes:
    """The secret in a file, 32 bytes in hexadecimal; one that is not there is made, for nobody else to read.

    Raises `ValueError` on a file that holds no key or that others may read, `OSError` on the usual.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_OURSELVES)
    except FileExistsError:
        return _read(path)
    secret = token_bytes(SIZE)
    with open(descriptor, "w") as file:
        file.write(secret.hex() + "\n")
    return secret


def _read(path: Path) -> bytes:
    with open(path) as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & ~FOR_OURSELVES:
            raise ValueError("others may read it: chmod 600")
        text = file.read(100).strip()  # more is no key, however much it is
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SIZE:
        raise ValueError(f"it does not hold {2 * SIZE} hexadecimal digits")
    return secret


@frozen
class KnownServers:
    """Servers' keys, in a file with a line "address key" each: one is trusted at first use, and no other one
    for the same address ever after, unless its line is taken out.
    """

    path: Path

    def trusts(self, address: str, key: bytes) -> bool:
        """Whether this is the key of the server at ``address`` (no spaces), or the first that we see there,
        which is noted. Raises `OSError`.
        """
        known = self._read().get(address)
        if known is not None:
            return compare_digest(known, key.hex())
        with open(self.path, "a") as file:
            file.write(f"{address} {key.hex()}\n")
        return True

    def _read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        lines = (line.split() for line in self.path.read_text().splitlines())
        return {words[0]: words[1] for words in lines if len(words) == 2}
