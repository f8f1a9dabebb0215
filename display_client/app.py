"""What the screens' browsers ask: the board's page, and its live socket."""

from importlib.resources import files
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from display_client.hall import Hall
from queue_service.wire import pages
from queue_service.wire.headers import SecurityHeaders
from queue_service.wire.pages import Page
from queue_service.wire.relay import OwnPagesOnly, Relay

PAGES: Final = (Page(id="board", path="/"),)
"""Each screen of a hall is the same page; `?screen=<name>` tells them apart."""


def create_app(hall: Hall, relay: Relay) -> Starlette:
    """The application of one lobby screen's process."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"link": hall.link})

    app = Starlette(
        routes=[WebSocketRoute("/live", relay.serve), Route("/healthz", healthz)],
        middleware=[Middleware(SecurityHeaders, is_https=False), Middleware(OwnPagesOnly)],
    )
    pages.install(app.router, PAGES, files("display_client") / "pages")
    return app
