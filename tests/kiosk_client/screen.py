"""The kiosk as a visitor has it before them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

from queue_service.wire.locales import text
from tests.core import Core
from tests.kiosk_client.running import Kiosk

PORTRAIT = (1080, 1920)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One visitor before one kiosk."""

    page: Page
    kiosk: Kiosk
    language: str = "zh-CN"

    async def open(self) -> None:
        """The page, in the visitor's language."""
        await self.page.goto(self.kiosk.base_url)
        await self.shows("choose")
        if self.language != "zh-CN":
            await self.page.locator(f'.top .button[lang="{self.language}"]').click()
        await expect(self.page.locator("h1 .both > span").first).to_have_text(self.words("web.kiosk.choose"))

    async def shows(self, *names: str) -> None:
        """One of these screens is there."""
        selector = ", ".join(f'[data-screen="{name}"]' for name in names)
        await expect(self.page.locator(selector)).to_be_visible()

    def service(self, service: str) -> Locator:
        return self.page.locator(f'[data-service="{service}"]')

    def action(self, action: str) -> Locator:
        return self.page.locator(f'[data-action="{action}"]')

    async def take(self, service: str, visitor_class: str = "normal") -> str:
        """A number for one service that asks for a class; its label."""
        await self.service(service).click()
        await self.page.locator(f'[data-class="{visitor_class}"]').click()
        return await self.label()

    async def label(self) -> str:
        """The number on the screen."""
        label = self.page.locator(".number .label")
        await expect(label).to_be_visible()
        return await label.inner_text()

    async def finish(self) -> None:
        """The next visitor comes: touched until it goes, because the first touches belong to the wish."""
        await expect(self.action("done").or_(self.action("have"))).to_be_visible()
        for _ in range(100):
            if await self.page.locator('[data-screen="choose"]').is_visible():
                return
            button = self.action("done").or_(self.action("have"))
            if await button.is_visible():
                await button.click(force=True)
            await self.page.wait_for_timeout(100)
        raise AssertionError("the ticket stays")

    def words(self, key: str, **params: str | int) -> str:
        return text(self.language, key, **params)


def floor(core: Core) -> dict[str, Any]:
    """The hall as its staff see it."""
    with core.client(core.staff("manager")[0]) as client:
        seen: dict[str, Any] = client.get("/floor").raise_for_status().json()
        return seen


def waiting(core: Core) -> list[str]:
    """Labels of everybody who waits."""
    return sorted(ticket["label"] for ticket in floor(core)["tickets"] if ticket["status"] == "waiting")


def issued_all(core: Core, service: str) -> int:
    """How many numbers a service has given today, whatever became of them."""
    ticket = core.issue(service)
    return int(ticket["label"][1:]) - 1


async def until(page: Page, holds: Callable[[], bool], *, seconds: float = 15) -> None:
    """Waits for something outside the page."""
    for _ in range(int(seconds * 10)):
        if holds():
            return
        await page.wait_for_timeout(100)
    raise AssertionError("it did not come to be")


def post(kiosk: Kiosk, path: str, body: object, **headers: str) -> httpx.Response:
    """What the page itself sends."""
    return httpx.post(f"{kiosk.base_url}{path}", json=body, headers=headers, timeout=10)
