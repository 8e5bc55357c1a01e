"""The command that deals again: what it prints, and its verdict."""

import subprocess
import sys
from hashlib import sha256
from random import Random

import pytest

from gamesrv.games.bigtwo.rules import cards_of, name_of
from gamesrv.games.bigtwo.verify import hands_of, main
from tests.card_table import CardTable

SEED = "00" * 31 + "07"
HASH = sha256(bytes.fromhex(SEED)).hexdigest()


@pytest.mark.parametrize("players", [2, 3, 4])
def test_a_deal_that_was_played_is_dealt_again(players: int, capsys: pytest.CaptureFixture[str]) -> None:
    table = CardTable(players=players, suits="DHSC")
    told = table.view()["hash"]
    hands = [cards_of(hand) for hand in table.deal.hands]
    table.play_deal(Random(0))
    seed = table.view()["seed"]
    assert hands_of(bytes.fromhex(seed), players) == hands
    words = [seed, "--hash", told, "--players", str(players), "--names", "--suits", "DHSC"]
    assert main(words) == 0
    *lines, verdict = capsys.readouterr().out.splitlines()
    names = [" ".join(name_of(card, "DHSC") for card in hand) for hand in hands]
    assert lines == [f"seat {seat}: {hand}" for seat, hand in enumerate(names)]
    assert "fits" in verdict


def test_cards_are_numbers_unless_names_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([SEED, "--suits", "dhsc"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "seat 0: " + " ".join(map(str, hands_of(bytes.fromhex(SEED))[0]))
    assert HASH in lines[-1]


@pytest.mark.parametrize("told", [HASH, HASH.upper()])
def test_a_hash_that_fits(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([SEED, "--hash", told]) == 0
    assert "The hash fits" in capsys.readouterr().out


def test_a_hash_that_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([SEED, "--hash", "00" + HASH[2:]]) == 1
    assert "DOES NOT FIT" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["07"],
        [SEED + "00"],
        ["x" * 64],
        [SEED, "--hash", "07"],
        [SEED, "--players", "5"],
        [SEED, "--suits", "SHC"],
        [SEED, SEED],
    ],
)
def test_wrong_arguments_leave_with_two(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(wrong)
    assert left.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_it_is_a_command() -> None:
    line = [sys.executable, "-W", "error", "-m", "gamesrv.games.bigtwo.verify", SEED, "--hash"]
    fits, not_so = (subprocess.run([*line, told], capture_output=True, text=True) for told in (HASH, SEED))
    assert (fits.returncode, not_so.returncode) == (0, 1)
    assert fits.stdout.startswith("seat 0: ")
    assert fits.stderr == not_so.stderr == ""
