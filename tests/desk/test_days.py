"""Days are read from where their state was kept, and from the first entry where that is no use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from queue_service.desk import days
from queue_service.desk.days import Days
from queue_service.hall.terms import VisitorClass
from queue_service.journal import postgres, snapshots, sqlite
from queue_service.journal.entries import DayId
from queue_service.settings import Settings
from tests.desk.house import BRANCH, MONDAY, House, a_house
from tests.journal.entries import an_append, an_entry

ID = DayId(branch_id=BRANCH, business_on=MONDAY)


@pytest.fixture
async def house(storage: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A hall in which somebody is served, whose state is kept after few entries and worked in by small slices."""
    monkeypatch.setattr(days, "SNAPSHOT_ENTRIES", 5)
    monkeypatch.setattr(days, "SLICE_ENTRIES", 2)
    async with a_house(storage) as house:
        await house.open(1)
        await house.issue()
        await house.serve(1)
        yield house


async def test_a_day_is_kept_now_and_then_and_read_on_from_there(house: House) -> None:
    await house.desk.keep_snapshots()
    kept = await house.journal.snapshot(ID)
    assert kept is not None
    assert snapshots.decode(kept) == await house.today()
    for _ in range(4):
        await house.issue()
    await house.desk.keep_snapshots()
    assert await house.journal.snapshot(ID) == kept, "too little has happened since"
    assert await Days(house.journal).load(ID) == await house.today() == await house.replayed()
    await house.issue()
    await house.desk.keep_snapshots()
    newer = await house.journal.snapshot(ID)
    assert newer is not None
    assert newer.seq == (await house.today()).seq


async def test_only_what_came_after_the_kept_state_is_worked_in(house: House) -> None:
    told_apart = replace(await house.today(), shares=(VisitorClass.VIP,))
    await house.journal.keep_snapshot(snapshots.take(told_apart))
    await house.journal.keep_snapshot(
        snapshots.take(replace(told_apart, seq=told_apart.seq - 1))
    )  # by a slower process
    await house.issue()
    day = await Days(house.journal).load(ID)
    assert day is not None
    assert day == replace(await house.replayed(), shares=(VisitorClass.VIP,))


@pytest.mark.parametrize("fault", ["rules", "at", "seq"])
async def test_a_state_that_fits_no_entry_or_no_rules_is_passed_by(house: House, fault: str) -> None:
    day = replace(await house.today(), shares=(VisitorClass.VIP,))
    wrong = {
        "rules": replace(snapshots.take(day), rules=b"of another release"),
        "at": snapshots.take(replace(day, at=day.at + timedelta(microseconds=1))),
        "seq": snapshots.take(replace(day, seq=day.seq + 1)),
    }
    await house.journal.keep_snapshot(wrong[fault])
    assert await Days(house.journal).load(ID) == await house.replayed()


async def test_a_state_that_another_process_has_gone_beyond_or_of_a_past_day_is_not_kept(house: House) -> None:
    house.desk.fall_behind(BRANCH)
    await house.desk.keep_snapshots()
    assert await house.journal.snapshot(ID) is None
    await house.today()
    await house.desk.keep_snapshots()
    kept = await house.journal.snapshot(ID)
    assert kept is not None
    days_here = Days(house.journal)
    monday = await days_here.load(ID)
    assert monday is not None
    sunday = DayId(branch_id=BRANCH, business_on=MONDAY - timedelta(days=1))
    entry = an_entry(1, sunday)
    await house.journal.append(an_append(entry))
    past = replace(monday, business_on=sunday.business_on, seq=entry.seq, at=entry.at)
    await house.journal.keep_snapshot(snapshots.take(past))
    assert await days_here.load(sunday) == past
    await house.journal.forget_snapshots(MONDAY + timedelta(days=1))
    await days_here.keep(monday)
    assert await house.journal.snapshot(ID) is None, (
        "nothing has happened since it was kept, whatever was read meanwhile"
    )


async def test_kept_states_go_some_days_after(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "FORGET_SNAPSHOTS_MAX", 2)
    monkeypatch.setattr(postgres, "FORGET_SNAPSHOTS_MAX", 2)
    await house.desk.keep_snapshots()
    today = await house.today()
    for age in range(1, 4):
        await house.journal.keep_snapshot(snapshots.take(replace(today, business_on=MONDAY - timedelta(days=age))))
    assert await house.journal.forget_snapshots(MONDAY) == 3
    assert await house.journal.snapshot(ID) is not None
    assert await house.journal.forget_snapshots(MONDAY + timedelta(days=1)) == 1
    assert await house.journal.snapshot(ID) is None


async def test_others_have_their_turn_while_a_day_is_read(house: House) -> None:
    entries = await house.journal.load(ID)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    assert await days.replayed(entries) == await house.today()
    counting.cancel()
    assert turns >= len(entries) // 2 - 1
