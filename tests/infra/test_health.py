import asyncio

import httpx

from queue_service.infra.health import Check
from queue_service.settings import Settings
from tests.infra.edged import an_app


async def well() -> None:
    return None


async def behind() -> str:
    return "journal.behind"


async def stuck() -> None:
    await asyncio.sleep(60)


async def broken() -> None:
    raise OSError("disk secret-7311")


async def ready(checks: dict[str, Check]) -> httpx.Response:
    app = an_app(Settings(ready_wait_s_max=0.05), checks=checks)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get("/readyz")


async def test_ready_when_every_check_passes() -> None:
    for checks in ({}, {"journal": well, "tables": well}):
        answer = await ready(checks)
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_not_ready_says_which_and_why() -> None:
    answer = await ready({"journal": behind, "tables": well, "bus": stuck, "disk": broken})
    assert answer.status_code == 503
    assert answer.json()["code"] == "server.not_ready"
    assert answer.json()["errors"] == [
        {"field": "journal", "code": "journal.behind"},
        {"field": "bus", "code": "timeout"},
        {"field": "disk", "code": "failed"},
    ]
    assert "secret" not in answer.text
