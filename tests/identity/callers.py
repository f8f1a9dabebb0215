"""Callers for tests, and what the table must say, written down a second time."""

from queue_service.identity.rules import Caller, CallerKind, DeviceKind, Permission, Role

OWN = "zhongshan"
OTHER = "renmin"

EXPECTED = {
    #                              teller greeter manager admin kiosk display
    Permission.FLOOR_VIEW: "       yes    yes     yes     yes   -     -",
    Permission.WINDOW_VIEW: "      yes    yes     yes     yes   -     -",
    Permission.WINDOW_OPEN: "      yes    -       yes     yes   -     -",
    Permission.WINDOW_PAUSE: "     yes    -       yes     yes   -     -",
    Permission.WINDOW_CLOSE: "     yes    -       yes     yes   -     -",
    Permission.WINDOW_SERVE: "     yes    -       yes     yes   -     -",
    Permission.WINDOW_ROAM: "      -      yes     yes     yes   -     -",
    Permission.WINDOW_OVERSEE: "   -      -       yes     yes   -     -",
    Permission.TICKET_ISSUE: "     -      yes     yes     yes   yes   -",
    Permission.TICKET_REINSTATE: " -      yes     yes     yes   -     -",
    Permission.TICKET_DIVERT: "    -      yes     yes     yes   -     -",
    Permission.TICKET_CANCEL: "    -      yes     yes     yes   -     -",
    Permission.TICKET_RECLASS: "   -      yes     yes     yes   -     -",
    Permission.PLAN_SWITCH: "      -      -       yes     yes   -     -",
    Permission.PLAN_SWITCH_GRANTED: "-    yes     yes     yes   -     -",
    Permission.HELP_ASK: "         -      -       -       -     yes   -",
    Permission.ALERT_TAKE: "       -      yes     yes     yes   -     -",
    Permission.KIOSKS_VIEW: "      -      yes     yes     yes   -     -",
    Permission.TICKET_PRINT: "     -      yes     yes     yes   -     -",
    Permission.PRINT_TAKE: "       -      -       -       -     yes   -",
    Permission.PRINTER_TELL: "     -      -       -       -     yes   -",
    Permission.INTENT_VOID: "      -      -       -       -     yes   -",
    Permission.FIGURES_VIEW: "     -      -       yes     yes   -     -",
    Permission.NOTICE_WRITE: "     -      -       yes     yes   -     -",
}
_COLUMNS: tuple[Role | DeviceKind, ...] = (*Role, *DeviceKind)


def expects(permission: Permission, preset: Role | DeviceKind) -> bool:
    """Whether the table above says yes."""
    return EXPECTED[permission].split()[_COLUMNS.index(preset)] == "yes"


def a_member(*roles: Role, branch_id: str | None = OWN) -> Caller:
    return Caller(
        kind=CallerKind.STAFF,
        id="staff:s",
        session="session:s",
        roles=frozenset(roles),
        branch_id=None if Role.ADMIN in roles else branch_id,
    )


def a_device(kind: DeviceKind, branch_id: str = OWN) -> Caller:
    return Caller(kind=CallerKind.DEVICE, id="device:d", device_kind=kind, branch_id=branch_id)


def a_caller(preset: Role | DeviceKind) -> Caller:
    """One that has this preset alone, at `OWN` where it has a branch."""
    return a_member(preset) if isinstance(preset, Role) else a_device(preset)
