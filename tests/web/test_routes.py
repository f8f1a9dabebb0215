"""What the web routes answer, without a browser."""

import gzip
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from queue_service.settings import Settings
from queue_service.web.routes import PAGES, install, page_list
from queue_service.wire import locales


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette()
    app.router.redirect_slashes = False  # as in the core
    install(app.router, Settings())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hall") as client:
        yield client


def addresses(document: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]+)"', document)


@pytest.mark.parametrize("path", [page.path for page in PAGES])
@pytest.mark.parametrize("language", locales.languages())
async def test_a_page_speaks_the_language_asked_for_and_names_only_what_there_is(
    client: httpx.AsyncClient, path: str, language: str
) -> None:
    answer = await client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]
    assert f'<html lang="{language}"' in answer.text
    assert locales.text(language, "web.product") in answer.text
    assert "trusted-types" in answer.headers["content-security-policy"]
    found = addresses(answer.text)
    assert any(address.endswith("/vendor/preact.js") for address in found)
    for address in found:
        assert (await client.get(address)).status_code == 200, address


async def test_a_document_holds_no_inline_script_or_style(client: httpx.AsyncClient) -> None:
    document = (await client.get("/counter")).text
    assert "<style" not in document
    assert " style=" not in document
    assert re.findall(r"<script(?![^>]* src=)", document) == []


async def test_assets_are_kept_for_ever_under_their_hash_and_asked_for_again_under_another(
    client: httpx.AsyncClient,
) -> None:
    address = next(address for address in addresses((await client.get("/")).text) if address.endswith("tokens.css"))
    answer = await client.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    outdated = await client.get("/assets/0123456789abcdef/shared/tokens.css")
    assert outdated.content == answer.content
    assert outdated.headers["cache-control"] == "no-cache"


async def test_what_has_not_changed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    for address in ("/", "/locales/en.json", "/pages.json"):
        tag = (await client.get(address)).headers["etag"]
        again = await client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(address, headers={"If-None-Match": 'W/"other"'})).status_code == 200


async def test_answers_are_packed_for_who_can_unpack(client: httpx.AsyncClient) -> None:
    plain = await client.get("/locales/zh-CN.json", headers={"Accept-Encoding": "identity"})
    async with client.stream("GET", "/locales/zh-CN.json", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert plain.json() == locales.catalogue("zh-CN")


async def test_a_light_page_gets_every_word_that_it_may_show_and_few_others(client: httpx.AsyncClient) -> None:
    document = (await client.get("/t/some-token")).text
    assert 'data-words="ticket."' in document
    words = (await client.get("/locales/ticket.en.json")).json()
    assert words.items() <= locales.catalogue("en").items()
    assert {key for key in locales.catalogue("en") if key.startswith("web.ticket.")} <= words.keys()
    assert {"web.offline", "web.language", "web.wait.range", "class.priority"} <= words.keys()
    assert [key for key in words if key.startswith(("cure.", "refusal.", "web.counter."))] == []


@pytest.mark.parametrize(
    "path",
    [
        "/locales/de.json",
        "/locales/counter.en.json",
        "/locales/..%2Fen.json",
        "/assets/x/routes.py",
        "/assets/x/..%2Froutes.py",
        "/assets/x/vendor/renew.mjs",
        "/assets/x/page.html",
        "/nothing",
    ],
)
async def test_there_is_nothing_else(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "accept", "is_page"),
    [
        ("GET", "/nothing", "text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("HEAD", "/nothing", "text/html", True),
        ("GET", "/nothing", "*/*", False),
        ("GET", "/nothing", "application/json", False),
        ("POST", "/nothing", "text/html", False),
        ("GET", "/api/v1/nothing", "text/html", False),
    ],
)
async def test_a_person_who_is_led_nowhere_gets_a_page_that_leads_home(
    client: httpx.AsyncClient, method: str, path: str, accept: str, is_page: bool
) -> None:
    answer = await client.request(method, path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html") == is_page
    if is_page and method == "GET":
        assert all(locales.text(language, "web.nowhere.home") in answer.text for language in locales.languages())
        for address in addresses(answer.text):
            assert (await client.get(address)).status_code == 200, address


async def test_a_slash_too_many_leads_to_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/counter/?branch=a&window=3")
    assert (answer.status_code, answer.headers["location"]) == (308, "/counter?branch=a&window=3")


async def test_a_slash_too_many_after_a_token_leads_to_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/t/some-token/?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (308, "/t/some-token?lang=en")
    assert (await client.get("/t/some-token/more/")).status_code == 404


async def test_a_browser_that_asks_for_an_icon_by_habit_gets_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/favicon.ico")
    assert answer.headers["content-type"].startswith("image/svg+xml")


def test_the_list_of_pages_names_the_other_processes_where_their_address_is_set() -> None:
    own = [page.id for page in PAGES if page.is_listed]
    assert [page["id"] for page in page_list(Settings())] == own
    settings = Settings(kiosk_url="http://kiosk.example/", display_url="http://display.example/")
    assert [(page["id"], page["url"]) for page in page_list(settings)][len(own) :] == [
        ("kiosk", "http://kiosk.example/"),
        ("display", "http://display.example/"),
    ]
