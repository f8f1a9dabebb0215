"""The manager's page in a real Chromium, on a real core."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, Route, expect

from queue_service.wire.clock import system_clock
from queue_service.wire.locales import text
from tests.browsing import OpenPage
from tests.core import Core
from tests.web.console import faults, overflow_px
from tests.web.visiting import Hall, a_hall, add_plan

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = (1280, 800)
SMALL = (320, 640)
SLACK_MS = 3_000
"""For a machine that is busy with other tests."""
STALE_MS_MAX = 10_000 + SLACK_MS
BACK_MS_MAX = 5_000 + SLACK_MS
LANGUAGES = ["zh-CN", "en"]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with a_hall(tmp_path_factory.mktemp("hall") / "data") as hall:
        yield hall


async def arrive(page: Page, core: Core, language: str, *, role: str = "manager", room: str = "now") -> None:
    """Signed in, by keys."""
    member = core.staff(role)[0]
    await page.goto(f"{core.base_url}/manager#{room}")
    await expect(page.get_by_label(text(language, "web.sign_in.username"))).to_be_focused()
    await page.keyboard.type(member["username"])
    await page.keyboard.press("Tab")
    await page.keyboard.type(member["password"])
    await page.keyboard.press("Enter")


async def well_made(page: Page) -> None:
    """Nothing that axe finds wrong, and no wider than a phone."""
    assert await faults(page) == []
    for size in (SMALL, (390, 844), DESK):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        assert await overflow_px(page) == 0, size


def tally(page: Page, language: str, key: str) -> Any:
    return page.locator(".tally", has=page.get_by_text(text(language, key), exact=True)).locator("dd")


@pytest.mark.parametrize(
    ("language", "scheme"), [("zh-CN", "light"), ("en", "dark"), ("zh-CN", "dark"), ("en", "light")]
)
async def test_shows_the_hall_as_it_is_and_as_it_changes(
    hall: Hall, open_page: OpenPage, language: str, scheme: str
) -> None:
    hall.empty()
    page = await open_page(language=language, scheme=scheme, size=DESK)
    await arrive(page, hall.core, language)
    await expect(tally(page, language, "web.manager.now.waiting")).to_have_text("0")
    labels = [hall.core.issue("accounts")["label"] for _ in range(2)]
    await expect(tally(page, language, "web.manager.now.waiting")).to_have_text("2")
    row = page.locator("tbody tr", has_text="B").nth(0)
    await expect(row).to_contain_text(text(language, "web.manager.no_window"))
    hall.at_window(5, "open")
    window = page.locator('.window[data-window="5"]')
    await expect(window).to_contain_text(text(language, "web.window.open"))
    await expect(window.locator(".teller")).to_contain_text("Teller 5")
    await expect(row).not_to_contain_text(text(language, "web.manager.no_window"))
    hall.call(5)
    await expect(window).to_contain_text(labels[0])
    await expect(window).to_contain_text(text(language, "web.people_waiting", count=1))
    kiosk = next(device["name"] for device in hall.core.access["devices"] if device["kind"] == "kiosk")
    hall.ask_help()
    await expect(page.locator(".alerts")).to_contain_text(text(language, "alert.help", place=kiosk))
    await expect(page.locator(".rooms")).to_contain_text(text(language, "web.manager.alerts.count", count=1))
    await well_made(page)
    hall.take_alerts()
    taken = text(language, "web.alert.taken", name="大堂经理 · Greeter")
    await expect(page.locator(".alerts")).to_contain_text(taken)
    await expect(page.locator(".rooms .chip")).to_have_count(0)
    hall.empty()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_todays_figures_follow_the_hall(hall: Hall, open_page: OpenPage, language: str) -> None:
    hall.empty()
    page = await open_page(language=language, scheme="dark" if language == "en" else "light", size=DESK)
    await arrive(page, hall.core, language, room="today")
    by_service = page.get_by_role("region", name=text(language, "web.manager.today.services"))
    fast = by_service.locator("tbody tr", has_text="K").locator("td.number")
    before = int(await fast.nth(0).inner_text()), int(await fast.nth(1).inner_text())
    hall.at_window(4, "open")
    hall.core.issue("fast")
    hall.call(4)
    for verb in ("start", "finish"):
        hall.at_window(4, verb)
    await expect(fast.nth(0)).to_have_text(str(before[0] + 1))
    await expect(fast.nth(1)).to_have_text(str(before[1] + 1))
    by_window = page.get_by_role("region", name=text(language, "web.manager.today.windows"))
    await expect(by_window).to_contain_text(text(language, "web.window", number=4))
    await expect(page.locator(".strip-part").first).to_be_attached()
    await well_made(page)
    hall.empty()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_switches_the_plan_by_keys_and_is_asked_once(
    core_sqlite: Core, open_page: OpenPage, language: str
) -> None:
    await add_plan(core_sqlite)
    page = await open_page(language=language, size=DESK)
    await arrive(page, core_sqlite, language)
    midday = page.locator('[data-plan="midday"]')
    await expect(midday.get_by_role("button")).to_be_enabled()
    await reach(page, '[data-plan="midday"] button')
    await page.keyboard.press("Enter")
    name = {"zh-CN": "午间", "en": "Midday"}[language]
    question = page.locator(".message.soon")
    await expect(question).to_contain_text(text(language, "web.plan.question", name=name))
    await well_made(page)
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(midday.get_by_role("button")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(midday).to_contain_text(text(language, "web.manager.plans.in_force"))
    await expect(page.locator('.window[data-window="2"]')).to_contain_text(text(language, "web.counter.not_in_plan"))


async def test_says_which_windows_a_plan_changes(core_sqlite: Core, open_page: OpenPage) -> None:
    await add_plan(core_sqlite)
    page = await open_page(language="en", size=DESK)
    await arrive(page, core_sqlite, "en")
    question = page.locator(".message.soon")
    await page.locator('[data-plan="midday"] button').click()
    await expect(question).to_contain_text(text("en", "web.plan.close", windows="2, 4, 5, 6, 7, 8, and 9"))
    await expect(question).to_contain_text(text("en", "web.plan.other_services", windows="1"))
    await question.get_by_role("button").first.click()
    await expect(page.locator('[data-plan="midday"]')).to_contain_text(text("en", "web.manager.plans.in_force"))
    await page.locator('[data-plan="normal"] button').click()
    await expect(question).to_contain_text(text("en", "web.plan.open", windows="2, 4, 5, 6, 7, 8, and 9"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_notice_is_written_changed_and_deleted_by_keys(hall: Hall, open_page: OpenPage, language: str) -> None:
    hall.write_notices([])
    page = await open_page(language=language, scheme="dark" if language == "zh-CN" else "light", size=DESK)
    await arrive(page, hall.core, language, room="notices")
    await expect(page.get_by_text(text(language, "web.manager.notices.none"))).to_be_visible()
    await well_made(page)
    await reach(page, ".notices .button.main")
    await page.keyboard.press("Enter")
    await expect(page.locator(".writing input").first).to_be_focused()
    await page.keyboard.type("明天停电")
    await page.keyboard.press("Tab")
    await page.keyboard.type("No power tomorrow")
    await well_made(page)
    end = system_clock().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=3)
    await page.locator('.writing input[type="date"]').fill(f"{end:%Y-%m-%d}")
    await page.locator('.writing input[type="time"]').fill("18:30")
    await reach(page, ".writing .button.main")
    await page.keyboard.press("Enter")
    notice = page.locator(".notice")
    await expect(notice).to_contain_text("明天停电")
    await expect(page.locator(".notices .button.main")).to_be_focused()
    (kept,) = hall.notices()["notices"]
    assert kept["text"] == {"zh-CN": "明天停电", "en": "No power tomorrow"}
    until = end.replace(hour=18, minute=30, second=0, microsecond=0).astimezone(UTC)
    assert datetime.fromisoformat(kept["until"]) == until
    await well_made(page)

    await reach(page, ".notice button")
    await page.keyboard.press("Enter")
    await expect(page.locator('.writing input[type="time"]')).to_have_value("18:30")
    await expect(page.locator('.writing input[type="date"]')).to_have_value(f"{end:%Y-%m-%d}")
    await page.locator(".writing input").nth(1).fill("No power on Monday")
    await page.locator('.writing input[type="date"]').fill("")
    await page.keyboard.press("Enter")
    await expect(notice).to_contain_text("No power on Monday")
    (kept,) = hall.notices()["notices"]
    assert (kept["text"]["en"], kept["until"]) == ("No power on Monday", None)

    await reach(page, ".notice button:nth-of-type(2)")
    await page.keyboard.press("Enter")
    await expect(notice.get_by_role("group")).to_contain_text(text(language, "web.manager.notices.delete.question"))
    await well_made(page)
    await page.keyboard.press("Enter")
    await expect(notice).to_have_count(0)
    assert hall.notices()["notices"] == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_colleagues_edit_meanwhile_loses_no_draft(hall: Hall, open_page: OpenPage, language: str) -> None:
    hall.write_notices([])
    page = await open_page(language=language, size=DESK)
    await arrive(page, hall.core, language, room="notices")
    await page.locator(".notices .button.main").click()
    for field, words in enumerate(["我的公告", "My notice"]):
        await page.locator(".writing input").nth(field).fill(words)
    hall.write_notices([{"text": {"zh-CN": "同事的", "en": "A colleague's"}, "until": None}])
    await page.locator('a[href="#now"]').click()
    await page.locator('a[href="#notices"]').click()
    await expect(page.locator(".writing input").first).to_have_value("我的公告")
    hall.write_notices([{"text": {"zh-CN": "同事又改的", "en": "Changed again"}, "until": None}])
    await page.locator(".writing .button.main").click()
    await expect(page.locator(".notices [role=alert]")).to_contain_text(text(language, "web.manager.notices.changed"))
    await expect(page.locator(".notice")).to_contain_text(["Changed again"])
    await expect(page.locator(".writing input").nth(1)).to_have_value("My notice")
    await well_made(page)
    await page.locator(".writing .button.main").click()
    await expect(page.locator(".writing")).to_have_count(0)
    assert [notice["text"]["en"] for notice in hall.notices()["notices"]] == ["Changed again", "My notice"]


async def test_a_notice_that_ends_while_it_is_shown_is_marked_and_hinders_no_other(
    hall: Hall, open_page: OpenPage
) -> None:
    ended = {"text": {"zh-CN": "旧", "en": "Old"}, "until": (system_clock() + timedelta(days=1)).isoformat()}
    hall.write_notices([ended, {"text": {"zh-CN": "新", "en": "New"}, "until": None}])

    def age(told: Any) -> Any:
        told["notices"][0]["until"] = (system_clock() - timedelta(minutes=1)).isoformat()
        return told

    page = await open_page(language="en", size=DESK)
    await altered(page, "**/notices", age)
    await arrive(page, hall.core, "en", room="notices")
    await expect(page.locator(".notice .chip")).to_have_text(text("en", "web.manager.notices.ended"))
    await expect(page.locator(".notice").first).to_contain_text("Old")
    await expect(page.locator(".notice").first.locator(".chip")).to_be_visible()
    await well_made(page)
    await page.unroute("**/notices")
    await page.locator(".notice").nth(1).get_by_role("button").first.click()
    await page.locator(".writing input").nth(1).fill("Newer")
    await page.locator(".writing .button.main").click()
    await expect(page.locator(".notice")).to_contain_text(["Newer"])
    assert [notice["text"]["en"] for notice in hall.notices()["notices"]] == ["Newer"]
    hall.write_notices([])


async def test_what_a_tile_claims_is_no_shorter_than_it_was(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(language="en", size=DESK)
    await altered(page, "**/figures", lambda told: {**told, "wait_s_p50": 305, "wait_s_p90": 605, "wait_s_max": 3601})
    await arrive(page, hall.core, "en", room="today")
    for name, minutes in (("wait_p50", 5), ("wait_p90", 11), ("wait_max", 61)):
        words = text("en", "web.time.minutes", minutes=minutes)
        await expect(tally(page, "en", f"web.manager.figure.{name}")).to_have_text(words)


async def altered(page: Page, pattern: str, alter: Callable[[Any], Any]) -> None:
    """The page gets the core's answers with something else in them, as on another day."""

    async def answer(route: Route) -> None:
        told = await route.fetch()
        await route.fulfill(response=told, json=alter(await told.json()))

    await page.route(pattern, answer)


async def test_an_end_in_the_past_is_refused_in_words_and_the_draft_stays(hall: Hall, open_page: OpenPage) -> None:
    hall.write_notices([])
    page = await open_page(language="en", size=DESK)
    await arrive(page, hall.core, "en", room="notices")
    await page.locator(".notices .button.main").click()
    for field, words in enumerate(["旧", "Old"]):
        await page.locator(".writing input").nth(field).fill(words)
    await page.locator('.writing input[type="date"]').fill("2020-01-01")
    await page.locator(".writing .button.main").click()
    await expect(page.locator(".notices [role=alert]")).to_contain_text(text("en", "web.manager.notices.past"))
    await expect(page.locator(".writing input").nth(1)).to_have_value("Old")
    assert hall.notices()["notices"] == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_does_not_lead_is_told_so(hall: Hall, open_page: OpenPage, language: str) -> None:
    page = await open_page(language=language, size=DESK)
    await arrive(page, hall.core, language, role="teller")
    await expect(page.get_by_role("alert")).to_contain_text(text(language, "web.manager.for_leaders"))
    await well_made(page)


async def test_an_administrator_chooses_a_branch(hall: Hall, open_page: OpenPage) -> None:
    page = await open_page(language="en", size=DESK)
    await arrive(page, hall.core, "en", role="admin")
    await expect(page.locator(".branch-choice button")).not_to_have_count(0)
    await well_made(page)
    await page.locator(".branch-choice button").first.click()
    await expect(page.locator(".tallies")).to_be_visible()
    assert "branch=" in page.url


async def test_says_that_the_core_is_gone_and_is_right_again_by_itself(core_sqlite: Core, open_page: OpenPage) -> None:
    await add_plan(core_sqlite)
    page = await open_page(language="en", size=DESK)
    await arrive(page, core_sqlite, "en")
    switch = page.locator('[data-plan="midday"] button')
    await expect(switch).to_be_enabled()
    core_sqlite.stop()
    await expect(page.get_by_role("alert")).to_contain_text(
        text("en", "web.data.stale", seconds=10), timeout=STALE_MS_MAX
    )
    await expect(switch).to_be_disabled()
    await well_made(page)
    core_sqlite.start()
    await expect(switch).to_be_enabled(timeout=BACK_MS_MAX)
    core_sqlite.issue("fast")
    await expect(tally(page, "en", "web.manager.now.waiting")).to_have_text("1")


@pytest.mark.parametrize(
    ("zone", "date", "time", "moment"),
    [
        ("Asia/Shanghai", "2026-12-01", "18:00", "2026-12-01T10:00:00.000Z"),
        ("Europe/Berlin", "2026-10-25", "01:30", "2026-10-24T23:30:00.000Z"),
        ("Europe/Berlin", "2026-10-25", "03:30", "2026-10-25T02:30:00.000Z"),
        ("America/New_York", "2026-03-08", "03:30", "2026-03-08T07:30:00.000Z"),
        ("Pacific/Kiritimati", "2026-01-01", "00:15", "2025-12-31T10:15:00.000Z"),
    ],
)
async def test_the_branchs_clock_is_turned_into_moments_and_back(
    hall: Hall, open_page: OpenPage, zone: str, date: str, time: str, moment: str
) -> None:
    page = await open_page()
    await page.goto(f"{hall.core.base_url}/manager")
    told = await page.evaluate(
        """async ([zone, date, time]) => {
            const base = document.querySelector('script[type=module]').src;
            const { moment, wall } = await import(new URL("moments.js", base));
            const at = moment({ date, time }, zone);
            return [at, wall(at, zone)];
        }""",
        [zone, date, time],
    )
    assert told == [moment, {"date": date, "time": time}]


async def reach(page: Page, selector: str) -> None:
    """By Tab alone."""
    for _ in range(60):
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no way by keys to {selector}")
