"""The hall as its manager moves it, and a screen as somebody in the hall sees and hears it."""

from itertools import pairwise
from typing import Any

import httpx
from playwright.async_api import Page, expect

from tests.core import Core
from tests.display_client.running import Display

SILENT_PLAYER = """
// A sound card that plays nothing and counts what it is given: two tones are one chime.
class Param { setValueAtTime() {} exponentialRampToValueAtTime() {} }
class SoundNode { constructor() { this.gain = new Param(); } connect(next) { return next; } stop() {} }
window.heard = { tones: 0, state: STATE };
window.GainNode = SoundNode;
window.OscillatorNode = class extends SoundNode { start() { window.heard.tones += 1; } };
window.AudioContext = class {
  currentTime = 0;
  destination = {};
  get state() { return window.heard.state; }
  async resume() { window.heard.state = "running"; this.onstatechange?.(); }
};
"""
"""Stands in for the browser's player, which has no ears in a test."""


SEEN = """
// When each call came up, by the page's clock, and what was said to screen readers.
window.spoken = [];
window.turns = [];
addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    const text = document.querySelector('[aria-live="assertive"]')?.textContent ?? "";
    if (text && window.spoken.at(-1) !== text) window.spoken.push(text);
    const call = document.querySelector(".shown")?.dataset.call;
    if (call && window.turns.at(-1)?.call !== call) window.turns.push({ call, at_ms: performance.now() });
  }).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true });
});
"""


class Manager:
    """Acts at any window of the hall."""

    def __init__(self, core: Core) -> None:
        self._core = core
        (member,) = core.staff("manager")
        self._client = httpx.Client(base_url=core.hall, timeout=30)
        session = {"username": member["username"], "password": member["password"]}
        self._client.post(f"{core.api}/session", json=session).raise_for_status()

    def issue(self, service: str) -> str:
        label: str = self._core.issue(service)["label"]
        return label

    def open(self, *windows: int) -> None:
        for window in windows:
            self.do(window, "open")

    def call(self, window: int) -> str:
        """The next ticket; returns its label."""
        label: str = self.do(window, "call-next")["ticket"]["label"]
        return label

    def do(self, window: int, verb: str, **body: str) -> Any:
        return self._client.post(f"/windows/{window}/{verb}", json=body).raise_for_status().json()

    def board(self) -> Any:
        return self._client.get("/board").raise_for_status().json()

    def close(self) -> None:
        self._client.close()


class Screen:
    """One screen of the hall, before somebody who has no patience: its clock can be moved on."""

    def __init__(self, page: Page, display: Display) -> None:
        self.page = page
        self._display = display

    async def open(self, query: str = "", *, has_sound: bool = True) -> None:
        state = '"running"' if has_sound else '"suspended"'
        await self.page.clock.install()
        await self.page.add_init_script(SILENT_PLAYER.replace("STATE", state))
        await self.page.add_init_script(SEEN)
        await self.page.goto(f"{self._display.base_url}/{query}")
        await expect(self.page.locator("main.board")).to_be_visible()

    async def shows(self, label: str) -> None:
        await expect(self.page.locator(".shown-label")).to_have_text(label)

    async def shows_nobody(self) -> None:
        await expect(self.page.locator(".nobody")).to_be_visible()

    async def has_past(self, *labels: str) -> None:
        await expect(self.page.locator(".past-label")).to_have_text(list(labels))

    async def has_called(self, window: int, label: str) -> None:
        """The list of windows, which waits for nothing, has it."""
        await expect(self.page.locator(f'[data-window="{window}"] .window-label')).to_have_text(label)

    async def chimes(self) -> int:
        tones: int = await self.page.evaluate("window.heard.tones")
        assert tones % 2 == 0
        return tones // 2

    async def announced(self) -> list[str]:
        """What this document has said to screen readers, in order."""
        said: list[str] = await self.page.evaluate("window.spoken")
        return said

    async def turns_s(self) -> list[float]:
        """Between each call and the next one."""
        turns = await self.page.evaluate("window.turns.map(({ at_ms }) => at_ms / 1000)")
        return [later - earlier for earlier, later in pairwise(turns)]
