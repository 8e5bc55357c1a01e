"""Batches: one at a time, each held until it is safe, none after the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from gamesrv.core.messages import Pong, ServerMessage
from gamesrv.server.books import Books
from gamesrv.server.limits import Limits
from gamesrv.server.outbox import Outbox
from gamesrv.storage.interfaces import Health, SessionClosed
from gamesrv.wire.close import CloseCode
from tests.keeping import HandStore


class Wire:
    """A format and a connection in one, and what was said on it."""

    address, inside = None, False

    def __init__(self) -> None:
        self.said: list[int] = []
        self.format = self

    def encode(self, message: ServerMessage) -> bytes:
        assert isinstance(message, Pong)
        return bytes((message.t,))

    def write(self, data: bytes) -> None:
        self.said += data

    def close(self, code: CloseCode, reason: str, within: float) -> None:
        raise AssertionError("an outbox says why, others close")


class Desk:
    """Books over a store that the test moves, and somebody who is told."""

    def __init__(self, path: Path, **limits: int) -> None:
        self.clock = Clock()
        self.store = HandStore(path / "kept.db", self.clock)
        self.store.open()
        self.store.slow = True
        self.books = Books(self.store, self.clock, self.clock.seconds)
        self.wire = Wire()
        self.outbox = Outbox(self.wire, Limits(**limits))

    def note(self, name: str) -> None:
        self.books.note(SessionClosed(name))

    def say(self, number: int) -> None:
        self.outbox.send(Pong(number, 0))

    def settle(self) -> None:
        for _ in range(4):
            self.clock.advance(0)

    def let(self) -> None:
        self.store.let()
        self.settle()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.kill()


def test_what_is_held_is_said_in_order_each_part_after_its_own_batch(desk: Desk) -> None:
    desk.say(1)
    desk.note("a")
    desk.books.hold(desk.outbox)
    desk.say(2)
    desk.settle()
    desk.say(3)
    desk.note("b")
    desk.books.hold(desk.outbox)
    desk.say(4)
    assert desk.wire.said == [1]
    assert len(desk.store.batches) == 1, "one at a time"
    desk.let()
    assert desk.wire.said == [1, 2, 3]
    desk.let()
    assert desk.wire.said == [1, 2, 3, 4]
    desk.say(5)
    assert desk.wire.said == [1, 2, 3, 4, 5]


def test_all_that_happens_in_a_turn_is_one_batch(desk: Desk) -> None:
    for name in "abc":
        desk.note(name)
    desk.settle()
    ((records, _),) = desk.store.batches
    assert [record.id for record in records] == ["a", "b", "c"]


def test_nothing_is_asked_of_a_store_where_nothing_happened(desk: Desk) -> None:
    desk.settle()
    assert desk.store.batches == []
    desk.note("a")
    desk.settle()
    desk.let()
    desk.settle()
    assert desk.store.batches == []


def test_what_is_held_too_long_ends_the_connection(tmp_path: Path) -> None:
    desk = Desk(tmp_path, soft_buffer=3, hard_buffer=3)
    desk.books.hold(desk.outbox)
    for number in range(3):
        desk.say(number)
    assert desk.outbox.verdict(0) is None
    desk.say(3)
    desk.say(4)
    assert desk.outbox.verdict(0) == CloseCode.FULL
    desk.settle()
    desk.let()
    assert desk.wire.said == [0, 1, 2, 3]
    desk.store.kill()


def test_who_waits_for_a_token_alone_waits_no_longer_once_the_store_fails(desk: Desk) -> None:
    other = Outbox(wire := Wire(), Limits())
    desk.note("a")
    desk.books.hold(desk.outbox, for_ever=False)
    desk.books.hold(other, for_ever=False)
    desk.books.hold(other)
    desk.say(1)
    other.send(Pong(1, 0))
    desk.settle()
    desk.note("b")
    desk.books.hold(desk.outbox)
    desk.say(2)
    assert desk.wire.said == wire.said == []
    desk.store.on_health(Health("the disk is full"))
    assert (desk.wire.said, wire.said) == ([1], [])
    desk.let()
    desk.let()
    assert (desk.wire.said, wire.said) == ([1, 2], [1])


def test_a_connection_that_ends_never_says_what_was_held(desk: Desk) -> None:
    desk.books.hold(desk.outbox)
    desk.say(1)
    desk.outbox.close(Pong(9, 0))  # type: ignore[arg-type]
    desk.settle()
    desk.let()
    assert desk.wire.said == [9]


def test_the_last_batch_is_saved_with_another_on_its_way(desk: Desk) -> None:
    desk.note("a")
    desk.settle()
    desk.note("b")
    desk.books.close()
    desk.settle()
    assert [record.id for batch in desk.store.written for record in batch] == ["a", "b"]
