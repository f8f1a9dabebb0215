"""A catalogue on a real database."""

from collections.abc import AsyncIterator

import pytest

from queue_service.infra.database import Database
from queue_service.settings import Settings


@pytest.fixture
async def tables(storage: Settings) -> AsyncIterator[Database]:
    database = await Database.open(storage)
    yield database
    await database.close()
