"""How the console treats its user: the way in and out, hints, confirmations, and room for everything on the screen."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from queue_service.wire import locales
from tests.browsing import OpenPage
from tests.web.conftest import Account, Core, running
from tests.web.console import Console, faults, overflow_px

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESKS = ((1280, 800), (1280, 744), (1280, 720))
RECALL_HELD_MS = 1000


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """Whose windows no other module leaves open."""
    yield from running(tmp_path_factory.mktemp("manners"))


async def test_sign_in_enter_and_f1_lead_to_the_first_customer(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    console = Console(page=page, core=core)
    await arrive(console, core.teller(4))
    await expect(page.locator(".tile:focus")).to_be_visible()
    await console.press("4")
    await expect(tile(page, 4)).to_be_focused()
    await console.press("Enter")
    await console.can("pause")
    await close(console)

    await expect(tile(page, 4)).to_be_focused()
    await expect(page.locator(".tile").first).to_contain_text(console.words("web.counter.usual"))
    await expect(page.locator(".tile").first).to_have_attribute("data-window", "4")
    await page.get_by_role("button", name=console.words("web.sign_out"), exact=True).click()
    label = core.issue("fast")
    await expect(page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    await console.type_in(core.teller(4))
    await expect(tile(page, 4)).to_be_focused()
    await console.press("Enter")
    await console.can("call-next", likely=True)
    await console.press("F1")
    await console.sees_customer(label, "called")
    await serve(console)
    await close(console)


async def test_a_fresh_browser_offers_a_window_that_is_free(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    console = Console(page=page, core=core)
    await arrive(console, core.teller(8))
    await expect(page.locator(".tile:focus")).to_contain_text(console.words("web.counter.hold.free"))
    await expect(page.get_by_text(console.words("web.counter.usual"), exact=True)).to_have_count(0)
    await console.press("Enter")
    await console.sees_state("open")
    await close(console)


async def test_windows_are_chosen_by_digits_and_arrows(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    console = Console(page=page, core=core)
    await arrive(console, core.teller(3))
    await expect(page.locator(".tile:focus")).to_be_visible()
    await expect(page.get_by_text(console.words("web.counter.choose_window.keys"))).to_be_visible()
    for key, number in (("8", 8), ("ArrowLeft", 7), ("ArrowUp", 4), ("ArrowRight", 5), ("ArrowDown", 8)):
        await console.press(key)
        await expect(tile(page, number)).to_be_focused()
    await console.press("ArrowDown")
    await expect(tile(page, 8)).to_be_focused()
    await console.press("?")
    await expect(page.locator("dialog[open]")).to_be_visible()
    await console.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_greeter_is_offered_the_roaming_windows_alone(core: Core, open_page: OpenPage, language: str) -> None:
    page = await open_page(language=language)
    console = Console(page=page, core=core, language=language)
    greeter = core.staff["greeter"][0]
    await arrive(console, greeter)
    await expect(tile(page, 9)).to_be_focused()
    await expect(page.locator("button.tile")).to_have_count(1)
    others = page.locator("div.tile")
    await expect(others.first).to_contain_text(console.words("web.counter.for_tellers"))
    assert await faults(page) == []
    await console.press("Enter")
    await console.sees_state("open")
    await close(console)
    await page.goto(f"{core.base_url}/counter?window=1")
    await expect(page.locator(".door")).to_contain_text(console.words("web.counter.for_tellers"))
    await expect(page.locator(".door button")).to_have_count(1)
    await expect(page.locator(".door button")).to_be_focused()


async def test_signing_out_asks_what_becomes_of_the_open_window(core: Core, open_page: OpenPage) -> None:
    page = await open_page()
    console = Console(page=page, core=core)
    await console.open(core.teller(7))
    way_out = page.get_by_role("button", name=console.words("web.sign_out"), exact=True)
    await way_out.click()
    await expect(page.get_by_role("button", name=console.words("web.counter.leave.close"))).to_be_focused()
    assert await faults(page) == []
    await console.press("Escape")
    await console.can("pause")

    await way_out.click()
    await page.get_by_role("button", name=console.words("web.counter.leave.keep_open")).click()
    await expect(page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    assert state(core, 7) == "open"
    await console.sign_in(core.teller(7))
    await expect(page.get_by_role("button", name=console.words("web.counter.continue_here"))).to_be_focused()
    await console.press("Enter")

    label = core.issue("corporate")
    await console.can("call-next")
    await console.press("F1")
    await console.sees_customer(label, "called")
    await way_out.click()
    await expect(page.get_by_text(console.words("web.counter.leave.serving", label=label))).to_be_visible()
    await expect(page.get_by_role("button", name=console.words("web.counter.leave.close"))).to_have_count(0)
    await console.press("Escape")
    await serve(console)

    await way_out.click()
    await expect(page.get_by_role("button", name=console.words("web.counter.leave.close"))).to_be_focused()
    await console.press("Enter")
    await expect(page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    assert state(core, 7) == "closed"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_key_that_does_nothing_says_why_and_what_happens_is_said(
    core: Core, open_page: OpenPage, language: str
) -> None:
    page = await open_page(language=language)
    console = Console(page=page, core=core, language=language)
    await console.open(core.teller(8))
    await console.can("pause")
    await hints(console, "F4", "finish", "web.counter.why.call_first")
    await hints(console, "Shift+F7", "parked", "web.counter.list.parked.none")
    label = core.issue("wealth")
    spelt = " ".join(label)
    await console.can("call-next")
    await console.press("F1")
    await console.can("recall")
    await hints(console, "F4", "finish", "web.counter.why.start_first")
    await hints(console, "F1", "call-next", "web.counter.why.finish_first", label=label)
    said = page.locator("[aria-live=assertive]")
    await expect(said).to_have_text(console.words("web.counter.announce.called", label=spelt))

    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    await console.press("F2")
    await expect(page.locator(".toast", has_text=console.words("web.counter.recalled", label=label))).to_be_visible()
    await console.cannot("recall")
    await console.press("F2")
    assert len(posts) == 1
    await expect(said).to_have_text(console.words("web.counter.announce.recalled", label=spelt, count=2))
    await page.wait_for_timeout(RECALL_HELD_MS)
    await console.can("recall")

    await console.press("F5")
    await console.sees_list("missed", label)
    await expect(said).to_have_text(console.words("web.counter.announce.missed", label=spelt))
    # Nobody knows since when it is missed; the time since it was taken would be taken for that.
    await expect(page.locator('[data-list="missed"] .row-age')).to_have_count(0)
    await hints(console, "F4", "finish", "web.counter.why.call_first")
    await console.press("Shift+F5", "Enter", "Enter")
    await console.sees_customer(label, "called")
    await serve(console)
    await expect(said).to_have_text(console.words("web.counter.announce.finished", label=spelt))
    seconds = console.words("web.time.seconds", seconds="7").replace("7", r"\d+")
    mean = console.words("web.counter.today.mean", time="TIME").replace("TIME", seconds)
    await expect(page.locator(".foot")).to_contain_text(re.compile(mean))

    await console.press("F8")
    await console.press("Enter")
    await console.sees_state("paused")
    await hints(console, "F9", "walk-in", "web.counter.why.go_on_first")
    played = page.locator('[data-action="pause"] .icon path')
    await expect(played).to_have_count(1)
    await console.can("pause")
    await console.press("F8")
    await console.sees_state("open")
    await close(console)


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_everything_has_its_room(core: Core, open_page: OpenPage, language: str, scheme: str) -> None:
    core.issue("personal-cash", **{"class": "priority"})
    page = await open_page(language=language, scheme=scheme)
    console = Console(page=page, core=core, language=language)
    await console.open(core.teller(2))
    for key in ("F9", "F8", "Shift+F8", "Shift+F1"):
        await console.can("call-next")
        await console.press(key)
        if key == "Shift+F1":
            await console.press("Enter")
        await expect(page.locator(".panel, .left .message")).to_be_visible()
        for width, height in DESKS:
            await page.set_viewport_size({"width": width, "height": height})
            assert await spills(page) == [], (key, height)
        await console.press("Escape")
    await console.press("F1")
    await console.can("transfer")
    for key in ("F6", "F8", "Shift+F8", ""):
        if key:
            await console.press(key)
            await expect(page.locator(".panel, .left .message")).to_be_visible()
        for width, height in DESKS:
            await page.set_viewport_size({"width": width, "height": height})
            assert await spills(page) == [], (key, height)
        await console.press("Escape")

    await page.set_viewport_size({"width": 390, "height": 844})
    await console.press("F3")
    await console.can("finish", likely=True)
    for action in ("finish", "transfer", "park", "pause"):
        await expect(page.locator(f'[data-action="{action}"]')).to_be_in_viewport(ratio=1)
    head = await page.locator(".bar").bounding_box()
    assert head is not None
    assert head["height"] < 90
    assert await overflow_px(page) == 0
    await console.press("Shift+F3")
    await expect(page.locator(".panel input:focus")).to_be_in_viewport(ratio=1)
    assert await faults(page) == []
    await console.press("Escape", "F4")
    await console.sees_nobody()
    await close(console)


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_an_address_without_a_page_leads_home(
    core: Core, open_page: OpenPage, language: str, scheme: str
) -> None:
    page = await open_page(language=language, scheme=scheme, size=(390, 844))
    await page.goto(f"{core.base_url}/no/such/page")
    for spoken in locales.languages():
        await expect(page.get_by_text(locales.text(spoken, "web.nowhere.title"))).to_be_visible()
    assert await faults(page) == []
    assert await overflow_px(page) == 0
    await page.get_by_role("link", name=locales.text(language, "web.nowhere.home")).click()
    await expect(page.locator("h1")).to_have_text(locales.text(language, "web.product"))


async def arrive(console: Console, account: Account) -> None:
    """Signed in by keys, before the choice of windows."""
    await console.page.goto(f"{console.core.base_url}/counter")
    await expect(console.page.get_by_label(console.words("web.sign_in.username"))).to_be_focused()
    await console.type_in(account)
    await expect(console.page.locator(".tile")).not_to_have_count(0)


async def close(console: Console) -> None:
    await console.can("close")
    await console.press("Shift+F8")
    await expect(console.page.locator(".left .message button").first).to_be_focused()
    await console.press("Enter")
    await expect(console.page.locator(".tile:focus")).to_be_visible()


async def serve(console: Console) -> None:
    """The customer who was called, to the end."""
    await console.can("start")
    await console.press("F3")
    await console.can("finish")
    await console.press("F4")
    await console.sees_nobody()


async def hints(console: Console, key: str, action: str, why: str, **params: str) -> None:
    await console.press(key)
    verb = console.words(f"web.counter.verb.{action}")
    hint = console.words("web.counter.why", pressed=key, verb=verb, why=console.words(why, **params))
    await expect(console.page.locator(".toast", has_text=hint)).to_be_visible()


def tile(page: Page, number: int) -> Locator:
    return page.locator(f'.tile[data-window="{number}"]')


def state(core: Core, number: int) -> str:
    """Of a window, as the board tells it."""
    board = httpx.get(f"{core.base_url}/api/v1/branches/{core.branch}/board").json()
    told: str = next(window["state"] for window in board["windows"] if window["number"] == number)
    return told


async def spills(page: Page) -> list[str]:
    """What does not fit: a page or a left side that scrolls, and parts that reach over the end of their own card."""
    found: list[str] = await page.evaluate("""() => {
      const bottom = (element) => element.getBoundingClientRect().bottom;
      const found = [];
      if (document.documentElement.scrollHeight > innerHeight) found.push("page");
      const left = document.querySelector(".left");
      if (left.scrollHeight > left.clientHeight) found.push(`left by ${left.scrollHeight - left.clientHeight}`);
      for (const card of left.children) {
        for (const part of card.querySelectorAll("*:not(.unseen)")) {
          if (bottom(part) > bottom(card) + 1) found.push(`${part.tagName}.${part.className}`);
        }
      }
      return found;
    }""")
    return found
