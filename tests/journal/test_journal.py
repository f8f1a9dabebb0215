"""What every journal promises, on SQLite and on PostgreSQL alike."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from queue_service.journal import open_journal
from queue_service.journal.entries import Appended, KeyUsed, SeqTaken
from queue_service.journal.store import Journal, JournalOverloaded
from queue_service.settings import Settings
from tests.journal.entries import MONDAY, NINE, a_day, an_append, an_entry

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
async def journal(storage: Settings) -> AsyncIterator[Journal]:
    journal = await open_journal(storage)
    yield journal
    await journal.close()


async def test_load_gives_back_what_was_appended_in_order(journal: Journal) -> None:
    entries = [an_entry(seq, key=f"k{seq}" if seq % 2 else None) for seq in range(1, 21)]
    for entry in entries:
        assert await journal.append(an_append(entry)) == Appended()
    assert await journal.load(a_day()) == entries
    assert await journal.load(a_day(), after_seq=17) == entries[17:]
    assert await journal.load(a_day(business_on=TUESDAY)) == []


async def test_entries_survive_closing(storage: Settings) -> None:
    journal = await open_journal(storage)
    await journal.append(an_append(an_entry(1, events="叫号 €".encode())))
    await journal.close()
    journal = await open_journal(storage)
    assert await journal.load(a_day()) == [an_entry(1, events="叫号 €".encode())]
    await journal.close()


async def test_appends_of_one_tick_land_together(journal: Journal) -> None:
    days = [a_day(f"branch-{number}") for number in range(50)]
    appends = [an_append(an_entry(seq, day, key=f"{seq}")) for seq in range(1, 11) for day in days]
    assert set(await asyncio.gather(*map(journal.append, appends))) == {Appended()}
    for day in days:
        assert [entry.seq for entry in await journal.load(day)] == list(range(1, 11))


async def test_append_refuses_a_taken_seq(journal: Journal) -> None:
    await journal.append(an_append(an_entry(1, key="first")))
    assert await journal.append(an_append(an_entry(1, key="second"))) == SeqTaken()
    assert await journal.load(a_day()) == [an_entry(1, key="first")]
    assert await journal.find_key("zhongshan", "kiosk-1", "second") is None


async def test_append_refuses_a_gap(journal: Journal) -> None:
    assert await journal.append(an_append(an_entry(2))) == SeqTaken()
    await journal.append(an_append(an_entry(1)))
    assert await journal.append(an_append(an_entry(3))) == SeqTaken()
    assert await journal.load(a_day()) == [an_entry(1)]


async def test_append_refuses_a_used_key_with_its_entry(journal: Journal) -> None:
    first = an_entry(1, key="k")
    await journal.append(an_append(first))
    assert await journal.append(an_append(an_entry(2, key="k"))) == KeyUsed(entry=first)
    on_tuesday = an_entry(1, a_day(business_on=TUESDAY), key="k")
    assert await journal.append(an_append(on_tuesday)) == KeyUsed(entry=first)
    assert await journal.find_key("zhongshan", "kiosk-1", "k") == first
    assert await journal.load(a_day()) == [first]


async def test_a_key_belongs_to_its_branch_and_actor(journal: Journal) -> None:
    elsewhere = a_day("nanjing")
    for entry in (an_entry(1, key="k"), an_entry(2, key="k", actor="kiosk-2"), an_entry(1, elsewhere, key="k")):
        assert await journal.append(an_append(entry)) == Appended()
    assert await journal.find_key("nanjing", "kiosk-2", "k") is None


async def test_each_append_of_a_mixed_batch_has_its_own_outcome(journal: Journal) -> None:
    used = an_entry(1, key="used")
    await journal.append(an_append(used))
    outcomes = await asyncio.gather(
        *(
            journal.append(an_append(entry))
            for entry in (
                an_entry(1, key="late"),
                an_entry(2, key="used"),
                an_entry(2, key="fresh"),
                an_entry(3, key="fresh"),
                an_entry(3, key="next"),
                an_entry(1, a_day("nanjing"), key="used"),
                an_entry(7, a_day("beijing")),
            )
        )
    )
    fresh = an_entry(2, key="fresh")
    expected = [SeqTaken(), KeyUsed(entry=used), Appended(), KeyUsed(entry=fresh), Appended(), Appended(), SeqTaken()]
    assert outcomes == expected
    assert await journal.load(a_day()) == [used, fresh, an_entry(3, key="next")]


async def test_a_caller_who_went_away_takes_nobody_along(journal: Journal) -> None:
    gone = asyncio.ensure_future(journal.append(an_append(an_entry(1))))
    stays = asyncio.ensure_future(journal.append(an_append(an_entry(1, a_day("nanjing")))))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == Appended()
    assert await journal.load(a_day()) == [an_entry(1)]


async def test_too_many_waiting_appends_are_refused(storage: Settings) -> None:
    journal = await open_journal(storage.model_copy(update={"journal_pending_max": 5, "journal_batch_max": 2}))
    appends = [journal.append(an_append(an_entry(1, a_day(f"branch-{number}")))) for number in range(8)]
    outcomes = await asyncio.gather(*appends, return_exceptions=True)
    assert outcomes[:5] == [Appended()] * 5
    assert [type(outcome) for outcome in outcomes[5:]] == [JournalOverloaded] * 3
    assert await journal.append(an_append(an_entry(1, a_day("branch-7")))) == Appended()
    await journal.close()


async def test_close_waits_for_what_was_handed_over(storage: Settings) -> None:
    journal = await open_journal(storage)
    append = asyncio.ensure_future(journal.append(an_append(an_entry(1))))
    await asyncio.sleep(0)
    await journal.close()
    assert await append == Appended()


async def test_due_days_come_longest_due_first(journal: Journal) -> None:
    early, late, never = (a_day(branch) for branch in ("early", "late", "never"))
    await journal.append(an_append(an_entry(1, late), NINE + timedelta(minutes=2), due_changed=True))
    await journal.append(an_append(an_entry(1, early), NINE + timedelta(minutes=1), due_changed=True))
    await journal.append(an_append(an_entry(1, never), NINE, due_changed=True))
    await journal.append(an_append(an_entry(2, never), None, due_changed=True))
    await journal.append(an_append(an_entry(2, early), None, due_changed=False))
    hour = NINE + timedelta(hours=1)
    expected = [(early, NINE + timedelta(minutes=1)), (late, NINE + timedelta(minutes=2))]
    assert await journal.due_days(hour, 10) == expected
    assert await journal.due_days(hour, 1) == expected[:1]
    assert await journal.due_days(NINE + timedelta(minutes=1), 10) == expected[:1]
    await journal.append(an_append(an_entry(3, early), hour + timedelta(microseconds=1), due_changed=True))
    assert await journal.due_days(hour, 10) == expected[1:]


async def test_the_last_due_time_of_a_batch_counts(journal: Journal) -> None:
    times = [NINE, None, NINE + timedelta(minutes=5)]
    appends = [an_append(an_entry(seq), due_at, due_changed=True) for seq, due_at in enumerate(times, start=1)]
    await asyncio.gather(*map(journal.append, appends))
    assert await journal.due_days(NINE + timedelta(days=1), 10) == [(a_day(), NINE + timedelta(minutes=5))]


async def test_days_of_a_branch(journal: Journal) -> None:
    assert await journal.days("zhongshan") == []
    assert await journal.latest_day("zhongshan") is None
    for business_on in (TUESDAY, MONDAY):
        for seq in (1, 2):
            await journal.append(an_append(an_entry(seq, a_day(business_on=business_on))))
    assert await journal.days("zhongshan") == [MONDAY, TUESDAY]
    assert await journal.latest_day("zhongshan") == TUESDAY


async def test_forget_keys_frees_old_keys_and_keeps_the_entries(journal: Journal) -> None:
    old, new = an_entry(1, key="old"), an_entry(2, key="new", at=NINE + timedelta(days=7))
    for entry in (old, new):
        await journal.append(an_append(entry))
    assert await journal.forget_keys(NINE + timedelta(days=7)) == 1
    assert await journal.forget_keys(NINE + timedelta(days=7)) == 0
    assert await journal.find_key("zhongshan", "kiosk-1", "old") is None
    assert await journal.find_key("zhongshan", "kiosk-1", "new") == new
    assert await journal.load(a_day()) == [old, new]
    assert await journal.append(an_append(an_entry(3, key="old"))) == Appended()


async def test_exclusive_loads_and_appends(journal: Journal) -> None:
    first = an_entry(1, key="k")
    await journal.append(an_append(first))
    async with journal.exclusive(a_day()) as day:
        assert await day.load() == [first]
        assert await day.find_key("kiosk-1", "k") == first
        assert await day.append(an_append(an_entry(1, key="other"))) == SeqTaken()
        assert await day.append(an_append(an_entry(2, key="k"))) == KeyUsed(entry=first)
        assert await day.append(an_append(an_entry(2, key="l"))) == Appended()
        assert await day.append(an_append(an_entry(3, key="m"))) == Appended()
    assert [entry.seq for entry in await journal.load(a_day())] == [1, 2, 3]


async def test_ping_answers(journal: Journal) -> None:
    await journal.ping()
