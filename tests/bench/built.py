"""Days for the bench, made by the hall's own rules: a big hall, any number of tickets, as many waiting as asked."""

from datetime import UTC, date, datetime, time, timedelta

from queue_service.hall.commands import CallNext, Command, Finish, IssueTicket, OpenWindow, Start
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted, decide
from queue_service.hall.events import Event
from queue_service.hall.evolve import Entry, evolve
from queue_service.hall.hours import Hours, Opening
from queue_service.hall.phases import advance, open_day
from queue_service.hall.terms import Plan, Service, Terms, Text, VisitorClass, Window, Zone
from queue_service.hall.tickets import Channel, Lease

PREFIXES = "ABCDEFGHJKLM"
SERVED_BY_WINDOW = 4
CLASSES = (*(VisitorClass.NORMAL,) * 7, VisitorClass.PRIORITY, VisitorClass.VIP)
"""Of nine visitors in a row."""
SERVICE_S = 600
"""As long as a visitor is at a window, in seconds."""
SPAN = timedelta(hours=11)
"""The longest time from the first number to the last."""


def both(words: str) -> Text:
    """Words in both languages."""
    return {"zh-CN": words, "en": words}


def big_terms(windows: int, branch_id: str = "bench") -> Terms:
    """Twelve services at `windows` windows, each of which serves four; open all day."""
    asked = (VisitorClass.PRIORITY, VisitorClass.VIP)
    services = tuple(
        Service(id=f"service-{prefix}", prefix=prefix, name=both(prefix), minutes=10, asks_class=asked)
        for prefix in PREFIXES
    )
    opening = Opening(numbers_from=time(8), last_number=time(20), doors_close=time(20, 30))
    served = {
        number: tuple(services[(number * SERVED_BY_WINDOW + step) % len(services)].id for step in range(4))
        for number in range(1, windows + 1)
    }
    return Terms(
        branch_id=branch_id,
        version=1,
        name=both("Bench"),
        hours=Hours(time_zone="UTC", week=dict.fromkeys(range(1, 8), opening)),
        services=services,
        zones=(Zone(id="hall", name=both("Hall")),),
        windows=tuple(Window(number=number, zone="hall") for number in served),
        plans=(Plan(id="normal", name=both("Normal"), windows=served),),
    )


def lease_of(window: int) -> Lease:
    """The hold of the teller who always has a window."""
    return Lease(teller=f"teller-{window}", session=f"session-{window}")


class BuiltDay:
    """A day in the making, and its entries."""

    def __init__(self, terms: Terms, on: date, at: datetime) -> None:
        opened: tuple[Event, ...] = (open_day(terms, on, at),)
        self.day: Day = evolve(None, 1, at, opened)
        self.entries: list[Entry] = [(1, at, opened)]

    def ask(self, command: Command, at: datetime) -> Accepted:
        """Do what is due and then the command, which the rules accept."""
        at = max(at, self.day.at)
        while (due := advance(self.day, at)) is not None:
            self._enter(max(due.at, self.day.at), due.events)
        decision = decide(self.day, command, at)
        assert isinstance(decision, Accepted), decision
        if decision.events:
            self._enter(at, decision.events)
        return decision

    def _enter(self, at: datetime, events: tuple[Event, ...]) -> None:
        seq = self.day.seq + 1
        self.day = evolve(self.day, seq, at, events)
        self.entries.append((seq, at, events))


def built(
    terms: Terms, on: date, tickets: int, waiting: int, opens_at: datetime | None = None, step: timedelta | None = None
) -> BuiltDay:
    """A day at whose end `tickets` have been issued, `waiting` of them wait and every window serves somebody.

    Each number comes a `step` later than the one before, from `opens_at` on; as soon as more than `waiting` wait,
    whoever has been at a window for longest is finished and the next is called there and started.
    """
    opens_at = opens_at or datetime.combine(on, time(8), UTC)
    numbers = [window.number for window in terms.windows]
    step = step or min(timedelta(seconds=SERVICE_S / len(numbers)), SPAN / tickets)
    made = BuiltDay(terms, on, opens_at)
    for number in numbers:
        made.ask(OpenWindow(window=number, lease=lease_of(number), takeover=False), opens_at)
    at, called = opens_at, 0
    for issued in range(tickets):
        at += step
        made.ask(issue(terms, issued), at)
        if len(made.day.live) > waiting + len(numbers) or (issued >= waiting and called < len(numbers)):
            number = numbers[called % len(numbers)]
            called += 1
            serve(made, number, at)
    return made


def issue(terms: Terms, count: int) -> IssueTicket:
    """The `count`th visitor asks the kiosk for a number."""
    return IssueTicket(
        legs=(terms.services[count % len(terms.services)].id,),
        channel=Channel.KIOSK,
        language="zh-CN",
        visitor_class=CLASSES[count % len(CLASSES)],
    )


def serve(made: BuiltDay, number: int, at: datetime) -> None:
    """Finish whoever is at a window and begin with the next."""
    lease = lease_of(number)
    if made.day.window(number).ticket is not None:
        made.ask(Finish(window=number, lease=lease), at)
    if made.ask(CallNext(window=number, lease=lease), at).ticket is not None:
        made.ask(Start(window=number, lease=lease), at)
