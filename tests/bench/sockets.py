"""The board to 10,000 sockets of one process, against raw transport writes of the same bytes.

The core: a real one, and a real change through HTTP (a recall, which goes out at once). Time runs from when the request
is sent until the last socket has the last byte, so it holds the whole request, its decision and its commit too.

The baseline: a bare server with as many plain connections, which writes the very frame of the core by
`transport.write` in a loop, from when it is asked to. The same crowd reads both, and is slower than either server may
be; so what each took of its processor is told beside. The core's part of that holds all that it does meanwhile: the
request, the heartbeats of all sockets, its rounds.

Frozen clients shake hands and read no more, with little room in their own kernel: while the same is measured again they
are there, blocked, and not cut, as they would be after some seconds.
"""

import socket
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from statistics import median
from typing import NamedTuple

from tests.bench import machine, raw
from tests.bench.crowd import Crowd, handshake, seats_max
from tests.bench.rows import Bound, Figure, Row, Rows
from tests.bench.serving import Hall, Served, assert_followed, core, data_dir, stage

SOCKETS, SOCKETS_QUICK = 10_000, 200
RATIO_MAX = 1.5
FROZEN = 3
FROZEN_RATIO_MAX = 1.1
"""Nothing may change; by a tenth two equal measurements differ."""
FROZEN_ROOM_BYTES = 2048
STALL_S = 600
CHANGES, CHANGES_QUICK = 10, 3
"""In one repeat, each with and without frozen clients; their median is the repeat's."""
WARMING = 12
"""Changes before those: then the board tells of as many calls as ever, and a frozen client's buffers are full."""
WINDOW = 1


class Taken(NamedTuple):
    """From a change until all were told of it: seconds, and seconds of the server's processor."""

    time_s: float
    cpu_s: float


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """One row."""
    sockets = SOCKETS_QUICK if is_quick else min(SOCKETS, seats_max())
    changes = CHANGES_QUICK if is_quick else CHANGES
    told: dict[str, list[float]] = defaultdict(list)
    frame = b""
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder, machine.pinned(machine.CLIENT_CPU):
        settings = data_dir(folder)
        (hall,) = stage(settings)
        for repeat in range(repeats):
            with core(settings, socket_stall_s=STALL_S) as served, Crowd() as crowd:
                crowd.join(served.port, [handshake(hall.board)] * sockets)
                teller = _Teller(served, hall, has_called=repeat > 0)  # now: an idle line would be cut meanwhile
                alone = _median(crowd, served, teller.recall, changes)
                with _frozen(served, hall):
                    beside = _median(crowd, served, teller.recall, changes)
                    assert_followed(served.port, sockets + FROZEN)
                seq, frame = crowd.newest()
            with raw.serving(frame) as server, Crowd() as crowd:
                crowd.join(server.served.port, [b""] * sockets)
                numbers = iter(range(seq + 1, seq + 1 + WARMING + changes))
                bare = _median(crowd, server.served, lambda: server.send(next(numbers)), changes)  # noqa: B023 used here
            told["ratio"].append(alone.time_s / bare.time_s)
            told["frozen"].append(beside.time_s / alone.time_s)
            told["core"].append(alone.time_s * 1000)
            told["raw"].append(bare.time_s * 1000)
            told["cpu ratio"].append(alone.cpu_s / bare.cpu_s)
            told["core cpu"].append(alone.cpu_s * 1e6 / sockets)
            told["raw cpu"].append(bare.cpu_s * 1e6 / sockets)
    few = "" if is_quick or sockets == SOCKETS else " (as many open files as this machine allows)"
    yield Row(
        name="Board to all sockets of a process",
        setup=f"{sockets} sockets{few}, {len(frame)} bytes each; from a recall's request to the last one's last byte",
        figures=(
            Figure(
                name="time, to raw transport writes",
                unit="×",
                values=tuple(told["ratio"]),
                bound=Bound.AT_MOST,
                limit=RATIO_MAX,
            ),
            Figure(
                name=f"time, {FROZEN} frozen clients to none",
                unit="×",
                values=tuple(told["frozen"]),
                bound=Bound.AT_MOST,
                limit=FROZEN_RATIO_MAX,
            ),
            Figure(name="time", unit="ms", values=tuple(told["core"])),
            Figure(name="time of the raw writes", unit="ms", values=tuple(told["raw"])),
            Figure(name="server's processor, to raw writes", unit="×", values=tuple(told["cpu ratio"])),
            Figure(name="server's processor, a socket", unit="µs", values=tuple(told["core cpu"])),
            Figure(name="of the raw writes, a socket", unit="µs", values=tuple(told["raw cpu"])),
        ),
    )


def _median(crowd: Crowd, served: Served, change: Callable[[], None], changes: int) -> Taken:
    taken = [_taken(crowd, served, change) for _ in range(WARMING + changes)][WARMING:]
    return Taken(median(one.time_s for one in taken), median(one.cpu_s for one in taken))


def _taken(crowd: Crowd, served: Served, change: Callable[[], None]) -> Taken:
    seq, _ = crowd.newest()
    crowd.arrivals()
    began_ns, cpu_s = time.monotonic_ns(), served.cpu_s
    change()
    crowd.wait(seq + 1)
    cpu_s = served.cpu_s - cpu_s
    return Taken((max(at_ns for _, _, at_ns in crowd.arrivals()) - began_ns) / 1e9, cpu_s)


class _Teller:
    """Calls one visitor again and again."""

    def __init__(self, served: Served, hall: Hall, *, has_called: bool) -> None:
        self._line = HTTPConnection("127.0.0.1", served.port)
        self._hall = hall
        if not has_called:
            self._ask("/tickets", '{"service":"personal-cash"}')
            self._ask(f"/windows/{WINDOW}/open")
            self._ask(f"/windows/{WINDOW}/call-next")

    def recall(self) -> None:
        self._ask(f"/windows/{WINDOW}/recall")

    def _ask(self, path: str, body: str = "") -> None:
        self._line.request("POST", f"{self._hall.path}{path}", body, self._hall.headers)
        answer = self._line.getresponse()
        told = answer.read()
        assert answer.status in (200, 201), told


@contextmanager
def _frozen(served: Served, hall: Hall) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(FROZEN):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FROZEN_ROOM_BYTES)
            client.connect(("127.0.0.1", served.port))
            client.sendall(handshake(hall.board))
        yield
