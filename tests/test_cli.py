"""`queue-service` as an operator starts it: what can be expected to fail is one line, in the terminal's language."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from queue_service import __version__
from queue_service.infra.database import sqlite_writer
from queue_service.infra.migrate import migrate
from queue_service.settings import Settings
from tests.core import START_S_MAX, free_port
from tests.programs import ran

COMMAND = [sys.executable, "-m", "queue_service"]


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Of a terminal that speaks English, with nothing of ours set but what is given."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("QUEUE_", "LC_", "LANG"))}
    return {**others, "LC_ALL": "en_GB.UTF-8", "QUEUE_DATA_DIR": str(data), **variables}


def run(data: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return ran("queue_service", *words, env=environment(data, **variables), timeout_s=START_S_MAX)


@contextmanager
def serving(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A core that listens, and the lines that it wrote since."""
    variables = environment(data, QUEUE_PORT=str(port))
    with subprocess.Popen([*COMMAND, "serve"], env=variables, stderr=subprocess.PIPE, text=True) as core:
        try:
            assert core.stderr is not None
            first = core.stderr.readline()
            assert '"event":"listening"' in first, first
            assert f"127.0.0.1:{port}" in first and __version__ in first
            yield core
        finally:
            core.kill()


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A folder with migrated databases."""
    await migrate(Settings(data_dir=tmp_path, database_url=None))
    return tmp_path


def test_a_start_and_an_end_are_told_and_nothing_else(data: Path) -> None:
    with serving(data, free_port()) as core:
        core.send_signal(signal.SIGTERM)
        _, rest = core.communicate(timeout=START_S_MAX)
    assert [re.findall('"event":"(.*?)"', line) for line in rest.splitlines()] == [["stopping"], ["stopped"]]
    assert core.returncode == 0


def test_a_second_core_on_a_port_or_data_in_use_is_told(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    port = free_port()
    with serving(data, port):
        on_port = run(tmp_path_factory.mktemp("other"), "serve", QUEUE_PORT=str(port))
        on_data = run(data, "serve", QUEUE_PORT="0", LC_ALL="zh_CN.UTF-8")
        migration = run(data, "migrate", QUEUE_DATABASE_WAIT_S_MAX="0.1")
    assert on_port.stderr == (
        f"The port is in use: 127.0.0.1:{port}. Stop the program that has it, or choose another port.\n"
    )
    assert on_data.stderr.startswith("数据正被另一个进程使用：") and on_data.stderr.count("\n") == 1
    assert migration.stderr.startswith("Another process is using the data:") and migration.stderr.count("\n") == 1
    assert [process.returncode for process in (on_port, on_data, migration)] == [1, 1, 1]


def test_several_processes_on_sqlite_are_told_what_they_want(data: Path) -> None:
    result = run(data, "serve", "--processes", "2", QUEUE_PORT="0")
    assert (result.returncode, result.stderr) == (
        1,
        "2 processes cannot share SQLite files. Name a PostgreSQL with QUEUE_DATABASE_URL,"
        " or serve with one process.\n",
    )


@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("staff", "list"),
        ("staff", "add", "--username", "anna", "--name", "Anna", "--role", "admin"),
        ("device", "list"),
        ("catalog", "export", "east-gate"),
        ("secret", "rotate"),
    ],
)
def test_databases_that_are_not_migrated_are_told_by_every_command(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = run(tmp_path, *words, QUEUE_PORT="0")
    told = "The databases are not of this release. Run first: queue-service migrate\n"
    assert (result.returncode, result.stderr, result.stdout) == (1, told, "")


@pytest.mark.parametrize("words", ["serve", "migrate"])
async def test_databases_of_a_newer_release_are_told(data: Path, words: str) -> None:
    engine = sqlite_writer(data / "tables.db", 1)
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO alembic_version VALUES ('2099_01_01_later')"))
    await engine.dispose()
    result = run(data, words, QUEUE_PORT="0")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "of a newer release" in result.stderr


@pytest.mark.parametrize("words", ["serve", "migrate"])
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://hall:p4ssw0rd@127.0.0.1:1/hall", "Connection refused"),
        ("postgresql://hall:p4ss/w0rd@127.0.0.1/hall", "QUEUE_DATABASE_URL"),
        ("mysql://hall:p4ssw0rd@127.0.0.1/hall", "QUEUE_DATABASE_URL"),
        ("postgresql://hall:p4ssw0rd@127.0.0.1/hall?sslmode=p4ssw0rd", "QUEUE_DATABASE_URL"),
    ],
)
def test_a_database_out_of_reach_is_told_without_its_password(
    tmp_path: Path, words: str, address: str, told: str
) -> None:
    result = run(tmp_path, words, QUEUE_PORT="0", QUEUE_DATABASE_URL=address)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1), result.stderr
    assert told in result.stderr
    assert "p4ss" not in result.stderr


def test_a_database_that_does_not_exist_is_told(tmp_path: Path, postgres_url: str) -> None:
    result = run(tmp_path, "migrate", QUEUE_DATABASE_URL=postgres_url.replace("/postgres?", "/nowhere?"))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert 'database "nowhere" does not exist' in result.stderr


def test_every_wrong_setting_is_a_line_with_what_would_be_right(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        "serve",
        QUEUE_BASE_URL="queue.example.org",
        QUEUE_LIVE_FOLD_S="nan",
        QUEUE_LOG_LEVEL="loud",
        QUEUE_PORT="70000",
        QUEUE_PROT="1",
        QUEUE_TRUSTED_PROXIES="10.0.0.1, hall",
    )
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "Warning: there is no setting QUEUE_PROT; it is ignored. Did you mean QUEUE_PORT?",
        "QUEUE_BASE_URL: “queue.example.org” is not right. It should be an address that begins with http:// or https://"
        " and has no query, such as https://queue.example.org. Default: http://127.0.0.1:8000.",
        "QUEUE_PORT: “70000” is not right. It should be a whole number, at least 0, at most 65535. Default: 8000.",
        "QUEUE_TRUSTED_PROXIES: “10.0.0.1, hall” is not right. It should be IP addresses or networks with commas"
        " between them, such as 10.0.0.5, 192.168.0.0/16. Default: –.",
        "QUEUE_LOG_LEVEL: “loud” is not right. It should be one of debug, info, warning, error. Default: info.",
        "QUEUE_LIVE_FOLD_S: “nan” is not right. It should be a number, above 0, at most 1. Default: 0.2.",
    ]


@pytest.mark.parametrize("written", ["10.0.0.1, 192.168.0.0/16", '["10.0.0.1", "192.168.0.0/16"]'])
def test_trusted_proxies_are_a_list_with_commas_or_of_json(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("QUEUE_TRUSTED_PROXIES", written)
    assert Settings().trusted_proxies == ["10.0.0.1", "192.168.0.0/16"]


def test_what_nobody_expected_shows_its_kinds_and_places_and_no_words(data: Path) -> None:
    broken = "import queue_service.app, queue_service.cli\nqueue_service.app.open_bus = lambda _: int('p4ssw0rd')\n"
    result = subprocess.run(
        [sys.executable, "-c", broken + "queue_service.cli.app(['serve'])"],
        env=environment(data, QUEUE_PORT="0"),
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
        check=False,
    )
    assert result.returncode == 1
    assert '"kind":"builtins.ValueError"' in result.stderr and "queue_service.app" in result.stderr
    assert "p4ssw0rd" not in result.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    told = subprocess.run(
        [*COMMAND, "--version"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
        check=True,
    )
    assert told.stdout == f"queue-service {__version__}\n"
