"""A relay behind a real server: the newest state to every page, and only to the own ones."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from uvicorn import Config, Server
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from queue_service.wire import relay as relays
from queue_service.wire.relay import FULL, PAGES_MAX, OwnPagesOnly, Relay

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WAIT_S_MAX = 20


@contextlib.asynccontextmanager
async def serving(relay: Relay) -> AsyncIterator[str]:
    """The relay's address, without its scheme."""

    async def hello(request: Request) -> Response:
        del request
        return PlainTextResponse("hello")

    app = Starlette(
        routes=[Route("/", hello, methods=["GET", "POST"]), WebSocketRoute("/live", relay.serve)],
        middleware=[Middleware(OwnPagesOnly)],
    )
    server = Server(
        Config(app, port=0, lifespan="off", log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=2)
    )
    task = asyncio.ensure_future(server.serve())
    async with asyncio.timeout(WAIT_S_MAX):
        while not server.started:  # noqa: ASYNC110 uvicorn tells it so
            await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def a_relay() -> Relay:
    return Relay(view="kiosk", epoch="e", clock=lambda: NOW)


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S_MAX):
        told: dict[str, Any] = json.loads(await socket.recv())
        return told


async def test_every_page_gets_the_state_and_each_newer_one() -> None:
    relay = a_relay()
    relay.publish({"n": 1})
    async with serving(relay) as at, connect(f"ws://{at}/live") as one, connect(f"ws://{at}/live") as other:
        for socket in (one, other):
            told = await heard(socket)
            assert (told["type"], told["view"], told["epoch"], told["data"]) == ("view", "kiosk", "e", {"n": 1})
        relay.publish({"n": 1})
        relay.publish({"n": 2})
        for socket in (one, other):
            assert (await heard(socket))["data"] == {"n": 2}


async def test_says_that_a_state_is_still_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "HEARTBEAT_S", 0.05)
    relay = a_relay()
    relay.publish({"n": 1})
    async with serving(relay) as at, connect(f"ws://{at}/live") as socket:
        rev = (await heard(socket))["rev"]
        assert await heard(socket) == {"type": "alive", "epoch": "e", "rev": rev, "at": "2026-11-22T09:00:00Z"}


async def test_a_page_too_many_is_refused_until_one_has_gone() -> None:
    relay = a_relay()
    async with serving(relay) as at, contextlib.AsyncExitStack() as pages:
        first = await pages.enter_async_context(connect(f"ws://{at}/live"))
        for _ in range(PAGES_MAX - 1):
            await heard(await pages.enter_async_context(connect(f"ws://{at}/live")))
        await heard(first)
        async with connect(f"ws://{at}/live") as one_more:
            with pytest.raises(ConnectionClosed):
                await heard(one_more)
            assert one_more.close_code == FULL
        await first.close()
        for number in range(3):  # those that go while a state comes leave nothing behind
            async with connect(f"ws://{at}/live") as next_one:
                relay.publish({"n": number})
                await heard(next_one)


async def test_answers_its_own_pages_and_programs_but_no_other_page() -> None:
    relay = a_relay()
    async with serving(relay) as at, httpx.AsyncClient() as client:
        own = {"Origin": f"http://{at}"}
        foreign = {"Origin": "https://elsewhere.example"}
        assert (await client.post(f"http://{at}/", headers=own)).status_code == 200
        assert (await client.post(f"http://{at}/")).status_code == 200
        assert (await client.post(f"http://{at}/", headers=foreign)).status_code == 403
        assert (await client.get(f"http://{at}/", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
        led = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert (await client.get(f"http://{at}/", headers=led)).status_code == 200
        with pytest.raises(InvalidStatus):
            await connect(f"ws://{at}/live", additional_headers=foreign)
        async with connect(f"ws://{at}/live", additional_headers=own) as socket:
            assert (await heard(socket))["data"] is None
