"""Who is let in where: every route of the app against everybody who may knock, from one table."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from queue_service.infra.problems import MEDIA_TYPE
from queue_service.web.routes import PAGES as CORE_PAGES
from tests.core import Core
from tests.system.callers import Headers, everybody, staff
from tests.system.routes import SAFE, SOCKET, Route, body, filled, routes

TELLERS = {"teller", "other teller", "manager", "admin"}
FLOOR = {"greeter", "manager", "admin"}
STAFF = TELLERS | FLOOR
LEADERS = {"manager", "admin"}
STAFF_ELSEWHERE = {"teller elsewhere", "greeter elsewhere", "manager elsewhere"}
KIOSK = {"kiosk"}
KIOSKS = KIOSK | {"kiosk elsewhere"}
DISPLAYS = {"display", "display elsewhere"}
STRANGERS = {"nobody", "wrong token", "wrong cookie", "visitor"}
ANYBODY = STAFF | STAFF_ELSEWHERE | KIOSK | STRANGERS | {"display", "kiosk elsewhere", "display elsewhere"}
"""Routes that ask nobody who they are. The visitor's are among them: who has the link has the ticket."""

HALL = "/api/v1/branches/{branch}"
TICKET = f"{HALL}/tickets/{{ticket}}"
VISIT = "/api/v1/tickets/{token}"
FIXED, ROAMING = f"{HALL}/windows/{{window}}", f"{HALL}/windows/9"
VERBS = (
    *("open", "pause", "close", "call-next", "call", "recall", "start", "finish", "undo", "miss", "park", "resume"),
    *("transfer", "walk-in"),
)
PAGES = (
    "/openapi.json",
    *(page.path for page in CORE_PAGES),
    "/assets/{version}/{path:path}",
    "/locales/{name}",
    "/pages.json",
    "/favicon.ico",
)

LET_IN: dict[Route, set[str]] = {
    Route("GET", "/api/v1/branches"): ANYBODY,
    Route("GET", HALL): ANYBODY,
    Route("GET", f"{HALL}/board"): ANYBODY,
    Route("GET", f"{HALL}/floor"): STAFF,
    Route("GET", f"{HALL}/staff"): STAFF,
    Route("POST", f"{HALL}/tickets"): FLOOR | KIOSK,
    Route("GET", TICKET): STAFF,
    Route("PATCH", TICKET): FLOOR,
    Route("POST", f"{TICKET}/reinstate"): FLOOR,
    Route("POST", f"{TICKET}/divert"): FLOOR,
    Route("POST", f"{TICKET}/cancel"): FLOOR,
    Route("POST", f"{HALL}/plan"): FLOOR,
    Route("POST", f"{HALL}/help"): KIOSK,
    Route("POST", f"{HALL}/alerts/{{alert}}/take"): FLOOR,
    Route("POST", f"{HALL}/alerts/{{alert}}/close"): FLOOR,
    **{Route("POST", f"{FIXED}/{verb}"): TELLERS for verb in VERBS},
    **{Route("POST", f"{ROAMING}/{verb}"): TELLERS | FLOOR for verb in VERBS},
    Route("GET", f"{HALL}/kiosks"): FLOOR,
    Route("GET", f"{HALL}/figures"): LEADERS,
    Route("GET", f"{HALL}/notices"): LEADERS,
    Route("PUT", f"{HALL}/notices"): LEADERS,
    Route("POST", f"{HALL}/printer"): KIOSK,
    Route("POST", f"{HALL}/intents/void"): KIOSK,
    Route("POST", f"{TICKET}/print"): FLOOR,
    Route("POST", f"{HALL}/prints/{{print}}/take"): KIOSK,
    Route("GET", VISIT): ANYBODY,
    Route("GET", f"{VISIT}/qr.svg"): ANYBODY,
    Route("POST", f"{VISIT}/cancel"): ANYBODY,
    Route("GET", "/api/v1/session"): STAFF | STAFF_ELSEWHERE,
    Route("GET", "/api/v1/device"): KIOSKS | DISPLAYS,
    **{Route("GET", f"/{name}"): ANYBODY for name in ("healthz", "readyz", "metrics")},
    **{Route(method, path): ANYBODY for path in PAGES for method in ("GET", "HEAD")},
    Route(SOCKET, f"{HALL}/live"): ANYBODY,
    Route(SOCKET, f"{HALL}/live?view=floor"): STAFF,
    Route(SOCKET, f"{HALL}/live?view=window&window=1"): STAFF,
    Route(SOCKET, f"{HALL}/live?view=kiosk"): KIOSK,
    Route(SOCKET, f"{VISIT}/live"): ANYBODY,
}
SIGNING = {Route("POST", "/api/v1/session"), Route("DELETE", "/api/v1/session")}
"""Let everybody try; tried apart, because they begin and end what the others come with."""

CROSS_SITE: list[Headers] = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
]
AT_ONCE = 8


class Visit:
    """A core, a ticket in it, and everybody around it."""

    def __init__(self, core: Core, token: str, callers: dict[str, Headers]) -> None:
        self.core = core
        self.token = token
        self.callers = callers
        self.client = httpx.AsyncClient(base_url=core.base_url, timeout=30, verify=False)
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def knock(self, route: Route, headers: Headers) -> tuple[int, str]:
        """The status and, where there is one, the problem's code."""
        path = filled(self.core, route.path, self.token)
        async with self._turn:
            if route.method == SOCKET:
                return await self._handshake(path, headers)
            answer = await self.client.request(route.method, path, json=body(route), headers=headers)
        is_problem = answer.headers.get("content-type") == MEDIA_TYPE and answer.content
        return answer.status_code, answer.json()["code"] if is_problem else ""

    async def _handshake(self, path: str, headers: Headers) -> tuple[int, str]:
        try:
            async with self.socket(path, headers):
                return 101, ""
        except InvalidStatus as refusal:
            assert refusal.response.headers["content-type"] == MEDIA_TYPE
            return refusal.response.status_code, json.loads(refusal.response.body)["code"]

    def socket(self, path: str, headers: Headers) -> connect:
        origin = headers.get("Origin")
        others = {name: value for name, value in headers.items() if name != "Origin"}
        url = self.core.base_url.replace("http", "ws") + path
        return connect(url, additional_headers=others, origin=origin, proxy=None)  # type: ignore[arg-type]  # any text

    async def halls(self) -> list[Any]:
        """All that staff see in both branches."""
        branches = (self.core.branch, self.core.access["other_branches"][0]["branch"])
        paths = [f"/api/v1/branches/{branch}/floor" for branch in branches]
        return [(await self.client.get(path, headers=self.callers["admin"])).json() for path in paths]


@pytest.fixture(scope="module")
def token(shared: Core) -> str:
    token: str = shared.issue("personal-cash")["token"]
    return token


@pytest.fixture(scope="module")
def callers(shared: Core, token: str) -> dict[str, Headers]:
    return everybody(shared, token)


@pytest.fixture
async def visit(shared: Core, token: str, callers: dict[str, Headers]) -> AsyncIterator[Visit]:
    visit = Visit(shared, token, callers)
    async with visit.client:
        yield visit


def test_every_route_has_a_row() -> None:
    rows = {Route(row.method, row.path.partition("?")[0].replace(ROAMING, FIXED)) for row in LET_IN}
    assert rows | SIGNING == set(routes())


async def test_who_is_let_in(visit: Visit) -> None:
    assert set(visit.callers) == ANYBODY
    cells = list(product(LET_IN, visit.callers))
    refused = [(row, name) for row, name in cells if name not in LET_IN[row]]
    before = await visit.halls()
    outcomes = await asyncio.gather(*(visit.knock(row, visit.callers[name]) for row, name in refused))
    wrong = [(*cell, told) for cell, told in zip(refused, outcomes, strict=True) if told not in _refusals(cell[1])]
    assert wrong == []
    assert await visit.halls() == before

    welcome = [(row, name) for row, name in cells if name in LET_IN[row]]
    outcomes = await asyncio.gather(*(visit.knock(row, visit.callers[name]) for row, name in welcome))
    wrong = [(*cell, told) for cell, told in zip(welcome, outcomes, strict=True) if not _is_in(told)]
    assert wrong == []


def _refusals(name: str) -> set[tuple[int, str]]:
    match name:
        case "nobody":
            return {(401, "session.required")}
        case "wrong token" | "visitor":
            return {(401, "device.unknown")}
        case "wrong cookie":
            return {(401, "session.unknown")}
        case "display" | "kiosk" | "display elsewhere":
            return {(403, "access.forbidden"), (401, "session.required")}
        case _:
            # staff elsewhere, and a kiosk: that it is the branch is told to whoever may do it in their own
            return {(403, "access.forbidden"), (403, "access.other_branch"), (401, "session.required")}


def _is_in(outcome: tuple[int, str]) -> bool:
    """Done, or refused by the rules of the hall."""
    status, _ = outcome
    return status in {101, 200, 201, 404, 409}


async def test_another_branch_is_out_of_reach(visit: Visit) -> None:
    """The same staff, let in at home, are told at every route that it is the other branch."""
    elsewhere = visit.core.access["other_branches"][0]["branch"]
    for row, people in LET_IN.items():
        if "{branch}" not in row.path or people is ANYBODY:
            continue
        there = Route(row.method, row.path.replace("{branch}", elsewhere))
        for name in people - {"admin"}:
            assert await visit.knock(there, visit.callers[name]) == (403, "access.other_branch"), (there, name)


async def test_the_teller_of_another_window_changes_nothing(visit: Visit) -> None:
    teller, other = visit.callers["teller"], visit.callers["other teller"]
    two = f"{HALL}/windows/2"
    assert (await visit.knock(Route("POST", f"{two}/open"), other))[0] == 200
    assert (await visit.knock(Route("POST", f"{two}/call-next"), other))[0] == 200
    before = await visit.halls()
    for verb in VERBS:
        code = "window.taken" if verb == "open" else "window.lease_lost"
        assert await visit.knock(Route("POST", f"{two}/{verb}"), teller) == (409, code), verb
    assert await visit.halls() == before


@pytest.mark.parametrize("foreign", CROSS_SITE, ids=lambda headers: " ".join(headers.values()))
async def test_no_foreign_page_acts_with_a_cookie(visit: Visit, foreign: Headers) -> None:
    """The visitor's route is left out: it takes no cookie, and the link's token is known to no foreign page."""
    unsafe = [
        row for row in (*LET_IN, *SIGNING) if row.method not in {*SAFE, SOCKET} and not row.path.startswith(VISIT)
    ]
    assert len(unsafe) > 35
    before = await visit.halls()
    for row in unsafe:
        for name in ("manager", "admin"):
            told = await visit.knock(row, {**visit.callers[name], **foreign})
            assert told == (403, "request.cross_site"), row
    assert await visit.halls() == before


async def test_our_own_pages_act_with_a_cookie(visit: Visit) -> None:
    own = {"Origin": visit.core.base_url, "Sec-Fetch-Site": "same-origin"}
    assert (await visit.knock(Route("POST", f"{HALL}/plan"), {**visit.callers["manager"], **own}))[0] == 200
    assert await visit.knock(Route(SOCKET, f"{HALL}/live?view=floor"), {**visit.callers["manager"], **own}) == (101, "")


@pytest.mark.parametrize("view", ["view=floor", "view=window&window=1"])
async def test_no_foreign_page_opens_a_staff_socket(visit: Visit, view: str) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    told = await visit.knock(Route(SOCKET, f"{HALL}/live?{view}"), {**visit.callers["manager"], **foreign})
    assert told == (403, "request.cross_site")
    assert await visit.knock(Route(SOCKET, f"{HALL}/live"), foreign) == (101, "")


async def test_signing_out_cuts_the_sockets_of_that_session_alone(visit: Visit) -> None:
    ending, staying = (staff(visit.core, "teller", 2) for _ in range(2))
    path = f"/api/v1/branches/{visit.core.branch}/live"
    async with (
        visit.socket(f"{path}?view=floor", ending) as floor,
        visit.socket(f"{path}?view=window&window=3", ending) as window,
        visit.socket(f"{path}?view=floor", staying) as other,
        visit.socket(path, ending) as board,
    ):
        for socket in (floor, window, other, board):
            await socket.recv()
        assert await visit.knock(Route("DELETE", "/api/v1/session"), ending) == (204, "")
        assert [await _close_code(socket) for socket in (floor, window)] == [4401, 4401]
        assert await visit.knock(Route(SOCKET, f"{HALL}/live?view=floor"), ending) == (401, "session.unknown")
        assert await visit.knock(Route("GET", f"{HALL}/floor"), ending) == (401, "session.unknown")
        visit.core.issue("fast")
        for socket in (other, board):
            assert '"view"' in str(await asyncio.wait_for(socket.recv(), 5))


async def _close_code(socket: ClientConnection) -> int | None:
    try:
        async with asyncio.timeout(5):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else None
