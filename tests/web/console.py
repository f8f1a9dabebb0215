"""The teller's console as its user knows it: keys, and what can be seen."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, WebSocketRoute, expect

from queue_service.wire.locales import text
from tests.web.conftest import AXE, Account, Core

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """One teller before one page."""

    page: Page
    core: Core
    language: str = "zh-CN"

    async def sign_in(self, account: Account, *, window: int | None = None) -> None:
        """To the console of a window, by default the teller's own, and up to its door."""
        number = account.window if window is None else window
        await self.page.goto(f"{self.core.base_url}/counter?branch={self.core.branch}&window={number}")
        await expect(self.page.get_by_label(self.words("web.sign_in.username"))).to_be_focused()
        await self.type_in(account)
        await expect(self.page.locator(".door h1")).to_have_text(self.words("web.window", number=number))

    async def type_in(self, account: Account) -> None:
        await self.page.keyboard.type(account.username)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(account.password)
        await self.page.keyboard.press("Enter")

    async def open(self, account: Account) -> None:
        """Signed in, with the own window open."""
        await self.sign_in(account)
        await expect(self.page.get_by_role("button", name=self.words("web.counter.open"), exact=True)).to_be_focused()
        await self.press("Enter")
        await self.sees_state("open")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def sees_customer(self, label: str, status: str) -> None:
        await expect(self.page.locator(".customer .label")).to_have_text(label)
        await expect(self.page.locator(".customer-head .chip").first).to_have_text(self.words(f"status.{status}"))

    async def sees_nobody(self) -> None:
        await expect(self.page.locator(".customer .label")).to_have_count(0)

    async def sees_state(self, state: str) -> None:
        await expect(self.page.locator(".bar .chip")).to_contain_text(self.words(f"web.window.{state}"))

    async def sees_list(self, name: str, *labels: str) -> None:
        await expect(self.page.locator(f'[data-list="{name}"] .row-label')).to_have_text(list(labels))

    async def can(self, action: str, *, likely: bool = False) -> None:
        """The verb may be pressed now."""
        button = self.page.locator(f'[data-action="{action}"]')
        await expect(button).to_be_enabled()
        if likely:
            await expect(button).to_contain_class("main")

    async def cannot(self, action: str) -> None:
        await expect(self.page.locator(f'[data-action="{action}"]')).to_be_disabled()

    async def own_name(self) -> str:
        """Of who is signed in, as the page's head has it."""
        return await self.page.locator(".bar .row strong").last.inner_text()

    def words(self, key: str, **params: str | int) -> str:
        return text(self.language, key, **params)


async def altered(page: Page, alter: Callable[[dict[str, Any]], None]) -> None:
    """From now on each window's view that the core sends comes to the page as `alter` makes it."""

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def passed_on(message: str | bytes) -> None:
            told = json.loads(message)
            if told["type"] == "view" and told["view"] == "window":
                alter(told["data"])
            socket.send(json.dumps(told))

        server.on_message(passed_on)

    await page.route_web_socket("**/live?view=window*", between)


async def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found: dict[str, Any] = await page.evaluate(
        f"axe.run({{runOnly: {json.dumps(AXE_TAGS)}, resultTypes: ['violations']}})"
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def overflow_px(page: Page) -> int:
    """By how much the page is wider than the window."""
    wider: int = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, wider)
