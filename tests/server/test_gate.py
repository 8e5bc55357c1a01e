"""Who comes in, who comes back, and what is remembered of an address."""

import pytest
from twisted.internet.task import Clock

from gamesrv.core.game import Refused
from gamesrv.core.messages import Closing, ServerMessage
from gamesrv.server.gate import Gate
from gamesrv.server.limits import Limits
from gamesrv.server.lobby import Lobby
from gamesrv.server.peer import Peer
from gamesrv.server.session import BadToken
from gamesrv.server.ticker import Ticker
from gamesrv.wire.close import CloseCode

HERE, THERE = "192.0.2.1", "192.0.2.2"


class FakeConnection:
    """Notes what is said, and how it is closed."""

    def __init__(self, address: str | None) -> None:
        self.address = address
        self.format = self
        self.said: list[ServerMessage] = []
        self.closed: list[tuple[CloseCode, str, float]] = []

    def encode(self, message: ServerMessage) -> bytes:
        self.said.append(message)
        return b"x"

    def write(self, data: bytes) -> None:
        pass

    def close(self, code: CloseCode, reason: str, within: float) -> None:
        self.closed.append((code, reason, within))

    @property
    def code(self) -> CloseCode | None:
        """Why it was closed, and told so."""
        if not self.closed:
            return None
        (code, reason, _) = self.closed[0]
        assert self.said[-1] == Closing(code, reason, code.retry)
        return code


class House:
    """A gate, and connections that come to it."""

    def __init__(self, **limits: float) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.limits = Limits(**limits)
        lobby = Lobby([], self.limits, Ticker(self.clock, 60), self.clock.seconds)
        self.gate = Gate(lobby, self.limits, self.clock.seconds)

    def come(self, address: str | None = HERE) -> tuple[Peer, FakeConnection]:
        connection = FakeConnection(address)
        return self.gate.admit(connection), connection

    def codes(self, number: int, address: str | None = HERE) -> list[CloseCode | None]:
        return [self.come(address)[1].code for _ in range(number)]


# ---------------------------------------------------------------------- limits


def test_each_address_has_so_many_connections() -> None:
    house = House(connections_per_address=2)
    assert house.codes(3) == [None, None, CloseCode.FULL]
    assert house.codes(3, THERE) == [None, None, CloseCode.FULL]
    assert house.codes(5, None) == [None] * 5, "what runs in this process has no address"


def test_a_connection_that_is_gone_counts_no_more() -> None:
    house = House(connections_per_address=1)
    peer, _ = house.come()
    peer.lost()
    peer.lost()
    assert house.codes(2) == [None, CloseCode.FULL]


def test_the_server_has_so_many_connections() -> None:
    house = House(max_connections=3)
    peers = [house.come(f"192.0.2.{number}") for number in range(4)]
    assert [connection.code for _, connection in peers] == [None, None, None, CloseCode.FULL]
    peers[3][0].lost()
    peers[0][0].lost()
    assert house.codes(1) == [None]


def test_joins_are_counted_by_address() -> None:
    house = House(joins_per_address=3)
    (ann, _), (bob, _), (cid, _) = house.come(), house.come(), house.come(THERE)
    for peer in (ann, bob, ann):
        house.gate.admit_join(peer)
    with pytest.raises(Refused) as refused:
        house.gate.admit_join(bob)
    assert refused.value.code == "rate_limited"
    house.gate.admit_join(cid)
    house.clock.advance(0.4)
    house.gate.admit_join(bob)


def test_bots_are_not_counted() -> None:
    house = House(joins_per_address=1, bad_tokens_per_address=1)
    bot, _ = house.come(None)
    for _ in range(10):
        house.gate.admit_join(bot)
        with pytest.raises(BadToken):
            house.gate.resume_session(bot, "wrong")
    assert not house.gate.is_guessing(bot)


def test_wrong_tokens_are_counted_and_forgiven() -> None:
    house = House(bad_tokens_per_address=2)
    (thief, _), (other, _) = house.come(), house.come(THERE)
    for _ in range(2):
        assert not house.gate.is_guessing(thief)
        with pytest.raises(BadToken):
            house.gate.resume_session(thief, "wrong")
    assert house.gate.is_guessing(thief)
    assert not house.gate.is_guessing(other)
    house.clock.advance(31)
    assert not house.gate.is_guessing(thief)


def test_a_good_token_is_not_held_against_an_address() -> None:
    house = House(bad_tokens_per_address=1)
    peer, _ = house.come()
    _, token = house.gate.open_session(peer, "ann")
    for _ in range(5):
        _, token = house.gate.resume_session(house.come()[0], token)
    assert not house.gate.is_guessing(peer)


# ---------------------------------------------------------------------- memory


def test_an_address_is_forgotten_when_nothing_is_to_be_remembered() -> None:
    house = House()
    peer, _ = house.come()
    house.gate.admit_join(peer)
    house.gate.sweep()
    assert list(house.gate._addresses) == [HERE]
    peer.lost()
    house.gate.sweep()
    assert list(house.gate._addresses) == [HERE], "a join is still counted"
    house.clock.advance(2)
    house.gate.sweep()
    assert house.gate._addresses == {}


def test_an_address_with_connections_is_remembered() -> None:
    house = House(connections_per_address=2)
    house.codes(2)
    house.clock.advance(4)
    house.gate.sweep()
    assert house.codes(1) == [CloseCode.FULL]


def test_a_guesser_is_remembered_until_it_is_forgiven() -> None:
    house = House(bad_tokens_per_address=1)
    peer, _ = house.come()
    with pytest.raises(BadToken):
        house.gate.resume_session(peer, "wrong")
    peer.lost()
    for _ in range(5):
        house.clock.advance(10)
        house.gate.sweep()
        assert house.gate.is_guessing(house.come()[0])
    for peer in tuple(house.gate.peers):
        peer.lost()
    house.clock.advance(60)
    house.gate.sweep()
    assert house.gate._addresses == {}


def test_a_crowd_from_everywhere_leaves_nothing() -> None:
    house = House()
    for number in range(2000):
        peer, _ = house.come(f"198.51.{number % 250}.{number // 250}")
        peer.lost()
    house.gate.sweep()
    assert house.gate._addresses == {} and house.gate.peers == {}
    assert len(house.gate.sessions) == 0


# ---------------------------------------------------------------------- sweeping


def test_who_says_no_hello_is_sent_away() -> None:
    house = House(handshake_timeout=5)
    (quiet, connection), (ann, greeted) = house.come(), house.come()
    house.gate.open_session(ann, "ann")
    house.clock.advance(5)
    house.gate.sweep()
    assert connection.code is None
    house.clock.advance(0.1)
    house.gate.sweep()
    assert connection.code is None
    house.gate.sweep()
    house.gate.sweep()
    assert connection.code == CloseCode.IDLE
    assert len(connection.closed) == 1
    assert greeted.code is None
    assert quiet in house.gate.peers, "until the link is gone"


def test_a_hello_that_the_server_reads_late_is_in_time() -> None:
    house = House(handshake_timeout=5)
    ann, connection = house.come()
    house.clock.advance(60)
    house.gate.sweep()
    house.gate.open_session(ann, "ann")
    house.gate.sweep()
    assert connection.code is None


def test_who_does_not_read_is_sent_away() -> None:
    house = House(slow_timeout=10)
    ann, connection = house.come()
    house.gate.open_session(ann, "ann")
    ann.buffer_full()
    house.clock.advance(10.1)
    house.gate.sweep()
    assert connection.code == CloseCode.TOO_SLOW


def test_a_lost_session_is_kept_for_the_grace_period() -> None:
    house = House(grace=30)
    ann, _ = house.come()
    session, token = house.gate.open_session(ann, "ann")
    ann.lost()
    assert session.peer is None and ann.session is None
    house.clock.advance(30)
    house.gate.sweep()
    assert len(house.gate.sessions) == 1
    house.clock.advance(0.1)
    house.gate.sweep()
    assert len(house.gate.sessions) == 0
    with pytest.raises(BadToken):
        house.gate.resume_session(house.come()[0], token)


def test_who_leaves_on_purpose_is_forgotten_at_once() -> None:
    house = House()
    ann, _ = house.come()
    house.gate.open_session(ann, "ann")
    ann.lost(on_purpose=True)
    assert len(house.gate.sessions) == 0


def test_a_newer_connection_replaces_an_older_one() -> None:
    house = House()
    (old, old_connection), (new, new_connection) = house.come(), house.come()
    session, token = house.gate.open_session(old, "ann")
    house.gate.resume_session(new, token)
    assert old_connection.code == CloseCode.REPLACED
    assert (session.peer, new.session, old.session) == (new, session, None)
    old.lost()
    assert session.peer is new, "the end of the old link is none of the session's business"
    assert session.over_at is None
    assert new_connection.code is None


def test_a_bad_token_disturbs_nobody() -> None:
    house = House()
    (ann, connection), (thief, _) = house.come(), house.come()
    session, _ = house.gate.open_session(ann, "ann")
    with pytest.raises(BadToken):
        house.gate.resume_session(thief, "wrong")
    assert (session.peer, thief.session, connection.code) == (ann, None, None)


# ---------------------------------------------------------------------- the end


def test_closing_waits_for_the_last_one() -> None:
    house = House(drain=7)
    people = [house.come(), house.come(None)]
    done: list[None] = []
    house.gate.close(CloseCode.GOING_AWAY, "bye").addCallback(done.append)
    assert [connection.closed for _, connection in people] == [[(CloseCode.GOING_AWAY, "bye", 7)]] * 2
    late, connection = house.come()
    assert connection.code == CloseCode.FULL
    for peer, _ in people:
        assert done == []
        peer.lost()
    assert done == []
    late.lost()
    assert done == [None]


def test_an_empty_house_closes_at_once() -> None:
    done: list[None] = []
    House().gate.close(CloseCode.GOING_AWAY, "bye").addCallback(done.append)
    assert done == [None]
