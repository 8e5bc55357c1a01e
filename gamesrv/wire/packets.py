"""Messages as packets of a byte stream: a length, a packet id, and the message in MessagePack.

     u16     u16
    +-------+------+----------------------+
    | size  |  id  | body (size - 4 bytes)|
    +-------+------+----------------------+

The ids below 256 are the vocabulary's and never change; 256 + k is command number k of the game one plays,
its body the map of arguments. Any other body is the very map that travels over WebSocket. Its ``op`` may be
left out, since the id says it, and so may the whole body where no field is needed.
"""

from typing import Any, TypeAlias, TypeVar

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

T = TypeVar("T")

_client_decoders: dict[int, Decoder[ClientMessage]] = {
    number: msgspec.msgpack.Decoder(kind) for kind, number in CLIENT_IDS.items()
}
_server_decoders: dict[int, Decoder[ServerMessage]] = {
    number: msgspec.msgpack.Decoder(kind) for kind, number in SERVER_IDS.items()
}
_args_decoder = msgspec.msgpack.Decoder(dict[str, Any])
_args_encoder = msgspec.msgpack.Encoder()


@attrs.frozen(eq=False)
class PacketFormat:
    """How messages become packets at one kind of port: the ids have the byte order of the lengths.

    What two connections share is encoded once for both: give them the same one.
    """

    framing: Framing = SERVER_FRAMING
    """Of what is sent."""

    def encode(self, message: ServerMessage) -> bytes:
        """The whole frame, head included. Raises `TooBig` where its length field can't say its size."""
        return self._frame(SERVER_IDS[type(message)], MSGPACK.encode(message))

    def decode(self, frame: bytes) -> Packet:
        """What a client said, from the id and body that a decoder delivered. Raises `BadMessage`."""
        number, body = self._split(frame)
        if number >= FIRST_COMMAND:
            return NumberedCommand(number - FIRST_COMMAND, _args(body))
        try:
            return check_open(_decoder(_client_decoders, number).decode(body))
        except FAULTS as error:
            raise bad_message(error, id=MSGPACK.command_id(body)) from error

    def encode_client(self, message: Packet) -> bytes:
        """What a client says, as a whole frame. Raises `TooBig`."""
        if isinstance(message, NumberedCommand):
            return self._frame(FIRST_COMMAND + message.number, _args_encoder.encode(message.args))
        return self._frame(CLIENT_IDS[type(message)], MSGPACK.encode_client(message))

    def decode_server(self, frame: bytes) -> ServerMessage:
        """What the server said, from id and body. Raises `BadMessage`."""
        number, body = self._split(frame)
        try:
            return _decoder(_server_decoders, number).decode(body)
        except FAULTS as error:
            raise bad_message(error) from error

    def _frame(self, number: int, body: bytes) -> bytes:
        return self.framing.encode(number.to_bytes(2, self.framing.byteorder) + body)

    def _split(self, frame: bytes) -> tuple[int, bytes]:
        if len(frame) < 2:
            raise BadMessage("bad_message", "packet without an id", close=CloseCode.PROTOCOL_ERROR)
        return int.from_bytes(frame[:2], self.framing.byteorder), frame[2:] or _EMPTY_MAP


PACKETS = PacketFormat()
"""The usual one, which bots speak too."""

encode = PACKETS.encode
decode = PACKETS.decode
encode_client = PACKETS.encode_client
decode_server = PACKETS.decode_server


def _decoder(decoders: dict[int, Decoder[T]], number: int) -> Decoder[T]:
    try:
        return decoders[number]
    except KeyError:
        raise BadMessage("bad_message", f"unknown packet id {number}") from None


def _args(body: bytes) -> dict[str, Any]:
    try:
        args = _args_decoder.decode(body)
        check_plain(args, "args")
    except FAULTS as error:
        raise bad_message(error, "args") from error
    return args
