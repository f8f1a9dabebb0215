"""The teller's console in a real Chromium, on a real core."""

import pytest
from playwright.async_api import Request, Route, expect

from tests.browsing import OpenPage
from tests.web.conftest import Core
from tests.web.console import Console, faults, overflow_px

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_session_by_keys_alone(core: Core, open_page: OpenPage) -> None:
    first, second, third = (core.issue("accounts") for _ in range(3))
    page = await open_page()
    console = Console(page=page, core=core)
    await console.open(core.teller(5))
    await console.sees_list("waiting", first, second, third)

    await console.can("call-next", likely=True)
    await console.press("F1")
    await console.sees_customer(first, "called")
    await console.sees_state("busy")
    await console.can("start", likely=True)
    await console.cannot("finish")
    await expect(page.locator("[aria-live=assertive]")).to_have_text(
        console.words("web.counter.announce.called", label=" ".join(first))
    )
    await console.can("recall")
    await console.press("F2")
    await expect(page.locator(".facts")).to_contain_text(console.words("web.times", count=2))
    await console.can("start")
    await console.press("F3")
    await console.sees_customer(first, "serving")
    await console.can("finish", likely=True)
    await console.press("F4")
    await console.sees_nobody()
    await expect(page.locator(".foot")).to_contain_text(console.words("web.counter.today.served", count=1))
    await console.can("undo")
    await console.press("Shift+F4")
    await console.sees_customer(first, "serving")
    await console.can("finish")
    await console.press("F4")
    await console.sees_nobody()

    await console.can("call-next")
    await console.press("F1")
    await console.sees_customer(second, "called")
    await console.can("miss")
    await console.press("F5")
    await console.sees_nobody()
    await console.sees_list("missed", second)
    await console.press("Shift+F5", "Enter")
    await expect(page.get_by_label(console.words("reason.returned"))).to_be_focused()
    await console.press("Enter")
    await console.sees_customer(second, "called")
    await console.can("start")
    await console.press("F3")
    await console.sees_customer(second, "serving")

    await console.can("park")
    await console.press("F7")
    await console.sees_list("parked", second)
    await console.can("call-next")
    await console.press("Shift+F7", "Enter")
    await console.sees_customer(second, "called")

    await console.can("transfer")
    await console.press("F6")
    await expect(page.get_by_label(console.words("web.service"), exact=True)).to_be_focused()
    await console.press("ArrowDown")
    await expect(page.locator(".panel .button.main")).to_be_enabled()
    await console.press("Enter")
    await console.sees_nobody()
    await console.sees_list("waiting", third)

    await console.can("walk-in")
    await console.press("F9")
    await expect(page.get_by_label(console.words("web.service"), exact=True)).to_be_focused()
    await console.press("Enter")
    await expect(page.locator(".customer-head .chip").first).to_have_text(console.words("status.serving"))
    await console.can("finish-as")
    await console.press("Shift+F3", "ArrowDown", "Enter")
    await console.sees_nobody()

    await console.can("call-next")
    await console.press("F1")
    await console.sees_customer(third, "called")
    await console.can("start")
    await console.press("F3")
    await console.can("finish")
    await console.press("F4")
    await console.sees_nobody()

    await console.can("pause")
    await console.press("F8", "Enter")
    await console.sees_state("paused")
    await expect(page.locator(".bar .chip")).to_contain_text(console.words("pause.lunch"))
    await console.cannot("call-next")
    await console.can("pause", likely=True)
    await console.press("F8")
    await console.sees_state("open")

    await console.can("close")
    await console.press("Shift+F8")
    await expect(page.get_by_text(console.words("web.counter.close.question", number=5))).to_be_visible()
    await console.press("Enter")
    await expect(page.locator(".tile:focus")).to_contain_text(console.words("web.counter.hold.free"))


@pytest.mark.parametrize(("language", "scheme", "window"), [("zh-CN", "light", 1), ("en", "dark", 2)])
async def test_every_state_is_accessible_in_both_languages_and_themes(
    core: Core, open_page: OpenPage, language: str, scheme: str, window: int
) -> None:
    core.issue("personal-cash", **{"class": "priority"})
    core.issue("personal-cash")
    page = await open_page(language=language, scheme=scheme)
    console = Console(page=page, core=core, language=language)
    await page.goto(f"{core.base_url}/counter")
    await expect(page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    assert await faults(page) == []
    await page.keyboard.type("nobody")
    await console.press("Tab")
    await page.keyboard.type("nothing at all")
    await console.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text(console.words("refusal.session.wrong"))
    await expect(page.get_by_role("button", name=console.words("web.sign_in.submit"))).to_be_enabled()
    assert await faults(page) == []

    await page.get_by_label(console.words("web.sign_in.username")).fill("")
    await page.get_by_label(console.words("web.sign_in.password")).fill("")
    await page.get_by_label(console.words("web.sign_in.username")).focus()
    await console.type_in(core.teller(window))
    tile = page.locator(".tile", has=page.get_by_text(str(window), exact=True))
    await expect(tile).to_be_visible()
    assert await faults(page) == []
    await tile.focus()
    await console.press("Enter")
    await console.can("call-next")
    assert await faults(page) == []
    await console.press("F1")
    await console.can("start")
    for key in ("F6", "F8", "Shift+F8", "?"):
        await console.press(key)
        await expect(page.locator(".panel, .left .message, dialog[open]")).to_be_visible()
        assert await faults(page) == [], key
        await console.press("Escape")
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await faults(page) == []
    assert await overflow_px(page) == 0
    await console.press("F6")
    await expect(page.locator(".panel")).to_be_visible()
    assert await overflow_px(page) == 0
    await page.set_viewport_size({"width": 640, "height": 400})  # what 1280 × 800 is at 200 % zoom
    assert await overflow_px(page) == 0
    await console.press("Escape", "F3")
    await console.can("finish")
    await console.press("F4")
    await console.sees_nobody()
    assert await page.evaluate("document.documentElement.lang") == language
    assert await page.evaluate("document.documentElement.dataset.theme") == scheme


async def test_a_double_press_acts_once(core: Core, open_page: OpenPage) -> None:
    first, second = core.issue("corporate"), core.issue("corporate")
    page = await open_page()
    console = Console(page=page, core=core)
    await console.open(core.teller(7))
    await console.can("call-next")
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if request.method == "POST" else None)
    await console.press("F1", "F1")
    await console.sees_customer(first, "called")
    await console.can("start")
    await console.press("F3", "F3", "F3")
    await console.can("finish")
    assert [call.rsplit("/", 1)[1] for call in calls] == ["call-next", "start"]
    await console.sees_list("waiting", second)
    await console.press("F10", "F4")
    await console.sees_customer(second, "called")
    await console.press("F10")
    await console.can("start")
    await console.press("F3")
    await console.can("finish")
    await console.press("F4")
    await console.sees_nobody()


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(core: Core, open_page: OpenPage) -> None:
    label = core.issue("wealth")
    core.issue("wealth")
    page = await open_page()
    console = Console(page=page, core=core)
    await console.open(core.teller(8))
    await console.can("call-next")
    keys: list[str] = []

    async def lose_first(route: Route, request: Request) -> None:
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/call-next", lose_first)
    await console.press("F1")
    await console.sees_customer(label, "called")
    await console.can("start")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    await expect(page.locator('[data-list="waiting"] .row-label')).to_have_count(1)


async def test_says_that_data_is_old_and_takes_no_presses(core: Core, open_page: OpenPage) -> None:
    core.issue("fast")
    page = await open_page()
    console = Console(page=page, core=core)
    await page.clock.install()
    await console.open(core.teller(4))
    await console.can("call-next")
    core.freeze()
    try:
        await page.clock.fast_forward(10_500)
        await expect(page.locator(".message.now")).to_contain_text(console.words("web.data.stale", seconds=10))
        await console.cannot("call-next")
        await console.press("F1")
        assert await faults(page) == []
    finally:
        core.thaw()
    await page.clock.fast_forward(10_000)  # the silent socket is given up
    await page.clock.fast_forward(15_000)  # and another one tried
    await console.can("call-next")
    await console.sees_nobody()
    await expect(page.locator(".message.now")).to_have_count(0)


async def test_a_takeover_is_asked_for_and_told(core: Core, open_page: OpenPage) -> None:
    core.issue("foreign-exchange")
    before = Console(page=await open_page(), core=core)
    await before.open(core.teller(6))
    await before.can("call-next")
    await before.press("F1")
    await before.can("start")
    label = await before.page.locator(".customer .label").inner_text()

    after = Console(page=await open_page(language="en"), core=core, language="en")
    await after.sign_in(core.teller(3), window=6)
    await expect(after.page.get_by_role("button", name=after.words("web.counter.takeover"))).to_be_focused()
    await after.press("Enter")
    question = after.words("web.counter.takeover.question", name=await before.own_name(), number=6)
    await expect(after.page.get_by_text(question)).to_be_visible()
    await after.press("Enter")
    await after.sees_customer(label, "called")

    taken_over = before.words("web.counter.taken_over", name=await after.own_name())
    await expect(before.page.get_by_text(taken_over)).to_be_visible()
    assert await faults(before.page) == []
    await after.press("F3")
    await after.can("finish")
    await after.press("F4")
    await after.sees_nobody()


async def test_a_session_that_ended_leads_to_the_sign_in(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    console = Console(page=page, core=core)
    await console.open(core.teller(3))
    ended = await page.context.request.delete(f"{core.base_url}/api/v1/session", headers={"Origin": core.base_url})
    assert ended.ok
    await expect(page.get_by_text(console.words("web.sign_in.ended"))).to_be_visible()
    await expect(page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    await console.type_in(core.teller(3))
    # The hold was the old session's; the same teller goes on with one press.
    await expect(page.locator(".door .chip")).to_contain_text(console.words("web.window.open"))


async def test_language_and_theme_are_kept(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(f"{core.base_url}/counter")
    await page.get_by_label("语言").select_option("en")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Teller's console")
    await page.get_by_label("Appearance").select_option("contrast")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Teller's console")
    assert await page.evaluate("document.documentElement.dataset.theme") == "contrast"
    assert await faults(page) == []
