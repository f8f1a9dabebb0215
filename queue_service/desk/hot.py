"""The two requests that a hall lives by, with their parameters read by hand: the framework's way costs more than all
else about them. They are declared and done in `tickets_api` and `windows_api`; here the same parameters are read in the
same order, and refused alike.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from queue_service.desk import tickets_api, windows_api
from queue_service.desk.requests import BranchId, Key, WindowNumber, counter_of
from queue_service.infra.gate import JSON_KEY
from queue_service.infra.shortcuts import Endpoint
from queue_service.wire import requests

Value = TypeVar("Value")

KEY_HEADER = "Idempotency-Key"

_branch_id: TypeAdapter[str] = TypeAdapter(BranchId)
_window: TypeAdapter[int] = TypeAdapter(WindowNumber)
_key: TypeAdapter[str | None] = TypeAdapter(Key)
_issue = TypeAdapter(requests.IssueRequest)


async def issue(request: Request) -> Response:
    """See `tickets_api.issue`."""
    caller = await tickets_api.may_issue(request)
    parts = _Parts(request)
    branch, key, body = parts.path("branch", _branch_id), parts.key(), parts.body(_issue)
    if branch is None or body is None or parts.errors:
        raise parts.invalid()
    return await tickets_api.issue(request, branch, caller, counter_of(request), body, key)


async def call_next(request: Request) -> Response:
    """See `windows_api.call_next`."""
    parts = _Parts(request)
    branch, number = parts.path("branch", _branch_id), parts.path("window", _window)
    if branch is None or number is None:
        parts.key()
        raise parts.invalid()
    counter = counter_of(request)
    at = await windows_api.may_serve(request, branch, number, counter)
    key = parts.key()
    if parts.errors:
        raise parts.invalid()
    return await windows_api.call_next(request, at, counter, key)


SHORTCUTS: Mapping[str, Endpoint] = {
    "/api/v1/branches/{branch}/tickets": issue,
    "/api/v1/branches/{branch}/windows/{window}/call-next": call_next,
}
"""For `infra.edge`, by the paths under which they are declared."""


class _Parts:
    """A request's parameters, checked as the framework does: what is wrong is gathered, and told together."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.errors: list[Any] = []

    def path(self, name: str, adapter: TypeAdapter[Value]) -> Value | None:
        return self._checked(("path", name), adapter, self._request.path_params[name])

    def key(self) -> str | None:
        told = self._request.headers.get(KEY_HEADER)
        return None if told is None else self._checked(("header", KEY_HEADER), _key, told)

    def body(self, adapter: TypeAdapter[Value]) -> Value | None:
        if JSON_KEY not in self._request.scope:
            self.errors.append({"loc": ("body",), "type": "missing"})
            return None
        return self._checked(("body",), adapter, self._request.scope[JSON_KEY])

    def _checked(self, place: tuple[str, ...], adapter: TypeAdapter[Value], value: object) -> Value | None:
        try:
            return adapter.validate_python(value, from_attributes=True)
        except ValidationError as error:
            wrongs = error.errors(include_url=False, include_context=False, include_input=False)
            self.errors += [{**wrong, "loc": (*place, *wrong["loc"])} for wrong in wrongs]
            return None

    def invalid(self) -> RequestValidationError:
        """To be raised."""
        return RequestValidationError(self.errors)
