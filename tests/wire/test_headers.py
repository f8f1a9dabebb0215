import httpx
import pytest

from queue_service.settings import Settings
from tests.infra.edged import an_app


async def headers_of(path: str, base_url: str = "http://127.0.0.1:8000") -> httpx.Headers:
    app = an_app(Settings(base_url=base_url))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return (await client.get(path)).headers


@pytest.mark.parametrize("path", ["/api/v1/visits/a", "/healthz", "/missing", "/broken/x", "/%00"])
async def test_every_answer_keeps_browsers_careful(path: str) -> None:
    headers = await headers_of(path)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("path", ["/assets/0/shared/api.js", "/assets/0/shared/base.css"])
async def test_parts_of_a_page_carry_only_what_binds_them(path: str) -> None:
    headers = await headers_of(path)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "content-security-policy" not in headers
    assert "content-security-policy" in await headers_of("/assets/0/shared/mark.svg")


async def test_https_is_kept_to_exactly_where_the_service_is_reached_by_it() -> None:
    assert "strict-transport-security" in await headers_of("/healthz", "https://hall.example")


async def test_answers_of_the_api_are_not_stored() -> None:
    assert (await headers_of("/api/v1/visits/a"))["cache-control"] == "no-store"
    assert (await headers_of("/api/v1/nothing"))["cache-control"] == "no-store"
    assert "cache-control" not in await headers_of("/healthz")
