"""A small app behind the whole edge, served by a real server as in production, and raw connections to it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header, WebSocket
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from queue_service.infra import edge, health, problems, server
from queue_service.infra.limits import Limits
from queue_service.infra.metrics import Metrics
from queue_service.infra.problems import Problem
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from tests.infra.serving import until


class Visit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: str
    window: int | None = None
    notes: dict[str, float] = {}


def an_app(
    settings: Settings,
    *,
    limits: Limits | None = None,
    metrics: Metrics | None = None,
    checks: Mapping[str, health.Check] | None = None,
) -> FastAPI:
    metrics = metrics or Metrics(settings.ready_wait_s_max)
    app = FastAPI(responses=problems.RESPONSES, redirect_slashes=False, docs_url=None, redoc_url=None)
    edge.install(app, settings=settings, limits=limits or Limits(settings), metrics=metrics)
    app.include_router(metrics.router())
    app.include_router(health.router(health.Readiness(checks or {}, settings)))

    @app.post("/api/v1/visits/{branch}")
    async def visit(branch: str, visit: Visit, page: int = 1, key: Annotated[str, Header()] = "") -> Visit:
        return visit

    @app.get("/api/v1/visits/{branch}")
    async def visits(branch: str, page: int = 1) -> dict[str, str]:
        return {"branch": branch}

    @app.post("/echo-size")
    async def echo_size(request: Request) -> int:
        return len(await request.body())

    @app.get("/broken/{token}")
    async def broken(token: str) -> None:
        raise ValueError(token)

    @app.get("/broken-late")
    async def broken_late() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            raise ValueError

        return StreamingResponse(parts())

    @app.get("/slow")
    async def slow() -> Response:
        await asyncio.sleep(0.6)
        return PlainTextResponse("done")

    @app.get("/large")
    async def large() -> Response:
        return PlainTextResponse("x" * 40_000_000)

    @app.websocket("/live/{token}")
    async def live(socket: WebSocket, token: str) -> None:
        if token == "refused":
            raise Problem("request.not_allowed", 403)
        await socket.accept()
        if token == "refused-late":
            raise Problem("request.not_allowed", 403)
        while True:
            text = await socket.receive_text()
            if text == "break":
                raise ValueError(text)
            await socket.send_text(text)

    return app


@asynccontextmanager
async def serving_edged(app: FastAPI, settings: Settings) -> AsyncIterator[int]:
    """Serves `app` as `server_config` says, but in this loop and on a free port, which it gives."""
    running = uvicorn.Server(server.server_config(app, settings, Sockets(settings)))
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(running._serve([listener]))
    await until(lambda: running.started)
    try:
        yield listener.getsockname()[1]
    finally:
        running.should_exit = True
        await task
        listener.close()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """The next answer of a connection: status, headers by lower-case name, body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(head[0].split()[1]), headers, body
