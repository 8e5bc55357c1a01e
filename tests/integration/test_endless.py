"""A game whose code never returns, in a real process: its own room ends, and nobody else's."""

from collections.abc import Iterator

import pytest

from gamesrv.core.messages import Closing, Command, Create, Hello, Join, Ping, ServerMessage
from gamesrv.wire.close import CloseCode
from gamesrv.wire.frames import FrameDecoder
from gamesrv.wire.packets import SERVER_FRAMING, Packet, decode_server, encode_client
from tests.integration.test_process import Caller, Server, serving

ENDLESS = '''
from attrs import define
from gamesrv import Game, Seat, command

@define
class Turns(Game):
    name, seats = "turns", (1, 4)

    @command
    def hang(self, seat: Seat) -> None:
        """For ever, and deaf to ordinary exceptions."""
        while True:
            try:
                sum(range(1000))
            except Exception:
                pass

    @command
    def hang_soon(self, seat: Seat) -> None:
        """The same by a timer."""
        self.after(0.01, self.hang_now)

    def hang_now(self) -> None:
        while True:
            pass

    def view(self):
        return {}

@define
class Ticks(Game):
    name, seats, tick_rate = "ticks", (1, 4), 20
    ticks: int = 0
    hanging: bool = False

    @command
    def hang(self, seat: Seat) -> None:
        """From the next tick on."""
        self.hanging = True

    def on_tick(self) -> None:
        self.ticks += 1
        while self.hanging:
            pass

    def view(self):
        return {"ticks": self.ticks}

@define
class Never(Game):
    name, seats = "never", (1, 4)

    def on_start(self) -> None:
        while True:
            pass
'''


class Player(Caller):
    """Somebody who has said hello."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(server, "packets")
        self.say(Hello(name=name))

    def say(self, message: Packet) -> None:
        self.socket.sendall(encode_client(message))

    def last(self) -> ServerMessage:
        """What came before the connection was closed."""
        return decode_server(list(FrameDecoder(SERVER_FRAMING).feed(self.rest()))[-1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A process that serves these games."""
    place = tmp_path_factory.mktemp("endless")
    (place / "endless.py").write_text(ENDLESS)
    games = [f"--game=endless:{each}" for each in ("Turns", "Ticks", "Never")]
    with serving(place, *games, "--step-timeout=0.5") as made:
        yield made


@pytest.fixture
def bob(server: Server) -> Iterator[Player]:
    """Somebody who plays elsewhere, and goes on playing."""
    player = Player(server, "bob")
    player.say(Join(game="ticks"))
    player.until(b"joined")
    yield player
    player.say(Ping(7.0))
    player.until(b"pong")
    player.data = b""
    player.until(b"update")
    player.socket.close()


@pytest.mark.parametrize(("game", "deed"), [("turns", "hang"), ("turns", "hang_soon"), ("ticks", "hang")])
def test_an_endless_loop_ends_its_room_alone(server: Server, bob: Player, game: str, deed: str) -> None:
    ann = Player(server, "ann")
    ann.say(Create(game, private=True))
    ann.until(b"joined")
    ann.say(Command(deed))
    last = ann.last()
    assert isinstance(last, Closing) and last.code == CloseCode.ROOM_FAILED


def test_a_room_that_never_gets_to_its_start_is_not_opened(server: Server, bob: Player) -> None:
    ann = Player(server, "ann")
    ann.say(Create("never"))
    ann.until(b"room_failed")
    ann.socket.close()
