"""What leads a branch through its day: figures and notices, on both databases."""

from datetime import timedelta
from typing import Any

import httpx

from queue_service.wire import messages
from queue_service.wire.clock import system_clock
from tests.system.people import CASH, Hall
from tests.system.speaking import refused, said, until

FOREX = "foreign-exchange"
COINS = {"zh-CN": "今日无硬币", "en": "No coins today"}


def test_the_figures_of_a_day(hall: Hall) -> None:
    teller, manager = hall.tellers[0], hall.manager

    def figures() -> dict[str, Any]:
        told = said(manager.client.get("/figures"), messages.Figures)
        of_service = {one["service"]: one for one in told["services"]}
        return {**told, "of": of_service}

    before = figures()
    said(teller.at(1, "open"), messages.Window)
    hall.issue()
    teller.ticket(1, "call-next", model=messages.CalledAnswer)
    teller.ticket(1, "start")
    assert figures()["serving"] == before["serving"] + 1
    teller.ticket(1, "finish")
    left, waits = hall.issue(), hall.issue()
    said(hall.greeter.post(f"/tickets/{left['id']}/cancel"), messages.WindowAnswer)
    after = figures()
    changes = {name: after[name] - before[name] for name in ("issued", "waiting", "serving", "served", "left")}
    assert changes == {"issued": 3, "waiting": 1, "serving": 0, "served": 1, "left": 1}
    assert after["of"][CASH]["served"] == before["of"][CASH]["served"] + 1
    assert (after["wait_s_p50"], after["over_target"], after["service_s_mean"]) == (0, 0, 0)
    assert after["of"][FOREX]["wait_s_p50"] is None
    (window,) = (one for one in after["windows"] if one["window"] == 1)
    assert window["served"] >= 1
    assert waits["status"] == "waiting"
    refused(hall.greeter.client.get("/figures"), 403, "access.forbidden")


def test_notices_are_written_and_shown_at_once(hall: Hall) -> None:
    manager = hall.manager
    told = said(manager.client.get("/notices"), messages.Notices)
    later = (system_clock() + timedelta(hours=1)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    wanted = [{"text": COINS, "until": None}, {"text": {**COINS, "ja": "硬貨なし"}, "until": later}]

    def put(version: int, notices: Any) -> httpx.Response:
        return manager.client.put("/notices", json={"version": version, "notices": notices})

    written = said(put(told["version"], wanted), messages.Notices)
    assert written["version"] > told["version"]
    assert written["notices"] == wanted
    assert hall.board()["notices"] == wanted
    assert said(put(told["version"], wanted), messages.Notices) == written, "a retry changes nothing"
    assert said(manager.client.get("/notices"), messages.Notices) == written
    refused(put(told["version"], []), 409, "catalog.changed")
    elsewhere = [{"text": COINS, "until": "2099-01-01T00:00:00+08:00"}]
    written = said(put(written["version"], elsewhere), messages.Notices)
    in_utc = [{"text": COINS, "until": "2098-12-31T16:00:00Z"}]
    assert written["notices"] == hall.board()["notices"] == in_utc
    assert said(put(written["version"], []), messages.Notices)["notices"] == []
    until(lambda: hall.board()["notices"] == [])


def test_what_is_no_notice(hall: Hall) -> None:
    version = said(hall.manager.client.get("/notices"), messages.Notices)["version"]
    past = "2020-01-01T00:00:00Z"

    def put(notices: Any, **more: Any) -> httpx.Response:
        return hall.manager.client.put("/notices", json={"version": version, "notices": notices, **more})

    refused(put([{"text": COINS, "until": past}]), 422, "notice.over")
    refused(put([{"text": COINS, "until": "0001-01-01T00:00:00+12:00"}]), 422, "notice.over")
    for wrong in (
        [{"text": {"zh-CN": "无"}, "until": None}],
        [{"text": {}, "until": None}],
        [{"text": {**COINS, "Klingon": "x"}, "until": None}],
        [{"text": {**COINS, "en": " "}, "until": None}],
        [{"text": {**COINS, "en": "x" * 201}, "until": None}],
        [{"text": {**COINS, "en": "two\nlines"}, "until": None}],
        [{"text": {**COINS, "en": "two\u2028lines"}, "until": None}],
        [{"text": COINS}],
        [{"text": COINS, "until": "2099-01-01T00:00:00"}],
        [{"text": COINS, "until": 4070908800}],
        [{"text": COINS, "until": None}] * 21,
        "none",
    ):
        refused(put(wrong), 422, "request.invalid")
    refused(put([], version=str(version)), 422, "request.invalid")
    refused(put([], version=0), 422, "request.invalid")
    refused(hall.greeter.client.put("/notices", json={"version": version, "notices": []}), 403, "access.forbidden")
    nowhere = hall.core.hall.replace(hall.core.branch, "nowhere")
    refused(hall.manager.client.get(f"{nowhere}/notices"), 403, "access.other_branch")
