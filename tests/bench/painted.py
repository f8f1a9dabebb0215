"""From the key that calls to the painted board: console and board in a real browser, real core and display between.

The press is the `keydown` event of F1 in the console's page, by the time that the event carries. Painted is the first
task after the frame in which the board has the new label in large and shows it in its list of windows; that the large
one then slides in for a quarter of a second is not counted. Both pages are of one browser on one machine, and so of one
clock. The browser draws without a graphics processor, which a lobby screen has.

The display is the real one, but that a call keeps the screen for no time of its own: in a hall each is shown for ten
seconds at least, and the next one waits for its turn on purpose.
"""

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from display_client.app import create_app
from display_client.hall import Hall as Lobby
from display_client.settings import Settings
from queue_service.wire.clock import system_clock
from queue_service.wire.edge import start
from queue_service.wire.relay import Relay
from tests.bench import machine
from tests.bench.rows import Bound, Figure, Row, Rows, p99
from tests.bench.serving import COOKIE, Hall, Served, core, data_dir, stage

CHROMIUM_ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-quic"]
CALLS, CALLS_QUICK = 100, 5
WARMING = 3
"""Calls that are not told: what a page loads or compiles at first use is not what is measured."""
MS_P99_MAX = 300.0
WINDOW = 1
PAUSE_MS = 250
"""Between two calls, so that little of the last one is still moving."""
WAITING_MS_MAX = 30_000
LOOK_MS = 20
FULL_HD: ViewportSize = {"width": 1920, "height": 1080}
DESK: ViewportSize = {"width": 1280, "height": 800}

PRESSED = """
window.pressed = [];
addEventListener("keydown", (event) => {
  if (event.key === "F1") window.pressed.push(performance.timeOrigin + event.timeStamp);
}, true);
"""
PAINTED = """
window.painted = [];
addEventListener("DOMContentLoaded", () => {
  const task = new MessageChannel();
  let last = "";
  task.port1.onmessage = () => window.painted.push(performance.timeOrigin + performance.now());
  new MutationObserver(() => {
    const large = document.querySelector(".shown-label")?.textContent;
    const listed = document.querySelector('[data-window="1"] .window-label')?.textContent;
    if (!large || large !== listed || large === last) return;
    last = large;
    requestAnimationFrame(() => task.port2.postMessage(null));
  }).observe(document, { subtree: true, childList: true, characterData: true });
});
"""


def measure(repeats: int, *, is_quick: bool) -> Rows:
    """One row."""
    calls = CALLS_QUICK if is_quick else CALLS
    p99s_ms, p50s_ms = [], []
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as folder, ExitStack() as stack:
        settings = data_dir(folder)
        (hall,) = stage(settings)
        served = stack.enter_context(core(settings))
        display_port = stack.enter_context(_display(served, hall, Path(folder) / "display"))
        browser = stack.enter_context(_browser())
        version = browser.version
        board = _page(browser, FULL_HD, PAINTED)
        board.goto(f"http://127.0.0.1:{display_port}/")
        board.wait_for_selector(".nobody")
        console = _page(browser, DESK, PRESSED, cookie=(hall, served))
        people = _People(served, hall)
        people.ask(f"/windows/{WINDOW}/open")
        console.goto(f"{served.url}/counter?branch={hall.branch}&window={WINDOW}")
        for repeat in range(repeats):
            warming = WARMING if repeat == 0 else 0
            taken_ms = [_call_ms(people, console, board) for _ in range(warming + calls)][warming:]
            p99s_ms.append(p99(taken_ms))
            p50s_ms.append(median(taken_ms))
    yield Row(
        name="Call pressed → board painted",
        setup=f"{calls} calls by F1 at the console's page; board of {FULL_HD['width']} × {FULL_HD['height']}, "
        f"Chromium {version} and the display on the clients' processor",
        figures=(
            Figure(name="p99", unit="ms", values=tuple(p99s_ms), bound=Bound.AT_MOST, limit=MS_P99_MAX),
            Figure(name="p50", unit="ms", values=tuple(p50s_ms)),
        ),
    )


def _call_ms(people: "_People", console: Page, board: Page) -> float:
    """One visitor comes, is called by a key, and goes."""
    people.ask("/tickets", '{"service":"personal-cash"}')
    console.wait_for_selector(".row-label", timeout=WAITING_MS_MAX)
    console.wait_for_selector('[data-action="call-next"]:enabled', timeout=WAITING_MS_MAX)
    console.keyboard.press("F1")
    give_up_s = time.monotonic() + WAITING_MS_MAX / 1000
    while not (painted := board.evaluate("window.painted.splice(0)")):
        assert time.monotonic() < give_up_s, "the board did not show the call"
        board.wait_for_timeout(LOOK_MS)
    (pressed_ms,) = console.evaluate("window.pressed.splice(0)")
    console.wait_for_selector(".customer .label", timeout=WAITING_MS_MAX)
    people.ask(f"/windows/{WINDOW}/finish")
    console.wait_for_selector(".customer .label", state="detached", timeout=WAITING_MS_MAX)
    board.wait_for_timeout(PAUSE_MS)
    taken_ms: float = painted[-1] - pressed_ms
    return taken_ms


class _People:
    """A kiosk's visitors, and the teller where no key is measured."""

    def __init__(self, served: Served, hall: Hall) -> None:
        self._line = HTTPConnection("127.0.0.1", served.port)
        self._hall = hall

    def ask(self, path: str, body: str = "") -> bytes:
        self._line.request("POST", f"{self._hall.path}{path}", body, self._hall.headers)
        answer = self._line.getresponse()
        told = answer.read()
        assert answer.status in (200, 201), told
        return told


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "pages are painted by Chromium (Debian, Ubuntu: apt-get install chromium)"
    with machine.pinned(machine.CLIENT_CPU), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


def _page(browser: Browser, size: ViewportSize, script: str, cookie: tuple[Hall, Served] | None = None) -> Page:
    context = browser.new_context(locale="zh-CN", viewport=size)
    if cookie is not None:
        hall, served = cookie
        context.add_cookies([{"name": COOKIE, "value": hall.teller, "url": served.url}])
    page = context.new_page()
    page.add_init_script(script)
    return page


@contextmanager
def _display(served: Served, hall: Hall, folder: Path) -> Iterator[int]:
    """Its port."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(machine.CLIENT_CPU, served.url, hall.display, folder, theirs), daemon=True
    )
    process.start()
    try:
        yield mine.recv()
    finally:
        process.terminate()
        process.join()


def _serve(cpu: int, core_url: str, token: str, folder: Path, ready: Connection) -> None:
    machine.pin(cpu)
    settings = Settings(core_url=core_url, port=0, data_dir=folder).model_copy(update={"shown_s_min": 0.0})
    with start.listening(settings) as listeners:
        ready.send(listeners[0].getsockname()[1])
        start.log_from("warning")
        relay = Relay(view="lobby", epoch=secrets.token_hex(), clock=system_clock)
        lobby = Lobby(settings, relay, token=token, clock=system_clock, chance=secrets.SystemRandom().random)
        asyncio.run(start.serve(create_app(lobby, relay), lobby.run(), listeners))
