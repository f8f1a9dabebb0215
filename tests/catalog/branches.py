"""A small branch as a file and as terms, and any branch at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

from hypothesis import strategies as st

from queue_service.catalog import files, rules
from queue_service.hall.hours import Hours, Opening
from queue_service.hall.terms import (
    ClassPolicy,
    Notice,
    Plan,
    PlanOrder,
    PlanSwitch,
    Policy,
    ReinstateRule,
    Service,
    Terms,
    Text,
    VisitorClass,
    Window,
    Zone,
)

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)

BRANCH = """\
branch: east-gate
name: {zh-CN: 东门支行, en: East Gate}
hours:
  time_zone: Asia/Shanghai
  week:
    mon-fri: {numbers_from: 09:00, last_number: 16:45, doors_close: 17:00}
    sat: {numbers_from: 09:30, last_number: 11:45, doors_close: 12:00}
  exceptions:
    2027-01-01: closed
zones:
  hall:
    name: {zh-CN: 大厅, en: Hall}
services:
  cash:
    prefix: A
    name: {zh-CN: 现金, en: Cash}
    minutes: 6
    asks_class: priority
  cards:
    prefix: B
    name: {zh-CN: 银行卡, en: Cards}
    minutes: 12.5
    bookable: true
windows:
  1: {zone: hall}
  2: {zone: hall}
plans:
  normal:
    name: {zh-CN: 平峰, en: Normal}
    switches: [{at: 9:00, weekdays: mon-fri}]
    windows:
      1: [cash, cards]
      2: cards
policy:
  classes:
    vip: {share_max: 0.4}
notices:
  - text: {zh-CN: 节日快乐, en: Happy holidays}
    until: 2027-12-31
"""


def a_branch() -> Terms:
    """The terms of `BRANCH`."""
    terms = files.read(BRANCH.encode(), NOW).terms
    assert terms is not None
    return terms


def line_of(text: str) -> int:
    """The line of `BRANCH` that holds `text`."""
    return next(number for number, line in enumerate(BRANCH.splitlines(), start=1) if text in line)


_words = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda words: bool(words.strip()))
_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True)
_counts = st.integers(1, 10_000)
_times = st.times(timezones=st.none()).map(lambda at: at.replace(microsecond=0))
_minutes = st.floats(0, 1440, exclude_min=True)
_moments = st.builds(
    lambda days, seconds, zone: (NOW + timedelta(days=days, seconds=seconds)).astimezone(zone),
    st.integers(-9000, 60_000),
    st.floats(0, 86_400),
    st.timezones(),
)


def texts(*, may_be_empty: bool = False) -> st.SearchStrategy[Text]:
    """Words in the languages that must be there, and perhaps in another."""
    full = st.fixed_dictionaries(dict.fromkeys(rules.LANGUAGES, _words), optional={"fr-CA": _words})
    return st.one_of(st.just({}), full) if may_be_empty else full


@st.composite
def openings(draw: st.DrawFn, day_start: time) -> Opening:
    """Three times in order, as the business day has them."""
    since_start = sorted(draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=3, max_size=3, unique=True)))
    start = day_start.hour * 60 + day_start.minute
    first, last, close = (time((start + minutes) % 1440 // 60, (start + minutes) % 60) for minutes in since_start)
    return Opening(numbers_from=first, last_number=last, doors_close=close)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    """Any hours without a fault."""
    start = draw(st.times(time(0), time(6)).map(lambda at: at.replace(minute=0, second=0, microsecond=0)))
    opening = openings(start)
    return Hours(
        time_zone=draw(st.sampled_from(sorted(available_timezones()))),
        business_day_start=start,
        week=draw(st.dictionaries(st.integers(1, 7), opening)),
        exceptions=draw(
            st.dictionaries(st.dates(date(2000, 1, 1), date(2199, 12, 31)), st.none() | opening, max_size=3)
        ),
        expire_after_close_minutes=draw(st.integers(0, 1440)),
        is_around_the_clock=draw(st.booleans()),
    )


def policies() -> st.SearchStrategy[Policy]:
    """Any policy without a fault, for every class."""
    of_class = st.builds(ClassPolicy, credit_minutes=st.floats(0, 1440), share_max=st.floats(0, 1))
    return st.builds(
        Policy,
        classes=st.fixed_dictionaries(dict.fromkeys(VisitorClass, of_class)),
        share_calls=_counts,
        overtaken_max=_counts,
        recalls_before_miss=_counts,
        missed_after_s=st.none() | _counts,
        reinstate=st.sampled_from(ReinstateRule),
        reinstate_after=_counts,
        start_is_implicit=st.booleans(),
        undo_s=_counts,
        greeter_switches_plan=st.booleans(),
        alerts_max=_counts,
    )


def services() -> st.SearchStrategy[Service]:
    """Any service without a fault."""
    asked = st.permutations([VisitorClass.PRIORITY, VisitorClass.VIP])
    return st.builds(
        Service,
        id=_ids,
        prefix=st.from_regex(r"[A-Z]{1,4}", fullmatch=True),
        name=texts(),
        about=texts(may_be_empty=True),
        minutes=_minutes,
        target_wait_minutes=_minutes,
        self_service=st.none() | texts(),
        is_bookable=st.booleans(),
        asks_class=st.builds(lambda classes, count: tuple(classes[:count]), asked, st.integers(0, 2)),
        waiting_max=_counts,
        is_retired=st.booleans(),
    )


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    """Any terms without a fault."""
    offered = tuple(draw(_unique(services(), "id")))
    zones = tuple(draw(_unique(st.builds(Zone, id=_ids, name=texts()), "id")))
    window = st.builds(
        Window,
        number=st.integers(1, 10_000),
        zone=st.sampled_from([zone.id for zone in zones]),
        name=texts(may_be_empty=True),
        is_roaming=st.booleans(),
    )
    windows = tuple(draw(_unique(window, "number")))
    numbers, ids = [window.number for window in windows], [service.id for service in offered]
    some = st.lists(st.sampled_from(ids), min_size=1, unique=True).map(tuple)
    plan = st.builds(
        Plan,
        id=_ids,
        name=texts(),
        order=st.sampled_from(PlanOrder),
        windows=st.dictionaries(st.sampled_from(numbers), some),
    )
    plans = draw(_unique(plan, "id"))
    plans[0] = replace(plans[0], windows={**plans[0].windows, numbers[0]: tuple(draw(st.permutations(ids)))})
    moments = st.tuples(_times, st.lists(st.integers(1, 7), min_size=1, unique=True))
    for index, (at, weekdays) in enumerate(draw(st.lists(moments, max_size=4, unique_by=lambda pair: pair[0]))):
        of = index % len(plans)
        plans[of] = replace(plans[of], switches=(*plans[of].switches, PlanSwitch(at=at, weekdays=tuple(weekdays))))
    return Terms(
        branch_id=draw(_ids),
        version=draw(st.integers(0, 100)),
        name=draw(texts()),
        address=draw(texts(may_be_empty=True)),
        hours=draw(hours()),
        services=offered,
        zones=zones,
        windows=windows,
        plans=tuple(plans),
        policy=draw(st.just(Policy()) | policies()),
        notices=tuple(draw(st.lists(st.builds(Notice, text=texts(), until=st.none() | _moments), max_size=2))),
    )


def _unique(strategy: st.SearchStrategy[Any], name: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=1, max_size=4, unique_by=lambda thing: getattr(thing, name))
