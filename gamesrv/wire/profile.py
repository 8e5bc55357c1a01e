"""How packets travel at one port, as one value: byte order, what a length counts, limits, and the cipher."""

from collections.abc import Callable
from typing import Protocol

import attrs
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gamesrv.core.messages import ServerMessage
from gamesrv.wire.cipher import StreamCipher
from gamesrv.wire.frames import PACKET_FRAMING, Framing
from gamesrv.wire.legacy import LegacyServer
from gamesrv.wire.noise import NoiseServer
from gamesrv.wire.packets import PACKETS, Packet, PacketFormat

__all__ = ["LEGACY", "PLAIN", "MessageFormat", "Profile", "noise"]


class MessageFormat(Protocol):
    """What frames mean."""

    def encode(self, message: ServerMessage) -> bytes:
        """The message as whole frames; empty where there is nothing to say."""
        ...

    def decode(self, frame: bytes) -> Packet:
        """What a client said. Raises `gamesrv.wire.codec.BadMessage`."""
        ...


@attrs.frozen
class Profile:
    """One way to speak packets. The frames that ``framing`` delivers begin with the id."""

    framing: Framing = PACKET_FRAMING
    """Byte order, and what the length counts."""
    packet_size: int | None = None
    """Bytes that a packet to us may have, its head included; `None` leaves that to who opens the port."""
    cipher: Callable[[], StreamCipher] | None = None
    """Makes the server's side of the cipher for each connection."""
    format: MessageFormat = attrs.field()
    """What the frames mean; by default our own messages, at most as long as the length field can say."""

    @format.default
    def _format(self) -> PacketFormat:
        framing = self.framing
        return PacketFormat(attrs.evolve(framing, min_frame=0, max_frame=(1 << 8 * framing.width) - 1))

    def incoming(self, packet_size: int) -> Framing:
        """The framing of what comes; the size is for a profile without one. Raises `ValueError` where no
        packet would fit.
        """
        size = self.packet_size or packet_size
        return attrs.evolve(self.framing, max_frame=size - self.framing.start - self.framing.adjustment)


PLAIN = Profile(format=PACKETS)
"""Our own: big endian, the length counts its head, no cipher."""

LEGACY = Profile(attrs.evolve(PACKET_FRAMING, byteorder="little"), cipher=LegacyServer)
"""As old MMO clients have it. Its cipher gives NO security: see `gamesrv.wire.legacy`."""


def noise(secret: bytes) -> Profile:
    """`PLAIN` within a Noise stream, of a server with that lasting key: see `gamesrv.wire.noise`."""
    key = X25519PrivateKey.from_private_bytes(secret)
    return attrs.evolve(PLAIN, cipher=lambda: NoiseServer(key))
