"""One whole visit through the real processes, as the people in the hall see it; and the core gone for a while."""

from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import expect

from queue_service.wire.locales import text
from tests.browsing import OpenPage
from tests.core import Core
from tests.display_client import lobby
from tests.display_client.running import Display
from tests.kiosk_client import screen as touch
from tests.kiosk_client.running import Kiosk
from tests.web.conftest import Account
from tests.web.console import Console
from tests.web.guiding import PHONE, Handheld

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAYS_SO_MS_MAX = 10_000
RIGHT_AGAIN_MS_MAX = 5_000
LATE_MS_MAX = 2_500
"""What a loaded machine and the test's own looking may add; the people's clocks are in the limits above."""


def printed_link(kiosk: Kiosk) -> str:
    """What a phone reads from the newest paper."""
    picture = Image.open(BytesIO(kiosk.printed[-1].read_bytes()))
    (code,) = zxingcpp.read_barcodes(picture)
    return code.text


def account(core: Core, window: int) -> Account:
    (member,) = (teller for teller in core.staff("teller") if teller["window"] == window)
    return Account(username=member["username"], password=member["password"], window=window)


def board_of(core: Core) -> dict[str, Any]:
    """The hall as everybody may see it."""
    seen: dict[str, Any] = httpx.get(f"{core.hall}/board").raise_for_status().json()
    return seen


@pytest.mark.parametrize(("language", "is_large"), [("zh-CN", False), ("en", False), ("zh-CN", True)])
async def test_a_visit_from_the_first_touch_to_the_finish(
    core_sqlite: Core, kiosk: Kiosk, display: Display, open_page: OpenPage, language: str, is_large: bool
) -> None:
    def words(key: str, **params: str | int) -> str:
        return text(language, key, **params)

    board = lobby.Screen(await open_page(language=language, size=(1920, 1080)), display)
    await board.open()
    await board.shows_nobody()

    page = await open_page(language=language, size=touch.PORTRAIT)
    visitor = touch.Screen(page=page, kiosk=kiosk, language=language)
    await visitor.open()
    if is_large:
        await page.get_by_role("button", name=words("web.kiosk.large")).click()
    label = await visitor.take("personal-cash")
    await expect(page.locator(".lead")).to_contain_text(words("web.kiosk.ticket.take"))
    assert len(kiosk.printed) == 1
    link = printed_link(kiosk)
    assert link.startswith(f"{core_sqlite.base_url}/t/")

    phone = await open_page(language=language, size=PHONE)
    await phone.goto(link)
    await expect(phone.locator("h1 .label")).to_have_text(label)
    await expect(phone.locator('[data-status="waiting"]')).to_be_visible()
    assert await phone.locator("html").get_attribute("lang") == language

    desk = await open_page(language=language)
    console = Console(page=desk, core=core_sqlite, language=language)  # type: ignore[arg-type]  # as its own: address and branch
    await console.open(account(core_sqlite, 3))
    await console.sees_list("waiting", label)
    await console.press("F1")
    await console.sees_customer(label, "called")
    await board.shows(label)
    await board.has_called(3, label)
    called = words("web.ticket.called", window=3)
    await expect(phone.locator(".lead")).to_have_text(called)

    await console.press("F3")
    await console.sees_customer(label, "serving")
    await expect(phone.locator('[data-status="serving"]')).to_be_visible()
    await console.press("F4")
    await console.sees_nobody()
    await expect(phone.locator('[data-status="finished"]')).to_be_visible()
    await expect(phone.locator(".lead")).to_have_text(words("web.ticket.state.finished"))
    seen = board_of(core_sqlite)
    assert [call["label"] for call in seen["calls"]] == [label]
    assert all(window["serving"] is None for window in seen["windows"])


async def test_every_screen_says_that_the_core_is_gone_and_is_right_again_by_itself(
    core_sqlite: Core, kiosk: Kiosk, display: Display, open_page: OpenPage, tmp_path: Path
) -> None:
    with closing(lobby.Manager(core_sqlite)) as manager:
        manager.open(1)
        first = manager.issue("personal-cash")
        ticket = core_sqlite.issue("personal-cash")

        touched = await open_page(size=touch.PORTRAIT)
        visitor = touch.Screen(page=touched, kiosk=kiosk)
        await visitor.open()
        board = await open_page(size=(1920, 1080))
        await board.add_init_script(lobby.SEEN)
        await board.goto(display.base_url)
        handheld = Handheld(page=await open_page(size=PHONE), core=core_sqlite)
        await handheld.open()
        phone = await open_page(size=PHONE)
        await phone.goto(ticket["url"])
        await expect(phone.locator("h1 .label")).to_have_text(ticket["label"])
        assert manager.call(1) == first
        await expect(board.locator(".shown-label")).to_have_text(first)

        core_sqlite.stop()
        limit_ms = SAYS_SO_MS_MAX + LATE_MS_MAX
        await expect(touched.locator('[data-screen="offline"]')).to_be_visible(timeout=limit_ms)
        await expect(board.locator(".trouble .message")).to_be_visible(timeout=limit_ms)
        await expect(handheld.page.locator(".freshness.stale").first).to_be_visible(timeout=limit_ms)
        await expect(phone.locator(".freshness.stale")).to_be_visible(timeout=limit_ms)

        core_sqlite.start()
        limit_ms = RIGHT_AGAIN_MS_MAX + LATE_MS_MAX
        await expect(touched.locator('[data-screen="choose"]')).to_be_visible(timeout=limit_ms)
        await expect(board.locator(".trouble .message")).to_have_count(0, timeout=limit_ms)
        await expect(handheld.page.locator(".freshness.stale")).to_have_count(0, timeout=limit_ms)
        await expect(phone.locator(".freshness.stale")).to_have_count(0, timeout=limit_ms)
        manager.do(1, "start")
        manager.do(1, "finish")
        assert manager.call(1) == ticket["label"]
        await expect(phone.locator(".lead")).to_have_text(text("zh-CN", "web.ticket.called", window=1))
        await expect(board.locator(".shown-label")).to_have_text(ticket["label"])
        assert len(await board.evaluate("window.spoken")) == 2, "each call once, none twice"
