"""Whether the process lives, and whether it can serve."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter

from queue_service.infra.problems import Problem
from queue_service.settings import Settings

Check = Callable[[], Awaitable[str | None]]
"""Looks at one thing that serving needs: None when it is well, else a code that says what is wrong."""

_log = structlog.stdlib.get_logger(__name__)


def router(checks: Mapping[str, Check], settings: Settings) -> APIRouter:
    """GET /healthz: 200 while the process answers. GET /readyz: 200 when every check passes in time, else 503.

    checks: by name; read at each request, so that more may come after start
    """
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Does the process live?")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Can it serve?")
    async def readyz() -> dict[str, str]:
        names = list(checks)
        outcomes = await asyncio.gather(*(_outcome(checks[name], settings.ready_wait_s_max) for name in names))
        failed = [(name, outcome) for name, outcome in zip(names, outcomes, strict=True) if outcome]
        if failed:
            raise Problem("server.not_ready", 503, errors=failed)
        return {"status": "ready"}

    return router


async def _outcome(check: Check, wait_s: float) -> str | None:
    # A check that breaks is a failed check, whatever broke it: gather hands exceptions over as values.
    (outcome,) = await asyncio.gather(asyncio.wait_for(check(), wait_s), return_exceptions=True)
    if isinstance(outcome, TimeoutError):
        return "timeout"
    if isinstance(outcome, Exception):
        _log.error("ready.check_failed", exc_info=outcome)
        return "failed"
    assert outcome is None or isinstance(outcome, str)
    return outcome
