"""What goes out to one connection: events always, updates while it keeps up, nothing without a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.messages import Event, ServerMessage, Update
from gamesrv.server.limits import Limits
from gamesrv.server.outbox import Bundle, Outbox, Outgoing
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import TooBig

SOFT, HARD, SLOW = 1000, 4000, 10.0


class Wire:
    """A format and a connection in one: text that can be read again, and a list of what was written."""

    address = None

    def __init__(self) -> None:
        self.encoded = 0
        self.writes: list[bytes] = []
        self.format = self

    def encode(self, message: ServerMessage) -> bytes:
        self.encoded += 1
        if isinstance(message, Event) and message.name == "huge":
            raise TooBig("too big")
        if isinstance(message, Event) and message.name == "silent":
            return b""
        return f"{message.seq if isinstance(message, Event) else -message.v};".encode()

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self, code: CloseCode, reason: str, within: float) -> None:
        raise AssertionError("an outbox says why, others close")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def outbox(wire: Wire) -> Outbox:
    return Outbox(wire, Limits(soft_buffer=SOFT, hard_buffer=HARD, slow_timeout=SLOW))


def event(number: int, name: str = "e") -> Outgoing:
    return Outgoing(Event(number, name))


def update(number: int) -> Outgoing:
    return Outgoing(Update(1, number, delta={}))


def test_updates_and_events_go_in_one_write(outbox: Outbox, wire: Wire) -> None:
    outbox.push(Bundle([update(1), update(2)], [event(3)]))
    outbox.push(Bundle([], [event(4)]))
    outbox.push(Bundle([update(5)], []))
    outbox.push(Bundle([], []))
    outbox.send(Event(6, "e"))
    assert wire.writes == [b"-1;-2;3;", b"4;", b"-5;", b"6;"]


def test_what_several_share_is_encoded_once_for_each_format() -> None:
    first, second = Wire(), Wire()
    outboxes = [Outbox(wire, Limits()) for wire in (first, first, second)]
    shared = event(1)
    for outbox in outboxes:
        outbox.push(Bundle([], [shared]))
    assert (first.encoded, second.encoded) == (1, 1)
    assert (len(first.writes), len(second.writes)) == (2, 1)


def test_nothing_is_written_where_there_is_nothing_to_say(outbox: Outbox, wire: Wire) -> None:
    outbox.push(Bundle([], [event(1, "silent")]))
    assert wire.writes == []


def test_a_closed_outbox_takes_nothing(outbox: Outbox, wire: Wire) -> None:
    outbox.shut()
    outbox.push(Bundle([update(1)], [event(2)]))
    assert wire.writes == [] and not outbox.stale


def test_a_full_buffer_takes_events_and_no_updates(outbox: Outbox, wire: Wire) -> None:
    outbox.filled(5.0)
    outbox.push(Bundle([update(1)], [event(2)]))
    outbox.push(Bundle([], [event(3)]))
    assert wire.writes == [b"2;", b"3;"]
    assert outbox.drained() is True, "a snapshot is due"
    outbox.push(Bundle([update(4)], []))
    assert wire.writes[-1] == b"-4;"
    outbox.filled(6.0)
    outbox.push(Bundle([], [event(5)]))
    assert outbox.drained() is False, "nothing was passed over this time"


def test_who_does_not_drain_in_time_is_too_slow(outbox: Outbox) -> None:
    outbox.filled(100.0)
    outbox.filled(105.0)
    assert outbox.verdict(100.0 + SLOW) is None
    assert outbox.verdict(100.0 + SLOW + 0.1) == CloseCode.TOO_SLOW
    outbox.drained()
    assert outbox.verdict(1e6) is None


def test_what_cannot_be_said_is_a_fault_and_raises_nothing(outbox: Outbox, wire: Wire) -> None:
    outbox.push(Bundle([], [event(1), event(2, "huge")]))
    assert outbox.verdict(0.0) == CloseCode.TOO_BIG
    assert wire.writes == []


def test_the_hard_limit_ends_it(outbox: Outbox, wire: Wire) -> None:
    outbox.filled(0.0)
    for number in range(5000):
        outbox.push(Bundle([], [event(number)]))
    assert outbox.verdict(0.0) == CloseCode.TOO_SLOW
    assert HARD - SOFT - 10 < len(b"".join(wire.writes)) <= HARD - SOFT


@given(st.lists(st.sampled_from(["update", "event", "both", "filled", "drained"]), max_size=60))
def test_events_arrive_in_order_and_a_view_is_never_behind_for_good(script: list[str]) -> None:
    """Every event comes, once and in order; an update that is missing is made up for by a snapshot."""
    wire = Wire()
    outbox = Outbox(wire, Limits())
    full = missing = False
    for number, action in enumerate(script, 1):
        if action == "filled":
            outbox.filled(0.0)
            full = True
        elif action == "drained":
            assert outbox.drained() is missing
            full = missing = False
        else:
            updates = [update(number)] if action in ("update", "both") else []
            outbox.push(Bundle(updates, [event(number)] if action in ("event", "both") else []))
            missing = missing or (full and bool(updates))
    said = [int(part) for part in b"".join(wire.writes).split(b";") if part]
    events = [number for number in said if number > 0]
    assert events == [n for n, action in enumerate(script, 1) if action in ("event", "both")]
    assert [abs(number) for number in said] == sorted(abs(number) for number in said)
