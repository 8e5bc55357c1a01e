"""The client library and rooms: finding one, what is known of it, and going on with it from another page."""

import pytest

from tests.browser.conftest import Play

# ------------------------------------------------------------------ finding a room


def test_what_is_asked_for_is_asked_as_the_protocol_says(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().pong();
        client.join({ room: "k7mq", seat: 2, ticket: "t" });
        client.create("g", { target: 50 }, { private: true });
        client.create("g");
        client.match("g");
        client.ready();
        client.ready(false);
        return [client.games, socket.sent.filter(({ op }) => op !== "ping")];
        """
    ) == [
        {"g": {"title": "G", "seats": [1, 4]}},
        [
            {"op": "join", "room": "k7mq", "seat": 2, "ticket": "t"},
            {"op": "create", "game": "g", "options": {"target": 50}, "private": True},
            {"op": "create", "game": "g", "options": {}},
            {"op": "match", "game": "g"},
            {"op": "ready", "ready": True},
            {"op": "ready", "ready": False},
        ],
    ]


def test_a_match_resolves_with_the_reservation(play: Play) -> None:
    assert play(
        """
        const client = start();
        const matched = client.match("g");
        FakeSocket.newest.welcome().say({ op: "matched", room: "r", ticket: "t", within: 15 });
        const { room, ticket, within } = await matched;
        return [room, ticket, within];
        """
    ) == ["r", "t", 15]


def test_a_refusal_finds_what_was_refused_also_where_nothing_answers_it(play: Play) -> None:
    """`ready` and `say` are answered by nothing but the pong that follows them."""
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().pong();
        const said = [client.ready(), client.say("hi"), client.rooms()];
        const [ready, say] = socket.said("ping");
        socket.say({ op: "pong", t: ready.t, time: 0 });
        socket.say({ op: "refused", code: "rate_limited", message: "no" });
        socket.say({ op: "pong", t: say.t, time: 0 });
        socket.say({ op: "rooms", rooms: [] });
        return codes(said);
        """
    ) == ["fine", "rate_limited", "fine"]


def test_rooms_that_are_followed_are_told_at_each_change_the_newest_first(play: Play) -> None:
    assert play(
        """
        const client = start();
        const told = [];
        client.on("rooms", (rooms) => told.push(rooms.map(({ room, players }) => room + players)));
        client.followRooms();
        const socket = FakeSocket.newest.welcome();
        const asked = socket.said("rooms");
        const info = (room, players) => ({ room, players });
        socket.say({ op: "rooms", rooms: [info("b", 1), info("a", 1)], live: true });
        socket.say({ op: "rooms_changed", changed: [info("a", 2), info("c", 1)], gone: [] });
        socket.say({ op: "rooms_changed", changed: [], gone: ["b"] });
        return [asked, told];
        """
    ) == [
        [{"op": "rooms", "live": True}],
        [["b1", "a1"], ["c1", "b1", "a2"], ["c1", "a2"]],
    ]


def test_rooms_are_followed_again_after_a_loss_until_one_has_enough(play: Play) -> None:
    assert play(
        """
        const client = start();
        let told = 0;
        client.on("rooms", () => void (told += 1));
        FakeSocket.newest.welcome();
        client.followRooms();
        FakeSocket.newest.lose();
        const socket = (await tried(2)).welcome();
        const again = socket.said("rooms").length;
        client.rooms();
        client.unfollowRooms();
        socket.say({ op: "rooms", rooms: [], live: true });
        socket.say({ op: "rooms_changed", changed: [], gone: [] });
        socket.lose();
        return [again, socket.said("rooms"), told, (await tried(3)).welcome().said("rooms")];
        """
    ) == [1, [{"op": "rooms", "live": True}, {"op": "rooms", "live": True}, {"op": "rooms"}], 0, []]


# ------------------------------------------------------------------ what is known of it


def test_a_room_knows_its_state_and_its_rules(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined();
        const known = ["state", "options", "seats", "private", "grace"];
        const facts = (room) => known.map((name) => room[name]);
        const plain = facts(client.room);
        const more = { state: "waiting", options: { target: 9 }, seats: [2, 4], private: true, grace: 120 };
        socket.joined(2, 0, more);
        return [plain, facts(client.room)];
        """
    ) == [["playing", {}, [1, 1], False, None], ["waiting", {"target": 9}, [2, 4], True, 120]]


def test_a_room_follows_who_is_ready_who_moves_and_how_it_begins_and_ends(play: Play) -> None:
    assert play(
        """
        const client = start();
        const players = { 0: { name: "ann" }, 1: { name: "ben" } };
        const socket = FakeSocket.newest.welcome().joined(1, 0, { state: "waiting", players });
        const seen = [];
        const events = [
          ["player_ready", { seat: 1, ready: true }],
          ["player_moved", { seat: 0, to: 3 }],
          ["player_moved", { seat: 7, to: 2 }],
          ["started", {}],
          ["finished", { result: {} }],
          ["player_ready", { seat: 3, ready: true }],
          ["player_ready", { seat: 3, ready: false }],
        ];
        events.forEach(([name, data], i) => {
          socket.say({ op: "event", seq: i + 1, name, data });
          seen.push([client.room.seat, client.room.state, client.room.players]);
        });
        return seen;
        """
    ) == [
        [0, "waiting", {"0": {"name": "ann"}, "1": {"name": "ben", "ready": True}}],
        [3, "waiting", {"3": {"name": "ann"}, "1": {"name": "ben", "ready": True}}],
        [3, "waiting", {"3": {"name": "ann"}, "1": {"name": "ben", "ready": True}}],
        [3, "playing", {"3": {"name": "ann"}, "1": {"name": "ben", "ready": True}}],
        [3, "over", {"3": {"name": "ann"}, "1": {"name": "ben"}}],
        [3, "over", {"3": {"name": "ann", "ready": True}, "1": {"name": "ben"}}],
        [3, "over", {"3": {"name": "ann"}, "1": {"name": "ben"}}],
    ]


def test_a_new_game_in_the_room_comes_as_a_whole_and_its_events_go_on(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined(9, 40, { state: "over" });
        const seen = [];
        client.on("event", ({ seq }) => seen.push(seq));
        socket.say({ op: "event", seq: 41, name: "started", data: {} });
        socket.joined(1, 41, { state: "playing", tick: 0 });
        socket.say({ op: "update", tick: 5, v: 2, delta: { n: 2 } });
        socket.say({ op: "event", seq: 42, name: "dealt", data: {} });
        const { state, view, tick } = client.room;
        return [seen, state, view, tick, socket.said("resync").length];
        """
    ) == [[41, 42], "playing", {"n": 2}, 5, 0]


@pytest.mark.parametrize(("rate", "later"), [(0, [7000, 7250, 9000]), (20, [7000, 7005, 9000])])
def test_the_rooms_clock_goes_on_from_the_newest_message(play: Play, rate: int, later: list[int]) -> None:
    assert (
        play(
            f"""
        const client = start();
        const socket = FakeSocket.newest.welcome().joined(1, 0, {{ rate: {rate}, tick: 7000 }});
        const shown = [];
        const look = () => shown.push(Math.floor(client.room.clock()));
        const standing = performance.now();
        performance.now = () => standing + ahead;
        socket.joined(1, 0, {{ rate: {rate}, tick: 7000 }});
        look();
        ahead += 250;
        look();
        socket.say({{ op: "update", tick: 9000, v: 2, delta: {{}} }});
        look();
        return shown;
        """
        )
        == later
    )


# ------------------------------------------------------------------ seats that are held


def test_a_seat_is_held_as_long_as_its_room_says(play: Play) -> None:
    assert (
        play(
            """
        const client = start();
        FakeSocket.newest.welcome().joined(1, 0, { grace: 120 }).lose();
        return Math.round((client.status.heldUntil - performance.now()) / 1000);
        """
        )
        == 120
    )


def test_a_seat_that_is_gone_after_a_reconnect_is_left(play: Play) -> None:
    assert play(
        """
        const client = start();
        let left = 0;
        client.on("left", () => void (left += 1));
        FakeSocket.newest.welcome().joined().pong().lose();
        (await tried(2)).welcome().joined().pong();
        await soon();
        const kept = [left, client.room.id];
        FakeSocket.newest.lose();
        (await tried(3)).welcome().pong();
        await soon();
        return [...kept, left, client.room];
        """
    ) == [0, "r", 1, None]


def test_letting_go_keeps_the_session_for_the_next_page(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome("s", 0, "t").joined(1, 5);
        client.release();
        await soon();
        const gone = [socket.closedWith, client.status.state, FakeSocket.all.length];
        start({});
        return [...gone, FakeSocket.newest.open().sent[0]];
        """
    ) == [1005, "closed", 1, {"op": "hello", "version": 1, "token": "t", "last": 5}]


def test_a_page_that_is_shown_again_goes_on_with_what_the_tab_has_now(play: Play) -> None:
    """The page in between has used the token up; that it is refused must not cost the session."""
    assert play(
        """
        const client = start();
        FakeSocket.newest.welcome("s", 0, "one").joined(1, 5);
        client.release();
        start({});
        FakeSocket.newest.welcome("s", 3, "two").joined(1, 8).lose(1000);
        client.retry();
        const hello = FakeSocket.newest.open().sent[0];
        FakeSocket.newest.welcome("s", 3, "three");
        return [hello.token, hello.last, client.status.resumed];
        """
    ) == ["two", 5, True]
