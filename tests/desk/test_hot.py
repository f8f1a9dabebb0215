"""Issue and call-next are answered alike by hand and by the framework, right or wrong in whatever way."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from queue_service.app import create_app
from queue_service.infra.push import Sockets
from queue_service.infra.shortcuts import Shortcuts
from queue_service.wire.clock import system_clock
from tests.core import Core

Headers = dict[str, str]
Answer = tuple[str, int, str | None, Any]
JSON = {"Content-Type": "application/json"}
CASH = b'{"service":"personal-cash"}'
LONG = "x" * 81
WRONG_KEY = {"Idempotency-Key": "a b"}
CHANCE = {"token", "url"}
"""What no two cores say alike."""


async def test_both_ways_answer_alike(stage_sqlite: Core, tmp_path: Path) -> None:
    now = system_clock()
    by_hand = await answers(stage_sqlite, tmp_path / "hand", now, is_by_hand=True)
    by_framework = await answers(stage_sqlite, tmp_path / "framework", now, is_by_hand=False)
    for mine, theirs in zip(by_hand, by_framework, strict=True):
        assert mine == theirs
    assert {status for _, status, _, _ in by_hand} == {200, 201, 400, 401, 403, 404, 409, 415, 422}


async def answers(stage: Core, data_dir: Path, now: datetime, *, is_by_hand: bool) -> list[Answer]:
    """What the same requests get from a core of their own, all at one moment."""
    shutil.copytree(stage.settings.data_dir, data_dir)
    settings = stage.settings.model_copy(update={"data_dir": data_dir})
    app = create_app(settings, Sockets(settings), clock=lambda: now)
    if not is_by_hand:
        (shortcuts,) = (one for one in app.user_middleware if one.cls is Shortcuts)
        app.user_middleware.remove(shortcuts)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=stage.api) as client,
    ):
        teller = await session(stage, client, "teller")
        assert (await client.post(f"{stage.hall}/windows/1/open", headers=teller)).is_success
        return [
            told(what, await client.post(path, headers=headers, content=content))
            for what, path, headers, content in requests(stage, teller)
        ]


async def session(stage: Core, client: httpx.AsyncClient, role: str) -> Headers:
    member = stage.staff(role)[0]
    signed = await client.post("/session", json={name: member[name] for name in ("username", "password")})
    assert signed.is_success
    client.cookies.clear()
    return {"Cookie": signed.headers["Set-Cookie"].partition(";")[0]}


def requests(stage: Core, teller: Headers) -> Iterator[tuple[str, str, Headers, bytes]]:
    """What is asked, where, by whom, with which body."""
    kiosk, key = stage.device() | JSON, {"Idempotency-Key": "one"}
    tickets, elsewhere = f"{stage.hall}/tickets", stage.access["other_branches"][0]["branch"]
    yield "a number", tickets, kiosk | key, CASH
    yield "it again", tickets, kiosk | key, CASH
    yield "another under its key", tickets, kiosk | key, b'{"service":"accounts"}'
    yield (
        "without a key, in English",
        tickets,
        kiosk | {"Accept-Language": "en"},
        b'{"legs":["accounts","personal-cash"]}',
    )
    for body in (b"", b"null", b"[]", b'"x"', b"{}", b'{"service":7}', b'{"service":"personal-cash","more":1}', b"{"):
        yield f"a body of {body!r}", tickets, kiosk, body
    yield "a class for nobody", tickets, kiosk, b'{"service":"personal-cash","class":"queen","language":"?"}'
    yield "an unknown service", tickets, kiosk, b'{"service":"tea"}'
    yield "all wrong", f"{stage.api}/branches/{LONG}/tickets", kiosk | WRONG_KEY, b"{}"
    yield "a wrong key", tickets, kiosk | {"Idempotency-Key": "k" * 201}, b"[]"
    yield "no JSON", tickets, kiosk | {"Content-Type": "text/plain"}, CASH
    yield "nobody, and all wrong", f"{stage.api}/branches/{LONG}/tickets", WRONG_KEY, b""
    yield "a stranger", tickets, JSON | {"Authorization": "Bearer x"}, CASH
    yield "elsewhere", f"{stage.api}/branches/{elsewhere}/tickets", kiosk, CASH
    yield "one who may not", tickets, teller | JSON, CASH
    yield "a foreign page", tickets, teller | JSON | {"Origin": "https://example.org"}, CASH

    window = f"{stage.hall}/windows/1/call-next"
    yield "the next", window, teller | {"Idempotency-Key": "two"}, b""
    yield "the next again", window, teller | {"Idempotency-Key": "two"}, b""
    yield "a second one", window, teller | {"Idempotency-Key": "three"}, b""
    yield "a body that nobody wants", window, teller | JSON, b"[1]"
    yield "a wrong key at a window", window, teller | WRONG_KEY, b""
    yield "nobody with a wrong key", window, WRONG_KEY, b""
    for number in ("0", "10000", "x", "2", "77", "01"):
        yield f"window {number}", f"{stage.hall}/windows/{number}/call-next", teller, b""
        yield f"window {number} and a wrong key", f"{stage.hall}/windows/{number}/call-next", WRONG_KEY, b""
    yield "a window elsewhere", f"{stage.api}/branches/{elsewhere}/windows/1/call-next", teller, b""
    yield "a window nowhere", f"{stage.api}/branches/{LONG}/windows/x/call-next", teller, b""
    yield "a kiosk", window, stage.device(), b""
    yield "no such page", f"{stage.hall}/call-next", teller, b""


def told(what: str, answer: httpx.Response) -> Answer:
    said = answer.json()
    shown = {name: value for name, value in said.items() if name not in CHANCE} | {"has": sorted(CHANCE & set(said))}
    return what, answer.status_code, answer.headers.get("Content-Language"), shown
