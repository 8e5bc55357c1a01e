"""The parts of `gamesrv load` that need no socket."""

from io import StringIO
from random import Random as Chance
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.cli.load.address import read_address
from gamesrv.cli.load.crowd import Crowd, Plan
from gamesrv.cli.load.figures import BUCKETS, BUCKETS_A_SECOND, Figures, Histogram
from gamesrv.cli.load.minds import Hands, Policy, Whim, whims
from gamesrv.cli.load.report import Progress, summary, text
from gamesrv.cli.load.wires import Heard, PacketWire, WebWire, Wire, WireError
from gamesrv.cli.main import main
from gamesrv.core.inputs import Frame, FramesBody
from gamesrv.core.messages import Event, Hello, Joined, LockstepInfo, Ping, ServerMessage, Update
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType
from gamesrv.wire.codec import MSGPACK
from gamesrv.wire.legacy import LegacyServer
from gamesrv.wire.lockstep import decode_sync, encode_frames
from gamesrv.wire.packets import PACKETS, SERVER_IDS, decode
from tests.games import Field, Walker
from tests.raw import CLOSE, PING, PONG, frame


def unmasked(opcode: int, payload: bytes) -> bytes:
    """A frame as a server sends it."""
    return frame(opcode, payload, masked=False)


HEAD = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: gamesrv.v1.msgpack\r\n\r\n"
BIG = Update(1, 2, {"text": "x" * 70_000})
MESSAGES: list[ServerMessage] = [
    Update(7, 8, {"x": 1}),
    Joined("r-1", "arena", 0, 7, 8, {"a": {"b": 1}}, "playing", rate=20, mine={"c": 1}, mv=3, gap=True),
    Event(1, "collected", {"seat": 0, "text": "y" * 300}),
]
WANTED = [(SERVER_IDS[type(message)], MSGPACK.encode(message)) for message in MESSAGES]


def fed(wire: Wire, data: bytes, cuts: list[int]) -> list[Heard]:
    """All that a wire makes of data that comes in pieces."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [heard for a, b in zip(places, places[1:], strict=False) for heard in wire.feed(data[a:b])]


# ---------------------------------------------------------------------- wires


@given(st.lists(st.integers(0, 10**6), max_size=12))
def test_however_a_stream_is_cut_the_same_comes_out(cuts: list[int]) -> None:
    bodies = [body for _, body in WANTED]
    stream = HEAD + b"".join(unmasked(2, body) for body in bodies) + unmasked(2, MSGPACK.encode(BIG))
    wire = WebWire("host:1", "/ws")
    assert fed(wire, stream, cuts)[:-1] == WANTED
    packets = b"".join(PACKETS.encode(message) for message in MESSAGES)
    assert fed(PacketWire(), packets, cuts) == WANTED


def test_a_stream_is_cut_at_each_byte() -> None:
    stream = b"".join(unmasked(2, body) for _, body in WANTED)
    for cut in range(len(stream)):
        wire = WebWire("host:1", "/ws")
        wire.feed(HEAD)
        assert wire.feed(stream[:cut]) + wire.feed(stream[cut:]) == WANTED


def test_the_control_frames_of_a_websocket() -> None:
    wire = WebWire("host:1", "/ws")
    assert not wire.ready
    assert wire.feed(HEAD + unmasked(PING, b"still there?")) == []
    assert wire.ready and wire.close_code is None
    answer = wire.answer()
    assert answer[0] & 15 == PONG and answer.endswith(b"still there?")
    assert wire.answer() == b""
    wire.feed(unmasked(CLOSE, (4429).to_bytes(2) + b"slowly"))
    assert wire.close_code == 4429


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"x" * 20_000,
        HEAD + unmasked(1, b"{}"),
    ],
)
def test_what_is_no_websocket_of_ours_is_an_error(answer: bytes) -> None:
    with pytest.raises(WireError):
        WebWire("host:1", "/ws").feed(answer)


def test_what_a_packet_client_says() -> None:
    assert decode(PacketWire().pack(Hello(name="ann"))[2:]) == Hello(name="ann")
    server = LegacyServer()
    wire = read_address("legacy://host:1").make_wire()
    assert wire.ready
    server.feed(wire.pack(Ping(1.0)))
    assert server.read(100)


# ---------------------------------------------------------------------- figures


@given(st.lists(st.floats(0, 20), min_size=1), st.floats(0, 1))
def test_percentiles_are_those_of_the_list(times: list[float], share: float) -> None:
    histogram = Histogram()
    for seconds in times:
        histogram.add(seconds)
    found = histogram.percentile(share)
    assert found is not None and histogram.longest == max(times)
    assert sum(seconds <= found for seconds in times) >= share * len(times), "so many are not longer"
    bucket = 1 / BUCKETS_A_SECOND
    longest_told = (BUCKETS - 1) * bucket
    assert found > longest_told or sum(s < found - 1.01 * bucket for s in times) <= share * len(times)


# ---------------------------------------------------------------------- addresses and options


@pytest.mark.parametrize(
    ("text", "host", "port", "secure"),
    [
        ("ws://play.example:8080/ws", "play.example", 8080, False),
        ("wss://play.example/ws", "play.example", 443, True),
        ("127.0.0.1:4000", "127.0.0.1", 4000, False),
        ("[::1]:4000", "::1", 4000, False),
        ("noise://host:1", "host", 1, False),
    ],
)
def test_addresses(text: str, host: str, port: int, secure: bool) -> None:
    place = read_address(text)
    assert (place.host, place.port, place.secure) == (host, port, secure)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["host", "arena"], "HOST:PORT wanted"),
        (["host:0x1", "arena"], "host:0x1"),
        (["host:70000", "arena"], "host:70000"),
        (["telnet://host:1", "arena"], "telnet:// is none of ws, wss, packets"),
        (["host:1", "arena", "--players", "0"], "--players"),
        (["host:1", "arena", "--ramp", "nan"], "--ramp"),
        (["host:1", "chess", "--play", "bot"], "--game-class"),
        (["host:1", "hockey", "--play", "bot"], "no policy"),
        (["host:1", "arena", "--game-class", "gamesrv.games.hockey:Hockey"], "called 'hockey'"),
        (["127.0.0.1:1", "arena"], "127.0.0.1:1: "),
        (["host.invalid:1", "arena"], "host.invalid:1: "),
    ],
)
def test_what_cant_be_done_is_told_in_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["load", *words])
    except SystemExit as end:
        status = end.code  # type: ignore[assignment]
    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gamesrv") and told in line


# ---------------------------------------------------------------------- what is told


class Terminal(StringIO):
    """A screen."""

    def isatty(self) -> bool:
        return True


def crowd_of(monkeypatch: pytest.MonkeyPatch, cpu: float = 0.1) -> Crowd:
    """One that is not on its way yet, and has used so much of a core."""
    monkeypatch.setattr(Figures, "cpu", property(lambda self: cpu))
    place = read_address("127.0.0.1:4000")
    return Crowd(Plan(place, "arena", 10, 0, 10.0, 1.0, "idle", 1.0, False, None))


@pytest.mark.parametrize(
    ("out", "told"), [(StringIO(), "{0}\n{0}\n"), (Terminal(), "\r\x1b[K{0}\r\x1b[K{0}\n")]
)
def test_progress_is_one_line_on_a_terminal(
    out: StringIO, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = crowd_of(monkeypatch)
    progress = Progress(out)
    progress.show(crowd)
    line = out.getvalue().strip("\n").removeprefix("\r\x1b[K")
    assert "0/10 seated  0 updates/s" in line and "errors 0" in line
    progress.show(crowd)
    progress.end()
    assert out.getvalue() == told.format(line)


@pytest.mark.parametrize(
    ("cpu", "late", "told"), [(0.1, 0.001, None), (0.95, 0.001, "ITSELF"), (0.1, 0.05, "IN TIME")]
)
def test_it_says_aloud_that_the_load_was_the_bottleneck(
    cpu: float, late: float, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = crowd_of(monkeypatch, cpu)
    crowd.loop.lag.add(late)
    said = text(crowd).splitlines()[-1]
    assert ("THE LOAD" in said) is (told is not None) and (told or "") in said
    assert (summary(crowd)["bottleneck"] or "").startswith("THE LOAD") is (told is not None)


def test_the_summary_names_errors_and_what_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = crowd_of(monkeypatch)
    crowd.error("refused: rate_limited")
    crowd.error("refused: rate_limited")
    crowd.figures.latency.add(0.0125)
    said = text(crowd)
    assert "refused: rate_limited (2)" in said and "--joins-per-address" in said
    (row,) = (line for line in said.splitlines() if line.startswith("command latency"))
    assert row.split()[2:] == ["12.5"] * 4


# ---------------------------------------------------------------------- minds


def joined(**facts: Any) -> Joined:
    made = {"room": "r", "game": "field", "seat": 1, "tick": 5, "v": 1, "view": {"x": {"y": 1}}}
    return Joined(**(made | {"state": "playing", "rate": 20} | facts))


def test_a_policy_sees_what_a_player_would() -> None:
    seen: list[Any] = []

    class Looker(Walker):
        def act(self, view: Any, mine: Any) -> Any:
            seen.append((view, mine))
            return "move", {"dx": self.seat, "dy": 0}

    mind = Policy(Looker, Random(b""))
    assert mind.act() is None, "it has no seat yet"
    mind.begin(joined(mine={"z": 1}))
    mind.updated(MSGPACK.encode(Update(6, 2, {"x": {"y": 2}})))
    mind.updated(MSGPACK.encode(Update(6, 2, mine={"z": 2})))
    mind.patched({"x": {"w": 3}})
    assert mind.act() == ("move", {"dx": 1, "dy": 0})
    assert seen == [({"x": {"y": 2, "w": 3}}, {"z": 2})]
    mind.begin(joined(state="over"))
    assert mind.act() is None


def test_whims_are_commands_that_the_game_has() -> None:
    game = GameType.of(Field)
    acts = whims(game)
    assert {name for name, _ in acts} == set(game.commands)
    for name, args in acts:
        game.commands[name].args.parse(args)
    pause = Whim(acts, 4.0, Chance(1)).pause()
    assert pause is not None and 0.5 / 4 <= pause <= 1.5 / 4


def frames(start: int, count: int, wait: int | None = 50, run: int = 3) -> bytes:
    return encode_frames(FramesBody(run, 0, wait, 0, start, (Frame((), (0, 0)),) * count), 4)


@pytest.mark.parametrize("again", [False, True])
def test_hands_say_inputs_for_ticks_to_come(again: bool) -> None:
    hands = Hands(LockstepInfo(4, "deadline", 30, 2, 3), 10, seed=1)
    first = decode_sync(hands.sync(again), 4)
    assert (first.ack, first.start) == (10, 11) and first.inputs
    assert hands.take(frames(11, 2))
    second = decode_sync(hands.sync(again), 4)
    assert (second.run, second.ack) == (3, 12)
    said = {first.start + at: held for at, held in enumerate(first.inputs)}
    for at, held in enumerate(second.inputs):
        assert said.get(second.start + at, held) == held
    assert second.start == (13 if again else first.start + len(first.inputs))


@pytest.mark.parametrize("data", [frames(13, 2), frames(9, 2), frames(11, 2, run=4)])
def test_hands_pass_over_what_is_no_news(data: bytes) -> None:
    """A gap, the past, and what is of another run."""
    hands = Hands(LockstepInfo(4, "deadline", 30, 2, 3), 10, seed=1)
    assert not hands.take(data) and hands.tick == 10


def test_hands_whose_inputs_come_late_reach_further() -> None:
    hands = Hands(LockstepInfo(4, "deadline", 30, 2, 3), 10, seed=None)
    before = len(decode_sync(hands.sync(again=True), 4).inputs)
    hands.take(frames(11, 1, wait=-5))
    inputs = decode_sync(hands.sync(again=True), 4).inputs
    assert len(inputs) == before + 1 and set(inputs) == {0}
