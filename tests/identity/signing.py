"""Accounts and sign-ins for tests."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from queue_service.identity.rules import DeviceKind, Role
from queue_service.identity.service import DeviceAdded, Identity, SignedIn, StaffAdded
from tests.identity.callers import OWN

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
PASSWORD = "correct horse"
NETWORK = "192.0.2.7"


def after(seconds: float) -> datetime:
    """A moment so long after `NOW`."""
    return NOW + timedelta(seconds=seconds)


@dataclass
class Seconds:
    """A monotonic clock that moves only when a test says so."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Hasher(Argon2Hasher):
    """Argon2 at its cheapest; counts what it verifies, and can be held up."""

    def __init__(self, *, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verified = 0
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.verified += 1
        self.began.set()
        assert self.may_end.wait(10)
        return super().verify(password, hash)


def a_hasher(hasher: Hasher | None = None) -> PasswordHash:
    return PasswordHash((hasher or Hasher(),))


async def add_staff(
    identity: Identity, username: str = "anna", *roles: Role, branch_id: str | None = OWN, password: str = PASSWORD
) -> str:
    """The id of a new member of staff, a teller unless told."""
    roles = roles or (Role.TELLER,)
    added = await identity.add_staff(
        username=username,
        password=password,
        name="安娜",
        roles=frozenset(roles),
        branch_id=None if Role.ADMIN in roles else branch_id,
    )
    assert isinstance(added, StaffAdded)
    return added.id


async def add_device(identity: Identity, kind: DeviceKind = DeviceKind.KIOSK, branch_id: str = OWN) -> DeviceAdded:
    added = await identity.add_device(kind=kind, name="入口", branch_id=branch_id)
    assert isinstance(added, DeviceAdded)
    return added


async def sign_in(
    identity: Identity, username: str = "anna", *, now: datetime = NOW, replaces: str | None = None
) -> SignedIn:
    """A sign-in that works."""
    outcome = await identity.sign_in(username, PASSWORD, network=NETWORK, now=now, replaces=replaces)
    assert isinstance(outcome, SignedIn)
    return outcome
