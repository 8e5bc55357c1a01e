"""What an author's class can do, and what its parts look like."""

from typing import Any

import pytest
from attrs import define, field

from gamesrv import Window
from gamesrv.core.bot import Bot
from gamesrv.core.game import Context, Game, GameError, NoOptions, Refused, Seat, as_plain, command
from gamesrv.core.machine import Machine
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType


@define
class Clock(Game):
    """Has everything a game can use within reach of the tests."""

    name = "clock"
    fired: list[list[int]] = field(factory=list)

    def note(self, *args: int) -> None:
        self.fired.append([self.tick, *args])

    def __mangled(self) -> None: ...

    def start_mangled(self) -> None:
        self.after(1, self.__mangled)


def opened(rules: type[Game] = Clock) -> tuple[Machine, Any]:
    machine = Machine.start(GameType.of(rules), b"seed", {})
    return machine, machine.game


def test_a_refusal_has_words_a_code_and_a_path() -> None:
    refused = Refused("not now")
    assert (str(refused), refused.message, refused.code, refused.path) == (
        "not now",
        "not now",
        "refused",
        None,
    )
    refused = Refused("too far", "out_of_reach", "args.to")
    assert (refused.code, refused.path) == ("out_of_reach", "args.to")


def test_command_leaves_the_method_as_it_is() -> None:
    def act(self: Game, seat: Seat) -> None: ...

    assert command(act) is act


def test_a_bare_game_takes_everything_and_does_nothing() -> None:
    @define
    class Bare(Game):
        name = "bare"
        tick_rate = 10

    machine, game = opened(Bare)
    machine.advance(3)
    for hook in (game.on_join, game.on_drop, game.on_back, game.on_leave):
        hook(0)
    assert machine.view() == machine.view_for(0) == {}
    assert machine.take_events() == []
    assert Bare.picture(Window({}, {}, None, {})) is None
    assert Bare.tell("moved", {}, {}) is None
    assert (Bare.seats, Bare.bot) == ((1, 8), None)


def test_what_a_game_can_see() -> None:
    machine, game = opened()
    assert isinstance(game.random, Random) and game.random.seed == b"seed"
    assert game.options == NoOptions()
    machine.advance(1500)
    assert (game.tick, game.seconds, game.names) == (1500, 1.5, {})


@define
class Ticking(Game):
    name = "ticking"
    tick_rate = 20


def test_seconds_follow_the_rate() -> None:
    machine, game = opened(Ticking)
    machine.advance(30)
    assert (game.tick, game.seconds) == (30, 1.5)


@pytest.mark.parametrize(
    ("seconds", "due"), [(0, 1), (-3, 1), (0.0001, 1), (0.001, 1), (0.0015, 2), (1, 1000), (2.5, 2500)]
)
def test_a_timer_is_due_at_the_first_tick_after_its_time_and_never_now(seconds: float, due: int) -> None:
    machine, game = opened()
    game.after(seconds, game.note)
    assert machine.next_due == due


def test_after_takes_a_method_of_the_game_alone() -> None:
    game, other = opened()[1], opened()[1]
    for wrong in (other.note, Clock.note, lambda: None, game.fired.append, print, Clock.picture, None):
        with pytest.raises(GameError, match="a method of the game itself"):
            game.after(1, wrong)


def test_after_takes_no_method_that_it_could_not_find_again() -> None:
    """What is kept is the name: one that is mangled, or means another method by now, would fail when due."""

    @define
    class Later(Clock):
        name = "later"

        def note(self, *args: int) -> None: ...

        def start(self) -> None:
            self.after(1, super().note)

    game = opened(Later)[1]
    for start in (game.start, game.start_mangled):
        with pytest.raises(GameError, match="a method of the game itself"):
            start()
    assert not game._context.timers


@pytest.mark.parametrize(
    ("args", "complaint"),
    [([(1, 2)], "args.0.: tuple"), ([1, {"x": {1}}], "args.1..x: set"), ([Clock()], "args.0.: Clock")],
)
def test_a_timer_keeps_plain_arguments_only(args: list[Any], complaint: str) -> None:
    game = opened()[1]
    with pytest.raises(GameError, match=rf"after\(note\): {complaint} is not plain data"):
        game.after(1, game.note, *args)


def test_cancel_takes_back_that_timer_alone() -> None:
    machine, game = opened()
    numbers = [game.after(1, game.note, n) for n in range(5)]
    assert len(set(numbers)) == 5
    game.cancel(numbers[2])
    game.cancel(numbers[2])
    game.cancel(99)
    machine.advance(1000)
    game.cancel(numbers[0])
    assert game.fired == [[1000, 0], [1000, 1], [1000, 3], [1000, 4]]


@define
class Thing:
    x: int
    _hidden: int = 0


def test_events_are_as_they_were_when_they_happened() -> None:
    machine, game = opened()
    trail, thing = [1], Thing(1)
    game.emit("moved", trail=trail, thing=thing, name="x", self=1)
    trail.append(2)
    thing.x = 2
    (event,) = machine.take_events()
    assert (event.name, event.to) == ("moved", None)
    assert event.data == {"trail": [1], "thing": {"x": 1}, "name": "x", "self": 1}


def test_an_event_that_cannot_be_plain_is_the_authors_fault() -> None:
    game = opened()[1]
    with pytest.raises(GameError, match="event moved must be plain data"):
        game.emit("moved", what=object())


def test_finish_tells_everyone_the_result() -> None:
    machine, game = opened()
    game.finish(Thing(3))
    assert [(e.name, e.data, e.to) for e in machine.take_events()] == [
        ("finished", {"result": {"x": 3}}, None)
    ]
    assert machine.finished
    assert game._context.result == {"x": 3}


def test_a_result_that_cannot_be_plain_does_not_finish() -> None:
    machine, game = opened()
    with pytest.raises(GameError, match="event finished"):
        game.finish(object())
    assert not machine.finished


def test_as_plain_copies_and_hides_what_is_private() -> None:
    things = {1: Thing(1, 2)}
    plain = as_plain({"things": things, "set": {1}}, "view()")
    assert plain == {"things": {"1": {"x": 1}}, "set": [1]}
    assert as_plain(Thing(1, 2), "view()") == {"x": 1}


@pytest.mark.parametrize("value", [None, 3, [1], "text", (1, 2)])
def test_as_plain_wants_a_map(value: Any) -> None:
    with pytest.raises(GameError, match=r"view\(\) must be a map, got"):
        as_plain(value, "view()")


def test_a_bot_that_has_no_mind_does_nothing() -> None:
    bot = Bot(3, Random(b""))
    assert (bot.seat, bot.act({}, {})) == (3, None)
    bot.on_event("moved", {})


def test_context_keeps_the_seed_to_itself() -> None:
    assert "secret" not in repr(Context(Random(b"secret"), NoOptions(), 1000))
