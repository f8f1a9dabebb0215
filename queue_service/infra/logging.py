"""The log: one JSON object a line (plain lines on a terminal), on standard error, and nothing about a person in it.

Paths appear as route templates, because a visitor's path holds their token; query strings, addresses, bodies and the
messages of exceptions do not appear at all, because any of them may hold what somebody typed. An exception is told by
its kinds and the places in the code that it came through.
"""

import logging
import sys
import traceback
from datetime import datetime
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from queue_service.wire.clock import system_clock

FRAMES_MAX = 30
"""So many places of an exception are told, the innermost ones."""

_log = structlog.get_logger()
_request_stream: TextIO | None = None
"""Where lines of requests are written past the processors, which would give the same and take three times as long."""


class _RequestLine(msgspec.Struct, kw_only=True):
    """In the order of the processors."""

    method: str
    route: str
    status: int
    duration_ms: float
    event: str = "request"
    request_id: str
    level: str = "info"
    timestamp: datetime


_encoder = msgspec.json.Encoder()


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send everything from `level` up to `stream` (default: standard error); of what libraries log, their warnings.

    Below that they tell addresses, paths, and statements with all that is stored: none of it is for a log.
    """
    global _request_stream  # noqa: PLW0603  # as what `structlog.configure` sets, it is the process's
    stream = stream or sys.stderr
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer(serializer=_json)
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_failure,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    is_told = logging.getLevelNamesMapping()[level.upper()] <= logging.INFO
    _request_stream = stream if is_told and not stream.isatty() else None
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_first_line, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(handler.level)


def tell_request(*, method: str, route: str, status: int, duration_ms: float, request_id: str) -> None:
    """The line of a request: most of what is told, so it is made by hand where it is JSON."""
    if _request_stream is None:
        _log.info("request", method=method, route=route, status=status, duration_ms=duration_ms)
        return
    line = _RequestLine(
        method=method,
        route=route,
        status=status,
        duration_ms=duration_ms,
        request_id=request_id,
        timestamp=system_clock(),
    )
    _request_stream.write(_encoder.encode(line).decode() + "\n")
    _request_stream.flush()


def tell_uncaught(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    """As `sys.excepthook`: what nobody expected, as every other failure is told."""
    structlog.get_logger().critical("failed", exc_info=error)


def _tell_failure(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces an exception by its kinds and places, from the one raised back to its first cause."""
    told = event.pop("exc_info", None)
    error: BaseException | None = None
    if isinstance(told, BaseException):
        error = told
    elif isinstance(told, tuple):
        error = told[1]
    elif told:
        error = sys.exc_info()[1]
    failures: list[dict[str, object]] = []
    while error is not None and len(failures) < FRAMES_MAX:
        places = [
            f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        failures.append({"kind": f"{type(error).__module__}.{type(error).__qualname__}", "at": places[-FRAMES_MAX:]})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if failures:
        event["failure"] = failures
    return event


def _first_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leaves out what libraries write under their first line: representations of objects, exceptions among them."""
    event["event"] = str(event["event"]).split("\n", 1)[0]
    return event


def _json(event: EventDict, **_options: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
