"""A small app behind the guard, and browsers that talk to it."""

from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI

from queue_service.identity import api
from queue_service.identity.guard import Guard, allowed
from queue_service.identity.rules import Caller, Permission
from queue_service.identity.service import Identity
from queue_service.infra import problems
from queue_service.infra.limits import Limits
from queue_service.settings import Settings
from tests.identity.signing import NOW, PASSWORD

HTTP = "http://hall.example"
HTTPS = "https://hall.example"

FOREIGN_HEADERS: list[dict[str, str]] = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://hall.example.evil.example"},
    {"origin": "http://hall.example:8001"},
    {"origin": "file://hall.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": HTTP, "sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
]


def an_app(identity: Identity, settings: Settings, base_url: str = HTTP) -> FastAPI:
    """The session's routes, and for each permission one route at a branch and one at none, by GET and by POST."""
    settings = settings.model_copy(update={"base_url": base_url})
    app = FastAPI()
    app.state.guard = Guard(identity=identity, limits=Limits(settings), settings=settings, clock=lambda: NOW)
    problems.install(app)
    app.include_router(api.router)
    for permission in Permission:
        for path in (f"/{permission}", f"/{permission}/{{branch}}"):
            app.add_api_route(path, _route(permission), methods=["GET", "POST"], include_in_schema=False)
    either = _route(Permission.WINDOW_OPEN, Permission.WINDOW_ROAM)
    app.add_api_route("/either/{branch}", either, include_in_schema=False)
    return app


def a_browser(app: FastAPI, base_url: str = HTTP) -> httpx.AsyncClient:
    """Without cookies yet."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base_url)


async def sign_in(browser: httpx.AsyncClient, username: str = "anna", **options: Any) -> httpx.Response:
    answer = await browser.post("/api/v1/session", json={"username": username, "password": PASSWORD}, **options)
    assert answer.status_code == 200, answer.text
    return answer


def outcome(answer: httpx.Response) -> tuple[int, str | None]:
    """The status, and the code of a problem."""
    return answer.status_code, None if answer.is_success else answer.json()["code"]


def _route(*permissions: Permission) -> Any:
    async def route(caller: Annotated[Caller, Depends(allowed(*permissions))]) -> str:
        return caller.id

    return route
