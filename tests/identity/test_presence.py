"""Whichever process holds a kiosk's socket, every one knows that the kiosk is connected."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from queue_service.identity.presence import RENEW_S, SEEN_S_MAX, Presence, kiosks, presence
from queue_service.identity.rules import Caller, DeviceKind
from queue_service.identity.service import DeviceAdded, Identity
from queue_service.infra.database import Database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HALL = "zhongshan-road"


@pytest.fixture
async def door(identity: Identity) -> Caller:
    """The kiosk by the door; the one by the stairs is never connected."""
    callers = []
    for name in ("door", "stairs"):
        added = await identity.add_device(kind=DeviceKind.KIOSK, name=name, branch_id=HALL)
        assert isinstance(added, DeviceAdded)
        callers.append(await identity.device(added.token, NOW))
    assert callers[0] is not None
    return callers[0]


async def told(tables: Database, now: datetime) -> dict[str, bool]:
    return {kiosk.name: kiosk.is_connected for kiosk in await kiosks(tables, [HALL], now)}


async def test_a_kiosk_is_connected_while_a_socket_of_it_is_open(tables: Database, door: Caller) -> None:
    here = Presence(tables, "here")
    with here.here(door):
        with here.here(door):
            await here.keep(NOW)
            assert await told(tables, NOW) == {"door": True, "stairs": False}
        await here.keep(NOW)
        assert (await told(tables, NOW))["door"]
    await here.keep(NOW)
    assert not (await told(tables, NOW))["door"]


async def test_a_kiosk_that_went_to_another_process_stays_connected(tables: Database, door: Caller) -> None:
    here, there = Presence(tables, "here"), Presence(tables, "there")
    with here.here(door):
        await here.keep(NOW)
    with there.here(door):
        await there.keep(NOW)
        await here.keep(NOW)
        assert (await told(tables, NOW))["door"]


async def test_a_kiosk_that_came_back_between_two_looks_stays_connected(tables: Database, door: Caller) -> None:
    here, there = Presence(tables, "here"), Presence(tables, "there")
    with here.here(door):
        await here.keep(NOW)
        with there.here(door):
            await there.keep(NOW)
        await there.keep(NOW)
        assert (await told(tables, NOW))["door"], "it never left the first, as far as that one saw"
    await here.keep(NOW)
    assert not (await told(tables, NOW))["door"]


async def test_what_was_lost_is_written_anew_and_what_is_old_goes(tables: Database, door: Caller) -> None:
    died, here = Presence(tables, "died"), Presence(tables, "here")
    with died.here(door), here.here(door):
        await died.keep(NOW)
        await here.keep(NOW)
        async with tables.write() as connection:
            await connection.execute(delete(presence).where(presence.c.process == "here"))
        later = NOW + timedelta(seconds=SEEN_S_MAX)
        await here.keep(later)
        assert (await told(tables, later))["door"]
    async with tables.read() as connection:
        assert list(await connection.scalars(select(presence.c.process))) == ["here"]


async def test_the_kiosks_of_a_process_that_died_are_not_believed_for_long(tables: Database, door: Caller) -> None:
    here = Presence(tables, "here")
    with here.here(door):
        await here.keep(NOW)
        renewed = NOW + timedelta(seconds=RENEW_S)
        await here.keep(renewed)
        assert (await told(tables, NOW + timedelta(seconds=SEEN_S_MAX)))["door"]
        assert not (await told(tables, renewed + timedelta(seconds=SEEN_S_MAX)))["door"]


async def test_a_deactivated_kiosk_is_none(tables: Database, identity: Identity, door: Caller) -> None:
    await identity.deactivate_device(door.id)
    assert await told(tables, NOW) == {"stairs": False}
