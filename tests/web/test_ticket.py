"""The visitor's page in a real Chromium, on a real core."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from queue_service.wire.locales import text
from tests.browsing import OpenPage
from tests.core import Core
from tests.web.console import faults, overflow_px
from tests.web.visiting import Hall, a_hall

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = (390, 844)
SMALL = (320, 640)
BYTES_MAX = 52_000
SLACK_MS = 3_000
"""For a machine that is busy with other tests."""
STALE_MS_MAX = 10_000 + SLACK_MS
BACK_MS_MAX = 5_000 + SLACK_MS

COUNT_RINGS = """
window.rung = { tones: 0, shakes: 0 };
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.rung.tones += 1; return start.apply(this, at); };
Navigator.prototype.vibrate = () => { window.rung.shakes += 1; return true; };
"""
"""Watches what the browser is asked to play; the tones go on to where they always go."""

TONES_A_RING = 6


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("hall") / "data") as hall:
        yield hall


@pytest.fixture(autouse=True)
def emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "hall" in request.fixturenames:
        request.getfixturevalue("hall").empty()


async def seen(page: Page, status: str) -> None:
    await expect(page.locator(".standing")).to_have_attribute("data-status", status)


async def says(page: Page, language: str, key: str, **params: str | int) -> None:
    await expect(page.locator(".lead")).to_have_text(text(language, key, **params))


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_a_whole_visit_on_the_phone(hall: Hall, open_page: OpenPage, language: str, scheme: str) -> None:
    page = await open_page(language=language, scheme=scheme, size=PHONE)
    hall.at_window(3, "open")
    before = hall.core.issue("personal-cash")
    mine = hall.core.issue("personal-cash", language=language)
    await page.goto(mine["url"])
    await expect(page.locator(".label")).to_have_text(mine["label"])
    await says(page, language, "web.ticket.state.waiting", count=1)
    await expect(page.locator(".standing-tile")).to_have_text(["3"])
    await well_made(page)

    assert hall.call(3)["id"] == before["id"]
    await says(page, language, "web.ticket.state.waiting.next")
    for verb in ("start", "finish"):
        hall.at_window(3, verb)
    assert hall.call(3)["id"] == mine["id"]
    await seen(page, "called")
    await says(page, language, "web.ticket.called", window=3)
    await expect(page).to_have_title(text(language, "web.ticket.title.called", label=mine["label"], window=3))
    await expect(page.locator('[aria-live="assertive"]')).to_have_text(text(language, "web.ticket.called", window=3))
    await well_made(page)
    hall.at_window(3, "recall")
    await expect(page.locator(".standing")).to_contain_text(text(language, "web.ticket.again", count=2))

    hall.at_window(3, "miss")
    await says(page, language, "web.ticket.state.missed")
    await expect(page.locator(".standing")).to_contain_text(text(language, "web.ticket.missed.after", count=3))
    await well_made(page)
    hall.greet(f"/tickets/{mine['id']}/reinstate")
    await seen(page, "waiting")

    hall.call(3)
    await seen(page, "called")
    hall.at_window(3, "park")
    await says(page, language, "web.ticket.state.parked")
    await well_made(page)
    hall.at_window(3, "resume", ticket=mine["id"])
    await seen(page, "called")
    hall.at_window(3, "start")
    await says(page, language, "web.ticket.state.serving", window=3)
    await well_made(page)
    hall.at_window(3, "finish")
    await says(page, language, "web.ticket.state.finished")
    await expect(page.locator("button")).to_have_count(0)
    await expect(page.locator(".freshness")).to_have_count(0)
    await well_made(page)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_leaves_the_queue_by_keys_and_is_asked_once(hall: Hall, open_page: OpenPage, language: str) -> None:
    page = await open_page(language=language, size=PHONE)
    mine = hall.core.issue("accounts", language=language)
    await page.goto(mine["url"])
    await says(page, language, "web.ticket.state.waiting.no_window")
    way_out = page.get_by_role("button", name=text(language, "web.ticket.leave"))
    await expect(way_out).to_be_enabled()
    await until_focused(page, "grave")
    await page.keyboard.press("Enter")
    question = page.get_by_role("group")
    await expect(question).to_contain_text(text(language, "web.ticket.leave.question", label=mine["label"]))
    await well_made(page)
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(way_out).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(question.get_by_role("button").first).to_be_focused()
    await page.keyboard.press("Enter")
    await says(page, language, "web.ticket.state.cancelled")
    await well_made(page)


async def until_focused(page: Page, kind: str) -> None:
    """By Tab alone."""
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("kind => document.activeElement.classList.contains(kind)", kind):
            return
    raise AssertionError(f"no way by keys to {kind}")


async def test_the_call_rings_where_the_visitor_wished_it_and_again_at_a_recall_but_never_twice(
    hall: Hall, open_page: OpenPage
) -> None:
    page = await open_page(size=PHONE)
    await page.add_init_script(COUNT_RINGS)
    hall.at_window(4, "open")
    mine = hall.core.issue("fast")
    await page.goto(mine["url"])
    bell = page.get_by_role("button", name=text("zh-CN", "web.ticket.sound"))
    await expect(bell).to_have_attribute("aria-pressed", "false")
    await bell.click()
    await expect(bell).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".sound")).to_contain_text(text("zh-CN", "web.ticket.sound.on"))
    await rung(page, tones=TONES_A_RING, shakes=0)
    await well_made(page)
    hall.call(4)
    await seen(page, "called")
    await rung(page, tones=2 * TONES_A_RING, shakes=1)
    hall.at_window(4, "recall")
    await rung(page, tones=3 * TONES_A_RING, shakes=2)

    await page.reload()
    await seen(page, "called")
    await expect(page.locator(".sound")).to_contain_text(text("zh-CN", "web.ticket.sound.touch"))
    await page.locator(".label").click()
    await expect(page.locator(".sound")).to_contain_text(text("zh-CN", "web.ticket.sound.on"))
    await rung(page, tones=0, shakes=0)


async def test_a_call_that_could_not_sound_sounds_at_the_first_touch(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE)
    await page.add_init_script(COUNT_RINGS)
    await page.add_init_script("localStorage.setItem('ticket.sound', 'yes')")
    hall.at_window(4, "open")
    mine = hall.core.issue("fast")
    await page.goto(mine["url"])
    await expect(page.locator(".sound")).to_contain_text(text("zh-CN", "web.ticket.sound.touch"))
    hall.call(4)
    await seen(page, "called")
    await rung(page, tones=0, shakes=1)
    await page.locator(".label").click()
    await rung(page, tones=TONES_A_RING, shakes=1)


async def rung(page: Page, *, tones: int, shakes: int) -> None:
    await page.wait_for_function(
        "([tones, shakes]) => rung.tones === tones && rung.shakes === shakes", arg=[tones, shakes]
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_says_who_went_first_by_class_and_which_service_comes_next(
    hall: Hall, open_page: OpenPage, language: str
) -> None:
    page = await open_page(language=language, size=PHONE)
    hall.at_window(3, "open")
    mine = hall.issue("personal-cash", "accounts", language=language)
    first = hall.core.issue("personal-cash", **{"class": "priority"})
    assert hall.call(3)["id"] == first["id"]
    await page.goto(mine["url"])
    who = text(language, "web.ticket.others.priority", count=1)
    others = page.get_by_role("region", name=text(language, "web.ticket.others"))
    await expect(others).to_contain_text(text(language, "web.ticket.others.who", count=1, who=who))
    legs = page.get_by_role("region", name=text(language, "web.ticket.legs", number=1, count=2))
    await expect(legs.locator("[aria-current=step]")).to_have_count(1)
    await well_made(page)
    for verb in ("start", "finish"):
        hall.at_window(3, verb)
    hall.call(3)
    for verb in ("start", "finish"):
        hall.at_window(3, verb)
    await expect(page.get_by_role("heading", name=text(language, "web.ticket.legs", number=2, count=2))).to_be_visible()
    await says(page, language, "web.ticket.state.waiting.no_window")


@pytest.mark.parametrize(("status", "path"), [("diverted", "divert"), ("cancelled", "cancel")])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_an_end_that_others_make_is_told_kindly(
    hall: Hall, open_page: OpenPage, language: str, status: str, path: str
) -> None:
    page = await open_page(language=language, scheme="dark", size=PHONE)
    mine = hall.core.issue("fast", language=language)
    await page.goto(mine["url"])
    await seen(page, "waiting")
    hall.greet(f"/tickets/{mine['id']}/{path}", **({"to": "self_service"} if path == "divert" else {}))
    await says(page, language, f"web.ticket.state.{status}")
    await expect(page.locator(".standing")).to_contain_text(text(language, f"web.ticket.next.{status}"))
    await expect(page.locator("button")).to_have_count(0)
    await well_made(page)


@pytest.mark.parametrize("status", ["expired", "waiting"])
async def test_an_end_of_the_day_and_many_windows_fit_too(hall: Hall, open_page: OpenPage, status: str) -> None:
    page = await open_page(language="en", size=SMALL)
    mine = hall.core.issue("fast", language="en")

    def alter(ticket: dict[str, Any]) -> dict[str, Any]:
        return {**ticket, "status": status, "label": "ABCD1000", "windows": list(range(1, 31))}

    await page.route_web_socket("**/tickets/*/live", lambda _: None)

    async def answer(route: Any) -> None:
        told = await route.fetch()
        await route.fulfill(response=told, json=alter(await told.json()))

    await page.route(re.compile(r"/api/v1/tickets/[^/]+$"), answer)
    await page.goto(mine["url"])
    await seen(page, status)
    await well_made(page)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_an_unknown_ticket_gets_a_kind_page(hall: Hall, open_page: OpenPage, language: str) -> None:
    page = await open_page(language=language, size=PHONE)
    await page.goto(f"{hall.core.base_url}/t/{'x' * 60}")
    await expect(page.locator("h1")).to_have_text(text(language, "web.ticket.unknown"))
    await expect(page.locator("main")).to_contain_text(text(language, "web.ticket.unknown.what"))
    await well_made(page)


async def test_speaks_the_tickets_language_until_the_visitor_chooses_one(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(language="zh-CN", size=PHONE)
    mine = hall.core.issue("fast", language="en")
    await page.goto(mine["url"])
    await says(page, "en", "web.ticket.state.waiting.no_window")
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.get_by_label(text("en", "web.language")).select_option("zh-CN")
    await says(page, "zh-CN", "web.ticket.state.waiting.no_window")
    await page.reload()
    await says(page, "zh-CN", "web.ticket.state.waiting.no_window")


async def test_the_whole_page_is_light(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE, is_first_visit=True)
    sizes: dict[str, int] = {}

    async def measure(request: Any) -> None:
        told = await request.sizes()
        sizes[request.url] = told["responseBodySize"] + told["responseHeadersSize"]

    page.on("requestfinished", measure)
    mine = hall.core.issue("fast")
    async with page.expect_websocket() as socket:
        await page.goto(mine["url"])
    await (await socket.value).wait_for_event("framereceived")
    await expect(page.locator(".freshness")).not_to_have_class("stale")
    await page.wait_for_load_state("networkidle")
    assert len(sizes) > 20
    assert sum(sizes.values()) < BYTES_MAX, sorted(sizes.items(), key=lambda item: -item[1])[:8]


async def test_a_lock_keeps_the_screen_on_while_a_call_may_come(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE)
    await page.add_init_script(
        "window.locks = 0; navigator.wakeLock.request = async () => "
        "{ window.locks += 1; return { release: async () => { window.locks -= 1; } }; };"
    )
    hall.at_window(4, "open")
    mine = hall.core.issue("fast")
    await page.goto(mine["url"])
    await page.wait_for_function("() => locks === 1")
    hall.call(4)
    await seen(page, "called")
    assert await page.evaluate("locks") == 1
    hall.at_window(4, "start")
    await page.wait_for_function("() => locks === 0")


async def test_says_since_when_the_core_is_gone_and_is_right_again_by_itself(
    core_sqlite: Core, open_page: OpenPage
) -> None:
    page = await open_page(language="zh-CN", size=PHONE)
    hall = Hall(core_sqlite)
    hall.at_window(4, "open")
    mine = core_sqlite.issue("fast")
    await page.goto(mine["url"])
    await says(page, "zh-CN", "web.ticket.state.waiting.next")
    await expect(page.get_by_role("button", name=text("zh-CN", "web.ticket.leave"))).to_be_enabled()
    core_sqlite.stop()
    alert = page.get_by_role("alert").locator(".message")
    await expect(alert).to_be_visible(timeout=STALE_MS_MAX)
    await expect(alert).to_contain_text(re.compile(r"\d\d:\d\d"))
    await expect(page.get_by_role("button", name=text("zh-CN", "web.ticket.leave"))).to_be_disabled()
    await well_made(page)
    core_sqlite.start()
    await expect(alert).to_have_count(0, timeout=BACK_MS_MAX)
    hall.call(4)
    await seen(page, "called")
    hall.close()


async def test_a_token_never_reaches_the_log(core_sqlite: Core, tmp_path: Path) -> None:
    core_sqlite.stop()
    core_sqlite.log = tmp_path / "log"
    core_sqlite.more = {"QUEUE_LOG_LEVEL": "info"}
    core_sqlite.start()
    token = core_sqlite.issue("fast")["token"]
    for path in (f"/t/{token}", f"/t/{token}/", f"/t/{token}/more", f"/api/v1/tickets/{token}"):
        ask(f"{core_sqlite.base_url}{path}")
    core_sqlite.stop()
    log = core_sqlite.log.read_text("utf-8")
    assert '"/t/{token}"' in log
    assert token not in log


async def well_made(page: Page) -> None:
    """Nothing that axe finds wrong, and no wider than a phone."""
    assert await faults(page) == []
    for size in (SMALL, PHONE):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        assert await overflow_px(page) == 0


def ask(address: str) -> None:
    httpx.get(address, headers={"Accept": "text/html"})
