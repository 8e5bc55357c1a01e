"""Tokens, grace and names: what a session promises, whatever order things happen in."""

import unicodedata
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gamesrv.core.game import Refused
from gamesrv.server.session import ANSWERS_KEPT, NAME_LENGTH, BadToken, Session, Sessions, clean_name
from gamesrv.storage.interfaces import SessionSaved

GRACE = 30


class Time:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sessions(time: Time) -> Sessions:
    return Sessions(time)


# ---------------------------------------------------------------------- tokens


class Player:
    """What a model of the rules says about one session."""

    def __init__(self, session: Session, token: str) -> None:
        self.session = session
        self.good = {token}
        self.dead: set[str] = set()
        self.lost_at: float | None = None

    def came_with(self, used: str, fresh: str) -> None:
        self.dead |= self.good - {used}
        self.good = {used, fresh}
        self.lost_at = None

    def is_over(self, now: float) -> bool:
        return self.lost_at is not None and now - self.lost_at > GRACE


class Tokens(RuleBasedStateMachine):
    """At any time the tokens that the rules allow are accepted, and no other; nothing is left of the rest.

    Who is lost longest is reaped first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.time = Time()
        self.sessions = Sessions(self.time)
        self.players: list[Player] = []
        self.gone: set[str] = set()

    def one(self, data: Any) -> Player:
        chosen: Player = data.draw(st.sampled_from(self.players))
        return chosen

    @rule()
    def open(self) -> None:
        self.players.append(Player(*self.sessions.open("ann")))

    @precondition(lambda self: self.players)
    @rule(data=st.data())
    def resume(self, data: Any) -> None:
        player = self.one(data)
        used = data.draw(st.sampled_from(sorted(player.good)))
        if player.is_over(self.time.now):
            with pytest.raises(BadToken):
                self.sessions.resume(used)
            return
        session, fresh = self.sessions.resume(used)
        assert session is player.session
        assert fresh not in player.good | player.dead
        player.came_with(used, fresh)

    @precondition(lambda self: self.players)
    @rule(data=st.data())
    def lose(self, data: Any) -> None:
        player = self.one(data)
        if player.lost_at is None:
            self.sessions.lost(player.session, GRACE)
            player.lost_at = self.time.now

    @precondition(lambda self: self.players)
    @rule(data=st.data())
    def close(self, data: Any) -> None:
        player = self.one(data)
        self.sessions.close(player.session)
        self.forget(player)

    @rule(seconds=st.sampled_from([0.0, 1.0, GRACE / 2, GRACE, GRACE + 1.0]))
    def wait(self, seconds: float) -> None:
        self.time.now += seconds

    @rule()
    def reap(self) -> None:
        over = sorted(
            (player for player in self.players if player.is_over(self.time.now)),
            key=lambda player: player.lost_at or 0.0,
        )
        reaped = [next(p for p in self.players if p.session is s) for s in self.sessions.reap()]
        assert [player.lost_at for player in reaped] == [player.lost_at for player in over]
        assert set(reaped) == set(over)
        for player in over:
            self.forget(player)

    def forget(self, player: Player) -> None:
        self.players.remove(player)
        self.gone |= player.good | player.dead

    @invariant()
    def nothing_else_is_accepted(self) -> None:
        for token in self.gone.union(*(player.dead for player in self.players), {"", "x" * 43}):
            with pytest.raises(BadToken):
                self.sessions.resume(token)

    @invariant()
    def nothing_leaks(self) -> None:
        assert len(self.sessions) == len(self.players)
        assert len(self.sessions._by_hash) == sum(len(player.good) for player in self.players)
        assert len(self.sessions._lost) == sum(player.lost_at is not None for player in self.players)


TestTokens = Tokens.TestCase
TestTokens.settings = settings(max_examples=30, stateful_step_count=30)


def test_a_bad_token_alters_nothing(sessions: Sessions, time: Time) -> None:
    """Nor does one that comes too late: what is over is only over when it is reaped."""
    session, token = sessions.open("ann")
    sessions.lost(session, GRACE)
    for bad in ("", "nonsense", token[:-1], token + "x", token.upper()):
        with pytest.raises(BadToken):
            sessions.resume(bad)
    assert session.over_at == GRACE
    time.now = GRACE + 1
    with pytest.raises(BadToken):
        sessions.resume(token)
    assert list(sessions.reap()) == [session]


def test_the_grace_period_starts_anew_with_each_loss(sessions: Sessions, time: Time) -> None:
    (ann, token), (bob, _) = sessions.open("ann"), sessions.open("bob")
    sessions.lost(ann, GRACE)
    time.now = 10
    sessions.lost(bob, GRACE)
    sessions.resume(token)
    time.now = 20
    sessions.lost(ann, GRACE)
    time.now = 41
    assert list(sessions.reap()) == [bob]
    time.now = 51
    assert list(sessions.reap()) == [ann]
    assert len(sessions) == 0


def test_a_player_who_is_connected_is_never_reaped(sessions: Sessions, time: Time) -> None:
    session, token = sessions.open("ann")
    time.now = 1e6
    assert list(sessions.reap()) == []
    assert sessions.resume(token)[0] is session


def secrets_in(value: object, seen: set[int]) -> list[str | bytes]:
    """Every string that can be reached from an object."""
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, str | bytes):
        return [value]
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set):
        inner = list(value)
    else:
        names = getattr(type(value), "__slots__", ())
        inner = [*getattr(value, "__dict__", {}).values(), *(getattr(value, n, None) for n in names)]
    return [found for item in inner for found in secrets_in(item, seen)]


def test_tokens_are_kept_as_hashes_alone(sessions: Sessions) -> None:
    session, first = sessions.open("ann")
    second = sessions.resume(first)[1]
    kept = secrets_in([sessions._by_hash, sessions._lost, session], set())
    assert session.id in kept
    for token in (first, second):
        assert len(token) >= 43, "32 bytes of chance"
        assert token not in kept and token.encode() not in kept
        assert token not in repr(session) + repr(sessions)


def test_hashes_are_not_shown() -> None:
    session = Session("s", "ann", b"current-hash", b"previous-hash")
    assert "hash" not in repr(session)


def test_tokens_and_ids_are_all_different(sessions: Sessions) -> None:
    opened = [sessions.open("ann") for _ in range(500)]
    assert len({token for _, token in opened} | {session.id for session, _ in opened}) == 1000


def test_a_token_says_nothing_of_the_session() -> None:
    numbers = count()
    sessions = Sessions(Time(), lambda size: f"{size}-{next(numbers)}")
    session, token = sessions.open("ann")
    assert (session.id, token) == ("12-1", "32-0"), "each is drawn for itself"


# ---------------------------------------------------------------------- commands


@given(st.lists(st.integers(1, 20), max_size=40))
def test_each_command_id_is_handled_at_most_once(ids: list[int]) -> None:
    session = Session("s", "ann", b"")
    handled = [number for number in ids if session.is_new(number)]
    assert handled == sorted(set(handled))
    assert session.handled == max([0, *ids])


def test_refusals_are_remembered_but_not_for_ever() -> None:
    session = Session("s", "ann", b"")
    for number in range(1, ANSWERS_KEPT + 11):
        session.refuse(Refused("no", "never", "args.x"), number)
    session.refuse(Refused("no"))
    answer = session.answer(11)
    assert answer is not None
    assert (answer.id, answer.code, answer.path) == (11, "never", "args.x")
    assert session.answer(10) is None
    assert session.answer(ANSWERS_KEPT + 11) is None


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("ann", "ann"),
        ("  ann  ", "ann"),
        ("ann  of   green", "ann of green"),
        ("ann\u00a0lee", "ann lee"),
        ("ann\u3000lee", "ann lee"),
        ("\uff21\uff4e\uff4e", "Ann"),
        ("e\u0301", "\u00e9"),
        ("ﬁ", "fi"),
        ("李小龙", "李小龙"),
        ("<script>", "<script>"),
        ("🦊", "🦊"),
        ("Анна", "Анна"),
        ("アンナ Anna", "アンナ Anna"),
        ("❤\ufe0f", "❤"),
        ("a\u3164\u115f\u2800b", "ab"),
        ("x" * NAME_LENGTH, "x" * NAME_LENGTH),
        (" " + "x" * NAME_LENGTH + " ", "x" * NAME_LENGTH),
    ],
)
def test_a_name_is_made_fit_to_be_shown(given_name: str, shown: str) -> None:
    assert clean_name(given_name) == shown


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u00a0",
        "x" * (NAME_LENGTH + 1),
        "\ufdfa\ufdfa",  # one sign each, 18 characters in NFKC
        "a\nb",
        "ann\n",
        "\tann",
        "a\x00b",
        "a\x1b[31mb",
        "a\x7fb",
        "a\u202eb",  # right to left from here on
        "a\u200fb",
        "a\u2066b",
        "a\u200bb",  # no width
        "a\u200db",
        "a\u2060b",
        "a\ufeffb",
        "a\u2028b",
        "\ue000",  # private
        "\ud800",  # half a character
        "\u3164",  # nothing to be seen
        "\u2800\u2800",
        "\ufe0f",
        "\U000e0100",
        "\u034f",
        "\u0410nn",  # a Cyrillic A
        "Ann\u03bf",  # a Greek o
        "\u0391\u043d\u043d",
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        clean_name(name)
    assert (refused.value.code, refused.value.path) == ("bad_name", "name")


ODD = " a\u0301\u034f\u1100\u115f\u1161\u200b\n"


@given(st.text(max_size=40) | st.text(st.sampled_from(ODD), max_size=12))
@example("a\u034f\u0301")
def test_a_name_comes_out_fit_or_not_at_all(name: str) -> None:
    try:
        shown = clean_name(name)
    except Refused:
        return
    assert 1 <= len(shown) <= NAME_LENGTH
    assert shown.isprintable()
    assert shown == shown.strip() and "  " not in shown
    assert unicodedata.is_normalized("NFKC", shown)
    assert clean_name(shown) == shown


def test_a_session_that_is_restored_does_not_number_its_snapshots_from_the_beginning() -> None:
    """Its client may still say something that belongs to the first one, of the server before."""
    sessions = Sessions(lambda: 0.0)
    assert sessions.restore(SessionSaved("a", "ann", b"\x07" * 32), 30).runs == 7
