"""An identity on a real database, with passwords that hash in no time."""

from collections.abc import AsyncIterator

import pytest

from queue_service.identity.service import Identity
from queue_service.infra.database import Database
from queue_service.settings import Settings
from tests.identity.signing import Hasher, Seconds, a_hasher


@pytest.fixture
async def tables(storage: Settings) -> AsyncIterator[Database]:
    database = await Database.open(storage)
    yield database
    await database.close()


@pytest.fixture
def hasher() -> Hasher:
    return Hasher()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def identity(tables: Database, storage: Settings, hasher: Hasher, seconds: Seconds) -> AsyncIterator[Identity]:
    identity = Identity(tables, storage, a_hasher(hasher), seconds)
    yield identity
    identity.close()
