"""Whatever goes wrong, told the same way: `application/problem+json` (RFC 9457) with a stable code.

    Problem                      raised by the service: code, status, parameters
    RequestValidationError       422 request.invalid, with the fields and what is wrong with each
    HTTPException                from the routes' machinery: no such page, wrong method
    anything else                500 server.error, made by `infra.requests`, told to the log only

The words come from the catalogues: `detail` is `refusal.<code>` or `problem.<code>`, `title` is `status.<status>`.
No answer repeats what came in.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from queue_service.wire import locales

MEDIA_TYPE = "application/problem+json"

RETRY_LATER = {"Retry-After": "1"}
"""Headers of a problem that may be gone in a second."""
FIELD_ERRORS_MAX = 20
"""So many wrong fields are named in one answer."""

_CODES_OF_STATUS = {
    401: "request.not_signed_in",
    403: "request.not_allowed",
    404: "request.not_found",
    405: "request.method_not_allowed",
    413: "request.too_large",
    415: "request.not_json_type",
}

SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "params"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "params": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code"],
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
"""The shape of a problem; `Problem` among the OpenAPI's schemas."""

_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    range_of_status: {"description": description, "content": _CONTENT}
    for range_of_status, description in (("4XX", "Refused; `code` says why"), ("5XX", "Not possible now"))
}
"""What the OpenAPI says of every route: `FastAPI(responses=RESPONSES)`."""

Param = str | int | float | None


class Problem(Exception):
    """A request that gets no answer of its own kind.

    code: stable, dotted; has a text `refusal.<code>` or `problem.<code>` in every catalogue
    params: fill the text's placeholders and go out as they are, so they never hold raw input
    errors: the parts that are wrong, as (field, code)
    """

    def __init__(
        self,
        code: str,
        status: int,
        params: Mapping[str, Param] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.params = dict(params or {})
        self.headers = dict(headers or {})
        self.errors = tuple(errors)


def install(app: FastAPI) -> None:
    """Let every refusal of `app`, its own and the framework's, answer as a problem."""

    async def on_error(connection: HTTPConnection, error: Exception) -> Response | None:
        return await _answer(connection, problem_of(app, error))

    # One handler serves requests and sockets alike, which the framework's type for handlers cannot say.
    handlers: dict[Any, Any] = {
        Problem: on_error,
        RequestValidationError: on_error,
        WebSocketRequestValidationError: on_error,
        HTTPException: on_error,
    }
    app.exception_handlers.update(handlers)
    nowhere = app.router.default

    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # for which the framework knows but a bare 403
            raise HTTPException(404)
        await nowhere(scope, receive, send)

    app.router.default = default


def problem_of(app: FastAPI, error: Exception) -> Problem:
    """The problem that a route's refusal amounts to, its own or the framework's."""
    match error:
        case Problem():
            return error
        case RequestValidationError() | WebSocketRequestValidationError():
            wrongs = error.errors()[:FIELD_ERRORS_MAX]
            return Problem(
                "request.invalid", 422, errors=[(_field(app, wrong["loc"]), wrong["type"]) for wrong in wrongs]
            )
        case HTTPException(status_code=status):
            code = _CODES_OF_STATUS.get(status, "request.refused" if status < 500 else "server.error")
            return Problem(code, status, headers=error.headers)
        case _:
            raise AssertionError("no refusal") from error


def invalid(error: ValidationError) -> RequestValidationError:
    """The failed validation of a body that a route read by hand, to be raised."""
    wrongs = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError([{**wrong, "loc": ("body", *wrong["loc"])} for wrong in wrongs])


def response(problem: Problem, scope: Scope) -> Response:
    """The problem as an answer, in the language that the request asks for."""
    language = locales.negotiate(_accept_language(scope))
    return Response(
        body(problem, language),
        problem.status,
        {**problem.headers, "Content-Language": language, "Vary": "Accept-Language"},
        MEDIA_TYPE,
    )


def body(problem: Problem, language: str) -> bytes:
    """The problem's JSON."""
    members: dict[str, Any] = {
        "type": "about:blank",
        "title": locales.text(language, _status_key(problem.status)),
        "status": problem.status,
        "code": problem.code,
        "detail": locales.text(language, _key(problem.code), **problem.params),
        "params": problem.params,
    }
    if problem.errors:
        members["errors"] = [_error(field, code, language) for field, code in problem.errors]
    return msgspec.json.encode(members)


def raw_answer(problem: Problem, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The problem as HTTP/1.1 in the first language, for what never became a request and ends its connection."""
    told = body(problem, locales.LANGUAGE_FIRST)
    lines = [
        b"HTTP/1.1 %d %b" % (problem.status, HTTPStatus(problem.status).phrase.encode()),
        *(b"%b: %b" % header for header in headers),
        b"content-type: " + MEDIA_TYPE.encode(),
        b"content-language: " + locales.LANGUAGE_FIRST.encode(),
        b"content-length: %d" % len(told),
        b"connection: close",
    ]
    return b"\r\n".join((*lines, b"", told))


async def _answer(connection: HTTPConnection, problem: Problem) -> Response | None:
    answer = response(problem, connection.scope)
    if not isinstance(connection, WebSocket):
        return answer
    if connection.application_state is WebSocketState.CONNECTING:
        await connection.send_denial_response(answer)
    elif connection.application_state is WebSocketState.CONNECTED:
        await connection.close(1008, problem.code)
    return None


def _error(field: str, code: str, language: str) -> dict[str, str]:
    """One of the parts that are wrong; with its text where the code is one of ours."""
    error = {"field": field, "code": code}
    if f"problem.{code}" in locales.catalogue(language):
        error["detail"] = locales.text(language, f"problem.{code}")
    return error


def _key(code: str) -> str:
    refusal = f"refusal.{code}"
    return refusal if refusal in locales.catalogue(locales.LANGUAGE_FIRST) else f"problem.{code}"


def _status_key(status: int) -> str:
    key = f"status.{status}"
    return key if key in locales.catalogue(locales.LANGUAGE_FIRST) else f"status.{status // 100}00"


def _accept_language(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"accept-language":
            header: str = value.decode("latin-1")
            return header
    return None


def _field(app: FastAPI, location: Iterable[str | int]) -> str:
    """The path of a wrong field; a name that the contract does not know came from the caller and is not repeated."""
    known = _names_in_contract(app)
    return ".".join(str(step) if isinstance(step, int) or step in known else "*" for step in location)


def _names_in_contract(app: FastAPI) -> frozenset[str]:
    if not hasattr(app.state, "names_in_contract"):
        app.state.names_in_contract = frozenset(
            {"body", "query", "path", "header", "cookie"} | set(_names(app.openapi()))
        )
    names: frozenset[str] = app.state.names_in_contract
    return names


def _names(schema: object) -> Iterable[str]:
    """Every property and parameter name in an OpenAPI document."""
    if isinstance(schema, list):
        for item in schema:
            yield from _names(item)
    elif isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        if "in" in schema and isinstance(schema.get("name"), str):
            yield schema["name"]
        for item in schema.values():
            yield from _names(item)
