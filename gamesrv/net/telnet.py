"""Lines over telnet."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from gamesrv.net.link import Link, Transport, half_close
from gamesrv.server.gate import Gate
from gamesrv.server.interfaces import Clock, DelayedCall
from gamesrv.server.limits import TokenBucket
from gamesrv.server.terminal import Quit, Terminal
from gamesrv.wire.close import CloseCode
from gamesrv.wire.text import LineTooLong, TelnetDecoder

__all__ = ["TelnetFactory", "TelnetProtocol"]


class TelnetProtocol(Protocol, TimeoutMixin):
    """The server's end of a telnet connection: a `Terminal` speaks for the person at the other one."""

    transport: Transport

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate = gate
        self._clock = clock
        self._lines = TelnetDecoder(gate.limits.line_size)
        self._answers = TokenBucket(gate.limits.message_rate, gate.limits.message_burst)
        self._left = False

    def callLater(self, period: float, func: Callable[[], None]) -> DelayedCall:
        """`TimeoutMixin`'s way to the clock."""
        return self._clock.callLater(period, func)

    def connectionMade(self) -> None:
        self._terminal = Terminal(self._gate.lobby.games)
        self._link = Link(self.transport, self._terminal, self._gate, self._clock, self._goodbye)
        self.setTimeout(self._gate.limits.telnet_idle)
        peer = self._link.peer
        peer.greet_by = self._gate.now() + self._gate.limits.name_timeout
        peer.outbox.put(self._terminal.greeting())

    def dataReceived(self, data: bytes) -> None:
        peer = self._link.peer
        if not peer.outbox.open:
            return
        self.resetTimeout()
        try:
            for line in self._lines.feed(data):
                self._line(line)
                if not peer.outbox.open:
                    return
        except LineTooLong as error:
            peer.close(error.close, str(error))
        peer.outbox.put(self._lines.replies())

    def timeoutConnection(self) -> None:
        self._link.peer.close(CloseCode.IDLE, "nothing was heard for too long")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.setTimeout(None)
        self._link.lost(on_purpose=self._left)

    def _line(self, line: str) -> None:
        peer = self._link.peer
        try:
            answer = self._terminal.read(line)
        except Quit:
            self._left = True
            peer.close(CloseCode.NORMAL, "goodbye")
            return
        if not isinstance(answer, bytes):
            peer.receive(answer)
        elif not answer or self._answers.take(self._gate.now()):
            peer.outbox.put(answer)
        else:
            peer.close(CloseCode.RATE_LIMIT, "too many lines")

    def _goodbye(self, code: CloseCode, reason: str) -> None:
        self.setTimeout(None)
        half_close(self.transport)


class TelnetFactory(Factory):
    """Makes `TelnetProtocol` for every connection."""

    noisy = False

    def __init__(self, gate: Gate, clock: Clock) -> None:
        self._gate = gate
        self._clock = clock

    def buildProtocol(self, addr: IAddress | None) -> TelnetProtocol:
        return TelnetProtocol(self._gate, self._clock)
