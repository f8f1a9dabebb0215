"""The door: the whole table through HTTP, tokens that are none, foreign pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from queue_service.identity.guard import cookie_name, cross_site, demand, identify, origin_allowed, origin_of
from queue_service.identity.rules import NOBODY, CallerKind, DeviceKind, Permission, Role, visitor
from queue_service.identity.service import Identity
from queue_service.infra.migrate import migrate
from queue_service.infra.problems import Problem
from queue_service.settings import Settings
from tests.identity.callers import OTHER, OWN, a_member, expects
from tests.identity.serving import FOREIGN_HEADERS, HTTP, HTTPS, a_browser, an_app, outcome, sign_in
from tests.identity.signing import add_device, add_staff

ALLOWED = (200, None)
FORBIDDEN = (403, "access.forbidden")
OTHER_BRANCH = (403, "access.other_branch")


@pytest.fixture
async def storage(tmp_path: Path) -> Settings:
    """On SQLite alone: the door knows no database."""
    settings = Settings(data_dir=tmp_path, database_url=None)
    await migrate(settings)
    return settings


@pytest.fixture
def app(identity: Identity, storage: Settings) -> FastAPI:
    return an_app(identity, storage)


@asynccontextmanager
async def a_client(app: FastAPI, identity: Identity, preset: Role | DeviceKind) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in with this preset alone, at `OWN` where it has a branch."""
    async with a_browser(app) as client:
        match preset:
            case Role():
                await add_staff(identity, "anna", preset)
                await sign_in(client)
            case DeviceKind():
                client.headers["Authorization"] = f"Bearer {(await add_device(identity, preset)).token}"
        yield client


@pytest.mark.parametrize("preset", [*Role, *DeviceKind])
async def test_the_whole_table_holds_at_the_door(app: FastAPI, identity: Identity, preset: Role | DeviceKind) -> None:
    elsewhere = ALLOWED if preset is Role.ADMIN else OTHER_BRANCH
    async with a_client(app, identity, preset) as client:
        for permission in Permission:
            paths = (f"/{permission}/{OWN}", f"/{permission}/{OTHER}", f"/{permission}")
            found = [outcome(await client.get(path)) for path in paths]
            wanted = [ALLOWED, elsewhere, elsewhere] if expects(permission, preset) else [FORBIDDEN] * 3
            assert found == wanted, permission


async def test_nobody_passes_unknown(app: FastAPI) -> None:
    async with a_browser(app) as client:
        for permission in Permission:
            for path in (f"/{permission}/{OWN}", f"/{permission}"):
                assert outcome(await client.get(path)) == (401, "session.required"), permission


@pytest.mark.parametrize(
    ("preset", "own", "other"),
    [
        (Role.TELLER, ALLOWED, OTHER_BRANCH),
        (Role.GREETER, ALLOWED, OTHER_BRANCH),
        (Role.ADMIN, ALLOWED, ALLOWED),
        (DeviceKind.KIOSK, FORBIDDEN, FORBIDDEN),
    ],
)
async def test_one_of_two_permissions_is_enough(
    app: FastAPI,
    identity: Identity,
    preset: Role | DeviceKind,
    own: tuple[int, str | None],
    other: tuple[int, str | None],
) -> None:
    async with a_client(app, identity, preset) as client:
        assert outcome(await client.get(f"/either/{OWN}")) == own
        assert outcome(await client.get(f"/either/{OTHER}")) == other


def test_a_demand_returns_or_raises() -> None:
    demand(a_member(Role.TELLER), OWN, Permission.FLOOR_VIEW)
    with pytest.raises(Problem) as raised:
        demand(visitor("t1"), OWN, Permission.FLOOR_VIEW)
    assert (raised.value.code, raised.value.status) == FORBIDDEN[::-1]


# ----------------------------------------------------------------------------------------------------------- tokens


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "wrong", "", "Bearer é"])
async def test_a_token_that_is_none_is_refused(app: FastAPI, authorization: str) -> None:
    async with a_browser(app) as client:
        answer = await client.get(f"/floor.view/{OWN}", headers={"Authorization": authorization.encode("latin-1")})
    assert outcome(answer) == (401, "device.unknown")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("cookie", ["", "wrong", '"é"', "x" * 3000])
async def test_a_cookie_that_is_none_is_refused(app: FastAPI, storage: Settings, cookie: str) -> None:
    async with a_browser(app) as client:
        headers = {"Cookie": f"{cookie_name(storage)}={cookie}".encode("latin-1")}
        assert outcome(await client.get(f"/floor.view/{OWN}", headers=headers)) == (401, "session.unknown")


async def test_the_bearer_scheme_is_written_in_any_case(app: FastAPI, identity: Identity) -> None:
    token = (await add_device(identity)).token
    async with a_browser(app) as client:
        answer = await client.get(f"/help.ask/{OWN}", headers={"Authorization": f"bearer {token}"})
    assert outcome(answer) == ALLOWED


async def test_a_token_counts_before_a_cookie(app: FastAPI, identity: Identity) -> None:
    token = (await add_device(identity)).token
    async with a_client(app, identity, Role.MANAGER) as client:
        headers = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site"}
        answer = await client.post(f"/help.ask/{OWN}", headers=headers)
    assert outcome(answer) == ALLOWED, "no page of another site can send this header, so nothing else is asked"


# ---------------------------------------------------------------------------------------------------- foreign pages

HOST = {"host": "hall.example"}
OWN_HEADERS: list[dict[str, str]] = [
    {},
    {"origin": HTTP},
    {"origin": HTTP, "sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
]


@pytest.mark.parametrize("headers", OWN_HEADERS)
async def test_own_pages_and_programs_may_use_the_cookie(
    app: FastAPI, identity: Identity, headers: dict[str, str]
) -> None:
    async with a_client(app, identity, Role.MANAGER) as client:
        assert outcome(await client.post(f"/plan.switch/{OWN}", headers=headers)) == ALLOWED


@pytest.mark.parametrize("headers", FOREIGN_HEADERS)
async def test_foreign_pages_may_read_nothing_but_change_less(
    app: FastAPI, identity: Identity, headers: dict[str, str]
) -> None:
    async with a_client(app, identity, Role.MANAGER) as client:
        assert outcome(await client.post(f"/plan.switch/{OWN}", headers=headers)) == (403, "request.cross_site")
        assert outcome(await client.get(f"/plan.switch/{OWN}", headers=headers)) == ALLOWED


def a_handshake(app: FastAPI, **headers: str) -> HTTPConnection:
    pairs = [(name.encode(), value.encode()) for name, value in {**HOST, **headers}.items()]
    return HTTPConnection({"type": "websocket", "headers": pairs, "app": app, "client": ("192.0.2.7", 5), "path": "/"})


async def test_a_staff_socket_opens_for_own_pages_and_programs_alone(app: FastAPI, identity: Identity) -> None:
    async with a_client(app, identity, Role.TELLER) as client:
        [(name, token)] = client.cookies.items()
    cookie = f"{name}={token}"
    for origin in ({}, {"origin": HTTP}):
        assert (await identify(a_handshake(app, cookie=cookie, **origin))).kind is CallerKind.STAFF
    with pytest.raises(Problem, match=r"request\.cross_site"):
        await identify(a_handshake(app, cookie=cookie, origin="http://evil.example"))
    assert await identify(a_handshake(app, origin="http://evil.example")) is NOBODY, "the board is for everybody"


@pytest.mark.parametrize(
    ("base_url", "origin", "host", "is_allowed"),
    [
        (HTTPS, "https://hall.example", "core:8000", True),
        (HTTPS, "https://hall.example", "hall.example", True),
        (HTTPS, "http://hall.example", "hall.example", False),
        (HTTP, "https://hall.example", "hall.example", True),
        ("http://127.0.0.1:8000", "http://localhost:8000", "localhost:8000", True),
        ("http://127.0.0.1:8000", "http://localhost:8001", "localhost:8000", False),
        ("https://Hall.Example:443/", "https://hall.example", "core:8000", True),
    ],
)
def test_which_pages_are_ours(base_url: str, origin: str, host: str, is_allowed: bool) -> None:
    headers = Headers({"origin": origin, "host": host})
    settings = Settings(base_url=base_url)
    assert origin_allowed(headers, settings) is is_allowed
    assert cross_site(headers, settings) is not is_allowed


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://Hall.example:443/queue", "https://hall.example"),
        ("http://hall.example:80", "http://hall.example"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_the_origin_of_an_address(url: str, origin: str) -> None:
    assert origin_of(url) == origin
