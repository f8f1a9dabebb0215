"""Every verb of the contract over HTTP, on both databases, as a strict client sees it."""

import asyncio
from dataclasses import replace
from xml.etree import ElementTree

import httpx

from queue_service.hall.terms import Plan, Terms
from queue_service.identity.api import Session
from queue_service.wire import messages
from tests.system.editing import publish
from tests.system.people import CASH, Hall, Person, signed_in
from tests.system.speaking import refused, said, until

FOREX, FAST = "foreign-exchange", "fast"
ROAMING = 9
STAFF_ONLY = {"to_confirm", "channel", "reason", "outcome", "delivered", "remarks"}


def test_a_whole_visit(hall: Hall) -> None:
    teller = hall.tellers[0]
    window = said(teller.at(1, "open"), messages.Window)
    assert (window["state"], window["teller"], window["serving"]) == ("open", teller.id, None)

    issued = hall.issue(language="en")
    assert issued["label"].startswith("A")
    assert (issued["status"], issued["class"], issued["ahead"]) == ("waiting", "normal", 0)
    assert (issued["channel"], issued["legs"], issued["windows"]) == ("kiosk", [CASH], [1])
    assert issued["url"] == f"{hall.core.base_url}/t/{issued['token']}"
    waiting = hall.visit(issued["token"])
    assert waiting["wait"]["low_s"] <= waiting["wait"]["high_s"]
    assert waiting["service"]["id"] == waiting["legs"][0]["id"] == CASH
    assert not STAFF_ONLY & set(waiting)

    called = said(teller.at(1, "call-next"), messages.CalledAnswer)
    assert (called["reason"], called["ticket"]["id"], called["ticket"]["window"]) == ("order", issued["id"], 1)
    refused(teller.at(1, "call-next"), 409, "window.busy")
    refused(teller.at(1, "finish"), 409, "ticket.not_serving")
    assert hall.visit(issued["token"])["status"] == "called"
    call = hall.board()["calls"][0]
    assert (call["label"], call["window"], call["times"]) == (issued["label"], 1, 1)

    assert teller.ticket(1, "recall")["calls"] == 2
    again, first = hall.board()["calls"][:2]
    assert (again["times"], first) == (2, call)
    assert again["id"] != call["id"]

    assert teller.ticket(1, "start")["status"] == "serving"
    refused(teller.at(1, "recall"), 409, "ticket.not_called")
    finished = teller.ticket(1, "finish", {"outcome": "partly", "delivered": [CASH]})
    assert (finished["status"], finished["outcome"], finished["delivered"]) == ("finished", "partly", [CASH])
    assert teller.ticket(1, "undo")["status"] == "serving"
    assert teller.ticket(1, "finish")["outcome"] == "done"
    refused(teller.at(1, "recall"), 409, "window.idle")

    ended = hall.visit(issued["token"])
    assert (ended["status"], ended["windows"], ended["ahead"], ended["wait"]) == ("finished", [], None, None)
    times = [ended[name] for name in ("issued_at", "called_at", "started_at", "ended_at")]
    assert times == sorted(times)
    assert said(teller.at(1, "call-next"), messages.CalledAnswer) == {"ticket": None, "reason": "nobody_waiting"}
    assert said(teller.at(1, "close"), messages.Window)["teller"] is None
    refused(teller.at(1, "call-next"), 409, "window.closed")


def test_verbs_at_a_window(hall: Hall) -> None:
    teller, other, manager = hall.tellers[0], hall.tellers[2], hall.manager
    said(teller.at(1, "open", {}), messages.Window)
    said(other.at(3, "open"), messages.Window)
    first, second, third = (hall.issue() for _ in range(3))

    chosen = teller.ticket(1, "call", {"ticket": second["id"], "reason": "agreed"})
    assert (chosen["id"], chosen["reason"], chosen["status"]) == (second["id"], "agreed", "called")
    assert teller.ticket(1, "park")["status"] == "parked"
    refused(teller.at(1, "resume", {"ticket": first["id"]}), 409, "ticket.not_parked")
    assert teller.ticket(1, "resume", {"ticket": second["id"]})["status"] == "called"
    assert teller.ticket(1, "miss")["status"] == "missed"

    assert teller.ticket(1, "call-next", model=messages.CalledAnswer)["id"] == first["id"]
    moved = teller.ticket(1, "transfer", {"service": FOREX, "window": 3, "place": "first"})
    assert (moved["label"], moved["service"], moved["window"]) == (first["label"], FOREX, 3)
    assert (moved["status"], moved["class"], moved["windows"]) == ("waiting", "transferred", [3])
    assert other.ticket(3, "call-next", model=messages.CalledAnswer)["id"] == first["id"]

    walked = teller.ticket(1, "walk-in", {"service": CASH, "reason": "坐轮椅"})
    assert (walked["status"], walked["channel"], walked["reason"]) == ("serving", "walk_in", "other")
    remarks = said(manager.client.get(f"/tickets/{walked['id']}"), messages.TicketDetail)["remarks"]
    assert [remark["text"] for remark in remarks] == ["坐轮椅"]
    paused = said(teller.at(1, "pause", {"reason": "lunch", "after_current": True}), messages.Window)
    assert (paused["state"], paused["pause_reason"]) == ("pausing", "lunch")
    assert manager.ticket(1, "finish")["id"] == walked["id"]
    refused(teller.at(1, "call-next"), 409, "window.paused")
    assert said(teller.at(1, "open"), messages.Window)["state"] == "open"
    assert said(teller.at(1, "pause", {"reason": "前台换班"}), messages.Window)["pause_reason"] == "other"

    console = said(hall.public.get("/board"), messages.Board)
    assert [window["state"] for window in console["windows"][:3]] == ["paused", "closed", "busy"]
    assert third["id"] in {ticket["id"] for ticket in hall.greeter.floor()["tickets"]}


def test_a_visit_of_two_legs_keeps_its_label(hall: Hall) -> None:
    teller = hall.tellers[2]
    said(teller.at(3, "open"), messages.Window)
    issued = said(hall.kiosk.post("/tickets", {"legs": [CASH, FOREX]}), messages.IssuedTicket, 201)
    teller.ticket(3, "call-next", model=messages.CalledAnswer)
    teller.ticket(3, "start")
    between = teller.ticket(3, "finish")
    assert (between["status"], between["leg"], between["service"]) == ("waiting", 1, FOREX)
    assert between["label"] == issued["label"]
    assert teller.ticket(3, "call-next", model=messages.CalledAnswer)["id"] == issued["id"]


def test_who_holds_a_window(hall: Hall) -> None:
    holder, other = hall.tellers[0], hall.tellers[1]
    said(holder.at(1, "open"), messages.Window)
    ticket = hall.issue()
    holder.ticket(1, "call-next", model=messages.CalledAnswer)
    refused(other.at(1, "open"), 409, "window.taken")
    for verb, body in (
        ("start", None),
        ("recall", None),
        ("close", None),
        ("pause", {"reason": "lunch"}),
        ("transfer", {"service": FAST}),
    ):
        refused(other.at(1, verb, body), 409, "window.lease_lost")

    taken = said(other.at(1, "open", {"takeover": True}), messages.Window)
    assert (taken["teller"], taken["ticket"], taken["state"]) == (other.id, ticket["id"], "busy")
    refused(holder.at(1, "start"), 409, "window.lease_lost")
    assert other.ticket(1, "start")["status"] == "serving"


def test_a_session_that_ends_leaves_its_ticket_at_the_window(hall: Hall) -> None:
    member = hall.core.staff("teller")[3]
    with signed_in(hall.core, member) as teller:
        said(teller.at(1, "open"), messages.Window)
        ticket = hall.issue()
        teller.ticket(1, "call-next", model=messages.CalledAnswer)
        teller.ticket(1, "start")
        assert teller.client.delete(f"{hall.core.api}/session").status_code == 204
        refused(teller.at(1, "finish"), 401, "session.required")
    assert hall.board()["windows"][0]["serving"] == ticket["label"]
    with signed_in(hall.core, member) as returned:
        assert returned.id == teller.id
        refused(returned.at(1, "finish"), 409, "window.lease_lost")
        said(returned.at(1, "open"), messages.Window)
        assert returned.ticket(1, "finish")["id"] == ticket["id"]


def test_the_floor(hall: Hall) -> None:
    greeter, manager, teller = hall.greeter, hall.manager, hall.tellers[0]
    issued = hall.issue(**{"class": "priority"})
    assert issued["to_confirm"] is True
    path = f"/tickets/{issued['id']}"
    change = {"class": "priority", "reason": "confirmed"}
    confirmed = said(greeter.client.patch(path, json=change), messages.WindowAnswer)["ticket"]
    assert (confirmed["class"], confirmed["to_confirm"]) == ("priority", False)
    changed = said(greeter.client.patch(path, json={"class": "normal", "reason": "陪同人员"}), messages.WindowAnswer)
    assert changed["ticket"]["class"] == "normal"
    detail = said(greeter.client.get(path), messages.TicketDetail)
    assert [(remark["by"], remark["text"]) for remark in detail["remarks"]] == [(greeter.id, "陪同人员")]
    refused(greeter.client.patch(path, json={"class": "appointment", "reason": "x"}), 409, "class.not_offered")

    said(teller.at(1, "open"), messages.Window)
    teller.ticket(1, "call-next", model=messages.CalledAnswer)
    teller.ticket(1, "miss")
    reinstated = said(greeter.post(f"{path}/reinstate"), messages.WindowAnswer)["ticket"]
    assert reinstated["status"] == "waiting"
    refused(greeter.post(f"{path}/reinstate"), 409, "ticket.not_missed")
    diverted = said(greeter.post(f"{path}/divert", {"to": "self_service"}), messages.WindowAnswer)["ticket"]
    assert diverted["status"] == "diverted"
    other = said(greeter.post("/tickets", {"service": FAST}), messages.IssuedTicket, 201)
    assert other["channel"] == "staff"
    cancelled = said(manager.post(f"/tickets/{other['id']}/cancel"), messages.WindowAnswer)["ticket"]
    assert cancelled["status"] == "cancelled"
    refused(manager.post(f"/tickets/{other['id']}/cancel"), 409, "ticket.not_waiting")

    alert = said(hall.kiosk.post("/help"), messages.Alert)
    assert said(hall.kiosk.post("/help"), messages.Alert) == alert
    assert (alert["place"], alert["taken_by"]) == ("kiosk", None)
    assert greeter.floor()["alerts"][0] == alert
    taken = said(greeter.post(f"/alerts/{alert['id']}/take"), messages.Alert)
    assert taken["taken_by"] == greeter.id
    assert said(greeter.post(f"/alerts/{alert['id']}/take"), messages.Alert) == taken
    refused(manager.post(f"/alerts/{alert['id']}/take"), 409, "alert.taken")
    again = said(hall.kiosk.post("/help"), messages.Alert)
    assert again["id"] != alert["id"]

    assert said(manager.post(f"/alerts/{alert['id']}/close"), messages.Alert) == taken
    assert said(greeter.post(f"/alerts/{again['id']}/close"), messages.Alert) == again, "seen to at once"
    refused(greeter.post(f"/alerts/{alert['id']}/close"), 404, "alert.unknown")
    printer = said(hall.kiosk.post("/printer", {"fault": "paper_out"}), messages.PrinterAnswer)["alert"]
    refused(greeter.post(f"/alerts/{printer['id']}/close"), 409, "alert.ends_itself")
    said(hall.kiosk.post("/printer", {"fault": None}), messages.PrinterAnswer)


def test_a_roaming_window_is_the_greeters(hall: Hall) -> None:
    greeter = hall.greeter
    assert said(greeter.at(ROAMING, "open"), messages.Window)["roaming"] is True
    issued = hall.issue(FAST)
    assert greeter.ticket(ROAMING, "call-next", model=messages.CalledAnswer)["id"] == issued["id"]
    greeter.ticket(ROAMING, "start")
    assert greeter.ticket(ROAMING, "finish")["status"] == "finished"
    said(greeter.at(ROAMING, "close"), messages.Window)
    refused(greeter.at(1, "open"), 403, "access.forbidden")


def test_the_visitor_leaves_only_from_waiting_and_missed(hall: Hall) -> None:
    teller = hall.tellers[0]
    said(teller.at(1, "open"), messages.Window)
    first, second = hall.issue(), hall.issue()

    def leave(token: str, key: str | None = None) -> httpx.Response:
        return Person(hall.public, "").post(f"{hall.core.api}/tickets/{token}/cancel", key=key)

    teller.ticket(1, "call-next", model=messages.CalledAnswer)
    refused(leave(first["token"]), 409, "ticket.not_waiting")
    teller.ticket(1, "park")
    refused(leave(first["token"]), 409, "ticket.not_waiting")
    teller.ticket(1, "resume", {"ticket": first["id"]})
    teller.ticket(1, "miss")
    left = said(leave(first["token"], "k"), messages.VisitorTicket)
    assert left["status"] == "cancelled"
    assert said(leave(first["token"], "k"), messages.VisitorTicket) == left
    assert said(leave(second["token"]), messages.VisitorTicket)["status"] == "cancelled"
    refused(leave(second["token"]), 409, "ticket.not_waiting")
    for wrong in ("x", second["token"][:-1] + "!", second["token"] + "AAAA", "a" * 199, "a" * 300):
        refused(leave(wrong), 404, "ticket.unknown")
        refused(hall.public.get(f"{hall.core.api}/tickets/{wrong}"), 404, "ticket.unknown")


def test_a_key_makes_a_retry_harmless(hall: Hall) -> None:
    teller, kiosk = hall.tellers[0], hall.kiosk
    said(teller.at(1, "open"), messages.Window)
    # nobody waiting and a refusal use up no key
    nobody = said(teller.at(1, "call-next", key="next"), messages.CalledAnswer)
    assert nobody["ticket"] is None
    refused(teller.at(1, "start", key="start"), 409, "window.idle")

    answers = [kiosk.post("/tickets", {"service": CASH}, "one") for _ in range(3)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    refused(kiosk.post("/tickets", {"service": FAST}, "one"), 422, "key.reused")
    refused(kiosk.post("/help", None, "one"), 422, "key.reused")
    # the same words, another caller: another intent
    other = said(hall.greeter.post("/tickets", {"service": CASH}, "one"), messages.IssuedTicket, 201)
    assert other["id"] != answers[0].json()["id"]

    called = teller.at(1, "call-next", key="next")
    assert teller.at(1, "call-next", key="next").content == called.content
    started = teller.at(1, "start", key="start")
    teller.ticket(1, "finish")
    assert teller.at(1, "start", key="start").content == started.content
    refused(teller.at(1, "recall", key="start"), 422, "key.reused")
    for bad in ("", "white space", "k" * 201, "ключ".encode(), "a\tb"):
        headers = {"Idempotency-Key": bad}
        refused(kiosk.client.post("/tickets", json={"service": CASH}, headers=headers), 422, "request.invalid")
    assert [ticket["id"] for ticket in hall.greeter.floor()["tickets"]] == [other["id"]]


def test_a_retry_adds_no_second_remark(hall: Hall) -> None:
    greeter = hall.greeter
    path = f"/tickets/{hall.issue()['id']}"
    change = {"class": "vip", "reason": "金卡客户"}
    first, again = (greeter.client.patch(path, json=change, headers={"Idempotency-Key": "vip"}) for _ in range(2))
    assert first.content == again.content
    refused(
        greeter.client.patch(path, json={"class": "transferred", "reason": "no such thing"}), 409, "class.not_offered"
    )
    remarks = said(greeter.client.get(path), messages.TicketDetail)["remarks"]
    assert [remark["text"] for remark in remarks] == ["金卡客户"]


def test_staff_learn_the_names_of_those_who_hold_windows(hall: Hall) -> None:
    teller = hall.tellers[0]
    said(teller.at(1, "open"), messages.Window)
    told = said(hall.greeter.client.get("/staff"), messages.Colleagues)["staff"]
    people = {member["id"]: member for member in told}
    (holder,) = (window["teller"] for window in hall.greeter.floor()["windows"] if window["number"] == 1)
    name = said(teller.client.get(f"{hall.core.api}/session"), Session)["staff"]["name"]
    assert people[holder] == {"id": teller.id, "name": name, "roles": ["teller"]}
    roles = [member["roles"] for member in told]
    assert all(roles.count([role]) == len(hall.core.staff(role)) for role in ("teller", "greeter", "manager"))
    assert ["admin"] in roles


def test_what_does_not_exist(hall: Hall) -> None:
    teller, greeter, manager = hall.tellers[0], hall.greeter, hall.manager
    elsewhere = hall.core.hall.replace(hall.core.branch, "nowhere")
    for path in ("", "/board"):
        refused(hall.public.get(elsewhere + path), 404, "branch.unknown")
    refused(teller.at(99, "open"), 404, "window.unknown")
    refused(teller.at(99, "call-next"), 404, "window.unknown")
    refused(greeter.post("/tickets", {"service": "haircut"}), 404, "service.unknown")
    refused(greeter.client.get("/tickets/20200101-1"), 404, "ticket.unknown")
    refused(greeter.post("/tickets/20200101-1/cancel"), 404, "ticket.unknown")
    refused(greeter.post("/alerts/help-1/take"), 404, "alert.unknown")
    refused(manager.post("/plan", {"plan": "siesta"}), 404, "plan.unknown")
    said(teller.at(1, "open"), messages.Window)
    refused(teller.at(1, "call", {"ticket": "20200101-1", "reason": "guest"}), 404, "ticket.unknown")
    refused(hall.public.get("/nothing"), 404, "request.not_found")
    refused(hall.public.put("/board"), 405, "request.method_not_allowed")


def test_what_cannot_be_meant(hall: Hall) -> None:
    teller, greeter, kiosk = hall.tellers[0], hall.greeter, hall.kiosk
    said(teller.at(1, "open"), messages.Window)
    for body in (
        {},
        {"service": CASH, "legs": [CASH]},
        {"legs": []},
        {"service": CASH, "class": "royal"},
        {"service": CASH, "language": "中文"},
        {"service": CASH, "phone": "13800000000"},
        {"service": 7},
    ):
        refused(kiosk.post("/tickets", body), 422, "request.invalid")
    for verb, wrong in (
        ("open", {"takeover": "yes"}),
        ("open", {"takeover": 1}),
        ("close", {"after_current": "true"}),
        ("pause", {"reason": ""}),
        ("pause", {"reason": "  "}),
        ("pause", {"reason": "x" * 201}),
        ("pause", None),
        ("call", {"ticket": "x"}),
        ("finish", {"outcome": "splendid"}),
        ("finish", {"delivered": [""]}),
        ("finish", {"delivered": ["x" * 81]}),
        ("transfer", {}),
        ("transfer", {"window": 0}),
        ("transfer", {"window": "1"}),
        ("transfer", {"window": 1.0}),
        ("transfer", {"window": True}),
        ("walk-in", {"service": CASH}),
    ):
        refused(teller.at(1, verb, wrong), 422, "request.invalid")
    refused(kiosk.post("/tickets", {"legs": [CASH, CASH]}), 409, "legs.repeated")
    refused(greeter.post("/windows/one/open"), 422, "request.invalid")
    problem = refused(kiosk.post("/tickets", {"service": 7, "secret-name": 1}), 422, "request.invalid")
    assert {error["field"] for error in problem["errors"]} == {"body.service", "body.*"}


def test_the_board_tells_nothing_about_a_person(hall: Hall) -> None:
    teller, greeter = hall.tellers[0], hall.greeter
    said(teller.at(1, "open"), messages.Window)
    issued = hall.issue(**{"class": "priority"})
    greeter.client.patch(f"/tickets/{issued['id']}", json={"class": "vip", "reason": "孕妇 李女士"})
    teller.ticket(1, "call-next", model=messages.CalledAnswer)
    teller.ticket(1, "park")
    hall.kiosk.post("/help")
    public = [hall.public.get("/board"), hall.public.get(hall.core.hall), hall.public.get(f"{hall.core.api}/branches")]
    for answer in public:
        for secret in (issued["token"], teller.id, "李女士", hall.core.staff("teller")[0]["username"], '"vip"}'):
            assert secret not in answer.text
    call = hall.board()["calls"][0]
    assert set(call) == {"id", "label", "window", "at", "times"}
    assert "李女士" not in hall.public.get(f"{hall.core.api}/tickets/{issued['token']}").text


def test_the_branches_and_the_plan(hall: Hall) -> None:
    branches = said(hall.public.get(f"{hall.core.api}/branches"), messages.Branches)["branches"]
    assert {branch["id"] for branch in branches} == {
        hall.core.branch,
        *(other["branch"] for other in hall.core.access["other_branches"]),
    }
    branch = said(hall.public.get(hall.core.hall), messages.Branch)
    assert branch["open"] is branch["numbers"] is True
    assert {"id", "name", "prefix", "open", "bookable", "self_service"} <= set(branch["services"][0])
    plans = said(hall.manager.post("/plan", {"plan": "normal"}), messages.Windows)
    assert plans["plan"] == "normal"
    assert said(hall.greeter.post("/plan", {"plan": "normal"}), messages.Windows) == plans
    refused(hall.tellers[0].post("/plan", {"plan": "normal"}), 403, "access.forbidden")


def test_plans_switch_as_a_whole_and_by_greeters_only_where_the_terms_let_them(hall: Hall) -> None:
    greeter = hall.greeter
    said(hall.tellers[0].at(1, "open"), messages.Window)
    issued = hall.issue()

    def with_a_lean_plan(terms: Terms) -> Terms:
        every = tuple(service.id for service in terms.services)
        lean = Plan(id="lean", name={"zh-CN": "少", "en": "Lean"}, windows={2: every})
        return replace(terms, plans=(*terms.plans, lean))

    def by_managers_only(terms: Terms) -> Terms:
        return replace(terms, policy=replace(terms.policy, greeter_switches_plan=False))

    asyncio.run(publish(hall.core, with_a_lean_plan))
    until(lambda: "lean" in {plan["id"] for plan in greeter.floor()["plans"]})
    (lean,) = (plan for plan in greeter.floor()["plans"] if plan["id"] == "lean")
    assert [window["number"] for window in lean["windows"]] == [2]
    switched = said(greeter.post("/plan", {"plan": "lean"}, "lean"), messages.Windows)
    assert switched["plan"] == hall.board()["branch"]["plan"] == "lean"
    uses = [{name: window[name] for name in ("number", "services")} for window in switched["windows"]]
    assert [window for window in uses if window["services"]] == lean["windows"]
    refused(hall.tellers[2].at(3, "open"), 409, "window.not_in_plan")
    assert hall.visit(issued["token"])["status"] == "waiting"

    asyncio.run(publish(hall.core, by_managers_only))
    until(lambda: greeter.post("/plan", {"plan": "normal"}).status_code != 200)
    refused(greeter.post("/plan", {"plan": "lean"}), 409, "plan.not_allowed")
    assert said(hall.manager.post("/plan", {"plan": "normal"}), messages.Windows)["plan"] == "normal"


def test_the_link_is_told_as_a_picture_to_photograph(open_hall: Hall) -> None:
    token = open_hall.issue()["token"]
    picture = open_hall.public.get(f"{open_hall.core.api}/tickets/{token}/qr.svg")
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/svg+xml"
    assert ElementTree.fromstring(picture.text).tag.endswith("svg")
    assert open_hall.public.get(f"{open_hall.core.api}/tickets/{token}x/qr.svg").status_code == 404
