"""A day in which everything happens, and what a day's state is in plain values.

`python -m tests.journal.recorded VERSION` records the day for a release, once, into `golden/`: its entries as the
journal keeps them, and what they make of the day. What is there stays as it is for ever; every later release must read
it so.
"""

import asyncio
import json
import sys
from dataclasses import replace
from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from queue_service.hall.commands import (
    AskHelp,
    AskPrint,
    CallNext,
    CallTicket,
    Cancel,
    ChangeClass,
    CloseAlert,
    CloseWindow,
    Command,
    Divert,
    Finish,
    IssueTicket,
    Miss,
    OpenWindow,
    Park,
    PauseWindow,
    Recall,
    Reinstate,
    Resume,
    Start,
    SwitchPlan,
    TakeAlert,
    TakePrint,
    TellPrinter,
    Transfer,
    Undo,
    VoidIntent,
    WalkIn,
)
from queue_service.hall.day import Day
from queue_service.hall.terms import Notice, PlanOrder, PlanSwitch, Policy, Terms, VisitorClass
from queue_service.hall.tickets import AlertKind, Channel, Fault, Outcome, Place
from queue_service.infra.migrate import migrate
from queue_service.journal.entries import Entry
from queue_service.settings import Settings
from tests.desk.house import CARDS, CASH, House, a_house, a_plan, at, lease_of, terms

GOLDEN = Path(__file__).with_name("golden")
PRIORITY = VisitorClass.PRIORITY


async def record(folder: Path) -> tuple[list[Entry], dict[int, Day]]:
    """Plays the day at a desk on SQLite: its entries, and the day as it ran, by seq."""
    settings = Settings(data_dir=folder, database_url=None)
    await migrate(settings)
    async with a_house(settings, known=_terms()) as house:
        house.clock.now = at(8, 50)
        await house.today()
        await _play(house)
        house.clock.now = at(24 + 5)
        await house.desk.wake()
        return await house.entries(), {change.day.seq: change.day for change in house.changes if change.events}


def state(day: Day) -> dict[str, Any]:
    """What a replay must bring about, in plain values; a later release may know more of a day, not other things."""
    encoded = msgspec.json.encode(
        {
            "seq": day.seq,
            "at": day.at,
            "business_on": day.business_on,
            "phase": day.phase,
            "plan": day.plan,
            "terms_version": day.terms.version,
            "services": [(service.id, service.is_retired) for service in day.terms.services],
            "numbers": dict(day.numbers),
            "tickets": {
                ticket.id: {
                    "label": ticket.label,
                    "legs": ticket.legs,
                    "leg": ticket.leg,
                    "class": ticket.visitor_class,
                    "to_confirm": ticket.is_to_confirm,
                    "status": ticket.status,
                    "channel": ticket.channel,
                    "language": ticket.language,
                    "issued_at": ticket.issued_at,
                    "joined_at": ticket.joined_at,
                    "joined_seq": ticket.joined_seq,
                    "called_at": ticket.called_at,
                    "started_at": ticket.started_at,
                    "ended_at": ticket.ended_at,
                    "window": ticket.window,
                    "calls": ticket.calls,
                    "overtaken_by": day.overtaken_by(ticket),
                    "reason": ticket.reason,
                    "outcome": ticket.outcome,
                    "delivered": ticket.delivered,
                    "diverted_to": ticket.diverted_to,
                    "waits": ticket.waits,
                    "is_printed": ticket.is_printed,
                }
                for ticket in sorted(day.tickets(), key=lambda ticket: ticket.id)
            },
            "waiting": {
                "/".join(map(str, key)): [waiting.ticket for waiting in lane.waiting]
                for key, lane in sorted(day.lanes.items(), key=str)
            },
            "windows": {
                str(window.number): {
                    "status": window.status,
                    "then": window.then,
                    "pause_reason": window.pause_reason,
                    "teller": window.lease.teller if window.lease is not None else None,
                    "session": window.lease.session if window.lease is not None else None,
                    "ticket": window.ticket,
                    "last_finished": window.last_finished,
                    "served": window.served,
                    "service_s": window.service_s,
                    "free_since": window.free_since,
                }
                for _, window in sorted(day.windows.items())
            },
            "calls": [(call.id, call.label, call.window, call.at, call.times) for call in day.calls],
            "shares": day.shares,
            "served": {service: (done.served, done.service_s) for service, done in sorted(day.served.items())},
            "prints": [(pending.id, pending.ticket, pending.kiosk) for pending in day.prints.values()],
            "alerts": {alert.id: (alert.place, alert.at, alert.taken_by) for alert in day.alerts.values()},
        }
    )
    told: dict[str, Any] = json.loads(encoded)
    return told


def _terms() -> Terms:
    normal = replace(terms().plans[0], order=PlanOrder.STRICT)
    noon = a_plan({1: (CASH,), 2: (CARDS,)}, "noon", switches=(PlanSwitch(at=time(12)),))
    policy = Policy(recalls_before_miss=1, missed_after_s=120)
    services = tuple(replace(service, asks_class=(PRIORITY,)) for service in terms().services)
    notices = (Notice(text={"zh-CN": "今日无硬币", "en": "No coins today"}, until=at(10)),)
    return terms(plans=(normal, noon), policy=policy, services=services, notices=notices)


async def _play(house: House) -> None:
    async def ask(command: Command) -> str:
        house.clock.wait(seconds=20)
        answer = await house.ask(command, key=f"key-{(await house.today()).seq}", actor="staff:greeter")
        return answer["ticket"]["id"] if answer["ticket"] is not None else ""

    async def issue(*legs: str, visitor_class: VisitorClass = VisitorClass.NORMAL) -> str:
        command = IssueTicket(legs=legs, visitor_class=visitor_class, channel=Channel.KIOSK, language="zh-CN")
        return await ask(command)

    async def at_window(verb: type[Any], number: int = 1, **more: Any) -> str:
        return await ask(verb(window=number, lease=lease_of(number), **more))

    house.clock.now = at(9)
    for number in (1, 2, 3):
        await at_window(OpenWindow, number, takeover=False)
    visits = [await issue(CASH) for _ in range(6)]
    two_legs = await issue(CARDS, CASH)
    early = await issue(CASH, visitor_class=PRIORITY)
    await ask(ChangeClass(ticket=early, visitor_class=PRIORITY, reason="confirmed"))
    await at_window(CallNext)
    await at_window(Start)
    await at_window(Finish, outcome=Outcome.PARTLY, delivered=("receipt",))
    await at_window(Undo)
    await at_window(Transfer, to_service=CARDS, to_window=2, place=Place.FIRST)
    await at_window(CallTicket, 2, ticket=two_legs, reason="asked")
    await at_window(Start, 2)
    await at_window(Finish, 2)
    await at_window(CallNext)
    await at_window(Recall)
    await at_window(Miss)
    await ask(Reinstate(ticket=visits[0] if (await house.today()).live[visits[0]].status == "missed" else early))
    await at_window(CallNext)
    await at_window(Park)
    parked = next(ticket.id for ticket in (await house.today()).live.values() if ticket.status == "parked")
    await at_window(CallNext, 3)
    await at_window(Recall, 3)
    house.clock.wait(minutes=3)  # the clock calls it missed
    await at_window(Resume, 3, ticket=parked)
    await at_window(PauseWindow, 3, reason="lunch", after_current=True)
    await at_window(Start, 3)
    await at_window(Finish, 3)
    await at_window(WalkIn, 1, service=CARDS, reason="waved", language="en")
    await at_window(CloseWindow, 1, after_current=True)
    await at_window(Finish, 1)
    await at_window(OpenWindow, 1, takeover=False)
    await at_window(PauseWindow, 1, reason="break", after_current=False)
    await at_window(OpenWindow, 1, takeover=False)
    waiting = [ticket.id for ticket in (await house.today()).live.values() if ticket.status == "waiting"]
    await ask(Divert(ticket=waiting[-1], to="app"))
    await ask(Cancel(ticket=waiting[-2], by_visitor=True))
    for place in ("kiosk", "entrance"):
        await ask(AskHelp(place=place))
    for alert in (await house.today()).alerts:
        await ask(TakeAlert(alert=alert, by="staff:greeter"))
    helped = next(alert.id for alert in (await house.today()).alerts.values() if alert.kind is AlertKind.HELP)
    await ask(CloseAlert(alert=helped, by="staff:greeter"))
    await ask(TellPrinter(place="kiosk", fault=Fault.PAPER_OUT))
    await ask(TellPrinter(place="kiosk", fault=None))
    paper = await issue(CARDS)
    await ask(AskPrint(ticket=paper, kiosk="kiosk"))
    await ask(TakePrint(print=next(iter((await house.today()).prints)), kiosk="kiosk"))
    await ask(VoidIntent())
    await ask(SwitchPlan(plan="noon", by_greeter=False))
    await ask(SwitchPlan(plan="normal", by_greeter=False))
    house.clock.now = at(12, 30)
    await house.today()
    await house.publish(replace(_terms(), services=_terms().services[:1], plans=(a_plan({1: (CASH,), 3: (CASH,)}),)))
    await house.desk.wake()
    await at_window(CallNext)
    await at_window(Start)
    house.clock.now = at(16)
    await issue(CASH)


async def main(version: str) -> None:
    with TemporaryDirectory() as folder:
        entries, days = await record(Path(folder))
    lines = [
        {
            "seq": entry.seq,
            "at": entry.at,
            "actor": entry.actor,
            "kind": entry.kind,
            "events": msgspec.Raw(entry.events),
        }
        for entry in entries
    ]
    path = GOLDEN / f"{version}.jsonl"
    with path.open("xb") as file:
        file.write(msgspec.json.Encoder().encode_lines(lines))
    states = {seq: state(days[seq]) for seq in (len(entries) // 2, len(entries) - 3, len(entries))}
    text = json.dumps(states, ensure_ascii=False, indent=1)
    path.with_suffix(".days.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
