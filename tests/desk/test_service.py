"""The desk keeps its promises on both databases: one order, keys, the clock, the day's turn."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta

import pytest

from queue_service.hall.commands import (
    CallNext,
    Command,
    Finish,
    IssueTicket,
    OpenWindow,
    Start,
)
from queue_service.hall.hours import Opening
from queue_service.hall.terms import Policy, Terms
from queue_service.hall.tickets import Channel, Outcome, TicketStatus, WindowStatus
from queue_service.infra.problems import Problem
from queue_service.journal.entries import Append, Appended, DayId, Entry
from queue_service.settings import Settings
from tests.desk.house import BRANCH, CARDS, CASH, KIOSK, MONDAY, TUESDAY, House, a_house, a_plan, at, lease_of, terms

OTHER = b"o" * 16
"""The fingerprint of another request."""


async def refuses(house: House, command: Command, code: str, status: int = 409, key: str | None = None) -> None:
    with pytest.raises(Problem) as refused:
        await house.ask(command, key=key)
    assert (refused.value.code, refused.value.status) == (code, status)


# ------------------------------------------------------------------------------------------------ the day opens


async def test_a_day_opens_when_somebody_first_asks(house: House) -> None:
    day = await house.today()
    assert (day.business_on, day.seq, day.terms.version) == (MONDAY, 1, 1)
    (opening,) = await house.entries()
    assert (opening.kind, opening.actor, opening.key, opening.at) == ("day.open", "clock", None, at(9))
    assert [change.day for change in house.changes] == [day]


async def test_many_who_ask_at_once_open_one_day(house: House) -> None:
    days = await asyncio.gather(*(house.today() for _ in range(20)))
    assert {day.seq for day in days} == {1}
    assert len(await house.entries()) == 1


async def test_an_unknown_branch_is_told(house: House) -> None:
    with pytest.raises(Problem) as refused:
        await house.desk.today("nowhere")
    assert (refused.value.code, refused.value.status) == ("branch.unknown", 404)


async def test_before_the_opening_no_number_is_given_and_after_it_one_is(storage: Settings) -> None:
    async with a_house(storage) as house:
        house.clock.now = at(8, 59)
        await refuses(house, IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en"), "branch.closed")
        house.clock.now = at(9)
        assert (await house.issue())["label"] == "A001"


async def test_a_day_goes_on_after_a_restart(storage: Settings) -> None:
    async with a_house(storage) as first:
        await first.open(1)
        await first.issue()
        before = await first.today()
    async with a_house(storage) as second:
        assert await second.today() == before
        assert (await second.issue())["label"] == "A002"


# --------------------------------------------------------------------------------------------------------- keys


async def test_a_retry_gets_the_same_answer_and_nothing_more_happens(house: House) -> None:
    first = await house.issue(key="k")
    again = await house.issue(key="k")
    assert again == first
    assert (await house.today()).numbers == {"A": 1}


async def test_a_retry_gets_its_answer_after_the_state_has_moved_on(house: House) -> None:
    await house.open(1)
    issued = await house.issue()
    start = Start(window=1, lease=lease_of(1))
    await house.call(1)
    first = await house.ask(start, key="start")
    await house.ask(Finish(window=1, lease=lease_of(1)))
    await refuses(house, start, "window.idle", key="another")
    assert await house.ask(start, key="start") == first
    assert first["ticket"]["id"] == issued["id"]
    assert first["ticket"]["status"] == "serving"


async def test_a_retry_gets_its_answer_on_the_next_day(house: House) -> None:
    first = await house.issue(key="k")
    house.clock.now = at(24 + 8)  # numbers are not given yet
    assert await house.issue(key="k") == first
    house.clock.now = at(24 + 10)
    assert await house.issue(key="k") == first
    assert (await house.today()).numbers == {}


async def test_a_retry_gets_its_answer_from_another_process_and_after_a_restart(storage: Settings) -> None:
    async with a_house(storage) as first:
        answer = await first.issue(key="k")
    async with a_house(storage) as second:
        assert await second.issue(key="k") == answer
        assert (await second.issue(key="l"))["label"] == "A002"


async def test_a_call_under_one_key_calls_once(house: House) -> None:
    await house.open(1)
    await house.issue()
    await house.issue()
    first = await house.call(1, key="k")
    assert await house.call(1, key="k") == first
    await house.ask(Start(window=1, lease=lease_of(1)))
    await house.ask(Finish(window=1, lease=lease_of(1)))
    assert await house.call(1, key="k") == first, "though now it would be another's turn"
    assert len((await house.today()).live) == 1


async def test_the_same_key_for_another_request_is_refused(house: House) -> None:
    await house.issue(key="k")
    with pytest.raises(Problem) as reused:
        await house.issue(CARDS, key="k", fingerprint=OTHER)
    assert (reused.value.code, reused.value.status) == ("key.reused", 422)
    known = house.desk.newest(BRANCH)
    assert await house.today() is known, "nothing is in doubt, so that nothing is read again"
    with pytest.raises(Problem) as reused:  # also where the rules would refuse it anyway
        await house.ask(Start(window=1, lease=lease_of(1)), key="k", fingerprint=OTHER)
    assert reused.value.code == "key.reused"
    assert (await house.issue())["label"] == "A002"


async def test_a_key_belongs_to_its_actor_and_its_branch(storage: Settings) -> None:
    async with a_house(storage) as house:
        await house.publish(terms(branch_id="other"))
        labels = [
            (await house.issue(key="k"))["label"],
            (await house.issue(key="k", actor="device:second"))["label"],
            (await house.issue(key="k", branch_id="other"))["label"],
        ]
        assert labels == ["A001", "A002", "A001"]


async def test_a_refusal_uses_up_no_key(house: House) -> None:
    await refuses(house, OpenWindow(window=9, lease=lease_of(9), takeover=False), "window.unknown", 404, key="k")
    call = CallNext(window=1, lease=lease_of(1))
    await refuses(house, call, "window.closed", key="k")
    await house.open(1)
    issued = await house.issue()
    assert (await house.ask(call, key="k"))["ticket"]["id"] == issued["id"]


async def test_nobody_waiting_uses_up_no_key(house: House) -> None:
    await house.open(1)
    seq = (await house.today()).seq
    call = CallNext(window=1, lease=lease_of(1))
    assert await house.ask(call, key="k") == {"ticket": None, "reason": "nobody_waiting", "seq": seq}
    assert (await house.today()).seq == seq
    issued = await house.issue()
    assert (await house.ask(call, key="k"))["ticket"]["id"] == issued["id"]


async def test_equal_keys_at_once_have_one_effect(house: House) -> None:
    answers = await asyncio.gather(*(house.issue(key="tap") for _ in range(20)))
    assert {answer["id"] for answer in answers} == {answers[0]["id"]}
    assert (await house.today()).numbers == {"A": 1}


async def test_a_forgotten_key_may_be_used_anew(house: House) -> None:
    await house.issue(key="k")
    await house.journal.forget_keys(house.clock() + timedelta(days=1))
    assert (await house.issue(key="k"))["label"] == "A002"


# ---------------------------------------------------------------------------------------------------- the clock


async def test_a_clock_that_goes_back_changes_no_order(house: House) -> None:
    await house.open(1)
    first = await house.issue()
    house.clock.wait(minutes=-30)
    second = await house.issue()
    house.clock.wait(minutes=45)
    await house.issue()
    times = [entry.at for entry in await house.entries()]
    assert times == sorted(times)
    assert second["issued_at"] == first["issued_at"]
    called = await house.call(1)
    assert called is not None and called["id"] == first["id"]
    await house.replayed()


async def test_a_clock_that_goes_back_over_the_days_start_stays_on_the_new_day(house: House) -> None:
    await house.issue()
    house.clock.now = at(24 + 4)
    assert (await house.today()).business_on == TUESDAY
    house.clock.wait(seconds=-1)
    assert (await house.today()).business_on == TUESDAY


async def test_a_start_by_a_clock_that_went_back_over_the_days_start_goes_on_with_the_new_day(
    storage: Settings,
) -> None:
    async with a_house(storage) as first:
        await first.issue()
        first.clock.now = at(24 + 4)
        await first.today()
    async with a_house(storage, first.clock) as second:
        second.clock.wait(seconds=-1)
        assert (await second.today()).business_on == TUESDAY
        await second.open(1)


# ------------------------------------------------------------------------------------------- from day to day


async def test_at_the_next_business_day_everything_starts_anew(house: House) -> None:
    await house.open(1, 2)
    waiting, serving = await house.issue(), None
    await house.issue()
    serving = await house.call(1)
    await house.ask(Start(window=1, lease=lease_of(1)))
    assert serving is not None and serving["id"] == waiting["id"]
    house.clock.now = at(24 + 9, 30)
    tuesday = await house.today()
    assert (tuesday.business_on, tuesday.numbers, dict(tuesday.live), dict(tuesday.windows)) == (TUESDAY, {}, {}, {})
    assert (await house.issue())["label"] == "A001"
    await refuses(house, Finish(window=1, lease=lease_of(1)), "window.closed")

    monday = await house.desk.past_day(DayId(branch_id=BRANCH, business_on=MONDAY))
    assert monday is not None and monday == await house.replayed()
    statuses = {ticket.label: (ticket.status, ticket.outcome) for ticket in monday.tickets()}
    assert statuses == {"A001": (TicketStatus.FINISHED, Outcome.UNKNOWN), "A002": (TicketStatus.EXPIRED, None)}
    assert {state.status for state in monday.windows.values()} == {WindowStatus.CLOSED}
    assert {state.lease for state in monday.windows.values()} == {None}


async def test_listeners_hear_of_the_new_day(house: House) -> None:
    await house.issue()
    house.changes.clear()
    house.clock.now = at(24 + 9, 30)
    await house.today()
    assert [change.day.business_on for change in house.changes][-1] == TUESDAY
    assert house.changes[-1].day == house.desk.newest(BRANCH)


async def test_a_long_sleep_skips_days_on_which_nothing_happened(house: House) -> None:
    await house.issue()
    house.clock.wait(days=10)
    assert (await house.today()).business_on == MONDAY + timedelta(days=10)
    assert await house.journal.days(BRANCH) == [MONDAY, MONDAY + timedelta(days=10)]


async def test_what_is_due_happens_at_its_own_time(house: House) -> None:
    await house.open(1)
    await house.issue()
    house.clock.now = at(20)
    day = await house.today()
    assert not day.live
    told = {entry.kind: entry.at for entry in await house.entries()}
    assert told["clock"] == at(19, 30)


async def test_past_day_is_none_where_there_was_none(house: House) -> None:
    assert await house.desk.past_day(DayId(branch_id=BRANCH, business_on=MONDAY - timedelta(days=1))) is None


# ------------------------------------------------------------------------------------------------- waking days


async def test_wake_works_off_days_that_nobody_has_loaded(storage: Settings) -> None:
    policy = Policy(recalls_before_miss=0, missed_after_s=60)
    async with a_house(storage, known=terms(policy=policy)) as first:
        await first.open(1)
        await first.issue()
        called = await first.call(1)
    assert called is not None
    async with a_house(storage, first.clock) as second:
        second.clock.wait(seconds=61)
        await second.desk.wake()
        day = second.desk.newest(BRANCH)
        assert day is not None
        ticket = day.ticket(called["id"])
        assert ticket is not None and ticket.status is TicketStatus.MISSED
        await second.replayed()


async def test_wake_ends_days_that_were_left_behind(storage: Settings) -> None:
    async with a_house(storage) as first:
        await first.issue()
    async with a_house(storage, first.clock) as second:
        second.clock.wait(days=3)
        await second.desk.wake()
        assert second.desk.newest(BRANCH) is None, "nobody has asked for the present day yet"
        monday = await second.replayed()
        assert {ticket.status for ticket in monday.tickets()} == {TicketStatus.EXPIRED}
        assert await second.journal.due_days(second.clock(), 10) == []


async def test_wake_ends_the_running_day_and_opens_the_next(house: House) -> None:
    await house.issue()
    house.clock.now = at(24 + 4)
    await house.desk.wake()
    day = house.desk.newest(BRANCH)
    assert day is not None and day.business_on == TUESDAY


async def test_wake_goes_on_where_one_branch_cannot_be_woken(storage: Settings) -> None:
    async with a_house(storage) as first:
        for branch_id in ("afirst", "zlast"):
            await first.publish(terms(branch_id=branch_id))
            await first.issue(branch_id=branch_id)
        spoil = (await first.journal.load(DayId(branch_id="afirst", business_on=MONDAY)))[-1]
        await _write_future_event(first, spoil.seq + 1)
    async with a_house(storage, first.clock) as second:
        second.clock.now = at(24 + 4)
        with pytest.raises(BaseExceptionGroup):
            await second.desk.wake()
        entries = await second.journal.load(DayId(branch_id="zlast", business_on=MONDAY))
        assert entries[-1].kind == "clock"


async def _write_future_event(house: House, seq: int) -> None:
    """An entry as a newer release might write it."""
    entry = Entry(
        branch_id="afirst",
        business_on=MONDAY,
        seq=seq,
        key=None,
        fingerprint=None,
        at=house.clock(),
        actor=KIOSK,
        kind="new",
        events=b'[["ticket.teleported",1,{}]]',
        answer=None,
    )
    assert await house.journal.append(Append(entry=entry, due_at=None, due_changed=False)) == Appended()


# ---------------------------------------------------------------------------------------------- catalogue edits


async def test_an_edit_reaches_the_open_day_and_loses_no_ticket(house: House) -> None:
    await house.open(1, 2)
    cash, cards = await house.issue(), await house.issue(CARDS)
    published = await house.publish(_without_cards_and_window_2())
    await house.desk.wake()
    day = await house.today()
    assert day.terms.version == published.version
    assert {ticket.id for ticket in day.live.values()} == {cash["id"], cards["id"]}
    await refuses(house, IssueTicket(legs=(CARDS,), channel=Channel.KIOSK, language="en"), "service.not_offered")
    assert {(await house.serve(1))["id"], (await house.serve(1))["id"]} == {cash["id"], cards["id"]}
    assert not (await house.today()).live
    assert await house.replayed() == await house.today()


async def test_a_ticket_at_a_window_that_an_edit_removes_is_finished_there(house: House) -> None:
    await house.open(2)
    await house.issue(CARDS)
    await house.call(2)
    await house.publish(_without_cards_and_window_2())
    await house.desk.wake()
    await house.ask(Start(window=2, lease=lease_of(2)))
    assert (await house.ask(Finish(window=2, lease=lease_of(2))))["ticket"]["status"] == "finished"
    assert await house.replayed() == await house.today()


async def test_an_edit_enters_a_day_once(house: House) -> None:
    await house.issue()
    await house.publish(terms(name={"zh-CN": "新", "en": "New"}))
    await house.desk.wake()
    seq = (await house.today()).seq
    await house.desk.wake()
    assert (await house.today()).seq == seq
    assert [entry.kind for entry in await house.entries()].count("terms.change") == 1


async def test_an_edit_of_the_hours_counts_at_once(house: House) -> None:
    await house.issue()
    hours = terms().hours
    early = Opening(numbers_from=time(9), last_number=time(10), doors_close=time(10, 30))
    await house.publish(terms(hours=replace(hours, week=dict.fromkeys(range(1, 8), early))))
    house.clock.now = at(11)
    await house.desk.wake()
    await refuses(house, IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en"), "branch.closed")
    assert await house.replayed() == await house.today()


def _without_cards_and_window_2() -> Terms:
    known = terms()
    return terms(services=known.services[:1], windows=known.windows[:1], plans=(a_plan({1: (CASH,)}),))


async def test_a_command_on_a_day_that_was_not_loaded_yet_is_decided_under_the_newest_catalogue(
    storage: Settings,
) -> None:
    async with a_house(storage) as first:
        await first.issue()
        await first.publish(terms(services=(replace(terms().services[0], prefix="Z"), terms().services[1])))
    async with a_house(storage) as second:
        assert (await second.issue())["label"].startswith("Z")
