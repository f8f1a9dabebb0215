"""The shapes of the public contract: what pages, devices and programs get; what they send stands in `wire.requests`.

Times are RFC 3339 in UTC, durations carry `_s`, names are texts by language tag, ids are opaque. Answers may gain
fields.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import AlertKind, Channel, Fault, Outcome, TicketStatus

Text = dict[str, str]
Id = Annotated[str, StringConstraints(min_length=1, max_length=80)]
WindowState = Literal["closed", "open", "busy", "closing", "pausing", "paused"]


class Answer(BaseModel):
    """What the service says."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, use_attribute_docstrings=True, defer_build=True)


class Wait(Answer):
    """A plain range until the call, in seconds."""

    low_s: int
    high_s: int


class Overtaker(Answer):
    """How many visitors who came later were called before this one, by their class."""

    visitor_class: VisitorClass = Field(alias="class")
    times: int


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
    branch: "BranchName"
    service: "ServiceName"
    legs: list["ServiceName"]
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
    missed_rule: "MissedRule"


class MissedRule(Answer):
    """Where a visitor who missed the call waits again: kept place, after n others, or last."""

    rule: Literal["keep", "after", "last"]
    after: int


class BranchName(Answer):
    """A branch by id and name."""

    id: str
    name: Text


class ServiceName(Answer):
    """A service by id and name."""

    id: str
    prefix: str
    name: Text


class BoardBranch(BranchName):
    """The branch as the board shows it."""

    open: bool
    numbers: bool
    """Whether numbers are given now."""
    opens_at: datetime | None
    """Next moment at which numbers are given; None while they are."""
    closes_at: datetime | None
    time_zone: str
    business_on: date
    plan: str
    """Id of the window plan in force."""
    missed_rule: MissedRule


class BoardService(Answer):
    """A service with its queue. `windows`: open windows that serve it now."""

    id: str
    prefix: str
    name: Text
    about: Text
    open: bool
    """Numbers for it are given now and a window of the plan serves it."""
    closed_reason: Literal["closed", "no_window", "full"] | None
    waiting: int
    wait: Wait | None
    target_wait_s: int
    asks_class: list[VisitorClass]
    self_service: Text | None
    bookable: bool
    windows: list[int]


class BoardWindow(Answer):
    """A window as everybody may see it."""

    number: int
    name: Text
    zone: str
    state: WindowState
    services: list[str]
    serving: str | None
    """Label of the ticket at the window."""
    waiting: int
    """Tickets that this window may serve."""
    roaming: bool


class Call(Answer):
    """One call on the board; a recall has an id of its own and a higher `times`."""

    id: str
    label: str
    window: int
    at: datetime
    times: int


class Notice(Answer):
    """A line of news."""

    text: Text
    until: datetime | None


class Zone(Answer):
    """A part of the hall."""

    id: str
    name: Text


class Board(Answer):
    """The lobby board; nothing about a person."""

    branch: BoardBranch
    services: list[BoardService]
    zones: list[Zone]
    windows: list[BoardWindow]
    calls: list[Call]
    """The last calls, newest first."""
    notices: list[Notice]


class Window(BoardWindow):
    """A window as staff see it."""

    teller: str | None
    """Opaque id of the staff member who holds it."""
    pause_reason: str | None
    ticket: Id | None
    opened_at: datetime | None


class Alert(Answer):
    """Something that wants a greeter."""

    id: Id
    kind: AlertKind
    place: str
    """Name of the device that it came from; empty where it came from none."""
    service: str | None
    """Over target: the service that somebody waits too long for."""
    window: int | None
    """Idle window: its number."""
    fault: Fault | None
    """Printer: what is wrong with it."""
    at: datetime
    taken_by: str | None
    taken_at: datetime | None


class PrinterAnswer(Answer):
    """What became of a printer's alert; None: it is well."""

    alert: Alert | None


class Print(Answer):
    """A ticket that a kiosk is to print and has not taken yet."""

    id: Id
    ticket: Id
    label: str
    kiosk: str
    """Name of the kiosk."""
    at: datetime
    copy_: bool = Field(alias="copy")
    """The visitor has a paper of it already, as far as anybody knows; the new one says so."""


class PrintTaken(Answer):
    """What to print."""

    ticket: IssuedTicket
    copy_: bool = Field(alias="copy")


class Kiosk(Answer):
    """A kiosk of the branch; the name is unique there."""

    name: str
    fault: Fault | None
    connected: bool


class Kiosks(Answer):
    """The kiosks of a branch, by name."""

    kiosks: list[Kiosk]


class Device(Answer):
    """A device, told to itself."""

    id: Id
    kind: Literal["kiosk", "display"]
    name: str
    branch: str


class Advice(Answer):
    """A proposal for the hall."""

    id: Id
    text: Text


class PlanWindow(Answer):
    """What a window serves under a plan: service ids, in order."""

    number: int
    services: list[str]


class PlanName(Answer):
    """A window plan, and the windows that it uses."""

    id: str
    name: Text
    windows: list[PlanWindow]


class Floor(Board):
    """The hall as its staff see it: the board plus tickets, alerts, advice."""

    windows: list[Window]  # type: ignore[assignment]  # a staff window is a board window with more fields
    plans: list[PlanName]
    tickets: list[Ticket]
    """Every ticket that has not ended: waiting ones in calling order first."""
    alerts: list[Alert]
    prints: list[Print]
    """What kiosks are to print and have not taken yet, oldest first."""
    advice: list[Advice]
    greeter_may_switch_plan: bool


class KioskView(Board):
    """The board for one kiosk, and what it is to print, oldest first."""

    prints: list[Print]


class WindowToday(Answer):
    """What a window has done on this business day."""

    served: int
    service_s_mean: int | None


class WindowView(Answer):
    """One window for its teller's console."""

    branch: BoardBranch
    window: Window
    ticket: Ticket | None
    """The ticket at the window."""
    can: list[str]
    """Verbs that the rules would accept now (path names: `call-next`, `recall`, …)."""
    likely: str | None
    """The verb that usually comes next."""
    undo: Ticket | None
    """The ticket whose finish can still be taken back."""
    undo_until: datetime | None
    start_is_implicit: bool
    recalls_before_miss: int
    waiting: list[Ticket]
    """Tickets this window may call, in calling order, the first 50."""
    parked: list[Ticket]
    missed: list[Ticket]
    services: list[BoardService]
    windows: list[Window]
    today: WindowToday


class WindowAnswer(Answer):
    """Answer of a window verb that moves a ticket."""

    ticket: Ticket | None


class CalledAnswer(WindowAnswer):
    """Answer of call-next: `ticket` is None when nobody waits for this window, and `reason` says why who was chosen."""

    reason: str


class Windows(Answer):
    """The windows of a branch."""

    plan: str
    windows: list[Window]


class BranchSummary(BranchName):
    """A branch for finding one."""

    address: Text
    time_zone: str
    open: bool
    numbers: bool
    opens_at: datetime | None
    closes_at: datetime | None
    services: list[BoardService]


class WeekOpening(Answer):
    """Local times of one weekday (1 = Monday) or date."""

    day: str
    numbers_from: str | None
    last_number: str | None
    doors_close: str | None


class Branch(BranchSummary):
    """A branch with its hours."""

    hours: list[WeekOpening]
    exceptions: list[WeekOpening]
    zones: list[Zone]


class Branches(Answer):
    """All branches."""

    branches: list[BranchSummary]


class Colleague(Answer):
    """A member of staff, to other staff."""

    id: Id
    """As in `teller`, `taken_by` and `by`."""
    name: str
    roles: list[str]


class Colleagues(Answer):
    """The active staff of a branch, and those who belong to every branch."""

    staff: list[Colleague]


class ServiceFigures(Answer):
    """One service's part of the day."""

    service: str
    issued: int
    """Tickets taken for it, or for it first."""
    waiting: int
    serving: int
    """Called or served."""
    served: int
    """Services done, several of one visit counted each."""
    left: int
    """Cancelled or expired."""
    over_target: int
    """Waits longer than the target, those that go on among them."""
    wait_s_p50: int | None
    wait_s_p90: int | None
    service_s_mean: int | None


class WindowFigures(Answer):
    """One window's part of the day."""

    window: int
    served: int
    service_s_mean: int | None


class Figures(Answer):
    """The business day until now. Waits: from joining a queue to the first call; percentiles by nearest rank."""

    at: datetime
    issued: int
    waiting: int
    serving: int
    """Called or served."""
    served: int
    """Visits that were finished."""
    left: int
    """Cancelled or expired."""
    missed: int
    diverted: int
    over_target: int
    """Waits longer than the service's target, those that go on among them."""
    wait_s_p50: int | None
    wait_s_p90: int | None
    wait_s_max: int | None
    service_s_mean: int | None
    services: list[ServiceFigures]
    windows: list[WindowFigures]
    """Windows that were opened today."""


class Notices(Answer):
    """The notices of a branch, for whoever writes them."""

    version: int
    """Of the branch's catalogue; to be given back with an edit."""
    notices: list[Notice]


class View(Answer):
    """A whole view: the newest replaces all before it.

    `rev` rises with each change of the view within one `epoch` (a start of the serving process); `seq` is the day's.
    """

    type: Literal["view"]
    view: Literal["board", "floor", "window", "ticket", "kiosk"]
    epoch: str
    rev: int
    seq: int
    at: datetime
    data: Board | Floor | WindowView | VisitorTicket | KioskView


class Alive(Answer):
    """The view of this `rev` is still the newest."""

    type: Literal["alive"]
    epoch: str
    rev: int
    at: datetime
