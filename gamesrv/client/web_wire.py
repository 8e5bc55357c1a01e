"""Messages over WebSocket, by autobahn's client."""

from __future__ import annotations

from typing import Any, cast

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from gamesrv.client.wires import Ear, Ending, ending_of
from gamesrv.core.messages import ClientMessage
from gamesrv.wire.close import CloseCode
from gamesrv.wire.codec import MSGPACK, BadMessage

__all__ = ["SUBPROTOCOL", "WebSocketWire", "web_socket_factory"]

SUBPROTOCOL = "gamesrv.v1.msgpack"


class WebSocketWire(WebSocketClientProtocol):
    """One WebSocket. autobahn owns many names here: ours beyond those of `Wire` have ``game`` in them."""

    limit = 16 * 1024
    transport: Any
    _game_ear: Ear
    _game_ended = False

    @property
    def host(self) -> str:
        return getattr(self.transport.getPeer(), "host", "")

    def send(self, message: ClientMessage) -> None:
        if self.state == self.STATE_OPEN:
            self.sendMessage(MSGPACK.encode_client(message), isBinary=True)

    def hang_up(self, code: CloseCode) -> None:
        if self.state == self.STATE_OPEN and code == CloseCode.LEFT:
            self.sendClose(int(code))
        else:
            self.transport.loseConnection()

    def abort(self) -> None:
        self.transport.abortConnection()

    def onOpen(self) -> None:
        self._game_ear.opened(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self._game_ended:
            return
        try:
            self._game_ear.heard(MSGPACK.decode_server(payload))
        except BadMessage as error:
            self._game_end(Ending(CloseCode.INVALID_DATA, error.message, False))
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """A server whose certificate proves nothing will not have a better one at the next try."""
        if why := _distrust(reason):
            self._game_end(Ending(CloseCode.PROTOCOL_ERROR, why, False))
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        self._game_end(ending_of(code, reason or "the connection was lost"))
        self._game_ear.gone()

    def _game_end(self, ending: Ending) -> None:
        if not self._game_ended:
            self._game_ended = True
            self._game_ear.ended_by(ending)


def _distrust(reason: Failure) -> str:
    """What is wrong with the server's certificate, if that is why."""
    if reason.check("service_identity.exceptions.VerificationError"):
        return "the server's certificate is that of another one"
    if reason.check("OpenSSL.SSL.Error") and "certificate verify failed" in str(reason.value):
        return "the server's certificate is not trusted here"
    return ""


class _Factory(WebSocketClientFactory):
    protocol = WebSocketWire
    noisy = False
    game_ear: Ear

    def buildProtocol(self, addr: Any) -> WebSocketWire:
        wire = cast(WebSocketWire, super().buildProtocol(addr))
        wire._game_ear = self.game_ear
        return wire


def web_socket_factory(url: str, clock: Any, ear: Ear) -> WebSocketClientFactory:
    """For one WebSocket to that URL. How long anything may take is the link's business, not autobahn's."""
    factory = _Factory(url, protocols=[SUBPROTOCOL], reactor=clock)
    factory.game_ear = ear
    factory.setProtocolOptions(
        openHandshakeTimeout=0, closeHandshakeTimeout=0, autoPingInterval=0, failByDrop=True
    )
    return factory
