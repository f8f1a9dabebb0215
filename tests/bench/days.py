"""The start of a process with days in its journal, the loading of one, and of all at once while others are served.

The days are copies of one that the rules made, in the tables as the desk leaves them: every entry with an answer, and
the state of each day kept as long ago as it ever is. The probe asks for `/healthz` a hundred times a second on a
connection of its own, beside those that ask for boards: its slowest answer is the longest stop of the loop, as somebody
else meets it. The boards are asked for on as many connections as a reverse proxy keeps; requests that come in the very
same instant, one on each of 500 connections, stop any loop for as long as they take together, days or no days: that is
told beside.
"""

import asyncio
import os
import selectors
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from statistics import median

import httpx

from queue_service.catalog import store
from queue_service.desk.days import SNAPSHOT_ENTRIES, Days, replayed
from queue_service.desk.views import ticket_answer
from queue_service.hall.day import Day
from queue_service.hall.events import DayOpened
from queue_service.hall.evolve import Entry, replay
from queue_service.hall.hours import Hours
from queue_service.hall.phases import due_at
from queue_service.hall.terms import Terms
from queue_service.infra.answers import encode
from queue_service.infra.database import Database
from queue_service.infra.migrate import migrate
from queue_service.journal import codec, open_journal, snapshots
from queue_service.journal.entries import DayId
from queue_service.settings import Settings
from queue_service.wire.clock import system_clock
from tests.bench import machine
from tests.bench.built import SPAN, big_terms, built
from tests.bench.rows import Bound, Figure, Row, Rows
from tests.core import free_port

BRANCHES, TICKETS, WINDOWS, WAITING = 500, 600, 12, 10
BEFORE = timedelta(hours=2)
"""From the start of the business day to its first number."""
LOADED = 20
"""Days whose loading is timed; the figure is their median."""
READY_S_MAX = 3
LOAD_MS_MAX = 30
ALL_S_MAX = 10
STOP_MS_MAX = 50
CONNECTIONS = 20
PROBE_S = 0.01
WAIT_S_MAX = 120
LOOK_S = 0.01
RECEIVED_BYTES = 65_536
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LIMITS = {"QUEUE_LIMIT_ADDRESS_BURST": "1000000", "QUEUE_LIMIT_ADDRESS_REQUESTS_PER_S": "1000000"}
"""One machine asks for all visitors."""

Told = dict[str, list[float]]


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """Starts the core on the same files again in each repeat."""
    branches, tickets = (10, 100) if is_quick else (BRANCHES, TICKETS)
    told: Told = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=None)
        names = [f"hall-{nth:03}" for nth in range(branches)]
        entries = asyncio.run(fill(settings, names, tickets))
        for _ in range(repeats):
            asyncio.run(load_some(settings, names[:LOADED], told))
            with serving(settings, told) as port:
                ask_all(port, names, told)
    days = f"{branches} branch-days of {tickets} tickets"
    yield Row(
        name=f"Process start with {days}",
        setup=f"{entries} entries each, SQLite; `queue-service serve` by the shell until /readyz says 200",
        figures=(_at_most(told, "ready", "s", READY_S_MAX), _at_most(told, "processor until ready", "s")),
    )
    yield Row(
        name="Loading one such day",
        setup=f"into memory, median of {min(LOADED, branches)}; its state was kept {SNAPSHOT_ENTRIES} entries ago",
        figures=(_at_most(told, "load", "ms", LOAD_MS_MAX), _at_most(told, "from its entries alone", "ms")),
    )
    yield Row(
        name="All of them asked for at once",
        setup=f"{branches} boards on {CONNECTIONS} connections as soon as it is ready; a probe of /healthz every 10 ms",
        figures=(
            _at_most(told, "all served", "s", ALL_S_MAX),
            _at_most(told, "longest stop of the loop", "ms", STOP_MS_MAX),
            _at_most(told, "asked again, nothing to load", "s"),
            _at_most(told, "longest stop then", "ms"),
            _at_most(told, "longest stop when asked in one instant, nothing to load", "ms"),
        ),
    )


def _at_most(told: Told, name: str, unit: str, limit: float | None = None) -> Figure:
    bound = Bound.NONE if limit is None else Bound.AT_MOST
    return Figure(name=name, unit=unit, values=tuple(told[name]), bound=bound, limit=limit)


# ---------------------------------------------------------------------------------------------------------- the days


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The day that all branches have."""

    terms: Terms
    on: date
    entries: list[Entry]
    kept: Day
    """Its state when it was kept last."""
    due: datetime | None
    answer: bytes


async def fill(settings: Settings, names: list[str], tickets: int) -> int:
    """Makes the databases; how many entries each day has."""
    await migrate(settings)
    template = a_day(tickets, system_clock())
    database = await Database.open(settings)
    async with database.write() as connection:
        for name in names:
            await store.add(connection, replace(template.terms, branch_id=name), by="bench", now=system_clock())
    await database.close()
    journal = sqlite3.connect(settings.data_dir / "journal.db", isolation_level=None)
    journal.execute("BEGIN")
    on = template.on.isoformat()
    for name in names:
        journal.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows(template, name))
        kept = replace(template.kept, branch_id=name, terms=replace(template.kept.terms, branch_id=name))
        snapshot = snapshots.take(kept)
        values = (name, on, snapshot.seq, _microseconds(snapshot.at), snapshot.rules, snapshot.state)
        journal.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?)", values)
        if template.due is not None:
            journal.execute("INSERT INTO dues VALUES (?, ?, ?)", (name, on, _microseconds(template.due)))
    journal.execute("COMMIT")
    journal.close()
    return len(template.entries)


def a_day(tickets: int, now: datetime) -> Template:
    """A day of the present business day that has come to `now`, and on which nothing falls due meanwhile."""
    opens_at = now - SPAN
    start = opens_at - BEFORE
    hours = Hours(time_zone="UTC", business_day_start=time_of_day(start.hour, start.minute), is_around_the_clock=True)
    terms = big_terms(WINDOWS)
    services = tuple(replace(service, target_wait_minutes=24 * 60) for service in terms.services)
    terms = replace(terms, hours=hours, services=services, policy=replace(terms.policy, idle_alert_s=None))
    made = built(terms, start.date(), tickets, WAITING, opens_at, SPAN / tickets)
    kept = max(1, len(made.entries) - SNAPSHOT_ENTRIES + 1)
    return Template(
        terms=terms,
        on=start.date(),
        entries=made.entries,
        kept=replay(made.entries[:kept]),
        due=due_at(made.day),
        answer=encode(ticket_answer(made.day, next(iter(made.day.live)))),
    )


def rows(template: Template, name: str) -> Iterator[tuple[object, ...]]:
    """The entries of one branch, as the journal keeps them."""
    on = template.on.isoformat()
    terms = replace(template.terms, branch_id=name)
    for seq, at, events in template.entries:
        own = tuple(
            replace(event, branch_id=name, terms=terms) if isinstance(event, DayOpened) else event for event in events
        )
        key, encoded = f"key-{seq}", codec.encode(own)
        yield name, on, seq, key, b"f" * 16, _microseconds(at), "device:kiosk", "bench", encoded, template.answer


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


# ------------------------------------------------------------------------------------------------------- measurements


async def load_some(settings: Settings, names: list[str], told: Told) -> None:
    """Times the loading of some days in this process."""
    journal = await open_journal(settings)
    loads, replays = [], []
    for name in names:
        day_id = DayId(branch_id=name, business_on=await journal.latest_day(name) or date.min)
        began_s = time.perf_counter()
        day = await Days(journal).load(day_id)
        loads.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        assert await replayed(await journal.load(day_id)) == day, "a kept state changes nothing"
        replays.append(time.perf_counter() - began_s)
    await journal.close()
    told["load"].append(median(loads) * 1e3)
    told["from its entries alone"].append(median(replays) * 1e3)


@contextmanager
def serving(settings: Settings, told: Told) -> Iterator[int]:
    """A core as the shell starts it, from when it is ready; its port."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {
        **os.environ,
        **LIMITS,
        "QUEUE_DATA_DIR": str(settings.data_dir),
        "QUEUE_PORT": str(port),
        "QUEUE_BASE_URL": url,
        "QUEUE_LOG_LEVEL": "warning",
    }
    command = Path(sys.executable).with_name("queue-service")
    began_s = time.perf_counter()
    with machine.pinned(machine.SERVER_CPU):
        core = subprocess.Popen([command, "serve"], env=variables)
    machine.pin(machine.CLIENT_CPU)
    try:
        while not _is_ready(url):
            assert core.poll() is None and time.perf_counter() - began_s < WAIT_S_MAX, "the core did not start"
            time.sleep(LOOK_S)
        told["ready"].append(time.perf_counter() - began_s)
        told["processor until ready"].append(_processor_s(core.pid))
        yield port
    finally:
        core.terminate()
        core.wait()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask_all(port: int, names: list[str], told: Told) -> None:
    """Asks for all boards, once more, and once more in one instant."""
    paths = [f"/api/v1/branches/{name}/board" for name in names]
    for connections, all_s, stop in (
        (CONNECTIONS, "all served", "longest stop of the loop"),
        (CONNECTIONS, "asked again, nothing to load", "longest stop then"),
        (len(names), "asked in one instant", "longest stop when asked in one instant, nothing to load"),
    ):
        taken_s, slowest_s = asked_at_once(port, paths, connections)
        told[all_s].append(taken_s)
        told[stop].append(slowest_s * 1e3)


class Line:
    """A connection that asks for one thing after another."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self._received = b""

    def ask(self, path: str) -> None:
        """Sends a request."""
        self._received = b""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    def is_answered(self) -> bool:
        """Takes what has come; whether the answer is whole."""
        self._received += self.socket.recv(RECEIVED_BYTES)
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return False
        assert head.startswith(b"HTTP/1.1 200 "), head
        (length,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return len(body) >= int(length.partition(b":")[2])


def asked_at_once(port: int, paths: list[str], connections: int) -> tuple[float, float]:
    """Seconds until all are answered, and seconds of the probe's slowest answer meanwhile."""
    slowest_s, asked_s, is_asking = 0.0, 0.0, False
    waiting = deque(paths)
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        probe, *lines = (Line(port) for _ in range(min(connections, len(paths)) + 1))
        for line in (probe, *lines):
            stack.callback(line.socket.close)
            selector.register(line.socket, selectors.EVENT_READ, line)
        began_s = time.perf_counter()
        for line in lines:
            line.ask(waiting.popleft())
        left = len(paths)
        while left or is_asking:
            now_s = time.perf_counter()
            assert now_s - began_s < WAIT_S_MAX, "not all boards came"
            if not is_asking and now_s - asked_s >= PROBE_S:
                asked_s, is_asking = now_s, True
                probe.ask("/healthz")
            for key, _ in selector.select(PROBE_S):
                line = key.data
                if not line.is_answered():
                    continue
                if line is probe:
                    slowest_s, is_asking = max(slowest_s, time.perf_counter() - asked_s), False
                    continue
                left -= 1
                taken_s = time.perf_counter() - began_s
                if waiting:
                    line.ask(waiting.popleft())
    return taken_s, slowest_s
