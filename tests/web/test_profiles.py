"""A profile that tests take one after another is as good as new to each."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browsing import PAGE_WAIT_MS_MAX
from tests.profiles import Profile, Profiles
from tests.web.conftest import Core

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEEPS = "document.cookie = 'a=b'; localStorage.setItem('a', 'b'); sessionStorage.setItem('a', 'b');"
KEPT = "[document.cookie, localStorage.length, sessionStorage.length]"


async def used(profiles: Profiles, core: Core, *, is_new: bool = False) -> tuple[Profile, list[object]]:
    """A profile after a use that leaves things behind, and what its user found there."""
    profile = await profiles.take("en", page_wait_ms=PAGE_WAIT_MS_MAX, is_new=is_new)
    page = await profile.open(scheme="light", size=(400, 400))
    await page.goto(f"{core.base_url}/favicon.ico")
    found: list[object] = await page.evaluate(KEPT)
    await page.evaluate(KEEPS)
    await profile.context.set_offline(True)
    return profile, found


@pytest_asyncio.fixture(loop_scope="session")
async def own(profiles: Profiles) -> AsyncIterator[Profiles]:
    """Profiles that no other test takes."""
    own = Profiles(profiles.browser)
    yield own
    await own.close()


async def test_nothing_is_left_by_whoever_had_it_before(core: Core, own: Profiles) -> None:
    profile, _ = await used(own, core, is_new=True)
    await own.give_back(profile)
    again, found = await used(own, core)
    await own.give_back(again)
    assert again is profile
    assert found == ["", 0, 0]


async def test_nobody_gets_the_clock_of_another(core: Core, own: Profiles) -> None:
    profile, _ = await used(own, core, is_new=True)
    await profile.context.clock.install()
    await own.give_back(profile)
    again, _ = await used(own, core)
    await own.give_back(again)
    assert again is not profile


async def test_two_people_have_two_profiles(own: Profiles) -> None:
    both = [await own.take("en", page_wait_ms=PAGE_WAIT_MS_MAX) for _ in range(2)]
    assert both[0] is not both[1]
    for profile in both:
        await own.give_back(profile)
