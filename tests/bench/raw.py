"""The baseline of live views: a bare uvloop server that writes to every connection by `transport.write`."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import cast

import uvloop

from tests.bench import machine
from tests.bench.crowd import SEQ, allow_open_files
from tests.bench.serving import Served

BACKLOG = 2048


class Raw:
    """The server, as whoever measures commands it: the frame that comes to it goes to all."""

    def __init__(self, served: Served, line: socket.socket, frame: bytes) -> None:
        """`frame`: a view as a core sent it."""
        self.served = served
        self._line = line
        head, _, rest = frame.partition(SEQ)
        number, _, self._rest = rest.partition(b",")
        self._head = head + SEQ
        self._width = len(number)

    def send(self, seq: int) -> None:
        """Asks for the frame, with another `seq` and of the same length, to be written to all."""
        self._line.sendall(b"%b%b,%b" % (self._head, str(seq).rjust(self._width).encode(), self._rest))


@contextmanager
def serving(frame: bytes) -> Iterator[Raw]:
    """The server in a process of its own on the server's processor; who connects is sent the frame."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(machine.SERVER_CPU, frame, theirs), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        port, command_port = mine.recv()
        with socket.create_connection(("127.0.0.1", command_port)) as line:
            yield Raw(Served(port=port, pid=process.pid), line, frame)
    finally:
        process.terminate()
        process.join()


def _serve(cpu: int, frame: bytes, ready: Connection) -> None:
    machine.pin(cpu)
    allow_open_files()
    uvloop.run(_broadcast(frame, ready))


async def _broadcast(frame: bytes, ready: Connection) -> None:
    clients: list[asyncio.WriteTransport] = []

    class Client(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            client = cast(asyncio.WriteTransport, transport)  # of uvloop, which derives from nothing
            clients.append(client)
            client.write(frame)

    class Command(asyncio.Protocol):
        def __init__(self) -> None:
            self._came = b""

        def data_received(self, data: bytes) -> None:
            self._came += data
            if len(self._came) < len(frame):
                return
            whole, self._came = self._came, b""
            for client in clients:
                client.write(whole)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Client, "127.0.0.1", 0, backlog=BACKLOG)
    commands = await loop.create_server(Command, "127.0.0.1", 0)
    ready.send((server.sockets[0].getsockname()[1], commands.sockets[0].getsockname()[1]))
    await asyncio.Event().wait()
