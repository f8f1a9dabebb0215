"""The whole table: every permission × everybody × the own branch, another one, and what belongs to none."""

from typing import Any

import pytest

from queue_service.identity.rules import (
    MAY,
    NOBODY,
    AccountRefusal,
    Denial,
    DeviceKind,
    Permission,
    Role,
    denial,
    device_refusal,
    may,
    password_refusal,
    staff_refusal,
    visitor,
)
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


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({}, None),
        ({"username": "王芳"}, None),
        ({"username": ""}, AccountRefusal.USERNAME_MALFORMED),
        ({"username": "a" * 65}, AccountRefusal.USERNAME_MALFORMED),
        ({"username": "anna b"}, AccountRefusal.USERNAME_MALFORMED),
        ({"username": "anna\u3000b"}, AccountRefusal.USERNAME_MALFORMED),
        ({"username": "anna\n"}, AccountRefusal.USERNAME_MALFORMED),
        ({"username": "\ud800"}, AccountRefusal.USERNAME_MALFORMED),
        ({"name": " "}, AccountRefusal.NAME_MALFORMED),
        ({"name": "n" * 81}, AccountRefusal.NAME_MALFORMED),
        ({"name": "a\tb"}, AccountRefusal.NAME_MALFORMED),
        ({"roles": frozenset()}, AccountRefusal.ROLE_MISSING),
        ({"branch_id": None}, AccountRefusal.BRANCH_MISSING),
        ({"branch_id": ""}, AccountRefusal.BRANCH_MISSING),
        ({"roles": frozenset({Role.ADMIN, Role.TELLER})}, AccountRefusal.BRANCH_UNWANTED),
        ({"roles": frozenset({Role.ADMIN}), "branch_id": None}, None),
    ],
)
def test_what_makes_an_account(change: dict[str, Any], refusal: AccountRefusal | None) -> None:
    wanted = {"username": "anna", "name": "Anna", "roles": frozenset({Role.TELLER}), "branch_id": OWN}
    assert staff_refusal(**{**wanted, **change}) is refusal


@pytest.mark.parametrize(
    ("name", "branch_id", "refusal"),
    [("入口", OWN, None), ("", OWN, AccountRefusal.NAME_MALFORMED), ("入口", "", AccountRefusal.BRANCH_MISSING)],
)
def test_what_makes_a_device(name: str, branch_id: str, refusal: AccountRefusal | None) -> None:
    assert device_refusal(name, branch_id) is refusal


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("0123456789", None),
        ("十个字的口令也是好的呀", None),
        ("012345678", AccountRefusal.PASSWORD_WEAK),
        ("0" * 257, AccountRefusal.PASSWORD_MALFORMED),
        ("0123456789\n", AccountRefusal.PASSWORD_MALFORMED),
        ("0123456789\0", AccountRefusal.PASSWORD_MALFORMED),
        ("0123456789\udc80", AccountRefusal.PASSWORD_MALFORMED),
    ],
)
def test_what_makes_a_password(password: str, refusal: AccountRefusal | None) -> None:
    assert password_refusal(password, 10) is refusal
