"""The client library alone, against a server that a test plays itself: what it says, and when."""

import pytest

from tests.browser.conftest import Play


def test_hello_comes_first_and_what_was_said_before_waits_for_the_welcome(play: Play) -> None:
    first, then, protocol = play(
        """
        const client = start();
        client.join({ game: "g" });
        client.command("move", { dx: 1 });
        const socket = FakeSocket.newest.open();
        const first = [...socket.sent];
        socket.welcome();
        return [first, socket.sent.slice(2), socket.protocol];
        """
    )
    assert first == [{"op": "hello", "version": 1, "name": "ann"}]
    assert then[0] == {"op": "join", "game": "g"}
    assert then[1] == {"op": "cmd", "id": 1, "name": "move", "args": {"dx": 1}}
    assert then[2]["op"] == "ping"
    assert protocol == "gamesrv.v1.json"


def test_the_key_of_the_first_welcome_makes_later_sessions_the_same_players(play: Play) -> None:
    keys = play(
        """
        const { playerHere } = await import("/gamesrv.js");
        localStorage.clear();
        const facts = { session: "s", name: "ann", token: "t", grace: 30, handled: 0, games: {} };
        start();
        FakeSocket.newest.open().say({ op: "welcome", ...facts, player: "ann-1", key: "secret" });
        const other = { getItem: () => null, setItem() {}, removeItem() {} }; // another tab
        const keys = ["ws://test/ws", "ws://elsewhere/ws"].map((url) => {
          start({ name: "ann", url, storage: other });
          return FakeSocket.newest.open().sent[0].key ?? null;
        });
        FakeSocket.newest.say({ op: "welcome", ...facts, player: "ann-1" }); // it knows the key already
        keys.push(playerHere({ url: "ws://test/ws" }), playerHere({ url: "ws://elsewhere/ws" }) ?? null);
        localStorage.clear();
        return keys;
        """
    )
    assert keys == ["secret", None, "ann-1", None]


def test_it_resumes_with_the_newest_token_and_the_last_event(play: Play) -> None:
    assert play(
        """
        start();
        FakeSocket.newest.welcome("s", 0, "one").joined(1, 5).say({ op: "event", seq: 8, name: "x" }).lose();
        (await tried(2)).welcome("s", 0, "two").lose();
        const again = (await tried(3)).open();
        return [FakeSocket.all[1].sent[0], again.sent[0]];
        """
    ) == [
        {"op": "hello", "version": 1, "token": "one", "last": 8},
        {"op": "hello", "version": 1, "token": "two", "last": 8},
    ]


def test_commands_that_may_be_lost_are_said_again_under_their_ids(play: Play) -> None:
    again = play(
        """
        const client = start();
        client.command("a");
        const socket = FakeSocket.newest.welcome();
        ahead = 1500;
        client.sync();
        socket.pong();
        client.command("b");
        socket.lose();
        client.command("c");
        return (await tried(2)).welcome("s", 1).said("cmd");
        """
    )
    assert [(message["id"], message["name"]) for message in again] == [(2, "b"), (3, "c")]


def test_a_command_is_settled_by_a_ping_that_left_well_after_it(play: Play) -> None:
    """A real-time room says no at its next tick, which may be after the first pong."""
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome();
        const commands = [client.command("a"), client.command("b")];
        client.sync();
        socket.pong();
        socket.say({ op: "refused", id: 1, code: "late", message: "no" });
        ahead = 1500;
        client.sync();
        socket.pong().say({ op: "refused", id: 2, code: "too late", message: "no" });
        return codes(commands);
        """
    ) == ["late", "fine"]


def test_ids_go_on_above_what_an_earlier_page_used(play: Play) -> None:
    assert (
        play(
            """
        items.set("gamesrv ws://test/ws", JSON.stringify({ token: "t", session: "s", name: "ann", last: 4 }));
        const client = start({});
        client.command("a");
        return FakeSocket.newest.welcome("s", 41).said("cmd")[0].id;
        """
        )
        == 42
    )


def test_a_refusal_rejects_the_command_it_names_or_else_the_oldest_question(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().pong();
        const told = [];
        client.on("refused", ({ code }) => told.push(code));
        const commands = [client.command("a"), client.command("b")];
        const answers = [...commands, client.join({ room: "r" }), client.rooms()];
        socket.say({ op: "refused", id: 2, code: "bad", message: "no" });
        socket.say({ op: "refused", code: "room_full", message: "no", path: null, id: null });
        socket.say({ op: "rooms", rooms: [] });
        ahead = 1500;
        client.sync();
        socket.pong();
        return [await codes(answers), told];
        """
    ) == [["fine", "bad", "room_full", "fine"], ["bad", "room_full"]]


def test_a_lost_session_takes_its_commands_with_it(play: Play) -> None:
    codes, hellos = play(
        """
        const client = start();
        FakeSocket.newest.welcome("s", 0, "old").joined();
        const command = client.command("a");
        FakeSocket.newest.lose();
        (await tried(2)).open().say({ op: "closing", code: 4401, reason: "expired", retry: false });
        const socket = await tried(3);
        socket.welcome("another", 0, "new");
        const hellos = FakeSocket.all.map(({ sent }) => sent[0]);
        const [code] = await codes([command]);
        return [[code, client.status.resumed, client.room, socket.said("cmd").length], hellos];
        """
    )
    assert codes == ["session_lost", False, None, 0]
    assert [hello.get("token") or hello["name"] for hello in hellos] == ["ann", "old", "ann"]


def test_a_missing_update_asks_for_a_snapshot_once_and_waits_for_it(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined(1);
        const shown = [];
        client.on("update", ({ view }) => shown.push(view.n));
        client.on("joined", ({ view }) => shown.push(view.n));
        for (const v of [2, 4, 5, 3]) socket.say({ op: "update", tick: v, v, delta: { n: v } });
        socket.joined(9).say({ op: "update", tick: 10, v: 10, delta: { n: 10 } });
        return [shown, socket.said("resync").length];
        """
    ) == [[2, 9, 10], 1]


def test_events_come_in_order_once_and_after_their_update(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined(1, 3);
        const log = [];
        client.on("update", ({ view }) => log.push(`n=${view.n}`));
        client.on("event", ({ seq, data }) => log.push(`${seq} sees ${client.room.view.n} ${data.x ?? "-"}`));
        socket.say({ op: "event", seq: 3, name: "old" });
        socket.say({ op: "update", tick: 2, v: 2, delta: { n: 2 } });
        socket.say({ op: "event", seq: 4, name: "e", data: { x: 1 } });
        socket.say({ op: "event", seq: 4, name: "e", data: { x: 1 } });
        socket.say({ op: "event", seq: 6, name: "e" });
        return log;
        """
    ) == ["n=2", "4 sees 2 1", "6 sees 2 -"]


def test_players_come_and_go_with_the_rooms_events(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined();
        const states = [];
        const events = [
          ["player_joined", { seat: 2, name: "ben" }],
          ["player_dropped", { seat: 2 }],
          ["player_dropped", { seat: 7 }],
          ["player_back", { seat: 2 }],
          ["player_left", { seat: 2 }],
        ];
        events.forEach(([name, data], i) => {
          socket.say({ op: "event", seq: i + 1, name, data });
          states.push(client.room.players);
        });
        return states;
        """
    ) == [
        {"2": {"name": "ben"}},
        {"2": {"name": "ben", "away": True}},
        {"2": {"name": "ben", "away": True}},
        {"2": {"name": "ben"}},
        {},
    ]


@pytest.mark.parametrize("code", [1000, 1002, 1009, 4400, 4403, 4404, 4409, 4410, 4500])
def test_a_final_word_is_final(play: Play, code: int) -> None:
    assert play(
        f"""
        const client = start();
        FakeSocket.newest.welcome().joined().lose({code});
        const question = client.rooms();
        await soon();
        const before = [client.status.state, client.status.code, FakeSocket.all.length];
        client.retry();
        return [...before, FakeSocket.newest.open().sent[0].token];
        """
    ) == ["closed", code, 1, "t"]


def test_the_servers_word_on_coming_back_counts_more_than_the_code(play: Play) -> None:
    assert play(
        """
        const client = start();
        FakeSocket.newest.welcome().say({ op: "closing", code: 4408, reason: "enough", retry: false });
        return [client.status, FakeSocket.newest.closedWith];
        """
    ) == [{"state": "closed", "code": 4408, "reason": "enough"}, 1005]


def test_a_link_that_owes_a_pong_for_ten_seconds_is_dead(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined().pong();
        const lost = new Promise((resolve) => client.on("status", resolve));
        ahead = 3000;
        while (socket.said("ping").length === 0) await soon();
        const alive = client.status.state;
        ahead = 13_500;
        const { state, code, heldUntil } = await lost;
        return [alive, state, code, Math.round((heldUntil - performance.now()) / 1000)];
        """
    ) == ["online", "waiting", 1006, 30]


def test_news_from_the_browser_shortens_the_wait(play: Play) -> None:
    assert play(
        """
        Math.random = () => 1;
        start();
        FakeSocket.newest.welcome().joined().pong();
        window.dispatchEvent(new Event("offline"));
        const probes = FakeSocket.newest.said("ping").length;
        FakeSocket.newest.lose();
        window.dispatchEvent(new Event("online"));
        return [probes, FakeSocket.all.length];
        """
    ) == [1, 2]


def test_leaving_forgets_the_token_and_says_so(play: Play) -> None:
    assert play(
        """
        const client = start();
        const socket = FakeSocket.newest.welcome().joined();
        const kept = items.size;
        client.close();
        return [kept, items.size, client.token, socket.closedWith, client.status.code];
        """
    ) == [1, 0, None, 4000, 4000]


def test_a_hello_that_is_refused_ends_it(play: Play) -> None:
    assert play(
        """
        const client = start();
        FakeSocket.newest.open().say({ op: "refused", code: "bad_name", message: "what a name" });
        return client.status;
        """
    ) == {"state": "closed", "code": 4400, "reason": "what a name"}


def test_a_listener_that_throws_disturbs_nobody(play: Play) -> None:
    assert play(
        """
        window.reportError = ({ message }) => void (window.reported = message);
        const client = start();
        const seen = [];
        client.on("joined", () => { throw new Error("mine"); });
        const stop = client.on("joined", ({ v }) => seen.push(v));
        FakeSocket.newest.welcome().joined(1);
        stop();
        FakeSocket.newest.joined(2);
        return [seen, reported];
        """
    ) == [[1], "mine"]
