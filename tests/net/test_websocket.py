"""WebSocket: the handshake, frames that break the rules, pings, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv.net import websocket
from gamesrv.wire.close import CloseCode
from tests.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawPerson, frame, head
from tests.world import Person, WebSocketPerson, World

HELLO = json.dumps({"op": "hello", "name": "ann"}).encode()
ASK = json.dumps({"op": "ping", "t": 7}).encode()


@pytest.fixture
def ann(world: World) -> RawPerson:
    """Somebody in a room, who makes their frames by hand."""
    return RawPerson.seated(world, "ann")


@pytest.fixture
def bob(world: World, ann: RawPerson) -> Iterator[Person]:
    """Somebody else there, to whom nothing happens."""
    person = world.person("packets", "bob", "field")
    yield person
    person.ping()


def ended(person: RawPerson, code: CloseCode) -> None:
    """They were told why, in a message first, then in the close frame, and that was all."""
    assert person.close_code == code
    closing = json.loads(person.frames[-2][1])
    assert (closing["op"], closing["code"], closing["retry"]) == ("closing", code, code.retry)
    assert person.frames[-1][0] == CLOSE and person.close_frame == code
    assert person.frames[-1][1][2:].decode() == closing["reason"]
    person.frames.clear()
    person.say(op="ping", t=1)
    person.raw(frame(PING, b"still there?"))
    assert person.frames == [], "nothing is answered from here on"
    person.world.run(1.1)
    assert person.lost


# ---------------------------------------------------------------------- the handshake


@pytest.mark.parametrize(
    ("offered", "status", "chosen"),
    [
        ([], 101, None),
        (["gamesrv.v1.json"], 101, "gamesrv.v1.json"),
        (["gamesrv.v1.msgpack"], 101, "gamesrv.v1.msgpack"),
        (["gamesrv.v1.msgpack, gamesrv.v1.json"], 101, "gamesrv.v1.msgpack"),
        (["gamesrv.v9.json, gamesrv.v1.json"], 101, "gamesrv.v1.json"),
        (["gamesrv.v9.json"], 400, None),
        (["chat, superchat"], 400, None),
        (["GAMESRV.V1.JSON"], 400, None),
        (["constructor"], 400, None),
    ],
)
def test_the_subprotocol_is_negotiated(
    world: World, offered: list[str], status: int, chosen: str | None
) -> None:
    person = RawPerson(world, head(*(f"Sec-WebSocket-Protocol: {names}" for names in offered)))
    assert person.status == status
    answer = [line for line in person.wire.decode("latin1").split("\r\n") if "Protocol:" in line]
    assert answer == ([f"Sec-WebSocket-Protocol: {chosen}"] if chosen else [])
    if status == 101:
        msgpack = chosen == "gamesrv.v1.msgpack"
        hello = msgspec.msgpack.encode({"op": "hello", "name": "ann"})
        person.raw(frame(BINARY, hello) if msgpack else frame(TEXT, HELLO))
        assert person.frames[0][0] == (BINARY if msgpack else TEXT)
        assert b"welcome" in person.frames[0][1]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("http://play.example:8080", 101),
        ("https://play.example:8080", 101),
        ("HTTP://PLAY.EXAMPLE:8080", 101),
        ("https://listed.example", 101),
        ("http://evil.example", 403),
        ("http://play.example", 403),
        ("http://play.example:8081", 403),
        ("http://play.example:8080.evil.example", 400),
        ("http://[play.example:8080", 400),
        ("http://evil.example/http://play.example:8080", 403),
        ("https://listed.example.evil.example", 403),
        ("null", 403),
        ("file://", 403),
    ],
)
def test_only_pages_of_this_host_or_listed_ones_may_connect(
    world: World, origin: str | None, status: int
) -> None:
    fields = [] if origin is None else [f"Origin: {origin}"]
    opening = head(*fields, host="play.example:8080")
    person = RawPerson(world, opening, frozenset({"https://listed.example"}))
    assert person.status == status
    assert (len(world.service.gate.peers) == 1) == (status == 101)
    world.run(6)


@pytest.mark.parametrize("origin", ["http://anywhere.example", "null"])
def test_all_origins_may_connect_where_that_is_wanted(world: World, origin: str) -> None:
    assert RawPerson(world, head(f"Origin: {origin}"), frozenset("*")).status == 101


@pytest.mark.parametrize("origin", ["null", "file://", "http://"])
def test_an_origin_of_nowhere_is_not_the_host_that_has_no_name(world: World, origin: str) -> None:
    assert RawPerson(world, head(f"Origin: {origin}", host="")).status in (400, 403)


@pytest.mark.parametrize(
    "opening",
    [
        head().replace(b"GET", b"POST"),
        head().replace(b"Version: 13", b"Version: 12"),
        head().replace(b"HTTP/1.1", b"HTTP/1.0"),
        head().replace(b"Upgrade: websocket\r\n", b""),
        head().replace(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""),
        head().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_a_bad_handshake_is_refused(world: World, opening: bytes) -> None:
    person = RawPerson(world, opening)
    assert 400 <= person.status < 600
    assert person.lost and not world.service.gate.peers


@pytest.mark.parametrize("offer", ["permessage-deflate; client_max_window_bits", "constructor", "x-unknown"])
def test_no_extension_is_agreed(world: World, offer: str) -> None:
    person = RawPerson(world, head(f"Sec-WebSocket-Extensions: {offer}"))
    assert person.status == 101
    assert b"extensions" not in person.wire.lower()
    person.raw(frame(TEXT, HELLO, rsv=4))
    ended(person, CloseCode.PROTOCOL_ERROR)


@pytest.mark.parametrize("begin", [b"", head()[:-4], head()[:20]])
def test_a_handshake_must_be_finished_in_five_seconds(world: World, bob: Person, begin: bytes) -> None:
    person = RawPerson(world, begin)
    for byte in b"X-More: x"[:5]:
        world.run(1)
        person.link.write(bytes((byte,)))
    world.run(0.5)
    assert person.lost
    assert len(world.service.gate.peers) == 2


# ---------------------------------------------------------------------- frames that break the rules


@pytest.mark.parametrize(
    ("noise", "code"),
    [
        (frame(TEXT, ASK, masked=False), 1002),
        (frame(TEXT, b"x" * 300, masked=False), 1002),
        (frame(TEXT, ASK, rsv=1), 1002),
        (frame(TEXT, ASK, rsv=2), 1002),
        (frame(TEXT, ASK, rsv=4), 1002),
        *((frame(opcode, ASK), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        (frame(PING, b"", fin=False), 1002),
        (frame(CLOSE, b"", fin=False), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(PONG, b"x" * 70_000), 1002),
        (frame(CONTINUATION, ASK), 1002),
        (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
        (frame(TEXT, b"{", fin=False) + frame(BINARY, b"}", fin=False), 1002),
        (b"\x81\xfe\x00\x05" + bytes(4 + 5), 1002),
        (b"\x81\xff" + (300).to_bytes(8, "big") + bytes(4 + 300), 1002),
        (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, (999).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (1005).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (1006).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (5000).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff"), 1007),
        (frame(BINARY, ASK), 1003),
        (frame(BINARY, b""), 1003),
        (frame(BINARY, b"x" * 9000, fin=False) + frame(CONTINUATION, b"x"), 1003),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b'{"op":"say","text":"\xff"}'), 1007),
        (frame(TEXT, b'{"op":"say","text":"\xed\xa0\x80"}'), 1007),
        (frame(TEXT, b'{"op":"say","text":"\xc0\xaf"}'), 1007),
        (frame(TEXT, b'{"op":"rooms"}\xe2\x82'), 1007),
        (frame(TEXT, b'{"op":"rooms","\xff":1}'), 1007),
        (frame(TEXT, b'{"op":"rooms"' + b" " * 200 + b"\xff}"), 1007),
        (frame(TEXT, b'{"op":"say","text":"\xf0\x9f', fin=False) + frame(CONTINUATION, b'\x98"}'), 1007),
        (frame(TEXT, b'{"op":"say","text":"\xff', fin=False), 1007),
        (frame(TEXT, b"x" * 16_385), 1009),
        (frame(TEXT, b"x" * 16_385)[:8], 1009),
        (b"\x81\xff" + (1 << 62).to_bytes(8, "big") + bytes(4), 1009),
        (frame(TEXT, b"x" * 9000, fin=False) + frame(CONTINUATION, b"x" * 9000)[:8], 1009),
        (frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b" ", fin=False) * 64, 1008),
        (frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 10_000, 1008),
    ],
)
def test_what_breaks_the_rules_ends_with_a_reason(
    world: World, ann: RawPerson, bob: Person, noise: bytes, code: int
) -> None:
    ann.raw(noise)
    ended(ann, CloseCode(code))
    assert world.rooms[0].seating.seats[0].away
    assert bob.all("event")[-1]["name"] == "player_dropped"


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_message_may_come_in_64_frames(ann: RawPerson, size: int) -> None:
    ann.heard.clear()
    parts = [ASK[:1], *(ASK[n : n + 1] for n in range(1, size - 1)), ASK[max(1, size - 1) :]]
    opcodes = [TEXT] + [CONTINUATION] * (len(parts) - 1)
    for number, (opcode, part) in enumerate(zip(opcodes, parts, strict=True), 1):
        ann.raw(frame(opcode, part, fin=number == len(parts)) + frame(PONG))
    assert ann.take("pong")["t"] == 7


def test_every_message_may_come_in_frames(ann: RawPerson) -> None:
    parts = frame(TEXT, b" ", fin=False) + frame(CONTINUATION, b"", fin=False) * 40 + frame(CONTINUATION, ASK)
    ann.raw(parts * 3)
    assert len(ann.all("pong")) == 3


def test_a_character_may_be_split_over_frames(ann: RawPerson) -> None:
    text = '{"op":"say","text":"…"}'.encode()
    cut = text.index(b"\xe2") + 1
    ann.raw(frame(TEXT, text[:cut], fin=False) + frame(CONTINUATION, text[cut:]))
    assert ann.event("said")["data"]["text"] == "…"


def test_text_where_bytes_are_spoken(world: World) -> None:
    person = RawPerson(world, head("Sec-WebSocket-Protocol: gamesrv.v1.msgpack"))
    person.raw(frame(TEXT, HELLO))
    assert person.close_frame == CloseCode.UNSUPPORTED_DATA
    assert msgspec.msgpack.decode(person.frames[0][1])["code"] == CloseCode.UNSUPPORTED_DATA


def test_one_at_fault_is_not_listened_to_any_more(world: World, ann: RawPerson) -> None:
    ann.raw(b"\x89\xff" + (1 << 62).to_bytes(8, "big") + bytes(4))
    for _ in range(50):
        ann.raw(bytes(1 << 16))
    kept = sum(map(len, ann.protocol._full.control_frame_data or [])) + len(ann.protocol._full.data)
    assert kept < 1 << 16
    assert ann.close_code == CloseCode.PROTOCOL_ERROR


# ---------------------------------------------------------------------- pings


def test_pings_are_answered_and_nothing_else_happens(ann: RawPerson) -> None:
    ann.frames.clear()
    for payload in (b"", b"x", b"x" * 125):
        ann.raw(frame(PING, payload))
    assert ann.frames == [(PONG, b""), (PONG, b"x"), (PONG, b"x" * 125)]


def test_pongs_nobody_asked_for_are_passed_over(ann: RawPerson) -> None:
    ann.raw(frame(PONG, b"?") * 1000)
    ann.ping()


def test_ten_pings_a_second_are_fine(world: World, ann: RawPerson, bob: Person) -> None:
    for _ in range(3):
        ann.raw(frame(PING, b"x") * 10)
        world.run(1.1)
    assert ann.close_code is None


@pytest.mark.parametrize("within", [False, True])
def test_a_flood_of_pings_ends_it(world: World, ann: RawPerson, bob: Person, within: bool) -> None:
    ann.raw((frame(TEXT, b"{", fin=False) if within else b"") + frame(PING, b"x" * 125) * 1000)
    assert [opcode for opcode, _ in ann.frames].count(PONG) == 10
    ended(ann, CloseCode.POLICY_VIOLATION)


def test_pongs_do_not_pile_up_for_one_who_does_not_read() -> None:
    world = World(soft_buffer=2000, hard_buffer=4000)
    ann = RawPerson.seated(world, "ann", "cards")
    ann.deaf()
    for _ in range(8):
        ann.raw(frame(PING, b"x" * 125) * 9)
        world.run(1)
    assert 2000 < ann.link.other.unread < 2200
    ann.listen()
    ann.ping()
    world.stop()


def test_one_who_answers_pings_may_be_silent(world: World, bob: Person) -> None:
    quiet = world.person("websocket-json", "quiet", "field")  # autobahn's client answers by itself
    for _ in range(10):
        world.run(10)
        bob.ping()
    quiet.ping()


def test_one_who_answers_no_ping_is_dropped(world: World, ann: RawPerson, bob: Person) -> None:
    world.run(14)
    ann.ping()
    world.run(10.5)
    assert not ann.lost and ann.frames[-1][0] == PING
    world.run(1)
    assert ann.lost
    assert world.rooms[0].seating.seats[0].away, "the seat is held"
    assert bob.event("player_dropped")["data"] == {"seat": 0}


def test_half_a_frame_and_silence(world: World, ann: RawPerson, bob: Person) -> None:
    ann.raw(frame(TEXT, b"x" * 100)[:50])
    for _ in range(5):
        world.run(5)
        ann.raw(b"x")
    world.run(1)
    assert ann.lost and world.rooms[0].seating.seats[0].away


# ---------------------------------------------------------------------- the end


@pytest.mark.parametrize(
    ("code", "leaves"),
    [(4000, True), (1000, False), (1001, False), (3000, False), (4001, False), (None, False)],
)
def test_closing_with_4000_gives_the_seat_up(
    world: World, ann: RawPerson, bob: Person, code: int | None, leaves: bool
) -> None:
    ann.raw(frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + b"bye"))
    assert ann.lost and ann.close_frame == 1000
    assert ann.close_code is None, "who closes need not be told"
    assert (0 in world.rooms[0].seating.seats) != leaves
    world.run(0.1)
    assert bob.event("player_left" if leaves else "player_dropped")["data"] == {"seat": 0}


def test_who_has_left_cannot_come_back(world: World, ann: RawPerson, bob: Person) -> None:
    ann.raw(frame(CLOSE, (4000).to_bytes(2, "big")))
    again = RawPerson(world)
    again.say(op="hello", token=ann.token)
    ended(again, CloseCode.BAD_TOKEN)


def test_nothing_is_taken_after_the_close_frame(world: World, ann: RawPerson, bob: Person) -> None:
    ann.deaf()
    late = frame(TEXT, b'{"op":"say","text":"tardy"}')
    ann.raw(frame(CLOSE, (1000).to_bytes(2, "big")) + late)
    ann.raw(late)
    ann.raw(late)
    assert b"tardy" not in bob.wire
    assert len(ann.protocol._full.data) <= len(late)
    world.run(1.1)
    assert ann.lost


@pytest.mark.parametrize("code", [1000, 4000])
def test_one_who_closes_and_does_not_read_is_cut(
    world: World, ann: RawPerson, bob: Person, code: int
) -> None:
    ann.deaf()
    ann.raw(frame(CLOSE, code.to_bytes(2, "big")))
    assert not ann.lost
    world.run(1.1)
    assert ann.lost


def test_one_who_closes_before_hearing_our_reason_is_told_it_still(ann: RawPerson, bob: Person) -> None:
    ann.raw(frame(TEXT, b"?") * 3 + frame(CLOSE, (4000).to_bytes(2, "big")))
    assert ann.close_code == ann.close_frame == CloseCode.BAD_MESSAGE
    assert ann.lost


def test_a_close_frame_in_answer_to_ours_ends_it_at_once(world: World, ann: RawPerson, bob: Person) -> None:
    ann.raw(frame(TEXT, b"?") * 3)
    assert ann.close_frame == CloseCode.BAD_MESSAGE and not ann.lost
    ann.raw(frame(CLOSE, CloseCode.BAD_MESSAGE.to_bytes(2, "big")))
    assert ann.lost
    timers = [call.func for call in world.clock.getDelayedCalls()]
    assert ann.protocol.transport.abortConnection not in timers


def test_one_who_never_answers_our_close_frame_is_cut(world: World, ann: RawPerson, bob: Person) -> None:
    ann.raw(frame(TEXT, b"?") * 3)
    for _ in range(9):
        world.run(0.1)
        ann.raw(frame(TEXT, b'{"op":"say","text":"tardy"}'))
    assert not ann.lost
    world.run(0.2)
    assert ann.lost
    assert b"tardy" not in bob.wire


# ---------------------------------------------------------------------- the short path


def test_a_whole_message_within_another_is_at_fault(world: World, ann: RawPerson, bob: Person) -> None:
    ann.raw(frame(TEXT, ASK[:5], fin=False))
    ann.raw(frame(TEXT, ASK))
    ended(ann, CloseCode.PROTOCOL_ERROR)


def long_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves every frame to autobahn."""
    monkeypatch.setattr(websocket, "split_small_frames", lambda data, first_byte, limit: ([], 0))


payloads = st.one_of(
    st.sampled_from(
        [
            ASK,
            HELLO,
            b'{"op":"join","game":"cards"}',
            b'{"op":"say","text":"hi"}',
            b'{"op":"cmd","id":1,"name":"play","args":{"card":1}}',
            b'{"op":"say","text":"\xe2\x82\xac"}',
            b'{"op":"ping","t":' + b" " * 130 + b"3}",
            b"",
            b"{}",
        ]
    ),
    st.binary(max_size=140),
)
frames = st.builds(
    frame,
    st.sampled_from([TEXT] * 12 + [BINARY, CONTINUATION, CLOSE, PING, PONG, 3]),
    payloads,
    fin=st.sampled_from([True] * 6 + [False]),
    rsv=st.sampled_from([0] * 20 + [4]),
    masked=st.sampled_from([True] * 20 + [False]),
)


def conversation(chunks: list[bytes]) -> list[tuple[int, bytes]]:
    """What a server says to those bytes, but for its words on bad UTF-8."""
    person = RawPerson(World())
    person.raw(frame(TEXT, HELLO))
    greeting = len(person.frames)  # it has chance in it
    for chunk in chunks:
        person.raw(chunk)
    said = person.frames[greeting:]
    if person.close_frame == CloseCode.INVALID_DATA:
        reason = json.loads(said[-2][1])["reason"]
        refused = len(said) > 2 and said[-3][0] == TEXT and json.loads(said[-3][1]).get("message") == reason
        said[-3 if refused else -2 :] = [(CLOSE, b"bad UTF-8")]
    person.cut()
    return said


@settings(max_examples=60)
@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 400), max_size=8))
def test_the_short_path_says_what_the_long_one_says(all_frames: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(all_frames)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    short = conversation(chunks)
    with pytest.MonkeyPatch.context() as patched:
        long_path(patched)
        assert conversation([stream]) == short
        assert conversation(chunks) == short


SEEMING = b"\x81\x80abcd"
"""An empty message, if it stands by itself."""
BLANK = bytes(4)
"""A mask that changes nothing."""


@pytest.mark.parametrize(
    "begun",
    [
        b"\x81",
        b"\x81\x8c" + BLANK,
        b"\x81\x92" + BLANK + b"within",
        b"\x81\xfe\x00\x80" + BLANK + b" " * 116,
        b"\x89",
        b"\x89\x8c" + BLANK,
        frame(TEXT, b"{", fin=False),
        frame(TEXT, b"{", fin=False) + b"\x80",
    ],
)
def test_what_only_seems_to_be_a_message_is_none(begun: bytes) -> None:
    short = conversation([begun, SEEMING * 2])
    with pytest.MonkeyPatch.context() as patched:
        long_path(patched)
        assert conversation([begun, SEEMING * 2]) == short


def test_autobahns_client_understands_us(world: World) -> None:
    for transport in ("websocket-json", "websocket-msgpack"):
        person = world.person(transport, "ann", "field")
        assert isinstance(person, WebSocketPerson)
        person.send(b"?" if transport.endswith("json") else b"\xc1")
        person.send(b"x" * 20_000)
        world.run(1.2)
        assert person.close_frame == CloseCode.TOO_BIG
