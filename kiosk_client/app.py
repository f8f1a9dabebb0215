"""The kiosk's own server: its pages, their live state, and what they may ask."""

import re
from importlib.resources import files
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from kiosk_client.kiosk import Kiosk
from kiosk_client.settings import Settings
from kiosk_client.visits import Begun, Wish
from queue_service.wire import pages
from queue_service.wire.headers import SecurityHeaders
from queue_service.wire.messages import Id
from queue_service.wire.pages import Page
from queue_service.wire.relay import OwnPagesOnly
from queue_service.wire.requests import LEGS_MAX, Language

PAGES: Final = (Page(id="kiosk", path="/"),)
MODEL_STATUS: Final = 422
"""Of a body that is no such wish."""

VISIT_ID: Final = r"^[0-9a-f]{32}$"
VisitId = Annotated[str, StringConstraints(pattern=VISIT_ID)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Model = TypeVar("Model", bound=BaseModel)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class IntentRequest(_Request):
    """A visitor wants a number. `id`: made by the page for this one visit."""

    id: VisitId
    legs: Annotated[list[Id], Field(min_length=1, max_length=LEGS_MAX)]
    visitor_class: Code = Field("normal", alias="class")
    language: Language


class LeaveRequest(_Request):
    """The visitor goes; `gives_up`: without the number. 409: the paper is on its way, or out."""

    gives_up: bool = False


class NoRequest(_Request):
    """Nothing to say."""


def create_app(settings: Settings, kiosk: Kiosk) -> Starlette:
    """The server of one kiosk."""

    async def begin(request: Request) -> Response:
        asked = await _body(request, IntentRequest, settings.body_bytes_max)
        if asked is None:
            return Response(status_code=MODEL_STATUS)
        wish = Wish(id=asked.id, legs=tuple(asked.legs), visitor_class=asked.visitor_class, language=asked.language)
        begun = kiosk.visits.begin(wish)
        return JSONResponse({"begun": begun}, 409 if begun is Begun.BUSY else 200)

    async def leave(request: Request) -> Response:
        asked = await _body(request, LeaveRequest, settings.body_bytes_max)
        visit = request.path_params["visit"]
        if asked is None or re.search(VISIT_ID, visit) is None:
            return Response(status_code=MODEL_STATUS)
        return JSONResponse({}, 200 if kiosk.visits.leave(visit, gives_up=asked.gives_up) else 409)

    async def print_again(request: Request) -> Response:
        if await _body(request, NoRequest, settings.body_bytes_max) is None:
            return Response(status_code=MODEL_STATUS)
        is_begun = kiosk.visits.print_again(request.path_params["visit"])
        return JSONResponse({}, 200 if is_begun else 409)

    async def ask_help(request: Request) -> Response:
        if await _body(request, NoRequest, settings.body_bytes_max) is None:
            return Response(status_code=MODEL_STATUS)
        return JSONResponse({}, 200 if await kiosk.ask_help() else 503)

    async def paper(request: Request) -> Response:
        picture = kiosk.paper_picture(request.path_params["ticket"])
        if picture is None:
            return Response(status_code=404)
        return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})

    async def healthy(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"})

    app = Starlette(
        routes=[
            Route("/intents", begin, methods=["POST"]),
            Route("/intents/{visit}/leave", leave, methods=["POST"]),
            Route("/intents/{visit}/print-again", print_again, methods=["POST"]),
            Route("/help", ask_help, methods=["POST"]),
            Route("/printed/{ticket}.png", paper),
            Route("/healthz", healthy),
            WebSocketRoute("/live", kiosk.relay.serve),
        ],
        middleware=[
            Middleware(SecurityHeaders, is_https=False),
            Middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts_allowed, www_redirect=False),
            Middleware(OwnPagesOnly),
        ],
    )
    pages.install(app.router, PAGES, files("kiosk_client") / "pages")
    return app


async def _body(request: Request, model: type[Model], bytes_max: int) -> Model | None:
    """What a page says; None where it is too large or not of this shape."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            return None
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError:
        return None
