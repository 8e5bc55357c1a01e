"""``/api``: what goes on here and how games came out, in JSON; ``docs/api.md`` tells it to whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct
from twisted.internet.defer import Deferred
from twisted.web.http import NOT_FOUND
from twisted.web.resource import Resource
from twisted.web.server import Request

from gamesrv.core.schema import GameType
from gamesrv.net.answers import Endpoint, Nothing, Problem, Questions
from gamesrv.net.api_replay import Replays, Teller
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock
from gamesrv.server.listing import Listing
from gamesrv.storage.archive import Archive, Result
from gamesrv.storage.interfaces import Rated
from gamesrv.storage.ratings import rating_of

__all__ = ["Api"]

LATEST = 20
"""Games that are told of a player at once; `Results` has the rest."""

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Most = Annotated[int, Meta(ge=1, le=100)]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]

Answer: TypeAlias = dict[str, Any]


class Api(Nothing):
    """All of it."""

    def __init__(self, gate: Gate, clock: Clock) -> None:
        super().__init__()
        questions, games = Questions(gate), gate.lobby.games
        parts: dict[bytes, Any] = {
            b"rooms": RoomsNow(gate.lobby.listing),
            b"results": Results(questions, games),
            b"leaderboard": Leaderboards(questions, games),
            b"players": Players(questions),
            b"replays": Replays(Teller(questions, games, clock)),
        }
        for path, part in parts.items():
            self.putChild(path, part)


class RoomsNow(Endpoint):
    """The public rooms there are, as in the lobby."""

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self._listing = listing

    def find(self, given: Struct) -> Answer:
        """At once."""
        return {"rooms": self._listing.rooms()}


class _Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    game: Word | None = None
    player: Word | None = None
    before: Number | None = None
    most: Most = 20


class Results(Endpoint):
    """Finished games, the newest first."""

    Parameters = _Wanted

    def __init__(self, questions: Questions, games: dict[str, GameType]) -> None:
        super().__init__()
        self._questions = questions
        self._games = games

    def find(self, given: _Wanted) -> Deferred[Answer]:
        """A page of them."""
        if given.game is not None and given.game not in self._games:
            raise _no_such_game(given.game)
        found = self._questions.ask(
            lambda archive: archive.results(given.game, given.player, given.before, given.most)
        )
        return found.addCallback(lambda results: {"results": results})


class _Board(Struct, frozen=True, forbid_unknown_fields=True):
    game: Word | None = None
    most: Most = 50


class Leaderboards(Endpoint):
    """The best players of each game that has results, or of one."""

    Parameters = _Board

    def __init__(self, questions: Questions, games: dict[str, GameType]) -> None:
        super().__init__()
        self._questions = questions
        self._ranked = {name: game for name, game in games.items() if game.ranked}

    def find(self, given: _Board) -> Deferred[Answer]:
        """Each from the best to the last."""
        wanted = [*self._ranked] if given.game is None else [given.game]
        if not set(wanted) <= set(self._ranked):
            raise _no_such_game(wanted[0])
        found = self._questions.ask(
            lambda archive: {game: archive.leaderboard(game, given.most) for game in wanted}
        )
        return found.addCallback(self._told)

    def _told(self, boards: dict[str, list[Rated]]) -> Answer:
        told = [
            {"game": game, "title": self._ranked[game].title, "players": [*_placed(players)]}
            for game, players in boards.items()
        ]
        return {"leaderboards": told}


class Players(Nothing):
    """All who ever played, by their ids."""

    def __init__(self, questions: Questions) -> None:
        super().__init__()
        self._questions = questions

    def getChild(self, path: bytes, request: Request) -> Resource:
        """One of them."""
        return Player(self._questions, path.decode(errors="replace"))


class Player(Endpoint):
    """What one player is rated at, and the newest games."""

    def __init__(self, questions: Questions, player: str) -> None:
        super().__init__()
        self._questions = questions
        self._player = player

    def find(self, given: Struct) -> Deferred[Answer]:
        """Both at once."""
        return self._questions.ask(self._look_up).addCallback(self._told)

    def _look_up(self, archive: Archive) -> tuple[list[Rated], list[Result]]:
        return archive.ratings(self._player), archive.results(player=self._player, most=LATEST)

    def _told(self, found: tuple[list[Rated], list[Result]]) -> Answer:
        ratings, results = found
        if not ratings and not results:
            raise Problem(NOT_FOUND, "no_such_player", "nobody of that id has finished a game here")
        names = [each.name for each in ratings]
        names += [each.name for result in results for each in result.standings if each.player == self._player]
        told = [{"game": rated.game, **_rating(rated)} for rated in ratings]
        return {"player": self._player, "name": names[0], "ratings": told, "results": results}


def _placed(players: Iterable[Rated]) -> Iterable[Answer]:
    for place, rated in enumerate(players, 1):
        yield {"place": place, "player": rated.player, "name": rated.name, **_rating(rated)}


def _rating(rated: Rated) -> Answer:
    """``rating`` is what people go by; it comes of the other two."""
    return {"rating": rating_of(rated), "mu": rated.mu, "sigma": rated.sigma, "played": rated.played}


def _no_such_game(game: str) -> Problem:
    return Problem(NOT_FOUND, "no_such_game", f"no game called {game} has results here", "game")
