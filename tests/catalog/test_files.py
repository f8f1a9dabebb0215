"""Catalogue files: what good ones mean, what is said about bad ones, and that what is written reads the same."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from string import Formatter

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_service.catalog import files, rules
from queue_service.catalog.files import FAULTS_MAX, SAMPLES, cure, read, sample, write, wrong
from queue_service.catalog.nodes import BYTES_MAX
from queue_service.catalog.shapes import Fault
from queue_service.hall.hours import Opening
from queue_service.hall.terms import Notice, PlanOrder, PlanSwitch, Policy, Terms, VisitorClass
from queue_service.wire import locales
from tests.catalog.bad_files import BAD, Found
from tests.catalog.branches import BRANCH, NOW, a_branch, terms


def found(content: str | bytes) -> list[Found]:
    reading = read(content.encode() if isinstance(content, str) else content, NOW)
    assert (reading.terms is None) == bool(reading.faults)
    return [(fault.line, fault.place, fault.code) for fault in reading.faults]


def told(fault: Fault) -> None:
    """Every fault can be told in every language."""
    for language in locales.languages():
        assert wrong(fault, language)
        assert cure(fault, language)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_by_place_and_code(name: str) -> None:
    old, new, expected = BAD[name]
    assert BRANCH.count(old) >= 1
    content = BRANCH.replace(old, new, 1)
    assert found(content) == expected
    for fault in read(content.encode(), NOW).faults:
        told(fault)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (1, 1, "file_empty")),
        (b"# nothing\n", (1, 1, "file_empty")),
        (b"---\n~\n", (1, 1, "file_empty")),
        (b"just words", (1, 1, "not_a_mapping")),
        (b"- a\n- b\n", (1, 1, "not_a_mapping")),
        ("branch: east\nname: 东门".encode("gbk"), (2, 7, "not_utf8")),
        (b"x" * (BYTES_MAX + 1), (1, 1, "file_too_large")),
        (b"[" * 5000, (1, 11, "too_deep")),
        (b"a: " + b"{b: " * 5000, (1, 37, "too_deep")),
        (b"a: 1\r\nb: \x00\r\n", (2, 4, "control_character")),
        (b"a: 'open\n", (2, 1, "not_yaml")),
        (b"? : ? :\n- [}\n", None),
    ],
)
def test_what_is_no_catalogue_is_told(content: bytes, expected: tuple[int, int, str] | None) -> None:
    fault, *others = read(content, NOW).faults
    told(fault)
    assert not others
    assert expected is None or (fault.line, fault.column, fault.code) == expected


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [lol, lol]\n" + "".join(
        f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert found(bomb) == [(1, "", "alias")]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    content = (
        BRANCH.replace("en: East Gate", "fr: Est")
        .replace("doors_close: 17:00", "doors_close: late")
        .replace("minutes: 6", "minutes: none")
        .replace("2: {zone: hall}", "2: {zone: lobby}")
        .replace("2: cards", "2: [cards, gold]")
    )
    assert found(content) == [
        (2, "name", "language_missing"),
        (6, "hours.week.mon-fri.doors_close", "not_a_time"),
        (17, "services.cash.minutes", "not_a_number"),
        (26, "windows.2.zone", "unknown_zone"),
        (33, "plans.normal.windows.2", "unknown_service"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        BRANCH + "".join(f"key-{number}: 1\n" for number in range(FAULTS_MAX + 5)),
        BRANCH.replace(
            "  1: {zone", "".join(f"  {n}: {{zone: yard}}\n" for n in range(3, FAULTS_MAX + 9)) + "  1: {zone", 1
        ),
    ],
)
def test_faults_have_a_most(content: str) -> None:
    assert len(found(content)) == FAULTS_MAX


@pytest.mark.parametrize(
    ("old", "new", "suggestion"),
    [
        ("services:\n", "servises:\n", "services"),
        ("2: {zone: hall}", "2: {zone: hal}", "hall"),
        ("2: cards", "2: card", "cards"),
        ("Asia/Shanghai", "Asia/Shangai", "Asia/Shanghai"),
        ("zh-CN: 东门支行", "zh_CN: 东门支行", "zh-CN"),
        ("asks_class: priority", "asks_class: priorty", "priority"),
    ],
)
def test_what_was_probably_meant_is_suggested(old: str, new: str, suggestion: str) -> None:
    (fault,) = read(BRANCH.replace(old, new, 1).encode(), NOW).faults
    assert suggestion in cure(fault, "en")
    assert suggestion in cure(fault, "zh-CN")


def test_a_faulty_text_cannot_drive_the_terminal() -> None:
    (fault,) = read(BRANCH.replace("branch:", '"\\e[31m\\u202e": 1\nbranch:').encode(), NOW).faults
    assert fault.code == "unknown_key"
    assert (fault.place + wrong(fault, "en")).isprintable()


def test_a_file_means_its_terms() -> None:
    branch = a_branch()
    weekday = Opening(numbers_from=time(9), last_number=time(16, 45), doors_close=time(17))
    saturday = Opening(numbers_from=time(9, 30), last_number=time(11, 45), doors_close=time(12))
    assert (branch.branch_id, branch.version, branch.address) == ("east-gate", 0, {})
    assert branch.hours.week == {**dict.fromkeys(range(1, 6), weekday), 6: saturday}
    assert branch.hours.exceptions == {date(2027, 1, 1): None}
    assert [(service.id, service.prefix, service.minutes) for service in branch.services] == [
        ("cash", "A", 6),
        ("cards", "B", 12.5),
    ]
    assert branch.services[0].asks_class == (VisitorClass.PRIORITY,)
    assert [service.target_wait_minutes for service in branch.services] == [15, 15]
    (plan,) = branch.plans
    assert plan.order is PlanOrder.MIXED
    assert plan.windows == {1: ("cash", "cards"), 2: ("cards",)}
    assert plan.switches == (PlanSwitch(at=time(9), weekdays=(1, 2, 3, 4, 5)),)


def test_a_class_keeps_what_the_file_does_not_say() -> None:
    house, classes = Policy().classes, a_branch().policy.classes
    assert classes == {**house, VisitorClass.VIP: replace(house[VisitorClass.VIP], share_max=0.4)}


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2027-12-31", datetime(2027, 12, 31, 16, tzinfo=UTC)),
        ("2027-12-31 18:00", datetime(2027, 12, 31, 10, tzinfo=UTC)),
        ("2027-12-31T18:00:00+02:00", datetime(2027, 12, 31, 16, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_notice_lasts_until_the_branch_s_own_time(until: str, moment: datetime | None) -> None:
    read_terms = read(BRANCH.replace("until: 2027-12-31", f"until: {until}").encode(), NOW).terms
    assert read_terms is not None
    assert read_terms.notices == (Notice(text={"zh-CN": "节日快乐", "en": "Happy holidays"}, until=moment),)


def test_a_file_may_have_a_byte_order_mark_and_windows_line_ends() -> None:
    reading = read(b"\xef\xbb\xbf" + BRANCH.replace("\n", "\r\n").encode(), NOW)
    assert reading.terms == a_branch()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  2: {zone: hall}", "  2: {zone: hall}\n  3: {zone: hall}", (27, "windows.3", "window_unused")),
        ("  hall:\n", "  yard:\n    name: {zh-CN: 院子, en: Yard}\n  hall:\n", (11, "zones.yard", "zone_empty")),
        ("until: 2027-12-31", "until: 2025-12-31", (38, "notices.1", "notice_over")),
        (
            "policy:\n",
            "  peak:\n    name: {zh-CN: 高峰, en: Peak}\n    windows: {1: cash}\npolicy:\n",
            (34, "plans.peak", "service_unserved_in_plan"),
        ),
        (BRANCH[BRANCH.index("  week:") : BRANCH.index("zones:")], "", (3, "hours", "never_open")),
    ],
)
def test_what_may_be_meant_is_a_warning(old: str, new: str, expected: Found) -> None:
    reading = read(BRANCH.replace(old, new, 1).encode(), NOW)
    assert reading.terms is not None
    assert [(warning.line, warning.place, warning.code) for warning in reading.warnings] == [expected]
    for warning in reading.warnings:
        told(warning)


def test_every_fault_has_its_words_and_its_cure() -> None:
    keys = locales.catalogue("en").keys()
    codes = {key.removeprefix("terms.") for key in keys if key.startswith("terms.")}
    assert codes == {key.removeprefix("cure.") for key in keys if key.startswith("cure.")} - {"did_you_mean"}
    assert {code for _, _, expected in BAD.values() for _, _, code in expected} <= codes


@pytest.mark.parametrize("language", locales.languages())
def test_a_cure_needs_no_more_than_the_fault_knows(language: str) -> None:
    texts = locales.catalogue(language)
    for key in (key for key in texts if key.startswith("terms.")):
        code = key.removeprefix("terms.")
        needed = {name for _, name, _, _ in Formatter().parse(texts[f"cure.{code}"]) if name}
        assert needed <= {name for _, name, _, _ in Formatter().parse(texts[key]) if name} | {"known"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(terms())
def test_what_is_written_reads_the_same(any_terms: Terms) -> None:
    assert not list(rules.faults(any_terms))
    reading = read(write(any_terms).encode(), NOW)
    assert reading.faults == ()
    assert reading.terms == any_terms


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_told_and_never_breaks_the_reader(data: st.DataObject) -> None:
    content = BRANCH.encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 60, len(content))))
    reading = read(content[:start] + data.draw(st.binary(max_size=20)) + content[end:], NOW)
    for fault in (*reading.faults, *reading.warnings):
        told(fault)


def test_a_written_file_is_readable() -> None:
    written = write(a_branch())
    assert written.startswith("branch: east-gate\nname: {zh-CN: 东门支行, en: East Gate}\n")
    assert "    mon-fri: {numbers_from:" in written
    assert "\n      1: [cash, cards]\n" in written
    assert "\n\nservices:\n" in written
    assert yaml.safe_load(written)["services"]["cash"]["prefix"] == "A"


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_good_and_give_no_warning(name: str) -> None:
    reading = read(sample(name), NOW)
    assert reading.faults == reading.warnings == ()
    assert reading.terms is not None
    assert read(write(reading.terms).encode(), NOW).terms == reading.terms
    for text in re.findall(r"zh-CN: ([^,}\n]+)", sample(name).decode()):
        assert re.search(r"[\u4e00-\u9fff]", text), text


def test_the_sample_halls_are_those_of_the_plan() -> None:
    bank, telecom = files.samples(NOW)
    assert [(service.prefix, service.minutes) for service in bank.services] == [
        ("A", 6),
        ("B", 15),
        ("C", 12),
        ("D", 12),
        ("K", 3),
        ("V", 20),
    ]
    assert [window.number for window in bank.windows if not window.is_roaming] == list(range(1, 9))
    assert [window.number for window in bank.windows if window.is_roaming] == [9]
    assert bank.policy.recalls_before_miss == 0
    assert [(service.prefix, service.minutes) for service in telecom.services] == [
        ("P", 3),
        ("N", 12),
        ("B", 15),
        ("S", 6),
        ("T", 12),
        ("E", 15),
    ]
    normal, peak, midday = telecom.plans
    temporary = {window.number for window in telecom.windows if window.zone == "self-service"}
    assert temporary == {7, 8}
    assert len(telecom.windows) - len(temporary) == 6
    assert temporary <= peak.windows.keys()
    assert not temporary & (normal.windows.keys() | midday.windows.keys())
    assert telecom.policy == Policy()
    assert {plan.name["zh-CN"] for hall in (bank, telecom) for plan in hall.plans} == {"平峰", "高峰", "午间"}
    assert {service.target_wait_minutes for hall in (bank, telecom) for service in hall.services} == {15}
    assert all(service.about for hall in (bank, telecom) for service in hall.services)
