"""From an author's class to commands, options and their validation; and what is wrong with a class."""

from collections.abc import Callable
from enum import Enum
from math import inf, nan
from typing import Annotated, Any, Literal

import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st
from msgspec import NODEFAULT, Meta, Struct

from gamesrv.core.bot import Bot
from gamesrv.core.game import Game, GameError, Refused, Seat, command
from gamesrv.core.rng import Random
from gamesrv.core.schema import GameType, Schema

Step = Annotated[int, Meta(ge=-1, le=1)]


class Suit(Enum):
    CLUBS = "clubs"
    HEARTS = "hearts"


@frozen
class Card:
    rank: Annotated[int, Meta(ge=1, le=13)]
    suit: Suit


class Strict(Struct, forbid_unknown_fields=True):
    x: int


class Plain:
    """What nobody can check."""


@frozen
class TableOptions:
    stakes: Annotated[int, Meta(ge=1)] = 5
    names: list[str] = field(factory=list)
    _secret: bool = False
    derived: int = field(default=7, init=False)


@define
class Table(Game):
    """Every kind of hint."""

    name = "table"
    seats = (2, 4)
    Options = TableOptions

    @command
    def step(self, seat: Seat, dx: Step, dy: Step = 0) -> None:
        """Go there.

        Only the first line is told.
        """

    @command
    def put(self, seat: Seat, cards: list[Card], face: Literal["up", "down"] = "down") -> None: ...

    @command
    def bet(self, seat: Seat, *, amount: float, on: Suit | None = None) -> None: ...

    @command
    def ready(self, seat: Seat) -> None:
        """I am."""

    @command
    def go(self, seat: Seat, to: tuple[int, int] = (0, 0), via: list[int] | None = None) -> None: ...

    @command
    def mark(self, seat: Seat, strict: Strict, tags: frozenset[str] = frozenset()) -> None: ...

    @command
    def shout(self, seat: Seat, text: str, loud: bool = False, times: int | None = None) -> None: ...

    def not_a_command(self, seat: Seat, x: int) -> None: ...


TABLE = GameType.of(Table)


def args(name: str) -> Schema:
    return TABLE.commands[name].args


def refusal(parse: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        parse()
    assert caught.value.code == "bad_argument"
    return caught.value


# ---------------------------------------------------------------------- a class that will do


def test_a_game_type_knows_the_class() -> None:
    assert (TABLE.rules, TABLE.name, TABLE.title, TABLE.rate, TABLE.hidden) == (
        Table,
        "table",
        "table",
        1000,
        False,
    )


def test_commands_keep_the_order_of_definition() -> None:
    assert list(TABLE.commands) == ["step", "put", "bet", "ready", "go", "mark", "shout"]


def test_a_command_is_told_by_the_first_line_of_its_docstring() -> None:
    assert [TABLE.commands[name].doc for name in ("step", "ready", "put")] == ["Go there.", "I am.", ""]


@define
class Harder(Table):
    name = "harder"
    tick_rate = 20
    late: int = 0

    @command
    def added(self, seat: Seat) -> None: ...

    @command
    def put(self, seat: Seat, where: int) -> None:  # type: ignore[override]
        """Another."""

    def ready(self, seat: Seat) -> None:
        """Still a command."""

    def view_for(self, seat: Seat) -> dict[str, Any]:
        return {}


def test_a_subclass_adds_and_overrides_commands_in_their_places() -> None:
    harder = GameType.of(Harder)
    assert list(harder.commands) == ["step", "put", "bet", "ready", "go", "mark", "shout", "added"]
    assert list(harder.commands["put"].args.fields()) == [("where", "integer")]
    assert harder.commands["ready"].doc == "Still a command."
    assert (harder.rate, harder.hidden) == (20, True)
    assert list(args("put").fields())[0][0] == "cards"


# ---------------------------------------------------------------------- validation


@pytest.mark.parametrize(
    ("name", "given", "parsed"),
    [
        ("step", {"dx": 1}, {"dx": 1, "dy": 0}),
        ("step", {"dy": -1, "dx": -1}, {"dx": -1, "dy": -1}),
        ("put", {"cards": []}, {"cards": [], "face": "down"}),
        (
            "put",
            {"cards": [{"rank": 13, "suit": "hearts"}], "face": "up"},
            {"cards": [Card(13, Suit.HEARTS)], "face": "up"},
        ),
        ("bet", {"amount": 1}, {"amount": 1.0, "on": None}),
        ("bet", {"amount": 0.5, "on": "clubs"}, {"amount": 0.5, "on": Suit.CLUBS}),
        ("ready", {}, {}),
        ("go", {"to": [1, 2], "via": [3]}, {"to": (1, 2), "via": [3]}),
        ("mark", {"strict": {"x": 1}, "tags": ["a", "a"]}, {"strict": Strict(1), "tags": frozenset("a")}),
    ],
)
def test_good_arguments_become_what_the_hints_say(name: str, given: Any, parsed: Any) -> None:
    assert args(name).parse(given) == parsed


@pytest.mark.parametrize(
    ("name", "given", "path", "message"),
    [
        ("step", {}, "args.dx", "missing required"),
        ("step", {"dx": 1, "dz": 1}, "args.dz", "unknown field"),
        ("step", {"dx": "1"}, "args.dx", "got `str`"),
        ("step", {"dx": True}, "args.dx", "got `bool`"),
        ("step", {"dx": 1.0}, "args.dx", "got `float`"),
        ("step", {"dx": None}, "args.dx", "got `null`"),
        ("step", {"dx": 2}, "args.dx", "<= 1"),
        ("step", {"dx": 0, "dy": -2}, "args.dy", ">= -1"),
        ("step", {"dx": [1]}, "args.dx", "got `array`"),
        ("put", {"cards": {}}, "args.cards", "got `object`"),
        ("put", {"cards": [{"rank": 1, "suit": "clubs"}, {"rank": 1}]}, "args.cards[1].suit", "missing"),
        ("put", {"cards": [{"rank": 14, "suit": "clubs"}]}, "args.cards[0].rank", "<= 13"),
        ("put", {"cards": [{"rank": 1, "suit": "swords"}]}, "args.cards[0].suit", "Invalid enum"),
        ("put", {"cards": [], "face": "sideways"}, "args.face", "Invalid enum"),
        ("bet", {"amount": False}, "args.amount", "got `bool`"),
        ("bet", {"amount": "much"}, "args.amount", "got `str`"),
        ("bet", {"amount": 1, "on": 1}, "args.on", "got `int`"),
        ("ready", {"really": True}, "args.really", "unknown field"),
        ("go", {"to": [1]}, "args.to", "length 2"),
        ("mark", {"strict": {"x": 1, "y": 2}}, "args.strict.y", "unknown field"),
        ("shout", {"text": 1}, "args.text", "got `int`"),
        ("shout", {"text": "", "loud": 1}, "args.loud", "got `int`"),
    ],
)
def test_bad_arguments_are_refused_with_their_path(name: str, given: Any, path: str, message: str) -> None:
    refused = refusal(lambda: args(name).parse(given))
    assert refused.path == path
    assert message in refused.message


keys = st.sampled_from(["dx", "dy", "dz", ""])
anything = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=2) | st.lists(st.none())
)


@given(st.dictionaries(keys, anything))
def test_only_what_the_hints_allow_passes(values: dict[str, Any]) -> None:
    good = "dx" in values and all(
        key in ("dx", "dy") and type(value) is int and -1 <= value <= 1 for key, value in values.items()
    )
    try:
        parsed = args("step").parse(values)
    except Refused as refused:
        assert not good and refused.path is not None and refused.path.startswith("args")
    else:
        assert good and parsed == {"dy": 0} | values


def test_a_default_is_nobodys_own() -> None:
    first = TABLE.options.parse({})
    first["names"].append("ann")
    assert TABLE.options.parse({})["names"] == []


# ---------------------------------------------------------------------- options


def test_options_are_the_fields_of_the_class() -> None:
    """Under the names that its constructor takes, without those it makes itself."""
    assert TABLE.options.parse({}) == {"stakes": 5, "names": [], "secret": False}
    parsed = TABLE.options.parse({"stakes": 9, "secret": True})
    assert TableOptions(**parsed) == TableOptions(9, [], True)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"stakes": 0}, "options.stakes"),
        ({"derived": 1}, "options.derived"),
        ({"_secret": 1}, "options._secret"),
    ],
)
def test_bad_options_are_refused(given: Any, path: str) -> None:
    assert refusal(lambda: TABLE.options.parse(given)).path == path


def test_an_option_without_a_default_is_required() -> None:
    schema = Schema.of("options", "Sized", [("size", int, NODEFAULT)])
    assert refusal(lambda: schema.parse({})).path == "options.size"
    assert schema.parse({"size": 3}) == {"size": 3}


# ---------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("name", "line", "values"),
    [
        ("step", "1 -1", {"dx": 1, "dy": -1}),
        ("step", "1", {"dx": 1}),
        ("step", "dy=1 dx=0", {"dx": 0, "dy": 1}),
        ("step", "dy=1 -1", {"dx": -1, "dy": 1}),
        ("ready", "", {}),
        ("bet", "2.5 hearts", {"amount": 2.5, "on": "hearts"}),
        ("bet", "2", {"amount": 2.0}),
        ("go", "3,4 1,2,3", {"to": [3, 4], "via": [1, 2, 3]}),
        ("go", "via= to=1,2", {"to": [1, 2], "via": []}),
        ("shout", "a=b true 3", {"text": "a=b", "loud": True, "times": 3}),
        ("shout", "hush loud=false times=null", {"text": "hush", "loud": False, "times": None}),
    ],
)
def test_words_are_read_by_name_or_in_order(name: str, line: str, values: Any) -> None:
    assert args(name).read(line.split()) == values


@pytest.mark.parametrize(
    ("name", "line", "path", "message"),
    [
        ("step", "", "args.dx", "missing"),
        ("step", "1 1 1", "args", "too many words: 1"),
        ("step", "0 dx=1", "args.dx", "dx is given twice"),
        ("step", "x", "args.dx", "got `str`"),
        ("step", "dz=1", "args.dx", "got `str`"),
        ("step", "5", "args.dx", "<= 1"),
        ("bet", "nan", "args.amount", "not finite"),
        ("bet", "inf", "args.amount", "not finite"),
        ("go", "1,x", "args.to[1]", "got `str`"),
        ("go", "1,99999999999999999999", "args.to[1]", "integer beyond"),
        ("shout", "x times=99999999999999999", "args.times", "integer beyond"),
    ],
)
def test_bad_words_are_refused(name: str, line: str, path: str, message: str) -> None:
    refused = refusal(lambda: args(name).read(line.split()))
    assert (refused.path, message in refused.message) == (path, True), refused.message


@given(st.integers(-1, 1), st.integers(-1, 1))
def test_what_was_read_parses(dx: int, dy: int) -> None:
    read = args("step").read([str(dx), f"dy={dy}"])
    assert args("step").parse(read) == {"dx": dx, "dy": dy}


# ---------------------------------------------------------------------- for people


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int, "integer"),
        (float, "number"),
        (Step, "-1..1"),
        (Annotated[int, Meta(ge=0)], "0.."),
        (Annotated[int, Meta(le=0)], "..0"),
        (Annotated[float, Meta(gt=0, lt=1)], ">0..<1"),
        (str, "text"),
        (bool, "true|false"),
        (Literal["north", "south"], "north|south"),
        (Suit, "clubs|hearts"),
        (int | None, "integer or null"),
        (list[Step], "list of -1..1"),
        (tuple[int, ...], "list of integer"),
        (set[str], "list of text"),
        (frozenset[str], "list of text"),
        (tuple[int, str], "integer,text"),
        (Card, "data"),
        (dict[str, int], "data"),
    ],
)
def test_a_type_in_a_few_words(hint: Any, words: str) -> None:
    assert list(Schema.of("args", "it", [("x", hint, NODEFAULT)]).fields()) == [("x", words)]


# ---------------------------------------------------------------------- a class that won't do


def fault(rules: Any) -> str:
    with pytest.raises(GameError) as caught:
        GameType.of(rules)
    return str(caught.value)


def a_game(**members: Any) -> type[Game]:
    """A game that is right but for its ``members``."""
    return define(type("Wrong", (Game,), {"name": "wrong", **members}))


def test_the_game_of_these_tests_is_right_without_them() -> None:
    assert GameType.of(a_game()).commands == {}


@pytest.mark.parametrize("rules", [3, "Table", int, Table()])
def test_it_must_be_a_game(rules: Any) -> None:
    assert "is not a Game" in fault(rules)


def test_it_must_be_an_attrs_class_itself() -> None:
    class Bare(Table):
        """Its base is one, it is not."""

    assert "Bare must be decorated with attrs.define" in fault(Bare)


@pytest.mark.parametrize("name", ["", "Wrong", "two words", "x" * 33, "1st", 3, None])
def test_its_name_must_be_a_word(name: Any) -> None:
    assert "Wrong.name must be" in fault(a_game(name=name))


def test_it_must_have_a_name() -> None:
    assert "Wrong.name must be" in fault(define(type("Wrong", (Game,), {})))


@pytest.mark.parametrize("seats", [(0, 1), (3, 2), 4, (1,), (1, 2, 3), ("a", "b"), (1.0, 2.0), None])
def test_its_seats_must_be_a_range(seats: Any) -> None:
    assert "Wrong.seats must be (fewest, most)" in fault(a_game(seats=seats))


@pytest.mark.parametrize("rate", [-1, 20.0, "20", None, True])
def test_its_tick_rate_must_be_a_whole_number(rate: Any) -> None:
    assert "Wrong.tick_rate must be" in fault(a_game(tick_rate=rate))


@pytest.mark.parametrize("options", [Plain, None, TableOptions()])
def test_its_options_must_be_an_attrs_class(options: Any) -> None:
    assert "Wrong.Options must be an attrs class" in fault(a_game(Options=options))


@frozen
class Dependent:
    size: int = 3
    area: int = field()

    @area.default
    def _area(self) -> int:
        return self.size**2


@frozen
class Uncheckable:
    size: Plain


@frozen
class Unhinted:
    size = field(default=3)  # type: ignore[var-annotated]


@frozen
class Dangling:
    size: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (Dependent, "Dependent: the default of area can't depend on other options"),
        (Uncheckable, "Uncheckable: size: type <class 'test_schema.Plain'> is not supported"),
        (Unhinted, "Unhinted: size has no type hint"),
        (Dangling, "Dangling: name 'Nowhere' is not defined"),
    ],
)
def test_its_options_must_be_checkable(options: type, complaint: str) -> None:
    assert complaint in fault(a_game(Options=options))


def no_seat(self) -> None: ...  # type: ignore[no-untyped-def]
def nothing() -> None: ...
def no_hint(self: Game, seat: Seat, x) -> None: ...  # type: ignore[no-untyped-def]
def dangling(self: Game, seat: Seat, x: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821
def uncheckable(self: Game, seat: Seat, y: int, x: list[Plain]) -> None: ...
def ambiguous(self: Game, seat: Seat, x: Card | TableOptions) -> None: ...
def shared(self: Game, seat: Seat, x: list[int] = [1]) -> None: ...  # noqa: B006
def many(self: Game, seat: Seat, *x: int) -> None: ...
def others(self: Game, seat: Seat, **x: int) -> None: ...
def unhidden(self: Game, seat: Seat) -> None: ...
def unnamed(self: Game, seat: Seat, x: int, /) -> None: ...


@pytest.mark.parametrize(
    ("handler", "complaint"),
    [
        (no_seat, "command act takes no seat"),
        (nothing, "command act takes no seat"),
        (no_hint, "command act: argument x has no type hint"),
        (dangling, "command act: name 'Nowhere' is not defined"),
        (uncheckable, "act: x: type <class 'test_schema.Plain'> is not supported"),
        (ambiguous, "act: x: Type unions may not contain more than one"),
        (shared, "act: Using a non-empty mutable collection"),
        (many, "command act: argument *x: int can't be passed by name"),
        (others, "command act: argument **x: int can't be passed by name"),
        (unnamed, "command act: argument x: int can't be passed by name"),
    ],
)
def test_its_commands_must_be_checkable(handler: Any, complaint: str) -> None:
    assert complaint in fault(a_game(act=command(handler)))


@pytest.mark.parametrize("name", ["view", "on_join", "tell", "finish", "tick", "_context"])
def test_a_command_may_not_hide_what_a_game_has(name: str) -> None:
    assert f"command {name} hides Game.{name}" in fault(a_game(**{name: command(unhidden)}))


def test_a_command_stays_one_in_a_subclass() -> None:
    base = a_game(act=command(lambda self, seat: None))
    assert "command act: " in fault(define(type("Wrong", (base,), {"act": None})))


@pytest.mark.parametrize("pace", [(0.1, 0.1), (1, 2.5)])
def test_its_bot_may_think_at_any_pace(pace: Any) -> None:
    assert GameType.of(a_game(bot=type("Policy", (Bot,), {"pace": pace})))


@pytest.mark.parametrize("pace", [(0, 1), (-2.0, -1.0), (2, 1), (1, inf), (1, nan), 3, (1,), ("a", "b")])
def test_its_bot_must_have_a_pace_to_keep(pace: Any) -> None:
    assert "Wrong.bot.pace must be (from, to)" in fault(a_game(bot=type("Policy", (Bot,), {"pace": pace})))


@pytest.mark.parametrize("bot", [Plain, 3, Bot(0, Random(b""))])
def test_its_bot_must_be_one(bot: Any) -> None:
    assert "Wrong.bot must be a Bot" in fault(a_game(bot=bot))


def test_its_state_must_have_defaults() -> None:
    assert "Wrong.board needs a default" in fault(a_game(__annotations__={"board": int}))
    assert GameType.of(a_game(__annotations__={"board": int}, board=field(init=False)))


def test_its_state_must_be_savable() -> None:
    wrong = a_game(__annotations__={"board": dict[int, Plain]}, board=field(factory=dict))
    assert (
        fault(wrong)
        == "the state of Wrong can't be saved: Wrong.board: can't save <class 'test_schema.Plain'>"
    )
