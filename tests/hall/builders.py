"""Terms, days and a small hall for tests: each step is checked by both kinds of invariants."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from queue_service.hall.commands import (
    CallNext,
    CallTicket,
    Cancel,
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
    Start,
    SwitchPlan,
    Transfer,
    Undo,
)
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted, Decision, decide
from queue_service.hall.events import Event
from queue_service.hall.evolve import Entry, evolve, replay
from queue_service.hall.hours import Hours, Opening
from queue_service.hall.invariants import Checker, violations
from queue_service.hall.phases import advance, open_day
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.routing import Reason
from queue_service.hall.terms import Plan, PlanOrder, Policy, Service, Terms, VisitorClass, Window, Zone
from queue_service.hall.tickets import Channel, Lease, Place, Ticket, TicketStatus, WindowState

MONDAY = date(2026, 3, 2)
OPENS_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""Numbers are given from 9:00 to 17:00, the doors close at 17:30, who still waits leaves at 19:30."""

CASH, CARDS, FOREIGN = "cash", "cards", "foreign"


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of Monday; hours from 24 on are Tuesday's."""
    return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)


def hours(**changes: Any) -> Hours:
    """Every day from nine to half past five, in UTC."""
    opening = Opening(numbers_from=time(9), last_number=time(17), doors_close=time(17, 30))
    week = dict.fromkeys(range(1, 8), opening)
    return replace(Hours(time_zone="UTC", week=week), **changes)


def service(service_id: str, prefix: str, **changes: Any) -> Service:
    """A service of ten minutes, for which a visitor may declare any class."""
    asked = (VisitorClass.PRIORITY, VisitorClass.VIP)
    whole = Service(id=service_id, prefix=prefix, name={"en": service_id}, minutes=10, asks_class=asked)
    return replace(whole, **changes)


def plan(
    plan_id: str, windows: Mapping[int, tuple[str, ...]], order: PlanOrder = PlanOrder.MIXED, **changes: Any
) -> Plan:
    """A window plan."""
    return replace(Plan(id=plan_id, name={"en": plan_id}, windows=windows, order=order), **changes)


EVERYTHING = {1: (CASH, CARDS), 2: (CASH,), 3: (CARDS, FOREIGN)}
PLANS = (plan("normal", EVERYTHING), plan("strict", EVERYTHING, PlanOrder.STRICT), plan("narrow", {1: (CASH,)}))


def terms(*, policy: Policy | None = None, **changes: Any) -> Terms:
    """Three services at three windows: 1 cash and cards, 2 cash, 3 cards and foreign exchange."""
    known = Terms(
        branch_id="main",
        version=1,
        name={"en": "Main"},
        hours=hours(),
        services=(service(CASH, "A"), service(CARDS, "B"), service(FOREIGN, "D")),
        zones=(Zone(id="hall", name={"en": "Hall"}),),
        windows=tuple(Window(number=number, zone="hall") for number in (1, 2, 3)),
        plans=PLANS,
        policy=policy or Policy(),
    )
    return replace(known, **changes)


def first_come(**changes: Any) -> Policy:
    """A policy without head starts or shares, in which a ticket may be missed at once."""
    return replace(Policy(classes={}, recalls_before_miss=0), **changes)


def lease_of(number: int, session: str = "morning") -> Lease:
    """The lease of the teller who usually has a window."""
    return Lease(teller=f"teller-{number}", session=session)


class Hall:
    """A day that is asked things one after another; its clock moves only by `wait` and `until`."""

    def __init__(
        self, known: Terms | None = None, *, now: datetime = OPENS_AT, on: date = MONDAY, opened: tuple[int, ...] = ()
    ) -> None:
        self.now = now
        self.checker = Checker()
        self.entries: list[Entry] = []
        self.day = self._write(now, (open_day(known or terms(), on, now),), None)
        for number in opened:
            self.open(number)

    def wait(self, **spans: float) -> None:
        """Let time pass and the clock do what is due."""
        self.until(self.now + timedelta(**spans))

    def until(self, moment: datetime) -> None:
        """Let time pass up to a moment."""
        self.now = max(self.now, moment)
        while (due := advance(self.day, self.now)) is not None:
            self.day = self._write(due.at, due.events, self.day)

    def ask(self, command: Command) -> Decision:
        """What the day says to a command; what it accepts has happened on return."""
        self.until(self.now)
        decision = decide(self.day, command, self.now)
        if isinstance(decision, Accepted) and decision.events:
            self.day = self._write(self.now, decision.events, self.day)
        elif isinstance(command, CallNext) and isinstance(decision, Accepted):
            assert decision.reason is Reason.NOBODY
            self.checker.nobody(command.window, self.now)
            assert self.checker.found == []
        return decision

    def do(self, command: Command) -> Accepted:
        """Ask for what must be accepted."""
        decision = self.ask(command)
        assert isinstance(decision, Accepted), decision
        return decision

    def refuses(self, command: Command, code: Code, **params: str | int | None) -> None:
        """Ask for what must be refused, for this reason, leaving the day as it was."""
        self.until(self.now)
        before = self.day
        assert self.ask(command) == Refusal(code, params)
        assert self.day is before

    def replayed(self) -> Day:
        """The day again, from its entries."""
        return replay(self.entries)

    def ticket(self, ticket_id: str) -> Ticket:
        """A ticket that must be known."""
        found = self.day.ticket(ticket_id)
        assert found is not None
        return found

    def status(self, ticket_id: str) -> TicketStatus:
        """Where a ticket stands."""
        return self.ticket(ticket_id).status

    def window(self, number: int) -> WindowState:
        """A window as it stands."""
        return self.day.window(number)

    def issue(
        self, *legs: str, visitor_class: VisitorClass = VisitorClass.NORMAL, channel: Channel = Channel.STAFF
    ) -> str:
        """Take a number, for cash unless legs are named; its id."""
        command = IssueTicket(legs=legs or (CASH,), visitor_class=visitor_class, channel=channel, language="en")
        return _id(self.do(command))

    def open(self, number: int, session: str = "morning") -> None:
        """Its usual teller opens a window."""
        self.do(OpenWindow(window=number, lease=lease_of(number, session), takeover=False))

    def pause(self, number: int, *, after_current: bool = False, reason: str = "lunch") -> None:
        self.do(PauseWindow(window=number, lease=lease_of(number), reason=reason, after_current=after_current))

    def close(self, number: int, *, after_current: bool = False) -> None:
        self.do(CloseWindow(window=number, lease=lease_of(number), after_current=after_current))

    def next(self, number: int) -> str | None:
        """Call the next; its id, or None when nobody waits."""
        return self.do(CallNext(window=number, lease=lease_of(number))).ticket

    def next_because(self, number: int) -> tuple[str | None, Reason | None]:
        """Call the next; its id and the reason."""
        accepted = self.do(CallNext(window=number, lease=lease_of(number)))
        return accepted.ticket, accepted.reason

    def call(self, number: int, ticket_id: str) -> None:
        self.do(CallTicket(window=number, lease=lease_of(number), ticket=ticket_id, reason="asked"))

    def recall(self, number: int) -> None:
        self.do(Recall(window=number, lease=lease_of(number)))

    def start(self, number: int) -> None:
        self.do(Start(window=number, lease=lease_of(number)))

    def finish(self, number: int, **changes: Any) -> None:
        self.do(Finish(window=number, lease=lease_of(number), **changes))

    def serve(self, number: int) -> str:
        """Call the next, serve it; its id."""
        ticket_id = self.next(number)
        assert ticket_id is not None
        self.start(number)
        self.finish(number)
        return ticket_id

    def undo(self, number: int) -> None:
        self.do(Undo(window=number, lease=lease_of(number)))

    def miss(self, number: int) -> None:
        self.do(Miss(window=number, lease=lease_of(number)))

    def park(self, number: int) -> None:
        self.do(Park(window=number, lease=lease_of(number)))

    def transfer(
        self, number: int, *, service: str | None = None, window: int | None = None, place: Place = Place.LAST
    ) -> None:
        lease = lease_of(number)
        self.do(Transfer(window=number, lease=lease, to_service=service, to_window=window, place=place))

    def divert(self, ticket_id: str) -> None:
        self.do(Divert(ticket=ticket_id, to="app"))

    def cancel(self, ticket_id: str, *, by_visitor: bool = False) -> None:
        self.do(Cancel(ticket=ticket_id, by_visitor=by_visitor))

    def switch(self, plan_id: str) -> None:
        self.do(SwitchPlan(plan=plan_id, by_greeter=False))

    def a_ticket(self, status: TicketStatus, number: int = 1) -> str:
        """A ticket brought to a status by its own way, at an open and idle window or from there."""
        ticket_id = self.issue(CASH)
        match status:
            case TicketStatus.DIVERTED:
                self.divert(ticket_id)
            case TicketStatus.CANCELLED:
                self.cancel(ticket_id)
            case TicketStatus.EXPIRED:
                self.until(self.day.times.ends_at)
            case TicketStatus.WAITING:
                pass
            case _:
                self.call(number, ticket_id)
                self._on_from_called(status, number)
        assert self.status(ticket_id) is status
        return ticket_id

    def apply(self, *events: Event) -> None:
        """Write events that no command leads to yet."""
        self.day = self._write(self.now, events, self.day)

    def _on_from_called(self, status: TicketStatus, number: int) -> None:
        match status:
            case TicketStatus.SERVING:
                self.start(number)
            case TicketStatus.PARKED:
                self.park(number)
            case TicketStatus.MISSED:
                self.miss(number)
            case TicketStatus.FINISHED:
                self.start(number)
                self.finish(number)
            case _:
                assert status is TicketStatus.CALLED

    def _write(self, moment: datetime, events: tuple[Event, ...], day: Day | None) -> Day:
        seq = len(self.entries) + 1
        after = evolve(day, seq, moment, events)
        self.checker.entry(seq, moment, events)
        assert self.checker.found == []
        assert list(violations(after)) == []
        self.entries.append((seq, moment, events))
        return after


def an_open_day(*numbers: int, policy: Policy | None = None, **changes: Any) -> Hall:
    """A hall at nine o'clock with these windows open, all three unless some are named."""
    return Hall(terms(policy=policy, **changes), opened=numbers or (1, 2, 3))


def _id(accepted: Accepted) -> str:
    assert accepted.ticket is not None
    return accepted.ticket
