"""Today's clients at a core to come: what it says more, in fields and in messages of new types, they leave alone."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from queue_service import __version__
from tests.contract.hall import serve_a_hall, until
from tests.core import Core, free_port

PASSED_ON = ("authorization", "accept-language", "content-type", "idempotency-key")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
LATER = {"later": {"deeper": [1, None]}}
STOP_S_MAX = 10


def test_the_kiosk_and_the_board_serve_a_hall_at_a_newer_core(core_sqlite: Core, tmp_path: Path) -> None:
    with newer(core_sqlite) as (url, said):
        serve_a_hall(core_sqlite, url, tmp_path, __version__)
    assert said["answers"] and said["views"], "both were heard"


def with_more(told: Any) -> Any:
    """With another field in each object but the texts, whose fields are languages."""
    if isinstance(told, list):
        return [with_more(one) for one in told]
    if isinstance(told, dict) and "zh-CN" not in told:
        return {**LATER, **{name: with_more(value) for name, value in told.items()}, "z_later": None}
    return told


@contextmanager
def newer(core: Core) -> Iterator[tuple[str, dict[str, int]]]:
    """The address of a core that says more than this one, and how often it did."""
    said = {"answers": 0, "views": 0}

    async def answer(request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name in PASSED_ON}
        url = f"{core.base_url}{request.url.path}"
        async with httpx.AsyncClient(params=request.query_params, timeout=30) as client:
            heard = await client.request(request.method, url, content=await request.body(), headers=headers)
        kind = heard.headers.get("content-type", "")
        if not kind.endswith("json"):
            return Response(heard.content, heard.status_code, media_type=kind or None)
        said["answers"] += 1
        return Response(json.dumps(with_more(heard.json())), heard.status_code, media_type=kind)

    async def live(websocket: WebSocket) -> None:
        url = f"{core.base_url.replace('http', 'ws')}{websocket.url.path}?{websocket.url.query}"
        headers = {"Authorization": websocket.headers["authorization"]}
        await websocket.accept()
        async with connect(url, additional_headers=headers, proxy=None) as upstream:
            try:
                async for message in upstream:
                    await websocket.send_text(json.dumps({"type": "later", "rev": 10**9, **LATER}))
                    await websocket.send_text(json.dumps(with_more(json.loads(message))))
                    said["views"] += 1
            except (WebSocketDisconnect, ConnectionClosed):
                pass  # the client has gone

    app = Starlette(routes=[WebSocketRoute("/{path:path}", live), Route("/{path:path}", answer, methods=METHODS)])
    port = free_port()
    config = uvicorn.Config(app, port=port, ws="websockets-sansio", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}", said
    finally:
        server.should_exit = True
        thread.join(STOP_S_MAX)
