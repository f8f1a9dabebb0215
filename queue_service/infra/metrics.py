"""What the service tells its operators in figures, in Prometheus' format; `deploy/operations.md` explains each.

Every process tells what it did itself, so counters of several processes add up. How a hall's day stands is told alike
by every process that holds the day: of those the greatest counts, not the sum.

What is counted anyway is read at a scrape (`count`, `gauge`) and costs nothing until then. No label ever holds a word
about a person, and each has few values: routes, codes, kinds, and branches and kiosks up to a limit.
"""

import asyncio
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response

from queue_service import __version__
from queue_service.infra.push import CutReason, Sockets

_REQUEST_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
LAG_STEP_S: Final = 0.25
"""Between two looks at how late the event loop is."""
LOOK_AGE_S: Final = 1.0
"""So old may be what was looked at: a crowd of scrapes makes no crowd of looks."""

Labels = tuple[str, ...]
Read = Callable[[], float]
ReadLabelled = Callable[[], Mapping[Labels, float]]


class Metrics:
    """The figures of one process; durations in seconds. A feature adds its own to `registry`."""

    def __init__(self, look_s_max: float) -> None:
        """`look_s_max`: a scrape waits so long for what is looked at, and then tells what is known."""
        self._look_s_max = look_s_max
        self._looking: asyncio.Future[list[object]] | None = None
        self._looked_s = 0.0
        # A second line for each figure, of which nobody asks the age.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library forgot its types
        self.registry = CollectorRegistry()
        self.looks: list[Callable[[], Awaitable[object]]] = []
        """What is looked at anew before a scrape."""
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
        self._lag_s = Histogram(
            "queue_loop_lag_seconds",
            "How late the event loop was, looked at four times a second.",
            buckets=_LAG_BUCKETS_S,
            registry=self.registry,
        )
        self._rounds_at = Gauge(
            "queue_round_success_timestamp_seconds",
            "When a background round last went well.",
            ["round"],
            registry=self.registry,
        )
        self._rounds_failed = Counter(
            "queue_round_failures", "Background rounds that failed.", ["round"], registry=self.registry
        )
        Info("queue_build", "What runs here.", registry=self.registry).info(
            {"version": __version__, "python": platform.python_version()}
        )
        ProcessCollector(registry=self.registry)

    def count(self, name: str, meaning: str, read: Read) -> None:
        """Tells from now on what `read` says, a number that only grows."""
        self.registry.register(_Counted(name, meaning, read))

    def count_by(self, labels: Sequence[str], name: str, meaning: str, read: ReadLabelled) -> None:
        """Like `count`, by labels."""
        self.registry.register(_CountedBy(name, meaning, labels, read))

    def gauge(self, name: str, meaning: str, read: Read) -> None:
        """Tells from now on what `read` says, a number that rises and falls."""
        Gauge(name, meaning, registry=self.registry).set_function(read)

    def gauge_by(self, labels: Sequence[str], name: str, meaning: str, read: ReadLabelled) -> None:
        """Like `gauge`, by labels."""
        self.registry.register(_GaugedBy(name, meaning, labels, read))

    def watch(self, sockets: Sockets) -> None:
        """Tells of these sockets from now on, once in a process."""
        self.gauge("queue_sockets_open", "Open sockets.", lambda: len(sockets))
        self.count_by(
            ["reason"],
            "queue_sockets_cut",
            "Sockets that were ended without a word.",
            lambda: {(reason,): sockets.cuts[reason] for reason in CutReason},
        )

    def note_round(self, name: str, went_well: bool) -> None:
        """A background round has ended."""
        self._rounds_failed.labels(name).inc(0 if went_well else 1)
        if went_well:
            self._rounds_at.labels(name).set_to_current_time()

    async def watch_loop(self) -> None:
        """Tells how late the running loop is, for ever."""
        now_s = asyncio.get_running_loop().time
        while True:
            due_s = now_s() + LAG_STEP_S
            await asyncio.sleep(LAG_STEP_S)
            self._lag_s.observe(max(0.0, now_s() - due_s))

    async def _look(self) -> None:
        """At everything, once for all who ask meanwhile; what hangs is left to itself, and not begun once more."""
        now_s = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now_s - self._looked_s >= LOOK_AGE_S):
            self._looked_s = now_s
            self._looking = asyncio.gather(*(look() for look in self.looks))
        await asyncio.wait([self._looking], timeout=self._look_s_max)
        if self._looking.done():
            self._looking.result()  # raises what failed

    def router(self) -> APIRouter:
        """GET /metrics."""
        router = APIRouter(tags=["operations"])

        @router.get("/metrics", response_class=Response, summary="Figures for operators")
        async def metrics() -> Response:
            await self._look()
            return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

        return router


class _Counted(Collector):
    def __init__(self, name: str, meaning: str, read: Read) -> None:
        self._name = name
        self._meaning = meaning
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self._name, self._meaning, value=self._read())


class _CountedBy(Collector):
    family: type[CounterMetricFamily] | type[GaugeMetricFamily] = CounterMetricFamily

    def __init__(self, name: str, meaning: str, labels: Sequence[str], read: ReadLabelled) -> None:
        self._name = name
        self._meaning = meaning
        self._labels = labels
        self._read = read

    def collect(self) -> Iterator[Metric]:
        family = self.family(self._name, self._meaning, labels=self._labels)
        for values, value in self._read().items():
            family.add_metric(values, value)
        yield family


class _GaugedBy(_CountedBy):
    family = GaugeMetricFamily
