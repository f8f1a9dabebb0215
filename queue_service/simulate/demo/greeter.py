"""The demo's greeter: sees to alerts, confirms classes, lets the missed wait again; and visitors who lose patience.

People come first: what a person could do on the floor guide is left to wait a while before the greeter does it.
"""

import asyncio
from collections.abc import Mapping

from queue_service.hall.terms import VisitorClass
from queue_service.simulate.demo.caller import Caller
from queue_service.simulate.demo.hall import LOOK_S, Hall, Json, Visit

ALERT_S = 30
HELPED_S = 120
CONFIRM_S = 20
GONE_S = 600
"""Seconds of a visitor's life after which one who missed the call and did not come back has left for good."""


async def greet(hall: Hall, greeter: Caller) -> None:
    """Watch the floor and act on it until cancelled."""
    seen_at_s: dict[str, float] = {}
    while True:
        await hall.look(greeter)
        if hall.floor:
            await _see_to_alerts(hall, greeter, seen_at_s)
            for ticket_id, ticket in hall.tickets().items():
                await _confirm(hall, greeter, ticket, seen_at_s)
                visit = hall.visits.get(ticket_id)
                if visit is not None:
                    await _follow(hall, greeter, ticket, visit)
            seen_at_s = _still(hall, seen_at_s)
        await asyncio.sleep(LOOK_S)


async def _see_to_alerts(hall: Hall, greeter: Caller, seen_at_s: dict[str, float]) -> None:
    for alert in hall.floor["alerts"]:
        present_s = hall.now_s() - seen_at_s.setdefault(alert["id"], hall.now_s())
        path = f"{hall.path}/alerts/{alert['id']}"
        if alert["taken_at"] is None and present_s >= ALERT_S:
            await greeter.do("POST", f"{path}/take")
        elif alert["taken_at"] is not None and alert["kind"] == "help" and present_s >= HELPED_S:
            await greeter.do("POST", f"{path}/close")


async def _confirm(hall: Hall, greeter: Caller, ticket: Json, seen_at_s: dict[str, float]) -> None:
    if not ticket["to_confirm"]:
        return
    since_s = seen_at_s.setdefault(ticket["id"], hall.now_s())
    if hall.now_s() - since_s < CONFIRM_S:
        return
    visit = hall.visits.get(ticket["id"])
    is_true = visit is None or visit.visitor.claims_truly
    body = {
        "class": ticket["class"] if is_true else VisitorClass.NORMAL,
        "reason": "confirmed" if is_true else "not_confirmed",
    }
    await greeter.do("PATCH", f"{hall.path}/tickets/{ticket['id']}", body)


async def _follow(hall: Hall, greeter: Caller, ticket: Json, visit: Visit) -> None:
    """What a simulated visitor does while nobody serves it."""
    now_s = hall.now_s()
    if ticket["status"] == "missed":
        visit.missed_at_s = visit.missed_at_s if visit.missed_at_s is not None else now_s
        away_s = (now_s - visit.missed_at_s) * hall.speed
        returns_after_s = visit.visitor.returns_after_s
        if returns_after_s is not None and not visit.has_returned:
            if away_s >= returns_after_s:
                visit.has_returned, visit.missed_at_s = True, None
                await greeter.do("POST", f"{hall.path}/tickets/{ticket['id']}/reinstate")
        elif away_s >= GONE_S:
            await _leave(greeter, visit)
    elif ticket["status"] == "waiting" and now_s >= visit.leaves_at_s:
        await _leave(greeter, visit)


async def _leave(greeter: Caller, visit: Visit) -> None:
    await greeter.do("POST", f"/tickets/{visit.token}/cancel")


def _still(hall: Hall, seen_at_s: Mapping[str, float]) -> dict[str, float]:
    """What is still on the floor."""
    present = hall.tickets().keys() | {alert["id"] for alert in hall.floor["alerts"]}
    return {name: at_s for name, at_s in seen_at_s.items() if name in present}
