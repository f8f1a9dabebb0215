"""Who gets a number."""

from datetime import datetime
from itertools import chain

from queue_service.hall.commands import IssueTicket, WalkIn
from queue_service.hall.day import Day, ticket_id
from queue_service.hall.decide.outcome import Accepted, Decision
from queue_service.hall.events import Phase, TicketCalled, TicketIssued, TicketStarted
from queue_service.hall.numbering import label, next_number
from queue_service.hall.places import lanes_of
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.terms import CLASSES_EARNED, Service, VisitorClass
from queue_service.hall.tickets import Channel
from queue_service.hall.windows import ready


def issue_refusal(day: Day, service: Service, now: datetime) -> Refusal | None:
    """Why no number is given for a service at `now`; None when one is."""
    if not day.times.takes_numbers(now):
        return Refusal(Code.BRANCH_CLOSED)
    if service.is_retired or service.id not in chain.from_iterable(day.plan_in_force().windows.values()):
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service.id})
    if sum(len(lane.waiting) for _, lane in lanes_of(day, service.id)) >= service.waiting_max:
        return Refusal(Code.SERVICE_FULL, {"service": service.id})
    return None


def issue(day: Day, command: IssueTicket, now: datetime) -> Decision:
    """A number for one or more services in a row."""
    if len(set(command.legs)) != len(command.legs):
        return Refusal(Code.LEGS_REPEATED)
    for service_id in command.legs:
        service = day.terms.service(service_id)
        if service is None:
            return Refusal(Code.SERVICE_UNKNOWN)
        refusal = issue_refusal(day, service, now)
        if refusal is not None:
            return refusal
    if command.visitor_class in CLASSES_EARNED:
        return Refusal(Code.CLASS_NOT_OFFERED)
    is_to_confirm = command.channel is Channel.KIOSK and command.visitor_class is not VisitorClass.NORMAL
    if is_to_confirm and not _is_asked(day, command.legs[0], command.visitor_class):
        return Refusal(Code.CLASS_NOT_OFFERED)
    issued = _issued(
        day, command.legs, command.visitor_class, command.channel, command.language, is_to_confirm=is_to_confirm
    )
    return Accepted(events=(issued,), ticket=issued.ticket)


def walk_in(day: Day, command: WalkIn) -> Decision:
    """A number, called and started at once, so that nobody is served off the record."""
    window = ready(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if day.phase is Phase.ENDED:
        return Refusal(Code.BRANCH_CLOSED)
    service = day.terms.service(command.service)
    if service is None:
        return Refusal(Code.SERVICE_UNKNOWN)
    if service.is_retired:
        return Refusal(Code.SERVICE_NOT_OFFERED, {"service": service.id})
    issued = _issued(day, (service.id,), VisitorClass.NORMAL, Channel.WALK_IN, command.language)
    called = TicketCalled(ticket=issued.ticket, window=command.window, is_chosen=True, reason=command.reason)
    return Accepted(events=(issued, called, TicketStarted(ticket=issued.ticket)), ticket=issued.ticket)


def _is_asked(day: Day, service_id: str, visitor_class: VisitorClass) -> bool:
    """Whether visitors may declare a class for a service themselves."""
    service = day.terms.service(service_id)
    return service is not None and visitor_class in service.asks_class


def _issued(
    day: Day,
    legs: tuple[str, ...],
    visitor_class: VisitorClass,
    channel: Channel,
    language: str,
    *,
    is_to_confirm: bool = False,
) -> TicketIssued:
    service = day.terms.service(legs[0])
    assert service is not None, "checked by the caller"
    return TicketIssued(
        ticket=ticket_id(day.business_on, day.seq + 1),
        label=label(service.prefix, next_number(day.numbers, service.prefix)),
        legs=legs,
        visitor_class=visitor_class,
        is_to_confirm=is_to_confirm,
        channel=channel,
        language=language,
    )
