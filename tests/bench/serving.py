"""Halls to measure, and the real programs that serve them, each a process of its own on its processor."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import httpx
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from queue_service.catalog.files import samples
from queue_service.catalog.rules import around_the_clock
from queue_service.catalog.service import Catalog
from queue_service.hall.terms import Terms
from queue_service.identity.rules import DeviceKind, Role
from queue_service.identity.service import DeviceAdded, Identity, SignedIn, StaffAdded
from queue_service.infra.database import Database
from queue_service.infra.migrate import migrate
from queue_service.settings import Settings
from queue_service.wire.clock import system_clock
from tests.bench import machine
from tests.core import free_port

UNLIMITED: dict[str, Any] = {
    "limit_address_requests_per_s": 1e6,
    "limit_address_burst": 10**6,
    "limit_caller_requests_per_s": 1e6,
    "limit_caller_burst": 10**6,
    "limit_issue_tickets_per_s": 1e6,
    "limit_issue_burst": 10**6,
    "socket_per_address_max": 12_000,
}
"""One machine asks for all callers."""
COOKIE = "queue_session"
PASSWORD = "a password for the bench"
START_S_MAX = 60
START_LOOK_S = 0.05
STOP_S_MAX = 30
OVERDUE_S = 0.1
"""Longer than a process takes for what fell due while it stood still."""
SOCKETS_OPEN = "queue_sockets_open"
CLOCK_OF_PROCESS = 2
"""The kernel's name of the clock that counts what a process has used of processors (`CPUCLOCK_SCHED`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """A branch, and what its people and devices show as who they are."""

    branch: str
    teller: str
    """A manager, who may see the floor too: the token of the session."""
    display: str
    """The token of the device."""

    @property
    def path(self) -> str:
        """Where its routes are."""
        return f"/api/v1/branches/{self.branch}"

    @property
    def board(self) -> str:
        """Where its board is followed."""
        return f"{self.path}/live?view=board"

    @property
    def cookie(self) -> str:
        """The teller's session."""
        return f"{COOKIE}={self.teller}"

    @property
    def headers(self) -> dict[str, str]:
        """Of the teller's requests, with a body or without."""
        return {"Cookie": self.cookie, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server's process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu_s(self) -> float:
        """Seconds of a processor that it has used, in all of its threads."""
        return time.clock_gettime_ns(~self.pid << 3 | CLOCK_OF_PROCESS) / 1e9

    def metric(self, name: str) -> float:
        """A figure that it tells of itself."""
        return metric(self.port, name)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Uses nothing of its processor, and afterwards has done what fell due meanwhile."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)
        time.sleep(OVERDUE_S)


def metric(port: int, name: str) -> float:
    """A figure that the process at this port tells of itself."""
    told = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    (line,) = (line for line in told.splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


def assert_followed(port: int, sockets: int) -> None:
    """Nobody was cut off: a hall without followers would be measured as one with them."""
    there = metric(port, SOCKETS_OPEN)
    assert there == sockets, f"{there:.0f} sockets are open, not {sockets}: somebody was cut off"


def stage(settings: Settings, number: int = 1) -> list[Hall]:
    """Databases with so many sample halls, open around the clock; a teller of each is signed in."""
    return asyncio.run(_stage(settings, number))


async def _stage(settings: Settings, number: int) -> list[Hall]:
    await migrate(settings)
    database = await Database.open(settings)
    identity = Identity(database, settings, PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64),)))
    try:
        catalog = await Catalog.open(database)
        sample = around_the_clock(samples(system_clock())[0])
        sample = replace(sample, policy=replace(sample.policy, start_is_implicit=True))
        return [await _hall(catalog, identity, replace(sample, branch_id=f"hall-{nth}")) for nth in range(number)]
    finally:
        identity.close()
        await database.close()


async def _hall(catalog: Catalog, identity: Identity, terms: Terms) -> Hall:
    now, branch = system_clock(), terms.branch_id
    await catalog.publish(terms, by="bench", now=now)
    display = await identity.add_device(kind=DeviceKind.DISPLAY, name="display", branch_id=branch)
    assert isinstance(display, DeviceAdded)
    added = await identity.add_staff(
        username=branch, password=PASSWORD, name="Teller", roles=frozenset({Role.MANAGER}), branch_id=branch
    )
    assert isinstance(added, StaffAdded)
    signed = await identity.sign_in(branch, PASSWORD, network="", now=now)
    assert isinstance(signed, SignedIn)
    return Hall(branch=branch, teller=signed.token, display=display.token)


@contextmanager
def core(settings: Settings, **more: Any) -> Iterator[Served]:
    """A core over what `stage` made, with limits that one machine can ask under, and `more` settings."""
    port = free_port()
    told = {name: str(value) for name, value in {**UNLIMITED, "log_level": "warning", **more}.items()}
    told |= {"data_dir": str(settings.data_dir), "port": str(port), "base_url": f"http://127.0.0.1:{port}"}
    variables = {f"QUEUE_{name.upper()}": value for name, value in told.items()}
    with program("queue_service", "serve", port=port, variables=variables, cpu=machine.SERVER_CPU) as served:
        yield served


@contextmanager
def program(
    *words: str, port: int, variables: Mapping[str, str], cpu: int, log: IO[bytes] | None = None
) -> Iterator[Served]:
    """A module of ours as a process, from when it answers. `log`: where it goes; None: beside the bench's own words."""
    with machine.pinned(cpu):
        process = subprocess.Popen([sys.executable, "-m", *words], env={**os.environ, **variables}, stderr=log)
    served = Served(port=port, pid=process.pid)
    try:
        deadline_s = time.monotonic() + START_S_MAX
        while True:
            assert process.poll() is None and time.monotonic() < deadline_s, f"{words[0]} did not start"
            with suppress(httpx.TransportError):
                if httpx.get(f"{served.url}/healthz").is_success:
                    break
            time.sleep(START_LOOK_S)
        yield served
    finally:
        process.terminate()
        process.wait(STOP_S_MAX)


def data_dir(folder: str) -> Settings:
    """The settings of a core whose files are in `folder`."""
    return Settings(data_dir=Path(folder), database_url=None)
