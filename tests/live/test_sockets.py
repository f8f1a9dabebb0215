"""Hub, server and session together, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from queue_service.infra.push import Sockets, pushable
from queue_service.live.channels import ChannelKey, Hub, Snapshot
from queue_service.settings import Settings
from queue_service.wire.clock import system_clock
from queue_service.wire.session import Session, SessionState, Step
from tests.infra.serving import frozen_client, serving, until

BOARD = ChannelKey(branch="zhongshan", view="board")


class Hall:
    """A day that is just a number, live."""

    def __init__(self, settings: Settings, epoch: str) -> None:
        self.day = 0
        self.hub = Hub(settings=settings, epoch=epoch, clock=system_clock, scheduler=asyncio.get_running_loop())

    def view(self) -> Snapshot:
        return Snapshot(self.day, json.dumps({"day": self.day, "pad": "x" * 4000}).encode())

    def change(self, *, urgent: bool = False) -> None:
        self.day += 1
        self.hub.offer(BOARD, urgent=urgent)

    async def live(self, websocket: WebSocket) -> None:
        await websocket.accept()
        subscription = self.hub.subscribe(BOARD, pushable(websocket.scope), self.view, owner="session-1")
        try:
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self.hub.unsubscribe(subscription)


class Screen:
    """The thinnest driver of a session over a real socket."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://127.0.0.1:{port}/live"
        self._loop = asyncio.get_running_loop()
        self.session = Session(now_s=self._loop.time(), chance=lambda: 0.0)
        self.days: list[int] = []

    @property
    def state(self) -> SessionState:
        return self.session.state(self._loop.time())

    async def run(self) -> None:
        while True:
            if self.session.step(self._loop.time()) is not Step.CONNECT:
                await asyncio.sleep(self.session.wait_s(self._loop.time()))
                continue
            try:
                async with connect(self._url, ping_interval=None, close_timeout=1) as socket:
                    self.session.opened(self._loop.time())
                    await self._follow(socket)
            except (OSError, TimeoutError, ConnectionClosed):
                self.session.lost(self._loop.time())

    async def _follow(self, socket: ClientConnection) -> None:
        while True:
            async with asyncio.timeout(self.session.wait_s(self._loop.time())):
                message = await socket.recv()
            view = self.session.received(message, self._loop.time())
            if view is not None:
                self.days.append(json.loads(bytes(view.data))["day"])


@asynccontextmanager
async def running(*screens: Screen) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(screen.run()) for screen in screens]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def hall(epoch: str = "e1", **settings: Any) -> AsyncIterator[tuple[Hall, int]]:
    chosen = Settings(**settings)
    opened = Hall(chosen, epoch)
    app = Starlette(routes=[WebSocketRoute("/live", opened.live)])
    async with serving(app, Sockets(chosen)) as port:
        yield opened, port
    assert len(opened.hub) == 0
    assert opened.hub.keys("zhongshan") == ()


async def test_every_screen_sees_every_call_and_the_last_state_beside_frozen_ones() -> None:
    tasks_before = len(asyncio.all_tasks())
    async with hall(socket_stall_s=1) as (opened, port), AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(frozen_client(port))
        screens = [Screen(port) for _ in range(20)]
        async with running(*screens):
            await until(lambda: len(opened.hub) == 23)
            called = []
            for number in range(300):
                opened.change(urgent=number % 3 == 0)
                if number % 3 == 0:
                    called.append(opened.day)
                await asyncio.sleep(0.005)
            await until(lambda: all(screen.days[-1] == opened.day for screen in screens))
            for screen in screens:
                assert set(called) <= set(screen.days)
                assert all(earlier < later for earlier, later in pairwise(screen.days))
            await until(lambda: len(opened.hub) == 20)
    assert len(asyncio.all_tasks()) == tasks_before


async def test_a_quiet_hall_stays_live_by_heartbeats() -> None:
    async with hall(live_heartbeat_s=0.2) as (_, port):
        screen = Screen(port)
        async with running(screen):
            await until(lambda: screen.state is SessionState.LIVE)
            await asyncio.sleep(0.8)
            age_s = screen.session.age_s(asyncio.get_running_loop().time())
            assert age_s is not None
            assert age_s < 0.5
            assert screen.days == [0]


async def test_a_screen_finds_back_after_its_socket_was_ended() -> None:
    async with hall() as (opened, port):
        screen = Screen(port)
        async with running(screen):
            await until(lambda: screen.days)
            assert opened.hub.close_where(lambda each: each.owner == "session-1", 4401) == 1
            opened.change(urgent=True)
            await until(lambda: screen.days[-1] == opened.day)
            assert screen.state is SessionState.LIVE
