"""Several processes of one service under load: one is killed, each is restarted in turn, in the end all must stop."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random  # noqa: TID251 seeded; it only spreads the screens' returns

import httpx
import pytest

from queue_service.wire.follower import Follower, live_url
from queue_service.wire.session import SessionState
from tests.core import Core, running, staged
from tests.system.pressing import Client, assert_all_is_there, clients_of, hall_of

PROCESSES = 3
SCREENS = 15
"""At each of two branches."""
LOAD_S = 0.7
WAIT_S_MAX = 60
"""For all screens to be right again on a busy test machine; a quiet one takes 1.5, and 5 is promised."""

Halls = dict[str, list[Client]]
"""Who presses on, by the address of their branch's routes."""


class Screens:
    """Boards of several branches, over several processes."""

    def __init__(self, core: Core, halls: Halls) -> None:
        self.news = asyncio.Event()
        chance = Random(SCREENS)
        self.at = {
            hall: [
                Follower(
                    live_url(core.base_url, f"{hall.removeprefix(core.base_url)}/live?view=board"),
                    headers={},
                    chance=chance.random,
                    on_change=self.news.set,
                )
                for _ in range(SCREENS)
            ]
            for hall in halls
        }
        self.all = [screen for screens in self.at.values() for screen in screens]

    def epochs(self) -> set[str]:
        """The processes that the screens see, each by its epoch; none while any screen is not live."""
        if any(screen.state is not SessionState.LIVE for screen in self.all):
            return set()
        return {screen.view.epoch for screen in self.all if screen.view is not None}

    async def until(self, is_so: Callable[[], bool]) -> float:
        """Seconds until it is so."""
        started_s = time.monotonic()
        async with asyncio.timeout(WAIT_S_MAX):
            while not is_so():
                self.news.clear()
                await self.news.wait()
        return time.monotonic() - started_s

    async def until_all_show(self, hall: str, seq: int) -> None:
        await self.until(lambda: all(one.view is not None and one.view.seq >= seq for one in self.at[hall]))

    async def until_one_process_is_seen_no_more(self, before: set[str]) -> float:
        return await self.until(lambda: bool(epochs := self.epochs()) and len(before - epochs) == 1)


@asynccontextmanager
async def followed(core: Core, halls: Halls) -> AsyncIterator[Screens]:
    """Screens that see every process."""
    screens = Screens(core, halls)
    running = [asyncio.ensure_future(screen.run()) for screen in screens.all]
    try:
        await screens.until(lambda: len(screens.epochs()) == PROCESSES)
        yield screens
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


@asynccontextmanager
async def pressed(halls: Halls) -> AsyncIterator[None]:
    """Everybody presses on meanwhile, and until each has the answer to their last request."""
    stop = asyncio.Event()
    acting = [
        asyncio.ensure_future(client.act_until(stop, hall)) for hall, clients in halls.items() for client in clients
    ]
    await asyncio.sleep(LOAD_S)
    yield
    await asyncio.sleep(LOAD_S)
    stop.set()
    async with asyncio.timeout(WAIT_S_MAX):
        await asyncio.gather(*acting)


def serving(core: Core) -> set[int]:
    """The processes that the supervisor has."""
    assert core.process is not None
    return set(map(int, Path(f"/proc/{core.process.pid}/task/{core.process.pid}/children").read_text("ascii").split()))


@pytest.fixture
def core(database: str, tmp_path: Path) -> Core:
    """Several processes on PostgreSQL, not started yet."""
    core = staged(tmp_path / "core", database)
    core.more["QUEUE_PROCESSES"] = str(PROCESSES)
    return core


async def test_nothing_is_lost_when_one_is_killed_all_are_restarted_and_all_stop(core: Core) -> None:
    async with httpx.AsyncClient(timeout=WAIT_S_MAX) as http:
        with running(core):
            halls = {
                hall_of(core, elsewhere=elsewhere): await clients_of(core, http, elsewhere=elsewhere)
                for elsewhere in (False, True)
            }
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
