"""What everybody in a large world sees, against an oracle that works it out the slow and obvious way."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor
from typing import Any

import msgspec
import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from gamesrv import Areas, Game, GameError, Seat
from gamesrv.core.schema import GameType
from gamesrv.core.views import merge
from gamesrv.net.websocket import SUBPROTOCOLS
from gamesrv.server.area_room import AreaRoom
from gamesrv.server.limits import Limits
from gamesrv.server.outbox import Outbox
from gamesrv.server.room import Room
from gamesrv.server.splice import Splice
from gamesrv.wire.close import CloseCode

SIZE, NEAR, FAR, CAP = 10, 1, 1, 4
Spot = tuple[float, float]
Area = tuple[int, int]


@define
class Sheep:
    x: int
    y: int
    mood: str | None = None
    marks: list[int] = field(factory=list)


@frozen
class Flower:
    x: int
    y: int


@define
class Meadow(Game):
    """Its state is what a test puts there."""

    name, seats, tick_rate = "meadow", (1, 6), 20
    areas = Areas(("sheep", "flowers", "stones"), size=SIZE, near=NEAR, far=FAR, caps={"sheep": CAP})
    sheep: dict[int, Sheep] = field(factory=dict)
    flowers: dict[int, Flower] = field(factory=dict)
    stones: dict[str, dict[str, int]] = field(factory=dict)
    eyes: dict[int, Spot] = field(factory=dict)
    day: int = 0
    evening: bool = False

    def on_tick(self) -> None:
        if self.evening:
            self.finish()

    def on_leave(self, seat: Seat) -> None:
        self.eyes.pop(seat, None)

    def eye(self, seat: Seat | None) -> Spot | None:
        return self.eyes.get(-1 if seat is None else seat)

    def view(self) -> dict[str, Any]:
        return {"day": self.day, "sheep": self.sheep, "flowers": self.flowers, "stones": self.stones}


class House:
    """What a room needs of its house."""

    def seed(self) -> bytes:
        return b"any"

    def wake_at(self, room: Room, at: float | None) -> None: ...

    def changed(self, room: Room) -> None: ...

    def over(self, room: Room) -> None: ...

    def took(self, room: Room, seconds: float) -> None: ...


class Client:
    """A session, its link and what a client makes of what it is told."""

    address, inside = None, True

    def __init__(self, number: int) -> None:
        self.name = self.id = f"p{number}"
        self.member: Any = None
        self.peer: Client | None = self
        self.channel = None
        self.format = [*SUBPROTOCOLS.values()][number % 2]
        self.decode = msgspec.msgpack.decode if self.format.binary else msgspec.json.decode
        self.view: dict[str, Any] = {}
        self.events: list[tuple[int, str]] = []
        self.v = 0
        self.connect()

    def connect(self) -> None:
        self.peer = self
        self.outbox = Outbox(self, Limits())

    def write(self, data: bytes) -> None:
        while data:
            size, head = data[1], 2
            if size == 126:
                size, head = int.from_bytes(data[2:4], "big"), 4
            self.hear(self.decode(data[head : head + size]))
            data = data[head + size :]

    def hear(self, message: dict[str, Any]) -> None:
        match message["op"]:
            case "joined":
                assert set(message.get("players", {})) <= {str(message["seat"])}
                self.view, self.v = message["view"], message["v"]
            case "update":
                assert message["v"] == self.v + 1
                self.v += 1
                merge(self.view, message["delta"])
            case "event":
                self.events.append((message["seq"], message["name"]))

    def close(self, code: CloseCode, reason: str, within: float = 0.0) -> None: ...


class Watching:
    """What the oracle knows of one viewer: their area, whether there is a crowd, and what they see."""

    def __init__(self) -> None:
        self.area: Area | None = None
        self.known: dict[str, dict[str, Any]] = {name: {} for name in Meadow.areas.maps}
        self.crowded: dict[str, bool] = {}


class Oracle:
    """Nothing is kept but in which area everything is, and what each viewer was told last."""

    def __init__(self, game: Meadow) -> None:
        self.game = game
        self.things: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in Meadow.areas.maps}
        """As they were at the last look."""
        self.areas: dict[tuple[str, str], Area] = {}
        self.viewers: dict[Client, Watching] = {}

    def see(self, name: str) -> dict[str, dict[str, Any]]:
        plain = msgspec.to_builtins(getattr(self.game, name), str_keys=True)
        return {
            key: {part: value for part, value in thing.items() if value is not None}
            for key, thing in plain.items()
        }

    def look(self, tick: int, clients: Iterable[Client]) -> None:
        """Everyone is told what is new."""
        before = self.areas
        self.things = {name: self.see(name) for name in Meadow.areas.maps}
        self.areas = {
            (name, key): settle(before.get((name, key)), thing["x"], thing["y"])
            for name in Meadow.areas.maps
            for key, thing in self.things[name].items()
        }
        for client in clients:
            watching = self.viewers[client]
            was, watching.area = watching.area, self.eye_area(client, watching.area)
            for name in Meadow.areas.maps:
                self.tell(client, watching, name, was, before, tick)

    def tell(
        self, client: Client, watching: Watching, name: str, was: Area | None, before: Any, tick: int
    ) -> None:
        things, known = self.things[name], watching.known[name]
        sight = {key for key in things if apart(watching.area, self.areas[name, key]) <= NEAR + FAR}
        crowded, was_crowded = self.is_crowded(name, sight), watching.crowded.get(name, False)
        watching.crowded[name] = crowded
        if crowded:
            turn = (tick + (client.member.seat or 0)) % 4 == 0
            if not was_crowded or turn or was != watching.area:
                chosen = self.nearest(client, name, sight)
            else:
                chosen = known.keys() & things.keys()
            watching.known[name] = {key: things[key] for key in chosen}
            return
        now = {}
        for key in sight:
            area = self.areas[name, key]
            fresh = key not in known or was_crowded or before.get((name, key)) != area
            turn = (tick + 2 * area[0] + area[1]) % 4 == 0
            near = apart(watching.area, area) <= NEAR
            now[key] = things[key] if near or fresh or turn else known[key]
        watching.known[name] = now

    def snapshot(self, client: Client) -> None:
        """One is told all there is to see."""
        watching = self.viewers[client] = Watching()
        watching.area = self.eye_area(client, None)
        for name in Meadow.areas.maps:
            things = self.things[name]
            sight = {key for key in things if apart(watching.area, self.areas[name, key]) <= NEAR + FAR}
            watching.crowded[name] = self.is_crowded(name, sight)
            chosen = self.nearest(client, name, sight) if watching.crowded[name] else sight
            watching.known[name] = {key: things[key] for key in chosen}

    def eye_area(self, client: Client, before: Area | None) -> Area | None:
        place = self.game.eye(client.member.seat)
        return None if place is None else settle(before, *place)

    def is_crowded(self, name: str, sight: set[str]) -> bool:
        return len(sight) > Meadow.areas.caps.get(name, 1000)

    def nearest(self, client: Client, name: str, sight: set[str]) -> list[str]:
        things = self.things[name]
        x, y = self.game.eye(client.member.seat) or (0, 0)
        order = sorted(
            sight, key=lambda key: ((things[key]["x"] - x) ** 2 + (things[key]["y"] - y) ** 2, int(key))
        )
        return order[:CAP]


def settle(area: Area | None, x: float, y: float) -> Area:
    """One leaves an area an eighth of its side beyond the border."""
    slack = SIZE / 8
    if area is not None:
        left, top = area[0] * SIZE, area[1] * SIZE
        if left - slack <= x < left + SIZE + slack and top - slack <= y < top + SIZE + slack:
            return area
    return floor(x / SIZE), floor(y / SIZE)


def apart(one: Area | None, other: Area) -> int:
    return 99 if one is None else max(abs(one[0] - other[0]), abs(one[1] - other[1]))


class Scene:
    """A room, those in it, and the oracle."""

    def __init__(self) -> None:
        self.room = AreaRoom("meadow-1", GameType.of(Meadow), {}, Limits(), lambda: 0.0, House())
        assert self.room.machine is not None
        self.machine = self.room.machine
        self.game: Any = self.machine.game
        self.oracle = Oracle(self.game)
        self.clients: list[Client] = []
        self.owed: set[Client] = set()
        self.came = 0
        self.join(None)

    def join(self, place: Spot | None) -> None:
        if len(self.clients) < 6:
            client = self.come()
            self.room.sit(client)
            if place is not None:
                self.game.eyes[client.member.seat] = place

    def watch(self) -> None:
        if all(client.member.seat is not None for client in self.clients):
            self.room.watch(self.come())

    def come(self) -> Client:
        client = Client(self.came)
        self.came += 1
        self.clients.append(client)
        self.owed.add(client)
        return client

    def leave(self, client: Client) -> None:
        if client is not self.clients[0]:
            self.clients.remove(client)
            self.forget(client)
            self.room.leave(client.member)

    def drop(self, client: Client) -> None:
        if client.peer is not None and client.member.seat is not None:
            client.peer = None
            self.forget(client)
            self.room.drop(client.member)

    def back(self, client: Client) -> None:
        if client.peer is None:
            client.connect()
            self.owed.add(client)
            self.room.back(client.member, None)

    def clog(self, client: Client) -> None:
        if client.peer is not None:
            client.outbox.filled(0.0)

    def drain(self, client: Client) -> None:
        if client.peer is not None and client.outbox.drained():
            self.owed.add(client)
            self.room.snapshot(client.member)

    def forget(self, client: Client) -> None:
        self.owed.discard(client)
        self.oracle.viewers.pop(client, None)

    def step(self) -> None:
        self.room.step()
        self.oracle.look(
            self.machine.tick, [client for client in self.oracle.viewers if client not in self.owed]
        )
        for client in self.owed:
            self.oracle.snapshot(client)
        self.owed.clear()
        self.check()

    def check(self) -> None:
        """Whoever keeps up sees what the oracle says; nobody is owed anything."""
        for client in self.clients:
            if client.peer is not None and client.outbox.full_since is None:
                expected = {"day": self.game.day, **self.oracle.viewers[client].known}
                assert {name: client.view[name] for name in expected} == expected, client.name


@pytest.fixture
def scene() -> Scene:
    return Scene()


places = st.integers(-4, 58)
keys = st.integers(0, 9)
who = st.integers(0, 5)
OPS = st.one_of(
    st.tuples(st.just("sheep"), keys, places, places),
    st.tuples(st.just("nudge"), keys, st.integers(-9, 9), st.integers(-9, 9)),
    st.tuples(st.just("mood"), keys, st.sampled_from([None, "gay", "sad"])),
    st.tuples(st.just("marks"), keys, st.lists(st.integers(0, 2), max_size=2)),
    st.tuples(st.just("shear"), keys),
    st.tuples(st.just("flower"), keys, places, places),
    st.tuples(st.just("stone"), keys, places, places, st.sampled_from([None, "hue", "age"])),
    st.tuples(st.just("eye"), who, places, places),
    st.tuples(st.just("blink"), who),
    st.tuples(st.just("join"), places, places),
    st.tuples(st.sampled_from(["watch", "noon"])),
    st.tuples(st.sampled_from(["leave", "drop", "back", "back", "clog", "drain", "drain"]), who),
    st.just(("step",)),
    st.just(("step",)),
    st.just(("step",)),
)


def play(scene: Scene, op: tuple[Any, ...]) -> None:
    game, (kind, *args) = scene.game, op
    match kind, args:
        case "sheep", [key, x, y]:
            game.sheep[key] = Sheep(x, y)
        case "nudge", [key, dx, dy] if key in game.sheep:
            game.sheep[key].x += dx
            game.sheep[key].y += dy
        case "mood", [key, mood] if key in game.sheep:
            game.sheep[key].mood = mood
        case "marks", [key, marks] if key in game.sheep:
            game.sheep[key].marks[:] = marks
        case "shear", [key]:
            game.sheep.pop(key, None)
        case "flower", [key, x, y]:
            game.flowers[key] = Flower(x, y)
        case "stone", [key, x, y, part]:
            game.stones[f"{key}"] = {"x": x, "y": y} | ({} if part is None else {part: 1})
        case "noon", _:
            game.day += 1
        case "eye" | "blink", [number, *place]:
            seat = scene.clients[number % len(scene.clients)].member.seat
            game.eyes.pop(-1 if seat is None else seat, None)
            if place:
                game.eyes[-1 if seat is None else seat] = tuple(place)
        case "join", place:
            scene.join(tuple(place))
        case "watch" | "step", _:
            getattr(scene, kind)()
        case "leave" | "drop" | "back" | "clog" | "drain", [number]:
            getattr(scene, kind)(scene.clients[number % len(scene.clients)])


@settings(max_examples=150, deadline=None)
@given(st.lists(OPS, min_size=25, max_size=80))
def test_everyone_sees_what_the_oracle_says(ops: list[tuple[Any, ...]]) -> None:
    scene = Scene()
    for op in ops:
        play(scene, op)
    for client in scene.clients:
        scene.back(client)
        scene.drain(client)
    scene.step()


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_long_walk(random: Any) -> None:
    """Everything moves a little at each tick, as it does in a game."""
    scene = Scene()
    for _ in range(5):
        scene.join((random.randrange(50), random.randrange(50)))
    for key in range(12):
        play(scene, ("sheep", key, random.randrange(50), random.randrange(50)))
    for _ in range(40):
        for key in range(12):
            play(scene, ("nudge", key, random.randint(-2, 2), random.randint(-2, 2)))
        key = random.randrange(12)
        play(scene, ("mood", key, random.choice([None, "gay"])))
        for seat, (x, y) in [*scene.game.eyes.items()]:
            scene.game.eyes[seat] = (x + random.randint(-3, 3), y + random.randint(-3, 3))
        play(scene, (random.choice(["clog", "drain", "drop", "back", "step"]), random.randrange(6)))
        scene.step()


# ---------------------------------------------------------------------- what else a room with areas does


def test_what_happens_somewhere_is_told_to_those_near(scene: Scene) -> None:
    for place in ((5, 5), (25, 5), (500, 5), None):
        scene.join(place)
    scene.step()
    for client in scene.clients:
        client.events.clear()
    for number in range(3):
        scene.game.emit("bleat", where=(5 + 2 * number, 5))
        scene.game.emit("thunder")
    scene.game.emit("crack", where=(21, 5))
    scene.step()
    here, there, far, blind = (client.events for client in scene.clients[1:])
    thunder = [name for _, name in far]
    assert thunder == ["thunder"] * 3 and far == blind
    assert [name for _, name in here] == ["bleat", "thunder"] * 3, "in order"
    assert [name for _, name in there] == ["thunder"] * 3 + ["crack"]
    assert here == sorted(here)


def test_one_who_comes_back_missed_nothing_but_what_happened_somewhere(scene: Scene) -> None:
    scene.join((5, 5))
    scene.step()
    client = scene.clients[1]
    last = client.events[-1][0] if client.events else 0
    scene.drop(client)
    for _ in range(400):
        scene.game.emit("bleat", where=(5, 5))
    scene.game.emit("thunder")
    scene.step()
    client.connect()
    client.events.clear()
    scene.owed.add(client)
    scene.room.back(client.member, last)
    scene.step()
    assert "thunder" in [name for _, name in client.events], "it was not crowded out"
    assert "bleat" not in [name for _, name in client.events]


def test_nobody_is_told_who_comes_and_goes_but_those_it_concerns(scene: Scene) -> None:
    for _ in range(3):
        scene.join((0, 0))
    scene.step()
    first = scene.clients[0]
    first.events.clear()
    scene.drop(scene.clients[1])
    scene.leave(scene.clients[2])
    scene.step()
    assert first.events == []


def test_however_many_come_at_once_the_room_is_looked_at_once(scene: Scene) -> None:
    scene.step()
    before = scene.clients[0].v
    for _ in range(5):
        scene.join((3, 3))
    assert [client.v for client in scene.clients[1:]] == [0] * 5, "they wait for the tick"
    scene.game.day += 1
    scene.step()
    assert {client.v for client in scene.clients} == {before + 1}


def test_what_many_see_is_encoded_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in range(3):
        scene.game.sheep[key] = Sheep(5, 5)
    for number in range(5):
        scene.join((3 + 5 * number, 3))
    scene.step()
    assert {client.member.sight.square.key for client in scene.clients[1:]} == {
        scene.clients[1].member.sight.plan.at(x, 0).key for x in (0, 15, 25)
    }
    pieces = []
    piece = Splice.piece
    monkeypatch.setattr(Splice, "piece", lambda self, part: pieces.append((self, *part)) or piece(self, part))
    for sheep in scene.game.sheep.values():
        sheep.x += 1
    scene.step()
    assert len(pieces) == len({splice for splice, *_ in pieces}) == 2, "once in JSON, once in MessagePack"


def test_what_was_encoded_of_an_area_is_forgotten_when_something_changes_there(scene: Scene) -> None:
    scene.game.sheep[1] = Sheep(5, 5)
    for place in ((95, 5), (95, 5)):
        scene.join(place)
    scene.step()
    assert scene.clients[0].format is scene.clients[2].format
    for number, (first, then) in enumerate(((0, 2), (2, 0))):
        scene.game.eyes[scene.clients[first].member.seat] = (5 + number, 5)
        scene.step()  # the whole area is encoded, though nothing changed in it
        scene.game.sheep[1].x += 1
        scene.game.eyes[scene.clients[then].member.seat] = (5, 5)
        scene.step()
        scene.game.eyes.update({client.member.seat: (95, 5) for client in scene.clients})
        scene.step()


def test_one_of_a_crowd_who_is_gone_is_gone_at_once(scene: Scene) -> None:
    for key in range(8):
        scene.game.sheep[key] = Sheep(5 + key, 5)
    scene.join((5, 5))
    scene.step()
    assert scene.clients[1].view["sheep"].keys() == {"0", "1", "2", "3"}
    for key in range(4):
        del scene.game.sheep[key]
        scene.step()
    scene.step()
    assert scene.clients[1].view["sheep"].keys() == {"4", "5", "6", "7"}


def test_what_was_told_late_is_not_told_again(scene: Scene) -> None:
    scene.game.sheep[1] = Sheep(25, 5)
    scene.join((5, 5))
    scene.step()
    scene.game.sheep[1].mood = "gay"
    for _ in range(4):
        scene.step()
    assert scene.clients[1].view["sheep"]["1"]["mood"] == "gay"
    scene.clients[1].view["sheep"]["1"].pop("mood")
    scene.game.sheep[1].x += 1
    scene.oracle.viewers.clear()
    scene.check = lambda: None  # type: ignore[method-assign]
    for _ in range(4):
        scene.step()
    assert scene.clients[1].view["sheep"]["1"] == {"x": 26, "y": 5, "marks": []}


def test_the_last_tick_tells_all(scene: Scene) -> None:
    """Nothing comes after it, so nothing may wait for its turn."""
    scene.game.sheep[1] = Sheep(20, 3)
    scene.join((3, 3))
    scene.step()
    scene.step()
    scene.game.sheep[1].mood = "gay"
    scene.game.evening = True
    scene.room.step()
    assert scene.clients[1].view["sheep"]["1"]["mood"] == "gay"


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda game: game.eyes.update({0: "here"}), "eye"),
        (lambda game: game.sheep.update({1: Sheep(None, 1)}), "sheep.1 has no place"),  # type: ignore[arg-type]
        (lambda game: game.emit("bleat", where=("a", 1)), "where must be a place"),
        (lambda game: setattr(game, "flowers", []), "flowers must be a map"),
    ],
)
def test_an_author_s_mistake_is_named(scene: Scene, break_it: Any, told: str) -> None:
    scene.step()
    break_it(scene.game)
    with pytest.raises(GameError, match=told):
        scene.room.step()
