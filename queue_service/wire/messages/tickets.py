"""Tickets, as staff and as their visitors see them."""

from datetime import date, datetime

from pydantic import Field

from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Channel, Outcome, TicketStatus
from queue_service.wire.messages.everybody import BranchName, ServiceName
from queue_service.wire.messages.values import Answer, Id, MissedRule, Overtaker, Wait


class Ticket(Answer):
    """A ticket 号票 as staff and the kiosk that issued it see it."""

    id: Id
    label: str
    business_on: date
    service: str
    """Service of the present leg."""
    legs: list[str]
    leg: int
    """Index of the present leg in `legs`."""
    visitor_class: VisitorClass = Field(alias="class")
    to_confirm: bool
    """A self-declared class that the greeter has not confirmed yet."""
    status: TicketStatus
    channel: Channel
    language: str
    issued_at: datetime
    joined_at: datetime
    """The moment that decides the place in the queue."""
    waiting_since: datetime
    """When it began to wait, in the present leg or after it was brought back."""
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    window: int | None
    """The window that called it; waiting: the one it was sent to, if any."""
    calls: int
    """Times called since it last came to a window, recalls included."""
    overtaken: int
    overtaken_by: list[Overtaker]
    ahead: int | None
    """Tickets that would be called before it; None unless it waits."""
    wait: Wait | None
    windows: list[int]
    """Windows that may call it now."""
    reason: str | None
    """Why it was called when it was (a code of the catalogue key `reason.<code>`)."""
    outcome: Outcome | None
    delivered: list[str]


class Remark(Answer):
    """What somebody of the staff wrote about a ticket."""

    at: datetime
    by: str
    text: str


class TicketDetail(Ticket):
    """A ticket with its remarks, oldest first."""

    remarks: list[Remark]


class IssuedTicket(Ticket):
    """The issuing answer: the ticket with the visitor's link."""

    token: str
    url: str


class VisitorTicket(Answer):
    """What a visitor may know of the own ticket."""

    id: Id
    label: str
    business_on: date
    branch: BranchName
    service: ServiceName
    legs: list[ServiceName]
    leg: int
    visitor_class: VisitorClass = Field(alias="class")
    status: TicketStatus
    language: str
    issued_at: datetime
    joined_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    window: int | None
    calls: int
    overtaken: int
    overtaken_by: list[Overtaker]
    ahead: int | None
    wait: Wait | None
    windows: list[int]
    missed_rule: MissedRule
