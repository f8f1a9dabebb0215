"""Several processes of one service under load: one is killed, each is restarted in turn, in the end all must stop."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.core import Core, demo_port, running, staged
from tests.system.pressing import assert_all_is_there, clients_of, hall_of
from tests.system.side_by_side import LOAD_S, PROCESSES, WAIT_S_MAX, Halls, Screens, followed, pressed, serving


@pytest.fixture
def core(database: str, tmp_path: Path) -> Core:
    """Several processes on PostgreSQL, not started yet."""
    core = staged(tmp_path / "core", database)
    core.more |= {"QUEUE_PROCESSES": str(PROCESSES), "QUEUE_PROCESS_PORT_FIRST": str(demo_port())}
    return core


async def test_nothing_is_lost_when_one_is_killed_all_are_restarted_and_all_stop(core: Core) -> None:
    async with httpx.AsyncClient(timeout=WAIT_S_MAX) as http:
        with running(core):
            halls = {
                hall_of(core, elsewhere=elsewhere): await clients_of(core, http, elsewhere=elsewhere)
                for elsewhere in (False, True)
            }
            first = int(core.more["QUEUE_PROCESS_PORT_FIRST"])
            for port in range(first, first + PROCESSES):  # where a proxy finds each of them
                assert (await http.get(f"http://127.0.0.1:{port}/readyz")).is_success
            async with followed(core, halls) as screens:
                await _every_screen_sees_what_one_process_did(screens, halls)
                async with pressed(halls):
                    before = screens.epochs()
                    os.kill(min(serving(core)), signal.SIGKILL)
                    back_s = await screens.until_one_process_is_seen_no_more(before)
                print(f"\nscreens back {back_s:.2f} s after the kill")
                await _restarted_one_after_another(core, screens, halls)
                await _every_screen_sees_what_one_process_did(screens, halls)
            cut = [client.act_until_cut(hall) for hall, clients in halls.items() for client in clients]
            acting = asyncio.gather(*cut)
            await asyncio.sleep(LOAD_S)
            process = core.process
            await asyncio.to_thread(core.stop)
            await acting
    assert process is not None and process.returncode == 0
    for elsewhere, clients in zip((False, True), halls.values(), strict=True):
        assert any(client.cuts for client in clients)
        await assert_all_is_there(core, clients, elsewhere=elsewhere)


async def _restarted_one_after_another(core: Core, screens: Screens, halls: Halls) -> None:
    former = screens.epochs()
    for pid in sorted(serving(core)):
        async with pressed(halls):
            before = screens.epochs()
            os.kill(pid, signal.SIGTERM)
            await screens.until_one_process_is_seen_no_more(before)
            async with asyncio.timeout(WAIT_S_MAX):
                while len(serving(core)) < PROCESSES:  # noqa: ASYNC110 a process sets no event
                    await asyncio.sleep(0.05)
    assert not former & screens.epochs(), "each has been replaced by another that serves"


async def _every_screen_sees_what_one_process_did(screens: Screens, halls: Halls) -> None:
    for hall, (kiosk, *_) in halls.items():
        await kiosk.act(hall)
        issued = list(kiosk.acknowledged.values())[-1]
        seq = int(issued["id"].rpartition("-")[2])
        await screens.until_all_show(hall, seq)
