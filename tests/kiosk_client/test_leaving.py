"""Who goes leaves no number behind, at whatever moment they go."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browsing import OpenPage
from tests.core import Core
from tests.kiosk_client.proxy import between
from tests.kiosk_client.running import Kiosk, kiosk_of, running
from tests.kiosk_client.screen import PORTRAIT, Screen, issued_all, post, until, waiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

WISH: dict[str, Any] = {"id": "a" * 32, "legs": ["fast"], "class": "normal", "language": "zh-CN"}
LEAVE = f"/intents/{WISH['id']}/leave"


async def test_a_wish_that_comes_after_its_visitor_has_gone_makes_nothing(
    core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage
) -> None:
    page = await open_page(size=PORTRAIT)
    assert post(kiosk, LEAVE, {"gives_up": True}).status_code == 200
    assert post(kiosk, "/intents", WISH).json() == {"begun": "known"}
    await until(page, lambda: kiosk.intents() == ["void"])
    assert post(kiosk, "/intents/of-nobody/leave", {}).status_code == 422
    assert kiosk.intents() == ["void"]
    assert issued_all(core_sqlite, "fast") == 0


async def test_a_cancellation_that_comes_too_late_shows_the_number(
    core_sqlite: Core, tmp_path: Path, open_page: OpenPage
) -> None:
    with between(core_sqlite.base_url, b"/tickets HTTP") as proxy:
        more = {"KIOSK_SETTLE_S": "0", "KIOSK_TICKET_S": "60"}
        with running(kiosk_of(core_sqlite, tmp_path / "kiosk", core_url=proxy.url, **more)) as kiosk:
            page = await open_page(size=PORTRAIT)
            screen = Screen(page=page, kiosk=kiosk)
            await screen.open()
            proxy.answers_lost = 1000

            async def late(route: Route) -> None:
                proxy.answers_lost = 0
                await until(page, lambda: kiosk.intents() == ["confirmed"])
                await route.continue_()

            await page.route("**/leave", late, times=1)
            await screen.service("fast").click()
            await screen.action("cancel").click()
            await expect(screen.action("done")).to_be_visible(timeout=20_000)
            assert await screen.label() == "K001"
            assert waiting(core_sqlite) == ["K001"]


async def test_a_cancellation_that_meets_a_number_without_paper_cancels_it(
    core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage
) -> None:
    page = await open_page(size=PORTRAIT)
    kiosk.play("paper_out")
    post(kiosk, "/intents", WISH)
    await until(page, lambda: kiosk.intents() == ["shown"])
    assert post(kiosk, LEAVE, {"gives_up": True}).status_code == 200
    await until(page, lambda: kiosk.intents() == ["void"])
    assert waiting(core_sqlite) == []


async def test_a_kiosk_that_fails_says_so_and_makes_no_number_later(
    core_sqlite: Core, patient_kiosk: Kiosk, open_page: OpenPage
) -> None:
    page = await open_page(size=PORTRAIT, language="en")
    screen = Screen(page=page, kiosk=patient_kiosk, language="en")
    await screen.open()
    await page.route("**/intents", lambda route: route.fulfill(status=500), times=1)
    await screen.service("fast").click()
    await screen.shows("refused")
    await expect(page.locator(".message.soon")).to_contain_text(screen.words("web.kiosk.unanswered"))
    await until(page, lambda: patient_kiosk.intents() == ["void"])
    await screen.action("back").click()
    await screen.service("fast").click()
    assert await screen.label() == "K001"
