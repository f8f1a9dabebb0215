"""A hall under random terms and all commands: the invariants at every step, the same day again from its entries.

`HALL_EXAMPLES=2000` looks at that many random days instead of the few that are the same each time.
"""

import os
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from queue_service.hall.commands import (
    AskHelp,
    AskPrint,
    CallNext,
    CallTicket,
    Cancel,
    ChangeClass,
    ChangeTerms,
    CloseAlert,
    CloseWindow,
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
from queue_service.hall.decide import Accepted
from queue_service.hall.events import Phase
from queue_service.hall.evolve import replay
from queue_service.hall.phases import due_at
from queue_service.hall.terms import (
    ClassPolicy,
    Plan,
    PlanOrder,
    PlanSwitch,
    Policy,
    ReinstateRule,
    Terms,
    VisitorClass,
    faults,
)
from queue_service.hall.tickets import (
    AlertKind,
    Channel,
    Fault,
    Lease,
    Outcome,
    Place,
    Ticket,
    TicketStatus,
    WindowStatus,
)
from tests.hall.builders import Hall, at, hours, plan, service, terms

SERVICES = ("cash", "cards", "foreign", "fast")
PREFIXES = {"cash": "A", "cards": "B", "foreign": "D", "fast": "A"}
"""Two services share their numbers."""

windows = st.sampled_from((1, 2, 3, 1, 2, 3, 4))
"""Window 4 is in no terms."""
service_ids = st.sampled_from((*SERVICES, "unheard"))
classes = st.sampled_from(VisitorClass)
picks = st.integers(0, 1000)
leases = st.one_of(
    st.none(), st.builds(Lease, teller=st.sampled_from(("anna", "bo")), session=st.sampled_from(("s1", "s2")))
)

policies = st.builds(
    Policy,
    classes=st.dictionaries(
        classes,
        st.builds(ClassPolicy, credit_minutes=st.sampled_from((0, 1, 15)), share_max=st.sampled_from((0, 0.3, 0.5, 1))),
    ),
    share_calls=st.integers(1, 6),
    overtaken_max=st.integers(1, 3),
    recalls_before_miss=st.integers(0, 2),
    missed_after_s=st.sampled_from((None, 20, 600)),
    reinstate=st.sampled_from(ReinstateRule),
    reinstate_after=st.integers(0, 3),
    start_is_implicit=st.booleans(),
    undo_s=st.sampled_from((0, 120)),
    greeter_switches_plan=st.booleans(),
    idle_alert_s=st.sampled_from((None, 1, 120)),
    alerts_max=st.integers(1, 2),
)


@st.composite
def a_plan(draw: st.DrawFn, plan_id: str, offered: list[str], minute: int) -> Plan:
    served = st.lists(st.sampled_from(offered), min_size=1, unique=True).map(tuple)
    by_window = draw(st.fixed_dictionaries({1: served, 2: served}, optional={3: served}))
    switches = [PlanSwitch(at=time(hour, minute)) for hour in draw(st.sets(st.sampled_from((9, 12, 17)), max_size=2))]
    return plan(plan_id, by_window, draw(st.sampled_from(PlanOrder)), switches=tuple(switches))


@st.composite
def any_terms(draw: st.DrawFn, version: int = 1) -> Terms:
    offered = draw(st.lists(st.sampled_from(SERVICES), min_size=1, unique=True))
    services = tuple(service(name, PREFIXES[name], waiting_max=draw(st.sampled_from((500, 4)))) for name in offered)
    plans = [draw(a_plan(plan_id, offered, minute)) for minute, plan_id in enumerate(("p", "q", "r"))]
    kept = draw(st.sampled_from((plans, plans[1:])))
    numbers = {number for each in kept for number in each.windows}
    base = terms(policy=draw(policies), version=version, services=services, plans=tuple(kept))
    around = hours(is_around_the_clock=draw(st.booleans()))
    made = Terms(
        **{name: getattr(base, name) for name in ("branch_id", "version", "name", "services", "zones", "policy")},
        hours=around,
        plans=base.plans,
        windows=tuple(window for window in base.windows if window.number in numbers),
    )
    assert not list(faults(made))
    return made


class AnyDay(RuleBasedStateMachine):
    """Whatever tellers, greeters, kiosks and the clock may do, in any order."""

    hall: Hall

    @initialize(
        known=any_terms(),
        now=st.sampled_from((at(9), at(11, 50), at(16, 30), at(8, 50))),
        busy_hours=st.integers(0, 4).map(lambda quiet: 4 - quiet),
        chance=st.randoms(use_true_random=True),
    )
    def open_day(self, known: Terms, now: datetime, busy_hours: int, chance: Any) -> None:
        self.hall = Hall(known, now=now)
        self.tickets: list[str] = []
        for number in (1, 2, 3):
            self._open(number)
        for _ in range(busy_hours):
            self.busy_hour(chance)

    # What time does

    @rule(seconds=st.sampled_from((1, 25, 130, 700, 4000)))
    def wait(self, seconds: int) -> None:
        self.hall.wait(seconds=seconds)

    @rule(which=st.sampled_from(("numbers_from_at", "last_number_at", "doors_close_at", "ends_at")), late=st.booleans())
    def wait_for_the_clock(self, which: str, late: bool) -> None:
        if len(self.tickets) > 12:
            self.hall.until(getattr(self.hall.day.times, which) + timedelta(seconds=-1 + 2 * late))

    @rule()
    def sleep_into_the_next_day(self) -> None:
        if self.hall.day.phase is Phase.ENDED:
            self.hall.until(self.hall.day.times.next_day_at)

    # What visitors and greeters do

    @rule(
        legs=st.lists(service_ids, min_size=1, max_size=3).map(tuple),
        visitor_class=classes,
        channel=st.sampled_from((Channel.KIOSK, Channel.STAFF)),
    )
    def issue_any(self, legs: tuple[str, ...], visitor_class: VisitorClass, channel: Channel) -> None:
        self._issue(legs, visitor_class, channel)

    @rule(pick=picks, visitor_class=st.sampled_from((VisitorClass.NORMAL, VisitorClass.NORMAL, VisitorClass.VIP)))
    def issue(self, pick: int, visitor_class: VisitorClass) -> None:
        offered = self.hall.day.terms.services
        self._issue((offered[pick % len(offered)].id,), visitor_class, Channel.KIOSK)

    @rule(pick=picks)
    def reinstate(self, pick: int) -> None:
        self.hall.ask(Reinstate(ticket=self._ticket(pick, TicketStatus.MISSED)))

    @rule(pick=picks)
    def divert(self, pick: int) -> None:
        self.hall.ask(Divert(ticket=self._ticket(pick), to="app"))

    @rule(pick=picks, by_visitor=st.booleans())
    def cancel(self, pick: int, by_visitor: bool) -> None:
        self.hall.ask(Cancel(ticket=self._ticket(pick), by_visitor=by_visitor))

    def cancel_by_staff(self, pick: int) -> None:
        self.cancel(pick, by_visitor=False)

    @rule(pick=picks, visitor_class=classes)
    def change_class(self, pick: int, visitor_class: VisitorClass) -> None:
        self.hall.ask(ChangeClass(ticket=self._ticket(pick), visitor_class=visitor_class, reason="asked"))

    @rule(place=st.sampled_from(("east", "west")), taken=st.booleans(), by=st.sampled_from(("anna", "bo")))
    def help(self, place: str, taken: bool, by: str) -> None:
        alert = self.hall.do(AskHelp(place=place)).alert if self._goes_on() else None
        if taken:
            self.hall.ask(TakeAlert(alert=alert or "none", by=by))

    @rule(pick=picks, by=st.sampled_from(("anna", "bo")))
    def close_alert(self, pick: int, by: str) -> None:
        alerts = [*self.hall.day.alerts, "none"]
        self.hall.ask(CloseAlert(alert=alerts[pick % len(alerts)], by=by))

    @rule(place=st.sampled_from(("east", "west")), fault=st.one_of(st.none(), st.sampled_from(Fault)))
    def tell_printer(self, place: str, fault: Fault | None) -> None:
        self.hall.ask(TellPrinter(place=place, fault=fault))

    @rule(pick=picks, kiosk=st.sampled_from(("east", "west")), taken=st.booleans())
    def print(self, pick: int, kiosk: str, taken: bool) -> None:
        asked = self.hall.ask(AskPrint(ticket=self._ticket(pick), kiosk=kiosk))
        if taken and isinstance(asked, Accepted):
            self.hall.do(TakePrint(print=asked.print or "", kiosk=kiosk))
        self.hall.ask(TakePrint(print="print-20260302-1", kiosk=kiosk))

    @rule()
    def void(self) -> None:
        self.hall.ask(VoidIntent())

    # What tellers do

    @rule(number=windows, lease=leases, takeover=st.booleans())
    def open_window(self, number: int, lease: Lease | None, takeover: bool) -> None:
        self.hall.ask(OpenWindow(window=number, lease=lease or Lease(teller="cy", session="s"), takeover=takeover))

    @rule(number=windows, lease=leases, after_current=st.booleans())
    def pause_window(self, number: int, lease: Lease | None, after_current: bool) -> None:
        self.hall.ask(PauseWindow(window=number, lease=lease, reason="lunch", after_current=after_current))

    @rule(number=windows, lease=leases, after_current=st.booleans())
    def close_window(self, number: int, lease: Lease | None, after_current: bool) -> None:
        before = self.hall.window(number).ticket
        self.hall.ask(CloseWindow(window=number, lease=lease, after_current=after_current))
        assert self.hall.window(number).ticket == before

    @rule(number=windows)
    def call_next(self, number: int) -> None:
        self._open(number)
        self.hall.until(self.hall.now)
        expected = self._plainly_chosen(number)
        decision = self.hall.ask(CallNext(window=number, lease=None))
        if isinstance(decision, Accepted):
            assert decision.ticket == expected

    @rule(number=windows, pick=picks, lease=leases)
    def call(self, number: int, pick: int, lease: Lease | None) -> None:
        self.hall.ask(CallTicket(window=number, lease=lease, ticket=self._ticket(pick), reason="asked"))

    @rule(number=windows, pick=picks)
    def resume(self, number: int, pick: int) -> None:
        self.hall.ask(Resume(window=number, lease=None, ticket=self._ticket(pick, TicketStatus.PARKED)))

    @rule(number=windows, verb=st.sampled_from((Recall, Start, Miss, Park, Undo)), lease=leases)
    def do_at_window(self, number: int, verb: type[Recall | Start | Miss | Park | Undo], lease: Lease | None) -> None:
        self.hall.ask(verb(window=self._busy(number), lease=lease))

    @rule(number=windows, is_started=st.booleans())
    def finish(self, number: int, is_started: bool) -> None:
        busy = self._busy(number)
        if is_started:
            self.hall.ask(Start(window=busy, lease=None))
        self.hall.ask(Finish(window=busy, lease=None, outcome=Outcome.PARTLY, delivered=("form",)))

    @rule(number=windows)
    def undo(self, number: int) -> None:
        self.hall.ask(Start(window=number, lease=None))
        self.hall.ask(Finish(window=number, lease=None))
        self.hall.ask(Undo(window=number, lease=None))

    @rule(
        number=windows,
        to_service=st.one_of(st.none(), service_ids),
        to_window=st.one_of(st.none(), windows),
        place=st.sampled_from(Place),
    )
    def transfer(self, number: int, to_service: str | None, to_window: int | None, place: Place) -> None:
        busy = self._busy(number)
        self.hall.ask(Transfer(window=busy, lease=None, to_service=to_service, to_window=to_window, place=place))

    @rule(number=windows, service_id=service_ids)
    def walk_in(self, number: int, service_id: str) -> None:
        self._remember(
            self.hall.ask(WalkIn(window=number, lease=None, service=service_id, reason="quick", language="en"))
        )

    @rule(chance=st.randoms(use_true_random=True))
    def busy_hour(self, chance: Any) -> None:
        """People come, windows call, serve, miss, park and send on, about as often as in halls."""
        for _ in range(40):
            self._busy_moment(chance, chance.choice((1, 2, 3)), chance.randrange(1000))

    def _busy_moment(self, chance: Any, number: int, pick: int) -> None:
        lease = Lease(teller="cy", session="s")
        offered = [service.id for service in self.hall.day.terms.services]
        match chance.choices(range(14), (9, 5, 9, 3, 5, 3, 2, 2, 2, 1, 1, 1, 1, 1))[0]:
            case 0:
                self.issue(pick, chance.choice((VisitorClass.NORMAL, VisitorClass.PRIORITY, VisitorClass.VIP)))
            case 1:
                legs = chance.sample(offered, min(2, len(offered)))
                self.issue_any(tuple(legs), VisitorClass.NORMAL, Channel.STAFF)
            case 2:
                self.call_next(number)
            case 3:
                self.finish(number, is_started=True)
            case 4:
                self.do_at_window(number, chance.choice((Recall, Recall, Start)), None)
            case 5:
                self.do_at_window(number, chance.choice((Miss, Park, Undo)), None)
            case 6:
                service_id = chance.choice((None, *offered))
                self.transfer(number, service_id, chance.choice((None, 1, 2)), chance.choice(tuple(Place)))
            case 7:
                self.reinstate(pick)
            case 8:
                self.hall.wait(seconds=chance.choice((0, 5, 60)))
            case 9:
                self.call(number, pick, None)
            case 10:
                self.change_class(pick, chance.choice(tuple(VisitorClass)))
            case 11:
                chance.choice((self.pause_window, self.close_window))(number, lease, chance.choice((True, False)))
            case 12:
                self.resume(number, pick)
            case _:
                chance.choice((self.divert, self.cancel_by_staff))(pick)

    # What managers do

    @rule(plan_id=st.sampled_from(("p", "q", "r", "unheard")), by_greeter=st.booleans())
    def switch_plan(self, plan_id: str, by_greeter: bool) -> None:
        self.hall.ask(SwitchPlan(plan=plan_id, by_greeter=by_greeter))

    @rule(known=any_terms(), newer=st.sampled_from((1, 1, 1, 0, -1)))
    def change_terms(self, known: Terms, newer: int) -> None:
        version = self.hall.day.terms.version + newer
        values = {name: getattr(known, name) for name in Terms.__slots__}
        self.hall.ask(ChangeTerms(terms=Terms(**(values | {"version": version}))))

    # What always holds, besides what the hall checks at each entry

    @invariant()
    def counts_of_overtaking_agree(self) -> None:
        for ticket in self.hall.day.live.values():
            if ticket.status is TicketStatus.WAITING:
                assert len(self.hall.day.overtaken_by(ticket)) == self.hall.checker.overtaken(ticket.id)

    @invariant()
    def nothing_due_is_left(self) -> None:
        due = due_at(self.hall.day)
        assert due is None or due > self.hall.now or self.hall.entries[-1][1] == self.hall.now

    @invariant()
    def who_waits_too_long_is_told(self) -> None:
        self.hall.until(self.hall.now)
        day = self.hall.day
        limits = {service.id: timedelta(minutes=service.target_wait_minutes) for service in day.terms.services}
        waiting = [ticket for ticket in day.live.values() if ticket.status is TicketStatus.WAITING]
        is_closed = day.phase in (Phase.ENDED, Phase.OVER)
        late = {ticket.service for ticket in waiting if self.hall.now - ticket.waiting_since >= limits[ticket.service]}
        told = {alert.service for alert in day.alerts.values() if alert.kind is AlertKind.OVER_TARGET}
        assert told == (set() if is_closed else late)

        idle_s = day.terms.policy.idle_alert_s
        limit = timedelta(seconds=idle_s or 0)
        idle = {
            window.number
            for window in day.windows.values()
            if idle_s is not None
            and not is_closed
            and window.free_since is not None
            and self.hall.now - window.free_since >= limit
            and any(
                self.hall.now - day.live[waiting.ticket].waiting_since >= limit
                for _, lane in day.eligible(window.number)
                for waiting in lane.waiting
            )
        }
        assert {alert.window for alert in day.alerts.values() if alert.kind is AlertKind.IDLE_WINDOW} == idle

    @invariant()
    def who_waits_is_of_a_known_service(self) -> None:
        for ticket in self.hall.day.live.values():
            assert all(self.hall.day.terms.service(leg) for leg in ticket.legs[ticket.leg :])

    def teardown(self) -> None:
        if not hasattr(self, "hall"):
            return
        assert self.hall.replayed() == self.hall.day
        half = len(self.hall.entries) // 2 + 1
        assert replay(self.hall.entries[half:], replay(self.hall.entries[:half])) == self.hall.day

        self.hall.until(self.hall.day.times.next_day_at)
        assert self.hall.day.phase is Phase.OVER
        assert not self.hall.day.live and not self.hall.day.lanes
        assert {ticket.id for ticket in self.hall.day.tickets()} == set(self.tickets)
        assert due_at(self.hall.day) is None

    def _goes_on(self) -> bool:
        self.hall.until(self.hall.now)
        return self.hall.day.phase is not Phase.OVER

    def _issue(self, legs: tuple[str, ...], visitor_class: VisitorClass, channel: Channel) -> None:
        command = IssueTicket(legs=legs, visitor_class=visitor_class, channel=channel, language="en")
        self._remember(self.hall.ask(command))

    def _remember(self, decision: object) -> None:
        if isinstance(decision, Accepted):
            assert decision.ticket is not None
            self.tickets.append(decision.ticket)

    def _ticket(self, pick: int, status: TicketStatus | None = None) -> str:
        """Some ticket of this day, of one status where there is one."""
        alike = [ticket.id for ticket in self.hall.day.live.values() if ticket.status is status]
        known = alike or self.tickets or ["20260302-999999"]
        return known[pick % len(known)]

    def _open(self, number: int) -> None:
        if self.hall.window(number).status is not WindowStatus.OPEN:
            self.hall.ask(OpenWindow(window=number, lease=Lease(teller="cy", session="s"), takeover=True))

    def _busy(self, number: int) -> int:
        """A window with a ticket, this one or another; this one when all are idle."""
        busy = [window.number for window in self.hall.day.windows.values() if window.ticket is not None]
        return number if number in busy or not busy else busy[0]

    def _plainly_chosen(self, number: int) -> str | None:
        """The five rules of routing in their plainest form, over all tickets."""
        day = self.hall.day
        policy, in_force = day.terms.policy, day.plan_in_force()
        served = list(in_force.windows.get(number, ()))

        def may(ticket: Ticket) -> bool:
            is_bound = ticket.window is not None and day.window(ticket.window).status is not WindowStatus.CLOSED
            return ticket.window == number or (not is_bound and ticket.service in served)

        def credit(ticket: Ticket) -> timedelta:
            of_class = policy.classes.get(ticket.visitor_class, ClassPolicy())
            return timedelta(minutes=of_class.credit_minutes)

        def is_over_share(ticket: Ticket) -> bool:
            share_max = policy.classes.get(ticket.visitor_class, ClassPolicy()).share_max
            return share_max < 1 and day.shares.count(ticket.visitor_class) >= share_max * policy.share_calls

        def oldest(tickets: Iterable[Ticket]) -> str:
            return min(tickets, key=lambda ticket: (ticket.joined_at, ticket.joined_seq)).id

        waiting = [ticket for ticket in day.live.values() if ticket.status is TicketStatus.WAITING and may(ticket)]
        if not waiting:
            return None
        often = [ticket for ticket in waiting if self.hall.checker.overtaken(ticket.id) >= policy.overtaken_max]
        if often:
            return oldest(often)
        come = [ticket for ticket in waiting if ticket.joined_at <= self.hall.now]
        if not come:
            return oldest(waiting)
        left = [ticket for ticket in come if not is_over_share(ticket)] or come
        if in_force.order is PlanOrder.STRICT:
            first = min(served.index(ticket.service) if ticket.service in served else -1 for ticket in left)
            left = [t for t in left if (served.index(t.service) if t.service in served else -1) == first]
        return min(left, key=lambda ticket: (ticket.joined_at - credit(ticket), ticket.joined_seq)).id


EXAMPLES = os.environ.get("HALL_EXAMPLES")
TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(
    max_examples=int(EXAMPLES or 60),
    stateful_step_count=30,
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
)
