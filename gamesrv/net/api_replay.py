"""``/api/replays/<id>``: a game that was kept, told again as JSON, for a page to play."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias, cast

import msgspec
from attrs import define, field, frozen
from msgspec import Meta, Raw, Struct
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Cooperator
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import CONFLICT, FORBIDDEN, NOT_FOUND, SERVICE_UNAVAILABLE
from twisted.web.resource import Resource
from twisted.web.server import Request

from gamesrv.core.game import Refused
from gamesrv.core.schema import GameType
from gamesrv.net.answers import Endpoint, Nothing, Problem, Questions
from gamesrv.server.interfaces import Clock
from gamesrv.server.slices import cooperator
from gamesrv.storage.archive import Archive
from gamesrv.storage.errors import Corrupt, NotFound, StoreError
from gamesrv.storage.interfaces import Recording
from gamesrv.storage.replaying import Changed, Replay
from gamesrv.storage.retelling import Retelling, Setting, Viewer

__all__ = ["Replays", "Teller"]

MOST_ENTRIES = 20_000
"""Of a game that is told again. An hour of Big Two has some 2,000."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one answer."""
MOST_AT_ONCE = 4
"""Games that are being played through; whoever wants another one is asked to come again."""
KEPT_BYTES = 16 * 1024 * 1024
"""Of answers about finished games, kept for the next who asks."""
PAUSE = 0.003
"""Seconds between two slices."""

Key: TypeAlias = tuple[str, Viewer]

_ID = re.compile(r"[0-9a-f]{32}")


class Replays(Nothing):
    """All games that are kept, by their ids."""

    def __init__(self, teller: Teller) -> None:
        super().__init__()
        self._teller = teller

    def getChild(self, path: bytes, request: Request) -> Resource:
        """One of them, if there is one."""
        return OneReplay(self._teller, path.decode(errors="replace"))


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    seat: Annotated[str, Meta(pattern="^(watcher|all|[0-9]{1,3})$")] = "watcher"


class OneReplay(Endpoint):
    """A game, through the eyes of a seat, of one who looked on, or of all."""

    Parameters = _Asked

    def __init__(self, teller: Teller, journal: str) -> None:
        super().__init__()
        self._teller = teller
        self._journal = journal

    def find(self, given: _Asked) -> Deferred[Raw]:
        """Made now, or made before."""
        if not _ID.fullmatch(self._journal):
            raise _no_replay()
        viewer = given.seat if given.seat in ("watcher", "all") else int(given.seat)
        return self._teller.tell((self._journal, cast(Viewer, viewer)))


@define(eq=False)
class Teller:
    """Plays games through again, beside everything else, a few at a time and little by little."""

    _questions: Questions
    _games: dict[str, GameType]
    _clock: Clock
    _shelf: Shelf = field(factory=lambda: Shelf(KEPT_BYTES), init=False)
    _waiting: dict[Key, list[Deferred[Raw]]] = field(factory=dict, init=False)
    """Who waits for which answer."""
    _turns: Cooperator = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._turns = cooperator(self._clock, PAUSE)

    def tell(self, key: Key) -> Deferred[Raw]:
        """The answer, in JSON. Raises `Problem`, or fails with it."""
        known = self._shelf.get(key)
        if known is not None:
            return succeed(Raw(known))
        first = key not in self._waiting
        if first and len(self._waiting) >= MOST_AT_ONCE:
            raise Problem(
                SERVICE_UNAVAILABLE, "busy", "too many replays are being made: try again in a moment"
            )
        answer: Deferred[Raw] = Deferred()
        self._waiting.setdefault(key, []).append(answer)
        if first:
            Deferred.fromCoroutine(self._make(key)).addBoth(lambda told: self._hand_out(key, told))
        return answer

    def _hand_out(self, key: Key, told: bytes | Failure) -> None:
        for answer in self._waiting.pop(key):
            answer.callback(Raw(told) if isinstance(told, bytes) else told)

    async def _make(self, key: Key) -> bytes:
        journal, viewer = key
        recording = await self._questions.ask(lambda archive: _find(archive, journal)).addErrback(_explain)
        telling = Telling(recording, self._check(recording, viewer), viewer)
        await self._turns.cooperate(telling.work()).whenDone()
        if recording.finished is not None:
            self._shelf.put(key, telling.answer)
        return telling.answer

    def _check(self, recording: Recording, viewer: Viewer) -> GameType:
        """The game, where it may be told."""
        game_type = self._games.get(recording.header.game)
        if game_type is None or not recording.header.durable:
            raise _no_replay()
        if recording.damage is not None:
            raise _damaged()
        if recording.finished is None and viewer != "watcher":
            raise Problem(
                FORBIDDEN, "not_finished", "the game goes on: only a watcher's view is open", "seat"
            )
        return game_type


@frozen
class Shelf:
    """Answers that were asked for last, up to so many bytes."""

    most: int
    _answers: OrderedDict[Key, bytes] = field(factory=OrderedDict, init=False)

    def get(self, key: Key) -> bytes | None:
        """One, if it is there."""
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def put(self, key: Key, answer: bytes) -> None:
        """Those that nobody has asked for the longest go first."""
        self._answers[key] = answer
        while sum(map(len, self._answers.values())) > self.most:
            self._answers.popitem(last=False)


# ---------------------------------------------------------------------- one game


class Answer(Struct, frozen=True):
    """A game, from its first moment to its last."""

    replay: str
    room: str
    game: str
    at: float
    """When it began, in seconds since 1970."""
    viewer: Viewer
    finished: bool
    result: Any
    setting: Setting
    steps: list[Raw]


@define(eq=False)
class Telling:
    """An answer in the making."""

    recording: Recording
    game_type: GameType
    viewer: Viewer
    answer: bytes = field(default=b"", init=False)
    _log = Logger()

    def work(self) -> Iterator[None]:
        """Makes it, a little at each step. Raises `Problem`."""
        try:
            yield from self._tell()
        except (Problem, GeneratorExit):
            raise
        except BaseException as error:
            if not isinstance(error, Changed | Refused):
                self._log.failure("A replay of {game} failed", game=self.game_type.name)
            message = "the rules have changed since: the game would come out differently"
            raise Problem(CONFLICT, "rules_changed", message) from None

    def _tell(self) -> Iterator[None]:
        retelling = Retelling(Replay(self.game_type, self.recording, MOST_ENTRIES + 1), self.viewer)
        setting = retelling.setting
        if isinstance(self.viewer, int) and self.viewer >= setting.seats[1]:
            raise Problem(NOT_FOUND, "no_such_seat", "the game has no such seat", "seat")
        steps, size = [], 0
        for step in retelling.steps():
            if step is not None:
                steps.append(Raw(msgspec.json.encode(step)))
                size += len(steps[-1])
            if size > MOST_BYTES:
                raise _too_long()
            yield
        header, end = self.recording.header, self.recording.finished
        result = None if end is None else end.result
        facts = header.id, header.room, header.game, header.at, self.viewer, end is not None, result
        self.answer = msgspec.json.encode(Answer(*facts, setting, steps))


# ---------------------------------------------------------------------- from the store


class TooMuch(StoreError):
    """More than is told."""


def _find(archive: Archive, journal: str) -> Recording:
    """In the store's thread: reads, and no more than there is to tell."""
    if archive.length(journal) > MOST_ENTRIES:
        raise TooMuch(f"game {journal} is too long")
    return archive.recording(journal)


def _explain(failure: Failure) -> Failure:
    """Raises the `Problem` that it is to those who ask."""
    if failure.check(NotFound):
        raise _no_replay()
    if failure.check(Corrupt):
        raise _damaged()
    if failure.check(TooMuch):
        raise _too_long()
    return failure


def _no_replay() -> Problem:
    return Problem(NOT_FOUND, "no_such_replay", "there is no replay of that id")


def _damaged() -> Problem:
    return Problem(CONFLICT, "damaged", "what was kept of the game is damaged")


def _too_long() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "too_long", "the game is too long to be told in one piece"
    )
