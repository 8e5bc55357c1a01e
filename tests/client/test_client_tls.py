"""The client library over TLS: whom it believes, and whom not."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor

from gamesrv.client import Client, Closed, websocket
from tests.client.test_client_real import OpenHouse, play
from tests.integration.real import PATIENCE, house_fixture
from tests.secure import secure_web

open_house = house_fixture


@pytest_twisted.ensureDeferred
async def test_it_plays_with_those_alone_who_prove_who_they_are(
    open_house: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, web = secure_web(tmp_path)
    house = open_house(web)

    def client(host: str) -> Client:
        return Client(reactor, websocket(reactor, f"wss://{host}:{house.ports['web']}/ws"))

    with pytest.raises(Closed, match="not trusted here"):
        await client("localhost").connect("ann").addTimeout(PATIENCE, reactor)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with pytest.raises(Closed, match="that of another"):
        await client("127.0.0.1").connect("ann").addTimeout(PATIENCE, reactor)
    assert len(house.game.gate.sessions) == 0
    await play(client("localhost"))
