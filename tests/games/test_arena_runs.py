"""Whole runs of the arena: nobody leaves the field, nothing comes of nothing, and all can be run again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv import Random, Refused
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine, replay
from gamesrv.core.schema import GameType
from gamesrv.core.views import Audience
from gamesrv.games.arena import Arena

ARENA = GameType.of(Arena)
SPILL = 40

Act = tuple[Any, int, int, int]
"""What happens to which seat, and a direction."""


def allowed(avatar: Any) -> set[str]:
    """What may happen to a seat that has this avatar."""
    if avatar is None:
        return {"join"}
    return {"back", "leave"} if avatar.away else {"move", "dash", "drop", "leave"}


def apply(machine: Machine, act: Act) -> None:
    """What a room would let through of it enters the game."""
    kind, seat, dx, dy = act
    game: Any = machine.game
    if kind not in allowed(game.avatars.get(seat)):
        return
    args = {"dx": dx, "dy": dy} if kind == "move" else {}
    command = kind in ("move", "dash")
    name = f"player {seat}" if kind == "join" else kind if command else ""
    with suppress(Refused):
        machine.apply(Input(machine.tick, "command" if command else kind, seat, name, args))


def wealth(game: Any) -> int:
    """All that has been collected, and all that can be."""
    return sum(a.score for a in game.avatars.values()) + sum(gem.worth for gem in game.gems.lying.values())


def check_tick(machine: Machine) -> None:
    """Passes a tick in which nobody gains what nobody had, and nobody passes over a gem."""
    game: Any = machine.game
    before, lying = wealth(game), set(game.gems.lying)
    machine.advance(machine.tick + 1)
    grown = [gem.worth for number, gem in game.gems.lying.items() if number not in lying]
    robbed = [event.data["lost"] for event in machine.take_events() if event.name == "bumped"]
    assert wealth(game) - before == sum(grown) - sum(robbed)
    for avatar in game.avatars.values():
        assert 20 <= avatar.x <= 1580
        assert 20 <= avatar.y <= 980
        assert avatar.score >= 0
        if avatar.away is None and avatar.stun is None:
            assert not [n for n in lying & set(game.gems.lying) if touches(avatar, game.gems.lying[n])]


def touches(avatar: Any, gem: Any) -> bool:
    distance2: int = (avatar.x - gem.x) ** 2 + (avatar.y - gem.y) ** 2
    return distance2 < (20 + 8 + 2 * gem.worth) ** 2


kinds = st.sampled_from(["join", "join", "move", "move", "move", "dash", "dash", "drop", "back", "leave"])
steps = st.integers(-1, 1)
acts = st.tuples(kinds, st.integers(0, 3), steps, steps)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=8), st.lists(st.tuples(st.integers(0, 12), acts), max_size=60))
def test_whatever_players_do(seed: bytes, script: list[tuple[int, Act]]) -> None:
    machine = Machine.start(ARENA, seed, {}, limit=12)
    for pause, act in script:
        apply(machine, act)
        for _ in range(pause):
            check_tick(machine)
    assert replay(ARENA, machine.journal).state_hash() == machine.state_hash()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.lists(st.integers(0, 100), min_size=2, max_size=5))
def test_crowds_that_dash_about_keep_the_sum(seed: int, scores: list[int]) -> None:
    machine = Machine.start(ARENA, bytes([seed]), {})
    game: Any = machine.game
    for seat, score in enumerate(scores):
        apply(machine, ("join", seat, 0, 0))
        avatar = game.avatars[seat]
        avatar.x, avatar.y, avatar.score = 700 + 60 * seat, 500, score
    machine.advance(60)
    for _ in range(60):
        for seat in range(len(scores)):
            apply(machine, ("move", seat, 1 if game.avatars[seat].x < 820 else -1, 0))
            apply(machine, ("dash", seat, 0, 0))
        check_tick(machine)
    before = wealth(game)
    score = game.avatars[0].score
    apply(machine, ("leave", 0, 0, 0))
    assert wealth(game) == before - max(0, score - SPILL)


KINDS = ("move",) * 20 + ("dash",) * 4 + ("drop", "back", "back", "leave", "join", "join")


def crowd(players: int, ticks: int, **journal: Any) -> Iterator[Machine]:
    """A busy arena after each tick; what the players do is drawn from a seed of its own."""
    machine = Machine.start(ARENA, b"a seed", {}, **journal)
    dice = Random(b"players")
    for seat in range(players):
        apply(machine, ("join", seat, 0, 0))
    for _ in range(ticks):
        for seat in range(players):
            if dice.below(4) == 0:
                kind = dice.choice(KINDS)
                apply(machine, (kind, seat, dice.between(-1, 1), dice.between(-1, 1)))
        machine.advance(machine.tick + 1)
        yield machine


def test_a_journal_leads_to_the_same_state_from_its_start_and_from_a_checkpoint() -> None:
    *_, whole = crowd(20, 300)
    *_, cut = crowd(20, 300, limit=300)
    assert whole.journal.checkpoint is None
    assert cut.journal.checkpoint is not None
    assert len(cut.journal.inputs) < len(whole.journal.inputs)
    hashes = {machine.state_hash() for machine in (whole, cut)}
    hashes |= {replay(ARENA, machine.journal).state_hash() for machine in (whole, cut)}
    assert len(hashes) == 1


def test_a_restored_game_goes_on_as_the_other_does() -> None:
    *_, machine = crowd(20, 200, limit=300)
    again = replay(ARENA, machine.journal)
    for each in (machine, again):
        apply(each, ("leave", 3, 0, 0))
        each.advance(300)
    assert again.state_hash() == machine.state_hash()
    assert again.view() == machine.view()


def print_hash() -> None:
    """What another process is asked for."""
    *_, machine = crowd(20, 200)
    views = sha256(msgspec.json.encode(machine.view())).hexdigest()
    print(machine.state_hash(), views)


def test_another_process_with_other_hashes_comes_to_the_same_state() -> None:
    command = "import runpy, sys; runpy.run_path(sys.argv[1])['print_hash']()"
    told = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", command, __file__],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        told.add(done.stdout)
    assert len(told) == 1


def test_what_changes_is_little() -> None:
    """20 that run about: under 30 bytes of JSON a tick for each, gems and all; nothing when all stand."""
    machine = Machine.start(ARENA, b"a seed", {})
    dice = Random(b"players")
    audience = Audience()
    audience.change(machine.look())
    sizes = []
    for seat in range(20):
        apply(machine, ("join", seat, 0, 0))
    for tick in range(400):
        for seat in range(20):
            if (tick + seat) % 4 == 0:
                apply(machine, ("move", seat, dice.between(-1, 1), dice.between(-1, 1)))
        machine.advance(machine.tick + 1)
        sizes.append(len(msgspec.json.encode(audience.change(machine.look()))))
    assert sum(sizes) / len(sizes) < 20 * 30
    for seat in range(20):
        apply(machine, ("move", seat, 0, 0))
    machine.advance(machine.tick + 200)
    audience.change(machine.look())
    machine.advance(machine.tick + 1)
    assert audience.change(machine.look()) is None
