"""Every route of the service, read from the app itself, and what a good request to it looks like."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi.routing import iter_route_contexts

from queue_service.app import create_app
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from tests.core import Core

SAFE = {"GET", "HEAD"}
SOCKET = "SOCKET"
KIOSKS_OWN = ("/help", "/printer", "/intents/void", "/prints/{print}/take", "/device")
"""How the paths end that only a kiosk may use."""


class Route(NamedTuple):
    """A method (or SOCKET) at a path with its parameters in braces."""

    method: str
    path: str


BODIES: dict[str, Any] = {
    "/session": {"username": "nobody", "password": "nothing at all"},
    "/tickets": {"service": "personal-cash"},
    "/plan": {"plan": "normal"},
    "/divert": {"to": "self_service"},
    "/tickets/{ticket}": {"class": "normal", "reason": "confirmed"},
    "/pause": {"reason": "lunch"},
    "/call": {"ticket": "20200101-1", "reason": "guest"},
    "/resume": {"ticket": "20200101-1"},
    "/transfer": {"service": "fast"},
    "/printer": {"fault": None},
    "/intents/void": {"key": "nobody"},
    "/notices": {
        "version": 10_000,
        "notices": [{"text": {"zh-CN": "今日无硬币", "en": "No coins today"}, "until": None}],
    },
    "/print": {"kiosk": "kiosk"},
    "/walk-in": {"service": "personal-cash", "reason": "guest"},
}
"""A good body for the routes that need one, by the end of the path."""


def routes() -> Iterator[Route]:
    """All that the app answers."""
    settings = Settings()
    for context in iter_route_contexts(create_app(settings, Sockets(settings)).routes):
        assert context.path is not None
        methods = getattr(context, "methods", None)
        for method in sorted(methods) if methods else [SOCKET]:
            yield Route(method, context.path)


def body(route: Route) -> Any:
    """A good body; None where none is needed."""
    if route.method in SAFE or route.method == SOCKET:
        return None
    return next((body for end, body in BODIES.items() if route.path.endswith(end)), None)


def filled(core: Core, path: str, token: str, **parts: object) -> str:
    """The path with its parameters filled, at the core's branch unless told otherwise."""
    return path.replace("{path:path}", "home/home.js").format_map(
        {
            "branch": core.branch,
            "window": 1,
            "ticket": "20200101-1",
            "alert": "help-1",
            "print": "print-20200101-1",
            "token": token,
            "version": "0",
            "name": "en.json",
            **parts,
        }
    )
