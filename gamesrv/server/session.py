"""Sessions: a player's continuity across connections, and the secret that proves it.

The token is 32 random bytes. It is handed out once, kept as a SHA-256 hash only, and replaced at each
connection. The one a player came with stays good until the new one is used for the first time: if the reply
that carried the new one was lost, the player still gets back in.
"""

from __future__ import annotations

import secrets
import unicodedata
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from attrs import define, field

from gamesrv.core.game import Refused
from gamesrv.core.messages import Refusal
from gamesrv.server.interfaces import Now
from gamesrv.storage.interfaces import SessionSaved

if TYPE_CHECKING:
    from gamesrv.server.peer import Peer
    from gamesrv.server.seating import Member

__all__ = ["NAME_LENGTH", "BadToken", "Session", "Sessions", "clean_name", "player_of"]

NAME_LENGTH = 24
ANSWERS_KEPT = 64
FILLERS = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)
VARIATION_SELECTORS = (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
LOOKALIKES = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}
UNSEEN = dict.fromkeys((*FILLERS, *VARIATION_SELECTORS))
"""Characters that Unicode calls printable though they show nothing."""


class BadToken(Exception):
    """The token is unknown, expired or was replaced. Nothing has changed."""


@define(eq=False)
class Session:
    """One player, from the first hello until the grace period after the last connection is over."""

    id: str
    name: str
    _current: bytes = field(repr=False)
    _previous: bytes | None = field(default=None, repr=False)
    player: str = ""
    """Who it is, in all their games; empty for one within this process."""
    peer: Peer | None = None
    """The connection there is now."""
    member: Member | None = None
    """Where the player sits or watches."""
    over_at: float | None = None
    """When it ends unless its player comes back; `None` while there is a connection."""
    handled: int = 0
    """The last command id taken."""
    kept: bool = False
    """Whether it outlives this process."""
    notice: Refusal | None = None
    """What its player is to be told when they come back."""
    on_datagram: Callable[[bytes], None] | None = None
    """Takes the payloads of datagrams, but for acknowledged state; set by the room that wants them."""
    runs: int = 0
    """How many snapshots of lockstep rooms were sent."""
    _answers: OrderedDict[int, Refusal] = field(factory=OrderedDict, repr=False)

    def record(self, expires: float | None) -> SessionSaved:
        """The session as it is, to be kept; it ends at ``expires`` by the wall clock."""
        return SessionSaved(
            self.id,
            self.name,
            self._current,
            self._previous,
            expires,
            self.handled,
            self.answers,
            self.player,
        )

    @property
    def answers(self) -> tuple[Refusal, ...]:
        """What was said no to lately."""
        return tuple(self._answers.values())

    def is_new(self, command_id: int) -> bool:
        """Whether a command is to be handled; notes that it is."""
        if command_id <= self.handled:
            return False
        self.handled = command_id
        return True

    def answer(self, command_id: int) -> Refusal | None:
        """What was said to a command before; `None` where it was accepted, or too long ago."""
        return self._answers.get(command_id)

    def send_datagram(self, payload: bytes) -> bool:
        """Sends a payload by datagram; `False` where it can't be, and the reliable link is the way."""
        return self.peer is not None and self.peer.send_datagram(payload)

    def refuse(self, refused: Refused, command_id: int | None = None) -> None:
        """Says no to the player, and remembers it for one who asks again."""
        refusal = Refusal(refused.code, refused.message, refused.path, command_id)
        if command_id is not None:
            self._answers[command_id] = refusal
            if len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        if self.peer is not None:
            self.peer.outbox.send(refusal)


class Sessions:
    """All sessions of a server, found by token."""

    def __init__(self, now: Now, entropy: Callable[[int], str] = secrets.token_urlsafe) -> None:
        self._now = now
        self._entropy = entropy
        self._by_hash: dict[bytes, Session] = {}
        self._lost: dict[Session, None] = {}
        """Those with no connection."""

    def __iter__(self) -> Iterator[Session]:
        """All of them, in no particular order."""
        return iter(set(self._by_hash.values()))

    def __len__(self) -> int:
        return len(set(self._by_hash.values()))

    def new_key(self) -> str:
        """For one who has none yet: what makes them the same player the next time. It is not kept here."""
        return self._entropy(32)

    def open(self, name: str, key: str | None = None) -> tuple[Session, str]:
        """A new session and its token; ``key`` says which player's it is."""
        token, digest = self._new_token()
        session = Session(self._entropy(12), name, digest, player="" if key is None else player_of(key))
        self._by_hash[digest] = session
        return session, token

    def restore(self, saved: SessionSaved, grace: float) -> Session:
        """A session as it was before the server was started; its player has so many seconds to come."""
        player = saved.player or saved.id  # those of older versions knew no players
        session = Session(saved.id, saved.name, saved.current, saved.previous, player)
        session.handled, session.kept = saved.handled, True
        # Most likely not the number of the snapshot that its client has from before.
        session.runs = saved.current[0]
        for digest in (saved.current, saved.previous):
            if digest is not None:
                self._by_hash[digest] = session
        session._answers.update((answer.id, answer) for answer in saved.answers if answer.id is not None)
        self.lost(session, grace)
        return session

    def resume(self, token: str) -> tuple[Session, str]:
        """The session of a token, and the next token; raises `BadToken`, and then nothing has changed."""
        used = _digest(token)
        session = self._by_hash.get(used)
        if session is None or not session_holds(session, used) or self._is_over(session):
            raise BadToken
        fresh, digest = self._new_token()
        for old in (session._current, session._previous):
            if old is not None and old != used:
                del self._by_hash[old]
        session._previous, session._current = used, digest
        self._by_hash[digest] = session
        session.over_at = None
        self._lost.pop(session, None)
        return session, fresh

    def lost(self, session: Session, grace: float) -> None:
        """Its connection is gone: it has so many seconds to be resumed."""
        session.peer = None
        session.over_at = self._now() + grace
        self._lost[session] = None

    def close(self, session: Session) -> None:
        """Forgets a session; its tokens are worth nothing from here on."""
        for digest in (session._current, session._previous):
            if digest is not None:
                self._by_hash.pop(digest, None)
        self._lost.pop(session, None)

    def reap(self) -> Iterator[Session]:
        """Takes out the sessions whose grace period is over."""
        for session in [session for session in self._lost if self._is_over(session)]:
            self.close(session)
            yield session

    def _is_over(self, session: Session) -> bool:
        return session.over_at is not None and self._now() > session.over_at

    def _new_token(self) -> tuple[str, bytes]:
        token = self._entropy(32)
        return token, _digest(token)


def session_holds(session: Session, digest: bytes) -> bool:
    """Whether a hash is that of the session's token or of the one before, in constant time."""
    current = compare_digest(session._current, digest)
    previous = compare_digest(session._previous or b"", digest)
    return current or previous


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def player_of(key: str) -> str:
    """Who has that key: its hash, which is all that anybody else ever knows of it."""
    return urlsafe_b64encode(_digest(f"gamesrv player {key}")[:12]).decode()


def clean_name(name: str) -> str:
    """A name as it will be shown: NFKC, single spaces. Raises `Refused` (``bad_name``) where it can't be.

    Only printable characters pass: no controls, no marks that turn the direction of text. What shows nothing
    is taken out, so that no two names look the same for that. Alphabets that look alike are not mixed.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name.translate(UNSEEN))
    name = " ".join(word for word in name.split(" ") if word)
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise Refused(f"a name has 1 to {NAME_LENGTH} printable characters", "bad_name", "name")
    if not name.isascii() and len(LOOKALIKES & set(map(_alphabet, name))) > 1:
        raise Refused("a name is written in one alphabet", "bad_name", "name")
    return name


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
