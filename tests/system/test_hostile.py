"""What nobody honest sends, to every route of the real core, by callers who are let in there."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Iterator

import httpx
import pytest

from queue_service.infra.problems import MEDIA_TYPE
from tests.core import Core
from tests.infra.edged import answer
from tests.infra.hostile import (
    HOSTILE_BODIES,
    HOSTILE_HEADERS,
    HOSTILE_PATH_PARTS,
    MARK,
    STRANGE_BODIES,
    STRANGE_PATH_PARTS,
)
from tests.system.callers import Headers, device, staff
from tests.system.routes import KIOSKS_OWN, SAFE, SOCKET, Route, body, filled, routes

AT_ONCE = 8
ANSWER_S_MAX = 10
STATUS_SOCKET = 101
LANGUAGES = ("en", "zh-CN")
PARAMETERS = ("branch", "window", "ticket", "alert", "token", "version", "name", "path:path", "print")
QUERIES = ("view={}", "window={}", "{}", "{}=1", "a=1&window={}&a=2")
VISITORS_PAGE = "/t/{token}"
"""The same page for any token, which it reads itself; what it then asks for is another route."""
HTTP = [route for route in routes() if route.method not in {SOCKET, "HEAD"}]
UNSAFE = [route for route in HTTP if route.method not in SAFE]


class Attacker:
    """Somebody with every credential there is, who sends what they like and looks at what comes back."""

    def __init__(self, core: Core, manager: Headers, token: str) -> None:
        self.core = core
        self.token = token
        self._manager = manager
        self._kiosk = device(core, "kiosk")
        self._kept: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._opened: list[asyncio.StreamWriter] = []
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._sent = 0

    async def close(self) -> None:
        for writer in self._opened:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def send(
        self,
        what: str,
        route: Route,
        *,
        path: str | None = None,
        content: bytes | None = None,
        headers: Collection[tuple[str, bytes]] = (),
        least: int = 400,
    ) -> str | None:
        """What is wrong with the answer; None where it is as it must be: from `least` to 499, telling nothing back."""
        self._sent += 1
        language = LANGUAGES[self._sent % len(LANGUAGES)]
        target = path if path is not None else filled(self.core, route.path, self.token)
        given = {name.lower() for name, _ in headers}
        own = {"Host": "hall", "Accept-Language": language, "Content-Type": "application/json"}
        own |= self._kiosk if route.path.endswith(KIOSKS_OWN) else self._manager
        sent = [*headers, *((name, value.encode()) for name, value in own.items() if name.lower() not in given)]
        if content is not None:
            sent.append(("Content-Length", b"%d" % len(content)))
        head = b"".join(b"%b: %b\r\n" % (name.encode(), value) for name, value in sent)
        async with self._turn, asyncio.timeout(ANSWER_S_MAX):
            status, answered, told = await self._ask(
                f"{route.method} {target} HTTP/1.1\r\n".encode() + head + b"\r\n" + (content or b"")
            )
        if not least <= status < 500:
            return f"{what}: {route} answers {status}"
        if MARK.encode() in told or MARK in str(answered):
            return f"{what}: {route} echoes"
        if status < 400:
            return None
        is_problem = answered.get("content-type") == MEDIA_TYPE and json.loads(told)["code"]
        is_raw = answered.get("connection") == "close"  # what never became a request has no language
        is_told_well = is_raw or "accept-language" in given or answered.get("content-language") == language
        return None if is_problem and is_told_well else f"{what}: {route} is no problem: {told[:200]!r}"

    async def _ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Over a connection that is kept for the next request, as long as the core keeps it."""
        for connection in (self._kept.pop() if self._kept else None, None):
            reader, writer = connection or await self._connect()
            try:
                writer.write(request)
                answered = await answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                writer.transport.abort()
                if connection is None:
                    raise
                continue  # it was closed after the answer before
            if answered[1].get("connection") == "close" or answered[0] == STATUS_SOCKET:
                writer.transport.abort()
            else:
                self._kept.append((reader, writer))
            return answered
        raise AssertionError

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.core.settings.port)
        self._opened.append(writer)
        return reader, writer


@pytest.fixture(scope="module")
def token(shared: Core) -> str:
    token: str = shared.issue("personal-cash")["token"]
    return token


@pytest.fixture(scope="module")
def manager(shared: Core) -> Headers:
    return staff(shared, "manager")


@pytest.fixture
async def attacker(shared: Core, manager: Headers, token: str) -> AsyncIterator[Attacker]:
    attacker = Attacker(shared, manager, token)
    yield attacker
    await attacker.close()


async def test_bodies_that_are_no_json(attacker: Attacker) -> None:
    await _nothing_wrong(
        attacker.send(what, route, content=content) for route in UNSAFE for what, content in HOSTILE_BODIES
    )


async def test_bodies_that_are_strange(attacker: Attacker) -> None:
    await _nothing_wrong(
        attacker.send(what, route, content=content, least=400 if body(route) is not None else 200)
        for route in UNSAFE
        if route.path != "/api/v1/session"  # a body is no part of signing out, which would end the attack
        for what, content in STRANGE_BODIES
    )


async def test_paths(attacker: Attacker) -> None:
    def requests() -> Iterator[tuple[str, Route, str, int]]:
        for route in HTTP:
            for parameter in PARAMETERS:
                before, braced, after = route.path.partition(f"{{{parameter}}}")
                if braced:
                    for what, part in (*HOSTILE_PATH_PARTS, *STRANGE_PATH_PARTS):
                        is_asset = parameter == "version"  # an outdated version gets the present asset
                        is_any_good = route.path == VISITORS_PAGE or (is_asset and (what, part) in STRANGE_PATH_PARTS)
                        least = 200 if is_any_good else 400
                        known = [filled(attacker.core, end, attacker.token) for end in (before, after)]
                        yield what, route, part.join(known), least

    await _nothing_wrong(
        attacker.send(what, route, path=path, content=_content(route), least=least)
        for what, route, path, least in requests()
    )


async def test_queries(attacker: Attacker) -> None:
    await _nothing_wrong(
        attacker.send(
            what,
            route,
            path=f"{filled(attacker.core, route.path, attacker.token)}?{query.format(part)}",
            least=400 if (what, part) in HOSTILE_PATH_PARTS else 200,
        )
        for route in HTTP
        if route.method in SAFE
        for what, part in (*HOSTILE_PATH_PARTS, *STRANGE_PATH_PARTS)
        for query in QUERIES
    )


async def test_headers(attacker: Attacker) -> None:
    await _nothing_wrong(
        attacker.send(what, route, headers=headers, content=_content(route), least=200)
        for route in HTTP
        if route.path != "/api/v1/session"
        for what, headers in HOSTILE_HEADERS
    )


@pytest.mark.parametrize("path", ["/api/v1/branches/{branch}/live", "/api/v1/tickets/{token}/live"])
async def test_handshakes(attacker: Attacker, path: str) -> None:
    upgrade = {
        "Upgrade": b"websocket",
        "Connection": b"Upgrade",
        "Sec-WebSocket-Key": b"AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": b"13",
    }
    route = Route("GET", path)
    known = filled(attacker.core, path, attacker.token)
    parts = [*HOSTILE_PATH_PARTS, *STRANGE_PATH_PARTS]
    start, _, end = known.rpartition(attacker.token if "token" in path else attacker.core.branch)
    paths = [(what, f"{start}{part}{end}") for what, part in parts]
    if "branch" in path:
        paths += [(what, f"{known}?view={part}") for what, part in parts]
        paths += [(what, f"{known}?view=window&window={part}") for what, part in parts]
    await _nothing_wrong(attacker.send(what, route, path=one, headers=upgrade.items()) for what, one in paths)
    broken = [
        {**upgrade, "Sec-WebSocket-Key": MARK.encode()},
        {**upgrade, "Sec-WebSocket-Version": b"7"},
        {**upgrade, "Connection": b"keep-alive"},
        {**upgrade, "Upgrade": b"h2c"},
    ]
    for headers in broken:
        assert await attacker.send("handshake", route, path=known, headers=headers.items()) is None


async def test_the_core_still_serves(attacker: Attacker, shared: Core) -> None:
    shared.issue("personal-cash")


def _content(route: Route) -> bytes | None:
    good = body(route)
    return None if good is None else httpx.Request("POST", "http://hall", json=good).content


async def _nothing_wrong(requests: Iterable[Coroutine[None, None, str | None]]) -> None:
    outcomes = await asyncio.gather(*requests)
    wrong = [outcome for outcome in outcomes if outcome is not None]
    assert outcomes
    assert wrong == [], f"{len(wrong)} of {len(outcomes)}: {wrong}"
