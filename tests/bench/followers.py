"""Many followers of boards in one process, as cheap as can be: python -m tests.bench.followers PORT PATH …"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import uvloop

from tests.bench.crowd import PING, PONG, end_of_frame

READ_BYTES = 1 << 20
STOP_S_MAX = 10
READY = "ready"
"""Is said when every socket has been accepted."""
HEAD_END = b"\r\n\r\n"


@contextmanager
def following(port: int, paths: list[str]) -> Iterator[None]:
    """Followers of these in a process of their own, from when each is let in; fails where one was cut off meanwhile."""
    command = [sys.executable, "-m", __name__, str(port), *paths]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().split() == [READY, str(len(paths))], "every socket is open"
        yield
        assert process.poll() is None, "every follower is still there"
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)
        process.stdout.close()


class Follower(asyncio.BufferedProtocol):
    """A socket that takes whatever comes, looks at none of it, and answers a ping."""

    _into = memoryview(bytearray(READ_BYTES))

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = loop.create_future()
        """Fails when the connection has gone."""
        self._answered: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.WriteTransport
        self._rest = b""

    @classmethod
    async def open(cls, port: int, path: str) -> Self:
        """Follows what is live at `path`."""
        transport, follower = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await asyncio.wait((follower._answered, follower.lost), return_when=asyncio.FIRST_COMPLETED)
        if follower.lost.done():
            follower.lost.result()
        follower._answered.result()
        return follower

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_exception(exc or ConnectionResetError("a follower was cut off"))

    def get_buffer(self, sizehint: int) -> Any:
        return self._into

    def buffer_updated(self, nbytes: int) -> None:
        came = self._rest + self._into[:nbytes]
        start = 0
        if not self._answered.done():
            head, separator, _ = came.partition(HEAD_END)
            if not separator:
                self._rest = came
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self._answered.set_exception(AssertionError(head.decode()))
                return
            self._answered.set_result(None)
            start = len(head) + len(separator)
        while (end := end_of_frame(came, start)) <= len(came):
            if came[start] == PING:
                self._transport.write(PONG)
            start = end
        self._rest = came[start:]


async def follow(port: int, paths: list[str]) -> None:
    """Until it is killed, or one of them is cut off."""
    followers = [await Follower.open(port, path) for path in paths]
    print(READY, len(followers), flush=True)
    await asyncio.gather(*(follower.lost for follower in followers))


if __name__ == "__main__":
    uvloop.run(follow(int(sys.argv[1]), sys.argv[2:]))
