"""What the console shows when something is amiss: odd data, a wrong address, a window that is taken away."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from tests.browsing import OpenPage
from tests.web.conftest import Core
from tests.web.console import Console, altered, faults

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(autouse=True)
def closed_windows(core: Core) -> Iterator[None]:
    """Others at the same core find, and leave, windows that they may open."""
    core.close_windows()
    yield
    core.close_windows()


async def test_a_language_that_no_browser_knows_shows_as_its_tag(core: Core, open_page: OpenPage) -> None:
    label = core.issue("accounts")
    page = await open_page()

    def speak_oddly(view: dict[str, Any]) -> None:
        if view["ticket"]:
            view["ticket"]["language"] = "en-12"

    await altered(page, speak_oddly)
    console = Console(page=page, core=core)
    await console.open(core.teller(5))
    await console.can("call-next")
    await console.press("F1")
    await console.sees_customer(label, "called")
    await expect(page.locator(".customer-head")).to_contain_text("en-12")
    await serve(console)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_part_that_fails_leaves_the_verbs_usable_and_comes_back(
    core: Core, open_page: OpenPage, language: str
) -> None:
    core.issue("accounts")
    page = await open_page(language=language, may_complain=True)
    reported: list[str] = []
    page.on("pageerror", lambda error: reported.append(str(error)))

    def break_customer(view: dict[str, Any]) -> None:
        if view["ticket"]:
            del view["ticket"]["legs"]

    await altered(page, break_customer)
    console = Console(page=page, core=core, language=language)
    await console.open(core.teller(5))
    await console.can("call-next")
    await console.press("F1")
    await expect(page.locator(".customer .message")).to_have_text(console.words("web.part_failed"))
    await expect(page.locator(".customer .label")).to_have_count(0)
    await expect(page.locator(".queue h2").first).to_be_visible()
    assert await faults(page) == []
    assert len(reported) == 1, "whoever looks after the page can read what it was"
    await serve(console)
    await expect(page.locator(".customer .message")).to_have_count(0)
    await expect(page.locator(".customer h2")).to_have_text(console.words("web.counter.idle"))


async def test_a_page_that_fails_as_a_whole_says_so_and_can_be_loaded_again(core: Core, open_page: OpenPage) -> None:
    page = await open_page(may_complain=True)
    is_broken = True

    def break_all(view: dict[str, Any]) -> None:
        if is_broken:
            view["branch"]["name"] = None

    await altered(page, break_all)
    console = Console(page=page, core=core)
    await page.goto(f"{core.base_url}/counter?branch={core.branch}&window=5")
    await expect(page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    await console.type_in(core.teller(5))
    await expect(page.get_by_role("alert")).to_contain_text(console.words("web.page_failed"))
    assert await faults(page) == []
    is_broken = False
    await page.get_by_role("button", name=console.words("web.load_again")).click()
    await expect(page.locator(".door h1")).to_have_text(console.words("web.window", number=5))


async def test_the_wait_is_told_from_when_it_began_whatever_the_place_in_the_queue(
    core: Core, open_page: OpenPage
) -> None:
    label = core.issue("accounts")
    page = await open_page()

    def wait_long(view: dict[str, Any]) -> None:
        """As after a transfer to the first place: the place in the queue is older, or younger, than the wait."""
        for ticket in (*view["waiting"], view["ticket"]):
            if ticket and ticket["label"] == label:
                since = datetime.fromisoformat(ticket["waiting_since"]) - timedelta(minutes=50, seconds=20)
                ticket["waiting_since"] = since.isoformat()
                ticket["joined_at"] = (since + timedelta(minutes=30)).isoformat()

    await altered(page, wait_long)
    console = Console(page=page, core=core)
    await console.open(core.teller(5))
    row = page.locator('[data-list="waiting"] .ticket', has_text=label)
    waited = console.words("web.time.minutes", minutes=50)
    await expect(row.locator(".row-age")).to_contain_text(waited)
    await expect(row.locator(".row-age")).to_contain_text(console.words("web.over_target"))
    await console.press("F1")
    await console.sees_customer(label, "called")
    await expect(page.locator(".facts .over")).to_contain_text(waited)
    await serve(console)


async def test_a_window_that_is_none_leads_to_those_that_are(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    console = Console(page=page, core=core)
    await arrive(console, branch=core.branch, window=77)
    await expect(page.get_by_role("alert")).to_have_text(console.words("refusal.window.unknown", window=77))
    assert await faults(page) == []
    await choose_another(console, core.branch)


@pytest.mark.parametrize("window", [1, None])
async def test_a_link_to_another_branch_leads_to_the_own_one(
    core: Core, open_page: OpenPage, window: int | None
) -> None:
    page = await open_page(language="en")
    console = Console(page=page, core=core, language="en")
    await arrive(console, branch=core.other_branch, window=window)
    await expect(page.get_by_role("alert")).to_have_text(console.words("refusal.access.other_branch"))
    assert await faults(page) == []
    await choose_another(console, None)


async def test_another_window_can_be_chosen_while_nothing_has_come_yet(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    await page.route_web_socket("**/live?view=window*", lambda _: None)
    console = Console(page=page, core=core)
    await arrive(console, branch=core.branch, window=5)
    await expect(page.get_by_role("status").get_by_text(console.words("web.loading"))).to_be_visible()
    await choose_another(console, core.branch)


async def test_a_window_that_was_taken_away_is_not_asked_for_again(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await page.route_web_socket("**/live?view=window*", between)
    console = Console(page=page, core=core)
    await page.clock.install()
    await console.open(core.teller(3))
    await console.can("pause")

    async def without_window(route: Route) -> None:
        answer = await route.fetch()
        floor = await answer.json()
        floor["windows"] = [window for window in floor["windows"] if window["number"] != 3]
        await route.fulfill(response=answer, body=json.dumps(floor))

    await page.route("**/floor", without_window)
    await sockets[0].close(code=4404)
    await expect(page.get_by_role("alert")).to_have_text(console.words("refusal.window.unknown", window=3))
    assert await faults(page) == []
    await page.clock.fast_forward(60_000)
    assert len(sockets) == 1
    await choose_another(console, core.branch)


async def test_all_windows_are_offered_in_cards_of_one_size(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    await arrive(Console(page=page, core=core), branch=core.branch, window=None)
    await expect(page.locator(".tile")).not_to_have_count(0)
    for width in (1920, 1280, 700, 390):
        await page.set_viewport_size({"width": width, "height": 800})
        boxes = [await tile.bounding_box() for tile in await page.locator(".tile").all()]
        assert len({(box["width"], box["height"]) for box in boxes if box}) == 1, width


async def test_who_holds_a_window_is_told_by_name(core: Core, open_page: OpenPage) -> None:
    before = Console(page=await open_page(), core=core)
    await before.open(core.teller(6))
    name = await before.own_name()

    after = Console(page=await open_page(language="en"), core=core, language="en")
    await arrive(after, branch=core.branch, window=None)
    tile = after.page.locator(".tile", has=after.page.get_by_text("6", exact=True))
    await expect(tile).to_contain_text(f"{name} · {after.words('web.window.open')}")


async def arrive(console: Console, *, branch: str, window: int | None) -> None:
    """Signed in as the teller of window 3, at an address that was typed or kept."""
    place = "" if window is None else f"&window={window}"
    await console.page.goto(f"{console.core.base_url}/counter?branch={branch}{place}")
    await expect(console.page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    await console.type_in(console.core.teller(3))


async def choose_another(console: Console, branch: str | None) -> None:
    """By the button that is there, to the windows of the own branch."""
    page = console.page
    await page.get_by_role("button", name=console.words("web.counter.other_window")).click()
    await expect(page.locator(".tile")).not_to_have_count(0)
    assert ("branch=" in page.url) == (branch is not None)
    assert "window=" not in page.url


async def serve(console: Console) -> None:
    """The customer who was called, to the end, by keys."""
    await console.can("start")
    await console.press("F3")
    await console.can("finish")
    await console.press("F4")
    await console.sees_nobody()
    await console.can("undo")
