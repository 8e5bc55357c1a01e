"""One running game: what its hooks see and when, timers, refusals, and the faults of authors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from attrs import define, field, frozen

from gamesrv.core.game import Emitted, Game, GameError, Refused, Seat, command
from gamesrv.core.journal import Input, InputKind
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.core.views import View


@frozen
class Speed:
    speed: int = 1


@define
class Diary(Game):
    """Writes down whatever happens to it."""

    name = "diary"
    Options = Speed
    pages: list[str] = field(factory=list)

    def write(self, *words: Any) -> None:
        self.pages.append(" ".join(map(str, (self.tick, *words))))

    def on_start(self) -> None:
        self.write("start", self.options.speed, self.names)

    def on_join(self, seat: Seat) -> None:
        if self.names[seat] == "unwanted":
            self.emit("seen", seat=seat)
            raise Refused("not you", "banned")
        self.write("join", seat, self.names[seat])

    def on_drop(self, seat: Seat) -> None:
        self.write("drop", seat)

    def on_back(self, seat: Seat) -> None:
        self.write("back", seat)

    def on_leave(self, seat: Seat) -> None:
        self.write("leave", seat, self.names[seat])

    def on_tick(self) -> None:
        self.write("tick")

    @command
    def note(self, seat: Seat, text: str = "note") -> None:
        self.write(text, seat)

    @command
    def whisper(self, seat: Seat, to: Seat, text: str) -> None:
        self.emit("whispered", to=to, text=text)

    @command
    def refuse(self, seat: Seat) -> None:
        self.emit("tried", seat=seat)
        raise Refused("no", "never", "args.what")

    @command
    def remind(self, seat: Seat, seconds: float, text: str = "due") -> None:
        self.after(seconds, self.write, text)

    @command
    def repeat(self, seat: Seat, seconds: float) -> None:
        self.again(seconds)

    def again(self, seconds: float) -> None:
        self.write("again")
        self.after(seconds, self.again, seconds)

    @command
    def change_mind(self, seat: Seat) -> None:
        self.cancel(self.after(0.01, self.write, "never"))

    @command
    def end(self, seat: Seat, seconds: float = 0) -> None:
        if seconds:
            self.after(seconds, self.finish, seat)
        else:
            self.finish(seat)


@define
class TickingDiary(Diary):
    name = "ticking_diary"
    tick_rate = 10


DIARY, TICKING = GameType.of(Diary), GameType.of(TickingDiary)


def opened(game_type: GameType = DIARY, *names: str) -> Machine:
    """A room at tick 0 with these players, and nothing written down yet."""
    machine = Machine.start(game_type, b"seed", {})
    for seat, name in enumerate(names):
        machine.apply(Input(0, "join", seat, name))
    pages(machine).clear()
    return machine


def pages(machine: Machine) -> list[str]:
    return machine.game.pages  # type: ignore[attr-defined, no-any-return]


def call(machine: Machine, name: str, tick: int | None = None, seat: int = 0, **args: Any) -> None:
    machine.apply(Input(machine.tick if tick is None else tick, "command", seat, name, args))


# ---------------------------------------------------------------------- inputs


def test_every_hook_is_called_in_order() -> None:
    machine = Machine.start(TICKING, b"seed", {"speed": 3})
    machine.apply(Input(0, "join", 1, "ann"))
    call(machine, "note", tick=1, seat=1)
    for kind in ("drop", "back", "leave"):
        machine.apply(Input(2, kind, 1))
    assert pages(machine) == [
        "0 start 3 {}",
        "0 join 1 ann",
        "1 tick",
        "1 note 1",
        "2 tick",
        "2 drop 1",
        "2 back 1",
        "2 leave 1 ann",
    ]
    assert machine.game.names == {}


def test_wrong_options_are_refused_before_anything_starts() -> None:
    with pytest.raises(Refused) as caught:
        Machine.start(DIARY, b"seed", {"speed": "fast"})
    assert caught.value.path == "options.speed"


def test_a_refused_player_takes_no_seat() -> None:
    machine = opened(DIARY, "ann")
    before = machine.state_hash()
    with pytest.raises(Refused, match="not you"):
        machine.apply(Input(0, "join", 1, "unwanted"))
    assert machine.game.names == {0: "ann"}
    assert machine.take_events() == []
    assert machine.state_hash() == before


def test_a_refused_command_changes_nothing() -> None:
    machine = opened(DIARY, "ann")
    call(machine, "whisper", to=0, text="kept")
    before = machine.state_hash()
    with pytest.raises(Refused) as caught:
        call(machine, "refuse")
    assert (caught.value.message, caught.value.code, caught.value.path) == ("no", "never", "args.what")
    assert machine.state_hash() == before
    assert [event.name for event in machine.take_events()] == ["whispered"]


@pytest.mark.parametrize(
    ("name", "args", "code", "path"),
    [
        ("nothing", {}, "unknown_command", "name"),
        ("write", {}, "unknown_command", "name"),
        ("on_tick", {}, "unknown_command", "name"),
        ("__class__", {}, "unknown_command", "name"),
        ("whisper", {}, "bad_argument", "args.to"),
        ("whisper", {"to": True, "text": ""}, "bad_argument", "args.to"),
        ("note", {"text": 3}, "bad_argument", "args.text"),
        ("note", {"seat": 3}, "bad_argument", "args.seat"),
    ],
)
def test_what_is_no_good_command_never_reaches_the_game(name: str, args: Any, code: str, path: str) -> None:
    machine = opened(DIARY, "ann")
    before, inputs = machine.state_hash(), len(machine.journal.inputs)
    with pytest.raises(Refused) as caught:
        machine.apply(Input(0, "command", 0, name, args))
    assert (caught.value.code, caught.value.path) == (code, path)
    assert (machine.state_hash(), len(machine.journal.inputs)) == (before, inputs)


@pytest.mark.parametrize("game_type", [DIARY, TICKING])
def test_an_input_that_is_late_counts_as_of_now(game_type: GameType) -> None:
    """And its journal says so, or a replay would apply it before the time that passed."""
    machine = opened(game_type, "ann")
    machine.advance(5)
    call(machine, "note", tick=2)
    assert pages(machine)[-1] == "5 note 0"
    assert machine.journal.inputs[-1].tick == 5
    assert replay(game_type, machine.journal).game.pages[-1] == "5 note 0"  # type: ignore[attr-defined]


def test_the_same_seed_and_inputs_give_the_same_state() -> None:
    hashes = set()
    for _ in range(2):
        machine = opened(TICKING, "ann", "bob")
        call(machine, "repeat", seconds=0.3)
        call(machine, "note", tick=20, seat=1)
        hashes.add(machine.state_hash())
    assert len(hashes) == 1


# ---------------------------------------------------------------------- time


def test_time_goes_on_tick_by_tick_and_never_back() -> None:
    machine = opened(TICKING)
    machine.advance(3)
    machine.advance(3)
    machine.advance(1)
    assert machine.tick == machine.journal.tick == 3
    assert pages(machine) == ["1 tick", "2 tick", "3 tick"]


def test_a_game_that_does_not_tick_takes_milliseconds_in_one_leap() -> None:
    machine = opened(DIARY)
    machine.advance(10**12)
    assert (machine.tick, machine.game.seconds, pages(machine)) == (10**12, 10.0**9, [])


def test_timers_fire_in_order_at_their_own_ticks_in_one_leap() -> None:
    machine = opened(DIARY, "ann")
    for seconds, text in ((0.5, "late"), (0.1, "early"), (0.5, "later"), (0.1, "early too")):
        call(machine, "remind", seconds=seconds, text=text)
    assert machine.next_due == 100
    machine.advance(10_000)
    assert pages(machine) == ["100 early", "100 early too", "500 late", "500 later"]
    assert machine.next_due is None


def test_timers_fire_before_the_step_and_the_commands_of_their_tick() -> None:
    machine = opened(TICKING, "ann")
    call(machine, "remind", seconds=0.2)
    call(machine, "note", tick=2)
    assert pages(machine) == ["1 tick", "2 due", "2 tick", "2 note 0"]


def test_a_timer_not_yet_due_waits() -> None:
    machine = opened(DIARY, "ann")
    call(machine, "remind", seconds=0.1)
    machine.advance(99)
    assert pages(machine) == []
    machine.advance(100)
    assert pages(machine) == ["100 due"]


@pytest.mark.parametrize(("game_type", "ticks"), [(DIARY, [0, 250, 500, 750, 1000]), (TICKING, [0, 3, 6, 9])])
def test_a_timer_may_set_itself_again(game_type: GameType, ticks: list[int]) -> None:
    machine = opened(game_type, "ann")
    call(machine, "repeat", seconds=0.25)
    machine.advance(1000 if game_type is DIARY else 10)
    assert [page for page in pages(machine) if "again" in page] == [f"{tick} again" for tick in ticks]


def test_a_timer_that_sets_itself_at_once_comes_at_the_next_tick() -> None:
    machine = opened(DIARY, "ann")
    call(machine, "repeat", seconds=0)
    machine.advance(3)
    assert pages(machine) == ["0 again", "1 again", "2 again", "3 again"]


def test_a_cancelled_timer_never_fires() -> None:
    machine = opened(DIARY, "ann")
    call(machine, "change_mind")
    assert machine.next_due is None
    machine.advance(100)
    assert pages(machine) == []


# ---------------------------------------------------------------------- the end


@pytest.mark.parametrize("seconds", [0, 0.2])
def test_nothing_moves_after_the_end(seconds: float) -> None:
    machine = opened(TICKING, "ann")
    call(machine, "remind", seconds=0.3)
    call(machine, "end", seconds=seconds)
    machine.advance(2)
    assert machine.finished
    pages(machine).clear()
    machine.advance(10)
    with pytest.raises(Refused) as caught:
        call(machine, "note")
    assert caught.value.code == "game_over"
    assert pages(machine) == []
    assert machine.next_due is None
    assert machine.tick == 10


def test_timers_of_the_tick_that_ended_the_game_do_not_fire() -> None:
    machine = opened(TICKING, "ann")
    call(machine, "end", seconds=0.1)
    call(machine, "remind", seconds=0.1)
    machine.advance(1)
    assert pages(machine) == []


def test_people_may_still_go_after_the_end() -> None:
    machine = opened(DIARY, "ann", "bob")
    call(machine, "end")
    machine.apply(Input(5, "drop", 0))
    machine.apply(Input(5, "leave", 1))
    assert pages(machine) == ["5 drop 0", "5 leave 1 bob"]
    assert machine.game.names == {0: "ann"}


def test_the_end_is_told_once() -> None:
    machine = opened(DIARY, "ann")
    call(machine, "end")
    assert machine.take_events() == [Emitted("finished", {"result": 0}, None)]
    assert machine.take_events() == []


# ---------------------------------------------------------------------- what is seen


def test_an_event_may_be_for_one_seat() -> None:
    machine = opened(DIARY, "ann", "bob")
    call(machine, "whisper", to=1, text="psst")
    assert machine.take_events() == [Emitted("whispered", {"text": "psst"}, 1)]


@define
class Avatar:
    x: int
    _plan: str = "secret"


@define
class Window(Game):
    """Has something to show."""

    name = "window"
    shown: dict[int, Avatar] = field(factory=dict)

    def view(self) -> Mapping[str, Any]:
        return {"avatars": self.shown}

    def view_for(self, seat: Seat) -> Mapping[str, Any]:
        return {"seat": seat, "avatar": self.shown.get(seat)}


WINDOW = GameType.of(Window)


def window() -> Machine:
    machine = Machine.start(WINDOW, b"", {})
    machine.game.shown[1] = Avatar(5)  # type: ignore[attr-defined]
    return machine


def test_views_are_plain_copies_without_what_is_private() -> None:
    machine = window()
    view = machine.view()
    assert view == {"avatars": {"1": {"x": 5}}}
    assert machine.view_for(1) == {"seat": 1, "avatar": {"x": 5}}
    assert machine.view_for(2) == {"seat": 2, "avatar": None}
    assert machine.look(1) == {"seat": 1, "avatar": Avatar(5)}
    view["avatars"]["1"]["x"] = 6
    assert machine.view() == {"avatars": {"1": {"x": 5}}}


@pytest.mark.parametrize(
    "shown", [3, [1], "text", {1, 2}, {"a": object()}, {(1, 2): 3}, MappingProxyType({})]
)
def test_a_view_must_be_a_plain_map(monkeypatch: pytest.MonkeyPatch, shown: View) -> None:
    monkeypatch.setattr(Window, "view", lambda self: shown)
    with pytest.raises(GameError, match=r"view\(\) must be"):
        window().view()


# ---------------------------------------------------------------------- faults


@define
class Refuser(Game):
    """Says no where nobody has asked."""

    name = "refuser"
    where: str = ""

    def no(self, where: str) -> None:
        if where == self.where:
            raise Refused("no")

    def on_drop(self, seat: Seat) -> None:
        self.no("on_drop")

    def on_back(self, seat: Seat) -> None:
        self.no("on_back")

    def on_leave(self, seat: Seat) -> None:
        self.no("on_leave")

    def on_tick(self) -> None:
        self.no("on_tick")

    def due(self) -> None:
        self.no("due")

    def view(self) -> Mapping[str, Any]:
        self.no("view")
        return {}

    def view_for(self, seat: Seat) -> Mapping[str, Any]:
        self.no("view_for")
        return {}

    @command
    def refuse_in(self, seat: Seat, where: str) -> None:
        self.where = where
        self.after(0.1, self.due)


@define
class TickingRefuser(Refuser):
    name = "ticking_refuser"
    tick_rate = 10


def refuser(where: str, rules: type[Game] = Refuser) -> Machine:
    machine = Machine.start(GameType.of(rules), b"", {})
    machine.apply(Input(0, "join", 0, "ann"))
    call(machine, "refuse_in", where=where)
    return machine


@pytest.mark.parametrize("kind", ["drop", "back", "leave"])
def test_a_refusal_that_nobody_can_be_told_is_a_fault(kind: InputKind) -> None:
    with pytest.raises(GameError, match=rf"Refused\('no'\) in on_{kind}") as caught:
        refuser(f"on_{kind}").apply(Input(0, kind, 0))
    assert isinstance(caught.value.__cause__, Refused)


@pytest.mark.parametrize(
    ("rules", "where"), [(Refuser, "due"), (TickingRefuser, "due"), (TickingRefuser, "on_tick")]
)
def test_a_refusal_as_time_passes_is_a_fault(rules: type[Game], where: str) -> None:
    with pytest.raises(GameError, match=rf"Refused\('no'\) in {where}"):
        refuser(where, rules).advance(100)


def test_a_refusal_as_time_passes_is_not_for_whoever_came_then() -> None:
    machine = refuser("due")
    with pytest.raises(GameError, match="in due"):
        call(machine, "refuse_in", tick=200, where="")


def test_a_refusal_in_a_view_is_a_fault() -> None:
    for see in (Machine.view, Machine.look):
        with pytest.raises(GameError, match=r"Refused\('no'\) in view\(\)"):
            see(refuser("view"))
    for see_own in (Machine.view_for, Machine.look):
        with pytest.raises(GameError, match=r"Refused\('no'\) in view_for\(\)"):
            see_own(refuser("view_for"), 0)


def test_whatever_else_an_author_raises_passes_through() -> None:
    @define
    class Broken(Game):
        name = "broken"

        def on_join(self, seat: Seat) -> None:
            raise ZeroDivisionError

    machine = Machine.start(GameType.of(Broken), b"", {})
    with pytest.raises(ZeroDivisionError):
        machine.apply(Input(0, "join", 0, "ann"))


def test_options_that_do_not_go_together_may_be_refused_at_the_start() -> None:
    @define
    class Picky(Game):
        name = "picky"

        def on_start(self) -> None:
            raise Refused("too many decks for so few", "bad_argument", "options")

    with pytest.raises(Refused, match="too many decks"):
        Machine.start(GameType.of(Picky), b"", {})


@pytest.mark.parametrize(
    ("told", "places"),
    [
        ((), {}),
        ([[2], [0, 3], [1]], {2: 1, 0: 2, 3: 2, 1: 4}),
        (({7, 6}, (), (0,)), {6: 1, 7: 1, 0: 3}),
    ],
)
def test_standings_give_each_seat_its_place(told: Any, places: dict[int, int]) -> None:
    assert _ranking(told).standings() == places


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (None, "lists of seats"),
        ({0: 1, 1: 2}, "lists of seats"),
        ([0, 1], "lists of seats"),
        ([["0"]], "lists of seats"),
        ([[True]], "lists of seats"),
        ([[0], [8]], "seat 8 beyond the 8 there are"),
        ([[-1]], "seat -1 beyond"),
        ([[0, 1], [1]], "seat 1 twice"),
        ([[0, 0]], "seat 0 twice"),
        (Refused("no"), "nobody is there to be told"),
    ],
)
def test_standings_that_make_no_sense_are_the_authors_fault(told: Any, problem: str) -> None:
    with pytest.raises(GameError, match=problem):
        _ranking(told).standings()


def _ranking(told: Any) -> Machine:
    @define
    class Ranking(Diary):
        def standings(self) -> Any:
            if isinstance(told, Refused):
                raise told
            return told

    return Machine.start(GameType.of(Ranking), b"", {})
