"""Whether the process lives, and whether it can serve: two questions.

Who restarts what does not live asks `/healthz` alone: no restart mends a full disk, a clock that is off or a database
that is gone. Who sends visitors asks `/readyz`, which looks at each thing that serving needs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from fastapi import APIRouter

from queue_service.infra.problems import Problem
from queue_service.settings import Settings

Check = Callable[[], Awaitable[str | None]]
"""Looks at one thing that serving needs: None when it is well, else a code whose text is `problem.<code>`."""

WELL: Final = "ok"
TIMEOUT: Final = "check.timeout"
FAILED: Final = "check.failed"
LOOK_AGE_S: Final = 1.0
"""Whoever asks again within this time is told the same: a crowd of questions makes no crowd of looks."""

_log = structlog.stdlib.get_logger(__name__)


class Readiness:
    """What the checks say. `checks`, by name, is read at each look, so that more may come after the start."""

    def __init__(self, checks: Mapping[str, Check], settings: Settings) -> None:
        self._checks = checks
        self._wait_s_max = settings.ready_wait_s_max
        self._outcomes: dict[str, str | None] = {}
        self._looking: asyncio.Task[Mapping[str, str | None]] | None = None
        self._began_s = 0.0

    async def look(self) -> Mapping[str, str | None]:
        """By check None or what is wrong, in order of their coming, at most `LOOK_AGE_S` old."""
        now_s = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now_s - self._began_s >= LOOK_AGE_S):
            self._began_s = now_s
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    def figures(self) -> dict[tuple[str, ...], float]:
        """By check 1 where the last look found it well, else 0."""
        return {(name,): float(outcome is None) for name, outcome in self._outcomes.items()}

    async def _look(self) -> Mapping[str, str | None]:
        names = list(self._checks)
        outcomes = await asyncio.gather(*(_outcome(self._checks[name], self._wait_s_max) for name in names))
        before, self._outcomes = self._outcomes, dict(zip(names, outcomes, strict=True))
        for name, outcome in self._outcomes.items():
            if outcome != before.get(name):
                tell = _log.warning if outcome else _log.info
                tell("check.changed", check=name, outcome=outcome or WELL)
        return self._outcomes


def router(readiness: Readiness) -> APIRouter:
    """GET /healthz: 200 while the process answers. GET /readyz: 200 when every check passes in time, else 503."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Does the process live?")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Can it serve?")
    async def readyz() -> dict[str, Any]:
        outcomes = await readiness.look()
        failed = [(name, outcome) for name, outcome in outcomes.items() if outcome]
        if failed:
            raise Problem("server.not_ready", 503, errors=failed)
        return {"status": "ready", "checks": dict.fromkeys(outcomes, WELL)}

    return router


async def _outcome(check: Check, wait_s: float) -> str | None:
    # A check that breaks is a failed check, whatever broke it: gather hands exceptions over as values.
    (outcome,) = await asyncio.gather(asyncio.wait_for(check(), wait_s), return_exceptions=True)
    if isinstance(outcome, TimeoutError):
        return TIMEOUT
    if isinstance(outcome, Exception):
        _log.error("check.broken", exc_info=outcome)
        return FAILED
    assert outcome is None or isinstance(outcome, str)
    return outcome
