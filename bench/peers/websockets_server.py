"""websockets: asyncio, with its C parts: websockets_server.py PORT SEATS"""

from __future__ import annotations

from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen

from bench.peers.plaza import Plaza, run


async def serve(port: int, plaza: Plaza) -> Any:
    """Listens on loopback. What is sent goes to the protocol's buffer at once, as its `broadcast` does."""

    async def play(connection: ServerConnection) -> None:
        def send(data: bytes) -> None:
            connection.protocol.send_text(data)
            connection.send_data()

        room = plaza.find_room()
        seat = room.join(send)
        try:
            async for message in connection:
                room.hear(seat, message.encode() if isinstance(message, str) else message)
        finally:
            room.leave(seat)

    return await listen(play, "127.0.0.1", port, compression=None, backlog=512)


if __name__ == "__main__":
    run(serve)
