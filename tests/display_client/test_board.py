"""The lobby board in a real Chromium, from a real display process that follows a real core."""

import json
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from queue_service.wire.clock import system_clock
from queue_service.wire.locales import text
from tests.browsing import OpenPage
from tests.core import Core
from tests.display_client.lobby import Manager, Screen
from tests.display_client.running import Display, display_of, running
from tests.web.console import faults, overflow_px

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOARD_SIZE = (1920, 1080)
SIZES = [BOARD_SIZE, (3840, 2160), (1080, 1920), (390, 844)]
WINDOWS_MANY = 30


@pytest.fixture
def manager(core_sqlite: Core) -> Any:
    manager = Manager(core_sqlite)
    yield manager
    manager.close()


async def a_screen(open_page: OpenPage, display: Display, query: str = "", **more: Any) -> Screen:
    has_sound = more.pop("has_sound", True)
    screen = Screen(await open_page(**{"size": BOARD_SIZE, **more}), display)
    await screen.open(query, has_sound=has_sound)
    return screen


async def test_calls_come_up_in_order_each_for_ten_seconds(
    display: Display, manager: Manager, open_page: OpenPage
) -> None:
    screen = await a_screen(open_page, display)
    await screen.shows_nobody()
    manager.open(1, 2, 3)
    for _ in range(4):
        manager.issue("personal-cash")
    first = manager.call(1)
    await screen.shows(first)
    assert await screen.chimes() == 1

    second, third = manager.call(2), manager.call(3)
    await screen.has_called(3, third)
    await screen.shows(first)
    await screen.page.clock.run_for(10_000)
    await screen.shows(second)
    await screen.has_past(first)
    await screen.page.clock.run_for(10_000)
    await screen.shows(third)
    await screen.has_past(second, first)

    manager.do(2, "recall")
    await screen.page.clock.run_for(10_000)
    await screen.shows(second)
    await expect(screen.page.locator(".again .first")).to_have_text(text("zh-CN", "web.board.again"))
    await screen.has_past(third, first)

    assert await screen.chimes() == 4
    assert min(await screen.turns_s()) >= 9.9  # of which painting takes a moment
    said = await screen.announced()
    assert [label for line in said for label in (first, second, third) if label in line] == [
        first,
        second,
        third,
        second,
    ]
    assert text("zh-CN", "web.board.announce.again", label=second, number=2, times=2) in said[-1]
    assert text("en", "web.board.announce", label=first, number=1) in said[0]
    # The current call is at least a twelfth of the screen's height.
    size_px = await screen.page.eval_on_selector(
        ".shown-label", "label => parseFloat(getComputedStyle(label).fontSize)"
    )
    assert size_px >= BOARD_SIZE[1] / 12


async def test_two_screens_announce_and_a_reload_announces_nothing_twice(
    display: Display, manager: Manager, open_page: OpenPage
) -> None:
    page = await open_page(size=BOARD_SIZE)
    first, second = Screen(page, display), Screen(await open_page(size=BOARD_SIZE, beside=page), display)
    await first.open()
    await second.open("?screen=2")
    manager.open(1, 2, 3)
    for _ in range(4):
        manager.issue("personal-cash")
    labels = [manager.call(window) for window in (1, 2, 3)]
    for screen in (first, second):
        await screen.shows(labels[0])
        await screen.has_called(3, labels[2])
        assert await screen.chimes() == 1

    await page.reload()
    await first.shows(labels[0])
    await first.has_called(3, labels[2])
    assert await first.chimes() == 0
    for label in labels[1:]:
        await page.clock.run_for(10_000)
        await first.shows(label)
    assert await first.chimes() == 2

    await page.reload()
    await first.shows(labels[2])
    await first.has_past(labels[1], labels[0])
    await page.clock.run_for(30_000)
    await first.shows(labels[2])
    assert await first.chimes() == 0
    assert await first.announced() == []
    await second.shows(labels[2])  # a context has one clock
    assert await second.chimes() == 3


async def test_what_was_called_while_a_screen_loads_again_is_announced(
    display: Display, manager: Manager, open_page: OpenPage
) -> None:
    screen = await a_screen(open_page, display)
    manager.open(1, 2)
    manager.issue("personal-cash"), manager.issue("personal-cash")
    await screen.shows(manager.call(1))
    await screen.page.goto("about:blank")
    missed = manager.call(2)
    await screen.page.goto(display.base_url)
    await screen.has_called(2, missed)
    await screen.page.clock.run_for(10_000)
    await screen.shows(missed)
    assert await screen.chimes() == 1


async def test_a_new_screen_announces_no_old_call(display: Display, manager: Manager, open_page: OpenPage) -> None:
    manager.open(1)
    manager.issue("personal-cash")
    label = manager.call(1)
    page = await open_page(size=BOARD_SIZE)
    await altered(page, lambda told: [call.update(at="2020-01-01T00:00:00Z") for call in told["board"]["calls"]])
    screen = Screen(page, display)
    await screen.open("?screen=new")
    await screen.has_past(label)
    await screen.shows_nobody()
    assert await screen.chimes() == 0


async def test_says_that_the_core_is_gone_and_is_right_again_with_nothing_missed_or_twice(
    core_sqlite: Core, display: Display, manager: Manager, open_page: OpenPage
) -> None:
    screen = await a_screen(open_page, display)
    alert = screen.page.get_by_role("alert")
    manager.open(1, 2)
    manager.issue("personal-cash"), manager.issue("personal-cash")
    before = manager.call(1)
    await screen.shows(before)
    await expect(alert).to_be_empty()

    core_sqlite.stop()
    await expect(alert.locator(".message.soon")).to_be_visible(timeout=10_000)
    await expect(alert.locator(".first")).to_contain_text(text("zh-CN", "web.board.stale", at="\n").split("\n")[1])
    assert await faults(screen.page) == []
    assert await screen.page.evaluate(OUTSIDE, True) == []
    await screen.shows(before)

    core_sqlite.start()
    await expect(alert).to_be_empty()
    after = manager.call(2)
    await screen.page.clock.run_for(10_000)
    await screen.shows(after)
    await screen.has_past(before)
    assert await screen.chimes() == 2


async def test_asks_to_listen_to_the_staff_when_the_core_has_been_gone_for_a_minute(
    display: Display, open_page: OpenPage
) -> None:
    def leave(told: dict[str, Any]) -> None:
        told["link"] = {"state": "offline", "since": gone_at.isoformat(), "refused": False}

    gone_at = system_clock() - timedelta(seconds=60)
    page = await open_page(size=BOARD_SIZE)
    await altered(page, leave)
    await Screen(page, display).open()
    words = page.get_by_role("alert").locator(".message.now .first")
    await expect(words).to_contain_text(text("zh-CN", "web.board.listen", at="\n").split("\n")[1])
    assert await faults(page) == []


async def test_says_that_its_own_process_is_gone_and_finds_back(
    display: Display, manager: Manager, open_page: OpenPage
) -> None:
    manager.open(1)
    screen = await a_screen(open_page, display)
    display.stop()
    alert = screen.page.get_by_role("alert")
    await screen.page.clock.fast_forward(10_000)
    await expect(alert.locator(".message.soon")).to_be_visible()
    await screen.page.clock.fast_forward(60_000)
    await expect(alert.locator(".message.now")).to_be_visible()
    display.start()
    await expect(alert).to_be_empty()
    manager.issue("personal-cash")
    await screen.shows(manager.call(1))


async def test_starts_without_the_core_and_knows_its_branch(
    core_sqlite: Core, display: Display, open_page: OpenPage
) -> None:
    screen = await a_screen(open_page, display)
    display.stop()
    core_sqlite.stop()
    display.start()
    await screen.page.reload()
    waiting = screen.page.get_by_role("status")
    await expect(waiting.locator(".first")).to_have_text(text("zh-CN", "web.data.none"))
    await screen.page.clock.fast_forward(10_000)
    await expect(waiting.locator(".first")).to_have_text(text("zh-CN", "web.board.unreached"))
    assert await faults(screen.page) == []
    core_sqlite.start()
    await expect(screen.page.locator("main.board")).to_be_visible()


async def test_says_that_the_core_does_not_want_it(core_sqlite: Core, tmp_path: Any, open_page: OpenPage) -> None:
    kiosk = core_sqlite.device()["Authorization"].removeprefix("Bearer ")
    stranger = display_of(core_sqlite, tmp_path / "stranger", DISPLAY_BRANCH="nowhere")
    stranger.token = kiosk
    with running(stranger):
        page = await open_page(size=BOARD_SIZE)
        await page.goto(stranger.base_url)
        await expect(page.get_by_role("status").locator(".first")).to_have_text(text("zh-CN", "web.board.refused"))


async def test_sound_waits_for_a_touch_where_the_browser_wants_one_and_the_picture_does_not(
    display: Display, manager: Manager, open_page: OpenPage
) -> None:
    manager.open(1, 2)
    manager.issue("personal-cash"), manager.issue("personal-cash")
    screen = await a_screen(open_page, display, has_sound=False)
    await screen.shows(manager.call(1))
    assert await screen.chimes() == 0
    assert await faults(screen.page) == []
    await screen.page.get_by_role("button", name=text("zh-CN", "web.board.sound_on")).click()
    await expect(screen.page.get_by_role("button")).to_have_count(0)
    manager.call(2)
    await screen.page.clock.run_for(10_000)
    await expect(screen.page.locator(".past-label")).to_have_count(1)
    assert await screen.chimes() == 1


@pytest.mark.parametrize("query", ["?lang=zh-CN", "?lang=en"])
async def test_speaks_both_languages_in_either_order(
    display: Display, manager: Manager, open_page: OpenPage, query: str
) -> None:
    manager.open(1, 3)
    manager.do(3, "pause", reason="break")
    manager.issue("personal-cash")
    screen = await a_screen(open_page, display, query)
    await screen.shows(manager.call(1))
    first, second = ("en", "zh-CN") if query.endswith("en") else ("zh-CN", "en")
    heading = screen.page.locator("h1")
    await expect(heading.locator(".first")).to_have_text(text(first, "web.board.now"))
    await expect(heading.locator(".other")).to_have_text(text(second, "web.board.now"))
    await expect(screen.page.locator("html")).to_have_attribute("lang", first)
    await expect(screen.page.locator('[data-window="3"] .state .first')).to_have_text(text(first, "web.window.paused"))
    assert await faults(screen.page) == []


@pytest.mark.parametrize("windows", [8, WINDOWS_MANY])
async def test_every_window_fits_on_every_screen(
    display: Display, manager: Manager, open_page: OpenPage, windows: int
) -> None:
    manager.open(1, 2)
    manager.issue("personal-cash"), manager.issue("personal-cash")
    page = await open_page(size=BOARD_SIZE)
    await altered(page, lambda told: widen(told["board"], windows))
    screen = Screen(page, display)
    await screen.open()
    await screen.shows(manager.call(1))
    await screen.page.clock.run_for(10_000)
    await screen.shows(manager.call(2))
    await expect(page.locator("[data-window]")).to_have_count(windows)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await overflow_px(page) == 0
        assert await page.evaluate(OUTSIDE, width > 400) == [], (width, height)
        assert await faults(page) == []


async def test_a_closed_hall_says_when_it_opens(display: Display, open_page: OpenPage) -> None:
    def close(told: dict[str, Any]) -> None:
        told["board"]["branch"] |= {"open": False, "numbers": False, "opens_at": "2030-01-07T01:00:00Z"}

    page = await open_page(size=BOARD_SIZE)
    await altered(page, close)
    await Screen(page, display).open()
    await expect(page.locator(".closed h1 .first")).to_have_text(text("zh-CN", "web.board.closed"))
    await expect(page.locator(".closed-until .first")).to_contain_text("09:00")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await overflow_px(page) == 0
    assert await faults(page) == []


OUTSIDE = """(isWhole) => {
  // Parts that are cut or lie outside the screen; a narrow window scrolls, but only down.
  const parts = ".calling, .shown-label, .windows, .window-table, .queue, .notice, .clock, .past";
  const isIn = ({ left, right, top, bottom }) =>
    left >= 0 && right <= innerWidth + 1 && (!isWhole || (top >= 0 && bottom <= innerHeight + 1));
  const isCut = (each) => each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1;
  const outside = [...document.querySelectorAll(parts)].filter((each) => !isIn(each.getBoundingClientRect()));
  const cut = [...document.querySelectorAll(isWhole ? ".shown, .windows" : ".shown")].filter(isCut);
  return [...outside, ...cut].map((each) => each.className);
}"""


async def altered(page: Page, alter: Any) -> None:
    """From now on each state with a board that the process sends comes to the page as `alter` makes it."""

    def between(socket: Any) -> None:
        server = socket.connect_to_server()

        def passed_on(message: str | bytes) -> None:
            told = json.loads(message)
            if told["type"] == "view" and told["data"]["board"]:
                alter(told["data"])
            socket.send(json.dumps(told))

        server.on_message(passed_on)

    await page.route_web_socket("**/live", between)


def widen(board: dict[str, Any], count: int) -> None:
    """A hall of so many windows, each with two services and a long label."""
    windows = [window for window in board["windows"] if not window["roaming"]]
    services = [service["id"] for service in board["services"]]
    board["windows"] = windows[:count] + [
        {**windows[0], "number": number, "state": "busy", "serving": f"AB{number:04}", "services": services[:2]}
        for number in range(len(windows) + 1, count + 1)
    ]
