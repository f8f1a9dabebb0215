"""A visitor at the kiosk, from the first touch to the paper: real core, real process, real Chromium."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browsing import OpenPage
from tests.core import Core
from tests.kiosk_client.proxy import between
from tests.kiosk_client.running import Kiosk, kiosk_of, running
from tests.kiosk_client.screen import PORTRAIT, Screen, floor, issued_all, post, until, waiting
from tests.web.console import faults, overflow_px

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("language", "scheme", "is_large"),
    [("zh-CN", "light", False), ("en", "dark", False), ("zh-CN", "dark", True), ("en", "light", True)],
)
async def test_a_visitor_takes_a_number(
    core_sqlite: Core, tmp_path: Path, open_page: OpenPage, language: str, scheme: str, is_large: bool
) -> None:
    kiosk = kiosk_of(core_sqlite, tmp_path / "kiosk", KIOSK_TICKET_S="6", KIOSK_LARGE_TIME_FACTOR="1")
    with running(kiosk):
        page = await open_page(language=language, scheme=scheme, size=PORTRAIT)
        screen = Screen(page=page, kiosk=kiosk, language=language)
        await screen.open()
        if is_large:
            await page.get_by_role("button", name=screen.words("web.kiosk.large")).click()
        assert await faults(page) == []
        await screen.service("personal-cash").click()
        await screen.shows("class")
        await expect(page.locator("h1")).to_be_focused()
        assert await faults(page) == []
        await page.locator('[data-class="priority"]').click()
        await expect(page.locator(".lead")).to_contain_text(screen.words("web.kiosk.ticket.take"))
        assert await screen.label() == "A001"
        (ticket,) = floor(core_sqlite)["tickets"]
        await expect(page.locator(f'.paper img[src^="/printed/{ticket["id"]}.png?"]')).to_have_count(1)
        assert await faults(page) == []
        assert await overflow_px(page) == 0
        assert (ticket["label"], ticket["class"], ticket["to_confirm"]) == ("A001", "priority", True)
        assert ticket["language"] == language
        assert len(kiosk.printed) == 1
        assert kiosk.intents() == ["confirmed"]
        await screen.shows("choose")


async def test_twenty_touches_make_one_number_and_the_next_visitor_gets_another(
    core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage
) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    boxes = [await screen.service(service).bounding_box() for service in ("fast", "fast", "accounts", "fast")]
    for number in range(20):
        box = boxes[number % len(boxes)]
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert await screen.label() == "K001"
    await screen.finish()
    assert waiting(core_sqlite) == ["K001"]
    await screen.service("fast").click()
    await expect(page.locator(".number .label")).to_have_text("K002")
    assert waiting(core_sqlite) == ["K001", "K002"]


async def test_a_double_touch_does_not_keep_the_ticket_from_the_next_visitor(
    core_sqlite: Core, tmp_path: Path, open_page: OpenPage
) -> None:
    with running(kiosk_of(core_sqlite, tmp_path / "kiosk", KIOSK_TICKET_S="6", KIOSK_SETTLE_S="4")) as kiosk:
        page = await open_page(size=PORTRAIT)
        screen = Screen(page=page, kiosk=kiosk)
        await screen.open()
        await screen.service("fast").click()
        await expect(screen.action("done")).to_be_visible()
        await page.locator(".number").click()
        await screen.shows("choose")
        assert len(kiosk.printed) == 1


async def test_a_touch_keeps_the_ticket(patient_kiosk: Kiosk, open_page: OpenPage) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=patient_kiosk)
    await screen.open()
    await screen.service("fast").click()
    await expect(page.locator(".return .ring")).to_be_visible()
    await page.locator(".number").click()
    await expect(page.locator(".return .ring")).to_be_hidden()
    assert await screen.label() == "K001"


async def test_the_same_wish_is_one_intent_and_another_one_meanwhile_is_none(core_sqlite: Core, kiosk: Kiosk) -> None:
    wish = {"id": "a" * 32, "legs": ["fast"], "class": "normal", "language": "en"}
    assert post(kiosk, "/intents", wish).json() == {"begun": "new"}
    assert post(kiosk, "/intents", {**wish, "id": "b" * 32}).status_code == 409
    for _ in range(18):
        answer = post(kiosk, "/intents", wish)
        assert (answer.status_code, answer.json()) == (200, {"begun": "known"})
    assert issued_all(core_sqlite, "fast") == 1


async def test_a_visit_that_another_page_ends_is_no_wish_of_the_next_visitor(
    core_sqlite: Core, patient_kiosk: Kiosk, open_page: OpenPage
) -> None:
    screens = [Screen(page=await open_page(size=PORTRAIT), kiosk=patient_kiosk) for _ in range(2)]
    for screen in screens:
        await screen.open()
    first, second = screens
    assert await first.take("personal-cash") == "A001"
    assert await second.label() == "A001"
    await second.finish()
    await first.shows("choose")
    assert await first.take("personal-cash") == "A002"
    assert waiting(core_sqlite) == ["A001", "A002"]


async def test_several_services_in_one_visit(core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    await screen.action("several").click()
    await expect(screen.action("take")).to_be_disabled()
    for service in ("fast", "accounts", "foreign-exchange", "accounts"):
        await screen.service(service).click()
    assert await faults(page) == []
    await screen.action("take").click()
    assert await screen.label() == "K001"
    (ticket,) = floor(core_sqlite)["tickets"]
    assert ticket["legs"] == ["fast", "foreign-exchange"]


async def test_everything_goes_by_keyboard(core_sqlite: Core, kiosk: Kiosk, open_page: OpenPage) -> None:
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()

    async def press_on(selector: str) -> None:
        for _ in range(30):
            if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return await page.keyboard.press("Enter")
            await page.keyboard.press("Tab")
        raise AssertionError(f"no way to {selector}")

    await press_on('[data-service="accounts"]')
    await screen.shows("class")
    await press_on('[data-class="normal"]')
    assert await screen.label() == "B001"
    await press_on('[data-action="help"]')
    await expect(page.locator(".message.good")).to_be_visible()
    (alert,) = floor(core_sqlite)["alerts"]
    assert (alert["kind"], alert["place"]) == ("help", "kiosk")


async def test_a_lost_answer_makes_no_second_number(core_sqlite: Core, tmp_path: Path, open_page: OpenPage) -> None:
    with between(core_sqlite.base_url, b"/tickets HTTP") as proxy:
        kiosk = kiosk_of(core_sqlite, tmp_path / "kiosk", core_url=proxy.url)
        with running(kiosk):
            page = await open_page(size=PORTRAIT)
            screen = Screen(page=page, kiosk=kiosk)
            await screen.open()
            proxy.answers_lost = 3
            await screen.service("fast").click()
            assert await screen.label() == "K001"
            assert proxy.seen == 4
            assert waiting(core_sqlite) == ["K001"]
            assert issued_all(core_sqlite, "fast") == 1


async def test_a_visitor_who_goes_unanswered_leaves_no_number(
    core_sqlite: Core, tmp_path: Path, open_page: OpenPage
) -> None:
    with between(core_sqlite.base_url, b"/tickets HTTP") as proxy:
        kiosk = kiosk_of(
            core_sqlite, tmp_path / "kiosk", core_url=proxy.url, KIOSK_ISSUE_PATIENCE_S="6", KIOSK_SETTLE_S="0"
        )
        with running(kiosk):
            page = await open_page(size=PORTRAIT, language="en")
            screen = Screen(page=page, kiosk=kiosk, language="en")
            await screen.open()
            proxy.answers_lost = 1000
            await screen.service("fast").click()
            await screen.shows("asking")
            await expect(screen.action("cancel")).to_be_visible()
            assert await faults(page) == []
            await screen.action("cancel").click()
            await screen.shows("choose")
            await until(page, lambda: kiosk.intents() == ["void"])
            assert waiting(core_sqlite) == []
            await until(page, lambda: post(kiosk, "/help", {}).status_code == 200)
            await screen.service("fast").click()
            await screen.shows("refused")
            assert await faults(page) == []
            await expect(page.locator(".message.soon")).to_contain_text(screen.words("web.kiosk.unanswered"))
            await screen.action("back").click()
            await screen.shows("choose")
            await until(page, lambda: kiosk.intents() == ["void", "void"])
            assert waiting(core_sqlite) == []


async def test_paper_out_is_told_before_and_the_number_is_photographed(
    core_sqlite: Core, patient_kiosk: Kiosk, open_page: OpenPage
) -> None:
    kiosk = patient_kiosk
    page = await open_page(size=PORTRAIT, scheme="dark")
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    kiosk.play("paper_out")
    await expect(page.locator(".message.soon")).to_contain_text(screen.words("web.kiosk.no_paper"))
    assert await faults(page) == []
    await until(page, lambda: [alert["fault"] for alert in floor(core_sqlite)["alerts"]] == ["paper_out"])
    await screen.service("fast").click()
    await screen.shows("unprinted")
    assert await screen.label() == "K001"
    await expect(page.locator(".code img")).to_be_visible()
    assert await faults(page) == []
    assert kiosk.intents() == ["shown"]
    kiosk.play("")
    await until(page, lambda: floor(core_sqlite)["alerts"] == [])
    await screen.action("print-again").click()
    await expect(screen.action("done")).to_be_visible()
    assert len(kiosk.printed) == 1
    assert kiosk.intents() == ["confirmed"]
    await screen.finish()
    kiosk.play("paper_out")
    await expect(page.locator(".message.soon")).to_be_visible()
    await screen.service("fast").click()
    await screen.shows("unprinted")
    await screen.action("give-up").click()
    await screen.shows("choose")
    await until(page, lambda: kiosk.intents() == ["confirmed", "void"])
    assert waiting(core_sqlite) == ["K001"]


async def test_a_printer_that_dies_amid_a_ticket_makes_no_second_number(
    core_sqlite: Core, patient_kiosk: Kiosk, open_page: OpenPage
) -> None:
    kiosk = patient_kiosk
    page = await open_page(size=PORTRAIT)
    screen = Screen(page=page, kiosk=kiosk)
    await screen.open()
    kiosk.play("power 300")
    await screen.service("fast").click()
    await screen.shows("unprinted")
    kiosk.play("")
    await screen.action("print-again").click()
    await expect(screen.action("done")).to_be_visible()
    assert waiting(core_sqlite) == ["K001"]
    assert len(kiosk.printed) == 1
