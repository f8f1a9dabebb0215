"""The greeter's handheld as its user knows it: what can be seen and touched, in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

from queue_service.wire.locales import text
from tests.core import Core

PHONE = (390, 844)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handheld:
    """One greeter before one page."""

    page: Page
    core: Core
    language: str = "zh-CN"

    async def open(self, tab: str = "hall", role: str = "greeter") -> None:
        """Signed in by keys alone, before a tab."""
        (member, *_) = self.core.staff(role)
        await self.page.goto(f"{self.core.base_url}/guide?branch={self.core.branch}#{tab}")
        await expect(self.page.get_by_label(self.words("web.sign_in.username"))).to_be_focused()
        await self.page.keyboard.type(member["username"])
        await self.press("Tab")
        await self.page.keyboard.type(member["password"])
        await self.press("Enter")
        await self.sees_tab(tab)

    async def go(self, tab: str) -> None:
        await self.page.locator(".tabs").get_by_text(self.words(f"web.guide.tab.{tab}"), exact=True).click()
        await self.sees_tab(tab)

    async def sees_tab(self, tab: str) -> None:
        current = self.page.locator(".tab[aria-current]")
        await expect(current).to_contain_text(self.words(f"web.guide.tab.{tab}"))

    async def open_person(self, label: str) -> None:
        """From the list, by search."""
        await self.go("waiting")
        await self.page.get_by_role("searchbox").fill(label)
        await self.page.locator(".person-row", has_text=label).click()
        await expect(self.page.locator(".person .label")).to_have_text(label)

    async def sees_status(self, status: str) -> None:
        await expect(self.page.locator(".person .marks .chip").first).to_have_text(self.words(f"status.{status}"))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def is_told(self, words: str) -> None:
        await expect(self.page.locator(".toast", has_text=words)).to_be_visible()

    def button(self, key: str, **params: str | int) -> Locator:
        return self.page.get_by_role("button", name=self.words(key, **params), exact=True)

    def words(self, key: str, **params: str | int) -> str:
        return text(self.language, key, **params)


@contextmanager
def staff(core: Core, role: str) -> Iterator[httpx.Client]:
    """The routes of the branch, for the first member of staff of a role."""
    with core.client(core.staff(role)[0]) as client:
        yield client


def ask_help(core: Core, device: str = "kiosk") -> None:
    """A visitor at a kiosk wants a greeter."""
    say(core, "/help", device=device)


def say(core: Core, path: str, body: dict[str, Any] | None = None, *, device: str = "kiosk") -> None:
    """Something that a kiosk tells the core."""
    answer = httpx.post(f"{core.hall}{path}", json=body, headers=core.device(device))
    assert answer.status_code == 200, answer.text


def ticket(core: Core, ticket_id: str) -> dict[str, Any]:
    """A ticket as the core has it now."""
    with staff(core, "manager") as client:
        told: dict[str, Any] = client.get(f"/tickets/{ticket_id}").raise_for_status().json()
    return told


def open_window(core: Core, number: int) -> None:
    """By its manager, free for a visitor."""
    with staff(core, "manager") as client:
        client.post(f"/windows/{number}/open", json={"takeover": True}).raise_for_status()
