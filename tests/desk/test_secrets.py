"""One secret for all processes, which can be replaced."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from queue_service.cli import app
from queue_service.desk.secrets import SECRET_BYTES, read_or_make, rotate
from queue_service.infra.database import Database
from queue_service.infra.migrate import migrate
from queue_service.settings import Settings
from tests.desk.house import at


@pytest.fixture
async def database(storage: Settings) -> AsyncIterator[Database]:
    database = await Database.open(storage)
    yield database
    await database.close()


async def test_the_first_start_makes_one_for_ever(database: Database) -> None:
    (secret,) = await read_or_make(database, at(9))
    assert len(secret) == SECRET_BYTES
    assert await read_or_make(database, at(10)) == (secret,)


async def test_processes_that_start_together_have_one_whatever_their_folders(storage: Settings, tmp_path: Path) -> None:
    """On PostgreSQL each may have a folder of its own."""
    folders = [tmp_path / name if storage.database_url else storage.data_dir for name in "abcd"]
    databases = [await Database.open(storage.model_copy(update={"data_dir": folder})) for folder in folders]
    found = await asyncio.gather(*(read_or_make(database, at(9)) for database in databases))
    for database in databases:
        await database.close()
    assert len(set(found)) == 1
    assert len(found[0]) == 1
    assert not (tmp_path / "a").exists()


async def test_a_new_one_comes_first_and_the_former_stay(database: Database) -> None:
    (first,) = await read_or_make(database, at(9))
    await rotate(database, at(10))
    second, *former = await read_or_make(database, at(11))
    assert former == [first] != [second]
    await rotate(database, at(12), forgets_former=True)
    (third,) = await read_or_make(database, at(13))
    assert third not in {first, second}


def test_the_command_makes_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("QUEUE_DATABASE_URL", raising=False)
    settings = Settings()

    async def present() -> tuple[bytes, ...]:
        database = await Database.open(settings)
        secrets = await read_or_make(database, at(9))
        await database.close()
        return secrets

    refused = CliRunner().invoke(app, ["secret", "rotate"])
    assert refused.exit_code == 1
    assert "queue-service migrate" in refused.output
    asyncio.run(migrate(settings))
    first = asyncio.run(present())
    assert CliRunner().invoke(app, ["secret", "rotate"]).exit_code == 0
    assert asyncio.run(present())[1:] == first
    told = CliRunner().invoke(app, ["secret", "rotate", "--forget-former"])
    assert told.exit_code == 0
    assert len(asyncio.run(present())) == 1
    assert "restart" in told.output
