"""What went into a machine leads to its state again."""

from typing import Any

import msgspec
import pytest
from attrs import define, evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.game import Game, GameError, Refused, Seat, command
from gamesrv.core.journal import Input, Journal
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType


@define
class Player:
    score: int = 0
    hand: set[str] = field(factory=set)
    away: bool = False


@frozen
class Rules:
    strict: bool = False


@define
class Everything(Game):
    """Uses all there is: chance, timers that set timers, refusals half-way, options, the end."""

    name = "everything"
    Options = Rules
    players: dict[Seat, Player] = field(factory=dict)
    log: list[tuple[int, str, int]] = field(factory=list)
    latest: int | None = None

    def note(self, what: str, seat: int = -1) -> None:
        self.log.append((self.tick, what, seat))
        self.emit(what, seat=seat)

    def on_start(self) -> None:
        self.note(f"start {self.random.below(100)}")
        self.after(0.05, self.tock, 3)

    def tock(self, left: int) -> None:
        self.note("tock", left)
        if left:
            self.after(self.random.below(40) / 1000, self.tock, left - 1)

    def on_join(self, seat: Seat) -> None:
        if self.random.below(4) == 0:
            raise Refused("not today")
        self.players[seat] = Player(hand={self.names[seat]})
        self.note("join", seat)

    def on_drop(self, seat: Seat) -> None:
        self.players[seat].away = True

    def on_back(self, seat: Seat) -> None:
        self.players[seat].away = False

    def on_leave(self, seat: Seat) -> None:
        del self.players[seat]
        self.note("leave", seat)

    def on_tick(self) -> None:
        if self.random.below(3) == 0:
            self.note("tick")

    @command
    def play(self, seat: Seat, card: str, seconds: float = 0.02) -> None:
        player = self.players[seat]
        player.score += self.random.between(1, 6)
        if self.options.strict and card in player.hand:
            raise Refused("you had that one")
        player.hand.add(card)
        self.cancel(self.latest or 0)
        self.latest = self.after(seconds, self.note, "played", seat)

    @command
    def end(self, seat: Seat) -> None:
        self.finish({"winner": seat})

    @command
    def crash(self, seat: Seat, at: float = 0) -> None:
        if at:
            self.after(at, self.broken, seat)
        else:
            self.broken(seat)

    def broken(self, seat: int) -> None:
        raise ZeroDivisionError(f"by {seat}, with {self.random.below(1000)}")


@define
class EverythingTicking(Everything):
    name = "everything_ticking"
    tick_rate = 20


@define
class Fragile(Game):
    """Breaks wherever its first player says."""

    name = "fragile"
    tick_rate = 10
    breaks: str = ""
    count: int = 0

    def step(self, what: str) -> None:
        self.count += 1
        if what == self.breaks:
            raise ZeroDivisionError(f"{what} {self.random.word()} {self.count}")

    def on_join(self, seat: Seat) -> None:
        self.step("join")
        self.breaks = self.names[seat]
        self.after(0.5, self.due)

    def on_leave(self, seat: Seat) -> None:
        self.step("leave")

    def on_drop(self, seat: Seat) -> None:
        self.step("drop")

    def on_back(self, seat: Seat) -> None:
        self.step("back")

    def on_tick(self) -> None:
        self.step("tick")

    def due(self) -> None:
        self.step("timer")


FRAGILE = GameType.of(Fragile)
GAMES = [GameType.of(Everything), GameType.of(EverythingTicking)]

game_types = st.sampled_from(GAMES)
options = st.sampled_from([{}, {"strict": True}])
played = st.fixed_dictionaries(
    {"card": st.sampled_from("abc")}, optional={"seconds": st.sampled_from([0.0, 0.07])}
)
commands: st.SearchStrategy[tuple[str, Any]] = (
    st.tuples(st.just("play"), played)
    | st.tuples(st.just("play"), st.just({"card": 1}))
    | st.tuples(st.just("nothing"), st.just({}))
)
doings = st.tuples(
    st.integers(0, 30), st.sampled_from(["toggle", "away", "command", "wait"]), st.integers(0, 3), commands
)


class Room:
    """Gives a machine inputs that make sense, out of random ones, as a room would."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.seated: set[int] = set()
        self.away: set[int] = set()

    def do(self, wait: int, doing: str, seat: int, call: tuple[str, Any]) -> None:
        tick = self.machine.tick + wait
        if doing == "wait":
            self.machine.advance(tick)
        elif doing == "toggle":
            self._toggle(tick, seat)
        elif doing == "away" and seat in self.seated:
            self.machine.apply(Input(tick, "back" if seat in self.away else "drop", seat))
            self.away ^= {seat}
        elif doing == "command" and seat in self.seated:
            self._try(Input(tick, "command", seat, *call))

    def seat(self, seat: int) -> None:
        """Tries until the game lets the player in."""
        while seat not in self.seated:
            self._toggle(self.machine.tick + 1, seat)

    def _toggle(self, tick: int, seat: int) -> None:
        if seat in self.seated:
            self.machine.apply(Input(tick, "leave", seat))
            self.seated.remove(seat)
            self.away.discard(seat)
        elif self._try(Input(tick, "join", seat, f"player {seat}")):
            self.seated.add(seat)

    def _try(self, item: Input) -> bool:
        try:
            self.machine.apply(item)
        except Refused:
            return False
        return True


def played_through(game_type: GameType, doings: list[Any], options: Any, limit: int = 10_000) -> Machine:
    machine = Machine.start(game_type, b"seed", options, limit=limit)
    room = Room(machine)
    for doing in doings:
        room.do(*doing)
    return machine


def contents(journal: Journal) -> list[Any]:
    return [
        journal.game,
        journal.seed,
        journal.options,
        journal.limit,
        journal.tick,
        journal.checkpoint,
        journal.inputs,
    ]


def copied(journal: Journal) -> Journal:
    """The journal as it comes back from a disk."""
    inputs = msgspec.msgpack.decode(msgspec.msgpack.encode(journal.inputs), type=list[Input])
    return evolve(journal, inputs=inputs)


# ---------------------------------------------------------------------- replay


@given(game_types, st.lists(doings, max_size=30), options, st.sampled_from([1, 2, 5, 10_000]))
def test_a_replay_leads_to_the_same_state(
    game_type: GameType, doings: list[Any], options: Any, limit: int
) -> None:
    live = played_through(game_type, doings, options, limit)
    again = replay(game_type, copied(live.journal))
    assert (again.tick, again.state_hash()) == (live.tick, live.state_hash())
    assert again.game == live.game
    assert contents(again.journal) == contents(live.journal)


@given(
    game_types, st.lists(doings, max_size=20), st.lists(doings, max_size=10), st.sampled_from([1, 3, 10_000])
)
def test_a_replayed_room_goes_on_as_the_first_would_have(
    game_type: GameType, before: list[Any], after: list[Any], limit: int
) -> None:
    live = played_through(game_type, before, {}, limit)
    again = replay(game_type, copied(live.journal))
    live.take_events()
    again.take_events()
    seen = []
    for machine in (live, again):
        room = Room(machine)
        room.seated, room.away = set(machine.game._context.names), set()
        for doing in after:
            room.do(*doing)
        machine.advance(machine.tick + 100)
        seen.append((machine.state_hash(), machine.take_events(), machine.view()))
    assert seen[0] == seen[1]


@given(game_types, st.lists(doings, max_size=30))
def test_the_same_inputs_give_the_same_events(game_type: GameType, doings: list[Any]) -> None:
    one, other = (played_through(game_type, doings, {}) for _ in range(2))
    assert one.take_events() == other.take_events()
    assert one.state_hash() == other.state_hash()


@given(game_types, st.lists(doings, max_size=30), st.integers(1, 4))
def test_a_journal_never_outgrows_its_limit(game_type: GameType, doings: list[Any], limit: int) -> None:
    machine = Machine.start(game_type, b"seed", {}, limit=limit)
    room = Room(machine)
    for doing in doings:
        room.do(*doing)
        assert len(machine.journal.inputs) <= limit


def test_several_checkpoints_come_and_go() -> None:
    machine = Machine.start(GAMES[0], b"no refusals", {}, limit=3)
    room = Room(machine)
    checkpoints = set()
    for n in range(20):
        room.do(1, "command" if n % 4 else "toggle", n // 8, ("play", {"card": "a"}))
        checkpoints.add(machine.journal.checkpoint)
    assert len(checkpoints) > 3
    assert replay(GAMES[0], copied(machine.journal)).state_hash() == machine.state_hash()


def test_the_end_survives_a_checkpoint() -> None:
    machine = Machine.start(GAMES[0], b"seed", {}, limit=1)
    Room(machine).seat(0)
    machine.apply(Input(machine.tick, "command", 0, "end"))
    machine.apply(Input(machine.tick, "drop", 0))
    again = replay(GAMES[0], copied(machine.journal))
    assert again.finished and again.next_due is None
    assert again.game._context.result == {"winner": 0}
    assert again.state_hash() == machine.state_hash()


def test_another_seed_or_option_leads_elsewhere() -> None:
    journal = Journal("everything", b"seed", {})
    first = replay(GAMES[0], journal).state_hash()
    assert replay(GAMES[0], Journal("everything", b"other", {})).state_hash() != first
    assert replay(GAMES[0], Journal("everything", b"seed", {}, tick=60)).state_hash() != first


def test_wrong_options_are_refused_again() -> None:
    with pytest.raises(Refused):
        replay(GAMES[0], Journal("everything", b"seed", {"strict": 3}))


# ---------------------------------------------------------------------- crashes


@given(
    game_types, st.lists(doings, max_size=15), st.sampled_from([0.0, 0.5]), st.sampled_from([1, 3, 10_000])
)
def test_a_crash_happens_again(game_type: GameType, doings: list[Any], at: float, limit: int) -> None:
    """Whether in a command or in a timer, with the same words, drawn from the same chance."""
    machine = Machine.start(game_type, b"seed", {}, limit=limit)
    room = Room(machine)
    for doing in doings:
        room.do(*doing)
    room.seat(3)
    with pytest.raises(ZeroDivisionError, match="by 3, with") as first:
        machine.apply(Input(machine.tick, "command", 3, "crash", {"at": at}))
        machine.advance(machine.tick + 10_000)
    with pytest.raises(ZeroDivisionError) as second:
        replay(game_type, copied(machine.journal))
    assert str(second.value) == str(first.value)


@pytest.mark.parametrize("kind", ["join", "leave", "drop", "back", "tick", "timer"])
def test_a_crash_anywhere_happens_again(kind: Any) -> None:
    machine = Machine.start(FRAGILE, b"seed", {})
    machine.apply(Input(1, "join", 0, kind))
    item = {"tick": None, "timer": None, "join": Input(3, "join", 1)}.get(kind, Input(3, kind, 0))
    with pytest.raises(ZeroDivisionError, match=kind) as first:
        if item is not None:
            machine.apply(item)
        machine.advance(20)
    with pytest.raises(ZeroDivisionError) as second:
        replay(FRAGILE, copied(machine.journal))
    assert str(second.value) == str(first.value)


def test_a_game_that_cannot_be_saved_fails_at_its_checkpoint() -> None:
    machine = Machine.start(FRAGILE, b"seed", {}, limit=1)
    machine.apply(Input(1, "join", 0, "ann"))
    machine.game.count = 2**64  # type: ignore[attr-defined]
    with pytest.raises(GameError, match="the state of Fragile can't be saved"):
        machine.apply(Input(1, "drop", 0))
