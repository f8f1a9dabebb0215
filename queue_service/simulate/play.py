"""A whole day at full speed: visitors come, tellers call, and the hall's rules decide everything else.

A discrete-event simulation: the virtual clock jumps from one moment at which somebody acts to the next. Whenever a
window is idle it calls the next visitor; of several idle ones, the one that has been idle longest.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count

from queue_service.hall.commands import (
    CallNext,
    Cancel,
    ChangeClass,
    CloseWindow,
    Command,
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
    Transfer,
)
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.terms import Terms, VisitorClass
from queue_service.hall.tickets import Lease, Place, Ticket, TicketStatus, WindowStatus
from queue_service.simulate.cast import Break, Teller, Visitor
from queue_service.simulate.checked import CheckedDay
from queue_service.simulate.measures import Measures

RECALL_S = 20
"""Seconds between two calls of one who does not come."""
FIND_OUT_S = 60
"""Seconds of service until it shows that a visitor needs something else."""
CONFIRM_S = 120
"""Seconds until the greeter has looked at a class that was declared at the kiosk."""

Act = Callable[[datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A day that has been played to its end."""

    day: Day
    tickets: tuple[str | None, ...]
    """Ticket of each visitor, in the order given; None: no number was given."""
    refused: Mapping[Code, int]
    """Visitors without a number, by reason."""
    measures: Measures
    checks: int
    violated: tuple[str, ...]
    """Broken invariants, in words."""


def play(
    terms: Terms,
    on: date,
    visitors: Sequence[Visitor],
    tellers: Sequence[Teller],
    arrived: Callable[[int], None] = lambda _: None,
) -> Played:
    """Play business day `on`; there is at least one teller, and one teller at most for a window.

    `arrived` is told the number of visitors that have come, once for each.
    """
    stage = _Stage(terms, on, visitors, tellers, arrived)
    stage.run()
    checked = stage.checked
    return Played(
        day=checked.day,
        tickets=tuple(stage.tickets),
        refused=stage.refused,
        measures=checked.measures,
        checks=checked.checks,
        violated=tuple(checked.violated),
    )


class _Visit:
    """What has happened to a visitor that the ticket does not tell."""

    __slots__ = ("has_been_sent_on", "has_fetched", "has_returned", "visitor")

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.has_returned = False
        self.has_been_sent_on = False
        self.has_fetched = False


class _Stage:
    """The actors of one day and what they are about to do."""

    def __init__(
        self,
        terms: Terms,
        on: date,
        visitors: Sequence[Visitor],
        tellers: Sequence[Teller],
        arrived: Callable[[int], None],
    ) -> None:
        moments = (*(teller.opens_at for teller in tellers), *(visitor.arrives_at for visitor in visitors))
        self.checked = CheckedDay(terms, on, min(moments))
        self.tickets: list[str | None] = [None] * len(visitors)
        self.refused: Counter[Code] = Counter()
        self._arrived = arrived
        self._arrived_count = 0
        self._visits: dict[str, _Visit] = {}
        self._leases: dict[int, Lease] = {}
        """Windows whose tellers are at work."""
        self._idle: dict[int, bool] = {}
        """Idle windows, the longest idle first, and whether they have called since."""
        self._back: list[str] = []
        """Parked tickets whose visitors are back, in order of coming."""
        self._acts: list[tuple[datetime, int, Act]] = []
        self._order = count()
        # Who opens at a moment is there for those who come at it; who closes at it still serves them.
        for teller in tellers:
            self._at(teller.opens_at, partial(self._open, teller))
        for place, visitor in enumerate(visitors):
            self._at(visitor.arrives_at, partial(self._arrive, place, visitor))
        for teller in tellers:
            self._at(teller.closes_at, partial(self._close, teller.window))
            for pause in teller.breaks:
                self._at(pause.at, partial(self._pause, teller.window, pause))

    def run(self) -> None:
        while self._acts:
            at, _, act = heappop(self._acts)
            self.checked.advance(at)
            act(at)
            self._open_closed(at)
            self._call_next(at)
        self.checked.end(self._day.times.next_day_at)

    @property
    def _day(self) -> Day:
        return self.checked.day

    def _at(self, at: datetime, act: Act) -> None:
        heappush(self._acts, (at, next(self._order), act))

    def _after(self, at: datetime, wait_s: float, act: Act) -> None:
        self._at(at + timedelta(seconds=wait_s), act)

    def _do(self, command: Command, at: datetime) -> Accepted:
        decision = self.checked.ask(command, at)
        assert isinstance(decision, Accepted), f"{command} was refused: {decision}"
        return decision

    # ------------------------------------------------------------------------------------------------------ visitors

    def _arrive(self, place: int, visitor: Visitor, at: datetime) -> None:
        self._arrived_count += 1
        self._arrived(self._arrived_count)
        command = IssueTicket(
            legs=visitor.legs,
            visitor_class=visitor.visitor_class,
            channel=visitor.channel,
            language=visitor.language,
        )
        decision = self.checked.ask(command, at)
        if isinstance(decision, Refusal):
            self.refused[decision.code] += 1
            return
        assert decision.ticket is not None, "an issue names its ticket"
        self.tickets[place] = decision.ticket
        self._visits[decision.ticket] = _Visit(visitor)
        if visitor.patience_s is not None:
            self._after(at, visitor.patience_s, partial(self._leave, decision.ticket))
        if self._day.live[decision.ticket].is_to_confirm:
            self._after(at, CONFIRM_S, partial(self._confirm, decision.ticket))

    def _leave(self, ticket_id: str, at: datetime) -> None:
        ticket = self._live(ticket_id, TicketStatus.WAITING)
        has_been_called = self._visits[ticket_id].has_returned or self._visits[ticket_id].has_been_sent_on
        if ticket is not None and ticket.leg == 0 and not has_been_called:
            self._do(Cancel(ticket=ticket_id, by_visitor=True), at)

    def _confirm(self, ticket_id: str, at: datetime) -> None:
        ticket = self._day.live.get(ticket_id)
        if ticket is None or not ticket.is_to_confirm:
            return
        truly = self._visits[ticket_id].visitor.claims_truly
        visitor_class = ticket.visitor_class if truly else VisitorClass.NORMAL
        self._do(ChangeClass(ticket=ticket_id, visitor_class=visitor_class, reason="confirmed"), at)

    def _return(self, ticket_id: str, at: datetime) -> None:
        if self._live(ticket_id, TicketStatus.MISSED) is not None:
            self._visits[ticket_id].has_returned = True
            self._do(Reinstate(ticket=ticket_id), at)

    # ------------------------------------------------------------------------------------------------------- tellers

    def _open(self, teller: Teller, _: datetime) -> None:
        self._leases[teller.window] = Lease(teller=teller.name, session=teller.name)

    def _close(self, number: int, at: datetime) -> None:
        lease = self._leases.pop(number)
        if self._day.window(number).status is not WindowStatus.CLOSED:
            self._do(CloseWindow(window=number, lease=lease, after_current=True), at)

    def _open_closed(self, at: datetime) -> None:
        """Let tellers at work open their windows, as far as the plan in force has them."""
        for number, lease in self._leases.items():
            if self._day.window(number).status is WindowStatus.CLOSED and number in self._day.plan_in_force().windows:
                self._do(OpenWindow(window=number, lease=lease, takeover=False), at)

    def _pause(self, number: int, pause: Break, at: datetime) -> None:
        lease = self._leases.get(number)
        if lease is not None and self._day.window(number).status is WindowStatus.OPEN:
            self._do(PauseWindow(window=number, lease=lease, reason="break", after_current=True), at)
            self._at(pause.ends_at, partial(self._resume_work, number))

    def _resume_work(self, number: int, at: datetime) -> None:
        lease = self._leases.get(number)
        if lease is None or self._day.window(number).status is WindowStatus.CLOSED:
            return
        if number in self._day.plan_in_force().windows:
            self._do(OpenWindow(window=number, lease=lease, takeover=False), at)
        else:
            self._do(CloseWindow(window=number, lease=lease, after_current=True), at)

    def _call_next(self, at: datetime) -> None:
        """Let every idle window call; one that has called in vain calls again when somebody waits for it."""
        for number in list(self._idle):
            if not self._is_idle(number):
                del self._idle[number]
        for number in self._leases:
            if self._is_idle(number):
                self._idle.setdefault(number, False)
        for number, has_called in list(self._idle.items()):
            ticket = self._take_back(number, at)
            if ticket is None and not (has_called and not any(self._day.eligible(number))):
                self._idle[number] = True
                ticket = self._do(CallNext(window=number, lease=self._leases[number]), at).ticket
            if ticket is not None:
                del self._idle[number]
                self._welcome(ticket, at)

    def _take_back(self, number: int, at: datetime) -> str | None:
        """Resume the first who is back with what was missing and was at this window, or at one that is left."""
        for ticket_id in self._back:
            ticket = self._live(ticket_id, TicketStatus.PARKED)
            if ticket is not None and (ticket.window == number or ticket.window not in self._leases):
                self._back.remove(ticket_id)
                self._do(Resume(window=number, lease=self._leases[number], ticket=ticket_id), at)
                return ticket_id
        return None

    def _is_idle(self, number: int) -> bool:
        window = self._day.window(number)
        return number in self._leases and window.status is WindowStatus.OPEN and window.ticket is None

    # ----------------------------------------------------------------------------------------------------- at a window

    def _welcome(self, ticket_id: str, at: datetime) -> None:
        visit = self._visits[ticket_id]
        if visit.visitor.is_no_show and not visit.has_returned:
            self._while_at_window(ticket_id, at, RECALL_S, self._call_again)
        elif visit.visitor.walk_s > 0:
            self._while_at_window(ticket_id, at, visit.visitor.walk_s, self._start)
        else:
            self._start(self._day.live[ticket_id], at)

    def _call_again(self, ticket: Ticket, at: datetime) -> None:
        number, lease = _number(ticket), self._holder(ticket)
        if ticket.calls - 1 < self._day.terms.policy.recalls_before_miss:
            self._do(Recall(window=number, lease=lease), at)
            self._while_at_window(ticket.id, at, RECALL_S, self._call_again)
            return
        self._do(Miss(window=number, lease=lease), at)
        returns_after_s = self._visits[ticket.id].visitor.returns_after_s
        if returns_after_s is not None:
            self._after(at, returns_after_s, partial(self._return, ticket.id))

    def _start(self, ticket: Ticket, at: datetime) -> None:
        self._do(Start(window=_number(ticket), lease=self._holder(ticket)), at)
        visit = self._visits[ticket.id]
        if visit.visitor.needs_instead is not None and not visit.has_been_sent_on:
            visit.has_been_sent_on = True
            self._while_at_window(ticket.id, at, FIND_OUT_S, partial(self._send_on, visit.visitor.needs_instead))
        elif visit.visitor.fetches_s is not None and not visit.has_fetched:
            visit.has_fetched = True
            self._while_at_window(ticket.id, at, FIND_OUT_S, partial(self._send_to_fetch, visit.visitor.fetches_s))
        else:
            self._while_at_window(ticket.id, at, visit.visitor.service_s[ticket.leg], self._finish)

    def _send_on(self, service: str, ticket: Ticket, at: datetime) -> None:
        transfer = Transfer(
            window=_number(ticket),
            lease=self._holder(ticket),
            to_service=service,
            to_window=None,
            place=Place.ORIGINAL,
        )
        self._do(transfer, at)

    def _send_to_fetch(self, fetches_s: float, ticket: Ticket, at: datetime) -> None:
        self._do(Park(window=_number(ticket), lease=self._holder(ticket)), at)
        self._after(at, fetches_s, partial(self._come_back, ticket.id))

    def _come_back(self, ticket_id: str, _: datetime) -> None:
        self._back.append(ticket_id)

    def _finish(self, ticket: Ticket, at: datetime) -> None:
        self._do(Finish(window=_number(ticket), lease=self._holder(ticket)), at)

    def _while_at_window(
        self, ticket_id: str, at: datetime, wait_s: float, act: Callable[[Ticket, datetime], None]
    ) -> None:
        """Act in `wait_s` seconds on the ticket, unless it has left the window by then or been called anew."""
        called_at, status = self._day.live[ticket_id].called_at, self._day.live[ticket_id].status

        def act_if_still(now: datetime) -> None:
            ticket = self._live(ticket_id, status)
            if ticket is not None and ticket.called_at == called_at:
                act(ticket, now)

        self._after(at, wait_s, act_if_still)

    def _holder(self, ticket: Ticket) -> Lease | None:
        return self._day.window(_number(ticket)).lease

    def _live(self, ticket_id: str, status: TicketStatus) -> Ticket | None:
        ticket = self._day.live.get(ticket_id)
        return ticket if ticket is not None and ticket.status is status else None


def _number(ticket: Ticket) -> int:
    assert ticket.window is not None, "a ticket at a window names it"
    return ticket.window
