"""Message bodies: the same maps in JSON and in MessagePack, validated by type as they are decoded."""

from types import ModuleType
from typing import Annotated, Any, Protocol, TypeVar

import attrs
import msgspec

from gamesrv.core.messages import ClientMessage, Command, Create, Dump, ServerMessage
from gamesrv.core.plain import MAX_INT, NotPlain, check_plain, explain
from gamesrv.wire.close import CloseCode

__all__ = [
    "FAULTS",
    "JSON",
    "MSGPACK",
    "BadMessage",
    "Codec",
    "Decoder",
    "MsgspecCodec",
    "bad_message",
    "check_open",
]

Message = TypeVar("Message")
Message_co = TypeVar("Message_co", covariant=True)

FAULTS = (ValueError, RecursionError)
"""All that decoding can raise: msgspec's errors, `UnicodeDecodeError` and `NotPlain` are ValueErrors."""


@attrs.define(eq=False)
class BadMessage(Exception):
    """What came is no message, and nothing of it was used."""

    code: str
    """What to refuse it with."""
    message: str
    """What is wrong, for people."""
    path: str | None = None
    """The guilty field where there is one, e.g. ``args.dx``."""
    id: int | None = None
    """The command id that came with it, if there was a valid one."""
    close: CloseCode | None = None
    """Set where the bytes are not even what the transport promises: close the connection with it."""


class Codec(Protocol):
    """One way to write messages down."""

    @property
    def binary(self) -> bool:
        """Whether it is anything but UTF-8 text."""
        ...

    def encode(self, message: ServerMessage) -> bytes:
        """What the server says."""
        ...

    def decode(self, data: bytes) -> ClientMessage:
        """What a client said. Raises `BadMessage`."""
        ...

    def encode_client(self, message: ClientMessage) -> bytes:
        """What a client says, for clients written in Python."""
        ...

    def decode_server(self, data: bytes) -> ServerMessage:
        """What the server said, for the same. Raises `BadMessage`."""
        ...


class Decoder(Protocol[Message_co]):
    """What msgspec's decoders have in common."""

    def decode(self, data: bytes, /) -> Message_co:
        """Raises one of `FAULTS`."""
        ...


class _OnlyId(msgspec.Struct):
    """Whatever else a message holds."""

    id: Annotated[int, msgspec.Meta(ge=1, le=MAX_INT)] | None = None


class _OnlyGiven(msgspec.Struct):
    """What a message may give, whatever it is."""

    args: Any = None
    options: Any = None
    world: Any = None


class MsgspecCodec:
    """A `Codec` of one of msgspec's formats, given by the module: ``json`` or ``msgpack``."""

    def __init__(self, form: ModuleType, binary: bool) -> None:
        self.binary = binary
        self._encoder: msgspec.json.Encoder | msgspec.msgpack.Encoder = form.Encoder()
        self._client: Decoder[ClientMessage] = form.Decoder(ClientMessage)
        self._server: Decoder[ServerMessage] = form.Decoder(ServerMessage)
        self._id: Decoder[_OnlyId] = form.Decoder(_OnlyId)
        self._given: Decoder[_OnlyGiven] = form.Decoder(_OnlyGiven)

    def encode(self, message: ServerMessage) -> bytes:
        return self._encoder.encode(message)

    def decode(self, data: bytes) -> ClientMessage:
        try:
            return check_open(self._client.decode(data))
        except FAULTS as error:
            fault = self.not_plain(data) or error
            raise bad_message(fault, id=self.command_id(data), close=self._close(data)) from error

    def encode_client(self, message: ClientMessage) -> bytes:
        return self._encoder.encode(message)

    def decode_server(self, data: bytes) -> ServerMessage:
        try:
            return self._server.decode(data)
        except FAULTS as error:
            raise bad_message(error, close=self._close(data)) from error

    def command_id(self, data: bytes) -> int | None:
        """The id in a message that is bad otherwise, so that its sender can tell what was refused."""
        try:
            return self._id.decode(data).id
        except FAULTS:
            return None

    def not_plain(self, data: bytes) -> NotPlain | None:
        """What a client has given that is not plain, by its name: msgspec tells no keys of a map."""
        try:
            given = msgspec.structs.asdict(self._given.decode(data))
            for field, value in given.items():
                check_plain(value, field)
        except NotPlain as error:
            return error
        except FAULTS:
            pass
        return None

    def _close(self, data: bytes) -> CloseCode | None:
        return None if self.binary or _is_utf8(data) else CloseCode.INVALID_DATA


JSON: Codec = MsgspecCodec(msgspec.json, binary=False)
MSGPACK = MsgspecCodec(msgspec.msgpack, binary=True)


def check_open(message: Message) -> Message:
    """The same message, if what it gives is plain where its type leaves that open. Raises `NotPlain`."""
    field = _GIVEN.get(type(message))
    if field is not None:
        given = getattr(message, field)
        if not _OPEN.isdisjoint(map(type, given.values())):
            check_plain(given, field)
    return message


_GIVEN: dict[type, str] = {Command: "args", Create: "options", Dump: "world"}
_OPEN = frozenset({float, list, dict})
"""What `Given` says too little of."""


def bad_message(
    error: Exception, prefix: str = "", id: int | None = None, close: CloseCode | None = None
) -> BadMessage:
    """One of `FAULTS` in the words of a refusal; ``prefix`` is the path of what was to be decoded."""
    message, path = _explain(error, prefix)
    return BadMessage("bad_message", message, path, id, close)


def _explain(error: Exception, prefix: str) -> tuple[str, str | None]:
    match error:
        case msgspec.ValidationError():
            return explain(error, prefix)
        case NotPlain():
            return error.message, error.path
        case UnicodeDecodeError():
            return "text is not UTF-8", None
        case RecursionError():
            return "nested too deeply", None
    return str(error), None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
