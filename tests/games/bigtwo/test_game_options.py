"""What a table of Big Two may be opened with, and what is refused."""

from typing import Any

import attrs
import pytest

from gamesrv import Refused
from gamesrv.games.bigtwo.options import TableOptions
from gamesrv.games.bigtwo.rules import OPTIONS, PRESETS, options_for
from tests.card_table import BIGTWO, CardTable


def test_the_rules_and_the_table_have_the_same_options() -> None:
    own = {"preset", "turn_seconds", "level"}
    assert {item.name for item in attrs.fields(TableOptions) if item.init} == {*OPTIONS} | own


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "suits"])
def test_each_value_of_each_option_is_accepted_and_no_other(name: str) -> None:
    values = OPTIONS[name] if name != "target" else (0, 1, 1000)
    for value in values:
        fitting = {"players": 4} | ({"straights": "wide"} if name == "low_straight_key" else {})
        chosen = BIGTWO.choose(fitting | {name: value})
        assert chosen.rules.options[name] == value
    for wrong in ("another", -1, 1001, 2.5, []):
        refused = refuses(**{name: wrong})
        assert (refused.code, refused.path) == ("bad_argument", f"options.{name}")


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_not_given_is_as_in_the_preset(preset: str) -> None:
    assert BIGTWO.choose({"preset": preset}).rules.options == options_for(preset)
    changed = BIGTWO.choose({"preset": preset, "target": 7, "triples": False}).rules.options
    assert changed == options_for(preset, target=7, triples=False)


def test_tables_that_are_alike_share_their_rules() -> None:
    one, other = (BIGTWO.choose({"preset": "taiwan", "turn_seconds": seconds}) for seconds in (5, 60))
    assert one.rules is other.rules
    assert one.rules is not BIGTWO.choose({}).rules


def refuses(**options: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        CardTable(**options)
    return caught.value


@pytest.mark.parametrize(
    ("options", "guilty"),
    [
        ({"dragon": True, "players": 3}, "dragon"),
        ({"dragon": True, "players": 2}, "dragon"),
        ({"play_on": True, "players": 2}, "play_on"),
        ({"low_straight_key": "two", "straights": "linear"}, "low_straight_key"),
        ({"low_straight_key": "two", "preset": "taiwan"}, "low_straight_key"),
        ({"suits": "SHCC"}, "suits"),
        ({"suits": ""}, "suits"),
        ({"suits": "shcd"}, "suits"),
        ({"suits": "SHCDSHCD"}, "suits"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], guilty: str) -> None:
    refused = refuses(**options)
    assert (refused.code, refused.path) == ("bad_options", f"options.{guilty}")
    assert refused.message


@pytest.mark.parametrize(
    ("options", "guilty"),
    [
        ({"preset": "mars"}, "preset"),
        ({"players": 5}, "players"),
        ({"players": "4"}, "players"),
        ({"turn_seconds": 4}, "turn_seconds"),
        ({"turn_seconds": 301}, "turn_seconds"),
        ({"level": "god"}, "level"),
        ({"suits": 7}, "suits"),
        ({"rules": {}}, "rules"),
        ({"_rules": {}}, "_rules"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_options_of_another_kind_are_refused(options: dict[str, Any], guilty: str) -> None:
    refused = refuses(**options)
    assert (refused.code, refused.path) == ("bad_argument", f"options.{guilty}")


def test_options_can_be_typed() -> None:
    words = "taiwan 3 turn_seconds=9 target=50 triples=false".split()
    assert BIGTWO.options.read(words) == {
        "preset": "taiwan",
        "players": 3,
        "turn_seconds": 9,
        "target": 50,
        "triples": False,
    }
