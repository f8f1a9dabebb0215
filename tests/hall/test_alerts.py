"""What wants a greeter: a wait beyond the target, an idle window, a printer."""

from dataclasses import replace
from datetime import datetime

from queue_service.hall.commands import AskHelp, ChangeTerms, Reinstate, TakeAlert, TellPrinter
from queue_service.hall.decide import Accepted
from queue_service.hall.phases import due_at
from queue_service.hall.refusals import Code
from queue_service.hall.terms import Policy, ReinstateRule
from queue_service.hall.tickets import Alert, AlertKind, Fault, Place, WindowStatus
from tests.hall.builders import CARDS, CASH, FOREIGN, Hall, an_open_day, at, first_come, terms

NO_IDLE = first_come(idle_alert_s=None)


def alerts(hall: Hall, kind: AlertKind) -> list[Alert]:
    return [alert for alert in hall.day.alerts.values() if alert.kind is kind]


def over_target(hall: Hall) -> list[tuple[str | None, datetime]]:
    return [(alert.service, alert.at) for alert in alerts(hall, AlertKind.OVER_TARGET)]


def idle(hall: Hall) -> list[tuple[int | None, datetime]]:
    return [(alert.window, alert.at) for alert in alerts(hall, AlertKind.IDLE_WINDOW)]


def test_a_wait_beyond_the_target_is_told_once_and_at_its_moment() -> None:
    hall = an_open_day(policy=NO_IDLE)
    first = hall.issue(CASH)
    hall.wait(minutes=5)
    second, other = hall.issue(CASH), hall.issue(CARDS)
    assert due_at(hall.day) == at(9, 15)
    hall.until(at(9, 14, 59))
    assert over_target(hall) == []
    hall.until(at(9, 18))
    assert over_target(hall) == [(CASH, at(9, 15))]
    hall.until(at(9, 30))
    assert over_target(hall) == [(CASH, at(9, 15)), (CARDS, at(9, 20))]
    hall.cancel(first)
    assert over_target(hall) == [(CASH, at(9, 15)), (CARDS, at(9, 20))], "the second waits too long as well"
    hall.cancel(second)
    hall.cancel(other)
    assert over_target(hall) == []
    assert hall.replayed() == hall.day


def test_an_alert_that_comes_back_is_another_one_even_if_the_first_was_taken() -> None:
    hall = an_open_day(policy=NO_IDLE)
    first = hall.issue()
    hall.wait(minutes=10)
    hall.issue()
    hall.until(at(9, 16))
    (alert,) = alerts(hall, AlertKind.OVER_TARGET)
    hall.do(TakeAlert(alert=alert.id, by="gina"))
    hall.until(at(9, 17))
    assert len(alerts(hall, AlertKind.OVER_TARGET)) == 1
    hall.cancel(first)
    assert over_target(hall) == []
    hall.refuses(TakeAlert(alert=alert.id, by="gina"), Code.ALERT_UNKNOWN)
    hall.until(at(9, 26))
    (again,) = alerts(hall, AlertKind.OVER_TARGET)
    assert (again.at, again.taken_by) == (at(9, 25), None)
    assert again.id != alert.id


def test_an_edit_moves_the_target() -> None:
    hall = an_open_day(policy=NO_IDLE)
    hall.issue(CASH)
    hall.wait(minutes=16)
    assert over_target(hall) == [(CASH, at(9, 15))]
    longer, shorter = (
        terms(
            policy=NO_IDLE,
            version=version,
            services=tuple(replace(one, target_wait_minutes=minutes) for one in terms().services),
        )
        for version, minutes in ((2, 40), (3, 5))
    )
    hall.do(ChangeTerms(terms=longer))
    assert over_target(hall) == []
    hall.do(ChangeTerms(terms=shorter))
    hall.wait(seconds=1)
    assert over_target(hall) == [(CASH, at(9, 16))], "told at the time of the last entry, not before it"


def test_a_window_that_stays_free_while_people_wait_is_told() -> None:
    hall = an_open_day(1, policy=first_come())
    hall.wait(minutes=10)
    hall.issue(FOREIGN)
    hall.wait(minutes=10)
    assert idle(hall) == [], "window 1 may not serve it"
    hall.issue(CASH)
    hall.wait(seconds=119)
    assert idle(hall) == []
    hall.wait(seconds=1)
    assert idle(hall) == [(1, at(9, 22))]
    hall.open(2)
    hall.wait(seconds=130)
    assert idle(hall) == [(1, at(9, 22)), (2, at(9, 24))]
    hall.next(2)
    assert idle(hall) == [], "nobody else waits for them"
    hall.start(2)
    hall.issue(CASH)
    hall.finish(2)
    hall.wait(seconds=120)
    assert [window for window, _ in idle(hall)] == [1, 2], "each free for two minutes, one of them anew"
    assert hall.replayed() == hall.day


def test_a_window_is_idle_only_while_it_is_open_and_free() -> None:
    hall = an_open_day(1, policy=first_come())
    hall.issue(CASH)
    hall.wait(seconds=150)
    assert idle(hall) == [(1, at(9, 2))]
    hall.pause(1)
    assert (idle(hall), hall.window(1).free_since) == ([], None)
    hall.wait(minutes=5)
    hall.open(1)
    assert hall.window(1).free_since == hall.now
    assert idle(hall) == []
    hall.wait(seconds=120)
    assert len(idle(hall)) == 1
    hall.next(1)
    assert (idle(hall), hall.window(1).free_since) == ([], None)


def test_whoever_was_sent_to_a_window_is_that_windows_affair_until_it_closes() -> None:
    hall = an_open_day(1, 2, policy=first_come())
    hall.issue(CASH)
    hall.next(1)
    hall.transfer(1, window=2)
    hall.wait(seconds=120)
    assert idle(hall) == [(2, hall.now)]
    hall.close(2)
    assert hall.window(2).status is WindowStatus.CLOSED
    hall.wait(seconds=1)
    assert [window for window, _ in idle(hall)] == [1]


def test_no_idle_window_is_told_where_the_policy_lets_them_be() -> None:
    hall = an_open_day(policy=NO_IDLE)
    hall.issue(CASH)
    hall.wait(minutes=10)
    assert idle(hall) == []


def test_a_closed_day_has_none() -> None:
    hall = an_open_day(1, policy=first_come())
    hall.issue(CASH)
    hall.next(1)
    hall.start(1)
    waiting = hall.issue(CASH)
    hall.wait(minutes=20)
    assert over_target(hall)
    hall.until(hall.day.times.ends_at)
    assert hall.status(waiting).value == "expired"
    assert not alerts(hall, AlertKind.OVER_TARGET)
    hall.transfer(1, place=Place.ORIGINAL)
    hall.wait(hours=1)
    assert not hall.day.alerts


def test_a_printer_alert_is_raised_changed_and_ended() -> None:
    hall = an_open_day()

    def tell(fault: Fault | None, place: str = "east") -> str | None:
        return hall.do(TellPrinter(place=place, fault=fault)).alert

    assert hall.do(TellPrinter(place="east", fault=None)) == Accepted()
    low = tell(Fault.NEAR_END)
    assert low is not None
    assert hall.do(TellPrinter(place="east", fault=Fault.NEAR_END)) == Accepted(alert=low)
    other = tell(Fault.OFFLINE, "west")
    assert other not in (None, low)
    helped = hall.do(AskHelp(place="east")).alert
    assert helped not in (low, other)

    hall.do(TakeAlert(alert=low, by="gina"))
    hall.wait(seconds=9)
    assert tell(Fault.PAPER_OUT) == low
    out = hall.day.alerts[low]
    assert (out.fault, out.at, out.taken_by) == (Fault.PAPER_OUT, at(9, 0, 9), None), "a warning that has come true"
    hall.do(TakeAlert(alert=low, by="gina"))
    assert tell(Fault.COVER) == low
    assert hall.day.alerts[low].taken_by == "gina", "who is at the printer opens it"
    assert tell(None) is None
    assert set(hall.day.alerts) == {other, helped}
    assert tell(Fault.COVER) not in (None, low)


def test_calls_for_help_push_out_no_other_alert() -> None:
    hall = an_open_day(policy=Policy(alerts_max=1))
    printer = hall.do(TellPrinter(place="east", fault=Fault.COVER)).alert
    hall.do(AskHelp(place="east"))
    newest = hall.do(AskHelp(place="west")).alert
    assert list(hall.day.alerts) == [printer, newest]


def test_who_was_served_elsewhere_has_not_waited_here() -> None:
    hall = an_open_day(1, 3, policy=first_come())
    hall.issue(CASH)
    hall.wait(minutes=1)
    early = hall.next(1)
    assert early is not None
    hall.start(1)
    hall.wait(minutes=30)
    hall.issue(CARDS)
    hall.transfer(1, service=CARDS, place=Place.ORIGINAL)
    hall.pause(1)
    assert hall.next(3) == early, "it has kept its place"
    hall.transfer(3, service=CARDS, place=Place.ORIGINAL)
    hall.wait(seconds=119)
    assert (over_target(hall), idle(hall)) == ([], []), "both have come just now"
    hall.wait(seconds=1)
    assert idle(hall) == [(3, at(9, 33))]
    hall.wait(minutes=13)
    assert over_target(hall) == [(CARDS, at(9, 46))]
    assert hall.replayed() == hall.day


def test_who_waits_behind_a_latecomer_is_not_forgotten() -> None:
    hall = an_open_day(1, policy=first_come(idle_alert_s=None, reinstate=ReinstateRule.KEEP))
    first = hall.issue(CASH)
    hall.wait(minutes=1)
    hall.issue(CASH)
    hall.next(1)
    hall.miss(1)
    hall.wait(minutes=10)
    hall.do(Reinstate(ticket=first))
    assert due_at(hall.day) == at(9, 16), "the second has waited since 9:01, the first since 9:11"
    hall.until(at(9, 16))
    assert over_target(hall) == [(CASH, at(9, 16))]
    hall.cancel(hall.day.lanes[next(iter(hall.day.lanes))].waiting[1].ticket)
    assert over_target(hall) == []
    assert due_at(hall.day) == at(9, 26)


def test_the_window_that_has_been_idle_for_longest_is_told_first() -> None:
    hall = an_open_day(1, 2, policy=first_come())
    hall.issue(CASH)
    hall.wait(minutes=1)
    hall.pause(1)
    hall.open(1)
    assert due_at(hall.day) == at(9, 2)
    hall.until(at(9, 3))
    assert idle(hall) == [(2, at(9, 2)), (1, at(9, 3))]


def test_an_edit_that_wants_no_idle_windows_told_ends_what_was_told() -> None:
    hall = an_open_day(1)
    hall.issue()
    hall.until(at(9, 10))
    assert idle(hall)
    hall.do(
        ChangeTerms(terms=replace(hall.day.terms, version=2, policy=replace(hall.day.terms.policy, idle_alert_s=None)))
    )
    assert idle(hall) == []
    assert hall.replayed() == hall.day
