"""What tellers and greeters see."""

from datetime import datetime

from queue_service.wire.messages.devices import Alert, Print
from queue_service.wire.messages.everybody import Board, BoardBranch, BoardService, BoardWindow
from queue_service.wire.messages.tickets import Ticket
from queue_service.wire.messages.values import Answer, Id, Text


class Window(BoardWindow):
    """A window as staff see it."""

    teller: str | None
    """Opaque id of the staff member who holds it."""
    pause_reason: str | None
    ticket: Id | None
    opened_at: datetime | None


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


class Colleague(Answer):
    """A member of staff, to other staff."""

    id: Id
    """As in `teller`, `taken_by` and `by`."""
    name: str
    roles: list[str]


class Colleagues(Answer):
    """The active staff of a branch, and those who belong to every branch."""

    staff: list[Colleague]
