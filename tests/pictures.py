"""`make pictures`: every page at its own size in both languages, in a hall in the middle of its morning.

The real processes, the real pages; the pictures go to `docs/pictures` and from there into the README.
"""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from queue_service.simulate.stage import DEFAULTS
from queue_service.wire import locales
from tests.browsing import CHROMIUM_ARGS
from tests.core import Core, running, staged
from tests.display_client import running as displays
from tests.kiosk_client import running as kiosks
from tests.profiles import Scheme
from tests.scene import a_morning

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
WAIT_MS_MAX = 20_000

KIOSK, BOARD, DESK, PHONE = (1080, 1920), (1920, 1080), (1280, 800), (390, 844)


@dataclass
class Studio:
    """A hall and a browser, for one language."""

    core: Core
    kiosk: kiosks.Kiosk
    display: displays.Display
    browser: Browser
    language: str
    people: httpx.AsyncClient

    async def page(self, size: tuple[int, int], *, scheme: Scheme = "light") -> Page:
        context = await self.browser.new_context(
            locale=self.language,
            color_scheme=scheme,
            reduced_motion="reduce",
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=2 if size == PHONE else 1,
        )
        context.set_default_timeout(WAIT_MS_MAX)
        return await context.new_page()

    async def signed_in(self, address: str, member: dict[str, Any], size: tuple[int, int]) -> Page:
        page = await self.page(size)
        await page.goto(f"{self.core.base_url}{address}")
        await page.get_by_label(self.words("web.sign_in.username")).fill(member["username"])
        await page.get_by_label(self.words("web.sign_in.password")).fill(member["password"])
        await page.keyboard.press("Enter")
        return page

    async def take(self, page: Page, name: str) -> None:
        """The picture of a page, once what moves stands still."""
        await expect(page.locator(".freshness.stale")).to_have_count(0)
        await page.evaluate("document.fonts.ready")
        keep(await page.screenshot(), f"{name}.{self.language}")

    async def manage(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.people.post(f"{self.core.hall}{path}", json=body or None)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def words(self, key: str, **params: str | int) -> str:
        return locales.text(self.language, key, **params)


async def kiosk(studio: Studio) -> None:
    page = await studio.page(KIOSK)
    await page.goto(studio.kiosk.base_url)
    await expect(page.locator('[data-screen="choose"]')).to_be_visible()
    await page.locator(f'.top .button[lang="{studio.language}"]').click()
    await studio.take(page, "kiosk-services")
    await page.locator('[data-service="personal-cash"]').click()
    await expect(page.locator('[data-screen="class"]')).to_be_visible()
    await studio.take(page, "kiosk-class")
    await page.locator('[data-class="normal"]').click()
    await expect(page.locator(".paper img")).to_be_visible()
    await studio.take(page, "kiosk-ticket")
    paper = studio.kiosk.printed[-1]
    keep(paper.read_bytes(), f"paper.{studio.language}")
    await expect(page.locator('[data-screen="choose"]')).to_be_visible()
    await page.close()


async def board(studio: Studio) -> None:
    page = await studio.page(BOARD)
    await page.goto(f"{studio.display.base_url}/?lang={studio.language}")
    await expect(page.locator(".shown-label")).to_be_visible()
    await studio.take(page, "board")
    await page.close()


async def console(studio: Studio) -> None:
    (teller,) = (member for member in studio.core.staff("teller") if member["window"] == 2)
    page = await studio.signed_in(f"/counter?branch={studio.core.branch}&window=2", teller, DESK)
    opening = page.locator(".door").get_by_role("button").first
    await expect(opening.or_(page.locator(".customer"))).to_be_visible()
    if await opening.is_visible():
        await opening.click()
    await expect(page.locator(".customer .label")).to_be_visible()
    await studio.take(page, "console")
    await page.close()


async def guide(studio: Studio) -> None:
    (greeter,) = studio.core.staff("greeter")
    page = await studio.signed_in(f"/guide?branch={studio.core.branch}", greeter, PHONE)

    async def go(tab: str) -> None:
        await page.locator(".tabs").get_by_text(studio.words(f"web.guide.tab.{tab}"), exact=True).click()
        await expect(page.locator(".tab[aria-current]")).to_contain_text(studio.words(f"web.guide.tab.{tab}"))

    for tab in ("hall", "waiting", "alerts"):
        await go(tab)
        await studio.take(page, f"guide-{tab}")
    await go("number")
    await studio.take(page, "guide-number")
    await go("waiting")
    await page.locator(".person-row").first.click()
    await expect(page.locator(".person .label")).to_be_visible()
    await studio.take(page, "guide-person")
    await page.close()


async def ticket(studio: Studio) -> None:
    issued = studio.core.issue("fast", language=studio.language)
    page = await studio.page(PHONE)
    await page.goto(issued["url"])
    await expect(page.locator("h1 .label")).to_have_text(issued["label"])
    await studio.take(page, "ticket-waiting")
    await studio.manage("/windows/9/open")
    await studio.manage("/windows/9/call", ticket=issued["id"], reason="needs_care")
    await expect(page.locator('[data-status="called"]')).to_be_visible()
    await studio.take(page, "ticket-called")
    await studio.manage("/windows/9/start")
    await studio.manage("/windows/9/finish")
    await studio.manage("/windows/9/close")
    await page.close()


async def manager(studio: Studio) -> None:
    (leader,) = studio.core.staff("manager")
    for room in ("now", "today", "notices"):
        page = await studio.signed_in(f"/manager?branch={studio.core.branch}#{room}", leader, DESK)
        await expect(page.locator("main h1, main h2").first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await studio.take(page, f"manager-{room}")
        await page.close()


async def home(studio: Studio) -> None:
    page = await studio.page(DESK)
    await page.goto(studio.core.base_url)
    await expect(page.locator(".branch").first).to_be_visible()
    await studio.take(page, "home")
    await page.close()


SHOTS: tuple[Callable[[Studio], Awaitable[None]], ...] = (kiosk, board, console, guide, ticket, manager, home)


def keep(picture: bytes, name: str) -> None:
    """As few bytes as hold it whole."""
    Image.open(BytesIO(picture)).convert("RGB").save(FOLDER / f"{name}.webp", lossless=True, method=6)
    sys.stdout.write(f"{name}.webp\n")


def spared(core: Core) -> None:
    """Limits by caller out of the way, as in the demo: one machine plays everybody."""
    values = {name.removeprefix("QUEUE_").lower(): value for name, value in DEFAULTS.items()}
    core.settings = type(core.settings)(**{**core.settings.model_dump(), **values})


async def main() -> None:
    expect.set_options(timeout=WAIT_MS_MAX)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with TemporaryDirectory() as folder:
        core = await asyncio.to_thread(staged, Path(folder) / "core")
        spared(core)
        await a_morning(core)
        touched = kiosks.kiosk_of(core, Path(folder) / "kiosk")
        lobby = displays.display_of(core, Path(folder) / "display")
        async with AsyncExitStack() as stack:
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGS)
            stack.push_async_callback(browser.close)
            with running(core), kiosks.running(touched), displays.running(lobby):
                people = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
                (leader,) = core.staff("manager")
                account = {name: leader[name] for name in ("username", "password")}
                (await people.post(f"{core.api}/session", json=account)).raise_for_status()
                for language in locales.languages():
                    for shoot in SHOTS:
                        await shoot(Studio(core, touched, lobby, browser, language, people))


if __name__ == "__main__":
    asyncio.run(main())
