from datetime import date
from pathlib import Path

import pytest

from queue_service.simulate import log
from queue_service.simulate.log import Fault, Oddity, UnreadableLine, day_of, oddities, read
from queue_service.wire import locales
from tests.simulate.logs import HEADER, a_log, left, served


def test_reads_rows_in_order(tmp_path: Path) -> None:
    first, second = read(
        a_log(tmp_path, served("09:00:00", "09:00:10", "09:02:10", queued=1), left("09:01:00", "09:03:00"))
    )
    assert (first.service, first.server, first.wait_s, first.service_s) == ("PS", "A1", 10, 120)
    assert (second.server, second.wait_s, second.service_s) == (None, 120, 0)


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    header = "note," + ",".join(reversed(HEADER.split(",")))
    row = "x," + ",".join(reversed(served("09:00:00", "09:00:00", "09:02:00").split(",")))
    (only,) = read(a_log(tmp_path, row, header=header))
    assert only.service_s == 120


def test_a_byte_order_mark_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = a_log(tmp_path, "", served("09:00:00", "09:00:00", "09:02:00"), "")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path)) == 1


GOOD = served("09:00:00", "09:00:00", "09:02:00")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (GOOD + ",more", Fault.FIELD_COUNT),
        (GOOD.replace("PS", ""), Fault.BAD_NAME),
        (GOOD.replace("PS", "P" * 41), Fault.BAD_NAME),
        (GOOD.replace("A1", "A\x07"), Fault.BAD_NAME),
        (GOOD.replace("PS,0", "PS,high"), Fault.BAD_PRIORITY),
        (GOOD.replace("PS,0", "PS,1.5"), Fault.BAD_PRIORITY),
        (GOOD.replace("1999-02-08T09:02:00", "9:02"), Fault.BAD_TIME),
        (GOOD.replace("1999-02-08T09:02:00", "1999-02-08"), Fault.BAD_TIME),
        (GOOD.replace("09:02:00", "25:02:00"), Fault.BAD_TIME),
        (GOOD.replace("09:02:00", "09:02:00+02:00"), Fault.BAD_TIME),
        (GOOD.replace("served", "lost"), Fault.BAD_OUTCOME),
        (GOOD.replace(",A1,", ",,"), Fault.NO_SERVER),
        (GOOD[:-1] + "2", Fault.BAD_QUEUED),
        (served("09:00:00", "09:02:00", "09:01:59"), Fault.NEGATIVE_INTERVAL),
        (served("09:00:00", "09:02:00", "1999-02-09T09:01:00"), Fault.TOO_LONG),
        ('"' + GOOD, Fault.NOT_CSV),
        (GOOD + "," * 5000, Fault.LINE_TOO_LONG),
    ],
)
def test_stops_at_a_line_that_cannot_be_read(tmp_path: Path, row: str, fault: Fault) -> None:
    with pytest.raises(UnreadableLine) as caught:
        read(a_log(tmp_path, GOOD, row))
    assert (caught.value.line, caught.value.fault) == (3, fault)
    assert locales.text("en", f"log.fault.{fault}", **caught.value.params)


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (HEADER.replace("outcome", "result"), Fault.COLUMN_MISSING),
        (HEADER + ",end", Fault.COLUMN_REPEATED),
        ("", Fault.COLUMN_MISSING),
    ],
)
def test_stops_at_columns_that_are_not_those_of_a_log(tmp_path: Path, header: str, fault: Fault) -> None:
    with pytest.raises(UnreadableLine) as caught:
        read(a_log(tmp_path, GOOD, header=header))
    assert (caught.value.line, caught.value.fault) == (1, fault)


def test_stops_at_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = a_log(tmp_path, GOOD)
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(UnreadableLine) as caught:
        read(path)
    assert (caught.value.line, caught.value.fault) == (3, Fault.NOT_TEXT)


def test_refuses_a_file_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LOG_BYTES_MAX", 10)
    with pytest.raises(UnreadableLine) as caught:
        read(a_log(tmp_path, GOOD))
    assert caught.value.fault is Fault.TOO_LARGE


@pytest.mark.parametrize(
    ("row", "oddity"),
    [
        (served("09:01:00", "09:01:00", "09:03:00"), Oddity.OVERLAPPING_SERVICES),
        (served("09:05:00", "09:05:00", "09:05:00"), Oddity.ZERO_LENGTH_SERVICE),
        (served("23:59:00", "23:59:00", "1999-02-09T00:01:00"), Oddity.PAST_MIDNIGHT),
        (served("09:05:00", "09:05:00", "09:06:00", priority=-1), Oddity.PRIORITY_UNKNOWN),
        (served("09:05:00", "09:04:00", "09:06:00"), Oddity.STARTED_BEFORE_ARRIVAL),
        (left("09:05:00", "09:06:00").replace("09:06:00", "09:05:30", 1), Oddity.LEFT_OVER_TIME),
        (left("09:05:00", "09:06:00").replace(",,", ",A1,"), Oddity.LEFT_FROM_SERVER),
        (served("09:05:00", "09:05:00", "09:06:00", queued=1), Oddity.QUEUED_UNTRUE),
        (served("08:05:00", "08:05:00", "08:06:00"), Oddity.OUT_OF_ORDER),
        (left("09:05:00", "09:06:00", service="NW"), Oddity.NEVER_SERVED),
    ],
)
def test_counts_oddities_and_goes_on(tmp_path: Path, row: str, oddity: Oddity) -> None:
    rows = read(a_log(tmp_path, GOOD, row))
    assert oddities(rows) == {oddity: 1}


def test_a_clean_log_has_no_oddities(tmp_path: Path) -> None:
    assert oddities(read(a_log(tmp_path, GOOD, left("09:01:00", "09:02:00")))) == {}


def test_who_comes_after_midnight_belongs_to_the_day_before(tmp_path: Path) -> None:
    late, early = read(
        a_log(
            tmp_path,
            served("1999-02-09T03:59:59", "1999-02-09T04:00:00", "1999-02-09T04:01:00", queued=1),
            served("1999-02-09T04:00:00", "1999-02-09T04:00:00", "1999-02-09T04:01:00", server="A2"),
        )
    )
    assert (day_of(late), day_of(early)) == (date(1999, 2, 8), date(1999, 2, 9))


@pytest.mark.parametrize("language", locales.languages())
def test_every_fault_and_oddity_has_its_words(language: str) -> None:
    words = locales.catalogue(language)
    assert {f"log.fault.{fault}" for fault in Fault} | {f"log.oddity.{oddity}" for oddity in Oddity} == {
        key for key in words if key.startswith("log.")
    }
