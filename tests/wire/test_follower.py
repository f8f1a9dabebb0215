"""A follower at a real socket: what it shows, when it doubts, and that it comes back."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from queue_service.wire.follower import Follower, live_url
from queue_service.wire.session import SessionState, SessionTimes

TIMES = SessionTimes(stale_s=0.5, renew_s=1.5, offline_s=0.3, retry_s_first=0.05, retry_s_max=0.1)
WAIT_S_MAX = 20
Handler = Callable[[ServerConnection], Awaitable[None]]


def told(data: object, rev: int = 1, epoch: str = "e") -> str:
    at = datetime.now(UTC).isoformat()  # noqa: TID251 what a server says of itself
    return json.dumps({"type": "view", "view": "board", "epoch": epoch, "rev": rev, "seq": rev, "at": at, "data": data})


@contextlib.asynccontextmanager
async def serving(handler: Handler, port: int = 0, **more: object) -> AsyncIterator[tuple[Server, int]]:
    async with serve(handler, "127.0.0.1", port, **more) as server:  # type: ignore[arg-type]  # a test's own options
        yield server, next(iter(server.sockets)).getsockname()[1]


@contextlib.asynccontextmanager
async def following(port: int) -> AsyncIterator[tuple[Follower, list[SessionState]]]:
    states: list[SessionState] = []
    headers = {"Authorization": "Bearer t"}
    follower = Follower(
        live_url(f"http://127.0.0.1:{port}", "/live"),
        headers=headers,
        chance=lambda: 0.5,
        on_change=lambda: states.append(follower.state),
        times=TIMES,
    )
    task = asyncio.ensure_future(follower.run())
    try:
        yield follower, states
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S_MAX):
        while not holds():  # noqa: ASYNC110 nothing tells of it
            await asyncio.sleep(0.01)


def shown(follower: Follower) -> object:
    return None if follower.view is None else json.loads(bytes(follower.view.data))


async def test_shows_the_newest_view_and_says_who_it_is() -> None:
    bearers: list[str] = []

    async def handler(socket: ServerConnection) -> None:
        assert socket.request is not None
        bearers.append(socket.request.headers["Authorization"])
        for rev in (1, 3, 2):
            await socket.send(told(rev, rev))
        await socket.send("nonsense")
        await socket.wait_closed()

    async with serving(handler) as (_, port), following(port) as (follower, states):
        await until(lambda: shown(follower) == 3)
        assert follower.state is SessionState.LIVE
        assert states[-1] is SessionState.LIVE
        assert bearers == ["Bearer t"]


async def test_a_silent_server_makes_the_view_stale_and_is_left_for_a_new_connection() -> None:
    connections = 0

    async def handler(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await socket.send(told(connections, connections))
        await socket.wait_closed()

    async with serving(handler) as (_, port), following(port) as (follower, states):
        await until(lambda: SessionState.STALE in states)
        assert shown(follower) == 1
        await until(lambda: shown(follower) == 2)
        assert follower.state is SessionState.LIVE


async def test_a_server_that_went_away_is_told_and_found_again() -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.send(told("a"))
        await socket.wait_closed()

    async with contextlib.AsyncExitStack() as later:
        async with serving(handler) as (_, port):
            follower, states = await later.enter_async_context(following(port))
            await until(lambda: follower.state is SessionState.LIVE)
        await until(lambda: SessionState.OFFLINE in states)
        assert shown(follower) == "a"
        async with serving(handler, port):
            await until(lambda: follower.state is SessionState.LIVE)


async def test_a_refusal_is_told_with_its_status_and_asked_again() -> None:
    asked = 0

    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        nonlocal asked
        asked += 1
        return connection.respond(HTTPStatus.FORBIDDEN, "") if asked < 3 else None

    async def handler(socket: ServerConnection) -> None:
        await socket.send(told("in"))
        await socket.wait_closed()

    async with serving(handler, process_request=refuse) as (_, port), following(port) as (follower, _states):
        await until(lambda: follower.refused == 403)
        await until(lambda: shown(follower) == "in")
        assert follower.refused is None


async def test_is_led_nowhere_and_asks_again() -> None:
    asked = 0

    def lead_away(connection: ServerConnection, request: Request) -> Response | None:
        nonlocal asked
        asked += 1
        if asked > 2:
            return None
        answer = connection.respond(HTTPStatus.MOVED_PERMANENTLY, "")
        answer.headers["Location"] = "https://elsewhere.example/"
        return answer

    async def handler(socket: ServerConnection) -> None:
        await socket.send(told("in"))
        await socket.wait_closed()

    async with serving(handler, process_request=lead_away) as (_, port), following(port) as (follower, _states):
        await until(lambda: shown(follower) == "in")


async def test_a_close_code_of_the_core_is_a_refusal_too() -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.close(4401)

    async with serving(handler) as (_, port), following(port) as (follower, _states):
        await until(lambda: follower.refused == 4401)
