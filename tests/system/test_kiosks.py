"""Prints, printers and numbers that nobody waits for, between the floor and its kiosks."""

import asyncio
import json
from typing import Any

import httpx
from websockets.asyncio.client import connect

from queue_service.wire import messages
from tests.core import Core
from tests.system.callers import device, staff
from tests.system.people import CASH, Hall
from tests.system.speaking import exact_view, refused, said

KIOSK, SPARE = "kiosk", "test"
RACES = 20


def test_a_device_learns_who_it_is(hall: Hall) -> None:
    told = said(hall.kiosk.client.get(f"{hall.core.api}/device"), messages.Device)
    assert (told["kind"], told["name"], told["branch"]) == ("kiosk", KIOSK, hall.core.branch)
    headers = device(hall.core, "display")
    shown = said(httpx.get(f"{hall.core.api}/device", headers=headers), messages.Device)
    assert shown["kind"] == "display"
    assert shown["id"] != told["id"]
    refused(hall.greeter.client.get(f"{hall.core.api}/device"), 403, "access.forbidden")
    refused(hall.public.get(f"{hall.core.api}/device"), 401, "session.required")


def test_a_ticket_is_printed_at_a_chosen_kiosk_once(hall: Hall) -> None:
    greeter, kiosk, spare = hall.greeter, hall.kiosk, hall.spare
    kiosks = said(greeter.client.get("/kiosks"), messages.Kiosks)["kiosks"]
    assert [one["name"] for one in kiosks] == [KIOSK, SPARE]

    issued = said(greeter.post("/tickets", {"service": CASH}), messages.IssuedTicket, 201)
    ask = f"/tickets/{issued['id']}/print"
    refused(greeter.post(ask, {"kiosk": "cellar"}), 404, "kiosk.unknown")
    refused(greeter.post("/tickets/20200101-1/print", {"kiosk": KIOSK}), 404, "ticket.unknown")
    asked = said(greeter.post(ask, {"kiosk": KIOSK}), messages.Print)
    assert (asked["ticket"], asked["label"], asked["kiosk"]) == (issued["id"], issued["label"], KIOSK)
    assert asked["copy"] is False
    assert said(greeter.post(ask, {"kiosk": KIOSK}, "again"), messages.Print) == asked
    assert greeter.floor()["prints"] == [asked]

    take = f"/prints/{asked['id']}/take"
    refused(spare.post(take), 404, "print.unknown")
    taken = kiosk.post(take, key="take")
    told = said(taken, messages.PrintTaken)
    assert (told["ticket"]["id"], told["ticket"]["token"], told["copy"]) == (issued["id"], issued["token"], False)
    assert kiosk.post(take, key="take").content == taken.content
    refused(kiosk.post(take), 404, "print.unknown")
    assert greeter.floor()["prints"] == []

    second = said(greeter.post(ask, {"kiosk": SPARE}), messages.Print)
    assert (second["copy"], second["id"] != asked["id"]) == (True, True)
    assert said(spare.post(f"/prints/{second['id']}/take"), messages.PrintTaken)["copy"] is True
    own = hall.issue()
    third = said(greeter.post(f"/tickets/{own['id']}/print", {"kiosk": KIOSK}), messages.Print)
    assert said(kiosk.post(f"/prints/{third['id']}/take"), messages.PrintTaken)["copy"] is third["copy"] is True
    said(greeter.post(f"/tickets/{issued['id']}/cancel"), messages.WindowAnswer)
    refused(greeter.post(ask, {"kiosk": KIOSK}), 409, "ticket.not_waiting")


def test_a_printer_tells_its_faults_until_it_is_mended(hall: Hall) -> None:
    greeter, kiosk = hall.greeter, hall.kiosk

    def tell(fault: str | None) -> dict[str, Any] | None:
        told = said(kiosk.post("/printer", {"fault": fault}), messages.PrinterAnswer)
        alert: dict[str, Any] | None = told["alert"]
        return alert

    assert tell(None) is None
    low = tell("near_end")
    assert low is not None
    assert (low["kind"], low["place"], low["fault"], low["taken_by"]) == ("printer", KIOSK, "near_end", None)
    assert tell("near_end") == low
    said(greeter.post(f"/alerts/{low['id']}/take"), messages.Alert)
    out = tell("paper_out")
    assert out is not None
    assert (out["id"], out["fault"], out["taken_by"]) == (low["id"], "paper_out", None)
    assert greeter.floor()["alerts"][0] == out
    faults = {one["name"]: one["fault"] for one in said(greeter.client.get("/kiosks"), messages.Kiosks)["kiosks"]}
    assert faults == {KIOSK: "paper_out", SPARE: None}
    help_asked = said(kiosk.post("/help"), messages.Alert)
    assert help_asked["id"] != out["id"]
    assert tell(None) is None
    assert low["id"] not in {alert["id"] for alert in greeter.floor()["alerts"]}
    again = tell("cover")
    assert again is not None
    assert again["id"] != low["id"]
    tell(None)
    for wrong in ({}, {"fault": "tired"}, {"fault": 1}, {"fault": None, "more": 1}):
        refused(kiosk.post("/printer", wrong), 422, "request.invalid")


def test_a_number_that_nobody_waits_for_is_cancelled(hall: Hall) -> None:
    kiosk, teller = hall.kiosk, hall.tellers[0]

    def void(key: str) -> dict[str, Any] | None:
        ticket: dict[str, Any] | None = said(kiosk.post("/intents/void", {"key": key}), messages.WindowAnswer)["ticket"]
        return ticket

    issued = said(kiosk.post("/tickets", {"service": CASH}, "gone"), messages.IssuedTicket, 201)
    voided = void("gone")
    assert voided is not None
    assert (voided["id"], voided["status"]) == (issued["id"], "cancelled")
    assert void("gone") == voided
    assert kiosk.post("/tickets", {"service": CASH}, "gone").json()["id"] == issued["id"]
    assert hall.visit(issued["token"])["status"] == "cancelled"

    served = said(kiosk.post("/tickets", {"service": CASH}, "served"), messages.IssuedTicket, 201)
    said(teller.at(1, "open"), messages.Window)
    teller.ticket(1, "call", {"ticket": served["id"], "reason": "guest"})
    teller.ticket(1, "start")
    serving = void("served")
    assert serving is not None
    assert serving["status"] == "serving"
    teller.ticket(1, "finish")
    finished = void("served")
    assert finished is not None
    assert finished["status"] == "finished"

    said(hall.greeter.post("/tickets", {"service": CASH}, "elsewhere"), messages.IssuedTicket, 201)
    assert void("elsewhere") is None
    said(kiosk.post("/help", key="help"), messages.Alert)
    refused(kiosk.post("/intents/void", {"key": "help"}), 422, "key.reused")
    for wrong in ({}, {"key": ""}, {"key": "a b"}, {"key": "k" * 201}, {"key": "k", "more": 1}):
        refused(kiosk.post("/intents/void", wrong), 422, "request.invalid")


def test_a_late_request_of_a_voided_intent_makes_no_number(hall: Hall) -> None:
    kiosk = hall.kiosk
    for _ in range(2):
        assert said(kiosk.post("/intents/void", {"key": "late"}), messages.WindowAnswer) == {"ticket": None}
    refused(kiosk.post("/tickets", {"service": CASH}, "late"), 422, "key.reused")
    assert hall.greeter.floor()["tickets"] == []


async def test_issue_and_void_at_the_same_time_leave_no_number(hall: Hall) -> None:
    outcomes = set()
    async with httpx.AsyncClient(base_url=hall.core.hall, headers=hall.core.device(KIOSK), timeout=30) as kiosk:
        for number in range(RACES):
            key = {"Idempotency-Key": f"race-{number}"}
            issue = kiosk.post("/tickets", json={"service": CASH}, headers=key)
            void = kiosk.post("/intents/void", json={"key": f"race-{number}"})
            both = [issue, void] if number % 2 else [void, issue]
            answers = await asyncio.gather(*both)
            issued, voided = answers if number % 2 else reversed(answers)
            assert voided.status_code == 200
            if voided.json()["ticket"] is None:
                refused(issued, 422, "key.reused")
            else:
                assert issued.json()["id"] == voided.json()["ticket"]["id"]
                assert voided.json()["ticket"]["status"] == "cancelled"
            outcomes.add(issued.status_code)
    assert hall.greeter.floor()["tickets"] == []
    assert outcomes == {201, 422}


async def test_a_kiosk_follows_the_board_and_its_own_prints(shared: Core) -> None:
    url = f"{shared.hall.replace('http', 'ws')}/live?view=kiosk"
    async with (
        httpx.AsyncClient(base_url=shared.hall, headers=staff(shared, "greeter")) as greeter,
        httpx.AsyncClient(base_url=shared.hall, headers=shared.device(KIOSK)) as kiosk,
        connect(url, additional_headers=shared.device(KIOSK), proxy=None) as own,
    ):
        first = json.loads(await own.recv())
        exact_view(first)
        assert first["data"]["prints"] == []
        issued = (await greeter.post("/tickets", json={"service": CASH})).json()
        asked = (await greeter.post(f"/tickets/{issued['id']}/print", json={"kiosk": KIOSK})).json()
        view = first
        while not view["data"]["prints"]:
            view = {**view, **json.loads(await own.recv())}
        exact_view(view)
        assert view["data"]["prints"] == [asked]
        async with connect(url, additional_headers=shared.device(SPARE), proxy=None) as other:
            assert json.loads(await other.recv())["data"]["prints"] == [], "that is another kiosk's"
        (await kiosk.post(f"/prints/{asked['id']}/take")).raise_for_status()
        while view["data"]["prints"]:
            view = {**view, **json.loads(await own.recv())}
