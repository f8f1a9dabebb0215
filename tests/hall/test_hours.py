"""The four times of a business day, also where clocks change and past midnight."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from queue_service.hall.hours import (
    NEXT_OPENING_DAYS_MAX,
    DayTimes,
    Hours,
    Opening,
    business_day_start_at,
    business_on,
    day_times,
    hours_faults,
    moment,
    next_opening,
    opening_on,
)

MONDAY = date(2026, 3, 2)
DAYTIME = Opening(numbers_from=time(9), last_number=time(17), doors_close=time(17, 30))
NIGHT = Opening(numbers_from=time(18), last_number=time(1, 30), doors_close=time(2))
HALF_HOUR = timedelta(minutes=30)

BERLIN, NEW_YORK, SHANGHAI = "Europe/Berlin", "America/New_York", "Asia/Shanghai"
SPRING = {BERLIN: date(2026, 3, 29), NEW_YORK: date(2026, 3, 8)}
AUTUMN = {BERLIN: date(2026, 10, 25), NEW_YORK: date(2026, 11, 1)}


def daily(time_zone: str = SHANGHAI, opening: Opening = DAYTIME, **changes: Any) -> Hours:
    return replace(Hours(time_zone=time_zone, week=dict.fromkeys(range(1, 8), opening)), **changes)


def local(time_zone: str, on: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(on, time(hour, minute), ZoneInfo(time_zone)).astimezone(UTC)


def test_an_ordinary_day_has_its_four_times_and_its_end() -> None:
    assert day_times(daily(), MONDAY) == DayTimes(
        numbers_from_at=datetime(2026, 3, 2, 1, tzinfo=UTC),
        last_number_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        doors_close_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        ends_at=datetime(2026, 3, 2, 11, 30, tzinfo=UTC),
        next_day_at=datetime(2026, 3, 2, 20, tzinfo=UTC),
    )


def test_numbers_are_given_from_the_first_moment_and_not_at_the_last() -> None:
    times = day_times(daily("UTC"), MONDAY)
    tick = timedelta(microseconds=1)
    opens, last = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 17))
    assert [times.takes_numbers(at) for at in (opens - tick, opens, last - tick, last)] == [False, True, True, False]


def test_a_closed_day_takes_no_numbers_and_ends_with_the_next() -> None:
    times = day_times(Hours(time_zone="UTC"), MONDAY)
    tuesday = datetime(2026, 3, 3, 4, tzinfo=UTC)
    assert times == DayTimes(ends_at=tuesday, next_day_at=tuesday)
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert not times.takes_numbers(noon)


def test_the_business_day_starts_at_four() -> None:
    before, at = local(SHANGHAI, MONDAY, 3, 59), local(SHANGHAI, MONDAY, 4)
    assert business_on(daily(), before) == MONDAY - timedelta(days=1)
    assert business_on(daily(), at) == MONDAY
    assert business_on(daily(business_day_start=time(0)), local(SHANGHAI, MONDAY, 0)) == MONDAY


def test_the_business_date_is_the_branch_s_not_utc_s() -> None:
    now = datetime(2026, 3, 2, 22, tzinfo=UTC)
    assert business_on(daily(SHANGHAI), now) == date(2026, 3, 3)
    assert business_on(daily(NEW_YORK), now) == date(2026, 3, 2)


def test_an_opening_past_midnight_belongs_to_the_day_it_began() -> None:
    hours = daily(opening=NIGHT)
    times = day_times(hours, MONDAY)
    tuesday = MONDAY + timedelta(days=1)
    assert times.numbers_from_at == local(SHANGHAI, MONDAY, 18)
    assert times.last_number_at == local(SHANGHAI, tuesday, 1, 30)
    assert times.doors_close_at == local(SHANGHAI, tuesday, 2)
    assert business_on(hours, local(SHANGHAI, tuesday, 1, 45)) == MONDAY
    assert times.ends_at == times.next_day_at == local(SHANGHAI, tuesday, 4)
    assert not list(hours_faults(hours))


def test_doors_that_close_as_the_next_day_starts_close_at_its_start() -> None:
    opening = replace(DAYTIME, last_number=time(4), doors_close=time(4))
    times = day_times(daily(opening=opening), MONDAY)
    assert times.last_number_at == times.doors_close_at == times.next_day_at
    assert not list(hours_faults(daily(opening=opening)))


def test_an_exception_goes_before_the_week() -> None:
    short = replace(DAYTIME, last_number=time(11), doors_close=time(12))
    hours = daily("UTC", exceptions={MONDAY: None, date(2026, 3, 3): short})
    assert opening_on(hours, MONDAY) is None
    assert opening_on(hours, date(2026, 3, 3)) == short
    assert opening_on(hours, date(2026, 3, 4)) == DAYTIME
    assert opening_on(Hours(time_zone="UTC", exceptions={MONDAY: short}), MONDAY) == short


def test_the_week_counts_from_monday() -> None:
    hours = Hours(time_zone="UTC", week={1: DAYTIME, 7: NIGHT})
    openings = [opening_on(hours, MONDAY + timedelta(days=days)) for days in range(7)]
    assert openings == [DAYTIME, None, None, None, None, None, NIGHT]


def test_around_the_clock_is_the_whole_business_day() -> None:
    hours = Hours(time_zone=SHANGHAI, is_around_the_clock=True)
    times = day_times(hours, MONDAY)
    assert times.numbers_from_at == business_day_start_at(hours, MONDAY)
    assert times.last_number_at == times.doors_close_at == times.ends_at == times.next_day_at
    for hour in range(24):
        now = datetime(2026, 3, 2, hour, tzinfo=UTC)
        assert day_times(hours, business_on(hours, now)).takes_numbers(now)


def test_around_the_clock_may_have_exceptions() -> None:
    hours = Hours(time_zone="UTC", is_around_the_clock=True, exceptions={MONDAY: None})
    assert day_times(hours, MONDAY).numbers_from_at is None


@pytest.mark.parametrize("time_zone", [BERLIN, NEW_YORK])
def test_a_day_of_a_clock_change_is_an_hour_short_or_long_before_the_branch_opens(time_zone: str) -> None:
    hours = daily(time_zone, business_day_start=time(0))
    for on, length in ((SPRING[time_zone], 23), (AUTUMN[time_zone], 25), (MONDAY, 24)):
        times = day_times(hours, on)
        assert times.next_day_at - business_day_start_at(hours, on) == timedelta(hours=length)
        assert times.numbers_from_at == local(time_zone, on, 9)
        assert times.numbers_from_at is not None
        assert times.last_number_at == times.numbers_from_at + timedelta(hours=8)


@pytest.mark.parametrize("time_zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("start", [time(0), time(1, 30), time(2), time(2, 30), time(3), time(4)])
def test_business_days_join_without_gap_or_overlap_through_clock_changes(time_zone: str, start: time) -> None:
    hours = daily(time_zone, business_day_start=start)
    for middle in (SPRING[time_zone], AUTUMN[time_zone]):
        now = local(time_zone, middle, 12) - timedelta(hours=30)
        while now < local(time_zone, middle, 12) + timedelta(hours=30):
            on = business_on(hours, now)
            assert business_day_start_at(hours, on) <= now < day_times(hours, on).next_day_at
            now += timedelta(minutes=10)


def test_a_time_that_spring_skips_is_that_long_after_the_hour_before() -> None:
    hours = daily(BERLIN, business_day_start=time(0))
    assert moment(hours, SPRING[BERLIN], time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_time_that_autumn_repeats_is_the_first() -> None:
    hours = daily(BERLIN, business_day_start=time(0))
    assert moment(hours, AUTUMN[BERLIN], time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    hours = daily(NEW_YORK, business_day_start=time(0))
    assert moment(hours, AUTUMN[NEW_YORK], time(1, 30)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_night_through_a_clock_change_closes_by_the_local_clock() -> None:
    opening = replace(NIGHT, last_number=time(3, 30), doors_close=time(3, 45))
    hours = daily(BERLIN, opening)
    eve = SPRING[BERLIN] - timedelta(days=1)
    times = day_times(hours, eve)
    assert times.doors_close_at == local(BERLIN, SPRING[BERLIN], 3, 45)
    assert times.numbers_from_at is not None
    assert times.doors_close_at is not None
    assert times.doors_close_at - times.numbers_from_at == timedelta(hours=8, minutes=45)


def test_the_next_opening_is_later_today_or_on_another_day() -> None:
    hours = daily("UTC", exceptions={date(2026, 3, 3): None})
    opens = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert next_opening(hours, opens - HALF_HOUR) == opens
    assert next_opening(hours, opens) == opens + timedelta(days=2)
    assert next_opening(hours, opens + timedelta(hours=15)) == opens + timedelta(days=2)


def test_the_next_opening_is_looked_for_so_many_days() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert next_opening(Hours(time_zone="UTC"), now) is None
    last = MONDAY + timedelta(days=NEXT_OPENING_DAYS_MAX - 1)
    assert next_opening(Hours(time_zone="UTC", exceptions={last: DAYTIME}), now) == local("UTC", last, 9)
    assert next_opening(Hours(time_zone="UTC", exceptions={last + timedelta(days=1): DAYTIME}), now) is None


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", "Asia/Shang\0hai"])
def test_an_unknown_time_zone_is_a_fault_and_the_only_one_told(time_zone: str) -> None:
    hours = daily(time_zone, replace(DAYTIME, doors_close=time(5)))
    assert list(hours_faults(hours)) == [("hours.time_zone", "unknown_time_zone", {"time_zone": time_zone})]


@pytest.mark.parametrize(
    "opening",
    [
        replace(DAYTIME, numbers_from=time(17)),
        replace(DAYTIME, last_number=time(17, 31)),
        replace(DAYTIME, doors_close=time(16)),
        replace(NIGHT, doors_close=time(4, 1)),
    ],
)
def test_times_out_of_order_are_a_fault(opening: Opening) -> None:
    hours = Hours(time_zone="UTC", week={3: opening}, exceptions={MONDAY: opening, date(2026, 3, 3): None})
    assert [(place, code) for place, code, _ in hours_faults(hours)] == [
        ("hours.week.3", "times_out_of_order"),
        ("hours.exceptions.2026-03-02", "times_out_of_order"),
    ]


@pytest.mark.parametrize("day", [0, 8])
def test_a_weekday_that_is_none_is_a_fault(day: int) -> None:
    assert list(hours_faults(Hours(time_zone="UTC", week={day: DAYTIME}))) == [("hours.week", "bad_weekday", {})]


@pytest.mark.parametrize("minutes", [-1, 1441])
def test_an_expiry_out_of_range_is_a_fault(minutes: int) -> None:
    faults = list(hours_faults(daily(expire_after_close_minutes=minutes)))
    assert faults == [("hours.expire_after_close_minutes", "out_of_range", {"least": "0", "most": "1440"})]
