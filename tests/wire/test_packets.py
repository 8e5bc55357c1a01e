"""Packets: ids, bodies, limits, and both ends of the line."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from gamesrv.core import messages as m
from gamesrv.wire import packets
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder


def frame(number: int, body: Any = None) -> bytes:
    """Id and body, as the frame decoder delivers them; no body for `None`."""
    return number.to_bytes(2, "big") + (b"" if body is None else msgpack.encode(body))


def refusal(data: bytes) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        packets.decode(data)
    assert caught.value.code == "bad_message"
    return caught.value


def test_every_message_has_an_id() -> None:
    assert set(packets.CLIENT_IDS) == set(get_args(m.ClientMessage))
    assert set(packets.SERVER_IDS) == set(get_args(m.ServerMessage))
    for ids, first in ((packets.CLIENT_IDS, 1), (packets.SERVER_IDS, 129)):
        assert list(ids.values()) == list(range(first, first + len(ids)))


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (m.Hello(name="ann", last=3), 1),
        (m.Ping(2), 2),
        (m.Rooms(), 3),
        (m.Create("arena", {"size": 3}), 4),
        (m.Join(room="arena-1"), 5),
        (m.Watch("arena-1"), 6),
        (m.Leave(), 7),
        (m.Command("move", {"dx": 1}, 9), 8),
        (m.Say("hi"), 9),
        (m.Resync(), 10),
        (m.Match("arena"), 11),
        (m.Ready(), 12),
        (m.Udp(), 13),
        (m.NumberedCommand(0, {"dx": 1}), 256),
        (m.NumberedCommand(65279), 65535),
    ],
)
def test_client_packets_survive(message: packets.Packet, number: int) -> None:
    (delivered,) = FrameDecoder(PACKET_FRAMING).feed(packets.encode_client(message))
    assert delivered[:2] == number.to_bytes(2, "big")
    assert packets.decode(delivered) == message


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (m.Welcome("s-1", "ann", "H0c", 30, 0, m.PROTOCOL_VERSION), 129),
        (m.Pong(1.5, 99), 130),
        (m.RoomList([m.RoomInfo("arena-1", "arena", 2, 8, True)]), 131),
        (
            m.Joined(
                "arena-1", "arena", None, 1, 2, {"a": [1]}, "playing", players={"3": m.Player("ann", True)}
            ),
            132,
        ),
        (m.Update(1, 2, delta={"a": None}), 133),
        (m.Event(1, "said", {"text": "hi"}), 134),
        (m.Refusal("no_such_room", "no"), 135),
        (m.Left(), 136),
        (m.Closing(1001, "bye", True), 137),
        (m.Matched("arena-1", "T", 15), 138),
        (m.RoomsChanged([], ["arena-1"]), 139),
        (m.UdpOffer("", 4000, 7, bytes(32), 30.0), 140),
    ],
)
def test_server_packets_survive(message: m.ServerMessage, number: int) -> None:
    (delivered,) = FrameDecoder(packets.SERVER_FRAMING).feed(packets.encode(message))
    assert delivered[:2] == number.to_bytes(2, "big")
    assert packets.decode_server(delivered) == message


def test_a_packet_byte_by_byte() -> None:
    assert packets.encode_client(m.Say("hi")) == (
        b"\x00\x14"  # 20 bytes in all
        b"\x00\x09"  # say
        b"\x82\xa2op\xa3say\xa4text\xa2hi"
    )


def test_the_op_may_be_left_out_but_not_wrong() -> None:
    assert packets.decode(frame(9, {"text": "hi"})) == m.Say("hi")
    assert packets.decode(frame(9, {"op": "say", "text": "hi"})) == m.Say("hi")
    assert refusal(frame(9, {"op": "leave", "text": "hi"})).path == "op"


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (1, m.Hello()),
        (2, m.Ping()),
        (3, m.Rooms()),
        (5, m.Join()),
        (7, m.Leave()),
        (10, m.Resync()),
        (256, m.NumberedCommand(0)),
    ],
)
def test_a_body_may_be_empty_where_nothing_is_needed(number: int, message: packets.Packet) -> None:
    assert packets.decode(frame(number)) == message


@pytest.mark.parametrize(
    ("data", "message", "path", "id"),
    [
        (frame(8), "Object missing required field `name`", "name", None),
        (frame(8, {"id": 3}), "Object missing required field `name`", "name", 3),
        (frame(8, {"id": 3, "name": "a", "args": {"x": 2**53}}), "integer beyond", "args.x", 3),
        (frame(4, {"game": "a", "options": {"x": b""}}), "bytes is not plain data", "options.x", None),
        (frame(7, {"x": 1}), "Object contains unknown field `x`", "x", None),
        (frame(7, []), "Expected `object`, got `array`", None, None),
        (frame(7) + b"\xc1", "MessagePack data is malformed", None, None),
        (frame(7, {}) + b"!", "MessagePack data is malformed: trailing characters", None, None),
        (frame(256, []), "Expected `object`, got `array`", "args", None),
        (frame(256, {1: 2}), "Expected `str`, got `int`", "args", None),
        (frame(256, {"id": 7, "x": float("nan")}), "number is not finite", "args.x", None),
        (frame(256) + b"\x81\xa1a" * 3000, "nested too deeply", None, None),
        (frame(0), "unknown packet id 0", None, None),
        (frame(99), "unknown packet id 99", None, None),
        (frame(129), "unknown packet id 129", None, None),
        (frame(255), "unknown packet id 255", None, None),
    ],
)
def test_what_is_wrong_is_named(data: bytes, message: str, path: str | None, id: int | None) -> None:
    bad = refusal(data)
    assert bad.message.startswith(message)
    assert (bad.path, bad.id, bad.close) == (path, id, None)


@pytest.mark.parametrize("data", [b"", b"\x00"])
def test_a_frame_too_short_for_an_id_ends_the_connection(data: bytes) -> None:
    assert refusal(data).close is CloseCode.PROTOCOL_ERROR


def test_clients_are_told_what_a_server_said_wrong() -> None:
    with pytest.raises(BadMessage, match="tick"):
        packets.decode_server(frame(133, {}))
    with pytest.raises(BadMessage, match="unknown packet id 2"):
        packets.decode_server(frame(2))


def test_a_snapshot_may_be_longer_than_what_clients_may_send_but_not_than_a_u16() -> None:
    def event(size: int) -> m.Event:
        return m.Event(1, "said", {"text": "x" * size})

    room = 0xFFFF - len(packets.encode(event(0xF000))) + 0xF000
    assert len(packets.encode(event(room))) == 0xFFFF
    with pytest.raises(packets.TooBig) as caught:
        packets.encode(event(room + 1))
    assert caught.value.close is CloseCode.TOO_BIG


@given(st.integers(0, 300), st.binary())
def test_any_bytes_are_a_message_or_a_bad_one(number: int, body: bytes) -> None:
    for decode in (packets.decode, packets.decode_server):
        try:
            decode(frame(number) + body)
        except BadMessage as bad:
            assert bad.code == "bad_message"
