"""The outermost loop of a request or socket: an id, a line in the log, figures, and an answer whatever happens."""

import time
from http import HTTPMethod

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected

from queue_service.infra import logging, problems
from queue_service.infra.chance import secure_token
from queue_service.infra.database import is_unreachable
from queue_service.infra.metrics import Metrics
from queue_service.infra.problems import Problem

STATUS_NO_ANSWER = 499
"""Stands in log and figures for a client that went before its answer."""
STATUS_SOCKET = 101

ROUTE_UNKNOWN = "unknown"

_REQUEST_ID_BYTES = 9
_METHODS = frozenset(HTTPMethod)
_OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics"})


class Requests:
    """Watches every request: nothing that goes wrong behind it is left without an answer or a word in the log."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics
        self.log = structlog.stdlib.get_logger(__name__).bind()  # bound once: a line for every request is written
        self._figures: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started_s = time.perf_counter()
        request_id = secure_token(_REQUEST_ID_BYTES)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            elif message["type"] == "websocket.accept":
                status = STATUS_SOCKET
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except (WebSocketDisconnect, ClientDisconnected):
            pass  # how a socket's route usually ends
        except Exception as error:  # the outermost loop
            self.log.error("request.failed", route=route_template(scope), exc_info=True)
            if status:
                raise  # the answer is under way: only the server can break it off
            if is_unreachable(error):
                problem = Problem("database.unreachable", 503, headers=problems.RETRY_LATER)
            else:
                problem = Problem("server.error", 500, {"request_id": request_id})
            await problems.response(problem, scope)(scope, receive, watch)
        finally:
            self._note(scope, status or STATUS_NO_ANSWER, time.perf_counter() - started_s, request_id)

    def _note(self, scope: Scope, status: int, took_s: float, request_id: str) -> None:
        key = method, route, _ = _method(scope), route_template(scope), status
        if key not in self._figures:
            self._figures[key] = self.metrics.requests.labels(*key), self.metrics.request_s.labels(method, route)
        count, duration_s = self._figures[key]
        count.inc()
        if status != STATUS_SOCKET:  # the length of a socket's life is not a latency
            duration_s.observe(took_s)
        duration_ms = round(took_s * 1000, 2)
        if route in _OPERATIONS:
            self.log.debug("request", method=method, route=route, status=status, duration_ms=duration_ms)
        else:
            logging.tell_request(
                method=method, route=route, status=status, duration_ms=duration_ms, request_id=request_id
            )


def route_template(scope: Scope) -> str:
    """The path with its parameters named instead of told; all that lies under a mount, or nowhere, is one route."""
    if "path_params" not in scope:
        return ROUTE_UNKNOWN
    root: str = scope.get("root_path", "")
    if root:
        return f"{root}/*"
    params = [(str(value), name) for name, value in reversed(scope["path_params"].items())]
    told = []
    for segment in scope["path"].split("/"):
        is_param = bool(params) and segment == params[-1][0]
        told.append(f"{{{params.pop()[1]}}}" if is_param else segment)
    # What is left is no whole segment, so the path cannot be told without it.
    return ROUTE_UNKNOWN if params else "/".join(told)


def _method(scope: Scope) -> str:
    if scope["type"] == "websocket":
        return "SOCKET"
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"
