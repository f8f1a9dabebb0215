"""What the service tells its operators in figures, in Prometheus' format."""

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

_REQUEST_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMIT_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)


class Metrics:
    """The figures of one process; durations in seconds. A feature may add its own to `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "queue_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.request_s = Histogram(
            "queue_request_seconds",
            "From a request's head to the end of its answer.",
            ["method", "route"],
            buckets=_REQUEST_BUCKETS_S,
            registry=self.registry,
        )
        self.journal_commit_s = Histogram(
            "queue_journal_commit_seconds",
            "From handing a batch over to its being durable.",
            buckets=_COMMIT_BUCKETS_S,
            registry=self.registry,
        )
        self.sockets_open = Gauge("queue_sockets_open", "Open sockets.", registry=self.registry)
        """Call `sockets_open.set_function(lambda: len(sockets))` once."""

    def router(self) -> APIRouter:
        """GET /metrics."""
        router = APIRouter(tags=["operations"])

        @router.get("/metrics", response_class=Response, summary="Figures for operators")
        async def metrics() -> Response:
            return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

        return router
