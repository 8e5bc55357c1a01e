"""``python -m examples.legacy_mmo``: both servers, on this machine."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.logger import globalLogBeginner, textFileLogObserver
from twisted.python.failure import Failure

from examples.legacy_mmo.accounts import AccountFactory, Place, Tokens
from examples.legacy_mmo.gameport import GameFactory
from examples.legacy_mmo.town import Town
from gamesrv.core.schema import GameType
from gamesrv.service import GameService

ACCOUNTS = {"ann": "1", "bob": "1"}
reactor: Any = global_reactor


async def serve(address: str, account_port: int, game_port: int) -> None:
    """Opens both ports; 0 is any that is free."""
    service = GameService(reactor, [GameType.of(Town)], bots=0)
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    tokens = Tokens(reactor.seconds)
    game = await listen(address, game_port, GameFactory(service.gate, reactor, tokens))
    accounts = AccountFactory(reactor, ACCOUNTS, tokens, Place(address, game))
    account = await listen(address, account_port, accounts)
    print(f"accounts: {address} port {account}; game: port {game}", flush=True)


async def listen(address: str, port: int, factory: Any) -> int:
    """The port that was opened."""
    opened: Any = await TCP4ServerEndpoint(reactor, port, interface=address).listen(factory)
    number: int = opened.getHost().port
    return number


def give_up(failure: Failure) -> None:
    """A port is in use, most likely."""
    print(failure.getErrorMessage(), file=sys.stderr)
    reactor.callWhenRunning(reactor.stop)


def main(words: list[str]) -> None:
    """Serves until it is told to stop."""
    parser = ArgumentParser(prog="python -m examples.legacy_mmo", description="An old MMO's two servers.")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen, as clients reach it")
    parser.add_argument("--account-port", type=int, default=9958)
    parser.add_argument("--game-port", type=int, default=5816)
    options = parser.parse_args(words)
    globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
    ensureDeferred(serve(options.address, options.account_port, options.game_port)).addErrback(give_up)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1:])
