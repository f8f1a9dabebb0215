"""Who may do what: one table of permissions, and the one question asked of it.

The public reads (branches, the board) and what a visitor does by the token in a link ask for no permission.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a member of staff is; a preset over the permissions of `MAY`."""

    TELLER = "teller"
    GREETER = "greeter"
    MANAGER = "manager"
    ADMIN = "admin"
    """Head office or IT: at every branch, all that a manager may, and the accounts."""


class DeviceKind(StrEnum):
    """What a machine in the hall is."""

    KIOSK = "kiosk"
    DISPLAY = "display"
    """Shows what is public; its token only tells it from a stranger."""


class CallerKind(StrEnum):
    """Who stands behind a request."""

    STAFF = "staff"
    DEVICE = "device"
    VISITOR = "visitor"
    NOBODY = "nobody"


class Permission(StrEnum):
    """One thing that can be allowed."""

    FLOOR_VIEW = "floor.view"
    WINDOW_VIEW = "window.view"
    WINDOW_OPEN = "window.open"
    WINDOW_PAUSE = "window.pause"
    WINDOW_CLOSE = "window.close"
    WINDOW_SERVE = "window.serve"
    """Every serving verb, call-next to walk-in; the hall's rules ask for the lease besides."""
    WINDOW_ROAM = "window.roam"
    """Open, pause, close and serve, at roaming windows only; the hall's rules know which those are."""
    WINDOW_OVERSEE = "window.oversee"
    """Command a window whose lease somebody else holds."""
    TICKET_ISSUE = "ticket.issue"
    TICKET_REINSTATE = "ticket.reinstate"
    TICKET_DIVERT = "ticket.divert"
    TICKET_CANCEL = "ticket.cancel"
    TICKET_RECLASS = "ticket.reclass"
    PLAN_SWITCH = "plan.switch"
    PLAN_SWITCH_GRANTED = "plan.switch_granted"
    """Switch the plan where the branch's terms grant it."""
    HELP_ASK = "help.ask"
    ALERT_TAKE = "alert.take"
    CATALOG_EDIT = "catalog.edit"
    STAFF_ADMINISTER = "staff.administer"
    DEVICE_ADMINISTER = "device.administer"


_LEADERS = frozenset({Role.MANAGER, Role.ADMIN})
_FLOOR = _LEADERS | {Role.GREETER}
_TELLERS = _LEADERS | {Role.TELLER}
_STAFF = frozenset(Role)

MAY: Mapping[Permission, frozenset[Role | DeviceKind]] = MappingProxyType(
    {
        Permission.FLOOR_VIEW: _STAFF,
        Permission.WINDOW_VIEW: _STAFF,
        Permission.WINDOW_OPEN: _TELLERS,
        Permission.WINDOW_PAUSE: _TELLERS,
        Permission.WINDOW_CLOSE: _TELLERS,
        Permission.WINDOW_SERVE: _TELLERS,
        Permission.WINDOW_ROAM: _FLOOR,
        Permission.WINDOW_OVERSEE: _LEADERS,
        Permission.TICKET_ISSUE: _FLOOR | {DeviceKind.KIOSK},
        Permission.TICKET_REINSTATE: _FLOOR,
        Permission.TICKET_DIVERT: _FLOOR,
        Permission.TICKET_CANCEL: _FLOOR,
        Permission.TICKET_RECLASS: _FLOOR,
        Permission.PLAN_SWITCH: _LEADERS,
        Permission.PLAN_SWITCH_GRANTED: _FLOOR,
        Permission.HELP_ASK: frozenset({DeviceKind.KIOSK}),
        Permission.ALERT_TAKE: _FLOOR,
        Permission.CATALOG_EDIT: _LEADERS,
        Permission.STAFF_ADMINISTER: frozenset({Role.ADMIN}),
        Permission.DEVICE_ADMINISTER: frozenset({Role.ADMIN}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the guard found out; knows no secret."""

    kind: CallerKind
    id: str
    """Opaque and stable, its kind before the colon (`staff:…`, `device:…`); the journal's actor."""
    session: str | None = None
    """Public id of the staff session, what a window's lease is bound to; None for anybody else."""
    roles: frozenset[Role] = frozenset()
    branch_id: str | None = None
    """The branch that the caller belongs to; None means every branch to an admin and none to a visitor."""
    device_kind: DeviceKind | None = None
    name: str = field(default="", repr=False)
    """Of the person or the device; for screens, never for the journal or a log."""

    @property
    def presets(self) -> frozenset[Role | DeviceKind]:
        """What of `MAY` counts for this caller."""
        return self.roles if self.device_kind is None else frozenset({self.device_kind})


NOBODY = Caller(kind=CallerKind.NOBODY, id="nobody")


def visitor(ticket_id: str) -> Caller:
    """The holder of a ticket's link, as an actor."""
    return Caller(kind=CallerKind.VISITOR, id=f"visitor:{ticket_id}")


class Denial(StrEnum):
    """Why not; the codes of the problems that tell it."""

    SESSION_REQUIRED = "session.required"
    FORBIDDEN = "access.forbidden"
    OTHER_BRANCH = "access.other_branch"


def denial(caller: Caller, permission: Permission, branch_id: str | None) -> Denial | None:
    """Why `caller` may not use `permission` at `branch_id`, or None when it may.

    A `branch_id` of None asks for what belongs to no single branch; only who belongs to every branch has it.
    """
    if caller.kind is CallerKind.NOBODY:
        return Denial.SESSION_REQUIRED
    if caller.presets.isdisjoint(MAY[permission]):
        return Denial.FORBIDDEN
    if caller.branch_id is not None and caller.branch_id != branch_id:
        return Denial.OTHER_BRANCH
    return None


def may(caller: Caller, permission: Permission, branch_id: str | None) -> bool:
    """Whether `caller` may use `permission` at `branch_id`."""
    return denial(caller, permission, branch_id) is None
