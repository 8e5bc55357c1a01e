"""Replays over the web: what was seen is told again, to those who may see it, and never something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from attrs import evolve
from twisted.internet import _producer_helpers
from twisted.internet.task import Cooperator

from gamesrv.core.views import merge
from gamesrv.games.bigtwo import BigTwo
from gamesrv.games.bigtwo.rules import NOBODY, cards_of
from gamesrv.net import api_replay
from gamesrv.net.full_websocket import web_socket_resource
from gamesrv.net.http import WebSite
from gamesrv.net.websocket import WebSocketFactory
from gamesrv.server import slices
from gamesrv.storage.interfaces import Recording
from tests.keeping import HandStore, Words
from tests.net.test_http import Browser
from tests.world import Person, World, _Ear

ROOM_ONLY = {"started", "player_joined", "player_ready", "recorded"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server that keeps what is played."""
    made = World((BigTwo, Words), store=lambda clock: HandStore(tmp_path / "kept.db", clock))
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def no_other_clock(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """twisted.web sends in pieces, by the global reactor's clock: here it has ours."""
    ours = Cooperator(scheduler=lambda call: world.clock.callLater(0, call))
    monkeypatch.setattr(_producer_helpers, "cooperate", ours.cooperate)


class Surfer(Browser):
    """One connection to a site."""

    def __init__(self, world: World, site: WebSite) -> None:
        Person.__init__(self, world)
        channel = site.buildProtocol(None)
        assert channel is not None
        self.link_to(channel, _Ear(self), None)


class Reader:
    """Asks for replays, each over a connection of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        socket = web_socket_resource(WebSocketFactory(world.service.gate, world.clock))
        self.site = WebSite(world.service.gate, socket, world.clock, Path())

    def replay(self, journal: str, seat: object = "all") -> tuple[int, Any]:
        """The status, and what came."""
        asked = self.ask(journal, seat)
        self.world.run(1)
        return answer(asked)

    def ask(self, journal: str, seat: object = "all") -> Surfer:
        """Somebody who waits for it."""
        asked = self.last = Surfer(self.world, self.site)
        request = f"GET /api/replays/{journal}?seat={seat} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        asked.raw(request.encode())
        return asked


def answer(asked: Surfer) -> tuple[int, Any]:
    """Status and body."""
    first, _, body = asked.wire.partition(b"\r\n\r\n")
    return int(first.split()[1]), msgspec.json.decode(body)


class Match:
    """Ann and Bob play, Eve looks on; each notes what they are told."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world = world
        self.people = [world.person("packets", name) for name in ("ann", "bob", "eve")]
        ann, bob, eve = self.people
        ann.say(op="create", game="bigtwo", options={"players": 2, **options})
        self.room = world.rooms[0]
        eve.say(op="watch", room=self.room.id)
        bob.say(op="join", room=self.room.id)

    @property
    def journal(self) -> str:
        """Its id, whether or not it is told yet."""
        header = self.room._header  # type: ignore[attr-defined]
        return str(header.id)

    def play(self, moves: int = 100_000) -> None:
        """So many legal moves, or to the end."""
        chance, machine = Random(7), self.room.machine
        assert machine is not None and isinstance(machine.game, BigTwo)
        for _ in range(moves):
            if machine.finished:
                return
            self._move(machine.game, chance)

    def _move(self, game: BigTwo, chance: Random) -> None:
        if game.deal.turn == NOBODY:
            self.people[2].say(op="ping")  # who only looks on must not fall silent
            return self.world.clock.advance(12.1)
        self.world.clock.advance(0.3)
        found = game.options.rules.legal(game.deal, game.deal.turn)
        mover = self.people[game.deal.turn]
        if game.deal.to_beat and (not found or chance.random() < 0.2):
            mover.say(op="cmd", name="pass")
        else:
            mover.say(op="cmd", name="play", args={"cards": cards_of(chance.choice(found))})
        return None


def followed(person: Person) -> tuple[Any, Any, list[Any]]:
    """Both views at the end, and the game's events, as somebody was told them."""
    view: Any = {}
    mine: Any = {}
    events = []
    for message in person.heard:
        match message:
            case {"op": "joined"}:
                view, mine = message["view"], message.get("mine", {})
            case {"op": "update"}:
                merge(view, message.get("delta", {}))
                merge(mine, message.get("mine", {}))
            case {"op": "event", "name": name} if name not in ROOM_ONLY:
                events.append((name, message["data"]))
    return view, mine, events


def seen(replay: Any, seat: int | None = None) -> tuple[Any, Any, list[Any]]:
    """The same, as a replay tells it."""
    view: Any = {}
    mine: Any = {}
    events = []
    for step in replay["steps"]:
        merge(view, step.get("delta", {}))
        merge(mine, step.get("own", {}).get(str(seat), {}))
        events += [(event["name"], event.get("data", {})) for event in step.get("events", [])]
    return view, mine, events


@pytest.fixture
def match(world: World) -> Match:
    """A match at its beginning."""
    return Match(world)


@pytest.fixture
def reader(world: World) -> Reader:
    """Somebody with a browser."""
    return Reader(world)


# ---------------------------------------------------------------------- what is told


def test_everyone_sees_again_what_they_saw(world: World, reader: Reader) -> None:
    match = Match(world, target=10)
    match.play()
    for seat, person in enumerate(match.people):
        live = followed(person)
        viewer = "watcher" if seat == 2 else seat
        status, replay = reader.replay(match.journal, viewer)
        assert (status, replay["viewer"], replay["finished"]) == (200, viewer, True)
        assert seen(replay, seat) == live
        ticks = [step["tick"] for step in replay["steps"]]
        assert ticks == sorted(ticks) and ticks[1] in (299, 300)
    assert len(live[0]["rounds"]) > 1 and replay["result"]["deals"] == len(live[0]["rounds"])
    assert replay["setting"]["players"] == {"0": {"name": "ann"}, "1": {"name": "bob"}}
    assert replay["setting"]["options"]["players"] == 2 and replay["setting"]["seats"] == [2, 2]


def test_after_the_end_all_hands_are_open(match: Match, reader: Reader) -> None:
    match.play()
    status, replay = reader.replay(match.journal)
    assert status == 200
    assert sorted(replay["steps"][0]["own"]) == ["0", "1"]
    assert all(
        seen(replay, seat)[1] == seen(reader.replay(match.journal, seat)[1], seat)[1] for seat in (0, 1)
    )


def test_before_the_end_nobody_sees_a_hand(match: Match, reader: Reader) -> None:
    match.play(moves=5)
    for viewer in ("all", 0, 1):
        status, body = reader.replay(match.journal, viewer)
        assert (status, body["code"], body["field"]) == (403, "not_finished", "seat")
    status, replay = reader.replay(match.journal, "watcher")
    assert (status, replay["finished"], replay["result"]) == (200, False, None)
    assert seen(replay) == followed(match.people[2])
    for secret in (b'"hand', b'"own"', b'"seed"', b'"need"'):
        assert secret not in reader.last.wire


def test_who_comes_and_goes_is_told(match: Match, reader: Reader) -> None:
    match.people[1].cut()
    match.world.run(1)
    match.people[0].say(op="leave")
    _, replay = reader.replay(match.journal, "watcher")
    told = [event for step in replay["steps"] for event in step.get("events", [])]
    assert [(event["name"], event["data"]) for event in told if event["name"].startswith("player")] == [
        ("player_dropped", {"seat": 1}),
        ("player_left", {"seat": 0}),
    ]


def test_the_end_tells_the_replay_once_it_is_kept(match: Match) -> None:
    store = match.world.store
    match.play(moves=3)
    assert not any(message.get("name") == "recorded" for message in match.people[0].heard)
    assert all("replay" not in message for message in match.people[0].heard)
    ann = match.people[0]
    store.slow = True
    machine = match.room.machine
    while not machine.finished:
        match._move(machine.game, Random(1))
        if not machine.finished:
            store.let()
            match.world.settle()
    assert not any(message.get("name") == "recorded" for message in ann.heard)
    store.slow = False
    store.let()
    match.world.settle()
    told = [message["data"] for message in ann.heard if message.get("name") == "recorded"]
    assert told == [{"replay": match.journal}]
    late = match.world.person("packets", "late")
    late.say(op="watch", room=match.room.id)
    assert late.take("joined")["replay"] == match.journal
    for person in match.people[:2]:
        person.heard.clear()
        person.say(op="ready")
    assert "replay" not in ann.take("joined")


# ---------------------------------------------------------------------- what is not told


@pytest.mark.parametrize(
    ("journal", "seat", "status", "code"),
    [
        ("0" * 32, "all", 404, "no_such_replay"),
        ("0" * 31, "all", 404, "no_such_replay"),
        ("x" * 32, "all", 404, "no_such_replay"),
        ("../" + "0" * 32, "all", 400, "bad_argument"),
        ("0" * 32 + "/more", "all", 400, "bad_argument"),
        ("", "all", 404, "no_such_replay"),
        ("0" * 32, "-1", 400, "bad_argument"),
        ("0" * 32, "none", 400, "bad_argument"),
        ("0" * 32, "0&seat=1", 400, "bad_argument"),
        ("0" * 32, "1111", 400, "bad_argument"),
        ("0" * 32, "%b2", 400, "bad_argument"),
    ],
)
def test_what_is_asked_wrongly(reader: Reader, journal: str, seat: str, status: int, code: str) -> None:
    found, body = reader.replay(journal, seat)
    assert (found, body["code"]) == (status, code)


def test_a_seat_that_there_was_not(match: Match, reader: Reader) -> None:
    match.play()
    status, body = reader.replay(match.journal, 2)
    assert (status, body["code"], body["field"]) == (404, "no_such_seat", "seat")


def test_a_server_without_a_store_has_no_replays() -> None:
    world = World()
    assert Reader(world).replay("0" * 32)[0] == 404
    world.stop()


Spoil = Callable[[Recording], Recording]


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (lambda game: evolve(game, snapshots=[]), 200, None),
        (lambda game: evolve(game, damage="entry 3 is damaged"), 409, "damaged"),
        (lambda game: _header(game, durable=False), 404, "no_such_replay"),
        (lambda game: _header(game, game="chess"), 404, "no_such_replay"),
        (lambda game: _header(game, seed=b"another"), 409, "rules_changed"),
        (lambda game: _header(game, game="words"), 409, "rules_changed"),
        (lambda game: evolve(game, entries=game.entries[:-1]), 409, "rules_changed"),
    ],
)
def test_what_comes_out_differently_is_not_shown(
    match: Match, reader: Reader, monkeypatch: pytest.MonkeyPatch, spoil: Spoil, status: int, code: str | None
) -> None:
    match.play()
    find = api_replay._find
    monkeypatch.setattr(api_replay, "_find", lambda archive, journal: spoil(find(archive, journal)))
    found, body = reader.replay(match.journal)
    assert (found, body.get("code")) == (status, code)


def _header(recording: Recording, **changes: Any) -> Recording:
    return evolve(recording, header=msgspec.structs.replace(recording.header, **changes))


def test_rules_that_raise_now_are_told_and_logged(
    match: Match, reader: Reader, monkeypatch: pytest.MonkeyPatch, logged_failures: list[Any]
) -> None:
    match.play()
    with monkeypatch.context() as patched:
        patched.setattr(BigTwo, "view", lambda self: 1 / 0)
        status, body = reader.replay(match.journal)
    assert (status, body["code"]) == (409, "rules_changed")
    assert len(logged_failures) == 1
    logged_failures.clear()


@pytest.mark.parametrize("limit", ["MOST_ENTRIES", "MOST_BYTES"])
def test_what_is_too_long_is_not_told(
    match: Match, reader: Reader, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    match.play()
    monkeypatch.setattr(api_replay, limit, 20)
    status, body = reader.replay(match.journal)
    assert (status, body["code"]) == (422, "too_long")


# ---------------------------------------------------------------------- what it costs


def test_games_are_told_in_slices_a_few_at_a_time(
    match: Match, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    match.play()
    monkeypatch.setattr(slices, "SLICE", 0.0)
    monkeypatch.setattr(api_replay, "MOST_AT_ONCE", 2)
    asked = [reader.ask(match.journal, seat) for seat in ("all", "all", 0, 1)]
    assert [one.wire == b"" for one in asked] == [True, True, True, False]
    assert answer(asked[3])[1]["code"] == "busy" and b"retry-after: 1\r\n" in asked[3].wire.lower()
    for _ in range(10):
        match.world.clock.advance(api_replay.PAUSE)
    assert [one.wire for one in asked[:3]] == [b"", b"", b""]
    asked[0].cut()
    match.world.run(2)
    assert [answer(one)[0] for one in asked[1:3]] == [200, 200] and asked[0].wire == b""
    assert len(answer(asked[1])[1]["steps"]) > 20
    assert reader.replay(match.journal, 1)[0] == 200


def test_answers_about_finished_games_are_kept(
    match: Match, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    match.play(5)
    asked: list[str] = []
    find = api_replay._find
    monkeypatch.setattr(api_replay, "_find", lambda archive, name: asked.append(name) or find(archive, name))
    for _ in range(2):
        reader.replay(match.journal, "watcher")
    assert len(asked) == 2
    match.play()
    first = reader.replay(match.journal)
    assert reader.replay(match.journal) == first and len(asked) == 3


def test_what_is_kept_is_bounded() -> None:
    shelf = api_replay.Shelf(100)
    for number in range(5):
        shelf.put(("game", number), b"x" * 40)
        assert shelf.get(("game", 0)) is not None
    assert [number for number in range(5) if shelf.get(("game", number))] == [0, 4]
    shelf.put(("game", 9), b"x" * 101)
    assert shelf.get(("game", 9)) is None
