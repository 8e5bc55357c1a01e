"""picows: WebSockets in Cython, asyncio's own loop beneath: picows_server.py PORT SEATS"""

from __future__ import annotations

from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

from bench.peers.plaza import Plaza, run


class Player(WSListener):
    """One browser."""

    def __init__(self, plaza: Plaza) -> None:
        self.plaza = plaza

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.room = self.plaza.find_room()
        self.seat = self.room.join(lambda data: transport.send(WSMsgType.TEXT, data))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.room.hear(self.seat, frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.room.leave(self.seat)


async def serve(port: int, plaza: Plaza) -> Any:
    """Listens on loopback."""
    return await ws_create_server(lambda request: Player(plaza), "127.0.0.1", port, backlog=512)


if __name__ == "__main__":
    run(serve)
