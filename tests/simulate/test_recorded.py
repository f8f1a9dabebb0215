"""Small recorded days whose every moment can be worked out by hand, and the real one where it is at hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from queue_service.hall.terms import Policy, VisitorClass, faults
from queue_service.hall.tickets import TicketStatus
from queue_service.simulate.log import read
from queue_service.simulate.play import Played, play
from queue_service.simulate.recorded import RecordedDay, RecordedSummary, recorded_day, summarise_recorded
from tests.simulate.logs import a_log, left, served

ON = date(1999, 2, 8)
REAL_LOG = Path(__file__).parents[3] / "shared" / "data" / "anonymous_bank_1999_02_01-14.csv"


def played(folder: Path, *rows: str) -> tuple[RecordedDay, Played, RecordedSummary]:
    recorded = recorded_day(read(a_log(folder, *rows)), ON, Policy())
    assert not list(faults(recorded.terms))
    result = play(recorded.terms, recorded.on, recorded.visitors, recorded.tellers)
    summary = summarise_recorded(recorded, result)
    assert not summary.simulated.invariants.violations, summary.simulated.invariants.first
    return recorded, result, summary


def test_windows_are_servers_with_the_skills_and_hours_they_showed(tmp_path: Path) -> None:
    recorded, _, _ = played(
        tmp_path,
        served("09:00:00", "09:00:00", "09:05:00", service="PS", server="B"),
        served("09:01:00", "09:01:00", "09:04:00", service="NW", server="A"),
        served("09:06:00", "09:06:00", "09:08:00", service="NW", server="B"),
    )
    assert [(teller.window, teller.name) for teller in recorded.tellers] == [(1, "A"), (2, "B")]
    assert recorded.terms.plans[0].windows == {1: ("NW",), 2: ("NW", "PS")}
    second = recorded.tellers[1]
    assert (second.opens_at.time().isoformat(), second.closes_at.time().isoformat()) == ("09:00:00", "09:08:00")
    assert [service.minutes for service in recorded.terms.services] == [2.5, 5]


def test_a_service_takes_as_long_as_recorded_and_the_next_is_called_at_once(tmp_path: Path) -> None:
    _, result, summary = played(
        tmp_path,
        served("09:00:00", "09:00:00", "09:05:00"),
        served("09:01:00", "09:06:00", "09:08:00", queued=1),
    )
    first, second = (result.day.ticket(ticket or "") for ticket in result.tickets)
    assert first is not None and second is not None and second.called_at == first.ended_at
    assert second.ended_at is not None and second.called_at is not None
    assert second.ended_at - second.called_at == timedelta(minutes=2)
    assert summary.simulated.waits.all.max_s == 240
    assert summary.log.waits.all.max_s == 300
    assert summary.simulated.windows[0].busy_s == 420
    assert summary.simulated.utilisation == round(420 / 480, 4)  # open until its recorded end at 09:08


def test_priorities_become_classes(tmp_path: Path) -> None:
    rows = [
        served(f"09:0{minute}:00", f"09:0{minute}:00", f"09:0{minute}:30", priority=priority)
        for minute, priority in enumerate((-1, 0, 1, 2, 3))
    ]
    recorded, _, summary = played(tmp_path, *rows)
    assert [visitor.visitor_class for visitor in recorded.visitors] == [
        VisitorClass.NORMAL,
        VisitorClass.NORMAL,
        VisitorClass.PRIORITY,
        VisitorClass.VIP,
        VisitorClass.PRIORITY,
    ]
    assert {name: spread.count for name, spread in summary.simulated.waits.classes.items()} == {
        "normal": 2,
        "priority": 2,
        "vip": 1,
    }


def test_who_left_leaves_at_the_recorded_moment_if_still_waiting(tmp_path: Path) -> None:
    _, result, summary = played(
        tmp_path,
        served("09:00:00", "09:00:00", "09:10:00"),
        left("09:01:00", "09:03:00"),
    )
    gone = result.day.ticket(result.tickets[1] or "")
    assert gone is not None and gone.status is TicketStatus.CANCELLED
    assert gone.ended_at == datetime(1999, 2, 8, 9, 3, tzinfo=UTC)
    assert (summary.simulated.left, summary.left_in_log_but_called) == (1, 0)


def test_who_left_but_is_called_before_takes_the_median_time(tmp_path: Path) -> None:
    _, result, summary = played(
        tmp_path,
        served("09:00:00", "09:00:00", "09:02:00"),
        left("09:03:00", "09:04:00"),
        served("09:20:00", "09:20:00", "09:24:00"),
    )
    called = result.day.ticket(result.tickets[1] or "")
    assert called is not None and called.status is TicketStatus.FINISHED
    assert called.called_at is not None and called.ended_at is not None
    assert called.ended_at - called.called_at == timedelta(minutes=3)
    assert (summary.simulated.left, summary.left_in_log_but_called, summary.log.left) == (0, 1, 1)


def test_a_service_that_nobody_gave_gets_no_numbers(tmp_path: Path) -> None:
    _, result, summary = played(
        tmp_path, served("09:00:00", "09:00:00", "09:02:00"), left("09:01:00", "09:02:00", service="NW")
    )
    assert result.tickets[1] is None
    assert summary.simulated.refused == {"service.not_offered": 1}


def test_who_waits_when_the_last_window_has_closed_is_told(tmp_path: Path) -> None:
    _, _, summary = played(
        tmp_path,
        served("09:00:00", "09:00:00", "09:05:00"),
        served("09:01:00", "09:02:00", "09:03:00", queued=1),  # overlapping: two at once is more than a window can
        served("09:01:30", "09:04:00", "09:05:00", queued=1),
    )
    assert summary.simulated.served == 1
    assert summary.simulated.unserved == 2
    assert summary.oddities == {"overlapping_services": 2}


def test_zero_lengths_equal_moments_and_rows_past_midnight_are_played(tmp_path: Path) -> None:
    _, _, summary = played(
        tmp_path,
        served("23:59:00", "23:59:00", "23:59:00"),
        served("23:59:00", "23:59:00", "1999-02-09T00:10:00", server="A2"),
        served("1999-02-09T00:09:00", "1999-02-09T00:10:00", "1999-02-09T00:20:00", server="A2", queued=1),
    )
    assert summary.simulated.served == 3
    assert summary.log.utilisation == 1


def test_a_service_beyond_the_next_day_ends_unfinished(tmp_path: Path) -> None:
    _, _, summary = played(tmp_path, served("23:00:00", "23:00:00", "1999-02-09T05:00:00"))
    assert (summary.simulated.served, summary.simulated.unfinished) == (0, 1)


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the recorded bank is not beside the checkout")
def test_the_recorded_bank_keeps_every_invariant_and_is_plausible() -> None:
    rows = [row for row in read(REAL_LOG) if row.arrived_at.date() == ON]
    recorded = recorded_day(rows, ON, Policy())
    summary = summarise_recorded(recorded, play(recorded.terms, ON, recorded.visitors, recorded.tellers))
    simulated, log = summary.simulated, summary.log
    assert simulated.invariants.violations == 0
    assert simulated.invariants.checks > len(rows) * 4
    assert (simulated.visitors, simulated.refused, simulated.unserved, simulated.unfinished) == (1139, {}, 0, 0)
    assert (log.served, log.left) == (1086, 53)
    # Windows that call whenever they are idle can only be quicker than the servers of the log, at about equal work.
    assert simulated.served >= log.served
    assert simulated.waits.all.p90_s is not None and log.waits.all.p90_s is not None
    assert simulated.waits.all.p90_s <= log.waits.all.p90_s
    assert abs(simulated.utilisation - log.utilisation) < 0.05
    assert simulated.overtaken_max <= simulated.overtaken_limit
