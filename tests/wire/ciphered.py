"""Ways to run a cipher in a test."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import strategies as st

from gamesrv.wire.cipher import CipherDecoder, StreamCipher
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameError, Framing
from gamesrv.wire.legacy import LegacyClient, LegacyServer
from gamesrv.wire.noise import NoiseClient, NoiseServer

__all__ = ["SECRET", "chunkings", "decode", "legacy_pair", "noise_pair", "private"]

SECRET = bytes(range(32))
"""A server's lasting key."""


def private(number: int) -> X25519PrivateKey:
    """A key that is the same in every run."""
    return X25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def legacy_pair() -> tuple[LegacyClient, LegacyServer]:
    """Both sides."""
    return LegacyClient(), LegacyServer()


def noise_pair() -> tuple[NoiseClient, NoiseServer]:
    """Both sides, their handshake done."""
    client = NoiseClient(lambda key: True, lambda: private(7))
    server = NoiseServer(X25519PrivateKey.from_private_bytes(SECRET), lambda: private(8))
    server.feed(client.encrypt(b""))
    assert server.read(1) == b""
    client.feed(server.encrypt(b""))
    assert client.read(1) == b""
    assert client.ready and server.ready
    return client, server


@st.composite
def chunkings(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes, cut anywhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def decode(
    framing: Framing, cipher: StreamCipher, chunks: Iterable[bytes]
) -> tuple[list[bytes], CloseCode | None]:
    """The frames, and the code of the error that ended them."""
    decoder, frames = CipherDecoder(framing, cipher), list[bytes]()
    try:
        for chunk in chunks:
            frames.extend(decoder.feed(chunk))
    except FrameError as error:
        return frames, error.close
    return frames, None
