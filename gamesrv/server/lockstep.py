"""A room in which only inputs travel: it fixes what goes into every tick, and says so to everyone.

What it sends are frames: who came and went, and everyone's input. Its own game runs on the same frames, so it
can tell whose world is another one, where they part, and heal that with a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from attrs import define, field
from msgspec.structs import replace
from twisted.logger import Logger

from gamesrv.core.difference import Difference, first_difference
from gamesrv.core.game import Refused
from gamesrv.core.inputs import Change, Frame, SyncBody
from gamesrv.core.journal import Input, InputKind
from gamesrv.core.machine import Machine
from gamesrv.core.messages import Command, Desync, Dump, Frames, Joined, LockstepInfo
from gamesrv.core.pace import TwoWays
from gamesrv.server.history import Check, History
from gamesrv.server.inputs import SeatInputs
from gamesrv.server.room import Room
from gamesrv.server.seating import Member
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import BadMessage
from gamesrv.wire.datagram import LOCKSTEP
from gamesrv.wire.lockstep import decode_sync, pack_frames

__all__ = ["LockstepRoom"]

MOST_SENDS = 30
"""Frames are sent so often a second at most: two at a time in a game of 60 Hz."""
PATIENCE = 2.0
"""Seconds that a room which waits for late inputs waits."""
WORK_PER_TICK = 600
"""What one member may have looked at between two ticks: a payload counts 4, and each input in it 1."""
DUMPS_APART = 10.0
"""Seconds between two worlds that a member is asked for."""
RUNS = 256


@define(eq=False)
class Follower:
    """How far one member has followed from its last snapshot."""

    inputs: SeatInputs | None
    """Of its seat; `None` for one who looks on."""
    run: int
    began: int
    """The tick of that snapshot."""
    acked: int
    """It has all frames up to that tick."""
    sent: int
    """Those up to that tick have gone over the reliable link."""
    ways: TwoWays
    """It is heard when `acked` rises, or there is nothing to wait for."""
    heard: bool = False
    """Whether it has said anything since that snapshot."""
    checked: int = -1
    """The newest tick whose checksums were compared."""
    worked_at: int = -1
    work: int = 0
    """What was looked at since the tick ``worked_at``."""

    def told(self, sent: int) -> None:
        """Frames are on their way, and how long inputs wait with them: from here on it is measured anew."""
        self.sent = sent
        if self.inputs is not None:
            self.inputs.wait = None


@define(eq=False)
class LockstepRoom(Room):
    """A room of a lockstep game.

    Who comes or goes after a tick does so at the beginning of the next one, for everybody. Snapshots are only
    taken when nothing is pending, so that the frames after them go on from exactly there.
    """

    history: History = field(init=False)
    inputs: list[SeatInputs] = field(factory=list, init=False)
    """By seat."""
    desyncs: int = field(default=0, init=False)
    """How often a member's world was not the room's."""
    difference: tuple[int, Difference | None] | None = field(default=None, init=False)
    """Of the last one that was looked into: the tick, and where the worlds parted."""
    _changes: list[Change] = field(factory=list, init=False)
    """What will be part of the next frame."""
    _followers: dict[Member, Follower] = field(factory=dict, init=False)
    _asked: dict[Member, tuple[float, Check | None]] = field(factory=dict, init=False)
    """Who was asked for a world when, and what it should be like."""
    _fixed_at: float = field(default=0.0, init=False)
    """When the last tick was fixed."""
    _waiting_since: float | None = field(default=None, init=False)
    _log = Logger()

    # ------------------------------------------------------------------ ticks

    def step(self) -> None:
        """One tick, unless somebody's input is waited for."""
        machine, now = self.machine, self._now()
        if machine is None or not self.open:
            return
        if machine.finished:
            self._settle()
            return
        if self._waits(machine.tick + 1, now):
            return
        self._fix(machine, now)
        if machine.tick % self.game_type.rules.check_every == 0:
            self.history.check(machine)
        if machine.finished or machine.tick % max(1, self.tick_rate // MOST_SENDS) == 0:
            self._send_frames(now, last=machine.finished)
        if machine.has_events or self.state != "playing":
            self._flush()
        self._settle()

    def _fix(self, machine: Machine, now: float) -> None:
        """Fixes what goes into the next tick, and steps the game by it."""
        tick = machine.tick + 1
        inputs = tuple([seat.fix(tick, now) for seat in self.inputs])
        for seat, (old, new) in enumerate(zip(machine.inputs, inputs, strict=True)):
            if old != new:
                machine.apply(Input(machine.tick, "input", seat, bits=new))
        self.history.add(Frame(tuple(self._changes), inputs))
        self._changes.clear()
        self._fixed_at = now
        machine.advance(tick)

    def _waits(self, tick: int, now: float) -> bool:
        if self.game_type.rules.lockstep_mode == "deadline":
            return False
        lacking = [seat for seat, inputs in enumerate(self.inputs) if inputs.lacks(tick)]
        if not lacking:
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = now
        if now - self._waiting_since < PATIENCE:
            return True
        self._waiting_since = None
        for seat in lacking:
            self._give_up(seat)
        return False

    def _give_up(self, seat: int) -> None:
        """The others go on without; their connection ends, and the loss of it is the change that all see."""
        self.inputs[seat].clear()
        member = self.seating.seats.get(seat)
        if member is not None and member.session.peer is not None:
            member.session.peer.close(CloseCode.TOO_SLOW, "your inputs did not come in time")

    def _settle(self) -> None:
        """Nothing is pending now: whoever waits for a snapshot gets it."""
        if self._changes:  # a game that ended as somebody came or went: there is no next frame
            self._changes.clear()
            self._owed = dict.fromkeys(self.seating.everybody()) | self._owed
        owed, self._owed = self._owed, {}
        for member, last in owed.items():
            self.snapshot(member, last)

    # ------------------------------------------------------------------ what is said

    def _send_frames(self, now: float, last: bool) -> None:
        """Tells everyone what is new. After the ``last`` frames nothing would make up for a loss."""
        newest = self.history.tick
        for member, follower in [*self._followers.items()]:
            peer = member.session.peer
            if peer is None:
                continue
            if follower.acked >= newest - 1:
                follower.ways.heard = now
            if peer.channel is not None and not last and follower.ways.by_datagram(now):
                payload = self._payload(follower, follower.acked)
                if payload is not None and peer.send_datagram(LOCKSTEP + payload[1]):
                    follower.told(follower.acked)
                    continue
            payload = self._payload(follower, max(follower.sent, follower.acked))
            if payload is not None:
                follower.told(payload[0])
                peer.outbox.update(Frames(payload[1]))
            elif follower.heard:
                self.snapshot(member)

    def _payload(self, follower: Follower, since: int) -> tuple[int, bytes] | None:
        """The frames after a tick, and the tick they go up to."""
        found = self.history.since(since)
        if found is None:
            return None
        count, coded = found
        ack, told, late, inputs = self.history.tick, None, 0, follower.inputs
        if inputs is not None:
            ack, late = inputs.ack(ack), inputs.late
            told = None if inputs.wait is None else round(inputs.wait * 1000)
        return since + count, pack_frames(follower.run, ack, told, late, since + 1, count, coded)

    def _joined(self, member: Member, seq: int, gap: bool) -> Joined:
        joined = super()._joined(member, seq, gap)
        machine, rules = self.machine, self.game_type.rules
        if machine is None:
            return joined
        run = self._follow(member, machine.tick)
        seats = self.seating.most
        info = LockstepInfo(rules.input_bits, rules.lockstep_mode, rules.check_every, seats, run)
        return replace(joined, view=machine.view(), lockstep=info)

    def _follow(self, member: Member, tick: int) -> int:
        session = member.session
        session.runs += 1
        session.on_datagram = partial(self._take_datagram, member)
        run = session.runs % RUNS
        inputs = None if member.seat is None else self.inputs[member.seat]
        ways = self._ways(member)
        self._followers[member] = Follower(inputs, run, tick, acked=tick, sent=tick, ways=ways)
        return run

    def _ways(self, member: Member) -> TwoWays:
        """What was found out about datagrams does not change with a snapshot."""
        before = self._followers.get(member)
        return TwoWays(self._now()) if before is None else before.ways

    # ------------------------------------------------------------------ what is heard

    def sync(self, member: Member, data: bytes) -> None:
        """Takes what a member says of its inputs and frames. Raises `BadMessage` for what is none of that."""
        follower, machine = self._followers.get(member), self.machine
        if follower is None or machine is None or machine.finished:
            self._host.passed_over["nothing to follow"] += 1
            return
        tick = machine.tick
        if follower.worked_at != tick:
            follower.worked_at, follower.work = tick, 0
        follower.work += 4
        if follower.work > WORK_PER_TICK:
            self._host.passed_over["too much at once"] += 1
            return
        body = decode_sync(data, self.game_type.rules.input_bits)
        follower.work += len(body.inputs)
        if body.run != follower.run:
            self._host.passed_over["of another run"] += 1
        elif body.ack > tick:
            self._host.passed_over["ack of what is to come"] += 1
        else:
            self._take(member, follower, tick, body)

    def _take(self, member: Member, follower: Follower, tick: int, body: SyncBody) -> None:
        now = self._now()
        follower.heard = True
        if body.ack > follower.acked:
            follower.acked, follower.ways.heard = body.ack, now
        if follower.inputs is not None:
            far = follower.inputs.take(body.start, body.inputs, tick, now, self._fixed_at)
            if far:
                self._host.passed_over["too far ahead"] += far
        if body.checksum is not None:
            self._compare(member, follower, *body.checksum)

    def _take_datagram(self, member: Member, payload: bytes) -> None:
        """Raises `Refused` for what is none of ours."""
        if payload[:1] != LOCKSTEP:
            raise Refused("not for a lockstep room", "bad_message")
        try:
            self.sync(member, payload[1:])
        except BadMessage as error:
            raise Refused(error.message, error.code, error.path) from None

    def command(self, member: Member, command: Command) -> None:
        """There are none: it is refused."""
        self._apply(member, command)

    # ------------------------------------------------------------------ whose world is another one

    def _compare(self, member: Member, follower: Follower, tick: int, checksum: int) -> None:
        check = self.history.checked(tick)
        if check is None or tick <= follower.began:
            self._host.passed_over["checksum of no use"] += 1
        elif tick > follower.checked:
            follower.checked = tick
            if check.checksum != checksum:
                self._heal(member, check)

    def _heal(self, member: Member, check: Check) -> None:
        self.desyncs += 1
        self._host.passed_over["world of their own"] += 1
        now, peer = self._now(), member.session.peer
        asked_at, _ = self._asked.get(member, (-DUMPS_APART, None))
        if peer is not None and now - asked_at >= DUMPS_APART:
            self._asked[member] = now, check
            peer.outbox.send(Desync(check.tick))
        self.snapshot(member)

    def dump(self, member: Member, dump: Dump) -> None:
        """Takes the world that a member was asked for, and says where it is another one."""
        asked_at, check = self._asked.get(member, (0.0, None))
        if check is None or check.tick != dump.tick:
            self._host.passed_over["dump that nobody asked for"] += 1
            return
        self._asked[member] = asked_at, None
        found = first_difference(check.world(), dump.world) if dump.world else None
        self.difference = check.tick, found
        self._log.warn(
            "Room {room}: the world of {name} (seat {seat}) is another one at tick {tick}: {found}",
            room=self.id,
            name=member.name,
            seat=member.seat,
            tick=check.tick,
            found=found or "they can't say where",
        )

    # ------------------------------------------------------------------ who comes and goes

    @property
    def _in_ticks(self) -> bool:
        """Only inputs are told in ticks."""
        return False

    def snapshot(self, member: Member, last: int | None = None) -> None:
        """Sends the whole world, at once or after the next tick."""
        if self._changes:
            self._owed.setdefault(member, last)
        else:
            super().snapshot(member, last)

    def leave(self, member: Member) -> None:
        self._forget(member)
        super().leave(member)

    def drop(self, member: Member) -> None:
        self._forget(member)
        super().drop(member)

    def close(self, code: CloseCode, reason: str) -> None:
        for member in self.seating.everybody():
            self._forget(member)
        super().close(code, reason)

    def _forget(self, member: Member) -> None:
        self._followers.pop(member, None)
        self._owed.pop(member, None)
        self._asked.pop(member, None)
        member.session.on_datagram = None

    def _enter(self, kind: InputKind, seat: int, name: str = "") -> None:
        playing = self.state == "playing"
        super()._enter(kind, seat, name)
        if playing and kind in ("join", "drop", "back", "leave"):
            self.inputs[seat].clear()
            self._changes.append(Change(kind, seat))

    def restore(self, machine: Machine | None, members: Iterable[Member], seq: int) -> None:
        if machine is not None:
            self._start_at(machine.tick)
        super().restore(machine, members, seq)

    def _open_game(self) -> None:
        self._start_at(0)
        super()._open_game()

    def _start_at(self, tick: int) -> None:
        """Nothing is known of what was before."""
        self.history = History(self.game_type.rules.input_bits, tick)
        self.inputs = [SeatInputs(1 / self.tick_rate) for _ in range(self.seating.most)]
        self._changes.clear()
        self._owed.clear()
        self._followers.clear()
        self._waiting_since = None
