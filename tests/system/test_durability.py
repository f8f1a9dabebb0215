"""A process that is killed under load: what was acknowledged is there, and a retry is told the truth."""

import asyncio
import signal
from random import Random  # noqa: TID251 seeded; it only picks the moments of the kills

import httpx

from tests.core import Core
from tests.system.books import books
from tests.system.pressing import assert_all_is_there, clients_of

KILLS = 8
LOAD_S_MIN, LOAD_S_MAX = 0.1, 0.4


async def test_what_was_acknowledged_outlives_every_kill(core: Core) -> None:
    chance = Random(KILLS)
    async with httpx.AsyncClient(timeout=30) as http:
        clients = await clients_of(core, http)
        for _ in range(KILLS):
            acting = [asyncio.ensure_future(client.act_until_cut(core.hall)) for client in clients]
            await asyncio.sleep(chance.uniform(LOAD_S_MIN, LOAD_S_MAX))
            await asyncio.to_thread(core.stop, signal.SIGKILL)
            await asyncio.gather(*acting)
            await asyncio.to_thread(core.start)
        for client in clients:
            await client.act(core.hall)  # what the last kill cut off
        board = (await http.get(f"{core.hall}/board")).json()
    core.stop()
    await assert_all_is_there(core, clients)
    _, day = await books(core.settings, core.branch)
    assert {service["id"]: service["waiting"] for service in board["services"] if service["waiting"]} == {
        service: sum(len(lane.waiting) for key, lane in day.lanes.items() if key.service == service)
        for service in {key.service for key in day.lanes}
    }


async def test_a_stop_answers_all_that_was_taken_and_is_a_success(core_sqlite: Core) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        clients = await clients_of(core_sqlite, http)
        acting = asyncio.gather(*(client.act_until_cut(core_sqlite.hall) for client in clients))
        await asyncio.sleep(LOAD_S_MAX)
        process = core_sqlite.process
        await asyncio.to_thread(core_sqlite.stop)
        await acting
    assert process is not None and process.returncode == 0
    await assert_all_is_there(core_sqlite, clients)
