"""What a branch offers on a day: services, windows, plans, hours and policy.

The terms are a value. A day carries its own copy, so that a replay needs nothing else. Whoever builds terms from a file
or a form checks them with `faults`; the rules take checked terms for granted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from queue_service.hall.hours import ISO_WEEKDAYS, Hours, hours_faults, moment, wall_clock

Text = Mapping[str, str]
"""Words by language tag: `{"zh-CN": "个人现金", "en": "Personal cash"}`."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PREFIX = re.compile(r"[A-Z]{1,4}")
_MINUTES_MAX = 24 * 60
_COUNT_MAX = 10_000


class VisitorClass(StrEnum):
    """The visitor's class 客群: what a service may grant beyond the order of arrival."""

    NORMAL = "normal"
    PRIORITY = "priority"
    VIP = "vip"
    APPOINTMENT = "appointment"
    TRANSFERRED = "transferred"


CLASSES_DECLARED = (VisitorClass.PRIORITY, VisitorClass.VIP)
"""What visitors may say of themselves when they take a number, for a greeter to confirm."""
CLASSES_EARNED = frozenset({VisitorClass.APPOINTMENT, VisitorClass.TRANSFERRED})
"""What follows from how somebody came; nobody gives or declares it."""


class ReinstateRule(StrEnum):
    """Where a missed visitor who comes back waits again."""

    KEEP = "keep"
    AFTER = "after"
    LAST = "last"


class PlanOrder(StrEnum):
    """How a window treats its list of services: one queue (`mixed`), or earlier services first (`strict`)."""

    STRICT = "strict"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One business 业务 that visitors come for."""

    id: str
    prefix: str
    """Letters before the number on the label; services may share one, and then share its numbers."""
    name: Text
    about: Text = field(default_factory=dict)
    minutes: float
    """Usual length of one service, in minutes."""
    target_wait_minutes: float = 15
    self_service: Text | None = None
    """Where a visitor can do this without a window; None: nowhere."""
    is_bookable: bool = False
    asks_class: tuple[VisitorClass, ...] = ()
    """Classes a visitor may declare at the kiosk, to be confirmed by the greeter."""
    waiting_max: int = 500
    """Tickets that may wait for this service at once; beyond it the hall is full for it."""
    is_retired: bool = False
    """Gone from the catalogue: no new numbers, but those who wait are served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One place 窗口 where a teller serves."""

    number: int
    zone: str
    name: Text = field(default_factory=dict)
    is_roaming: bool = False
    """A greeter's handheld that serves on foot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part 区域 of the hall where visitors wait for its windows."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSwitch:
    """A moment of the week at which the clock puts a plan in force."""

    at: time
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """ISO weekdays, 1 = Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A window plan 窗口方案: which window serves what, switched as a whole."""

    id: str
    name: Text
    order: PlanOrder = PlanOrder.MIXED
    windows: Mapping[int, tuple[str, ...]]
    """Service ids in order by window number; a window that is not named here cannot be opened under this plan."""
    switches: tuple[PlanSwitch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPolicy:
    """What one class may have."""

    credit_minutes: float = 0
    """Head start in the queue, as if the visitor had come that much earlier."""
    share_max: float = 1
    """Greatest part of the last calls (`Policy.share_calls`) before the class stands back while others wait; 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of the house that a branch may set."""

    classes: Mapping[VisitorClass, ClassPolicy] = field(
        default_factory=lambda: {
            VisitorClass.NORMAL: ClassPolicy(),
            VisitorClass.TRANSFERRED: ClassPolicy(credit_minutes=5),
            VisitorClass.APPOINTMENT: ClassPolicy(credit_minutes=10),
            VisitorClass.PRIORITY: ClassPolicy(credit_minutes=15, share_max=0.6),
            VisitorClass.VIP: ClassPolicy(credit_minutes=15, share_max=0.5),
        }
    )
    share_calls: int = 20
    overtaken_max: int = 5
    recalls_before_miss: int = 3
    """Recalls after which the teller may call a ticket missed; 0: at once."""
    missed_after_s: int | None = None
    """Seconds after the last allowed recall at which the clock calls the ticket missed; None: only the teller does."""
    reinstate: ReinstateRule = ReinstateRule.AFTER
    reinstate_after: int = 3
    start_is_implicit: bool = False
    """A ticket may be finished without having been started."""
    undo_s: int = 120
    greeter_switches_plan: bool = True
    idle_alert_s: int | None = 120
    """Seconds for which a window may be free while people wait whom it may serve; None: for ever."""
    alerts_max: int = 200
    """Calls for help that one day keeps; the oldest that was taken goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A line of news on the board, until a moment; None: until it is taken away."""

    text: Text
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything a branch offers, as one value with one version."""

    branch_id: str
    version: int
    name: Text
    address: Text = field(default_factory=dict)
    hours: Hours
    services: tuple[Service, ...]
    zones: tuple[Zone, ...] = ()
    windows: tuple[Window, ...]
    plans: tuple[Plan, ...]
    policy: Policy = field(default_factory=Policy)
    notices: tuple[Notice, ...] = ()

    def service(self, service_id: str) -> Service | None:
        """The service of that id; None where the branch has none."""
        for service in self.services:
            if service.id == service_id:
                return service
        return None

    def plan(self, plan_id: str) -> Plan | None:
        """The plan of that id; None where the branch has none."""
        for plan in self.plans:
            if plan.id == plan_id:
                return plan
        return None

    def window(self, number: int) -> Window | None:
        """The window of that number; None where the branch has none."""
        for window in self.windows:
            if window.number == number:
                return window
        return None


def plan_switches(terms: Terms, on: date) -> tuple[tuple[datetime, str], ...]:
    """The moments of business date `on` at which the clock puts a plan in force, in order, with the plan's id.

    Where a clock change lets two switches fall on one moment, the later by the wall clock counts.
    """
    hours = terms.hours
    by_wall_clock = sorted(
        (wall_clock(hours, on, switch.at), plan.id)
        for plan in terms.plans
        for switch in plan.switches
        if on.isoweekday() in switch.weekdays
    )
    return tuple(sorted({moment(hours, on, local.time()): plan_id for local, plan_id in by_wall_clock}.items()))


def faults(terms: Terms) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Everything that makes terms unusable, as (place, code, parameters); nothing when they are good.

    A place reads like a path (`plans.peak.windows.3`). The codes are worded in the catalogues as `terms.<code>`.
    """
    things = {
        "services": [service.id for service in terms.services],
        "zones": [zone.id for zone in terms.zones],
        "windows": [str(window.number) for window in terms.windows],
        "plans": [plan.id for plan in terms.plans],
    }
    yield from _id_faults("branch", [terms.branch_id])
    for place, names in things.items():
        yield from _repeated(place, names)
        if place != "windows":
            yield from _id_faults(place, names)
        if not names and place != "zones":
            yield place, "none", {}
    yield from _service_faults(terms)
    for window in terms.windows:
        place = f"windows.{window.number}"
        yield from _range_faults(place, window.number, 1, _COUNT_MAX)
        if window.zone not in things["zones"]:
            yield f"{place}.zone", "unknown_zone", {"zone": window.zone}
    yield from _plan_faults(terms)
    yield from _policy_faults(terms.policy)
    yield from hours_faults(terms.hours)


def _service_faults(terms: Terms) -> Iterator[tuple[str, str, dict[str, str]]]:
    for service in terms.services:
        place = f"services.{service.id}"
        if not _PREFIX.fullmatch(service.prefix):
            yield f"{place}.prefix", "bad_prefix", {"prefix": service.prefix}
        if not 0 < service.minutes <= _MINUTES_MAX:
            yield f"{place}.minutes", "bad_minutes", {}
        if not 0 < service.target_wait_minutes <= _MINUTES_MAX:
            yield f"{place}.target_wait_minutes", "bad_minutes", {}
        yield from _range_faults(f"{place}.waiting_max", service.waiting_max, 1, _COUNT_MAX)
        yield from _repeated(f"{place}.asks_class", service.asks_class)
        for claimed in service.asks_class:
            if claimed not in CLASSES_DECLARED:
                known = ", ".join(CLASSES_DECLARED)
                yield f"{place}.asks_class", "class_not_for_asking", {"class": claimed, "known": known}


def _plan_faults(terms: Terms) -> Iterator[tuple[str, str, dict[str, str]]]:
    services = {service.id for service in terms.services}
    numbers = {window.number for window in terms.windows}
    for plan in terms.plans:
        for number, served in plan.windows.items():
            place = f"plans.{plan.id}.windows.{number}"
            if number not in numbers:
                yield place, "unknown_window", {"window": str(number)}
            if not served:
                yield place, "none", {}
            yield from _repeated(place, served)
            for service_id in served:
                if service_id not in services:
                    yield place, "unknown_service", {"service": service_id}
        for switch in plan.switches:
            if not switch.weekdays or not set(switch.weekdays) <= ISO_WEEKDAYS:
                yield f"plans.{plan.id}.switches", "bad_weekday", {}
    switched = [(switch.at, day) for plan in terms.plans for switch in plan.switches for day in switch.weekdays]
    if len(switched) != len(set(switched)):
        yield "plans", "switches_collide", {}


def _policy_faults(policy: Policy) -> Iterator[tuple[str, str, dict[str, str]]]:
    for visitor_class, of_class in policy.classes.items():
        place = f"policy.classes.{visitor_class}"
        yield from _range_faults(f"{place}.credit_minutes", of_class.credit_minutes, 0, _MINUTES_MAX)
        yield from _range_faults(f"{place}.share_max", of_class.share_max, 0, 1)
    counts = {
        "share_calls": (policy.share_calls, 1),
        "overtaken_max": (policy.overtaken_max, 1),
        "recalls_before_miss": (policy.recalls_before_miss, 0),
        "missed_after_s": (1 if policy.missed_after_s is None else policy.missed_after_s, 1),
        "reinstate_after": (policy.reinstate_after, 0),
        "undo_s": (policy.undo_s, 0),
        "idle_alert_s": (1 if policy.idle_alert_s is None else policy.idle_alert_s, 1),
        "alerts_max": (policy.alerts_max, 1),
    }
    for name, (count, least) in counts.items():
        yield from _range_faults(f"policy.{name}", count, least, _COUNT_MAX)


def _range_faults(place: str, value: float, least: int, most: int) -> Iterator[tuple[str, str, dict[str, str]]]:
    if not least <= value <= most:
        yield place, "out_of_range", {"least": str(least), "most": str(most)}


def _id_faults(place: str, names: Iterable[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    for name in names:
        if not _ID.fullmatch(name):
            yield place if place == "branch" else f"{place}.{name}", "bad_id", {}


def _repeated(place: str, names: Iterable[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield place, "repeated", {"name": name}
        seen.add(name)
