"""What may be about a person, and what opens a visitor's door, does not enter the journal."""

import asyncio
from typing import Any

import httpx

from tests.core import Core
from tests.system.books import books

CASH = "personal-cash"
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


def _issue(core: Core, key: str) -> httpx.Response:
    headers = {**core.device(), "Idempotency-Key": key}
    return httpx.post(f"{core.hall}/tickets", json={"service": CASH}, headers=headers)


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()
