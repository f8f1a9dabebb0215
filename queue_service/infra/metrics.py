"""What the service tells its operators in figures, in Prometheus' format."""

from collections.abc import Iterator

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response

from queue_service.infra.push import CutReason, Sockets

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

    def watch(self, sockets: Sockets) -> None:
        """Tells of these sockets from now on, once in a process."""
        self.sockets_open.set_function(lambda: len(sockets))
        self.registry.register(_SocketsCut(sockets))

    def router(self) -> APIRouter:
        """GET /metrics."""
        router = APIRouter(tags=["operations"])

        @router.get("/metrics", response_class=Response, summary="Figures for operators")
        async def metrics() -> Response:
            return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

        return router


class _SocketsCut(Collector):
    """Reads what the sockets count themselves."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    def collect(self) -> Iterator[Metric]:
        cuts = CounterMetricFamily("queue_sockets_cut", "Sockets that were ended without a word.", labels=["reason"])
        for reason in CutReason:
            cuts.add_metric([reason], self._sockets.cuts[reason])
        yield cuts
