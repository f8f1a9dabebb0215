"""An identity on a real database, with passwords that hash in no time."""

from collections.abc import AsyncIterator

import pytest

from queue_service.identity.service import Identity
from queue_service.infra.database import Database
from queue_service.settings import Settings
from tests.identity.signing import Hasher, a_hasher


@pytest.fixture
async def tables(storage: Settings) -> AsyncIterator[Database]:
    database = await Database.open(storage)
    yield database
    await database.close()


@pytest.fixture
def hasher() -> Hasher:
    return Hasher()


@pytest.fixture
async def identity(tables: Database, storage: Settings, hasher: Hasher) -> AsyncIterator[Identity]:
    identity = Identity(tables, storage, a_hasher(hasher))
    yield identity
    identity.close()
