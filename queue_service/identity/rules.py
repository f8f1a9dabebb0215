"""Who may do what: one table of permissions, and the one question asked of it; what makes an account.

The public reads (branches, the board) and what a visitor does by the token in a link ask for no permission.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

USERNAME_CHARS_MAX = 64
PASSWORD_CHARS_MAX = 256
NAME_CHARS_MAX = 80


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
    KIOSKS_VIEW = "kiosks.view"
    TICKET_PRINT = "ticket.print"
    """Let a kiosk print a ticket."""
    PRINT_TAKE = "print.take"
    """See and take what the own printer is to print."""
    PRINTER_TELL = "printer.tell"
    INTENT_VOID = "intent.void"
    FIGURES_VIEW = "figures.view"
    NOTICE_WRITE = "notice.write"


_LEADERS = frozenset({Role.MANAGER, Role.ADMIN})
_FLOOR = _LEADERS | {Role.GREETER}
_TELLERS = _LEADERS | {Role.TELLER}
_STAFF = frozenset(Role)
_KIOSK = frozenset({DeviceKind.KIOSK})

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
        Permission.TICKET_ISSUE: _FLOOR | _KIOSK,
        Permission.TICKET_REINSTATE: _FLOOR,
        Permission.TICKET_DIVERT: _FLOOR,
        Permission.TICKET_CANCEL: _FLOOR,
        Permission.TICKET_RECLASS: _FLOOR,
        Permission.PLAN_SWITCH: _LEADERS,
        Permission.PLAN_SWITCH_GRANTED: _FLOOR,
        Permission.HELP_ASK: _KIOSK,
        Permission.ALERT_TAKE: _FLOOR,
        Permission.KIOSKS_VIEW: _FLOOR,
        Permission.TICKET_PRINT: _FLOOR,
        Permission.PRINT_TAKE: _KIOSK,
        Permission.PRINTER_TELL: _KIOSK,
        Permission.INTENT_VOID: _KIOSK,
        Permission.FIGURES_VIEW: _LEADERS,
        Permission.NOTICE_WRITE: _LEADERS,
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


class AccountRefusal(StrEnum):
    """Why an account is not opened or changed."""

    USERNAME_MALFORMED = "account.username_malformed"
    USERNAME_TAKEN = "account.username_taken"
    PASSWORD_WEAK = "account.password_weak"  # noqa: S105 a code, no password
    PASSWORD_MALFORMED = "account.password_malformed"  # noqa: S105 a code, no password
    NAME_MALFORMED = "account.name_malformed"
    ROLE_MISSING = "account.role_missing"
    BRANCH_MISSING = "account.branch_missing"
    BRANCH_UNWANTED = "account.branch_unwanted"
    DEVICE_NAME_TAKEN = "account.device_name_taken"
    UNKNOWN = "account.unknown"


def username_folded(username: str) -> str:
    """How a username is stored and looked up: neither case nor width counts."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def staff_refusal(username: str, name: str, roles: frozenset[Role], branch_id: str | None) -> AccountRefusal | None:
    """What is wrong with a new account; admins belong to every branch, all others to one."""
    folded = username_folded(username)
    if not (1 <= len(folded) <= USERNAME_CHARS_MAX and folded.isprintable() and " " not in folded):
        return AccountRefusal.USERNAME_MALFORMED
    if not _is_name(name):
        return AccountRefusal.NAME_MALFORMED
    if not roles:
        return AccountRefusal.ROLE_MISSING
    if Role.ADMIN in roles and branch_id is not None:
        return AccountRefusal.BRANCH_UNWANTED
    if Role.ADMIN not in roles and not branch_id:
        return AccountRefusal.BRANCH_MISSING
    return None


def device_refusal(name: str, branch_id: str) -> AccountRefusal | None:
    """What is wrong with a new device."""
    if not _is_name(name):
        return AccountRefusal.NAME_MALFORMED
    return None if branch_id else AccountRefusal.BRANCH_MISSING


def password_refusal(password: str, length_min: int) -> AccountRefusal | None:
    """What is wrong with a new password; length is what counts (NIST SP 800-63B)."""
    if len(password) < length_min:
        return AccountRefusal.PASSWORD_WEAK
    # A line break, a NUL or half a character is never typed: somebody's pipe was cut.
    return None if len(password) <= PASSWORD_CHARS_MAX and password.isprintable() else AccountRefusal.PASSWORD_MALFORMED


def _is_name(name: str) -> bool:
    return name.strip() != "" and len(name) <= NAME_CHARS_MAX and name.isprintable()
