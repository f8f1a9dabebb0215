"""The whole table: every permission × everybody × the own branch, another one, and what belongs to none."""

import pytest

from queue_service.identity.rules import MAY, NOBODY, Denial, DeviceKind, Permission, Role, denial, may, visitor
from tests.identity.callers import EXPECTED, OTHER, OWN, a_caller, a_device, a_member, expects

PRESETS: list[Role | DeviceKind] = [*Role, *DeviceKind]


def test_the_table_names_every_permission() -> None:
    assert set(MAY) == set(Permission) == set(EXPECTED)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("permission", Permission)
def test_each_cell_holds_at_the_own_branch_alone(permission: Permission, preset: Role | DeviceKind) -> None:
    caller = a_caller(preset)
    at_own, at_other, at_none = (denial(caller, permission, branch_id) for branch_id in (OWN, OTHER, None))
    if not expects(permission, preset):
        assert (at_own, at_other, at_none) == (Denial.FORBIDDEN,) * 3
    elif preset is Role.ADMIN:
        assert (at_own, at_other, at_none) == (None,) * 3
    else:
        assert (at_own, at_other, at_none) == (None, Denial.OTHER_BRANCH, Denial.OTHER_BRANCH)


@pytest.mark.parametrize("permission", Permission)
def test_strangers_may_nothing_of_the_table(permission: Permission) -> None:
    assert denial(NOBODY, permission, OWN) is Denial.SESSION_REQUIRED
    assert denial(visitor("t1"), permission, OWN) is Denial.FORBIDDEN


@pytest.mark.parametrize("permission", Permission)
def test_two_roles_add_up(permission: Permission) -> None:
    both = a_member(Role.TELLER, Role.GREETER)
    assert may(both, permission, OWN) == (expects(permission, Role.TELLER) or expects(permission, Role.GREETER))
    assert not may(both, permission, OTHER)


def test_a_device_has_no_role() -> None:
    assert a_device(DeviceKind.KIOSK).presets == {DeviceKind.KIOSK}


def test_a_name_shows_in_no_text_of_the_caller() -> None:
    caller = a_member(Role.TELLER)
    assert "name" not in repr(caller)
