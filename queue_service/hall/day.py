"""The state of one business day at one branch: the value that everybody reads, the draft that makes the next one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from queue_service.hall.events import Phase
from queue_service.hall.hours import DayTimes
from queue_service.hall.lanes import Lane, LaneKey, Overtaker, Waiting
from queue_service.hall.terms import Plan, Terms, VisitorClass
from queue_service.hall.tickets import Alert, Call, Print, Served, Ticket, TicketStatus, WindowState, WindowStatus
from queue_service.hall.values import alike, changed

CALLS_SHOWN_MAX = 12
SEQ_DIGITS_MAX = 12
SHELF_BITS = 6
"""Ended tickets lie on shelves of 2**6 numbers, so that one more copies a shelf and not the day."""


class State:
    """What a day and a draft can both be asked."""

    __slots__ = ()

    terms: Terms
    plan: str
    live: Mapping[str, Ticket]
    ended: Mapping[int, Mapping[str, Ticket]]
    lanes: Mapping[LaneKey, Lane]
    windows: Mapping[int, WindowState]

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket of this day, live or ended."""
        found = self.live.get(ticket_id)
        if found is None:
            shelf = self.ended.get(shelf_of(ticket_id))
            found = shelf.get(ticket_id) if shelf is not None else None
        return found

    def window(self, number: int) -> WindowState:
        """A window; one that nobody has opened yet is closed."""
        return self.windows.get(number) or WindowState(number=number)

    def plan_in_force(self) -> Plan:
        """The window plan in force."""
        plan = self.terms.plan(self.plan)
        assert plan is not None, "the day's plan is one of its terms"
        return plan

    def eligible(self, number: int) -> list[tuple[LaneKey, Lane]]:
        """The lanes that a window may call from."""
        served = self.plan_in_force().windows.get(number, ())
        return [
            (key, lane)
            for key, lane in self.lanes.items()
            if (key.service in served and (key.window is None or self.is_free(key))) or key.window == number
        ]

    def is_free(self, key: LaneKey) -> bool:
        """Whether any window that serves the lane's service may call from it.

        Who was sent to a window that has closed since may go to any.
        """
        return key.window is None or self.window(key.window).status is WindowStatus.CLOSED

    def overtaken_by(self, ticket: Ticket) -> tuple[VisitorClass, ...]:
        """Classes of the later joiners called automatically where this ticket could have been served instead."""
        if ticket.status is not TicketStatus.WAITING:
            return ticket.overtaken_by
        lane = self.lanes[lane_key(ticket)]
        return ticket.overtaken_by + lane.overtakers_of(lane.find(ticket.joined_at, ticket.joined_seq))


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(State):
    """Everything that the hall knows at one moment."""

    branch_id: str
    business_on: date
    seq: int
    """Number of the last journal entry, from 1."""
    at: datetime
    """Time of the last entry; the next is not before it."""
    terms: Terms
    times: DayTimes
    phase: Phase
    plan: str
    switches: tuple[tuple[datetime, str], ...] = ()
    """The plan switches of the clock on this day: moment and plan, in order."""
    clock_seen_at: datetime
    """Up to this moment the plan switches of the clock have been seen to."""
    live: Mapping[str, Ticket] = field(default_factory=dict)
    ended: Mapping[int, Mapping[str, Ticket]] = field(default_factory=dict)
    """Ended tickets by shelf."""
    lanes: Mapping[LaneKey, Lane] = field(default_factory=dict)
    windows: Mapping[int, WindowState] = field(default_factory=dict)
    """Windows that were opened at least once today."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Last number given, by prefix."""
    served: Mapping[str, Served] = field(default_factory=dict)
    """By service, over all windows."""
    calls: tuple[Call, ...] = ()
    """The last calls, newest first."""
    shares: tuple[VisitorClass, ...] = ()
    """Classes of the last automatic calls, oldest first, at most `Policy.share_calls`."""
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    prints: Mapping[str, Print] = field(default_factory=dict)
    """What kiosks are to print and have not taken yet, oldest first; a ticket that ends takes its prints with it."""

    def tickets(self) -> Iterator[Ticket]:
        """All tickets of this day, in no order."""
        yield from self.live.values()
        for shelf in self.ended.values():
            yield from shelf.values()


class Draft(State):
    """A day in the making, sealed once. `evolve` makes one for an entry, `replay` one for many.

    Its mappings are copies, because others still read the day; they hold what lives, which is small. Of the ended
    tickets only the shelves that are touched are copied.
    """

    __slots__ = (*Day.__slots__, "_shelves", "has_new_terms", "left")

    def __init__(self, day: Day) -> None:
        self.branch_id = day.branch_id
        self.business_on = day.business_on
        self.seq = day.seq
        self.at = day.at
        self.terms = day.terms
        self.times = day.times
        self.phase = day.phase
        self.plan = day.plan
        self.switches = day.switches
        self.clock_seen_at = day.clock_seen_at
        self.live: dict[str, Ticket] = dict(day.live)
        self.ended: dict[int, Mapping[str, Ticket]] = dict(day.ended)
        self.lanes: dict[LaneKey, Lane] = dict(day.lanes)
        self.windows: dict[int, WindowState] = dict(day.windows)
        self.numbers = dict(day.numbers)
        self.served = dict(day.served)
        self.calls = day.calls
        self.shares = day.shares
        self.alerts = dict(day.alerts)
        self.prints = dict(day.prints)
        self._shelves: dict[int, dict[str, Ticket]] = {}
        self.left: set[str] = set()
        """Services whose queue somebody has left in the present entry."""
        self.has_new_terms = False
        """Whether the present entry has brought other terms."""

    def begin(self, seq: int, at: datetime) -> None:
        """Go on with the next entry."""
        assert seq == self.seq + 1, "entries are dense"
        self.seq, self.at = seq, at
        self.left.clear()
        self.has_new_terms = False

    def put(self, ticket: Ticket) -> None:
        """Write a live ticket."""
        self.live[ticket.id] = ticket

    def end(self, ticket: Ticket) -> None:
        """Move a live ticket to the ended ones; nobody needs it on paper any more."""
        del self.live[ticket.id]
        self._shelf(ticket.id)[ticket.id] = ticket
        for pending in [pending for pending in self.prints.values() if pending.ticket == ticket.id]:
            del self.prints[pending.id]

    def revive(self, ticket: Ticket) -> None:
        """Bring an ended ticket back to life."""
        del self._shelf(ticket.id)[ticket.id]
        self.live[ticket.id] = ticket

    def enter_lane(self, ticket: Ticket) -> None:
        """Let a live ticket wait in the lane that its fields name."""
        since, carried = ticket.waiting_since, len(ticket.overtaken_by)
        waiting = Waiting(ticket.joined_at, ticket.joined_seq, self.seq, carried, since, ticket.id)
        key = lane_key(ticket)
        lane = self.lanes.get(key)
        self.lanes[key] = Lane((waiting,), since, (), carried) if lane is None else lane.with_ticket(waiting)
        self.live[ticket.id] = ticket

    def leave_lane(self, ticket: Ticket) -> tuple[VisitorClass, ...]:
        """Take a waiting ticket out of its lane; returns by whom it has been overtaken up to now."""
        key = lane_key(ticket)
        lane = self.lanes[key]
        waiting = lane.find(ticket.joined_at, ticket.joined_seq)
        overtaken_by = ticket.overtaken_by + lane.overtakers_of(waiting)
        rest = lane.without(waiting)
        self.left.add(key.service)
        if rest is None:
            del self.lanes[key]
        else:
            self.lanes[key] = rest
        return overtaken_by

    def overtake(self, ticket: Ticket, number: int) -> None:
        """Remember that a window called this ticket before whoever joined earlier and could have been called there."""
        place = (ticket.joined_at, ticket.joined_seq)
        before = [(key, lane) for key, lane in self.eligible(number) if lane.waiting[0] < place]
        if before:
            overtaker = Overtaker(*place, self.seq, ticket.visitor_class)
            for key, lane in before:
                self.lanes[key] = lane.with_overtaker(overtaker)

    def count_service(self, number: int, service: str, served: int, service_s: float, **changes: object) -> None:
        """Count services that were done at a window, or take them back, and write the window's other changes."""
        window = self.window(number)
        self.change_window(number, served=window.served + served, service_s=window.service_s + service_s, **changes)
        known = self.served.get(service) or Served()
        self.served[service] = Served(served=known.served + served, service_s=known.service_s + service_s)

    def change_window(self, number: int, **changes: object) -> None:
        """Write some fields of a window, and since when it is free."""
        window = self.window(number)
        status, ticket = changes.get("status", window.status), changes.get("ticket", window.ticket)
        is_free = status is WindowStatus.OPEN and ticket is None
        if is_free != (window.free_since is not None):
            changes["free_since"] = self.at if is_free else None
        self.windows[number] = changed(window, **changes)

    def seal(self) -> Day:
        """The next day."""
        return alike(Day, self)

    def _shelf(self, ticket_id: str) -> dict[str, Ticket]:
        number = shelf_of(ticket_id)
        if number not in self._shelves:
            self._shelves[number] = dict(self.ended.get(number, {}))
            self.ended[number] = self._shelves[number]
        return self._shelves[number]


def lane_key(ticket: Ticket) -> LaneKey:
    """The lane of a waiting ticket."""
    return LaneKey(ticket.service, ticket.visitor_class, ticket.window)


def ticket_id(business_on: date, seq: int) -> str:
    """The id of the ticket that entry `seq` issues; tells days apart, so that an old one never means a new ticket."""
    return f"{business_on.isoformat().replace('-', '')}-{seq}"


def shelf_of(ticket_id: str) -> int:
    """The shelf where a ticket lies once it has ended; -1 for what is no ticket id."""
    seq = ticket_id[9:]
    return int(seq) >> SHELF_BITS if seq.isascii() and seq.isdigit() and len(seq) <= SEQ_DIGITS_MAX else -1
