"""One, two and three processes on one PostgreSQL: what they do together, what a command costs, and one that is killed.

Throughput: at many branches tellers issue, call and finish one after another, each branch and the sockets that follow
it at one process, as a reverse proxy keeps it there. Processes, PostgreSQL and client share the processors of this
machine, so on two of them three processes cannot be three times as fast: what the plan for a whole network
(`deploy/capacity.md`) calculates with is what a command costs, in seconds of processors and in bytes.

The kill: three processes under load on one port, screens spread over them, one is killed. Who was cut off asks again
under the same key until there is an answer; in the end every answer must be the journal's.
"""

import asyncio
import os
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import uvloop

from queue_service.infra.migrate import migrate
from queue_service.settings import Settings
from tests.bench import postgres
from tests.bench.followers import following
from tests.bench.lines import Line
from tests.bench.rows import Bound, Figure, Row, Rows
from tests.bench.serving import Hall, assert_followed, stage
from tests.bench.side_by_side import Served, at_window, issue, serving
from tests.core import Core, running, staged
from tests.system.books import books, by_key
from tests.system.pressing import clients_of, hall_of
from tests.system.side_by_side import PROCESSES as KILL_PROCESSES
from tests.system.side_by_side import SCREENS, Halls, followed, pressed
from tests.system.side_by_side import serving as processes_of

PROCESSES = (1, 2, 3)
WINDOWS = (1, 2)
SOCKETS = 10
"""At each branch."""
BACK_S_MAX = 5.0
OK, CREATED = 200, 201
NOBODY = b'"ticket":null'
DATABASE = "processes"
TOLD = (
    ("together", "commands/s", "per s"),
    ("to one", "×", "ratio"),
    ("the core, a command", "ms of a processor", "cpu ms"),
    ("PostgreSQL, a command", "ms of its processor", "server cpu ms"),
    ("transactions", "a command", "commits"),
    ("memory under load, the largest", "MiB", "memory"),
    ("log of PostgreSQL, a command", "bytes", "log bytes"),
)
"""Of each number of processes: name, unit, and what it is noted as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is asked for one figure."""

    halls: int
    seconds: float


FULL = Load(halls=30, seconds=5)
QUICK = Load(halls=4, seconds=0.5)


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """Two rows."""
    load = QUICK if is_quick else FULL
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder, postgres.server() as server:
        settings = Settings(data_dir=Path(folder), database_url=server.create(DATABASE))
        halls = stage(settings, load.halls)
        told: dict[str, list[float]] = defaultdict(list)
        with serving(settings, 1) as served:
            uvloop.run(_open(served, halls))
        for repeat in range(repeats):
            for number in PROCESSES if repeat % 2 == 0 else reversed(PROCESSES):
                with serving(settings, number) as served, _watching(served, halls):
                    _note(told, number, served, server, halls, load.seconds)
                    for nth, port in enumerate(served.ports):
                        assert_followed(port, SOCKETS * len(halls[nth::number]))
        yield _throughput(told, load, _row_bytes(server, "journal.entries"), _row_bytes(server, "journal.keys"))
        backs_s: list[float] = []
        losts: list[float] = []
        for repeat in range(repeats):
            own = Settings(data_dir=Path(folder, f"kill-{repeat}"), database_url=server.create(f"kill_{repeat}"))
            asyncio.run(migrate(own))
            assert own.database_url is not None
            core = staged(own.data_dir, own.database_url)
            core.more["QUEUE_PROCESSES"] = str(KILL_PROCESSES)
            back_s, lost = asyncio.run(_killed(core))
            backs_s.append(back_s)
            losts.append(lost)
    yield Row(
        name="three processes, one killed under load",
        setup=f"two branches at work with retries; {2 * SCREENS} screens, back after a random wait of up to 1 s",
        figures=(
            Figure(name="acknowledged and lost", unit="commands", values=tuple(losts), bound=Bound.AT_MOST, limit=0),
            Figure(
                name="all screens right again", unit="s", values=tuple(backs_s), bound=Bound.AT_MOST, limit=BACK_S_MAX
            ),
        ),
    )


def _note(
    told: dict[str, list[float]],
    number: int,
    served: Served,
    server: postgres.Server,
    halls: list[Hall],
    seconds: float,
) -> None:
    """What one figure's worth of load did and cost."""
    uvloop.run(_commands(served, halls, seconds / 4))  # days are loaded, caches filled
    cpu_s, server_cpu_s, written, commits = served.cpu_s, server.cpu_s, _written_bytes(server), _commits(server)
    started_s = time.perf_counter()
    done = uvloop.run(_commands(served, halls, seconds))
    told[f"{number} per s"].append(done / (time.perf_counter() - started_s))
    told[f"{number} cpu ms"].append((served.cpu_s - cpu_s) / done * 1000)
    told[f"{number} server cpu ms"].append((server.cpu_s - server_cpu_s) / done * 1000)
    told[f"{number} log bytes"].append((_written_bytes(server) - written) / done)
    told[f"{number} commits"].append((_commits(server) - commits) / done)
    told[f"{number} memory"].append(served.memory_mib)


@contextmanager
def _watching(served: Served, halls: list[Hall]) -> Iterator[None]:
    """The boards of every hall are followed, in processes that look at nothing."""
    with ExitStack() as stack:
        for nth, port in enumerate(served.ports):
            boards = [hall.board for hall in halls[nth :: len(served.ports)] for _ in range(SOCKETS)]
            stack.enter_context(following(port, boards))
        yield


async def _open(served: Served, halls: list[Hall]) -> None:
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", served.ports[0])
    keys = map("open-{}".format, count())
    for hall in halls:
        for window in WINDOWS:
            status, body = await _asked(line, at_window(hall, window, "open", next(keys)))
            assert status == OK, body
    line.close()


async def _commands(served: Served, halls: list[Hall], seconds: float) -> int:
    """How many were answered in so many seconds, at every window of every hall at once."""
    until_s = asyncio.get_running_loop().time() + seconds
    keys = map(f"{os.urandom(8).hex()}-{{}}".format, count())
    each = [
        _serve(served.ports[number % len(served.ports)], hall, window, keys, until_s)
        for number, hall in enumerate(halls)
        for window in WINDOWS
    ]
    return sum(await asyncio.gather(*each))


async def _serve(port: int, hall: Hall, window: int, keys: "map[str]", until_s: float) -> int:
    """A number is given, called and served, and so on."""
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(Line, "127.0.0.1", port)
    done = 0
    while loop.time() < until_s:
        status, body = await _asked(line, issue(hall, next(keys)))
        assert status == CREATED, body
        status, body = await _asked(line, at_window(hall, window, "call-next", next(keys)))
        assert status == OK, body
        done += 2
        if NOBODY not in body:
            status, body = await _asked(line, at_window(hall, window, "finish", next(keys)))
            assert status == OK, body
            done += 1
    line.close()
    return done


async def _asked(line: Line, request: bytes) -> tuple[int, bytes]:
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    line.ask(request, answered.set_result)
    return await answered, line.body


async def _killed(core: Core) -> tuple[float, int]:
    """Seconds until all screens are right again, and how many acknowledged commands the journal does not have."""
    async with httpx.AsyncClient(timeout=60) as http:
        with running(core):
            halls: Halls = {
                hall_of(core, elsewhere=elsewhere): await clients_of(core, http, elsewhere=elsewhere)
                for elsewhere in (False, True)
            }
            async with followed(core, halls) as screens, pressed(halls):
                before = screens.epochs()
                os.kill(min(processes_of(core)), signal.SIGKILL)
                back_s = await screens.until_one_process_is_seen_no_more(before)
    lost = 0
    for hall, clients in halls.items():
        entries, _ = await books(core.settings, hall.rpartition("/")[2])
        kept = by_key(entries)
        acknowledged = {
            key
            for client in clients
            for key, answer in client.acknowledged.items()
            if answer.get("ticket", answer) is not None  # "nobody waits" is not written
        }
        lost += len(acknowledged - set(kept))
    return back_s, lost


def _written_bytes(server: postgres.Server) -> int:
    """Of the write-ahead log, since the server was made."""
    return int(server.ask("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


def _commits(server: postgres.Server) -> int:
    return int(server.ask(f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{DATABASE}'"))


def _row_bytes(server: postgres.Server, table: str) -> float:
    """Of a table and its indexes, for each of its rows."""
    return float(server.ask(f"SELECT pg_total_relation_size('{table}')::float / count(*) FROM {table}", DATABASE))


def _throughput(told: dict[str, list[float]], load: Load, entry_bytes: float, key_bytes: float) -> Row:
    for number in PROCESSES:
        per_s = zip(told[f"{number} per s"], told["1 per s"], strict=True)
        told[f"{number} ratio"] = [here / alone for here, alone in per_s]
    figures = [
        Figure(name=f"{name}, {number} {'process' if number == 1 else 'processes'}", unit=unit, values=tuple(told[key]))
        for name, unit, of in TOLD
        for number in PROCESSES
        if (key := f"{number} {of}") != "1 ratio"
    ]
    figures += [
        Figure(name="disk for an entry, for ever", unit="bytes", values=(entry_bytes,)),
        Figure(name="disk for its key, for a week", unit="bytes", values=(key_bytes,)),
    ]
    return Row(
        name="one, two, three processes on one PostgreSQL",
        setup=f"{load.halls} branches, each with {len(WINDOWS)} windows and {SOCKETS} sockets, over HTTP: issue,"
        f" call-next and finish in turn, keyed, durable, for {load.seconds:g} s; {os.cpu_count()} processors for all",
        figures=tuple(figures),
    )
