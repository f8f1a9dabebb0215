"""Many followers of boards in one process, as cheap as can be: python -m tests.bench.followers PORT PATH …"""

import asyncio
import sys
from typing import Any, Self

import uvloop

READ_BYTES = 1 << 20
READY = "ready"
"""Is said when every socket has been accepted."""


class Follower(asyncio.BufferedProtocol):
    """A socket that takes whatever comes and looks at none of it."""

    _into = bytearray(READ_BYTES)

    def __init__(self) -> None:
        self._answered = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, port: int, path: str) -> Self:
        """Follows what is live at `path`."""
        transport, follower = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        answer: bytes = await follower._answered
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        return follower

    def get_buffer(self, sizehint: int) -> Any:
        return self._into

    def buffer_updated(self, nbytes: int) -> None:
        if not self._answered.done():
            self._answered.set_result(bytes(self._into[:nbytes]))


async def follow(port: int, paths: list[str]) -> None:
    """Until it is killed."""
    followers = [await Follower.open(port, path) for path in paths]
    print(READY, len(followers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(follow(int(sys.argv[1]), sys.argv[2:]))
