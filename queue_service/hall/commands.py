"""What may be asked of a day. Window verbs carry the caller's lease; None speaks with a manager's authority."""

from dataclasses import dataclass

from queue_service.hall.terms import Terms, VisitorClass
from queue_service.hall.tickets import Channel, Fault, Lease, Outcome, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTerms:
    """A newer catalogue enters the day."""

    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTicket:
    legs: tuple[str, ...]
    visitor_class: VisitorClass = VisitorClass.NORMAL
    channel: Channel
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNext:
    window: int
    lease: Lease | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTicket:
    """Call a chosen ticket."""

    window: int
    lease: Lease | None
    ticket: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    window: int
    lease: Lease | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    window: int
    lease: Lease | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    window: int
    lease: Lease | None
    outcome: Outcome = Outcome.DONE
    delivered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take the last finish back."""

    window: int
    lease: Lease | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    window: int
    lease: Lease | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    window: int
    lease: Lease | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    window: int
    lease: Lease | None
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """To a service, a window, or both; None keeps the service, or frees the window."""

    window: int
    lease: Lease | None
    to_service: str | None
    to_window: int | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkIn:
    """Issue and start at once."""

    window: int
    lease: Lease | None
    service: str
    reason: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstate:
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Divert:
    ticket: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    ticket: str
    by_visitor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeClass:
    """Also confirms a self-declared class, by giving the same again."""

    ticket: str
    visitor_class: VisitorClass
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWindow:
    window: int
    lease: Lease
    takeover: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseWindow:
    window: int
    lease: Lease | None
    reason: str
    after_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWindow:
    window: int
    lease: Lease | None
    after_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlan:
    plan: str
    by_greeter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHelp:
    """`place`: the name of the device that asks."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAlert:
    alert: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAlert:
    """Help was given; other alerts end by themselves."""

    alert: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPrinter:
    """`place`: the name of the kiosk whose printer it is; `fault` None: it is well."""

    place: str
    fault: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPrint:
    """`kiosk`: the name of the kiosk that is to print the ticket."""

    ticket: str
    kiosk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePrint:
    """`kiosk`: the name of the kiosk that is about to print."""

    print: str
    kiosk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidIntent:
    """Use up the key of an intent that nobody waits for, so that no number is ever made of it."""


TicketAtWindow = Recall | Start | Finish | Miss | Park | Transfer
"""Commands about the ticket that is at the window."""

Command = (
    ChangeTerms
    | IssueTicket
    | CallNext
    | CallTicket
    | TicketAtWindow
    | Undo
    | Resume
    | WalkIn
    | Reinstate
    | Divert
    | Cancel
    | ChangeClass
    | OpenWindow
    | PauseWindow
    | CloseWindow
    | SwitchPlan
    | AskHelp
    | TakeAlert
    | CloseAlert
    | TellPrinter
    | AskPrint
    | TakePrint
    | VoidIntent
)
