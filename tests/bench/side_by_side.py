"""Several processes of one core on PostgreSQL, each with a port of its own as behind a proxy, and requests for them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from queue_service.settings import Settings
from tests.bench.postgres import children, cpu_s
from tests.bench.serving import START_LOOK_S, START_S_MAX, STOP_S_MAX, UNLIMITED, Hall
from tests.core import demo_port, free_port

SERVICE = "personal-cash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A supervisor (or the one process) and the ports of its processes."""

    pid: int
    ports: list[int]

    @property
    def pids(self) -> list[int]:
        """The processes that serve."""
        return children(self.pid) or [self.pid]

    @property
    def cpu_s(self) -> float:
        """Seconds of processors that they have used."""
        return sum(map(cpu_s, self.pids))

    @property
    def memory_mib(self) -> float:
        """What one process has for itself alone and its share of what all have, the largest."""
        return max(map(_memory_mib, self.pids))


@contextmanager
def serving(settings: Settings, processes: int) -> Iterator[Served]:
    """The core's processes, from when each answers; wherever the system lets them run."""
    first = demo_port()
    told = {
        **UNLIMITED,
        "log_level": "warning",
        "data_dir": settings.data_dir,
        "database_url": settings.database_url,
        "port": free_port(),
        "processes": processes,
        "process_port_first": first,
    }
    variables = {f"QUEUE_{name.upper()}": str(value) for name, value in told.items()}
    process = subprocess.Popen([sys.executable, "-m", "queue_service", "serve"], env={**os.environ, **variables})
    ports = [first + number for number in range(processes)]
    try:
        deadline_s = time.monotonic() + START_S_MAX
        for port in ports:
            while True:
                assert process.poll() is None and time.monotonic() < deadline_s, "the core did not start"
                with suppress(httpx.TransportError):
                    if httpx.get(f"http://127.0.0.1:{port}/healthz").is_success:
                        break
                time.sleep(START_LOOK_S)
        yield Served(pid=process.pid, ports=ports)
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)


def issue(hall: Hall, key: str) -> bytes:
    """A number, given by the hall's manager."""
    return _post(hall, "tickets", key, b'{"service":"%b"}' % SERVICE.encode())


def at_window(hall: Hall, window: int, verb: str, key: str) -> bytes:
    """What the hall's manager does at a window."""
    return _post(hall, f"windows/{window}/{verb}", key)


def _post(hall: Hall, path: str, key: str, body: bytes = b"") -> bytes:
    kind = "Content-Type: application/json\r\n" if body else ""
    return (
        f"POST {hall.path}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {hall.cookie}\r\nIdempotency-Key: {key}\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _memory_mib(pid: int) -> float:
    """Proportional set size."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the kernel tells it")
