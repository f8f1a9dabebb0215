"""When a branch is open: the four times of a business day, in the branch's time zone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEXT_OPENING_DAYS_MAX = 60
ISO_WEEKDAYS = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The local times of one business day; a time before the business day's start is past midnight."""

    numbers_from: time
    last_number: time
    doors_close: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When the branch is open."""

    time_zone: str
    business_day_start: time = time(4)
    week: Mapping[int, Opening] = field(default_factory=dict)
    """By ISO weekday, 1 = Monday; a weekday that is missing is closed."""
    exceptions: Mapping[date, Opening | None] = field(default_factory=dict)
    """Dates that differ from their weekday; None: closed."""
    expire_after_close_minutes: int = 120
    """Minutes after the doors close at which tickets that still wait expire."""
    is_around_the_clock: bool = False
    """Open all the time: the business day's own limits are the only ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTimes:
    """The four times of one business day and its end, as moments in UTC.

    `numbers_from_at`, `last_number_at` and `doors_close_at` are None together: the branch is closed all day.
    """

    numbers_from_at: datetime | None = None
    last_number_at: datetime | None = None
    doors_close_at: datetime | None = None
    ends_at: datetime
    """Tickets that still wait expire."""
    next_day_at: datetime
    """The next business day starts; nothing of this one goes on."""

    def takes_numbers(self, now: datetime) -> bool:
        """Whether numbers are given at `now`."""
        if self.numbers_from_at is None or self.last_number_at is None:
            return False
        return self.numbers_from_at <= now < self.last_number_at


def business_on(hours: Hours, now: datetime) -> date:
    """The business date that `now` belongs to in the branch's time zone."""
    local = now.astimezone(ZoneInfo(hours.time_zone))
    on = local.date()
    return on if now >= business_day_start_at(hours, on) else on - timedelta(days=1)


def opening_on(hours: Hours, on: date) -> Opening | None:
    """The opening of a business date; None when closed. Around the clock it spans the business day."""
    if on in hours.exceptions:
        return hours.exceptions[on]
    if hours.is_around_the_clock:
        start = hours.business_day_start
        return Opening(numbers_from=start, last_number=start, doors_close=start)
    return hours.week.get(on.isoweekday())


def day_times(hours: Hours, on: date) -> DayTimes:
    """The times of business date `on`; a local time that a clock change skips or repeats counts in its first sense."""
    next_day_at = business_day_start_at(hours, on + timedelta(days=1))
    opening = opening_on(hours, on)
    if opening is None:
        return DayTimes(ends_at=next_day_at, next_day_at=next_day_at)
    doors_close_at = moment(hours, on, opening.doors_close, is_end=True)
    expires_at = doors_close_at + timedelta(minutes=hours.expire_after_close_minutes)
    return DayTimes(
        numbers_from_at=moment(hours, on, opening.numbers_from),
        last_number_at=moment(hours, on, opening.last_number, is_end=True),
        doors_close_at=doors_close_at,
        ends_at=min(expires_at, next_day_at),
        next_day_at=next_day_at,
    )


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """The next moment after `now` at which numbers are given; None if there is none within `NEXT_OPENING_DAYS_MAX`."""
    on = business_on(hours, now)
    for days in range(NEXT_OPENING_DAYS_MAX):
        opens_at = day_times(hours, on + timedelta(days=days)).numbers_from_at
        if opens_at is not None and opens_at > now:
            return opens_at
    return None


def hours_faults(hours: Hours) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What makes hours unusable, as (place, code, parameters); see `terms.faults`."""
    try:
        ZoneInfo(hours.time_zone)
    except (ValueError, OSError, LookupError):
        yield "hours.time_zone", "unknown_time_zone", {"time_zone": hours.time_zone}
        return
    if not set(hours.week) <= ISO_WEEKDAYS:
        yield "hours.week", "bad_weekday", {}
    if not 0 <= hours.expire_after_close_minutes <= 24 * 60:
        yield "hours.expire_after_close_minutes", "out_of_range", {"least": "0", "most": str(24 * 60)}
    openings = [(f"hours.week.{day}", opening) for day, opening in hours.week.items()]
    openings += [(f"hours.exceptions.{on}", opening) for on, opening in hours.exceptions.items() if opening is not None]
    for place, opening in openings:
        any_day = date(2000, 1, 1)
        opens = wall_clock(hours, any_day, opening.numbers_from)
        last = wall_clock(hours, any_day, opening.last_number, is_end=True)
        closes = wall_clock(hours, any_day, opening.doors_close, is_end=True)
        if not opens < last <= closes:
            yield place, "times_out_of_order", {}


def moment(hours: Hours, on: date, at: time, *, is_end: bool = False) -> datetime:
    """The moment in UTC of local time `at` within business day `on`; an end at the day's start is the day's end."""
    return wall_clock(hours, on, at, is_end=is_end).replace(tzinfo=ZoneInfo(hours.time_zone)).astimezone(UTC)


def business_day_start_at(hours: Hours, on: date) -> datetime:
    """The moment in UTC at which business day `on` starts."""
    return moment(hours, on, hours.business_day_start)


def wall_clock(hours: Hours, on: date, at: time, *, is_end: bool = False) -> datetime:
    """What calendar and clock of the branch show at local time `at` within business day `on`; no time zone."""
    is_next_date = at < hours.business_day_start or (is_end and at == hours.business_day_start)
    return datetime.combine(on + timedelta(days=1) if is_next_date else on, at)
