"""Databases for tests: a real PostgreSQL, started once for a run, and a fresh migrated database for each test.

`TEST_DATABASE_URL` names a server to use (its role must be allowed to create databases); without it a private server is
started from the installed programs, on a socket of its own, and ends with the test run, however that ends.
"""

import asyncio
import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from queue_service.infra.migrate import migrate
from queue_service.settings import Settings

START_S_MAX = 60
FOLDER = pytest.StashKey[Path]()
# Ends the server when the run is over, even when the run was killed and could not do so itself.
WATCH = """(
"$1" -D "$2" & server=$!
trap 'kill -INT $server' TERM INT
while { [ -d /proc/"$3" ] || kill -0 "$3" 2>/dev/null; } && kill -0 $server; do sleep 0.2; done
kill -INT $server; wait $server; rm -rf "$2"
) &"""
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
fsync = on
synchronous_commit = on
log_min_messages = panic
"""


def pytest_configure(config: pytest.Config) -> None:
    """Agrees on one folder for all workers of a run; the first test that wants a server fills it."""
    handed_over = getattr(config, "workerinput", {}).get("postgres_folder")
    own = Path(tempfile.gettempdir(), f"queue-test-{secrets.token_hex(6)}")
    config.stash[FOLDER] = Path(handed_over) if handed_over else own


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _lock_path(config.stash[FOLDER]).unlink(missing_ok=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres_folder"] = str(node.config.stash[FOLDER])


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """A server on which databases may be created."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    folder = pytestconfig.stash[FOLDER]
    run_pid = os.getppid() if hasattr(pytestconfig, "workerinput") else os.getpid()
    with _lock_path(folder).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _start(folder, run_pid)
    return f"postgresql://postgres@/postgres?host={folder}"


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database to copy."""
    name = f"queue_test_{secrets.token_hex(6)}"
    _run(_execute(postgres_url, f"CREATE DATABASE {name}"))
    _run(migrate(Settings(database_url=_named(postgres_url, name))))
    yield name
    _run(_execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """The address of a migrated, empty PostgreSQL database for one test."""
    async with _copy(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
async def postgres_empty(postgres_url: str) -> AsyncIterator[str]:
    """The address of a PostgreSQL database with nothing in it."""
    async with _copy(postgres_url, "template0") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a migrated, empty store: the test runs once on each kind of database."""
    if request.param == "postgres":
        server, template = (request.getfixturevalue(name) for name in ("postgres_url", "postgres_template"))
        async with _copy(server, template) as url:
            yield Settings(data_dir=tmp_path, database_url=url)
    else:
        settings = Settings(data_dir=tmp_path, database_url=None)
        await migrate(settings)
        yield settings


@contextlib.asynccontextmanager
async def _copy(server_url: str, template: str) -> AsyncIterator[str]:
    name = f"queue_test_{secrets.token_hex(6)}"
    await _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _named(server_url, name)
    finally:
        await _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def owner_of_server() -> tuple[str, dict[str, Any]]:
    """Whom a server's folder belongs to, and how `subprocess` is told to run as that user: not as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name, {}
    return "postgres", {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}


def _start(folder: Path, run_pid: int) -> None:
    owner, as_owner = owner_of_server()
    data = folder.with_suffix(".starting")
    data.mkdir(mode=0o700)
    shutil.chown(data, owner)
    initdb = [program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=data, **as_owner)
    (data / "postgresql.auto.conf").write_text(CONFIGURATION.format(folder=folder))
    data.rename(folder)
    subprocess.run(
        ["/bin/sh", "-c", WATCH, "watch", program("postgres"), folder, str(run_pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
        check=True,
        **as_owner,
    )
    deadline = time.monotonic() + START_S_MAX
    while subprocess.run([program("pg_isready"), "-q", "-h", folder], check=False).returncode != 0:
        assert time.monotonic() < deadline, "PostgreSQL did not start"
        time.sleep(0.05)


def program(name: str) -> str:
    """Where one of the server's programs is."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    assert found, f"{name} is missing: install the PostgreSQL server (15 or newer), or set TEST_DATABASE_URL"
    return found


def _lock_path(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` in a loop of its own, whatever loop this thread has."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(asyncio.run, work).result()
