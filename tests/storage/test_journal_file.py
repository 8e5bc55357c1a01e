"""A game in a file of its own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.journal import Input
from gamesrv.core.plain import MAX_INT
from gamesrv.storage import journal_file
from gamesrv.storage.errors import Corrupt
from gamesrv.storage.interfaces import Entered, Finished, Recording, Snapshot, Standing
from tests.storage.shelf import entry, journal

START = Snapshot("game", 3, 25, b"\x00\xffstate")
LATER = [Snapshot("game", 5, 45, b"later"), Snapshot("game", 7, 70, b"last")]
FINISHED = Finished("game", 7, 70, "abc", {"winner": None}, 9.0, (Standing("ann", 1, "Ann", 1),))
HEADER = journal(names={0: "Ann", 11: "Bö"})
WHOLE = Recording(HEADER, START, [entry(n) for n in range(3, 7)], LATER, FINISHED)
NO_JOURNALS = [
    b"",
    b"{}",
    b"no journal",
    b"\xff\xfe",
    b'{"type":"journal"}',
    b'{"type":"journal","version":1}',
]

numbers = st.integers(-MAX_INT, MAX_INT) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=5,
)
inputs = st.builds(
    Input,
    st.integers(0, 2**40),
    st.sampled_from(["join", "drop", "back", "leave", "command"]),
    st.integers(0, 63),
    st.text(max_size=10),
    st.dictionaries(st.text(max_size=5), plain, max_size=3),
)


def test_a_file_says_what_was_written() -> None:
    assert journal_file.read(journal_file.write(WHOLE)) == WHOLE


@given(st.lists(inputs | st.integers(0, 2**50), max_size=8))
def test_whatever_players_send_comes_back_as_it_was(whats: list[Input | int]) -> None:
    recording = Recording(journal(), None, [Entered("game", n, what) for n, what in enumerate(whats)])
    assert journal_file.read(journal_file.write(recording)) == recording


def test_each_line_is_json_and_the_first_says_what_it_is() -> None:
    lines = [json.loads(line) for line in journal_file.write(WHOLE).splitlines()]
    assert (lines[0]["type"], lines[0]["version"]) == ("journal", 1)
    assert [line["type"] for line in lines[1:]] == [
        *["entry"] * 2,
        "snapshot",
        *["entry"] * 2,
        "snapshot",
        "finished",
        "end",
    ]


def test_a_file_that_was_cut_is_good_up_to_there() -> None:
    """Anywhere behind its first line."""
    data = journal_file.write(WHOLE)
    for end in range(data.index(b"\n") + 1, len(data) - 1):
        cut = journal_file.read(data[:end])
        assert cut.damage is not None and cut.damage.startswith("it ends within line ")
        assert cut.entries == WHOLE.entries[: len(cut.entries)]
        assert len(cut.entries) == sum(b'"entry"' in line for line in data[:end].split(b"\n")[:-1])


@pytest.mark.parametrize(
    ("old", "new", "told", "entries"),
    [
        ('"entry","n":5', '"entry","n":6', "line 5: entry 6 comes where 5 is due", 2),
        ('"entry","n":5', '"entry","n":"5"', "line 5: Expected `int`, got `str`", 2),
        ('"entry","n":5', '"other","n":5', "line 5: Invalid value 'other'", 2),
        ("bGF0ZXI=", "bGF0ZXM=", "line 4: the snapshot is damaged", 2),
        ('"entries":4', '"entries":5', "line 9: there should be 5 entries", 4),
    ],
)
def test_what_makes_no_sense_ends_it(old: str, new: str, told: str, entries: int) -> None:
    data = journal_file.write(WHOLE).decode()
    assert data.count(old) == 1
    read = journal_file.read(data.replace(old, new).encode())
    assert (read.damage or "").startswith(told)
    assert len(read.entries) == entries


@pytest.mark.parametrize("data", NO_JOURNALS)
def test_what_is_no_journal_is_refused(data: bytes) -> None:
    with pytest.raises(Corrupt, match="this is no journal"):
        journal_file.read(data)


def test_a_newer_format_is_refused() -> None:
    data = journal_file.write(WHOLE).replace(b'"version":1', b'"version":2', 1)
    with pytest.raises(Corrupt, match="of version 2, and this gamesrv knows 1"):
        journal_file.read(data)
