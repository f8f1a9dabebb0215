"""The front page in a real Chromium, on a real core."""

import pytest
from playwright.async_api import expect

from queue_service.wire.locales import text
from tests.browsing import OpenPage
from tests.web.conftest import Core
from tests.web.console import faults, overflow_px

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_shows_every_branch_with_its_waits_and_leads_to_every_page(
    core: Core, open_page: OpenPage, language: str, scheme: str
) -> None:
    page = await open_page(language=language, scheme=scheme, size=(390, 844))
    await page.goto(core.base_url)
    await expect(page.locator("h1")).to_have_text(text(language, "web.product"))
    branch = page.locator(".branch", has=page.locator(f"#branch-{core.branch}"))
    await expect(branch.locator(".freshness")).not_to_have_class("stale")
    waiting = branch.locator("tbody tr").first.locator("td").nth(1)
    before = int(await waiting.inner_text())
    core.issue("personal-cash")
    await expect(waiting).to_have_text(str(before + 1))
    assert await faults(page) == []
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 640})
        assert await overflow_px(page) == 0
    await branch.get_by_role("link", name=text(language, "web.home.page.counter")).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(text(language, "web.counter.title"))


async def test_a_page_may_ask_for_a_language_in_its_address(core: Core, open_page: OpenPage) -> None:
    page = await open_page(language="zh-CN")
    await page.goto(f"{core.base_url}/?lang=en")
    await expect(page.locator("h1")).to_have_text("Queue Service")


async def test_says_what_to_do_when_the_core_does_not_answer(core: Core, open_page: OpenPage) -> None:
    page = await open_page(language="en")
    await page.clock.install()
    await page.route("**/api/v1/branches", lambda route: route.abort())
    await page.goto(core.base_url)
    for _ in range(4):
        await page.clock.run_for(5000)
    await expect(page.get_by_role("alert")).to_contain_text(text("en", "web.offline"))
