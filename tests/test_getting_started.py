"""The program of docs/getting-started.md speaks as the packet port does."""

import re
import socket
from pathlib import Path

import pytest

from gamesrv.core.messages import Hello, Join, Joined, NumberedCommand, Update, Welcome
from gamesrv.wire import packets
from gamesrv.wire.frames import PACKET_FRAMING, FrameDecoder

PAGE = Path(__file__).parent.parent / "docs" / "getting-started.md"


def test_the_program_on_the_page_plays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    client, server = socket.socketpair()
    monkeypatch.setattr(socket, "create_connection", {("127.0.0.1", 4000): client}.get)
    with client, server:
        server.sendall(packets.encode(Welcome("s", "robot", "token", 30, 0, 1)))
        server.sendall(packets.encode(Joined("arena-1", "arena", 0, 1, 0, {"avatars": {}}, "playing")))
        for tick in range(38):
            server.sendall(packets.encode(Update(tick, tick + 1, delta={"avatars": {"0": {"x": tick}}})))
        exec(compile(program, str(PAGE), "exec"), {})
        frames = list(FrameDecoder(PACKET_FRAMING).feed(server.recv(65536)))
    said = [packets.decode(bytes(frame)) for frame in frames]
    assert said == [Hello(name="robot"), Join(game="arena"), NumberedCommand(0, {"dx": 1, "dy": 0})]
    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in printed] == ["{'op': 'welcome'", "{'op': 'joined'"] + 38 * [
        "{'op': 'update'"
    ]
