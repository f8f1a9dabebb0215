"""Profiles of a browser that tests take one after another, each as good as new.

A page in a new profile costs two seconds of a processor before anything is tried: a renderer starts and every module is
fetched and compiled for it. A profile that is swept and keeps its renderer costs half.
"""

from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page

IDLE_MAX = 3
"""Profiles that wait for their next user; each holds some 100 MB."""
KEPT = "local_storage,indexeddb,cache_storage,service_workers,file_systems"
"""What pages keep beside cookies, in the words of Chromium's DevTools."""
HAS_OWN_CLOCK = "!setTimeout.toString().includes('[native code]')"
Scheme = Literal["light", "dark"]


@dataclass
class Profile:
    """What one person has in a browser: cookies, what pages keep, a clock. `keeper` holds its renderer."""

    context: BrowserContext
    language: str
    keeper: Page | None = None

    async def open(self, *, scheme: Scheme, size: tuple[int, int]) -> Page:
        page = await self.context.new_page()
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # contrasts: of what stands still
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        return page

    async def sweep(self) -> bool:
        """Leaves nothing of its user; False: something that cannot be undone was done to it, its clock was held."""
        used = [page for page in self.context.pages if page is not self.keeper]
        for page in used:
            if await page.evaluate(HAS_OWN_CLOCK):
                return False
        if self.keeper is None:
            self.keeper = await self.context.new_page()
            await self.keeper.route("**", lambda route: route.fulfill(content_type="text/html", body=""))
            await self.keeper.goto("http://127.0.0.1")  # of any port: a renderer serves a site
            await self.keeper.unroute_all()
        for page in used:
            await page.close()
        await self.context.set_offline(False)
        await self.context.clear_permissions()
        await self.context.clear_cookies()
        devtools = await self.context.new_cdp_session(self.keeper)
        await devtools.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": KEPT})
        await devtools.detach()
        return True


@dataclass
class Profiles:
    """Those of one browser that nobody has."""

    browser: Browser
    _idle: list[Profile] = field(default_factory=list)

    async def take(self, language: str, *, page_wait_ms: int, is_new: bool = False) -> Profile:
        """One for a person who reads `language`; `is_new`: nothing was ever fetched in it."""
        for profile in self._idle:
            if profile.language == language and not is_new:
                self._idle.remove(profile)
                return profile
        context = await self.browser.new_context(locale=language, reduced_motion="reduce")
        context.set_default_timeout(page_wait_ms)
        return Profile(context, language)

    async def give_back(self, profile: Profile) -> None:
        """For the next one who reads that language."""
        if await profile.sweep():
            self._idle.append(profile)
            if len(self._idle) > IDLE_MAX:
                await self._idle.pop(0).context.close()
        else:
            await profile.context.close()

    async def close(self) -> None:
        """Those that nobody has."""
        while self._idle:
            await self._idle.pop().context.close()
