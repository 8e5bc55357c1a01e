"""A server that is killed at any moment and started again, and what its players saw of it.

They note all that they are shown. Afterwards each move that anybody saw must be in the game, none twice, and
every game must come to its end, and into the results once.
"""

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from gamesrv.core.schema import GameType
from gamesrv.core.views import merge
from gamesrv.games.arena import Arena
from gamesrv.games.bigtwo.rules import cards_of
from gamesrv.games.bigtwo.seen import deal_from, rules_from
from gamesrv.games.hockey import Hockey
from gamesrv.server.snapshots import PERIOD
from gamesrv.storage.archive import Archive
from gamesrv.storage.connection import look_into
from gamesrv.storage.replaying import Replay
from gamesrv.wire.frames import FrameDecoder
from gamesrv.wire.lockstep import decode_frames
from gamesrv.wire.packets import CLIENT_IDS, SERVER_FRAMING
from tests.card_table import BIGTWO
from tests.integration.test_process import Server, serving

KILLS = int(os.environ.get("GAMESRV_KILLS", "5"))
TABLES, WITH_BOTS = 5, 2
"""Tables for two people, and for one and a bot."""
BETWEEN = 0.8
"""Seconds that a server goes on at most once everybody is back."""
STOP_EVERY = 4
"""Each fourth time it is stopped, and not killed."""
PATIENCE = 60.0
UNLIMITED = (
    "--message-rate=1e6",
    "--message-burst=1000000",
    "--joins-per-address=1000",
    "--connections-per-address=1000",
)
ARENA, HOCKEY = GameType.of(Arena), GameType.of(Hockey)
IDS = {cls.__struct_config__.tag: number for cls, number in CLIENT_IDS.items()}
Message = dict[str, Any]
Play = tuple[str, int, tuple[int, ...]]
"""The hash of the deal, the seat, and the cards."""


class Player:
    """Plays Big Two by chance; notes what is seen, and says again what may have got lost."""

    def __init__(self, name: str, chance: Random) -> None:
        self.name, self.chance = name, chance
        self.token, self.room, self.seat, self.last = "", "", -1, 0
        self.view: Message = {}
        self.mine: Message = {}
        self.state = ""
        self.here = False
        """Whether the snapshot has come, on this connection."""
        self.seen: set[Play] = set()
        self.finished: set[str] = set()
        """The hashes of the games that were seen to end."""
        self.number = 0
        self.asked: tuple[int, Message] | None = None
        """The command that waits for its effect."""
        self.refused: list[Message] = []

    # ------------------------------------------------------------------ the link

    def connect(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.frames, self.here = FrameDecoder(SERVER_FRAMING), False
        who = {"token": self.token, "last": self.last} if self.token else {"name": self.name}
        self.say(op="hello", **who)

    def say(self, **message: Any) -> None:
        body = msgspec.msgpack.encode(message)
        packet = (len(body) + 4).to_bytes(2, "big") + IDS[message["op"]].to_bytes(2, "big") + body
        with contextlib.suppress(OSError):
            self.socket.sendall(packet)

    def hear(self) -> bool:
        """Takes what has come; `False` once the server is gone."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            return False
        for frame in self.frames.feed(data):
            self.take(msgspec.msgpack.decode(frame[2:]))
        return bool(data)

    # ------------------------------------------------------------------ what is heard

    def take(self, message: Message) -> None:
        match message["op"]:
            case "welcome":
                self.token = message["token"]
                if self.asked is not None and message.get("handled", 0) >= self.asked[0]:
                    self.asked = None
            case "joined":
                if self.room:
                    assert (message["room"], message["seat"]) == (self.room, self.seat)
                self.room, self.seat = message["room"], message["seat"]
                self.state, self.last, self.here = message["state"], message["seq"], True
                self.view, self.mine = message["view"], message.get("mine", {})
                self.look()
                if self.asked is not None:
                    self.say(**self.asked[1])
            case "update":
                merge(self.view, message.get("delta") or {})
                merge(self.mine, message.get("mine") or {})
                self.look()
            case "event":
                self.last = message["seq"]
                self.happened(message["name"], message.get("data", {}))
            case "refused" if "id" in message:
                self.refused.append(message)

    def happened(self, name: str, data: Message) -> None:
        if name == "played":
            self.seen.add((self.view["hash"], data["seat"], tuple(data["cards"])))
        elif name == "finished":
            self.state = "over"

    def look(self) -> None:
        """Notes the plays that lie there, and whether one's own move is among what has happened."""
        if not self.view:
            return
        for seat, cards in enumerate(self.view["laid"]):
            if cards:
                self.seen.add((self.view["hash"], seat, tuple(cards)))
        if self.view["stage"] == "over":
            self.finished.add(self.view["hash"])
        if self.view["turn"] != self.seat:
            self.asked = None

    # ------------------------------------------------------------------ what is done

    def act(self) -> None:
        if not self.here or self.asked is not None:
            return
        if self.state == "over":
            self.state = "ready"
            self.say(op="ready")
        elif self.state == "playing" and self.view["turn"] == self.seat:
            self.move()

    def move(self) -> None:
        deal = deal_from(self.view, self.mine, self.seat)
        found = rules_from(self.view).legal(deal, self.seat)
        if found and (not deal.to_beat or self.chance.random() < 0.9):
            self.command("play", {"cards": cards_of(self.chance.choice(found))})
        else:
            self.command("pass", {})

    def command(self, name: str, args: Message) -> None:
        self.number += 1
        message = {"op": "cmd", "name": name, "args": args, "id": self.number}
        self.asked = self.number, message
        self.say(**message)


class Visitor(Player):
    """Stands about in a real-time game, and comes back to the same seat of the same room."""

    def __init__(self, name: str, game: GameType, chance: Random) -> None:
        super().__init__(name, chance)
        self.game, self.tick, self.lost = game, 0, 0

    def take(self, message: Message) -> None:
        if message["op"] == "joined":
            self.lost, self.tick = max(0, self.tick - message["tick"]), message["tick"]
            self.gap = message.get("gap", False)
        super().take(message)
        if message["op"] == "update":
            self.tick = message["tick"]
        elif message["op"] == "frames":
            body = decode_frames(message["data"], self.game.rules.input_bits, self.game.rules.seats[1])
            self.tick = body.start + len(body.frames) - 1

    def happened(self, name: str, data: Message) -> None:
        pass

    def look(self) -> None:
        pass

    def act(self) -> None:
        pass


class Company:
    """All players, driven by one thread."""

    def __init__(self, chance: Random) -> None:
        self.pairs = [[Player(f"p{n}a", chance), Player(f"p{n}b", chance)] for n in range(TABLES)]
        self.alone = [Player(f"a{n}", chance) for n in range(WITH_BOTS)]
        self.visitors = [Visitor(f"{g.name[0]}{n}", g, chance) for g in (ARENA, HOCKEY) for n in range(2)]
        self.players = [player for pair in self.pairs for player in pair] + self.alone + self.visitors

    def come(self, server: Server) -> None:
        """Connects; comes back to the seats, or, the first time, takes them."""
        for player in self.players:
            player.connect(server.ports["packets"])
        if not self.players[0].room:
            self.run(lambda: all(player.token for player in self.players))
            options = {"players": 2, "target": 0, "turn_seconds": 300, "level": "greedy"}
            for first in [*(pair[0] for pair in self.pairs), *self.alone]:
                first.say(op="create", game="bigtwo", options=options, private=True)
            self.run(lambda: all(pair[0].room for pair in self.pairs) and all(p.room for p in self.alone))
            for first, second in self.pairs:
                second.say(op="join", room=first.room)
            for player in self.alone:
                player.say(op="ready")
            for visitor in self.visitors:
                visitor.say(op="join", game=visitor.game.name)
        self.run(lambda: all(player.here for player in self.players))

    def run(self, until: Callable[[], bool]) -> None:
        """Plays until something is so."""
        end = time.monotonic() + PATIENCE
        while not until():
            assert time.monotonic() < end, [(p.name, p.state, p.here, p.asked) for p in self.players]
            ready, _, _ = select.select([player.socket for player in self.players], [], [], 0.01)
            for player in self.players:
                if player.socket in ready:
                    assert player.hear()
            for player in self.players:
                player.act()

    def go_on(self) -> Callable[[], bool]:
        """Whether each game has come to an end since now; with a bot, who takes its time, goes on."""
        people = [(player, len(player.finished)) for pair in self.pairs for player in pair]
        alone = [(player, len(player.seen)) for player in self.alone]
        return lambda: (
            all(len(player.finished) > ended for player, ended in people)
            and all(len(player.seen) > seen + 3 for player, seen in alone)
        )

    def part(self) -> None:
        """The server is gone; what it has sent is still to be heard."""
        for player in self.players:
            while player.hear():
                pass
            player.socket.close()


def games(path: Path) -> Iterator[tuple[str, list[Play], bool, bool]]:
    """Every game that is kept, played again: its hash, its plays, whether it is over, and noted to be."""
    db = look_into(path)
    try:
        for (journal,) in db.execute("SELECT id FROM journals WHERE durable ORDER BY key").fetchall():
            recording = Archive(db).recording(journal)
            assert recording.damage is None
            run = Replay(BIGTWO, recording)
            for _ in run.run():
                pass
            assert run.difference is None
            told = [event.data for event in run.machine.take_events() if event.name == "played"]
            plays = [(run.machine.game.hash, each["seat"], tuple(each["cards"])) for each in told]
            yield run.machine.game.hash, plays, run.machine.finished, recording.finished is not None
    finally:
        db.close()


@pytest.mark.parametrize("seed", [1])
def test_what_anybody_saw_is_there_after_a_kill(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    company = Company(chance)
    store = f"--store=sqlite:{tmp_path / 'kept.db'}"
    kept = (store, *UNLIMITED)
    for life in range(KILLS * STOP_EVERY // (STOP_EVERY - 1)):
        with serving(tmp_path, *kept, patience=2 * PATIENCE) as server:
            company.come(server)
            _check_visitors(company, life)
            end = time.monotonic() + chance.random() * BETWEEN
            company.run(lambda end=end: time.monotonic() > end)  # type: ignore[misc]
            if life % STOP_EVERY == STOP_EVERY - 1:
                server.end(signal.SIGTERM)
            else:
                server.process.kill()
                said, _ = server.process.communicate()
                assert "Traceback" not in said, said
            company.part()
    with serving(tmp_path, *kept, patience=2 * PATIENCE) as server:
        company.come(server)
        company.run(company.go_on())
        server.end(signal.SIGTERM)
        company.part()
    _check(company, tmp_path / "kept.db")


def _check_visitors(company: Company, life: int) -> None:
    """That the room and the seat are those of before, they have made sure of themselves."""
    for visitor in company.visitors:
        assert visitor.seat >= 0
        stopped = life and life % STOP_EVERY == 0
        assert visitor.lost <= (0 if stopped else (PERIOD + 1) * visitor.game.rate)
        assert visitor.gap == (life > 0)


def _check(company: Company, path: Path) -> None:
    found = {name: (plays, over, noted) for name, plays, over, noted in games(path)}
    plays = [play for each, _, _ in found.values() for play in each]
    assert len(set(plays)) == len(plays), "none is there twice"
    seen = {play for player in company.players for play in player.seen}
    assert seen and seen <= set(plays), "all that anybody saw is there"
    assert [player.refused for player in company.players if player.refused] == [], "no command counted twice"
    ended = {name for player in company.players for name in player.finished}
    assert all(found[name][1:] == (True, True) for name in ended), "each end that was seen is noted"
    assert all(over == noted for _, over, noted in found.values())
    print(f"{KILLS} kills, {len(found)} games, {len(plays)} plays kept, {len(seen)} seen")
