"""``twistd gamesrv``: the options, and the one place where everything is put together."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Any

import attrs
from twisted.application.service import MultiService, Service
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.python import usage
from twisted.python.failure import Failure

from gamesrv.core.game import GameError
from gamesrv.garbage import Collector
from gamesrv.loading import load_game
from gamesrv.net.http import web_port
from gamesrv.net.intake import in_slots
from gamesrv.net.profiles import open_ports, profile_names
from gamesrv.net.tcp import PacketFactory
from gamesrv.net.telnet import TelnetFactory
from gamesrv.net.udp import UdpService, read_place
from gamesrv.server.alarm import StepAlarm
from gamesrv.server.limits import Limits
from gamesrv.server.profile import TickProfile
from gamesrv.service import GameService
from gamesrv.storage.connection import default_path, path_of
from gamesrv.storage.errors import StoreError
from gamesrv.storage.interfaces import Store
from gamesrv.storage.sqlite import SqliteStore
from gamesrv.wire.datagram import Address

__all__ = ["Options", "makeService"]

SHIPPED = (
    "gamesrv.games.arena:Arena",
    "gamesrv.games.arena:World",
    "gamesrv.games.bigtwo:BigTwo",
    "gamesrv.games.hockey:Hockey",
)
BACKLOG = 512
"""Connections that wait to be accepted, at most."""
ENDPOINTS = {
    "web": "tcp:8080:interface=127.0.0.1",
    "packets": "tcp:4000:interface=127.0.0.1",
    "telnet": "tcp:4023:interface=127.0.0.1",
}


def given_up(problem: Exception) -> SystemExit:
    """Tells why, in one line, and how to end. twistd may have made a log of stderr: so, the real one."""
    print(f"gamesrv: {problem}", file=sys.__stderr__)
    return SystemExit(2)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _number(name: str, default: Any, told: str) -> list[Any]:
    """An option that takes what its default is: a whole number, or any."""
    return [name, None, default, told, _reader(name, type(default))]


def _reader(name: str, kind: type) -> Callable[[str], Any]:
    def read(value: str) -> Any:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"--{name} takes a {_KINDS[kind]}, got {value!r}") from None

    return read


_KINDS = {int: "whole number", float: "number"}


class Options(usage.Options):
    """The command line. What is wrong with it ends the program with one line, before anything has started."""

    synopsis = "[options]"
    longdesc = "An authoritative multiplayer game server."
    optFlags = [["profile-ticks", None, "log every 10 seconds where the rooms' time goes; costs some"]]  # noqa: RUF012
    optParameters = [  # noqa: RUF012
        _number("tick-rate", 60, "beats of the clock per second; every game's rate divides it"),
        _number("reap-interval", 1.0, "seconds between two looks for what has had its time"),
        [
            "packet-key",
            None,
            None,
            "file of the server's key for --packet-profile noise; made if it is not there",
        ],
        *(
            _number(_dashed(limit.name), limit.default, limit.metadata["help"])
            for limit in attrs.fields(Limits)
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: dict[str, list[str]] = {}
        self["bots"] = 3
        self.bots_at: dict[str, int] = {}
        self._profiles: list[tuple[int, str]] = []
        self.origins: list[str] = []
        self.games: list[str] = []
        self.udp: Address | None = None
        self.store: Path | None = default_path()
        """The file that games are kept in; `None` for none."""

    def opt_web(self, endpoint: str) -> None:
        """endpoint for the web site [default: tcp:8080:interface=127.0.0.1]; repeatable, empty for none"""
        self._endpoint("web", endpoint)

    def opt_packets(self, endpoint: str) -> None:
        """endpoint for packets [default: tcp:4000:interface=127.0.0.1]; repeatable, empty for none"""
        self._endpoint("packets", endpoint)

    def opt_packet_profile(self, name: str) -> None:
        """what the --packets before it speaks: plain, noise, legacy (not secure) or module:NAME"""
        self._profiles.append((len(self.endpoints.get("packets", ())), name))

    def opt_telnet(self, endpoint: str) -> None:
        """endpoint for telnet [default: tcp:4023:interface=127.0.0.1]; repeatable, empty for none"""
        self._endpoint("telnet", endpoint)

    def opt_udp(self, place: str) -> None:
        """port, or address:port, for datagrams beside the other connections [default: none]"""
        try:
            self.udp = read_place(place) if place else None
        except ValueError as error:
            raise usage.UsageError(f"--udp {error}") from None

    def opt_store(self, store: str) -> None:
        """file to keep games in, sqlite:PATH, or memory: for none [default: in the user's data directory]"""
        try:
            self.store = path_of(store)
        except ValueError as error:
            raise usage.UsageError(f"--store: {error}") from None

    def opt_origin(self, origin: str) -> None:
        """origin of pages that may connect besides ours, e.g. https://example.com; * for all; repeatable"""
        self.origins.append(origin)

    def opt_bots(self, wanted: str) -> None:
        """players that bots fill a public room up to [default: 3], or GAME=number for one game; repeatable"""
        game, named, count = wanted.rpartition("=")
        try:
            number = int(count)
        except ValueError:
            raise usage.UsageError(f"--bots takes a whole number, got {count!r}") from None
        if number < 0:
            raise usage.UsageError(f"--bots must be 0 or more, got {wanted}")
        if named:
            self.bots_at[game] = number
        else:
            self["bots"] = number

    def opt_game(self, game: str) -> None:
        """a game to serve, as module:Class; repeat for more [default: the shipped ones]"""
        self.games.append(game)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise given_up(error) from None

    def postOptions(self) -> None:
        self.limits = self._limits()
        try:
            self.game_types = [load_game(name) for name in self.games or SHIPPED]
        except GameError as error:
            raise usage.UsageError(f"--game {error}") from None
        if self["tick-rate"] < 1:
            raise usage.UsageError(f"--tick-rate must be 1 or more, got {self['tick-rate']}")
        unknown = self.bots_at.keys() - {game.name for game in self.game_types}
        if unknown:
            raise usage.UsageError(f"--bots {sorted(unknown)[0]}: that game is not served")
        if not 0 < self["reap-interval"] < inf:
            raise usage.UsageError(f"--reap-interval must be above 0 and finite, got {self['reap-interval']}")
        self.addresses = [
            (kind, endpoint)
            for kind, default in ENDPOINTS.items()
            for endpoint in self.endpoints.get(kind, [default])
        ]
        self.packet_profiles = self._packet_profiles()

    def _endpoint(self, kind: str, endpoint: str) -> None:
        wanted = self.endpoints.setdefault(kind, [])
        if endpoint:
            wanted.append(endpoint)

    def _packet_profiles(self) -> list[str]:
        given = self.endpoints.get("packets")
        chosen = [(1 if given is None else port, name) for port, name in self._profiles]
        try:
            return profile_names(chosen, 1 if given is None else len(given), self["packet-key"])
        except ValueError as error:
            raise usage.UsageError(str(error)) from None

    def _limits(self) -> Limits:
        try:
            return Limits(**{item.name: self[_dashed(item.name)] for item in attrs.fields(Limits)})
        except ValueError as error:
            raise usage.UsageError(str(error)) from None


def _with_backlog(endpoint: str) -> str:
    """After a restart all come back at once: with Twisted's 50 most would try again only after a second."""
    told = "backlog=" in endpoint or endpoint.partition(":")[0] not in ("tcp", "tcp6", "ssl")
    return endpoint if told else f"{endpoint}:backlog={BACKLOG}"


class Listener(Service):
    """One port, bound at start; what is wrong with it is raised there and then. ``more`` is told as well."""

    log = Logger()

    def __init__(self, kind: str, endpoint: str, reactor: Any, factory: Any, more: str = "") -> None:
        self._kind = kind
        self._more = more
        try:
            self._endpoint = serverFromString(reactor, _with_backlog(endpoint))
        except Exception as error:  # each kind of endpoint has its own way to fail
            raise ValueError(f"--{kind} {endpoint}: {error}") from None
        self._factory = factory
        self._reactor = reactor
        self._port: Any = None

    def privilegedStartService(self) -> None:
        failures: list[Failure] = []
        self._endpoint.listen(self._factory).addCallbacks(self._listening, failures.append)
        if failures:
            failures[0].raiseException()

    def stopService(self) -> Deferred[None] | None:
        super().stopService()
        port, self._port = self._port, None
        return None if port is None else port.stopListening()

    def _listening(self, port: Any) -> None:
        self._port = port
        host = port.getHost()
        told = _TOLD[self._kind].format(host=getattr(host, "host", host), port=getattr(host, "port", ""))
        # Not before a signal would be heard: who reads the address may send one at once.
        self._reactor.callWhenRunning(self.log.info, "{told}", told=told + self._more)


_TOLD = {
    "web": "Play in a browser: http://{host}:{port}/",
    "packets": "Packets:           {host} port {port}",
    "telnet": "Play in a window:  telnet {host} {port}",
}


class Server(MultiService):
    """The ports and the game behind them. The ports close first, then everyone is seen out."""

    def privilegedStartService(self) -> None:
        try:
            super().privilegedStartService()
        except (CannotListenError, OSError, OverflowError) as error:
            raise given_up(error) from None

    def startService(self) -> None:
        try:
            super().startService()
        except StoreError as error:
            raise given_up(StoreError(f"{error} (--store names another place)")) from None


def makeService(options: Options, reactor: Any = None) -> MultiService:
    """Puts the server together. Twisted's clock is the wall's, which can be set back: ours must not be."""
    collector = Collector()
    owns_process = reactor is None
    if owns_process:
        reactor = global_reactor
        reactor.seconds = time.monotonic
        collector.take_over()
    try:
        game = GameService(
            clock=reactor,
            games=options.game_types,
            limits=options.limits,
            tick_rate=options["tick-rate"],
            reap_interval=options["reap-interval"],
            rest=collector.collect,
            bots=options["bots"],
            bots_at=options.bots_at,
            on_fatal=getattr(reactor, "stop", lambda: None),
            store=_store(options, reactor),
        )
        server = _with_ports(game, options, reactor)
    except (GameError, ValueError) as error:
        raise given_up(error) from None
    if owns_process:
        StepAlarm(options.limits.step_timeout).setServiceParent(server)
    if options["profile-ticks"]:
        TickProfile(reactor).setServiceParent(server)
    return server


def _store(options: Options, reactor: Any) -> Store | None:
    if options.store is None:
        return None
    return SqliteStore(options.store, lambda *call: reactor.callFromThread(*call))


def _with_ports(game: GameService, options: Options, reactor: Any) -> MultiService:
    factories = {
        "web": web_port(game.gate, reactor, frozenset(options.origins)),
        "telnet": TelnetFactory(game.gate, reactor),
    }
    server, opener = Server(), in_slots(reactor)
    game.setServiceParent(server)
    ports = open_ports(options.packet_profiles, options["packet-key"])
    for kind, endpoint in options.addresses:
        if kind == "packets":
            port = next(ports)
            factory = PacketFactory(game.gate, reactor, options.limits.packet_idle, port.profile)
            Listener(kind, endpoint, opener, factory, port.told).setServiceParent(server)
        else:
            Listener(kind, endpoint, opener, factories[kind]).setServiceParent(server)
    if options.udp is not None:
        UdpService(options.udp, game.gate.channels, reactor).setServiceParent(server)
    return server
