"""What cutting packets costs, and what ciphers cost: `python bench/packets.py`.

Echo: 100 connections over loopback sockets, each of which sends a command of 64 bytes and waits for it to
come back. The server cuts it, decodes and validates it, and writes it back; its CPU time is divided by the
round trips. Ours is `FrameDecoder` below a Twisted protocol, the other is Twisted's `Int16StringReceiver`;
what is not cutting is the same code in both. They take turns, each time in a fresh process on a core of its
own. Most of a round trip is the kernel and the reactor; so the cutting is timed by itself as well.

Ciphers: CPU time for a megabyte that one side enciphers and the other deciphers, in packets as small as
commands and in writes as large as snapshots.
"""

import argparse
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.basic import Int16StringReceiver

# run as a script, Python looks for `bench` in the wrong place
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine  # noqa: E402
from gamesrv.core.messages import Command  # noqa: E402
from gamesrv.wire import packets  # noqa: E402
from gamesrv.wire.cipher import CipherDecoder, StreamCipher  # noqa: E402
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder  # noqa: E402
from gamesrv.wire.legacy import LegacyClient, LegacyServer  # noqa: E402
from gamesrv.wire.noise import NoiseClient, NoiseServer  # noqa: E402

CONNECTIONS = 100
SIZE = 64
CUTS = 20_000
GOAL = 1.0
MEGABYTE = 1 << 20
SMALL, LARGE = SIZE, 8 * 1024


def command() -> bytes:
    """Id and body of a command, such that its packet has 64 bytes."""
    say = {"name": "shoot", "args": {"x": 1200, "y": -7, "note": ""}}
    for length in range(SIZE):
        say["args"]["note"] = "n" * length
        frame = packets.encode_client(Command(**say))
        if len(frame) == SIZE:
            return frame[2:]
    raise AssertionError("no command has that size")


# ---------------------------------------------------------------------- the servers


class Ours(Protocol):
    """Cuts by `FrameDecoder`."""

    def connectionMade(self) -> None:
        self.frames = FrameDecoder(PACKET_FRAMING)

    def dataReceived(self, data: bytes) -> None:
        for frame in self.frames.feed(data):
            packets.decode(frame)
            self.transport.write((len(frame) + 2).to_bytes(2, "big") + frame)


class Theirs(Int16StringReceiver):
    """Cuts by Twisted's own."""

    MAX_LENGTH = 2048

    def stringReceived(self, string: bytes) -> None:
        packets.decode(string)
        self.sendString(string)


SERVERS = {"gamesrv": Ours, "Int16StringReceiver": Theirs}


class Nowhere(StringTransport):
    """Keeps nothing of what is written."""

    def write(self, data: bytes) -> None:
        pass


def serve(name: str) -> None:
    """Echoes until it is ended; says its port first."""
    machine.pin(machine.SERVER_CORE)
    factory = Factory.forProtocol(SERVERS[name])
    factory.noisy = False
    port = reactor.listenTCP(0, factory, interface="127.0.0.1", backlog=CONNECTIONS)
    print(port.getHost().port, flush=True)
    reactor.run()


# ---------------------------------------------------------------------- the load


def echo(name: str, rounds: int) -> float:
    """Microseconds of CPU per round trip, in a server of that kind."""
    body = command()
    size = len(body) + (0 if name == "Int16StringReceiver" else 2)
    frame = size.to_bytes(2, "big") + body
    words = [sys.executable, __file__, "--serve", name]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            place = ("127.0.0.1", int(server.stdout.readline()))
            links = [socket.create_connection(place) for _ in range(CONNECTIONS)]
            talk(links, frame, rounds // 10)
            before = machine.cpu_seconds(server.pid)
            talk(links, frame, rounds)
            cpu = machine.cpu_seconds(server.pid) - before
        finally:
            server.terminate()
    for link in links:
        link.close()
    return cpu / (rounds * CONNECTIONS) * 1e6


def talk(links: list[socket.socket], frame: bytes, rounds: int) -> None:
    """Everyone says it, then everyone waits for the echo."""
    for _ in range(rounds):
        for link in links:
            link.sendall(frame)
        for link in links:
            if link.recv(SIZE, socket.MSG_WAITALL) != frame:
                raise SystemExit("the echo is not what was said")


def cut(protocol: type[Protocol]) -> float:
    """Microseconds of CPU per packet, with no socket, one packet a time as they come."""
    server, body = protocol(), command()
    server.makeConnection(Nowhere())
    size = len(body) + (0 if protocol is Theirs else 2)
    frame = size.to_bytes(2, "big") + body
    began = process_time()
    for _ in range(CUTS):
        server.dataReceived(frame)
    return (process_time() - began) / CUTS * 1e6


# ---------------------------------------------------------------------- the ciphers


def legacy_pair() -> tuple[StreamCipher, StreamCipher]:
    """Client and server."""
    return LegacyClient(), LegacyServer()


def noise_pair() -> tuple[StreamCipher, StreamCipher]:
    """Client and server, after their handshake."""
    client, server = NoiseClient(lambda key: True), NoiseServer(X25519PrivateKey.generate())
    server.feed(client.encrypt(b""))
    server.read(1)
    client.feed(server.encrypt(b""))
    client.read(1)
    return client, server


def there_and_back(pair: Callable[[], tuple[StreamCipher, StreamCipher]], size: int) -> float:
    """Milliseconds for a megabyte of packets of that size, through one side and the decoder of the other."""
    client, server = pair()
    frame = packets.SERVER_FRAMING.encode(bytes(size - 2))
    decoder = CipherDecoder(packets.SERVER_FRAMING, server)
    began = process_time()
    for _ in range(MEGABYTE // size):
        for _ in decoder.feed(client.encrypt(frame)):
            pass
    return (process_time() - began) * 1e3


def none_at_all(size: int) -> float:
    """The same without a cipher."""
    frame = packets.SERVER_FRAMING.encode(bytes(size - 2))
    decoder = FrameDecoder(packets.SERVER_FRAMING)
    began = process_time()
    for _ in range(MEGABYTE // size):
        for _ in decoder.feed(frame):
            pass
    return (process_time() - began) * 1e3


def handshake() -> float:
    """Milliseconds for both sides of one Noise handshake."""
    began = process_time()
    for _ in range(100):
        noise_pair()
    return (process_time() - began) * 10


# ---------------------------------------------------------------------- the report


def report_echo(rounds: int, runs: int) -> None:
    turns = [{name: echo(name, rounds) for name in SERVERS} for _ in range(runs)]
    ratio = median(turn["gamesrv"] / turn["Int16StringReceiver"] for turn in turns)
    print(f"{f'{SIZE} bytes, {CONNECTIONS} connections: CPU, µs':<42}{'echo':>8}{'cut':>8}")
    for name, protocol in SERVERS.items():
        cutting = min(cut(protocol) for _ in range(runs))
        print(f"  {name:<40}{median(turn[name] for turn in turns):8.2f}{cutting:8.2f}")
    verdict = "met" if ratio <= GOAL else "MISSED"
    print(f"  {'echo, gamesrv : Int16StringReceiver':<40}{ratio:8.2f}  goal <= {GOAL:g}: {verdict}")


def report_ciphers(runs: int) -> None:
    print(f"{'a megabyte through both sides: CPU, ms':<42}{SMALL:>6} B{LARGE:>6} B")
    rows: list[tuple[str, Callable[[int], float]]] = [
        ("none, only cut", none_at_all),
        ("legacy (no security)", lambda size: there_and_back(legacy_pair, size)),
        ("noise", lambda size: there_and_back(noise_pair, size)),
    ]
    for name, measure in rows:
        costs = [min(measure(size) for _ in range(runs)) for size in (SMALL, LARGE)]
        print(f"  {name:<40}" + "".join(f"{cost:8.1f}" for cost in costs))
    print(f"  {'noise: handshake, both sides, ms':<40}{min(handshake() for _ in range(runs)):8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/packets.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run: to see that it works")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    machine.pin(machine.LOAD_CORE)
    print(machine.describe())
    report_echo(*((100, 1) if options.quick else (1000, 5)))
    report_ciphers(2 if options.quick else 5)


if __name__ == "__main__":
    main()
