"""Desks for tests."""

from collections.abc import AsyncIterator

import pytest

from queue_service.settings import Settings
from tests.desk.house import House, a_house


@pytest.fixture
async def house(storage: Settings) -> AsyncIterator[House]:
    """A desk on each kind of database; it is nine o'clock on Monday."""
    async with a_house(storage) as house:
        yield house
