"""Messages as packets of a byte stream: a length, a packet id, and the message in MessagePack.

     u16     u16
    +-------+------+----------------------+
    | size  |  id  | body (size - 4 bytes)|
    +-------+------+----------------------+

The ids below 256 are the vocabulary's and never change; 256 + k is command number k of the game one plays,
its body the map of arguments. Any other body is the very map that travels over WebSocket. Its ``op`` may be
left out, since the id says it, and so may the whole body where no field is needed.
"""

from typing import Any, TypeAlias

import attrs
import msgspec

from gamesrv.core import messages
from gamesrv.core.messages import ClientMessage, NumberedCommand, ServerMessage
from gamesrv.core.plain import check_plain
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import FAULTS, MSGPACK, BadMessage, Decoder, bad_message, check_open
from gamesrv.wire.frames import PACKET_FRAMING, Framing, TooBig

__all__ = [
    "CLIENT_IDS",
    "FIRST_COMMAND",
    "PACKETS",
    "SERVER_FRAMING",
    "SERVER_IDS",
    "Packet",
    "PacketFormat",
    "TooBig",
    "decode",
    "decode_server",
    "encode",
    "encode_client",
]

Packet: TypeAlias = ClientMessage | NumberedCommand
"""What a client may send in packets."""

CLIENT_IDS: dict[type, int] = {
    messages.Hello: 1,
    messages.Ping: 2,
    messages.Rooms: 3,
    messages.Create: 4,
    messages.Join: 5,
    messages.Watch: 6,
    messages.Leave: 7,
    messages.Command: 8,
    messages.Say: 9,
    messages.Resync: 10,
    messages.Match: 11,
    messages.Ready: 12,
    messages.Udp: 13,
    messages.Sync: 14,
    messages.Dump: 15,
}

SERVER_IDS: dict[type, int] = {
    messages.Welcome: 129,
    messages.Pong: 130,
    messages.RoomList: 131,
    messages.Joined: 132,
    messages.Update: 133,
    messages.Event: 134,
    messages.Refusal: 135,
    messages.Left: 136,
    messages.Closing: 137,
    messages.Matched: 138,
    messages.RoomsChanged: 139,
    messages.UdpOffer: 140,
    messages.Frames: 141,
    messages.Desync: 142,
}

FIRST_COMMAND = 256
"""The packet id of a game's first command."""

SERVER_FRAMING = attrs.evolve(PACKET_FRAMING, max_frame=0xFFFF)
"""What the server sends: as long as a u16 can say."""

_EMPTY_MAP = b"\x80"

_decoders: dict[type, Any] = {kind: msgspec.msgpack.Decoder(kind) for kind in CLIENT_IDS | SERVER_IDS}
_args_decoder = msgspec.msgpack.Decoder(dict[str, Any])
_args_encoder = msgspec.msgpack.Encoder()


@attrs.frozen(eq=False)
class PacketFormat:
    """How messages become packets at one kind of port: the ids have the byte order of the lengths.

    What two connections share is encoded once for both: give them the same one.
    """

    framing: Framing = SERVER_FRAMING
    """Of what is sent."""
    _ids: dict[type, bytes] = attrs.field(init=False, repr=False)
    _from_client: dict[bytes, Decoder[ClientMessage]] = attrs.field(init=False, repr=False)
    """By id."""
    _from_server: dict[bytes, Decoder[ServerMessage]] = attrs.field(init=False, repr=False)

    @_ids.default
    def _all_ids(self) -> dict[type, bytes]:
        return {kind: self._id(number) for kind, number in (CLIENT_IDS | SERVER_IDS).items()}

    @_from_client.default
    def _all_from_client(self) -> dict[bytes, Decoder[ClientMessage]]:
        return {self._ids[kind]: _decoders[kind] for kind in CLIENT_IDS}

    @_from_server.default
    def _all_from_server(self) -> dict[bytes, Decoder[ServerMessage]]:
        return {self._ids[kind]: _decoders[kind] for kind in SERVER_IDS}

    def encode(self, message: ServerMessage) -> bytes:
        """The whole frame, head included. Raises `TooBig` where its length field can't say its size."""
        return self.framing.encode(self._ids[type(message)] + MSGPACK.encode(message))

    def decode(self, frame: bytes) -> Packet:
        """What a client said, from the id and body that a decoder delivered. Raises `BadMessage`."""
        decoder, body = self._from_client.get(frame[:2]), frame[2:] or _EMPTY_MAP
        if decoder is None:
            return NumberedCommand(self._number(frame, FIRST_COMMAND) - FIRST_COMMAND, _args(body))
        try:
            return check_open(decoder.decode(body))
        except FAULTS as error:
            fault = MSGPACK.not_plain(body) or error
            raise bad_message(fault, id=MSGPACK.command_id(body)) from error

    def encode_client(self, message: Packet) -> bytes:
        """What a client says, as a whole frame. Raises `TooBig`."""
        if isinstance(message, NumberedCommand):
            number = self._id(FIRST_COMMAND + message.number)
            return self.framing.encode(number + _args_encoder.encode(message.args))
        return self.framing.encode(self._ids[type(message)] + MSGPACK.encode_client(message))

    def decode_server(self, frame: bytes) -> ServerMessage:
        """What the server said, from id and body. Raises `BadMessage`."""
        decoder = self._from_server.get(frame[:2])
        if decoder is None:
            raise _unknown(self._number(frame, 0))
        try:
            return decoder.decode(frame[2:] or _EMPTY_MAP)
        except FAULTS as error:
            raise bad_message(error) from error

    def _id(self, number: int) -> bytes:
        return number.to_bytes(2, self.framing.byteorder)

    def _number(self, frame: bytes, least: int) -> int:
        """The id of a packet, which must be so much; raises `BadMessage`."""
        if len(frame) < 2:
            raise BadMessage("bad_message", "packet without an id", close=CloseCode.PROTOCOL_ERROR)
        number = int.from_bytes(frame[:2], self.framing.byteorder)
        if number < least:
            raise _unknown(number)
        return number


PACKETS = PacketFormat()
"""The usual one, which bots speak too."""

encode = PACKETS.encode
decode = PACKETS.decode
encode_client = PACKETS.encode_client
decode_server = PACKETS.decode_server


def _unknown(number: int) -> BadMessage:
    return BadMessage("bad_message", f"unknown packet id {number}")


def _args(body: bytes) -> dict[str, Any]:
    try:
        args = _args_decoder.decode(body)
        check_plain(args, "args")
    except FAULTS as error:
        raise bad_message(error, "args") from error
    return args
