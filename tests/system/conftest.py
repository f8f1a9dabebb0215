"""Cores that the tests of one file share, because a start costs seconds."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.core import Core, free_port, running, staged
from tests.postgres import _copy
from tests.system.people import hall, open_hall

__all__ = ["hall", "open_hall"]


@pytest.fixture(scope="module")
def shared(stage_sqlite: Core, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A core on SQLite."""
    data_dir = tmp_path_factory.mktemp("shared") / "core"
    shutil.copytree(stage_sqlite.settings.data_dir, data_dir)
    port = free_port()
    settings = stage_sqlite.settings.model_copy(
        update={"data_dir": data_dir, "port": port, "base_url": f"http://127.0.0.1:{port}"}
    )
    with running(Core(settings, stage_sqlite.access)) as core:
        yield core


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database_shared(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    async with _copy(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture(scope="module")
def shared_postgres(database_shared: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A core on PostgreSQL."""
    with running(staged(tmp_path_factory.mktemp("shared") / "core", database_shared)) as core:
        yield core


@pytest.fixture(scope="module", params=["shared", "shared_postgres"], ids=["sqlite", "postgres"])
def shared_each(request: pytest.FixtureRequest) -> Core:
    """A core on each kind of database."""
    core: Core = request.getfixturevalue(request.param)
    return core
