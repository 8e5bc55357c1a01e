"""Reading in slots: everything that waits in one go, nobody twice, and nothing left behind."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.logger import LogEvent
from twisted.python.failure import Failure

from gamesrv.net.intake import BATCH, PATIENCE, SLOT, TURN, Intake, in_slots
from tests.reading import Reactor


class Transport:
    """A transport as far as an intake knows it, with the other end in hand."""

    def __init__(self, intake: Intake) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.intake = intake
        self.heard: list[bytes] = []
        self.lost: list[type] = []
        self.then: Callable[[], object] = lambda: None
        self.error: BaseException | None = None
        intake.addReader(self)  # type: ignore[arg-type]

    def fileno(self) -> int:
        return self.near.fileno()

    def doRead(self) -> BaseException | None:
        data = self.near.recv(1000)
        if not data:
            return ConnectionDone()
        self.heard.append(data)
        self.then()
        return self.error

    def connectionLost(self, reason: Failure) -> None:
        self.lost.append(reason.type)
        self.intake.removeReader(self)  # type: ignore[arg-type]

    def close(self) -> None:
        self.intake.removeReader(self)  # type: ignore[arg-type]
        self.near.close()
        self.far.close()


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


@pytest.fixture
def ends(reactor: Reactor) -> Iterator[list[Transport]]:
    intake = Intake(reactor)
    made = [Transport(intake) for _ in range(3)]
    yield made
    for end in made:
        end.close()
    assert not reactor.readers and not reactor.writers and not reactor.getDelayedCalls()


def test_all_that_waits_is_read_in_one_turn(reactor: Reactor, ends: list[Transport]) -> None:
    for end in ends:
        end.far.send(b"hello")
    assert len(reactor.readers) == 1
    reactor.turn()
    assert [end.heard for end in ends] == [[b"hello"]] * 3


def test_what_comes_soon_after_waits_for_company(reactor: Reactor, ends: list[Transport]) -> None:
    ends[0].far.send(b"one")
    reactor.turn()
    ends[0].far.send(b"two")
    ends[1].far.send(b"three")
    reactor.turn()
    assert ends[0].heard == [b"one"] and ends[1].heard == []
    reactor.advance(SLOT)
    reactor.turn()
    assert ends[0].heard == [b"one", b"two"] and ends[1].heard == [b"three"]


def test_the_reactor_watches_it_all_the_time(reactor: Reactor, ends: list[Transport]) -> None:
    """To begin anew would cost as much as there are connections."""
    watching = set(reactor.writers)
    ends[0].far.send(b"one")
    reactor.turn()
    assert not reactor.readers and reactor.writers == watching == {ends[0].intake}


def test_who_is_paused_is_not_read_until_asked_for_again(reactor: Reactor, ends: list[Transport]) -> None:
    intake: Any = ends[0].intake
    intake.removeReader(ends[0])
    intake.removeReader(ends[0])
    for end in ends:
        end.far.send(b"hello")
    reactor.turn()
    assert [end.heard for end in ends] == [[], [b"hello"], [b"hello"]]
    intake.addReader(ends[0])
    intake.addReader(ends[0])
    reactor.advance(SLOT)
    reactor.turn()
    assert ends[0].heard == [b"hello"]


def test_one_may_hang_up_on_another_in_its_turn(reactor: Reactor, ends: list[Transport]) -> None:
    for end in ends:
        end.then = lambda: [other.close() for other in ends if not other.heard]
        end.far.send(b"hello")
    reactor.turn()
    assert sum(len(end.heard) for end in ends) == 1


def test_the_end_of_a_stream_is_told(reactor: Reactor, ends: list[Transport]) -> None:
    ends[0].far.close()
    ends[1].far.send(b"hello")
    reactor.turn()
    assert ends[0].lost == [ConnectionDone] and ends[1].heard == [b"hello"]
    reactor.advance(SLOT)
    reactor.turn()
    assert ends[0].lost == [ConnectionDone]


def test_a_lost_link_is_told(reactor: Reactor, ends: list[Transport]) -> None:
    ends[0].error = ConnectionLost()
    ends[0].far.send(b"hello")
    reactor.turn()
    assert ends[0].lost == [ConnectionLost]


def test_a_protocol_that_fails_loses_its_own_connection(
    reactor: Reactor, ends: list[Transport], logged_failures: list[LogEvent]
) -> None:
    ends[0].then = lambda: 1 // 0
    for end in ends:
        end.far.send(b"hello")
    reactor.turn()
    assert ends[0].lost == [ZeroDivisionError] and ends[1].heard == ends[2].heard == [b"hello"]
    assert logged_failures.pop()["log_failure"].type is ZeroDivisionError


@pytest.fixture
def slow_crowd(reactor: Reactor) -> Iterator[list[Transport]]:
    """More than can be read in a turn: a batch takes a little more than one."""
    intake = Intake(reactor)
    made = [Transport(intake) for _ in range(10 * BATCH)]
    for end in made:
        end.then = lambda: reactor.advance(TURN / (BATCH - 1))
        end.far.send(b"hello")
    yield made
    for end in made:
        end.close()


def heard(ends: list[Transport]) -> int:
    return sum(len(end.heard) for end in ends)


def test_the_clock_is_not_kept_waiting(reactor: Reactor, slow_crowd: list[Transport]) -> None:
    for turn in range(1, 6):
        reactor.turn()
        assert heard(slow_crowd) == turn * BATCH and reactor.readers, "and the next turn comes at once"
    assert not any(len(end.heard) > 1 for end in slow_crowd)


def test_who_was_read_last_waits_longest(reactor: Reactor, slow_crowd: list[Transport]) -> None:
    reactor.turn()
    first = [end for end in slow_crowd if end.heard]
    for end in first:
        end.far.send(b"again")
    for _ in range(9):
        reactor.turn()
    assert [end.heard for end in slow_crowd] == [[b"hello"]] * len(slow_crowd)


def test_where_others_take_all_the_time_reading_gets_its_share(
    reactor: Reactor, slow_crowd: list[Transport]
) -> None:
    reactor.turn()
    reactor.advance(PATIENCE)
    reactor.turn()
    assert heard(slow_crowd) == 2 * BATCH
    reactor.advance(PATIENCE + 4 * TURN)
    reactor.turn()
    assert heard(slow_crowd) == (2 + 4) * BATCH
    reactor.turn()
    assert heard(slow_crowd) == (2 + 4 + 1) * BATCH


def test_a_reactor_of_another_kind_opens_ports_itself() -> None:
    clock = Clock()
    assert in_slots(clock) is clock


@pytest.mark.parametrize("resting", [False, True])
def test_without_connections_the_reactor_has_nothing_to_watch(reactor: Reactor, resting: bool) -> None:
    end = Transport(Intake(reactor))
    if resting:
        end.far.send(b"hello")
        reactor.turn()
    end.close()
    assert not reactor.readers and not reactor.writers and not reactor.getDelayedCalls()
