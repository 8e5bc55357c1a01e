"""The account server: a name and a password come in, a token for the game server goes out."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from secrets import token_bytes

from attrs import define, field, frozen
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from examples.legacy_mmo.layout import BadLayout, split
from examples.legacy_mmo.packets import Account, AccountAnswer
from examples.legacy_mmo.rc5 import open_password
from gamesrv.net.link import Transport
from gamesrv.server.interfaces import Clock
from gamesrv.wire.cipher import CipherDecoder
from gamesrv.wire.frames import FrameError
from gamesrv.wire.legacy import LegacyServer
from gamesrv.wire.profile import LEGACY

__all__ = ["AccountFactory", "Place", "Tokens"]

FRAMING = LEGACY.incoming(2048)
WRONG = 1
"""Instead of a token: wrong name or password."""
TIME_TO_LOG_IN = 5.0


@define(eq=False)
class Tokens:
    """Who may come to the game server; each token is good once, and for a while."""

    now: Callable[[], float]
    good_for: float = 30.0
    entropy: Callable[[int], bytes] = token_bytes
    _issued: dict[int, tuple[str, float]] = field(factory=dict, init=False)

    def issue(self, name: str) -> int:
        """A token for that name, which no refusal looks like."""
        now = self.now()
        self._issued = {token: entry for token, entry in self._issued.items() if entry[1] > now}
        token = int.from_bytes(self.entropy(8), "little") | 1 << 63
        self._issued[token] = name, now + self.good_for
        return token

    def redeem(self, token: int) -> str | None:
        """The name it was issued for, if it is good."""
        name, until = self._issued.pop(token, ("", 0.0))
        return name if self.now() < until else None


@frozen
class Place:
    """Where the game server is, as a client reaches it."""

    address: str
    port: int


class AccountProtocol(Protocol):
    """One login. Whatever else comes closes the connection."""

    transport: Transport

    def __init__(self, factory: AccountFactory) -> None:
        self._house = factory
        self._cipher = LegacyServer()
        self._frames = CipherDecoder(FRAMING, self._cipher)

    def connectionMade(self) -> None:
        self._timeout = self._house.clock.callLater(TIME_TO_LOG_IN, self.transport.abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._timeout.active():
            self._timeout.cancel()

    def dataReceived(self, data: bytes) -> None:
        try:
            frame = next(self._frames.feed(data), None)
            if frame is None:
                return
            answer = self._log_in(frame)
        except (FrameError, BadLayout):
            self.transport.abortConnection()
            return
        self.transport.write(self._cipher.encrypt(FRAMING.encode(answer.pack())))
        self.transport.loseConnection()

    def _log_in(self, frame: bytes) -> AccountAnswer:
        number, body = split(frame)
        if number != Account.number:
            raise BadLayout("say who you are first")
        account = Account.unpack(body)
        password = self._house.passwords.get(account.username, "").encode()
        if not password or not compare_digest(password, open_password(account.password).encode()):
            return AccountAnswer(WRONG, "", 0, 0)
        game = self._house.game
        return AccountAnswer(self._house.tokens.issue(account.username), game.address, game.port, 0)


@define(eq=False)
class AccountFactory(Factory):
    """Serves logins."""

    noisy = False

    clock: Clock
    passwords: dict[str, str]
    tokens: Tokens
    game: Place

    def buildProtocol(self, addr: IAddress | None) -> AccountProtocol:
        return AccountProtocol(self)
