"""Sign in, who am I, sign out, as a browser sees it."""

from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from queue_service.identity.rules import Role
from queue_service.identity.service import Identity
from queue_service.settings import Settings
from tests.identity.callers import OWN
from tests.identity.serving import FOREIGN_HEADERS, HTTP, HTTPS, a_browser, an_app, outcome, sign_in
from tests.identity.signing import PASSWORD, add_device, add_staff

PATH = "/api/v1/session"


async def test_signing_in_tells_who_it_is_and_so_does_asking(identity: Identity, storage: Settings) -> None:
    staff_id = await add_staff(identity, "anna", Role.TELLER, Role.GREETER)
    async with a_browser(an_app(identity, storage)) as browser:
        told = (await sign_in(browser)).json()
        assert told == {"staff": {"id": staff_id, "name": "安娜", "roles": ["greeter", "teller"], "branch": OWN}}
        assert (await browser.get(PATH)).json() == told


async def test_an_admin_belongs_to_no_single_branch(identity: Identity, storage: Settings) -> None:
    await add_staff(identity, "anna", Role.ADMIN)
    async with a_browser(an_app(identity, storage)) as browser:
        assert (await sign_in(browser)).json()["staff"]["branch"] is None


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("base_url", "name", "secure"), [(HTTP, "queue_session", False), (HTTPS, "__Host-queue_session", True)]
)
async def test_the_cookie_is_as_careful_as_the_address_allows(
    identity: Identity, storage: Settings, base_url: str, name: str, secure: bool
) -> None:
    await add_staff(identity)
    async with a_browser(an_app(identity, storage, base_url), base_url) as browser:
        for answer, age_s in ((await sign_in(browser), 43_200), (await browser.delete(PATH), 0)):
            [cookie] = SimpleCookie(answer.headers["Set-Cookie"]).values()
            assert (cookie.key, cookie["secure"] is True, cookie["httponly"]) == (name, secure, True)
            assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("strict", "/", "")
            assert int(cookie["max-age"]) == age_s


async def test_the_session_that_a_browser_had_ends_when_it_signs_in_again(
    identity: Identity, storage: Settings
) -> None:
    await add_staff(identity)
    app = an_app(identity, storage)
    async with a_browser(app) as browser, a_browser(app) as thief:
        await sign_in(browser)
        thief.cookies.update(browser.cookies)
        await sign_in(browser)
        assert thief.cookies.get("queue_session") != browser.cookies.get("queue_session")
        assert outcome(await thief.get(PATH)) == (401, "session.unknown")
        assert outcome(await browser.get(PATH)) == (200, None)


async def test_signing_out_ends_the_session_on_the_server_too(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    app = an_app(identity, storage)
    async with a_browser(app) as browser, a_browser(app) as thief:
        await sign_in(browser)
        thief.cookies.update(browser.cookies)
        assert (await browser.delete(PATH)).status_code == 204
        assert not browser.cookies
        assert outcome(await browser.get(PATH)) == (401, "session.required")
        assert outcome(await thief.get(PATH)) == (401, "session.unknown")
        assert (await browser.delete(PATH)).status_code == 204, "there is nothing left to end"


async def test_a_device_has_no_session(identity: Identity, storage: Settings) -> None:
    token = (await add_device(identity)).token
    async with a_browser(an_app(identity, storage)) as client:
        answer = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert outcome(answer) == (401, "session.required")


async def test_wrong_and_unknown_get_the_same_answer_word_for_word(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    async with a_browser(an_app(identity, storage)) as browser:
        answers = [
            await browser.post(PATH, json={"username": username, "password": password})
            for username, password in (("anna", "wrong horse"), ("nobody", PASSWORD))
        ]
    assert [outcome(answer) for answer in answers] == [(401, "session.wrong")] * 2
    assert answers[0].content == answers[1].content
    assert "set-cookie" not in answers[0].headers


async def test_who_guesses_too_often_is_told_when_to_try_again(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    async with a_browser(an_app(identity, storage)) as browser:
        for _ in range(storage.sign_in_account_failures_max):
            await browser.post(PATH, json={"username": "anna", "password": "wrong horse"})
        answer = await browser.post(PATH, json={"username": "anna", "password": PASSWORD})
    assert outcome(answer) == (429, "session.throttled")
    assert answer.headers["Retry-After"] == "60"
    assert answer.json()["params"] == {"retry_s": 60}


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
@pytest.mark.parametrize("headers", FOREIGN_HEADERS)
async def test_no_foreign_page_signs_anybody_in_or_out(
    identity: Identity, storage: Settings, headers: dict[str, str]
) -> None:
    await add_staff(identity)
    async with a_browser(an_app(identity, storage)) as browser:
        body = {"username": "anna", "password": PASSWORD}
        assert outcome(await browser.post(PATH, json=body, headers=headers)) == (403, "request.cross_site")
        await sign_in(browser)
        assert outcome(await browser.delete(PATH, headers=headers)) == (403, "request.cross_site")
        assert outcome(await browser.get(PATH)) == (200, None)


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"username": "anna"},
        {"username": "", "password": PASSWORD},
        {"username": "anna", "password": ""},
        {"username": "a" * 65, "password": PASSWORD},
        {"username": "anna", "password": "p" * 257},
        {"username": 1, "password": PASSWORD},
        {"username": ["anna"], "password": PASSWORD},
        {"username": "anna", "password": PASSWORD, "role": "admin"},
    ],
)
async def test_a_malformed_body_is_refused_and_not_repeated(identity: Identity, storage: Settings, body: Any) -> None:
    async with a_browser(an_app(identity, storage)) as browser:
        answer: httpx.Response = await browser.post(PATH, json=body)
    assert outcome(answer) == (422, "request.invalid")
    assert PASSWORD not in answer.text
