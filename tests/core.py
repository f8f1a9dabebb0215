"""A real core for tests: the service's own process on a free port, with the demo's halls and people."""

import asyncio
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from queue_service.settings import Settings
from tests.programs import Program

START_S_MAX = 60
DEMO_PORTS = range(20_000, 32_000)
QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64),))
"""Passwords that cost little; a check takes its cost from the hash."""


@dataclass
class Core:
    """A running core. `staff`: by role, dicts of username, password and, for tellers, window."""

    settings: Settings
    access: dict[str, Any]
    process: Program | None = None
    more: dict[str, str] = field(default_factory=dict)
    log: Path | None = None
    """Where its log goes; None: to the tests' own output."""

    @property
    def base_url(self) -> str:
        return self.settings.base_url

    @property
    def api(self) -> str:
        return f"{self.base_url}/api/v1"

    @property
    def branch(self) -> str:
        branch: str = self.access["branch"]
        return branch

    @property
    def hall(self) -> str:
        """The address of the branch's routes."""
        return f"{self.api}/branches/{self.branch}"

    def staff(self, role: str) -> list[dict[str, Any]]:
        return [member for member in self.access["staff"] if member["role"] == role]

    def device(self, name: str = "kiosk") -> dict[str, str]:
        """Headers that speak as a device."""
        (token,) = (device["token"] for device in self.access["devices"] if device["name"] == name)
        return {"Authorization": f"Bearer {token}"}

    @contextmanager
    def client(self, member: dict[str, Any] | None = None) -> Iterator[httpx.Client]:
        """A client of the branch's routes, signed in as a member of staff if one is given."""
        with httpx.Client(base_url=self.hall, timeout=30, headers={"Accept-Language": "en"}) as client:
            if member is not None:
                signed = client.post(
                    f"{self.api}/session", json={"username": member["username"], "password": member["password"]}
                )
                assert signed.status_code == 200, signed.text
            yield client

    def issue(self, service: str, **more: Any) -> dict[str, Any]:
        """A number from the kiosk."""
        answer = httpx.post(f"{self.hall}/tickets", json={"service": service, **more}, headers=self.device())
        assert answer.status_code == 201, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket

    def start(self) -> None:
        """Starts the process and waits until it is ready."""
        from queue_service.simulate.stage import DEFAULTS

        environment = {
            **os.environ,
            **DEFAULTS,
            "QUEUE_DATA_DIR": str(self.settings.data_dir),
            "QUEUE_BASE_URL": self.base_url,
            "QUEUE_PORT": str(self.settings.port),
            "QUEUE_LOG_LEVEL": "warning",
            **self.more,
        }
        if self.settings.database_url is not None:
            environment["QUEUE_DATABASE_URL"] = self.settings.database_url
        self.process = Program("queue_service", "serve", env=environment, log=self.log)
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the core ended at its start"
            try:
                if httpx.get(f"{self.base_url}/readyz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the core was not ready in time")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def demo_port() -> int:
    """A port that is free with the two above it, for a demo; below those that the kernel gives to others."""
    for port in range(DEMO_PORTS.start + os.getpid() % 1000 * 9, DEMO_PORTS.stop, 3):
        with suppress(OSError), ExitStack() as stack:
            for one in range(port, port + 3):
                stack.enter_context(socket.create_server(("127.0.0.1", one)))
            return port
    raise AssertionError("no free ports")


def staged(data_dir: Path, database_url: str | None = None) -> Core:
    """A core that has not started, with halls and people of its own."""
    from queue_service.simulate.stage import set_stage

    port = free_port()
    settings = Settings(data_dir=data_dir, database_url=database_url, port=port, base_url=f"http://127.0.0.1:{port}")
    return Core(settings, asyncio.run(set_stage(settings, QUICK, has_real_hours=False)))


def sibling(core: Core) -> Core:
    """Another process of the same service, on the same database."""
    port = free_port()
    settings = core.settings.model_copy(update={"port": port, "base_url": f"http://127.0.0.1:{port}"})
    return Core(settings, {**core.access, "base_url": settings.base_url}, more=core.more)


@contextmanager
def running(core: Core) -> Iterator[Core]:
    core.start()
    try:
        yield core
    finally:
        core.stop()


@pytest.fixture(scope="session")
def stage_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """The stage that the cores on SQLite copy."""
    return staged(tmp_path_factory.mktemp("stage"))


@pytest.fixture
def core_sqlite(stage_sqlite: Core, tmp_path: Path) -> Iterator[Core]:
    """A core of one test, on SQLite."""
    data_dir = tmp_path / "core"
    shutil.copytree(stage_sqlite.settings.data_dir, data_dir)
    port = free_port()
    settings = stage_sqlite.settings.model_copy(
        update={"data_dir": data_dir, "port": port, "base_url": f"http://127.0.0.1:{port}"}
    )
    access = {**stage_sqlite.access, "base_url": settings.base_url}
    with running(Core(settings, access)) as core:
        yield core


@pytest.fixture
def core_postgres(database: str, tmp_path: Path) -> Iterator[Core]:
    """A core of one test, on PostgreSQL."""
    with running(staged(tmp_path / "core", database)) as core:
        yield core


@pytest.fixture(params=["sqlite", "postgres"])
def core(request: pytest.FixtureRequest) -> Core:
    """A core of one test, on each kind of database."""
    core: Core = request.getfixturevalue(f"core_{request.param}")
    return core
