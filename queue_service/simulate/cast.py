"""Who plays in a simulated day: visitors with what they will do, and tellers with their hours.

A recorded log and a seed both come down to these two; `play` runs them through the rules.
"""

from dataclasses import dataclass
from datetime import datetime

from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One visitor's whole visit, as far as the hall does not decide it."""

    arrives_at: datetime
    legs: tuple[str, ...]
    """Services asked for, in order."""
    service_s: tuple[float, ...]
    """Seconds of service per leg."""
    visitor_class: VisitorClass = VisitorClass.NORMAL
    channel: Channel = Channel.KIOSK
    language: str = "zh-CN"
    patience_s: float | None = None
    """Leaves when not called within so many seconds of arriving; None: stays."""
    walk_s: float = 0
    """Seconds from the call to the start of the service."""
    is_no_show: bool = False
    """Does not come when called for the first time."""
    returns_after_s: float | None = None
    """Asks to wait again so many seconds after being called missed; None: never."""
    claims_truly: bool = True
    """Whether a class declared at the kiosk is confirmed."""
    needs_instead: str | None = None
    """The service really needed, found out at the window, which sends the visitor on; None: the one asked for."""
    fetches_s: float | None = None
    """Seconds away to fetch what is missing, found out at the window, which parks the ticket; None: has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A planned pause of a teller; one that the visitor at the window outlasts falls away."""

    at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Who serves at a window, and when."""

    window: int
    name: str
    opens_at: datetime
    closes_at: datetime
    """The visitor at the window is served to the end."""
    breaks: tuple[Break, ...] = ()
