"""A text window: telnet's own commands, lines of all kinds, and a whole game played by typing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import define
from twisted.logger import LogEvent

from gamesrv import Game, Seat, command
from gamesrv.wire.close import CloseCode
from tests.games import Cards, Field
from tests.world import Person, TelnetPerson, World

IAC, DONT, DO, WONT, WILL, SB, SE, EL, EC, AYT = 255, 254, 253, 252, 251, 250, 240, 248, 247, 246


@define
class Rude(Game):
    """Its author never tried it in a text window."""

    name, seats = "rude", (1, 8)

    @command
    def act(self, seat: Seat, event: str) -> None:
        """Tells something."""
        self.emit(event, seat=[seat], name={"a": seat})

    @classmethod
    def tell(cls, name: str, data: object, players: object) -> str | None:
        raise SystemExit("not now")

    @classmethod
    def picture(cls, window: object) -> str | None:
        raise RuntimeError("no")


@pytest.fixture
def world() -> Iterator[World]:
    """A server of three games."""
    made = World(games=[Field, Cards, Rude])
    yield made
    made.stop()


class Window(TelnetPerson):
    """Shows what is text, and keeps telnet's own commands to itself."""

    def hear(self, data: bytes) -> None:
        self.text += data.decode("ascii", "ignore")


def telnet(world: World, name: str | None = None) -> Window:
    """Somebody at a window, who has said their name if they have one."""
    person = Window(world, None)
    world.settle()
    if name is not None:
        assert f"Hello, {name}." in person.type(name)
    return person


@pytest.fixture
def tom(world: World) -> Window:
    """One who is in a room."""
    person = telnet(world, "tom")
    assert "in seat 0" in person.type("join field")
    return person


@pytest.fixture
def bob(world: World, tom: Window) -> Iterator[Person]:
    """Somebody in the same room, over another transport, whom nothing troubles."""
    person = world.person("packets", "bob", "field")
    tom.text = ""
    yield person
    person.ping()


# ---------------------------------------------------------------------- bytes


def test_one_is_greeted(world: World) -> None:
    assert telnet(world).text == (
        "Welcome to gamesrv.\r\nWhat is your name? (or: resume TOKEN, to go on with a game)\r\n"
    )


def test_options_are_refused_once_each(world: World, tom: Window) -> None:
    tom.wire = b""
    tom.raw(bytes([IAC, WILL, 31, IAC, DO, 1, IAC, WONT, 32, IAC, DONT, 3, IAC, AYT]))
    tom.raw(bytes([IAC, WILL, 31, IAC, DO, 1]))
    assert tom.wire == bytes([IAC, DONT, 31, IAC, WONT, 1])


@pytest.mark.parametrize(
    "noise",
    [
        bytes([IAC, DO, 1]),
        bytes([IAC, SB, 31, 0, 80, 0, 24, IAC, SE]),
        bytes([IAC, SB, 24, 0, IAC, IAC, 13, 10, IAC, SE]),
        bytes([IAC, AYT]),
        b"xy\x7f\x08",
        b"xy" + bytes([IAC, EC, IAC, EC]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_telnets_own_commands_may_stand_within_a_word(
    world: World, tom: Window, bob: Person, noise: bytes, at_once: bool
) -> None:
    for part in [b"sa", noise, b"y he", noise, b"llo\r", noise, b"\n"]:
        for piece in [part] if at_once else [bytes((byte,)) for byte in part]:
            tom.raw(piece)
    assert bob.event("said")["data"]["text"] == "hello"


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\x00", b"\r"])
def test_any_end_of_line_will_do(world: World, tom: Window, bob: Person, end: bytes) -> None:
    tom.raw(b"say one" + end + b"say two" + end + b"x")
    assert [event["data"]["text"] for event in bob.all("event")] == ["one", "two"]


def test_a_line_may_be_wiped_out(world: World, tom: Window, bob: Person) -> None:
    tom.raw(b"quit" + bytes([IAC, EL]) + "say grün\b\b\bün\r\n".encode())
    assert bob.event("said")["data"]["text"] == "gün"


@pytest.mark.parametrize("pieces", [1, 100])
def test_a_line_with_no_end_is_the_end(world: World, tom: Window, bob: Person, pieces: int) -> None:
    for _ in range(pieces):
        tom.raw(b"x" * (100_000 // pieces))
    assert tom.text.endswith("(1009).\r\n")
    world.run(1.1)
    assert tom.lost and world.rooms[0].seating.seats[0].away


def test_a_flood_of_telnets_own_commands_is_the_end(world: World, tom: Window, bob: Person) -> None:
    tom.wire = b""
    for _ in range(100):
        tom.raw(bytes([IAC, DO, 6]) * 1000)
    assert len(tom.wire) < 6000 and tom.wire.endswith(b"(1009).\r\n")


def test_bytes_that_are_no_text_harm_nobody(world: World, tom: Window, bob: Person) -> None:
    tom.raw(b"say \xc3\x28\xfe\x80\x00\x1b[2J\x07!\r\n")
    text = bob.event("said")["data"]["text"]
    assert text.endswith("!") and text.isprintable()


def test_http_at_the_text_window(world: World, bob: Person) -> None:
    browser = telnet(world)
    browser.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert "Hello, GET / HTTP/1.1." in browser.text, "an odd name, and that is all"


# ---------------------------------------------------------------------- a game by typing


def test_a_game_by_typing(world: World) -> None:
    tom, pam = telnet(world, "tom"), telnet(world, "pam")
    assert "no rooms" in tom.type("rooms")
    assert "options.cards" in tom.type("create cards 99")
    assert "in seat 0" in tom.type("create cards cards=2 seconds=5")
    room = world.rooms[0].id
    assert f"{room}" in pam.type("rooms") and "1/2 playing" in pam.text
    assert "play card(integer)" in tom.type("help")
    tom.text = ""
    assert "in seat 1, with 2 players" in pam.type(f"join {room}")
    assert tom.text == "pam comes in.\r\n"
    hand = list(world.rooms[0].machine.game.hands[0])  # type: ignore[attr-defined]
    assert f"hand: {hand[0]} {hand[1]}" in tom.type("look")
    assert "you don't hold that card" in tom.type("play 1")
    assert "it is not your turn" in pam.type(f"play card={hand[0]}")
    assert tom.type(f"play {hand[0]}") == ""
    assert f"pile: {hand[0]}" in pam.type("look")
    world.run(5.1)
    assert "slept: seat 1" in tom.text
    assert tom.type("who") == "    0  tom  (you)\r\n    1  pam\r\n"
    assert tom.type("leave") == "You have left the room.\r\n"
    assert pam.text.endswith("tom has left.\r\n")


def test_watching(world: World, tom: Window, bob: Person) -> None:
    eve = telnet(world, "eve")
    assert "watching" in eve.type(f"watch {world.rooms[0].id}")
    assert "only watch" in eve.type("move 1 0")
    assert "avatars:" in eve.type("look")
    bob.say(op="say", text="hello, eve")
    bob.heard.clear()
    assert eve.text.endswith("bob: hello, eve\r\n")
    eve.type("say hello, bob")
    assert bob.event("said")["data"] == {"seat": None, "name": "eve", "text": "hello, bob"}


def test_names_that_will_not_do(world: World) -> None:
    person = telnet(world)
    assert "1 to 24" in person.type("x" * 25)
    assert "Hello, ok." in person.type("ok")


def test_a_wrong_command_says_what_is_wrong(world: World, tom: Window, bob: Person) -> None:
    assert "args.dx" in tom.type("move 2 0")
    assert "args.to" in tom.type("jump nan")
    assert "I don't know 'crouch'" in tom.type("crouch")
    tom.type("whisper 3")
    world.run(0.1)
    assert tom.text == "No: nobody is there (args.to).\r\n"


def test_what_others_do_is_told_in_lines(world: World, tom: Window, bob: Person) -> None:
    bob.say(op="cmd", name="shout", args={"text": "hey"})
    bob.say(op="say", text="\x1b[2J\x07\u202eevil\r\nquit")
    world.run(0.1)
    bob.cut()
    back = world.connect("packets")
    back.say(op="hello", token=bob.token)
    world.run(0.1)
    assert tom.text.split("\r\n") == [
        "bob: evil  quit",
        "shouted: seat 1, text hey",
        "bob has lost the connection.",
        "bob is back.",
        "",
    ]
    bob.link, bob.pack = back.link, back.pack  # type: ignore[method-assign]
    bob.heard = back.heard


@pytest.mark.parametrize("event", ["shown", "said", "player_joined", "player_left"])
def test_an_author_who_forgot_the_text_window(
    world: World, event: str, logged_failures: list[LogEvent]
) -> None:
    tom, pam = telnet(world, "tom"), world.person("packets", "pam", "rude")
    tom.type("join rude")
    tom.type("look")
    pam.heard.clear()
    pam.say(op="cmd", name="act", args={"event": event})
    assert pam.event(event)["data"] == {"seat": [0], "name": {"a": 0}}
    assert len(world.rooms) == 1 and world.rooms[0].open
    assert f"{event}: seat 0, name a 0\r\n" in tom.wire.decode()
    assert logged_failures
    logged_failures.clear()


# ---------------------------------------------------------------------- coming and going


def test_quitting_is_leaving(world: World, tom: Window, bob: Person) -> None:
    assert tom.type("quit") == "The connection closes: goodbye (1000).\r\n"
    assert tom.lost
    assert bob.event("player_left")["data"] == {"seat": 0}
    assert list(world.rooms[0].seating.seats) == [1]


def test_nothing_is_heard_after_quit(world: World, tom: Window, bob: Person) -> None:
    tom.text = ""
    tom.raw(b"quit\r\nsay tardy\r\nhelp\r\nquit\r\n" + bytes([IAC, DO, 1]))
    assert tom.text == "The connection closes: goodbye (1000).\r\n"
    assert b"tardy" not in bob.wire


def test_quit_after_the_end_does_not_count(world: World, tom: Window, bob: Person) -> None:
    tom.raw(b"rooms\r\n" * 300 + b"quit\r\n")
    world.run(1.1)
    assert tom.lost and "(4429)" in tom.text
    assert world.rooms[0].seating.seats[0].away


def test_losing_the_window_holds_the_seat(world: World, tom: Window, bob: Person) -> None:
    token = tom.type("token").partition("resume ")[2].split()[0]
    tom.cut()
    world.run(0.1)
    assert bob.event("player_dropped")["data"] == {"seat": 0}
    again = telnet(world)
    text = again.type(f"resume {token}")
    assert "Hello, tom." in text and "in seat 0" in text
    assert token not in again.type("token")
    world.run(0.1)
    assert bob.event("player_back")


def test_a_wrong_token_is_the_end(world: World, bob: Person) -> None:
    thief = telnet(world)
    assert "(4401)" in thief.type("resume nonsense")
    world.run(1.1)
    assert thief.lost


def test_hello_comes_once(world: World, tom: Window, bob: Person) -> None:
    assert "said hello already" in tom.type("resume something")


def test_silence_for_half_an_hour_is_the_end() -> None:
    world = World(telnet_idle=20)
    tom = telnet(world, "tom")
    world.run(19)
    tom.type("rooms")
    world.run(19)
    assert not tom.lost
    world.run(2.2)
    assert tom.lost and "(4408)" in tom.text
    world.stop()


def test_too_many_windows(world: World) -> None:
    full = World(max_connections=1)
    telnet(full, "tom")
    late = telnet(full)
    assert (
        late.text == "The connection closes: the server takes nobody now (4503). Come back in a moment.\r\n"
    )
    full.stop()


# ---------------------------------------------------------------------- too much


def test_a_flood_of_commands_is_the_end(world: World, tom: Window, bob: Person) -> None:
    bob.say(op="cmd", name="move", args={"dx": 1, "dy": 0})
    world.run(0.1)
    for _ in range(100):
        tom.link.write(b"move 1 0\r\n" * 1000)
        world.clock.advance(0.001)
    world.settle()
    assert tom.text.endswith("too many messages (4429). Come back in a moment.\r\n")
    assert tom.text.count("\r\n") <= 125
    commands = [item for item in world.rooms[0].machine.journal.inputs if item.kind == "command"]
    assert len(commands) <= 130
    bob.heard.clear()
    world.run(1)
    ticks = [update["tick"] for update in bob.all("update")]
    assert len(set(ticks)) == 20 and ticks == sorted(ticks)
    assert tom.lost


@pytest.mark.parametrize("line", ["help", "look", "nonsense", "token"])
def test_a_flood_of_what_the_window_answers_itself(world: World, tom: Window, bob: Person, line: str) -> None:
    tom.raw(line.encode() + b"\r\n" + b"\r\n" * 200)
    world.run(1)
    before = len(tom.wire)
    tom.raw(f"{line}\r\n".encode() * 10_000)
    assert tom.text.endswith("too many lines (4429). Come back in a moment.\r\n")
    assert len(tom.wire) - before < 200_000


def test_empty_lines_are_free(world: World, tom: Window, bob: Person) -> None:
    tom.raw(b"\r\n" * 10_000)
    assert "hello" in tom.type("say hello")


def test_bad_names_are_not_free(world: World, bob: Person) -> None:
    person = telnet(world)
    person.raw(b"x\x01\xff\r\n" * 10 + f"{'x' * 25}\r\n".encode() * 1000)
    assert f"({CloseCode.RATE_LIMIT:d})" in person.text
    assert len(person.wire) < 20_000


def test_a_person_may_take_their_time_to_say_a_name(world: World) -> None:
    slow, never = world.connect("telnet"), world.connect("telnet")
    world.run(100)
    assert isinstance(slow, TelnetPerson)
    assert "Hello, slow" in slow.type("slow")
    world.run(25)
    assert never.lost
    assert not slow.lost
