"""Past the framework's router, for the few requests that a hall lives by: to match, to solve parameters and to enter
its contexts costs more than all that these requests do. Whatever is no such request goes on as ever.
"""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from queue_service.infra import problems
from queue_service.infra.problems import Problem

Endpoint = Callable[[Request], Awaitable[Response]]
"""Answers a POST, or raises what a route may raise; converts and checks its parameters itself."""


class Shortcuts:
    """Serves POSTs by hand. `endpoints`: by the path as a route is declared with, each with a last segment of its own;
    the same routes are declared to the framework as well, which describes them."""

    def __init__(self, app: ASGIApp, *, endpoints: Mapping[str, Endpoint]) -> None:
        self.app = app
        self.endpoints = {path.rpartition("/")[2]: (compile_path(path)[0], one) for path, one in endpoints.items()}
        assert len(self.endpoints) == len(endpoints), "last segments of their own"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            path: str = scope["path"]
            pattern, endpoint = self.endpoints.get(path.rpartition("/")[2], (None, None))
            if pattern is not None and endpoint is not None and (match := pattern.match(path)):
                scope["path_params"] = match.groupdict()
                response = await _answer(endpoint, Request(scope, receive, send))
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def _answer(endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint(request)
    except (Problem, RequestValidationError, HTTPException) as error:
        app: FastAPI = request.app
        return problems.response(problems.problem_of(app, error), request.scope)
