"""The edge of the service, in its order: what every request passes before a route, and every answer after it."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import FastAPI

from queue_service.infra import problems
from queue_service.infra.gate import Gate
from queue_service.infra.limits import Limits, RequestLimit
from queue_service.infra.metrics import Metrics
from queue_service.infra.requests import Requests
from queue_service.infra.shortcuts import Endpoint, Shortcuts
from queue_service.settings import Settings
from queue_service.wire.headers import SecurityHeaders


def install(
    app: FastAPI,
    *,
    settings: Settings,
    limits: Limits,
    metrics: Metrics,
    shortcuts: Mapping[str, Endpoint] = MappingProxyType({}),
) -> None:
    """Put the edge around `app`; nothing may be put around it afterwards. `shortcuts`: see `infra.shortcuts`."""
    problems.install(app)
    # The last one added is the outermost.
    app.add_middleware(Shortcuts, endpoints=shortcuts)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(RequestLimit, limits=limits)
    app.add_middleware(Requests, metrics=metrics)
    app.add_middleware(SecurityHeaders, is_https=settings.is_https)
