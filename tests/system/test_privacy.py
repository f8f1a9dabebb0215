"""What may be about a person, and what opens a visitor's door, enters neither the journal nor any log."""

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.core import Core, free_port, running
from tests.edge import PREFIXES
from tests.programs import Program
from tests.system.books import books

CASH = "personal-cash"
NAME, PHONE, PASSWORD = "Wang-Xiaoming", "13800138000", "correct-horse-battery"
SEEN_S_MAX = 60
WORDS = ("pregnant", "zhang_wei", "wheelchair", "his_card", "lisi", "seen_before")


def test_the_journal_holds_neither_words_nor_links(core: Core) -> None:
    (manager, *_), (teller, *_) = core.staff("manager"), core.staff("teller")
    with core.client(teller) as desk, core.client(manager) as floor:
        first, retried = (_issue(core, "kiosk-1") for _ in range(2))
        assert retried.content == first.content, "a retry gets the link again"
        issued, second = first.json(), core.issue(CASH)
        told: dict[str, list[str]] = {}

        _done(floor.patch(f"/tickets/{issued['id']}", json={"class": "priority", "reason": "pregnant"}))
        _done(desk.post("/windows/1/open"))
        called = _done(desk.post("/windows/1/call", json={"ticket": issued["id"], "reason": "zhang_wei"}))
        assert called["ticket"]["reason"] == "other"
        _done(desk.post("/windows/1/start"))
        finished = _done(desk.post("/windows/1/finish", json={"delivered": [CASH, "his_card"]}))
        assert finished["ticket"]["delivered"] == [CASH, "other"]
        walked = _done(desk.post("/windows/1/walk-in", json={"service": CASH, "reason": "wheelchair"}))
        paused = _done(desk.post("/windows/1/pause", json={"reason": "lisi", "after_current": True}))
        assert paused["pause_reason"] == "other"
        _done(floor.post(f"/tickets/{second['id']}/divert", json={"to": "seen_before"}))

        for ticket in (issued, walked["ticket"], second):
            detail = _done(floor.get(f"/tickets/{ticket['id']}"))
            told[ticket["id"]] = [remark["text"] for remark in detail["remarks"]]
        assert list(told.values()) == [["pregnant", "zhang_wei", "his_card"], ["wheelchair"], ["seen_before"]]
    core.stop()
    entries, _ = asyncio.run(books(core.settings, core.branch))
    kept = b"\n".join(entry.events + (entry.answer or b"") for entry in entries).decode()
    assert issued["id"] in kept
    assert [word for word in (*WORDS, issued["token"], second["token"], "/t/") if word in kept] == []


def test_no_log_tells_of_a_person_or_opens_a_door(stage_sqlite: Core, tmp_path: Path) -> None:
    """At the most talkative level: core, kiosk and lobby board, through what is done, refused and broken off."""
    shutil.copytree(stage_sqlite.settings.data_dir, tmp_path / "core")
    port = free_port()
    settings = stage_sqlite.settings.model_copy(
        update={"data_dir": tmp_path / "core", "port": port, "base_url": f"http://127.0.0.1:{port}"}
    )
    logs = {name: tmp_path / f"{name}.log" for name in ("core", "kiosk_client", "display_client")}
    core = Core(settings, stage_sqlite.access, more={"QUEUE_LOG_LEVEL": "debug"}, log=logs["core"])
    (manager, *_), (teller, *_) = core.staff("manager"), core.staff("teller")
    edges = [_edge(core, package, tmp_path, logs[package]) for package in PREFIXES]
    _until(
        lambda: all(logs[package].exists() and "core.unreached" in logs[package].read_text() for package in PREFIXES)
    )
    with running(core):
        ticket = core.issue(CASH)
        token = ticket["token"]
        with connect(f"{core.api.replace('http', 'ws', 1)}/tickets/{token}/live") as visitor:
            visitor.recv()
        with httpx.Client(base_url=core.base_url, headers={"User-Agent": NAME}) as public:
            for path in (f"/t/{token}", f"/api/v1/tickets/{token}", f"/api/v1/tickets/{token}/qr.svg"):
                assert public.get(path, params={"phone": PHONE}).is_success
            assert public.get(f"/api/v1/tickets/{NAME}{PHONE}").status_code == 404
            assert public.get(f"/{NAME}/{PHONE}").status_code == 404
            wrong = public.post("/api/v1/session", json={"username": NAME, "password": PASSWORD})
            assert wrong.status_code == 401
            assert public.post("/api/v1/session", content=f'{{"username": "{NAME}', headers=JSON).status_code == 400
        with core.client(manager) as floor, core.client(teller) as desk:
            _done(floor.patch(f"/tickets/{ticket['id']}", json={"class": "priority", "reason": PHONE}))
            _done(floor.post(f"/tickets/{ticket['id']}/print", json={"kiosk": "kiosk"}))
            _done(desk.post("/windows/1/open"))
            assert desk.post("/windows/1/finish", json={"delivered": [NAME]}).status_code == 409
            cookies = [cookie.value or "" for client in (floor, desk) for cookie in client.cookies.jar]
            _until(lambda: not floor.get("/floor").json()["prints"])
    for edge in edges:
        edge.send_signal(15)
        edge.wait(SEEN_S_MAX)
    told = {name: log.read_text("utf-8") for name, log in logs.items()}
    assert all('"event"' in text for text in told.values())
    assert told["core"].count('"request"') > 10
    devices = [device["token"] for device in core.access["devices"]]
    passwords = [member["password"] for member in (manager, teller)]
    usernames = [member["username"] for member in (manager, teller)]
    words = [NAME, PHONE, PASSWORD, token, *cookies, *devices, *passwords]
    assert cookies and all(words)
    assert [(name, word) for name, text in told.items() for word in words if word in text] == []
    assert [name for name in usernames if f'"{name}"' in told["core"]] == []


JSON = {"Content-Type": "application/json"}


def _edge(core: Core, package: str, folder: Path, log: Path) -> Program:
    """A kiosk or a board that tells all it can."""
    prefix = PREFIXES[package]
    kind = package.removesuffix("_client")
    (token,) = (device["token"] for device in core.access["devices"] if device["name"] == kind)
    variables = {
        "CORE_URL": core.base_url,
        "TOKEN": token,
        "PORT": "0",
        "DATA_DIR": str(folder / package),
        "LOG_LEVEL": "debug",
    }
    return Program(
        package, env={**os.environ, **{f"{prefix}{name}": value for name, value in variables.items()}}, log=log
    )


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + SEEN_S_MAX
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _issue(core: Core, key: str) -> httpx.Response:
    headers = {**core.device(), "Idempotency-Key": key}
    return httpx.post(f"{core.hall}/tickets", json={"service": CASH}, headers=headers)


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()
