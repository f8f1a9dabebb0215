"""A crowd of live clients in a process of its own: it holds their connections and notes when each was told which view.

It costs as little as Python can: bare sockets, one `epoll`, one read and no decoding for a view; and the same crowd
reads the baselines. All stamps are of the monotonic clock, which the processes of one machine share.
"""

import resource
import select
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import monotonic_ns
from typing import Any, Self

from tests.bench import machine

HEAD_SIZE = 160
"""Within so many bytes a view has told its `seq`."""
SEQ = b'"seq":'
"""What stands before it."""
PING = 0x89
"""First byte of such a frame (RFC 6455, 5.2)."""
PONG = b"\x8a\x80\x00\x00\x00\x00"
"""The answer: masked, by a mask that changes nothing."""
JOINING_MAX = 256
"""Clients that shake hands at the same time: fewer than may wait to be accepted."""
READ_BYTES_MAX = 1 << 18
OTHER_FILES = 300
"""Open files of a process beside its connections."""
PATIENCE_S = 180
"""Of a crowd whose clients are not told, before it gives up: a busy machine takes its time."""

Arrival = tuple[int, int, int]
"""Which client (in order of joining), which seq, when (monotonic, nanoseconds)."""


def seats_max() -> int:
    """How many connections one process may hold on this machine."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] - OTHER_FILES


def allow_open_files() -> None:
    """Lets this process hold as many connections as the machine allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def handshake(path: str, cookie: str = "") -> bytes:
    """What a client says first, to follow the view at `path`; with the session of staff, or as anybody."""
    head = (
        f"GET {path} HTTP/1.1\r\nHost: hall\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    )
    return (head + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n").encode()


class Crowd:
    """The crowd as whoever measures commands it."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._commands, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(machine.CLIENT_CPU, theirs), daemon=True)
        self._process.start()
        theirs.close()  # so that its end is heard

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._process.terminate()
        self._process.join()

    def join(self, port: int, handshakes: Sequence[bytes]) -> None:
        """One more client for each; "" says nothing. Returns when each of them has had a view."""
        self._ask("join", port, handshakes)

    def newest(self) -> tuple[int, bytes]:
        """The seq and the whole frame of the last view that came to anybody."""
        seq, frame = self._ask("newest")
        return seq, frame

    def wait(self, seq: int) -> None:
        """Until every client has had a view of `seq` or of a later one."""
        self._ask("wait", seq)

    def arrivals(self) -> list[Arrival]:
        """Every view that came since the last time that this was asked."""
        arrivals: list[Arrival] = self._ask("arrivals")
        return arrivals

    def _ask(self, *words: object) -> Any:
        self._commands.send(words)
        answer = self._commands.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(slots=True, eq=False)
class _Client:
    number: int
    socket: socket.socket
    has_shaken_hands: bool
    seq: int = -1
    rest: bytes = b""
    """What came of a frame that is not whole yet."""


class _Floor:
    """Where the crowd stands."""

    def __init__(self, commands: Connection) -> None:
        self._commands = commands
        self._poll = select.epoll()
        self._poll.register(commands.fileno(), select.EPOLLIN)
        self._clients: dict[int, _Client] = {}
        self._arrivals: list[Arrival] = []
        self._newest = (-1, b"")
        self._awaited = 0
        self._cut = 0
        self._behind: set[_Client] = set()
        self._buffer = memoryview(bytearray(READ_BYTES_MAX))

    def run(self) -> None:
        does: dict[str, Callable[..., Any]] = {
            "join": self.join,
            "newest": self.newest,
            "wait": self.wait,
            "arrivals": self.arrivals,
        }
        while True:
            self._listen()
            while self._commands.poll():
                name, *words = self._commands.recv()
                try:
                    self._commands.send(does[name](*words))
                except (OSError, AssertionError) as error:  # told to whoever measures
                    self._commands.send(error)

    def join(self, port: int, handshakes: Sequence[bytes]) -> None:
        for first in range(0, len(handshakes), JOINING_MAX):
            for words in handshakes[first : first + JOINING_MAX]:
                joined = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
                joined.sendall(words)
                joined.setblocking(False)
                self._clients[joined.fileno()] = _Client(len(self._clients), joined, not words)
                self._poll.register(joined.fileno(), select.EPOLLIN)
            self.wait(0)

    def newest(self) -> tuple[int, bytes]:
        return self._newest

    def wait(self, seq: int) -> None:
        self._awaited = seq
        self._behind = {client for client in self._clients.values() if client.seq < seq}
        give_up_ns = monotonic_ns() + PATIENCE_S * 10**9
        while self._behind:
            self._listen()
            assert not self._cut, f"{self._cut} clients were cut"
            if monotonic_ns() > give_up_ns:
                raise TimeoutError(f"{len(self._behind)} clients were never told of {seq}")

    def arrivals(self) -> list[Arrival]:
        arrivals, self._arrivals = self._arrivals, []
        return arrivals

    def _listen(self) -> None:
        for number, _ in self._poll.poll(PATIENCE_S):
            client = self._clients.get(number)
            if client is not None:
                self._read(client)

    def _read(self, client: _Client) -> None:
        try:
            size = client.socket.recv_into(self._buffer)
        except ConnectionResetError:
            size = 0
        at_ns = monotonic_ns()
        if not size:
            self._poll.unregister(client.socket)
            self._cut += 1
            return
        came = self._buffer[:size].tobytes() if not client.rest else client.rest + self._buffer[:size]
        start = 0
        if not client.has_shaken_hands:
            end = came.find(b"\r\n\r\n")
            if end < 0:
                client.rest = came
                return
            assert came.startswith(b"HTTP/1.1 101 "), came[:end].decode()
            client.has_shaken_hands = True
            start = end + 4
        while (end := end_of_frame(came, start)) <= len(came):
            if came[start] == PING:
                client.socket.send(PONG)
            elif (place := came.find(SEQ, start, start + HEAD_SIZE)) > 0:
                place += len(SEQ)
                client.seq = int(came[place : came.index(b",", place)])
                self._arrivals.append((client.number, client.seq, at_ns))
                if client.seq >= self._awaited:
                    self._behind.discard(client)
                if client.seq > self._newest[0]:
                    self._newest = (client.seq, came[start:end])
            start = end
        client.rest = came[start:]


def end_of_frame(came: bytes, start: int) -> int:
    """Behind all that came where the frame is not whole."""
    if len(came) < start + 2:
        return len(came) + 1
    size = came[start + 1]
    if size < 126:
        return start + 2 + size
    width, form = (2, "!H") if size == 126 else (8, "!Q")
    if len(came) < start + 2 + width:
        return len(came) + 1
    return start + 2 + width + int(struct.unpack_from(form, came, start + 2)[0])


def _run(cpu: int, commands: Connection) -> None:
    machine.pin(cpu)
    allow_open_files()
    with suppress(EOFError):  # whoever measures has ended
        _Floor(commands).run()
