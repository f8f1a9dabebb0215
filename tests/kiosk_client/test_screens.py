"""The kiosk's own screens, each with a way on, and the manners of its pages."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from queue_service.hall.terms import Terms
from tests.browsing import OpenPage
from tests.core import Core
from tests.kiosk_client.running import Kiosk, kiosk_of, running
from tests.kiosk_client.screen import PORTRAIT, Screen, floor, post
from tests.system.editing import publish
from tests.web.console import faults, overflow_px

pytestmark = pytest.mark.asyncio(loop_scope="session")

OFFLINE_MS_MAX = 10_000
BACK_MS_MAX = 5_000


async def test_says_that_the_core_is_away_and_comes_back_by_itself(
    core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage
) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    core_sqlite.stop()
    await expect(page.locator('[data-screen="offline"]')).to_be_visible(timeout=OFFLINE_MS_MAX)
    assert await faults(page) == []
    core_sqlite.start()
    await expect(page.locator('[data-screen="choose"]')).to_be_visible(timeout=BACK_MS_MAX)


async def test_starts_without_the_core(core_sqlite: Core, tmp_path: Path, open_page: OpenPage) -> None:
    core_sqlite.stop()
    with running(kiosk_of(core_sqlite, tmp_path / "kiosk")) as kiosk:
        page = await open_page(size=PORTRAIT, scheme="dark")
        screen = Screen(page=page, kiosk=kiosk)
        await page.goto(kiosk.base_url)
        await screen.shows("offline")
        assert await faults(page) == []
        core_sqlite.start()
        await screen.shows("choose")


async def test_says_that_the_process_itself_is_away(kiosk: Kiosk, open_page: OpenPage) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    kiosk.stop()
    await screen.shows("offline")


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_closed_and_full_halls(
    core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage, language: str, scheme: str
) -> None:
    page = await open_page(size=PORTRAIT, scheme=scheme)
    screen = Screen(page=page, kiosk=kiosk, language=language)
    await screen.open()

    def one_each(terms: Terms) -> Terms:
        return replace(terms, services=tuple(replace(service, waiting_max=1) for service in terms.services))

    await publish(core_sqlite, one_each)
    core_sqlite.issue("fast")
    await expect(page.locator(".service.off")).to_contain_text(screen.words("web.kiosk.reason.full"))
    assert await faults(page) == []
    for service in ("personal-cash", "accounts", "corporate", "foreign-exchange", "wealth"):
        core_sqlite.issue(service)
    await screen.shows("full")
    assert await faults(page) == []

    today = date.fromisoformat(floor(core_sqlite)["branch"]["business_on"])

    def shut(terms: Terms) -> Terms:
        return replace(terms, hours=replace(terms.hours, exceptions={today: None}, is_around_the_clock=False))

    await publish(core_sqlite, shut)
    await screen.shows("closed")
    assert await faults(page) == []
    await screen.action("help").click()
    await expect(page.locator(".message.good")).to_be_visible()


async def test_an_untouched_screen_warns_and_starts_over(
    core_sqlite: Core, tmp_path: Path, open_page: OpenPage
) -> None:
    more = {"KIOSK_IDLE_S": "2", "KIOSK_WARN_S": "3", "KIOSK_LARGE_TIME_FACTOR": "1"}
    with running(kiosk_of(core_sqlite, tmp_path / "kiosk", **more)) as kiosk:
        page = await open_page(size=PORTRAIT)
        screen = Screen(page=page, kiosk=kiosk, language="en")
        await screen.open()
        await page.get_by_role("button", name=screen.words("web.kiosk.low")).click()
        await page.get_by_role("button", name=screen.words("web.kiosk.large")).click()
        await screen.service("accounts").click()
        await screen.shows("class")
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text(screen.words("web.kiosk.idle"))
        assert await faults(page) == []
        await dialog.get_by_role("button", name=screen.words("web.kiosk.idle.go_on")).click()
        await expect(dialog).to_be_hidden()
        await screen.shows("class")
        await expect(dialog).to_be_visible()
        await screen.shows("choose")
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(page.locator('[aria-pressed="true"]')).to_have_count(1)
        assert kiosk.intents() == []


async def test_low_reach_puts_everything_into_the_lower_half(kiosk: Kiosk, open_page: OpenPage) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    await page.get_by_role("button", name=screen.words("web.kiosk.low")).click()
    box = await page.locator(".top").bounding_box()
    assert box is not None
    assert box["y"] >= 0.4 * PORTRAIT[1]
    assert await faults(page) == []


@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (768, 1024), (320, 640)])
async def test_fits_every_screen_and_every_finger(kiosk: Kiosk, open_page: OpenPage, size: tuple[int, int]) -> None:
    page = await open_page(size=size)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    for _ in range(2):
        assert await overflow_px(page) == 0
        heights = await page.locator("button").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
        assert min(heights) >= 72
        await page.get_by_role("button", name=screen.words("web.kiosk.large")).click()


async def test_serves_its_own_pages_alone(kiosk: Kiosk) -> None:
    await asyncio.to_thread(serves_its_own_pages_alone, kiosk)


def serves_its_own_pages_alone(kiosk: Kiosk) -> None:
    wish = {"id": "a" * 32, "legs": ["fast"], "language": "en"}
    assert post(kiosk, "/intents", wish, origin="https://elsewhere.example").status_code == 403
    assert httpx.get(kiosk.base_url, headers={"Host": "elsewhere.example"}).status_code == 400
    for wrong in ({}, {**wish, "id": "A"}, {**wish, "legs": []}, {**wish, "more": 1}, {**wish, "class": 3}, [wish]):
        assert post(kiosk, "/intents", wrong).status_code == 422
    assert post(kiosk, "/intents", {**wish, "class": "x" * 5000}).status_code == 422
    assert kiosk.intents() == []
    assert httpx.get(kiosk.base_url).headers["x-content-type-options"] == "nosniff"
