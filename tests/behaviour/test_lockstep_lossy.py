"""Lockstep by datagram over bad networks: whatever is lost, doubled or overtaken, all worlds are the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv.core.rng import Random
from gamesrv.server.channel import Channels
from gamesrv.wire.datagram import LOCKSTEP, STATE
from gamesrv.wire.lockstep import encode_sync
from tests import duel
from tests.behaviour.test_lockstep import frames
from tests.follow import Player, room_of
from tests.lossy import LossyWorld, Spectator

BAD = {"latency": 0.1, "jitter": 0.03, "loss": 0.05, "duplicates": 0.02}


class FarPlayer(Player):
    """Plays by datagram while it can."""

    def __init__(self, world: LossyWorld, name: str, game: str) -> None:
        person = world.person("packets", name)
        self.datagrams = Spectator(person, world.net)
        self.chance = Random(name.encode())
        self.by_link = self.syncs = 0
        super().__init__(person)
        self.person.say(op="join", game=game)

    def tick(self) -> None:
        self.datagrams.client.beat(self.now)
        if self.chance.below(6) == 0:
            self.held = self.chance.below(64)
        for payload in self.datagrams.heard:
            assert payload[:1] == LOCKSTEP
            if self.driver.begun:
                self.frames(payload[1:])
        self.datagrams.heard.clear()
        self.listen()
        self.driver.play(self.now)
        if self.driver.begun and self.driver.press(self.held, self.now):
            self.say()

    def say(self) -> None:
        self.syncs += 1
        if self.driver.by_datagram(self.now):
            payload = LOCKSTEP + encode_sync(self.driver.sync(reliable=False), self.driver.info.bits)
            if self.datagrams.client.send(payload, self.now):
                return
        self.by_link += 1
        self.sync(self.driver.sync(reliable=True))


def far(world: LossyWorld, *names: str, game: str = "duel") -> list[FarPlayer]:
    """Players whose channels are open."""
    players = [FarPlayer(world, name, game) for name in names]
    play(world, 60, players)
    return players


def play(world: LossyWorld, ticks: int, players: list[FarPlayer], rate: int = 30) -> None:
    for _ in range(ticks):
        world.run(1 / rate)
        for player in players:
            player.tick()


def converge(world: LossyWorld, players: list[FarPlayer]) -> None:
    """Lets the network get well, and everyone catch up to what was sent; all worlds must be the server's."""
    for link in (world.net.up, world.net.down):
        link.loss = link.latency = link.jitter = link.duplicates = 0.0
    play(world, 60, players)
    while room_of(world).machine.tick % 2:
        world.run(1 / 120)
    for player in players:
        player.tick()
        while player.driver.step():
            pass
    assert all(player.in_step() for player in players)
    assert room_of(world).desyncs == 0
    assert room_of(world).machine.checksum() == duel.checksum(players[0].world)


@pytest.mark.parametrize("game", ["duel", "fast", "patient"])
def test_over_a_bad_network(game: str) -> None:
    world = LossyWorld(duel.Duel, duel.Fast, duel.Patient, **BAD)
    players = far(world, "ann", "bob", "cid", game=game)
    rate = room_of(world).tick_rate
    before = [(player.by_link, player.syncs) for player in players]
    play(world, 10 * rate, players, rate)
    for player, (by_link, syncs) in zip(players, before, strict=True):
        assert player.by_link - by_link < 3 and player.syncs - syncs > 200, "by datagram, nearly all"
        assert player.driver.late < 60
    ticks = room_of(world).machine.tick
    converge(world, players)
    assert game == "patient" or ticks > 10 * rate
    world.stop()


@settings(max_examples=15)
@given(
    st.floats(0, 0.3),
    st.floats(0, 0.1),
    st.floats(0, 0.4),
    st.floats(0, 0.3),
    st.binary(min_size=1, max_size=4),
)
def test_over_any_network(latency: float, jitter: float, loss: float, duplicates: float, seed: bytes) -> None:
    world = LossyWorld(duel.Duel, seed=seed, latency=latency, jitter=jitter, loss=loss, duplicates=duplicates)
    players = far(world, "ann", "bob")
    play(world, 150, players)
    assert all(player.driver.tick > 30 for player in players)
    converge(world, players)
    world.stop()


def test_somebody_joins_drops_and_returns_meanwhile() -> None:
    world = LossyWorld(duel.Duel, **BAD)
    players = far(world, "ann", "bob")
    late = far(world, "cid")
    play(world, 60, players + late)
    players[1].person.cut()
    play(world, 60, [players[0], *late])
    assert [entry[0] for entry in players[0].world["log"]] == ["join"] * 3 + ["drop"]
    converge(world, [players[0], *late])
    world.stop()


def test_where_datagrams_are_blocked_the_link_carries_on_and_back_again() -> None:
    world = LossyWorld(duel.Duel, latency=0.03)
    players = far(world, "ann", "bob")
    world.net.up.loss = world.net.down.loss = 1.0
    play(world, 40, players)
    before, tick = [player.by_link for player in players], room_of(world).machine.tick
    play(world, 90, players)
    assert room_of(world).machine.tick - tick == 90
    for player, count in zip(players, before, strict=True):
        assert player.by_link - count > 80
        assert player.driver.newest >= room_of(world).machine.tick - 2
    world.net.up.loss = world.net.down.loss = 0.0
    play(world, 360, players)
    before = [player.by_link for player in players]
    play(world, 60, players)
    assert [player.by_link for player in players] == before
    converge(world, players)
    world.stop()


def test_one_way_blocked_only() -> None:
    """What the server sends is lost, what comes is not: it must not take the one for the other."""
    world = LossyWorld(duel.Duel, latency=0.03)
    players = far(world, "ann")
    world.net.down.loss = 1.0
    play(world, 150, players)
    assert players[0].driver.newest >= room_of(world).machine.tick - 3
    assert players[0].snapshots == 1, "and no snapshot was needed"
    converge(world, players)
    world.stop()


def test_one_who_was_gone_for_longer_than_is_kept_gets_a_snapshot() -> None:
    world = LossyWorld(duel.Duel, latency=0.03)
    ann, bob = far(world, "ann", "bob")
    world.net.down.loss = 1.0
    bob.person.deaf()
    play(world, 200, [ann])
    world.net.down.loss = 0.0
    bob.person.listen()
    play(world, 60, [ann, bob])
    converge(world, [ann, bob])
    world.stop()


def test_a_game_that_ends_is_told_over_the_link() -> None:
    """There are no frames after the last ones that would make up for a loss."""
    world = LossyWorld(duel.Ending, latency=0.03)
    players = far(world, "ann", game="ending")
    world.net.down.loss = 1.0
    players[0].held = 0
    play(world, 200, players)
    room = room_of(world)
    assert room.state == "over" and players[0].driver.newest == room.machine.tick
    while players[0].driver.step():
        pass
    assert players[0].in_step()
    world.stop()


@pytest.mark.parametrize(
    "payload", [b"\x02", b"\x02garbage", b"\x02" + bytes(1100), b"\x09hello", STATE], ids=len
)
def test_garbage_by_datagram_is_counted_and_that_is_all(payload: bytes) -> None:
    world = LossyWorld(duel.Duel, latency=0.03)
    players = far(world, "ann", "eve")
    channels: Channels = world.service.gate.channels
    before, late = channels.faults.total(), players[0].driver.late
    for _ in range(20):
        players[1].datagrams.client.send(payload, players[1].now)
    play(world, 30, players)
    assert channels.faults.total() == before + 20
    assert all(player.person.close_code is None for player in players)
    assert players[0].driver.late == late
    converge(world, players)
    world.stop()


def test_the_clocks_settle() -> None:
    """Inputs wait between nothing and three ticks on a steady way, however long it is."""
    world = LossyWorld(duel.Duel, latency=0.25)
    (ann,) = far(world, "ann")
    play(world, 200, [ann])
    ann.told.clear()
    late = ann.driver.late
    play(world, 100, [ann])
    waits = [body.wait for body in ann.told if body.wait is not None]
    assert len(waits) > 90 and all(0 <= wait <= 100 for wait in waits)
    assert ann.driver.late == late and frames(ann)
    world.stop()
