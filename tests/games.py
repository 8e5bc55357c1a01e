"""Small games for the tests of the server: one that ticks, one that takes turns."""

from typing import Annotated, Any

from attrs import define, field, frozen

from gamesrv import Act, Bot, Game, Meta, Refused, Seat, command

Step = Annotated[int, Meta(ge=-1, le=1)]


class Walker(Bot):
    """Walks right, for ever."""

    pace = (0.1, 0.2)

    def act(self, view: Any, mine: Any) -> Act | None:
        return ("move", {"dx": 1, "dy": 0})


@define
class Avatar:
    name: str
    x: int = 0
    y: int = 0
    dx: int = 0
    dy: int = 0
    away: bool | None = None


@define
class Field(Game):
    """Everyone walks about, twenty times a second."""

    name, seats, tick_rate, bot = "field", (1, 4), 20, Walker
    avatars: dict[Seat, Avatar] = field(factory=dict)
    ticks: int = 0

    def on_join(self, seat: Seat) -> None:
        self.avatars[seat] = Avatar(self.names[seat])

    def on_drop(self, seat: Seat) -> None:
        self.avatars[seat].away = True

    def on_back(self, seat: Seat) -> None:
        self.avatars[seat].away = None

    def on_leave(self, seat: Seat) -> None:
        del self.avatars[seat]

    def on_tick(self) -> None:
        self.ticks += 1
        for avatar in self.avatars.values():
            avatar.x += avatar.dx
            avatar.y += avatar.dy

    @command
    def move(self, seat: Seat, dx: Step, dy: Step) -> None:
        """Walk that way."""
        self.avatars[seat].dx, self.avatars[seat].dy = dx, dy

    @command
    def jump(self, seat: Seat, to: float) -> None:
        """Be somewhere else."""
        self.avatars[seat].x = int(to)

    @command
    def shout(self, seat: Seat, text: Annotated[str, Meta(max_length=20)]) -> None:
        """Everyone hears it."""
        self.emit("shouted", seat=seat, text=text)

    @command
    def whisper(self, seat: Seat, to: Seat, text: str = "psst") -> None:
        """One hears it."""
        if to not in self.avatars:
            raise Refused("nobody is there", "nobody", "args.to")
        self.emit("whispered", to=to, text=text)

    @command
    def crash(self, seat: Seat, how: str = "ValueError") -> None:
        """The author has made a mistake."""
        kinds = {kind.__name__: kind for kind in (ValueError, SystemExit, KeyboardInterrupt, RecursionError)}
        raise kinds[how]("at once")

    @command
    def crash_later(self, seat: Seat) -> None:
        """The same, in a timer."""
        self.after(0.1, self.explode)

    def explode(self) -> None:
        raise ZeroDivisionError("later")

    def view(self) -> dict[str, Any]:
        return {"avatars": self.avatars}


class Caller(Bot):
    """Calls when it is asked to."""

    pace = (0.5, 1.0)

    def act(self, view: Any, mine: Any) -> Act | None:
        return ("call", {}) if view["turn"] == self.seat else None


@frozen
class Round:
    """What a round of calls may be opened with."""

    players: Annotated[int, Meta(ge=2, le=4)] = 3
    calls: Annotated[int, Meta(ge=1, le=100)] = 6

    def __attrs_post_init__(self) -> None:
        if self.calls < self.players:
            raise Refused("everyone calls once at least", "bad_options", "options.calls")


@define
class Calls(Game):
    """All call in turn, once everyone is there. Bots help out."""

    name, seats, begins, bot, Options = "calls", (2, 4), "full", Caller, Round
    stand_ins, grace = True, 120.0
    turn: Seat = 0
    called: list[Seat] = field(factory=list)
    there: dict[Seat, str] = field(factory=dict)

    @classmethod
    def seats_for(cls, options: Round) -> tuple[int, int]:
        return options.players, options.players

    def on_start(self) -> None:
        self.there = dict(self.names)
        self.emit("opened", by=sorted(self.there))

    def on_join(self, seat: Seat) -> None:
        self.there[seat] = self.names[seat]

    def on_leave(self, seat: Seat) -> None:
        del self.there[seat]

    @command
    def call(self, seat: Seat) -> None:
        """Say that you are there."""
        if seat != self.turn:
            raise Refused("it is not your turn", "not_your_turn")
        self.called.append(seat)
        self.turn = (self.turn + 1) % self.options.players
        if len(self.called) == self.options.calls:
            self.finish(self.called)

    @command("pass")
    def skip(self, seat: Seat) -> None:
        """Let it go."""
        self.turn = (self.turn + 1) % self.options.players

    def view(self) -> dict[str, Any]:
        return {"turn": self.turn, "called": self.called, "there": self.there}

    def view_for(self, seat: Seat) -> dict[str, Any]:
        return {"secret": 1000 + seat}


@define
class Quorum(Calls):
    """Begins when enough are there and all want to."""

    name, begins = "quorum", "ready"

    @classmethod
    def seats_for(cls, options: Round) -> tuple[int, int]:
        return 2, options.players


@frozen
class Table:
    """What a round of cards may be opened with."""

    cards: Annotated[int, Meta(ge=1, le=13)] = 3
    seconds: Annotated[int, Meta(ge=1, le=60)] = 10


@define
class Cards(Game):
    """Hidden hands, turns, and a clock that plays for those who sleep."""

    name, seats, Options = "cards", (1, 2), Table
    hands: dict[Seat, list[int]] = field(factory=dict)
    pile: list[int] = field(factory=list)
    turn: Seat = 0
    timer: int = 0

    def on_join(self, seat: Seat) -> None:
        self.hands[seat] = [1000 + self.random.below(1000) for _ in range(self.options.cards)]
        if len(self.hands) == 2:
            self.next_turn()

    def on_leave(self, seat: Seat) -> None:
        del self.hands[seat]

    def next_turn(self) -> None:
        self.cancel(self.timer)
        self.timer = self.after(self.options.seconds, self.asleep)

    def asleep(self) -> None:
        self.emit("slept", seat=self.turn)
        self.turn = 1 - self.turn
        self.next_turn()

    @command
    def play(self, seat: Seat, card: int) -> None:
        """Puts a card of yours on the pile."""
        if len(self.hands) < 2 or seat != self.turn:
            raise Refused("it is not your turn", "not_your_turn")
        if card not in self.hands[seat]:
            raise Refused("you don't hold that card", "not_held", "args.card")
        self.hands[seat].remove(card)
        self.pile.append(card)
        self.turn = 1 - self.turn
        if self.hands[seat]:
            self.next_turn()
        else:
            self.finish({"winner": seat})

    def view(self) -> dict[str, Any]:
        counts = {seat: len(hand) for seat, hand in self.hands.items()}
        return {"pile": self.pile, "turn": self.turn, "counts": counts}

    def view_for(self, seat: Seat) -> dict[str, Any]:
        return {"hand": self.hands[seat]}
