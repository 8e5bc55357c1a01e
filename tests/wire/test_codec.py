"""Message bodies in JSON and MessagePack: valid both ways, or `BadMessage`."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json, msgpack

from gamesrv.core import messages as m
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import JSON, MSGPACK, BadMessage, Codec

CODECS = {"json": JSON, "msgpack": MSGPACK}

CLIENT: list[m.ClientMessage] = [
    m.Hello(name="ann"),
    m.Hello(token="H0c", last=13),
    m.Ping(1.5),
    m.Rooms(),
    m.Create("arena", {"size": 3, "walls": [True, None, "é"]}),
    m.Join(game="arena"),
    m.Match("arena"),
    m.Ready(False),
    m.Watch("arena-1"),
    m.Leave(),
    m.Command("move", {"dx": 1, "dy": 0}, 7),
    m.Say("hi"),
    m.Resync(),
    m.Udp(),
    m.Sync(bytes(range(20))),
    m.Dump(30, {"a": [1, {"b": 2}]}),
]

SERVER: list[m.ServerMessage] = [
    m.Welcome("s-1", "ann", "H0c", 30, 0, m.PROTOCOL_VERSION),
    m.Pong(1.5, 99),
    m.RoomList([m.RoomInfo("arena-1", "arena", 2, 8, True)]),
    m.Joined(
        "arena-1", "arena", 3, 1, 2, {"a": 1}, "playing", players={"3": m.Player("ann")}, commands=["move"]
    ),
    m.Joined("arena-1", "arena", None, 1, 2, {}, "playing", {"hand": []}, 4, gap=True),
    m.RoomsChanged([], ["arena-1"]),
    m.Matched("arena-1", "T", 15.0),
    m.Left(),
    m.Update(1, 2, delta={"a": None}),
    m.Update(1, 2, mine={}),
    m.Event(1, "said", {"text": "hi"}),
    m.Refusal("bad_argument", "too far", "args.dx", 7),
    m.Closing(4409, "replaced", False),
    m.UdpOffer("", 4000, 0xC0FFEE, bytes(range(32)), 30.0),
    m.Joined("duel-1", "duel", 0, 9, 0, {}, "playing", lockstep=m.LockstepInfo(6, "wait", 30, 4, 255)),
    m.Frames(bytes(range(20))),
    m.Desync(30),
]


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest) -> Codec:
    return CODECS[request.param]


def pack(codec: Codec, value: Any) -> bytes:
    """Writes what no message could be."""
    return msgpack.encode(value) if codec.binary else json.encode(value)


def refusal(codec: Codec, value: Any) -> BadMessage:
    data = value if isinstance(value, bytes) else pack(codec, value)
    with pytest.raises(BadMessage) as caught:
        codec.decode(data)
    assert caught.value.code == "bad_message"
    return caught.value


def test_every_message_has_an_example() -> None:
    assert {type(message) for message in CLIENT} == set(get_args(m.ClientMessage))
    assert {type(message) for message in SERVER} == set(get_args(m.ServerMessage))


@pytest.mark.parametrize("message", CLIENT)
def test_client_messages_survive(codec: Codec, message: m.ClientMessage) -> None:
    assert codec.decode(codec.encode_client(message)) == message


@pytest.mark.parametrize("message", SERVER)
def test_server_messages_survive(codec: Codec, message: m.ServerMessage) -> None:
    assert codec.decode_server(codec.encode(message)) == message


def test_the_maps_are_as_documented(codec: Codec) -> None:
    update = m.Update(4712, 901, delta={"avatars": {"3": {"x": 5120}}})
    said = {"op": "update", "tick": 4712, "v": 901, "delta": {"avatars": {"3": {"x": 5120}}}}
    decode = msgpack.decode if codec.binary else json.decode
    assert decode(codec.encode(update)) == said
    command = {"op": "cmd", "id": 1, "name": "move", "args": {"dx": 1, "dy": 0}}
    assert codec.decode(pack(codec, command)) == m.Command("move", {"dx": 1, "dy": 0}, 1)


@pytest.mark.parametrize(
    ("value", "message", "path", "id"),
    [
        ({}, "Object missing required field `op`", "op", None),
        ({"op": "fly", "id": 3}, "Invalid value 'fly'", "op", 3),
        ({"op": 5}, "Expected `str`", "op", None),
        ([], "Expected `object`, got `array`", None, None),
        (7, "Expected `object`, got `int`", None, None),
        (None, "Expected `object`, got", None, None),
        ({"op": "cmd", "id": 3}, "Object missing required field `name`", "name", 3),
        ({"op": "cmd", "id": 3, "name": 4}, "Expected `str`, got `int`", "name", 3),
        ({"op": "cmd", "id": 3, "name": "a", "x": 4}, "Object contains unknown field `x`", "x", 3),
        ({"op": "cmd", "id": 3, "name": "a", "args": []}, "Expected `object`, got `array`", "args", 3),
        ({"op": "cmd", "id": 0, "name": "a"}, "Expected `int` >= 1", "id", None),
        ({"op": "cmd", "id": 2**53, "name": "a"}, "Expected `int` <= 9007199254740991", "id", None),
        ({"op": "cmd", "id": True, "name": "a"}, "Expected `int | null`, got `bool`", "id", None),
        ({"op": "cmd", "id": 1.0, "name": "a"}, "Expected `int | null`, got `float`", "id", None),
        ({"op": "cmd", "name": "a" * 65}, "Expected `str` of length <= 64", "name", None),
        ({"op": "say", "text": ""}, "Expected `str` of length >= 1", "text", None),
        ({"op": "say", "text": "x" * 301}, "Expected `str` of length <= 300", "text", None),
        ({"op": "ping", "t": True}, "Expected `float`, got `bool`", "t", None),
        ({"op": "hello", "__proto__": {}}, "Object contains unknown field `__proto__`", "__proto__", None),
        ({"op": "packet", "number": 0}, "Invalid value 'packet'", "op", None),
        (
            {"op": "cmd", "id": 3, "name": "a", "args": {"dx": 2**53}},
            "integer beyond ±(2**53 - 1)",
            "args.dx",
            3,
        ),
        (
            {"op": "create", "game": "a", "options": {"x": [-(2**53)]}},
            "integer beyond ±(2**53 - 1)",
            "options.x[0]",
            None,
        ),
        (
            {"op": "cmd", "name": "a", "args": {str(i): 1 for i in range(65)}},
            "more than 64 keys",
            "args",
            None,
        ),
    ],
)
def test_what_is_wrong_is_named(
    codec: Codec, value: Any, message: str, path: str | None, id: int | None
) -> None:
    bad = refusal(codec, value)
    assert bad.message.startswith(message)
    assert (bad.path, bad.id, bad.close) == (path, id, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"x", msgpack.Ext(1, b"x"), {1: 2}])
def test_msgpack_can_say_more_than_is_plain(value: Any) -> None:
    bad = refusal(MSGPACK, {"op": "cmd", "id": 1, "name": "a", "args": {"x": [value]}})
    assert bad.path == "args.x[0]"
    assert bad.id == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63])
def test_no_field_takes_a_number_that_is_none(value: float) -> None:
    assert refusal(MSGPACK, {"op": "ping", "t": value}).path == "t"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"hello",
        b'{"op":"ping","t":NaN}',
        b'{"op":"ping","t":Infinity}',
        b'{"op":"ping","t":1e999}',
        b'{"op":"cmd","name":"a","args":{"x":1e999}}',
        b'{"op":"cmd","name":"a","args":{"x":' + b"9" * 4000 + b"}}",
        b'{"op":"cmd","name":"a","args":{"x":' + b"9" * 5000 + b"}}",
        b'{"op":"say","text":"\\ud800"}',
        b'{"op":"leave"} {"op":"leave"}',
        b'\xef\xbb\xbf{"op":"leave"}',
    ],
)
def test_json_that_is_none(text: bytes) -> None:
    assert refusal(JSON, text).close is None


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b'{"op":"\xff"}',
        b'{"op":"say","text":"\xed\xa0\x80"}',
        b'{"op":"say","text":"\xc0\xaf"}',
        b'{"op":"leave","\xff":1}',
        b'{"op":"leave","x":"\xff"}',
        b'{"op":"cmd","name":"a","args":{"\xff":1}}',
    ],
)
def test_json_that_is_not_utf8_ends_the_connection(text: bytes) -> None:
    assert refusal(JSON, text).close is CloseCode.INVALID_DATA


def test_a_text_in_msgpack_that_is_not_utf8_is_just_a_bad_message() -> None:
    bad = refusal(MSGPACK, b"\x82\xa2op\xa3say\xa4text\xa1\xff")
    assert (bad.message, bad.close) == ("text is not UTF-8", None)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\x82\xa2op", b"\xdf\xff\xff\xff\xff", b"\x81\xa2op\xa5leavex"]
)
def test_msgpack_that_is_none(data: bytes) -> None:
    refusal(MSGPACK, data)


def test_duplicate_keys_do_not_smuggle_anything_past_validation() -> None:
    command = JSON.decode(b'{"op":"cmd","name":"a","args":{"x":1e5,"x":2},"args":{"x":3}}')
    assert command == m.Command("a", {"x": 3})
    refusal(JSON, b'{"op":"leave","op":"ping"}')


@pytest.mark.parametrize("depth", [17, 1_000, 5_000])
def test_deep_nesting_is_a_bad_message(depth: int) -> None:
    args = b'{"a":' * depth + b"1" + b"}" * depth
    assert "deep" in refusal(JSON, b'{"op":"cmd","name":"a","args":' + args + b"}").message
    args = b"\x81\xa1a" * depth + b"\x01"
    assert "deep" in refusal(MSGPACK, b"\x83\xa2op\xa3cmd\xa4name\xa1a\xa4args" + args).message


def test_a_refusal_does_not_echo_a_long_text(codec: Codec) -> None:
    assert len(refusal(codec, {"op": "x" * 10_000}).message) == 200


def test_clients_are_told_what_a_server_said_wrong(codec: Codec) -> None:
    with pytest.raises(BadMessage) as caught:
        codec.decode_server(pack(codec, {"op": "left", "id": 3, "tick": 4}) + b"!")
    assert caught.value.id is None
    with pytest.raises(BadMessage, match="token"):
        codec.decode_server(pack(codec, {"op": "welcome", "session": "s", "name": "ann"}))


def test_clients_take_fields_they_do_not_know(codec: Codec) -> None:
    assert codec.decode_server(pack(codec, {"op": "left", "new": 3})) == m.Left()


@given(st.binary())
def test_any_bytes_are_a_message_or_a_bad_one(data: bytes) -> None:
    for codec in CODECS.values():
        for decode in (codec.decode, codec.decode_server):
            try:
                decode(data)
            except BadMessage as bad:
                assert bad.code == "bad_message"


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=9,
)


@given(
    st.sampled_from(CLIENT),
    st.sampled_from(["op", "name", "args", "options", "id", "t", "room", "x"]),
    json_like,
)
def test_one_field_of_any_value_is_a_message_or_a_bad_one(
    message: m.ClientMessage, field: str, value: Any
) -> None:
    data = msgpack.encode({**msgpack.decode(MSGPACK.encode_client(message)), field: value})
    try:
        decoded = MSGPACK.decode(data)
    except BadMessage:
        return
    # What is let in can be said in both formats, and stays what it is.
    assert (
        JSON.decode(JSON.encode_client(decoded)) == MSGPACK.decode(MSGPACK.encode_client(decoded)) == decoded
    )
