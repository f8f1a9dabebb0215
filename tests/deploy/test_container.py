"""The container file's very commands, and the core that they install, with the settings that compose gives it."""

import asyncio
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import yaml
from sqlalchemy.exc import DBAPIError

from queue_service.infra.migrate import require_current
from queue_service.settings import Settings
from tests.core import demo_port
from tests.deploy.containerfile import ROOT, Image, steps
from tests.postgres import owner_of_server, program

START_S_MAX = 90
STOP_S_MAX = 60
pytestmark = pytest.mark.xdist_group("image")  # or one process would wait for the other to build it
USER_ID_MIN = 10_000
"""Above the users of any machine, so that a process that breaks out is nobody there."""


@contextmanager
def postgres(password: str) -> Iterator[Path]:
    """A server as compose's: it wants the password of its user `queue`, who has a database of that name."""
    folder = Path(tempfile.mkdtemp(prefix="queue-deploy-"))
    owner, as_owner = owner_of_server()
    secret = folder / "password"
    secret.write_text(password)
    for path in (folder, secret):
        shutil.chown(path, owner)
    data = folder / "data"
    making = [program("initdb"), "-D", data, "-U", "queue", "-A", "scram-sha-256", "--pwfile", secret, "--no-sync"]
    subprocess.run(making, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_owner)
    serving = [program("postgres"), "-D", data, "-k", folder, "-c", "listen_addresses="]
    server = subprocess.Popen(serving, stderr=subprocess.DEVNULL, cwd=folder, **as_owner)
    try:
        deadline = time.monotonic() + START_S_MAX
        while subprocess.run([program("pg_isready"), "-q", "-h", folder], check=False).returncode != 0:
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.05)
        asyncio.run(_create_database(folder, password))
        yield folder
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(STOP_S_MAX)
        shutil.rmtree(folder)


async def _create_database(folder: Path, password: str) -> None:
    connection = await asyncpg.connect(host=str(folder), user="queue", password=password, database="postgres")
    await connection.execute("CREATE DATABASE queue")
    await connection.close()


def test_the_image_serves_what_compose_gives_it(image: Image, tmp_path: Path) -> None:
    password, port = secrets.token_hex(12), demo_port()
    log = tmp_path / "log"
    (tmp_path / "secret").write_text(password + "\n")
    with postgres(password) as server:
        environment = _of_compose(server, tmp_path / "secret", port)
        (tmp_path / "wrong").write_text("guessed")
        guessing = Settings(database_url=environment["QUEUE_DATABASE_URL"], database_password_file=tmp_path / "wrong")
        with pytest.raises(DBAPIError, match="password authentication failed"):
            asyncio.run(require_current(guessing))
        assert image.started("migrate", environment=environment, log=log).wait(START_S_MAX) == 0
        core = image.started(environment=environment, log=log)
        try:
            deadline = time.monotonic() + START_S_MAX
            for one in range(port, port + 1 + int(environment["QUEUE_PROCESSES"])):
                while not image.is_healthy(one):
                    assert core.poll() is None, log.read_text()
                    assert time.monotonic() < deadline, log.read_text()
            assert httpx.get(f"http://127.0.0.1:{port}/counter", headers={"Accept": "text/html"}).is_success
        finally:
            core.send_signal(getattr(signal, image.stop_signal))
            ended = core.wait(STOP_S_MAX)
        assert ended == 0, log.read_text()
        assert not image.is_healthy(port)
        assert password not in log.read_text()


def _of_compose(server: Path, secret: Path, port: int) -> dict[str, str]:
    """The core's environment of the compose file, with its places moved; the processes' own ports are above `port`."""
    compose = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text(encoding="utf-8"))
    environment: dict[str, str] = compose["services"]["core"]["environment"]
    address = urlsplit(environment["QUEUE_DATABASE_URL"])
    assert address.hostname in compose["services"]
    assert address.password is None, "it comes from the secret"
    moved = f"{address.scheme}://{address.username}@{address.path}?host={server}"
    base_url = re.sub(r"^\$\{QUEUE_BASE_URL:\?.*\}$", "https://queue.example.org", environment["QUEUE_BASE_URL"])
    return environment | {
        "QUEUE_BASE_URL": base_url,
        "QUEUE_DATABASE_URL": moved,
        "QUEUE_DATABASE_PASSWORD_FILE": str(secret),
        "QUEUE_PORT": str(port),
        "QUEUE_PROCESS_PORT_FIRST": str(port + 1),
    }


def test_the_image_is_small_and_runs_as_nobody(image: Image) -> None:
    user, _, group = image.user.partition(":")
    assert int(user) == int(group) >= USER_ID_MIN
    assert not list((image.folder / "opt/queue-service").glob("lib/*/site-packages/pip")), "nothing installs more"
    assert not list((image.folder / "opt/queue-service").glob("lib/*/site-packages/hatchling"))
    assert not list((image.folder / "opt/queue-service").glob("lib/*/site-packages/PIL")), "the kiosk's"
    assert (image.folder / "var/lib/queue-service").stat().st_mode & 0o777 == 0o700
    said = {step.word: step.rest for step in steps()}
    assert said["VOLUME"] == image.environment["QUEUE_DATA_DIR"].removeprefix(str(image.folder))
    assert said["EXPOSE"] == image.environment["QUEUE_PORT"]
    assert all("slim" in step.rest for step in steps() if step.word == "ARG")
