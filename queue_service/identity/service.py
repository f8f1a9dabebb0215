"""Accounts, sign-ins, and who holds a token."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

import structlog
from pwdlib import PasswordHash
from sqlalchemy.exc import IntegrityError

from queue_service.identity import presence, store
from queue_service.identity.known import KnownCallers
from queue_service.identity.passwords import Passwords
from queue_service.identity.presence import Kiosk
from queue_service.identity.rules import (
    AccountRefusal,
    Caller,
    DeviceKind,
    Role,
    device_refusal,
    password_refusal,
    staff_refusal,
    username_folded,
)
from queue_service.identity.store import Colleague, DeviceListed, StaffListed
from queue_service.infra.chance import secure_token
from queue_service.infra.database import Database
from queue_service.infra.limits import Buckets
from queue_service.settings import Settings

log = structlog.get_logger()


class SignInRefusal(StrEnum):
    """Why a sign-in made no session; an unknown, a deactivated and a mistaken one are not told apart."""

    WRONG = "session.wrong"
    THROTTLED = "session.throttled"
    BUSY = "session.busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused:
    """No session."""

    code: SignInRefusal
    retry_s: int | None = None
    """Seconds until another attempt is heard; None when it is heard at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session, with the token that is told once."""

    caller: Caller
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded:
    """A new member of staff."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAdded:
    """A new device, with the token that is told once."""

    id: str
    token: str


class Identity:
    """Who is who.

    `on_session_ended` is called at once, in the loop, with the public id of each session that ended here, and within
    `session_recheck_s` with those that another process ended or whose time ran out; for a device with its id. An id may
    be told more than once, and the functions must not raise.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        hasher: PasswordHash,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now_s`: seconds of a clock that never goes back, for the throttle."""
        self.on_session_ended: list[Callable[[str], None]] = []
        self._now_s = now_s
        self._database = database
        self._settings = settings
        self._passwords = Passwords(
            hasher, threads=settings.password_threads, pending_max=settings.password_pending_max
        )
        self._of_account = Buckets(
            rate_per_s=1 / settings.sign_in_account_recover_s,
            burst=settings.sign_in_account_failures_max,
            keys_max=settings.sign_in_keys_max,
        )
        self._of_network = Buckets(
            rate_per_s=1 / settings.sign_in_address_recover_s,
            burst=settings.sign_in_address_failures_max,
            keys_max=settings.sign_in_keys_max,
        )
        self._staff, self._devices = (
            KnownCallers(
                database,
                read,
                self._tell_ended,
                known_max=settings.callers_known_max,
                age_max=timedelta(seconds=settings.session_recheck_s),
                idle_max=timedelta(seconds=settings.session_idle_s),
            )
            for read in (store.staff_signs, store.device_signs)
        )

    def close(self) -> None:
        """Ends the threads."""
        self._passwords.close()

    async def staff(self, token: str, now: datetime) -> Caller | None:
        """Who holds the session of this token; as a rule no row is read for it."""
        return await self._staff.find(_digest(token), now)

    async def device(self, token: str, now: datetime) -> Caller | None:
        """The active device of this token; as a rule no row is read for it."""
        return await self._devices.find(_digest(token), now)

    async def sign_in(
        self, username: str, password: str, *, network: str, now: datetime, replaces: str | None = None
    ) -> SignedIn | SignInRefused:
        """A session for who knows the password; the one whose token is `replaces` ends with it.

        `network` is where the attempt comes from (see `infra.limits.client_network`). Each attempt counts before its
        outcome is known, so that attempts at once do not slip through; one that works, or whose password nobody looked
        at, is not counted in the end.
        """
        username = username_folded(username)
        wait_s = self._count(network, username)
        if wait_s > 0:
            return SignInRefused(code=SignInRefusal.THROTTLED, retry_s=ceil(wait_s))
        async with self._database.read() as connection:
            account = await store.account(connection, username)
        if self._passwords.is_full:
            self._uncount(network, username)
            return SignInRefused(code=SignInRefusal.BUSY)
        verdict = await self._passwords.check(password, account.password_hash if account else None)
        if account is None or not account.active or not verdict.is_right:
            return SignInRefused(code=SignInRefusal.WRONG)
        token = secure_token()
        async with self._database.write() as connection:
            if await store.account(connection, username, lock=True) != account:
                return SignInRefused(code=SignInRefusal.WRONG)  # deactivated or given another password meanwhile
            if verdict.rehashed is not None:
                await store.change_password_hash(connection, account.staff_id, verdict.rehashed)
            ended = await store.end_session(connection, _digest(replaces), now) if replaces else []
            await store.add_session(
                connection,
                session_id=f"session:{secure_token(12)}",
                staff_id=account.staff_id,
                token_hash=_digest(token),
                now=now,
                expires_at=now + timedelta(seconds=self._settings.session_lifetime_s),
            )
            [sign] = await store.staff_signs(connection, [_digest(token)])
        self._uncount(network, username)
        self._staff.end(ended)
        return SignedIn(caller=sign.caller, token=token)

    async def sign_out(self, token: str, now: datetime) -> None:
        """Ends the session of this token, if there is one."""
        async with self._database.write() as connection:
            ended = await store.end_session(connection, _digest(token), now)
        self._staff.end(ended)

    async def colleagues(self, branch_id: str) -> list[Colleague]:
        """Who may work at a branch now: its active staff, and those who belong to every branch; by name."""
        async with self._database.read() as connection:
            return await store.colleagues(connection, branch_id)

    async def add_staff(
        self, *, username: str, password: str, name: str, roles: frozenset[Role], branch_id: str | None
    ) -> StaffAdded | AccountRefusal:
        """Opens an account; `branch_id` None is for admins, who belong to every branch."""
        refusal = staff_refusal(username, name, roles, branch_id) or self._password_refusal(password)
        if refusal is not None:
            return refusal
        password_hash = await self._passwords.hash(password)
        staff_id = f"staff:{secure_token(12)}"
        try:
            async with self._database.write() as connection:
                await store.add_staff(
                    connection,
                    staff_id=staff_id,
                    username=username_folded(username),
                    password_hash=password_hash,
                    name=name,
                    branch_id=branch_id,
                    roles=roles,
                )
        except IntegrityError:  # the username is all that can collide
            return AccountRefusal.USERNAME_TAKEN
        return StaffAdded(id=staff_id)

    async def change_password(self, username: str, password: str, now: datetime) -> AccountRefusal | None:
        """Ends every session of the account too."""
        refusal = self._password_refusal(password)
        if refusal is not None:
            return refusal
        password_hash = await self._passwords.hash(password)
        async with self._database.write() as connection:
            account = await store.account(connection, username_folded(username), lock=True)
            if account is None:
                return AccountRefusal.UNKNOWN
            await store.change_password_hash(connection, account.staff_id, password_hash)
            ended = await store.end_sessions_of(connection, account.staff_id, now)
        self._staff.end(ended)
        return None

    async def deactivate_staff(self, username: str, now: datetime) -> AccountRefusal | None:
        """Ends every session of the account and lets it sign in no more; its name stays taken."""
        async with self._database.write() as connection:
            account = await store.account(connection, username_folded(username), lock=True)
            if account is None:
                return AccountRefusal.UNKNOWN
            await store.deactivate_staff(connection, account.staff_id)
            ended = await store.end_sessions_of(connection, account.staff_id, now)
        self._staff.end(ended)
        return None

    async def add_device(self, *, kind: DeviceKind, name: str, branch_id: str) -> DeviceAdded | AccountRefusal:
        """Lets a machine of a branch in, by a name that no other active device of the branch has."""
        refusal = device_refusal(name, branch_id)
        if refusal is not None:
            return refusal
        device = DeviceAdded(id=f"device:{secure_token(12)}", token=secure_token())
        try:
            async with self._database.write() as connection:
                await store.add_device(
                    connection,
                    device_id=device.id,
                    kind=kind,
                    name=name,
                    branch_id=branch_id,
                    token_hash=_digest(device.token),
                )
        except IntegrityError:  # the name is all that can collide
            return AccountRefusal.DEVICE_NAME_TAKEN
        return device

    async def deactivate_device(self, device_id: str) -> AccountRefusal | None:
        """The device's token is worth nothing from now on."""
        async with self._database.write() as connection:
            if not await store.deactivate_device(connection, device_id):
                return AccountRefusal.UNKNOWN
        self._devices.end([device_id])
        return None

    async def rotate_device(self, device_id: str) -> DeviceAdded | AccountRefusal:
        """Gives an active device another token; the one that it had is worth nothing from now on."""
        device = DeviceAdded(id=device_id, token=secure_token())
        async with self._database.write() as connection:
            if not await store.change_device_token(connection, device_id, _digest(device.token)):
                return AccountRefusal.UNKNOWN
        self._devices.end([device_id])
        return device

    async def staff_listed(self) -> list[StaffListed]:
        """Every account, by branch and username."""
        async with self._database.read() as connection:
            return await store.staff_listed(connection)

    async def devices_listed(self, branch_id: str | None = None) -> list[DeviceListed]:
        """Every device, of one branch or of all, by branch and name."""
        async with self._database.read() as connection:
            return await store.devices_listed(connection, branch_id)

    async def kiosks(self, branch_id: str, now: datetime) -> list[Kiosk]:
        """A branch's active kiosks, by name."""
        return await presence.kiosks(self._database, [branch_id], now)

    async def keep(self, now: datetime) -> None:
        """Learns what other processes ended, ends what ran out, and stores who was active."""
        await self._staff.read_again(now)
        await self._devices.read_again(now)
        unsaved = self._staff.unsaved(timedelta(seconds=self._settings.session_activity_s))
        if unsaved:
            async with self._database.write() as connection:
                await store.save_seen(connection, unsaved)

    def _count(self, network: str, username: str) -> float:
        """0 where the attempt was counted; else the seconds until it may be made, and nothing was counted."""
        now_s = self._now_s()
        wait_s = self._of_network.take(network, now_s)
        if wait_s == 0:
            wait_s = self._of_account.take(username, now_s)
            if wait_s > 0:
                self._of_network.give_back(network)
        return wait_s

    def _uncount(self, network: str, username: str) -> None:
        self._of_network.give_back(network)
        self._of_account.give_back(username)

    def _password_refusal(self, password: str) -> AccountRefusal | None:
        return password_refusal(password, self._settings.password_length_min)

    def _tell_ended(self, name: str) -> None:
        for listener in self.on_session_ended:
            listener(name)


def _digest(token: str) -> str:
    """What is stored of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
