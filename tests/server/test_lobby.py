"""The directory of rooms: what it opens, finds, lists and forgets."""

import gc
import weakref

import pytest
from attrs import define
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from gamesrv import Game
from gamesrv.core.game import GameError, Refused
from gamesrv.core.schema import GameType
from gamesrv.server.limits import Limits
from gamesrv.server.listing import LISTED
from gamesrv.server.lobby import Lobby
from gamesrv.server.session import Session
from gamesrv.server.ticker import Ticker
from gamesrv.wire.close import CloseCode
from tests.games import Cards, Field
from tests.world import Entropy


@define
class StillBorn(Game):
    """Can't even start."""

    name, seats = "stillborn", (1, 2)

    def on_start(self) -> None:
        raise SystemExit("no")


def make_lobby(*games: type[Game], rate: int = 60, **limits: int) -> Lobby:
    clock = Clock()
    types = [GameType.of(game) for game in games]
    return Lobby(types, Limits(**limits), Ticker(clock, rate), clock.seconds, Entropy())


@pytest.fixture
def lobby() -> Lobby:
    return make_lobby(Field, Cards)


def guest(name: str = "ann") -> Session:
    return Session("s", name, b"")


def test_games_are_known_by_name(lobby: Lobby) -> None:
    assert list(lobby.games) == ["field", "cards"]


def test_two_games_of_one_name_are_not_taken() -> None:
    with pytest.raises(GameError, match="two games are called 'field'"):
        make_lobby(Field, Field)


def test_a_game_must_fit_the_clock() -> None:
    with pytest.raises(GameError, match="field ticks at 20 Hz, which does not divide the base rate of 50 Hz"):
        make_lobby(Field, rate=50)
    assert make_lobby(Cards, rate=50)


@pytest.mark.parametrize("ask", ["quick", "create"])
def test_an_unknown_game_is_refused(lobby: Lobby, ask: str) -> None:
    with pytest.raises(Refused) as refused:
        lobby.quick("chess") if ask == "quick" else lobby.create("chess", {})
    assert (refused.value.code, refused.value.path) == ("no_such_game", "game")
    assert lobby.rooms == {}


def test_a_room_is_found_until_it_is_over(lobby: Lobby) -> None:
    room = lobby.create("field", {})
    assert lobby.find(room.id) is room
    room.close(CloseCode.ROOM_OVER, "over")
    with pytest.raises(Refused) as refused:
        lobby.find(room.id)
    assert (refused.value.code, refused.value.path) == ("no_such_room", "room")


def test_rooms_never_share_a_name(lobby: Lobby) -> None:
    names = set()
    for _ in range(20):
        room = lobby.create("field", {})
        names.add(room.id)
        room.close(CloseCode.ROOM_OVER, "over")
    assert len(names) == 20


def test_a_room_gets_its_own_seed_and_options() -> None:
    seeds: list[bytes] = []

    def chance(size: int) -> bytes:
        seeds.append(bytes([len(seeds)]) * size)
        return seeds[-1]

    clock = Clock()
    lobby = Lobby([GameType.of(Cards)], Limits(), Ticker(clock, 60), clock.seconds, chance)
    rooms = [lobby.create("cards", {"cards": number}) for number in (1, 2)]
    assert [room.machine.journal.seed for room in rooms] == seeds
    assert [len(seed) for seed in seeds] == [32, 32]
    assert [room.machine.game.options.cards for room in rooms] == [1, 2]


def test_quick_match_fills_the_oldest_open_public_room(lobby: Lobby) -> None:
    other, full, private, oldest, newest = (
        lobby.create(name, {}) for name in ("cards", "field", "field", "field", "field")
    )
    for _ in range(4):
        full.sit(guest())
    private.public = False
    assert lobby.quick("field") is oldest
    assert lobby.quick("cards") is other
    oldest.close(CloseCode.ROOM_OVER, "over")
    assert lobby.quick("field") is newest
    newest.close(CloseCode.ROOM_OVER, "over")
    assert lobby.quick("field") not in (other, full, private, oldest, newest)


def test_quick_match_passes_over_a_game_that_is_over(lobby: Lobby) -> None:
    room = lobby.create("cards", {})
    room.sit(guest())
    room.machine.game.finish()
    assert lobby.quick("cards") is not room


def test_public_rooms_are_listed(lobby: Lobby) -> None:
    room, hidden = lobby.create("field", {}), lobby.create("field", {})
    hidden.public = False
    room.sit(guest())
    (line,) = lobby.listing.rooms()
    assert (line.room, line.game, line.players, line.seats, line.open) == (room.id, "field", 1, 4, True)


def test_no_list_is_longer_than_a_client_can_take() -> None:
    """A packet holds 64 KiB; a list that is longer would end the connection that asked for it."""
    lobby = make_lobby(Field)
    rooms = [lobby.create("field", {}) for _ in range(LISTED + 50)]
    assert [line.room for line in lobby.listing.rooms()] == [room.id for room in reversed(rooms[50:])]


def test_no_more_rooms_than_allowed() -> None:
    lobby = make_lobby(Field, max_rooms=2)
    first = lobby.create("field", {})
    lobby.create("field", {})
    with pytest.raises(Refused) as refused:
        lobby.create("field", {})
    assert refused.value.code == "server_full"
    first.close(CloseCode.ROOM_OVER, "over")
    assert lobby.create("field", {})


def test_wrong_options_open_nothing(lobby: Lobby) -> None:
    with pytest.raises(Refused) as refused:
        lobby.create("cards", {"cards": 99})
    assert refused.value.path == "options.cards"
    assert lobby.rooms == {}


def test_a_game_that_fails_at_its_start_is_refused(logged_failures: list[LogEvent]) -> None:
    lobby = make_lobby(StillBorn)
    with pytest.raises(Refused) as refused:
        lobby.create("stillborn", {})
    assert refused.value.code == "room_failed"
    assert lobby.rooms == {}
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_a_room_that_is_over_does_not_tick_any_more(lobby: Lobby) -> None:
    clock = lobby.ticker.clock
    assert isinstance(clock, Clock)
    lobby.ticker.start(lambda failure: None)
    room = lobby.create("field", {})
    clock.advance(1)
    ticked = room.machine.tick
    assert ticked > 0
    room.close(CloseCode.ROOM_OVER, "over")
    clock.advance(1)
    assert room.machine.tick == ticked
    lobby.ticker.stop()


@pytest.mark.parametrize("game", ["field", "cards"])
def test_nothing_holds_a_room_that_is_over(lobby: Lobby, game: str) -> None:
    """Else the memory of a server would grow with every room it ever had."""
    room = lobby.create(game, {})
    room.sit(guest())
    room.close(CloseCode.ROOM_OVER, "over")
    left = weakref.ref(room)
    del room
    gc.collect()
    assert left() is None
