import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
import structlog
from starlette.types import Scope

from queue_service.infra.logging import configure
from queue_service.infra.metrics import Metrics
from queue_service.infra.push import CutReason, Sockets
from queue_service.infra.requests import route_template
from queue_service.settings import Settings
from tests.infra.edged import an_app

SECRET = "secret-7311"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def get(path: str, metrics: Metrics | None = None, **options: object) -> httpx.Response:
    app = an_app(Settings(), metrics=metrics, **options)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get(path, headers={"Accept-Language": "en"})


async def test_a_request_is_one_line_without_path_query_or_address(log: io.StringIO) -> None:
    answer = await get(f"/api/v1/visits/{SECRET}?page={SECRET}")
    (line,) = lines(log)
    assert line["event"] == "request"
    assert line["route"] == "/api/v1/visits/{branch}"
    assert (line["method"], line["status"], line["level"]) == ("GET", 422, "info")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert isinstance(line["duration_ms"], float)
    assert SECRET not in log.getvalue()
    assert "127.0.0.1" not in log.getvalue()


async def test_the_line_of_a_request_reads_as_the_processors_make_any_other(log: io.StringIO) -> None:
    await get("/api/v1/visits/1")
    (line,) = lines(log)
    structlog.contextvars.bind_contextvars(request_id=line["request_id"])
    structlog.get_logger().info(
        "request", **{name: line[name] for name in ("method", "route", "status", "duration_ms")}
    )
    _, other = lines(log)
    assert list(line) == list(other)
    at, later = (datetime.fromisoformat(str(told.pop("timestamp"))) for told in (line, other))
    assert line == other and timedelta() <= later - at < timedelta(minutes=1)


async def test_a_log_of_warnings_tells_no_requests(log: io.StringIO) -> None:
    configure("warning", log)
    await get("/api/v1/visits/1")
    assert log.getvalue() == ""


async def test_an_unknown_path_is_not_told(log: io.StringIO) -> None:
    await get(f"/{SECRET}")
    assert lines(log)[0]["route"] == "unknown"
    assert SECRET not in log.getvalue()


async def test_what_breaks_is_answered_and_told_without_its_words(log: io.StringIO) -> None:
    answer = await get(f"/broken/{SECRET}")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "server.error"
    assert answer.json()["params"] == {"request_id": answer.headers["x-request-id"]}
    assert SECRET not in answer.text
    failed, line = lines(log)
    assert failed["event"] == "request.failed"
    assert failed["request_id"] == line["request_id"] == answer.headers["x-request-id"]
    assert failed["failure"][0]["kind"] == "builtins.ValueError"
    assert failed["failure"][0]["at"][-1].startswith("tests.infra.edged:")
    assert line["status"] == 500
    assert SECRET not in log.getvalue()


async def test_probes_are_quiet(log: io.StringIO) -> None:
    assert (await get("/healthz")).json() == {"status": "alive"}
    assert log.getvalue() == ""


def test_libraries_log_through_the_same_lines(log: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("library").exception("Task exception was never retrieved\nfuture: %s", SECRET)
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "192.0.2.1:1", SECRET)
    (line,) = lines(log)
    assert line["event"] == "Task exception was never retrieved"
    assert line["level"] == "error"
    assert SECRET not in log.getvalue()


def test_causes_are_told_up_to_the_first(log: io.StringIO) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError from error
    except RuntimeError:
        structlog.get_logger().error("broken", exc_info=True)
    (line,) = lines(log)
    assert [failure["kind"] for failure in line["failure"]] == ["builtins.RuntimeError", "builtins.KeyError"]


async def test_figures_count_by_route_template() -> None:
    metrics = Metrics(look_s_max=1)
    for path in (f"/api/v1/visits/{SECRET}", "/api/v1/visits/b", f"/{SECRET}", "/broken/x"):
        await get(path, metrics)
    figures = (await get("/metrics", metrics)).text
    assert 'queue_requests_total{method="GET",route="/api/v1/visits/{branch}",status="200"} 2.0' in figures
    assert 'queue_requests_total{method="GET",route="unknown",status="404"} 1.0' in figures
    assert 'queue_requests_total{method="GET",route="/broken/{token}",status="500"} 1.0' in figures
    assert 'queue_request_seconds_count{method="GET",route="/api/v1/visits/{branch}"} 2.0' in figures
    assert SECRET not in figures


async def test_figures_of_sockets_are_there() -> None:
    metrics = Metrics(look_s_max=1)
    sockets = Sockets(Settings())
    metrics.watch(sockets)
    sockets.cuts[CutReason.FLOODING] += 3
    figures = (await get("/metrics", metrics)).text
    assert "queue_sockets_open 0.0" in figures
    assert 'queue_sockets_cut_total{reason="flooding"} 3.0' in figures
    assert 'queue_sockets_cut_total{reason="stalled"} 0.0' in figures


@pytest.mark.parametrize(
    ("path", "params", "root_path", "template"),
    [
        ("/healthz", {}, "", "/healthz"),
        ("/branches/main/windows/3", {"branch": "main", "window": 3}, "", "/branches/{branch}/windows/{window}"),
        ("/branches/3/windows/3", {"branch": "3", "window": 3}, "", "/branches/{branch}/windows/{window}"),
        ("/files/a/b", {"rest": "a/b"}, "", "unknown"),
        ("/web/shared/app.js", {}, "/web", "/web/*"),
        ("/nothing", None, "", "unknown"),
    ],
)
def test_route_template(path: str, params: dict[str, object] | None, root_path: str, template: str) -> None:
    scope: Scope = {"path": path, "root_path": root_path}
    if params is not None:
        scope["path_params"] = params
    assert route_template(scope) == template
