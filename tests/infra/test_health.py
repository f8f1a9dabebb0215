import asyncio

import httpx

from queue_service.infra import health
from queue_service.infra.health import Check
from queue_service.settings import Settings
from tests.infra.edged import an_app


async def well() -> None:
    return None


async def low() -> str:
    return "disk.low"


async def stuck() -> None:
    await asyncio.sleep(60)


async def broken() -> None:
    raise OSError("disk secret-7311")


async def ready(checks: dict[str, Check]) -> httpx.Response:
    app = an_app(Settings(ready_wait_s_max=0.05), checks=checks)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get("/readyz", headers={"Accept-Language": "en"})


async def test_ready_when_every_check_passes() -> None:
    for checks in ({}, {"journal": well, "tables": well}):
        answer = await ready(checks)
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "checks": dict.fromkeys(checks, "ok")})


async def test_not_ready_says_which_and_why() -> None:
    answer = await ready({"disk": low, "tables": well, "bus": stuck, "clock": broken})
    assert answer.status_code == 503
    assert answer.json()["code"] == "server.not_ready"
    assert answer.json()["errors"] == [
        {"field": "disk", "code": "disk.low", "detail": "The disk of the data has little room left."},
        {"field": "bus", "code": "check.timeout", "detail": "The check did not end in time."},
        {"field": "clock", "code": "check.failed", "detail": "The check itself broke; the log says how."},
    ]
    assert "secret" not in answer.text


async def test_a_crowd_that_asks_makes_one_look() -> None:
    looks = 0

    async def counted() -> None:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.01)

    readiness = health.Readiness({"journal": counted}, Settings())
    await asyncio.gather(*(readiness.look() for _ in range(20)))
    await readiness.look()
    assert looks == 1
