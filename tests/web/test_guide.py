"""The greeter's handheld in a real Chromium, on a real core."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Page, Request, Route, expect

from queue_service.catalog.files import samples
from queue_service.catalog.rules import around_the_clock
from queue_service.catalog.service import Catalog
from queue_service.infra.database import Database
from queue_service.settings import Settings
from queue_service.wire.clock import system_clock
from tests.browsing import OpenPage
from tests.core import Core, running, staged
from tests.web.console import faults, overflow_px
from tests.web.guiding import PHONE, Handheld, ask_help, open_window, say, staff, ticket

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROAMING = 9
URGENT = "wealth"
"""A service whose visitors wait too long from the first second."""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A bank branch that is always open, with all its plans and one service over its target."""
    core = staged(tmp_path_factory.mktemp("guide"))
    asyncio.run(publish(core.settings, core.branch))
    with running(core):
        yield core


async def publish(settings: Settings, branch: str) -> None:
    database = await Database.open(settings)
    try:
        now = system_clock()
        (sample,) = (terms for terms in samples(now) if terms.branch_id == branch)
        services = tuple(
            replace(service, target_wait_minutes=0.01) if service.id == URGENT else service
            for service in sample.services
        )
        policy = replace(sample.policy, idle_alert_s=1)
        plans = tuple(replace(plan, switches=()) for plan in sample.plans)
        terms = replace(around_the_clock(sample), services=services, plans=plans, policy=policy)
        await (await Catalog.open(database)).publish(terms, by="test", now=now)
    finally:
        await database.close()


async def test_a_number_for_somebody_by_keys_alone(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("number")
    await expect(page.locator(".offer").first).to_be_enabled()
    while await page.evaluate("!document.activeElement.classList.contains('offer')"):
        await handheld.press("Tab")
    await handheld.press("Enter")
    await expect(page.locator("h1")).to_be_focused()
    await handheld.press("Tab", "ArrowRight", "Tab", "ArrowRight", "Tab", "Enter")
    label = await page.locator(".shown .label").inner_text()
    await expect(page.locator(".shown .chip")).to_have_text(handheld.words("class.priority"))
    await expect(page.locator("h1")).to_be_focused()
    picture = page.locator(".qr")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    kiosk = page.locator(".kiosks button").first
    await expect(kiosk).to_be_visible()
    kiosks = page.locator(".kiosks li")
    await expect(kiosks.first).to_contain_text(handheld.words("web.guide.print.not_connected"))
    await handheld.press("Tab")
    await expect(kiosk).to_be_focused()
    await handheld.press("Enter")
    await expect(
        page.get_by_role("status").get_by_text(handheld.words("web.guide.print.pending", kiosk="kiosk"))
    ).to_be_visible()
    with staff(hall, "greeter") as client:
        (pending,) = (one for one in client.get("/floor").json()["prints"] if one["label"] == label)
    say(hall, f"/prints/{pending['id']}/take")
    await expect(page.get_by_text(handheld.words("web.guide.print.taken", kiosk="kiosk"))).to_be_visible()
    assert ticket(hall, pending["ticket"])["language"] == "en"


async def test_a_declared_class_is_confirmed_or_not(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    first, second = (hall.issue("personal-cash", **{"class": "priority"}) for _ in range(2))
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("waiting")
    await handheld.open_person(first["label"])
    await handheld.button("web.guide.confirm.yes").click()
    await expect(page.locator(".person .marks")).not_to_contain_text(handheld.words("web.to_confirm"))
    told = ticket(hall, first["id"])
    assert (told["class"], told["to_confirm"]) == ("priority", False)

    await handheld.button("web.back").click()
    await expect(page.locator(".person-row:focus .row-label")).to_have_text(first["label"])
    await handheld.open_person(second["label"])
    await handheld.button("web.guide.confirm.no").click()
    await expect(page.locator(".person .marks .chip")).to_have_count(1)
    assert ticket(hall, second["id"])["class"] == "normal"

    await handheld.button("web.guide.class.change").click()
    await page.get_by_label(handheld.words("class.vip")).check()
    await page.get_by_label(handheld.words("reason.other")).check()
    await page.get_by_label(handheld.words("web.guide.words")).fill("Gold card")
    await handheld.button("web.guide.class.submit").click()
    await expect(page.locator(".person .marks")).to_contain_text(handheld.words("class.vip"))
    await expect(page.locator(".remarks")).to_contain_text("Gold card")


async def test_a_person_is_diverted_cancelled_and_let_wait_again(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 7)
    missed, diverted, cancelled = (hall.issue("corporate") for _ in range(3))
    with staff(hall, "manager") as client:
        client.post("/windows/7/call-next").raise_for_status()
        client.post("/windows/7/miss").raise_for_status()
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("waiting")
    await page.locator(".segment", has_text=handheld.words("status.missed")).click()
    await page.locator(".person-row", has_text=missed["label"]).click()
    await handheld.button("web.guide.reinstate").click()
    place = handheld.words("web.guide.reinstate.after", after=3)
    await expect(
        page.get_by_text(handheld.words("web.guide.reinstate.question", label=missed["label"], place=place))
    ).to_be_visible()
    await handheld.button("web.guide.reinstate").click()
    await handheld.sees_status("waiting")

    await handheld.open_person(diverted["label"])
    await handheld.button("web.guide.divert").click()
    await page.get_by_label(handheld.words("divert.online")).check()
    await handheld.button("web.guide.divert").click()
    await handheld.sees_status("diverted")
    await expect(page.get_by_text(handheld.words("web.guide.person.gone"))).to_be_visible()

    await handheld.open_person(cancelled["label"])
    await handheld.button("web.guide.cancel").click()
    await expect(
        page.get_by_text(handheld.words("web.guide.cancel.question", label=cancelled["label"]))
    ).to_be_visible()
    assert ticket(hall, cancelled["id"])["status"] == "waiting", "asked before it is done"
    await handheld.press("Escape")
    await handheld.button("web.guide.cancel").click()
    await handheld.button("web.guide.cancel").click()
    await handheld.sees_status("cancelled")


async def test_the_most_urgent_comes_first(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 2)
    first = hall.issue("personal-cash")
    urgent = hall.issue(URGENT)
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("hall")
    await expect(page.locator(".service").first).to_contain_text(handheld.words("web.over_target"))
    await handheld.go("waiting")
    labels = page.locator(".person-row .row-label")
    await expect(labels.first).to_have_text(urgent["label"])
    assert (await labels.all_inner_texts()).index(first["label"]) > 0
    await handheld.go("alerts")
    with staff(hall, "greeter") as client:
        (name,) = (s["name"]["zh-CN"] for s in client.get("/floor").json()["services"] if s["id"] == URGENT)
    late = handheld.words("alert.over_target", service=name)
    await expect(page.locator(".alert", has_text=late)).to_be_visible()
    idle = handheld.words("alert.idle_window", number=2)
    await expect(page.locator(".alert", has_text=idle)).to_be_visible()


async def test_the_plan_is_switched_after_a_question(hall: Core, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall, language="zh-CN")
    await handheld.open("hall")
    await page.get_by_role("button", name="午间", exact=True).click()
    await expect(page.get_by_text(handheld.words("web.plan.question", name="午间"))).to_be_visible()
    await handheld.button("web.guide.plan.switch").click()
    await expect(page.get_by_role("button", name="平峰", exact=True)).to_be_visible()
    with staff(hall, "greeter") as client:
        assert client.get("/floor").json()["branch"]["plan"] == "midday"
    await page.get_by_role("button", name="平峰", exact=True).click()
    await handheld.button("web.guide.plan.switch").click()
    await expect(page.get_by_role("button", name="午间", exact=True)).to_be_visible()


async def test_the_roaming_window_serves(hall: Core, open_page: OpenPage) -> None:
    chosen = hall.issue("fast")
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("hall")
    panel = page.locator(".roaming")
    await handheld.button("web.counter.open").click()
    verb = panel.locator("[data-action]")
    await expect(verb).to_have_count(1)
    await expect(verb).to_be_enabled()

    await handheld.open_person(chosen["label"])
    await handheld.button("web.guide.call_here", number=ROAMING).click()
    await handheld.button("web.guide.call_here", number=ROAMING).click()
    await handheld.sees_status("called")
    await handheld.go("hall")
    await expect(panel.locator(".roaming-label")).to_have_text(chosen["label"])
    await panel.locator('[data-action="start"]').click()
    await panel.locator('[data-action="finish"]:enabled').click()
    await expect(panel.locator(".roaming-label")).to_have_count(0)
    assert ticket(hall, chosen["id"])["status"] == "finished"

    following = hall.issue("fast")
    await panel.locator('[data-action="call-next"]:enabled').click()
    await expect(panel.locator(".roaming-label")).to_have_text(following["label"])
    await panel.locator('[data-action="start"]:enabled').click()
    await panel.locator('[data-action="finish"]:enabled').click()
    await panel.get_by_role("button", name=handheld.words("web.counter.verb.close")).click()
    await panel.locator(".button.grave").click()
    await expect(panel.locator(".chip").first).to_contain_text(handheld.words("web.window.closed"))


async def test_one_greeter_takes_an_alert_and_the_other_is_told(hall: Core, open_page: OpenPage) -> None:
    first = Handheld(page=await open_page(size=PHONE), core=hall)
    second = Handheld(page=await open_page(size=PHONE, language="en"), core=hall, language="en")
    await first.open("alerts")
    await second.open("alerts", role="manager")
    ask_help(hall, "test")
    here, there = (
        one.page.locator(".alert", has_text=one.words("alert.help", place="test")) for one in (first, second)
    )
    await expect(here.get_by_role("button")).to_be_visible()
    await expect(there.get_by_role("button")).to_be_visible()
    # Both touch before either sees that the other did.
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    await second.page.route("**/take", hold)
    await there.get_by_role("button").click()
    await expect(there).to_contain_text(second.words("web.guide.taps.mark"))
    await here.get_by_role("button").click()
    await expect(here).to_contain_text(first.words("web.alert.mine"))
    await expect(there).not_to_contain_text(second.words("web.guide.taps.mark"))
    await waiting[0].continue_()
    await second.is_told(second.words("refusal.alert.taken"))
    name = "大堂经理 · Greeter"
    await expect(there).to_contain_text(second.words("web.alert.taken", name=name))
    await expect(here.get_by_role("button")).to_have_text(first.words("web.guide.alert.close"))
    await second.page.locator(".toast").get_by_role("button").click()  # what went wrong stays until it is put away
    await there.get_by_role("button").click()
    await second.is_told(second.words("web.guide.alert.closed", alert=second.words("alert.help", place="test")))
    await expect(here).to_have_count(0)
    await expect(there).to_have_count(0)


async def test_touches_wait_through_a_gap_and_are_done_once(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    label = hall.issue("personal-cash")
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("waiting")
    await handheld.open_person(label["label"])
    keys: list[str] = []
    page.on("requestfinished", lambda request: keys.append(request.headers.get("idempotency-key", "")))
    await page.context.set_offline(True)
    await expect(page.get_by_role("alert")).to_contain_text(handheld.words("web.guide.cut", at="", seconds=120)[:6])
    await handheld.button("web.guide.divert").click()
    await handheld.button("web.guide.divert").click()
    await expect(page.locator(".unsent li")).to_have_count(1)
    await expect(page.locator(".person .marks")).to_contain_text(handheld.words("web.guide.taps.mark"))
    await handheld.button("web.guide.divert").click()
    await handheld.button("web.guide.divert").click()
    await expect(page.locator(".unsent li")).to_have_count(1)
    assert await faults(page) == []
    assert ticket(hall, label["id"])["status"] == "waiting"
    await page.context.set_offline(False)
    await handheld.sees_status("diverted")
    await expect(page.locator(".unsent")).to_have_count(0)
    assert len([key for key in keys if key]) == 1


async def test_a_touch_that_is_refused_later_is_told_and_forgotten(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    gone = hall.issue("personal-cash")
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("waiting")
    await handheld.open_person(gone["label"])
    await page.context.set_offline(True)
    await handheld.button("web.guide.cancel").click()
    await handheld.button("web.guide.cancel").click()
    await expect(page.locator(".unsent li")).to_have_count(1)
    with staff(hall, "manager") as client:
        client.post(f"/tickets/{gone['id']}/divert", json={"to": "online"}).raise_for_status()
    await page.context.set_offline(False)
    await handheld.is_told(handheld.words("refusal.ticket.not_waiting", label=gone["label"]))
    await expect(page.locator(".unsent")).to_have_count(0)


async def test_a_touch_that_waited_too_long_is_given_up(hall: Core, open_page: OpenPage) -> None:
    ask_help(hall)
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await page.clock.install()
    await handheld.open("alerts")
    alert = page.locator(".alert", has_text=handheld.words("alert.help", place="kiosk"))
    await page.context.set_offline(True)
    await alert.get_by_role("button").click()
    await expect(page.locator(".unsent li")).to_have_count(1)
    await page.clock.fast_forward(int(timedelta(seconds=122) / timedelta(milliseconds=1)))
    await expect(page.locator(".unsent")).to_have_count(0)
    what = handheld.words("web.guide.alert.done", alert=handheld.words("alert.help", place="kiosk"))
    await handheld.is_told(handheld.words("web.guide.taps.given_up", what=what))


async def test_no_more_than_so_many_touches_wait(hall: Core, open_page: OpenPage) -> None:
    ask_help(hall)
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    with staff(hall, "greeter") as client:
        own = client.get(f"{hall.api}/session").json()["staff"]["id"]
    await leave_touches(page, own, count=20)
    await page.route("**/nothing/*", lambda route: route.abort())
    await handheld.open("alerts")
    await expect(page.locator(".unsent li")).to_have_count(20)
    alert = page.locator(".alert", has_text=handheld.words("alert.help", place="kiosk"))
    await alert.get_by_role("button").click()
    await handheld.is_told(handheld.words("web.guide.taps.full", count=20))
    await expect(page.locator(".unsent li")).to_have_count(20)


async def test_nobody_sends_the_touches_of_another(hall: Core, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    await leave_touches(page, "staff:another", count=1)
    await handheld.open("alerts")
    await handheld.is_told(handheld.words("web.guide.taps.given_up", what="0"))
    await expect(page.locator(".unsent")).to_have_count(0)
    assert [url for url in sent if "nothing" in url] == []


async def leave_touches(page: Page, by: str, *, count: int) -> None:
    """As a page leaves them that was closed in a gap."""
    touches = ", ".join(
        f"{{key: '{number}', by: '{by}', at_ms: Date.now(), about: null, text: '{number}', method: 'POST',"
        f" path: '/api/v1/nothing/{number}', body: {{}}}}"
        for number in range(count)
    )
    await page.add_init_script(f"sessionStorage.setItem('guide.taps', JSON.stringify([{touches}]))")


async def test_a_number_asked_for_in_a_gap_comes_after_it(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("number")
    await page.locator(".offer").first.click()
    await page.context.set_offline(True)
    await page.locator(".take").click()
    await expect(page.locator(".unsent li")).to_have_count(1)
    assert await faults(page) == []
    await page.locator(".offer").first.click()
    await expect(page.locator(".take")).to_be_disabled()
    await page.context.set_offline(False)
    await expect(page.locator(".shown .label")).to_be_visible()


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("number")
    keys: list[str] = []

    async def lose_first(route: Route, request: Request) -> None:
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/tickets", lose_first)
    with staff(hall, "greeter") as client:
        before = len(client.get("/floor").json()["tickets"])
        await page.locator(".offer").first.click()
        await page.locator(".take").click()
        await expect(page.locator(".shown .label")).to_be_visible()
        assert len(client.get("/floor").json()["tickets"]) == before + 1
    assert len(keys) == 2
    assert keys[0] == keys[1]


async def test_a_core_that_stops_is_said_and_a_reload_forgets_no_touch(hall: Core, open_page: OpenPage) -> None:
    open_window(hall, 1)
    person = hall.issue("personal-cash", **{"class": "priority"})
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await handheld.open("waiting")
    await handheld.open_person(person["label"])
    hall.stop()
    try:
        await expect(page.locator(".message.now")).to_be_visible()
        await handheld.button("web.guide.confirm.yes").click()
        await expect(page.locator(".unsent li")).to_have_count(1)
        await handheld.go("hall")
        await expect(page.locator(".roaming .button:enabled")).to_have_count(0)
        await handheld.go("alerts")
    finally:
        hall.start()
    await page.reload()
    await expect(page.locator(".tab[aria-current]")).to_be_visible()
    await expect(page.locator(".unsent")).to_have_count(0)
    await expect(page.locator(".message.now")).to_have_count(0)
    await handheld.open_person(person["label"])
    await expect(page.locator(".person .marks")).not_to_contain_text(handheld.words("web.to_confirm"))
    assert not ticket(hall, person["id"])["to_confirm"]


async def test_a_new_alert_is_said_and_the_bell_can_be_turned_off(hall: Core, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE, language="en")
    handheld = Handheld(page=page, core=hall, language="en")
    await page.add_init_script(
        "window.tones = 0; const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (...at) { tones += 1; return start.apply(this, at); };"
    )
    await handheld.open("hall")
    say(hall, "/printer", {"fault": "paper_out"})
    words = handheld.words("alert.printer", place="kiosk", fault=handheld.words("fault.paper_out"))
    await expect(page.locator("[aria-live=assertive]")).to_have_text(words)
    await expect(page.locator(".badge")).to_be_visible()
    await page.wait_for_function("tones > 0")
    heard = await page.evaluate("tones")
    await page.get_by_role("button", name=handheld.words("web.guide.settings")).click()
    await page.get_by_label(handheld.words("web.guide.chime")).uncheck()
    await handheld.press("Escape")
    say(hall, "/printer", {"fault": None})
    await handheld.go("alerts")
    await expect(page.locator(".alert", has_text=words)).to_have_count(0)
    say(hall, "/printer", {"fault": "cover"}, device="test")
    await expect(page.locator(".alert", has_text=handheld.words("fault.cover"))).to_be_visible()
    assert await page.evaluate("tones") == heard
    await page.reload()
    await page.get_by_role("button", name=handheld.words("web.guide.settings")).click()
    await expect(page.get_by_label(handheld.words("web.guide.chime"))).not_to_be_checked()
    say(hall, "/printer", {"fault": None}, device="test")


async def test_who_serves_at_a_window_finds_no_handheld(hall: Core, open_page: OpenPage) -> None:
    page = await open_page(size=PHONE)
    handheld = Handheld(page=page, core=hall)
    await page.goto(f"{hall.base_url}/guide")
    teller = hall.staff("teller")[0]
    await page.get_by_label(handheld.words("web.sign_in.username")).fill(teller["username"])
    await page.get_by_label(handheld.words("web.sign_in.password")).fill(teller["password"])
    await handheld.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text(handheld.words("refusal.access.forbidden"))
    assert await faults(page) == []


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en", "dark")])
async def test_every_tab_and_question_is_accessible(
    hall: Core, open_page: OpenPage, language: str, scheme: str
) -> None:
    open_window(hall, 1)
    person = hall.issue("personal-cash", **{"class": "priority"})
    hall.issue(URGENT)
    ask_help(hall)
    page = await open_page(size=PHONE, language=language, scheme=scheme)
    handheld = Handheld(page=page, core=hall, language=language)
    await handheld.open("hall")

    async def is_sound(where: str) -> None:
        assert await faults(page) == [], where
        for width in (320, 390):
            await page.set_viewport_size({"width": width, "height": 844})
            assert await overflow_px(page) == 0, (where, width)

    await expect(page.locator(".window").first).to_be_visible()
    await is_sound("hall")
    await page.locator(".hall-side .card").last.get_by_role("button").first.click()
    await is_sound("plan")
    await handheld.press("Escape")
    await handheld.go("waiting")
    await is_sound("waiting")
    await handheld.open_person(person["label"])
    await is_sound("person")
    for key in ("web.guide.class.change", "web.guide.divert", "web.guide.cancel", "web.guide.print.copy"):
        await handheld.button(key).click()
        await expect(page.locator(".asking, .person .message.soon:not(.confirm)")).to_be_visible()
        await is_sound(key)
        await handheld.press("Escape")
        await expect(page.locator(".acts")).to_be_visible()
    await handheld.go("number")
    await is_sound("services")
    await page.locator(".offer").first.click()
    await is_sound("class and language")
    await page.locator(".take").click()
    await expect(page.locator(".qr")).to_be_visible()
    await expect(page.locator(".kiosks button").first).to_be_visible()
    await is_sound("issued")
    await handheld.go("alerts")
    await is_sound("alerts")
    await page.get_by_role("button", name=handheld.words("web.guide.settings")).click()
    await is_sound("settings")
    await handheld.press("Escape")
    await page.set_viewport_size({"width": 1024, "height": 768})
    await handheld.go("waiting")
    await page.get_by_role("searchbox").fill(person["label"])
    await page.locator(".person-row").first.click()
    await expect(page.locator(".person")).to_be_visible()
    await expect(page.locator(".people-list")).to_be_visible()
    assert await faults(page) == []
    assert await page.evaluate("document.documentElement.lang") == language
    assert await page.evaluate("document.documentElement.dataset.theme") == scheme
