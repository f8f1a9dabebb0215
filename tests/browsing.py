"""A real Chromium to look at pages with, one for each process of a run."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from tests.profiles import Profile, Profiles, Scheme

PAGE_WAIT_MS_MAX = 15_000
CHROMIUM_ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-quic"]

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def profiles() -> AsyncIterator[Profiles]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    expect.set_options(timeout=PAGE_WAIT_MS_MAX)
    assert chromium, "the pages are tested in Chromium (Debian, Ubuntu: apt-get install chromium)"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield Profiles(browser)
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(profiles: Profiles) -> AsyncIterator[OpenPage]:
    """Opens a page with a visitor's profile of its own; what it complains about in its console fails the test.

    Not where a test breaks the page on purpose, and says so by `may_complain`. `beside`: in the profile of that page.
    `is_first_visit`: nothing was ever fetched in that profile.
    """
    taken: list[Profile] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A browser reports every answer 4xx and every lost connection; those that matter show on the page.
        is_network = message.text.startswith(("Failed to load resource", "WebSocket connection to"))
        if message.type in ("error", "warning") and not is_network:
            complaints.append(message.text)

    async def open_one(
        *,
        language: str = "zh-CN",
        scheme: Scheme = "light",
        size: tuple[int, int] = (1280, 800),
        may_complain: bool = False,
        beside: Page | None = None,
        is_first_visit: bool = False,
    ) -> Page:
        if beside is None:
            profile = await profiles.take(language, page_wait_ms=PAGE_WAIT_MS_MAX, is_new=is_first_visit)
            taken.append(profile)
        else:
            (profile,) = (one for one in taken if one.context == beside.context)
        page = await profile.open(scheme=scheme, size=size)
        if not may_complain:
            page.on("console", hear)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for profile in taken:
        await profiles.give_back(profile)
    assert complaints == []
