"""The rules of the arena, one by one."""

from math import hypot
from typing import Any

import pytest
from attrs import define

from gamesrv import Refused
from gamesrv.core.journal import Input
from gamesrv.core.machine import Machine
from gamesrv.core.schema import GameType
from gamesrv.core.views import prune
from gamesrv.games.arena import Arena
from gamesrv.games.arena.avatar import Avatar

DIRECTIONS = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
COOLDOWN, STUN, SAFE = 40, 20, 60


@define
class Bare(Arena):
    """No gems lie there but those that a test puts there."""

    def _grow(self) -> None:
        pass


class Field:
    """A running arena."""

    def __init__(self, players: int = 1, rules: type[Arena] = Bare) -> None:
        self.machine = Machine.start(GameType.of(rules), b"seed", {})
        assert isinstance(self.machine.game, Arena)
        self.game = self.machine.game
        for seat in range(players):
            self.enter("join", seat, f"player {seat}")

    def enter(self, kind: Any, seat: int, name: str = "", **args: Any) -> None:
        self.machine.apply(Input(self.machine.tick, kind, seat, name, args))

    def move(self, seat: int, dx: int, dy: int) -> None:
        self.enter("command", seat, "move", dx=dx, dy=dy)

    def dash(self, seat: int) -> None:
        self.enter("command", seat, "dash")

    def wait(self, ticks: int = 1) -> None:
        self.machine.advance(self.machine.tick + ticks)

    def place(self, seat: int, x: int, y: int, score: int = 0) -> Avatar:
        avatar = self.game.avatars[seat]
        avatar.x, avatar.y, avatar.score = x, y, score
        return avatar

    def face_to_face(self, *scores: int) -> tuple[Avatar, Avatar]:
        """Two that run at each other, no longer newcomers."""
        self.wait(SAFE)
        self.move(0, 1, 0)
        self.move(1, -1, 0)
        return self.place(0, 700, 500, scores[0]), self.place(1, 790, 500, scores[1])

    def worths(self) -> list[int]:
        return sorted(gem.worth for gem in self.game.gems.lying.values())

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event.data for event in self.machine.take_events() if event.name == name]

    def shown(self, seat: int) -> dict[str, Any]:
        avatar: dict[str, Any] = prune(self.machine.view())["avatars"][str(seat)]
        return avatar


# ---------------------------------------------------------------------- moving


def test_gathers_speed_runs_on_a_little_and_stops() -> None:
    field = Field()
    avatar = field.place(0, 200, 500)
    field.move(0, 1, 0)
    places = []
    for _ in range(30):
        field.wait()
        places.append(avatar.x)
    strides = [after - before for before, after in zip(places, places[1:], strict=False)]
    assert strides[0] < strides[3] < strides[-1]
    assert max(strides) in (13, 14)
    field.move(0, 0, 0)
    field.wait(3)
    rolling = avatar.x
    field.wait(60)
    assert rolling < avatar.x < rolling + 100
    stopped = (avatar.x, avatar.y)
    field.wait(100)
    assert (avatar.x, avatar.y) == stopped
    assert avatar.y == 500


@pytest.mark.parametrize(("dx", "dy"), DIRECTIONS)
def test_every_direction_goes_there_as_fast_as_any(dx: int, dy: int) -> None:
    field = Field()
    avatar = field.place(0, 800, 500)
    field.move(0, dx, dy)
    field.wait(35)
    gone_x, gone_y = avatar.x - 800, avatar.y - 500
    assert (gone_x > 0) - (gone_x < 0) == dx
    assert (gone_y > 0) - (gone_y < 0) == dy
    straight = 402
    assert straight * 0.97 <= hypot(gone_x, gone_y) <= straight + 1


@pytest.mark.parametrize(("dx", "dy"), DIRECTIONS)
def test_a_wall_stops_whoever_runs_or_dashes_into_it(dx: int, dy: int) -> None:
    field = Field()
    avatar = field.place(0, 800, 500)
    field.move(0, dx, dy)
    field.wait(110)
    field.dash(0)
    field.wait(50)
    assert (avatar.x, avatar.y) == (800 + dx * 780, 500 + dy * 480)
    field.move(0, -dx, -dy)
    field.wait(2)
    assert (avatar.x, avatar.y) != (800 + dx * 780, 500 + dy * 480)


@pytest.mark.parametrize("args", [{"dx": 2, "dy": 0}, {"dx": True, "dy": 0}, {"dx": 1}, {"dx": 0.5, "dy": 0}])
def test_refuses_what_is_no_direction(args: dict[str, Any]) -> None:
    field = Field()
    before = field.machine.state_hash()
    with pytest.raises(Refused) as refused:
        field.enter("command", 0, "move", **args)
    assert refused.value.code == "bad_argument"
    assert field.machine.state_hash() == before


# ---------------------------------------------------------------------- gems


@pytest.mark.parametrize(("worth", "touches"), [(1, 29), (3, 33), (5, 37)])
def test_collects_what_it_touches(worth: int, touches: int) -> None:
    field = Field()
    avatar = field.place(0, 500, 500)
    field.game.gems.put(500 + touches + 1, 500, worth)
    field.wait()
    assert (avatar.score, field.worths()) == (0, [worth])
    field.game.gems.put(500, 500 - touches, worth)
    field.wait(3)
    assert (avatar.score, field.worths()) == (worth, [worth])
    assert field.events("collected") == [{"seat": 0, "gem": 2, "worth": worth, "x": 500, "y": 500 - touches}]
    assert list(field.machine.view()["gems"]) == ["1"]


def test_finds_gems_wherever_they_lie() -> None:
    """However the field is cut into cells, every gem is found from every side."""
    field = Field()
    for x in range(40, 1561, 37):
        for y in range(40, 961, 41):
            for dx, dy in ((-25, 0), (25, 0), (0, -25), (0, 25)):
                field.game.gems.put(x, y, 1)
                field.place(0, min(max(x + dx, 20), 1580), min(max(y + dy, 20), 980))
                field.wait()
                assert not field.worths(), (x, y, dx, dy)


def test_gems_grow_again_up_to_a_number_for_the_players_there() -> None:
    field = Field(5, Arena)
    for seat in range(5):
        field.enter("drop", seat)
    assert len(field.worths()) == 40
    field.wait()
    assert len(field.worths()) == 41
    field.wait(10)
    assert len(field.worths()) == 50
    field.game.gems.take(next(iter(field.game.gems.lying)))
    assert len(field.worths()) == 49
    field.wait(100)
    assert len(field.worths()) == 50
    assert all(40 <= gem.x <= 1560 and 40 <= gem.y <= 960 for gem in field.game.gems.lying.values())


def test_big_gems_are_rare() -> None:
    field = Field(1, Arena)
    for _ in range(1000):
        field.game._grow()
    worths = field.worths()
    assert set(worths) == {1, 3, 5}
    assert worths.count(1) > 2 * worths.count(3) > 4 * worths.count(5) > 0


# ---------------------------------------------------------------------- dashing


def test_a_dash_is_fast_and_short_and_has_to_cool_down() -> None:
    field = Field()
    avatar = field.place(0, 100, 500)
    field.dash(0)
    assert field.shown(0)["dash"] == COOLDOWN
    field.wait(5)
    assert avatar.x == 100 + 5 * 25
    field.wait(COOLDOWN - 6)
    assert field.shown(0)["dash"] == COOLDOWN
    with pytest.raises(Refused) as refused:
        field.dash(0)
    assert refused.value.code == "not_ready"
    assert avatar.x < 350
    field.wait()
    assert "dash" not in field.shown(0)
    field.dash(0)


@pytest.mark.parametrize(("dx", "dy"), DIRECTIONS)
def test_a_dash_goes_where_one_headed_last(dx: int, dy: int) -> None:
    field = Field()
    field.move(0, dx, dy)
    field.move(0, 0, 0)
    avatar = field.place(0, 800, 500)
    field.dash(0)
    field.wait(5)
    far = 125 if not dx or not dy else 87
    assert (avatar.x, avatar.y) == (
        800 + dx * far - (dx < 0 and dy != 0),
        500 + dy * far - (dy < 0 and dx != 0),
    )


@pytest.mark.parametrize(
    ("score", "lost", "gems"),
    [(0, 0, []), (1, 1, [1]), (8, 2, [1, 1]), (36, 9, [1, 3, 5]), (900, 40, [5] * 8)],
)
def test_whoever_is_hit_drops_a_quarter_and_is_stunned(score: int, lost: int, gems: list[int]) -> None:
    field = Field(2)
    dasher, victim = field.face_to_face(0, score)
    field.move(1, 0, 0)
    field.dash(0)
    field.wait(3)
    assert field.events("bumped") == [{"seat": 1, "by": 0, "lost": lost, "x": victim.x, "y": victim.y}]
    assert (victim.score, field.worths(), dasher.score) == (score - lost, gems, 0)
    assert field.shown(1)["stun"] == STUN
    assert "stun" not in field.shown(0)


def test_the_stunned_can_do_nothing_for_a_while_and_then_what_they_meant_to() -> None:
    field = Field(2)
    _, victim = field.face_to_face(0, 0)
    field.dash(0)
    field.wait(2)
    assert field.shown(1)["stun"] == STUN
    hit = field.machine.tick
    field.move(0, -1, 0)
    field.move(1, 0, 1)
    field.game.gems.put(victim.x, victim.y, 5)
    with pytest.raises(Refused):
        field.dash(1)
    field.wait(STUN - 1)
    assert (victim.y, victim.score) == (500, 0)
    field.wait()
    assert "stun" not in field.shown(1)
    assert field.machine.tick == hit + STUN
    field.wait(10)
    assert victim.y > 560


def test_nobody_is_hit_again_at_once() -> None:
    field = Field(2)
    field.face_to_face(0, 40)
    field.dash(0)
    hits = []
    for tick in range(SAFE + COOLDOWN + 10):
        field.wait()
        hits += [tick for _ in field.events("bumped")]
        field.place(0, 700, 500, 0)
        field.place(1, 730, 500, 40)
        field.game.avatars[0].dash = None
        field.dash(0)
    assert len(hits) == 2
    assert hits[1] - hits[0] == SAFE


def test_newcomers_are_safe() -> None:
    field = Field(1)
    field.wait(SAFE)
    field.enter("join", 1, "newcomer")
    field.place(0, 700, 500)
    newcomer = field.place(1, 760, 500, 40)
    field.dash(0)
    field.wait(6)
    assert newcomer.score == 40


def test_running_hurts_nobody() -> None:
    field = Field(2)
    field.face_to_face(40, 40)
    field.wait(20)
    assert field.events("bumped") == []
    assert field.worths() == []


def test_of_two_that_dash_into_each_other_none_is_first() -> None:
    field = Field(3)
    avatars = field.face_to_face(40, 40)
    field.place(2, 655, 500, 40)
    field.dash(0)
    field.dash(1)
    field.wait(2)
    assert [event["seat"] for event in field.events("bumped")] == [1, 0]
    assert [avatar.score for avatar in avatars] == [30, 30]
    assert [avatar.stun for avatar in avatars] == [STUN, STUN]
    field.wait(STUN)
    assert avatars[0].x < 700
    assert avatars[1].x > 790
    assert field.events("bumped") == []  # the one in the way of a stunned one


# ---------------------------------------------------------------------- coming and going


def test_the_away_stand_still_keep_what_they_have_and_gain_nothing() -> None:
    field = Field(2)
    _, away = field.face_to_face(0, 40)
    field.enter("drop", 1)
    assert field.shown(1)["away"] is True
    field.dash(0)
    field.wait(10)
    field.place(0, 100, 100)
    field.game.gems.put(790, 500, 5)
    field.wait(10)
    assert (away.x, away.y, away.score) == (790, 500, 40)
    assert "stun" not in field.shown(1)
    field.enter("back", 1)
    assert "away" not in field.shown(1)
    field.wait()
    assert (away.x, away.y, away.score) == (790, 500, 45)


@pytest.mark.parametrize(("score", "gems"), [(0, []), (14, [1, 3, 5, 5]), (900, [5] * 8)])
def test_who_leaves_drops_what_they_have(score: int, gems: list[int]) -> None:
    field = Field(2)
    field.place(1, 25, 975, score)
    field.enter("leave", 1)
    assert field.worths() == gems
    assert list(field.machine.view()["avatars"]) == ["0"]
    field.enter("join", 1, "another")
    assert field.shown(1)["name"] == "another"
    assert field.shown(1)["score"] == 0


def test_64_join_where_there_is_room_and_play() -> None:
    field = Field(64, Arena)
    places = [(avatar.x, avatar.y) for avatar in field.game.avatars.values()]
    apart = [hypot(x - a, y - b) for x, y in places for a, b in places if (x, y) != (a, b)]
    assert len(apart) == 64 * 63
    assert min(apart) > 40
    for seat in range(64):
        field.move(seat, *DIRECTIONS[seat % 8])
        field.dash(seat)
    field.wait(100)
    assert len(field.worths()) > 100
    assert len(field.events("collected")) > 64
    assert all(20 <= each.x <= 1580 and 20 <= each.y <= 980 for each in field.game.avatars.values())


def test_the_view_shows_what_clients_draw() -> None:
    field = Field(2)
    field.place(0, 100, 200)
    field.place(1, 300, 400, 7)
    field.game.gems.put(1000, 500, 3)
    assert prune(field.machine.view()) == {
        "width": 1600,
        "height": 1000,
        "avatars": {
            "0": {"name": "player 0", "x": 100, "y": 200, "score": 0},
            "1": {"name": "player 1", "x": 300, "y": 400, "score": 7},
        },
        "gems": {"1": {"x": 1000, "y": 500, "worth": 3}},
    }
