"""Packets as classes: an id, and a body of fields that each have their place and size.

::

    @packet(1005)
    class Walk(Packet):
        hero: int = u32()
        direction: int = u8()

All is little endian. Texts are padded with zeros and cut where they are too long.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

import attrs

__all__ = ["BadLayout", "Packet", "packet", "raw", "split", "text", "u8", "u16", "u32", "u64"]

ENCODING = "cp1252"
HEAD = Struct("<H")

Some = TypeVar("Some", bound="type[Packet]")


class BadLayout(ValueError):
    """A body that is none of its packet's."""


class Packet:
    """What `packet` makes of a class."""

    __attrs_attrs__: ClassVar[tuple[attrs.Attribute[Any], ...]]
    number: ClassVar[int]
    layout: ClassVar[Struct]

    def pack(self) -> bytes:
        """Id and body. Raises `struct.error` on a number that has no place in its field."""
        values = (_out(getattr(self, field.name)) for field in attrs.fields(type(self)))
        return HEAD.pack(self.number) + self.layout.pack(*values)

    @classmethod
    def unpack(cls, body: bytes) -> Self:
        """From a body, without its id. Raises `BadLayout`."""
        if len(body) != cls.layout.size:
            raise BadLayout(f"{cls.__name__} has {cls.layout.size} bytes, not {len(body)}")
        fields = attrs.fields(cls)
        return cls(*(f.metadata["read"](v) for f, v in zip(fields, cls.layout.unpack(body), strict=True)))


def split(frame: bytes) -> tuple[int, bytes]:
    """The id and the body of a frame. Raises `BadLayout`."""
    if len(frame) < HEAD.size:
        raise BadLayout("a packet without an id")
    return HEAD.unpack_from(frame)[0], frame[HEAD.size :]


def u8() -> Any:
    """One byte."""
    return _field("B")


def u16() -> Any:
    """Two bytes."""
    return _field("H")


def u32() -> Any:
    """Four bytes."""
    return _field("I")


def u64() -> Any:
    """Eight bytes."""
    return _field("Q")


def raw(size: int) -> Any:
    """So many bytes as they are."""
    return _field(f"{size}s")


def text(size: int) -> Any:
    """Text of so many bytes."""
    return _field(f"{size}s", _text)


@dataclass_transform(frozen_default=True, field_specifiers=(u8, u16, u32, u64, raw, text))
def packet(number: int) -> Callable[[Some], Some]:
    """Makes a class with fields of this module a packet with that id."""

    def make(cls: Some) -> Some:
        made: Some = attrs.frozen(cls)
        made.number = number
        made.layout = Struct("<" + "".join(field.metadata["code"] for field in attrs.fields(made)))
        return made

    return make


def _field(code: str, read: Callable[[Any], Any] = lambda value: value) -> Any:
    return attrs.field(metadata={"code": code, "read": read})


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode(ENCODING, "replace")


def _out(value: int | str | bytes) -> int | bytes:
    return value.encode(ENCODING, "replace") if isinstance(value, str) else value
