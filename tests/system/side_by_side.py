"""Several processes of one service, people who press on at several branches, and screens that follow."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random  # noqa: TID251 seeded; it only spreads the screens' returns

from queue_service.wire.follower import Follower, live_url
from queue_service.wire.session import SessionState
from tests.core import Core
from tests.system.pressing import Client

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
