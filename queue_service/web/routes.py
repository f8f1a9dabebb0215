"""The core's own pages, and the list of all pages that there are."""

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from queue_service.settings import Settings
from queue_service.wire import pages
from queue_service.wire.pages import Page

PAGES: Final = (
    Page(id="home", path="/", is_listed=False),
    Page(id="counter", path="/counter", is_by_branch=True),
    Page(id="guide", path="/guide", is_by_branch=True),
    Page(id="manager", path="/manager", is_by_branch=True),
    Page(id="ticket", path="/t/{token}", is_listed=False, is_light=True),
)


def install(router: Router, settings: Settings) -> None:
    """Put every page and what pages load into `router`."""
    listed = pages.json_file(page_list(settings))

    async def tell(request: Request) -> Response:
        return pages.answer(request, listed)

    router.routes.append(Route("/pages.json", tell))
    pages.install(router, PAGES, files("queue_service.web"))


def page_list(settings: Settings) -> list[dict[str, str | bool]]:
    """The pages that a visitor of the home page may go to, those of the other processes where their address is set."""
    listed: list[dict[str, str | bool]] = [
        {"id": page.id, "url": page.path, "by_branch": page.is_by_branch} for page in PAGES if page.is_listed
    ]
    for page_id, url in (("kiosk", settings.kiosk_url), ("display", settings.display_url)):
        if url is not None:
            listed.append({"id": page_id, "url": url, "by_branch": False})
    return listed
