"""Accounts, sign-ins and sessions, on both databases."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from queue_service.identity import store
from queue_service.identity.rules import AccountRefusal, DeviceKind, Role
from queue_service.identity.service import Identity, SignInRefusal, SignInRefused
from queue_service.identity.store import Colleague
from queue_service.infra.database import Database
from queue_service.settings import Settings
from tests.identity.callers import OTHER, OWN
from tests.identity.signing import (
    NETWORK,
    NOW,
    PASSWORD,
    Hasher,
    Seconds,
    a_hasher,
    add_device,
    add_staff,
    after,
    sign_in,
)

ELSEWHERE = "198.51.100.1"


@pytest.fixture
async def elsewhere(storage: Settings) -> AsyncIterator[Identity]:
    """Another process on the same database."""
    database = await Database.open(storage)
    identity = Identity(database, storage, a_hasher())
    yield identity
    identity.close()
    await database.close()


async def refused(
    identity: Identity,
    username: str = "anna",
    password: str = "wrong horse",
    *,
    network: str = NETWORK,
) -> SignInRefused:
    outcome = await identity.sign_in(username, password, network=network, now=NOW)
    assert isinstance(outcome, SignInRefused)
    return outcome


def ended(identity: Identity) -> list[str]:
    """What the listeners are told from now on."""
    told: list[str] = []
    identity.on_session_ended.append(told.append)
    return told


# ------------------------------------------------------------------------------------------------------------ sign in


async def test_a_session_gives_the_member_of_staff(identity: Identity) -> None:
    staff_id = await add_staff(identity, "anna", Role.TELLER, Role.GREETER)
    signed_in = await sign_in(identity)
    caller = await identity.staff(signed_in.token, NOW)
    assert caller == signed_in.caller
    assert caller is not None
    assert (caller.id, caller.roles, caller.branch_id) == (staff_id, {Role.TELLER, Role.GREETER}, OWN)
    assert caller.session is not None
    assert signed_in.token not in repr(caller)


@pytest.mark.parametrize("typed", ["anna", "ANNA", "ａｎｎａ"])
async def test_neither_case_nor_width_of_a_username_counts(identity: Identity, typed: str) -> None:
    await add_staff(identity, "Anna")
    await sign_in(identity, typed)


async def test_a_password_is_the_same_however_it_was_composed(identity: Identity) -> None:
    await add_staff(identity, password="café-crème")
    composed = await identity.sign_in("anna", "cafe\u0301-cre\u0300me", network=NETWORK, now=NOW)
    assert not isinstance(composed, SignInRefused)


async def test_wrong_unknown_and_deactivated_are_answered_alike_after_one_verification(
    identity: Identity, hasher: Hasher
) -> None:
    await add_staff(identity, "anna")
    await add_staff(identity, "gone")
    await identity.deactivate_staff("gone", NOW)
    answers, verifications = [], []
    for username, password in (("anna", "wrong horse"), ("nobody", PASSWORD), ("gone", PASSWORD), ("nobody", "")):
        before = hasher.verified
        answers.append(await refused(identity, username, password))
        verifications.append(hasher.verified - before)
    assert answers == [SignInRefused(code=SignInRefusal.WRONG)] * 4
    assert verifications == [1] * 4


async def test_a_hash_with_outdated_parameters_is_renewed_at_sign_in(
    identity: Identity, tables: Database, storage: Settings
) -> None:
    await add_staff(identity)
    stronger = Identity(tables, storage, a_hasher(Hasher(time_cost=2)))
    await sign_in(stronger)
    stronger.close()
    async with tables.read() as connection:
        account = await store.account(connection, "anna")
    assert account is not None
    assert "t=2" in account.password_hash


async def test_deactivation_while_the_password_is_checked_wins(identity: Identity, hasher: Hasher) -> None:
    await add_staff(identity)
    hasher.may_end.clear()
    signing_in = asyncio.create_task(identity.sign_in("anna", PASSWORD, network=NETWORK, now=NOW))
    await asyncio.to_thread(hasher.began.wait, 10)
    await identity.deactivate_staff("anna", NOW)
    hasher.may_end.set()
    assert await signing_in == SignInRefused(code=SignInRefusal.WRONG)


async def test_more_sign_ins_than_may_wait_are_refused(tables: Database, storage: Settings, hasher: Hasher) -> None:
    identity = Identity(tables, storage.model_copy(update={"password_pending_max": 1}), a_hasher(hasher))
    await add_staff(identity)
    hasher.may_end.clear()
    first = asyncio.create_task(identity.sign_in("anna", PASSWORD, network=NETWORK, now=NOW))
    await asyncio.to_thread(hasher.began.wait, 10)
    for _ in range(storage.sign_in_address_failures_max + 1):  # nothing is checked, so nothing counts
        assert await refused(identity) == SignInRefused(code=SignInRefusal.BUSY)
    hasher.may_end.set()
    assert not isinstance(await first, SignInRefused)
    identity.close()


# ----------------------------------------------------------------------------------------------------------- throttle


@pytest.mark.parametrize("username", ["anna", "nobody"])
async def test_an_account_is_throttled_from_all_networks_whether_it_exists_or_not(
    identity: Identity, storage: Settings, hasher: Hasher, seconds: Seconds, username: str
) -> None:
    await add_staff(identity)
    failures_max = storage.sign_in_account_failures_max
    codes = [(await refused(identity, username, network=f"192.0.2.{n}")).code for n in range(failures_max)]
    assert codes == [SignInRefusal.WRONG] * failures_max
    verified = hasher.verified
    for typed in (username, username.upper()):
        assert await refused(identity, typed, PASSWORD) == SignInRefused(code=SignInRefusal.THROTTLED, retry_s=60)
    assert hasher.verified == verified
    seconds.now_s += storage.sign_in_account_recover_s
    assert (await refused(identity, username)).code is SignInRefusal.WRONG


async def test_a_network_is_throttled_over_all_accounts(
    identity: Identity, storage: Settings, seconds: Seconds
) -> None:
    await add_staff(identity)
    for n in range(storage.sign_in_address_failures_max):
        await refused(identity, f"guess{n}")
    outcome = await refused(identity, "anna", PASSWORD)
    assert outcome == SignInRefused(code=SignInRefusal.THROTTLED, retry_s=10)
    seconds.now_s += storage.sign_in_address_recover_s
    await sign_in(identity)
    assert (await refused(identity, network=ELSEWHERE)).code is SignInRefusal.WRONG


async def test_a_clock_that_is_set_back_locks_nobody_out(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    for _ in range(storage.sign_in_account_failures_max - 1):
        await refused(identity)
    await sign_in(identity, now=after(-86_400))


async def test_attempts_at_a_throttled_account_cost_the_others_of_a_hall_nothing(
    identity: Identity, storage: Settings
) -> None:
    await add_staff(identity)
    for _ in range(storage.sign_in_account_failures_max + storage.sign_in_address_failures_max):
        await refused(identity, "guess")
    await sign_in(identity)


def test_a_hall_full_of_tellers_may_mistype_at_once() -> None:
    assert Settings().sign_in_address_failures_max >= 100


async def test_sign_ins_that_work_are_not_counted(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    for _ in range(storage.sign_in_address_failures_max + 1):
        await sign_in(identity)


# ----------------------------------------------------------------------------------------------------------- sessions


async def test_a_new_sign_in_ends_the_session_it_replaces_and_no_other(identity: Identity) -> None:
    await add_staff(identity)
    kept, old = await sign_in(identity), await sign_in(identity)
    told = ended(identity)
    new = await sign_in(identity, replaces=old.token)
    assert new.token != old.token
    assert new.caller.session != old.caller.session
    assert await identity.staff(old.token, NOW) is None
    assert await identity.staff(kept.token, NOW) == kept.caller
    assert told == [old.caller.session]


async def test_a_sign_in_that_fails_ends_nothing(identity: Identity) -> None:
    await add_staff(identity)
    old = await sign_in(identity)
    await identity.sign_in("anna", "wrong horse", network=NETWORK, now=NOW, replaces=old.token)
    assert await identity.staff(old.token, NOW) == old.caller


@pytest.mark.parametrize("how", ["sign_out", "change_password", "deactivate"])
async def test_a_session_that_the_server_ends_is_over_at_once(identity: Identity, how: str) -> None:
    await add_staff(identity)
    signed_in = await sign_in(identity)
    assert await identity.staff(signed_in.token, NOW)
    told = ended(identity)
    match how:
        case "sign_out":
            await identity.sign_out(signed_in.token, NOW)
        case "change_password":
            assert await identity.change_password("Anna", "another horse", NOW) is None
        case "deactivate":
            assert await identity.deactivate_staff("Anna", NOW) is None
    assert told == [signed_in.caller.session]
    assert await identity.staff(signed_in.token, NOW) is None


async def test_after_a_change_of_password_only_the_new_one_works(identity: Identity) -> None:
    await add_staff(identity, password="the old horse")
    await identity.change_password("anna", PASSWORD, NOW)
    await refused(identity, password="the old horse")
    await sign_in(identity)


async def test_a_session_ended_by_another_process_is_over_within_the_recheck_age(
    identity: Identity, elsewhere: Identity, storage: Settings
) -> None:
    await add_staff(identity)
    signed_in = await sign_in(identity)
    assert await identity.staff(signed_in.token, NOW)
    await elsewhere.sign_out(signed_in.token, NOW)
    told = ended(identity)
    assert await identity.staff(signed_in.token, after(storage.session_recheck_s)) is None
    assert told == [signed_in.caller.session]


async def test_keeping_tells_listeners_what_another_process_ended(identity: Identity, elsewhere: Identity) -> None:
    await add_staff(identity)
    signed_in, device = await sign_in(identity), await add_device(identity)
    assert await identity.staff(signed_in.token, NOW)
    assert await identity.device(device.token, NOW)
    await elsewhere.deactivate_staff("anna", NOW)
    await elsewhere.deactivate_device(device.id)
    told = ended(identity)
    await identity.keep(after(1))
    assert told == [signed_in.caller.session, device.id]


async def test_an_idle_session_ends(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    signed_in = await sign_in(identity)
    idle_s = storage.session_idle_s
    assert await identity.staff(signed_in.token, after(idle_s - 1))
    assert await identity.staff(signed_in.token, after(2 * idle_s - 2))
    told = ended(identity)
    await identity.keep(after(3 * idle_s - 2))
    assert told == [signed_in.caller.session]
    assert await identity.staff(signed_in.token, after(3 * idle_s - 2)) is None


async def test_no_activity_carries_a_session_beyond_its_lifetime(identity: Identity, storage: Settings) -> None:
    await add_staff(identity)
    signed_in = await sign_in(identity)
    lifetime_s = int(storage.session_lifetime_s)
    for now_s in range(0, lifetime_s, 3600):
        assert await identity.staff(signed_in.token, after(now_s))
    assert await identity.staff(signed_in.token, after(lifetime_s - 1))
    assert await identity.staff(signed_in.token, after(lifetime_s)) is None


async def test_activity_is_stored_once_a_minute_and_counts_for_other_processes(
    identity: Identity, elsewhere: Identity, tables: Database, storage: Settings
) -> None:
    async def stored_s() -> float:
        async with tables.read() as connection:
            seen_at = (await connection.execute(select(store.sessions.c.last_seen_at))).scalar_one()
        return (seen_at - NOW).total_seconds()

    await add_staff(identity)
    signed_in = await sign_in(identity)
    stored = []
    for now_s in (30, 59, 60, 90, 121):
        await identity.staff(signed_in.token, after(now_s))
        await identity.keep(after(now_s))
        stored.append(await stored_s())
    assert stored == [0, 0, 60, 60, 121]
    assert await elsewhere.staff(signed_in.token, after(storage.session_idle_s + 120))


async def test_sessions_whose_time_is_over_leave_the_table(
    identity: Identity, tables: Database, storage: Settings
) -> None:
    await add_staff(identity)
    await sign_in(identity)
    new = await sign_in(identity, now=after(storage.session_lifetime_s))
    async with tables.read() as connection:
        ids = (await connection.execute(select(store.sessions.c.id))).scalars().all()
    assert ids == [new.caller.session]


# ------------------------------------------------------------------------------------------------- accounts, devices


async def test_a_username_is_given_once_in_any_case(identity: Identity) -> None:
    await add_staff(identity, "Anna")
    again = await identity.add_staff(
        username="aNNA", password=PASSWORD, name="Anna", roles=frozenset({Role.TELLER}), branch_id=OWN
    )
    assert again is AccountRefusal.USERNAME_TAKEN


async def test_changes_to_unknown_accounts_are_refused(identity: Identity) -> None:
    assert await identity.change_password("nobody", PASSWORD, NOW) is AccountRefusal.UNKNOWN
    assert await identity.deactivate_staff("nobody", NOW) is AccountRefusal.UNKNOWN
    assert await identity.deactivate_device("device:nobody") is AccountRefusal.UNKNOWN


async def test_a_weak_password_is_refused_for_old_and_new_accounts(identity: Identity, storage: Settings) -> None:
    weak = "x" * (storage.password_length_min - 1)
    added = await identity.add_staff(
        username="bo", password=weak, name="Bo", roles=frozenset({Role.TELLER}), branch_id=OWN
    )
    assert added is AccountRefusal.PASSWORD_WEAK
    await add_staff(identity)
    assert await identity.change_password("anna", weak, NOW) is AccountRefusal.PASSWORD_WEAK


async def test_colleagues_are_the_active_staff_of_the_branch_and_who_belongs_to_every_one(identity: Identity) -> None:
    own = await add_staff(identity, "anna", Role.TELLER, Role.GREETER)
    admin = await add_staff(identity, "root", Role.ADMIN)
    await add_staff(identity, "far", branch_id=OTHER)
    await add_staff(identity, "gone")
    await identity.deactivate_staff("gone", NOW)
    expected = [
        Colleague(id=own, name="安娜", roles=frozenset({Role.TELLER, Role.GREETER})),
        Colleague(id=admin, name="安娜", roles=frozenset({Role.ADMIN})),
    ]
    assert await identity.colleagues(OWN) == sorted(expected, key=lambda colleague: colleague.id)


async def test_a_device_is_known_by_its_token_until_deactivated(identity: Identity) -> None:
    added = await add_device(identity, DeviceKind.DISPLAY)
    caller = await identity.device(added.token, NOW)
    assert caller is not None
    assert (caller.id, caller.device_kind, caller.branch_id, caller.name) == (
        added.id,
        DeviceKind.DISPLAY,
        OWN,
        "入口",
    )
    assert await identity.device(added.token, after(10**8)), "a device does not run out"
    told = ended(identity)
    assert await identity.deactivate_device(added.id) is None
    assert await identity.device(added.token, after(10**8)) is None
    assert told == [added.id]


async def test_a_token_is_good_for_its_own_kind_alone(identity: Identity) -> None:
    await add_staff(identity)
    signed_in, device = await sign_in(identity), await add_device(identity)
    assert await identity.device(signed_in.token, NOW) is None
    assert await identity.staff(device.token, NOW) is None


async def test_neither_tokens_nor_passwords_are_stored(identity: Identity, tables: Database, storage: Settings) -> None:
    await add_staff(identity)
    secrets = [(await sign_in(identity)).token, (await add_device(identity)).token, PASSWORD]
    async with tables.read() as connection:
        rows = [
            str(row)
            for table in (store.staff, store.sessions, store.devices)
            for row in await connection.execute(select(table))
        ]
    assert len(rows) == 3
    stored = "\n".join(rows).encode() + b"".join(
        path.read_bytes() for path in storage.data_dir.glob("tables.db*") if path.is_file()
    )
    assert [secret for secret in secrets if secret.encode() in stored] == []
